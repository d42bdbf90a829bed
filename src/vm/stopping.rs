//! What happens when everything stops: where the program was is noted, and its clean-up blocks run.
//!
//! Owns the reserve in which they do: a little fuel, time and memory beyond the limits. It must never be refilled.
//! Each block is a call from Rust, so that it sees no handlers of the program and nothing in it leads back there; what
//! goes wrong in it is dropped. Others get a turn only while it waits, and within the same reserve.

use super::context::read_place;
use super::frame::FrameAt;
use super::limits::ROOM;
use super::process::State;
use super::trace::Frame;
use super::{Limits, Pc, Stop, Vm, signal};
use crate::memory::Value;

/// Sends and turns of loops for all clean-up blocks together.
const FUEL: u64 = 1_000_000;
/// Microseconds for the same.
const TIME: u64 = 250_000;
/// Each block may use this part of what is left, so that one that hangs leaves something to those further out.
const SHARE: u64 = 2;
/// With less than so many microseconds left it is over.
const LEAST: u64 = 1000;

/// Where a program was when it was stopped.
#[derive(Clone, Debug, Default)]
pub struct StoppedAt {
    pub frames: Vec<Frame>,
    /// Frames left out in the middle.
    pub omitted: usize,
}

/// What is left for the clean-up blocks of a program that was stopped, in all levels of calls from Rust.
pub(crate) struct Reserve {
    fuel: u64,
    time: u64,
    /// The limits that hold outside of it.
    pub limits: Option<Limits>,
}

impl Reserve {
    const fn new(fuel: u64, time: u64) -> Reserve {
        Reserve {
            fuel,
            time,
            limits: None,
        }
    }

    fn is_used_up(&self) -> bool {
        self.fuel < SHARE || self.time < LEAST
    }
}

impl Stop {
    /// Whether clean-up blocks run: not when the program itself wants to be at its end, as in Pharo.
    fn cleans_up(self) -> bool {
        !matches!(self, Stop::Exit(_) | Stop::Signal(_))
    }
}

impl Vm {
    /// A new call from outside begins, and whatever was stopped before is over.
    pub(crate) fn forget_stop(&mut self) {
        self.stop = None;
        if !self.cleaning {
            self.reserve = None;
            self.stopped_at = None;
        }
    }

    /// Where the last call from outside was when it was stopped.
    pub fn stopped_at(&self) -> StoppedAt {
        self.stopped_at.clone().unwrap_or_default()
    }

    /// Whether the clean-up blocks of a program run that was stopped.
    pub(crate) fn is_cleaning(&self) -> bool {
        self.cleaning
    }

    /// Whether the running Process runs them: nobody else gets a turn unless it waits.
    pub(crate) fn is_cleaned_now(&self) -> bool {
        let level = self.levels.last();
        self.cleaning && level.is_some_and(|l| l.process == self.processes.active_slot)
    }

    /// Whether these signals are a stop: within the reserve, an interrupt is one as well.
    pub(crate) fn is_stop(&self, bits: u32) -> bool {
        bits & signal::STOP != 0 || (self.cleaning && bits & signal::INTERRUPT != 0)
    }

    /// Everything stops: notes where, which is in the Process that runs or else in the one in `slot`.
    pub(super) fn note_stop(&mut self, slot: usize) {
        let stops = self.stop.is_some_and(Stop::cleans_up);
        if !stops || self.cleaning || self.stopped_at.is_some() {
            return;
        }
        let active = self.processes.active_slot;
        let running = |p: &&super::process::Proc| p.state == State::Running;
        // A call that only lets the others run says nothing itself.
        let watcher = self.levels.last().filter(|_| self.watches_for_deadlock);
        let runs = self.processes.get(active).is_some_and(|p| running(&p));
        if watcher.is_some_and(|l| !runs || l.process == active) {
            return;
        }
        let (proc, frame) = match self.processes.get(active).filter(running) {
            Some(proc) => (Some(proc), self.top_frame()),
            None => {
                let proc = self.processes.get(slot);
                let none = FrameAt::behind(0, self.pc);
                (proc, proc.map_or(none, |p| p.top()))
            }
        };
        let Some(proc) = proc.filter(|_| frame.offset > 0) else {
            return;
        };
        let (frames, omitted) = self.trace(proc, frame);
        self.stopped_at = Some(StoppedAt { frames, omitted });
    }

    /// The same for the running Process, which would have done what is at `pc`.
    pub(super) fn note_stop_at(&mut self, pc: Pc) {
        let here = self.pc;
        let offset = self.offset(self.fp);
        let frame = FrameAt::at(offset, pc, true);
        self.pc = self.view().code(offset).shown_pc(frame);
        self.note_stop(self.processes.active_slot);
        self.pc = here;
    }

    /// A call from Rust was stopped: runs the clean-up blocks of the running Process above its boundary frame, the
    /// innermost first, within what is left of the reserve. One that runs already is not begun again.
    pub(super) fn clean_up(&mut self, boundary: usize) {
        let Some(stop) = self.stop.filter(|s| s.cleans_up() && !self.cleaning) else {
            return;
        };
        let top = self.top_frame();
        if self
            .next_pending(self.view(), top, boundary, true)
            .is_none()
        {
            return;
        }
        self.open_reserve(|vm| vm.run_pending_blocks(top, boundary));
        self.stop = Some(stop);
    }

