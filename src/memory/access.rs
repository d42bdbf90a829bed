//! Reading and writing the parts of objects, and the write barrier.
//!
//! Owns every access to header and body outside the collector; must never allocate or move.

use super::header::{self, ClassIndex, Format};
use super::heap::{Heap, LARGE_MARK, slot_ptr};
use super::value::Value;

/// Once, not at each of the hundreds of places that look into an object.
#[cold]
#[inline(never)]
fn no_slot(i: usize) -> ! {
    panic!("no slot {i}")
}

impl Heap {
    /// The number of a Float, immediate or boxed.
    #[inline]
    pub fn as_float(&self, v: Value) -> Option<f64> {
        if v.is_immediate_float() {
            Some(v.float_unchecked())
        } else if v.is_object() && self.class_of(v) == self.immediate_class[4] {
            self.words64(v).first().map(|&bits| f64::from_bits(bits))
        } else {
            None
        }
    }

    /// The header word of an object; `v` must be a reference.
    #[inline(always)]
    pub fn header(&self, v: Value) -> u64 {
        debug_assert!(v.is_object());
        // SAFETY: a reference points at a header (module rule: values are valid until the next safepoint).
        unsafe { *(v.0 as *const u64) }
    }

    #[inline(always)]
    pub(super) fn set_header(&mut self, v: Value, word: u64) {
        // SAFETY: as in `header`.
        unsafe { *(v.0 as *mut u64) = word }
    }

    /// Class of any value.
    #[inline(always)]
    pub fn class_of(&self, v: Value) -> ClassIndex {
        if v.is_object() {
            header::class_of(self.header(v))
        } else {
            self.immediate_class[v.0 as u8 as usize]
        }
    }

    /// Changes the class of an object; its format must not change.
    pub fn set_class(&mut self, v: Value, class: ClassIndex) {
        if v.is_object() {
            let word = self.header(v) & !header::CLASS_MASK | class as u64;
            self.set_header(v, word);
        }
    }

    /// Body words of an object; 0 for an immediate.
    #[inline(always)]
    pub fn slots(&self, v: Value) -> usize {
        if !v.is_object() {
            return 0;
        }
        let count = self.header(v) >> header::SLOTS_SHIFT;
        if count < header::LARGE_SLOTS {
            count as usize
        } else {
            // SAFETY: such an object has its size in the word before the header.
            unsafe { (*(v.0 as *const u64).sub(1) & !(LARGE_MARK)) as usize }
        }
    }

    pub fn format(&self, v: Value) -> Option<Format> {
        v.is_object().then(|| Format::of(self.header(v)))
    }

    #[inline(always)]
    pub fn is_pointers(&self, v: Value) -> bool {
        v.is_object() && header::is_pointers(self.header(v))
    }

    #[inline(always)]
    pub fn is_bytes(&self, v: Value) -> bool {
        v.is_object() && header::is_bytes(self.header(v))
    }

    pub fn is_words32(&self, v: Value) -> bool {
        self.format(v) == Some(Format::Words32)
    }

    pub fn is_words64(&self, v: Value) -> bool {
        self.format(v) == Some(Format::Words64)
    }

    /// Slot `i` of an object of references. Panics when there is none: the caller checks.
    #[inline]
    pub fn slot(&self, v: Value, i: usize) -> Value {
        if i >= self.slots(v) || !self.is_pointers(v) {
            no_slot(i);
        }
        // SAFETY: checked just now.
        unsafe { *slot_ptr(v, i) }
    }

    /// Stores into slot `i`, telling the collector. Panics when there is none: the caller checks.
    #[inline]
    pub fn set_slot(&mut self, v: Value, i: usize, value: Value) {
        if i >= self.slots(v) || !self.is_pointers(v) {
            no_slot(i);
        }
        // SAFETY: checked just now.
        unsafe { *slot_ptr(v, i) = value };
        self.barrier(v, value);
    }

    /// Copies `count` references from offset `from` of one object to offset `to` of another, or of the
    /// same one. Panics when one of the places does not exist: the caller checks.
    pub fn copy_slots(
        &mut self,
        (target, to): (Value, usize),
        (source, from): (Value, usize),
        count: usize,
    ) {
        let fits = |v, at: usize| {
            self.is_pointers(v)
                && at
                    .checked_add(count)
                    .is_some_and(|end| end <= self.slots(v))
        };
        assert!(fits(target, to) && fits(source, from), "no such slots");
        if count == 0 {
            return;
        }
        // SAFETY: checked just now; `copy` allows for ranges that overlap.
        unsafe { std::ptr::copy(slot_ptr(source, from), slot_ptr(target, to), count) };
        // An object into which its own references are stored holds no new ones.
        if target != source && self.header(target) & header::OLD != 0 {
            let new = &self.pointer_slots(target)[to..to + count];
            if new.iter().any(|&v| self.is_young(v)) {
                self.remember(target);
            }
        }
    }

