//! The library's text inside the executable: `formats::packed` wrote it.
//!
//! Unpacks a block when somebody first looks into it, once for the whole process: it never changes, whoever runs. The only
//! reader of that layout. Damaged text is empty.

use crate::formats::layout::{Index, List, Numbers, first_where};
use crate::formats::packed::{
    CODES, END, GIVEN, LONGEST, MATCH, MIN, PHRASE, canonical, context, least, parts, read_lengths,
};
use std::ops::Range;
use std::sync::OnceLock;

/// The packed text, with what is unpacked of it.
#[derive(Debug)]
pub struct Packed {
    /// The lengths of codes, and the packed bytes of all blocks.
    lengths: &'static [u8],
    num_phrases: usize,
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

impl Text {
    fn new(bytes: Vec<u8>) -> Option<Text> {
        let ends = memchr::memchr_iter(END, &bytes).map(|end| end as u32);
        let ends = ends.collect();
        let text = String::from_utf8(bytes).ok()?.into();
        Some(Text { text, ends })
    }

    #[inline]
    fn piece(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)? as usize;
        let before = number
            .checked_sub(1)
            .map(|before| self.ends[before] as usize + 1);
        self.text.get(before.unwrap_or(0)..end)
    }
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
impl Packed {
    fn new(bytes: &'static [u8], early: &'static str, index: Index<'static>) -> Packed {
        let mut numbers = Numbers(bytes);
        let num_phrases = numbers.number();
        let count = numbers.number().min(bytes.len());
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
        let size = numbers.number();
        let (lengths, data) = numbers.0.split_at_checked(size).unwrap_or_default();
        Packed {
            lengths,
            num_phrases,
            data,
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
        let text = self.block(block);
        text.piece(piece - self.blocks[block].piece)
            .unwrap_or_default()
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
        let tables = self
            .tables
            .get_or_init(|| tables(self.lengths, self.num_phrases));
        let packed = self.data.get(block.start..next.start)?;
        if block.length >> MOST > packed.len() {
            return None;
        }
        let known = Known {
            base: base.as_bytes(),
            given: self.selectors(block.piece..next.piece).flat_map(parts),
            // Phrases are in the first block, which has to do without them.
            phrases: (number > 0).then(|| self.block(0)),
        };
        let mut text = vec![0; block.length];
        unpack(packed, tables, known, &mut text)?;
        Text::new(text)
    }

    /// The selectors of those of these pieces that are methods, and packed.
    fn selectors(&'static self, pieces: Range<usize>) -> impl Iterator<Item = &'static str> {
        let methods = self.index.method(0);
        let first = pieces.start.max(methods) - methods;
        let class = self.index.class_of(first);
        // Lists are in blocks before those of methods: this one must not ask for itself.
        let is_before = move |class: &usize| self.index.list(*class) < pieces.start;
        let classes = (class..self.index.num_classes()).take_while(is_before);
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

/// The tables of all codes, that of distances last; none when the lengths are damaged.
fn tables(lengths: &[u8], phrases: usize) -> Vec<Table> {
    let lengths = read_lengths(lengths);
    let symbols = phrases.saturating_add(PHRASE);
    let codes = lengths.chunks(symbols).take(CODES);
    codes.map(table).collect()
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

/// What an unpacked block refers to.
struct Known<'a, G> {
    base: &'a [u8],
    given: G,
    phrases: Option<&'a Text>,
}

/// Fills `text` from packed bytes, with the tables of all codes; none when they are damaged.
fn unpack<'a, G: Iterator<Item = &'a str>>(
    packed: &[u8],
    tables: &[Table],
    mut known: Known<'a, G>,
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
        let symbol = bits.symbol(symbols.get(context(before))?)?;
        if symbol < MATCH {
            before = symbol as u8;
            text[at] = before;
            at += 1;
            continue;
        }
        if symbol < GIVEN {
            let length = MIN + bits.value(symbol - MATCH);
            let symbol = bits.symbol(distances)?;
            let distance = 1 + bits.value(symbol);
            at = copy(known.base, text, at, length, distance)?;
        } else {
            let part = match symbol {
                GIVEN => known.given.next()?,
                _ => known.phrases?.piece(symbol - PHRASE)?,
            };
            // Without it, damaged text might never come to an end.
            if part.is_empty() {
                return None;
            }
            text.get_mut(at..at + part.len())?
                .copy_from_slice(part.as_bytes());
            at += part.len();
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
