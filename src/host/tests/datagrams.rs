//! Datagrams of both worlds.

use super::*;
use crate::host::net::NetError;

fn bound(world: &mut World) -> (Handle, Address) {
    let socket = world.socket(INET4, DATAGRAM);
    let address = Address::inet4([127, 0, 0, 1].into(), 0);
    world.host.net.bind(socket, &address, None).expect("bind");
    let address = world
        .host
        .net
        .local_address(socket)
        .expect("handle")
        .expect("address");
    (socket, address)
}

/// T-13, R-14.
#[test]
fn empty_and_truncated_datagrams_are_datagrams() {
    let mut world = World::new();
    let (server, address) = bound(&mut world);
    let client = world.socket(0, DATAGRAM);
    assert_eq!(
        world.status(client),
        Status::Connected,
        "datagram sockets are born connected"
    );
    assert_eq!(world.host.net.data_available(server), Ok(false));
    assert_eq!(world.host.net.send_datagram(client, b"", &address), Ok(0));
    assert_eq!(
        world.host.net.send_datagram(client, b"abcdef", &address),
        Ok(6)
    );
    world.until("data", |world| {
        world.host.net.data_available(server) == Ok(true)
    });
    let mut buffer = [0; 4];
    let first = world
        .host
        .net
        .receive_datagram(server, &mut buffer)
        .expect("receive");
    assert_eq!(first.map(|datagram| datagram.size), Some(0));
    assert_eq!(world.status(server), Status::Connected);
    let second = world
        .host
        .net
        .receive_datagram(server, &mut buffer)
        .expect("receive");
    let second = second.expect("a datagram");
    assert_eq!((second.size, second.truncated), (4, true));
    assert_eq!(
        world.host.net.receive_datagram(server, &mut buffer),
        Ok(None)
    );
    // A plain send answers the last sender.
    assert_eq!(world.host.net.send(server, b"back"), Ok(4));
    world.until("answer", |world| {
        world.host.net.receive(client, &mut buffer) == Ok(4)
    });
    assert_eq!(&buffer, b"back");
}

/// T-13, R-14.
#[test]
fn an_unreachable_port_is_reported_once_and_ends_nothing() {
    let mut world = World::new();
    let (gone, address) = bound(&mut world);
    world.host.net.destroy(gone);
    let client = world.socket(0, DATAGRAM);
    world.host.net.connect(client, &address).expect("connect");
    world.host.net.send(client, b"anybody?").expect("send");
    world.until("an error", |world| {
        world.host.net.data_available(client) == Ok(true)
    });
    let refused = Err(NetError::Os(libc::ECONNREFUSED));
    assert_eq!(
        world.host.net.receive_datagram(client, &mut [0; 4]),
        refused
    );
    assert_eq!(world.status(client), Status::Connected);
    assert_eq!(world.host.net.data_available(client), Ok(false));
}

/// T-13.
#[test]
fn too_long_is_an_error_and_streams_take_no_datagrams() {
    let mut world = World::new();
    let (_, address) = bound(&mut world);
    let client = world.socket(0, DATAGRAM);
    let long = vec![0; 70_000];
    let result = world.host.net.send_datagram(client, &long, &address);
    assert_eq!(result, Err(NetError::Os(libc::EMSGSIZE)));
    let stream = world.socket(0, STREAM);
    let wrong = Err(NetError::Os(libc::EOPNOTSUPP));
    assert_eq!(world.host.net.send_datagram(stream, b"x", &address), wrong);
    assert_eq!(world.host.net.listen(client, 5), Err(NetError::BadArgument));
}

/// T-13.
#[test]
fn a_full_local_queue_is_waited_for() {
    let scratch = Scratch::new("queue");
    let mut world = World::new();
    let server = world.socket(LOCAL, DATAGRAM);
    let address = local_address(&scratch.path("s"));
    world.host.net.bind(server, &address, None).expect("bind");
    let client = world.socket(LOCAL, DATAGRAM);
    let mut sent = 0;
    while world
        .host
        .net
        .send_datagram(client, b"x", &address)
        .expect("send")
        == 1
    {
        sent += 1;
        assert!(sent < 100_000, "the queue has no end");
    }
    assert_eq!(world.host.net.send_done(client), Ok(false));
    let mut buffer = [0; 4];
    let first = world
        .host
        .net
        .receive_datagram(server, &mut buffer)
        .expect("receive");
    assert_eq!(
        first.expect("a datagram").sender.to_string(),
        "unix:(unnamed)"
    );
    world.until("room", |world| world.host.net.send_done(client) == Ok(true));
    assert_eq!(world.host.net.send_datagram(client, b"x", &address), Ok(1));
}
