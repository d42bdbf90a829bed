//! Primitives of Processes, Semaphores, timers, unhandled exceptions, and of the collector.

use super::code::{Call, value_code};
use super::known::Known;
use super::primitive_table::{MachineTable, Table, table};
use super::process::{State, Turn, field};
use super::scheduler::semaphore;
use super::{Fp, Outcome, Pc, PrimError, PrimResult, Stop, Unhandled, Vm};
use crate::host::ONCE;
use crate::memory::Value;

/// What changes what runs next.
pub(super) const MACHINE: MachineTable = &[
    ("processResume", 0, process_resume),
    ("processSuspend", 0, process_suspend),
    ("processStep", 0, process_step),
    ("processYield", 0, process_yield),
    ("processPriorityPut", 1, process_priority_put),
    ("processFinish", 0, process_finish),
    ("semaphoreSignal", 0, semaphore_signal),
    ("semaphoreWait", 0, semaphore_wait),
    ("semaphoreWaitTimeout", 1, semaphore_wait_timeout),
    ("delayWait", 1, delay_wait),
    ("unhandledException", 3, unhandled_exception),
    ("exceptionKeep", 3, exception_keep),
    ("smalltalkExit", 1, smalltalk_exit),
    ("smalltalkGarbageCollect", 0, garbage_collect),
];

/// Functions of their arguments.
pub(super) const TABLE: Table = table![
    ("processNew", process_new),
    ("processActive", |vm, _| Ok(vm.processes.active)),
    ("processIsTerminated", |vm, a| {
        Ok(Value::bool(vm.process_slot(a[0]).is_none()))
    }),
    ("processIsMain", |vm, a| {
        let slot = vm.process_slot(a[0]);
        Ok(Value::bool(
            slot.and_then(|s| vm.processes.get(s))
                .is_some_and(|p| p.main),
        ))
    }),
    ("processTopContext", process_top_context),
    ("processInterruptWith", process_interrupt_with),
    ("processIsReady", |vm, a| {
        let state = state(vm, a[0]);
        Ok(Value::bool(matches!(
            state,
            Some(State::Ready | State::Parked)
        )))
    }),
    ("processIsWaiting", |vm, a| {
        let state = state(vm, a[0]);
        Ok(Value::bool(matches!(
            state,
            Some(State::Waiting | State::Sleeping)
        )))
    }),
    ("testCutOff", test_cut_off),
    ("registerExternalObject", register_external),
    ("unregisterExternalObject", unregister_external),
    ("semaphoreIsForHost", |vm, a| {
        let known = [&vm.external, &vm.once]
            .iter()
            .any(|n| n.number_of(a[0]).is_some());
        Ok(Value::bool(known))
    }),
];

/// What a Process that has not ended is doing.
fn state(vm: &Vm, process: Value) -> Option<State> {
    Some(vm.processes.get(vm.process_slot(process)?)?.state)
}

/// Saves the running Process so that its send answers `answer` when it goes on.
#[inline(never)]
unsafe fn pause(vm: &mut Vm, call: Call, answer: Value) {
    // SAFETY: the window's first word receives the answer; what lies behind it in the frame is dead, and
    // would only keep garbage alive.
    unsafe {
        *call.fp.add(call.window) = answer;
        for r in call.window + 1..(*value_code(*call.fp.sub(2))).frame as usize {
            *call.fp.add(r) = Value::NIL;
        }
    }
    vm.save_active(call.pc, call.fp);
}

impl Vm {
    /// The running Process waits in a Semaphore of `semaphore_for_once`; then its send answers the receiver.
    pub(super) unsafe fn wait_within(&mut self, call: Call, semaphore: Value) -> Option<(Pc, Fp)> {
        // SAFETY: the window holds the receiver.
        unsafe { pause(self, call, call.arg(0)) };
        self.wait_in(semaphore);
        self.next_process()
    }

    /// A Semaphore for a primitive that answers [`PrimError::Wait`], and the number under which the
    /// host signals it: one signal, after which the number is free again. These numbers are apart
    /// from the others, where a late signal may find the next owner of a number, who looks again
    /// here nobody would.
    pub fn semaphore_for_once(&mut self) -> Result<(Value, u32), PrimError> {
        let semaphore = self.new_object(Known::Semaphore.index(), 0)?;
        let number = u32::try_from(self.once.add(semaphore)).map_err(|_| PrimError::NoMemory)?;
        Ok((semaphore, number | ONCE))
    }
}

