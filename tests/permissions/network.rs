//! The network: addresses, names, local sockets, certificates.

use super::*;
use std::os::unix::net::UnixListener;

#[test]
fn only_some_addresses() {
    check(
        "",
        &["--allow-net=127.0.0.1:0,127.0.0.1:9,10.0.0.0/8:9,localhost:11".into()],
        &[
            (
                "Socket newTCP connectTo: #[127 0 0 1] port: 10",
                "denied: connect to 127.0.0.1:10 | --allow-net=127.0.0.1:10",
            ),
            (
                "Socket newTCP connectTo: (SocketAddress fromString: '127.0.0.1:10')",
                "denied: connect to 127.0.0.1:10 | --allow-net=127.0.0.1:10",
            ),
            (
                "Socket newTCP connectTo: #[127 0 0 1] port: 9",
                "ConnectionRefused",
            ),
            (
                "Socket newTCP connectTo: #[11 0 0 1] port: 9",
                "denied: connect to 11.0.0.1:9 | --allow-net=11.0.0.1:9",
            ),
            (
                "Socket newTCP connectTo: #[0 0 0 0] port: 9",
                "denied: connect to 0.0.0.0:9 | --allow-net=0.0.0.0:9",
            ),
            (
                "Socket newTCP connectTo: #[0 0 0 0 0 0 0 0 0 0 255 255 127 0 0 1] port: 10",
                "denied: connect to 127.0.0.1:10 | --allow-net=127.0.0.1:10",
            ),
            (
                "Socket newUDP sendData: 'x' toHost: #[127 0 0 1] port: 53",
                "denied: connect to 127.0.0.1:53 | --allow-net=127.0.0.1:53",
            ),
            (
                "Socket newUDP setPeer: #[127 0 0 1] port: 53",
                "denied: connect to 127.0.0.1:53 | --allow-net=127.0.0.1:53",
            ),
            (
                "Socket newTCP listenOn: 8080 backlogSize: 5",
                "denied: listen at 0.0.0.0:8080 | --allow-net=0.0.0.0:8080",
            ),
            (
                "Socket newTCP listenWithBacklog: 5",
                "denied: listen at 0.0.0.0:0 | --allow-net=0.0.0.0:0",
            ),
            (
                "Socket newUDP bindTo: #[127 0 0 1] port: 53",
                "denied: listen at 127.0.0.1:53 | --allow-net=127.0.0.1:53",
            ),
            (
                "Socket connectToPath: '/tmp/x'",
                "denied: connect to unix:/tmp/x | --allow-net=unix:/tmp/x",
            ),
            (
                "NetNameResolver addressForName: 'example.com'",
                "denied: look up example.com | --allow-net=example.com",
            ),
            (
                "NetNameResolver nameForAddress: #[8 8 8 8]",
                "denied: look up the name of 8.8.8.8 | --allow-net=8.8.8.8",
            ),
            (
                "ZnClient new get: 'http://example.com/'",
                "denied: look up example.com | --allow-net=example.com",
            ),
            // A name is checked before it is looked up, and its addresses count from then on.
            (
                "(NetNameResolver addressForName: 'localhost') asByteArray",
                "#[127 0 0 1]",
            ),
            (
                "ZnClient new get: 'http://localhost:11/'",
                "ConnectionRefused",
            ),
            (
                "ZnClient new get: 'http://localhost:12/'",
                "denied: connect to 127.0.0.1:12 | --allow-net=127.0.0.1:12",
            ),
        ],
    );
}

