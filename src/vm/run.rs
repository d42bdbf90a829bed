//! Calls from Rust into Smalltalk: each is a run loop of its own over the same scheduler.
//!
//! Owns the levels of nested calls. A level ends when its boundary frame receives the answer;
//! levels end in the opposite order of their beginning.

use super::code::{Call, Code, code_value, value_code};
use super::process::State;
use super::symbols::SymbolId;
use super::{Fp, Pc, Stop, Unhandled, Vm, dispatch};
use crate::memory::Value;

/// One call from Rust that has not returned yet.
pub struct Level {
    /// The Process whose stack holds the boundary frame.
    pub process: usize,
    /// Offset of the boundary frame.
    pub boundary: usize,
    /// The frame that was running when Rust called.
    pub saved_fp: usize,
    pub saved_pc: Pc,
    /// How many of its registers mattered.
    pub saved_live: usize,
    pub result: Value,
    done: bool,
    /// Its answer is there, but its Process waits: a call that another Process made inside it has not returned.
    answered: bool,
    /// The failure that clean-up blocks of the calling code are running for, and its exception.
    outer_unhandled: Option<Unhandled>,
    pub outer_failing: Value,
}

impl Level {
    /// The call whose answer a Process in slices is made to find: its boundary frame is at the Process's bottom.
    pub(super) fn of_process(process: usize, boundary: usize, pc: Pc) -> Level {
        Level {
            process,
            boundary,
            saved_fp: boundary,
            saved_pc: pc,
            saved_live: 0,
            result: Value::NIL,
            done: false,
            answered: false,
            outer_unhandled: None,
            outer_failing: Value::NIL,
        }
    }

    /// A call that waits for no answer: the other Processes run meanwhile.
    pub(super) fn of_none(process: usize, fp: usize, pc: Pc) -> Level {
        Level {
            saved_fp: fp,
            ..Level::of_process(process, usize::MAX, pc)
        }
    }

    /// Whether a frame waits for its end, in which an exception can be signalled.
    pub(super) fn waits_for_answer(&self) -> bool {
        self.boundary != usize::MAX
    }

    /// What it was answered, if it was.
    pub(super) fn answer(&self) -> Option<Value> {
        self.done.then_some(self.result)
    }
}

// SAFETY: the pc points into code that the machine owns; a Level never leaves it.
unsafe impl Send for Level {}

/// Why a call from Rust has no answer.
#[derive(Debug)]
pub enum RunError {
    Unhandled(Unhandled),
    Stopped(Stop),
}

impl Vm {
    /// Makes the Process in which all calls from outside run, if there is none yet.
    pub(crate) fn ensure_root_process(&mut self) {
        if self.processes.active_slot != usize::MAX
            && self.processes.get(self.processes.active_slot).is_some()
        {
            return;
        }
        let (_, slot) = self.new_process(40);
        if let Some(proc) = self.processes.get_mut(slot) {
            proc.main = true;
        }
        self.load_process(slot);
    }

    /// Sends a message and runs until it is answered. `args[0]` is the receiver.
    pub fn send_message(&mut self, selector: SymbolId, args: &[Value]) -> Result<Value, RunError> {
        let receiver = args.first().copied().unwrap_or(Value::NIL);
        let class = self.heap.class_of(receiver);
        match self.find_code(class, selector) {
            // SAFETY: found code is live.
            Some(code) if unsafe { (*code).num_args } as usize + 1 == args.len() => {
                self.run_code(code, args)
            }
            _ => {
                let array = self.new_array_from(&args[1..]);
                let message = self.heap.new_pointers(
                    super::known::Known::Message.index(),
                    crate::memory::Format::Fixed,
                    2,
                );
                let symbol = self.symbols.object(selector);
                self.heap.set_slot(message, 0, symbol);
                self.heap.set_slot(message, 1, array);
                let dnu = self.selectors.does_not_understand;
                match self.find_code(class, dnu) {
                    Some(code) => self.run_code(code, &[receiver, message]),
                    None => {
                        let class = self.classes.name(class);
                        let selector = self.symbols.text(selector);
                        Err(RunError::Unhandled(Unhandled {
                            class: "Error".into(),
                            message: format!(
                                "{class} does not understand #{selector}, nor doesNotUnderstand:"
                            ),
                            frames: Vec::new(),
                            omitted: 0,
                        }))
                    }
                }
            }
        }
    }

