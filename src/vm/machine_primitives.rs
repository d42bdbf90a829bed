//! Primitives that look at frames or change what runs next: closures, perform:, Contexts.
//!
//! Those of Processes and Semaphores stand in `process_primitives`.

use super::code::{Call, flags, value_code};
use super::known::Known;
use super::primitive_table::{MachineTable, Table, table};
use super::{Outcome, PrimError, Vm};
use crate::memory::Value;

/// What changes what runs next.
pub(super) const MACHINE: MachineTable = &[
    ("closureValue", 0, closure_value),
    ("closureValueWithArguments", 1, closure_value_with_arguments),
    ("performSelector", 1, perform_selector),
    ("performWithArguments", 2, perform_with_arguments),
    ("performInSuperclass", 3, perform_in_superclass),
    ("methodExecute", 2, method_execute),
    ("contextSender", 0, context_sender),
    ("contextHome", 0, super::home::context_home),
    (
        "contextNextHandlerFor",
        1,
        super::handlers::context_next_handler_for,
    ),
    (
        "exceptionHandlerFrom",
        1,
        super::handlers::exception_handler_from,
    ),
    ("contextNextUnwind", 1, context_next_unwind),
    ("contextNextPendingUnwind", 1, context_next_pending_unwind),
    ("contextReturn", 1, context_return),
    ("contextReturnDirectly", 1, context_return_directly),
    ("contextRestart", 0, context_restart),
    ("contextRestartWith", 1, context_restart_with),
    ("contextPlace", 0, context_place),
];

/// Functions of their arguments.
pub(super) const TABLE: Table = table![
    ("contextMethod", context_method),
    ("contextReceiver", |vm, a| {
        context_slot(vm, a, super::context::field::RECEIVER)
    }),
    ("contextClosure", |vm, a| {
        context_slot(vm, a, super::context::field::CLOSURE)
    }),
    ("contextIsDead", |vm, a| {
        vm.context_offset(a[0]).map(|f| Value::bool(f.is_none()))
    }),
    ("contextNumTemps", |vm, a| {
        vm.context_code(a[0])
            .map(|c| Value::int(c.facts.temps.len() as i64))
    }),
    ("contextTempNames", context_temp_names),
    ("contextTempAt", |vm, a| vm.context_temp(a[0], index(a, 1)?)),
    ("contextTempAtPut", |vm, a| {
        vm.set_context_temp(a[0], index(a, 1)?, *a.get(2).ok_or(PrimError::BadNumArgs)?)
    }),
    ("closureNumArgs", |vm, a| {
        closure_code(vm, a[0]).map(|c| Value::int(c as i64))
    }),
    ("closureMethod", closure_method),
    ("closureSource", closure_source),
    ("closureReceiver", |vm, a| closure_slot(vm, a[0], 2)),
    ("closureHasNonLocalReturn", |vm, a| {
        super::home::closure_says(vm, a[0], flags::RETURNS)
    }),
    ("closureNamesSelf", |vm, a| {
        super::home::closure_says(vm, a[0], flags::NAMES_SELF)
    }),
    ("closureHome", super::home::closure_home),
    ("closureCapturedCount", |vm, a| {
        closure_code(vm, a[0])?;
        Ok(Value::int(vm.heap.slots(a[0]).saturating_sub(3) as i64))
    }),
];

/// Argument `i` as an index from 0.
fn index(args: &[Value], i: usize) -> Result<usize, PrimError> {
    let n = args
        .get(i)
        .ok_or(PrimError::BadNumArgs)?
        .as_int()
        .ok_or(PrimError::BadArgument)?;
    usize::try_from(n)
        .ok()
        .and_then(|n| n.checked_sub(1))
        .ok_or(PrimError::BadIndex)
}

fn goes_on(next: Option<(super::Pc, super::Fp)>) -> Outcome {
    match next {
        Some((pc, fp)) => Outcome::Jump(pc, fp),
        None => Outcome::Exit,
    }
}

/// Arguments that the closure takes.
#[inline(never)]
pub(super) fn closure_code(vm: &Vm, closure: Value) -> Result<u8, PrimError> {
    if vm.heap.class_of(closure) != Known::BlockClosure.index() {
        return Err(PrimError::BadReceiver);
    }
    // SAFETY: only CLOSURE writes slot 0 of a closure, and code lives as long as the machine.
    Ok(unsafe { (*value_code(vm.heap.slot(closure, 0))).num_args })
}

