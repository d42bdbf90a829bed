//! Sockets against real Python processes, in both directions and both families, through the command
//! line. No test here asserts elapsed time; every child has a guard of 60 seconds.

#![cfg(feature = "cli")]

mod peers;

use peers::{Peer, Scratch, chirp, chirp_script, python, shared_path};

const SEED: &str = include_str!("../examples/unix_client.st");

#[test]
fn the_seed_script_word_for_word_as_the_very_first_code() {
    let _lock = shared_path();
    let server = python("echo_server.py", &["/tmp/sp"]);
    let run = chirp(&["examples/unix_client.st"]);
    assert_eq!(run.output, "Hello, from Smalltalk!\n", "{}", run.error);
    assert_eq!(run.code, Some(0));
    assert_eq!(server.finish(), "b'Hello, from Smalltalk!'\n");
}

#[test]
fn the_seeds_four_methods_filed_in_over_ours() {
    let _lock = shared_path();
    let server = python("echo_server.py", &["/tmp/sp"]);
    let seed = SEED.replace('!', "!!");
    let run = chirp_script(
        "filed-in",
        &format!("{}{seed}\n!\n", include_str!("peers/seed.cs")),
    );
    assert_eq!(run.output, "Hello, from Smalltalk!\n", "{}", run.error);
    assert_eq!(server.finish(), "b'Hello, from Smalltalk!'\n");
}

#[test]
fn the_example_serves_itself_or_uses_the_server_that_is_there() {
    let _lock = shared_path();
    let run = chirp(&["examples/unix_echo.st"]);
    assert_eq!(run.output, "Hello, from Smalltalk!\n", "{}", run.error);
    assert!(
        !std::path::Path::new("/tmp/sp").exists(),
        "the socket file is left behind"
    );
    let server = python("echo_server.py", &["/tmp/sp"]);
    let run = chirp(&["examples/unix_echo.st"]);
    assert_eq!(run.output, "Hello, from Smalltalk!\n", "{}", run.error);
    assert_eq!(server.finish(), "b'Hello, from Smalltalk!'\n");
    // A server that died leaves its file; the example takes the path over.
    drop(std::os::unix::net::UnixListener::bind("/tmp/sp").expect("a stale socket"));
    let run = chirp(&["examples/unix_echo.st"]);
    assert_eq!(run.output, "Hello, from Smalltalk!\n", "{}", run.error);
}

#[test]
fn an_address_needs_no_file_and_no_server() {
    let run = chirp_script(
        "address",
        "| s sa |
NetNameResolver primGetAddressInfoHost: '' service: '/no/such:file' flags: 0 family: 1 type: 0 protocol: 0.
s := NetNameResolver primGetAddressInfoSize.
sa := SocketAddress new: s withAll: 0.
NetNameResolver primGetAddressInfoResult: sa.
Transcript show: s printString; cr; show: sa printString; cr",
    );
    assert_eq!(run.output, "118\nunix:/no/such:file\n", "{}", run.error);
}

#[test]
fn a_tcp_client_in_smalltalk() {
    let server = python("echo_server.py", &["0"]);
    let run = chirp_script(
        "tcp-client",
        &format!(
            "| socket |
socket := Socket newTCP.
socket connectTo: (NetNameResolver addressForName: 'localhost') port: {}.
socket sendData: 'over TCP'.
Transcript show: socket receiveData; cr.
Transcript show: socket remoteAddress printString; cr.
socket closeAndDestroy",
            server.place
        ),
    );
    assert_eq!(run.output, "over TCP\n127.0.0.1\n", "{}", run.error);
    assert_eq!(server.finish(), "b'over TCP'\n");
}

/// A server that answers one EOF-delimited request in upper case, after saying where it is.
fn upper_case_server(listener: &str) -> String {
    format!(
        "| listener connection data part |
listener := {listener}.
Transcript show: 'ready '; show: (listener localSocketAddress isLocal
	ifTrue: [ listener path ]
	ifFalse: [ listener localPort printString ]); cr.
connection := listener waitForAcceptFor: 60.
data := ''.
[ (part := connection receiveData) isEmpty ] whileFalse: [ data := data , part ].
connection sendData: data asByteArray utf8Decoded asUppercase utf8Encoded.
connection closeAndDestroy.
listener closeAndDestroy"
    )
}

