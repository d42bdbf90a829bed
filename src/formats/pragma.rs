//! Which pragmas a method has, found without parsing it.
//!
//! Answers where they stand and their selectors, so that `Pragma` reflection need not compile
//! the library. Their arguments are the parser's business.

use super::scan::{Open, Scanner, is_operator_char};
use std::ops::Range;

/// One `<…>` at the head of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PragmaFact {
    /// `primitive:error:`.
    pub selector: String,
    /// From `<` to behind `>`, in the text that was scanned.
    pub range: Range<usize>,
}

/// The pragmas behind the message pattern, which ends at byte `from` of `text`; before and after
/// the temporaries, as Pharo allows. A broken pragma ends the list: the parser complains later.
pub fn pragmas_of(text: &str, from: usize) -> Vec<PragmaFact> {
    let mut found = Vec::new();
    let mut s = Scanner::new(text, from);
    while s.skip_blank().is_ok() {
        match s.peek() {
            b'|' => {
                if !skip_temporaries(&mut s) {
                    break;
                }
            }
            b'<' => match pragma(&mut s) {
                Ok(Some(fact)) => found.push(fact),
                _ => break,
            },
            _ => break,
        }
    }
    found
}

/// Skips `| a b |`.
fn skip_temporaries(s: &mut Scanner<'_>) -> bool {
    s.bump();
    loop {
        if s.skip_blank().is_err() {
            return false;
        }
        if s.eat(b'|') {
            return true;
        }
        if s.identifier().is_empty() {
            return false;
        }
    }
}

/// The pragma that begins at the cursor.
fn pragma<'a>(s: &mut Scanner<'a>) -> Result<Option<PragmaFact>, Open> {
    let start = s.at();
    let mut selector = String::new();
    let mut nesting = 0u32;
    s.bump();
    loop {
        s.skip_blank()?;
        if s.skip_quoted()? {
            continue;
        }
        let name = s.identifier();
        if !name.is_empty() {
            if s.peek() == b':' && s.peek_at(1) != b'=' && nesting == 0 {
                s.bump();
                selector.push_str(name);
                selector.push(':');
            } else if selector.is_empty() {
                selector.push_str(name);
            }
            continue;
        }
        match s.peek() {
            b'>' => {
                s.bump();
                let range = start..s.at();
                return Ok((!selector.is_empty()).then_some(PragmaFact { selector, range }));
            }
            b'(' | b'[' | b'{' => nesting += 1,
            b')' | b']' | b'}' => nesting = nesting.saturating_sub(1),
            b'#' => {
                s.bump();
                symbol(s);
                continue;
            }
            _ if s.at_end() => return Ok(None),
            _ => {}
        }
        s.bump();
    }
}

/// Skips what follows the `#` of a symbol that is not quoted.
fn symbol(s: &mut Scanner<'_>) {
    if s.rest().starts_with(is_operator_char) {
        s.operator();
        return;
    }
    while !s.identifier().is_empty() && s.eat(b':') {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selectors(text: &str) -> Vec<String> {
        pragmas_of(text, 0)
            .into_iter()
            .map(|p| p.selector)
            .collect()
    }

    #[test]
    fn every_form() {
        assert_eq!(selectors("<primitive: 60> ^ 1"), ["primitive:"]);
        assert_eq!(
            selectors("<primitive: 'a>b' module: 'M' error: code>"),
            ["primitive:module:error:"]
        );
        assert_eq!(
            selectors("\"c\" <one> | a b | <two: #x:y:> x"),
            ["one", "two:"]
        );
        assert_eq!(selectors("<a: #(b: $> 3)>"), ["a:"]);
        assert_eq!(selectors("<test: 16r1F with: #foo>"), ["test:with:"]);
    }

    #[test]
    fn a_comparison_is_no_pragma() {
        assert_eq!(selectors("^ 3 < 4"), [""; 0]);
        assert_eq!(selectors("| a | a < 3 > 4"), [""; 0]);
    }

    #[test]
    fn broken_ones_end_the_list() {
        for text in ["<", "<a", "<a: 'x", "| a", "| 3 | <a>", "<>", "<a: #"] {
            assert_eq!(selectors(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn ranges_cover_the_brackets() {
        let text = "x <foo: 3>";
        assert_eq!(&text[pragmas_of(text, 1)[0].range.clone()], "<foo: 3>");
    }
}
