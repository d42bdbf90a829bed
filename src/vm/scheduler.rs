//! The scheduler: which Process runs next, timers, and waiting for the outside.
//!
//! Owns the ready queues and the timers. Semaphores are ordinary objects; their lists of waiting
//! Processes are linked through the Processes themselves, as in the Blue Book (p. 646).

use super::process::{State, Turn, field};
use super::process_primitives::is_semaphore;
use super::slices::Pause;
use super::{Fp, Pc, Stop, Vm, signal};
use crate::host::ONCE;
use crate::memory::{Value, Visitor};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Highest priority.
pub const PRIORITIES: usize = 80;

/// Slots of a Semaphore: a LinkedList with a counter.
pub mod semaphore {
    pub const FIRST: usize = 0;
    pub const LAST: usize = 1;
    pub const EXCESS: usize = 2;
}

/// A Process to be woken: deadline in microseconds, tie breaker, Process slot, number of the wait.
type Timer = Reverse<(u64, u64, usize, u64)>;

/// Ready Processes and timers.
pub struct Scheduler {
    ready: Vec<VecDeque<Value>>,
    /// Bit p is set when the queue of priority p is not empty.
    occupied: u128,
    timers: BinaryHeap<Timer>,
    sequence: u64,
    yields: u8,
    /// The external object that a Process waited in when this was asked last.
    outside: usize,
    /// The Process that runs a single step: whatever ends its turn suspends it.
    stepping: Option<usize>,
}

impl Default for Scheduler {
    fn default() -> Scheduler {
        Scheduler {
            ready: vec![VecDeque::new(); PRIORITIES + 1],
            occupied: 0,
            timers: BinaryHeap::new(),
            sequence: 0,
            yields: 0,
            outside: 0,
            stepping: None,
        }
    }
}

impl Scheduler {
    /// Whether this yield is the one in eight that looks outside.
    pub fn turn_to_look(&mut self) -> bool {
        self.yields = self.yields.wrapping_add(1);
        self.yields.is_multiple_of(8)
    }

    /// Whether the running Process runs a single step.
    pub fn is_stepping(&self) -> bool {
        self.stepping.is_some()
    }

    /// A Stop ended everything in the middle of a step: who runs next is not the one that was stepped.
    pub fn forget_step(&mut self) {
        self.stepping = None;
    }

    /// Priority of the most urgent ready Process; 0 for none.
    pub fn best_ready(&self) -> usize {
        (127 - (self.occupied | 1).leading_zeros()) as usize
    }

    /// The queue of a priority, to which a Process is to be added.
    fn queue(&mut self, priority: usize) -> &mut VecDeque<Value> {
        self.occupied |= 1 << priority;
        &mut self.ready[priority]
    }

    /// Takes the first Process out of a queue.
    fn take_first(&mut self, priority: usize) -> Option<Value> {
        let first = self.ready[priority].pop_front();
        if self.ready[priority].is_empty() {
            self.occupied &= !(1 << priority);
        }
        first
    }

    pub fn visit(&mut self, visitor: &mut dyn Visitor) {
        for queue in &mut self.ready {
            for v in queue {
                visitor.value(v);
            }
        }
    }

    pub(super) fn remove(&mut self, process: Value) {
        for (priority, queue) in self.ready.iter_mut().enumerate() {
            queue.retain(|&p| p != process);
            if queue.is_empty() {
                self.occupied &= !(1 << priority);
            }
        }
    }
}

impl Vm {
    /// Appends a Process to the ready queue of its priority.
    pub(crate) fn make_ready(&mut self, process: Value, slot: usize) {
        let priority = self.priority(process);
        if let Some(proc) = self.processes.get_mut(slot) {
            if proc.turn == Turn::Held {
                proc.state = State::Parked;
                return;
            }
            proc.state = State::Ready;
        }
        self.scheduler.queue(priority).push_back(process);
    }

