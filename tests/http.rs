//! HTTP and WebSocket against the programs of others: curl, Python's http.server and websockets, nginx, and
//! raw sockets for what no program would send. Over TCP and over the paths of Unix sockets alike.

#![cfg(feature = "cli")]

mod peers;

use peers::{Peer, Run, Scratch, chirp_script, program, run, server_at_free_port};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

/// A server that echoes, gives bytes, and for a streaming body says how large it was.
fn serve(name: &str, place: &str, options: &str) -> Peer {
    let made = if place.is_empty() {
        "ZnServer on: 0".to_string()
    } else {
        format!("ZnServer onPath: '{place}'")
    };
    Peer::smalltalk(
        name,
        &format!(
            "| server |
server := {made}.
{options}
server start.
Transcript show: 'ready '; show: (server path ifNil: [ '127.0.0.1:' , server port printString ]); cr.
Transcript flush.
Semaphore new wait"
        ),
    )
}

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

/// Runs curl; the answer is what it prints.
fn curl(peer: &Peer, arguments: &[&str]) -> String {
    curl_run(peer, arguments).output.replace('\r', "")
}

fn curl_run(peer: &Peer, arguments: &[&str]) -> Run {
    let mut command = program("curl");
    command.args(["-s", "--max-time", "50"]);
    let mut base = format!("http://{}", peer.place);
    if peer.place.starts_with('/') {
        command.args(["--unix-socket", &peer.place]);
        base = "http://localhost".into();
    }
    for argument in arguments {
        command.arg(argument.replace("URL", &base));
    }
    run(command, "")
}

fn both(name: &str, options: &str, check: impl Fn(&Peer)) {
    check(&serve(name, "", options));
    let scratch = Scratch::new(name);
    check(&serve(name, &scratch.path("s"), options));
}

/// A script with `base`, what every URL begins with.
fn client(name: &str, base: &str, script: &str) -> String {
    let run = chirp_script(
        name,
        &format!(
            "| say base | say := [ :each | Transcript show: each displayString; cr ]. base := '{base}'.\n{script}"
        ),
    );
    assert_eq!(run.code, Some(0), "{}{}", run.output, run.error);
    run.output
}

fn base_of(peer: &Peer) -> String {
    match peer.place.starts_with('/') {
        true => format!("http+unix://{}", peer.place.replace('/', "%2F")),
        false => format!("http://{}", peer.place),
    }
}

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

trait Connection: Read + Write + Send {
    fn twin(&self) -> Box<dyn Connection>;
}

impl Connection for TcpStream {
    fn twin(&self) -> Box<dyn Connection> {
        Box::new(self.try_clone().expect("a twin"))
    }
}

impl Connection for UnixStream {
    fn twin(&self) -> Box<dyn Connection> {
        Box::new(self.try_clone().expect("a twin"))
    }
}

