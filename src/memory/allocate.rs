//! Allocation: every way an object comes into being.
//!
//! Allocation never collects and never moves an object: when eden is full the object goes to
//! old space and `collection_wanted` is set, which the machine honours at its next safepoint.
//! Must never read an object's parts.

use super::header::{self, ClassIndex, Format};
use super::heap::{Heap, LARGE_MARK, LARGE_WORDS, slot_ptr};
use super::space::{SEGMENT_WORDS, Segment};
use super::value::Value;

impl Heap {
    /// Room for an object of `slots` words (at least one is taken), its header written, its body not.
    pub(crate) fn allocate(&mut self, class: ClassIndex, format: u64, slots: usize) -> Value {
        let words = words_of(slots);
        if self.fits_eden(words) {
            let at = self.alloc_ptr;
            if words <= self.eden_free() {
                self.alloc_ptr = at.wrapping_add(words);
                if self.options.stress {
                    self.alloc_end = self.alloc_ptr;
                    self.collection_wanted = true;
                }
                // SAFETY: `words` words are free at `at`, inside eden.
                return unsafe { place(at, class, format, slots, 0) };
            }
            self.collection_wanted = true;
        }
        self.allocate_old(class, format, slots)
    }

    /// Like `allocate`, but in old space: for literals, classes, symbols, and when eden is full.
    #[inline(never)]
    pub(crate) fn allocate_old(&mut self, class: ClassIndex, format: u64, slots: usize) -> Value {
        let words = words_of(slots);
        let at = self.take_old(words);
        self.collection_wanted |= self.options.stress || self.old_words > self.full_threshold;
        // SAFETY: take_old gave `words` fresh words.
        unsafe { place(at, class, format, slots, header::OLD) }
    }

    /// `words` words of old space.
    #[inline]
    pub(super) fn take_old(&mut self, words: usize) -> *mut u64 {
        self.old_words += words;
        if words < LARGE_WORDS
            && let Some(at) = self.old.last_mut().and_then(|s| s.take(words))
        {
            return at;
        }
        self.take_block(words)
    }

    /// Likewise, from a fresh segment or a block of its own.
    #[cold]
    fn take_block(&mut self, words: usize) -> *mut u64 {
        let large = words >= LARGE_WORDS;
        let mut block = Segment::new(if large { words } else { SEGMENT_WORDS });
        block.used = words;
        let at = block.start();
        if large {
            self.counters.allocated_words += words as u64;
            self.large.push(block)
        } else {
            self.old.push(block)
        }
        at
    }

    /// An object of references, all nil.
    pub fn new_pointers(&mut self, class: ClassIndex, format: Format, slots: usize) -> Value {
        let v = self.allocate(class, format as u64, slots);
        self.fill_nil(v, slots);
        v
    }

    /// Likewise in old space.
    pub fn new_pointers_old(&mut self, class: ClassIndex, format: Format, slots: usize) -> Value {
        let v = self.allocate_old(class, format as u64, slots);
        self.fill_nil(v, slots);
        v
    }

    /// An instance of a class with two named variables, which have these values.
    pub fn new_pair(&mut self, class: ClassIndex, values: [Value; 2]) -> Value {
        let v = self.allocate(class, Format::Fixed as u64, 2);
        // SAFETY: the object was just made with two body words.
        unsafe { *(slot_ptr(v, 0) as *mut [Value; 2]) = values };
        for value in values {
            self.barrier(v, value);
        }
        v
    }

    fn fill_nil(&mut self, v: Value, slots: usize) {
        // SAFETY: the object was just made with max(slots, 1) body words.
        unsafe { std::slice::from_raw_parts_mut(slot_ptr(v, 0), slots.max(1)) }.fill(Value::NIL);
    }

    /// A byte object with these bytes.
    pub fn new_bytes(&mut self, class: ClassIndex, bytes: &[u8]) -> Value {
        let v = self.new_zeroed_bytes(class, bytes.len(), false);
        self.bytes_mut(v).copy_from_slice(bytes);
        v
    }

