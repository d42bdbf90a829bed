//! Many sockets at once, and sockets whose other end takes its time: nothing turns, nobody is
//! forgotten. What is counted are wake-ups of the machine's threads, never time.

#![cfg(feature = "cli")]

mod peers;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use peers::{Peer, Scratch, open_sockets};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// For each thread of a process: the nanoseconds and the times that it ran.
fn activity(process: u32) -> Vec<String> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("threads");
    let mut all: Vec<String> = threads
        .map(|thread| {
            let path = thread.expect("a thread").path().join("schedstat");
            let line = std::fs::read_to_string(&path).expect("the kernel's account");
            let mut fields = line.split_whitespace();
            // The second field is the time that it had to wait for a processor.
            format!("{path:?} {:?} {:?}", fields.next(), fields.nth(1))
        })
        .collect();
    all.sort();
    all
}

/// Waits until the process has not run at all for a second.
fn expect_sleep(process: u32) {
    let start = Instant::now();
    let mut before = activity(process);
    while start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_secs(1));
        let after = activity(process);
        if before == after {
            return;
        }
        before = after;
    }
    panic!("it never sleeps: {before:?}");
}

fn exchange(socket: &mut UnixStream, text: &str) {
    socket.write_all(text.as_bytes()).expect("a server");
    let mut answer = vec![0; text.len()];
    socket.read_exact(&mut answer).expect("an answer");
    assert_eq!(text.as_bytes(), answer);
}

#[test]
fn thousands_of_idle_connections_cost_no_wake_up() {
    // As many as the machine allows to us; the server raises its own limit.
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("the limit");
    let count = 2000.min(hard.saturating_sub(200)) as usize;
    let scratch = Scratch::new("idle");
    let path = scratch.path("s");
    let server = Peer::smalltalk_with_descriptors(
        256,
        "idle",
        &format!(
            "| listener patience |
listener := Socket listenOnPath: '{path}' backlogSize: 128.
Transcript show: 'ready '; show: listener path; cr; flush.
patience := true.
[ | connection limit |
  connection := listener waitForAcceptFor: nil.
  limit := (patience := patience not) ifTrue: [ 3600 ].
  [ | data |
    data := ByteArray new: 64.
    [ | size | (size := connection receiveDataTimeout: limit into: data) > 0
        and: [ connection sendData: data count: size. true ] ] whileTrue.
    connection closeAndDestroy ] fork ] repeat"
        ),
    );
    let mut crowd: Vec<UnixStream> = (0..count)
        .map(|_| UnixStream::connect(&path).expect("a connection"))
        .collect();
    // An answer means that all before it were accepted.
    exchange(crowd.last_mut().expect("the last"), "are you all there?");
    assert_eq!(open_sockets(server.id()), count + 1);
    expect_sleep(server.id());
    for socket in crowd.iter_mut().step_by(count / 20) {
        exchange(socket, "one among many");
    }
    expect_sleep(server.id());
    drop(crowd);
    let mut last = UnixStream::connect(&path).expect("a connection");
    exchange(&mut last, "all gone?");
    while open_sockets(server.id()) > 2 {
        exchange(&mut last, "not yet");
    }
}

#[test]
fn a_peer_that_takes_nothing_keeps_only_its_sender_waiting() {
    let scratch = Scratch::new("silent");
    let path = scratch.path("s");
    let mut server = Peer::smalltalk(
        "silent",
        &format!(
            "| listener silent ticks |
listener := Socket listenOnPath: '{path}' backlogSize: 5.
Transcript show: 'ready '; show: listener path; cr; flush.
silent := listener waitForAcceptFor: 60.
[ silent sendData: (ByteArray new: 10000000) ]
	on: ConnectionClosed do: [ :e | Transcript show: e class name; cr; flush ].
silent := listener waitForAcceptFor: 60.
ticks := 0.
[ [ ticks < 20 ] whileTrue: [ ticks := ticks + 1. (Delay forMilliseconds: 1) wait ] ] fork.
[ silent sendAll: (ByteArray new: 10000000) count: 10000000 stallingFor: 2 ]
	on: ConnectionTimedOut do: [ :e | Transcript show: e messageText; show: ' '; show: ticks printString; cr ]"
        ),
    );
    let silent = UnixStream::connect(&path).expect("a connection");
    // It waits without looking again and again.
    expect_sleep(server.id());
    drop(silent);
    assert_eq!(server.line(), "ConnectionClosed");
    let _silent = UnixStream::connect(&path).expect("a connection");
    assert_eq!(server.line(), "no data was taken within 2 seconds 20");
}

#[test]
fn a_close_with_megabytes_unsent_neither_waits_nor_loses_any() {
    let scratch = Scratch::new("unsent");
    let path = scratch.path("s");
    let mut server = Peer::smalltalk(
        "unsent",
        &format!(
            "| listener connection total |
listener := Socket listenOnPath: '{path}' backlogSize: 5.
Transcript show: 'ready '; show: listener path; cr; flush.
connection := listener waitForAcceptFor: 60.
connection setOption: 'SO_SNDBUF' value: 4000000.
total := 0.
[ connection sendDone and: [ total < 4000000 ] ] whileTrue: [
	total := total + (connection sendSomeData: (ByteArray new: 65536)) ].
connection closeAndDestroy.
Transcript show: total printString; cr; flush.
Semaphore new waitTimeoutSeconds: 60"
        ),
    );
    let mut client = UnixStream::connect(&path).expect("a connection");
    // It has closed before anybody read a byte.
    let total: usize = server.line().parse().expect("a number");
    let mut received = Vec::new();
    client.read_to_end(&mut received).expect("all of it");
    assert_eq!(received.len(), total);
}

#[test]
fn a_hundred_clients_exchange_a_megabyte_each_in_both_directions_at_once() {
    let scratch = Scratch::new("duplex");
    let path = scratch.path("s");
    let _server = Peer::example("examples/echo_server.st", &[&path]);
    let clients = (0..100u8).map(|number| {
        let mut reader = UnixStream::connect(&path).expect("a connection");
        let mut writer = reader.try_clone().expect("a copy");
        let sender = std::thread::spawn(move || {
            writer.write_all(&vec![number; 1 << 20]).expect("a server");
            writer.shutdown(Shutdown::Write).expect("a server");
        });
        std::thread::spawn(move || {
            let mut received = Vec::new();
            reader.read_to_end(&mut received).expect("an answer");
            sender.join().expect("a sender");
            received.len() == 1 << 20 && received.iter().all(|byte| *byte == number)
        })
    });
    let clients: Vec<_> = clients.collect();
    for client in clients {
        assert!(client.join().expect("a client"));
    }
}
