//! Primitives of the module SqueakSSL: TLS from buffer to buffer. Owns the translation between
//! objects and `host::tls`, whose refusals are numbers here as that module has them. Must never
//! decide anything about TLS.

use super::arg;
use super::socket::{byte_array, bytes_arg, handle_arg, int_arg};
use super::socket_transfer::part;
use crate::host::net::Handle;
use crate::host::tls::{Int, Refusal, Role, Text};
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};
use std::ops::Range;

/// The primitives of this file. The last two are ours.
pub const TABLE: Table = table![
    ("primitiveCreate", create),
    ("primitiveDestroy", destroy),
    ("primitiveConnect", connect),
    ("primitiveAccept", accept),
    ("primitiveEncrypt", encrypt),
    ("primitiveDecrypt", decrypt),
    ("primitiveGetIntProperty", get_int),
    ("primitiveSetIntProperty", set_int),
    ("primitiveGetStringProperty", get_string),
    ("primitiveSetStringProperty", set_string),
    ("primitiveSSLFinish", finish),
    ("primitiveSSLOutgoing", outgoing),
];

/// Bytes of encryption that count as one send.
const BYTES_PER_SEND: usize = 64;

/// A new session counts as so many sends.
const CREATION: usize = 50;

/// A handshake counts as so many sends.
const HANDSHAKE: usize = 10_000;

/// A handshake goes on, but not without input.
const NEED_MORE: i64 = -1;

fn code(refusal: Refusal) -> PrimResult {
    Ok(Value::int(refusal.code()))
}

fn create(vm: &mut Vm, _: &[Value]) -> PrimResult {
    vm.charge(CREATION);
    vm.note_kept(crate::host::tls::SESSION_BYTES);
    let handle = vm.host.tls.create();
    Ok(byte_array(vm, &handle.to_bytes()))
}

/// Answers whether there was a session.
fn destroy(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    Ok(Value::int(vm.host.tls.destroy(handle).into()))
}

/// Which bytes of argument 2 start and count behind it mean.
fn input(vm: &Vm, args: &[Value]) -> Result<Range<usize>, PrimError> {
    let part = part(vm, args, 2, 3)?;
    match part.unit {
        1 => Ok(part.range),
        _ => Err(PrimError::BadArgument),
    }
}

/// The buffer for output in argument `index`, from the start that may follow it.
fn output(vm: &Vm, args: &[Value], index: usize) -> Result<Range<usize>, PrimError> {
    let object = arg(args, index)?;
    let size = bytes_arg(vm, args, index)?.len();
    if vm.heap.is_immutable(object) {
        return Err(PrimError::ReadOnly);
    }
    let start = match args.get(index + 1) {
        Some(start) => start.as_int().ok_or(PrimError::BadArgument)?,
        None => 1,
    };
    let start = usize::try_from(start - 1).map_err(|_| PrimError::BadIndex)?;
    if start > size {
        return Err(PrimError::BadIndex);
    }
    Ok(start..size)
}

/// Moves what is to be sent into the buffer in argument `index`; refuses when it does not fit.
fn take_outgoing(vm: &mut Vm, args: &[Value], index: usize) -> Result<usize, Refusal> {
    let handle = handle_arg(vm, args).map_err(|_| Refusal::BadHandle)?;
    let room = output(vm, args, index).map_err(|_| Refusal::TooSmall)?;
    if vm.host.tls.outgoing(handle)? > room.len() {
        return Err(Refusal::TooSmall);
    }
    let buffer = &mut vm.heap.bytes_mut(args[index])[room];
    vm.host.tls.take_outgoing(handle, buffer)
}

/// Handle, input, start, count, output: how many bytes to send; 0 when it is done, -1 when more
/// input is needed.
fn handshake(vm: &mut Vm, args: &[Value], role: Role) -> PrimResult {
    let (handle, range) = (handle_arg(vm, args)?, input(vm, args)?);
    output(vm, args, 5)?;
    vm.charge(HANDSHAKE);
    vm.note_kept(crate::host::tls::CONNECTION_BYTES);
    let (host, input) = (&mut vm.host, &vm.heap.bytes(args[2])[range]);
    let (tls, files) = (&mut host.tls, &host.capabilities.files);
    if let Err(refusal) = tls.handshake(handle, role, input, files) {
        return code(refusal);
    }
    match take_outgoing(vm, args, 5) {
        Ok(0) => match int(vm, handle, Int::State) {
            Ok(3) => Ok(Value::int(0)),
            Ok(_) => Ok(Value::int(NEED_MORE)),
            Err(refusal) => code(refusal),
        },
        Ok(count) => Ok(Value::int(count as i64)),
        Err(refusal) => code(refusal),
    }
}

