//! Primitives of Socket: making, connecting, closing, asking. Owns the translation between objects
//! and `host::net`, for the other socket files as well. Must never decide anything about sockets:
//! that is the host's business.

pub(super) use super::arg;
use crate::host::net::options::Value as OptionValue;
use crate::host::net::{Address, Handle, NetError, Semaphores, errno_name};
use crate::host::{ONCE, sys};
use crate::memory::Value;
use crate::vm::known::Known;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("primitiveSocketCreate", create),
    ("primitiveSocketCreate3Semaphores", create),
    ("primitiveSocketCreateRAW", create_raw),
    ("primitiveSocketPair", pair),
    ("primitiveSocketAccept", accept),
    ("primitiveSocketAccept3Semaphores", accept),
    ("primitiveSocketLastError", last_error),
    ("primitiveSocketBindTo", bind_to),
    ("primitiveSocketBindToPort", bind_to_port),
    ("primitiveSocketBindWithMode", bind_with_mode),
    ("primitiveSocketListenOnPort", listen_on_port),
    ("primitiveSocketListenWithOrWithoutBacklog", listen_on_port),
    ("primitiveSocketListenOnPortBacklog", listen_on_port),
    (
        "primitiveSocketListenOnPortBacklogInterface",
        listen_on_port,
    ),
    ("primitiveSocketListenWithBacklog", listen_with_backlog),
    ("primitiveSocketConnectTo", connect_to),
    ("primitiveSocketConnectToPort", connect_to_port),
    ("primitiveSocketConnectionStatus", status),
    ("primitiveSocketError", error),
    ("primitiveSocketIsOutputClosed", is_output_closed),
    ("primitiveSocketIsInputClosed", is_input_closed),
    ("primitiveSocketLocalAddress", local_address),
    ("primitiveSocketLocalPort", local_port),
    ("primitiveSocketLocalAddressSize", local_address_size),
    ("primitiveSocketLocalAddressResult", local_address_result),
    ("primitiveSocketRemoteAddress", remote_address),
    ("primitiveSocketRemotePort", remote_port),
    ("primitiveSocketRemoteAddressSize", remote_address_size),
    ("primitiveSocketRemoteAddressResult", remote_address_result),
    ("primitiveSocketAcceptAddress", accept_address),
    ("primitiveSocketGetOptions", get_option),
    ("primitiveSocketSetOptions", set_option),
    ("primitiveSocketShutdown", shutdown),
    ("primitiveSocketPeerCredentials", peer_credentials),
    ("primitiveSocketUnlinkOnClose", unlink_on_close),
    ("primitiveSocketUnlinksOnClose", unlinks_on_close),
    ("primitiveSocketOptionsFrom", options_from),
    ("primitiveSocketRemoveStale", remove_stale),
    ("primitiveSocketCloseConnection", close),
    ("primitiveSocketAbortConnection", abort),
    ("primitiveSocketDestroy", destroy),
    ("primitiveSocketErrorName", error_name),
    ("primitiveSocketErrorString", error_string),
];

/// What the method's error variable sees of a failure.
pub fn failure(error: NetError) -> PrimError {
    match error {
        NetError::BadArgument => PrimError::BadArgument,
        NetError::Denied => PrimError::Denied,
        other => PrimError::Os(other.errno()),
    }
}

/// A small integer argument.
pub fn int_arg(args: &[Value], index: usize) -> Result<i64, PrimError> {
    arg(args, index)?.as_int().ok_or(PrimError::BadArgument)
}

/// An argument that is any object of bytes: a String, a Symbol, a ByteArray, an address.
pub fn bytes_arg<'a>(vm: &'a Vm, args: &[Value], index: usize) -> Result<&'a [u8], PrimError> {
    let value = arg(args, index)?;
    if vm.heap.is_bytes(value) {
        Ok(vm.heap.bytes(value))
    } else {
        Err(PrimError::BadArgument)
    }
}

/// A writable object of exactly `contents.len()` bytes receives them.
pub fn fill_arg(vm: &mut Vm, args: &[Value], index: usize, contents: &[u8]) -> PrimResult {
    if bytes_arg(vm, args, index)?.len() != contents.len() {
        return Err(PrimError::BadArgument);
    }
    fill_start_of_arg(vm, args, index, contents)
}

