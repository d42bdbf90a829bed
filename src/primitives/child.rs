//! Primitives for other programs: starting them, their ends, and the environment that they get.
//! Owns the translation between objects and `host::children`; must never wait for a child.

use super::arg;
use super::file::{number_arg, transferred, wait_for, writable_part};
use super::file_path::{checked, int_arg, new_os_string, os_string};
use crate::host::children::{Stream, Wanted};
use crate::host::files::FileError;
use crate::host::files::open::Transfer;
use crate::host::stdio::Input;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// The primitives of this file.
pub const TABLE: Table = table![
    ("primitiveChildStart", start),
    ("primitiveChildStatus", status),
    ("primitiveChildWait", wait),
    ("primitiveChildSignal", signal),
    ("primitiveChildForget", forget),
    ("primitiveEnvironmentGet", environment_get),
    ("primitiveEnvironmentSet", environment_set),
    ("primitiveEnvironmentRemove", environment_remove),
    ("primitiveEnvironmentNames", environment_names),
    ("primitivePermissionDenied", permission_denied),
    ("primitiveProcessId", process_id),
    ("primitiveStandardRead", standard_read),
    ("primitiveStandardWait", standard_wait),
    ("primitiveStandardIsTerminal", standard_is_terminal),
];

fn strings(vm: &Vm, array: Value) -> Result<Vec<OsString>, PrimError> {
    if !vm.heap.is_pointers(array) {
        return Err(PrimError::BadArgument);
    }
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
    let flags = int_arg(args, 6)?;
    let wanted = Wanted {
        program: os_string(vm, arg(args, 1)?)?,
        arguments: strings(vm, arg(args, 2)?)?,
        environment,
        directory,
        streams: [stream(slots[0])?, stream(slots[1])?, stream(slots[2])?],
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

/// The value of a variable, or nil.
fn environment_get(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let name = os_string(vm, arg(args, 1)?)?;
    let value = vm.host.environment.get(&name);
    let value = value.map(|v| v.map(|v| v.to_os_string()));
    match checked(vm, value.map_err(FileError::from))? {
        Some(value) => new_os_string(vm, value.as_bytes()),
        None => Ok(Value::NIL),
    }
}

/// Name, value. The system has no way to say a name that is empty or has `=` in it, nor a NUL.
fn environment_set(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (name, value) = (os_string(vm, arg(args, 1)?)?, os_string(vm, arg(args, 2)?)?);
    let bytes = name.as_bytes();
    if bytes.is_empty()
        || bytes.contains(&b'=')
        || bytes.contains(&0)
        || value.as_bytes().contains(&0)
    {
        return Err(PrimError::BadArgument);
    }
    let done = vm.host.environment.set(name, value);
    checked(vm, done.map_err(FileError::from)).map(|()| args[0])
}

fn environment_remove(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let name = os_string(vm, arg(args, 1)?)?;
    let done = vm.host.environment.remove(&name);
    checked(vm, done.map_err(FileError::from)).map(|()| args[0])
}

fn environment_names(vm: &mut Vm, _: &[Value]) -> PrimResult {
    let names = vm.host.environment.names();
    let mut strings = Vec::with_capacity(names.len());
    for name in names {
        strings.push(new_os_string(vm, name.as_bytes())?);
    }
    Ok(vm.new_array_from(&strings))
}

/// Whether in the network: what was denied last, and the option that permits it; nil for nothing.
fn permission_denied(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let network = super::file_path::bool_arg(args, 1)?;
    let Some(denied) = vm.host.take_denied(network) else {
        return Ok(Value::NIL);
    };
    let what = vm.new_string(&denied.what);
    let option = vm.new_string(&denied.option);
    Ok(vm.new_array_from(&[what, option]))
}

/// The number by which the system knows us.
fn process_id(_: &mut Vm, _: &[Value]) -> PrimResult {
    Ok(Value::int(std::process::id().into()))
}

/// Buffer, start, count: how many bytes of standard input are in it then; nil if none is there now,
/// 0 at the end.
fn standard_read(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (buffer, range) = writable_part(vm, args, 1)?;
    let Vm { heap, host, .. } = vm;
    let target = &mut heap.bytes_mut(buffer)[range];
    let result = match host.stdio.read(target) {
        Ok(Input::Bytes(count)) => Ok(Transfer::Bytes(count)),
        Ok(Input::End) => Ok(Transfer::Bytes(0)),
        Ok(Input::NotReady) => Ok(Transfer::NotReady),
        Err(error) => Err(FileError::Os(error)),
    };
    checked(vm, result).map(transferred)
}

/// The Process waits until standard input may have something. False if nobody can tell when.
fn standard_wait(vm: &mut Vm, _: &[Value]) -> PrimResult {
    let (semaphore, signal) = vm.semaphore_for_once()?;
    if vm.host.arm_stdin(signal) {
        return Err(PrimError::Wait(semaphore));
    }
    vm.host.open_files.signals.push(signal);
    Ok(Value::FALSE)
}

/// 0, 1 or 2: whether standard input, output or error is a terminal.
fn standard_is_terminal(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let answer = vm.host.stdio.is_terminal(int_arg(args, 1)?);
    answer.map(Value::bool).ok_or(PrimError::BadArgument)
}
