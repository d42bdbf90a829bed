//! A cursor over Smalltalk text that knows just enough of the language not to be fooled by it:
//! strings, comments, character literals and literal arrays.
//!
//! Works on bytes, since every character that matters is ASCII, and stops only between
//! characters. Never allocates, never panics.

/// Position in a text.
#[derive(Clone, Copy, Debug)]
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// What was left open at the end of the text: the offset where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    String(usize),
    Comment(usize),
    Array(usize),
    Bracket(usize),
}

impl Open {
    /// Where it begins.
    pub fn offset(self) -> usize {
        match self {
            Open::String(at) | Open::Comment(at) | Open::Array(at) | Open::Bracket(at) => at,
        }
    }

    /// A sentence about it.
    pub fn message(self) -> &'static str {
        match self {
            Open::String(_) => "this string has no closing quote",
            Open::Comment(_) => "this comment has no closing quote",
            Open::Array(_) => "this literal array has no closing parenthesis",
            Open::Bracket(_) => "this bracket is never closed",
        }
    }
}

impl<'a> Scanner<'a> {
    /// A cursor at byte `at`, which must lie between two characters.
    pub fn new(text: &'a str, at: usize) -> Scanner<'a> {
        Scanner { text, at }
    }

    /// Byte offset of the cursor.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The text that is scanned.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The byte under the cursor; 0 at the end.
    pub fn peek(&self) -> u8 {
        self.peek_at(0)
    }

    /// The byte `ahead` bytes further; 0 behind the end.
    pub fn peek_at(&self, ahead: usize) -> u8 {
        self.text
            .as_bytes()
            .get(self.at + ahead)
            .copied()
            .unwrap_or(0)
    }

    /// Is there nothing left?
    pub fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// What is left.
    #[inline(never)]
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Steps over one character.
    #[inline(never)]
    pub fn bump(&mut self) {
        self.at += 1;
        while self
            .text
            .as_bytes()
            .get(self.at)
            .is_some_and(|&b| b & 0xC0 == 0x80)
        {
            self.at += 1;
        }
        self.at = self.at.min(self.text.len());
    }

    /// Steps over `byte` if it is next.
    pub fn eat(&mut self, byte: u8) -> bool {
        let found = !self.at_end() && self.peek() == byte;
        if found {
            self.bump();
        }
        found
    }

    /// Skips white space.
    #[inline(never)]
    pub fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Skips white space and comments.
    #[inline(never)]
    pub fn skip_blank(&mut self) -> Result<(), Open> {
        loop {
            self.skip_space();
            if self.peek() != b'"' {
                return Ok(());
            }
            self.skip_comment()?;
        }
    }

    /// Skips the comment that begins here; a doubled quote belongs to it.
    #[inline(never)]
    pub fn skip_comment(&mut self) -> Result<(), Open> {
        let start = self.at;
        if self.skip_delimited(b'"') {
            Ok(())
        } else {
            Err(Open::Comment(start))
        }
    }

    /// Skips the string that begins here; a doubled quote belongs to it.
    pub fn skip_string(&mut self) -> Result<(), Open> {
        let start = self.at;
        if self.skip_delimited(b'\'') {
            Ok(())
        } else {
            Err(Open::String(start))
        }
    }

    /// Skips what `quote` delimits; false if the text ends before it does.
    #[inline(never)]
    fn skip_delimited(&mut self, quote: u8) -> bool {
        while self.skip_to_quote(quote) {
            if self.peek() != quote {
                return true;
            }
        }
        false
    }

    /// Skips to behind the next `quote` after the one under the cursor.
    #[inline(never)]
    fn skip_to_quote(&mut self, quote: u8) -> bool {
        let from = self.at + 1;
        match self
            .text
            .as_bytes()
            .get(from..)
            .and_then(|r| r.iter().position(|&b| b == quote))
        {
            Some(n) => {
                self.at = from + n + 1;
                true
            }
            None => {
                self.at = self.text.len();
                false
            }
        }
    }

    /// Skips one string, comment or character literal if one begins here.
    pub fn skip_quoted(&mut self) -> Result<bool, Open> {
        match self.peek() {
            b'\'' => self.skip_string()?,
            b'"' => self.skip_comment()?,
            b'$' => {
                self.bump();
                self.bump();
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Skips to behind the bracket that closes the one under the cursor. Brackets inside
    /// strings, comments, character literals and literal arrays do not count.
    pub fn skip_brackets(&mut self) -> Result<(), Open> {
        let start = self.at;
        let mut depth = 0u32;
        while !self.at_end() {
            if self.skip_quoted()? {
                continue;
            }
            match self.peek() {
                b'[' => depth += 1,
                b']' => depth = depth.saturating_sub(1),
                // Ordinary source stands in `##( … )`.
                b'#' if self.rest().starts_with("##(") => self.bump(),
                b'#' if self.peek_at(1) == b'(' => {
                    self.skip_array()?;
                    continue;
                }
                _ => {}
            }
            self.bump();
            if depth == 0 {
                return Ok(());
            }
        }
        Err(Open::Bracket(start))
    }

    /// Skips the literal array `#( … )` that begins here.
    fn skip_array(&mut self) -> Result<(), Open> {
        let start = self.at;
        let mut depth = 0u32;
        self.bump();
        while !self.at_end() {
            if self.skip_quoted()? {
                continue;
            }
            match self.peek() {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            self.bump();
            if depth == 0 {
                return Ok(());
            }
        }
        Err(Open::Array(start))
    }

    /// Skips to behind the bracket that closes the one under the cursor, of any kind that is told.
    pub fn skip_nested(&mut self, open: u8, close: u8) -> Result<(), Open> {
        let start = self.at;
        let mut depth = 0u32;
        while !self.at_end() {
            if self.skip_quoted()? {
                continue;
            }
            let here = self.peek();
            self.bump();
            if here == open {
                depth += 1;
            } else if here == close {
                depth -= 1;
                if depth == 0 {
                    return Ok(());
                }
            }
        }
        Err(Open::Bracket(start))
    }

    /// Names with periods between them, such as `Smalltalk.Foo`; empty if there is none.
    pub fn dotted_name(&mut self) -> &'a str {
        let start = self.at;
        let mut end = start;
        while !self.identifier().is_empty() {
            end = self.at;
            let next = self.rest()[..].chars().nth(1);
            if self.peek() != b'.' || !next.is_some_and(char::is_alphabetic) {
                break;
            }
            self.at += 1;
        }
        self.at = end;
        &self.text[start..end]
    }

    /// The identifier under the cursor, which moves behind it; empty if there is none.
    pub fn identifier(&mut self) -> &'a str {
        let rest = self.rest();
        let mut end = 0;
        for (i, c) in rest.char_indices() {
            let fits = c == '_' || c.is_alphabetic() || (i > 0 && is_name_part(c));
            if !fits {
                break;
            }
            end = i + c.len_utf8();
        }
        self.at += end;
        &rest[..end]
    }

    /// The binary selector under the cursor, which moves behind it; empty if there is none.
    pub fn operator(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !is_operator_char(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }
}

/// Does byte `i` end a line? Of CR and LF together only the LF does.
pub fn ends_line(bytes: &[u8], i: usize) -> bool {
    bytes[i] == b'\n' || bytes[i] == b'\r' && bytes.get(i + 1) != Some(&b'\n')
}

/// May `c` stand in an identifier after its first character?
fn is_name_part(c: char) -> bool {
    // Combining marks (a letter typed as base and accent) are no letters, yet part of a name.
    c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36F}')
}

/// May `c` stand in a binary selector?
pub fn is_operator_char(c: char) -> bool {
    "+-*/\\~<>=@%|&?,!".contains(c) || matches!(c, '±' | '×' | '÷' | '·')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brackets(text: &str) -> Result<usize, Open> {
        let mut s = Scanner::new(text, 0);
        s.skip_brackets().map(|()| s.at())
    }

    #[test]
    fn brackets_balance() {
        assert_eq!(brackets("[a [b] c] d"), Ok(9));
        assert_eq!(brackets("[]"), Ok(2));
    }

    #[test]
    fn quoted_brackets_do_not_count() {
        for text in [
            "[']']",
            "[\"]\"]",
            "[$]]",
            "[#(])]",
            "['it''s ]']",
            "[#($) ] ')' (]))]",
        ] {
            assert_eq!(brackets(text), Ok(text.len()), "{text}");
        }
    }

    #[test]
    fn byte_arrays_balance() {
        assert_eq!(brackets("[#[1 2]] x"), Ok(8));
    }

    #[test]
    fn what_is_open_is_named() {
        assert_eq!(brackets("[ 'a"), Err(Open::String(2)));
        assert_eq!(brackets("[ \"a"), Err(Open::Comment(2)));
        assert_eq!(brackets("[ #(a"), Err(Open::Array(2)));
        assert_eq!(brackets("[ [ ]"), Err(Open::Bracket(0)));
        assert_eq!(brackets("[ $"), Err(Open::Bracket(0)));
    }

    #[test]
    fn names_and_operators() {
        let mut s = Scanner::new("größe_1 ~= x", 0);
        assert_eq!(s.identifier(), "größe_1");
        assert_eq!(s.identifier(), "");
        s.skip_space();
        assert_eq!(s.operator(), "~=");
    }

    #[test]
    fn multibyte_characters_are_one_step() {
        let mut s = Scanner::new("$é!", 0);
        assert_eq!(s.skip_quoted(), Ok(true));
        assert_eq!(s.peek(), b'!');
    }
}
