//! Local (AF_UNIX) sockets: clients, servers and the files of servers.

use super::*;
use crate::host::net::local::remove_stale;
use crate::host::net::{LocalName, NetError};
use std::time::Duration;

///
#[test]
fn connecting_completes_within_the_call() {
    let scratch = Scratch::new("immediate");
    let mut world = World::new();
    let (listener, address) = world.local_listener(&scratch.path("a:b"), 5);
    let client = world.connect(LOCAL, &address);
    assert_eq!(world.status(client), Status::Connected);
    world.host.net.send(client, b"at once").expect("send");
    let server = world.accept(listener);
    assert_eq!(world.receive(server, 7), b"at once");
    let peer = world.host.net.remote_address(client).expect("handle");
    assert_eq!(peer, Some(address));
    let unnamed = Some(Address::Local(LocalName::Unnamed));
    assert_eq!(
        world.host.net.remote_address(server).expect("handle"),
        unnamed
    );
}

/// T-06, R-09.
#[test]
fn failures_to_connect_carry_their_errno() {
    let scratch = Scratch::new("errno");
    let mut world = World::new();
    let missing = world.connect(LOCAL, &local_address(&scratch.path("missing")));
    assert_eq!(world.status(missing), Status::Unconnected);
    assert_eq!(world.host.net.error(missing), Ok(libc::ENOENT));
    std::fs::write(scratch.path("file"), "").expect("a file");
    let file = world.connect(LOCAL, &local_address(&scratch.path("file")));
    assert_eq!(world.host.net.error(file), Ok(libc::ECONNREFUSED));
    let inet = Address::inet4([127, 0, 0, 1].into(), 80);
    world
        .host
        .net
        .connect(file, &inet)
        .expect("no failure of the call");
    assert_ne!(
        world.host.net.error(file),
        Ok(0),
        "an IPv4 address for a local socket"
    );
}

/// T-06, R-11.
#[test]
fn a_full_queue_keeps_the_client_waiting_and_never_lies() {
    let scratch = Scratch::new("full");
    let mut world = World::new();
    let (listener, address) = world.local_listener(&scratch.path("s"), 2);
    let mut clients = Vec::new();
    let waiting = loop {
        let client = world.connect(LOCAL, &address);
        match world.status(client) {
            Status::Connected => clients.push(client),
            Status::Waiting => break client,
            other => panic!("{other:?}"),
        }
        assert!(clients.len() < 100, "the queue has no end");
        if clients.len() == 1 {
            // Otherwise the look-ahead of the listener would free a place at some later time.
            world.until("parked", |world| {
                world.status(listener) == Status::Connected
            });
        }
    };
    world.settle();
    assert_eq!(world.status(waiting), Status::Waiting);
    assert!(world.host.next_deadline().is_some());
    world.accept(listener);
    world.until("turn", |world| world.status(waiting) == Status::Connected);
    for _ in 0..clients.len() {
        world.accept(listener);
    }
    // Giving up is possible at any time.
    world.host.net.destroy(waiting);
    world.settle();
}

/// T-11, R-12.
#[test]
fn bytes_stay_readable_after_the_peer_is_gone() {
    let scratch = Scratch::new("epipe");
    let mut world = World::new();
    let (listener, address) = world.local_listener(&scratch.path("s"), 5);
    let client = world.connect(LOCAL, &address);
    let server = world.accept(listener);
    world
        .host
        .net
        .send(server, b"refused: too long")
        .expect("send");
    world.host.net.close(server).expect("close");
    assert_eq!(world.host.net.send(client, b"still talking"), Ok(0));
    assert_eq!(world.status(client), Status::OtherEndClosed);
    assert_eq!(world.host.net.error(client), Ok(libc::EPIPE));
    assert_eq!(world.host.net.data_available(client), Ok(true));
    assert_eq!(world.receive(client, 17), b"refused: too long");
    assert_eq!(world.host.net.data_available(client), Ok(false));
    assert_eq!(world.host.net.send_done(client), Ok(false));
}

#[test]
fn the_file_is_removed_on_request_and_only_by_the_listener() {
    let scratch = Scratch::new("unlink");
    let path = scratch.path("s");
    let mut world = World::new();
    let (listener, address) = world.local_listener(&path, 5);
    world
        .host
        .net
        .set_unlink_on_close(listener, true)
        .expect("handle");
    let client = world.connect(LOCAL, &address);
    let server = world.accept(listener);
    world.host.net.destroy(server);
    world.host.net.destroy(client);
    assert!(path.exists());
    world.host.net.destroy(listener);
    assert!(!path.exists());
    // Without the request it stays.
    let (listener, _) = world.local_listener(&path, 5);
    world.host.net.destroy(listener);
    assert!(path.exists());
}

#[test]
fn another_file_in_its_place_is_not_removed_and_the_end_of_the_host_counts_as_closing() {
    let scratch = Scratch::new("replaced");
    let mut world = World::new();
    let (replaced, own) = (scratch.path("replaced"), scratch.path("own"));
    for path in [&replaced, &own] {
        let (listener, _) = world.local_listener(path, 5);
        world
            .host
            .net
            .set_unlink_on_close(listener, true)
            .expect("handle");
    }
    std::fs::remove_file(&replaced).expect("unlink");
    std::fs::write(&replaced, "precious").expect("another file");
    drop(world);
    assert!(replaced.exists());
    assert!(!own.exists());
}

