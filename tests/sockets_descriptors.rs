//! Descriptors that cross the border of a process: passed along with messages, inherited from whoever started
//! the program.

#![cfg(feature = "cli")]

mod peers;

use peers::{Scratch, chirp_script, chirp_script_with_descriptors, python};

#[test]
fn sockets_pipes_and_files_come_along_with_a_message() {
    let scratch = Scratch::new("passing");
    let path = scratch.path("s");
    let server = python("fd_server.py", &[&path]);
    let run = chirp_script(
        "passing",
        &format!(
            "| server came pair say |
say := [ :what | Transcript show: what printString; cr ].
server := Socket connectToPath: '{path}'.
came := server receiveDescriptors.
say value: came first asString; value: came last size.
\"A pipe, a file, a socket.\"
say value: came last first receiveData; value: came last first receiveData.
say value: came last second receiveData; value: came last second receiveData.
came last third sendData: 'to the other end of a pair'.
pair := Socket socketPair.
say value: (server sendData: 'yours' descriptors: {{ pair first }}).
pair first destroy.
say value: pair last receiveData.
\"Whoever closes a received one does not close the sender's.\"
came last do: [ :each | each closeAndDestroy ].
say value: server receiveData; value: server receiveDescriptors"
        ),
    );
    assert_eq!(
        run.output,
        "'three things'\n3\n'through the pipe'\n''\n'from the file'\n''\n5\n'from python'\n'end'\n#(#[] #())\n",
        "{}",
        run.error
    );
    assert_eq!(
        server.finish(),
        "b'to the other end of a pair'\nb'yours' 1\n"
    );
}

#[test]
fn received_descriptors_are_closed_when_they_are_forgotten_and_shortage_is_an_error() {
    let run = chirp_script_with_descriptors(
        24,
        "passing-many",
        "| pair one kept say |
say := [ :what | Transcript show: what printString; cr ].
pair := Socket socketPair. one := Socket newTCP.
\"Ten times more than there is room for.\"
100 timesRepeat: [ pair first sendData: 'x' descriptors: { one. one }. pair last receiveDescriptors ].
pair first sendData: 'too many' descriptors: (Array new: 20 withAll: one).
say value: ([ pair last receiveDescriptors ] on: SocketError do: [ :e | e errorName ]).
\"Nothing is lost: it is still there.\"
say value: pair last receiveData.
pair first sendData: 'and goes on'.
say value: pair last receiveDescriptors first asString.
\"Only living sockets, and only over local ones.\"
say value: ([ pair first sendData: 'x' descriptors: { Socket newTCP destroy; yourself } ] on: NetworkError do: [ :e | e class ]).
say value: ([ pair first sendData: '' descriptors: { one } ] on: NetworkError do: [ :e | e class ]).
kept := Socket newTCP listenOn: 0 backlogSize: 1.
one := Socket newTCP connectTo: #[127 0 0 1] port: kept localPort.
say value: ([ one sendData: 'x' descriptors: { kept } ] on: NetworkError do: [ :e | e errorName ]).
one sendData: 'x'",
    );
    assert_eq!(
        run.output,
        "'EMFILE'\n'too many'\n'and goes on'\nSocketPrimitiveFailed\nSocketPrimitiveFailed\n'EOPNOTSUPP'\n",
        "{}",
        run.error
    );
}

/// systemd's protocol: descriptors from 3 on, which are for the process that LISTEN_PID names.
#[test]
fn a_server_serves_the_sockets_that_it_was_started_with() {
    let scratch = Scratch::new("inherited");
    let file = scratch.path("server.st");
    std::fs::write(
        &file,
        "| web local |
web := Socket inheritedNamed: 'web'.
local := Socket inherited first.
Transcript show: web printString; show: ' '; show: local printString; show: ' '; show: Socket inherited printString; cr.
{ web. local } do: [ :listener | | connection |
	connection := listener waitForAcceptFor: 30.
	connection sendData: connection receiveData asUppercase; closeAndDestroy.
	listener closeAndDestroy ]",
    )
    .expect("a script");
    let starter = python("listen_fds.py", &[env!("CARGO_BIN_EXE_chirp"), &file]);
    let printed = starter.finish();
    let mut lines: Vec<&str> = printed.lines().collect();
    lines.sort_unstable();
    // Whether anybody has come yet is a matter of luck. The starter's file stays where it is.
    assert_eq!(lines.len(), 4, "{printed}");
    assert_eq!(lines[0], "0 True", "{printed}");
    assert!(
        lines[1].starts_with("a Socket[") && lines[1].ends_with("] #()"),
        "{printed}"
    );
    assert_eq!(lines[2..], ["b'OVER THE NETWORK'", "b'WITHIN THE MACHINE'"]);
}

#[test]
fn nothing_is_inherited_that_is_not_meant_for_us() {
    for (environment, expected) in [
        ("", "#()"),
        ("LISTEN_PID=1 LISTEN_FDS=1", "#()"),
        ("LISTEN_PID=$$ LISTEN_FDS=0", "#()"),
        ("LISTEN_PID=$$ LISTEN_FDS=nonsense", "#()"),
        // Of the numbers only one is open; the program's own descriptors are not taken for inherited ones.
        ("LISTEN_PID=$$ LISTEN_FDS=6", "1"),
    ] {
        let ask = match expected {
            "#()" => "Socket inherited",
            _ => "Socket newTCP. Socket socketPair. Socket inherited size",
        };
        let output = std::process::Command::new("sh")
            .args([
                "-c",
                // Whoever runs the tests leaves descriptors of his own.
                &format!(
                    "{environment} exec \"$0\" -p '{ask}' 3</dev/null 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-"
                ),
            ])
            .arg(env!("CARGO_BIN_EXE_chirp"))
            .output()
            .expect("a shell");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).trim(),
            expected,
            "{environment}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
