//! A model of the heap in plain Rust, which tells what a collection may and must do.
//!
//! Objects have numbers, which the tests give them as identity hashes.

use std::collections::{BTreeMap, BTreeSet};

/// A value in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    Immediate(u64),
    Object(u32),
}

/// What an object is and holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Strong(Vec<Item>),
    /// The first slot is strong.
    Weak(Vec<Item>),
    Ephemeron(Vec<Item>),
    /// The number of the stack, and slots.
    Process(usize, Vec<Item>),
    Bytes(Vec<u8>),
}

/// An object.
#[derive(Clone, Debug)]
pub struct Thing {
    pub body: Body,
    pub read_only: bool,
}

/// All objects, and what the machine holds.
#[derive(Default)]
pub struct Model {
    pub things: BTreeMap<u32, Thing>,
    pub roots: Vec<Item>,
    pub stacks: Vec<Vec<Item>>,
}

/// What is alive, and what fires.
pub struct Reached {
    pub alive: BTreeSet<u32>,
    pub fired: BTreeSet<u32>,
}

impl Thing {
    /// The slots of an object of references.
    pub fn slots(&self) -> &[Item] {
        match &self.body {
            Body::Strong(slots) | Body::Weak(slots) => slots,
            Body::Ephemeron(slots) | Body::Process(_, slots) => slots,
            Body::Bytes(_) => &[],
        }
    }

    pub fn slots_mut(&mut self) -> &mut [Item] {
        match &mut self.body {
            Body::Strong(slots) | Body::Weak(slots) => slots,
            Body::Ephemeron(slots) | Body::Process(_, slots) => slots,
            Body::Bytes(_) => &mut [],
        }
    }
}

impl Model {
    /// What is reached from the roots. With `fire`, as a full collection sees it: ephemerons left
    /// over fire and keep their key; else they are merely not alive through their keys.
    pub fn reach(&self, fire: bool) -> Reached {
        let mut reached = Reached {
            alive: BTreeSet::new(),
            fired: BTreeSet::new(),
        };
        let mut work: Vec<Item> = self.roots.clone();
        let mut waiting = Vec::new();
        loop {
            while let Some(item) = work.pop() {
                let Item::Object(id) = item else { continue };
                if !reached.alive.insert(id) {
                    continue;
                }
                match &self.things[&id].body {
                    Body::Strong(slots) => work.extend(slots),
                    Body::Weak(slots) => work.push(slots[0]),
                    Body::Ephemeron(_) => waiting.push(id),
                    Body::Process(stack, slots) => {
                        work.extend(slots);
                        work.extend(&self.stacks[*stack]);
                    }
                    Body::Bytes(_) => (),
                }
            }
            let keyed = |id: &u32| match self.things[id].slots()[0] {
                Item::Object(key) => reached.alive.contains(&key),
                Item::Immediate(_) => true,
            };
            let (settled, left): (Vec<u32>, Vec<u32>) = waiting.iter().partition(|id| keyed(id));
            waiting = left;
            if settled.is_empty() && fire {
                reached.fired.extend(&waiting);
                work.extend(waiting.drain(..).flat_map(|id| self.things[&id].slots()));
            }
            work.extend(settled.iter().flat_map(|id| self.things[id].slots()));
            if work.is_empty() {
                return reached;
            }
        }
    }

    /// Replaces every reference.
    pub fn forward(&mut self, from: u32, to: Item) {
        let things = self.things.values_mut().flat_map(|thing| thing.slots_mut());
        let stacks = self.stacks.iter_mut().flatten();
        for item in things.chain(stacks).chain(&mut self.roots) {
            if *item == Item::Object(from) {
                *item = to;
            }
        }
    }
}
