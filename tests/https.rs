//! https: our client with Python's HTTP server, our server with curl, and both with each other, over TCP
//! and a local socket; wss.

#![cfg(all(feature = "cli", feature = "tls"))]

mod peers;

use peers::{Peer, Run, Scratch, chirp_script, program, python, run};

fn certificate(name: &str) -> String {
    format!(
        "{}/tests/certificates/{name}.pem",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// What a script prints that has a `client` which trusts our authority, and `report`, which prints the
/// value of a block or its error.
fn ask(name: &str, script: &str) -> String {
    let run = chirp_script(
        name,
        &format!(
            "| client report |
client := ZnClient new. client trustedCertificatesName: '{}'.
report := [ :block | Transcript show: ([ block value printString ] on: Error do: [ :error | error class name , ' ' , error messageText ]); cr ].
{script}",
            certificate("authority")
        ),
    );
    assert_eq!(run.code, Some(0), "{}", run.error);
    run.output
}

/// A server at the place, which is a port or a path.
fn serve(name: &str, making: &str) -> Peer {
    Peer::smalltalk(
        name,
        &format!(
            "| server |
server := {making}.
server certificate: '{}'; logToTranscript.
server delegate: (ZnDefaultServerDelegate new
    map: 'hello' to: [ :request | ZnResponse ok: (ZnEntity text: 'hello') ];
    map: 'size' to: [ :request | ZnResponse ok: (ZnEntity text: request entity bytes size printString) ];
    map: 'much' to: [ :request | ZnResponse ok: (ZnEntityWriter type: 'application/octet-stream' do: [ :out |
        20 timesRepeat: [ out nextPutAll: (ByteArray new: 1000000 withAll: 7) ] ]) ];
    map: 'talk' to: (ZnWebSocketDelegate handler: [ :socket |
        socket runWith: [ :message | socket sendText: message asUppercase ] ]);
    yourself).
server start.
Transcript show: 'ready '; show: (server path ifNil: [ server port printString ]); cr.
Semaphore new wait",
            certificate("localhost")
        ),
    )
}

fn curl(place: &str, arguments: &[&str]) -> Run {
    let mut command = program("curl");
    command.args(["-sS", "--max-time", "50"]);
    let base = if place.starts_with('/') {
        command.args(["--unix-socket", place]);
        "https://localhost".to_string()
    } else {
        command.arg("-4");
        format!("https://localhost:{place}")
    };
    for argument in arguments {
        command.arg(argument.replace("URL", &base));
    }
    run(command, "")
}

#[test]
fn our_client_with_pythons_server() {
    let scratch = Scratch::new("https-files");
    std::fs::write(scratch.path("one.txt"), "one").expect("a file");
    std::fs::write(scratch.path("large.bin"), vec![7; 3_000_000]).expect("a file");
    let (folder, own) = (scratch.path(""), certificate("localhost"));
    let arguments = [folder.as_str(), &own];
    let server = python("https_server.py", &arguments);
    let (port, plain) = server.place.split_once(' ').expect("two ports");
    let output = ask(
        "https-client",
        &format!(
            "report value: [ client get: 'https://localhost:{port}/one.txt' ].
report value: [ client get: 'https://localhost:{port}/large.bin'. client response entity contentLength ].
report value: [ client get: 'http://localhost:{plain}/one.txt' ].
report value: [ client get: 'https://localhost:{port}/bye' ].
report value: [ client get: 'https://localhost:{port}/one.txt' ].
report value: [ client get: 'https://localhost:{port}/bye' ].
report value: [ (Delay forMilliseconds: 30) wait. client get: 'https://localhost:{port}/one.txt' ].
report value: [ client get: 'https://localhost:{port}/ended' ].
report value: [ client get: 'https://localhost:{port}/cut' ].
report value: [ client get: 'https://127.0.0.1:{port}/one.txt' ].
report value: [ ZnClient new get: 'https://localhost:{port}/one.txt' ].
report value: [ (ZnClient new sslSettings: [ :session | session dangerouslyAcceptAnyCertificate ]; yourself) get: 'https://localhost:{port}/one.txt' ].
report value: [ client get: 'https://localhost:{plain}/one.txt' ]"
        ),
    );
    assert_eq!(
        output,
        "'one'
3000000
'one'
'bye'
'one'
'bye'
'one'
'all of it?'
SSLTruncationError the connection ended before the other end said so: something may be missing
'one'
SSLCertificateError TLS failed while connecting to localhost: the certificate is signed by an authority that is not trusted here
'one'
SSLError TLS failed while connecting to localhost: what came is no TLS handshake (received corrupt message of type InvalidContentType)
"
    );
}

#[test]
fn our_server_with_curl() {
    let scratch = Scratch::new("https-server");
    let upload = scratch.path("upload");
    std::fs::write(&upload, vec![65; 5_000_000]).expect("a file");
    let authority = certificate("authority");
    let path = scratch.path("socket");
    for making in [
        "ZnSecureServer on: 0",
        &format!("ZnSecureServer onPath: '{path}'"),
    ] {
        let mut server = serve("https-server", making);
        let place = server.place.clone();
        for version in [["--tls-max", "1.2"], ["--tlsv1.3", "-v"]] {
            let arguments = [
                &["--cacert", &authority][..],
                &version,
                &["URL/hello", "URL/hello"],
            ];
            let answer = curl(&place, &arguments.concat());
            assert_eq!(answer.output, "hellohello", "{}", answer.error);
        }
        let data = format!("@{upload}");
        let answer = curl(
            &place,
            &["--cacert", &authority, "--data-binary", &data, "URL/size"],
        );
        assert_eq!(answer.output, "5000000", "{}", answer.error);
        let arguments = ["--cacert", &authority, "-o", "/dev/null"];
        let count = ["-w", "%{size_download}", "URL/much"];
        let answer = curl(&place, &[&arguments[..], &count].concat());
        assert_eq!(answer.output, "20000000", "{}", answer.error);
        // Who does not trust us goes away; the others are served.
        assert_eq!(curl(&place, &["URL/hello"]).code, Some(60));
        let log = loop {
            let line = server.line();
            if !line.contains("HTTP/1.1 200") {
                break line;
            }
        };
        assert_eq!(
            log,
            "connection lost: SSLError: TLS failed while accepting a client: the other end refused: unknown_ca"
        );
        assert_eq!(curl(&place, &["-k", "URL/hello"]).output, "hello");
    }
}

#[test]
fn our_client_with_our_server_and_a_websocket() {
    let server = serve("wss-server", "ZnSecureServer on: 0");
    let port = &server.place;
    let output = ask(
        "wss-client",
        &format!(
            "| socket |
report value: [ client get: 'https://localhost:{port}/hello' ].
report value: [ client contents: (String new: 100000 withAll: $x); post: 'https://localhost:{port}/size' ].
report value: [ (client get: 'https://localhost:{port}/much') size ].
socket := ZnWebSocket to: 'wss://localhost:{port}/talk' client: client.
report value: [ socket sendText: 'hello'; readMessage ].
report value: [ socket sendText: (String new: 100000 withAll: $x). (socket readMessage occurrencesOf: $X) ].
socket close"
        ),
    );
    assert_eq!(output, "'hello'\n'100000'\n20000000\n'HELLO'\n100000\n");
}

#[test]
fn a_local_socket_speaks_https_and_wss_as_well() {
    let scratch = Scratch::new("https-unix");
    let path = scratch.path("web.sock");
    let _server = serve("https-unix", &format!("ZnSecureServer onPath: '{path}'"));
    let host = path.replace('/', "%2F");
    let output = ask(
        "https-unix-client",
        &format!(
            "| socket |
report value: [ client get: 'https+unix://{host}/hello' ].
report value: [ (client get: 'https+unix://{host}/much') size ].
report value: [ ZnClient new unixSocket: '{path}'; get: 'https://localhost/hello' ].
report value: [ client unixSocket: '{path}'; get: 'https://localhost/hello' ].
socket := ZnWebSocket to: 'wss+unix://{host}/talk' client: client.
report value: [ socket sendText: 'hello'; readMessage ].
socket close"
        ),
    );
    assert_eq!(
        output,
        "'hello'\n20000000\nSSLCertificateError TLS failed while connecting to localhost: the certificate is signed by an authority that is not trusted here\n'hello'\n'HELLO'\n"
    );
}

#[test]
fn a_server_that_lets_in_only_whom_it_knows() {
    let server = serve(
        "https-known",
        &format!(
            "(ZnSecureServer on: 0) sslSettings: [ :session | session demandCertificate; trustedCertificatesName: '{}' ]; yourself",
            certificate("authority")
        ),
    );
    let output = ask(
        "https-known",
        &format!(
            "report value: [ client get: 'https://localhost:{}/hello' ].
client sslSettings: [ :session | session trustedCertificatesName: '{}'; certificateName: '{}' ].
report value: [ client get: 'https://localhost:{}/hello' ]",
            server.place,
            certificate("authority"),
            certificate("client"),
            server.place
        ),
    );
    assert_eq!(
        output,
        "SSLError TLS failed while receiving: the other end refused: certificate_required\n'hello'\n"
    );
}
