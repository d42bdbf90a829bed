//! Primitives of Socket that move data. Owns the checks of buffers and ranges: the host gets a slice
//! that is surely inside the object, and only for the duration of the call. A buffer is an
//! object of bytes or of 32-bit numbers; places and counts are elements. Wide text is no buffer: it
//! would go out as the machine's own words.

use super::socket::{address_arg, arg, byte_array, failure, handle_arg, host_and_port, int_arg};
use crate::host::net::{Address, Handle};
use crate::memory::Value;
use crate::vm::known::Known;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};
use std::ops::Range;

/// The primitives of this file.
pub const TABLE: Table = table![
    ("primitiveSocketReceiveDataAvailable", data_available),
    ("primitiveSocketReceiveDataBufCount", receive),
    ("primitiveSocketReceiveUDPDataBufCount", receive_udp),
    ("primitiveSocketReceiveDatagram", receive_datagram),
    ("primitiveSocketSendDone", send_done),
    ("primitiveSocketSendDataBufCount", send),
    ("primitiveSocketSendUDPDataBufCount", send_udp),
    ("primitiveSocketSendDatagram", send_datagram),
];

/// Bytes of work that count as one send.
const BYTES_PER_SEND: usize = 256;

/// A part of a buffer.
pub struct Part {
    /// The object.
    pub buffer: Value,
    /// Which of its bytes.
    pub range: Range<usize>,
    /// Bytes of an element: 1 or 4.
    pub unit: usize,
}

/// The part of a buffer that start and count (arguments `index`, `index + 1`) mean.
pub fn part(vm: &Vm, args: &[Value], buffer: usize, index: usize) -> Result<Part, PrimError> {
    let buffer = arg(args, buffer)?;
    let unit = if vm.heap.is_bytes(buffer) {
        1
    } else if vm.heap.is_words32(buffer) && !vm.is_string(buffer) {
        4
    } else {
        return Err(PrimError::BadArgument);
    };
    let size = vm.heap.buffer(buffer).len() / unit;
    let start = usize::try_from(int_arg(args, index)?).map_err(|_| PrimError::BadIndex)?;
    let count = usize::try_from(int_arg(args, index + 1)?).map_err(|_| PrimError::BadIndex)?;
    let start = start.checked_sub(1).ok_or(PrimError::BadIndex)?;
    let end = start
        .checked_add(count)
        .filter(|end| *end <= size)
        .ok_or(PrimError::BadIndex)?;
    let range = start * unit..end * unit;
    Ok(Part {
        buffer,
        range,
        unit,
    })
}

/// The same for a buffer that is written to.
pub fn writable(vm: &Vm, args: &[Value]) -> Result<Part, PrimError> {
    if vm.heap.is_immutable(arg(args, 2)?) {
        return Err(PrimError::ReadOnly);
    }
    part(vm, args, 2, 3)
}

fn data_available(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    Ok(Value::bool(
        vm.host.net.data_available(handle).map_err(failure)?,
    ))
}

fn receive(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, part) = (handle_arg(vm, args)?, writable(vm, args)?);
    let unit = part.unit;
    // Two fields at once: the buffer is the heap's, the socket the host's.
    let Vm { heap, host, .. } = vm;
    let buffer = &mut heap.buffer_mut(part.buffer)[part.range];
    let count = match unit {
        1 => host.net.receive(handle, buffer),
        _ => host.net.receive_units(handle, buffer, unit),
    };
    let count = count.map_err(failure)?;
    vm.charge(count / BYTES_PER_SEND);
    Ok(Value::int((count / unit) as i64))
}

fn take_datagram(
    vm: &mut Vm,
    args: &[Value],
) -> Result<Option<crate::host::net::Datagram>, PrimError> {
    let (handle, part) = (handle_arg(vm, args)?, writable(vm, args)?);
    let unit = part.unit;
    let Vm { heap, host, .. } = vm;
    let buffer = &mut heap.buffer_mut(part.buffer)[part.range];
    let mut datagram = host.net.receive_datagram(handle, buffer).map_err(failure)?;
    if let Some(datagram) = &mut datagram {
        // In elements; a part of one counts as cut off.
        datagram.truncated |= datagram.size % unit != 0;
        datagram.size /= unit;
    }
    Ok(datagram)
}

/// Count, host, port, whether it was cut. For a local sender the host is the whole address.
fn receive_udp(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let Some(datagram) = take_datagram(vm, args)? else {
        let nobody = byte_array(vm, &[0; 4]);
        return Ok(vm.new_array_from(&[Value::int(0), nobody, Value::int(0), Value::FALSE]));
    };
    let host = match &datagram.sender {
        Address::Local(_) => {
            let object = datagram.sender.to_object(vm.host.net.session(), false);
            vm.new_bytes(Known::SocketAddress.index(), &object)
        }
        sender => byte_array(vm, &sender.host_bytes()),
    };
    let port = datagram.sender.port().unwrap_or(0);
    let (size, cut) = (datagram.size as i64, datagram.truncated);
    Ok(vm.new_array_from(&[
        Value::int(size),
        host,
        Value::int(port.into()),
        Value::bool(cut),
    ]))
}

/// Count, sender's address, whether it was cut; nil when there is none.
fn receive_datagram(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let Some(datagram) = take_datagram(vm, args)? else {
        return Ok(Value::NIL);
    };
    let object = datagram.sender.to_object(vm.host.net.session(), false);
    let sender = vm.new_bytes(Known::SocketAddress.index(), &object);
    let (size, cut) = (
        Value::int(datagram.size as i64),
        Value::bool(datagram.truncated),
    );
    Ok(vm.new_array_from(&[size, sender, cut]))
}

fn send_done(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    Ok(Value::bool(vm.host.net.send_done(handle).map_err(failure)?))
}

fn send(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, part) = (handle_arg(vm, args)?, part(vm, args, 2, 3)?);
    let unit = part.unit;
    let Vm { heap, host, .. } = vm;
    let data = &heap.buffer(part.buffer)[part.range];
    let count = match unit {
        1 => host.net.send(handle, data),
        _ => host.net.send_units(handle, data, unit),
    };
    let count = count.map_err(failure)?;
    vm.charge(count / BYTES_PER_SEND);
    Ok(Value::int((count / unit) as i64))
}

/// Handle, data, host, port, start, count.
fn send_udp(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, to) = (handle_arg(vm, args)?, host_and_port(vm, args, 3)?);
    let part = part(vm, args, 2, 5)?;
    send_message(vm, handle, part, &to)
}

/// Handle, data, address, start, count.
fn send_datagram(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, to) = (handle_arg(vm, args)?, address_arg(vm, args, 3)?);
    let part = part(vm, args, 2, 4)?;
    send_message(vm, handle, part, &to)
}

fn send_message(vm: &mut Vm, handle: Handle, part: Part, to: &Address) -> PrimResult {
    let unit = part.unit;
    let Vm { heap, host, .. } = vm;
    let data = &heap.buffer(part.buffer)[part.range];
    let count = host.net.send_datagram(handle, data, to).map_err(failure)?;
    Ok(Value::int((count / unit) as i64))
}