    /// Puts a Process at the front of the ready queue of its priority.
    pub(crate) fn make_ready_first(&mut self, process: Value, slot: usize) {
        let priority = self.priority(process);
        if let Some(proc) = self.processes.get_mut(slot) {
            proc.state = State::Ready;
        }
        self.scheduler.queue(priority).push_front(process);
    }

    /// The running Process goes to the front of its queue: something more urgent runs first.
    pub(crate) fn preempt_active(&mut self) {
        self.make_ready_first(self.processes.active, self.processes.active_slot);
    }

    /// Runs the Process in `slot` for one send or back edge; the running one, which is saved already, goes on then.
    pub(crate) fn step_process(&mut self, slot: usize) -> (Pc, Fp) {
        self.preempt_active();
        self.scheduler.stepping = Some(slot);
        self.settle_fuel();
        self.grant = 1;
        self.counter = 1;
        self.load_process(slot)
    }

    /// Whoever runs next, it is not the Process that runs a single step.
    pub(super) fn pass_over_step(&mut self) {
        if let Some(slot) = self.scheduler.stepping.take() {
            self.end_step(slot);
        }
    }

    /// Its turn is over. It may be ready still; it may wait, or have ended.
    fn end_step(&mut self, slot: usize) {
        if let Some(proc) = self.processes.get(slot)
            && proc.state == State::Ready
        {
            let process = proc.object;
            self.take_out(process, slot);
        }
    }

    /// Goes on with the most urgent ready Process; waits for the outside when there is none.
    /// The registers of the Process that ran are saved already.
    pub(crate) fn next_process(&mut self) -> Option<(Pc, Fp)> {
        self.pass_over_step();
        loop {
            let priority = self.scheduler.best_ready();
            if priority > 0
                && let Some(process) = self.scheduler.take_first(priority)
            {
                match self.process_slot(process) {
                    Some(slot) => return Some(self.load_process(slot)),
                    None => continue,
                }
            }
            if self.stop.is_some() || !self.idle() {
                return None;
            }
        }
    }

    /// Waits until something happens outside. False when nothing ever will, or everything stops.
    fn idle(&mut self) -> bool {
        let bits = self.signals.swap(0, Ordering::AcqRel);
        if self.is_stop(bits) {
            self.stop = Some(Stop::Interrupt);
            return false;
        }
        if bits & signal::INTERRUPT != 0 {
            return self.interrupt_waiting();
        }
        self.run_timers();
        if self.scheduler.best_ready() > 0 {
            return true;
        }
        let now = self.now();
        let spent = self.time_spent();
        if self.limits.end().is_some_and(|d| spent >= d) {
            self.stop = Some(Stop::Deadline);
            return false;
        }
        self.forget_stale_timers();
        let timer = self.scheduler.timers.peek().map(|t| t.0.0);
        // An open socket that no Process waits for wakes nobody.
        if timer.is_none() && !self.host.has_signals() && !self.waits_for_outside() {
            if self.may_pause() && self.others_may_go_on() {
                self.pause = Some(Pause::Waiting(None));
                return false;
            }
            return self.deadlock();
        }
        if self.may_pause() {
            self.poll_host(Some(Duration::ZERO));
            self.run_timers();
            if self.scheduler.best_ready() == 0 && !self.skip_to(timer) {
                self.pause = Some(Pause::Waiting(self.next_wake()));
                return false;
            }
            return true;
        }
        if !self.host.clock.runs() {
            self.poll_host(Some(Duration::ZERO));
            if self.scheduler.best_ready() > 0 || self.skip_to(timer) {
                return true;
            }
        }
        let timer = timer.filter(|_| self.host.clock.runs());
        let left = [
            timer.map(|due| due.saturating_sub(now)),
            self.limits.end().map(|end| end.saturating_sub(spent)),
        ];
        let left = left.into_iter().flatten().min();
        self.poll_host(left.map(|t| Duration::from_micros(t.max(1))));
        self.run_timers();
        true
    }

