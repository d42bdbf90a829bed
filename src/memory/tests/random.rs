//! Random programs against the model: allocation, stores, collections and become in any order.

use super::model::{Body, Item, Model, Thing};
use super::{BYTES, EPHEMERON, Format, PLAIN, PROCESS, Value, WEAK, World};
use crate::memory::heap::LARGE_WORDS;
use std::collections::{BTreeMap, BTreeSet};

const ROOTS: usize = 24;
/// The last of them are shown to full collections only, and hold old objects.
const LITERALS: usize = 4;

/// Numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }
}

struct Run {
    w: World,
    model: Model,
    dice: Dice,
    next: u32,
}

impl Run {
    fn new(seed: u64) -> Run {
        let mut w = World::tiny();
        w.machine.values = vec![Value::NIL; ROOTS - LITERALS];
        w.machine.literals = vec![Value::NIL; LITERALS];
        let roots = vec![Item::Immediate(Value::NIL.0); ROOTS];
        let model = Model {
            roots,
            ..Model::default()
        };
        Run {
            w,
            model,
            dice: Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            next: 1,
        }
    }

    fn root(&mut self, i: usize) -> &mut Value {
        let machine = &mut self.w.machine;
        machine
            .values
            .iter_mut()
            .chain(&mut machine.literals)
            .nth(i)
            .unwrap()
    }

    fn id(&self, v: Value) -> u32 {
        self.w.heap.raw_hash(v)
    }

    fn item(&self, v: Value) -> Item {
        if v.is_object() {
            Item::Object(self.id(v))
        } else {
            Item::Immediate(v.0)
        }
    }

    /// Some value that a program could get at.
    fn sample(&mut self) -> Value {
        if self.dice.roll(6) == 0 {
            return Value::int(self.dice.roll(1000) as i64);
        }
        let root = self.dice.roll(ROOTS);
        let mut v = *self.root(root);
        for _ in 0..self.dice.roll(5) {
            let slots = self.w.heap.pointer_slots(v);
            if slots.is_empty() {
                break;
            }
            let next = slots[self.dice.roll(slots.len())];
            if next.is_object() {
                v = next;
            }
        }
        v
    }

    /// Some object, or none after a few tries.
    fn sample_object(&mut self) -> Option<Value> {
        (0..5).map(|_| self.sample()).find(|v| v.is_object())
    }

    fn sample_many(&mut self, count: usize) -> Vec<Value> {
        (0..count).map(|_| self.sample()).collect()
    }

    fn allocate(&mut self) {
        let size = match self.dice.roll(if cfg!(miri) { 198 } else { 200 }) {
            0..160 => self.dice.roll(6),
            160..190 => self.dice.roll(30),
            190..198 => 240 + self.dice.roll(30),
            _ => LARGE_WORDS + self.dice.roll(10),
        };
        let (v, body) = match self.dice.roll(12) {
            0 => {
                let bytes: Vec<u8> = (0..size).map(|_| self.dice.roll(256) as u8).collect();
                (self.w.heap.new_bytes(BYTES, &bytes), Body::Bytes(bytes))
            }
            1 => self.pointers(WEAK, Format::Weak, size.max(1), Body::Weak),
            2 => self.pointers(EPHEMERON, Format::Ephemeron, 2, Body::Ephemeron),
            3 if self.dice.roll(4) == 0 => self.process(),
            4 => {
                let slots = self.sample_many(size);
                let items = slots.iter().map(|v| self.item(*v)).collect();
                let v = self.w.heap.new_pointers_old(PLAIN, Format::Indexable, size);
                for (i, slot) in slots.iter().enumerate() {
                    self.w.heap.set_slot(v, i, *slot);
                }
                (v, Body::Strong(items))
            }
            _ => self.pointers(PLAIN, Format::Indexable, size, Body::Strong),
        };
        self.w.heap.set_hash(v, self.next);
        self.model.things.insert(
            self.next,
            Thing {
                body,
                read_only: false,
            },
        );
        self.next += 1;
        self.store(v);
    }

    fn pointers(
        &mut self,
        class: u32,
        format: Format,
        size: usize,
        body: fn(Vec<Item>) -> Body,
    ) -> (Value, Body) {
        let slots = self.sample_many(size);
        let items = slots.iter().map(|v| self.item(*v)).collect();
        (self.w.make(class, format, &slots), body(items))
    }

