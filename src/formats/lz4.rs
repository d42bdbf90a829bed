//! Packs bytes as an LZ4 block, as small as the format allows, or nearly: the build has time.
//!
//! Only `build.rs` uses it. Knows nothing of what it packs. `lz4_flex`, which unpacks, packs too, but for speed: the
//! library is a fifth larger then.

/// Shortest match of the format.
const MIN: usize = 4;
/// The format's rules: the last match begins this far in front of the end, and the last bytes are literals.
const LAST_MATCH: usize = 12;
const LAST_LITERALS: usize = 5;
const WINDOW: usize = 65_535;
const HASH_BITS: u32 = 16;

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

/// Packs texts for those who have the same dictionary.
pub struct Packer<'a> {
    dictionary: &'a [u8],
    places: Places,
}

impl<'a> Packer<'a> {
    pub fn new(dictionary: &'a [u8]) -> Packer<'a> {
        let dictionary = &dictionary[dictionary.len().saturating_sub(WINDOW)..];
        let mut places = Places {
            heads: vec![0; 1 << HASH_BITS],
            previous: Vec::with_capacity(dictionary.len()),
        };
        for at in 0..dictionary.len() {
            places.add(dictionary, at);
        }
        Packer { dictionary, places }
    }

    /// The block from which `text` comes back. `effort` is how many places each match is looked for at.
    pub fn pack(&self, text: &[u8], effort: usize) -> Vec<u8> {
        let bytes = [self.dictionary, text].concat();
        let start = self.dictionary.len();
        let matches = matches(&bytes, start, self.places.clone(), effort);
        write(&bytes, start, &cheapest(&matches))
    }
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

/// The longest match at each place of the text.
fn matches(bytes: &[u8], start: usize, mut places: Places, effort: usize) -> Vec<Match> {
    let end = bytes.len();
    let mut found = vec![Match::default(); end - start];
    for at in start..(end + 1).saturating_sub(LAST_MATCH) {
        let mut place = places.add(bytes, at);
        let limit = end - LAST_LITERALS - at;
        let mut best = Match::default();
        for _ in 0..effort {
            if place == 0 || at - (place - 1) > WINDOW {
                break;
            }
            let from = place - 1;
            // Where a longer match would have to go on, it must agree.
            if best.length < limit && bytes[from + best.length] == bytes[at + best.length] {
                let length = common(&bytes[from..], &bytes[at..at + limit]);
                if length >= MIN && length > best.length {
                    best = Match {
                        length,
                        distance: at - from,
                    };
                }
            }
            place = places.previous[from] as usize;
        }
        found[at - start] = best;
    }
    found
}

/// How many bytes both begin with.
fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// What to take at each place so that the whole becomes shortest; length 0 is a literal.
fn cheapest(matches: &[Match]) -> Vec<Match> {
    let mut cost = vec![0u32; matches.len() + 1];
    let mut choice = vec![Match::default(); matches.len()];
    // How many literals follow a place: they cost more as a run grows.
    let mut literals = 0;
    for at in (0..matches.len()).rev() {
        literals += 1;
        cost[at] = cost[at + 1] + 1 + u32::from(literals >= 15 && (literals - 15) % 255 == 0);
        let Match { length, distance } = matches[at];
        for length in MIN..=length {
            let more = if length < 19 {
                0
            } else {
                (length - 19) / 255 + 1
            };
            let whole = cost[at + length] + 3 + more as u32;
            if whole < cost[at] || (whole == cost[at] && choice[at].length > 0) {
                cost[at] = whole;
                choice[at] = Match { length, distance };
            }
        }
        if choice[at].length > 0 {
            literals = 0;
        }
    }
    choice
}

fn write(bytes: &[u8], start: usize, choice: &[Match]) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut at, mut pending) = (0, 0);
    while at < choice.len() {
        let Match { length, distance } = choice[at];
        if length == 0 {
            at += 1;
            continue;
        }
        sequence(&mut out, &bytes[start + pending..start + at], length - MIN);
        out.extend((distance as u16).to_le_bytes());
        rest_of(&mut out, length - MIN);
        at += length;
        pending = at;
    }
    sequence(&mut out, &bytes[start + pending..], 0);
    out
}

/// The token and the literals in front of a match.
fn sequence(out: &mut Vec<u8>, literals: &[u8], length: usize) {
    out.push(((literals.len().min(15) as u8) << 4) | length.min(15) as u8);
    rest_of(out, literals.len());
    out.extend(literals);
}

/// What of a length did not fit into the token.
fn rest_of(out: &mut Vec<u8>, length: usize) {
    let Some(mut rest) = length.checked_sub(15) else {
        return;
    };
    while rest >= 255 {
        out.push(255);
        rest -= 255;
    }
    out.push(rest as u8);
}
