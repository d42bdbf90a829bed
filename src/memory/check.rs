//! The checker: is the heap what the collector takes it for?
//!
//! Owns the list of invariants, for tests and stress runs; must never change anything.

use super::collector::{Roots, Visitor};
use super::evacuate::object_at;
use super::header::{self, FILLER, FORWARDED, OLD, REMEMBERED};
use super::heap::Heap;
use super::value::Value;
use rustc_hash::FxHashSet;

/// Looks at roots without changing them.
struct RootChecker<'a> {
    known: &'a FxHashSet<u64>,
    stretches: &'a [(u64, u64)],
    /// Objects reached and not yet looked at.
    reached: Vec<Value>,
    seen: FxHashSet<u64>,
    error: Option<String>,
}

impl RootChecker<'_> {
    fn see(&mut self, v: Value) {
        if self.known.contains(&v.0) {
            self.reached.push(v);
        } else {
            self.error
                .get_or_insert_with(|| format!("root {:#x} is no object", v.0));
        }
    }
}

impl Visitor for RootChecker<'_> {
    fn value(&mut self, v: &mut Value) {
        if v.is_object() {
            self.see(*v);
        } else if matches!(v.0 & 7, 3 | 6 | 7) {
            self.error
                .get_or_insert_with(|| format!("root {:#x} is no value", v.0));
        }
    }

    fn slice(&mut self, values: &mut [Value]) {
        for &mut v in values {
            let inside = |&(start, end): &(u64, u64)| v.0 >= start && v.0 < end;
            if v.is_object() && self.stretches.iter().any(inside) {
                self.see(v);
            }
        }
    }

    fn reached(&self, v: Value) -> bool {
        self.seen.contains(&v.0)
    }
}

impl Heap {
    /// Whether all spaces can be parsed, every reference in them, in the roots and in the stacks of
    /// reachable Processes is one to an object, and old objects that refer to young ones are
    /// remembered. The first violation as text.
    pub fn check(&self, roots: &mut dyn Roots) -> Result<(), String> {
        let known = self.check_spaces()?;
        let remembered: FxHashSet<u64> = self.remembered.iter().map(|v| v.0).collect();
        if remembered.len() != self.remembered.len() {
            return Err("an object is remembered twice".into());
        }
        let mut result = Ok(());
        self.each_object(|v| {
            if result.is_ok() {
                result = self.check_object(v, &known, &remembered);
            }
        });
        result?;
        self.check_roots(&known, roots)
    }

    /// The addresses of all objects, every header having been looked at.
    fn check_spaces(&self) -> Result<FxHashSet<u64>, String> {
        let mut known = FxHashSet::default();
        for (mut at, words) in self.areas() {
            let end = at.wrapping_add(words);
            while at < end {
                // SAFETY: each object so far ended within the stretch, so a word is there.
                let ((p, words), word) = unsafe {
                    let found = object_at(at);
                    (found, *found.0)
                };
                let place = || format!("object at {p:?} (header {word:#018x})");
                let format = word >> header::FORMAT_SHIFT & 31;
                if header::class_of(word) == FORWARDED {
                    return Err(format!("{} has no class", place()));
                }
                if !matches!(format, 1 | 3 | 4 | 5 | 9..=23) {
                    return Err(format!("{} has format {format}", place()));
                }
                if words > (end as usize - at as usize) / 8 {
                    return Err(format!("{} is longer than its space", place()));
                }
                let young = self.is_young(Value(p as u64));
                if young == (word & OLD != 0) {
                    return Err(format!("{} lies in the wrong space", place()));
                }
                if header::class_of(word) != FILLER {
                    known.insert(p as u64);
                }
                at = at.wrapping_add(words);
            }
        }
        Ok(known)
    }

    fn check_object(
        &self,
        v: Value,
        known: &FxHashSet<u64>,
        remembered: &FxHashSet<u64>,
    ) -> Result<(), String> {
        let word = self.header(v);
        let place = || format!("object at {:#x} (header {word:#018x})", v.0);
        if (word & REMEMBERED != 0) != remembered.contains(&v.0) {
            return Err(format!("{}: mark and remembered set disagree", place()));
        }
        let unused = self.slots(v) * 8 - self.bytes(v).len();
        if let Some(last) = self.byte_words(v).last()
            && last.to_le().leading_zeros() < unused as u32 * 8
        {
            return Err(format!("{}: an unused byte is not zero", place()));
        }
        for (i, slot) in self.pointer_slots(v).iter().enumerate() {
            if matches!(slot.0 & 7, 3 | 6 | 7) || slot.is_object() && !known.contains(&slot.0) {
                return Err(format!("{}: slot {i} holds {:#x}", place(), slot.0));
            }
            if self.is_young(*slot) && word & (OLD | REMEMBERED) == OLD {
                return Err(format!("{}: young slot {i}, but not remembered", place()));
            }
        }
        Ok(())
    }

    fn check_roots(&self, known: &FxHashSet<u64>, roots: &mut dyn Roots) -> Result<(), String> {
        let stretches = self.stretches();
        let reached = self.fired.clone();
        let mut checker = RootChecker {
            known,
            stretches: &stretches,
            reached,
            seen: FxHashSet::default(),
            error: None,
        };
        roots.visit(true, &mut checker);
        loop {
            while let Some(v) = checker.reached.pop() {
                if checker.seen.insert(v.0) {
                    checker
                        .reached
                        .extend(self.pointer_slots(v).iter().filter(|s| s.is_object()));
                }
            }
            if !roots.visit_stacks(&mut checker) {
                break;
            }
        }
        checker.error.map_or(Ok(()), Err)
    }
}
