//! Packs the blocks of the library's text, as `packed` describes it.
//!
//! Only `build.rs` uses it, which nobody optimises: it does little more than it must. Knows nothing of what it packs.

use super::formats::packed::{CODES, Code, DISTANCES, LONGEST, MIN, SYMBOLS, bucket, canonical};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const HASH_BITS: u32 = 16;
/// A match of this length is good enough: nobody looks for matches inside it.
const LONG: usize = 48;
const LONGEST_MATCH: usize = 1 << 12;
/// What lengths and distances cost is only known when it is known which of them occur.
const ROUNDS: usize = 2;

/// A match: how many bytes, and how far back they are.
#[derive(Clone, Copy, Default)]
struct Match {
    length: usize,
    distance: usize,
}

/// The places where four bytes stand, found by their hash.
#[derive(Clone)]
struct Places {
    /// The latest place of each hash; one more than the place, 0 for none.
    heads: Vec<u32>,
    /// The one in front of each place, likewise.
    previous: Vec<u32>,
}

impl Places {
    /// The latest place where the same may stand as at `at`, one more than the place; and `at` is the latest from now on.
    fn add(&mut self, bytes: &[u8], at: usize) -> usize {
        let Some(&[a, b, c, d]) = bytes.get(at..at + MIN) else {
            self.previous.push(0);
            return 0;
        };
        let word = u32::from_le_bytes([a, b, c, d]);
        let hash = (word.wrapping_mul(2_654_435_761) >> (32 - HASH_BITS)) as usize;
        let latest = std::mem::replace(&mut self.heads[hash], at as u32 + 1);
        self.previous.push(latest);
        latest as usize
    }
}

/// The blocks packed, and the lengths of the codes that they are written in. `effort` is at how many places a match is
/// looked for.
pub fn pack(
    dictionary: &[u8],
    blocks: &[&[u8]],
    effort: usize,
) -> ([Vec<u8>; CODES], Vec<Vec<u8>>) {
    let mut places = Places {
        heads: vec![0; 1 << HASH_BITS],
        previous: Vec::with_capacity(dictionary.len()),
    };
    for at in 0..dictionary.len() {
        places.add(dictionary, at);
    }
    let start = dictionary.len();
    let found: Vec<Vec<Match>> = blocks
        .iter()
        .map(|block| matches(&[dictionary, block].concat(), start, places.clone(), effort))
        .collect();
    let mut lengths = [vec![7; SYMBOLS], vec![6; DISTANCES]];
    let mut chosen = Vec::new();
    for _ in 0..ROUNDS {
        let each = blocks.iter().zip(&found);
        chosen = each
            .map(|(block, m)| cheapest(block, m, &lengths))
            .collect();
        lengths = lengths_for(blocks, &chosen);
    }
    let codes = [canonical(&lengths[0]), canonical(&lengths[1])];
    let each = blocks.iter().zip(&chosen);
    let packed = each.map(|(block, m)| write(block, m, &codes)).collect();
    (lengths, packed)
}

/// The longest match at each place of the text.
fn matches(bytes: &[u8], start: usize, mut places: Places, effort: usize) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::with_capacity(bytes.len() - start);
    for at in start..bytes.len() {
        let mut place = places.add(bytes, at);
        let before = found.last().copied().unwrap_or_default();
        if before.length > LONG {
            found.push(Match {
                length: before.length - 1,
                ..before
            });
            continue;
        }
        let limit = (bytes.len() - at).min(LONGEST_MATCH);
        let mut best = Match::default();
        for _ in 0..effort {
            if place == 0 || best.length >= limit {
                break;
            }
            let from = place - 1;
            // Where a longer match would have to go on, it must agree.
            if bytes[from + best.length] == bytes[at + best.length] {
                let mut length = 0;
                while length < limit && bytes[from + length] == bytes[at + length] {
                    length += 1;
                }
                if length >= MIN && length > best.length {
                    best = Match {
                        length,
                        distance: at - from,
                    };
                }
            }
            place = places.previous[from] as usize;
        }
        found.push(best);
    }
    found
}