fn closure_slot(vm: &Vm, closure: Value, i: usize) -> super::PrimResult {
    closure_code(vm, closure)?;
    Ok(vm.heap.slot(closure, i))
}

fn closure_method(vm: &mut Vm, args: &[Value]) -> super::PrimResult {
    closure_code(vm, args[0])?;
    // SAFETY: as in `closure_code`.
    let method = unsafe { (*value_code(vm.heap.slot(args[0], 0))).method };
    Ok(vm.method_object(method))
}

/// The text of the block, brackets included.
fn closure_source(vm: &mut Vm, args: &[Value]) -> super::PrimResult {
    closure_code(vm, args[0])?;
    // SAFETY: as in `closure_code`.
    let code = unsafe { &*value_code(vm.heap.slot(args[0], 0)) };
    let span = code.facts.span;
    let method = vm
        .classes
        .methods
        .get(code.method as usize)
        .ok_or(PrimError::NotFound)?;
    let text = method
        .source
        .text
        .as_str()
        .get(span.start as usize..span.end as usize);
    let text = text.ok_or(PrimError::NotFound)?.to_string();
    Ok(vm.new_string(&text))
}

/// `value`, `value:` … on a closure: fails when the number of arguments does not fit.
unsafe fn closure_value(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds the receiver and the arguments.
    unsafe {
        let closure = call.arg(0);
        match closure_code(vm, closure) {
            Ok(n) if n as usize == call.num_args => {
                let code = value_code(vm.heap.slot(closure, 0));
                goes_on(vm.enter(Call { code, ..call }, None))
            }
            Ok(_) => Outcome::Fail(PrimError::BadNumArgs),
            Err(e) => Outcome::Fail(e),
        }
    }
}

/// `valueWithArguments: anArray`.
unsafe fn closure_value_with_arguments(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: as above; `spread` makes room.
    unsafe {
        let (closure, array) = (call.arg(0), call.arg(1));
        let n = match closure_code(vm, closure) {
            Ok(n) => n as usize,
            Err(e) => return Outcome::Fail(e),
        };
        if vm.heap.class_of(array) != Known::Array.index() {
            return Outcome::Fail(PrimError::BadArgument);
        }
        if vm.heap.slots(array) != n {
            return Outcome::Fail(PrimError::BadNumArgs);
        }
        let args = vm.heap.pointer_slots(array).to_vec();
        let code = value_code(vm.heap.slot(closure, 0));
        match spread(vm, call, &args) {
            Some(call) => goes_on(vm.enter(Call { code, ..call }, None)),
            None => Outcome::Fail(PrimError::NoMemory),
        }
    }
}

/// Puts `args` behind the receiver in the window, making room on the stack.
unsafe fn spread(vm: &mut Vm, call: Call, args: &[Value]) -> Option<Call> {
    // SAFETY: room is made before anything is written.
    unsafe {
        let need = call.window + 3 + args.len();
        let fp = if call.fp.add(need) > vm.limit {
            vm.grow_stack(call.fp, need)?
        } else {
            call.fp
        };
        for (i, &v) in args.iter().enumerate() {
            *fp.add(call.window + 3 + i) = v;
        }
        Some(Call {
            fp,
            num_args: args.len(),
            ..call
        })
    }
}

/// `perform: selector with: …`: the arguments move down by one.
unsafe fn perform_selector(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds the receiver, the selector and the arguments.
    unsafe {
        let Some(selector) = vm.symbols.id_of(&vm.heap, call.arg(1)) else {
            return Outcome::Fail(PrimError::BadArgument);
        };
        let n = call.num_args - 1;
        if arity(vm, selector) != n {
            return Outcome::Fail(PrimError::BadNumArgs);
        }
        for i in 0..n {
            *call.fp.add(call.window + 3 + i) = call.arg(2 + i);
        }
        let class = vm.heap.class_of(call.arg(0));
        dispatch_to(
            vm,
            Call {
                num_args: n,
                ..call
            },
            class,
            selector,
        )
    }
}

