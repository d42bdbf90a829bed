//! Primitives of NetNameResolver. Owns the answer to "whose look-up is this": the running Process's.
//! A look-up that takes time keeps that Process waiting, and no other; our own methods start
//! it with `primitiveResolverStart…` and wait in Smalltalk, where a wait can have a limit.

use super::socket::{
    address_arg, arg, byte_array, bytes_arg, failure, fill_start_of_arg, int_arg, semaphore_arg,
};
use crate::host::net::NetError;
use crate::host::net::resolver::{self, Info, Query, Resolver};
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};
use std::net::Ipv6Addr;

/// The primitives of this file.
pub const TABLE: Table = table![
    ("primitiveHasSocketAccess", has_access),
    ("primitiveDisableSocketAccess", disable_access),
    ("primitiveInitializeNetwork", initialize_network),
    ("primitiveResolverStatus", status),
    ("primitiveResolverError", error),
    ("primitiveResolverNotify", notify),
    ("primitiveResolverAbortLookup", abort),
    ("primitiveResolverStartNameLookup", start_name_lookup),
    ("primitiveResolverNameLookupResult", name_lookup_result),
    ("primitiveResolverStartAddressLookup", start_address_lookup),
    (
        "primitiveResolverAddressLookupResult",
        address_lookup_result,
    ),
    ("primitiveResolverLocalAddress", local_address),
    ("primitiveResolverHostNameSize", host_name_size),
    ("primitiveResolverHostNameResult", host_name_result),
    ("primitiveResolverParseIPv6", parse_ipv6),
    ("primitiveResolverGetAddressInfo", get_address_info),
    ("primitiveResolverStartAddressInfo", start_address_info),
    ("primitiveResolverGetAddressInfoSize", address_info_size),
    ("primitiveResolverGetAddressInfoResult", address_info_result),
    ("primitiveResolverGetAddressInfoFamily", address_info_family),
    ("primitiveResolverGetAddressInfoType", address_info_type),
    (
        "primitiveResolverGetAddressInfoProtocol",
        address_info_protocol,
    ),
    ("primitiveResolverGetAddressInfoNext", address_info_next),
    ("primitiveResolverGetNameInfo", get_name_info),
    ("primitiveResolverStartNameInfo", start_name_info),
    ("primitiveResolverGetNameInfoHostSize", name_info_host_size),
    (
        "primitiveResolverGetNameInfoHostResult",
        name_info_host_result,
    ),
    (
        "primitiveResolverGetNameInfoServiceSize",
        name_info_service_size,
    ),
    (
        "primitiveResolverGetNameInfoServiceResult",
        name_info_service_result,
    ),
];

/// The key of the running Process. All main Processes, one after the other, share one, so that the
/// lines of a session belong together even after one of them was stopped.
fn requester(vm: &mut Vm) -> u64 {
    let slot = vm.processes.active_slot;
    if vm.processes.get(slot).is_some_and(|process| process.main) {
        return u64::MAX;
    }
    let process = vm.processes.active;
    // The hash tells a Process from an earlier one that had the same slot.
    ((slot as u64) << 32) | u64::from(vm.heap.identity_hash(process))
}

fn with_resolver<T>(
    vm: &mut Vm,
    action: impl FnOnce(&mut Resolver, &mut Vec<u32>, u64) -> Result<T, NetError>,
) -> Result<T, PrimError> {
    let requester = requester(vm);
    let (resolver, signals) = vm.host.net.resolver().map_err(failure)?;
    action(resolver, signals, requester).map_err(failure)
}

fn has_access(vm: &mut Vm, _: &[Value]) -> PrimResult {
    // Whoever asks wants to know why not.
    Ok(Value::bool(vm.host.net.check_allowed().is_ok()))
}

fn disable_access(vm: &mut Vm, args: &[Value]) -> PrimResult {
    vm.host.net.disable();
    arg(args, 0)
}

fn initialize_network(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let semaphore = semaphore_arg(args, 1)?;
    with_resolver(vm, |resolver, _, _| {
        resolver.set_semaphore(semaphore);
        Ok(())
    })?;
    Ok(args[0])
}