    /// Where the host's clock has it so, the time until the next timer is over now.
    fn skip_to(&mut self, timer: Option<u64>) -> bool {
        let left = timer.map(|due| Duration::from_micros(due.saturating_sub(self.now())));
        let skipped = left.is_some_and(|left| self.host.clock.skip(left));
        if skipped {
            self.run_timers();
        }
        skipped
    }

    /// When the first of those Processes is woken that nobody holds.
    fn next_wake(&self) -> Option<u64> {
        let timers = self.scheduler.timers.iter().map(|t| t.0);
        let due = timers.filter_map(|(due, _, slot, wait)| {
            let proc = self.processes.get(slot)?;
            (proc.wait == wait && proc.turn != Turn::Held).then_some(due)
        });
        due.min()
    }

    /// Whether a Process waits in a Semaphore that the outside may signal. Asked before every sleep:
    /// where there was one the last time, there mostly is one again.
    fn waits_for_outside(&mut self) -> bool {
        let external = &self.external.objects;
        let (last, count) = (self.scheduler.outside, external.len());
        let found = (last..count)
            .chain(0..last.min(count))
            .find(|&index| self.is_waited_for(external[index]));
        self.scheduler.outside = found.unwrap_or(0);
        let mut once = self.once.objects.iter();
        found.is_some() || once.any(|&semaphore| self.is_waited_for(semaphore))
    }

    /// Whether a Process waits in this Semaphore.
    fn is_waited_for(&self, list: Value) -> bool {
        self.heap.is_pointers(list)
            && self.heap.slots(list) > semaphore::LAST
            && self
                .process_slot(self.heap.slot(list, semaphore::FIRST))
                .and_then(|slot| self.processes.get(slot))
                .is_some_and(|proc| proc.state == State::Waiting)
    }

    /// Takes out the first timers while nobody waits for them any more.
    fn forget_stale_timers(&mut self) {
        while let Some(&Reverse((_, _, slot, wait))) = self.scheduler.timers.peek()
            && self.processes.get(slot).is_none_or(|p| p.wait != wait)
        {
            self.scheduler.timers.pop();
        }
    }

    /// Lets the host look around and signals what it reports.
    pub(crate) fn poll_host(&mut self, timeout: Option<Duration>) {
        self.host.poll(timeout);
        while self.host.has_signals() {
            for signal in self.host.take_signals() {
                let number = (signal & !ONCE) as usize;
                let semaphore = if signal & ONCE == 0 {
                    self.external.get(number)
                } else {
                    let semaphore = self.once.get(number);
                    self.once.remove(number);
                    semaphore
                };
                // Anything may be registered; only a Semaphore can be signalled.
                if let Some(s) = semaphore.filter(|&s| is_semaphore(self, s)) {
                    self.signal_semaphore(s);
                }
            }
        }
    }

    /// Wakes the Processes whose time has come.
    pub(crate) fn run_timers(&mut self) {
        if self.scheduler.timers.is_empty() {
            return;
        }
        let now = self.now();
        while let Some(&Reverse((due, _, slot, wait))) = self.scheduler.timers.peek() {
            if due > now {
                break;
            }
            self.scheduler.timers.pop();
            let Some(proc) = self.processes.get_mut(slot) else {
                continue;
            };
            if proc.wait != wait || !matches!(proc.state, State::Waiting | State::Sleeping) {
                continue;
            }
            let process = proc.object;
            if proc.state == State::Waiting {
                let answer = proc.answer;
                proc.stack[answer] = Value::TRUE;
                proc.ran = true;
            }
            self.take_out(process, slot);
            self.make_ready(process, slot);
        }
    }

    /// Asks for the Process in `slot` to be woken at `due`, if it still waits as it does now.
    pub(crate) fn add_timer(&mut self, due: u64, slot: usize) {
        let mut wait = 0;
        if let Some(proc) = self.processes.get_mut(slot) {
            proc.due = due;
            wait = proc.wait;
        }
        self.scheduler.sequence += 1;
        let Vm {
            scheduler,
            processes,
            ..
        } = self;
        if scheduler.timers.len() > 2 * processes.slots.len() + 64 {
            // Most waits with a limit end before it: their timers would pile up.
            scheduler
                .timers
                .retain(|t| processes.get(t.0.2).is_some_and(|p| p.wait == t.0.3));
        }
        self.scheduler
            .timers
            .push(Reverse((due, self.scheduler.sequence, slot, wait)));
    }