/// `perform: selector withArguments: anArray`.
unsafe fn perform_with_arguments(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: as above.
    unsafe {
        let class = vm.heap.class_of(call.arg(0));
        perform_array(vm, call, class)
    }
}

/// `perform: selector withArguments: anArray inSuperclass: aClass`.
unsafe fn perform_in_superclass(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: as above.
    unsafe {
        let Some(class) = vm.classes.index_of(call.arg(3)) else {
            return Outcome::Fail(PrimError::BadArgument);
        };
        if !vm.classes.inherits(vm.heap.class_of(call.arg(0)), class) {
            return Outcome::Fail(PrimError::BadArgument);
        }
        perform_array(vm, call, class)
    }
}

unsafe fn perform_array(vm: &mut Vm, call: Call, class: u32) -> Outcome {
    // SAFETY: as above.
    unsafe {
        let Some(selector) = vm.symbols.id_of(&vm.heap, call.arg(1)) else {
            return Outcome::Fail(PrimError::BadArgument);
        };
        let array = call.arg(2);
        if vm.heap.class_of(array) != Known::Array.index() {
            return Outcome::Fail(PrimError::BadArgument);
        }
        let expected = arity(vm, selector);
        let args = vm.heap.pointer_slots(array);
        if expected != args.len() || args.len() >= super::send::MAX_ARGS {
            return Outcome::Fail(PrimError::BadNumArgs);
        }
        let args = args.to_vec();
        match spread(vm, call, &args) {
            Some(call) => dispatch_to(vm, call, class, selector),
            None => Outcome::Fail(PrimError::NoMemory),
        }
    }
}

/// Sends `selector` with what the window holds; lookup starts at `class`.
unsafe fn dispatch_to(vm: &mut Vm, call: Call, class: u32, selector: u32) -> Outcome {
    // SAFETY: the window holds the receiver and `call.num_args` arguments.
    unsafe {
        match vm.find_code(class, selector) {
            Some(code) if (*code).num_args as usize == call.num_args => {
                goes_on(vm.activate(Call { code, ..call }))
            }
            _ => goes_on(vm.not_understood(call.pc, call.fp, call.window, selector, call.num_args)),
        }
    }
}

/// Arguments that a selector takes.
fn arity(vm: &mut Vm, selector: u32) -> usize {
    let selector = vm.symbols.text(selector);
    let (arity, size) = match selector.chars().next() {
        Some(c) if c.is_alphabetic() || c == '_' => (selector.matches(':').count(), selector.len()),
        Some(_) => (1, 0),
        None => (0, 0),
    };
    vm.charge(size >> 6);
    arity
}

/// `aCompiledMethod valueWithReceiver: r arguments: anArray`.
unsafe fn method_execute(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: as above.
    unsafe {
        let Some(code) = vm.method_id(call.arg(0)).and_then(|m| vm.method_code(m)) else {
            return Outcome::Fail(PrimError::BadReceiver);
        };
        let (receiver, array) = (call.arg(1), call.arg(2));
        let args = vm.heap.pointer_slots(array);
        if args.len() != (*code).num_args as usize {
            return Outcome::Fail(PrimError::BadNumArgs);
        }
        let args = args.to_vec();
        match spread(vm, call, &args) {
            Some(call) => {
                *call.fp.add(call.window + 2) = receiver;
                goes_on(vm.activate(Call { code, ..call }))
            }
            None => Outcome::Fail(PrimError::NoMemory),
        }
    }
}

// ---- Contexts ----

fn context_method(vm: &mut Vm, args: &[Value]) -> super::PrimResult {
    let method = vm.context_code(args[0])?.method;
    Ok(vm.method_object(method))
}

fn context_slot(vm: &mut Vm, args: &[Value], slot: usize) -> super::PrimResult {
    vm.context_code(args[0])?;
    Ok(vm.heap.slot(args[0], slot))
}

fn context_temp_names(vm: &mut Vm, args: &[Value]) -> super::PrimResult {
    let names: Vec<String> = vm
        .context_code(args[0])?
        .facts
        .temps
        .iter()
        .map(|t| t.name.clone())
        .collect();
    let strings: Vec<Value> = names.iter().map(|n| vm.new_string(n)).collect();
    Ok(vm.new_array_from(&strings))
}

