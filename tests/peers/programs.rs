//! Programs of others that the tests talk to: finding them, and starting servers until they are ready.

use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{GUARD, Peer, kill};

/// A program by its name, wherever Debian puts it: servers are not always on the path of everybody.
///
/// # Panics
/// When it is not installed; the message says what installs it.
pub fn program(name: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let found = folders.iter().map(|f| f.join(name)).find(|f| f.is_file());
    Command::new(found.unwrap_or_else(|| panic!("{name} is missing: install it with tests/setup")))
}

/// Debian's Python, which is the one that has Debian's modules, or the first on the path.
pub fn python_interpreter() -> Command {
    match std::path::Path::new("/usr/bin/python3") {
        debian if debian.is_file() => Command::new(debian),
        _ => program("python3"),
    }
}

/// Starts a server that is told where to listen: a path of a Unix socket, or `127.0.0.1:PORT`.
/// It takes connections on return.
///
/// # Panics
/// When it ends, or does not take connections within the time for a test.
pub fn server(command: Command, place: &str) -> Peer {
    try_server(command, place).unwrap_or_else(|why| panic!("{why}"))
}

/// Starts a server at a port that is free now. Somebody else may take it before the server does;
/// then there is another one.
pub fn server_at_free_port(command: impl Fn(u16) -> Command) -> Peer {
    let mut reasons = String::new();
    for _ in 0..5 {
        let port = free_port();
        match try_server(command(port), &format!("127.0.0.1:{port}")) {
            Ok(peer) => return peer,
            Err(why) => reasons.push_str(&why),
        }
    }
    panic!("{reasons}");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn try_server(mut command: Command, place: &str) -> Result<Peer, String> {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let mut peer = Peer::of(child, Ending::Interrupted);
    peer.place = place.to_string();
    match peer.until_it_takes_connections_at(place) {
        Ok(()) => Ok(peer),
        Err(why) => Err(format!("{command:?} {why}: {}\n", peer.finish())),
    }
}

impl Peer {
    /// For a server that listens at a second place.
    ///
    /// # Errors
    /// When it has ended, or the time for a test is over; then it is killed.
    pub fn until_it_takes_connections_at(&mut self, place: &str) -> Result<(), String> {
        let deadline = Instant::now() + GUARD;
        while !takes_connections(place) {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("ended, {status}"));
            }
            if Instant::now() > deadline {
                let _ = self.child.kill();
                return Err(format!("takes no connections at {place}"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

fn takes_connections(place: &str) -> bool {
    if place.starts_with('/') {
        UnixStream::connect(place).is_ok()
    } else {
        TcpStream::connect(place).is_ok()
    }
}

/// How a peer is brought to its end when nobody needs it any more.
pub enum Ending {
    /// It is a process by itself.
    Killed,
    /// It has processes and memory of its own to give back; it is killed if it takes too long.
    Interrupted,
}

impl Ending {
    pub fn bring_to(&self, child: &mut Child) {
        if let Ending::Interrupted = self {
            kill(child.id(), "-INT");
            let deadline = Instant::now() + Duration::from_secs(10);
            while let Ok(None) = child.try_wait() {
                if Instant::now() > deadline {
                    break;
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}
