//! Tests of the object memory against a make-believe machine.
//!
//! Owns that machine: roots, Process stacks and weakly held values, shown more often than need be.

mod basics;
mod identity;
mod model;
mod random;
mod weak;

use super::collector::{Roots, Visitor};
use super::{Format, Heap, HeapOptions, Value};

/// Classes of the tests.
pub const PLAIN: u32 = 7;
pub const WEAK: u32 = 8;
pub const EPHEMERON: u32 = 9;
pub const PROCESS: u32 = 10;
pub const BYTES: u32 = 11;

/// What a machine holds.
#[derive(Default)]
pub struct Machine {
    pub values: Vec<Value>,
    /// Roots that hold old objects only, and are kept from scavenges.
    pub literals: Vec<Value>,
    /// Stacks of Processes and the Process of each, weakly.
    pub stacks: Vec<Vec<Value>>,
    pub owners: Vec<Option<Value>>,
    /// Stacks that need not be shown to scavenges.
    pub settled: Vec<bool>,
    pub weakly: Vec<Option<Value>>,
    /// Stacks shown since the last visit.
    pub shown: std::collections::BTreeSet<usize>,
}

impl Roots for Machine {
    fn visit(&mut self, full: bool, visitor: &mut dyn Visitor) {
        for v in &mut self.values {
            visitor.value(v);
        }
        visitor.slice(&mut self.values);
        self.shown.clear();
        // A stack in its frames' way: code addresses lie between values.
        let mut frame = [Value(0x7000_0000_1238), Value::NIL, Value(0), Value::int(3)];
        visitor.slice(&mut frame);
        if full {
            visitor.slice(&mut self.literals);
        } else {
            self.settled.resize(self.stacks.len(), false);
            visitor.young_found();
            for (stack, settled) in self.stacks.iter_mut().zip(&mut self.settled) {
                if !*settled {
                    visitor.slice(stack);
                    *settled = !visitor.young_found();
                }
            }
        }
    }

    fn visit_stacks(&mut self, visitor: &mut dyn Visitor) -> bool {
        let mut found = false;
        let shown = &mut self.shown;
        for (slot, (owner, stack)) in self.owners.iter().zip(&mut self.stacks).enumerate() {
            if owner.is_some_and(|v| visitor.reached(v)) && shown.insert(slot) {
                visitor.slice(stack);
                found = true;
            }
        }
        found
    }

    fn sweep(&mut self, _full: bool, alive: &dyn Fn(Value) -> Option<Value>) {
        for (owner, stack) in self.owners.iter_mut().zip(&mut self.stacks) {
            *owner = owner.and_then(alive);
            if owner.is_none() {
                stack.clear();
            }
        }
        for v in &mut self.weakly {
            *v = v.and_then(alive);
        }
        for v in &self.values {
            assert_eq!(alive(*v), Some(*v), "a root is alive, and where it is now");
        }
    }
}

/// A heap with its machine.
pub struct World {
    pub heap: Heap,
    pub machine: Machine,
}

impl World {
    pub fn new(eden: usize, survivor: usize) -> World {
        let options = HeapOptions {
            eden,
            survivor,
            ..HeapOptions::default()
        };
        let mut heap = Heap::new(options);
        heap.weak_fixed.insert(WEAK, 1);
        World {
            heap,
            machine: Machine::default(),
        }
    }

    /// A world that is small enough for every kind of overflow.
    pub fn tiny() -> World {
        World::new(16 << 10, 4 << 10)
    }

    pub fn scavenge(&mut self) {
        self.heap.scavenge(&mut self.machine);
        self.check();
    }

    pub fn full(&mut self) {
        self.heap.full_collect(&mut self.machine);
        self.check();
    }

    pub fn check(&mut self) {
        if let Err(problem) = self.heap.check(&mut self.machine) {
            panic!("{problem}");
        }
    }

    /// A plain object with these slots.
    pub fn object(&mut self, slots: &[Value]) -> Value {
        self.make(PLAIN, Format::Fixed, slots)
    }

    pub fn make(&mut self, class: u32, format: Format, slots: &[Value]) -> Value {
        let v = self.heap.new_pointers(class, format, slots.len());
        for (i, slot) in slots.iter().enumerate() {
            self.heap.set_slot(v, i, *slot);
        }
        v
    }

    /// Keeps a value alive; answers its place among the roots.
    pub fn root(&mut self, v: Value) -> usize {
        self.machine.values.push(v);
        self.machine.values.len() - 1
    }

    pub fn slot_of_root(&self, root: usize, slot: usize) -> Value {
        self.heap.slot(self.machine.values[root], slot)
    }
}
