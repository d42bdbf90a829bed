//! The library's text inside the executable: `formats::packed` wrote it.
//!
//! Unpacks a block when somebody first looks into it, once for the whole process: it never changes, whoever runs. The only
//! reader of that layout. Damaged text is empty.

use crate::formats::layout::{Index, List, Numbers, first_where};
use crate::formats::packed::{
    CONTEXTS, DISTANCES, END, GIVEN, LONGEST, MATCH, MIN, SYMBOLS, canonical, context, least, parts,
};
use std::ops::Range;
use std::sync::OnceLock;

/// The packed text, with what is unpacked of it.
#[derive(Debug)]
pub struct Packed {
    /// The lengths of codes, and the packed bytes of all blocks.
    lengths: &'static [u8],
    data: &'static [u8],
    early: &'static str,
    pub index: Index<'static>,
    /// All blocks, and one behind them for where they end.
    blocks: Vec<Block>,
    tables: OnceLock<Vec<Table>>,
}

#[derive(Debug)]
struct Block {
    /// Its first piece.
    piece: usize,
    /// Where it begins among the packed bytes.
    start: usize,
    /// How many bytes of text it has.
    length: usize,
    /// The block that it refers to: itself for none.
    base: usize,
    text: OnceLock<Text>,
}

/// What was in a block.
#[derive(Debug, Default)]
struct Text {
    text: Box<str>,
    /// Where each piece ends, and its `END` stands.
    ends: Vec<u32>,
}

/// What the next bits stand for: a symbol, times 16, and the length of its code.
type Table = Box<[u16; 1 << LONGEST]>;

/// The text of the library in this executable.
pub fn embedded() -> &'static Packed {
    static EMBEDDED: OnceLock<Packed> = OnceLock::new();
    EMBEDDED.get_or_init(|| {
        let bytes = include_bytes!(concat!(env!("OUT_DIR"), "/library.packed"));
        let early = include_str!(concat!(env!("OUT_DIR"), "/library.early"));
        let index = include_bytes!(concat!(env!("OUT_DIR"), "/library.index"));
        Packed::new(bytes, early, Index(index))
    })
}

/// No block has more text than two to the power of this times its packed bytes.
const MOST: u32 = 13;
/// How many bytes the lengths of codes take.
const LENGTHS: usize = (CONTEXTS * SYMBOLS + DISTANCES).div_ceil(2);

impl Packed {
    fn new(bytes: &'static [u8], early: &'static str, index: Index<'static>) -> Packed {
        let (lengths, rest) = bytes.split_at_checked(LENGTHS).unwrap_or_default();
        let mut numbers = Numbers(rest);
        let count = numbers.number().min(rest.len());
        let mut blocks = Vec::with_capacity(count + 1);
        let (mut piece, mut start, mut base) = (0, 0, 0);
        for number in 0..count {
            let pieces = numbers.number();
            if pieces % 2 == 1 {
                base = number;
            }
            let length = numbers.number();
            blocks.push(Block {
                piece,
                start,
                length,
                base,
                text: OnceLock::new(),
            });
            piece = (pieces / 2).saturating_add(piece);
            start = numbers.number().saturating_add(start);
        }
        blocks.push(Block {
            piece,
            start,
            length: 0,
            base: count,
            text: OnceLock::new(),
        });
        Packed {
            lengths,
            data: numbers.0,
            early,
            index,
            blocks,
            tables: OnceLock::new(),
        }
    }

