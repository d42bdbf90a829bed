//! Weak objects and ephemerons: what a collection does with references that keep nothing alive.
//!
//! Owns the order of things after the trace: ephemerons to a fixpoint, then those left fire
//! (their keys live on for the mourning), then weak slots of the dead become nil.

use super::evacuate::{Evacuator, slots_of};
use super::header::{self, FORMAT_SHIFT, Format, OLD};
use super::value::Value;

impl<const FULL: bool> Evacuator<'_, FULL> {
    /// Scans a weak object's strong slots, or an ephemeron whose key is alive, and lists them.
    /// Answers whether a young object was found.
    ///
    /// # Safety
    /// `p` is the header, `word` its content, of such an object with `slots` slots.
    pub(super) unsafe fn scan_special(&mut self, p: *mut u64, word: u64, slots: usize) -> bool {
        // SAFETY: the caller's promise; slots follow the header.
        unsafe {
            if Format::of(word) == Format::Weak {
                self.weak.push(p);
                let fixed = self.weak_fixed(word, slots);
                self.scan_slots(p.add(1), fixed)
            } else if slots > 0 && self.reached(*p.add(1)).is_none() {
                self.ephemerons.push(p);
                false
            } else {
                self.scan_slots(p.add(1), slots)
            }
        }
    }

    fn weak_fixed(&self, word: u64, slots: usize) -> usize {
        let fixed = self.heap.weak_fixed.get(header::class_of(word));
        fixed.map_or(0, |n| n.min(slots))
    }

    /// Traces the values of ephemerons whose keys are reached; where there is none, the waiting ones
    /// fire. To be called until none waits, everything having been drained before.
    /// Going through the list forth and back makes long chains take few rounds.
    pub(super) fn settle_ephemerons(&mut self) {
        let mut waiting = std::mem::take(&mut self.ephemerons);
        let found = waiting.len();
        waiting.reverse();
        for p in waiting {
            // SAFETY: listed by scan_special: an ephemeron with a key, copied or kept.
            unsafe {
                if self.reached(*p.add(1)).is_some() {
                    self.scan_object(p);
                    self.drain();
                } else {
                    self.ephemerons.push(p);
                }
            }
        }
        if self.ephemerons.len() == found {
            self.fire();
        }
    }

    /// Makes all waiting ephemerons ordinary objects and hands them to the machine.
    fn fire(&mut self) {
        for p in std::mem::take(&mut self.ephemerons) {
            // SAFETY: as in settle_ephemerons.
            unsafe {
                *p = *p & !(31 << FORMAT_SHIFT) | (Format::Fixed as u64) << FORMAT_SHIFT;
                self.scan_object(p);
            }
            self.heap.fired.push(Value(p as u64));
        }
        self.drain();
    }

    /// Updates the weak slots: the new place of the object, or nil.
    pub(super) fn clear_weak(&mut self) {
        for p in std::mem::take(&mut self.weak) {
            // SAFETY: listed by scan_special: a weak object whose weak slots are as they were.
            unsafe {
                let word = *p;
                let slots = slots_of(p, word);
                for i in self.weak_fixed(word, slots)..slots {
                    let slot = p.add(1 + i);
                    let new = self.reached(*slot).unwrap_or(Value::NIL.0);
                    *slot = new;
                    if !FULL && word & OLD != 0 && self.heap.is_young(Value(new)) {
                        self.heap.remember(Value(p as u64));
                    }
                }
            }
        }
    }
}
