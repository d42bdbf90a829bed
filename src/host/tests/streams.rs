//! Streams over TCP, and the handles of sockets in general.

use super::*;
use crate::host::net::options::Value;
use crate::host::net::{HANDLE_SIZE, NetError};

#[test]
fn client_and_server_talk_in_both_directions() {
    let mut world = World::new();
    let (client, server) = world.tcp_pair();
    assert_eq!(world.host.net.send(client, b"ping"), Ok(4));
    assert_eq!(world.receive(server, 4), b"ping");
    assert_eq!(world.host.net.send(server, b"pong!"), Ok(5));
    assert_eq!(world.receive(client, 5), b"pong!");
}

#[test]
fn a_refused_connection_leaves_a_fresh_socket_with_an_errno() {
    let mut world = World::new();
    let (listener, address) = world.tcp_listener(5);
    world.host.net.destroy(listener);
    let client = world.connect(0, &address);
    world.until("refusal", |world| {
        world.status(client) == Status::Unconnected
    });
    assert_eq!(world.host.net.error(client), Ok(libc::ECONNREFUSED));
    assert!(
        world.heard.contains(&4),
        "the connection semaphore was not signalled"
    );
    // The same socket serves for another attempt, and the old error is forgotten.
    let (listener, address) = world.tcp_listener(5);
    world
        .host
        .net
        .connect(client, &address)
        .expect("second connect");
    world.until("connect", |world| world.status(client) == Status::Connected);
    assert_eq!(world.host.net.error(client), Ok(0));
    world.accept(listener);
}

///
#[test]
fn end_of_input_shows_only_after_the_last_byte_and_only_when_somebody_looks() {
    let mut world = World::new();
    let (client, server) = world.tcp_pair();
    world.host.net.send(server, b"last words").expect("send");
    world.host.net.close(server).expect("close");
    world.settle();
    assert_eq!(world.status(client), Status::Connected, "nobody looked yet");
    assert_eq!(world.receive(client, 10), b"last words");
    assert_eq!(world.status(client), Status::Connected);
    world.until("end", |world| {
        world.host.net.data_available(client).expect("handle");
        world.status(client) == Status::OtherEndClosed
    });
    assert_eq!(world.host.net.receive(client, &mut [0; 4]), Ok(0));
}

///
#[test]
fn reading_and_writing_are_armed_independently() {
    let mut world = World::new();
    let (first, second) = (world.semaphores(), world.semaphores());
    let (client, server) = world.host.net.pair(STREAM, first, second).expect("a pair");
    let chunk = vec![7u8; 64 * 1024];
    let mut sent = 0;
    world.until("full buffer", |world| {
        sent += world.host.net.send(client, &chunk).expect("send");
        !world.host.net.send_done(client).expect("handle")
    });
    assert_eq!(world.host.net.data_available(client), Ok(false));
    world.settle();
    world.heard.clear();
    // The write side stays armed while a read is signalled …
    world.host.net.send(server, b"x").expect("send");
    world.until("read signal", |world| !world.heard.is_empty());
    assert_eq!(world.heard, [2], "only the read semaphore of the client");
    // … and is signalled when the peer makes room.
    world.heard.clear();
    let mut room = vec![0u8; 1 << 20];
    let mut received = 0;
    world.until("write signal", |world| {
        received += world.host.net.receive(server, &mut room).expect("receive");
        world.heard.contains(&3)
    });
    while received < sent {
        let rest = world.receive(server, (sent - received).min(1 << 16));
        received += rest.len();
    }
    assert_eq!(received, sent);
}

#[test]
fn half_close_lets_the_answer_through() {
    let mut world = World::new();
    let (client, server) = world.tcp_pair();
    world.host.net.send(client, b"question").expect("send");
    world.host.net.shutdown(client, 1).expect("shutdown");
    assert_eq!(world.status(client), Status::Connected);
    assert_eq!(
        world.host.net.send(client, b"more"),
        Err(NetError::Os(libc::EPIPE))
    );
    assert_eq!(world.receive(server, 8), b"question");
    world.until("end", |world| {
        world.host.net.data_available(server).expect("handle");
        world.status(server) == Status::OtherEndClosed
    });
    assert_eq!(world.host.net.send_done(server), Ok(true));
    assert_eq!(world.host.net.send(server, b"answer"), Ok(6));
    assert_eq!(world.receive(client, 6), b"answer");
}

#[test]
fn abort_resets_the_peer() {
    let mut world = World::new();
    let (client, server) = world.tcp_pair();
    world.host.net.abort(client).expect("abort");
    world.until("reset", |world| {
        world.host.net.data_available(server).expect("handle");
        world.status(server) == Status::OtherEndClosed
    });
    assert_eq!(world.host.net.error(server), Ok(libc::ECONNRESET));
}

