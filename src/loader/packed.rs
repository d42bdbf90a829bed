//! The library's text inside the executable: `formats::packed` wrote it.
//!
//! Unpacks a block when somebody first looks into it, once for the whole process: it never changes, whoever runs. The only
//! reader of that layout.

use crate::formats::packed::dictionary;
use std::ops::Range;
use std::sync::OnceLock;

/// The packed text, with what is unpacked of it.
#[derive(Debug)]
pub struct Packed {
    bytes: &'static [u8],
    strings: &'static str,
    blocks: Vec<OnceLock<Box<str>>>,
}

/// The text of the library in this executable.
pub fn embedded() -> &'static Packed {
    static EMBEDDED: OnceLock<Packed> = OnceLock::new();
    EMBEDDED.get_or_init(|| {
        let bytes = include_bytes!(concat!(env!("OUT_DIR"), "/library.packed"));
        Packed::new(
            bytes,
            include_str!(concat!(env!("OUT_DIR"), "/library.strings")),
        )
    })
}

impl Packed {
    fn new(bytes: &'static [u8], strings: &'static str) -> Packed {
        let mut packed = Packed {
            bytes,
            strings,
            blocks: Vec::new(),
        };
        packed.blocks.resize_with(packed.word(0), Default::default);
        packed
    }

    /// One of the strings that the index names, which lie behind the text in the joined text.
    pub fn string(&self, range: Range<usize>) -> &'static str {
        let first = self.end(self.blocks.len()).0;
        &self.strings[range.start - first..range.end - first]
    }

    fn word(&self, number: usize) -> usize {
        match self.bytes.get(4 * number..4 * number + 4) {
            Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]) as usize,
            _ => 0,
        }
    }

    /// Where blocks end, in the text and among the bytes; the numbers count from 1, for 0 is where the first begins.
    fn end(&self, number: usize) -> (usize, usize) {
        match number {
            0 => (0, 0),
            _ => (self.word(2 * number - 1), self.word(2 * number)),
        }
    }

    /// A piece of the text that lies in one file; the empty text for other ranges.
    pub fn text(&self, range: Range<usize>) -> &str {
        let (mut low, mut high) = (0, self.blocks.len());
        while low < high {
            let middle = (low + high) / 2;
            match self.end(middle + 1).0 <= range.start {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        let Some(block) = self.blocks.get(low) else {
            return "";
        };
        let start = self.end(low).0;
        let text = block.get_or_init(|| self.unpack(low).unwrap_or_default());
        text.get(range.start - start..range.end.saturating_sub(start))
            .unwrap_or("")
    }

    fn unpack(&self, number: usize) -> Option<Box<str>> {
        let ((start, from), (end, to)) = (self.end(number), self.end(number + 1));
        let data = self.bytes.get(4 * (1 + 2 * self.blocks.len())..)?;
        let mut text = vec![0; end - start];
        lz4_flex::block::decompress_into_with_dict(
            data.get(from..to)?,
            &mut text,
            dictionary(self.strings),
        )
        .ok()?;
        Some(String::from_utf8(text).ok()?.into())
    }
}
