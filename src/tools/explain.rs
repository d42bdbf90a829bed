//! What each error code means, with something wrong and the same put right.
//!
//! Owns the reading of `explanations.md`; the tests run its examples. Knows nothing of sources.

use crate::compiler::nearest;
use std::fmt;

const TEXTS: &str = include_str!("explanations.md");

/// What one code means.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    pub code: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// In sentences, one paragraph a line.
    pub text: &'static str,
    /// Something that has this mistake, and the same without it; none where nobody can make it on purpose.
    pub examples: Option<(Example, Example)>,
}

/// A piece of source text.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    pub source: &'static str,
    /// Empty for a script, `method`, or the name that a file needs.
    pub kind: &'static str,
}

/// All explanations, in the order of their codes.
///
/// ```
/// use chirp::tools::explain;
///
/// let titles: Vec<_> = explain::all().filter(|e| e.code == "E0206").map(|e| e.title).collect();
/// assert_eq!(titles, ["a name is declared twice"]);
/// ```
pub fn all() -> impl Iterator<Item = Explanation> {
    TEXTS.split("## ").skip(1).map(read)
}

/// The explanation of a code, in small letters or large ones.
pub fn of(code: &str) -> Option<Explanation> {
    all().find(|each| each.code.eq_ignore_ascii_case(code))
}

/// The code that is most like one that does not exist.
pub fn near(code: &str) -> Option<&'static str> {
    let code = code.to_ascii_uppercase();
    let whole = ["E0", "W0", "E", "W"]
        .iter()
        .map(|front| format!("{front}{code}"));
    let exact = whole.into_iter().find_map(|c| of(&c));
    exact
        .map(|e| e.code)
        .or_else(|| nearest(&code, all().map(|e| e.code)))
}

fn read(section: &'static str) -> Explanation {
    let (head, body) = section.split_once('\n').unwrap_or((section, ""));
    let (code, title) = head.split_once(' ').unwrap_or((head, ""));
    let (text, rest) = body.split_once("```wrong").unwrap_or((body, ""));
    let examples = rest
        .split_once("```right")
        .map(|(wrong, right)| (example(wrong), example(right)));
    Explanation {
        code,
        title: title.trim(),
        text: text.trim(),
        examples,
    }
}

/// What stands behind the opening of a fence.
fn example(text: &'static str) -> Example {
    let (kind, rest) = text.split_once('\n').unwrap_or((text, ""));
    let source = rest.split("\n```").next().unwrap_or(rest);
    Example {
        source,
        kind: kind.trim(),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}\n\n{}", self.code, self.title, self.text)?;
        let Some((wrong, right)) = self.examples else {
            return Ok(());
        };
        for (what, example) in [("Wrong", wrong), ("Right", right)] {
            writeln!(f, "\n{what}:\n")?;
            for line in example.source.lines() {
                writeln!(f, "{}", format!("    {line}").trim_end())?;
            }
        }
        Ok(())
    }
}