fn switch(vm: &mut Vm) -> Outcome {
    match vm.next_process() {
        Some((pc, fp)) => Outcome::Jump(pc, fp),
        None => Outcome::Exit,
    }
}

/// Answers `answer`; first something more urgent runs, if it is ready.
unsafe fn answer_or_yield(vm: &mut Vm, call: Call, answer: Value) -> Outcome {
    if vm.scheduler.best_ready() <= vm.priority(vm.processes.active) {
        return Outcome::Value(answer);
    }
    // SAFETY: as in `pause`.
    unsafe { pause(vm, call, answer) };
    vm.preempt_active();
    switch(vm)
}

fn process_new(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [_, closure, priority] = args else {
        return Err(PrimError::BadNumArgs);
    };
    let n = priority
        .as_int()
        .filter(|p| (1..=80).contains(p))
        .ok_or(PrimError::BadArgument)?;
    let code = argless_closure(vm, *closure)?;
    let (process, slot) = vm.new_process(n);
    vm.push_frame(slot, code, *closure, Some(1));
    Ok(process)
}

fn argless_closure(vm: &Vm, closure: Value) -> Result<*const super::code::Code, PrimError> {
    if vm.heap.class_of(closure) != Known::BlockClosure.index() {
        return Err(PrimError::BadArgument);
    }
    let code = value_code(vm.heap.slot(closure, 0));
    // SAFETY: a closure's code lives as long as the machine.
    if unsafe { (*code).num_args } != 0 {
        return Err(PrimError::BadArgument);
    }
    Ok(code)
}

unsafe fn process_resume(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds the receiver.
    unsafe {
        let process = call.arg(0);
        let Some(slot) = vm.process_slot(process) else {
            return Outcome::Fail(PrimError::BadReceiver);
        };
        if vm
            .processes
            .get(slot)
            .is_none_or(|p| p.state != State::Suspended)
        {
            return Outcome::Fail(PrimError::Inappropriate);
        }
        vm.make_ready(process, slot);
        answer_or_yield(vm, call, process)
    }
}

/// Lets a suspended Process run for a moment in the place of the active one.
unsafe fn process_step(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: as above.
    unsafe {
        let process = call.arg(0);
        let Some(slot) = vm.process_slot(process) else {
            return Outcome::Fail(PrimError::BadReceiver);
        };
        let state = vm.processes.get(slot).map(|p| p.state);
        let held = vm.processes.get(slot).is_some_and(|p| p.turn == Turn::Held);
        if state != Some(State::Suspended) || held || vm.scheduler.is_stepping() {
            return Outcome::Fail(PrimError::Inappropriate);
        }
        pause(vm, call, process);
        let (pc, fp) = vm.step_process(slot);
        Outcome::Jump(pc, fp)
    }
}

unsafe fn process_suspend(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: as above.
    unsafe {
        let process = call.arg(0);
        let Some(slot) = vm.process_slot(process) else {
            return Outcome::Fail(PrimError::BadReceiver);
        };
        if slot == vm.processes.active_slot {
            pause(vm, call, process);
            vm.processes.running().state = State::Suspended;
            return switch(vm);
        }
        let list = vm.heap.slot(process, field::LIST);
        vm.take_out(process, slot);
        Outcome::Value(list)
    }
}

unsafe fn process_yield(vm: &mut Vm, call: Call) -> Outcome {
    // To look outside is a call of the system, and safepoints do so as well.
    if vm.scheduler.turn_to_look() {
        vm.poll_host(Some(std::time::Duration::ZERO));
        vm.run_timers();
    }
    let process = vm.processes.active;
    if vm.scheduler.best_ready() < vm.priority(process) {
        // SAFETY: as above.
        return Outcome::Value(unsafe { call.arg(0) });
    }
    // SAFETY: as above.
    unsafe { pause(vm, call, call.arg(0)) };
    let slot = vm.processes.active_slot;
    vm.make_ready(process, slot);
    switch(vm)
}

unsafe fn process_priority_put(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds receiver and priority.
    unsafe {
        let (process, priority) = (call.arg(0), call.arg(1));
        let Some(slot) = vm.process_slot(process) else {
            return Outcome::Fail(PrimError::BadReceiver);
        };
        if priority.as_int().is_none_or(|p| !(1..=80).contains(&p)) {
            return Outcome::Fail(PrimError::BadArgument);
        }
        let ready = vm
            .processes
            .get(slot)
            .is_some_and(|p| p.state == State::Ready);
        if ready {
            vm.take_out(process, slot);
        }
        vm.heap.set_slot(process, field::PRIORITY, priority);
        if ready {
            vm.make_ready(process, slot);
        }
        answer_or_yield(vm, call, process)
    }
}