    /// Removes a Process from the queue or list it is in.
    pub(crate) fn take_out(&mut self, process: Value, slot: usize) {
        // One that waits stands in no queue.
        if self
            .processes
            .get(slot)
            .is_none_or(|p| p.state == State::Ready)
        {
            self.scheduler.remove(process);
        }
        let list = self.heap.slot(process, field::LIST);
        if self.heap.is_pointers(list) && self.heap.slots(list) > semaphore::LAST {
            self.unlink(list, process);
        }
        self.heap.set_slot(process, field::LIST, Value::NIL);
        self.heap.set_slot(process, field::NEXT, Value::NIL);
        if let Some(proc) = self.processes.get_mut(slot)
            && proc.state != State::Running
        {
            proc.state = State::Suspended;
            proc.timed = false;
            proc.wait += 1;
        }
    }

    fn unlink(&mut self, list: Value, process: Value) {
        let mut previous = Value::NIL;
        let mut at = self.heap.slot(list, semaphore::FIRST);
        // Methods of Process can change the links: what is no list of Processes is left alone.
        for _ in 0..self.processes.slots.len() {
            if at == process || self.process_slot(at).is_none() {
                break;
            }
            previous = at;
            at = self.heap.slot(at, field::NEXT);
        }
        if at != process {
            return;
        }
        let next = self.heap.slot(at, field::NEXT);
        match previous {
            Value::NIL => self.heap.set_slot(list, semaphore::FIRST, next),
            p => self.heap.set_slot(p, field::NEXT, next),
        }
        if self.heap.slot(list, semaphore::LAST) == process {
            self.heap.set_slot(list, semaphore::LAST, previous);
        }
    }

    /// Appends the running Process to a Semaphore's list.
    pub(crate) fn wait_in(&mut self, list: Value) {
        let process = self.processes.active;
        self.heap.set_slot(process, field::LIST, list);
        self.heap.set_slot(process, field::NEXT, Value::NIL);
        let last = self.heap.slot(list, semaphore::LAST);
        if self.process_slot(last).is_some() {
            self.heap.set_slot(last, field::NEXT, process);
        } else {
            self.heap.set_slot(list, semaphore::FIRST, process);
        }
        self.heap.set_slot(list, semaphore::LAST, process);
        let proc = self.processes.running();
        proc.state = State::Waiting;
        proc.wait += 1;
    }

    /// Wakes the first waiting Process, or counts the signal.
    pub(crate) fn signal_semaphore(&mut self, semaphore: Value) {
        if !self.heap.is_pointers(semaphore) || self.heap.slots(semaphore) <= semaphore::EXCESS {
            return;
        }
        let first = self.heap.slot(semaphore, semaphore::FIRST);
        match self.process_slot(first) {
            Some(slot) => {
                self.take_out(first, slot);
                self.make_ready(first, slot);
            }
            None => {
                let excess = self
                    .heap
                    .slot(semaphore, semaphore::EXCESS)
                    .as_int()
                    .unwrap_or(0);
                self.heap.set_slot(
                    semaphore,
                    semaphore::EXCESS,
                    Value::int(excess.saturating_add(1).max(1)),
                );
            }
        }
    }

    /// The running Process has ended: its stack goes, its Homes and Contexts with it.
    pub(crate) fn end_active_process(&mut self) {
        let top = self.top_frame();
        self.cut_above(2, top);
        let slot = self.processes.active_slot;
        let process = self.processes.active;
        let proc = self.processes.running();
        proc.state = State::Terminated;
        proc.fp = 2;
        if proc.stack.len() > 4096 {
            proc.stack = vec![Value::NIL; 8];
        }
        self.heap.set_slot(process, field::SLOT, Value::NIL);
        self.processes.free(slot);
    }
}
