//! Programs that run in slices: each has a Process of its own, which runs in its own slices only.
//!
//! Owns how a slice begins, and where it pauses: between two instructions, with no call from Rust inside it. Between
//! slices the Process is held: what wakes it makes it ready for its next slice, and nobody else runs it.

use super::classes::MethodId;
use super::code::code_value;
use super::handles::Root;
use super::process::{State, Turn, wipe};
use super::run::{Level, RunError};
use super::{Stop, Unhandled, Vm, dispatch, signal};
use crate::memory::Value;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

/// Offset of the frame at the bottom of a Process.
const BOTTOM: usize = 2;

/// Why a slice has ended before its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// It has used what it was given.
    Fuel,
    /// Everything waits: until this time of the machine's clock, in microseconds, or for the outside.
    Waiting(Option<u64>),
}

/// How a slice has ended.
pub enum Slice {
    /// The code has answered.
    Done(Value),
    /// There is more to do.
    Paused(Pause),
}

/// Processes of programs whose handles were dropped, on whatever thread.
#[derive(Clone, Debug, Default)]
pub struct DroppedRuns(Arc<Mutex<Vec<Root>>>);

impl DroppedRuns {
    /// Notes that nobody can go on with the program of this Process.
    pub fn push(&self, process: Root) {
        self.with(|list| list.push(process));
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Root>) -> T) -> T {
        // A thread that panicked while it pushed leaves a good list.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A program between two slices.
pub struct Sliced {
    /// Its Process; whoever gives up the program hands this to [`Vm::terminate_sliced`].
    pub process: Root,
    /// The failure that its clean-up blocks were running for, and its exception.
    unhandled: Option<Unhandled>,
    failing: Option<Root>,
}

impl Vm {
    /// A Process for a program in slices; it runs nothing yet.
    pub fn begin_sliced(&mut self) -> Sliced {
        self.ensure_root_process();
        let (object, slot) = self.new_process(40);
        let exit = self.processes.exit;
        if let Some(proc) = self.processes.get_mut(slot) {
            proc.stack[0] = code_value(exit);
            proc.turn = Turn::Held;
            proc.state = State::Parked;
        }
        Sliced {
            process: self.root(object),
            unhandled: None,
            failing: None,
        }
    }

    /// Gives a program code that its next slices run. It must have answered what it was given before.
    pub fn load_sliced(
        &mut self,
        sliced: &Sliced,
        method: MethodId,
        receiver: Value,
    ) -> Result<(), RunError> {
        let ended = RunError::Stopped(Stop::Deadlock);
        let Some(code) = self.method_code(method) else {
            return Err(ended);
        };
        if !self.classes.is_listed(method) {
            self.classes.let_go(Some(method));
        }
        let exit = self.processes.exit;
        let Some(slot) = self.slot_of(sliced) else {
            return Err(ended);
        };
        if let Some(proc) = self.processes.get_mut(slot) {
            // SAFETY: the boundary's code lives as long as the machine; behind its dummy send stands EXITRUN.
            proc.pc = unsafe { (*exit).entry.add(1) };
            wipe(&mut proc.stack[BOTTOM..]);
        }
        self.push_frame(slot, code, receiver, Some(1));
        Ok(())
    }

    /// Runs a program, or without one just the other Processes, for as many sends and turns of loops.
    /// No code may be running.
    pub fn slice(&mut self, mut sliced: Option<&mut Sliced>, fuel: u64) -> Result<Slice, RunError> {
        self.ensure_root_process();
        self.heap.options.limit = self.memory_limit();
        self.forget_stop();
        self.pause = None;
        let root = self.processes.active_slot;
        let (fp, pc, live) = (self.offset(self.fp), self.pc, self.live);
        self.hold(root);
        let own = match &mut sliced {
            Some(sliced) => match self.slot_of(sliced) {
                Some(slot) => {
                    self.unhandled = sliced.unhandled.take();
                    let failing = sliced.failing.take().and_then(|r| self.rooted(&r));
                    self.handles.failing = failing.unwrap_or(Value::NIL);
                    self.let_run(slot);
                    slot
                }
                // Somebody ended it.
                None => {
                    self.return_to(root, fp, pc, live);
                    return Ok(Slice::Done(Value::NIL));
                }
            },
            None => root,
        };
        let level = match own == root {
            true => Level::of_none(root, fp, pc),
            // SAFETY: as in `load_sliced`.
            false => Level::of_process(own, BOTTOM, unsafe { (*self.processes.exit).entry.add(1) }),
        };
        self.levels.push(level);
        self.watches_for_deadlock = own == root;
        self.settle_fuel();
        self.slice_end = Some(self.fuel_used.saturating_add(fuel));
        if self.look_for_stop().is_none()
            && let Some((pc, fp)) = self.next_process()
        {
            // SAFETY: they are the registers of the Process that runs.
            unsafe { dispatch::run(self, pc, fp) };
        }
        self.slice_end = None;
        self.watches_for_deadlock = false;
        let result = self.end_slice(sliced, own, root);
        self.return_to(root, fp, pc, live);
        self.end_overrun();
        self.settle_fuel();
        if self.reclaim_wanted() {
            let kept = match result {
                Ok(Slice::Done(value)) => value,
                _ => Value::NIL,
            };
            self.handles.pinned.push(kept);
            self.collect_garbage();
            let kept = self.handles.pinned.pop().unwrap_or(Value::NIL);
            return result.map(|slice| match slice {
                Slice::Done(_) => Slice::Done(kept),
                paused => paused,
            });
        }
        result
    }

    /// The run loop was left: for an answer, a failure, a stop, or a pause.
    fn end_slice(
        &mut self,
        sliced: Option<&mut Sliced>,
        own: usize,
        root: usize,
    ) -> Result<Slice, RunError> {
        self.note_stop(own);
        let active = self.processes.active_slot;
        let running = |vm: &Vm, slot| {
            let proc = vm.processes.get(slot);
            proc.is_some_and(|p| p.state == State::Running)
        };
        if running(self, active) {
            let (pc, fp) = (self.pc, self.fp);
            self.save_active(pc, fp);
            if active != own {
                self.preempt_active();
                self.note_overrun(active);
            }
        }
        self.clean_up_sliced(own, root);
        let done = self.levels.pop().and_then(|level| level.answer());
        let unhandled = self.unhandled.take();
        let failing = std::mem::replace(&mut self.handles.failing, Value::NIL);
        let pause = self.pause.take();
        let (stop, end) = match (self.stop, pause) {
            (Some(Stop::Deadlock), _) if own == root => (None, Some(Slice::Done(Value::NIL))),
            (Some(stop), _) if done.is_none() => (Some(stop), None),
            (_, Some(pause)) if done.is_none() => (None, Some(Slice::Paused(pause))),
            _ => (None, done.map(Slice::Done)),
        };
        self.pass_over_step();
        let Some(sliced) = sliced else {
            return match (stop, end) {
                (None, Some(slice)) => Ok(slice),
                (stop, _) => Err(RunError::Stopped(stop.unwrap_or(Stop::Deadlock))),
            };
        };
        match (stop, end) {
            (None, Some(slice)) => {
                if matches!(slice, Slice::Paused(_)) {
                    sliced.unhandled = unhandled;
                    if !failing.is_nil() {
                        sliced.failing = Some(self.root(failing));
                    }
                }
                self.hold(own);
                Ok(slice)
            }
            (stop, _) => {
                self.handles.failed = failing;
                self.cut_sliced(own);
                Err(match (stop, unhandled) {
                    (None, Some(unhandled)) => RunError::Unhandled(unhandled),
                    (stop, _) => RunError::Stopped(stop.unwrap_or(Stop::Deadlock)),
                })
            }
        }
    }

    /// A stop ended a slice of the program in `own`.
    fn clean_up_sliced(&mut self, own: usize, root: usize) {
        if self.stop.is_none() || own == root {
            return;
        }
        let Some(object) = self.processes.get(own).map(|p| p.object) else {
            return;
        };
        self.take_out(object, own);
        self.load_process(own);
        self.clean_up(BOTTOM);
        let (pc, fp) = (self.pc, self.fp);
        self.save_active(pc, fp);
    }

    /// Ends the Process of a program that has given its answer, or that nobody wants to go on.
    pub fn end_sliced(&mut self, sliced: &Sliced) {
        if let Some(slot) = self.slot_of(sliced) {
            self.away_from_root(|vm| vm.cut_sliced(slot));
        }
    }

    /// Ends a program whose handle is gone: its clean-up blocks run, within a small reserve.
    pub fn terminate_sliced(&mut self, process: &Root) {
        self.forget_stop();
        self.in_reserve(|vm| vm.terminate(process));
        self.end_overrun();
    }

    /// The machine is about to go: all Processes end, and their clean-up blocks run, within one small reserve.
    pub fn end_processes(&mut self) {
        let procs = self.processes.slots.iter().flatten();
        let others: Vec<Value> = procs.filter(|p| !p.main).map(|p| p.object).collect();
        if others.is_empty() || !self.levels.is_empty() {
            return;
        }
        let others: Vec<Root> = others.into_iter().map(|p| self.root(p)).collect();
        self.forget_stop();
        self.open_reserve(|vm| {
            for process in &others {
                vm.in_share(|vm| vm.terminate(process));
            }
        });
    }

    /// Terminates a Process, and cuts what does not end.
    pub(super) fn terminate(&mut self, process: &Root) {
        let Some(object) = self.rooted(process) else {
            return;
        };
        let Some(slot) = self.process_slot(object) else {
            return;
        };
        self.let_run(slot);
        if let Some(proc) = self.processes.get_mut(slot) {
            proc.turn = Turn::Any;
        }
        let terminate = self.intern("terminate");
        // What goes wrong there is told as the failure of a Process.
        let _ = self.send_message(terminate, &[object]);
        let left = self.rooted(process).and_then(|p| self.process_slot(p));
        if let Some(slot) = left {
            self.away_from_root(|vm| vm.cut_sliced(slot));
        }
    }

    /// Terminates all Processes but the one that calls from Rust run in.
    pub fn terminate_others(&mut self) {
        let terminate = self.intern("terminateOthers");
        if let Some(processor) = self.global("Processor") {
            // Whatever goes wrong there, the program is at its end.
            let _ = self.send_message(terminate, &[processor]);
        }
    }

    /// Where the handles of programs tell that they were dropped.
    pub fn dropped_runs(&mut self) -> DroppedRuns {
        self.dropped_runs.get_or_insert_default().clone()
    }

    /// Ends the programs that nobody can go on with.
    pub fn end_dropped_runs(&mut self) {
        // Their clean-up may move everything: under stress it moves in any case, so that nobody relies on the opposite.
        if self.heap.options.stress {
            self.with_roots_in_primitive(|heap, roots| heap.collect(roots));
        }
        let Some(dropped) = &self.dropped_runs else {
            return;
        };
        let dropped = dropped.with(std::mem::take);
        if dropped.is_empty() {
            return;
        }
        // A stop is for the call that begins, whether it came before or comes now.
        let mut signals = self.signals.swap(0, Ordering::AcqRel);
        for process in dropped {
            self.terminate_sliced(&process);
            if self.stop == Some(Stop::Interrupt) {
                signals |= signal::STOP;
            }
        }
        self.signals.fetch_or(signals, Ordering::AcqRel);
    }

    fn slot_of(&self, sliced: &Sliced) -> Option<usize> {
        self.process_slot(self.rooted(&sliced.process)?)
    }

    /// From now on the Process in `slot`, which may be the running one, runs only when it is asked for.
    fn hold(&mut self, slot: usize) {
        if slot == self.processes.active_slot
            && self
                .processes
                .get(slot)
                .is_some_and(|p| p.state == State::Running)
        {
            let (pc, fp) = (self.pc, self.fp);
            self.save_active(pc, fp);
        }
        let Some(proc) = self.processes.get_mut(slot) else {
            return;
        };
        proc.turn = Turn::Held;
        let (object, state) = (proc.object, proc.state);
        if matches!(state, State::Running | State::Ready) {
            proc.state = State::Parked;
        }
        if state == State::Ready {
            self.scheduler.remove(object);
        }
    }

    /// The Process in `slot` may run; it is the first of its priority if it is ready.
    fn let_run(&mut self, slot: usize) {
        let Some(proc) = self.processes.get_mut(slot) else {
            return;
        };
        proc.turn = Turn::Slice;
        let (object, state) = (proc.object, proc.state);
        if state == State::Parked {
            self.make_ready_first(object, slot);
        }
    }

    /// Whether a program that is held could go on, and so could wake whoever waits for it.
    pub(crate) fn others_may_go_on(&self) -> bool {
        let mut procs = self.processes.slots.iter().flatten();
        procs.any(|p| p.turn == Turn::Held && p.state == State::Parked && !p.main)
    }

    /// Whether a slice runs that may pause here.
    pub(crate) fn may_pause(&self) -> bool {
        self.slice_end.is_some() && self.levels.len() == 1
    }

    /// Cuts the whole stack of a Process. The registers are those of no Process then.
    fn cut_sliced(&mut self, slot: usize) {
        let Some(object) = self.processes.get(slot).map(|p| p.object) else {
            return;
        };
        self.take_out(object, slot);
        self.load_process(slot);
        self.end_active_process();
    }

    /// Does something that changes which Process runs.
    fn away_from_root(&mut self, work: impl FnOnce(&mut Vm)) {
        self.ensure_root_process();
        let root = self.processes.active_slot;
        let (fp, pc, live) = (self.offset(self.fp), self.pc, self.live);
        self.hold(root);
        work(self);
        self.return_to(root, fp, pc, live);
    }

    /// The Process of calls from Rust runs again, as far as it was; whatever was done to it meanwhile is undone.
    fn return_to(&mut self, root: usize, fp: usize, pc: super::Pc, live: usize) {
        let Some(proc) = self.processes.get_mut(root) else {
            self.processes.active_slot = usize::MAX;
            return self.ensure_root_process();
        };
        proc.turn = Turn::Any;
        let object = proc.object;
        self.take_out(object, root);
        self.load_process(root);
        if self.offset(self.fp) > fp {
            let top = self.top_frame();
            self.cut_above(fp, top);
        }
        self.fp = self.address(fp);
        self.pc = pc;
        self.live = live;
    }
}