unsafe fn process_finish(vm: &mut Vm, call: Call) -> Outcome {
    vm.pc = call.pc;
    vm.fp = call.fp;
    match vm.finish_active() {
        Some((pc, fp)) => Outcome::Jump(pc, fp),
        None => Outcome::Exit,
    }
}

fn process_top_context(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let Some(slot) = vm.process_slot(args[0]) else {
        return Ok(Value::NIL);
    };
    if slot == vm.processes.active_slot {
        let top = vm.top_frame();
        return Ok(vm.marry(slot, top));
    }
    let Some(frame) = vm.processes.get(slot).map(|p| p.top()) else {
        return Ok(Value::NIL);
    };
    Ok(vm.marry(slot, frame))
}

fn process_interrupt_with(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [process, closure] = args else {
        return Err(PrimError::BadNumArgs);
    };
    let slot = vm.process_slot(*process).ok_or(PrimError::BadReceiver)?;
    if slot == vm.processes.active_slot {
        return Err(PrimError::Inappropriate);
    }
    let code = argless_closure(vm, *closure)?;
    vm.interrupt(slot, code, *closure);
    Ok(*process)
}

pub(super) fn is_semaphore(vm: &Vm, v: Value) -> bool {
    vm.heap.is_pointers(v)
        && vm.heap.slots(v) > semaphore::EXCESS
        && vm
            .classes
            .inherits(vm.heap.class_of(v), Known::Semaphore.index())
}

unsafe fn semaphore_signal(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds the receiver.
    unsafe {
        let s = call.arg(0);
        if !is_semaphore(vm, s) {
            return Outcome::Fail(PrimError::BadReceiver);
        }
        vm.signal_semaphore(s);
        answer_or_yield(vm, call, s)
    }
}

/// Takes one signal of a Semaphore, if there is one.
fn take_signal(vm: &mut Vm, s: Value) -> bool {
    let excess = vm.heap.slot(s, semaphore::EXCESS).as_int().unwrap_or(0);
    if excess > 0 {
        vm.heap
            .set_slot(s, semaphore::EXCESS, Value::int(excess - 1));
    }
    excess > 0
}

unsafe fn semaphore_wait(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: as above.
    unsafe {
        let s = call.arg(0);
        if !is_semaphore(vm, s) {
            return Outcome::Fail(PrimError::BadReceiver);
        }
        if take_signal(vm, s) {
            return Outcome::Value(s);
        }
        pause(vm, call, s);
        vm.wait_in(s);
        switch(vm)
    }
}

unsafe fn semaphore_wait_timeout(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds receiver and milliseconds.
    unsafe {
        let (s, timeout) = (call.arg(0), call.arg(1));
        let Some(milliseconds) = timeout.as_int() else {
            return Outcome::Fail(PrimError::BadArgument);
        };
        if !is_semaphore(vm, s) {
            return Outcome::Fail(PrimError::BadReceiver);
        }
        if take_signal(vm, s) {
            return Outcome::Value(Value::FALSE);
        }
        if milliseconds <= 0 {
            return Outcome::Value(Value::TRUE);
        }
        pause(vm, call, Value::FALSE);
        let answer = vm.offset(call.fp) + call.window;
        vm.wait_in(s);
        let proc = vm.processes.running();
        proc.answer = answer;
        proc.timed = true;
        let due = due(vm, milliseconds);
        let slot = vm.processes.active_slot;
        vm.add_timer(due, slot);
        switch(vm)
    }
}

/// When so many milliseconds will have passed. What lies beyond all times is cut to fit a SmallInteger.
fn due(vm: &Vm, milliseconds: i64) -> u64 {
    let microseconds = (milliseconds.max(0) as u64).saturating_mul(1000);
    vm.now().saturating_add(microseconds).min(1 << 59)
}

unsafe fn delay_wait(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds receiver and milliseconds.
    unsafe {
        let Some(milliseconds) = call.arg(1).as_int() else {
            return Outcome::Fail(PrimError::BadArgument);
        };
        pause(vm, call, call.arg(0));
        let due = due(vm, milliseconds);
        let proc = vm.processes.running();
        proc.state = State::Sleeping;
        proc.wait += 1;
        let slot = vm.processes.active_slot;
        vm.add_timer(due, slot);
        switch(vm)
    }
}

