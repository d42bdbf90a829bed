//! A program in the host's own event loop: one `poll` waits for the host's socket and for all that the program waits
//! for. `cargo run --example embed_poll`.

use chirp::{Obj, Progress, Smalltalk};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::time::Instant;

/// Adds up what the host receives; a second Process lets time pass meanwhile.
const PROGRAM: &str = "
    | sum line |
    sum := 0.
    [ [ true ] whileTrue: [ (Delay forMilliseconds: 2) wait. Ticks signal ] ] fork.
    [ (line := Inbox next) = 'end' ] whileFalse: [ sum := sum + line asInteger ].
    Ticks wait.
    sum";

pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut st = Smalltalk::new();
    let inbox: Obj = st.eval("Smalltalk at: #Ticks put: Semaphore new. SharedQueue new")?;
    st.set_global("Inbox", &inbox)?;
    // The host's socket, and somebody at its other end.
    let (socket, peer) = UnixDatagram::pair()?;
    let client = std::thread::spawn(move || {
        let send = |line: &str| peer.send(line.as_bytes()).map(drop);
        ["20", "22", "end"].into_iter().try_for_each(send)
    });
    let mut run = st.start(PROGRAM)?;
    let mut received = 0;
    let sum = loop {
        let waiting = match run.step::<i64>(&mut st, 5_000)? {
            Progress::Done(sum) => break sum,
            Progress::OutOfFuel => continue, // or draw a frame, look after others, …
            Progress::Waiting(waiting) => waiting,
        };
        let left = waiting.until().map(|at| at - Instant::now());
        let timeout = match left {
            Some(left) => PollTimeout::try_from(left.as_millis() + 1)?,
            None => PollTimeout::NONE,
        };
        let mut sources = [
            PollFd::new(socket.as_fd(), PollFlags::POLLIN),
            PollFd::new(waiting.as_fd(), PollFlags::POLLIN),
        ];
        poll(&mut sources, timeout)?;
        if sources[0].any() == Some(true) {
            let mut line = [0; 16];
            let size = socket.recv(&mut line)?;
            inbox.send::<()>(&mut st, "nextPut:", (std::str::from_utf8(&line[..size])?,))?;
            received += 1;
        }
    };
    client.join().expect("it does not panic")?;
    println!("{sum} from {received} messages");
    assert_eq!((sum, received), (42, 3));
    Ok(())
}
