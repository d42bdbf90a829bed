//! Addresses in their three forms, and look-ups that need no name server.

use super::*;
use crate::host::net::NetError;
use crate::host::net::resolver::{PASSIVE, Progress, Query};

fn query<'a>(host: &'a [u8], service: &'a [u8], family: i64) -> Query<'a> {
    Query {
        host,
        service,
        flags: 0,
        family,
        socket_type: 0,
        protocol: 0,
    }
}

///
#[test]
fn an_address_for_a_path_needs_no_file() {
    let mut world = World::new();
    let (resolver, signals) = world.host.net.resolver().expect("permission");
    let started = resolver.start(7, query(b"", b"/nowhere/at:all", 1), signals);
    assert_eq!(started, Ok(true));
    let info = resolver.current(7).expect("an entry");
    let object = info.address.to_object(resolver.session(), true);
    assert_eq!(object.len(), 118);
    let again = Address::from_object(resolver.session(), &object).expect("valid");
    assert_eq!(again.path(), Some(&b"/nowhere/at:all"[..]));
    assert_eq!(again.to_string(), "unix:/nowhere/at:all");
    assert_eq!((info.socket_type, info.protocol), (1, 0));
    assert!(!resolver.advance(7));
    assert!(resolver.current(7).is_none());
    assert!(resolver.current(8).is_none(), "others see nothing");
}

///
#[test]
fn local_look_ups_check_their_arguments() {
    let mut world = World::new();
    let (resolver, signals) = world.host.net.resolver().expect("permission");
    let mut start = |query| resolver.start(1, query, signals);
    let long = [b'a'; 108];
    assert_eq!(
        start(query(b"", &long, 1)),
        Err(NetError::Os(libc::ENAMETOOLONG))
    );
    assert_eq!(
        start(query(b"", b"a\0b", 1)),
        Err(NetError::Os(libc::EINVAL))
    );
    assert_eq!(start(query(b"", b"x", 4)), Err(NetError::BadArgument));
    assert_eq!(
        start(query(&[b'h'; 257], b"x", 0)),
        Err(NetError::BadArgument)
    );
    assert_eq!(start(query(b"elsewhere", b"/s", 1)), Ok(true));
    assert!(resolver.current(1).is_none());
    let passive = Query {
        flags: PASSIVE,
        ..query(b"", b"", 1)
    };
    assert_eq!(resolver.start(1, passive, signals), Ok(true));
    assert_eq!(
        resolver.current(1).expect("an entry").address.to_string(),
        "unix:(unnamed)"
    );
}

#[test]
fn numbers_are_answered_at_once() {
    let mut world = World::new();
    let (resolver, signals) = world.host.net.resolver().expect("permission");
    resolver.set_semaphore(99);
    let started = resolver.start(1, query(b"127.0.0.1", b"80", 0), signals);
    assert_eq!(started, Ok(true));
    assert_eq!(signals, &[99]);
    let info = resolver.current(1).expect("an entry");
    assert_eq!(info.address.to_string(), "127.0.0.1:80");
    assert_eq!(info.address.to_object(resolver.session(), true).len(), 24);
    let started = resolver.start(1, query(b"::1", b"80", 0), signals);
    assert_eq!(started, Ok(true));
    let info = resolver.current(1).expect("an entry");
    assert_eq!(info.address.to_string(), "[::1]:80");
    assert_eq!(info.address.to_object(resolver.session(), true).len(), 36);
}

///
#[test]
fn names_come_from_another_thread_and_signal_who_asked() {
    let mut world = World::new();
    let (resolver, signals) = world.host.net.resolver().expect("permission");
    let started = resolver.start(1, query(b"localhost", b"", 2), signals);
    assert_eq!(started, Ok(false));
    assert_eq!(resolver.progress(1), Progress::Busy);
    resolver.notify(1, 41, signals);
    // A second Process asks meanwhile; each gets its own.
    resolver
        .start(2, query(b"localhost", b"", 2), signals)
        .expect("started");
    resolver.notify(2, 42, signals);
    world.until("both", |world| {
        world.heard.contains(&41) && world.heard.contains(&42)
    });
    let (resolver, signals) = world.host.net.resolver().expect("permission");
    assert_eq!(resolver.progress(1), Progress::Ready);
    assert_eq!(
        resolver.current(1).expect("an entry").address.host_bytes(),
        [127, 0, 0, 1]
    );
    assert!(resolver.current(2).is_some());
    // Nothing under way: the signal comes at once.
    resolver.notify(1, 43, signals);
    assert!(signals.contains(&43));
}

#[test]
fn aborted_look_ups_leave_nothing() {
    let mut world = World::new();
    let (resolver, signals) = world.host.net.resolver().expect("permission");
    resolver
        .start(1, query(b"localhost", b"", 2), signals)
        .expect("started");
    resolver.notify(1, 44, signals);
    resolver.abort(1, signals);
    // Whoever waited for it is told.
    assert!(signals.contains(&44));
    assert_eq!(resolver.progress(1), Progress::Ready);
    world.settle();
    let (resolver, _) = world.host.net.resolver().expect("permission");
    assert!(resolver.current(1).is_none());
}

#[test]
fn names_of_addresses() {
    let mut world = World::new();
    let (resolver, signals) = world.host.net.resolver().expect("permission");
    let address = Address::inet4([127, 0, 0, 1].into(), 80);
    assert!(resolver.start_names(1, &address, 1, signals));
    assert_eq!(resolver.names(1), Some((&b"127.0.0.1"[..], &b"80"[..])));
    let path = Address::local_path(b"/tmp/x").expect("a path");
    assert!(resolver.start_names(1, &path, 0, signals));
    assert_eq!(resolver.names(1).expect("names").1, b"/tmp/x");
}

///
#[test]
fn address_objects_are_checked() {
    let session = 0x1234_5671;
    let address = Address::inet4([1, 2, 3, 4].into(), 80);
    let object = address.to_object(session, true);
    assert_eq!(
        Address::from_object(session, &object),
        Some(address.clone())
    );
    assert_eq!(
        Address::from_object(session + 2, &object),
        None,
        "another session"
    );
    assert_eq!(
        Address::from_object(session, &object[..23]),
        None,
        "too short"
    );
    let mut longer = object.clone();
    longer.push(0);
    assert_eq!(Address::from_object(session, &longer), None, "too long");
    let mut wrong_size = object.clone();
    wrong_size[4] ^= 1;
    assert_eq!(
        Address::from_object(session, &wrong_size),
        None,
        "wrong size in the header"
    );
    let mut wrong_family = object;
    wrong_family[8] = 99;
    assert_eq!(
        Address::from_object(session, &wrong_family),
        None,
        "unknown family"
    );
    let bare = Address::from_object(session, &[1, 2, 3, 4]);
    assert_eq!(bare, address.with_port(0));
    let mut loopback = [0; 16];
    loopback[15] = 1;
    let six = Address::from_object(session, &loopback).expect("bare IPv6");
    assert_eq!(six.with_port(80).expect("a port").to_string(), "[::1]:80");
    for size in 0..40 {
        let _ = Address::from_object(session, &vec![0xAB; size]);
    }
    // A short local address has sixteen bytes as well, and is told apart by its header.
    let local = Address::local_path(b"/tmp1").expect("a path");
    let object = local.to_object(session, false);
    assert_eq!(object.len(), 16);
    assert_eq!(Address::from_object(session, &object), Some(local));
}
