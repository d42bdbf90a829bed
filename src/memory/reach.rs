//! Reach: the objects that the roots lead to, found without moving or changing any.
//!
//! Owns the walk; what is to be learned from the objects is the machine's affair. Follows at least what a full
//! collection would keep: ephemerons whole, since those that fire live on, and of weak objects the strong slots.

use super::collector::{Roots, Visitor};
use super::header::{self, Format};
use super::heap::Heap;
use super::value::Value;
use super::word_map::WordSet;

struct Walk {
    /// Where objects lie: start and end addresses.
    stretches: Vec<(u64, u64)>,
    seen: WordSet<u64>,
    waiting: Vec<Value>,
}

impl Visitor for Walk {
    fn value(&mut self, v: &mut Value) {
        if v.is_object() {
            self.waiting.push(*v);
        }
    }

    fn slice(&mut self, values: &mut [Value]) {
        for &mut v in values {
            let inside = |&(start, end): &(u64, u64)| v.0 >= start && v.0 < end;
            if v.is_object() && self.stretches.iter().any(inside) {
                self.waiting.push(v);
            }
        }
    }

    fn reached(&self, v: Value) -> bool {
        self.seen.contains(v.0)
    }
}

impl Heap {
    /// Tells the machine of every object that can be reached, each once. Takes time and memory with their
    /// number, a good deal more than a collection does.
    pub fn reach(&self, roots: &mut dyn Roots) {
        let mut walk = Walk {
            stretches: self.stretches(),
            seen: WordSet::default(),
            waiting: self.fired.clone(),
        };
        roots.visit(true, &mut walk);
        loop {
            while let Some(v) = walk.waiting.pop() {
                if walk.seen.add(v.0) {
                    roots.note(self, v);
                    let slots = self.strong_slots(v).iter();
                    walk.waiting.extend(slots.filter(|s| s.is_object()));
                }
            }
            if !roots.visit_stacks(&mut walk) {
                break;
            }
        }
    }

    /// The slots of an object that keep alive what they refer to.
    pub(super) fn strong_slots(&self, v: Value) -> &[Value] {
        let slots = self.pointer_slots(v);
        let word = self.header(v);
        if Format::of(word) != Format::Weak {
            return slots;
        }
        let fixed = self.weak_fixed.get(header::class_of(word));
        &slots[..fixed.map_or(0, |n| n.min(slots.len()))]
    }
}
