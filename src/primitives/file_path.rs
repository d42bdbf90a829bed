//! Primitives for what lies at a path, and the one place where strings become paths.
//!
//! Paths are UTF-8. The bytes of a name that is none stand for themselves, as the codes U+DC80 to
//! U+DCFF that no text has, so that every file can be named. Must never know an open file.

use super::arg;
use super::part::int_arg;
use super::string::{Builder, text_arg};
use crate::host::files::FileError;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// The primitives of this file.
pub const TABLE: Table = table![
    ("primitivePathAttributes", attributes),
    ("primitivePathAccess", access),
    ("primitivePathNames", names),
    ("primitivePathCreateDirectory", create_directory),
    ("primitivePathRemoveDirectory", remove_directory),
    ("primitivePathRemoveFile", remove_file),
    ("primitivePathRename", rename),
    ("primitivePathCopy", copy),
    ("primitivePathCreateLink", create_link),
    ("primitivePathLinkTarget", link_target),
    ("primitivePathCanonical", canonical),
    ("primitivePathSetPermissions", set_permissions),
    ("primitivePathSetOwner", set_owner),
    ("primitivePathSetModified", set_modified),
    ("primitivePathCurrent", current),
    ("primitiveFileErrorText", error_text),
];

/// What stands for a byte that is no UTF-8.
const RAW: u32 = 0xDC00;

/// What the method's error variable sees: an errno, or #denied without a permission of the host.
#[inline(never)]
pub fn failure(vm: &mut Vm, error: FileError) -> PrimError {
    match error {
        FileError::Denied(denied) => {
            vm.host.denied = Some(denied);
            PrimError::Denied
        }
        error => PrimError::Os(error.errno()),
    }
}

/// The answer of the host, with its failures translated.
pub fn checked<T>(vm: &mut Vm, result: Result<T, FileError>) -> Result<T, PrimError> {
    result.map_err(|error| failure(vm, error))
}

/// A string as the system knows it.
pub fn os_string(vm: &Vm, value: Value) -> Result<OsString, PrimError> {
    let text = text_arg(vm, value)?;
    // What was denied is told with all of it.
    vm.ask_for(4 * text.len())?;
    let mut bytes = Vec::with_capacity(text.len());
    for code in text.codes() {
        match char::from_u32(code) {
            Some(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None if (RAW + 0x80..=RAW + 0xFF).contains(&code) => bytes.push((code - RAW) as u8),
            None => return Err(PrimError::BadArgument),
        }
    }
    Ok(OsString::from_vec(bytes))
}

/// The String for what the system calls so.
pub fn new_os_string(vm: &mut Vm, bytes: &[u8]) -> PrimResult {
    let mut result = Builder::of_size(vm, bytes.len())?;
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| result.push(c as u32));
        let raw = chunk.invalid().iter();
        raw.for_each(|&byte| result.push(RAW + u32::from(byte)));
    }
    result.finish(vm)
}

fn path(vm: &Vm, args: &[Value], index: usize) -> Result<PathBuf, PrimError> {
    Ok(os_string(vm, arg(args, index)?)?.into())
}

/// A boolean argument.
pub fn bool_arg(args: &[Value], index: usize) -> Result<bool, PrimError> {
    match arg(args, index)? {
        Value::TRUE => Ok(true),
        Value::FALSE => Ok(false),
        _ => Err(PrimError::BadArgument),
    }
}

/// An unsigned number of 32 bits.
fn u32_arg(args: &[Value], index: usize) -> Result<u32, PrimError> {
    u32::try_from(int_arg(args, index)?).map_err(|_| PrimError::BadArgument)
}

/// Path, whether to follow links. Mode, size, inode, device, links, owner, group, and microseconds
/// since 1970 of modification, access, change and (or nil) creation.
fn attributes(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (path, follow) = (path(vm, args, 1)?, bool_arg(args, 2)?);
    let found = vm.host.files().attributes(&path, follow);
    let found = checked(vm, found)?;
    let (owner, group) = found.owner;
    let mut numbers = vec![found.mode.into(), found.size, found.inode, found.device];
    numbers.extend([found.links, owner.into(), group.into()]);
    let mut values: Vec<Value> = numbers.into_iter().map(small).collect();
    values.extend([found.modified, found.accessed, found.changed].map(Value::int));
    values.push(found.created.map_or(Value::NIL, Value::int));
    Ok(vm.new_array_from(&values))
}

