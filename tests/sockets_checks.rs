//! The checks of the specification that no other file makes, by their numbers; `grep -rn T-05 tests src` finds
//! any of them. Both ends are real: Python where the other end matters.

#![cfg(feature = "cli")]

mod peers;

use peers::{Peer, Scratch, chirp_script, python};
use std::net::TcpStream;
use std::path::Path;

fn prints(name: &str, script: &str, expected: &str) {
    let run = chirp_script(
        name,
        &format!("| say | say := [ :what | Transcript show: what printString; cr ].\n{script}"),
    );
    assert_eq!(run.output, expected, "{}", run.error);
    assert_eq!(run.code, Some(0), "{}", run.error);
}

/// T-11, R-12, R-36: the peer half-closes and answers, then we do; the peer goes away with our data unread, and what
/// it said before can still be read, even after a send has failed.
#[test]
fn half_close_and_reset_over_both_families() {
    let scratch = Scratch::new("half");
    for place in [scratch.path("s"), "0".into()] {
        let server = python("half_close_server.py", &[&place]);
        let connect = match server.place.parse::<u16>() {
            Ok(port) => format!("Socket newTCP connectTo: #[127 0 0 1] port: {port}; yourself"),
            Err(_) => format!("Socket connectToPath: '{}'", server.place),
        };
        prints(
            "half",
            &format!(
                "| socket |
\"We end first: the answer still comes, then the end.\"
socket := {connect}.
socket sendData: 'question'; shutdownOutput.
say value: socket isConnected; value: socket receiveData; value: socket receiveData; value: socket isOtherEndClosed.
say value: ([ socket sendData: 'x' ] on: ConnectionClosed do: [ :e | #closed ]).
\"The peer ends first: we can still answer.\"
socket := {connect}.
say value: socket receiveData; value: socket receiveData; value: socket isOtherEndClosed; value: (socket sendData: 'answer').
socket closeAndDestroy.
\"The peer says 413 and goes away without reading: what it said is not lost, although sending has failed.\"
socket := {connect}.
socket waitForData.
say value: ([ [ socket sendData: (ByteArray new: 100000) ] repeat ] on: ConnectionClosed do: [ :e | e errno isInteger ]).
say value: socket isOtherEndClosed; value: socket receiveData; value: socket receiveData."
            ),
            "true\n'answer to question'\n''\ntrue\n#closed\n'first words'\n''\ntrue\n6\ntrue\ntrue\n'413'\n''\n",
        );
        assert_eq!(server.finish(), "b'answer'\n");
    }
}

/// T-13, R-14: what a refused or an oversized datagram does to a Smalltalk program: an error, once; the socket lives.
#[test]
fn datagrams_that_cannot_arrive() {
    let scratch = Scratch::new("datagram-checks");
    let path = scratch.path("s");
    prints(
        "datagram-checks",
        &format!(
            "| client port server sent |
client := Socket newUDP. client setPort: 0. port := client localPort. client destroy.
client := Socket newUDP. client setPeer: #[127 0 0 1] port: port.
client sendData: 'anybody?'.
say value: ([ client waitForData. client receiveData ] on: SocketError do: [ :e | e errorName ]).
say value: client isConnected; value: client isOtherEndClosed.
say value: ([ client sendUDPData: (ByteArray new: 70000) toHost: #[127 0 0 1] port: port ] on: SocketError do: [ :e | e errorName ]).
\"A queue of local datagrams is short; the sender waits for room, everybody else goes on.\"
server := Socket newIPCDatagram. server bindTo: (SocketAddress localPath: '{path}').
client := Socket newIPCDatagram. client primSocket: client socketHandle connectTo: server localSocketAddress.
sent := 0.
[ 200 timesRepeat: [ client sendData: sent printString. sent := sent + 1 ] ] fork.
(Delay forMilliseconds: 5) wait.
say value: sent < 200.
say value: ((1 to: 200) allSatisfy: [ :i | server receiveDatagram first asString = (i - 1) printString ])."
        ),
        "'ECONNREFUSED'\ntrue\nfalse\n'EMSGSIZE'\ntrue\ntrue\n",
    );
}

/// T-14: options as numbers, texts and structures; unknown ones; those that mean nothing to a local socket.
#[test]
fn options_in_every_form() {
    prints(
        "option-checks",
        "| socket name |
name := [ :block | say value: ([ block value ] on: SocketError do: [ :e | e errorName ]) ].
socket := Socket newTCP.
name value: [ socket setOption: 'SO_SNDBUF' value: 65536 ].
name value: [ socket setOption: 'SO_SNDBUF' value: '65536' ].
name value: [ socket setOption: 'SO_SNDBUF' value: '10000' ].
name value: [ socket setOption: 'SO_RCVBUF' value: #[0 0 1 0] ].
name value: [ socket setOption: 'SO_LINGER' value: #[0 0 0 0 0 0 0 0] ].
name value: [ socket setOption: 'SO_LINGER' value: #[1 0 0 0 1 0 0 0] ].
name value: [ socket setOption: 'so_sndbuf' value: 1 ].
name value: [ socket getOption: 'NO_SUCH_OPTION' ].
name value: [ socket setOption: 'TCP_NODELAY' value: true ].
name value: [ Socket newIPC setOption: 'TCP_NODELAY' value: true ].
name value: [ Socket newIPC getOption: 'TCP_NODELAY' ].
\"What was set before the family was known stays set.\"
socket setOption: 'SO_KEEPALIVE' value: 1.
[ socket connectTo: (SocketAddress fromString: '[::1]:1') ] on: ConnectionRefused do: [ :e | ].
name value: [ socket getOption: 'SO_KEEPALIVE' ].",
        "#(0 131072)\n#(0 131072)\n#(0 20000)\n#(0 131072)\n#(0 #[0 0 0 0 0 0 0 0])\n'EOPNOTSUPP'\n'ENOPROTOOPT'\n\
         'ENOPROTOOPT'\n#(0 1)\n#(0 1)\n#(0 0)\n#(0 1)\n",
    );
}

/// T-19: accepting before anybody came is an error, and nobody's standard input becomes a connection.
#[test]
fn an_early_accept_leaves_standard_input_alone() {
    let mut program = Peer::smalltalk(
        "early",
        "| listener error |
listener := Socket newTCP listenOn: 0 backlogSize: 5; yourself.
error := [ listener accept ] on: SocketError do: [ :e | e errorName ].
listener destroy. Smalltalk garbageCollect.
Transcript show: 'ready '; show: error; cr.
listener := Socket newTCP listenOn: 0 backlogSize: 5; yourself.
Transcript show: listener localPort printString; cr.
listener waitForAcceptFor: 60",
    );
    assert_eq!(program.place, "EAGAIN");
    let input = std::fs::read_link(format!("/proc/{}/fd/0", program.id()));
    assert_eq!(input.expect("open"), Path::new("/dev/null"));
    let port: u16 = program.line().parse().expect("a port");
    drop(TcpStream::connect(("127.0.0.1", port)).expect("a connection"));
    assert_eq!(program.wait(), Some(0));
}

/// T-18, R-20, R-22: of many connections one is looked ahead at; those that nobody accepts are closed with the listener.
#[test]
fn connections_that_nobody_accepts_end_with_the_listener() {
    prints(
        "unaccepted",
        "| listener clients ended |
listener := Socket newTCP listenOn: 0 backlogSize: 10; yourself.
clients := (1 to: 5) collect: [ :i | Socket newTCP connectTo: #[127 0 0 1] port: listener localPort; yourself ].
listener waitForConnectionFor: 5.
say value: listener statusString.
listener destroy.
ended := clients collect: [ :each | each receiveData isEmpty ].
say value: (ended asSet asArray).",
        "'connected'\n#(true)\n",
    );
}