#[test]
fn a_listener_may_answer_whoever_comes() {
    let code = "| s c a u v |
        s := Socket newTCP. s bindTo: #[127 0 0 1] port: 0. s listenWithBacklog: 5.
        Transcript show: s localPort printString; cr.
        a := s waitForAcceptFor: 30.
        a sendData: 'served'; close";
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_chirp"))
        .args(["--timeout", "60", "--allow-net=127.0.0.1:0", "-e"])
        .arg(code.replace("cr.", "cr. Stdio stdout flush."))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("chirp runs");
    let mut line = String::new();
    let output = child.stdout.take().expect("a pipe");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line).expect("a port");
    let port: u16 = line.trim().parse().expect("a port");
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut stream, &mut text).expect("an answer");
    assert_eq!(text, "served");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn local_sockets_by_path_and_by_folder() {
    let (scratch, root) = folders("permissions-unix");
    let _one = UnixListener::bind(scratch.path("data/one")).expect("a socket");
    let _two = UnixListener::bind(scratch.path("secret/two")).expect("a socket");
    symlink("../secret/two", scratch.path("data/sly")).expect("a link");
    check(
        &root,
        &[format!(
            "--allow-net=unix:{root}/data,unix:{root}/out/own,unix:@chirp-permitted"
        )],
        &[
            ("(Socket connectToPath: '@/data/one') isConnected", "true"),
            (
                "Socket connectToPath: '@/data/sly'",
                "denied: connect to unix:@/data/sly | --allow-net=unix:@/data/sly",
            ),
            (
                "Socket connectToPath: '@/secret/two'",
                "denied: connect to unix:@/secret/two | --allow-net=unix:@/secret/two",
            ),
            (
                "Socket connectToPath: '@/data/../secret/two'",
                "denied: connect to unix:@/data/../secret/two | --allow-net=unix:@/data/../secret/two",
            ),
            (
                "(Socket listenOnPath: '@/out/own' backlogSize: 5) isValid",
                "true",
            ),
            (
                "Socket listenOnPath: '@/out/other' backlogSize: 5",
                "denied: listen at unix:@/out/other | --allow-net=unix:@/out/other",
            ),
            (
                "Socket newTCP connectTo: #[127 0 0 1] port: 9",
                "denied: connect to 127.0.0.1:9 | --allow-net=127.0.0.1:9",
            ),
        ],
    );
    assert!(std::path::Path::new(&scratch.path("secret/two")).exists());
}

#[test]
fn tricks_with_sockets_open_nothing() {
    check(
        "",
        &["--allow-net=127.0.0.1:0,127.0.0.1:9".into()],
        &[
            (
                "(Socket newTCP setOption: 'SO_REUSEPORT' value: 1; yourself) bindTo: #[127 0 0 1] port: 8080",
                "denied: listen at 127.0.0.1:8080 | --allow-net=127.0.0.1:8080",
            ),
            (
                "(Socket newTCP setOption: 'SO_REUSEADDR' value: 1; yourself) listenOn: 8080 backlogSize: 5",
                "denied: listen at 0.0.0.0:8080 | --allow-net=0.0.0.0:8080",
            ),
            (
                "(Socket newUDP setOption: 'SO_BROADCAST' value: 1; yourself) sendData: 'x' toHost: #[255 255 255 255] port: 9",
                "denied: connect to 255.255.255.255:9 | --allow-net=255.255.255.255:9",
            ),
            (
                "Socket newTCP connectTo: #[127 0 0 1] port: 65545",
                "SocketPrimitiveFailed",
            ),
            (
                "Socket newTCP connectTo: (SocketAddress fromString: '[::1]:9')",
                "denied: connect to [::1]:9 | --allow-net=[::1]:9",
            ),
            // Other spellings of an address are names that nobody permitted.
            (
                "NetNameResolver addressForName: '2130706433'",
                "denied: look up 2130706433 | --allow-net=2130706433",
            ),
            (
                "NetNameResolver addressForName: '0x7f.1'",
                "denied: look up 0x7f.1 | --allow-net=0x7f.1",
            ),
            ("Socket newTCP: 4", "SocketError"),
        ],
    );
    check(
        "",
        &["--sandbox".into()],
        &[
            ("Socket inherited", "denied: use the network | --allow-net"),
            ("Socket socketPair", "denied: use the network | --allow-net"),
            ("Socket newUDP: 17", "denied: use the network | --allow-net"),
        ],
    );
}

