//! The chat server among the examples, with many kinds of guests: nc, quick ones, one that never
//! reads, one that goes away in the middle of a line.

#![cfg(feature = "cli")]

mod peers;

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Duration;

use peers::{Peer, Scratch, program};

/// A connection of either kind.
trait Connection: Read + Write {}
impl Connection for UnixStream {}
impl Connection for TcpStream {}

struct Guest {
    connection: BufReader<Box<dyn Connection>>,
}

impl Guest {
    fn connect(place: &str) -> Guest {
        let guard = Some(Duration::from_secs(60));
        let connection: Box<dyn Connection> = match place.strip_prefix("unix:") {
            Some(path) => {
                let stream = UnixStream::connect(path).expect("a connection");
                stream.set_read_timeout(guard).expect("a guard");
                Box::new(stream)
            }
            None => {
                let place = place.replace("0.0.0.0", "127.0.0.1");
                let stream = TcpStream::connect(place).expect("a connection");
                stream.set_read_timeout(guard).expect("a guard");
                Box::new(stream)
            }
        };
        Guest {
            connection: BufReader::new(connection),
        }
    }

    /// Goes in under a name, and hears who is there.
    fn enter(place: &str, name: &str) -> (Guest, String) {
        let mut guest = Guest::connect(place);
        assert_eq!(guest.hears(), "* your name?");
        guest.says(name);
        let welcome = guest.hears();
        (guest, welcome)
    }

    fn says(&mut self, line: &str) {
        self.says_without_end(&format!("{line}\n"));
    }

    fn says_without_end(&mut self, text: &str) {
        let connection = self.connection.get_mut();
        connection
            .write_all(text.as_bytes())
            .expect("the room listens");
    }

    /// The next line; nothing at the end.
    fn hears(&mut self) -> String {
        let mut line = String::new();
        match self.connection.read_line(&mut line) {
            Ok(_) => line.trim_end_matches('\n').to_string(),
            Err(e) if e.kind() == ErrorKind::ConnectionReset => String::new(),
            Err(e) => panic!("{e}"),
        }
    }
}

fn room(place: &str) -> Peer {
    Peer::example("examples/chat_server.st", &[place])
}

/// One guest's lines stand at the left, and the other's to the right of them. Those of the room begin with a star, or with
/// who says them.
#[test]
fn the_chat_of_the_readme_is_true() {
    let folder = Scratch::new("chat-readme");
    let path = folder.path("sp");
    let room = room(&path);
    let readme = include_str!("../README.md");
    let block = readme.split("```text\n").nth(1).expect("the chat");
    let block = block.split("```").next().unwrap_or_default();
    let mut guests: [Option<Guest>; 2] = [None, None];
    for line in block.lines() {
        let said = line.trim_start();
        let guest =
            guests[usize::from(said != line)].get_or_insert_with(|| Guest::connect(&room.place));
        match said.starts_with("* ") || said.starts_with("bob: ") {
            true => assert_eq!(guest.hears(), said),
            false => guest.says(said),
        }
    }
    assert!(
        guests.iter().all(Option::is_some) && block.contains("bob: "),
        "{block}"
    );
}

