//! Our HTTP server against curl, and against raw sockets for what no program would send. Over TCP and over the paths of
//! Unix sockets alike.

#![cfg(feature = "cli")]

mod peers;
#[path = "peers/web.rs"]
mod web;

use peers::{Peer, Scratch};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use web::{base_of, both, client, connect, curl, curl_run};

/// The default delegate, and `/sum` that reads a body from the connection, `/flow/N` that writes N MB to it.
const STREAMING: &str = "server streaming: true.
server delegate: (ZnDefaultServerDelegate new
    map: 'sum' to: [ :request |
        | sum count buffer stream |
        sum := 0. buffer := ByteArray new: 65536. stream := request entity stream.
        [ (count := stream readInto: buffer startingAt: 1 count: 65536) > 0 ] whileTrue: [ sum := sum + count ].
        ZnResponse ok: (ZnEntity text: sum printString) ];
    map: 'flow' to: [ :request |
        | part |
        part := ByteArray new: 1048576 withAll: 70.
        ZnResponse ok: (ZnEntityWriter type: 'application/octet-stream' do: [ :out |
            request uri lastPathSegment asInteger timesRepeat: [ out nextPutAll: part ] ]) ];
    yourself).";

#[test]
fn curl_asks() {
    both("curl-asks", "", |peer| {
        assert_eq!(curl(peer, &["URL/bytes/5"]), "AAAAA");
        let head = curl(peer, &["-I", "URL/bytes/5"]);
        assert!(head.starts_with("HTTP/1.1 200 OK\n"), "{head}");
        assert!(head.contains("Content-Length: 5\n"), "{head}");
        assert!(head.contains("Date: ") && head.contains(" GMT\n"), "{head}");
        let echo = curl(peer, &["URL/echo/a%20b?x=1", "-d", "a=b"]);
        assert!(
            echo.starts_with("POST /echo/a%20b?x=1 HTTP/1.1\n"),
            "{echo}"
        );
        assert!(echo.ends_with("\n\na=b"), "{echo}");
        let old = curl(peer, &["-i", "--http1.0", "URL/bytes/2"]);
        assert!(
            old.contains("Connection: close\n") && old.ends_with("\n\nAA"),
            "{old}"
        );
        let status = |arguments: &[&str]| {
            let mut all = vec!["-o", "/dev/null", "-w", "%{http_code}"];
            all.extend_from_slice(arguments);
            curl(peer, &all)
        };
        assert_eq!(status(&["URL/nowhere"]), "404");
        assert_eq!(status(&["-X", "BREW", "URL/bytes/1"]), "501");
        assert_eq!(status(&["-X", "DELETE", "URL/bytes/1"]), "405");
    });
}

#[test]
fn curl_keeps_its_connection() {
    both("curl-keeps", "", |peer| {
        let format = "%{http_code} %{num_connects}\n";
        let all = [
            "-w",
            format,
            "-o",
            "/dev/null",
            "-o",
            "/dev/null",
            "-o",
            "/dev/null",
        ];
        let urls = ["URL/bytes/1", "URL/nowhere", "URL/echo"];
        assert_eq!(
            curl(peer, &[&all[..], &urls].concat()),
            "200 1\n404 0\n200 0\n"
        );
    });
}

#[test]
fn curl_uploads() {
    let scratch = Scratch::new("curl-uploads");
    let file = scratch.path("file");
    std::fs::write(&file, vec![b'x'; 5_000_000]).expect("a file");
    both("curl-uploads", STREAMING, |peer| {
        assert_eq!(curl(peer, &["-T", &file, "URL/sum"]), "5000000");
        assert_eq!(
            curl(
                peer,
                &["-T", &file, "-H", "Transfer-Encoding: chunked", "URL/sum"]
            ),
            "5000000"
        );
        let waits = curl_run(
            peer,
            &["-v", "-T", &file, "-H", "Expect: 100-continue", "URL/sum"],
        );
        assert!(waits.error.contains("100 Continue"), "{}", waits.error);
        assert_eq!(waits.output, "5000000");
        // A body that nobody reads does not hurt the next request.
        let answer = raw(
            peer,
            b"POST /bytes/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /bytes/2 HTTP/1.1\r\nHost: a\r\n\r\n",
        );
        assert_eq!(codes(&answer), ["405", "200"], "{answer}");
    });
}