fn status(vm: &mut Vm, _: &[Value]) -> PrimResult {
    let progress = with_resolver(vm, |resolver, _, key| Ok(resolver.progress(key)))?;
    Ok(Value::int(progress as i64))
}

fn error(vm: &mut Vm, _: &[Value]) -> PrimResult {
    let code = with_resolver(vm, |resolver, _, key| Ok(resolver.error(key)))?;
    Ok(Value::int(code.into()))
}

fn notify(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let semaphore = semaphore_arg(args, 1)?;
    with_resolver(vm, |resolver, signals, key| {
        resolver.notify(key, semaphore, signals);
        Ok(())
    })?;
    Ok(args[0])
}

fn abort(vm: &mut Vm, args: &[Value]) -> PrimResult {
    with_resolver(vm, |resolver, signals, key| {
        resolver.abort(key, signals);
        Ok(())
    })?;
    Ok(args[0])
}

fn start_name_lookup(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let name = bytes_arg(vm, args, 1)?.to_vec();
    let key = requester(vm);
    let started = vm.host.net.start_name_lookup(key, &name);
    started.map_err(failure)?;
    Ok(args[0])
}

/// The first IPv4 address that was found.
fn name_lookup_result(vm: &mut Vm, _: &[Value]) -> PrimResult {
    let found = with_resolver(vm, |resolver, _, key| {
        Ok(resolver.current(key).map(|info| info.address.host_bytes()))
    })?;
    let bytes = found.ok_or(PrimError::NotFound)?;
    Ok(byte_array(vm, &bytes))
}

fn start_address_lookup(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let address = address_arg(vm, args, 1)?;
    let key = requester(vm);
    let started = vm.host.net.start_address_lookup(key, &address);
    started.map_err(failure)?;
    Ok(args[0])
}

/// The host of the last look-up of an address; empty if there is none.
fn address_lookup_result(vm: &mut Vm, _: &[Value]) -> PrimResult {
    let host = names(vm)?.map_or_else(Vec::new, |(host, _)| host);
    Ok(vm.new_byte_string(&host))
}

fn local_address(vm: &mut Vm, _: &[Value]) -> PrimResult {
    vm.host.net.check_allowed().map_err(failure)?;
    Ok(byte_array(vm, &resolver::local_host_address()))
}

fn host_name_size(vm: &mut Vm, _: &[Value]) -> PrimResult {
    let name = vm.host.net.host_name().map_err(failure)?;
    Ok(Value::int(name.len() as i64))
}

fn host_name_result(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let name = vm.host.net.host_name().map_err(failure)?;
    fill_start_of_arg(vm, args, 1, &name)
}

fn parse_ipv6(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = std::str::from_utf8(bytes_arg(vm, args, 1)?).map_err(|_| PrimError::BadArgument)?;
    match text.parse::<Ipv6Addr>() {
        Ok(address) => Ok(byte_array(vm, &address.octets())),
        Err(_) => Ok(Value::NIL),
    }
}

/// Keeps the Process waiting unless its look-up has ended.
fn wait_unless(done: bool, vm: &mut Vm, args: &[Value]) -> PrimResult {
    if done {
        return Ok(args[0]);
    }
    let (semaphore, number) = vm.semaphore_for_once()?;
    with_resolver(vm, |resolver, signals, key| {
        resolver.notify(key, number, signals);
        Ok(())
    })?;
    Err(PrimError::Wait(semaphore))
}

/// The answer is there when the send of this goes on.
fn get_address_info(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let done = start_addresses(vm, args)?;
    wait_unless(done, vm, args)
}

/// Answers whether the result is there already.
fn start_address_info(vm: &mut Vm, args: &[Value]) -> PrimResult {
    start_addresses(vm, args).map(Value::bool)
}

