//! The only door to the outside: time, randomness, standard streams, files, signals, sockets. Owns
//! every descriptor and every thread of one interpreter; must never know a Smalltalk object. Several
//! hosts live side by side in one process: there is no static and no thread-local state.

pub mod clock;
pub mod files;
pub mod library_files;
#[cfg(feature = "net")]
pub mod net;
pub mod poller;
pub mod random;
pub mod signals;
pub mod stdio;
pub mod sys;
#[cfg(feature = "tls")]
pub mod tls;

use clock::Clock;
use poller::{Event, Poller, Waker};
use std::time::{Duration, Instant};
use stdio::Stdio;

/// The token under which standard input is watched; no socket has it.
#[cfg(feature = "net")]
const STDIN: u64 = u64::MAX - 1;

/// The bit that marks the number of a semaphore which is signalled once and then forgotten. No
/// program can name such a number.
pub const ONCE: u32 = 1 << 31;

/// What the program may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Make sockets and look names up.
    pub network: bool,
    /// Read files and list directories.
    pub read_files: bool,
    /// Create, change and remove files.
    pub write_files: bool,
    /// Start other programs.
    pub processes: bool,
}

impl Capabilities {
    /// Everything: the default of the command line.
    pub fn all() -> Self {
        Capabilities {
            network: true,
            read_files: true,
            write_files: true,
            processes: true,
        }
    }

    /// Nothing: the default of the library.
    pub fn none() -> Self {
        Capabilities {
            network: false,
            read_files: false,
            write_files: false,
            processes: false,
        }
    }
}

/// The host gave no permission for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied;

/// The outside of one interpreter.
pub struct Host {
    /// Clocks.
    pub clock: Clock,
    /// Standard input, output and error.
    pub stdio: Stdio,
    /// Sockets and names.
    #[cfg(feature = "net")]
    pub net: net::Net,
    /// TLS sessions.
    #[cfg(feature = "tls")]
    pub tls: tls::Tls,
    /// What the program may do.
    pub capabilities: Capabilities,
    poller: Poller,
    events: Vec<Event>,
    #[cfg_attr(not(feature = "net"), allow(dead_code))]
    stdin_semaphore: u32,
    signals: Vec<u32>,
}

impl Host {
    /// A host with the given permissions and streams. Fails only when the process is out of
    /// descriptors.
    pub fn new(capabilities: Capabilities, stdio: Stdio) -> std::io::Result<Self> {
        let poller = Poller::new()?;
        Ok(Host {
            clock: Clock::default(),
            stdio,
            #[cfg(feature = "net")]
            net: net::Net::new(poller.clone(), capabilities.network),
            #[cfg(feature = "tls")]
            tls: tls::Tls::new(),
            capabilities,
            poller,
            events: Vec::new(),
            stdin_semaphore: 0,
            signals: Vec::new(),
        })
    }

    /// Wakes this host's `poll` from other threads.
    pub fn waker(&self) -> Waker {
        self.poller.waker()
    }

    /// Files, within the permissions.
    pub fn files(&self) -> files::Files<'_> {
        files::Files::new(&self.capabilities)
    }

    /// The end of the program: output is written, every socket is closed, and with it the files of
    /// local servers. Call it before a process ends without dropping its interpreters.
    pub fn close(&mut self) {
        self.stdio.flush();
        #[cfg(feature = "net")]
        self.net.close_all();
    }

    /// Waits until a socket, a look-up, standard input or another thread reports something, or the
    /// time is over (`None`: no limit; zero: only looks). May return early. Semaphores to signal
    /// are ready afterwards. Output is flushed before a wait.
    pub fn poll(&mut self, timeout: Option<Duration>) {
        let timeout = self.shortened(timeout);
        if timeout != Some(Duration::ZERO) {
            self.stdio.flush();
        }
        let mut events = std::mem::take(&mut self.events);
        self.poller.poll(timeout, &mut events);
        #[cfg(feature = "net")]
        {
            for event in &events {
                if event.token == STDIN {
                    self.signals.push(std::mem::take(&mut self.stdin_semaphore));
                } else {
                    self.net.on_event(*event);
                }
            }
            self.net.after_poll();
        }
        events.clear();
        self.events = events;
    }

    /// The timeout within which the host's own deadlines are met.
    fn shortened(&self, timeout: Option<Duration>) -> Option<Duration> {
        if self.has_signals() {
            return Some(Duration::ZERO);
        }
        let Some(deadline) = self.next_deadline() else {
            return timeout;
        };
        let own = deadline.saturating_duration_since(Instant::now());
        Some(timeout.map_or(own, |wanted| wanted.min(own)))
    }

    /// When the host itself has something to do although nothing is reported.
    pub fn next_deadline(&self) -> Option<Instant> {
        #[cfg(feature = "net")]
        return self.net.next_deadline();
        #[cfg(not(feature = "net"))]
        None
    }

    /// Whether semaphores wait to be signalled.
    pub fn has_signals(&self) -> bool {
        #[cfg(feature = "net")]
        let sockets = self.net.has_signals();
        #[cfg(not(feature = "net"))]
        let sockets = false;
        sockets || !self.signals.is_empty()
    }

    /// The indices of the semaphores to signal now, each as often as it occurs.
    pub fn take_signals(&mut self) -> Vec<u32> {
        let signals = std::mem::take(&mut self.signals);
        #[cfg(feature = "net")]
        let signals = if signals.is_empty() {
            self.net.take_signals()
        } else {
            [signals, self.net.take_signals()].concat()
        };
        signals
    }

    /// Asks for a signal of the semaphore when standard input can be read. Answers false when that
    /// cannot be watched (a build without sockets, an embedder's reader): then just read.
    pub fn arm_stdin(&mut self, semaphore: u32) -> bool {
        #[cfg(feature = "net")]
        if self.stdio.reads_process() && self.poller.arm_once(std::io::stdin(), STDIN).is_ok() {
            self.stdin_semaphore = semaphore;
            return true;
        }
        let _ = semaphore;
        false
    }
}

#[cfg(all(test, feature = "net"))]
mod tests;