#[test]
fn a_body_that_is_too_large_is_refused_and_the_answer_arrives() {
    let scratch = Scratch::new("too-large");
    let file = scratch.path("file");
    std::fs::write(&file, vec![b'x'; 20_000_000]).expect("a file");
    both("too-large", "server maximumEntitySize: 1000000.", |peer| {
        for header in [
            "Expect:",
            "Expect: 100-continue",
            "Transfer-Encoding: chunked",
        ] {
            let answer = curl(peer, &["-i", "-T", &file, "-H", header, "URL/echo"]);
            assert!(
                answer.contains("413 Content Too Large"),
                "{header}: {answer}"
            );
        }
        assert_eq!(curl(peer, &["URL/bytes/2"]), "AA");
    });
}

/// Sends bytes to a server and reads all that it answers.
fn raw(peer: &Peer, bytes: &[u8]) -> String {
    let mut answer = Vec::new();
    let guard = Some(Duration::from_secs(60));
    // A server that has heard enough may close before all is sent, or reset what it did not read.
    if peer.place.starts_with('/') {
        let mut stream = UnixStream::connect(&peer.place).expect("a connection");
        stream.set_read_timeout(guard).expect("a guard");
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut answer);
    } else {
        let mut stream = TcpStream::connect(&peer.place).expect("a connection");
        stream.set_read_timeout(guard).expect("a guard");
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut answer);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn codes(answer: &str) -> Vec<&str> {
    answer
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|rest| &rest[..3])
        .collect()
}

#[test]
fn requests_that_are_none() {
    let long = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(10_000));
    let wide = format!(
        "GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n",
        "a".repeat(10_000)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nHost: h\r\n{}\r\n",
        "X: y\r\n".repeat(200)
    );
    let table: &[(&str, &str)] = &[
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "400"),
        ("GET / HTTP/1.1\rHost: a\r\r", ""),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET /\r\n\r\n", "400"),
        ("\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n", "400"),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"),
        ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        (&long, "414"),
        (&wide, "431"),
        (&many, "431"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "501",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
            "400",
        ),
        (
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\nabc",
            "413",
        ),
        // An end in the midst of a request has nobody left to answer.
        ("GET / HTTP/1.1\r\nHost: a", ""),
        (
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc",
            "",
        ),
        ("", ""),
    ];
    both("requests-that-are-none", "", |peer| {
        for (request, expected) in table {
            let answer = raw(peer, request.as_bytes());
            let expected: Vec<&str> = Some(*expected)
                .into_iter()
                .filter(|e| !e.is_empty())
                .collect();
            assert_eq!(codes(&answer), expected, "{request:?}: {answer}");
            // What follows a request that is none is none either.
            let twice = format!("{request}GET /bytes/1 HTTP/1.1\r\nHost: a\r\n\r\n");
            if (expected == ["400"] || expected == ["501"]) && !request.contains('%') {
                assert_eq!(codes(&raw(peer, twice.as_bytes())), expected, "{request:?}");
            }
        }
        assert_eq!(curl(peer, &["URL/bytes/2"]), "AA");
    });
}

