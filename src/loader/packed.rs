//! The library's text inside the executable: `formats::packed` wrote it.
//!
//! Unpacks a block when somebody first looks into it, once for the whole process: it never changes, whoever runs. The only
//! reader of that layout.

use super::image::first_where;
use crate::formats::layout::entry;
use crate::formats::packed::{DISTANCES, LONGEST, MIN, SYMBOLS, canonical, least};
use std::ops::Range;
use std::sync::OnceLock;

/// The packed text, with what is unpacked of it.
#[derive(Debug)]
pub struct Packed {
    bytes: &'static [u8],
    early: &'static [u8],
    strings: &'static str,
    blocks: Vec<OnceLock<Box<str>>>,
    tables: OnceLock<[Table; 2]>,
}

/// What the next bits stand for: a symbol, times 16, and the length of its code.
type Table = Box<[u16; 1 << LONGEST]>;

/// The text of the library in this executable.
pub fn embedded() -> &'static Packed {
    static EMBEDDED: OnceLock<Packed> = OnceLock::new();
    EMBEDDED.get_or_init(|| {
        let bytes = include_bytes!(concat!(env!("OUT_DIR"), "/library.packed"));
        let early = include_bytes!(concat!(env!("OUT_DIR"), "/library.early"));
        let strings = include_str!(concat!(env!("OUT_DIR"), "/library.strings"));
        Packed::new(bytes, early, strings)
    })
}

const WORDS: usize = SYMBOLS + DISTANCES;

impl Packed {
    fn new(bytes: &'static [u8], early: &'static [u8], strings: &'static str) -> Packed {
        let mut packed = Packed {
            bytes,
            early,
            strings,
            blocks: Vec::new(),
            tables: OnceLock::new(),
        };
        packed.blocks.resize_with(packed.word(0), Default::default);
        packed
    }

    /// One of the strings that the index names.
    pub fn string(&self, range: Range<usize>) -> &'static str {
        &self.strings[range]
    }

    fn word(&self, number: usize) -> usize {
        entry(self.bytes, WORDS, number, 4)
    }

    /// Where blocks end, in the text and among the bytes; the numbers count from 1, for 0 is where the first begins.
    fn end(&self, number: usize) -> (usize, usize) {
        match number {
            0 => (0, 0),
            _ => (self.word(2 * number - 1), self.word(2 * number)),
        }
    }

    /// One method or comment of the text; the empty text for other ranges.
    pub fn text(&self, range: Range<usize>) -> &str {
        if let Some(text) = self.early(&range) {
            return text;
        }
        let number = first_where(self.blocks.len(), |number| {
            self.end(number + 1).0 > range.start
        });
        let Some(block) = self.blocks.get(number) else {
            return "";
        };
        let start = self.end(number).0;
        let text = block.get_or_init(|| self.unpack(number).unwrap_or_default());
        text.get(range.start - start..range.end.saturating_sub(start))
            .unwrap_or("")
    }

    /// The same, if it is one of the pieces that are not packed.
    fn early(&self, range: &Range<usize>) -> Option<&'static str> {
        let count = entry(self.early, 0, 0, 4);
        let word = |number| entry(self.early, 4, number, 4);
        let place = first_where(count, |place| word(2 * place) >= range.start);
        let (from, to) = (word(2 * place + 1), word(2 * place + 3));
        if place == count || word(2 * place) != range.start || to - from != range.len() {
            return None;
        }
        let pieces = self.early.get(4 + 8 * (count + 1)..)?;
        std::str::from_utf8(pieces.get(from..to)?).ok()
    }

    fn unpack(&self, number: usize) -> Option<Box<str>> {
        let ((start, from), (end, to)) = (self.end(number), self.end(number + 1));
        let data = self.bytes.get(WORDS + 4 * (1 + 2 * self.blocks.len())..)?;
        let tables = self.tables.get_or_init(|| {
            let (symbols, distances) = self.bytes[..WORDS].split_at(SYMBOLS);
            [table(symbols), table(distances)]
        });
        let mut text = vec![0; end - start];
        unpack(
            data.get(from..to)?,
            tables,
            self.strings.as_bytes(),
            &mut text,
        )?;
        Some(String::from_utf8(text).ok()?.into())
    }
}

fn table(lengths: &[u8]) -> Table {
    let mut table = Box::new([0; 1 << LONGEST]);
    for (symbol, code) in canonical(lengths).iter().enumerate() {
        if code.length > 0 {
            let places = table.iter_mut().skip(code.bits.into());
            for entry in places.step_by(1 << code.length) {
                *entry = (symbol as u16) << 4 | u16::from(code.length);
            }
        }
    }
    table
}

/// Fills `text` from packed bytes; none when they are damaged.
fn unpack(packed: &[u8], tables: &[Table; 2], dictionary: &[u8], text: &mut [u8]) -> Option<()> {
    let mut bits = Bits {
        bytes: packed,
        next: 0,
        count: 0,
    };
    let mut at = 0;
    while at < text.len() {
        bits.fill();
        let symbol = bits.symbol(&tables[0])?;
        if symbol < 256 {
            text[at] = symbol as u8;
            at += 1;
            continue;
        }
        let length = MIN + bits.value(symbol - 256);
        let symbol = bits.symbol(&tables[1])?;
        let distance = 1 + bits.value(symbol);
        let end = at + length;
        if end > text.len() {
            return None;
        }
        if distance > at {
            let back = distance - at;
            let known = dictionary.get(dictionary.len().checked_sub(back)?..)?;
            let count = length.min(back);
            text[at..at + count].copy_from_slice(&known[..count]);
            at += count;
        }
        // What it copies it may have to copy again.
        while at < end {
            let count = distance.min(end - at);
            text.copy_within(at - distance..at - distance + count, at);
            at += count;
        }
    }
    Some(())
}

/// Bytes as a sequence of bits, the lowest first; zeros behind the end.
struct Bits<'a> {
    bytes: &'a [u8],
    next: u64,
    /// How many of `next` are there.
    count: u32,
}

impl Bits<'_> {
    /// Sees to it that there are as many as a match takes: twice a code, and 30 for its places in the buckets.
    #[inline(always)]
    fn fill(&mut self) {
        match self.bytes.first_chunk() {
            Some(chunk) => {
                self.next |= u64::from_le_bytes(*chunk) << self.count;
                self.bytes = &self.bytes[(63 - self.count as usize) / 8..];
                self.count |= 56;
            }
            None => {
                while self.count <= 56 {
                    let (&byte, rest) = self.bytes.split_first().unwrap_or((&0, &[]));
                    self.next |= u64::from(byte) << self.count;
                    self.bytes = rest;
                    self.count += 8;
                }
            }
        }
    }

    #[inline(always)]
    fn take(&mut self, count: u32) -> usize {
        let bits = self.next & ((1 << count) - 1);
        self.next >>= count;
        self.count -= count;
        bits as usize
    }

    #[inline(always)]
    fn symbol(&mut self, table: &Table) -> Option<usize> {
        let entry = table[self.next as usize & ((1 << LONGEST) - 1)];
        // No code at all begins like this.
        (entry != 0).then(|| {
            self.take(u32::from(entry & 15));
            usize::from(entry >> 4)
        })
    }

    #[inline(always)]
    fn value(&mut self, bucket: usize) -> usize {
        let (value, more) = least(bucket);
        value + self.take(more)
    }
}

#[cfg(test)]
mod tests;
