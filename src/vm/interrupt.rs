//! What reaches a Process from outside while it does not run: a block of another Process, Ctrl-C, deadlock.
//!
//! Owns how a Process is taken out of what it waits for, and what it must know to wait for it again.

use super::code::{Code, value_code};
use super::known::Known;
use super::process::{State, field};
use super::scheduler::semaphore;
use super::{Stop, Vm};
use crate::memory::Value;

impl Vm {
    /// Puts a frame for `code` on top of a Process that does not run; the answer of a wait with a time
    /// limit becomes that frame's answer, any other answer is dropped. The Process is suspended then, and
    /// its object tells what it was waiting for, and until when.
    pub(crate) fn interrupt(&mut self, slot: usize, code: *const Code, receiver: Value) {
        let Some(proc) = self.processes.get(slot) else {
            return;
        };
        let (process, state) = (proc.object, proc.state);
        let due = match state {
            State::Waiting if proc.timed => Value::int(proc.due as i64),
            State::Sleeping => Value::int(proc.due as i64),
            _ => Value::NIL,
        };
        let window = (state == State::Waiting && proc.timed).then(|| proc.answer - proc.fp);
        // SAFETY: the top frame's code is live.
        let begun = proc.pc != unsafe { (*value_code(proc.stack[proc.fp - 2])).entry };
        let list = self.heap.slot(process, field::LIST);
        self.take_out(process, slot);
        // An interrupt that has not begun still has to see to what the one before it knew.
        if begun || matches!(state, State::Waiting | State::Sleeping) {
            let waiting = list.is_object() && self.heap.slots(list) > semaphore::EXCESS;
            let abandoned = if waiting { list } else { Value::NIL };
            self.heap.set_slot(process, field::ABANDONED, abandoned);
            self.heap.set_slot(process, field::DUE, due);
        }
        self.push_frame(slot, code, receiver, window);
    }

    /// Ctrl-C while everything waits.
    pub(crate) fn interrupt_waiting(&mut self) -> bool {
        let waits = self.levels.last().is_some_and(|l| l.waits_for_answer());
        if !waits || !self.signal_in_waiting(Known::UserInterrupt) {
            self.stop = Some(Stop::Interrupt);
            return false;
        }
        true
    }

    /// Nothing will ever happen: an exception where the call from Rust waits, so that the place is told
    /// and clean-up blocks run. Whoever only wants to know when it is so gets a stop.
    pub(crate) fn deadlock(&mut self) -> bool {
        let watched = self.watches_for_deadlock && self.levels.len() == 1;
        if watched || !self.signal_in_waiting(Known::Deadlock) {
            self.stop = Some(Stop::Deadlock);
            return false;
        }
        true
    }

    /// Sends `interruptedBy:` with a class of exceptions to the Process that Rust waits for, on its stack.
    fn signal_in_waiting(&mut self, class: Known) -> bool {
        let Some(slot) = self.levels.last().map(|l| l.process) else {
            return false;
        };
        let class = self.known(class);
        let Some(process) = self.processes.get(slot).map(|p| p.object) else {
            return false;
        };
        let selector = self.selectors.interrupted_by;
        let of = self.heap.class_of(process);
        let Some(code) = self.find_code(of, selector).filter(|_| class != Value::NIL) else {
            return false;
        };
        self.interrupt(slot, code, process);
        if let Some(proc) = self.processes.get_mut(slot) {
            let top = proc.fp;
            proc.stack[top + 1] = class;
        }
        self.make_ready(process, slot);
        true
    }
}