    fn process(&mut self) -> (Value, Body) {
        let number = self.w.machine.stacks.len();
        let held = self.sample();
        let size = self.dice.roll(8);
        let stack = self.sample_many(size);
        self.model
            .stacks
            .push(stack.iter().map(|v| self.item(*v)).collect());
        self.w.machine.stacks.push(stack);
        let slots = [Value::int(number as i64), held];
        let items = slots.iter().map(|v| self.item(*v)).collect();
        let v = self.w.make(PROCESS, Format::Fixed, &slots);
        self.w.machine.owners.push(Some(v));
        (v, Body::Process(number, items))
    }

    /// Puts a value into some root or slot.
    fn store(&mut self, v: Value) {
        let item = self.item(v);
        if self.dice.roll(3) > 0
            && let Some(holder) = self.sample_object()
        {
            let size = self.w.heap.pointer_slots(holder).len();
            let keep = (self.w.heap.class_of(holder) == PROCESS) as usize;
            if size > keep {
                let i = keep + self.dice.roll(size - keep);
                self.w.heap.set_slot(holder, i, v);
                let id = self.id(holder);
                self.model.things.get_mut(&id).unwrap().slots_mut()[i] = item;
                return;
            }
        }
        let i = self.dice.roll(ROOTS);
        if i < ROOTS - LITERALS || !self.w.heap.is_young(v) {
            *self.root(i) = v;
            self.model.roots[i] = item;
        }
    }

    fn step(&mut self) {
        match self.dice.roll(1000) {
            0..550 => self.allocate(),
            550..800 => {
                let v = self.sample();
                self.store(v);
            }
            800..900 => {
                let i = self.dice.roll(ROOTS);
                *self.root(i) = Value::NIL;
                self.model.roots[i] = Item::Immediate(Value::NIL.0);
            }
            900..920 => self.toggle_read_only(),
            920..940 => self.swap(),
            940..960 => self.forward(),
            960..990 => self.collect(false),
            _ => self.collect(true),
        }
        if self.w.heap.options.stress && self.w.heap.collection_wanted {
            self.collect(false);
        }
    }

    fn toggle_read_only(&mut self) {
        if let Some(v) = self.sample_object() {
            let on = !self.w.heap.is_immutable(v);
            self.w.heap.set_immutable(v, on);
            let id = self.id(v);
            self.model.things.get_mut(&id).unwrap().read_only = on;
        }
    }

    fn swap(&mut self) {
        let (Some(a), Some(b)) = (self.sample_object(), self.sample_object()) else {
            return;
        };
        let process = |v| self.w.heap.class_of(v) == PROCESS;
        if process(a) || process(b) {
            return;
        }
        let (x, y) = (self.id(a), self.id(b));
        assert!(self.w.heap.become_swap(a, b, &mut self.w.machine));
        if x != y {
            let (left, right) = (self.model.things[&x].clone(), self.model.things[&y].clone());
            self.model.things.insert(x, right);
            self.model.things.insert(y, left);
        }
        self.verify(None);
    }

    fn forward(&mut self) {
        let Some(a) = self.sample_object() else {
            return;
        };
        if self.w.heap.class_of(a) == PROCESS {
            return;
        }
        let b = self.sample();
        let (from, to) = (self.id(a), self.item(b));
        assert!(
            self.w
                .heap
                .become_forward(&[(a, b)], false, &mut self.w.machine)
        );
        self.model.forward(from, to);
        self.verify(None);
    }

    fn collect(&mut self, full: bool) {
        let reached = self.model.reach(full);
        if full {
            self.w.heap.full_collect(&mut self.w.machine);
            self.model.things.retain(|id, _| reached.alive.contains(id));
            assert!(self.w.heap.remembered.is_empty());
        } else {
            self.w.heap.scavenge(&mut self.w.machine);
        }
        let fired: BTreeSet<u32> = self.w.heap.fired.iter().map(|v| self.id(*v)).collect();
        assert_eq!(fired.len(), self.w.heap.fired.len(), "each fires once");
        self.w.heap.fired.clear();
        if full {
            assert_eq!(fired, reached.fired);
            self.check_processes();
        }
        for id in fired {
            let thing = self.model.things.get_mut(&id).unwrap();
            let Body::Ephemeron(slots) = &thing.body else {
                panic!("{id} cannot fire")
            };
            let key = slots[0];
            assert!(full || !matches!(key, Item::Object(key) if reached.alive.contains(&key)));
            thing.body = Body::Strong(slots.clone());
        }
        self.verify(Some((full, &reached.alive)));
    }

