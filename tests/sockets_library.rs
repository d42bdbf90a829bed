//! The socket classes by themselves: both ends in one program. Each script prints what it sees.

#![cfg(feature = "cli")]

mod peers;

use peers::{Scratch, chirp_script};

/// Runs a script and compares what it prints, line by line.
fn prints(name: &str, script: &str, expected: &str) {
    let lines = format!(
        "| say | say := [ :each | Transcript show: each displayString; cr ].\n{}",
        script
    );
    let run = chirp_script(name, &lines);
    assert_eq!(run.output, expected, "{}", run.error);
    assert_eq!(run.code, Some(0), "{}", run.error);
}

/// T-13.
#[test]
fn datagrams() {
    prints(
        "datagrams",
        "| server client result buffer |
server := Socket newUDP. server setPort: 0.
client := Socket newUDP.
client sendUDPData: 'hello' toHost: #[127 0 0 1] port: server localPort.
result := server receiveDatagram.
say value: result first asString.
say value: result last port = client localPort.
client sendUDPData: '' toHost: #[127 0 0 1] port: server localPort.
say value: server receiveDatagram first size.
say value: server isConnected.
client sendUDPData: 'truncated' toHost: #[127 0 0 1] port: server localPort.
server waitForDataFor: 5.
buffer := String new: 4.
result := server receiveUDPDataInto: buffer.
say value: buffer; value: result first; value: result second printString; value: result fourth.
server setPeer: #[127 0 0 1] port: client localPort.
server sendData: 'answer'.
say value: client receiveData.
say value: ([ client sendUDPData: (ByteArray new: 70000) toHost: #[127 0 0 1] port: 9 ] on: SocketError do: [ :e | e errorName ]).",
        "hello\ntrue\n0\ntrue\ntrun\n4\n#[127 0 0 1]\ntrue\nanswer\nEMSGSIZE\n",
    );
}

/// T-13: a sender without a name.
#[test]
fn local_datagrams() {
    let scratch = Scratch::new("local-datagrams");
    let path = scratch.path("s");
    prints(
        "local-datagrams",
        &format!(
            "| server client |
server := Socket newIPCDatagram. server bindTo: (SocketAddress localPath: '{path}').
client := Socket newIPCDatagram.
client sendDatagram: 'one' to: (SocketAddress localPath: '{path}').
say value: server receiveDatagram first asString; value: (client sendDatagram: 'two' to: server localSocketAddress).
say value: server receiveDatagram last."
        ),
        "one\n3\nunix:(unnamed)\n",
    );
}

/// T-15, R-18.
#[test]
fn ipv6_and_both_families_at_one_listener() {
    prints(
        "ipv6",
        "| listener client server port |
listener := Socket newTCP: 3.
listener bindTo: (SocketAddress ip: (ByteArray new: 16) port: 0); listenWithBacklog: 5.
port := listener localPort.
client := Socket newTCP.
client connectTo: (SocketAddress fromString: '[::1]:' , port printString).
server := listener waitForAcceptFor: 5.
say value: server remoteAddress; value: (client remoteSocketAddress printString beginsWith: '[::1]:').
client := Socket newTCP.
client connectTo: #[127 0 0 1] port: port.
server := listener waitForAcceptFor: 5.
say value: server remoteAddress; value: server remotePort = client localPort.",
        "::1\ntrue\n127.0.0.1\ntrue\n",
    );
}

/// T-18, R-21.
#[test]
fn a_listener_for_one_becomes_the_connection_or_accepts() {
    prints(
        "one-shot",
        "| listener client server |
listener := Socket newTCP. listener listenOn: 0.
client := Socket newTCP. client connectNonBlockingTo: #[127 0 0 1] port: listener localPort.
listener waitForConnectionFor: 5.
client waitForConnectionFor: 5.
client sendData: 'style of old'.
say value: listener receiveData.
listener := Socket newTCP. listener listenOn: 0.
client := Socket newTCP. client connectTo: #[127 0 0 1] port: listener localPort.
server := listener waitForAcceptFor: 5.
client sendData: 'style of today'.
say value: server receiveData; value: listener statusString.",
        "style of old\nstyle of today\nwaitingForConnection\n",
    );
}

/// T-11, R-36.
#[test]
fn half_close_status_and_answer() {
    prints(
        "half-close",
        "| pair a b |
pair := Socket socketPair. a := pair first. b := pair last.
a sendData: 'question'; shutdownOutput.
say value: a isConnected; value: b receiveData; value: b receiveData isEmpty; value: b statusString.
say value: (b sendData: 'answer'); value: a receiveData.
say value: ([ a sendData: 'more' ] on: ConnectionClosed do: [ :e | 'closed' ]).
b closeAndDestroy.
say value: a receiveData isEmpty; value: a isOtherEndClosed.",
        "true\nquestion\ntrue\notherEndClosedButNotThisEnd\n6\nanswer\nclosed\ntrue\ntrue\n",
    );
}

#[test]
fn states_have_names_and_wrong_moments_are_errors() {
    prints(
        "states",
        "| socket listener report |
report := [ :block | say value: ([ block value. 'fine' ] on: Error do: [ :e | e class name ]) ].
socket := Socket newTCP.
say value: socket; value: socket isUnconnected; value: socket localAddress; value: socket localPort.
report value: [ socket listenOn: 0 backlogSize: 5 ].
say value: socket statusString; value: socket localPort > 0.
report value: [ socket connectTo: #[127 0 0 1] port: 9 ].
report value: [ socket listenOn: 0 ].
say value: (socket waitForAcceptFor: 0).
socket destroy; destroy; closeAndDestroy; close.
say value: socket; value: socket isValid; value: socket socketError.
report value: [ socket connectTo: #[127 0 0 1] port: 9 ].
report value: [ socket sendData: 'x' ].
report value: [ socket getOption: 'SO_SNDBUF' ].
say value: socket receiveData isEmpty.
report value: [ Socket new connectTo: #[1 2 3] port: 9 ].
report value: [ Socket new connectTo: #[127 0 0 1] port: 70000 ].",
        "a Socket[unconnected]\ntrue\n0.0.0.0\n0\nfine\nwaitingForConnection\ntrue\n\
         InvalidSocketStatusException\nInvalidSocketStatusException\nnil\na Socket[destroyed]\nfalse\nnil\n\
         InvalidSocketStatusException\nConnectionClosed\nInvalidSocketStatusException\ntrue\n\
         SizeMismatch\nSocketPrimitiveFailed\n",
    );
}

/// T-14.
#[test]
fn options() {
    prints(
        "options",
        "| socket |
socket := Socket newTCP.
say value: (socket setOption: 'SO_SNDBUF' value: 65536) last; value: (socket setOption: 'SO_SNDBUF' value: '65536') last.
say value: (socket setOption: 'TCP_NODELAY' value: true) last; value: (socket getOption: 'TCP_NODELAY') last.
say value: (Socket newIPC setOption: 'TCP_NODELAY' value: true) last.",
        "131072\n131072\n1\n1\n1\n",
    );
}

/// T-17, with the system's own names.
#[test]
fn two_processes_look_up_at_the_same_time() {
    prints(
        "two-lookups",
        "| done names |
done := Semaphore new. names := Bag new.
#('localhost' '127.0.0.2') do: [ :each |
	[ 20 timesRepeat: [ names add: (NetNameResolver addressesForName: each) first socketAddress printString ].
	  done signal ] fork ].
done wait; wait.
say value: (names occurrencesOf: '127.0.0.1:0'); value: (names occurrencesOf: '127.0.0.2:0').",
        "20\n20\n",
    );
}

/// R-35.
#[test]
fn forgotten_sockets_are_closed() {
    prints(
        "forgotten",
        "| before |
before := Socket registry size.
50 timesRepeat: [ Socket newTCP ].
Smalltalk garbageCollect.
say value: Socket registry size - before < 5.",
        "true\n",
    );
}

/// T-20; tests/primitives.rs does the same below the class library.
#[test]
fn nonsense_arguments_fail_and_nothing_else() {
    prints(
        "nonsense",
        "| random junk live failures calls |
random := Random seed: 4711.
live := Socket newTCP.
junk := { nil. true. 0. 1. -1. 3. SmallInteger maxVal. SmallInteger maxVal + 1. 1/2. 'text'. #symbol. ''. #[1 2 3 4].
	#[127 0 0 1]. ByteArray new: 16. ByteArray new: 24. ByteArray new: 118. live socketHandle copy. live socketHandle copy at: 9 put: 77; yourself.
	SocketAddress localPath: '/none'. SocketAddress zero. Object new. $a. #(1 2 3). #(0 0 0). 3.5. 'SO_SNDBUF'. WordArray new: 4. (SocketAddress ip: #[127 0 0 1] port: 9) }.
failures := 0. calls := 0.
{ Socket basicNew -> Socket. NetNameResolver -> NetNameResolver class. SocketAddress zero -> SocketAddress. SocketAddress -> SocketAddress class } do: [ :pair |
	pair value selectors do: [ :selector |
		((selector beginsWith: 'prim') or: [ #(ip:port: fromLocalName:abstract: family hostBytes localName text port port:) includes: selector ]) ifTrue: [
			(#(primSocketDestroy: primSocketDestroyGently: primitiveFailedWith:operation:address:) includes: selector) ifFalse: [
				40 timesRepeat: [
					calls := calls + 1.
					[ pair key perform: selector withArguments: ((1 to: selector numArgs) collect: [ :i | junk at: (random nextInteger: junk size) ]) asArray ]
						on: Error do: [ :e | failures := failures + 1 ] ] ] ] ] ].
say value: calls > 1000; value: failures > 500.
say value: live isValid.",
        "true\ntrue\ntrue\n",
    );
}

/// T-06, R-11.
#[test]
fn a_client_waits_for_its_turn_at_a_full_local_listener() {
    let scratch = Scratch::new("full");
    let path = scratch.path("s");
    prints(
        "full",
        &format!(
            "| listener clients accepted last |
listener := Socket listenOnPath: '{path}' backlogSize: 1.
clients := (1 to: 6) collect: [ :i | Socket newIPC connectNonBlockingTo: (SocketAddress localPath: '{path}'); yourself ].
last := clients last.
say value: last statusString.
say value: ([ last waitForConnectionFor: 0.02. 'connected' ] on: ConnectionTimedOut do: [ :e | 'timed out' ]).
accepted := (1 to: 6) collect: [ :i | listener waitForAcceptFor: 10 ].
last waitForConnectionFor: 10.
accepted last sendData: 'your turn'.
say value: last receiveData."
        ),
        "waitingForConnection\ntimed out\nyour turn\n",
    );
}

#[test]
fn a_forgotten_socket_is_named_on_standard_error_if_somebody_wants_to_know() {
    let script = |wanted: &str| {
        chirp_script(
            "forgotten-warning",
            &format!(
                "{wanted}
[ (Socket newTCP listenOn: 0 backlogSize: 5) localPort ] value.
Smalltalk garbageCollect.
Transcript show: Socket forgottenCount printString; show: ' of '; show: Socket openedCount printString; cr"
            ),
        )
    };
    let silent = script("");
    assert_eq!(
        (silent.output.as_str(), silent.error.as_str()),
        ("1 of 1\n", "")
    );
    let warned = script("Socket warnAboutForgotten: true.");
    assert_eq!(warned.output, "1 of 1\n");
    assert_eq!(
        warned.error,
        "warning: nobody destroyed a Socket[waitingForConnection], the garbage collector closes it\n"
    );
}

/// As people write them: a Process for each connection, a word that ends the server.
#[test]
fn echo_services_that_are_told_to_quit() {
    prints(
        "echo-services",
        "| server serving ended ask udp |
ended := Semaphore new.
server := Socket newTCP listenOn: 0 backlogSize: 10.
serving := true.
[ | port |
  port := server localPort.
  [ [ serving ] whileTrue: [
	(server waitForAcceptFor: 60) ifNotNil: [ :client |
		[ [ | text |
		  text := client receiveData.
		  text asLowercase = #quit
			ifTrue: [ client sendData: 'Quitting'. serving := false. server destroy ]
			ifFalse: [ client sendData: text ] ] ensure: [ client closeAndDestroy ] ]
				forkAt: Processor lowIOPriority named: 'connection' ] ] ]
		on: ConnectionClosed do: [ :e | ] ] forkAt: Processor highIOPriority named: 'server'.
ask := [ :text | | socket |
	socket := Socket newTCP.
	[ socket connectTo: NetNameResolver loopBackAddress port: server localPort.
	socket sendData: text.
	socket receiveData ] ensure: [ socket closeAndDestroy ] ].
say value: (ask value: 'Testing ' , 42 asString); value: (ask value: #quit); value: server statusString.
udp := Socket newUDP setPort: 0; yourself.
[ | buffer result text |
  buffer := String new: 256.
  [ udp waitForData.
  result := udp receiveUDPDataInto: buffer.
  text := buffer first: result first.
  udp sendUDPData: text toHost: result second asSocketAddress port: result third.
  text = #quit ] whileFalse.
  ended signal ] forkAt: Processor userBackgroundPriority.
#('Testing' #quit) do: [ :each | | socket buffer result |
	socket := Socket newUDP.
	socket sendUDPData: each toHost: NetNameResolver localHostAddress port: udp localPort.
	buffer := String new: 256.
	socket waitForDataFor: 20.
	result := socket receiveUDPDataInto: buffer.
	say value: (buffer first: result first); value: result third = udp localPort.
	socket closeAndDestroy ].
ended wait.
udp closeAndDestroy.
Smalltalk garbageCollect.
say value: Socket allOpen size.",
        "Testing 42\nQuitting\ndestroyed\nTesting\ntrue\nquit\ntrue\n0\n",
    );
}

/// However a stream ends, the descriptor goes.
#[test]
fn streams_give_their_descriptors_back() {
    let scratch = Scratch::new("stream-ends");
    let path = scratch.path("s");
    prints(
        "stream-ends",
        &format!(
            "| listener ends |
listener := Socket listenOnPath: '{path}' backlogSize: 50.
ends := {{
	[ :stream :peer | stream close ].
	[ :stream :peer | stream nextPutAll: 'pending'; close ].
	[ :stream :peer | stream destroy ].
	[ :stream :peer | peer destroy. stream nextPutAll: 'lost'. [ stream close ] on: ConnectionClosed do: [ :e | ] ].
	[ :stream :peer | stream timeout: 0.01. [ stream nextPutAll: (ByteArray new: 2000000); flush ] on: ConnectionTimedOut do: [ :e | ]. stream close ].
	[ :stream :peer | stream timeout: 0.01; nextPutAll: 'x'. [ [ stream next: 10 ] ensure: [ stream close ] ] on: ConnectionTimedOut do: [ :e | ] ].
	[ :stream :peer | [ [ stream upToEnd ] ensure: [ stream close ] ] fork. Processor yield. peer destroy. Processor yield; yield ].
	[ :stream :peer | | process | process := [ [ stream upToEnd ] ensure: [ stream close ] ] fork. Processor yield. process terminate ] }}.
ends do: [ :each | | stream peer |
	stream := SocketStream openConnectionToPath: '{path}'.
	peer := listener waitForAcceptFor: 20.
	each value: stream value: peer.
	peer destroy.
	(Delay forMilliseconds: 1) wait.
	say value: Socket allOpen size ]."
        ),
        "1\n1\n1\n1\n1\n1\n1\n1\n",
    );
}

#[test]
fn a_server_of_all_families_is_reached_by_each_with_addresses_of_both_kinds() {
    prints(
        "families",
        "| listener port check |
listener := Socket newTCP.
listener bindTo: (SocketAddress wildcard6 socketAddress); listenWithBacklog: 5.
port := listener localPort.
check := [ :client | | server |
	server := listener waitForAcceptFor: 20.
	client sendData: 'over ' , client remoteSocketAddress hostBytes size printString.
	say value: server receiveData; value: server remoteAddress; value: server remotePort = client localPort;
		value: (client remoteSocketAddress port = port).
	server destroy. client destroy ].
check value: (Socket newTCP connectTo: #[127 0 0 1] port: port).
check value: (Socket newTCP connectTo: (ByteArray new: 16 withAll: 0) asSocketAddress port: port).
check value: (Socket newTCP connectTo: (SocketAddress fromString: '[::1]:' , port printString)).
check value: ((Socket newTCP: 3) connectTo: SocketAddress loopback6 socketAddress hostBytes port: port).
check value: (SocketAddressInformation forHost: '::1' service: port printString flags: 1 addressFamily: 0 socketType: 1 protocol: 0) first connect.
say value: listener localSocketAddress = (SocketAddress fromString: '[::]:' , port printString).",
        "over 4\n127.0.0.1\ntrue\ntrue\nover 16\n::1\ntrue\ntrue\nover 16\n::1\ntrue\ntrue\nover 16\n::1\ntrue\ntrue\nover 16\n::1\ntrue\ntrue\ntrue\n",
    );
}

#[test]
fn a_server_at_a_relative_path_removes_its_file_and_another_user_gets_none() {
    let scratch = Scratch::new("relative");
    let directory = scratch.path("d");
    std::fs::create_dir(&directory).expect("a directory");
    prints(
        "relative",
        &format!(
            "| listener path |
path := '{directory}/../d/./s'.
listener := Socket listenOnPath: path backlogSize: 5 mode: 8r600.
say value: (Socket connectToPath: path) isConnected; value: listener unlinkOnClose; value: listener path = path.
listener closeAndDestroy.
say value: ([ Socket connectToPath: path ] on: ConnectionClosed do: [ :e | e errorName ]).
listener := Socket listenOnPath: path backlogSize: 5.
listener unlinkOnClose: false; closeAndDestroy.
say value: ([ Socket connectToPath: path ] on: ConnectionRefused do: [ :e | e errorName ])."
        ),
        "true\ntrue\ntrue\nENOENT\nECONNREFUSED\n",
    );
    assert!(std::path::Path::new(&directory).join("s").exists());
}

/// Root may do everything, so nobody in particular asks.
#[test]
fn without_permission_nothing_is_served_and_nobody_is_reached() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let scratch = Scratch::new("permission");
    let (directory, server) = (scratch.path("d"), scratch.path("s"));
    let allow = |path: &str, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode")
    };
    std::fs::create_dir(&directory).expect("a directory");
    let _listener = std::os::unix::net::UnixListener::bind(&server).expect("a server");
    allow(&directory, 0o555);
    allow(&server, 0o444);
    // The build may lie where only root gets.
    let program = scratch.path("chirp");
    std::fs::copy(env!("CARGO_BIN_EXE_chirp"), &program).expect("a copy");
    let mut command = std::process::Command::new(program);
    command.args([
        "-e",
        &format!(
            "#(listen connect) with: {{
	[ Socket listenOnPath: '{directory}/s' backlogSize: 5 ].
	[ Socket connectToPath: '{server}' ] }} do: [ :name :block |
		[ block value. Transcript show: 'nothing'; cr ] on: NetworkError do: [ :e |
			Transcript show: e errorName; show: ' '; show: e operation; cr ] ]"
        ),
    ]);
    if std::fs::metadata(&directory).expect("a directory").uid() == 0 {
        command.uid(65534);
    }
    let run = peers::run(command, "");
    allow(&directory, 0o755);
    assert_eq!(run.output, "EACCES bind\nEACCES connect\n", "{}", run.error);
}
