//! What is left of a machine in which a mistake of its own has panicked.
//!
//! Owns the decision whether it can be used again, and how: objects are in order unless a collection was under way,
//! but the registers of what ran are not known. So whatever ran is dropped as it stands: no clean-up block runs, and
//! its stack is never walked again.

use super::Vm;
use super::process::State;
use crate::memory::Value;

impl Vm {
    /// Drops all that ran when a panic went through the machine. False if nothing may run any more.
    pub fn recover(&mut self) -> bool {
        if self.collecting {
            return false;
        }
        let mut given_up: Vec<usize> = self.levels.iter().map(|l| l.process).collect();
        given_up.push(self.processes.active_slot);
        let running = |(slot, p): (usize, &Option<Box<super::process::Proc>>)| {
            let runs = p
                .as_ref()
                .is_some_and(|p| p.state == State::Running || p.main);
            runs.then_some(slot)
        };
        given_up.extend(self.processes.slots.iter().enumerate().filter_map(running));
        for slot in given_up {
            self.abandon(slot);
        }
        self.levels.clear();
        self.handles.pinned.clear();
        (self.handles.failing, self.handles.failed) = (Value::NIL, Value::NIL);
        self.unhandled = None;
        self.failed_primitive = None;
        self.slice_end = None;
        self.pause = None;
        self.watches_for_deadlock = false;
        self.cleaning = false;
        if let Some(limits) = self.reserve.take().and_then(|r| r.limits) {
            self.limits = limits;
        }
        self.forget_stop();
        self.scheduler.forget_step();
        self.processes.active_slot = usize::MAX;
        self.ensure_root_process();
        true
    }

    /// A Process ends and nothing of its stack is looked at.
    fn abandon(&mut self, slot: usize) {
        let Some(object) = self.processes.get(slot).map(|p| p.object) else {
            return;
        };
        self.take_out(object, slot);
        self.heap
            .set_slot(object, super::process::field::SLOT, Value::NIL);
        self.processes.free(slot);
    }
}
