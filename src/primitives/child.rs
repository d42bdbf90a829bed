//! Primitives for other programs: starting them, and their ends.
//! Owns the translation between objects and `host::children`; must never wait for a child.

use super::file::{number_arg, wait_for};
use super::file_path::{checked, os_string};
use super::part::int_arg;
use super::{arg, text_size};
use crate::host::children::{Stream, Wanted};
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};
use std::ffi::OsString;

/// The primitives of this file.
pub const TABLE: Table = table![
    ("primitiveChildStart", start),
    ("primitiveChildStatus", status),
    ("primitiveChildWait", wait),
    ("primitiveChildSignal", signal),
    ("primitiveChildForget", forget),
];

fn strings(vm: &mut Vm, array: Value) -> Result<Vec<OsString>, PrimError> {
    let texts = text_size(vm, array)?;
    vm.ask_for(texts)?;
    vm.charge(texts >> 6);
    let slots = vm.heap.pointer_slots(array).iter();
    slots.map(|&each| os_string(vm, each)).collect()
}

fn stream(value: Value) -> Result<Stream, PrimError> {
    match value.as_int() {
        Some(-1) => Ok(Stream::Inherited),
        Some(-2) => Ok(Stream::Null),
        Some(-3) => Ok(Stream::Pipe),
        Some(-4) => Ok(Stream::Output),
        Some(number) => u32::try_from(number)
            .map(Stream::File)
            .map_err(|_| PrimError::BadArgument),
        None => Err(PrimError::BadArgument),
    }
}

/// Program, Array of arguments, Array of names and values by turns or nil, directory or nil, Array of
/// three streams (-1 inherited, -2 null, -3 a pipe, -4 where output goes, or an open file), flags (1: a
/// group of its own, 2: it ends with us). Answers its number, its number in the system and the open
/// files that are our ends of the pipes, or nil.
fn start(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let optional = |index| arg(args, index).map(|value| (!value.is_nil()).then_some(value));
    let environment = match optional(3)? {
        None => None,
        Some(array) => {
            let mut words = strings(vm, array)?.into_iter();
            let mut pairs = Vec::new();
            while let (Some(name), Some(value)) = (words.next(), words.next()) {
                pairs.push((name, value));
            }
            Some(pairs)
        }
    };
    let directory = match optional(4)? {
        None => None,
        Some(path) => Some(os_string(vm, path)?.into()),
    };
    let streams = arg(args, 5)?;
    if !vm.heap.is_pointers(streams) || vm.heap.pointer_slots(streams).len() != 3 {
        return Err(PrimError::BadArgument);
    }
    let slots = vm.heap.pointer_slots(streams);
    let streams = [stream(slots[0])?, stream(slots[1])?, stream(slots[2])?];
    let flags = int_arg(args, 6)?;
    let wanted = Wanted {
        program: os_string(vm, arg(args, 1)?)?,
        arguments: strings(vm, arg(args, 2)?)?,
        environment,
        directory,
        streams,
        group: flags & 1 != 0,
        ends_with_us: flags & 2 != 0,
    };
    let started = vm.host.start(&wanted);
    let started = checked(vm, started)?;
    let mut values = vec![
        Value::int(started.number.into()),
        Value::int(started.process.into()),
    ];
    let pipes = started.pipes.into_iter();
    values.extend(pipes.map(|each| each.map_or(Value::NIL, |number| Value::int(number.into()))));
    Ok(vm.new_array_from(&values))
}

/// How the child ended, as the system puts it; nil while it runs.
fn status(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let status = vm.host.children.status(number_arg(args, 1)?);
    let status = checked(vm, status)?;
    Ok(status.map_or(Value::NIL, |status| Value::int(status.into())))
}

/// The Process waits until the child may have ended. False if nobody can tell when.
fn wait(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let number = number_arg(args, 1)?;
    let status = vm.host.children.status(number);
    if checked(vm, status)?.is_some() {
        return Ok(args[0]);
    }
    let end = vm.host.children.end_of(number);
    let Some(end) = checked(vm, end)? else {
        return Ok(Value::FALSE);
    };
    wait_for(vm, end, false)
}

/// Child, number of a signal.
fn signal(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let number = number_arg(args, 1)?;
    let signal = i32::try_from(int_arg(args, 2)?).map_err(|_| PrimError::BadArgument)?;
    let done = vm.host.children.signal(number, signal);
    checked(vm, done).map(|()| args[0])
}

fn forget(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let number = number_arg(args, 1)?;
    let host = &mut vm.host;
    host.children.forget(number, &mut host.open_files);
    Ok(args[0])
}