///
#[test]
fn close_and_destroy_wake_every_waiter() {
    let mut world = World::new();
    let (client, server) = world.tcp_pair();
    world.settle();
    world.heard.clear();
    world.host.net.close(client).expect("close");
    world.settle();
    assert_eq!(world.heard, [4, 5, 6]);
    assert_eq!(world.status(client), Status::Unconnected);
    world.heard.clear();
    world.host.net.destroy(server);
    world.settle();
    assert_eq!(world.heard.len(), 3);
    assert_eq!(world.status(server), Status::Invalid);
    world.host.net.destroy(server);
    assert_eq!(world.host.net.open_count(), 1);
}

/// T-18, R-21.
#[test]
fn a_one_shot_listener_becomes_the_connection_when_used_as_one() {
    let mut world = World::new();
    let (listener, address) = world.tcp_listener(1);
    let client = world.connect(0, &address);
    world.until("somebody", |world| {
        world.status(listener) == Status::Connected
    });
    world.host.net.send(client, b"hello").expect("send");
    assert_eq!(world.receive(listener, 5), b"hello");
    assert_eq!(world.host.net.send(listener, b"you"), Ok(3));
    assert_eq!(world.receive(client, 3), b"you");
}

/// T-18, R-21.
#[test]
fn a_one_shot_listener_accepts_as_well() {
    let mut world = World::new();
    let (listener, address) = world.tcp_listener(1);
    let client = world.connect(0, &address);
    let server = world.accept(listener);
    assert_eq!(world.status(listener), Status::Waiting);
    world.host.net.send(client, b"hello").expect("send");
    assert_eq!(world.receive(server, 5), b"hello");
}

/// T-19.
#[test]
fn accept_with_nobody_at_the_door_is_eagain() {
    let mut world = World::new();
    let (listener, _) = world.tcp_listener(5);
    let semaphores = world.semaphores();
    assert_eq!(
        world.host.net.accept(listener, semaphores),
        Err(NetError::Os(libc::EAGAIN))
    );
    assert_eq!(world.status(listener), Status::Waiting);
}

///
#[test]
fn a_port_in_use_is_reported() {
    let mut world = World::new();
    let (_, address) = world.tcp_listener(5);
    let other = world.socket(0, STREAM);
    let port = i64::from(address.port().expect("a port"));
    let result = world
        .host
        .net
        .listen_on_port(other, port, 5, Some(&address));
    assert_eq!(result, Err(NetError::Os(libc::EADDRINUSE)));
    assert_eq!(world.host.net.error(other), Ok(libc::EADDRINUSE));
}

///
#[test]
fn an_undecided_socket_takes_the_family_of_its_first_address_and_keeps_its_options() {
    let mut world = World::new();
    let listener = world.socket(0, STREAM);
    let address = Address::inet6(std::net::Ipv6Addr::LOCALHOST, 0);
    world.host.net.bind(listener, &address, None).expect("bind");
    world.host.net.listen(listener, 5).expect("listen");
    let address = world
        .host
        .net
        .local_address(listener)
        .expect("handle")
        .expect("address");
    let client = world.socket(0, STREAM);
    let on = Value::Integer(1);
    world
        .host
        .net
        .set_option(client, b"SO_KEEPALIVE", &on)
        .expect("option");
    world.host.net.connect(client, &address).expect("connect");
    world.until("connect", |world| world.status(client) == Status::Connected);
    assert_eq!(world.host.net.get_option(client, b"SO_KEEPALIVE"), Ok(on));
    assert_eq!(world.host.net.remote_address(client), Ok(Some(address)));
}

/// T-15.
#[test]
fn an_ipv6_listener_takes_ipv4_clients_too() {
    let mut world = World::new();
    let listener = world.socket(3, STREAM);
    world
        .host
        .net
        .listen_on_port(listener, 0, 5, None)
        .expect("listen");
    let bound = world
        .host
        .net
        .local_address(listener)
        .expect("handle")
        .expect("address");
    let port = bound.port().expect("a port");
    world.connect(0, &Address::inet4([127, 0, 0, 1].into(), port));
    let server = world.accept(listener);
    let peer = world
        .host
        .net
        .remote_address(server)
        .expect("handle")
        .expect("peer");
    assert_eq!(peer.host_bytes(), [127, 0, 0, 1]);
    assert!(peer.to_string().starts_with("127.0.0.1:"), "{peer}");
}

/// T-14.
#[test]
fn options_answer_what_the_kernel_made_of_them() {
    let mut world = World::new();
    let socket = world.socket(INET4, STREAM);
    let size = Value::Integer(65536);
    let set = world
        .host
        .net
        .set_option(socket, b"SO_SNDBUF", &size)
        .expect("option");
    assert_eq!(set, Value::Integer(131_072));
    let unknown = world.host.net.get_option(socket, b"SO_NONSENSE");
    assert_eq!(unknown, Err(NetError::Os(libc::ENOPROTOOPT)));
    let local = world.socket(LOCAL, STREAM);
    let on = Value::Integer(1);
    assert_eq!(
        world.host.net.set_option(local, b"TCP_NODELAY", &on),
        Ok(on)
    );
}

