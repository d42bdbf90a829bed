//! Encrypted connections against OpenSSL, Python and curl, in both directions, TLS 1.2 and 1.3, over
//! TCP and Unix sockets; and peers that are not what they say, or break off.

#![cfg(all(feature = "cli", feature = "tls"))]

mod peers;

use peers::{Peer, Scratch, chirp_script, program, python, server_at_free_port};
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Command, Output, Stdio};

const VERSIONS: [&str; 2] = ["1.2", "1.3"];

fn certificate(name: &str) -> String {
    format!(
        "{}/tests/certificates/{name}.pem",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// Statements that make `stream`, a client of the server at the place, not yet connected.
fn client(place: &str) -> String {
    let socket = if place.starts_with('/') {
        format!("Socket connectToPath: '{place}'")
    } else {
        format!("Socket newTCP connectTo: #[127 0 0 1] port: {place}; yourself")
    };
    format!(
        "stream := ZdcSecureSocketStream on: ({socket}).
stream serverName: 'localhost'; timeout: 50.
stream sslSession trustedCertificatesName: '{}'.\n",
        certificate("authority")
    )
}

/// What a client prints that talks to the server at the place.
fn talk(name: &str, place: &str, text: &str) -> String {
    let run = chirp_script(name, &format!("{}{text}", client(place)));
    assert_eq!(run.code, Some(0), "{}", run.error);
    run.output
}

/// A server that echoes lines until one is `quit`, each client in a Process of its own. What goes
/// wrong with one of them is printed.
fn echo_server(name: &str, listener: &str, certificate_name: &str) -> Peer {
    Peer::smalltalk(
        name,
        &format!(
            "listener := {listener}.
Transcript show: 'ready ', (listener path ifNil: [ listener localPort printString ]); cr.
[ | socket |
socket := listener waitForAcceptFor: nil.
[ | stream line |
stream := ZdcSecureSocketStream on: socket.
[ stream certificateName: '{}'; timeout: 50; accept; ascii.
[ (line := stream nextLineLf) = 'quit' ] whileFalse: [ stream nextPutAll: line; lf; flush ].
stream close ] on: Error do: [ :error |
    Transcript show: error class name; show: ' '; show: error messageText; cr. stream destroy ] ] fork ] repeat",
            certificate(certificate_name)
        ),
    )
}

const TCP: &str = "Socket newTCP listenOn: 0 backlogSize: 60 interface: #[127 0 0 1]; yourself";

/// Runs a program with an input; killed if it hangs.
fn run(name: &str, arguments: &[&str], input: &str) -> Output {
    let mut command = program("timeout");
    command.arg("60").arg(program(name).get_program());
    command.args(arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut pipe = child.stdin.take().expect("an input");
    pipe.write_all(input.as_bytes()).expect("it reads");
    drop(pipe);
    child.wait_with_output().expect("an output")
}

/// A client that knows no TLS.
fn plain(place: &str, words: &str) -> Box<dyn Write> {
    let mut stream: Box<dyn Write> = if place.starts_with('/') {
        Box::new(UnixStream::connect(place).expect("a connection"))
    } else {
        Box::new(TcpStream::connect(format!("127.0.0.1:{place}")).expect("a connection"))
    };
    stream.write_all(words.as_bytes()).expect("it is sent");
    stream
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn our_client_with_the_server_of_openssl() {
    for (option, name) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let server = server_at_free_port(|port| {
            let mut command = program("openssl");
            command.args(["s_server", "-rev", "-quiet", option, "-cert"]);
            command.arg(certificate("localhost"));
            command.arg("-accept").arg(format!("127.0.0.1:{port}"));
            command.stderr(Stdio::null());
            command
        });
        let port = server.place.rsplit(':').next().expect("a port");
        let output = talk(
            "openssl-server",
            port,
            "stream connect; ascii; nextPutAll: 'hello'; lf; flush.
Transcript show: stream nextLineLf; cr; show: stream sslSession protocolVersion; cr.
stream close",
        );
        assert_eq!(output, format!("olleh\n{name}\n"));
    }
}

#[test]
fn our_client_with_the_server_of_python_at_every_pace() {
    let scratch = Scratch::new("tls-python");
    for version in VERSIONS {
        for manner in ["echo", "bytes"] {
            for place in ["0", &scratch.path(&format!("{version}{manner}"))] {
                let arguments = [place, &certificate("localhost"), version, manner];
                let server = python("tls_server.py", &arguments);
                let output = talk(
                    "python-server",
                    &server.place,
                    "stream connect; nextPutAll: 'hello' utf8Encoded; flush.
Transcript show: (stream next: 5) utf8Decoded; cr.
stream nextPutAll: (ByteArray new: 20000 withAll: 9); flush.
Transcript show: (stream next: 20000) size printString; cr.
stream shutdownOutput.
Transcript show: stream upToEnd size printString; cr; show: stream atEnd printString; cr.
stream close",
                );
                assert_eq!(output, "hello\n20000\n0\ntrue\n");
                assert_eq!(server.finish(), format!("TLSv{version}\n20005\n"));
            }
        }
    }
}

#[test]
fn much_data_both_ways_at_once() {
    for version in VERSIONS {
        let arguments = ["0", &certificate("localhost"), version, "echo"];
        let server = python("tls_server.py", &arguments);
        let output = talk(
            "much-data",
            &server.place,
            "| sent got piece |
stream connect.
piece := ByteArray new: 100000. piece withIndexDo: [ :each :i | piece at: i put: i \\\\ 251 ].
sent := Semaphore new.
[ 80 timesRepeat: [ stream nextPutAll: piece ]. stream shutdownOutput. sent signal ] fork.
got := 0.
80 timesRepeat: [ (stream next: 100000) = piece ifTrue: [ got := got + 1 ] ].
sent wait.
Transcript show: got printString; cr; show: stream upToEnd size printString; cr.
stream close",
        );
        assert_eq!(output, "80\n0\n");
        assert_eq!(server.finish(), format!("TLSv{version}\n8000000\n"));
    }
}

#[test]
fn our_server_with_the_clients_of_openssl_and_curl() {
    let server = echo_server("server", TCP, "localhost");
    let (authority, port) = (certificate("authority"), &server.place);
    for option in ["-tls1_2", "-tls1_3"] {
        let output = run(
            "openssl",
            &[
                "s_client",
                "-quiet",
                "-verify_return_error",
                option,
                "-CAfile",
                &authority,
                "-verify_hostname",
                "localhost",
                "-connect",
                &format!("127.0.0.1:{port}"),
            ],
            "hello\nquit\n",
        );
        assert_eq!(text(&output.stdout), "hello\n", "{}", text(&output.stderr));
    }
    let mut web = Peer::smalltalk(
        "web",
        &format!(
            "listener := {TCP}.
Transcript show: 'ready ', listener localPort printString; cr.
[ | stream |
stream := ZdcSecureSocketStream on: (listener waitForAcceptFor: nil).
[ stream certificateName: '{}'; accept; ascii.
[ stream nextLine isEmpty ] whileFalse.
stream nextPutAll: 'HTTP/1.1 200 OK'; crlf; nextPutAll: 'Content-Length: 6'; crlf; crlf; nextPutAll: 'hello'; lf; close ]
on: Error do: [ :error | Transcript show: error messageText; cr. stream destroy ] ] repeat",
            certificate("localhost")
        ),
    );
    let url = format!("https://localhost:{}/", web.place);
    let good: [&[&str]; 3] = [
        &["--cacert", &authority, "--tls-max", "1.2"],
        &["--cacert", &authority, "--tlsv1.3"],
        &["-k"],
    ];
    for arguments in good {
        let output = run("curl", &[arguments, &["-4sS", &url]].concat(), "");
        assert_eq!(text(&output.stdout), "hello\n", "{}", text(&output.stderr));
    }
    // It does not trust us, and says so to us, too.
    let output = run("curl", &["-4sS", &url], "");
    assert_eq!(output.status.code(), Some(60));
    assert_eq!(
        web.line(),
        "TLS failed while accepting a client: the other end refused: unknown_ca"
    );
}

#[test]
fn fifty_clients_at_once_and_a_few_that_are_none() {
    let scratch = Scratch::new("tls-many");
    for version in VERSIONS {
        let at_path = format!(
            "Socket listenOnPath: '{}' backlogSize: 60",
            scratch.path(version)
        );
        for listener in [TCP, &at_path] {
            let mut server = echo_server("many", listener, "localhost");
            // One says nothing while the others talk, another something else.
            let silent = plain(&server.place, "");
            let _loud = plain(&server.place, "GET / HTTP/1.0\r\n\r\n");
            assert_eq!(
                server.line(),
                "SSLError TLS failed while accepting a client: what came is no TLS handshake (received corrupt message of type InvalidContentType)"
            );
            let arguments = [&server.place, &certificate("authority"), version, "50"];
            let clients = python("tls_client.py", &arguments);
            assert_eq!(clients.finish(), "50 50\n");
            drop(silent);
            assert_eq!(
                server.line(),
                "ConnectionClosed connection closed in the middle of the TLS handshake"
            );
        }
    }
}

#[test]
fn fifty_connections_within_one_chirp() {
    let run = chirp_script(
        "within",
        &format!(
            "| listener done good |
listener := {TCP}. done := Semaphore new. good := 0.
[ 50 timesRepeat: [ | socket |
    socket := listener waitForAcceptFor: 50.
    [ | stream |
    stream := ZdcSecureSocketStream on: socket. stream certificateName: '{}'; timeout: 50; accept.
    stream nextPutAll: (stream next: 50000); close ] fork ] ] fork.
1 to: 50 do: [ :number | [ | stream data |
    {}    data := ByteArray new: 50000 withAll: number.
    stream connect; nextPutAll: data; flush.
    (stream next: 50000) = data & stream atEnd ifTrue: [ good := good + 1 ].
    stream close. done signal ] fork ].
50 timesRepeat: [ done wait ].
Transcript show: good printString; cr",
            certificate("localhost"),
            client("PORT").replace("PORT", "listener localPort")
        ),
    );
    assert_eq!(run.output, "50\n", "{}", run.error);
}

#[test]
fn who_cannot_prove_who_he_is() {
    let cases = [
        (
            "localhost",
            "other.example",
            "SSLCertificateError TLS failed while connecting to other.example: the certificate is for localhost, 127.0.0.1, ::1, not for other.example",
            "SSLV3_ALERT_BAD_CERTIFICATE",
        ),
        (
            "expired",
            "localhost",
            "SSLCertificateError TLS failed while connecting to localhost: the certificate expired on 2001-01-01",
            "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        ),
        (
            "self",
            "localhost",
            "SSLCertificateError TLS failed while connecting to localhost: the certificate is self-signed, and not one that is trusted here",
            "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        ),
    ];
    for version in VERSIONS {
        for (name, wanted, reason, alert) in cases {
            let arguments = ["0", &certificate(name), version, "echo"];
            let server = python("tls_server.py", &arguments);
            let output = talk(
                "refused",
                &server.place,
                &format!(
                    "stream serverName: '{wanted}'.
[ stream connect ] on: Error do: [ :error | Transcript show: error class name; show: ' '; show: error messageText; cr ].
stream close"
                ),
            );
            assert_eq!(output, format!("{reason}\n"));
            let heard = server.finish();
            assert!(heard.contains(alert), "{heard}");
        }
    }
}

#[test]
fn the_authorities_of_the_system_are_those_that_the_environment_names() {
    let scratch = Scratch::new("tls-environment");
    let folder = scratch.path("authorities");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::copy(certificate("authority"), format!("{folder}/one.pem")).expect("a copy");
    let empty = scratch.path("empty.pem");
    std::fs::write(&empty, "").expect("a file");
    let unknown = "TLS failed while connecting to localhost: the certificate is signed by an authority that is not trusted here\n";
    let none = "no certificate authorities are installed here";
    let cases = [
        ("SSL_CERT_FILE", certificate("authority"), "connected\n"),
        ("SSL_CERT_DIR", folder, "connected\n"),
        ("SSL_CERT_FILE", certificate("other"), unknown),
        ("SSL_CERT_FILE", empty, none),
    ];
    for (variable, value, expected) in cases {
        let arguments = ["0", &certificate("localhost"), "1.3", "echo"];
        let server = python("tls_server.py", &arguments);
        let script = format!(
            "| stream | stream := ZdcSecureSocketStream openConnectionToHostNamed: 'localhost' port: {}.
[ stream connect. Transcript show: 'connected'; cr ] on: Error do: [ :error | Transcript show: error messageText; cr ].
stream close",
            server.place
        );
        let output = Command::new(env!("CARGO_BIN_EXE_chirp"))
            .env_remove("SSL_CERT_FILE")
            .env_remove("SSL_CERT_DIR")
            .env(variable, value)
            .args(["-e", &script])
            .output()
            .expect("it runs");
        let output = text(&output.stdout);
        assert!(output.contains(expected), "{variable}: {output}");
    }
}

#[test]
fn servers_that_break_off_or_speak_something_else() {
    let cases = [
        (
            "half",
            "stream connect",
            "ConnectionClosed connection closed in the middle of the TLS handshake",
        ),
        (
            "noise",
            "stream connect",
            "SSLError TLS failed while connecting to localhost: what came is no TLS handshake (received corrupt message of type InvalidContentType)",
        ),
        (
            "cut",
            "stream connect; ascii. Transcript show: (stream next: 4); cr. stream nextPut: $x; flush. stream upToEnd",
            "some\nSSLTruncationError the connection ended before the other end said so: something may be missing",
        ),
        (
            "damaged",
            "stream connect; ascii. Transcript show: (stream next: 4); cr. stream next",
            "some\nSSLError TLS failed while receiving: a record was damaged on its way: it cannot be decrypted",
        ),
    ];
    for version in VERSIONS {
        for (manner, text, expected) in cases {
            let arguments = ["0", &certificate("localhost"), version, manner];
            let server = python("tls_server.py", &arguments);
            let output = talk(
                "broken",
                &server.place,
                &format!(
                    "[ {text} ] on: Error do: [ :error | Transcript show: error class name; show: ' '; show: error messageText; cr ].
stream close. Transcript show: stream closed printString; cr"
                ),
            );
            assert_eq!(output, format!("{expected}\ntrue\n"), "{manner} {version}");
        }
    }
}

#[test]
fn clients_that_go_at_every_point_of_their_greeting() {
    let mut server = echo_server("going", TCP, "localhost");
    let output = talk(
        "going",
        &server.place,
        &format!(
            "| session greeting size |
session := ZdcPluginSSLSession new serverName: 'localhost'; dangerouslyAcceptAnyCertificate; yourself.
greeting := ByteArray new: 5000.
size := session connect: '' from: 1 to: 0 into: greeting.
0 to: size by: 9 do: [ :each | | socket |
    socket := Socket newTCP. socket connectTo: #[127 0 0 1] port: {}.
    each > 0 ifTrue: [ socket sendData: greeting count: each ].
    socket closeAndDestroy ].
stream connect; ascii; nextPutAll: 'still there'; lf; flush.
Transcript show: stream nextLineLf; cr; show: (size // 9 + 1) printString; cr.
stream nextPutAll: 'quit'; lf; close",
            server.place
        ),
    );
    let (answer, gone) = output.split_once('\n').expect("two lines");
    assert_eq!(answer, "still there");
    for _ in 0..gone.trim().parse().expect("a number") {
        let line = server.line();
        let expected = "ConnectionClosed connection closed in the middle of the TLS handshake";
        assert!(line.starts_with(expected), "{line}");
    }
}