/// A writable object of at least `contents.len()` bytes receives them at its beginning.
pub fn fill_start_of_arg(vm: &mut Vm, args: &[Value], index: usize, contents: &[u8]) -> PrimResult {
    let value = arg(args, index)?;
    if bytes_arg(vm, args, index)?.len() < contents.len() {
        return Err(PrimError::BadArgument);
    }
    if vm.heap.is_immutable(value) {
        return Err(PrimError::ReadOnly);
    }
    vm.heap.bytes_mut(value)[..contents.len()].copy_from_slice(contents);
    arg(args, 0)
}

/// The handle in the first argument.
pub fn handle_arg(vm: &Vm, args: &[Value]) -> Result<Handle, PrimError> {
    Handle::from_bytes(bytes_arg(vm, args, 1)?).ok_or(PrimError::BadArgument)
}

/// An argument that is an address: opaque, or the 4 or 16 bytes of a host.
pub fn address_arg(vm: &Vm, args: &[Value], index: usize) -> Result<Address, PrimError> {
    let session = vm.host.net.session();
    Address::from_object(session, bytes_arg(vm, args, index)?).ok_or(PrimError::BadArgument)
}

/// A host and a port in two arguments, as one address.
pub fn host_and_port(vm: &Vm, args: &[Value], index: usize) -> Result<Address, PrimError> {
    let port = u16::try_from(int_arg(args, index + 1)?).map_err(|_| PrimError::BadArgument)?;
    address_arg(vm, args, index)?
        .with_port(port)
        .ok_or(PrimError::BadArgument)
}

/// A ByteArray.
pub fn byte_array(vm: &mut Vm, bytes: &[u8]) -> Value {
    vm.new_bytes(Known::ByteArray.index(), bytes)
}

/// The number of a registered semaphore; 0 for none.
pub fn semaphore_arg(args: &[Value], index: usize) -> Result<u32, PrimError> {
    let number = u32::try_from(int_arg(args, index)?).ok();
    number
        .filter(|number| *number < ONCE)
        .ok_or(PrimError::BadArgument)
}

/// Semaphore indices from argument `index` on: three, or one for everything.
pub fn semaphores(args: &[Value], index: usize) -> Result<Semaphores, PrimError> {
    let number = |index| semaphore_arg(args, index);
    let connection = number(index)?;
    if args.len() == index + 1 {
        return Ok(Semaphores {
            connection,
            read: connection,
            write: connection,
        });
    }
    Ok(Semaphores {
        connection,
        read: number(index + 1)?,
        write: number(index + 2)?,
    })
}

/// The sixteen bytes by which Smalltalk knows a socket.
pub fn new_handle(vm: &mut Vm, handle: Handle) -> Value {
    byte_array(vm, &handle.to_bytes())
}

/// Domain, type, two buffer sizes that nobody needs, semaphores.
fn create(vm: &mut Vm, args: &[Value]) -> PrimResult {
    // What is no number is no domain either: the host notes why there is no socket.
    let code = |index| int_arg(args, index).unwrap_or(-1);
    let (domain, kind) = (code(1), code(2));
    let semaphores = semaphores(args, 5)?;
    let handle = vm
        .host
        .net
        .create(domain, kind, semaphores)
        .map_err(failure)?;
    Ok(new_handle(vm, handle))
}

/// Domain, protocol (1: ICMP), two buffer sizes, semaphores.
fn create_raw(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (domain, protocol) = (int_arg(args, 1)?, int_arg(args, 2)?);
    let semaphores = semaphores(args, 5)?;
    if protocol != 1 {
        return Err(PrimError::BadArgument);
    }
    let handle = vm.host.net.create(domain, 2, semaphores).map_err(failure)?;
    Ok(new_handle(vm, handle))
}

/// Type, then two Arrays of three semaphore indices.
fn pair(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let kind = int_arg(args, 1)?;
    let of = |index| -> Result<Semaphores, PrimError> {
        let indices = arg(args, index)?;
        let slots = vm.heap.pointer_slots(indices);
        if slots.len() == 3 {
            semaphores(slots, 0)
        } else {
            Err(PrimError::BadArgument)
        }
    };
    let (first, second) = (of(2)?, of(3)?);
    let (one, other) = vm.host.net.pair(kind, first, second).map_err(failure)?;
    let handles = [new_handle(vm, one), new_handle(vm, other)];
    Ok(vm.new_array_from(&handles))
}

/// Handle of the listener, two buffer sizes, semaphores.
fn accept(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let listener = handle_arg(vm, args)?;
    let semaphores = semaphores(args, 4)?;
    let handle = vm.host.net.accept(listener, semaphores).map_err(failure)?;
    Ok(new_handle(vm, handle))
}

