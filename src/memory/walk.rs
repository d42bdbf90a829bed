//! All objects in a row, dead or alive, in the order in which they lie in memory.
//!
//! Owns the knowledge that every space can be parsed from its start; must never change an object.

use super::evacuate::object_at;
use super::header::{self, ClassIndex, FILLER};
use super::heap::Heap;
use super::value::Value;

impl Heap {
    /// The stretches that hold objects: first word and number of words in use.
    pub(super) fn areas(&self) -> Vec<(*mut u64, usize)> {
        let eden = self.young.start();
        let mut areas = vec![
            (eden, (self.alloc_ptr as usize - eden as usize) / 8),
            (self.survivor_start(self.survivor), self.survivor_used),
        ];
        areas.extend(
            self.old
                .iter()
                .chain(&self.large)
                .map(|s| (s.start(), s.used)),
        );
        areas
    }

    /// The same as addresses: where each begins and ends.
    pub(super) fn stretches(&self) -> Vec<(u64, u64)> {
        let ends = |(at, words): (*mut u64, usize)| (at as u64, at as u64 + words as u64 * 8);
        self.areas().into_iter().map(ends).collect()
    }

    /// Calls `f` with the header of every object, and of fillers.
    pub(super) fn each_header(&self, mut f: impl FnMut(*mut u64)) {
        for (mut at, words) in self.areas() {
            let end = at.wrapping_add(words);
            while at < end {
                // SAFETY: objects lie densely from the start of a stretch to its end in use.
                let (p, words) = unsafe { object_at(at) };
                f(p);
                at = at.wrapping_add(words);
            }
        }
    }

    /// Calls `f` with every object, also those that died since the last full collection.
    pub fn each_object(&self, mut f: impl FnMut(Value)) {
        self.each_header(|p| {
            let v = Value(p as u64);
            if header::class_of(self.header(v)) != FILLER {
                f(v);
            }
        });
    }

    /// All objects of a class, not of its subclasses. After a full collection: the living ones.
    pub fn instances_of(&self, class: ClassIndex) -> Vec<Value> {
        self.instances_of_any(|c| c == class)
    }

    /// All objects of these classes.
    pub fn instances_of_any(&self, is_one: impl Fn(ClassIndex) -> bool) -> Vec<Value> {
        let mut found = Vec::new();
        self.each_object(|v| {
            if is_one(header::class_of(self.header(v))) {
                found.push(v);
            }
        });
        found
    }

    /// All objects with a slot, strong or weak, that holds `value`.
    pub fn references_to(&self, value: Value) -> Vec<Value> {
        let mut found = Vec::new();
        self.each_object(|v| {
            if self.pointer_slots(v).contains(&value) {
                found.push(v);
            }
        });
        found
    }
}
