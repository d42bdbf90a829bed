//! Half-close with nc and socat on the other side: a request that ends with the end of the stream,
//! the answer after it. Both directions, Unix sockets and TCP.

#![cfg(feature = "cli")]

mod peers;

use peers::{Peer, Scratch, chirp_script, program, run, server, server_at_free_port};

/// Answers every request with its text turned round, which cannot begin before the request has ended.
fn turning_server(name: &str, listener: &str) -> Peer {
    let code = format!(
        "| listener |
listener := {listener}.
Transcript show: 'ready '; show: (listener path ifNil: [ listener localPort printString ]); cr.
[ | connection |
  connection := listener waitForAcceptFor: nil.
  [ | request part |
    request := WriteStream on: String new.
    [ (part := connection receiveData) isEmpty ] whileFalse: [ request nextPutAll: part ].
    connection sendData: request contents reversed; closeAndDestroy ] fork ] repeat"
    );
    Peer::smalltalk(name, &code)
}

#[test]
fn nc_and_socat_ask_a_server_in_smalltalk() {
    let scratch = Scratch::new("half-close-server");
    let path = scratch.path("s");
    let listen = format!("Socket listenOnPath: '{path}' backlogSize: 5");
    let _unix = turning_server("half-close-unix", &listen);
    let tcp = turning_server("half-close-tcp", "Socket newTCP listenOn: 0 backlogSize: 5");
    let port = tcp.place.as_str();
    let to_unix = format!("UNIX-CONNECT:{path}");
    let to_tcp = format!("TCP:127.0.0.1:{port}");
    // nc ends its output with -N; socat always does, and waits for the rest as long as -t says.
    let clients: [(&str, &[&str]); 4] = [
        ("nc.openbsd", &["-N", "-U", &path]),
        ("nc.openbsd", &["-N", "127.0.0.1", port]),
        ("socat", &["-t60", "-", &to_unix]),
        ("socat", &["-t60", "-", &to_tcp]),
    ];
    let long: String = (1..=50_000).map(|i| format!("{i}\n")).collect();
    for (name, arguments) in clients {
        for request in ["", "x", "Hello, from nc!\n", &long] {
            let mut command = program(name);
            command.args(arguments);
            let run = run(command, request);
            let turned: String = request.chars().rev().collect();
            assert!(run.output == turned, "{name} {arguments:?}: {}", run.error);
            assert_eq!(run.code, Some(0));
        }
    }
}

/// Asks tac, which answers the lines in reverse when it has seen the last one, and prints how the
/// answer begins, how long it is, and how the connection ended.
fn asks_for_lines_in_reverse(name: &str, connect: &str) {
    let code = format!(
        "| socket request answer part |
socket := {connect}.
request := String streamContents: [ :stream | 1 to: 50000 do: [ :i | stream print: i; lf ] ].
socket sendData: request; shutdownOutput.
answer := WriteStream on: String new.
[ (part := socket receiveData) isEmpty ] whileFalse: [ answer nextPutAll: part ].
answer := answer contents.
Transcript
	show: (answer first: 12);
	show: (answer size = request size) printString; cr;
	show: socket statusString; cr.
socket closeAndDestroy"
    );
    let run = chirp_script(name, &code);
    assert_eq!(
        run.output, "50000\n49999\ntrue\notherEndClosedButNotThisEnd\n",
        "{}",
        run.error
    );
}

#[test]
fn a_client_in_smalltalk_asks_socat() {
    let scratch = Scratch::new("half-close-socat");
    let path = scratch.path("s");
    let mut command = program("socat");
    command.args(["-t60", &format!("UNIX-LISTEN:{path},fork"), "EXEC:tac"]);
    let _unix = server(command, &path);
    asks_for_lines_in_reverse(
        "half-close-client-unix",
        &format!("Socket connectToPath: '{path}'"),
    );
    let tcp = server_at_free_port(|port| {
        let listen = format!("TCP-LISTEN:{port},bind=127.0.0.1,fork");
        let mut command = program("socat");
        command.args(["-t60", &listen, "EXEC:tac"]);
        command
    });
    asks_for_lines_in_reverse(
        "half-close-client-tcp",
        &format!(
            "(SocketAddress fromString: '{}') in: [ :address | Socket newTCP connectTo: address; yourself ]",
            tcp.place
        ),
    );
}

