//! Text of a program on its way to a terminal: what would steer that is shown as a picture.
//!
//! Only rewrites. What a program writes to its own output is its own affair and does not come by here.

use std::borrow::Cow;

/// The text with pictures in the place of control characters (␛), except tabs and line ends.
pub fn visible(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && !matches!(c, '\t' | '\n');
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let picture = |c: char| match c {
        '\x7f' => '\u{2421}',
        // Those of 8 bits have no pictures.
        '\u{80}'.. => char::REPLACEMENT_CHARACTER,
        c => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    let shown = text.chars().map(|c| if steers(c) { picture(c) } else { c });
    Cow::Owned(shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_a_picture() {
        assert_eq!(
            visible("a\x1b[31m\tb\n\r\0\x7f\u{9b}é"),
            "a␛[31m\tb\n␍␀␡\u{fffd}é"
        );
        assert!(matches!(visible("a\tb\né"), Cow::Borrowed(_)));
    }
}
