//! Primitives for what a program finds around it: its environment, its standard streams, its number; and what it was denied.
//! Owns the translation between objects and `host`; must never wait.

use super::arg;
use super::file::{transferred, writable_part};
use super::file_path::{checked, new_os_string, os_string};
use super::part::int_arg;
use crate::host::files::FileError;
use crate::host::files::open::Transfer;
use crate::host::stdio::Input;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};
use std::os::unix::ffi::OsStrExt;

/// The primitives of this file.
pub const TABLE: Table = table![
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
    vm.note_kept(name.len() + value.len());
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
fn process_id(vm: &mut Vm, _: &[Value]) -> PrimResult {
    let number = vm.host.process_id();
    let number = checked(vm, number.map_err(FileError::from))?;
    Ok(Value::int(number.into()))
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
