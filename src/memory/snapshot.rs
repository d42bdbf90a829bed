//! Snapshots: objects outside any heap, copied out of one and into many.
//!
//! Owns the copy, in which a reference is the distance from the copy's start, and both ways. Knows no root: the
//! machine shows its own, first to the [`Copier`], which finds everything behind them, later to the [`Places`]
//! of each heap. Must never change the heap that it copies from.

use super::allocate::words_of;
use super::collector::Visitor;
use super::header::{self, AGE, LARGE_SLOTS, MARK, OLD, REMEMBERED};
use super::heap::{Heap, LARGE_WORDS, MIN_THRESHOLD};
use super::space::{SEGMENT_WORDS, Segment};
use super::value::Value;
use super::word_map::WordMap;

/// References into the blocks of large objects begin here: the number of the block, from 1, times this.
const BLOCK: u64 = 1 << 40;
/// The header of a large object stands behind its size.
const LEAD: u64 = 8;

/// Objects outside any heap.
pub struct Snapshot {
    /// Those that lie in a row.
    row: Part,
    /// Those that have a block of their own.
    large: Vec<Part>,
    weak_fixed: WordMap<header::ClassIndex, usize>,
    hash_state: u32,
}

/// Words, and where among them the references stand.
#[derive(Default)]
struct Part {
    words: Vec<u64>,
    references: Vec<u32>,
}

/// Finds objects and gives them their places in the copy to come.
pub struct Copier<'h> {
    pub heap: &'h Heap,
    places: WordMap<Value, Value>,
    /// All objects that have one, in the order in which they were found.
    found: Vec<Value>,
    scanned: usize,
    row: usize,
    large: u64,
}

impl<'h> Copier<'h> {
    /// Nothing is found yet.
    pub fn new(heap: &'h Heap) -> Copier<'h> {
        Copier {
            heap,
            places: WordMap::default(),
            found: Vec::new(),
            scanned: 0,
            row: 0,
            large: 0,
        }
    }

    /// The next object that was found, but not looked at. What it refers to is found by that.
    pub fn scan(&mut self) -> Option<Value> {
        let v = *self.found.get(self.scanned)?;
        self.scanned += 1;
        let heap = self.heap;
        for &slot in heap.strong_slots(v) {
            self.place(slot);
        }
        Some(v)
    }

    /// What stands for a value in the copy; none for an object that was not found.
    pub fn found(&self, v: Value) -> Option<Value> {
        match v.is_object() {
            true => self.places.get(v),
            false => Some(v),
        }
    }

    fn place(&mut self, v: Value) -> Value {
        if !v.is_object() {
            return v;
        }
        if let Some(place) = self.places.get(v) {
            return place;
        }
        let slots = self.heap.slots(v);
        let words = words_of(slots);
        let place = if words >= LARGE_WORDS {
            self.large += 1;
            self.large * BLOCK + LEAD
        } else {
            let at = self.row as u64 * 8 + lead_of(self.heap, v) * 8;
            self.row += words;
            at
        };
        self.places.insert(v, Value(place));
        self.found.push(v);
        Value(place)
    }

    /// The copy of all that was found. None when it is too large for one.
    pub fn finish(self) -> Option<Snapshot> {
        let mut snapshot = Snapshot {
            row: Part::default(),
            large: Vec::new(),
            weak_fixed: self.heap.weak_fixed.clone(),
            hash_state: self.heap.hash_state,
        };
        snapshot.row.words.reserve_exact(self.row);
        for &v in &self.found {
            match words_of(self.heap.slots(v)) >= LARGE_WORDS {
                true => {
                    let mut block = Part::default();
                    self.write(v, &mut block)?;
                    snapshot.large.push(block);
                }
                false => self.write(v, &mut snapshot.row)?,
            }
        }
        Some(snapshot)
    }

    /// Appends the copy of an object.
    fn write(&self, v: Value, to: &mut Part) -> Option<()> {
        let (lead, slots) = (lead_of(self.heap, v) as usize, self.heap.slots(v));
        let words = words_of(slots);
        let start = to.words.len();
        u32::try_from(start + words).ok()?;
        // SAFETY: the object has that many words, a size in front of the header included.
        let all =
            unsafe { std::slice::from_raw_parts((v.0 as *const u64).wrapping_sub(lead), words) };
        to.words.extend_from_slice(all);
        let first = start + lead + 1;
        to.words[first - 1] = self.heap.header(v) & !(REMEMBERED | MARK | AGE) | OLD;
        if !self.heap.is_pointers(v) {
            return Some(());
        }
        for at in first..first + slots {
            let old = Value(to.words[at]);
            if old.is_object() {
                // What only weak slots refer to was not found.
                match self.found(old) {
                    Some(place) => {
                        to.words[at] = place.0;
                        to.references.push(at as u32);
                    }
                    None => to.words[at] = Value::NIL.0,
                }
            }
        }
        Some(())
    }
}

impl Visitor for Copier<'_> {
    fn value(&mut self, v: &mut Value) {
        *v = self.place(*v);
    }
}