#[test]
fn the_end_of_the_program_closes_everything() {
    let scratch = Scratch::new("close");
    let path = scratch.path("s");
    let mut world = World::new();
    let (listener, _) = world.local_listener(&path, 5);
    world
        .host
        .net
        .set_unlink_on_close(listener, true)
        .expect("handle");
    world.host.close();
    assert!(!path.exists());
    assert_eq!(world.status(listener), Status::Invalid);
}

/// T-05.
#[test]
fn only_a_stale_socket_is_cleared_away() {
    let scratch = Scratch::new("stale");
    let mut world = World::new();
    let path = scratch.path("s");
    assert_eq!(
        remove_stale(&local_address(&path)),
        Ok(false),
        "nothing there"
    );
    let (listener, address) = world.local_listener(&path, 5);
    assert_eq!(remove_stale(&address), Ok(false), "somebody answers");
    world.host.net.destroy(listener);
    let again = world.socket(LOCAL, STREAM);
    let in_use = Err(NetError::Os(libc::EADDRINUSE));
    assert_eq!(world.host.net.bind(again, &address, None), in_use);
    assert_eq!(remove_stale(&address), Ok(true));
    world.host.net.bind(again, &address, None).expect("bind");
    let file = scratch.path("file");
    std::fs::write(&file, "precious").expect("a file");
    assert_eq!(remove_stale(&local_address(&file)), Ok(false));
    assert!(file.exists());
}

#[test]
fn the_mode_is_that_of_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new("mode");
    let mut world = World::new();
    let path = scratch.path("s");
    let listener = world.socket(LOCAL, STREAM);
    world
        .host
        .net
        .bind(listener, &local_address(&path), Some(0o600))
        .expect("bind");
    let mode = std::fs::metadata(&path)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn names_outside_the_file_system() {
    let mut world = World::new();
    let name = format!("host-test-{}\0tail", std::process::id());
    let address = Address::local_abstract(name.as_bytes()).expect("a name");
    let listener = world.socket(LOCAL, STREAM);
    world.host.net.bind(listener, &address, None).expect("bind");
    world.host.net.listen(listener, 5).expect("listen");
    assert_eq!(
        world.host.net.local_address(listener),
        Ok(Some(address.clone()))
    );
    let client = world.connect(LOCAL, &address);
    assert_eq!(world.status(client), Status::Connected);
}

#[test]
fn a_pair_is_connected_and_knows_who_is_there() {
    let mut world = World::new();
    let (first, second) = (world.semaphores(), world.semaphores());
    let (one, other) = world.host.net.pair(STREAM, first, second).expect("a pair");
    world.host.net.send(one, b"hi").expect("send");
    assert_eq!(world.receive(other, 2), b"hi");
    let (process, _, _) = world.host.net.peer_credentials(one).expect("credentials");
    assert_eq!(process, i64::from(std::process::id()));
    let (first, second) = (world.semaphores(), world.semaphores());
    let (one, other) = world
        .host
        .net
        .pair(3, first, second)
        .expect("sequenced packets");
    world.host.net.send(one, b"first").expect("send");
    world.host.net.send(one, b"second").expect("send");
    let mut buffer = [0; 20];
    assert_eq!(
        world.host.net.receive(other, &mut buffer),
        Ok(5),
        "boundaries are kept"
    );
}

#[test]
fn a_thousand_connections() {
    let scratch = Scratch::new("thousand");
    let wanted = 500;
    let (soft, _) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE)
        .expect("a limit");
    if soft < 2 * wanted + 100 {
        crate::host::signals::raise_open_files().expect("a higher limit");
    }
    let mut world = World::new();
    let (listener, address) = world.local_listener(&scratch.path("s"), 1000);
    let mut pairs = Vec::new();
    for _ in 0..wanted {
        let client = world.connect(LOCAL, &address);
        assert_eq!(world.status(client), Status::Connected);
        let server = world.accept(listener);
        assert_eq!(world.host.net.data_available(server), Ok(false));
        pairs.push((client, server));
    }
    world.settle();
    world.heard.clear();
    // Two of them speak, and exactly two semaphores are signalled.
    for index in [3usize, 444] {
        world.host.net.send(pairs[index].0, b"me").expect("send");
    }
    world.until("two signals", |world| world.heard.len() >= 2);
    world.settle();
    assert_eq!(world.heard.len(), 2);
    for (client, server) in pairs {
        world.host.net.destroy(client);
        world.host.net.destroy(server);
    }
    assert_eq!(world.host.net.open_count(), 1);
    world.host.poll(Some(Duration::ZERO));
}

/// T-05.
#[test]
fn paths_have_a_limit() {
    assert!(Address::local_path(&[b'a'; 107]).is_ok());
    let long = Address::local_path(&[b'a'; 108]);
    assert_eq!(long, Err(NetError::Os(libc::ENAMETOOLONG)));
    assert_eq!(
        Address::local_path(b"a\0b"),
        Err(NetError::Os(libc::EINVAL))
    );
    assert_eq!(Address::local_path(b""), Err(NetError::Os(libc::EINVAL)));
}