/// Answers what `find` makes of the receiver's frame, as a Context or nil. It walks down to the frame that it finds, or
/// to `limit`.
pub(super) unsafe fn with_frame(
    vm: &mut Vm,
    call: Call,
    limit: usize,
    find: impl FnOnce(&mut Vm, usize, super::frame::FrameAt) -> Option<super::frame::FrameAt>,
) -> Outcome {
    // SAFETY: the window holds the receiver.
    let receiver = unsafe { call.arg(0) };
    match vm.context_offset(receiver) {
        // Where the frame goes on is of no interest to what looks for its senders.
        Ok(Some((slot, offset))) => {
            let pc = std::ptr::null();
            let found = find(vm, slot, super::frame::FrameAt::behind(offset, pc));
            vm.charge_walk(offset, found.map_or(limit, |f| f.offset));
            Outcome::Value(found.map_or(Value::NIL, |f| vm.marry(slot, f)))
        }
        Ok(None) => Outcome::Value(Value::NIL),
        Err(e) => Outcome::Fail(e),
    }
}

pub(super) fn view_of(vm: &Vm, slot: usize) -> Option<super::frame::StackView<'_>> {
    Some(super::frame::StackView::of(vm.processes.get(slot)?))
}

unsafe fn context_sender(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: as in `with_frame`.
    unsafe {
        with_frame(vm, call, usize::MAX, |vm, slot, frame| {
            view_of(vm, slot)?.walk(frame).nth(1)
        })
    }
}

unsafe fn context_next_unwind(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: as in `with_frame`; the primitive has one argument.
    unsafe {
        let limit = match vm.context_offset(call.arg(1)) {
            Ok(Some((_, offset))) => offset,
            _ => 0,
        };
        with_frame(vm, call, limit, |vm, slot, frame| {
            let view = view_of(vm, slot)?;
            view.walk(frame)
                .take_while(|f| f.offset > limit)
                .find(|f| view.code(f.offset).flags & flags::UNWIND != 0)
        })
    }
}

unsafe fn context_next_pending_unwind(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: as in `context_next_unwind`.
    unsafe {
        let limit = match vm.context_offset(call.arg(1)) {
            Ok(Some((_, offset))) => offset,
            _ => 0,
        };
        let ends = call.arg(1).is_nil();
        with_frame(vm, call, limit, |vm, slot, frame| {
            vm.next_pending(view_of(vm, slot)?, frame, limit, ends)
        })
    }
}

unsafe fn context_return_directly(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds receiver and value.
    unsafe { vm.return_directly(call.arg(0), call.arg(1)) }
}

unsafe fn context_return(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds receiver and value.
    unsafe { vm.return_from_context(call.arg(0), call.arg(1)) }
}

unsafe fn context_restart(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds the receiver.
    unsafe { vm.restart_context(call.arg(0)) }
}

unsafe fn context_restart_with(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds receiver and new receiver.
    unsafe { vm.restart_context_with(call.arg(0), call.arg(1)) }
}

/// `{file or nil. line. column. source line}` of where a Context stands.
unsafe fn context_place(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds the receiver.
    let context = unsafe { call.arg(0) };
    let frame = vm.context_frame(context);
    let code = match vm.context_code(context) {
        Ok(c) => c,
        Err(e) => return Outcome::Fail(e),
    };
    let pc = match frame {
        Ok(Some((_, frame))) => code.shown_pc(frame),
        _ => {
            let words = vm
                .heap
                .slot(context, super::context::field::PC)
                .as_int()
                .unwrap_or(0);
            code.entry.wrapping_add(words.max(0) as usize)
        }
    };
    let (line, column, text) = vm.place(code, pc);
    let file = vm
        .classes
        .methods
        .get(code.method as usize)
        .and_then(|m| m.source.file.clone());
    let file = match file {
        Some(f) => vm.new_string(&f),
        None => Value::NIL,
    };
    let text = vm.new_string(&text);
    Outcome::Value(vm.new_array_from(&[
        file,
        Value::int(line as i64),
        Value::int(column as i64),
        text,
    ]))
}
