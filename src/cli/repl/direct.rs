//! Entries from a pipe or a file in place of a terminal: lines, until the parser has enough.
//!
//! Nothing that was read is passed over in silence: what is no text is told with its line, and what the end of the input
//! cuts off is an entry, of which the parser says what it lacks.

use super::editor::{Typed, is_unfinished_entry};
use crate::cli::files;
use std::io::BufRead;

/// Reads the next entry; `line` counts the lines so far.
pub fn read_entry(input: &mut impl BufRead, line: &mut usize) -> Typed {
    let mut entry = String::new();
    let mut no_text = None;
    loop {
        let mut bytes = Vec::new();
        match input.read_until(b'\n', &mut bytes) {
            Ok(0) if entry.is_empty() && no_text.is_none() => return Typed::End,
            Ok(0) => break,
            Ok(_) => *line += 1,
            Err(error) => return Typed::Failed(files::told("standard input", &error)),
        }
        if std::str::from_utf8(&bytes).is_err() {
            no_text.get_or_insert(*line);
        }
        // The brackets in it count all the same: what follows is not to be taken for an entry of its own.
        entry.push_str(&String::from_utf8_lossy(&bytes));
        if !is_unfinished_entry(entry.trim_end_matches(['\n', '\r'])) {
            break;
        }
    }
    match no_text {
        Some(line) => Typed::NoTextIn { line },
        None => Typed::Entry(entry.trim_end_matches(['\n', '\r']).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of an input, entry by entry.
    fn entries(input: &[u8]) -> Vec<String> {
        let (mut input, mut line) = (input, 0);
        let told = || match read_entry(&mut input, &mut line) {
            Typed::Entry(text) => Some(text),
            Typed::NoTextIn { line } => Some(format!("no text in line {line}")),
            _ => None,
        };
        std::iter::from_fn(told).collect()
    }

    #[test]
    fn nothing_is_lost() {
        assert_eq!(entries(b""), [""; 0]);
        assert_eq!(entries(b"3 + 4\r\n\n5"), ["3 + 4", "", "5"]);
        assert_eq!(entries(b"[ :x |\n x ]\n6"), ["[ :x |\n x ]", "6"]);
        assert_eq!(entries(b"6\n[ :x |\n"), ["6", "[ :x |"]);
        assert_eq!(
            entries(b"a := [ :x |\n'\xe9'\n].\n7\n\xff"),
            ["no text in line 2", "7", "no text in line 5"]
        );
    }
}
