//! The evacuator: copies what can be reached out of the spaces that are to be emptied.
//!
//! Owns tracing for both collections. `FULL` tells which: a scavenge empties eden and one survivor
//! half into the other half and old space; a full collection empties everything into fresh old
//! segments, except that large old objects are marked and stay. Large young ones become old at once.
//! A moved object leaves a header of class `FORWARDED` and its new address in slot 0. Nothing
//! recurses: copied objects wait in the space they were copied to (Cheney), large ones in a list.

use super::allocate::words_of;
use super::collector::{Roots, Visitor};
use super::header::{self, AGE, CLASS_MASK, FORWARDED, Format, LARGE_SLOTS, MARK, OLD, REMEMBERED};
use super::heap::{Heap, LARGE_MARK, LARGE_WORDS};
use super::value::Value;

/// A collection under way.
pub(super) struct Evacuator<'h, const FULL: bool> {
    pub heap: &'h mut Heap,
    young_start: u64,
    young_bytes: u64,
    /// The survivor half that is filled: first word, next free word, end, next object to scan.
    to_start: *mut u64,
    pub(crate) to_free: *mut u64,
    to_end: *mut u64,
    to_scan: *mut u64,
    /// Next old object to scan: segment, and word in it.
    old_scan: (usize, usize),
    /// Full only: all stretches that are emptied or hold a large object, by address (start, bytes).
    from: Vec<(u64, u64)>,
    /// The stretch in which the last root was found.
    last_from: (u64, u64),
    /// A root shown since the machine asked refers to a young object.
    young_found: bool,
    /// Large objects that are marked or have become old, but are not scanned.
    marked: Vec<*mut u64>,
    /// Weak objects whose weak slots have not been looked at.
    pub weak: Vec<*mut u64>,
    /// Ephemerons whose key has not been reached.
    pub ephemerons: Vec<*mut u64>,
}

impl<'h, const FULL: bool> Evacuator<'h, FULL> {
    /// Ready to trace. For a full collection `from` is what will be emptied, sorted, and `heap.old`
    /// has become the new old space.
    pub fn new(heap: &'h mut Heap, from: Vec<(u64, u64)>) -> Self {
        let to_start = heap.survivor_start(1 - heap.survivor);
        let old_scan = match heap.old.last() {
            Some(segment) => (heap.old.len() - 1, segment.used),
            None => (0, 0),
        };
        Evacuator {
            young_start: heap.young_start,
            young_bytes: heap.young_end - heap.young_start,
            to_start,
            to_free: to_start,
            to_end: to_start.wrapping_add(heap.survivor_words),
            to_scan: to_start,
            old_scan,
            from,
            last_from: (0, 0),
            young_found: false,
            marked: Vec::new(),
            weak: Vec::new(),
            ephemerons: Vec::new(),
            heap,
        }
    }

    /// Evacuates everything alive, settles the weak, and tells the machine who died.
    pub fn trace(&mut self, roots: &mut dyn Roots) {
        let mut fired = std::mem::take(&mut self.heap.fired);
        self.slice(&mut fired);
        self.heap.fired = fired;
        roots.visit(FULL, self);
        loop {
            self.drain();
            // Before it is decided that a key is dead, everything that a Process holds must be reached.
            if FULL && roots.visit_stacks(self) {
                continue;
            }
            if self.ephemerons.is_empty() {
                break;
            }
            self.settle_ephemerons();
        }
        self.clear_weak();
        roots.sweep(FULL, &|v| self.survivor_of(v));
    }

    #[inline(always)]
    fn is_young(&self, v: u64) -> bool {
        v.wrapping_sub(self.young_start) < self.young_bytes && v & 7 == 0
    }

    #[inline(always)]
    fn in_to_space(&self, v: u64) -> bool {
        v >= self.to_start as u64 && v < self.to_free as u64
    }

    /// The stretch a full collection empties, or marks in, into which a word refers.
    fn stretch_of(&self, v: u64) -> Option<(u64, u64)> {
        let after = self.from.partition_point(|&(start, _)| start <= v);
        let range = *self.from.get(after.checked_sub(1)?)?;
        (v & 7 == 0 && v - range.0 < range.1).then_some(range)
    }

    /// Whether a root's word has to be forwarded. A full collection looks more closely than at the
    /// tag: code addresses on a stack are passed over, and a root may be shown twice.
    #[inline(always)]
    fn concerns(&mut self, v: u64) -> bool {
        if !FULL {
            return self.is_young(v);
        }
        if v & 7 != 0 {
            return false;
        }
        if v.wrapping_sub(self.last_from.0) < self.last_from.1 {
            return true;
        }
        match self.stretch_of(v) {
            Some(range) => {
                self.last_from = range;
                true
            }
            None => false,
        }
    }