fn last_error(vm: &mut Vm, _: &[Value]) -> PrimResult {
    Ok(Value::int(vm.host.net.last_error().into()))
}

fn bind_to(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, address) = (handle_arg(vm, args)?, address_arg(vm, args, 2)?);
    vm.host.net.bind(handle, &address, None).map_err(failure)?;
    Ok(args[0])
}

fn bind_to_port(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, address) = (handle_arg(vm, args)?, host_and_port(vm, args, 2)?);
    vm.host.net.bind(handle, &address, None).map_err(failure)?;
    Ok(args[0])
}

fn bind_with_mode(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, address) = (handle_arg(vm, args)?, address_arg(vm, args, 2)?);
    let mode = u32::try_from(int_arg(args, 3)?).map_err(|_| PrimError::BadArgument)?;
    vm.host
        .net
        .bind(handle, &address, Some(mode))
        .map_err(failure)?;
    Ok(args[0])
}

/// Handle, port, and perhaps backlog, and perhaps an interface.
fn listen_on_port(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, port) = (handle_arg(vm, args)?, int_arg(args, 2)?);
    let backlog = if args.len() > 3 { int_arg(args, 3)? } else { 1 };
    let interface = if args.len() > 4 {
        Some(address_arg(vm, args, 4)?)
    } else {
        None
    };
    vm.host
        .net
        .listen_on_port(handle, port, backlog, interface.as_ref())
        .map_err(failure)?;
    Ok(args[0])
}

fn listen_with_backlog(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, backlog) = (handle_arg(vm, args)?, int_arg(args, 2)?);
    vm.host.net.listen(handle, backlog).map_err(failure)?;
    Ok(args[0])
}

fn connect_to(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, address) = (handle_arg(vm, args)?, address_arg(vm, args, 2)?);
    vm.host.net.connect(handle, &address).map_err(failure)?;
    Ok(args[0])
}

fn connect_to_port(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, address) = (handle_arg(vm, args)?, host_and_port(vm, args, 2)?);
    vm.host.net.connect(handle, &address).map_err(failure)?;
    Ok(args[0])
}

/// -1 for everything that is no living handle; never fails.
fn status(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let Ok(handle) = handle_arg(vm, args) else {
        return Ok(Value::int(-1));
    };
    Ok(Value::int(vm.host.net.status(handle) as i64))
}

fn error(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    Ok(Value::int(
        vm.host.net.error(handle).map_err(failure)?.into(),
    ))
}

fn is_output_closed(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    Ok(Value::bool(
        vm.host.net.is_output_closed(handle).map_err(failure)?,
    ))
}

fn is_input_closed(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    Ok(Value::bool(
        vm.host.net.is_input_closed(handle).map_err(failure)?,
    ))
}

fn local(vm: &mut Vm, args: &[Value]) -> Result<Option<Address>, PrimError> {
    let handle = handle_arg(vm, args)?;
    vm.host.net.local_address(handle).map_err(failure)
}

fn remote(vm: &mut Vm, args: &[Value]) -> Result<Option<Address>, PrimError> {
    let handle = handle_arg(vm, args)?;
    vm.host.net.remote_address(handle).map_err(failure)
}

/// The bytes of the host; four zeros where there is none, because programs log it unasked.
fn host_of(vm: &mut Vm, address: Option<Address>) -> Value {
    let host = address.map_or_else(Vec::new, |address| address.host_bytes());
    byte_array(vm, if host.is_empty() { &[0; 4] } else { &host })
}

fn port_of(address: Option<Address>) -> Value {
    Value::int(
        address
            .and_then(|address| address.port())
            .unwrap_or(0)
            .into(),
    )
}

fn local_address(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let address = local(vm, args)?;
    Ok(host_of(vm, address))
}

fn remote_address(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let address = remote(vm, args)?;
    Ok(host_of(vm, address))
}

fn local_port(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(port_of(local(vm, args)?))
}

fn remote_port(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(port_of(remote(vm, args)?))
}

fn object_of(vm: &Vm, address: &Address) -> Vec<u8> {
    address.to_object(vm.host.net.session(), false)
}

fn local_address_size(vm: &mut Vm, args: &[Value]) -> PrimResult {
    // As the plugin has it: no failure, but a size that no address has.
    let size = local(vm, args).map_or(-1, |address| {
        address.map_or(0, |address| object_of(vm, &address).len() as i64)
    });
    Ok(Value::int(size))
}

