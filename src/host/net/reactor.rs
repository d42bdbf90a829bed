//! What sockets need of the outside while they work: the poller, the timers and the list of
//! semaphores to signal. Must never know a socket: it is what sockets are handed.

use super::super::poller::Poller;
use super::gate::Gate;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Deadlines by token. Entries of destroyed sockets stay until their time and are dropped then.
#[derive(Default)]
pub struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u64)>>,
}

impl Timers {
    /// Asks for `on_timer` of the token at the given time.
    pub fn add(&mut self, at: Instant, token: u64) {
        self.heap.push(Reverse((at, token)));
    }

    /// The nearest deadline.
    pub fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes one token whose time has come.
    pub fn take_due(&mut self, now: Instant) -> Option<u64> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, token))| token)
    }
}

/// The surroundings of the sockets of one interpreter.
pub struct Reactor {
    /// Where descriptors are registered.
    pub poller: Poller,
    /// Deadlines of sockets.
    pub timers: Timers,
    /// Semaphores to signal, in order.
    pub signals: Vec<u32>,
    /// What sockets may do, asked right before they do it.
    pub gate: Gate,
}

impl Reactor {
    /// Nothing to do yet.
    pub fn new(poller: Poller, gate: Gate) -> Self {
        Reactor {
            poller,
            timers: Timers::default(),
            signals: Vec::new(),
            gate,
        }
    }

    /// Notes that a semaphore is to be signalled; index 0 means nobody cares.
    pub fn signal(&mut self, semaphore: u32) {
        if semaphore != 0 {
            self.signals.push(semaphore);
        }
    }
}