/// What to take at each place so that the whole becomes shortest; length 0 is a literal.
fn cheapest(block: &[u8], matches: &[Match], lengths: &[Vec<u8>; CODES]) -> Vec<Match> {
    // What never occurred may occur now, at a price.
    let price = |length: u8| {
        u32::from(if length == 0 {
            LONGEST as u8 + 2
        } else {
            length
        })
    };
    let by_length: Vec<u32> = (0..SYMBOLS - 256)
        .map(|bucket| price(lengths[0][256 + bucket]))
        .collect();
    let mut cost = vec![0u32; matches.len() + 1];
    let mut choice = vec![Match::default(); matches.len()];
    for at in (0..matches.len()).rev() {
        let mut least = cost[at + 1] + price(lengths[0][block[at] as usize]);
        let Match { length, distance } = matches[at];
        if length > 0 {
            let (far, more) = bucket(distance - 1);
            let fixed = price(lengths[1][far]) + more;
            // Of a long match, hardly ever a small part.
            let shortest = if length > LONG { length - MIN } else { MIN };
            for length in shortest..=length {
                let (long, more) = bucket(length - MIN);
                let whole = cost[at + length] + by_length[long] + more + fixed;
                if whole < least {
                    least = whole;
                    choice[at] = Match { length, distance };
                }
            }
        }
        cost[at] = least;
    }
    choice
}

/// Calls with each literal, or each match, that is taken.
fn each_taken(block: &[u8], choice: &[Match], mut take: impl FnMut(Result<u8, Match>)) {
    let mut at = 0;
    while at < choice.len() {
        let chosen = choice[at];
        match chosen.length {
            0 => take(Ok(block[at])),
            _ => take(Err(chosen)),
        }
        at += chosen.length.max(1);
    }
}

fn lengths_for(blocks: &[&[u8]], chosen: &[Vec<Match>]) -> [Vec<u8>; CODES] {
    let mut counts = [vec![0u32; SYMBOLS], vec![0u32; DISTANCES]];
    for (block, choice) in blocks.iter().zip(chosen) {
        each_taken(block, choice, |taken| match taken {
            Ok(byte) => counts[0][byte as usize] += 1,
            Err(m) => {
                counts[0][256 + bucket(m.length - MIN).0] += 1;
                counts[1][bucket(m.distance - 1).0] += 1;
            }
        });
    }
    counts.map(huffman)
}

/// The lengths of Huffman's code for what occurs so often, none longer than `LONGEST`; 0 for what never occurs.
fn huffman(mut counts: Vec<u32>) -> Vec<u8> {
    loop {
        let occurring = (0..counts.len()).filter(|&symbol| counts[symbol] > 0);
        // What is in a tree: its count, its number to settle ties, and its symbols.
        let mut trees: BinaryHeap<_> = occurring
            .map(|symbol| Reverse((counts[symbol], symbol, vec![symbol])))
            .collect();
        let mut lengths = vec![0u8; counts.len()];
        if let Some(Reverse((.., symbols))) = trees.peek().filter(|_| trees.len() == 1) {
            lengths[symbols[0]] = 1;
        }
        while let (Some(Reverse(a)), true) = (trees.pop(), !trees.is_empty()) {
            let Some(Reverse(b)) = trees.pop() else { break };
            let symbols = [a.2, b.2].concat();
            for &symbol in &symbols {
                lengths[symbol] += 1;
            }
            trees.push(Reverse((a.0 + b.0, a.1.min(b.1), symbols)));
        }
        if lengths.iter().all(|&length| (length as u32) <= LONGEST) {
            return lengths;
        }
        // What is rare becomes less so.
        for count in counts.iter_mut().filter(|count| **count > 0) {
            *count = *count / 2 + 1;
        }
    }
}

fn write(block: &[u8], choice: &[Match], codes: &[Vec<Code>; CODES]) -> Vec<u8> {
    let mut out = Bits::default();
    each_taken(block, choice, |taken| match taken {
        Ok(byte) => out.code(codes[0][byte as usize]),
        Err(m) => {
            out.value(&codes[0], 256, m.length - MIN);
            out.value(&codes[1], 0, m.distance - 1);
        }
    });
    out.finish()
}

/// Bits on their way into bytes, the lowest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u64,
    count: u32,
}

impl Bits {
    fn push(&mut self, bits: u32, count: u32) {
        self.pending |= u64::from(bits) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    fn code(&mut self, code: Code) {
        self.push(code.bits.into(), code.length.into());
    }

    /// The code of a value's bucket, behind `base` others, and which value of the bucket it is.
    fn value(&mut self, codes: &[Code], base: usize, value: usize) {
        let (bucket, more) = bucket(value);
        self.code(codes[base + bucket]);
        self.push(value as u32 & ((1 << more) - 1), more);
    }

    fn finish(mut self) -> Vec<u8> {
        self.push(0, 7);
        self.bytes
    }
}
