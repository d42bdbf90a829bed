//! Our HTTP client and WebSockets against the programs of others: Python's http.server and websockets, nginx, and servers
//! that answer oddly. Over TCP and over the paths of Unix sockets alike.

#![cfg(feature = "cli")]

mod peers;
#[path = "peers/web.rs"]
mod web;

use peers::{Peer, Scratch, program, server_at_free_port};
use std::process::Command;
use web::{base_of, both, client, curl};

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
