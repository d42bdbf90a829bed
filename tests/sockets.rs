//! Sockets against real Python processes, in both directions and both families, through the command
//! line. No test here asserts elapsed time; every child has a guard of 60 seconds.

#![cfg(feature = "cli")]

mod peers;

use peers::{Peer, Scratch, chirp, chirp_reading, chirp_script, python, shared_path};

const SEED: &str = include_str!("../examples/unix_client.st");

/// T-01, R-05, R-06.
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
fn the_seed_script_from_standard_input_and_as_an_argument() {
    let _lock = shared_path();
    for arguments in [&["-"] as &[&str], &["-e", SEED], &[]] {
        let server = python("echo_server.py", &["/tmp/sp"]);
        let run = chirp_reading(arguments, SEED);
        assert_eq!(run.output, "Hello, from Smalltalk!\n", "{}", run.error);
        assert_eq!(run.code, Some(0));
        assert_eq!(server.finish(), "b'Hello, from Smalltalk!'\n");
    }
}

#[test]
fn the_seed_script_typed_line_by_line_at_the_prompt() {
    let _lock = shared_path();
    let server = python("echo_server.py", &["/tmp/sp"]);
    let scratch = Scratch::new("prompt");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_chirp"));
    command
        .args(["--color", "never"])
        .env("XDG_STATE_HOME", scratch.path("state"))
        .env("TERM", "xterm");
    let mut terminal = rexpect::session::spawn_command(command, Some(60_000)).expect("a terminal");
    terminal.exp_string("chirp> ").expect("a prompt");
    let results = [
        "nil",
        "NetNameResolver",
        "118",
        "a SocketAddress(0 0",
        "NetNameResolver",
        "a Socket[unconnected]",
    ];
    let mut lines = SEED.lines();
    for (result, line) in results.iter().zip(lines.by_ref()) {
        terminal.send_line(line).expect("a line is taken");
        terminal
            .exp_string(&format!("\n{result}"))
            .expect("the result");
        terminal.exp_string("chirp> ").expect("a prompt");
    }
    for line in lines {
        terminal.send_line(line).expect("a line is taken");
    }
    terminal
        .exp_string("\nHello, from Smalltalk!")
        .expect("the answer");
    terminal.exp_string("chirp> ").expect("a prompt");
    terminal.send_control('d').expect("the end");
    terminal.exp_eof().expect("the end");
    assert_eq!(server.finish(), "b'Hello, from Smalltalk!'\n");
}

/// T-02, T-03.
#[test]
fn the_seeds_methods_compiled_over_ours_and_a_server_beside_them() {
    let _lock = shared_path();
    // The same four methods, given to compile: one by one, as a workspace would.
    let methods: String = include_str!("peers/seed.cs")
        .split("!\n")
        .filter_map(|chunk| {
            let chunk = chunk.trim().trim_end_matches('!').trim();
            let meta = chunk.starts_with("newIPC");
            let class = if meta { "Socket class" } else { "Socket" };
            let is_method = !chunk.is_empty() && !chunk.starts_with('!');
            is_method.then(|| format!("{class} compile: '{}'.\n", chunk.replace('\'', "''")))
        })
        .collect();
    assert_eq!(methods.matches("compile:").count(), 4);
    let serve = "| listener done |
listener := Socket listenOnPath: '/tmp/sp' backlogSize: 5.
done := Semaphore new.
[ | c | c := listener waitForAcceptFor: 30. c sendData: c receiveData. c closeAndDestroy.
  listener closeAndDestroy. done signal ] fork.\n";
    let seed = SEED.replace("| s sa sock |\n", "");
    let run = chirp_script(
        "compiled-over",
        &format!(
            "{methods}{serve}{seed}.\ndone wait.\nTranscript show: Socket registry size printString; cr"
        ),
    );
    assert_eq!(run.output, "Hello, from Smalltalk!\n0\n", "{}", run.error);
}

#[test]
fn the_seeds_methods_leave_errors_visible() {
    let run = chirp_script(
        "seed-errors",
        &format!(
            "{}[ Socket newIPC connectTo: (SocketAddress localPath: '/no/such'); sendData: 'x' ]
	on: ConnectionClosed do: [ :e | Transcript show: e messageText; cr ]!\n",
            include_str!("peers/seed.cs")
        ),
    );
    assert_eq!(
        run.output, "connection closed while sending data: No such file or directory (ENOENT)\n",
        "{}",
        run.error
    );
}

/// T-03.
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

/// The part of the README between a fence of that language and the next fence, the first one with
/// the given text.
fn of_the_readme(language: &str, with: &str) -> String {
    let readme = include_str!("../README.md");
    let fence = format!("```{language}\n");
    let mut parts = readme.split(&fence).skip(1);
    let part = parts.find_map(|rest| {
        let code = rest.split("```").next()?;
        code.contains(with).then_some(code)
    });
    part.expect("a part of the README").to_string()
}

#[test]
fn the_two_terminals_of_the_readme() {
    let _lock = shared_path();
    assert_eq!(of_the_readme("smalltalk", "primGetAddressInfoHost"), SEED);
    let server = Peer::python_code(&of_the_readme("python", "/tmp/sp"));
    // Who types is slower than the server; we ask until it listens.
    let guard = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let run = loop {
        let run = chirp(&["examples/unix_client.st"]);
        if run.code == Some(0) || std::time::Instant::now() > guard {
            break run;
        }
    };
    assert_eq!(run.output, "Hello, from Smalltalk!\n", "{}", run.error);
    assert_eq!(server.finish(), "b'Hello, from Smalltalk!'\n");
}

