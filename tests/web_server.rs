//! The web server among the examples, asked by curl, and by Python over a WebSocket; at a port and at a path.

#![cfg(feature = "cli")]

mod peers;

use peers::{Peer, Scratch, program, run};

/// Connects to a URL or a path, says so, and prints two messages.
const LISTENER: &str = "
import asyncio, sys, websockets
async def listen():
    place = PLACE
    if place.startswith('/'):
        connection = websockets.unix_connect(place, 'ws://localhost/news')
    else:
        connection = websockets.connect(place.replace('http', 'ws') + 'news')
    async with connection as socket:
        print('listening', flush=True)
        print(await socket.recv(), flush=True)
        print(await socket.recv(), flush=True)
asyncio.run(listen())
";

#[test]
fn notes_are_kept_told_of_and_forgotten() {
    let scratch = Scratch::new("web-server");
    for place in ["0".to_string(), scratch.path("s")] {
        let server = Peer::example("examples/web_server.st", &[&place]);
        let curl = |request: &[&str], path: &str, body: &str| {
            let mut command = program("curl");
            command.args(["-s", "--max-time", "50", "-w", "%{http_code}"]);
            let base = match server.place.strip_prefix('/') {
                Some(_) => {
                    command.args(["--unix-socket", &server.place]);
                    "http://localhost/"
                }
                None => &server.place,
            };
            command.args(request).arg(format!("{base}{path}"));
            run(command, body).output
        };
        assert_eq!(curl(&[], "notes", ""), "200");

        let code = LISTENER.replace("PLACE", &format!("{:?}", server.place));
        let mut listener = Peer::python_code(&code);
        assert_eq!(listener.line(), "listening");
        assert_eq!(curl(&["-T", "-"], "notes/milk", "buy söme\n"), "201");
        assert_eq!(curl(&["-T", "-"], "notes/br%C3%B6d", "bake\n"), "201");
        assert_eq!(listener.finish(), "milk\nbröd\n");

        assert_eq!(curl(&[], "notes", ""), "milk\nbröd\n200");
        assert_eq!(curl(&[], "notes/milk", ""), "buy söme\n200");
        assert_eq!(curl(&["-X", "DELETE"], "notes/milk", ""), "204");
        assert_eq!(curl(&["-X", "DELETE"], "notes/milk", ""), "204");
        assert!(curl(&[], "notes/milk", "").ends_with("404"));
        assert!(curl(&[], "", "").ends_with("404"));
        // The listener has gone: telling nobody is no mistake.
        assert_eq!(curl(&["-T", "-"], "notes/tea", ""), "201");
        assert_eq!(curl(&[], "notes", ""), "bröd\ntea\n200");
    }
}
