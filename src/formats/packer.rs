//! Packs the blocks of the library's text, as `packed` describes it.
//!
//! Only `build.rs` uses it, which nobody optimises: it does little more than it must. Knows nothing of what it packs.

use super::formats::packed::{
    Block, CODES, CONTEXTS, Code, DISTANCES, END, GIVEN, LONGEST, MATCH, MIN, SYMBOLS, bucket,
    canonical, context,
};
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
    fn new() -> Places {
        Places {
            heads: vec![0; 1 << HASH_BITS],
            previous: Vec::new(),
        }
    }

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
pub fn pack(blocks: &[Block], effort: usize) -> ([Vec<u8>; CODES], Vec<Vec<u8>>) {
    let mut found = Vec::new();
    // The base, and the places in it.
    let (mut base, mut places) = (&[][..], Places::new());
    for block in blocks {
        if block.base.is_none() {
            (base, places) = (&[][..], Places::new());
        }
        let bytes = [base, &block.text].concat();
        let mut after = places.clone();
        found.push(matches(&bytes, base.len(), &mut after, effort));
        if block.base.is_none() {
            (base, places) = (&block.text, after);
        }
    }
    for (block, found) in blocks.iter().zip(&mut found) {
        spare_given(block, found);
    }
    let mut lengths = std::array::from_fn(|code| match code {
        CONTEXTS => vec![6; DISTANCES],
        _ => vec![7; SYMBOLS],
    });
    let mut chosen = Vec::new();
    for _ in 0..ROUNDS {
        let each = blocks.iter().zip(&found);
        chosen = each
            .map(|(block, m)| cheapest(block, m, &lengths))
            .collect();
        lengths = lengths_for(blocks, &chosen);
    }
    let codes = std::array::from_fn(|code| canonical(&lengths[code]));
    let each = blocks.iter().zip(&chosen);
    let packed = each.map(|(block, m)| write(block, m, &codes)).collect();
    (lengths, packed)
}

/// The nearest match at each place of the text, and the longest.
fn matches(bytes: &[u8], start: usize, places: &mut Places, effort: usize) -> Vec<[Match; 2]> {
    let mut found: Vec<[Match; 2]> = Vec::with_capacity(bytes.len() - start);
    for at in start..bytes.len() {
        let mut place = places.add(bytes, at);
        let [_, before] = found.last().copied().unwrap_or_default();
        if before.length > LONG {
            let rest = Match {
                length: before.length - 1,
                ..before
            };
            found.push([rest; 2]);
            continue;
        }
        let limit = (bytes.len() - at).min(LONGEST_MATCH);
        let mut nearest = Match::default();
        let mut best = Match::default();
        for _ in 0..effort {
            if place == 0 || best.length >= limit {
                break;
            }
            let from = place - 1;
            // Where a longer match would have to go on, it must agree.
            if bytes[from + best.length] == bytes[at + best.length] {
                let here = bytes[at..at + limit].iter();
                let length = here.zip(&bytes[from..]).take_while(|(a, b)| a == b).count();
                if length >= MIN && length > best.length {
                    best = Match {
                        length,
                        distance: at - from,
                    };
                    if nearest.length == 0 {
                        nearest = best;
                    }
                }
            }
            place = places.previous[from] as usize;
        }
        found.push([nearest, best]);
    }
    found
}

/// No match reaches into what is given, which is marked by a match with no distance.
fn spare_given(block: &Block, found: &mut [[Match; 2]]) {
    let mut behind = 0;
    for given in &block.given {
        for (at, both) in found.iter_mut().enumerate().take(given.start).skip(behind) {
            for m in both {
                m.length = m.length.min(given.start - at);
            }
        }
        let mark = Match {
            length: given.len(),
            distance: 0,
        };
        found[given.start] = [mark; 2];
        behind = given.end;
    }
}