fn int(vm: &mut Vm, handle: Handle, property: Int) -> Result<i64, Refusal> {
    let host = &mut vm.host;
    host.tls.int(handle, property, &host.capabilities.files)
}

fn connect(vm: &mut Vm, args: &[Value]) -> PrimResult {
    handshake(vm, args, Role::Client)
}

fn accept(vm: &mut Vm, args: &[Value]) -> PrimResult {
    handshake(vm, args, Role::Server)
}

/// Handle, data, start, count, output: how many bytes to send.
fn encrypt(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, range) = (handle_arg(vm, args)?, input(vm, args)?);
    let room = output(vm, args, 5)?;
    vm.charge(range.len() / BYTES_PER_SEND);
    let data = &vm.heap.bytes(args[2])[range];
    if let Err(refusal) = vm.host.tls.encrypt(handle, data, room.len()) {
        return code(refusal);
    }
    match take_outgoing(vm, args, 5) {
        Ok(count) => Ok(Value::int(count as i64)),
        Err(refusal) => code(refusal),
    }
}

/// Handle, input, start, count, output: how many bytes are decrypted. What has no room stays for
/// the next call, which may come without input.
fn decrypt(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, range) = (handle_arg(vm, args)?, input(vm, args)?);
    let room = output(vm, args, 5)?;
    let input = &vm.heap.bytes(args[2])[range];
    if let Err(refusal) = vm.host.tls.decrypt(handle, input) {
        return code(refusal);
    }
    let buffer = &mut vm.heap.bytes_mut(args[5])[room];
    match vm.host.tls.take_plain(handle, buffer) {
        Ok(count) => {
            vm.charge(count / BYTES_PER_SEND);
            Ok(Value::int(count as i64))
        }
        Err(refusal) => code(refusal),
    }
}

/// Handle, output: how many bytes to send that tell the other end that nothing more will come.
fn finish(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    output(vm, args, 2)?;
    if let Err(refusal) = vm.host.tls.finish(handle) {
        return code(refusal);
    }
    outgoing(vm, args)
}

/// Handle, output: how many bytes to send, whatever they are for: an alert, say.
fn outgoing(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    let room = output(vm, args, 2)?;
    let buffer = &mut vm.heap.bytes_mut(args[2])[room];
    match vm.host.tls.take_outgoing(handle, buffer) {
        Ok(count) => Ok(Value::int(count as i64)),
        Err(refusal) => code(refusal),
    }
}

/// Properties of a session that is none fail with the code.
fn failure(refusal: Refusal) -> PrimError {
    PrimError::Value(Value::int(refusal.code()))
}

fn int_property(args: &[Value]) -> Result<Int, PrimError> {
    Int::from_number(int_arg(args, 2)?).ok_or(PrimError::BadArgument)
}

fn text_property(args: &[Value]) -> Result<Text, PrimError> {
    Text::from_number(int_arg(args, 2)?).ok_or(PrimError::BadArgument)
}

fn get_int(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, property) = (handle_arg(vm, args)?, int_property(args)?);
    let value = int(vm, handle, property).map_err(failure)?;
    Ok(Value::int(value))
}

fn set_int(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, property) = (handle_arg(vm, args)?, int_property(args)?);
    let value = int_arg(args, 3)?;
    vm.host
        .tls
        .set_int(handle, property, value)
        .map_err(failure)?;
    Ok(args[0])
}

/// nil when there is none (yet).
fn get_string(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, property) = (handle_arg(vm, args)?, text_property(args)?);
    match vm.host.tls.text(handle, property).map_err(failure)? {
        Some(text) => Ok(vm.new_string(&text)),
        None => Ok(Value::NIL),
    }
}

/// The value is bytes (UTF-8); nil and the empty text take the setting back.
fn set_string(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, property) = (handle_arg(vm, args)?, text_property(args)?);
    let value = if arg(args, 3)?.is_nil() {
        Vec::new()
    } else {
        bytes_arg(vm, args, 3)?.to_vec()
    };
    vm.host
        .tls
        .set_text(handle, property, value)
        .map_err(failure)?;
    Ok(args[0])
}
