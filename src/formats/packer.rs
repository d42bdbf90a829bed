//! Packs the blocks of the library's text, as `packed` describes it.
//!
//! Only `build.rs` uses it, which nobody optimises: it does little more than it must. Knows nothing of what it packs.

use super::formats::packed::{
    Block, CODES, CONTEXTS, Code, DISTANCES, END, GIVEN, LONGEST, MATCH, MIN, PHRASE, bucket,
    canonical, context,
};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

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

/// The blocks packed, and the lengths of the codes that they are written in. All blocks but the first may use the phrases.
/// `effort` is at how many places a match is looked for.
pub fn pack(
    blocks: &[Block],
    phrases: &[String],
    effort: usize,
) -> ([Vec<u8>; CODES], Vec<Vec<u8>>) {
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
    let phrases = Phrases::new(phrases);
    let known = |number: usize| {
        if number == 0 {
            Phrases::new(&[])
        } else {
            phrases.clone()
        }
    };
    let mut lengths = std::array::from_fn(|code| match code {
        CONTEXTS => vec![6; DISTANCES],
        _ => vec![8; PHRASE + phrases.count],
    });
    let mut chosen = Vec::new();
    for _ in 0..ROUNDS {
        let prices = Prices::new(&lengths);
        let each = blocks.iter().zip(&found).enumerate();
        chosen = each
            .map(|(number, (block, m))| cheapest(block, m, &known(number), &prices))
            .collect();
        lengths = lengths_for(blocks, &chosen, PHRASE + phrases.count);
    }
    let codes = std::array::from_fn(|code| canonical(&lengths[code]));
    let each = blocks.iter().zip(&chosen);
    let packed = each.map(|(block, m)| write(block, m, &codes)).collect();
    (lengths, packed)
}