    /// Runs a method, its primitive first. A do-it is forgotten when it has run: it may be run once.
    pub fn run_method(
        &mut self,
        method: super::classes::MethodId,
        args: &[Value],
    ) -> Result<Value, RunError> {
        match self.method_code(method) {
            Some(code) => {
                if !self.classes.is_listed(method) {
                    self.classes.let_go(Some(method));
                }
                self.run_code(code, args)
            }
            None => Err(RunError::Stopped(Stop::Deadlock)),
        }
    }

    pub(crate) fn run_code(
        &mut self,
        code: *const Code,
        args: &[Value],
    ) -> Result<Value, RunError> {
        let inside = self.levels.len();
        if !self
            .host
            .stack
            .has_room_for_call(inside, self.is_cleaning())
        {
            return Err(self.too_deep(Unhandled::too_deep()));
        }
        self.ensure_root_process();
        self.heap.options.limit = self.memory_limit();
        if self.levels.is_empty() {
            self.forget_stop();
            self.scheduler.forget_step();
        }
        let saved_fp = self.offset(self.fp);
        let saved_pc = self.pc;
        let window = 1;
        // SAFETY: room is made for the boundary frame and the callee; the frames are set up as `enter` does.
        unsafe {
            let top = ((*value_code(*self.fp.sub(2))).frame as usize).max(self.live);
            let exit = self.processes.exit;
            let need =
                top + 2 + (*exit).frame as usize + window + 2 + args.len() + (*code).frame as usize;
            if self.fp.add(need) > self.limit && self.grow_stack(self.fp, need).is_none() {
                let message = "calls are nested too deeply";
                return Err(self.too_deep(Unhandled::stack_overflow(message)));
            }
            let boundary = self.fp.add(top + 2);
            *boundary.sub(2) = code_value(exit);
            *boundary.sub(1) = Value(2);
            for r in 0..(*exit).frame as usize {
                *boundary.add(r) = Value::NIL;
            }
            let level = Level {
                process: self.processes.active_slot,
                boundary: self.offset(boundary),
                saved_fp,
                saved_pc,
                saved_live: self.live,
                result: Value::NIL,
                done: false,
                answered: false,
                outer_unhandled: self.unhandled.take(),
                outer_failing: std::mem::replace(&mut self.handles.failing, Value::NIL),
            };
            self.levels.push(level);
            for (i, &v) in args.iter().enumerate() {
                *boundary.add(window + 2 + i) = v;
            }
            // Behind the boundary's dummy send stands EXITRUN.
            let pc = (*exit).entry.add(1);
            let stop = self.look_for_stop();
            let call = Call {
                pc,
                fp: boundary,
                window,
                num_args: args.len() - 1,
                code,
            };
            if stop.is_none()
                && let Some((pc, fp)) = self.activate(call)
            {
                dispatch::run(self, pc, fp);
            }
        }
        self.leave_level()
    }

    /// A call from Rust that there is no room for.
    fn too_deep(&mut self, failure: Unhandled) -> RunError {
        self.handles.failed = Value::NIL;
        RunError::Unhandled(failure)
    }

    /// The run loop has ended: for its answer, an unhandled exception, or a stop.
    fn leave_level(&mut self) -> Result<Value, RunError> {
        let Some((home, boundary)) = self.levels.last().map(|l| (l.process, l.boundary)) else {
            return Err(RunError::Stopped(Stop::Deadlock));
        };
        self.note_stop(home);
        let slot = self.processes.active_slot;
        let running = self
            .processes
            .get(slot)
            .is_some_and(|p| p.state == State::Running);
        if slot != home || !running {
            // A stop found another Process running, or none.
            if running {
                let (pc, fp) = (self.pc, self.fp);
                self.save_active(pc, fp);
                let process = self.processes.active;
                self.make_ready(process, slot);
                self.note_overrun(slot);
            }
            if let Some(process) = self.processes.get(home).map(|p| p.object) {
                self.take_out(process, home);
            }
            self.load_process(home);
        }
        self.clean_up(boundary);
        let Some(level) = self.levels.pop() else {
            return Err(RunError::Stopped(Stop::Deadlock));
        };
        self.answer_outer();
        let ended = self.fp == self.address(level.boundary);
        if !ended {
            let top = self.top_frame();
            let top = if top.offset >= level.boundary {
                top
            } else {
                return self.reset_to(level);
            };
            self.cut_above(level.boundary, top);
        }
        self.reset_to(level)
    }

