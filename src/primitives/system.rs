//! The system: globals, the program's arguments, text on standard output, clocks, Processes' states.
//!
//! Owns what belongs to no class in particular. Must never block, and writes through the host only.

use super::object::arg;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::process::State;
use crate::vm::{PrimError, PrimResult, Vm};
use chirp_grammar::sorting::sort_by;

/// The primitives of this file.
pub const TABLE: Table = table![
    ("globalAt", global_at),
    ("globalAtPut", global_at_put),
    ("globalIncludes", global_includes),
    ("globalNames", global_names),
    ("globalRemove", global_remove),
    ("smalltalkArguments", arguments),
    ("smalltalkMemory", memory),
    ("smalltalkScript", script),
    ("smalltalkVersion", version),
    ("transcriptShow", transcript_show),
    ("stdoutFlush", stdout_flush),
    ("stdoutWrite", stdout_write),
    ("stderrWrite", stderr_write),
    ("clockMicroseconds", clock_microseconds),
    ("clockMonotonic", clock_monotonic),
    ("processIsSuspended", process_is_suspended),
    ("processOthers", process_others),
];

/// A global's name: any string.
fn name(vm: &mut Vm, args: &[Value]) -> Result<String, PrimError> {
    super::text_value(vm, super::arg(args, 1)?)
}

fn global_at(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let name = name(vm, args)?;
    vm.find_global(&name).ok_or(PrimError::NotFound)
}

fn global_at_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let name = name(vm, args)?;
    let value = *args.get(2).ok_or(PrimError::BadNumArgs)?;
    vm.set_global(&name, value);
    Ok(value)
}

fn global_includes(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let name = name(vm, args)?;
    Ok(Value::bool(vm.find_global(&name).is_some()))
}

fn global_names(vm: &mut Vm, _args: &[Value]) -> PrimResult {
    let mut names = vm.global_names();
    sort_by(&mut names, Ord::cmp);
    let symbols: Vec<Value> = names.iter().map(|n| vm.symbol(n)).collect();
    Ok(vm.new_array_from(&symbols))
}

/// Code that names the global finds it undefined from now on.
fn global_remove(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let name = name(vm, args)?;
    match vm.forget_global(&name) {
        true => Ok(args[0]),
        false => Err(PrimError::NotFound),
    }
}

fn arguments(vm: &mut Vm, _args: &[Value]) -> PrimResult {
    let texts = vm.arguments.clone();
    let strings: Vec<Value> = texts.iter().map(|t| vm.new_string(t)).collect();
    Ok(vm.new_array_from(&strings))
}

/// The path of the program's file, as it was given; nil if there is none.
fn script(vm: &mut Vm, _args: &[Value]) -> PrimResult {
    match vm.script.clone() {
        Some(path) => Ok(vm.new_string(&path)),
        None => Ok(Value::NIL),
    }
}

/// How many bytes are in use.
fn memory(vm: &mut Vm, _args: &[Value]) -> PrimResult {
    Ok(Value::int(vm.heap.bytes_used() as i64))
}

fn version(vm: &mut Vm, _args: &[Value]) -> PrimResult {
    Ok(vm.new_string(concat!("Chirp ", env!("CARGO_PKG_VERSION"))))
}

/// What the host keeps of it counts as memory.
fn write_output(vm: &mut Vm, bytes: &[u8]) {
    vm.host.stdio.output.write(bytes);
    if vm.host.stdio.output.keeps() {
        vm.note_kept(bytes.len());
    }
}

/// Text for a person: every kind of line end becomes a line feed.
fn transcript_show(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = vm
        .string_value(arg(args, 1)?)
        .ok_or(PrimError::BadArgument)?;
    vm.charge(text.len() >> 3);
    let text = if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text
    };
    write_output(vm, text.as_bytes());
    wait_for_reader(vm, args)
}

/// Keeps the Process waiting while much is written that nobody has read; others go on.
fn wait_for_reader(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let output = &mut vm.host.stdio.output;
    if !output.is_full() || output.flush_ready() {
        return Ok(args[0]);
    }
    let (semaphore, number) = vm.semaphore_for_once()?;
    vm.host.arm_stdout(number);
    Err(PrimError::Wait(semaphore))
}

fn stdout_flush(vm: &mut Vm, args: &[Value]) -> PrimResult {
    vm.host.stdio.output.flush();
    Ok(args[0])
}

/// The bytes of a ByteArray as they are; of a string, its UTF-8.
fn bytes(vm: &Vm, v: Value) -> Result<Vec<u8>, PrimError> {
    match vm.string_value(v) {
        Some(text) => Ok(text.into_bytes()),
        None if v.is_object() && vm.heap.is_bytes(v) => Ok(vm.heap.bytes(v).to_vec()),
        None => Err(PrimError::BadArgument),
    }
}

fn stdout_write(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let bytes = bytes(vm, arg(args, 1)?)?;
    vm.charge(bytes.len() >> 3);
    write_output(vm, &bytes);
    wait_for_reader(vm, args)
}

fn stderr_write(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let bytes = bytes(vm, arg(args, 1)?)?;
    vm.charge(bytes.len() >> 3);
    vm.host.stdio.write_error(&bytes);
    if vm.host.stdio.error.keeps() {
        vm.note_kept(bytes.len());
    }
    Ok(args[0])
}

/// Since 1970, in UTC.
fn clock_microseconds(vm: &mut Vm, _args: &[Value]) -> PrimResult {
    Ok(Value::int(vm.host.clock.utc_microseconds()))
}

/// Never goes back.
fn clock_monotonic(vm: &mut Vm, _args: &[Value]) -> PrimResult {
    Ok(Value::int(vm.host.clock.microseconds()))
}

/// Whether a Process runs only after somebody sends resume: not ready, not waiting, not ended.
fn process_is_suspended(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let slot = vm.process_slot(args[0]);
    let state = slot.and_then(|s| vm.processes.get(s)).map(|p| p.state);
    Ok(Value::bool(state == Some(State::Suspended)))
}

/// All Processes that have begun and not ended, except the running one.
fn process_others(vm: &mut Vm, _args: &[Value]) -> PrimResult {
    let active = vm.processes.active;
    let all = vm.processes.slots.iter().flatten();
    let others: Vec<Value> = all
        .filter(|p| p.state != State::Terminated && p.object != active)
        .map(|p| p.object)
        .collect();
    Ok(vm.new_array_from(&others))
}