#[test]
fn guests_with_nc_talk_until_the_room_closes() {
    let scratch = Scratch::new("chat-nc");
    let path = scratch.path("s");
    let mut room = room(&path);
    let mut nc = program("nc.openbsd")
        .args(["-U", &path])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("nc");
    let mut typing = nc.stdin.take().expect("a pipe");
    let mut screen = BufReader::new(nc.stdout.take().expect("a pipe")).lines();
    let mut shows = || screen.next().expect("a line").expect("text");
    assert_eq!(shows(), "* your name?");
    writeln!(typing, "ada").expect("nc reads");
    assert_eq!(shows(), "* welcome; here are: ada");

    let (mut bob, welcome) = Guest::enter(&room.place, "bob");
    assert_eq!(welcome, "* welcome; here are: ada, bob");
    assert_eq!(shows(), "* bob has joined");
    bob.says("grüße, ada");
    assert_eq!(shows(), "bob: grüße, ada");
    write!(typing, "hello, bob\r\n/who\n").expect("nc reads");
    assert_eq!(bob.hears(), "ada: hello, bob");
    assert_eq!(shows(), "* here are: ada, bob");

    let mut second = Guest::connect(&room.place);
    second.hears();
    second.says("bob");
    assert_eq!(
        second.hears(),
        "* that one is taken, or too long; another one?"
    );
    second.says("carl");
    drop(second);

    bob.says("/quit");
    assert_eq!(shows(), "* carl has joined");
    assert_eq!(shows(), "* carl has left");
    assert_eq!(shows(), "* bob has left");

    room.terminate();
    assert_eq!(shows(), "* the room closes");
    assert_eq!(room.wait(), Some(143));
    assert!(nc.wait().expect("the end of nc").success());
    assert!(
        !std::path::Path::new(&path).exists(),
        "the socket file is left behind"
    );
}

#[test]
fn one_that_never_reads_is_shown_out_and_keeps_nobody_waiting() {
    let scratch = Scratch::new("chat-deaf");
    for place in [scratch.path("s"), "0".to_string()] {
        let room = room(&place);
        let (mut ada, _) = Guest::enter(&room.place, "ada");
        let (mut bob, _) = Guest::enter(&room.place, "bob");
        let (_deaf, _) = Guest::enter(&room.place, "deaf");
        assert_eq!(ada.hears(), "* bob has joined");
        assert_eq!(ada.hears(), "* deaf has joined");
        assert_eq!(bob.hears(), "* deaf has joined");
        // Every line reaches Bob, in order, whatever happens to the other one.
        let mut is_there = true;
        let mut count = 0;
        while is_there {
            assert!(count < 100_000, "nobody has been shown out");
            for each in count..count + 100 {
                ada.says(&format!("{each} {}", "x".repeat(900)));
            }
            for each in count..count + 100 {
                let mut line = bob.hears();
                if line == "* deaf has left" {
                    is_there = false;
                    line = bob.hears();
                }
                assert!(line.starts_with(&format!("ada: {each} x")), "{line}");
            }
            count += 100;
        }
        assert_eq!(ada.hears(), "* deaf has left");
        bob.says("still here");
        assert_eq!(ada.hears(), "bob: still here");
    }
}

#[test]
fn one_that_goes_away_in_the_middle_of_a_line_has_not_said_it() {
    let scratch = Scratch::new("chat-middle");
    for place in [scratch.path("s"), "0".to_string()] {
        let room = room(&place);
        let (mut ada, _) = Guest::enter(&room.place, "ada");
        // At every point: without a word, within the name, behind it, within a line.
        for text in ["", "ev", "eve\n", "eve\nhalf a li"] {
            let mut eve = Guest::connect(&room.place);
            eve.says_without_end(text);
            drop(eve);
            if text.contains('\n') {
                assert_eq!(ada.hears(), "* eve has joined");
                assert_eq!(ada.hears(), "* eve has left");
            }
        }
        ada.says("/who");
        assert_eq!(ada.hears(), "* here are: ada");
    }
}

#[test]
fn fifty_guests_hear_each_other() {
    let room = room("0");
    let mut guests: Vec<Guest> = (0..50)
        .map(|each| Guest::enter(&room.place, &format!("guest {each}")).0)
        .collect();
    for (index, guest) in guests.iter_mut().enumerate() {
        for each in index + 1..50 {
            assert_eq!(guest.hears(), format!("* guest {each} has joined"));
        }
    }
    for speaker in [0, 24, 49] {
        guests[speaker].says("hello");
        for (index, guest) in guests.iter_mut().enumerate() {
            if index != speaker {
                assert_eq!(guest.hears(), format!("guest {speaker}: hello"));
            }
        }
    }
}