    fn reset_to(&mut self, mut level: Level) -> Result<Value, RunError> {
        let unhandled = std::mem::replace(&mut self.unhandled, level.outer_unhandled);
        self.handles.failed = std::mem::replace(&mut self.handles.failing, level.outer_failing);
        self.fp = self.address(level.saved_fp);
        self.pc = level.saved_pc;
        self.live = level.saved_live;
        if self.slice_end.is_some() {
            self.poll_soon();
        }
        if self.levels.is_empty() {
            if !level.done || self.heap.bytes_used() > self.heap.options.limit / 2 {
                self.forget_dead_frames();
            }
            self.shrink_stack();
            self.forget_complaints();
            if self.reclaim_wanted() {
                self.handles.pinned.push(level.result);
                self.collect_garbage();
                level.result = self.handles.pinned.pop().unwrap_or(Value::NIL);
            }
        }
        if level.done {
            return Ok(level.result);
        }
        self.end_overrun();
        if let Some(stop) = self.stop {
            return Err(RunError::Stopped(stop));
        }
        match unhandled {
            Some(u) => Err(RunError::Unhandled(u)),
            None => Err(RunError::Stopped(Stop::Deadlock)),
        }
    }

    /// The boundary frame at `fp` has received the answer of its call.
    pub(crate) fn exit_run(&mut self, pc: Pc, fp: Fp, answer: Value) -> Option<(Pc, Fp)> {
        let offset = self.offset(fp);
        let slot = self.processes.active_slot;
        let innermost = self
            .levels
            .last()
            .is_some_and(|l| l.process == slot && l.boundary == offset);
        self.pc = pc;
        self.fp = fp;
        if innermost {
            if let Some(level) = self.levels.last_mut() {
                level.result = answer;
                level.done = true;
            }
            return None;
        }
        // An inner call, made by another Process, has not returned yet: when it has, this is tried again.
        // SAFETY: EXITRUN is one word.
        let again = unsafe { pc.sub(1) };
        self.save_active(again, fp);
        self.processes.running().state = State::Parked;
        let of_this = |l: &&mut Level| l.process == slot && l.boundary == offset;
        if let Some(level) = self.levels.iter_mut().find(of_this) {
            level.answered = true;
        }
        self.next_process()
    }

    /// A call has returned, and so may the one outside it that has its answer already.
    fn answer_outer(&mut self) {
        let Some(level) = self.levels.last_mut().filter(|l| l.answered) else {
            return;
        };
        level.answered = false;
        let slot = level.process;
        if let Some(process) = self.processes.get(slot)
            && process.state == State::Parked
        {
            let process = process.object;
            self.make_ready(process, slot);
        }
    }

    /// Ends the running Process after an unhandled exception, or the innermost call from Rust in it.
    pub(crate) fn finish_active(&mut self) -> Option<(Pc, Fp)> {
        let slot = self.processes.active_slot;
        let (depth, unhandled) = (self.levels.len(), self.unhandled.is_some());
        if let Some(level) = self.levels.last_mut().filter(|l| l.process == slot) {
            // Code that the host runs may end its own Process: that is no failure.
            level.done = depth == 1 && !unhandled && self.stop.is_none();
            return None;
        }
        if self.levels.iter().any(|l| l.process == slot) {
            // An outer call waits for this Process, an inner one for another: only a stop gets out of that.
            self.stop = Some(Stop::Deadlock);
            return None;
        }
        self.end_active_process();
        self.next_process()
    }

    /// Ends the running Process with a message, where no exception can be signalled.
    pub(crate) fn fail_run(&mut self, class: &str, message: String) -> Option<(Pc, Fp)> {
        let slot = self.processes.active_slot;
        let trace = self
            .processes
            .get(slot)
            .map(|p| self.trace(p, self.top_frame()));
        let (frames, omitted) = trace.unwrap_or_default();
        let failure = Unhandled {
            class: class.into(),
            message,
            frames,
            omitted,
        };
        if self.levels.iter().any(|l| l.process == slot) {
            self.unhandled = Some(failure);
        } else {
            self.note_background_failure(failure, Value::NIL);
        }
        self.finish_active()
    }
}
