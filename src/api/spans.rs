//! Bytes of a source text: the machine tells places by line and column, and editors want to mark them.
//!
//! Makes nothing up: a frame has a span only if its code is from the text, and its line reads there as it does in the
//! trace.

use crate::vm::Mistake;
use crate::vm::trace::Frame;
use std::ops::Range;
use std::sync::Arc;

/// A text that the host gave, by its lines.
pub(super) struct Lines<'t> {
    text: &'t str,
    /// Offsets of their first bytes.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub fn of(text: &'t str) -> Lines<'t> {
        let bytes = text.as_bytes();
        // A byte order mark is no part of the first line.
        let first = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
        // Of CR and LF together only the LF ends a line.
        let ends = |&i: &usize| {
            bytes[i] == b'\n' || (bytes[i] == b'\r' && bytes.get(i + 1) != Some(&b'\n'))
        };
        let mut starts = vec![first];
        starts.extend((0..bytes.len()).filter(ends).map(|i| i + 1));
        Lines { text, starts }
    }

    /// Where a mistake is.
    pub(super) fn of_mistake(&self, m: &Mistake) -> Range<usize> {
        self.range((m.line, m.column), (m.end_line, m.end_column))
    }

    /// Where a frame is, if it is in this text, which was read under that name: that of another reading is another.
    pub(super) fn of_frame(&self, name: &Arc<str>, f: &Frame) -> Option<Range<usize>> {
        let own = f.file.as_ref().is_some_and(|file| Arc::ptr_eq(file, name));
        let line = self.line(f.line).filter(|_| own)?;
        // In a chunk a bang is written twice.
        let shown = f.source.trim();
        let same = !shown.is_empty() && line.contains(shown);
        same.then(|| self.range((f.line, f.column), (f.end_line, f.end_column)))
    }

    fn range(&self, start: (usize, usize), end: (usize, usize)) -> Range<usize> {
        let start = self.byte(start);
        start..self.byte(end).max(start)
    }

    /// Offset of a place, both numbers from 1.
    fn byte(&self, (line, column): (usize, usize)) -> usize {
        let Some(text) = self.line(line) else {
            return self.text.len();
        };
        let before = text.chars().take(column.saturating_sub(1));
        self.starts[line - 1] + before.map(char::len_utf8).sum::<usize>()
    }

    /// A line with its end.
    fn line(&self, number: usize) -> Option<&'t str> {
        let start = *self.starts.get(number.checked_sub(1)?)?;
        let end = self.starts.get(number).copied();
        self.text.get(start..end.unwrap_or(self.text.len()))
    }
}
