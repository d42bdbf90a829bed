//! How sockets end: who is woken, which files and descriptors stay, what happens when there are no
//! descriptors left. Every program here is a process of its own.

#![cfg(feature = "cli")]

mod peers;

use peers::{Peer, Run, Scratch, chirp, chirp_script, chirp_script_with_descriptors};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

fn prints(run: Run, expected: &str) {
    assert_eq!(run.output, expected, "{}", run.error);
}

/// T-12: a matrix of every way to wait, every way in which the waiting can end from outside.
#[test]
fn nobody_waits_for_a_socket_that_is_no_more() {
    let scratch = Scratch::new("waiters");
    let path = scratch.path("s");
    let run = chirp_script(
        "waiters",
        &format!(
            "| waits serverWaits ways check |
waits := {{
	#receiveData -> [ :s | s receiveData ].
	#receiveBytes -> [ :s | s receiveBytes ].
	#waitForData -> [ :s | s waitForData ].
	#waitForDataFor -> [ :s | s waitForDataFor: 50 ].
	#waitForDataIfClosed -> [ :s | s waitForDataIfClosed: [ #closed ] ].
	#receiveDataTimeout -> [ :s | s receiveDataTimeout: 50 ].
	#discardReceivedData -> [ :s | s discardReceivedData ].
	#waitForDisconnection -> [ :s | s waitForDisconnectionFor: 50 ].
	#sendData -> [ :s | s sendData: (ByteArray new: 10000000) ] }}.
serverWaits := {{
	#waitForAccept -> [ :s | s waitForAcceptFor: 50 ].
	#waitForConnection -> [ :s | s waitForConnectionFor: 50 ] }}.
ways := {{
	#destroy -> [ :s :process | s destroy ].
	#close -> [ :s :process | s close ].
	#closeAndDestroy -> [ :s :process | s closeAndDestroy ].
	#disconnect -> [ :s :process | s disconnect ].
	#terminate -> [ :s :process | process terminate ] }}.
check := [ :wait :way :socket | | process unwound done |
	unwound := false. done := Semaphore new.
	process := [ [ [ wait value value: socket ] on: NetworkError do: [ :e | ] ]
		ensure: [ unwound := true. done signal ] ] fork.
	(Delay forMilliseconds: 2) wait.
	unwound ifTrue: [ Transcript show: wait key; show: ' did not wait'; cr ].
	way value value: socket value: process.
	(done waitTimeoutSeconds: 20) ifTrue: [ Transcript show: wait key; show: ' after '; show: way key; cr ] ].
ways do: [ :way |
	waits do: [ :wait | | pair |
		pair := Socket socketPair.
		check value: wait value: way value: pair first.
		pair := Socket socketPair.
		check value: wait value: (#peer -> [ :s :process | pair first destroy ]) value: pair last ].
	serverWaits do: [ :wait | | listener |
		listener := Socket listenOnPath: '{path}' backlogSize: 5.
		check value: wait value: way value: listener.
		listener destroy ] ].
Transcript show: 'checked'; cr"
        ),
    );
    // The write end of a pair that its peer destroys is woken by the reset, the rest by the end.
    prints(run, "checked\n");
}

/// R-15.
#[test]
fn an_end_wakes_every_reader_and_every_connection_one_acceptor() {
    let run = chirp_script(
        "readers",
        "| pair listener done ended accepted |
done := Semaphore new. ended := 0. accepted := Set new.
pair := Socket socketPair.
5 timesRepeat: [ [ pair first receiveData isEmpty ifTrue: [ ended := ended + 1 ]. done signal ] fork ].
listener := Socket newTCP listenOn: 0 backlogSize: 10.
5 timesRepeat: [ [ accepted add: (listener waitForAcceptFor: 30). done signal ] fork ].
(Delay forMilliseconds: 5) wait.
pair last destroy.
5 timesRepeat: [ Socket newTCP connectTo: #[127 0 0 1] port: listener localPort ].
10 timesRepeat: [ done wait ].
Transcript show: ended printString; cr; show: accepted size printString; cr",
    );
    prints(run, "5\n5\n");
}

#[test]
fn a_server_is_no_connection() {
    let run = chirp_script(
        "no-connection",
        "| listener |
listener := Socket newTCP listenOn: 0 backlogSize: 10.
Transcript show: listener receiveData printString; cr.
[ listener sendData: 'x' ] on: ConnectionClosed do: [ :e | Transcript show: e messageText; cr ].
[ Socket newTCP sendData: 'x' ] on: ConnectionClosed do: [ :e | Transcript show: e messageText; cr ].
[ Socket newTCP waitForData ] on: ConnectionClosed do: [ :e | Transcript show: e messageText; cr ]",
    );
    prints(
        run,
        "''
connection closed while sending data: this socket is waitingForConnection
connection closed while sending data: this socket is unconnected
connection closed while waiting for data: this socket is unconnected
",
    );
}

/// T-05.
#[test]
fn the_file_of_a_server_goes_away_with_it_and_only_with_it() {
    let scratch = Scratch::new("files");
    let path = scratch.path("ä:ö");
    let run = chirp_script(
        "files",
        &format!(
            "| listener client server say there address |
say := [ :what | Transcript show: what printString; cr ].
there := [ say value: ([ Socket connectToPath: '{path}'. #served ] on: NetworkError do: [ :e | e errorName ]) ].
listener := Socket listenOnPath: '{path}' backlogSize: 5.
client := Socket connectToPath: '{path}'.
server := listener waitForAcceptFor: 5.
say value: server path = '{path}'; value: client path = '{path}'; value: server remoteSocketAddress.
server closeAndDestroy. client closeAndDestroy.
there value.
listener closeAndDestroy.
there value.
\"Who binds by himself decides himself.\"
listener := Socket newIPC bindTo: (SocketAddress localPath: '{path}'); listenWithBacklog: 5; yourself.
listener closeAndDestroy.
there value.
\"A dead server's file is taken over, by the same path in the old interface as well.\"
listener := Socket listenOnPath: '{path}' backlogSize: 5.
NetNameResolver primGetAddressInfoHost: '' service: '{path}' flags: 0 family: 1 type: 0 protocol: 0.
address := SocketAddress new: NetNameResolver primGetAddressInfoSize.
NetNameResolver primGetAddressInfoResult: address.
say value: (Socket newIPC connectTo: address; isConnected)"
        ),
    );
    prints(
        run,
        "true\ntrue\nunix:(unnamed)\n#served\n'ENOENT'\n'ECONNREFUSED'\ntrue\n",
    );
    assert!(!Path::new(&path).exists(), "left behind at the end");
}

/// T-05.
#[test]
fn a_file_that_took_the_servers_place_stays() {
    let scratch = Scratch::new("replaced");
    let path = scratch.path("s");
    let mut server = Peer::smalltalk(
        "replaced",
        &format!(
            "| listener |
listener := Socket listenOnPath: '{path}' backlogSize: 5.
Transcript show: 'ready '; show: listener path; cr.
listener waitForAcceptFor: 60.
listener closeAndDestroy"
        ),
    );
    let moved = scratch.path("moved");
    std::fs::rename(&path, &moved).expect("a rename");
    let other = std::os::unix::net::UnixListener::bind(&path).expect("another server");
    let inode = std::fs::metadata(&path).expect("a file").ino();
    // Only now does the server get a client, and close: another's socket stands at its path.
    let client = std::os::unix::net::UnixStream::connect(&moved).expect("a client");
    assert_eq!(server.wait(), Some(0));
    drop(client);
    assert_eq!(std::fs::metadata(&path).expect("still there").ino(), inode);
    drop(other);
}

/// T-21.
#[test]
fn no_way_to_end_a_program_leaves_a_socket_file() {
    let scratch = Scratch::new("ends");
    let path = scratch.path("s");
    let endings = [
        ("", Some(0)),
        ("Smalltalk exit: 3", Some(3)),
        ("nil foo", Some(1)),
        ("Processor activeProcess terminate", Some(0)),
        ("Semaphore new wait", Some(1)),
    ];
    for (ending, code) in endings {
        let run = chirp_script(
            "ends",
            &format!(
                "| listener | listener := Socket listenOnPath: '{path}' backlogSize: 5.\n{ending}"
            ),
        );
        assert_eq!(run.code, code, "{ending}: {}", run.error);
        assert!(!Path::new(&path).exists(), "left behind by {ending:?}");
    }
    let run = chirp(&[
        "-e",
        &format!("Socket listenOnPath: '{path}' backlogSize: 5. 1/0"),
    ]);
    assert_eq!(run.code, Some(1));
    assert!(!Path::new(&path).exists(), "left behind by -e");
}

/// T-10, R-13, R-34.
#[test]
fn without_descriptors_a_server_lives_on_and_forgotten_sockets_give_theirs_back() {
    let scratch = Scratch::new("emfile");
    let path = scratch.path("s");
    let run = chirp_script_with_descriptors(
        24,
        "emfile",
        &format!(
            "| listener kept client connection |
listener := Socket listenOnPath: '{path}' backlogSize: 100.
client := Socket newIPC.
kept := OrderedCollection new.
[ [ kept add: Socket newTCP ] repeat ] on: SocketError do: [ :e | Transcript show: e messageText; cr ].
client connectTo: (SocketAddress localPath: '{path}').
\"On a busy machine a hundredth of a second may be over before anybody has looked.\"
[ listener socketError isNil ] whileTrue: [ listener waitForAcceptFor: 0.01 ].
Transcript show: (listener waitForAcceptFor: 0.01) printString; show: ' '; show: listener socketErrorMessage; cr.
kept := nil.
connection := listener waitForAcceptFor: 30.
client sendData: 'patience'.
Transcript show: connection receiveData; cr.
\"And making one collects first.\"
50 timesRepeat: [ Socket newTCP ].
Transcript show: 'made'; cr"
        ),
    );
    prints(
        run,
        "create: Too many open files (EMFILE)\nnil Too many open files\npatience\nmade\n",
    );
}

/// Flags of an open file, from /proc.
fn flags(process: u32, descriptor: &str) -> u32 {
    let info = format!("/proc/{process}/fdinfo/{descriptor}");
    let info = std::fs::read_to_string(info).expect("an open descriptor");
    let line = info.lines().find_map(|line| line.strip_prefix("flags:"));
    u32::from_str_radix(line.expect("flags").trim(), 8).expect("octal")
}

/// The descriptors of a process that are sockets.
fn sockets(process: u32) -> Vec<String> {
    let folder = format!("/proc/{process}/fd");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("descriptors") {
        let path = entry.expect("an entry").path();
        let target = std::fs::read_link(&path).unwrap_or_default();
        if target.to_string_lossy().starts_with("socket:") {
            let name = path.file_name().expect("a number");
            found.push(name.to_string_lossy().into_owned());
        }
    }
    found
}

/// T-22, R-32.
#[test]
fn descriptors_never_block_are_closed_on_exec_and_none_is_forgotten() {
    let scratch = Scratch::new("flags");
    let path = scratch.path("s");
    let mut program = Peer::smalltalk(
        "flags",
        &format!(
            "| listener client server pair tcp |
listener := Socket listenOnPath: '{path}' backlogSize: 5.
client := Socket connectToPath: '{path}'.
server := listener waitForAcceptFor: 5.
pair := Socket socketPair.
tcp := Socket newTCP listenOn: 0 backlogSize: 5.
Transcript show: 'ready '; show: listener path; cr.
(listener waitForAcceptFor: 60) destroy.
\"Every kind of failure, then the orderly end of all.\"
[ Socket connectToPath: '/no/such' ] on: NetworkError do: [ :e | ].
[ Socket listenOnPath: '/no/such/s' backlogSize: 5 ] on: NetworkError do: [ :e | ].
[ Socket listenOnPath: '{path}' backlogSize: 5 ] on: NetworkError do: [ :e | ].
[ Socket newTCP connectTo: #[127 0 0 1] port: 1 ] on: NetworkError do: [ :e | ].
[ tcp accept ] on: NetworkError do: [ :e | ].
Socket newIPC connectNonBlockingTo: (SocketAddress localPath: '{path}').
pair do: [ :each | each closeAndDestroy ].
{{ listener. client. server. tcp }} do: [ :each | each destroy ].
Smalltalk garbageCollect.
Transcript show: 'clean'; cr.
Semaphore new waitTimeoutSeconds: 60"
        ),
    );
    let open = sockets(program.id());
    assert_eq!(open.len(), 6, "{open:?}");
    for descriptor in &open {
        let flags = flags(program.id(), descriptor);
        assert_ne!(flags & 0o2000000, 0, "{descriptor} survives exec");
        assert_ne!(flags & 0o4000, 0, "{descriptor} blocks");
    }
    // The program goes on as soon as somebody comes.
    drop(std::os::unix::net::UnixStream::connect(&path).expect("a client"));
    assert_eq!(program.line(), "clean");
    assert_eq!(sockets(program.id()), Vec::<String>::new());
}