/// What to take at each place so that the whole becomes shortest; length 0 is a literal.
fn cheapest(block: &Block, matches: &[[Match; 2]], lengths: &[Vec<u8>; CODES]) -> Vec<Match> {
    // What never occurred may occur now, at a price.
    let price = |length: u8| match length {
        0 => LONGEST + 2,
        _ => u32::from(length),
    };
    let prices: Vec<Vec<u32>> = lengths
        .iter()
        .map(|code| code.iter().copied().map(price).collect())
        .collect();
    let buckets: Vec<(usize, u32)> = (0..=LONGEST_MATCH).map(bucket).collect();
    let mut cost = vec![0u32; matches.len() + 1];
    let mut choice = vec![Match::default(); matches.len()];
    for at in (0..matches.len()).rev() {
        let prices_here = &prices[context_at(block, at)];
        let [near, long] = matches[at];
        if near.length > 0 && near.distance == 0 {
            cost[at] = cost[at + near.length] + prices_here[GIVEN];
            choice[at] = near;
            continue;
        }
        let mut least = cost[at + 1] + prices_here[block.text[at] as usize];
        // Of a long match, hardly ever a small part.
        let shortest = if long.length > LONG {
            long.length - MIN
        } else {
            MIN
        };
        for (m, shortest) in [(near, shortest), (long, shortest.max(near.length + 1))] {
            if m.length < shortest {
                continue;
            }
            let (far, more) = bucket(m.distance - 1);
            let fixed = prices[CONTEXTS][far] + more;
            let costs = cost[at + shortest..=at + m.length].iter();
            let buckets = buckets[shortest - MIN..].iter();
            for ((&(long, more), behind), length) in buckets.zip(costs).zip(shortest..) {
                let whole = behind + prices_here[MATCH + long] + more + fixed;
                if whole < least {
                    least = whole;
                    choice[at] = Match { length, ..m };
                }
            }
        }
        cost[at] = least;
    }
    choice
}

/// The code that is used at this place.
fn context_at(block: &Block, at: usize) -> usize {
    context(at.checked_sub(1).map_or(END, |before| block.text[before]))
}

/// What is written: a byte, a match, or that there stands what is given.
enum Taken {
    Byte(u8),
    Match(Match),
    Given,
}

/// Calls with the code that is used, and what is taken.
fn each_taken(block: &Block, choice: &[Match], mut take: impl FnMut(usize, Taken)) {
    let mut at = 0;
    while at < choice.len() {
        let chosen = choice[at];
        let taken = match (chosen.length, chosen.distance) {
            (0, _) => Taken::Byte(block.text[at]),
            (_, 0) => Taken::Given,
            _ => Taken::Match(chosen),
        };
        take(context_at(block, at), taken);
        at += chosen.length.max(1);
    }
}

fn lengths_for(blocks: &[Block], chosen: &[Vec<Match>]) -> [Vec<u8>; CODES] {
    let mut counts: [Vec<u32>; CODES] = std::array::from_fn(|code| match code {
        CONTEXTS => vec![0; DISTANCES],
        _ => vec![0; SYMBOLS],
    });
    for (block, choice) in blocks.iter().zip(chosen) {
        each_taken(block, choice, |code, taken| {
            let symbol = match taken {
                Taken::Byte(byte) => byte as usize,
                Taken::Given => GIVEN,
                Taken::Match(m) => {
                    counts[CONTEXTS][bucket(m.distance - 1).0] += 1;
                    MATCH + bucket(m.length - MIN).0
                }
            };
            counts[code][symbol] += 1;
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

fn write(block: &Block, choice: &[Match], codes: &[Vec<Code>; CODES]) -> Vec<u8> {
    let mut out = Bits::default();
    each_taken(block, choice, |code, taken| match taken {
        Taken::Byte(byte) => out.code(codes[code][byte as usize]),
        Taken::Given => out.code(codes[code][GIVEN]),
        Taken::Match(m) => {
            out.value(&codes[code], MATCH, m.length - MIN);
            out.value(&codes[CONTEXTS], 0, m.distance - 1);
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