fn connect(peer: &Peer) -> Box<dyn Connection> {
    let guard = Some(Duration::from_secs(60));
    if peer.place.starts_with('/') {
        let stream = UnixStream::connect(&peer.place).expect("a connection");
        stream.set_read_timeout(guard).expect("a guard");
        Box::new(stream)
    } else {
        let stream = TcpStream::connect(&peer.place).expect("a connection");
        stream.set_read_timeout(guard).expect("a guard");
        Box::new(stream)
    }
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

/// nginx, with some pages, at a port and at a path.
fn nginx(scratch: &Scratch, port: u16) -> Command {
    let root = scratch.path("");
    std::fs::create_dir_all(scratch.path("www")).expect("a folder");
    std::fs::write(scratch.path("www/hello.txt"), "hello from nginx\n").expect("a page");
    std::fs::write(scratch.path("www/large"), vec![b'n'; 3_000_000]).expect("a page");
    let configuration = format!(
        "daemon off; master_process off; pid {root}/pid; error_log stderr crit;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {root}/body; proxy_temp_path {root}/proxy; fastcgi_temp_path {root}/f;
  uwsgi_temp_path {root}/u; scgi_temp_path {root}/c; default_type text/plain; keepalive_requests 3;
  server {{
    listen 127.0.0.1:{port}; listen unix:{root}/nginx.sock; root {root}/www; client_max_body_size 100k;
    location /moved {{ return 302 /hello.txt; }}
    location /far {{ return 308 /echo; }}
    location /empty {{ return 204; }}
    location /echo {{ add_header X-Method $request_method; return 200 \"$request_method $content_length\\n\"; }}
  }}
}}"
    );
    let file = scratch.path("nginx.conf");
    std::fs::write(&file, configuration).expect("a configuration");
    let mut command = program("nginx");
    command.args(["-p", &root, "-c", &file, "-e", "stderr"]);
    command
}

#[test]
fn asks_nginx() {
    let scratch = Scratch::new("nginx");
    let peer = server_at_free_port(|port| nginx(&scratch, port));
    let script = "| client |
client := ZnClient new.
say value: (client get: base , '/hello.txt').
say value: client response code; value: client response contentType main.
client head: base , '/hello.txt'. say value: client response contentLength; value: client contents.
say value: (client get: base , '/large') size.
say value: (client get: base , '/moved').
say value: (client get: base , '/empty').
say value: (client get: base , '/none') size > 10; value: client response code.
say value: (client post: base , '/far' contents: 'abc').
say value: (client post: base , '/hello.txt' contents: 'abc') size > 10; value: client response code.
client expectsContinue: true.
client post: base , '/hello.txt' contents: (ByteArray new: 200000). say value: client response code.
client post: base , '/hello.txt' contents: (ByteArray new: 50000). say value: client response code";
    let expected = "hello from nginx\n\n200\ntext\n17\nnil\n3000000\nhello from nginx\n\nnil\ntrue\n404\nPOST 3\n\ntrue\n405\n413\n405\n";
    assert_eq!(client("nginx-tcp", &base_of(&peer), script), expected);
    let socket = format!(
        "http+unix://{}",
        scratch.path("nginx.sock").replace('/', "%2F")
    );
    assert_eq!(client("nginx-unix", &socket, script), expected);
}

#[test]
fn asks_pythons_server() {
    let scratch = Scratch::new("python-http");
    std::fs::write(scratch.path("a b.txt"), "from python").expect("a page");
    let folder = scratch.path("");
    let peer = server_at_free_port(|port| {
        let mut command = program("python3");
        command.args([
            "-m",
            "http.server",
            "--bind",
            "127.0.0.1",
            "-d",
            &folder,
            &port.to_string(),
        ]);
        command.stderr(std::process::Stdio::null());
        command
    });
    // It speaks HTTP/1.0: each response ends with its connection.
    let output = client(
        "python-http",
        &base_of(&peer),
        "| client |
client := ZnClient new.
say value: (client get: base asUrl / 'a b.txt').
say value: (client get: base asUrl / 'a b.txt').
client get: base , '/missing'. say value: client response code.
client post: base contents: 'x'. say value: client response code",
    );
    assert_eq!(output, "from python\nfrom python\n404\n501\n");
}

/// A server in Python that does with each connection what `body` says; `connection` and `number` are its names.
fn odd_server(body: &str) -> Peer {
    let code = format!(
        "import socket, threading, time
server = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen()
print('ready 127.0.0.1:%d' % server.getsockname()[1], flush=True)
def head(connection):
    data = b''
    while b'\\r\\n\\r\\n' not in data:
        more = connection.recv(1)
        if not more: return b''
        data += more
    return data
ok = b'HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: 2\\r\\n\\r\\nok'
def serve(connection, number):
{body}
number = 0
while True:
    connection, _ = server.accept()
    number += 1
    threading.Thread(target=serve, args=(connection, number), daemon=True).start()"
    );
    let mut peer = Peer::python_code(&code);
    peer.place = peer.line().trim_start_matches("ready ").to_string();
    peer
}

#[test]
fn a_connection_that_the_server_closed_meanwhile_is_made_anew() {
    // Each connection is good for one response, and is closed when the next request has come.
    let peer = odd_server(
        "    head(connection); connection.sendall(ok); head(connection); connection.close()",
    );
    let output = client(
        "stale",
        &base_of(&peer),
        "| client |
client := ZnClient new.
3 timesRepeat: [ say value: (client get: base) ].
say value: ([ client post: base contents: 'x' ] on: ConnectionClosed do: [ :e | e class ])",
    );
    assert_eq!(output, "ok\nok\nok\nConnectionClosed\n");
}

#[test]
fn responses_that_are_none() {
    let table = [
        ("connection.close()", "ConnectionClosed"),
        ("head(connection); connection.close()", "ConnectionClosed"),
        (
            "head(connection); connection.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Le'); connection.close()",
            "ConnectionClosed",
        ),
        (
            "head(connection); connection.sendall(ok[:-1]); connection.close()",
            "ConnectionClosed",
        ),
        (
            "head(connection); connection.sendall(ok[:-1]); time.sleep(50)",
            "ConnectionTimedOut",
        ),
        ("head(connection); time.sleep(50)", "ConnectionTimedOut"),
        (
            "head(connection); connection.sendall(b'220 ready\\r\\n'); time.sleep(50)",
            "ZnParseError",
        ),
        (
            "head(connection); connection.sendall(b'HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n5\\r\\nab'); connection.close()",
            "ConnectionClosed",
        ),
        (
            "head(connection); connection.sendall(b'HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nxx\\r\\nab'); connection.close()",
            "ZnParseError",
        ),
        (
            "head(connection); connection.sendall(b'x' * 100000); connection.close()",
            "ZnLineTooLong",
        ),
        (
            "head(connection); connection.sendall(b'HTTP/1.1 100 Continue\\r\\n\\r\\nHTTP/1.1 103 Early\\r\\nX: y\\r\\n\\r\\n' + ok); time.sleep(50)",
            "ok",
        ),
        (
            "head(connection); connection.sendall(b'HTTP/1.0 200 OK\\r\\nContent-Type: text/plain\\r\\n\\r\\nall'); connection.close()",
            "all",
        ),
        (
            "head(connection); connection.sendall(b'HTTP/1.1 200 OK\\nContent-Type: text/plain\\nContent-Length: 2\\n\\nlf'); time.sleep(50)",
            "lf",
        ),
    ];
    for (body, expected) in table {
        let peer = odd_server(&format!("    {body}"));
        let output = client(
            "odd",
            &base_of(&peer),
            "say value: ([ ZnClient new timeout: 0.3; get: base ] on: Error do: [ :e | e class ])",
        );
        assert_eq!(output, format!("{expected}\n"), "{body}");
    }
}

const WEBSOCKET_SERVER: &str = "server delegate: (ZnWebSocketDelegate map: '/echo' to: [ :socket |
    socket maximumMessageSize: 1000000; runWith: [ :message | socket sendMessage: message ] ]).
