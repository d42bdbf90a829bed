//! The heap: its spaces (eden, survivors, old segments, large blocks), sizes and limits.
//!
//! Owns the state that allocation, access and the collector share, each of which has its own
//! file. Must never know of frames, methods or processes.

use super::header::{self, ClassIndex};
use super::space::Segment;
use super::value::Value;
use super::word_map::WordMap;

/// Sizes and limits of a heap, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct HeapOptions {
    pub eden: usize,
    pub survivor: usize,
    /// Most bytes that old space and large objects may hold.
    pub limit: usize,
    /// Collect at every allocation that reaches the machine (tests).
    pub stress: bool,
}

impl Default for HeapOptions {
    fn default() -> HeapOptions {
        HeapOptions {
            eden: 4 << 20,
            survivor: 1 << 20,
            limit: usize::MAX,
            stress: false,
        }
    }
}

/// Old objects with at least this many words get a block of their own and never move again.
pub const LARGE_WORDS: usize = 1 << 13;
/// A new object takes at most one part in so many of eden: a larger one is old from the start.
/// Most arrays of some hundred kilobytes die young, and eden's pages are there already.
const EDEN_PARTS: usize = 4;

/// After how many scavenges stress mode makes a full collection, unless told otherwise.
const STRESS_FULL_EVERY: u64 = 1000;
/// Old space grows at least to this many words before a full collection.
pub(super) const MIN_THRESHOLD: usize = (16 << 20) / 8;
/// Requests from this many bytes on are tried out with the system before they are granted.
const PROBE_BYTES: usize = 1 << 20;

/// All objects of one machine. Fresh memory has any content: whoever takes it initialises it.
#[repr(C)]
pub struct Heap {
    /// Next free word of eden, and its end: bumped inline by the interpreter.
    pub(crate) alloc_ptr: *mut u64,
    pub(crate) alloc_end: *mut u64,
    /// Bounds of eden and survivors, which are one block.
    pub(crate) young_start: u64,
    pub(crate) young_end: u64,
    /// Class index of each immediate, by its lowest byte.
    pub(crate) immediate_class: [ClassIndex; 256],
    /// Eden, then the survivor halves.
    pub(super) young: Segment,
    pub(super) eden_words: usize,
    pub(super) survivor_words: usize,
    /// Which survivor half holds objects (0 or 1), and how many words of it are used.
    pub(super) survivor: usize,
    pub(super) survivor_used: usize,
    pub(super) old: Vec<Segment>,
    pub(super) large: Vec<Segment>,
    pub(super) remembered: Vec<Value>,
    pub(super) old_words: usize,
    /// Old words at which the next full collection is due.
    pub(super) full_threshold: usize,
    /// A scavenge is due at the next safepoint.
    pub collection_wanted: bool,
    pub options: HeapOptions,
    pub(super) hash_state: u32,
    /// Ephemerons whose key died, for the machine to mourn; roots until it takes them. They have
    /// become ordinary objects (format `Fixed`), so that each fires once.
    pub fired: Vec<Value>,
    /// How many slots of weak objects are strong (the named variables), by class; else none.
    pub weak_fixed: WordMap<ClassIndex, usize>,
    /// In stress mode, after how many scavenges a full collection is due.
    pub stress_full_every: u64,
    /// Bytes outside the heap that live as long as objects in it: the machine counts them.
    pub external_bytes: usize,
    /// So many of them that a full collection is due.
    pub external_threshold: usize,
    pub counters: Counters,
}

/// Bytes outside for which no full collection is made.
pub const MIN_EXTERNAL: usize = 32 << 20;

/// What happened so far, for statistics and benchmarks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    pub scavenges: u64,
    pub full_collections: u64,
    /// Words copied by scavenges.
    pub copied_words: u64,
    /// Words of objects made in eden until the last scavenge, and of large ones.
    pub allocated_words: u64,
}

// SAFETY: the raw pointers point into blocks that the heap itself owns; nothing is shared.
unsafe impl Send for Heap {}

impl Heap {
    /// An empty heap.
    pub fn new(options: HeapOptions) -> Heap {
        let eden_words = options.eden / 8;
        let survivor_words = options.survivor / 8;
        let total = eden_words + 2 * survivor_words;
        let young = Segment::new(total);
        let start = young.start();
        let mut heap = Heap {
            alloc_ptr: start,
            alloc_end: start,
            young_start: start as u64,
            young_end: start as u64 + total as u64 * 8,
            immediate_class: [0; 256],
            young,
            eden_words,
            survivor_words,
            survivor: 0,
            survivor_used: 0,
            old: Vec::new(),
            large: Vec::new(),
            remembered: Vec::new(),
            old_words: 0,
            full_threshold: MIN_THRESHOLD,
            collection_wanted: false,
            options,
            hash_state: 0x2545_F491,
            fired: Vec::new(),
            weak_fixed: WordMap::default(),
            stress_full_every: STRESS_FULL_EVERY,
            external_bytes: 0,
            external_threshold: MIN_EXTERNAL,
            counters: Counters::default(),
        };
        heap.reset_eden();
        heap
    }

