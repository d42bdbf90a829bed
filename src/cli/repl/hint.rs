//! What a keyword message lacks, in grey behind the cursor: `at:` goes on with ` put:`.
//!
//! Decides by tokens and the vocabulary alone, as completion does.

use super::complete::{Context, closes, ends_operand};
use super::words::Words;
use chirp_grammar::{TokenInfo, TokenKind, tokens};

/// The rest of a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    shown: String,
    /// The argument before it is there: it may be taken over with the right arrow.
    fits: bool,
}

impl rustyline::hint::Hint for Rest {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        self.fits.then_some(&self.shown)
    }
}

/// The hint at the end of `line`.
pub fn hint(line: &str, words: &Words) -> Option<Rest> {
    let all: Vec<TokenInfo> = tokens(line)
        .filter(|t| t.kind != TokenKind::Comment)
        .collect();
    let last = all.last()?;
    let touches = last.span.end as usize == line.len();
    let fits = match last.kind {
        TokenKind::Keyword => false,
        // A name or number that is being typed may go on.
        kind if ends_operand(kind) && (closes(kind) || !touches) => true,
        _ => return None,
    };
    let context = Context {
        text: line,
        tokens: &all,
        words,
    };
    let parts = context.keyword_parts();
    if parts.is_empty() {
        return None;
    }
    let class = context.keyword_receiver_class();
    let understood = |selector: &str| match &class {
        Some(class) => words.understands(class, selector),
        None => true,
    };
    let (selector, _) = words
        .all_selectors(&parts)
        .into_iter()
        .find(|(s, _)| s.len() > parts.len() && understood(s))?;
    let rest = &selector[parts.len()..];
    let blank = if touches { " " } else { "" };
    let next = rest.replace(':', ": ");
    Some(Rest {
        shown: format!(
            "{blank}{}",
            if fits {
                next.split_inclusive(' ').next().unwrap_or("")
            } else {
                next.trim_end()
            }
        ),
        fits,
    })
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::sample;
    use super::*;

    fn shown(line: &str) -> Option<String> {
        hint(line, &sample()).map(|h| h.shown)
    }

    #[test]
    fn the_next_keywords_of_what_the_receiver_understands() {
        assert_eq!(shown("dict at:").as_deref(), Some(" put:"));
        assert_eq!(shown("dict at: ").as_deref(), Some("put:"));
        assert_eq!(shown("dict at: 3 ").as_deref(), Some("put: "));
        assert_eq!(shown("dict at: (3 max: 4)").as_deref(), Some(" put: "));
        assert_eq!(shown("[3] value:").as_deref(), Some(" value:"));
        assert_eq!(
            shown("x at:").as_deref(),
            Some(" put:"),
            "of an unknown receiver"
        );
    }

    #[test]
    fn nothing_where_nothing_goes_on() {
        for line in [
            "",
            "dict",
            "3 max: 4 ",
            "dict at: 3",
            "3 value:",
            "dict at: 3. ",
            "'at:",
        ] {
            assert_eq!(shown(line), None, "{line}");
        }
    }
}
