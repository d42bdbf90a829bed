//! Tests of the host layer with real descriptors. Nothing here asserts elapsed time; every wait has
//! a guard of 60 seconds against hanging.

mod datagrams;
mod local;
mod names;
mod streams;
#[cfg(feature = "tls")]
mod tls;
mod units;
mod waiting;

use super::net::{Address, Handle, Semaphores, Status};
use super::stdio::Stdio;
use super::{Capabilities, Host};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A host with a guard, numbering semaphores as it goes.
struct World {
    host: Host,
    next: u32,
    heard: Vec<u32>,
}

const STREAM: i64 = 0;
const DATAGRAM: i64 = 1;
const LOCAL: i64 = 1;
const INET4: i64 = 2;

impl World {
    fn new() -> World {
        let host = Host::new(Capabilities::all(), Stdio::none()).expect("a host");
        World {
            host,
            next: 1,
            heard: Vec::new(),
        }
    }

    fn semaphores(&mut self) -> Semaphores {
        let first = self.next;
        self.next += 3;
        Semaphores {
            connection: first,
            read: first + 1,
            write: first + 2,
        }
    }

    fn socket(&mut self, domain: i64, kind: i64) -> Handle {
        let semaphores = self.semaphores();
        self.host
            .net
            .create(domain, kind, semaphores)
            .expect("a socket")
    }

    /// Polls until the condition holds.
    fn until(&mut self, what: &str, mut condition: impl FnMut(&mut World) -> bool) {
        let guard = Instant::now() + Duration::from_secs(60);
        while !condition(self) {
            assert!(Instant::now() < guard, "hangs: {what}");
            self.host.poll(Some(Duration::from_millis(200)));
            let signals = self.host.take_signals();
            self.heard.extend(signals);
        }
    }

    /// Delivers what is there now.
    fn settle(&mut self) {
        for _ in 0..3 {
            self.host.poll(Some(Duration::from_millis(1)));
            let signals = self.host.take_signals();
            self.heard.extend(signals);
        }
    }

    fn status(&mut self, handle: Handle) -> Status {
        self.host.net.status(handle)
    }

    /// A listener on a port that the system chooses, with its address.
    fn tcp_listener(&mut self, backlog: i64) -> (Handle, Address) {
        let listener = self.socket(INET4, STREAM);
        let address = Address::inet4([127, 0, 0, 1].into(), 0);
        self.host.net.bind(listener, &address, None).expect("bind");
        self.host.net.listen(listener, backlog).expect("listen");
        let bound = self
            .host
            .net
            .local_address(listener)
            .expect("handle")
            .expect("address");
        (listener, bound)
    }

    fn local_listener(&mut self, path: &std::path::Path, backlog: i64) -> (Handle, Address) {
        let listener = self.socket(LOCAL, STREAM);
        let address = local_address(path);
        self.host.net.bind(listener, &address, None).expect("bind");
        self.host.net.listen(listener, backlog).expect("listen");
        (listener, address)
    }

    fn connect(&mut self, domain: i64, address: &Address) -> Handle {
        let client = self.socket(domain, STREAM);
        self.host.net.connect(client, address).expect("connect");
        client
    }

    fn accept(&mut self, listener: Handle) -> Handle {
        self.until("accept", |world| {
            world.status(listener) == Status::Connected
        });
        let semaphores = self.semaphores();
        self.host.net.accept(listener, semaphores).expect("accept")
    }

    /// Two connected TCP sockets.
    fn tcp_pair(&mut self) -> (Handle, Handle) {
        let (listener, address) = self.tcp_listener(5);
        let client = self.connect(0, &address);
        self.until("connect", |world| world.status(client) == Status::Connected);
        let server = self.accept(listener);
        self.host.net.destroy(listener);
        (client, server)
    }

    /// Receives exactly that many bytes.
    fn receive(&mut self, handle: Handle, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.until("receive", |world| {
            let mut buffer = vec![0u8; count - bytes.len()];
            let got = world
                .host
                .net
                .receive(handle, &mut buffer)
                .expect("receive");
            bytes.extend_from_slice(&buffer[..got]);
            bytes.len() == count
        });
        bytes
    }
}

fn local_address(path: &std::path::Path) -> Address {
    use std::os::unix::ffi::OsStrExt;
    Address::local_path(path.as_os_str().as_bytes()).expect("a short path")
}

/// A directory that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("host-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory");
        Scratch(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
