//! Raw stretches of memory that objects are laid out in, one after the other.
//!
//! Owns getting memory from the system and giving it back; must never look at an object.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};

/// Words in one old segment.
pub(super) const SEGMENT_WORDS: usize = 1 << 17;

/// What freed memory is filled with where that is checked: bits that no value has.
const POISON: u64 = 0xDEAD_DEAD_DEAD_DEAF;

/// A stretch of memory filled from the front.
pub struct Segment {
    start: *mut u64,
    words: usize,
    /// Words in use.
    pub used: usize,
}

impl Segment {
    /// A stretch of `words` words, with any content: whoever takes it initialises it. What nobody takes, the
    /// system need not provide.
    pub fn new(words: usize) -> Segment {
        let layout = Segment::layout(words);
        // SAFETY: the layout has at least one word.
        let start = unsafe { alloc(layout) } as *mut u64;
        if start.is_null() {
            handle_alloc_error(layout);
        }
        Segment {
            start,
            words,
            used: 0,
        }
    }

    /// Whether the system would give `words` words at this moment.
    pub fn is_available(words: usize) -> bool {
        let Ok(layout) = Layout::array::<u64>(words.max(1)) else {
            return false;
        };
        // SAFETY: the layout has at least one word; the block is given back as it was taken.
        unsafe {
            // Hidden from the optimiser, which would drop the pair and assume success.
            let start = std::hint::black_box(alloc(layout));
            if !start.is_null() {
                dealloc(start, layout);
            }
            !start.is_null()
        }
    }

    fn layout(words: usize) -> Layout {
        // An impossible size falls back to one the system refuses.
        Layout::array::<u64>(words.max(1)).unwrap_or(Layout::new::<[u64; 1 << 56]>())
    }

    /// Address of the first word.
    pub(crate) fn start(&self) -> *mut u64 {
        self.start
    }

    /// Size of the whole stretch.
    pub fn bytes(&self) -> u64 {
        self.words as u64 * 8
    }

    /// The next `words` free words, if there are as many.
    #[inline(always)]
    pub(crate) fn take(&mut self, words: usize) -> Option<*mut u64> {
        if words > self.words - self.used {
            return None;
        }
        let at = self.start.wrapping_add(self.used);
        self.used += words;
        Some(at)
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout.
        unsafe { dealloc(self.start as *mut u8, Segment::layout(self.words)) }
    }
}

/// Overwrites `words` words whose objects have gone.
///
/// # Safety
/// The words belong to the heap and hold no live object.
pub(super) unsafe fn poison(start: *mut u64, words: usize) {
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts_mut(start, words) }.fill(POISON);
}
