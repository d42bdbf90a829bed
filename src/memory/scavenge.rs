//! The scavenge: the young generation's collection.
//!
//! Owns the turn of the survivor halves and the remembered set's renewal. What an old object
//! holds is alive here, dead or not.

use super::collector::Roots;
use super::evacuate::Evacuator;
use super::header::REMEMBERED;
use super::heap::Heap;
use super::space::poison;

impl Heap {
    /// Copies the living young objects to the other survivor half, those that were copied before
    /// and those that find no room there to old space. Empties eden.
    pub fn scavenge(&mut self, roots: &mut dyn Roots) {
        let remembered = std::mem::take(&mut self.remembered);
        let mut evacuator = Evacuator::<false>::new(self, Vec::new());
        for v in remembered {
            let p = v.0 as *mut u64;
            // SAFETY: the remembered set holds old objects, which a scavenge leaves where they are.
            unsafe {
                *p &= !REMEMBERED;
                evacuator.scan_object(p);
            }
        }
        evacuator.trace(roots);
        let end = evacuator.to_free;
        self.poison_young();
        self.survivor = 1 - self.survivor;
        self.survivor_used = (end as usize - self.survivor_start(self.survivor) as usize) / 8;
        self.counters.allocated_words += self.eden_used() / 8;
        self.reset_eden();
        self.collection_wanted = false;
        self.counters.scavenges += 1;
    }

    /// Makes eden and the survivor half in use unreadable, where such things are checked.
    pub(super) fn poison_young(&mut self) {
        if self.poisons() {
            let eden = self.young.start();
            let eden_used = (self.alloc_ptr as usize - eden as usize) / 8;
            // SAFETY: both stretches were evacuated.
            unsafe {
                poison(eden, eden_used);
                poison(self.survivor_start(self.survivor), self.survivor_used);
            }
        }
    }
}
