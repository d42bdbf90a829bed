//! Peers that misbehave: garbage, silence, a byte at a time, an end at every possible point, in every
//! possible way. Whatever one connection goes through, the others do not notice, and nothing of it
//! stays behind.

#![cfg(feature = "cli")]

mod peers;

use nix::sys::socket::{setsockopt, sockopt};
use peers::{Peer, Scratch, open_sockets};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

const GUARD: Duration = Duration::from_secs(60);

/// A connection of either family.
trait Connection: Read + Write + AsFd + Send {
    fn half_close(&self);
}

impl Connection for UnixStream {
    fn half_close(&self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

impl Connection for TcpStream {
    fn half_close(&self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

fn connect(place: &str) -> Box<dyn Connection> {
    match place.parse::<u16>() {
        Ok(port) => {
            let stream = TcpStream::connect(("127.0.0.1", port)).expect("a server");
            stream.set_read_timeout(Some(GUARD)).expect("a guard");
            Box::new(stream)
        }
        Err(_) => {
            let stream = UnixStream::connect(place).expect("a server");
            stream.set_read_timeout(Some(GUARD)).expect("a guard");
            Box::new(stream)
        }
    }
}

/// Closes with a reset, where the family knows such a thing.
fn reset(connection: Box<dyn Connection>) {
    let linger = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    let _ = setsockopt(&connection.as_fd(), sockopt::Linger, &linger);
}

/// What clients of a server say: a request of that number, and how its answer ends.
struct Protocol {
    request: fn(usize) -> String,
    answer_end: fn(usize) -> String,
}

const ECHO: Protocol = Protocol {
    request: |number| format!("question {number}\n"),
    answer_end: |number| format!("question {number}\n"),
};

const HTTP: Protocol = Protocol {
    request: |number| format!("GET /echo/{number} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    answer_end: |number| format!("<{number}>"),
};

/// The well-behaved client, who must not notice anything.
struct Witness {
    connection: Box<dyn Connection>,
    protocol: &'static Protocol,
    asked: usize,
}

impl Witness {
    fn new(place: &str, protocol: &'static Protocol) -> Witness {
        Witness {
            connection: connect(place),
            protocol,
            asked: 0,
        }
    }

    fn is_served(&mut self) {
        self.asked += 1;
        let request = (self.protocol.request)(self.asked);
        self.connection
            .write_all(request.as_bytes())
            .expect("a server");
        expect_answer(&mut *self.connection, self.protocol, self.asked);
    }
}

/// Reads until the answer to the request of that number is there.
fn expect_answer(connection: &mut dyn Connection, protocol: &Protocol, number: usize) {
    let end = (protocol.answer_end)(number);
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    while !answer.ends_with(end.as_bytes()) {
        let count = connection.read(&mut part).expect("an answer");
        let so_far = String::from_utf8_lossy(&answer).into_owned();
        assert_ne!(count, 0, "no answer to {number}, only {so_far:?}");
        answer.extend_from_slice(&part[..count]);
    }
}

/// Lets peers misbehave at a server.
fn misbehave(server: &Peer, protocol: &'static Protocol) {
    let place = server.place.as_str();
    let mut witness = Witness::new(place, protocol);
    witness.is_served();

    // An end after every byte of a request, without reading the answer, in four ways.
    let request = (protocol.request)(1) + &(protocol.request)(2);
    let request = request.trim_end().as_bytes();
    for length in 0..=request.len() {
        for way in 0..4 {
            let mut peer = connect(place);
            // It may have been answered and left already.
            let _ = peer.write_all(&request[..length]);
            match way {
                0 => drop(peer),
                1 => reset(peer),
                2 => peer.half_close(),
                _ => {
                    // Half of what comes back, then gone in the middle of it.
                    peer.half_close();
                    let mut some = [0; 5];
                    let _ = peer.read(&mut some);
                    reset(peer);
                }
            }
        }
        witness.is_served();
    }

    // Silence, from connections that stay.
    let silent: Vec<_> = (0..20).map(|_| connect(place)).collect();
    witness.is_served();

    // A byte now and then.
    let mut slow = connect(place);
    for byte in (protocol.request)(0).bytes() {
        slow.write_all(&[byte]).expect("a server");
        std::thread::sleep(Duration::from_millis(2));
        witness.is_served();
    }
    expect_answer(&mut *slow, protocol, 0);

    // Garbage of all kinds, more than the server can send back to somebody who reads nothing.
    let mut state = 88172645463325252u64;
    let garbage: Vec<u8> = (0..2 << 20)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect();
    for without_lines in [false, true] {
        let mut rude = connect(place);
        let mut text = garbage.clone();
        if without_lines {
            text.retain(|byte| *byte != b'\n' && *byte != b'\r');
        }
        let writing = std::thread::spawn(move || {
            // It may be cut off: that is the server's right.
            let _ = rude.write_all(&text[..100_000]);
            rude
        });
        let mut rude = writing.join().expect("a writer");
        witness.is_served();
        rude.half_close();
        let mut some = [0; 1000];
        let _ = rude.read(&mut some);
        witness.is_served();
        reset(rude);
        witness.is_served();
    }

    // Many at once, each in its own way.
    let crowd: Vec<_> = (0..50)
        .map(|number: usize| {
            let mut peer = connect(place);
            let _ = peer.write_all(&garbage[number * 100..number * 300]);
            peer
        })
        .collect();
    for (number, peer) in crowd.into_iter().enumerate() {
        if number % 2 == 0 {
            reset(peer);
        }
    }
    witness.is_served();

    // Nothing of them stays, once the last is gone: the server's door and the witness.
    drop((silent, slow));
    let guard = std::time::Instant::now();
    while open_sockets(server.id()) > 2 {
        witness.is_served();
        assert!(
            guard.elapsed() < GUARD,
            "{} sockets stay open",
            open_sockets(server.id())
        );
    }
}

fn listener(place: &str) -> String {
    if place == "0" {
        "Socket newTCP listenOn: 0 backlogSize: 100".into()
    } else {
        format!("Socket listenOnPath: '{place}' backlogSize: 100")
    }
}

/// A server that does with each connection what `serve` says, and gives it back whatever happens.
fn server(name: &str, place: &str, serve: &str) -> Peer {
    Peer::smalltalk(
        name,
        &format!(
            "| listener |
listener := {}.
Transcript show: 'ready '; show: (listener path ifNil: [ listener localPort printString ]); cr; flush.
[ | connection |
  connection := listener waitForAcceptFor: nil.
  [ [ [ {serve} ] on: NetworkError do: [ :gone | ] ] ensure: [ connection closeAndDestroy ] ] fork ] repeat",
            listener(place)
        ),
    )
}

fn in_both_families(name: &str, serve: &str) {
    let scratch = Scratch::new(name);
    for place in [scratch.path("s"), "0".into()] {
        misbehave(&server(name, &place, serve), &ECHO);
    }
}

#[test]
fn a_server_that_echoes_survives_every_peer() {
    in_both_families(
        "rude-echo",
        "| data | [ (data := connection receiveData) isEmpty ] whileFalse: [ connection sendData: data ]",
    );
}

#[test]
fn a_server_that_reads_lines_survives_every_peer() {
    in_both_families(
        "rude-lines",
        "| stream line | stream := SocketStream on: connection.
	   [ stream atEnd ] whileFalse: [
		line := stream nextLineLf.
		stream nextPutAll: line; nextPut: Character lf; flush ]",
    );
}

#[test]
fn a_web_server_survives_every_peer() {
    let scratch = Scratch::new("rude-web");
    let path = scratch.path("s");
    for made in [
        "ZnServer on: 0".into(),
        format!("ZnServer onPath: '{path}'"),
    ] {
        let server = Peer::smalltalk(
            "rude-web",
            &format!(
                "| server |
server := {made}.
server delegate: (ZnDefaultServerDelegate new
	map: 'echo' to: [ :request | ZnResponse ok: (ZnEntity text: '<' , request uri lastPathSegment , '>') ];
	yourself).
server start.
Transcript show: 'ready '; show: (server path ifNil: [ server port printString ]); cr; flush.
Semaphore new wait"
            ),
        );
        misbehave(&server, &HTTP);
    }
}