server delegate map: '/push' to: [ :socket | 1 to: 3 do: [ :i | socket sendText: i printString ] ].
server delegate defaultDelegate: ZnDefaultServerDelegate new.";

#[test]
fn pythons_websockets_speak_with_our_server() {
    both("websocket-server", WEBSOCKET_SERVER, |peer| {
        let connect = match peer.place.starts_with('/') {
            true => format!(
                "websockets.unix_connect('{}', 'ws://localhost%s')",
                peer.place
            ),
            false => format!("websockets.connect('ws://{}%s')", peer.place),
        };
        let code = format!(
            "import asyncio, websockets
def connect(path, **options): return eval(\"{connect}\".replace('%s', path).replace(\"')\", \"', **options)\"), dict(websockets=websockets, options=options))
async def main():
    async with connect('/echo', max_size=None, compression='deflate') as socket:
        for message in ['hello', 'h\\u00e4 \\u20ac \\U0001F600', '', b'', bytes(range(256)), b'x' * 125, b'x' * 126, b'x' * 65535, b'x' * 65536, b'y' * 900000]:
            await socket.send(message)
            assert await socket.recv() == message
        await socket.send(['pieces ', 'of ', 'one'])
        print(await socket.recv())
        await asyncio.wait_for(await socket.ping(b'payload'), 30)
        await socket.close(1001, 'bye')
        print(socket.close_code)
    async with connect('/push') as socket:
        print([message async for message in socket], socket.close_code)
    async with connect('/echo') as socket:
        try:
            await socket.send(b'x' * 1000001)
            await socket.recv()
        except websockets.ConnectionClosed as closed: print(closed.code)
    try: await connect('/nowhere')
    except websockets.InvalidStatusCode as refused: print(refused.status_code)
asyncio.run(main())"
        );
        let output = Peer::python_code(&code).finish();
        assert_eq!(
            output,
            "pieces of one\n1001\n['1', '2', '3'] 1000\n1009\n404\n"
        );
        assert_eq!(curl(peer, &["URL/bytes/2"]), "AA");
    });
}

#[test]
fn our_websocket_speaks_with_pythons_server() {
    let scratch = Scratch::new("websocket-client");
    let path = scratch.path("s");
    let code = format!(
        "import asyncio, websockets
async def serve(socket):
    if socket.path == '/bye': return await socket.close(4000, 'bye')
    if socket.path == '/pieces': return await socket.send(['one ', 'two ', 'thr\\u00e9e'])
    await socket.ping(b'are you there')
    async for message in socket: await socket.send(message)
async def main():
    async with websockets.serve(serve, '127.0.0.1', 0, max_size=None) as server, websockets.unix_serve(serve, '{path}', max_size=None):
        print('ready 127.0.0.1:%d' % server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()
asyncio.run(main())"
    );
    let mut peer = Peer::python_code(&code);
    let place = peer.line().trim_start_matches("ready ").to_string();
    for base in [
        format!("ws://{place}"),
        format!("ws+unix://{}", path.replace('/', "%2F")),
    ] {
        let output = client(
            "websocket-client",
            &base,
            "| socket got |
socket := ZnWebSocket to: base , '/echo'.
socket timeout: 30.
#( 0 1 125 126 65535 65536 500000 ) do: [ :size |
    socket sendByteArray: (ByteArray new: size withAll: 7).
    got := socket readMessage.
    say value: (got size = size and: [ got allSatisfy: [ :each | each = 7 ] ]) ].
socket sendText: 'hä €'. say value: socket readMessage.
socket sendTextFrames: #( 'a' 'b' 'c' ). say value: socket readMessage.
socket sendPing: 'x'. socket sendText: 'after the ping'. say value: socket readMessage.
socket close. say value: socket closeCode.
socket := ZnWebSocket to: base , '/pieces'. say value: socket readMessage.
say value: ([ socket readMessage ] on: ConnectionClosed do: [ :closed | socket closeCode ]).
socket := ZnWebSocket to: base , '/bye'.
socket runWith: [ :message | say value: message ]. say value: socket closeCode.",
        );
        let expected = "true\ntrue\ntrue\ntrue\ntrue\ntrue\ntrue\nhä €\nabc\nafter the ping\n1000\none two thrée\n1000\n4000\n";
        assert_eq!(output, expected);
    }
}
