//! The full collection: everything that lives moves together into fresh old segments.
//!
//! Owns the exchange of old space and the fate of large objects, which are marked and stay.

use super::collector::Roots;
use super::evacuate::{Evacuator, object_at};
use super::header::MARK;
use super::heap::{Heap, LARGE_WORDS, MIN_THRESHOLD};
use super::space::{Segment, poison};

impl Heap {
    /// Collects young and old objects. Afterwards all are old, and nothing is remembered.
    pub fn full_collect(&mut self, roots: &mut dyn Roots) {
        let emptied = std::mem::take(&mut self.old);
        let all = [&self.young].into_iter().chain(&emptied).chain(&self.large);
        let mut from: Vec<_> = all.map(|s| (s.start() as u64, s.bytes())).collect();
        from.sort_unstable();
        self.remembered.clear();
        self.old_words = 0;
        Evacuator::<true>::new(self, from).trace(roots);
        self.poison_young();
        if self.poisons() {
            for segment in &emptied {
                // SAFETY: everything alive in it was copied.
                unsafe { poison(segment.start(), segment.used) };
            }
        }
        drop(emptied);
        self.sweep_large();
        self.survivor_used = 0;
        self.reset_eden();
        self.full_threshold = (self.old_words * 2).max(MIN_THRESHOLD);
        self.collection_wanted = false;
        self.counters.full_collections += 1;
    }

    /// Frees the large objects without a mark, and takes the mark off the others.
    fn sweep_large(&mut self) {
        let mut kept = 0;
        self.large.retain_mut(|block: &mut Segment| {
            // SAFETY: a large block holds one object, from its start on.
            let alive = unsafe {
                let (p, _) = object_at(block.start());
                let alive = *p & MARK != 0;
                *p &= !MARK;
                alive
            };
            if alive {
                kept += block.used;
            }
            alive
        });
        debug_assert!(self.large.iter().all(|block| block.used >= LARGE_WORDS));
        self.old_words += kept;
    }
}