#[test]
fn a_tcp_server_in_smalltalk() {
    let code = upper_case_server("Socket newTCP listenOn: 0 backlogSize: 5");
    let server = Peer::smalltalk("tcp-server", &code);
    let client = python("echo_client.py", &[&server.place, "shout"]);
    assert_eq!(client.finish(), "SHOUT\n");
    assert_eq!(server.finish(), "");
}

#[test]
fn a_unix_server_in_smalltalk() {
    let scratch = Scratch::new("unix-server");
    let path = scratch.path("a:b");
    let code = upper_case_server(&format!("Socket listenOnPath: '{path}' backlogSize: 5"));
    let server = Peer::smalltalk("unix-server", &code);
    assert_eq!(server.place, path);
    let client = python("echo_client.py", &[&path, "schrei: äöü"]);
    assert_eq!(client.finish(), "SCHREI: ÄÖÜ\n");
    server.finish();
    assert!(
        !std::path::Path::new(&path).exists(),
        "the socket file is left behind"
    );
}

#[test]
fn a_server_that_is_killed_politely_removes_its_file() {
    let scratch = Scratch::new("sigterm");
    let path = scratch.path("s");
    let code = upper_case_server(&format!("Socket listenOnPath: '{path}' backlogSize: 5"));
    let mut server = Peer::smalltalk("sigterm", &code);
    server.terminate();
    assert_eq!(server.wait(), Some(143));
    assert!(
        !std::path::Path::new(&path).exists(),
        "the socket file is left behind"
    );
}

#[test]
fn the_echo_server_among_the_examples_serves_many() {
    let scratch = Scratch::new("echo-server");
    let path = scratch.path("s");
    let mut server = Peer::example("examples/echo_server.st", &[&path]);
    assert_eq!(server.place, format!("unix:{path}"));
    let clients: Vec<Peer> = ["one", "two", "three"]
        .iter()
        .map(|text| python("echo_client.py", &[&path, text]))
        .collect();
    let answers: Vec<String> = clients.into_iter().map(Peer::finish).collect();
    assert_eq!(answers, ["one\n", "two\n", "three\n"]);
    server.terminate();
    assert_eq!(server.wait(), Some(143));
}

#[test]
fn only_the_process_that_waits_is_kept_waiting() {
    let scratch = Scratch::new("waiting");
    let path = scratch.path("s");
    let run = chirp_script(
        "waiting",
        &format!(
            "| listener client server ticks answer done |
listener := Socket listenOnPath: '{path}' backlogSize: 5.
client := Socket connectToPath: '{path}'.
server := listener waitForAcceptFor: 5.
ticks := 0.
done := Semaphore new.
[ answer := client receiveData. done signal ] fork.
[ [ ticks < 20 ] whileTrue: [ ticks := ticks + 1. (Delay forMilliseconds: 1) wait ].
  server sendData: 'after ' , ticks printString , ' ticks' ] fork.
done wait.
Transcript show: answer; cr"
        ),
    );
    assert_eq!(run.output, "after 20 ticks\n", "{}", run.error);
}

#[test]
fn both_directions_of_one_socket_at_once() {
    let run = chirp_script(
        "duplex",
        "| pair total done sent |
pair := Socket socketPair.
total := 0. sent := 0.
done := Semaphore new.
#(1 2) do: [ :i |
	[ | count | count := (pair at: i) sendData: (ByteArray new: 1000000).
	  sent := sent + count.
	  (pair at: i) shutdownOutput. done signal ] fork.
	[ | part | [ (part := (pair at: i) receiveBytes) isEmpty ] whileFalse: [ total := total + part size ].
	  done signal ] fork ].
4 timesRepeat: [ done wait ].
Transcript show: sent printString; cr; show: total printString; cr",
    );
    assert_eq!(run.output, "2000000\n2000000\n", "{}", run.error);
}

