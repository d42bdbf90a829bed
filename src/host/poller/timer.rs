//! The poller of a build without sockets: it can only wait for time and for a wake-up. Waking is a flag and a byte in a
//! pipe, never a lock: a signal handler may do it to the thread that it has interrupted, whatever that was doing.

use super::Event;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[derive(Debug)]
struct Shared {
    /// There is one byte in the pipe, or will be at once. So it never fills up, and nobody waits for room in it.
    woken: AtomicBool,
    reader: PipeReader,
    writer: PipeWriter,
}

/// Wakes a sleeping poller from any thread.
#[derive(Clone, Debug)]
pub struct Waker {
    shared: Arc<Shared>,
}

impl Waker {
    /// Whether nobody else has it any more.
    pub fn is_forgotten(&self) -> bool {
        Arc::strong_count(&self.shared) == 1
    }

    /// Ends the current or the next sleep.
    pub fn wake(&self) {
        if !self.shared.woken.swap(true, Ordering::AcqRel) {
            // It cannot be full, and its reader lives as long.
            let _ = (&self.shared.writer).write_all(&[1]);
        }
    }
}

/// Waits for time only.
#[derive(Clone, Debug)]
pub struct Poller {
    shared: Arc<Shared>,
}

impl Poller {
    /// A new poller. Fails when there are too many open descriptors.
    pub fn new() -> std::io::Result<Self> {
        let (reader, writer) = std::io::pipe()?;
        let woken = AtomicBool::new(false);
        Ok(Poller {
            shared: Arc::new(Shared {
                woken,
                reader,
                writer,
            }),
        })
    }

    /// The handle that other threads wake this poller with.
    pub fn waker(&self) -> Waker {
        Waker {
            shared: self.shared.clone(),
        }
    }

    /// Nothing is watched here: whoever waits has to look again.
    pub fn arm_for(&self, _fd: impl AsFd, _token: u64, _input: bool, _output: bool) -> bool {
        false
    }

    /// Nothing is watched here.
    pub fn forget(&self, _fd: impl AsFd) {}

    /// Waits until `wake` is called or the time is over. An interrupted wait is an end of waiting.
    pub fn wait(&self, timeout: Option<Duration>) {
        // Who does not want to wait asks nobody: this is done again and again while Processes take turns.
        if timeout != Some(Duration::ZERO) {
            // Rounded up, or a wait for half a millisecond would spin.
            let milliseconds = timeout.map(|t| t.as_micros().div_ceil(1000));
            let timeout = milliseconds.map_or(PollTimeout::NONE, |t| {
                PollTimeout::try_from(t).unwrap_or(PollTimeout::MAX)
            });
            let fd = PollFd::new(self.shared.reader.as_fd(), PollFlags::POLLIN);
            let _ = poll(&mut [fd], timeout);
        }
        if self.shared.woken.load(Ordering::Acquire) {
            // First the byte, then the flag: or the next one could come on top of it. Who has found the flag set asked for
            // something before, which the caller sees now.
            let _ = (&self.shared.reader).read_exact(&mut [0]);
            self.shared.woken.swap(false, Ordering::AcqRel);
        }
    }

    /// `wait`, in the form of the poller that reports something.
    pub fn poll(&self, timeout: Option<Duration>, _events: &mut Vec<Event>) {
        self.wait(timeout);
    }
}