/// T-20, R-10, R-31.
#[test]
fn stale_and_forged_handles_fail_and_nothing_else() {
    let mut world = World::new();
    let old = world.socket(INET4, STREAM);
    world.host.net.destroy(old);
    let new = world.socket(INET4, STREAM);
    assert_eq!(new.slot, old.slot, "the slot is used again");
    let forged = [
        old,
        Handle {
            session: new.session ^ 2,
            ..new
        },
        Handle { kind: 1, ..new },
        Handle { slot: 77, ..new },
        Handle {
            slot: u32::MAX,
            generation: u32::MAX,
            ..new
        },
        Handle {
            session: 0,
            kind: 0,
            slot: 0,
            generation: 0,
        },
    ];
    let address = Address::inet4([127, 0, 0, 1].into(), 9);
    for handle in forged {
        let net = &mut world.host.net;
        assert_eq!(net.status(handle), Status::Invalid);
        assert_eq!(net.error(handle), Err(NetError::BadHandle));
        assert_eq!(net.connect(handle, &address), Err(NetError::BadHandle));
        assert_eq!(net.bind(handle, &address, None), Err(NetError::BadHandle));
        assert_eq!(net.listen(handle, 1), Err(NetError::BadHandle));
        assert_eq!(net.data_available(handle), Err(NetError::BadHandle));
        assert_eq!(net.send_done(handle), Err(NetError::BadHandle));
        assert_eq!(net.send(handle, b"x"), Err(NetError::BadHandle));
        assert_eq!(net.receive(handle, &mut [0; 1]), Err(NetError::BadHandle));
        assert_eq!(net.shutdown(handle, 2), Err(NetError::BadHandle));
        assert_eq!(net.close(handle), Err(NetError::BadHandle));
        net.destroy(handle);
    }
    assert_eq!(world.status(new), Status::Unconnected);
    assert_eq!(Handle::from_bytes(&new.to_bytes()), Some(new));
    assert_eq!(Handle::from_bytes(&[0; HANDLE_SIZE - 1]), None);
}

#[test]
fn two_hosts_know_nothing_of_each_other() {
    let mut one = World::new();
    let mut other = World::new();
    let handle = one.socket(INET4, STREAM);
    assert_eq!(other.status(handle), Status::Invalid);
    // Hosts may move between threads.
    let joined = std::thread::spawn(move || {
        let mut one = one;
        one.status(handle)
    });
    assert_eq!(joined.join().expect("a thread"), Status::Unconnected);
}

#[test]
fn without_permission_there_is_no_socket() {
    let mut world = World::new();
    world.host.net.disable();
    let semaphores = world.semaphores();
    assert_eq!(
        world.host.net.create(0, 0, semaphores),
        Err(NetError::Denied)
    );
    assert_eq!(world.host.net.last_error(), libc::EPERM);
    assert!(world.host.net.resolver().is_err());
}

#[test]
fn sockets_of_unknown_families_and_kinds_are_refused() {
    let mut world = World::new();
    for (domain, kind) in [(4, 0), (-1, 0), (0, 9), (0, -1)] {
        let semaphores = world.semaphores();
        assert_eq!(
            world.host.net.create(domain, kind, semaphores),
            Err(NetError::BadArgument)
        );
    }
}

#[test]
fn a_closed_socket_can_be_used_again() {
    let mut world = World::new();
    let (listener, address) = world.tcp_listener(5);
    let client = world.connect(0, &address);
    world
        .host
        .net
        .set_option(client, b"SO_KEEPALIVE", &Value::Integer(1))
        .expect("an option");
    for _ in 0..3 {
        world.until("connect", |world| world.status(client) == Status::Connected);
        let server = world.accept(listener);
        world.host.net.destroy(server);
        world.until("the end", |world| {
            !world.host.net.data_available(client).expect("a socket")
                && world.status(client) == Status::OtherEndClosed
        });
        world.host.net.close(client).expect("closed");
        assert_eq!(world.status(client), Status::Unconnected);
        assert_eq!(world.host.net.connect(client, &address), Ok(()));
    }
    world.host.net.close(listener).expect("closed");
    world.host.net.listen(listener, 5).expect("listens again");
    assert_eq!(world.status(listener), Status::Waiting);
}

#[test]
fn without_permission_old_connections_stay_and_nothing_new_is_reached() {
    let mut world = World::new();
    let (one, other) = world.tcp_pair();
    let (fresh, datagram) = (world.socket(INET4, STREAM), world.socket(INET4, DATAGRAM));
    let address = Address::inet4([127, 0, 0, 1].into(), 9);
    let net = &mut world.host.net;
    net.disable();
    assert_eq!(net.connect(fresh, &address), Err(NetError::Denied));
    assert_eq!(net.bind(fresh, &address, None), Err(NetError::Denied));
    assert_eq!(net.listen(fresh, 5), Err(NetError::Denied));
    assert_eq!(
        net.send_datagram(datagram, b"x", &address),
        Err(NetError::Denied)
    );
    assert_eq!(net.inherited(), Err(NetError::Denied));
    assert_eq!(net.send(one, b"still here"), Ok(10));
    assert_eq!(world.receive(other, 10), b"still here");
}
