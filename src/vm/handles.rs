//! Values that Rust code holds on to while the machine runs and collects.
//!
//! Owns the root slots behind embedders' handles and a stack of values pinned for a short time.
//! A handle names its machine; one of another machine never reaches a slot here.

use super::Vm;
use crate::memory::{Value, Visitor};
use std::sync::{Arc, Mutex, PoisonError};

/// Slots of handles that were dropped, on whatever thread; also the identity of their machine.
#[derive(Debug, Default)]
struct Dropped(Mutex<Vec<u32>>);

impl Dropped {
    fn with<T>(&self, work: impl FnOnce(&mut Vec<u32>) -> T) -> T {
        // A thread that panicked while it pushed a number leaves a good list.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Keeps one object of one machine alive. May be moved to other threads and outlive the machine.
#[derive(Debug)]
pub struct Root {
    slot: u32,
    home: Arc<Dropped>,
}

impl Drop for Root {
    fn drop(&mut self) {
        self.home.with(|slots| slots.push(self.slot));
    }
}

/// All values that Rust code holds in one machine.
pub struct Handles {
    slots: Vec<Value>,
    free: Vec<u32>,
    dropped: Arc<Dropped>,
    /// Values in use by Rust code further up the native stack; each user cuts it back to where it was.
    pub(crate) pinned: Vec<Value>,
    /// The unhandled exception for which clean-up blocks run just now.
    pub(crate) failing: Value,
    /// The exception that ended the last call from Rust, or nil.
    pub(crate) failed: Value,
}

impl Default for Handles {
    fn default() -> Handles {
        let (slots, free, pinned) = Default::default();
        Handles {
            slots,
            free,
            dropped: Arc::default(),
            pinned,
            failing: Value::NIL,
            failed: Value::NIL,
        }
    }
}

impl Handles {
    pub(crate) fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.slice(&mut self.slots);
        visitor.slice(&mut self.pinned);
        visitor.value(&mut self.failing);
        visitor.value(&mut self.failed);
    }
}

impl Vm {
    /// Keeps an object alive until the answer is dropped.
    pub fn root(&mut self, v: Value) -> Root {
        self.reclaim_roots();
        let handles = &mut self.handles;
        let slot = match handles.free.pop() {
            Some(slot) => slot,
            None => {
                handles.slots.push(Value::NIL);
                handles.slots.len() as u32 - 1
            }
        };
        handles.slots[slot as usize] = v;
        Root {
            slot,
            home: handles.dropped.clone(),
        }
    }

    /// The object behind a root; none when it belongs to another machine.
    pub fn rooted(&self, root: &Root) -> Option<Value> {
        let own = Arc::ptr_eq(&root.home, &self.handles.dropped);
        own.then(|| self.handles.slots.get(root.slot as usize).copied())
            .flatten()
    }

    /// How many objects are rooted now.
    pub fn root_count(&mut self) -> usize {
        self.reclaim_roots();
        self.handles.slots.len() - self.handles.free.len()
    }

    /// The exception that ended the last call from Rust, once.
    pub fn take_failed_exception(&mut self) -> Option<Value> {
        Some(std::mem::replace(&mut self.handles.failed, Value::NIL)).filter(|v| !v.is_nil())
    }

    /// What was denied, and the option that permits it, if an exception says that.
    pub fn denied_by(&self, exception: Value) -> Option<(String, String)> {
        let class = self.heap.class_of(exception);
        let own = self.classes.index_of(self.global("PermissionDenied")?)?;
        if !self.classes.inherits(class, own) {
            return None;
        }
        let names = self.classes.all_inst_vars(own);
        let text = |name: &str| {
            let slot = names.iter().position(|each| each == name)?;
            self.string_value(self.heap.slot(exception, slot))
        };
        Some((text("what")?, text("option")?))
    }

    /// Frees the slots of dropped roots.
    pub(crate) fn reclaim_roots(&mut self) {
        let Handles {
            slots,
            free,
            dropped,
            ..
        } = &mut self.handles;
        dropped.with(|list| {
            for slot in list.drain(..) {
                slots[slot as usize] = Value::NIL;
                free.push(slot);
            }
        });
    }
}
