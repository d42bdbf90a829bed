//! What the tests of HTTP share: servers and clients of ours, curl, and bare connections.

// Both test files use a part of this.
#![allow(dead_code)]

use super::peers::{Peer, Run, Scratch, chirp_script, program, run};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A server that echoes, gives bytes, and for a streaming body says how large it was.
pub fn serve(name: &str, place: &str, options: &str) -> Peer {
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

/// Runs curl; the answer is what it prints.
pub fn curl(peer: &Peer, arguments: &[&str]) -> String {
    curl_run(peer, arguments).output.replace('\r', "")
}

pub fn curl_run(peer: &Peer, arguments: &[&str]) -> Run {
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

pub fn both(name: &str, options: &str, check: impl Fn(&Peer)) {
    check(&serve(name, "", options));
    let scratch = Scratch::new(name);
    check(&serve(name, &scratch.path("s"), options));
}

/// A script with `base`, what every URL begins with.
pub fn client(name: &str, base: &str, script: &str) -> String {
    let run = chirp_script(
        name,
        &format!(
            "| say base | say := [ :each | Transcript show: each displayString; cr ]. base := '{base}'.\n{script}"
        ),
    );
    assert_eq!(run.code, Some(0), "{}{}", run.output, run.error);
    run.output
}

pub fn base_of(peer: &Peer) -> String {
    match peer.place.starts_with('/') {
        true => format!("http+unix://{}", peer.place.replace('/', "%2F")),
        false => format!("http://{}", peer.place),
    }
}

pub trait Connection: Read + Write + Send {
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

pub fn connect(peer: &Peer) -> Box<dyn Connection> {
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