#[test]
fn errors_say_what_happened() {
    let scratch = Scratch::new("errors");
    let (stale, file, live) = (
        scratch.path("stale"),
        scratch.path("file"),
        scratch.path("live"),
    );
    drop(std::os::unix::net::UnixListener::bind(&stale).expect("a stale socket"));
    std::fs::write(&file, "precious").expect("a file");
    let missing = scratch.path("missing");
    let run = chirp_script(
        "errors",
        &format!(
            "| report listener |
report := [ :block | [ block value. Transcript show: 'nothing'; cr ]
	on: Error
	do: [ :e | Transcript show: e class name; show: ' '; show: e errno printString; show: ' '; show: e errorName asString; cr ] ].
report value: [ Socket connectToPath: '{missing}' ].
report value: [ Socket connectToPath: '{stale}' ].
report value: [ Socket listenOnPath: '{file}' backlogSize: 1 ].
listener := Socket listenOnPath: '{live}' backlogSize: 1.
report value: [ Socket listenOnPath: '{live}' backlogSize: 1 ].
report value: [ Socket listenOnPath: '{missing}/s' backlogSize: 1 ].
report value: [ Socket connectToPath: '/tmp/' , (String new: 103 withAll: $x) ].
report value: [ listener accept ].
report value: [ Socket newTCP setOption: 'SO_NONSENSE' value: 1 ].
report value: [ Socket newTCP connectTo: #[127 0 0 1] port: 1 ].
report value: [ Socket newIPC sendData: 'x' ].
listener closeAndDestroy"
        ),
    );
    let expected = "ConnectionClosed 2 ENOENT
ConnectionRefused 111 ECONNREFUSED
AddressInUse 98 EADDRINUSE
AddressInUse 98 EADDRINUSE
SocketError 2 ENOENT
PathTooLong 36 ENAMETOOLONG
SocketError 11 EAGAIN
SocketError 92 ENOPROTOOPT
ConnectionRefused 111 ECONNREFUSED
ConnectionClosed nil nil
";
    assert_eq!(run.output, expected, "{}", run.error);
}

#[test]
fn waiting_ends_when_its_time_is_over_and_when_the_socket_is_destroyed() {
    let run = chirp_script(
        "timeouts",
        "| pair listener client outcome done |
pair := Socket socketPair.
outcome := [ pair first receiveDataSignallingTimeout: 0.02 into: (String new: 10) startingAt: 1 ]
	on: ConnectionTimedOut do: [ :e | 'timed out' ].
Transcript show: outcome; cr.
Transcript show: (pair first receiveDataTimeout: 0.02) size printString; cr.
outcome := [ [ pair first sendSomeData: (ByteArray new: 100000) startIndex: 1 count: 100000 for: 0.02 ] repeat ]
	on: ConnectionTimedOut do: [ :e | 'full' ].
Transcript show: outcome; cr.
done := Semaphore new.
[ outcome := [ pair second waitForSendDoneFor: nil. pair second receiveData. pair first waitForData. 'data' ] on: ConnectionClosed do: [ :e | 'closed' ].
  done signal ] fork.
#(1 2) do: [ :i |
	[ [ pair first waitForSendDoneFor: nil ] on: ConnectionClosed do: [ :e | done signal ] ] fork ].
(Delay forMilliseconds: 20) wait.
pair first destroy.
3 timesRepeat: [ done wait ].
Transcript show: outcome; cr.
Transcript show: pair first statusString; cr",
    );
    assert_eq!(
        run.output, "timed out\n0\nfull\nclosed\ndestroyed\n",
        "{}",
        run.error
    );
}

#[test]
fn a_hundred_clients_in_turn_and_at_once() {
    let scratch = Scratch::new("hundred");
    let path = scratch.path("s");
    let run = chirp_script(
        "hundred",
        &format!(
            "| listener served sum done |
listener := Socket listenOnPath: '{path}' backlogSize: 200.
served := 0.
[ 100 timesRepeat: [ | connection |
	connection := listener waitForAcceptFor: 30.
	[ | data |
	  [ (data := connection receiveData) isEmpty ] whileFalse: [ connection sendData: data ].
	  served := served + 1.
	  connection closeAndDestroy ] fork ] ] fork.
sum := 0.
done := Semaphore new.
1 to: 100 do: [ :i |
	[ | socket text |
	  socket := Socket connectToPath: '{path}'.
	  socket sendData: i printString.
	  text := socket receiveData.
	  sum := sum + text asNumber.
	  socket closeAndDestroy.
	  done signal ] fork ].
100 timesRepeat: [ done wait ].
[ served = 100 ] whileFalse: [ (Delay forMilliseconds: 1) wait ].
Transcript show: sum printString; cr"
        ),
    );
    assert_eq!(run.output, "5050\n", "{}", run.error);
}
