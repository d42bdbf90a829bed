//! The message pattern at the head of a method: its selector, without parsing the method.
//!
//! A cheap look for those who only need a method's name: the library's index, the loaders.
//! Never judges the body; the parser does.

use super::scan::{Open, Scanner};
use std::borrow::Cow;

/// What a message pattern says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern<'a> {
    /// `at:put:`; borrowed unless it has several parts.
    pub selector: Cow<'a, str>,
    pub num_args: usize,
    /// Byte offset behind the pattern, in the text that was scanned.
    pub end: usize,
}

/// The selector of the method whose source begins with `text`; none if no pattern stands there.
pub fn selector_of(text: &str) -> Option<Cow<'_, str>> {
    pattern_at(text, 0).ok().flatten().map(|p| p.selector)
}

/// The pattern at byte `at` of `text`, comments and line ends inside it allowed.
pub fn pattern_at(text: &str, at: usize) -> Result<Option<Pattern<'_>>, Open> {
    let mut s = Scanner::new(text, at);
    s.skip_blank()?;
    let operator = s.operator();
    if !operator.is_empty() {
        s.skip_blank()?;
        let has_argument = !s.identifier().is_empty();
        let pattern = Pattern {
            selector: operator.into(),
            num_args: 1,
            end: s.at(),
        };
        return Ok(has_argument.then_some(pattern));
    }
    let first = keyword_or_name(&mut s);
    if !first.ends_with(':') {
        let pattern = Pattern {
            selector: first.into(),
            num_args: 0,
            end: s.at(),
        };
        return Ok((!first.is_empty()).then_some(pattern));
    }
    let mut selector = Cow::Borrowed(first);
    let mut num_args = 0;
    loop {
        s.skip_blank()?;
        let argument = keyword_or_name(&mut s);
        if argument.is_empty() || argument.ends_with(':') {
            return Ok(None);
        }
        num_args += 1;
        let end = s.at();
        s.skip_blank()?;
        let part = keyword_or_name(&mut s);
        if !part.ends_with(':') {
            return Ok(Some(Pattern {
                selector,
                num_args,
                end,
            }));
        }
        selector.to_mut().push_str(part);
    }
}

/// The identifier under the cursor, with the colon behind it if there is one.
fn keyword_or_name<'a>(s: &mut Scanner<'a>) -> &'a str {
    let start = s.at();
    // `x:=` is a name and an assignment.
    if !s.identifier().is_empty() && s.peek() == b':' && s.peek_at(1) != b'=' {
        s.bump();
    }
    &s.text()[start..s.at()]
}

/// The number of arguments that a selector takes.
pub fn num_args(selector: &str) -> usize {
    match selector.chars().next() {
        Some(c) if super::scan::is_operator_char(c) => 1,
        _ => selector.bytes().filter(|&b| b == b':').count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(text: &str) -> Option<String> {
        selector_of(text).map(Cow::into_owned)
    }

    #[test]
    fn the_three_kinds() {
        assert_eq!(selector("size ^ 1").as_deref(), Some("size"));
        assert_eq!(selector("+ other ^ 1").as_deref(), Some("+"));
        assert_eq!(selector("->x").as_deref(), Some("->"));
        assert_eq!(selector("at: i put: v\n\t^ 1").as_deref(), Some("at:put:"));
    }

    #[test]
    fn layout_and_comments_do_not_matter() {
        let text = "  at: i \"where\"\r\n  put:\n v ^ 1";
        let pattern = pattern_at(text, 0).unwrap().unwrap();
        assert_eq!(pattern.selector, "at:put:");
        assert_eq!(pattern.num_args, 2);
        assert_eq!(&text[pattern.end - 1..pattern.end], "v");
    }

    #[test]
    fn an_assignment_is_no_keyword() {
        assert_eq!(selector("foo x:=3").as_deref(), Some("foo"));
        assert_eq!(selector("at: i x:= 3").as_deref(), Some("at:"));
    }

    #[test]
    fn no_pattern() {
        for text in [
            "",
            "   ",
            "+",
            "at:",
            "at: put: x",
            "[ 3 ]",
            "3 + 4",
            "\"open",
        ] {
            assert_eq!(selector(text), None, "{text}");
        }
    }

    #[test]
    fn argument_counts() {
        assert_eq!(num_args("size"), 0);
        assert_eq!(num_args("+"), 1);
        assert_eq!(num_args("at:put:"), 2);
    }
}