#[test]
fn requests_one_behind_the_other_are_answered_in_order() {
    both("pipelined", "", |peer| {
        let answer = raw(
            peer,
            b"\r\nGET /bytes/1 HTTP/1.1\r\nHost: a\r\n\r\n\
              POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n\
              HEAD /bytes/3 HTTP/1.1\nHost: a\n\n\
              OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n\
              GET http://a/bytes/4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n\
              GET /bytes/5 HTTP/1.1\r\nHost: a\r\n\r\n",
        );
        assert_eq!(
            codes(&answer),
            ["200", "200", "200", "405", "200"],
            "{answer}"
        );
        assert!(answer.contains("\r\n\r\nAHTTP"), "{answer}");
        assert!(answer.contains("\n\nabcHTTP"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nAAAA"), "{answer}");
    });
}

#[test]
fn a_head_that_comes_byte_by_byte_ends_at_its_deadline() {
    both(
        "slow-head",
        "server headTimeout: 1; keepAliveTimeout: 60; readTimeout: 60.",
        |peer| {
            let answer = drip(peer, b"GET / HTTP/1.1\r\nHost: a\r\n", b"X");
            assert_eq!(codes(&answer), ["408"], "{answer}");
        },
    );
    // Between two requests, silence is ended without a word.
    both("silent", "server keepAliveTimeout: 0.2.", |peer| {
        assert_eq!(drip(peer, b"", b""), "");
        let answer = drip(peer, b"GET /bytes/1 HTTP/1.1\r\nHost: a\r\n\r\n", b"");
        assert_eq!(codes(&answer), ["200"], "{answer}");
    });
    both("slow-body", "server readTimeout: 0.2.", |peer| {
        let answer = drip(
            peer,
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
            b"",
        );
        assert_eq!(codes(&answer), ["408"], "{answer}");
    });
}

/// Sends a beginning, and then a little again and again until the server has had enough.
fn drip(peer: &Peer, start: &[u8], more: &[u8]) -> String {
    let mut stream = connect(peer);
    stream.write_all(start).expect("a beginning");
    let mut writer = stream.twin();
    let more = more.to_vec();
    std::thread::spawn(move || {
        while !more.is_empty() && writer.write_all(&more).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn many_clients_at_once() {
    both("many-clients", "", |peer| {
        std::thread::scope(|scope| {
            for number in 1..=50 {
                scope.spawn(move || {
                    let mut stream = connect(peer);
                    for turn in 0..20 {
                        let size = number * 20 + turn;
                        write!(stream, "GET /bytes/{size} HTTP/1.1\r\nHost: a\r\n\r\n")
                            .expect("a request");
                        let mut head = Vec::new();
                        let mut byte = [0];
                        while !head.ends_with(b"\r\n\r\n") {
                            stream.read_exact(&mut byte).expect("a head");
                            head.push(byte[0]);
                        }
                        let head = String::from_utf8_lossy(&head).into_owned();
                        assert!(
                            head.contains(&format!("Content-Length: {size}\r\n")),
                            "{head}"
                        );
                        let mut body = vec![0; size];
                        stream.read_exact(&mut body).expect("a body");
                        assert!(body.iter().all(|&b| b == b'A'));
                    }
                });
            }
        });
    });
}

/// The most memory that a process ever had, in kB.
fn peak(peer: &Peer) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", peer.id())).expect("a process");
    let line = status
        .lines()
        .find(|l| l.starts_with("VmHWM:"))
        .expect("a peak");
    line.split_whitespace()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .expect("a number")
}

#[test]
fn a_hundred_megabytes_need_no_memory() {
    both("hundred-megabytes", STREAMING, |peer| {
        let size = curl(
            peer,
            &["-o", "/dev/null", "-w", "%{size_download}", "URL/flow/100"],
        );
        assert_eq!(size, "104857600");
        let up = client(
            "hundred-up",
            &base_of(peer),
            "| client input sum |
client := ZnClient new.
client streaming: true; get: base , '/flow/100'.
sum := ZnClient new post: base , '/sum' contents: client entity.
say value: sum.
client close.
client get: base , '/flow/100'.
input := client entity stream.
sum := ZnClient new post: base , '/sum' contents: (ZnEntity type: 'a/b' stream: input length: 104857600).
say value: sum.
say value: input atEnd",
        );
        assert_eq!(up, "104857600\n104857600\ntrue\n");
        assert!(peak(peer) < 60_000, "{} kB", peak(peer));
    });
}

#[test]
fn a_server_that_stops_finishes_what_it_does() {
    let scratch = Scratch::new("stops");
    let path = scratch.path("s");
    let mut peer = Peer::smalltalk(
        "stops",
        &format!(
            "| server gate |
gate := Semaphore new.
server := ZnServer onPath: '{path}'.
server onRequestRespond: [ :request |
    request uri path = 'quit' ifTrue: [ gate signal. (Delay forMilliseconds: 200) wait ].
    ZnResponse ok: (ZnEntity text: 'done') ].
server start.
Transcript show: 'ready {path}'; cr; flush.
gate wait.
server stop.
Transcript show: server numberOfConnections printString; cr"
        ),
    );
    let mut idle = connect(&peer);
    idle.write_all(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        .expect("a request");
    assert_eq!(curl(&peer, &["URL/quit"]), "done");
    let mut rest = String::new();
    idle.read_to_string(&mut rest).expect("an end");
    assert_eq!(codes(&rest), ["200"], "{rest}");
    assert_eq!(peer.line(), "0");
    assert_eq!(peer.wait(), Some(0));
    assert!(!std::path::Path::new(&path).exists());
}