    /// Does something with all that is left of the reserve.
    pub fn in_reserve<T>(&mut self, work: impl FnOnce(&mut Vm) -> T) -> T {
        self.open_reserve(|vm| vm.with_share(1, work))
    }

    /// Does something that uses the reserve in shares. There is one reserve for all that is done between two calls from
    /// outside.
    pub(super) fn open_reserve<T>(&mut self, work: impl FnOnce(&mut Vm) -> T) -> T {
        if self.cleaning {
            return work(self);
        }
        self.cleaning = true;
        let reserve = self.reserve.get_or_insert(Reserve::new(FUEL, TIME));
        reserve.limits = Some(self.limits.clone());
        self.limits.cut_off = None;
        // By the limits alone, so that nothing is gained by being stopped again.
        self.limits.memory = self.memory_limit().saturating_add(ROOM);
        let short = std::mem::take(&mut self.short_of_memory);
        let result = work(self);
        self.cleaning = false;
        self.short_of_memory = short;
        if let Some(limits) = self.reserve.as_mut().and_then(|r| r.limits.take()) {
            self.set_limits(limits);
        }
        result
    }

    /// Does something with a share of what is left of it.
    pub(super) fn in_share<T>(&mut self, work: impl FnOnce(&mut Vm) -> T) -> T {
        self.with_share(SHARE, work)
    }

    /// Does something with this part of what is left.
    fn with_share<T>(&mut self, part: u64, work: impl FnOnce(&mut Vm) -> T) -> T {
        self.settle_fuel();
        let (fuel, time) = (self.fuel_used, self.time_spent());
        let left = self.reserve.as_ref().map_or((0, 0), |r| (r.fuel, r.time));
        let share = left.0 / part;
        let limits = Limits {
            fuel: Some(fuel.saturating_add(share)),
            deadline: Some(time.saturating_add(left.1 / part)),
            ..self.limits.clone()
        };
        self.stop = None;
        self.set_limits(limits);
        let result = work(self);
        self.settle_fuel();
        let (fuel, time) = (
            self.fuel_used - fuel,
            self.time_spent().saturating_sub(time),
        );
        if let Some(left) = &mut self.reserve {
            // One primitive may cost more than there was; those further out are not to pay for it.
            left.fuel -= fuel.min(share).min(left.fuel);
            left.time = left.time.saturating_sub(time);
        }
        result
    }

    /// The Process in `slot` ran when everything stopped, and no call from Rust waits for it: whoever was stopped had to
    /// wait for it, and so would the next.
    pub(super) fn note_overrun(&mut self, slot: usize) {
        let pauses = self.interrupts_pause
            && self.watches_for_deadlock
            && self.stop == Some(Stop::Interrupt);
        let stops = self.stop.is_some_and(Stop::cleans_up) && !pauses;
        if stops
            && !self.levels.iter().any(|l| l.process == slot)
            && let Some(proc) = self.processes.get(slot).filter(|p| !p.main)
        {
            let process = self.root(proc.object);
            self.overrun.push(process);
        }
    }

    /// The outermost call is over: ends those that it was stopped for, within what is left of the reserve.
    pub(super) fn end_overrun(&mut self) {
        if self.overrun.is_empty() || self.cleaning || !self.levels.is_empty() {
            return;
        }
        let stop = self.stop;
        self.open_reserve(|vm| {
            while let Some(process) = vm.overrun.pop() {
                vm.in_share(|vm| vm.terminate(&process));
            }
        });
        self.stop = stop;
    }

    fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.heap.options.limit = self.memory_limit();
        // The grant in hand was made by other limits.
        let stop = self.stop.take();
        self.settle_fuel();
        self.stop = stop;
    }

    fn run_pending_blocks(&mut self, top: FrameAt, boundary: usize) {
        let value = self.intern("value");
        let mut at = Some(top);
        while let Some(from) = at
            && let Some(frame) = self.next_pending(self.view(), from, boundary, true)
        {
            at = self.view().caller(frame);
            // What it has called is over: there is room again, and garbage.
            let top = self.top_frame();
            self.cut_above(frame.offset, top);
            self.fp = self.address(frame.offset);
            self.pc = frame.pc();
            self.live = 0;
            let Some(block) = self.begin_clean_up(frame) else {
                continue;
            };
            // What goes wrong in it is dropped, and so is what it answers.
            let _ = self.in_share(|vm| vm.send_message(value, &[block]));
            let over = self.reserve.as_ref().is_none_or(Reserve::is_used_up);
            if over
                || matches!(
                    self.stop,
                    Some(Stop::Interrupt | Stop::Exit(_) | Stop::Signal(_))
                )
            {
                if let Some(left) = &mut self.reserve {
                    (left.fuel, left.time) = (0, 0);
                }
                return;
            }
        }
    }

    /// The block of an unwind frame, which is marked as done: temporaries 1 and 2, see `BlockClosure>>ensure:`.
    fn begin_clean_up(&mut self, frame: FrameAt) -> Option<Value> {
        let temps = &self.view().code(frame.offset).facts.temps;
        let (block, state) = (temps.first()?.place, temps.get(1).map(|t| t.place));
        let block = read_place(&self.heap, self.view(), frame.offset, block);
        if let Some(state) = state {
            let slot = self.processes.active_slot;
            self.write_place(slot, frame.offset, state, Value::FALSE);
        }
        Some(block)
    }
}
