//! Words that only GNU Smalltalk has, in those that all dialects share.
//!
//! Works on the text, before it is parsed. Everything else stays where it is.

use super::scan::Scanner;
use std::ops::Range;

/// The text without namespaces in front of names: all names are known everywhere. A character told by its code,
/// `$<16r41>`, is made that character.
///
/// ```
/// use chirp::formats::translate::translated;
///
/// assert_eq!(translated("Smalltalk.Foo new: 3"), "          Foo new: 3");
/// assert_eq!(translated("#{Smalltalk.Foo}"), "#{Smalltalk.Foo}");
/// assert_eq!(translated("$<65> < $<16r42>"), "$A    < $B      ");
/// ```
pub fn translated(text: &str) -> String {
    let mut shared = String::with_capacity(text.len());
    let mut done = 0;
    let mut replace = |range: Range<usize>, words: &str| {
        shared.push_str(&text[done..range.start]);
        shared.push_str(words);
        done = range.end;
    };
    let mut s = Scanner::new(text, 0);
    while !s.at_end() {
        let start = s.at();
        if let Some((length, character)) = coded_character(s.rest()) {
            let spaces = " ".repeat(length - 1 - character.len_utf8());
            replace(start..start + length, &format!("${character}{spaces}"));
            s = Scanner::new(text, start + length);
            continue;
        }
        // What is left open, the parser will say.
        if !matches!(s.skip_quoted(), Ok(false)) {
            continue;
        }
        // `#{Smalltalk.Foo}` is a word of all dialects, namespaces and all.
        if s.rest().starts_with("#{") {
            s = Scanner::new(text, start + s.rest().find('}').map_or(2, |end| end + 1));
            continue;
        }
        if s.identifier().is_empty() {
            s.bump();
            continue;
        }
        let mut last = start;
        while s.peek() == b'.'
            && text[start..].starts_with(char::is_uppercase)
            && text[s.at() + 1..].starts_with(char::is_uppercase)
        {
            s.bump();
            last = s.at();
            s.identifier();
        }
        if last > start {
            replace(start..last, &" ".repeat(last - start));
        }
    }
    shared.push_str(&text[done..]);
    shared
}

/// The character that `$<16r41>` at the beginning of `rest` stands for, and how long that is.
fn coded_character(rest: &str) -> Option<(usize, char)> {
    let inner = rest.strip_prefix("$<")?;
    let code = &inner[..inner.find('>')?];
    let (radix, digits) = code.split_once('r').unwrap_or(("10", code));
    let radix = radix
        .parse()
        .ok()
        .filter(|radix| (2..=36).contains(radix))?;
    let character = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
    Some((code.len() + 3, character))
}