    /// To be called when `value` was stored into `v`.
    #[inline(always)]
    pub fn barrier(&mut self, v: Value, value: Value) {
        if self.header(v) & (header::OLD | header::REMEMBERED) == header::OLD
            && self.is_young(value)
        {
            self.remember(v);
        }
    }

    /// Notes that an old object may hold references to young ones.
    #[cold]
    pub fn remember(&mut self, v: Value) {
        let word = self.header(v);
        if word & (header::OLD | header::REMEMBERED) == header::OLD {
            self.set_header(v, word | header::REMEMBERED);
            self.remembered.push(v);
        }
    }

    /// All slots of an object of references; empty for anything else.
    #[inline]
    pub fn pointer_slots(&self, v: Value) -> &[Value] {
        if !self.is_pointers(v) {
            return &[];
        }
        // SAFETY: the object has that many slots; nothing moves while `self` is borrowed.
        unsafe { std::slice::from_raw_parts(slot_ptr(v, 0), self.slots(v)) }
    }

    /// The bytes of a byte object; empty for anything else.
    #[inline]
    pub fn bytes(&self, v: Value) -> &[u8] {
        if !self.is_bytes(v) {
            return &[];
        }
        // SAFETY: as in pointer_slots; the length is computed from the header.
        unsafe { std::slice::from_raw_parts((v.0 + 8) as *const u8, self.byte_size(v)) }
    }

    /// The words of a byte object, the unused bytes of the last one zero; empty for anything else.
    #[inline(always)]
    pub fn byte_words(&self, v: Value) -> &[u64] {
        if !self.is_bytes(v) {
            return &[];
        }
        // SAFETY: as in `bytes`. New byte objects are all zero, and `bytes_mut` gives out no unused byte.
        unsafe { std::slice::from_raw_parts((v.0 + 8) as *const u64, self.slots(v)) }
    }

    /// Format and size of an object, as its header has them: equal for two byte objects of up to two
    /// thousand bytes only if they have equally many.
    #[inline(always)]
    pub fn shape(&self, v: Value) -> u64 {
        self.header(v) & (31 << header::FORMAT_SHIFT | header::LARGE_SLOTS << header::SLOTS_SHIFT)
    }

    /// Whether two byte objects, which are of the same shape, hold the same bytes.
    #[inline(always)]
    pub fn same_words(&self, a: Value, b: Value) -> bool {
        // Most strings that are compared are short: no call for them.
        match (self.byte_words(a), self.byte_words(b)) {
            ([x], [y]) => x == y,
            ([x, a @ ..], [y, b @ ..]) => x == y && a == b,
            (a, b) => a == b,
        }
    }

    /// The slots of an instance of `class` that has two named variables; none for anything else.
    #[inline(always)]
    pub fn pair(&self, v: Value, class: ClassIndex) -> Option<[Value; 2]> {
        const SHAPE: u64 = header::CLASS_MASK
            | 31 << header::FORMAT_SHIFT
            | header::LARGE_SLOTS << header::SLOTS_SHIFT;
        if !v.is_object() || self.header(v) & SHAPE != header::make(class, Format::Fixed as u64, 2)
        {
            return None;
        }
        // SAFETY: the object has two slots with references.
        Some(unsafe { [*slot_ptr(v, 0), *slot_ptr(v, 1)] })
    }

    #[inline]
    pub fn bytes_mut(&mut self, v: Value) -> &mut [u8] {
        if !self.is_bytes(v) {
            return &mut [];
        }
        let size = self.byte_size(v);
        // SAFETY: as in `bytes`; `self` is borrowed mutably, so no other slice exists.
        unsafe { std::slice::from_raw_parts_mut((v.0 + 8) as *mut u8, size) }
    }

    /// Bytes in use of a byte object.
    #[inline(always)]
    fn byte_size(&self, v: Value) -> usize {
        self.slots(v) * 8 - ((self.header(v) >> header::FORMAT_SHIFT) & 7) as usize
    }

    /// The elements of an object of 32-bit numbers; empty for anything else.
    pub fn words32(&self, v: Value) -> &[u32] {
        if !self.is_words32(v) {
            return &[];
        }
        // SAFETY: as in `bytes`.
        unsafe { std::slice::from_raw_parts((v.0 + 8) as *const u32, self.words32_size(v)) }
    }

