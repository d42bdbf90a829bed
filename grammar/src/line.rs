//! Lines of a text: which one a place is in.
//!
//! Owns what ends a line: LF, CR, or both together. Must never know what a text means.

/// A line of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: usize,
    /// Offset of its first byte.
    pub start: usize,
    /// Offset behind its last byte; what ends the line is not part of it.
    pub end: usize,
}

impl Line {
    /// The line that contains byte `at` of `source`; the last one if the text ends before that.
    ///
    /// ```
    /// use chirp_grammar::Line;
    ///
    /// let line = Line::at("a\rb\r\nc foo", 7);
    /// assert_eq!((line.number, line.start, line.end), (3, 5, 10));
    /// assert_eq!(line.column("a\rb\r\nc foo", 7), 3);
    /// ```
    pub fn at(source: &str, at: usize) -> Line {
        let at = clamp(source, at);
        let bytes = source.as_bytes();
        // Counts that go over many bytes at once: a text may be long, and have many mistakes.
        let count = |end: u8| bytes[..at].iter().filter(|&&b| b == end).count();
        let pairs = bytes[..at].iter().zip(bytes.iter().skip(1));
        let pairs = pairs.filter(|&(&a, &b)| a == b'\r' && b == b'\n').count();
        let number = 1 + count(b'\n') + count(b'\r') - pairs;
        let last = (0..at).rev().find(|&i| ends(bytes, i));
        let start = last.map_or(0, |i| i + 1);
        let rest = bytes[start..].iter();
        let end = start + rest.take_while(|&&b| b != b'\n' && b != b'\r').count();
        Line { number, start, end }
    }

    /// The column of byte `at`, which lies in this line, in characters from 1.
    pub fn column(&self, source: &str, at: usize) -> usize {
        let at = clamp(source, at);
        source.get(self.start..at).map_or(0, |t| t.chars().count()) + 1
    }
}

/// Does byte `i` end a line? Of CR and LF together only the LF does.
fn ends(bytes: &[u8], i: usize) -> bool {
    bytes[i] == b'\n' || bytes[i] == b'\r' && bytes.get(i + 1) != Some(&b'\n')
}

/// The largest character boundary that is not behind `at`.
pub(crate) fn clamp(source: &str, at: usize) -> usize {
    let mut at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}
