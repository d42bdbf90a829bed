//! Exchange of identity: become, in both directions or one.
//!
//! Owns the pass that replaces references all over the heap; no object but those concerned moves
//! for it, so that primitives may call it. As in Pharo, the identity hash stays with the references: whoever
//! held an object and asked for its hash gets the same answer after become, so that sets and
//! dictionaries keyed by identity stay in order. Class, format, size, contents and read-only mark
//! go to the other side.
//!
//! After a swap in place nothing refers anywhere else. After the pass the bodies that nobody refers
//! to any more are turned into fillers, so the caller must forget the values it passed in.

use super::allocate::words_of;
use super::collector::{Roots, Visitor};
use super::evacuate::slots_of;
use super::header::{
    self, AGE, FILLER, FORMAT_SHIFT, Format, HASH_MASK, HASH_SHIFT, LARGE_SLOTS, MARK, OLD,
    READ_ONLY, REMEMBERED,
};
use super::heap::Heap;
use super::value::Value;
use super::word_map::{WordMap, WordSet};

/// Header bits that belong to the place or to the references, not to the contents.
const STAYING: u64 = OLD | REMEMBERED | AGE | MARK | HASH_MASK << HASH_SHIFT;

/// What to write instead of which reference.
#[derive(Default)]
struct Substitution {
    map: WordMap<Value, Value>,
    /// Bounds of the keys: most words fall outside, which is quick to see.
    low: u64,
    high: u64,
}

impl Substitution {
    fn insert(&mut self, from: Value, to: Value) {
        if self.map.is_empty() {
            (self.low, self.high) = (from.0, from.0);
        }
        self.low = self.low.min(from.0);
        self.high = self.high.max(from.0);
        self.map.insert(from, to);
    }

    #[inline(always)]
    fn of(&self, v: Value) -> Value {
        if v.0 < self.low || v.0 > self.high {
            return v;
        }
        self.map.get(v).unwrap_or(v)
    }
}

impl Visitor for Substitution {
    fn value(&mut self, v: &mut Value) {
        *v = self.of(*v);
    }
}

impl Heap {
    /// Lets all references to `a` refer to `b` and the other way round. False, and nothing done,
    /// when one of them is immediate.
    pub fn become_swap(&mut self, a: Value, b: Value, roots: &mut dyn Roots) -> bool {
        self.become_swap_all(&[(a, b)], roots)
    }

    /// Likewise for many pairs at once. False, and nothing done, when a value is immediate or
    /// occurs in two pairs.
    pub fn become_swap_all(&mut self, pairs: &[(Value, Value)], roots: &mut dyn Roots) -> bool {
        let mut seen = WordSet::default();
        for &(a, b) in pairs {
            let fresh = seen.add(a.0) && (a == b || seen.add(b.0));
            if !fresh || !a.is_object() || !b.is_object() {
                return false;
            }
        }
        let mut substitution = Substitution::default();
        for &(a, b) in pairs {
            if a == b || self.swap_in_place(a, b) {
                continue;
            }
            let (hash_a, hash_b) = (self.raw_hash(a), self.raw_hash(b));
            for (from, content, hash) in [(a, b, hash_a), (b, a, hash_b)] {
                let copy = self.copy_for_become(content);
                self.set_hash(copy, hash);
                substitution.insert(from, copy);
            }
        }
        self.substitute(substitution, roots);
        true
    }

