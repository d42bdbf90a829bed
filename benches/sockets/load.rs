//! The neutral client: the same for every server, in plain Rust with nothing but the standard
//! library. Writes 1024 bytes on every connection, then takes all the answers, and so on; prints the
//! seconds that took. Arguments: path or port, connections, requests of each.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Instant;

fn load<S: Read + Write>(mut connections: Vec<S>, requests: usize) {
    let message = [b'a'; 1024];
    let mut answer = [0; 1024];
    let start = Instant::now();
    for _ in 0..requests {
        for connection in &mut connections {
            connection.write_all(&message).expect("a server");
        }
        for connection in &mut connections {
            connection.read_exact(&mut answer).expect("an answer");
            assert_eq!(message, answer);
        }
    }
    println!("{:.6}", start.elapsed().as_secs_f64());
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, place, connections, requests] = &arguments[..] else {
        panic!("load PLACE CONNECTIONS REQUESTS");
    };
    let (count, requests) = (0..connections.parse().unwrap(), requests.parse().unwrap());
    if let Ok(port) = place.parse::<u16>() {
        load(count.map(|_: usize| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect(), requests);
    } else {
        load(count.map(|_: usize| UnixStream::connect(place).unwrap()).collect(), requests);
    }
}