/// A datagram goes back to whoever sent the last one, and to nobody else.
#[test]
fn a_datagram_may_be_answered() {
    let code = "| s ask |
        ask := [ :b | Transcript show: ([ b value printString ] on: PermissionDenied do: [ :e | e what ]); cr. Stdio stdout flush ].
        s := Socket newUDP. s bindTo: #[127 0 0 1] port: 0.
        ask value: [ s localPort ].
        ask value: [ s receiveData ].
        ask value: [ s sendData: 'back' ].
        ask value: [ s sendData: 'x' toHost: #[127 0 0 1] port: 9 ].
        ask value: [ s setPeer: #[127 0 0 1] port: 9 ]";
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_chirp"))
        .args(["--timeout", "60", "--allow-net=127.0.0.1:0", "-e", code])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("chirp runs");
    let mut output = std::io::BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut output, &mut line).expect("a port");
    let port: u16 = line.trim().parse().expect("a port");
    let peer = std::net::UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
    peer.set_read_timeout(Some(std::time::Duration::from_secs(60)))
        .expect("a limit");
    peer.send_to(b"hi", ("127.0.0.1", port)).expect("sent");
    let mut bytes = [0; 10];
    let (count, from) = peer.recv_from(&mut bytes).expect("an answer");
    assert_eq!((&bytes[..count], from.port()), (&b"back"[..], port));
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut output, &mut rest).expect("the rest");
    let told: Vec<&str> = rest.lines().skip(2).collect();
    assert_eq!(told, ["connect to 127.0.0.1:9", "connect to 127.0.0.1:9"]);
    assert!(child.wait().expect("it ends").success());
}

/// The authorities that the system trusts are no business of a program: they need no permission for files. Those that a
/// program names do.
#[cfg(feature = "tls")]
#[test]
fn certificates_of_the_system_need_no_permission_and_others_do() {
    let folder = format!("{}/tests/certificates", env!("CARGO_MANIFEST_DIR"));
    let server = peers::Peer::smalltalk(
        "permissions-tls",
        &format!(
            "| server |
server := ZnSecureServer on: 0.
server certificate: '{folder}/localhost.pem'.
server delegate: (ZnDefaultServerDelegate new map: 'hello' to: [ :request | ZnResponse ok: (ZnEntity text: 'hello') ]; yourself).
server start.
Transcript show: 'ready ', server port printString; cr.
Semaphore new wait"
        ),
    );
    let port = &server.place;
    let ask = |setting: &str| {
        format!(
            "Transcript show: ([ ZnClient new {setting} get: 'https://localhost:{port}/hello' ] on: Error do: [ :e | e messageText ])"
        )
    };
    let run = |trusted: &str, code: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_chirp"));
        command
            .env("SSL_CERT_FILE", trusted)
            .env_remove("SSL_CERT_DIR");
        command.args(["--timeout", "60", "--allow-net=localhost", "-e", code]);
        peers::run(command, "").output
    };
    let authority = format!("{folder}/authority.pem");
    assert_eq!(run(&authority, &ask("")), "hello");
    let told = run(&format!("{folder}/self.pem"), &ask(""));
    assert!(told.contains("not trusted here"), "{told}");
    let own = format!("trustedCertificatesName: '{authority}';");
    let told = run(&authority, &ask(&own));
    let denied = format!("no permission to read {authority} (--allow-read={authority})");
    assert!(told.ends_with(&denied), "{told}");
}

/// Descriptors come from a peer that may have more permissions: what they stand for must be permitted here as well.
#[test]
fn a_socket_that_was_passed_on_is_under_the_receivers_permissions() {
    use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
    use std::os::fd::AsRawFd;
    let (scratch, root) = folders("permissions-passed");
    let listener = UnixListener::bind(scratch.path("data/one")).expect("a socket");
    let sending = std::thread::spawn(move || {
        let (to, _) = listener.accept().expect("it comes");
        let udp = std::net::UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
        let file = std::fs::File::open("/etc/passwd").expect("a file");
        for passed in [udp.as_raw_fd(), file.as_raw_fd()] {
            let descriptors = [passed];
            let control = [ControlMessage::ScmRights(&descriptors)];
            let text = [std::io::IoSlice::new(b"x")];
            sendmsg::<()>(to.as_raw_fd(), &text, &control, MsgFlags::empty(), None).expect("sent");
        }
        let mut rest = Vec::new();
        let _ = std::io::Read::read_to_end(&mut &to, &mut rest);
    });
    check(
        &root,
        &[format!("--allow-net=unix:{root}/data")],
        &[(
            "| c told | c := Socket connectToPath: '@/data/one'. told := OrderedCollection new.
                2 timesRepeat: [ [ told add: c receiveDescriptors ]
                    on: PermissionDenied do: [ :e | told add: (e what copyUpTo: $:) ] ].
                told asArray",
            "#('listen at 127.0.0.1' 'receive an open file')",
        )],
    );
    sending.join().expect("it ends");
}
