//! Colours for the line that is being typed, by the language's own tokens.
//!
//! Adds escape sequences and nothing else: the text keeps its width.

use super::commands::{command_line, split};
use chirp_grammar::{TokenKind, tokens};
use std::borrow::Cow;
use std::fmt::Write;

pub const RESET: &str = "\x1b[0m";
pub const FAINT: &str = "\x1b[2m";
const COMMAND: &str = "\x1b[35m";

/// `line` with its tokens coloured.
pub fn highlight(line: &str) -> Cow<'_, str> {
    let mut coloured = String::new();
    let mut done = 0;
    if let Some(command) = command_line(line) {
        let (name, _) = split(command);
        // Both are parts of the line: the name ends where it lies in it.
        done = line.len() - command.trim_start().len() + name.len();
        coloured = format!("{COMMAND}{}{RESET}", &line[..done]);
    }
    let begin = done;
    for token in tokens(line).filter(|t| t.span.start as usize >= begin) {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        let Some(colour) = colour(token.kind, &line[start..end]) else {
            continue;
        };
        // Writing to a String cannot fail.
        let _ = write!(
            coloured,
            "{}{colour}{}{RESET}",
            &line[done..start],
            &line[start..end]
        );
        done = end;
    }
    if coloured.is_empty() {
        return Cow::Borrowed(line);
    }
    coloured.push_str(&line[done..]);
    Cow::Owned(coloured)
}

/// The escape sequence for a token; none for those that look like plain text.
fn colour(kind: TokenKind, text: &str) -> Option<&'static str> {
    Some(match kind {
        TokenKind::Comment | TokenKind::UnclosedComment => "\x1b[2m",
        TokenKind::String | TokenKind::UnclosedString => "\x1b[32m",
        TokenKind::Symbol | TokenKind::OpenArray | TokenKind::OpenBytes => "\x1b[36m",
        TokenKind::Number | TokenKind::Character => "\x1b[36m",
        TokenKind::Keyword => "\x1b[34m",
        TokenKind::Unknown => "\x1b[31m",
        TokenKind::Identifier => match text {
            _ if crate::compiler::is_reserved(text) => "\x1b[35m",
            _ if text.starts_with(char::is_uppercase) => "\x1b[1m",
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text without its escape sequences.
    fn plain(text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find('\x1b') {
            out.push_str(&rest[..start]);
            let end = rest[start..].find('m').unwrap();
            rest = &rest[start + end + 1..];
        }
        out + rest
    }

    #[test]
    fn nothing_but_colour_is_added() {
        for line in [
            "",
            "foo bar",
            "Foo at: 3 \"c\" put: 'ä' ; self",
            "'open",
            "#( $a ",
            "\u{1}#",
            "  :browse Foo 3",
            ": \"é",
        ] {
            assert_eq!(plain(&highlight(line)), line);
        }
    }

    #[test]
    fn tokens_have_their_colours() {
        assert_eq!(
            highlight("a at: 3"),
            "a \x1b[34mat:\x1b[0m \x1b[36m3\x1b[0m"
        );
        assert!(matches!(highlight("a + b"), Cow::Borrowed(_)));
    }
}
