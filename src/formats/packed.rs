//! The layout of the library's text as the executable carries it: in blocks, each packed for itself, so that it can be
//! unpacked when somebody first looks into it.
//!
//! Only writes, and does not pack itself: that is the build script's (with `packer.rs`); `loader::packed` reads. A block
//! holds whole methods and comments, so that each of these lies in one block. The blocks' dictionary are the strings that the
//! index names: these are there anyway, and not packed.
//!
//! First the lengths of the codes, a byte each. Then a word, the number of blocks; then two words for each, where its
//! text ends in the joined text and where its bytes end behind all these words; then these bytes.
//!
//! A packed block is a sequence of bits, the lowest of a byte first: codes of Huffman's, the same for all blocks, so that
//! a small one needs no codes of its own. A code of the first alphabet stands for a byte, or (from 256 on) for the bucket
//! of the length of a match, less `MIN`. A match goes on with its length's place in the bucket, a code of the second
//! alphabet for the bucket of its distance less one, and the place in that one. Distances reach back into the dictionary,
//! as if it stood in front of the text.

use std::ops::Range;

/// A block takes further pieces up to this much text. Larger ones pack better and take longer to unpack.
const BLOCK: usize = 8 << 10;
/// Shortest match.
pub const MIN: usize = 4;
/// Symbols of the two alphabets.
pub const CODES: usize = 2;
pub const SYMBOLS: usize = 256 + 26;
pub const DISTANCES: usize = 44;
/// Bits of the longest code.
pub const LONGEST: u32 = 12;

/// Lays out `text`, which may be cut at the places `ends`. `pack` answers the lengths of codes, and the blocks packed.
pub fn write(
    text: &str,
    ends: Vec<usize>,
    pack: impl FnOnce(&[&[u8]]) -> ([Vec<u8>; CODES], Vec<Vec<u8>>),
) -> Vec<u8> {
    let (mut cuts, mut start) = (vec![0], 0);
    let mut ends = ends.into_iter().peekable();
    while let Some(end) = ends.next() {
        if ends.peek().is_none_or(|next| next - start > BLOCK) {
            cuts.push(end);
            start = end;
        }
    }
    let blocks: Vec<&[u8]> = cuts
        .windows(2)
        .map(|cut| &text.as_bytes()[cut[0]..cut[1]])
        .collect();
    let (lengths, packed) = pack(&blocks);
    let mut bytes = lengths.concat();
    let (mut words, mut data) = (vec![packed.len()], Vec::<u8>::new());
    for (block, end) in packed.iter().zip(&cuts[1..]) {
        data.extend(block);
        words.extend([*end, data.len()]);
    }
    bytes.extend(words.iter().flat_map(|&word| (word as u32).to_le_bytes()));
    bytes.extend(data);
    bytes
}

/// Lays out what is not packed, since every program needs it: these ranges of the text. First the number of them, then two
/// words for each and for the end: where it begins in the joined text, and where behind all these words.
pub fn write_early(text: &str, ranges: &[Range<usize>]) -> Vec<u8> {
    let (mut words, mut pieces) = (vec![ranges.len()], String::new());
    for range in ranges {
        words.extend([range.start, pieces.len()]);
        pieces.push_str(&text[range.clone()]);
    }
    words.extend([text.len(), pieces.len()]);
    let bytes = words.iter().flat_map(|&word| (word as u32).to_le_bytes());
    bytes.chain(pieces.into_bytes()).collect()
}

/// A code, the bit that is read first lowest; length 0 where there is none.
#[derive(Clone, Copy, Default)]
pub struct Code {
    pub bits: u16,
    pub length: u8,
}

/// The codes of these lengths: the shorter ones first, those of one length in their order.
pub fn canonical(lengths: &[u8]) -> Vec<Code> {
    let mut codes = vec![Code::default(); lengths.len()];
    let mut next = 0u32;
    for length in 1..=LONGEST {
        let of_length = lengths.iter().zip(&mut codes);
        for (_, code) in of_length.filter(|(l, _)| u32::from(**l) == length) {
            code.length = length as u8;
            code.bits = (next.reverse_bits() >> (32 - length)) as u16;
            next += 1;
        }
        next <<= 1;
    }
    codes
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
