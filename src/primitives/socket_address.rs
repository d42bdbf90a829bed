//! Primitives of SocketAddress: making addresses and reading their parts. Never looks a name up,
//! never touches the file system.

use super::socket::{arg, byte_array, bytes_arg, failure, int_arg};
use crate::host::net::{Address, LocalName};
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("primitiveSocketAddressForName", for_name),
    ("primitiveSocketAddressForHost", for_host),
    ("primitiveSocketAddressUnnamed", unnamed),
    ("primitiveSocketAddressFamily", family),
    ("primitiveSocketAddressHost", host),
    ("primitiveSocketAddressName", name),
    ("primitiveSocketAddressText", text),
    ("primitiveSocketAddressGetPort", get_port),
    ("primitiveSocketAddressSetPort", set_port),
];

/// A new instance of the receiver, which is a class of bytes. Local paths are padded, so that all
/// addresses of one path are equal.
fn new_address(vm: &mut Vm, args: &[Value], address: &Address) -> PrimResult {
    let class = vm.classes.index_of(args[0]).ok_or(PrimError::BadReceiver)?;
    let object = address.to_object(vm.host.net.session(), true);
    let value = vm.new_object(class, object.len())?;
    if !vm.heap.is_bytes(value) {
        return Err(PrimError::BadReceiver);
    }
    vm.heap.bytes_mut(value).copy_from_slice(&object);
    Ok(value)
}

/// The bytes of a path or, with true as second argument, of an abstract name.
fn for_name(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let bytes = bytes_arg(vm, args, 1)?;
    let address = if arg(args, 2)?.as_bool() == Some(true) {
        Address::local_abstract(bytes)
    } else {
        Address::local_path(bytes)
    };
    new_address(vm, args, &address.map_err(failure)?)
}

/// 4 or 16 bytes of a host (or an opaque address) and a port.
fn for_host(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let address = super::socket::host_and_port(vm, args, 1)?;
    new_address(vm, args, &address)
}

fn unnamed(vm: &mut Vm, args: &[Value]) -> PrimResult {
    new_address(vm, args, &Address::Local(LocalName::Unnamed))
}

/// The receiver as an address.
fn receiver(vm: &Vm, args: &[Value]) -> Result<Address, PrimError> {
    let object = vm.heap.bytes(arg(args, 0)?);
    Address::from_object(vm.host.net.session(), object).ok_or(PrimError::BadReceiver)
}

fn family(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::int(receiver(vm, args)?.family_code()))
}

fn host(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let bytes = match receiver(vm, args)? {
        // Asked for the address itself, not for who is there: mapped addresses stay as they are.
        Address::Inet6(address) => address.ip().octets().to_vec(),
        other => other.host_bytes(),
    };
    Ok(byte_array(vm, &bytes))
}

/// Path, or a zero and an abstract name, or nothing.
fn name(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let bytes = match receiver(vm, args)? {
        Address::Local(LocalName::Path(path)) => path,
        Address::Local(LocalName::Abstract(name)) => [&[0], name.as_slice()].concat(),
        _ => Vec::new(),
    };
    Ok(byte_array(vm, &bytes))
}

/// A bare host prints without a port.
fn text(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let address = receiver(vm, args)?;
    let bare = matches!(vm.heap.bytes(args[0]).len(), 4 | 16)
        && Address::from_opaque(vm.host.net.session(), vm.heap.bytes(args[0])).is_none();
    let text = match (&address, bare) {
        (Address::Inet4(address), true) => address.ip().to_string(),
        (Address::Inet6(address), true) => address.ip().to_string(),
        _ => address.to_string(),
    };
    Ok(vm.new_string(&text))
}

fn get_port(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let session = vm.host.net.session();
    let address = Address::from_opaque(session, vm.heap.bytes(arg(args, 0)?));
    let port = address
        .and_then(|address| address.port())
        .ok_or(PrimError::BadReceiver)?;
    Ok(Value::int(port.into()))
}

/// Changes the receiver.
fn set_port(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let port = u16::try_from(int_arg(args, 1)?).map_err(|_| PrimError::BadArgument)?;
    let session = vm.host.net.session();
    if vm.heap.is_immutable(arg(args, 0)?) {
        return Err(PrimError::ReadOnly);
    }
    let address = Address::from_opaque(session, vm.heap.bytes(args[0]));
    let changed = address.and_then(|address| address.with_port(port));
    let object = changed
        .ok_or(PrimError::BadReceiver)?
        .to_object(session, true);
    vm.heap.bytes_mut(args[0]).copy_from_slice(&object);
    Ok(args[0])
}