    /// One piece of the text; nothing for those that there are not.
    pub fn text(&'static self, piece: usize) -> &'static str {
        if let Some(range) = self.index.early_range(piece) {
            return self.early.get(range).unwrap_or_default();
        }
        let behind = first_where(self.blocks.len(), |block| self.blocks[block].piece > piece);
        let block = behind.saturating_sub(1);
        let Text { text, ends } = self.block(block);
        let number = piece - self.blocks[block].piece;
        let start = number
            .checked_sub(1)
            .map_or(Some(0), |before| Some(*ends.get(before)? + 1));
        let range = start.zip(ends.get(number));
        let text = range.and_then(|(start, end)| text.get(start as usize..*end as usize));
        text.unwrap_or_default()
    }

    /// What `formats::parts` tells of what this program has not.
    pub fn left_out(&'static self) -> &'static str {
        self.text(self.index.left_out())
    }

    fn block(&'static self, number: usize) -> &'static Text {
        let block = &self.blocks[number];
        block
            .text
            .get_or_init(|| self.unpack(number).unwrap_or_default())
    }

    fn unpack(&'static self, number: usize) -> Option<Text> {
        let (block, next) = (&self.blocks[number], self.blocks.get(number + 1)?);
        let base = match block.base == number {
            true => "",
            false => &self.block(block.base).text,
        };
        let tables = self.tables.get_or_init(|| tables(&codes_of(self.lengths)));
        let packed = self.data.get(block.start..next.start)?;
        if block.length >> MOST > packed.len() {
            return None;
        }
        let mut given = self.selectors(block.piece..next.piece).flat_map(parts);
        let mut text = vec![0; block.length];
        unpack(packed, tables, base.as_bytes(), &mut given, &mut text)?;
        let ends = memchr::memchr_iter(END, &text)
            .map(|end| end as u32)
            .collect();
        let text = String::from_utf8(text).ok()?.into();
        Some(Text { text, ends })
    }

    /// The selectors of those of these pieces that are methods, and packed.
    fn selectors(&'static self, pieces: Range<usize>) -> impl Iterator<Item = &'static str> {
        let methods = self.index.method(0);
        let first = pieces.start.max(methods) - methods;
        let class = self.index.class_of(first);
        let classes = class..self.index.num_classes();
        let listed = classes.flat_map(|class| {
            let list = self.text(self.index.list(class));
            List::new(list).map(|method| list.get(method.selector).unwrap_or_default())
        });
        let before = first - self.index.first_method(class);
        // Lists themselves have no selectors given, and must not be asked for.
        let count = pieces.end.saturating_sub(methods + first);
        let numbered = (methods + first..).zip(listed.skip(before)).take(count);
        numbered
            .filter(|(piece, _)| self.index.early_range(*piece).is_none())
            .map(|(_, selector)| selector)
    }
}

/// The lengths of all codes, which are packed in pairs.
fn codes_of(lengths: &[u8]) -> Vec<Vec<u8>> {
    let lengths: Vec<u8> = lengths
        .iter()
        .flat_map(|pair| [pair & 15, pair >> 4])
        .collect();
    let (symbols, distances) = lengths.split_at(CONTEXTS * SYMBOLS);
    let symbols = symbols.chunks(SYMBOLS);
    symbols
        .chain([&distances[..DISTANCES]])
        .map(<[u8]>::to_vec)
        .collect()
}

fn tables(lengths: &[Vec<u8>]) -> Vec<Table> {
    lengths.iter().map(|lengths| table(lengths)).collect()
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

/// Fills `text` from packed bytes, with the tables of all codes; none when they are damaged.
fn unpack(
    packed: &[u8],
    tables: &[Table],
    base: &[u8],
    given: &mut dyn Iterator<Item = &str>,
    text: &mut [u8],
) -> Option<()> {
    let (distances, symbols) = tables.split_last()?;
    let mut bits = Bits {
        bytes: packed,
        next: 0,
        count: 0,
    };
    let mut at = 0;
    let mut before = END;
    while at < text.len() {
        bits.fill();
        let symbol = bits.symbol(&symbols[context(before)])?;
        if symbol < MATCH {
            before = symbol as u8;
            text[at] = before;
            at += 1;
            continue;
        }
        if symbol == GIVEN {
            let part = given.next()?.as_bytes();
            text.get_mut(at..at + part.len())?.copy_from_slice(part);
            at += part.len();
        } else {
            let length = MIN + bits.value(symbol - MATCH);
            let symbol = bits.symbol(distances)?;
            let distance = 1 + bits.value(symbol);
            at = copy(base, text, at, length, distance)?;
        }
        before = at.checked_sub(1).map_or(END, |before| text[before]);
    }
    Some(())
}

/// Copies a match to `at`; answers where it ends.
#[inline(always)]
fn copy(
    base: &[u8],
    text: &mut [u8],
    mut at: usize,
    length: usize,
    distance: usize,
) -> Option<usize> {
    let end = at + length;
    if end > text.len() {
        return None;
    }
    if distance > at {
        let back = distance - at;
        let known = base.get(base.len().checked_sub(back)?..)?;
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
    Some(end)
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
