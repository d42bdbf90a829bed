//! The layout of the library's text as the executable carries it: in blocks, each unpacked when somebody first looks into
//! it.
//!
//! Only writes, and does not pack itself: that is the build script's (with `packer.rs`); `loader::packed` reads. A block
//! holds whole pieces of the text, each with `END` behind it. What is unpacked in any case, in early pieces, is in no block.
//!
//! First the number of phrases, as `layout` writes numbers, and that of blocks; of each block how many pieces it holds, twice,
//! and one if it is a base; the bytes of its text, and those that it is packed in. Then the lengths of the codes, as
//! `read_lengths` reads them, behind the number of bytes that they take; then the packed bytes of all blocks.
//!
//! The first block holds no pieces but phrases, each with `END` behind it. The other blocks name them by their numbers.
//!
//! A base is a block like others; those that follow it, up to the next base, refer to its text as if it stood in front of theirs.
//!
//! A packed block is a sequence of bits, the lowest of a byte first: codes of Huffman's, the same for all blocks, so that
//! a small one needs no codes of its own. A code of the first alphabet stands for a byte, for the bucket of the length of a
//! match less `MIN` (from `MATCH` on), for what the reader knows from elsewhere (`GIVEN`: the next part of the selectors of
//! the block's methods, which are listed already), or for a phrase (from `PHRASE` on). The byte before chooses among several codes of that alphabet.
//! A match goes on with its length's place in the bucket, a code of the second alphabet for the bucket of its distance less
//! one, and the place in that one.

use super::index::Library;
use super::layout::push;
use std::ops::Range;

/// Behind each piece.
pub const END: u8 = 0;
/// A block takes further pieces up to this much text. Larger ones pack better and take longer to unpack.
const BLOCK: usize = 8 << 10;
/// Shortest match.
pub const MIN: usize = 4;
/// Symbols of the first alphabet: bytes, matches, what is given, phrases.
pub const MATCH: usize = 256;
pub const GIVEN: usize = MATCH + 26;
pub const PHRASE: usize = GIVEN + 1;
/// Symbols of the second one.
pub const DISTANCES: usize = 44;
/// How many codes there are: of the first alphabet all but the last.
pub const CODES: usize = CONTEXTS + 1;
pub const CONTEXTS: usize = 8;
/// Bits of the longest code.
pub const LONGEST: u32 = 12;

/// Which code of the first alphabet is used behind this byte.
pub fn context(before: u8) -> usize {
    match before {
        END => 0,
        b'\n' => 1,
        b'\t' | b' ' => 2,
        b'a' | b'e' | b'i' | b'o' | b'u' => 3,
        b'a'..=b'z' => 4,
        b'A'..=b'Z' => 5,
        b':' => 6,
        _ => 7,
    }
}

/// A block on its way to the packer.
pub struct Block {
    pub text: Vec<u8>,
    /// What in it is given.
    pub given: Vec<Range<usize>>,
    /// The block that it refers to.
    pub base: Option<usize>,
    pieces: usize,
}

impl Block {
    /// One without pieces.
    pub fn new(text: Vec<u8>, given: Vec<Range<usize>>, base: Option<usize>) -> Block {
        Block {
            text,
            given,
            base,
            pieces: 0,
        }
    }
}

/// Lays out the library's text, with the phrases that may be used. `pack` answers the lengths of codes, and the blocks
/// packed.
pub fn write(
    library: &Library,
    phrases: &[String],
    pack: impl FnOnce(&[Block]) -> ([Vec<u8>; CODES], Vec<Vec<u8>>),
) -> Vec<u8> {
    let ended = phrases
        .iter()
        .flat_map(|phrase| phrase.bytes().chain([END]));
    let mut blocks = vec![Block::new(ended.collect(), Vec::new(), None)];
    blocks.append(&mut self::blocks(library, blocks.len()));
    let (lengths, packed) = pack(&blocks);
    let mut bytes = Vec::new();
    push(&mut bytes, phrases.len());
    push(&mut bytes, blocks.len());
    for (block, packed) in blocks.iter().zip(&packed) {
        push(
            &mut bytes,
            2 * block.pieces + usize::from(block.base.is_none()),
        );
        push(&mut bytes, block.text.len());
        push(&mut bytes, packed.len());
    }
    let lengths = write_lengths(&lengths.concat());
    push(&mut bytes, lengths.len());
    bytes.extend(lengths);
    bytes.extend(packed.concat());
    bytes
}

/// Most lengths are 0. What is longer than `LONGEST` stands for so many of these.
const ZEROS: [(u8, usize); 3] = [(15, 48), (14, 12), (13, 3)];

