//! Prints the milliseconds of a first evaluation, of one in a second interpreter, and of fib(27).

mod peer;

use peer::Peer;
use std::time::Instant;

fn milliseconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e3
}

fn first() {
    assert_eq!(Peer::new().seven(), 7);
}

fn main() {
    let (one, two) = (milliseconds(first), milliseconds(first));
    let mut peer = Peer::new();
    peer.define_fib();
    let runs = (0..9).map(|_| milliseconds(|| assert_eq!(peer.fib(), 196_418)));
    let fib = runs.fold(f64::INFINITY, f64::min);
    println!("{one} {two} {fib}");
}