/// `report: anException text: aString from: aContext`: notes what happened, for whoever asks.
unsafe fn unhandled_exception(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window is that of the call.
    let failure = match unsafe { failure_of(vm, call) } {
        Ok(failure) => failure,
        Err(error) => return Outcome::Fail(error),
    };
    let slot = vm.processes.active_slot;
    if vm.levels.iter().any(|l| l.process == slot) {
        // The first is what went wrong, the others happened while its Process was cleaned up.
        if vm.unhandled.is_none() {
            vm.unhandled = Some(failure);
            // SAFETY: as above.
            vm.handles.failing = unsafe { call.arg(1) };
            return Outcome::Value(Value::NIL);
        }
        if vm.is_cleaning() {
            return Outcome::Value(Value::NIL);
        }
    }
    // SAFETY: as above.
    vm.note_background_failure(failure, unsafe { call.arg(1) });
    Outcome::Value(Value::NIL)
}

/// What a person has to know of the exception that is the first argument, with the text that is the second,
/// from the Context that is the third.
unsafe fn failure_of(vm: &mut Vm, call: Call) -> Result<Unhandled, PrimError> {
    if call.num_args != 3 {
        return Err(PrimError::BadNumArgs);
    }
    // SAFETY: the window holds receiver, exception, text and Context.
    let (exception, text, context) = unsafe { (call.arg(1), call.arg(2), call.arg(3)) };
    let (slot, frame) = match vm.context_frame(context) {
        Ok(Some(place)) => place,
        _ => (vm.processes.active_slot, vm.top_frame()),
    };
    vm.charge_walk(frame.offset, 0);
    let proc = vm.processes.get(slot).ok_or(PrimError::Inappropriate)?;
    let (frames, omitted) = vm.trace(proc, frame);
    Ok(Unhandled {
        class: vm.classes.name(vm.heap.class_of(exception)),
        message: vm.string_value(text).unwrap_or_default(),
        frames,
        omitted,
    })
}

/// Exceptions kept until somebody takes them, at most.
const MOST_KEPT: usize = 100;

/// `keep: anException text: aString from: aContext`: the exception is handled, but will be told of.
unsafe fn exception_keep(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window is that of the call.
    match unsafe { failure_of(vm, call) } {
        Ok(mut failure) if vm.kept_failures.len() < MOST_KEPT => {
            failure.shorten();
            vm.kept_failures.push(failure);
        }
        Ok(_) => {}
        Err(error) => return Outcome::Fail(error),
    }
    Outcome::Value(Value::NIL)
}

/// `primCutOffAfter: microseconds`: where the host runs tests, the running one gets that much time from now on.
fn test_cut_off(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let time = args
        .get(1)
        .and_then(|v| v.as_int())
        .and_then(|n| u64::try_from(n).ok());
    let time = time.ok_or(PrimError::BadArgument)?;
    if vm.limits.cut_off.is_some() {
        vm.limits.cut_off = Some(vm.time_spent().saturating_add(time));
    }
    Ok(args[0])
}

unsafe fn smalltalk_exit(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds receiver and code.
    let Some(code) = (unsafe { call.arg(1) }).as_int() else {
        return Outcome::Fail(PrimError::BadArgument);
    };
    // The system keeps eight bits of it; that must not make a success of a failure.
    let code = match code.rem_euclid(256) {
        0 if code != 0 => 255,
        low => low,
    };
    vm.stop = Some(Stop::Exit(code as i32));
    Outcome::Exit
}

unsafe fn garbage_collect(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: primitives run without a frame.
    unsafe { call.forget_earlier_answer() };
    vm.collect_all(call.fp, call.window + 3);
    vm.reclaim_due = true;
    vm.poll_soon();
    vm.mourn();
    let free = vm.heap.bytes_used() as i64;
    // SAFETY: as in `answer_or_yield`; finalisers run before it goes on.
    unsafe { answer_or_yield(vm, call, Value::int(free)) }
}

fn register_external(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let object = *args.get(1).ok_or(PrimError::BadNumArgs)?;
    if object.is_nil() {
        return Err(PrimError::BadArgument);
    }
    Ok(Value::int(vm.external.add(object) as i64))
}

/// The argument is the index, or the object itself.
fn unregister_external(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let object = *args.get(1).ok_or(PrimError::BadNumArgs)?;
    let number = match object.as_int() {
        Some(n) => usize::try_from(n).ok(),
        None => vm.external.number_of(object),
    };
    vm.external.remove(number.unwrap_or(0));
    Ok(args[0])
}