    pub fn words32_mut(&mut self, v: Value) -> &mut [u32] {
        if !self.is_words32(v) {
            return &mut [];
        }
        let size = self.words32_size(v);
        // SAFETY: as in `bytes_mut`.
        unsafe { std::slice::from_raw_parts_mut((v.0 + 8) as *mut u32, size) }
    }

    /// The memory of an object of bytes or of 32-bit numbers, in the machine's order of bytes, for
    /// what goes in and out; empty for anything else.
    pub fn buffer(&self, v: Value) -> &[u8] {
        if !self.is_words32(v) {
            return self.bytes(v);
        }
        let words = self.words32(v);
        // SAFETY: the same memory, of which every byte is a valid `u8`.
        unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
    }

    /// The same to write to.
    pub fn buffer_mut(&mut self, v: Value) -> &mut [u8] {
        if !self.is_words32(v) {
            return self.bytes_mut(v);
        }
        let words = self.words32_mut(v);
        let (start, size) = (words.as_mut_ptr(), size_of_val(words));
        // SAFETY: the same memory, borrowed mutably through `self`; any byte is valid in a `u32`.
        unsafe { std::slice::from_raw_parts_mut(start.cast(), size) }
    }

    fn words32_size(&self, v: Value) -> usize {
        self.slots(v) * 2 - ((self.header(v) >> header::FORMAT_SHIFT) & 1) as usize
    }

    /// The elements of an object of 16-bit numbers; empty for anything else.
    pub fn words16(&self, v: Value) -> &[u16] {
        if self.format(v) != Some(Format::Words16) {
            return &[];
        }
        // SAFETY: as in `bytes`.
        unsafe { std::slice::from_raw_parts((v.0 + 8) as *const u16, self.words16_size(v)) }
    }

    pub fn words16_mut(&mut self, v: Value) -> &mut [u16] {
        if self.format(v) != Some(Format::Words16) {
            return &mut [];
        }
        let size = self.words16_size(v);
        // SAFETY: as in `bytes_mut`.
        unsafe { std::slice::from_raw_parts_mut((v.0 + 8) as *mut u16, size) }
    }

    fn words16_size(&self, v: Value) -> usize {
        self.slots(v) * 4 - ((self.header(v) >> header::FORMAT_SHIFT) & 3) as usize
    }

    /// The elements of an object of 64-bit numbers; empty for anything else.
    pub fn words64(&self, v: Value) -> &[u64] {
        if !self.is_words64(v) {
            return &[];
        }
        // SAFETY: as in `bytes`.
        unsafe { std::slice::from_raw_parts((v.0 + 8) as *const u64, self.slots(v)) }
    }

    pub fn words64_mut(&mut self, v: Value) -> &mut [u64] {
        if !self.is_words64(v) {
            return &mut [];
        }
        let size = self.slots(v);
        // SAFETY: as in `bytes_mut`.
        unsafe { std::slice::from_raw_parts_mut((v.0 + 8) as *mut u64, size) }
    }

    /// Whether stores into the object are refused.
    pub fn is_immutable(&self, v: Value) -> bool {
        !v.is_object() || self.header(v) & header::READ_ONLY != 0
    }

    pub fn set_immutable(&mut self, v: Value, on: bool) {
        if v.is_object() {
            let word = self.header(v);
            self.set_header(
                v,
                if on {
                    word | header::READ_ONLY
                } else {
                    word & !header::READ_ONLY
                },
            );
        }
    }

    /// The identity hash of any value: given at the first question, kept for life.
    pub fn identity_hash(&mut self, v: Value) -> u32 {
        if !v.is_object() {
            return (v.0 >> 3 ^ v.0 >> 32) as u32;
        }
        let word = self.header(v);
        let hash = (word >> header::HASH_SHIFT & header::HASH_MASK) as u32;
        if hash != 0 {
            return hash;
        }
        // xorshift: a period of 2^32 - 1, and never zero before the mask.
        let mut x = self.hash_state;
        let hash = loop {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            if x & header::HASH_MASK as u32 != 0 {
                break x & header::HASH_MASK as u32;
            }
        };
        self.hash_state = x;
        self.set_hash(v, hash);
        hash
    }

    /// Gives an object its identity hash (symbols: their number; copyHash: forms of become).
    pub fn set_hash(&mut self, v: Value, hash: u32) {
        let word = self.header(v) & !(header::HASH_MASK << header::HASH_SHIFT);
        self.set_header(
            v,
            word | (hash as u64 & header::HASH_MASK) << header::HASH_SHIFT,
        );
    }

    /// The hash field as it stands, 0 when none was given.
    #[inline(always)]
    pub fn raw_hash(&self, v: Value) -> u32 {
        (self.header(v) >> header::HASH_SHIFT & header::HASH_MASK) as u32
    }
}