/// The seed's two ends in two programs, both ours, and with Python's on either side.
#[test]
fn the_echo_server_of_the_examples_serves_the_seeds_path() {
    let _lock = shared_path();
    let server = Peer::example("examples/echo_server.st", &[]);
    assert_eq!(server.place, "unix:/tmp/sp");
    let run = chirp(&["examples/unix_client.st"]);
    assert_eq!(run.output, "Hello, from Smalltalk!\n", "{}", run.error);
    let client = python("echo_client.py", &["/tmp/sp", "Hello, from Python!"]);
    assert_eq!(client.finish(), "Hello, from Python!\n");
    // Somebody serves there already: the example that serves itself is then a client of it.
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

/// T-02.
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

/// T-21.
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
fn ten_megabytes_through_a_server_in_smalltalk_and_back() {
    let scratch = Scratch::new("bulk-server");
    let path = scratch.path("s");
    for place in ["0", &path] {
        let server = Peer::example("examples/echo_server.st", &[place]);
        let place = server.place.trim_start_matches("unix:");
        let place = place.trim_start_matches("0.0.0.0:");
        // A quick client, and beside it one that takes its time.
        let slow = python("bulk_client.py", &[place, "3000000", "0.002"]);
        let quick = python("bulk_client.py", &[place, "10000000", "0"]);
        assert_eq!(quick.finish(), "same\n");
        assert_eq!(slow.finish(), "same\n");
    }
}

/// Smalltalk that connects to where a peer listens.
fn connecting_to(place: &str) -> String {
    match place.parse::<u16>() {
        Ok(port) => format!("Socket newTCP connectTo: #[127 0 0 1] port: {port}"),
        Err(_) => format!("Socket connectToPath: '{place}'"),
    }
}

#[test]
fn ten_megabytes_from_a_client_in_smalltalk_and_back() {
    let scratch = Scratch::new("bulk-client");
    for (place, pause) in [(scratch.path("s"), "0"), ("0".into(), "0.001")] {
        let server = python("bulk_server.py", &[&place, pause]);
        let connect = connecting_to(&server.place);
        // One Process sends, the other receives; a third one does something else meanwhile.
        let run = chirp_script(
            "bulk-client",
            &format!(
                "| socket data received part ticking ticks |
socket := {connect}.
data := ByteArray new: 10000000.
1 to: data size by: 997 do: [ :i | data at: i put: i \\\\ 256 ].
ticks := 0. ticking := true.
[ [ ticking ] whileTrue: [ (Delay forMilliseconds: 1) wait. ticks := ticks + 1 ] ] fork.
[ socket sendData: data; shutdownOutput ] fork.
received := WriteStream on: (ByteArray new: 10000000).
[ (part := socket receiveBytes) isEmpty ] whileFalse: [ received nextPutAll: part ].
ticking := false.
socket closeAndDestroy.
Transcript show: (received contents = data) printString; cr; show: (ticks > 0) printString; cr"
            ),
        );
        assert_eq!(run.output, "true\ntrue\n", "{}", run.error);
        assert_eq!(server.finish(), "10000000\n");
    }
}

/// T-23.
#[test]
fn what_was_sent_before_closing_still_arrives() {
    let scratch = Scratch::new("close");
    for place in [scratch.path("s"), "0".into()] {
        let server = python("bulk_server.py", &[&place, "0.001", "only-listen"]);
        let connect = connecting_to(&server.place);
        // As much as the system takes at once, then close: nothing is lost, nobody waits.
        let run = chirp_script(
            "close",
            &format!(
                "| socket total |
socket := {connect}.
total := 0.
[ socket sendDone and: [ total < 4000000 ] ] whileTrue: [
	total := total + (socket sendSomeData: (ByteArray new: 65536)) ].
socket close; destroy.
Transcript show: total printString; cr"
            ),
        );
        assert_eq!(run.output, server.finish(), "{}", run.error);
    }
}

/// R-02, R-30.
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

/// R-03.
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

/// R-09, R-40.
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
report value: [ Socket newTCP connectTo: #[127 0 0 1] port: (Socket newTCP bindTo: #[127 0 0 1] port: 0; localPort) ].
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

/// T-12, R-37.
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

/// T-07.
#[test]
fn a_hundred_connections_busy_in_both_directions() {
    let scratch = Scratch::new("busy");
    let path = scratch.path("s");
    let run = chirp_script(
        "busy",
        &format!(
            "| listener done total wrong |
listener := Socket listenOnPath: '{path}' backlogSize: 20.
done := Semaphore new. total := 0. wrong := 0.
[ 100 timesRepeat: [ | connection |
	connection := listener waitForAcceptFor: 30.
	[ | data |
	  [ (data := connection receiveBytes) isEmpty ] whileFalse: [ connection sendData: data ].
	  connection closeAndDestroy ] fork ] ] fork.
1 to: 100 do: [ :i |
	[ | socket part |
	  socket := Socket connectToPath: '{path}'.
	  [ socket sendData: ((ByteArray new: 300000) atAllPut: i; yourself); shutdownOutput ] fork.
	  [ (part := socket receiveBytes) isEmpty ] whileFalse: [
		total := total + part size.
		wrong := wrong + (part count: [ :each | each ~= i ]) ].
	  socket closeAndDestroy.
	  done signal ] fork ].
100 timesRepeat: [ done wait ].
Transcript show: total printString; cr; show: wrong printString; cr; show: listener statusString; cr"
        ),
    );
    assert_eq!(
        run.output, "30000000\n0\nwaitingForConnection\n",
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
