//! Primitives of Socket for descriptors from elsewhere: inherited ones, and those that come and go
//! with messages over a local socket.

use super::socket::{arg, failure, handle_arg, int_arg, new_handle, semaphores};
use super::socket_transfer::{Part, part, writable};
use crate::host::net::Handle;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("primitiveSocketFd", descriptor),
    ("primitiveSocketInherited", inherited),
    ("primitiveSocketAdoptFd", adopt),
    ("primitiveSocketSetSemaphores", set_semaphores),
    ("primitiveSocketSendDescriptors", send),
    ("primitiveSocketReceiveDescriptors", receive),
];

/// The number of the descriptor, for talking about it with other programs.
fn descriptor(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    let number = vm.host.net.descriptor(handle).map_err(failure)?;
    Ok(Value::int(number.into()))
}

/// Number and name of each descriptor that was inherited and is not in use yet.
fn inherited(vm: &mut Vm, _: &[Value]) -> PrimResult {
    let found = vm.host.net.inherited().map_err(failure)?;
    let mut entries = Vec::new();
    for (number, name) in found {
        let name = vm.new_string(&name);
        entries.push(vm.new_array_from(&[Value::int(number.into()), name]));
    }
    Ok(vm.new_array_from(&entries))
}

/// The number of an inherited descriptor, semaphores.
fn adopt(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let number = i32::try_from(int_arg(args, 1)?).map_err(|_| PrimError::BadArgument)?;
    let semaphores = semaphores(args, 2)?;
    let handle = vm.host.net.adopt_inherited(number, semaphores);
    Ok(new_handle(vm, handle.map_err(failure)?))
}

/// Handle, semaphores.
fn set_semaphores(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, semaphores) = (handle_arg(vm, args)?, semaphores(args, 2)?);
    let net = &mut vm.host.net;
    net.set_semaphores(handle, semaphores).map_err(failure)?;
    Ok(args[0])
}

/// Handle, data, start, count, Array of the handles whose descriptors go along. Answers the count.
fn send(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    let Part {
        buffer,
        range,
        unit,
    } = part(vm, args, 2, 3)?;
    if unit != 1 {
        return Err(PrimError::BadArgument);
    }
    let handles = vm.heap.pointer_slots(arg(args, 5)?).iter();
    let passed: Option<Vec<Handle>> = handles
        .map(|&each| Handle::from_bytes(vm.heap.bytes(each)))
        .collect();
    let passed = passed.ok_or(PrimError::BadArgument)?;
    let Vm { heap, host, .. } = vm;
    let data = &heap.bytes(buffer)[range];
    let count = host.net.send_descriptors(handle, data, &passed);
    Ok(Value::int(count.map_err(failure)? as i64))
}

/// Handle, buffer, start, count. Answers the count of bytes, and the handles that came.
fn receive(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    let Part {
        buffer,
        range,
        unit,
    } = writable(vm, args)?;
    if unit != 1 {
        return Err(PrimError::BadArgument);
    }
    let Vm { heap, host, .. } = vm;
    let target = &mut heap.bytes_mut(buffer)[range];
    let (size, handles) = host
        .net
        .receive_descriptors(handle, target)
        .map_err(failure)?;
    let handles: Vec<Value> = handles.iter().map(|&each| new_handle(vm, each)).collect();
    let handles = vm.new_array_from(&handles);
    Ok(vm.new_array_from(&[Value::int(size as i64), handles]))
}