/// Host, service, flags, family, type, protocol. Whether the result is there already.
fn start_addresses(vm: &mut Vm, args: &[Value]) -> Result<bool, PrimError> {
    let host = bytes_arg(vm, args, 1)?.to_vec();
    let service = bytes_arg(vm, args, 2)?.to_vec();
    let key = requester(vm);
    let query = Query {
        host: &host,
        service: &service,
        flags: int_arg(args, 3)?,
        family: int_arg(args, 4)?,
        socket_type: int_arg(args, 5)?,
        protocol: int_arg(args, 6)?,
    };
    let started = vm.host.net.start_addresses(key, query);
    started.map_err(failure)
}

/// The entry at the cursor, as what `part` makes of it.
fn current<T>(vm: &mut Vm, part: impl FnOnce(&Info, u32) -> T) -> Result<Option<T>, PrimError> {
    with_resolver(vm, |resolver, _, key| {
        let session = resolver.session();
        Ok(resolver.current(key).map(|info| part(info, session)))
    })
}

fn address_info_size(vm: &mut Vm, _: &[Value]) -> PrimResult {
    let size = current(vm, |info, session| {
        info.address.to_object(session, true).len() as i64
    })?;
    Ok(Value::int(size.unwrap_or(-1)))
}

fn address_info_result(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let object = current(vm, |info, session| info.address.to_object(session, true))?;
    fill_start_of_arg(vm, args, 1, &object.ok_or(PrimError::NotFound)?)
}

fn address_info_family(vm: &mut Vm, _: &[Value]) -> PrimResult {
    let code = current(vm, |info, _| info.address.family_code())?;
    Ok(Value::int(code.ok_or(PrimError::NotFound)?))
}

fn address_info_type(vm: &mut Vm, _: &[Value]) -> PrimResult {
    let code = current(vm, |info, _| info.socket_type)?;
    Ok(Value::int(code.ok_or(PrimError::NotFound)?))
}

fn address_info_protocol(vm: &mut Vm, _: &[Value]) -> PrimResult {
    let code = current(vm, |info, _| info.protocol)?;
    Ok(Value::int(code.ok_or(PrimError::NotFound)?))
}

fn address_info_next(vm: &mut Vm, _: &[Value]) -> PrimResult {
    Ok(Value::bool(with_resolver(vm, |resolver, _, key| {
        Ok(resolver.advance(key))
    })?))
}

/// The names are there when the send of this goes on; if there are none, asking for them fails.
fn get_name_info(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let done = start_names(vm, args)?;
    wait_unless(done, vm, args)
}

/// Answers whether the result is there already.
fn start_name_info(vm: &mut Vm, args: &[Value]) -> PrimResult {
    start_names(vm, args).map(Value::bool)
}

/// Address, flags. Whether the result is there already.
fn start_names(vm: &mut Vm, args: &[Value]) -> Result<bool, PrimError> {
    let (address, flags) = (address_arg(vm, args, 1)?, int_arg(args, 2)?);
    let key = requester(vm);
    let started = vm.host.net.start_names(key, &address, flags);
    started.map_err(failure)
}

type Names = (Vec<u8>, Vec<u8>);

fn names(vm: &mut Vm) -> Result<Option<Names>, PrimError> {
    with_resolver(vm, |resolver, _, key| {
        Ok(resolver
            .names(key)
            .map(|(host, service)| (host.to_vec(), service.to_vec())))
    })
}

fn found_names(vm: &mut Vm) -> Result<Names, PrimError> {
    names(vm)?.ok_or(PrimError::NotFound)
}

fn name_info_host_size(vm: &mut Vm, _: &[Value]) -> PrimResult {
    Ok(Value::int(found_names(vm)?.0.len() as i64))
}

fn name_info_host_result(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (host, _) = found_names(vm)?;
    fill_start_of_arg(vm, args, 1, &host)
}

fn name_info_service_size(vm: &mut Vm, _: &[Value]) -> PrimResult {
    Ok(Value::int(found_names(vm)?.1.len() as i64))
}

fn name_info_service_result(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (_, service) = found_names(vm)?;
    fill_start_of_arg(vm, args, 1, &service)
}
