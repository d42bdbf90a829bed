//! Rust values that belong to objects: closures, errors, and instances of the embedder's types.
//!
//! Owns the table from objects to their values and when a value is dropped. An object does not hold its value: the
//! table names the object, weakly, and is found through its identity hash. So nothing that Smalltalk can write leads
//! to a value; a copy has none, and a value goes where become takes the contents. Never knows a value's type.

use super::host_methods::SharedFn;
use super::{HostFn, Vm};
use crate::memory::{Value, WordMap};
use crate::vm::host_methods::BoxError;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// Bytes of Rust values that may come into being before the next collection is asked for.
const SLACK: usize = 8 << 20;

/// A Rust value that belongs to an object.
pub(super) enum Thing {
    Function(HostFn),
    Error(BoxError),
    /// An instance of the embedder's type, and the bytes that it counts for.
    Instance(Rc<dyn Any>, usize),
}

struct Held {
    object: Value,
    /// The object's identity hash.
    hash: u32,
    /// The next one whose object has the same hash.
    next: Option<u32>,
    thing: Thing,
}

/// Rust values by the objects they belong to. The objects are held weakly.
#[derive(Default)]
pub(crate) struct HostThings {
    held: Vec<Option<Held>>,
    free: Vec<u32>,
    /// The first one of each hash.
    by_hash: WordMap<u32, u32>,
    /// Those whose objects may be young: a scavenge kills no others.
    young: Vec<u32>,
    /// Their objects died; dropped where Rust code of the embedder may run.
    dead: Vec<Thing>,
    /// Bytes since the last collection.
    fresh_bytes: usize,
}

impl HostThings {
    /// After a collection: forgets what belonged to dead objects; answers how many bytes that gives back.
    pub fn sweep(
        &mut self,
        full: bool,
        young: impl Fn(Value) -> bool,
        alive: &dyn Fn(Value) -> Option<Value>,
    ) -> usize {
        self.fresh_bytes = 0;
        let mut freed = 0;
        let mut still = Vec::new();
        let candidates = match full {
            true => (0..self.held.len() as u32).collect(),
            false => std::mem::take(&mut self.young),
        };
        for number in candidates {
            let Some(held) = &mut self.held[number as usize] else {
                continue;
            };
            match alive(held.object) {
                Some(v) => {
                    held.object = v;
                    if young(v) {
                        still.push(number);
                    }
                }
                None => freed += self.bury(number),
            }
        }
        self.young = still;
        freed
    }

    /// Lets go of a value whose object is gone; answers the bytes that it counted for.
    fn bury(&mut self, number: u32) -> usize {
        let Some(thing) = self.take(number) else {
            return 0;
        };
        let bytes = thing.bytes();
        self.dead.push(thing);
        bytes
    }

    fn hold(&mut self, object: Value, hash: u32, thing: Thing) {
        let number = self.free.pop().unwrap_or(self.held.len() as u32);
        let next = self.by_hash.insert(hash, number);
        let held = Some(Held {
            object,
            hash,
            next,
            thing,
        });
        match self.held.get_mut(number as usize) {
            Some(place) => *place = held,
            None => self.held.push(held),
        }
        self.young.push(number);
    }

    /// The number of what `wanted` picks among the values of an object.
    fn find(&self, object: Value, hash: u32, wanted: impl Fn(&Thing) -> bool) -> Option<u32> {
        let mut at = self.by_hash.get(hash);
        while let Some(number) = at {
            let held = self.held[number as usize].as_ref()?;
            if held.object == object && wanted(&held.thing) {
                return Some(number);
            }
            at = held.next;
        }
        None
    }

    fn get_mut(&mut self, number: u32) -> Option<&mut Thing> {
        Some(&mut self.held[number as usize].as_mut()?.thing)
    }

    fn take(&mut self, number: u32) -> Option<Thing> {
        let held = self.held[number as usize].take()?;
        self.free.push(number);
        let first = self.by_hash.get(held.hash);
        if first == Some(number) {
            match held.next {
                Some(next) => self.by_hash.insert(held.hash, next),
                None => self.by_hash.remove(held.hash),
            };
        } else {
            let mut at = first;
            while let Some(before) = at.and_then(|n| self.held[n as usize].as_mut()) {
                if before.next == Some(number) {
                    before.next = held.next;
                    break;
                }
                at = before.next;
            }
        }
        Some(held.thing)
    }
}

impl Thing {
    fn bytes(&self) -> usize {
        match self {
            Thing::Instance(_, bytes) => *bytes,
            Thing::Function(_) | Thing::Error(_) => 0,
        }
    }

    fn is_error(&self) -> bool {
        matches!(self, Thing::Error(_))
    }
}

impl Vm {
    /// Makes a value belong to an object.
    pub(super) fn hold_thing(&mut self, object: Value, thing: Thing) {
        let hash = self.heap.identity_hash(object);
        self.host_things.hold(object, hash, thing);
    }

    fn find_thing(&self, object: Value, wanted: impl Fn(&Thing) -> bool) -> Option<u32> {
        if !object.is_object() {
            return None;
        }
        let hash = self.heap.raw_hash(object);
        self.host_things.find(object, hash, wanted)
    }

