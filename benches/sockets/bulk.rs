//! Sends a number of megabytes through a pair of Unix sockets, in pieces of 256 KB, with nothing but
//! the standard library. Prints the seconds that took. Arguments: megabytes; `threads` for a thread
//! at each end, `turns` for one thread that is sender and receiver in turn, as the two Processes of
//! bulk.st are.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

const PIECE: usize = 256 << 10;

fn threads(mut sender: UnixStream, mut receiver: UnixStream, pieces: usize) -> usize {
    let sending = std::thread::spawn(move || {
        let piece = vec![97; PIECE];
        for _ in 0..pieces {
            sender.write_all(&piece).expect("a receiver");
        }
    });
    let mut buffer = vec![0; PIECE];
    let mut total = 0;
    loop {
        match receiver.read(&mut buffer).expect("a sender") {
            0 => break,
            count => total += count,
        }
    }
    sending.join().expect("no panic");
    total
}

fn turns(mut sender: UnixStream, mut receiver: UnixStream, pieces: usize) -> usize {
    sender.set_nonblocking(true).expect("a socket");
    receiver.set_nonblocking(true).expect("a socket");
    let (piece, mut buffer) = (vec![97; PIECE], vec![0; PIECE]);
    let (mut sent, mut total) = (0, 0);
    while total < pieces * PIECE {
        while sent < pieces * PIECE {
            match sender.write(&piece[sent % PIECE..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        loop {
            match receiver.read(&mut buffer) {
                Ok(count) => total += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
    total
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, megabytes, form] = &arguments[..] else {
        panic!("bulk MEGABYTES threads|turns");
    };
    let pieces = megabytes.parse::<usize>().expect("a number") * 4;
    let (sender, receiver) = UnixStream::pair().expect("a pair");
    let start = Instant::now();
    let total = match form.as_str() {
        "threads" => threads(sender, receiver, pieces),
        _ => turns(sender, receiver, pieces),
    };
    assert_eq!(total, pieces * PIECE);
    println!("{:.6}", start.elapsed().as_secs_f64());
}