    /// After a full collection a stack is owned if its Process is alive.
    fn check_processes(&self) {
        let mut alive = vec![false; self.model.stacks.len()];
        for thing in self.model.things.values() {
            if let Body::Process(stack, _) = thing.body {
                alive[stack] = true;
            }
        }
        let owned: Vec<_> = self.w.machine.owners.iter().map(|v| v.is_some()).collect();
        assert_eq!(alive, owned);
    }

    /// Compares everything that a program can get at with the model. After a collection, which left
    /// these alive (a full one exactly these), weak slots may have become nil.
    fn verify(&mut self, collected: Option<(bool, &BTreeSet<u32>)>) {
        self.w.check();
        let mut places: BTreeMap<u32, Value> = BTreeMap::new();
        let mut work: Vec<(Value, Item)> = Vec::new();
        let values = self.w.machine.values.iter().chain(&self.w.machine.literals);
        work.extend(values.copied().zip(self.model.roots.iter().copied()));
        let mut gone = Vec::new();
        while let Some((v, item)) = work.pop() {
            let Item::Object(id) = item else {
                assert_eq!(Item::Immediate(v.0), item);
                continue;
            };
            assert!(v.is_object(), "{id} has become {v:?}");
            if let Some(place) = places.insert(id, v) {
                assert_eq!(place, v, "{id} is in two places");
                continue;
            }
            assert_eq!(self.id(v), id);
            let thing = &self.model.things[&id];
            assert_eq!(self.w.heap.is_immutable(v), thing.read_only);
            let slots = self.w.heap.pointer_slots(v);
            assert_eq!(slots.len(), thing.slots().len());
            let weak = matches!(thing.body, Body::Weak(_));
            for (i, (slot, item)) in slots.iter().zip(thing.slots()).enumerate() {
                if let (true, Some((full, alive)), Item::Object(target)) = (weak, collected, item)
                    && i > 0
                {
                    let lives = alive.contains(target);
                    assert!(!slot.is_nil() || !lives, "{target} is alive");
                    assert!(slot.is_nil() || !full || lives, "{target} is dead");
                    if slot.is_nil() {
                        gone.push((id, i));
                        continue;
                    }
                }
                work.push((*slot, *item));
            }
            let (class, format) = match &thing.body {
                Body::Strong(_) => (None, None),
                Body::Weak(_) => (Some(WEAK), Some(Format::Weak)),
                Body::Ephemeron(_) => (Some(EPHEMERON), Some(Format::Ephemeron)),
                Body::Process(n, _) => {
                    let stack = &self.w.machine.stacks[*n];
                    assert_eq!(stack.len(), self.model.stacks[*n].len());
                    work.extend(
                        stack
                            .iter()
                            .copied()
                            .zip(self.model.stacks[*n].iter().copied()),
                    );
                    (Some(PROCESS), Some(Format::Fixed))
                }
                Body::Bytes(bytes) => {
                    assert_eq!(self.w.heap.bytes(v), bytes);
                    (Some(BYTES), Some(Format::Bytes))
                }
            };
            assert!(class.is_none_or(|class| class == self.w.heap.class_of(v)));
            assert!(format.is_none_or(|format| Some(format) == self.w.heap.format(v)));
        }
        for (id, i) in gone {
            let thing = self.model.things.get_mut(&id).unwrap();
            thing.slots_mut()[i] = Item::Immediate(Value::NIL.0);
        }
    }
}

fn run(seeds: std::ops::Range<u64>, steps: usize, stress: bool) {
    for seed in seeds {
        let mut run = Run::new(seed);
        run.w.heap.set_stress(stress);
        for _ in 0..steps {
            run.step();
        }
        run.collect(true);
        run.collect(true);
    }
}

#[test]
fn random_programs_agree_with_the_model() {
    if cfg!(miri) {
        run(1..3, 400, false)
    } else {
        run(1..11, 4000, false)
    }
}

#[test]
fn so_they_do_when_each_allocation_collects() {
    if cfg!(miri) {
        run(101..103, 150, true)
    } else {
        run(101..106, 1000, true)
    }
}