    /// What belongs to an object: a closure that other machines may have, or why they cannot have it.
    pub(super) fn things_of(&self, object: Value) -> Vec<Result<SharedFn, &'static str>> {
        let things = &self.host_things;
        let mut at = things.by_hash.get(self.heap.raw_hash(object));
        let mut found = Vec::new();
        while let Some(held) = at.and_then(|n| things.held[n as usize].as_ref()) {
            at = held.next;
            if held.object == object {
                found.push(match &held.thing {
                    Thing::Function(HostFn::Shared(f)) => Ok(f.clone()),
                    Thing::Function(HostFn::Own(_)) => {
                        Err("which is a closure of this machine only: wrap it in `Shared`")
                    }
                    Thing::Error(_) => Err("to which a Rust error belongs"),
                    Thing::Instance(..) => Err("which holds a Rust value"),
                });
            }
        }
        found
    }

    /// Makes a closure belong to a HostFunction.
    pub(super) fn hold_function(&mut self, object: Value, function: HostFn) {
        self.hold_thing(object, Thing::Function(function));
    }

    /// The closure of a HostFunction.
    pub(super) fn host_function(&self, object: Value) -> Option<HostFn> {
        let number = self.find_thing(object, |t| matches!(t, Thing::Function(_)))?;
        match &self.host_things.held[number as usize].as_ref()?.thing {
            Thing::Function(f) => Some(f.clone()),
            _ => None,
        }
    }

    /// Makes a Rust error belong to an exception, in place of an earlier one.
    pub fn hold_host_error(&mut self, exception: Value, error: BoxError) {
        let _replaced = self.take_host_error(exception);
        self.hold_thing(exception, Thing::Error(error));
    }

    /// Takes the Rust error that belongs to an exception.
    pub fn take_host_error(&mut self, exception: Value) -> Option<BoxError> {
        let number = self.find_thing(exception, Thing::is_error)?;
        match self.host_things.take(number)? {
            Thing::Error(error) => Some(error),
            _ => None,
        }
    }

    /// Makes a Rust value, which takes so many bytes, belong to a new object. Whether there is room for it is for
    /// the caller to ask.
    pub fn hold_instance(&mut self, object: Value, value: Rc<dyn Any>, bytes: usize) {
        self.hold_thing(object, Thing::Instance(value, bytes));
        self.count_host_bytes(0, bytes);
    }

    /// The Rust value that belongs to an object.
    pub fn host_instance(&self, object: Value) -> Option<&Rc<dyn Any>> {
        let number = self.find_thing(object, |t| matches!(t, Thing::Instance(..)))?;
        match &self.host_things.held[number as usize].as_ref()?.thing {
            Thing::Instance(value, _) => Some(value),
            _ => None,
        }
    }

    /// The Rust value of an object counts for so many bytes from now on.
    pub fn set_host_bytes(&mut self, object: Value, now: usize) {
        let number = self.find_thing(object, |t| matches!(t, Thing::Instance(..)));
        if let Some(Thing::Instance(_, bytes)) = number.and_then(|n| self.host_things.get_mut(n)) {
            let before = std::mem::replace(bytes, now);
            self.count_host_bytes(before, now);
        }
    }

    fn count_host_bytes(&mut self, before: usize, now: usize) {
        if before == now {
            return;
        }
        let external = &mut self.heap.external_bytes;
        *external = external.saturating_sub(before).saturating_add(now);
        let fresh = &mut self.host_things.fresh_bytes;
        *fresh = fresh.saturating_add(now.saturating_sub(before));
        if *fresh > SLACK || self.memory_used() > self.memory_limit() {
            self.heap.collection_wanted = true;
        }
    }

    /// Makes room for so many bytes of Rust values, by a full collection if need be. Only where no object is in
    /// a variable of Rust's.
    pub fn has_room_for_host(&mut self, bytes: usize) -> bool {
        if self.levels.is_empty() {
            self.ensure_root_process();
            self.live = 0;
        }
        self.heap.options.limit = self.memory_limit();
        if self.heap.can_allocate(bytes) {
            return true;
        }
        self.with_roots_in_primitive(|heap, roots| heap.full_collect(roots));
        self.heap.can_allocate(bytes)
    }

    /// Before become: references to each first object of a pair will have the contents of the second one, and the
    /// Rust values go with the contents. What is replaced and replaces nothing loses its value.
    pub fn move_host_things(&mut self, pairs: &[(Value, Value)]) {
        if self.host_things.held.is_empty() {
            return;
        }
        let to: WordMap<Value, Value> = pairs.iter().map(|&(from, to)| (to, from)).collect();
        let mut moved = Vec::new();
        for &(from, _) in pairs.iter().filter(|(a, b)| a != b) {
            while let Some(number) = self.find_thing(from, |_| true) {
                let Some(thing) = self.host_things.take(number) else {
                    break;
                };
                moved.push((to.get(from), thing));
            }
        }
        for (owner, thing) in moved {
            match owner {
                Some(owner) => self.hold_thing(owner, thing),
                None => {
                    self.heap.external_bytes =
                        self.heap.external_bytes.saturating_sub(thing.bytes());
                    self.host_things.dead.push(thing);
                }
            }
        }
    }

    /// After `become`, which may have given objects the hash of others.
    pub fn host_things_moved(&mut self) {
        let HostThings { held, by_hash, .. } = &mut self.host_things;
        by_hash.clear();
        for (number, place) in held.iter_mut().enumerate() {
            if let Some(held) = place {
                held.hash = self.heap.identity_hash(held.object);
                held.next = by_hash.insert(held.hash, number as u32);
            }
        }
    }

    /// Drops the Rust values whose objects have died.
    pub fn drop_dead_host_things(&mut self) {
        drop_each(std::mem::take(&mut self.host_things.dead));
    }

    /// The machine is about to go: drops all that it has of the host program's.
    pub fn drop_host_things(&mut self) {
        self.drop_dead_host_things();
        drop_each(std::mem::take(&mut self.host_things).held);
        drop_each(std::mem::take(&mut self.host_functions));
        drop_each(std::mem::take(&mut self.host_data));
    }
}

/// A panic while a value is dropped is nobody's error in Smalltalk, and keeps no other from being dropped: the panic
/// hook has told of it.
fn drop_each(things: impl IntoIterator) {
    for thing in things {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(thing)));
    }
}