    /// Where the object at `v` is from now on.
    ///
    /// # Safety
    /// `v` refers to an object: in a scavenge a young one, in a full collection one in `from`.
    #[inline(always)]
    unsafe fn forward(&mut self, v: u64) -> u64 {
        let p = v as *mut u64;
        // SAFETY: the caller's promise; every object has a slot 0.
        unsafe {
            let word = *p;
            if word & CLASS_MASK == FORWARDED as u64 {
                return *p.add(1);
            }
            if !FULL && self.in_to_space(v) {
                return v;
            }
            self.evacuate(p, word)
        }
    }

    /// Copies the object with header `word` at `p`, or marks it if it is large, old, and stays.
    ///
    /// # Safety
    /// It is an object of from-space that has not been copied.
    unsafe fn evacuate(&mut self, p: *mut u64, word: u64) -> u64 {
        // SAFETY: an object's size word and header tell how many words it has, and that many are
        // free at the new place.
        unsafe {
            let slots = slots_of(p, word);
            let words = words_of(slots);
            let lead = (word >> header::SLOTS_SHIFT == LARGE_SLOTS) as usize;
            let large = words >= LARGE_WORDS;
            if FULL && large && word & OLD != 0 {
                if word & MARK == 0 {
                    *p = word & !REMEMBERED | MARK;
                    self.marked.push(p);
                }
                return p as u64;
            }
            let room = (self.to_end as usize - self.to_free as usize) / 8;
            let (at, word) = if !FULL && !large && word & AGE == 0 && words <= room {
                let at = self.to_free;
                self.to_free = at.add(words);
                (at, word | AGE)
            } else {
                (self.heap.take_old(words), word & !(AGE | REMEMBERED) | OLD)
            };
            copy_words(p.sub(lead), at, words);
            let new = at.add(lead);
            *new = word;
            if large {
                // Its block is none of those that are scanned in a row.
                *new |= if FULL { MARK } else { 0 };
                self.marked.push(new);
            }
            *p = FORWARDED as u64;
            *p.add(1) = new as u64;
            if !FULL {
                self.heap.counters.copied_words += words as u64;
            }
            new as u64
        }
    }

    /// Forwards `count` slots from `at` on. Answers whether one of them refers to a young object now.
    ///
    /// # Safety
    /// They are slots of an object, or in a scavenge any words.
    #[inline(always)]
    pub unsafe fn scan_slots(&mut self, at: *mut u64, count: usize) -> bool {
        let mut young = false;
        for i in 0..count {
            // SAFETY: the caller's promise: a word that passes the test refers to an object.
            unsafe {
                let slot = at.add(i);
                let v = *slot;
                if FULL && v & 7 == 0 || !FULL && self.is_young(v) {
                    let new = self.forward(v);
                    *slot = new;
                    young |= !FULL && self.is_young(new);
                }
            }
        }
        young
    }

    /// Forwards what an object refers to strongly; puts weak objects and ephemerons on their lists.
    ///
    /// # Safety
    /// `p` is the header of an object that was copied or marked, or is old and remembered.
    #[inline(always)]
    pub unsafe fn scan_object(&mut self, p: *mut u64) {
        // SAFETY: the caller's promise.
        unsafe {
            let word = *p;
            let format = word >> header::FORMAT_SHIFT & 31;
            if format >= Format::Words64 as u64 {
                return;
            }
            let slots = slots_of(p, word);
            let young = if format < Format::Weak as u64 {
                self.scan_slots(p.add(1), slots)
            } else {
                self.scan_special(p, word, slots)
            };
            if !FULL && young && word & OLD != 0 {
                self.heap.remember(Value(p as u64));
            }
        }
    }

    /// Scans until everything reached has been scanned.
    pub fn drain(&mut self) {
        loop {
            // SAFETY: objects lie densely between scan and free pointers, and were copied there
            // by this collection; `marked` holds headers of large objects.
            unsafe {
                while self.to_scan < self.to_free {
                    let (p, words) = object_at(self.to_scan);
                    self.to_scan = self.to_scan.add(words);
                    self.scan_object(p);
                }
                while let Some(at) = self.next_old() {
                    let (p, words) = object_at(at);
                    self.old_scan.1 += words;
                    self.scan_object(p);
                }
                while let Some(p) = self.marked.pop() {
                    self.scan_object(p);
                }
                if self.to_scan == self.to_free && self.next_old().is_none() {
                    break;
                }
            }
        }
    }