fn lead_of(heap: &Heap, v: Value) -> u64 {
    (heap.header(v) >> header::SLOTS_SHIFT == LARGE_SLOTS) as u64
}

/// Where the objects of a snapshot lie in a heap.
pub struct Places {
    row: u64,
    large: Vec<u64>,
}

impl Places {
    /// The object for which a value of the snapshot stands.
    #[inline]
    pub fn of(&self, v: Value) -> Value {
        match v.is_object() {
            true => Value(self.address(v.0)),
            false => v,
        }
    }

    #[inline(always)]
    fn address(&self, place: u64) -> u64 {
        match place < BLOCK {
            true => self.row + place,
            false => self.large[(place / BLOCK - 1) as usize] + place % BLOCK,
        }
    }
}

impl Visitor for Places {
    fn value(&mut self, v: &mut Value) {
        *v = self.of(*v);
    }
}

impl Snapshot {
    /// Bytes that the objects take.
    pub fn bytes(&self) -> usize {
        let large: usize = self.large.iter().map(|part| part.words.len()).sum();
        (self.row.words.len() + large) * 8
    }

    /// Puts the objects into a heap, in place of all that it holds: the caller keeps no reference to that. None
    /// when the system has no memory for them.
    pub fn install(&self, heap: &mut Heap) -> Option<Places> {
        let words = self.bytes() / 8;
        if words > SEGMENT_WORDS && !Segment::is_available(words) {
            return None;
        }
        let row = segment_of(&self.row, SEGMENT_WORDS);
        let large: Vec<Segment> = self.large.iter().map(|part| segment_of(part, 0)).collect();
        let places = Places {
            row: row.start() as u64,
            large: large.iter().map(|s| s.start() as u64).collect(),
        };
        let parts = std::iter::once((&row, &self.row)).chain(large.iter().zip(&self.large));
        for (segment, part) in parts {
            for &at in &part.references {
                // SAFETY: `references` are indices of words that were copied into the segment just now.
                unsafe {
                    let word = segment.start().add(at as usize);
                    *word = places.address(*word);
                }
            }
        }
        heap.old_words = words;
        heap.full_threshold = (heap.old_words * 2).max(MIN_THRESHOLD);
        heap.old = vec![row];
        heap.large = large;
        heap.remembered.clear();
        heap.weak_fixed = self.weak_fixed.clone();
        heap.hash_state = self.hash_state;
        Some(places)
    }
}

/// A segment of at least so many words that begins with those of a part.
fn segment_of(part: &Part, least: usize) -> Segment {
    let words = part.words.len();
    let mut segment = Segment::new(words.max(least));
    segment.used = words;
    // SAFETY: the segment has room for them.
    unsafe { std::ptr::copy_nonoverlapping(part.words.as_ptr(), segment.start(), words) };
    segment
}