/// Phrases, found by their first two bytes.
#[derive(Clone)]
struct Phrases<'a> {
    count: usize,
    /// In the order of these bytes, with their numbers.
    sorted: Rc<[(&'a [u8], usize)]>,
    /// Where those with each two bytes begin in that order.
    starts: Rc<[u32]>,
}

impl<'a> Phrases<'a> {
    fn new(phrases: &'a [String]) -> Phrases<'a> {
        let bytes = phrases.iter().map(String::as_bytes);
        let mut sorted: Vec<_> = bytes.zip(0..).filter(|(p, _)| p.len() > 1).collect();
        sorted.sort_unstable();
        let mut starts = vec![0; (1 << 16) + 1];
        for (phrase, _) in &sorted {
            starts[Self::key(phrase) + 1] += 1;
        }
        for key in 0..1 << 16 {
            starts[key + 1] += starts[key];
        }
        Phrases {
            count: phrases.len(),
            sorted: sorted.into(),
            starts: starts.into(),
        }
    }

    fn key(bytes: &[u8]) -> usize {
        usize::from(bytes[0]) << 8 | usize::from(bytes[1])
    }

    /// The place of the first with which the text may begin.
    fn first(&self, text: &[u8]) -> usize {
        match text.len() {
            0 | 1 => self.sorted.len(),
            _ => self.starts[Self::key(text)] as usize,
        }
    }

    /// The phrase at this place and its number, if it begins with the same two bytes as the text.
    fn at(&self, place: usize, text: &[u8]) -> Option<&(&'a [u8], usize)> {
        let found = self.sorted.get(place)?;
        (found.0[0] == text[0] && found.0[1] == text[1]).then_some(found)
    }
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
                let mut length = 0;
                while length < limit && bytes[from + length] == bytes[at + length] {
                    length += 1;
                }
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

/// What is written next: a byte, a match that far back, that there stands what is given, a phrase.
#[derive(Clone, Copy)]
enum Taken {
    Byte,
    Match(usize),
    Given,
    Phrase(usize),
}

/// How many bits things take.
struct Prices {
    /// The symbols of each code.
    symbols: Vec<Vec<u32>>,
    /// Lengths of matches, by context.
    lengths: Vec<Vec<u32>>,
}

impl Prices {
    fn new(codes: &[Vec<u8>; CODES]) -> Prices {
        // What never occurred may occur now, at a price.
        let price = |&length: &u8| match length {
            0 => LONGEST + 2,
            _ => u32::from(length),
        };
        let prices = |code: &Vec<u8>| code.iter().map(price).collect();
        let symbols: Vec<Vec<u32>> = codes.iter().map(prices).collect();
        let by_length = |code: &Vec<u32>| {
            let buckets = (MIN..=LONGEST_MATCH).map(|length| bucket(length - MIN));
            let lengths = buckets.map(|(bucket, more)| code[MATCH + bucket] + more);
            std::iter::repeat_n(0, MIN).chain(lengths).collect()
        };
        let lengths = symbols[..CONTEXTS].iter().map(by_length).collect();
        Prices { symbols, lengths }
    }
}

/// What to take at each place so that the whole becomes shortest, and how many bytes that is.
fn cheapest(
    block: &Block,
    matches: &[[Match; 2]],
    phrases: &Phrases<'_>,
    prices: &Prices,
) -> Vec<(usize, Taken)> {
    let text = &block.text;
    let mut given = block.given.iter().rev().peekable();
    // Nothing reaches into what is given.
    let mut limit = text.len();
    let mut cost = vec![0u32; matches.len() + 1];
    let mut choice = vec![(1, Taken::Byte); matches.len()];
    for at in (0..matches.len()).rev() {
        let context = context_at(block, at);
        let here = &prices.symbols[context];
        if let Some(given) = given.next_if(|given| given.start == at) {
            cost[at] = cost[given.end] + here[GIVEN];
            choice[at] = (given.len(), Taken::Given);
            limit = at;
            continue;
        }
        let mut least = cost[at + 1] + here[text[at] as usize];
        let mut place = phrases.first(&text[at..limit]);
        while let Some(&(phrase, number)) = phrases.at(place, &text[at..limit]) {
            let whole = cost[(at + phrase.len()).min(limit)] + here[PHRASE + number];
            if whole < least && text[at..limit].starts_with(phrase) {
                least = whole;
                choice[at] = (phrase.len(), Taken::Phrase(number));
            }
            place += 1;
        }
        let lengths = &prices.lengths[context];
        let mut length = MIN;
        for m in &matches[at] {
            let longest = if m.length < limit - at {
                m.length
            } else {
                limit - at
            };
            if longest < length {
                continue;
            }
            // Of a long match, hardly ever a small part.
            if longest > LONG + length {
                length = longest - MIN;
            }
            let (place, more) = bucket(m.distance - 1);
            let fixed = prices.symbols[CONTEXTS][place] + more;
            while length <= longest {
                let whole = cost[at + length] + lengths[length] + fixed;
                if whole < least {
                    least = whole;
                    choice[at] = (length, Taken::Match(m.distance));
                }
                length += 1;
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

/// Calls with each place where something is taken, and what it is.
fn each_taken(choice: &[(usize, Taken)], mut take: impl FnMut(usize, usize, Taken)) {
    let mut at = 0;
    while let Some(&(length, taken)) = choice.get(at) {
        take(at, length, taken);
        at += length;
    }
}

fn lengths_for(
    blocks: &[Block],
    chosen: &[Vec<(usize, Taken)>],
    symbols: usize,
) -> [Vec<u8>; CODES] {
    let mut counts: [Vec<u32>; CODES] = std::array::from_fn(|code| match code {
        CONTEXTS => vec![0; DISTANCES],
        _ => vec![0; symbols],
    });
    for (block, choice) in blocks.iter().zip(chosen) {
        each_taken(choice, |at, length, taken| {
            let symbol = match taken {
                Taken::Byte => block.text[at] as usize,
                Taken::Given => GIVEN,
                Taken::Phrase(number) => PHRASE + number,
                Taken::Match(distance) => {
                    counts[CONTEXTS][bucket(distance - 1).0] += 1;
                    MATCH + bucket(length - MIN).0
                }
            };
            counts[context_at(block, at)][symbol] += 1;
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

fn write(block: &Block, choice: &[(usize, Taken)], codes: &[Vec<Code>; CODES]) -> Vec<u8> {
    let mut out = Bits::default();
    each_taken(choice, |at, length, taken| {
        let code = &codes[context_at(block, at)];
        match taken {
            Taken::Byte => out.code(code[block.text[at] as usize]),
            Taken::Given => out.code(code[GIVEN]),
            Taken::Phrase(number) => out.code(code[PHRASE + number]),
            Taken::Match(distance) => {
                out.value(code, MATCH, length - MIN);
                out.value(&codes[CONTEXTS], 0, distance - 1);
            }
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