    /// Lets all references to each `from` refer to its `to`, which may be immediate. With
    /// `copy_hash` the target takes over the identity hash, if one was ever asked for. False, and
    /// nothing done, when a `from` is immediate.
    ///
    /// Some roots may only hold old objects, so a young target is moved to old space on the way.
    pub fn become_forward(
        &mut self,
        pairs: &[(Value, Value)],
        copy_hash: bool,
        roots: &mut dyn Roots,
    ) -> bool {
        if pairs.iter().any(|(from, _)| !from.is_object()) {
            return false;
        }
        let changes = || pairs.iter().filter(|(from, to)| from != to);
        let sources: WordSet<Value> = changes().map(|&(from, _)| from).collect();
        let mut copies: WordMap<Value, Value> = WordMap::default();
        let mut substitution = Substitution::default();
        for &(from, to) in changes() {
            let mut target = to;
            // An object that is replaced itself cannot stand for another: its copy does.
            let replaced = sources.contains(to);
            if replaced || self.is_young(to) {
                let copy = copies.get(to);
                target = copy.unwrap_or_else(|| self.copy_for_become(to));
                copies.insert(to, target);
                if !replaced {
                    substitution.insert(to, target);
                }
            }
            let hash = self.raw_hash(from);
            if copy_hash && hash != 0 && target.is_object() {
                self.set_hash(target, hash);
            }
            substitution.insert(from, target);
        }
        self.substitute(substitution, roots);
        true
    }

    /// Exchanges contents where both objects take the same room; else answers false.
    fn swap_in_place(&mut self, a: Value, b: Value) -> bool {
        let (word_a, word_b) = (self.header(a), self.header(b));
        let (slots_a, slots_b) = (self.slots(a), self.slots(b));
        let sized = |slots: usize| slots >= LARGE_SLOTS as usize;
        if words_of(slots_a) != words_of(slots_b) || sized(slots_a) != sized(slots_b) {
            return false;
        }
        self.set_header(a, word_b & !STAYING | word_a & STAYING);
        self.set_header(b, word_a & !STAYING | word_b & STAYING);
        // SAFETY: two objects of max(slots, 1) body words each, which do not overlap.
        unsafe {
            let (body_a, body_b) = ((a.0 as *mut u64).add(1), (b.0 as *mut u64).add(1));
            std::ptr::swap_nonoverlapping(body_a, body_b, slots_a.max(1));
        }
        // The next scavenge forgets them again if they refer to nothing young.
        self.remember(a);
        self.remember(b);
        true
    }

    /// A copy in old space that keeps hash and read-only mark.
    fn copy_for_become(&mut self, v: Value) -> Value {
        let (hash, read_only) = (self.raw_hash(v), self.is_immutable(v));
        let copy = self.copy_object(v, true);
        self.set_hash(copy, hash);
        self.set_immutable(copy, read_only);
        copy
    }

    /// Replaces references everywhere: in roots, stacks, and slots of all objects. Every new value
    /// differs from every replaced one, so that a root shown twice does no harm, and is old.
    fn substitute(&mut self, mut substitution: Substitution, roots: &mut dyn Roots) {
        if substitution.map.is_empty() {
            return;
        }
        let mut fired = std::mem::take(&mut self.fired);
        substitution.slice(&mut fired);
        self.fired = fired;
        roots.visit(true, &mut substitution);
        let mut touched = Vec::new();
        self.each_header(|p| {
            // SAFETY: `p` is an object's header, and nothing else looks at the heap meanwhile.
            unsafe {
                let word = *p;
                let replaced = substitution.of(Value(p as u64)).0 != p as u64;
                if replaced || !header::is_pointers(word) {
                    return;
                }
                let mut changed = false;
                for i in 0..slots_of(p, word) {
                    let slot = p.add(1 + i) as *mut Value;
                    let new = substitution.of(*slot);
                    changed |= new != *slot;
                    *slot = new;
                }
                if changed {
                    touched.push(Value(p as u64));
                }
            }
        });
        while roots.visit_stacks(&mut substitution) {}
        for v in touched {
            self.remember(v);
        }
        roots.sweep(true, &|v| Some(substitution.of(v)));
        for v in substitution.map.keys() {
            self.make_filler(v);
        }
    }

    /// Turns an object that nothing refers to into words without meaning.
    fn make_filler(&mut self, v: Value) {
        let format = (Format::Words64 as u64) << FORMAT_SHIFT;
        let kept = self.header(v) & (OLD | REMEMBERED | AGE | LARGE_SLOTS << header::SLOTS_SHIFT);
        self.set_header(v, kept & !READ_ONLY | format | FILLER as u64);
    }
}
