//! The poller of a build without sockets: it can only wait for time and for a wake-up.

use super::Event;
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
struct Shared {
    woken: Mutex<bool>,
    changed: Condvar,
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
        *self
            .shared
            .woken
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.changed.notify_all();
    }
}

/// Waits for time only.
#[derive(Clone, Debug)]
pub struct Poller {
    shared: Arc<Shared>,
}

impl Poller {
    /// A new poller; cannot fail here, can in the form with sockets.
    pub fn new() -> std::io::Result<Self> {
        Ok(Poller {
            shared: Arc::default(),
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

    /// Waits until `wake` is called or the time is over.
    pub fn wait(&self, timeout: Option<Duration>) {
        self.poll(timeout, &mut Vec::new());
    }

    /// Waits until `wake` is called or the time is over. Never reports an event.
    pub fn poll(&self, timeout: Option<Duration>, _events: &mut Vec<Event>) {
        let guard = self
            .shared
            .woken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut guard = match timeout {
            None => {
                let wait = self.shared.changed.wait_while(guard, |woken| !*woken);
                wait.unwrap_or_else(PoisonError::into_inner)
            }
            Some(time) => {
                let wait = self
                    .shared
                    .changed
                    .wait_timeout_while(guard, time, |woken| !*woken);
                wait.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        *guard = false;
    }
}