/// nc as a server for one connection: it ends its side first, and still hears everything.
#[test]
fn a_client_in_smalltalk_answers_nc_that_has_nothing_more_to_say() {
    let scratch = Scratch::new("half-close-nc");
    let path = scratch.path("s");
    let client = std::thread::spawn({
        let path = path.clone();
        move || {
            chirp_script(
                "half-close-nc",
                &format!(
                    "| socket heard part |
socket := [ Socket connectToPath: '{path}' ]
	on: NetworkError
	do: [ :notYet | (Delay forMilliseconds: 5) wait. notYet retry ].
heard := WriteStream on: String new.
[ (part := socket receiveData) isEmpty ] whileFalse: [ heard nextPutAll: part ].
socket sendData: 'heard: ' , heard contents; closeAndDestroy.
Transcript show: 'done'; cr"
                ),
            )
        }
    });
    let mut nc = program("nc.openbsd");
    nc.args(["-N", "-l", "-U", &path]);
    let heard = run(nc, "all of it");
    assert_eq!(heard.output, "heard: all of it", "{}", heard.error);
    let client = client.join().expect("the client");
    assert_eq!(client.output, "done\n", "{}", client.error);
}

/// socat asks tac through two of our proxies: over TCP, over a Unix socket, and back.
#[test]
fn the_proxy_among_the_examples_passes_on_what_both_ends_say_and_that_they_have_ended() {
    let scratch = Scratch::new("proxy");
    let (path, tac) = (scratch.path("proxy"), scratch.path("tac"));
    let mut command = program("socat");
    command.args(["-t60", &format!("UNIX-LISTEN:{tac},fork"), "EXEC:tac"]);
    let _tac = server(command, &tac);
    let tcp = Peer::example("examples/proxy.st", &["0", &tac]);
    let port = tcp.place.trim_start_matches("0.0.0.0:");
    let unix = Peer::example("examples/proxy.st", &[&path, &format!("localhost:{port}")]);
    assert_eq!(unix.place, format!("unix:{path}"));

    let lines: String = (1..=100_000).map(|i| format!("{i}\n")).collect();
    let turned: String = (1..=100_000).rev().map(|i| format!("{i}\n")).collect();
    let ask = |request: &str| {
        let mut command = program("socat");
        command.args(["-t60", "-", &format!("UNIX-CONNECT:{path}")]);
        run(command, request).output
    };
    assert!(ask(&lines) == turned, "what came back is not what went out");
    assert_eq!(ask("one\ntwo\n"), "two\none\n");
    assert_eq!(ask(""), "");

    // Without the server behind it, a client hears the end, and the proxy goes on.
    drop(tcp);
    assert_eq!(ask("anybody?\n"), "");
    assert_eq!(ask("anybody?\n"), "");
}

#[test]
fn datagrams_of_logger_socat_and_nc_arrive_with_their_senders() {
    let scratch = Scratch::new("datagram-programs");
    let (path, sender) = (scratch.path("log"), scratch.path("sender"));
    let code = format!(
        "| local udp |
local := Socket newIPCDatagram.
local bindTo: '{path}'; unlinkOnClose: true.
udp := Socket newUDP.
udp bindTo: '127.0.0.1:0'.
Transcript show: 'ready ' , udp localPort printString; cr.
{{ local. udp }} do: [ :each |
	3 timesRepeat: [ | received |
		received := each receiveDatagram.
		Transcript show: received first utf8Decoded trimRight; show: ' | '; print: received last; cr; flush ].
	each closeAndDestroy ]"
    );
    let mut collector = Peer::smalltalk("datagram-programs", &code);
    let port = collector.place.clone();
    let to_path = format!("UNIX-SENDTO:{path},bind={sender}");
    let to_port = format!("UDP:127.0.0.1:{port}");
    let programs: [(&str, &[&str], &str, &str); 6] = [
        ("logger", &["-u", &path], "grüße", "unix:(unnamed)"),
        (
            "socat",
            &["-", &to_path],
            "by path",
            &format!("unix:{sender}"),
        ),
        ("nc.openbsd", &["-q0", "-uU", &path], "from nc", "unix:/"),
        (
            "logger",
            &["-d", "-n", "127.0.0.1", "-P", &port],
            "far",
            "127.0.0.1:",
        ),
        ("socat", &["-", &to_port], "to a port", "127.0.0.1:"),
        (
            "nc.openbsd",
            &["-q0", "-u", "127.0.0.1", &port],
            "udp",
            "127.0.0.1:",
        ),
    ];
    for (name, arguments, text, from) in programs {
        let mut command = program(name);
        command.args(arguments);
        let run = run(command, &format!("{text}\n"));
        let line = collector.line();
        // logger puts the time and the host before it.
        let (said, by) = line.split_once(" | ").expect("a datagram");
        assert!(
            said.ends_with(text) && by.starts_with(from),
            "{name}: {line} {}",
            run.error
        );
    }
    assert_eq!(collector.wait(), Some(0));
    assert!(
        !std::path::Path::new(&path).exists(),
        "the socket file is left behind"
    );
}
