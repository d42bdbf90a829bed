//! Primitives for open files, and for reading text out of their bytes. Owns the translation between
//! objects and `host::files::open`; must never wait: who has to, is told so.

use super::arg;
use super::file_path::{bool_arg, checked, os_string};
use super::part::{int_arg, part};
use crate::host::files::open::{Mode, Transfer};
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};
use std::ops::Range;

/// The primitives of this file.
pub const TABLE: Table = table![
    ("primitiveFileOpen", open),
    ("primitiveFileRead", read),
    ("primitiveFileWrite", write),
    ("primitiveFileWait", wait),
    ("primitiveFileSize", size),
    ("primitiveFileTruncate", truncate),
    ("primitiveFileSync", sync),
    ("primitiveFileClose", close),
    ("primitiveFileIsOnDisk", is_on_disk),
    ("primitiveFileIsTerminal", is_terminal),
    ("primitiveFileOpenCount", open_count),
    ("primitiveFileDecodeUtf8", decode_utf8),
];

/// The number of an open file, or of a child, in an argument.
pub fn number_arg(args: &[Value], index: usize) -> Result<u32, PrimError> {
    u32::try_from(int_arg(args, index)?).map_err(|_| PrimError::BadArgument)
}

fn position_arg(args: &[Value], index: usize) -> Result<u64, PrimError> {
    u64::try_from(int_arg(args, index)?).map_err(|_| PrimError::BadArgument)
}

/// A part of an object of bytes that is written to.
pub fn writable_part(
    vm: &Vm,
    args: &[Value],
    index: usize,
) -> Result<(Value, Range<usize>), PrimError> {
    if vm.heap.is_immutable(arg(args, index)?) {
        return Err(PrimError::ReadOnly);
    }
    part(vm, args, index)
}

/// Path, and the sum of 1 to read, 2 to write, 4 to append, 8 to create, 16 if it must be new,
/// 32 to drop what it held. Answers a number.
fn open(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let path = os_string(vm, arg(args, 1)?)?;
    let bits = int_arg(args, 2)?;
    let mode = Mode {
        read: bits & 1 != 0,
        write: bits & 2 != 0,
        append: bits & 4 != 0,
        create: bits & 8 != 0,
        new: bits & 16 != 0,
        truncate: bits & 32 != 0,
    };
    let opened = vm.host.open_file(path.as_ref(), mode);
    checked(vm, opened).map(|number| Value::int(number.into()))
}

/// The count; nil when nothing can be transferred now.
pub fn transferred(transfer: Transfer) -> Value {
    match transfer {
        Transfer::Bytes(count) => Value::int(count as i64),
        Transfer::NotReady => Value::NIL,
    }
}

/// File, position, buffer, start, count.
fn read(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (number, position) = (number_arg(args, 1)?, position_arg(args, 2)?);
    let (buffer, range) = writable_part(vm, args, 3)?;
    vm.charge(range.len() >> 8);
    let Vm { heap, host, .. } = vm;
    let target = &mut heap.bytes_mut(buffer)[range];
    let result = host.open_files.read(number, position, target);
    checked(vm, result).map(transferred)
}

/// File, position, bytes, start, count.
fn write(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (number, position) = (number_arg(args, 1)?, position_arg(args, 2)?);
    let (buffer, range) = part(vm, args, 3)?;
    vm.charge(range.len() >> 8);
    let Vm { heap, host, .. } = vm;
    let bytes = &heap.bytes(buffer)[range];
    let result = host.open_files.write(number, position, bytes);
    checked(vm, result).map(transferred)
}

/// File, whether to write. The Process waits until that may be possible. False if nobody can tell
/// when it will be.
fn wait(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (number, write) = (number_arg(args, 1)?, bool_arg(args, 2)?);
    let on_disk = vm.host.open_files.is_on_disk(number);
    if checked(vm, on_disk)? {
        return Ok(args[0]);
    }
    wait_for(vm, number, write)
}

/// Makes the Process wait for an open file; false if nobody can tell when it will be ready.
pub(super) fn wait_for(vm: &mut Vm, number: u32, write: bool) -> PrimResult {
    let (semaphore, signal) = vm.semaphore_for_once()?;
    let armed = vm.host.open_files.wait(number, write, signal);
    if checked(vm, armed)? {
        return Err(PrimError::Wait(semaphore));
    }
    // The number has to be free again.
    vm.host.open_files.signals.push(signal);
    Ok(Value::FALSE)
}

fn size(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let size = vm.host.open_files.size(number_arg(args, 1)?);
    checked(vm, size).map(|size| Value::int(size as i64))
}

fn truncate(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (number, size) = (number_arg(args, 1)?, position_arg(args, 2)?);
    let done = vm.host.open_files.truncate(number, size);
    checked(vm, done).map(|()| args[0])
}

fn sync(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let done = vm.host.open_files.sync(number_arg(args, 1)?);
    checked(vm, done).map(|()| args[0])
}

fn close(vm: &mut Vm, args: &[Value]) -> PrimResult {
    vm.host.open_files.close(number_arg(args, 1)?);
    Ok(args[0])
}

fn is_on_disk(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let answer = vm.host.open_files.is_on_disk(number_arg(args, 1)?);
    checked(vm, answer).map(Value::bool)
}

fn is_terminal(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let answer = vm.host.open_files.is_terminal(number_arg(args, 1)?);
    checked(vm, answer).map(Value::bool)
}

/// How many files are open, the pipes to children among them.
fn open_count(vm: &mut Vm, _: &[Value]) -> PrimResult {
    Ok(Value::int(vm.host.open_files.len() as i64))
}

/// Bytes, start, count. A String of the characters that are whole, and how many bytes those are;
/// fails when the first bytes are no UTF-8.
fn decode_utf8(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (object, range) = part(vm, args, 1)?;
    vm.charge(range.len() >> 6);
    let bytes = vm.heap.bytes(object)[range].to_vec();
    let (valid, malformed) = match std::str::from_utf8(&bytes) {
        Ok(text) => (text.len(), false),
        Err(error) => (error.valid_up_to(), error.error_len().is_some()),
    };
    if valid == 0 && malformed {
        return Err(PrimError::Inappropriate);
    }
    let text = String::from_utf8_lossy(&bytes[..valid]);
    let text = vm.new_string(&text);
    Ok(vm.new_array_from(&[text, Value::int(valid as i64)]))
}