    /// The next object that was copied to old space and not scanned yet.
    #[inline(always)]
    fn next_old(&mut self) -> Option<*mut u64> {
        loop {
            let segment = self.heap.old.get(self.old_scan.0)?;
            if self.old_scan.1 < segment.used {
                return Some(segment.start().wrapping_add(self.old_scan.1));
            }
            if self.old_scan.0 + 1 == self.heap.old.len() {
                return None;
            }
            self.old_scan = (self.old_scan.0 + 1, 0);
        }
    }

    /// Where the object in a slot not yet forwarded is from now on; none when it has not been
    /// reached.
    ///
    /// # Safety
    /// `v` is a value, in a full collection none of to-space.
    #[inline(always)]
    pub unsafe fn reached(&self, v: u64) -> Option<u64> {
        if v & 7 != 0 || !FULL && (!self.is_young(v) || self.in_to_space(v)) {
            return Some(v);
        }
        let p = v as *const u64;
        // SAFETY: a reference points at a header, and every object has a slot 0.
        unsafe {
            if *p & CLASS_MASK == FORWARDED as u64 {
                return Some(*p.add(1));
            }
            (FULL && *p & MARK != 0).then_some(v)
        }
    }

    /// What has become of a value that the machine holds weakly.
    fn survivor_of(&self, v: Value) -> Option<Value> {
        if FULL && self.stretch_of(v.0).is_none() {
            return Some(v);
        }
        // SAFETY: not of to-space, as just seen.
        unsafe { self.reached(v.0) }.map(Value)
    }
}

impl<const FULL: bool> Visitor for Evacuator<'_, FULL> {
    #[inline]
    fn value(&mut self, v: &mut Value) {
        if self.concerns(v.0) {
            // SAFETY: a word in from-space that the machine shows is a reference.
            v.0 = unsafe { self.forward(v.0) };
            self.young_found |= !FULL && self.is_young(v.0);
        }
    }

    fn slice(&mut self, values: &mut [Value]) {
        let mut young = false;
        for v in values {
            if self.concerns(v.0) {
                // SAFETY: as in `value`.
                v.0 = unsafe { self.forward(v.0) };
                young |= !FULL && self.is_young(v.0);
            }
        }
        self.young_found |= young;
    }

    fn young_found(&mut self) -> bool {
        std::mem::take(&mut self.young_found)
    }

    fn reached(&self, v: Value) -> bool {
        self.survivor_of(v).is_some()
    }
}

/// Slots of the object with header `word` at `p`.
///
/// # Safety
/// `p` is an object's header.
#[inline(always)]
pub(super) unsafe fn slots_of(p: *const u64, word: u64) -> usize {
    let count = word >> header::SLOTS_SHIFT;
    if count < LARGE_SLOTS {
        count as usize
    } else {
        // SAFETY: such an object has its size in the word before the header.
        unsafe { (*p.sub(1) & !LARGE_MARK) as usize }
    }
}

/// Header and size in words of the object whose first word is at `at`.
///
/// # Safety
/// An object starts there.
#[inline(always)]
pub(super) unsafe fn object_at(at: *mut u64) -> (*mut u64, usize) {
    // SAFETY: the first word of an object is its header, or a size word with LARGE_MARK.
    unsafe {
        let word = *at;
        if word >> header::SLOTS_SHIFT < LARGE_SLOTS {
            (at, words_of((word >> header::SLOTS_SHIFT) as usize))
        } else {
            (at.add(1), words_of((word & !LARGE_MARK) as usize))
        }
    }
}

/// Copies `words` words, at least two. Small counts take a few wide moves rather than a call.
///
/// # Safety
/// Both stretches are valid and do not overlap.
#[inline(always)]
unsafe fn copy_words(from: *const u64, to: *mut u64, words: usize) {
    type Pair = [u64; 2];
    type Four = [u64; 4];
    // SAFETY: all moves lie within the first `words` words; where they overlap they agree.
    unsafe {
        match words {
            0..=4 => {
                let (first, last) = (
                    *(from as *const Pair),
                    *(from.add(words - 2) as *const Pair),
                );
                *(to as *mut Pair) = first;
                *(to.add(words - 2) as *mut Pair) = last;
            }
            5..=8 => {
                let (first, last) = (
                    *(from as *const Four),
                    *(from.add(words - 4) as *const Four),
                );
                *(to as *mut Four) = first;
                *(to.add(words - 4) as *mut Four) = last;
            }
            _ => std::ptr::copy_nonoverlapping(from, to, words),
        }
    }
}