fn remote_address_size(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let address = remote(vm, args).ok().flatten();
    let size = address.map_or(-1, |address| object_of(vm, &address).len() as i64);
    Ok(Value::int(size))
}

/// Who waits at a listener, or who is at the other end of a connection; nil for nobody.
fn accept_address(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    let Some(address) = vm.host.net.visitor_address(handle).map_err(failure)? else {
        return Ok(Value::NIL);
    };
    let object = object_of(vm, &address);
    Ok(vm.new_bytes(Known::SocketAddress.index(), &object))
}

fn local_address_result(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let address = local(vm, args)?.ok_or(PrimError::Os(libc::EADDRNOTAVAIL))?;
    let object = object_of(vm, &address);
    fill_arg(vm, args, 2, &object)
}

fn remote_address_result(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let address = remote(vm, args)?.ok_or(PrimError::Os(libc::ENOTCONN))?;
    let object = object_of(vm, &address);
    fill_arg(vm, args, 2, &object)
}

/// A status, which is always 0, and the value.
fn option_result(vm: &mut Vm, value: OptionValue) -> Value {
    let value = match value {
        OptionValue::Integer(number) => Value::int(number),
        OptionValue::Bytes(bytes) => byte_array(vm, &bytes),
    };
    vm.new_array_from(&[Value::int(0), value])
}

fn get_option(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, name) = (handle_arg(vm, args)?, bytes_arg(vm, args, 2)?.to_vec());
    let value = vm.host.net.get_option(handle, &name).map_err(failure)?;
    Ok(option_result(vm, value))
}

/// The value is an Integer, a Boolean, a String of decimal digits, or the bytes of a structure.
fn set_option(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, name) = (handle_arg(vm, args)?, bytes_arg(vm, args, 2)?.to_vec());
    let given = arg(args, 3)?;
    let value = if let Some(number) = given.as_int() {
        OptionValue::Integer(number)
    } else if let Some(flag) = given.as_bool() {
        OptionValue::Integer(flag.into())
    } else {
        let bytes = bytes_arg(vm, args, 3)?;
        let digits = if vm.is_string(given) {
            std::str::from_utf8(bytes).ok()
        } else {
            None
        };
        match digits.and_then(|text| text.trim().parse().ok()) {
            Some(number) => OptionValue::Integer(number),
            None => OptionValue::Bytes(bytes.to_vec()),
        }
    };
    let value = vm
        .host
        .net
        .set_option(handle, &name, &value)
        .map_err(failure)?;
    Ok(option_result(vm, value))
}

fn shutdown(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, direction) = (handle_arg(vm, args)?, int_arg(args, 2)?);
    vm.host.net.shutdown(handle, direction).map_err(failure)?;
    Ok(args[0])
}

fn peer_credentials(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    let (process, user, group) = vm.host.net.peer_credentials(handle).map_err(failure)?;
    Ok(vm.new_array_from(&[Value::int(process), Value::int(user), Value::int(group)]))
}

fn unlink_on_close(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    let wanted = arg(args, 2)?.as_bool().ok_or(PrimError::BadArgument)?;
    vm.host
        .net
        .set_unlink_on_close(handle, wanted)
        .map_err(failure)?;
    Ok(args[0])
}

fn unlinks_on_close(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    Ok(Value::bool(
        vm.host.net.unlinks_on_close(handle).map_err(failure)?,
    ))
}

/// Handle, and the handle of the socket whose options it gets.
fn options_from(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (handle, model) = (handle_arg(vm, args)?, handle_arg(vm, &args[1..])?);
    vm.host.net.copy_options(model, handle).map_err(failure)?;
    Ok(args[0])
}

fn remove_stale(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let address = address_arg(vm, args, 1)?;
    Ok(Value::bool(
        vm.host.net.remove_stale(&address).map_err(failure)?,
    ))
}

fn close(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    vm.host.net.close(handle).map_err(failure)?;
    Ok(args[0])
}

fn abort(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    vm.host.net.abort(handle).map_err(failure)?;
    Ok(args[0])
}

fn destroy(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let handle = handle_arg(vm, args)?;
    vm.host.net.destroy(handle);
    Ok(args[0])
}

fn errno_arg(args: &[Value]) -> Result<i32, PrimError> {
    i32::try_from(int_arg(args, 1)?).map_err(|_| PrimError::BadArgument)
}

fn error_name(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let errno = errno_arg(args)?;
    Ok(vm.new_string(&errno_name(errno)))
}

fn error_string(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let errno = errno_arg(args)?;
    Ok(vm.new_string(&sys::error_text(errno)))
}