    /// Likewise in old space.
    pub fn new_bytes_old(&mut self, class: ClassIndex, bytes: &[u8]) -> Value {
        let v = self.new_zeroed_bytes(class, bytes.len(), true);
        self.bytes_mut(v).copy_from_slice(bytes);
        v
    }

    /// A byte object of `count` zeros.
    pub fn new_zeroed_bytes(&mut self, class: ClassIndex, count: usize, old: bool) -> Value {
        let slots = count.div_ceil(8);
        let unused = (slots * 8 - count) as u64;
        self.new_zeroed(class, Format::Bytes as u64 | unused, slots, old)
    }

    /// An object of `count` 32-bit zeros.
    pub fn new_words32(&mut self, class: ClassIndex, count: usize, old: bool) -> Value {
        self.new_zeroed(
            class,
            Format::Words32 as u64 | (count & 1) as u64,
            count.div_ceil(2),
            old,
        )
    }

    /// An object of `count` 16-bit zeros.
    pub fn new_words16(&mut self, class: ClassIndex, count: usize, old: bool) -> Value {
        let slots = count.div_ceil(4);
        let unused = (slots * 4 - count) as u64;
        self.new_zeroed(class, Format::Words16 as u64 | unused, slots, old)
    }

    /// An object of `count` 64-bit zeros.
    pub fn new_words64(&mut self, class: ClassIndex, count: usize, old: bool) -> Value {
        self.new_zeroed(class, Format::Words64 as u64, count, old)
    }

    fn new_zeroed(&mut self, class: ClassIndex, format: u64, slots: usize, old: bool) -> Value {
        let v = if old {
            self.allocate_old(class, format, slots)
        } else {
            self.allocate(class, format, slots)
        };
        // SAFETY: the object was just made with max(slots, 1) body words.
        unsafe { std::slice::from_raw_parts_mut(slot_ptr(v, 0), slots.max(1)) }.fill(Value(0));
        v
    }

    /// A Float, immediate where possible.
    #[inline]
    pub fn float(&mut self, f: f64) -> Value {
        match Value::immediate_float(f) {
            Some(v) => v,
            None => self.boxed_float(f),
        }
    }

    #[cold]
    fn boxed_float(&mut self, f: f64) -> Value {
        let v = self.new_words64(self.immediate_class[4], 1, false);
        self.words64_mut(v)[0] = f.to_bits();
        v
    }

    /// A copy of an object, without its identity hash and writable.
    pub fn shallow_copy(&mut self, v: Value) -> Value {
        self.copy_object(v, false)
    }

    /// Likewise, in old space if `old`. An immediate is its own copy.
    pub(super) fn copy_object(&mut self, v: Value, old: bool) -> Value {
        if !v.is_object() {
            return v;
        }
        let word = self.header(v);
        let (class, slots) = (header::class_of(word), self.slots(v));
        let format = word >> header::FORMAT_SHIFT & 31;
        let copy = if old {
            self.allocate_old(class, format, slots)
        } else {
            self.allocate(class, format, slots)
        };
        // SAFETY: both objects have max(slots, 1) body words, and the copy is new.
        unsafe { std::ptr::copy_nonoverlapping(slot_ptr(v, 0), slot_ptr(copy, 0), slots.max(1)) };
        if header::is_pointers(word) {
            self.remember(copy);
        }
        copy
    }
}

/// Words that an object of `slots` slots takes: size word, header and body.
#[inline(always)]
pub(super) fn words_of(slots: usize) -> usize {
    slots.max(1) + 1 + (slots >= header::LARGE_SLOTS as usize) as usize
}

/// Writes size word and header of a new object.
///
/// # Safety
/// `at` points at enough free words.
#[inline(always)]
unsafe fn place(at: *mut u64, class: ClassIndex, format: u64, slots: usize, flags: u64) -> Value {
    // SAFETY: the caller's promise.
    unsafe {
        let word = header::make(class, format, slots) | flags;
        if slots < header::LARGE_SLOTS as usize {
            *at = word;
            Value(at as u64)
        } else {
            *at = LARGE_MARK | slots as u64;
            *at.add(1) = word;
            Value(at.add(1) as u64)
        }
    }
}
