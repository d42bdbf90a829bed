//! Elements of four bytes over connections: whole ones, whatever pieces the system makes.

use super::{INET4, STREAM, World};
use crate::host::net::options::Value;
use crate::host::net::{Handle, NetError, Status};

fn pair(world: &mut World) -> (Handle, Handle) {
    let (first, second) = (world.semaphores(), world.semaphores());
    world.host.net.pair(STREAM, first, second).expect("a pair")
}

#[test]
fn a_part_of_an_element_waits_for_the_rest_and_is_not_lost_at_the_end() {
    let mut world = World::new();
    let (one, other) = pair(&mut world);
    let net = &mut world.host.net;
    let mut buffer = [0u8; 12];
    assert_eq!(net.receive_units(other, &mut buffer, 4), Ok(0));
    net.send(one, b"abcdef").expect("sent");
    assert_eq!(net.receive_units(other, &mut buffer, 4), Ok(4));
    assert_eq!(&buffer[..4], b"abcd");
    assert_eq!(net.receive_units(other, &mut buffer, 4), Ok(0));
    net.send(one, b"gh").expect("sent");
    assert_eq!(net.receive_units(other, &mut buffer, 4), Ok(4));
    assert_eq!(&buffer[..4], b"efgh");
    // No rest will come. As bytes they can be had.
    net.send(one, b"ij").expect("sent");
    net.close(one).expect("closed");
    let lost = net.receive_units(other, &mut buffer, 4);
    assert_eq!(lost, Err(NetError::Os(libc::EBADMSG)));
    assert_eq!(net.receive(other, &mut buffer), Ok(2));
    assert_eq!(net.receive_units(other, &mut buffer, 4), Ok(0));
    assert_eq!(net.status(other), Status::OtherEndClosed);
}

/// With segments of an odd size the system takes parts of elements.
#[test]
fn elements_that_were_taken_in_part_are_completed() {
    let mut world = World::new();
    let (listener, address) = world.tcp_listener(5);
    let client = world.socket(INET4, STREAM);
    let odd = Value::Integer(537);
    world
        .host
        .net
        .set_option(client, b"TCP_MAXSEG", &odd)
        .expect("an option");
    world.host.net.connect(client, &address).expect("started");
    let server = world.accept(listener);
    world.until("a connection", |world| {
        world.status(client) == Status::Connected
    });
    let data: Vec<u8> = (0..400_000u32).flat_map(u32::to_ne_bytes).collect();
    let (mut sent, mut received) = (0, Vec::new());
    let mut buffer = vec![0u8; 40_000];
    world.until("all of it", |world| {
        let net = &mut world.host.net;
        // Then either side is armed, and the poller tells when there is more to do.
        while net.data_available(server).expect("a socket")
            || (sent < data.len() && net.send_done(client).expect("a socket"))
        {
            let count = net.send_units(client, &data[sent..], 4).expect("sent");
            assert_eq!(count % 4, 0);
            sent += count;
            let count = net.receive_units(server, &mut buffer, 4).expect("received");
            assert_eq!(count % 4, 0);
            received.extend_from_slice(&buffer[..count]);
            // A part of an element that is there alone.
            if count == 0 && received.len() + 4 > sent {
                break;
            }
        }
        received.len() == data.len()
    });
    assert_eq!(received, data);
}