/// Writes what `read_lengths` reads.
pub fn write_lengths(lengths: &[u8]) -> Vec<u8> {
    let (mut halves, mut at) = (Vec::new(), 0);
    while at < lengths.len() {
        let zeros = lengths[at..]
            .iter()
            .take_while(|&&length| length == 0)
            .count();
        let run = ZEROS.iter().find(|(_, count)| *count <= zeros);
        let (half, count) = run.copied().unwrap_or((lengths[at], 1));
        halves.push(half);
        at += count;
    }
    halves.push(0);
    halves
        .chunks_exact(2)
        .map(|pair| pair[0] | pair[1] << 4)
        .collect()
}

/// The lengths of codes: of four bits each, the lower ones first. A value above `LONGEST` stands for several zeros.
pub fn read_lengths(bytes: &[u8]) -> Vec<u8> {
    let mut lengths = Vec::new();
    for half in bytes.iter().flat_map(|pair| [pair & 15, pair >> 4]) {
        let run = ZEROS.iter().find(|(value, _)| *value == half);
        match run {
            Some((_, count)) => lengths.resize(lengths.len() + count, 0),
            None => lengths.push(half),
        }
    }
    lengths
}

/// The blocks of the library's pieces, which come behind so many others.
fn blocks(library: &Library, before: usize) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut base = None;
    for (number, piece) in library.pieces.iter().enumerate() {
        let begins_section = library.sections.contains(&number);
        let is_full = |block: &Block| block.text.len() + piece.len() > BLOCK;
        if begins_section || blocks.last().is_none_or(is_full) {
            base = if begins_section {
                None
            } else {
                base.or((before + blocks.len()).checked_sub(1))
            };
            blocks.push(Block::new(Vec::new(), Vec::new(), base));
        }
        let Some(block) = blocks.last_mut() else {
            continue;
        };
        if library.early.binary_search(&number).is_err() {
            let mut at = block.text.len();
            for part in parts(library.selector(number)) {
                // They stand in the piece one behind the other, with arguments between them.
                let behind = &piece[at - block.text.len()..];
                at += behind.find(part).unwrap_or(0);
                block.given.push(at..at + part.len());
                at += part.len();
            }
            block.text.extend(piece.bytes());
        }
        block.text.push(END);
        block.pieces += 1;
    }
    blocks
}

/// The phrases of a list of them, one a line, with line ends, returns and tabs written as in Rust.
pub fn phrases(lines: &str) -> Vec<String> {
    let phrase = |line: &str| {
        line.replace("\\n", "\n")
            .replace("\\r", "\r")
            .replace("\\t", "\t")
    };
    lines.lines().map(phrase).collect()
}

/// The list of these phrases.
pub fn phrase_lines(phrases: &[String]) -> String {
    let line = |phrase: &String| {
        phrase
            .replace('\n', "\\n")
            .replace('\r', "\\r")
            .replace('\t', "\\t")
    };
    phrases.iter().map(|phrase| line(phrase) + "\n").collect()
}

/// The parts of a selector.
pub fn parts(selector: &str) -> impl Iterator<Item = &str> {
    selector.split_inclusive(':')
}

/// A code, the bit that is read first lowest; length 0 where there is none.
#[derive(Clone, Copy, Default)]
pub struct Code {
    pub bits: u16,
    pub length: u8,
}

/// The codes of these lengths: the shorter ones first, those of one length in their order.
pub fn canonical(lengths: &[u8]) -> Vec<Code> {
    // The next code of each length.
    let mut next = [0u32; 16];
    for &length in lengths {
        next[usize::from(length & 15)] += 1;
    }
    let mut first = 0;
    for count in next.iter_mut().skip(1) {
        let after = (first + *count) << 1;
        *count = first;
        first = after;
    }
    let mut code = |&length: &u8| {
        if length == 0 {
            return Code::default();
        }
        let next = &mut next[usize::from(length & 15)];
        let bits = (next.reverse_bits() >> (32 - u32::from(length))) as u16;
        *next += 1;
        Code { bits, length }
    };
    lengths.iter().map(&mut code).collect()
}

/// The bucket of a value, two for each power of two, and how many bits tell the values in it apart.
pub fn bucket(value: usize) -> (usize, u32) {
    match value.checked_ilog2() {
        None | Some(0) => (value, 0),
        Some(log) => {
            let half = value >> (log - 1) & 1;
            (2 * log as usize + half, log - 1)
        }
    }
}

/// The least value of a bucket, and how many bits are to be added.
pub fn least(bucket: usize) -> (usize, u32) {
    match bucket / 2 {
        0 => (bucket, 0),
        log => ((2 + bucket % 2) << (log - 1), log as u32 - 1),
    }
}