/// A number that is a small integer wherever there are disks.
fn small(number: u64) -> Value {
    const LIMIT: u64 = (1 << 60) - 1;
    Value::int(number.min(LIMIT) as i64)
}

/// Path, bits: 4 to read, 2 to write, 1 to execute.
fn access(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (path, bits) = (path(vm, args, 1)?, u32_arg(args, 2)?);
    let answer = vm.host.files().may_access(&path, bits);
    Ok(Value::bool(checked(vm, answer)?))
}

fn names(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let path = path(vm, args, 1)?;
    let names = vm.host.files().names(&path);
    let names = checked(vm, names)?;
    vm.charge(names.len());
    let mut strings = Vec::with_capacity(names.len());
    for name in &names {
        strings.push(new_os_string(vm, name)?);
    }
    Ok(vm.new_array_from(&strings))
}

fn create_directory(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let path = path(vm, args, 1)?;
    let done = vm.host.files().create_directory(&path, 0o777);
    checked(vm, done).map(|()| args[0])
}

fn remove_directory(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let path = path(vm, args, 1)?;
    let done = vm.host.files().remove_directory(&path);
    checked(vm, done).map(|()| args[0])
}

fn remove_file(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let path = path(vm, args, 1)?;
    let done = vm.host.files().remove(&path);
    checked(vm, done).map(|()| args[0])
}

fn rename(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (from, to) = (path(vm, args, 1)?, path(vm, args, 2)?);
    let done = vm.host.files().rename(&from, &to);
    checked(vm, done).map(|()| args[0])
}

fn copy(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (from, to) = (path(vm, args, 1)?, path(vm, args, 2)?);
    let goes_on = || !vm.is_stopping();
    let count = vm.host.files().copy(&from, &to, goes_on);
    checked(vm, count).map(|count| Value::int(count as i64))
}

/// Path, and what it leads to.
fn create_link(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (path, target) = (path(vm, args, 1)?, path(vm, args, 2)?);
    let done = vm.host.files().create_link(&path, &target);
    checked(vm, done).map(|()| args[0])
}

fn link_target(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let path = path(vm, args, 1)?;
    let target = vm.host.files().link_target(&path);
    let target = checked(vm, target)?;
    new_os_string(vm, target.as_os_str().as_bytes())
}

fn canonical(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let path = path(vm, args, 1)?;
    let found = vm.host.files().canonical(&path);
    let found = checked(vm, found)?;
    new_os_string(vm, found.as_os_str().as_bytes())
}

fn set_permissions(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (path, mode) = (path(vm, args, 1)?, u32_arg(args, 2)?);
    let done = vm.host.files().set_permissions(&path, mode);
    checked(vm, done).map(|()| args[0])
}

/// Path, owner, group (-1: as it is), whether to follow links.
fn set_owner(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let path = path(vm, args, 1)?;
    let mut each = [None; 2];
    for (index, number) in each.iter_mut().enumerate() {
        if int_arg(args, index + 2)? != -1 {
            *number = Some(u32_arg(args, index + 2)?);
        }
    }
    let follow = bool_arg(args, 4)?;
    let done = vm.host.files().set_owner(&path, each.into(), follow);
    checked(vm, done).map(|()| args[0])
}

/// Path, microseconds since 1970.
fn set_modified(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (path, time) = (path(vm, args, 1)?, int_arg(args, 2)?);
    let done = vm.host.files().set_modified(&path, time);
    checked(vm, done).map(|()| args[0])
}

/// Where the process was started.
fn current(vm: &mut Vm, _: &[Value]) -> PrimResult {
    let path = vm.host.files().working_directory();
    let path = checked(vm, path)?;
    new_os_string(vm, path.as_os_str().as_bytes())
}

/// What the number of an error means: text and name.
fn error_text(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let number = i32::try_from(int_arg(args, 1)?).map_err(|_| PrimError::BadArgument)?;
    let name = nix::errno::Errno::from_raw(number);
    let text = format!("{} ({name:?})", crate::host::sys::error_text(number));
    Ok(vm.new_string(&text))
}
