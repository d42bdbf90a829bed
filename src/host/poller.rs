//! Waiting: the one place where the interpreter's thread sleeps. Owns the epoll instance (or, in a
//! build without `net`, a condition variable) and the wake-up for other threads. Must never know
//! what the descriptors mean: it reports tokens.

#[cfg(feature = "net")]
mod epoll;
#[cfg(not(feature = "net"))]
mod timer;

#[cfg(feature = "net")]
pub use epoll::{Poller, Waker};
#[cfg(not(feature = "net"))]
pub use timer::{Poller, Waker};

/// Something happened to a registered descriptor. Edge-triggered: reported once per change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What the descriptor was registered with.
    pub token: u64,
    /// There may be something to read (data, a connection, the end).
    pub readable: bool,
    /// What can be read may be the end: the peer shut its output down, went away or failed.
    pub ended: bool,
    /// There may be room to write.
    pub writable: bool,
    /// The peer went away or an error is pending.
    pub closed: bool,
}
