//! What is wrong with a source file, and where.
//!
//! Places are byte offsets until somebody asks for a line. Never renders excerpts: that is the
//! command line's work.

use std::fmt;

/// A mistake in the format of a file: not in the Smalltalk inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError {
    /// Lower-case sentence without a full stop: what was found and what is needed.
    pub message: String,
    /// Byte offset in the file.
    pub offset: usize,
    /// What to say about that place, and what to do; empty where only the format can be told.
    pub label: &'static str,
    pub help: String,
}

impl FormatError {
    /// The mistake `message` at byte `offset`.
    #[inline(never)]
    pub fn new(offset: usize, message: impl Into<String>) -> FormatError {
        FormatError {
            message: message.into(),
            offset,
            label: "",
            help: String::new(),
        }
    }

    /// The same with what to say about the place, and what to do.
    #[inline(never)]
    pub fn with(mut self, label: &'static str, help: impl Into<String>) -> FormatError {
        self.label = label;
        self.help = help.into();
        self
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FormatError {}

/// Line and column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Line and column of the byte at `offset`. An offset behind the end, or inside a character,
/// counts as the next place before it that exists.
#[inline(never)]
pub fn place_of(text: &str, offset: usize) -> Place {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line_start = before
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |i| i + 1);
    let line = before.iter().filter(|&&b| b == b'\n').count() as u32 + 1;
    // Every byte that is not a continuation byte begins a character.
    let column = before[line_start..]
        .iter()
        .filter(|&&b| b & 0xC0 != 0x80)
        .count() as u32
        + 1;
    Place { line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters_from_one() {
        assert_eq!(place_of("", 0), Place { line: 1, column: 1 });
        assert_eq!(place_of("ab\ncd", 4), Place { line: 2, column: 2 });
        assert_eq!(place_of("é!", 2), Place { line: 1, column: 2 });
        assert_eq!(place_of("a\n", 99), Place { line: 2, column: 1 });
        assert_eq!(place_of("a\n", 2).to_string(), "2:1");
    }
}