    /// Makes eden empty; what was in it must have been evacuated.
    pub(super) fn reset_eden(&mut self) {
        self.alloc_ptr = self.young.start();
        self.set_stress(self.options.stress);
    }

    /// Whether an object of so many words may be made in eden.
    #[inline(always)]
    pub(super) fn fits_eden(&self, words: usize) -> bool {
        words < LARGE_WORDS || words <= self.eden_words / EDEN_PARTS
    }

    /// Whether an object of so many words belongs in eden and is large, but finds no room there: a
    /// scavenge first saves a block of old space, which only a full collection would give back.
    pub fn lacks_room_for(&self, words: usize) -> bool {
        words >= LARGE_WORDS && self.fits_eden(words) && words > self.eden_free()
    }

    /// Words of eden that are free. Not up to `alloc_end`: stress mode keeps that low.
    #[inline(always)]
    pub(super) fn eden_free(&self) -> usize {
        (self.eden_end() - self.alloc_ptr as usize) / 8
    }

    /// Address after eden.
    #[inline(always)]
    pub(super) fn eden_end(&self) -> usize {
        self.young_start as usize + self.eden_words * 8
    }

    /// First word of a survivor half.
    pub(super) fn survivor_start(&self, half: usize) -> *mut u64 {
        self.young
            .start()
            .wrapping_add(self.eden_words + half * self.survivor_words)
    }

    /// In stress mode no object fits at `alloc_ptr`, so each allocation reaches `Heap::allocate`,
    /// which asks for a collection; and memory that was given up is made unreadable.
    pub fn set_stress(&mut self, on: bool) {
        self.options.stress = on;
        self.alloc_end = if on {
            self.alloc_ptr
        } else {
            self.young.start().wrapping_add(self.eden_words)
        };
    }

    /// Whether old space has grown so much that the next collection should be a full one.
    pub fn full_due(&self) -> bool {
        let turn = self
            .counters
            .scavenges
            .is_multiple_of(self.stress_full_every.max(1));
        self.old_words > self.full_threshold
            || self.external_bytes > self.external_threshold
            || self.options.stress && turn
    }

    /// Whether given-up memory is made unreadable.
    pub(super) fn poisons(&self) -> bool {
        cfg!(debug_assertions) || self.options.stress
    }

    /// Addresses of young objects.
    pub fn young_range(&self) -> std::ops::Range<u64> {
        self.young_start..self.young_end
    }

    /// Bytes of all objects made so far, but for those that were old from the start and not large.
    pub fn bytes_allocated(&self) -> u64 {
        self.counters.allocated_words * 8 + self.eden_used()
    }

    /// Bytes of objects made since the last scavenge.
    pub(super) fn eden_used(&self) -> u64 {
        self.alloc_ptr as u64 - self.young_start
    }

    /// Bytes held by objects, roughly: all of old space, what eden has given out, and what is outside.
    pub fn bytes_used(&self) -> usize {
        let eden = self.alloc_ptr as usize - self.young_start as usize;
        ((self.old_words + self.survivor_used) * 8 + eden).saturating_add(self.external_bytes)
    }

    /// Whether `bytes` more fit under the memory limit, and the system has as much to give.
    pub fn can_allocate(&self, bytes: usize) -> bool {
        bytes < isize::MAX as usize / 2
            && self.bytes_used().saturating_add(bytes) <= self.options.limit
            && (bytes < PROBE_BYTES || Segment::is_available(bytes / 8))
    }

    #[inline(always)]
    pub fn is_young(&self, v: Value) -> bool {
        v.is_object() && v.0 >= self.young_start && v.0 < self.young_end
    }
}

/// Top byte of the size word before a large object's header, so that a walk can tell it from a header.
pub const LARGE_MARK: u64 = header::LARGE_SLOTS << header::SLOTS_SHIFT;

/// Address of slot `i`.
///
/// # Safety
/// `v` is a reference to an object with more than `i` slots (or `i` is 0).
#[inline(always)]
pub unsafe fn slot_ptr(v: Value, i: usize) -> *mut Value {
    (v.0 as *mut Value).wrapping_add(1 + i)
}
