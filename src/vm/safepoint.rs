//! Safepoints: where the machine settles fuel, looks at signals, collects, and lets others run.
//!
//! Reached when the counter of sends and back edges is used up. Everything asynchronous happens here.

use super::process::Retry;
use super::slices::Pause;
use super::{Fp, Pc, Stop, Vm, signal};
use crate::memory::Value;
use std::sync::atomic::Ordering;

/// Sends and back edges between two polls: about half a millisecond.
const GRANT: i64 = 20_000;

/// What to do after a safepoint.
pub enum Then {
    /// Go on; the stack may have moved.
    Continue(Fp),
    /// Something else runs first.
    Go(Pc, Fp),
    /// Leave the run loop.
    Exit,
}

impl Vm {
    /// Polls. Execution will go on at `pc` in the frame at `fp`, of which `live` registers matter.
    pub(crate) fn safepoint(&mut self, pc: Pc, fp: Fp, live: usize) -> Then {
        let then = self.poll(pc, fp, live);
        if matches!(then, Then::Exit) && self.pc == pc {
            self.note_stop_at(pc);
        }
        then
    }

    fn poll(&mut self, pc: Pc, fp: Fp, live: usize) -> Then {
        self.pc = pc;
        self.fp = fp;
        self.settle_fuel();
        if self.stop.is_some() {
            return Then::Exit;
        }
        self.collect_if_wanted(fp, live, false);
        if self.stop.is_some() {
            return Then::Exit;
        }
        self.reclaim_at(fp, live);
        self.leave_reserve(self.offset(fp));
        let bits = self.signals.swap(0, Ordering::AcqRel);
        if self.is_stop(bits) {
            self.stop = Some(Stop::Interrupt);
            return Then::Exit;
        }
        if bits & signal::INTERRUPT != 0 {
            let class = self.known(super::known::Known::UserInterrupt);
            let selector = self.selectors.signal_interrupt;
            // SAFETY: pc and fp are those of the running frame.
            return match unsafe { self.send_aside(pc, fp, Retry::Again, selector, &[class]) } {
                Some((pc, fp)) => Then::Go(pc, fp),
                None => Then::Exit,
            };
        }
        self.stop_if_late();
        if self.stop.is_some() {
            return Then::Exit;
        }
        self.mourn();
        self.drop_dead_host_things();
        self.run_timers();
        self.poll_host(Some(std::time::Duration::ZERO));
        if self.scheduler.is_stepping()
            || (self.scheduler.best_ready() > self.priority(self.processes.active)
                && !self.is_cleaned_now())
        {
            self.save_active(pc, fp);
            self.processes.running().polled = true;
            self.preempt_active();
            return match self.next_process() {
                Some((pc, fp)) => Then::Go(pc, fp),
                None => Then::Exit,
            };
        }
        if self.may_pause() && self.slice_end.is_some_and(|end| self.fuel_used >= end) {
            self.pause = Some(Pause::Fuel);
            return Then::Exit;
        }
        Then::Continue(fp)
    }

    /// Whether the next safepoint will end or interrupt what runs: long work that is in nobody's way asks this.
    pub fn is_stopping(&self) -> bool {
        self.signals.load(Ordering::Acquire) != 0
            || self.limits.end().is_some_and(|d| self.time_spent() >= d)
    }

    /// Whether long work that only looks at the machine may go on.
    pub(crate) fn goes_on(&self) -> bool {
        let bits = signal::STOP | signal::INTERRUPT;
        self.signals.load(Ordering::Acquire) & bits == 0
            && self.limits.end().is_none_or(|d| self.time_spent() < d)
    }

    /// Charges work of Rust's own that may be long, and looks now and then whether it must end.
    pub(crate) fn charge_or_stop(&mut self, n: usize) -> Option<Stop> {
        let before = self.counter;
        self.charge(n);
        if self.counter > 0 || self.counter.div_euclid(GRANT) == before.div_euclid(GRANT) {
            return None;
        }
        let stop = self.look_for_stop();
        if !self.levels.is_empty() {
            // The others have waited as long as a grant lasts.
            self.poll_soon();
        }
        stop
    }

    /// Looks where no code runs whether any may: before a call from Rust begins, and in long work of Rust's own.
    pub(crate) fn look_for_stop(&mut self) -> Option<Stop> {
        self.settle_fuel();
        self.stop_if_late();
        // Outside of all calls there is nobody who could handle an interrupt.
        let bits = match self.levels.is_empty() {
            true => signal::STOP | signal::INTERRUPT,
            false => signal::STOP,
        };
        // What cleans up ends by a poll: it may be short.
        if !self.cleaning && self.signals.load(Ordering::Acquire) & bits != 0 {
            self.signals.fetch_and(!bits, Ordering::AcqRel);
            self.stop = Some(Stop::Interrupt);
        }
        self.stop
    }

    /// Stops when the time is over.
    pub(super) fn stop_if_late(&mut self) {
        if self.limits.end().is_some_and(|d| self.time_spent() >= d) {
            self.stop = Some(Stop::Deadline);
        }
    }

    /// Charges what was used of the last grant and makes a new one.
    pub fn settle_fuel(&mut self) {
        let used = (self.grant - self.counter).max(0) as u64;
        self.fuel_used = self.fuel_used.saturating_add(used);
        let mut grant = GRANT;
        if let Some(fuel) = self.limits.fuel {
            let left = fuel.saturating_sub(self.fuel_used);
            if left == 0 {
                self.stop = Some(Stop::Fuel);
            }
            grant = left.clamp(1, GRANT as u64) as i64;
        }
        if let Some(end) = self.slice_end {
            // A slice that is over pauses as soon as no call from Rust is inside it.
            let left = end.saturating_sub(self.fuel_used);
            if left > 0 || self.levels.len() == 1 {
                grant = grant.min(left.clamp(1, GRANT as u64) as i64);
            }
        }
        self.grant = grant;
        self.counter = grant;
    }

    /// Brings the next poll forward. What is left of the grant counts as not given, so that it costs no fuel.
    #[inline(always)]
    pub(crate) fn poll_soon(&mut self) {
        if self.counter > 0 {
            self.grant -= self.counter;
            self.counter = 0;
        }
    }

    /// Microseconds of the program's monotonic clock.
    pub fn now(&self) -> u64 {
        self.host.clock.microseconds() as u64
    }

    /// Microseconds that the machine exists: what limits of time go by, whatever the program's clock says.
    pub fn time_spent(&self) -> u64 {
        self.host.clock.real().as_micros() as u64
    }

    /// Memory is short although everything was collected: a catchable OutOfMemory, after which what is at `pc` is tried
    /// again.
    pub(crate) fn out_of_memory(&mut self, pc: Pc, fp: Fp) -> Option<(Pc, Fp)> {
        let class = self.known(super::known::Known::OutOfMemory);
        if self.stop.is_some() || class == Value::NIL {
            return None;
        }
        self.open_memory_reserve();
        let selector = self.selectors.signal_out_of_memory;
        // SAFETY: pc and fp are those of the running frame.
        unsafe { self.send_aside(pc, fp, Retry::Again, selector, &[class]) }
    }
}
