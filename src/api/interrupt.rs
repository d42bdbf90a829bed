//! Stopping a machine from another thread or from a signal handler.

use crate::host::poller::Waker;
use crate::vm::signal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Reaches into a running machine. What it asks for happens within a millisecond or so, also while the machine waits or
/// an answer is converted. If nothing runs, the next call is meant: a stop ends it before it begins, and an interrupt is
/// over with it when it was too short.
///
/// ```
/// use chirp::{ErrorKind, Smalltalk, Stop};
/// use std::{thread, time::Duration};
///
/// let mut st = Smalltalk::new();
/// let handle = st.interrupt_handle();
/// let watchdog = thread::spawn(move || {
///     thread::sleep(Duration::from_millis(50));
///     handle.stop();
/// });
/// let error = st.eval::<()>("[ [ true ] whileTrue: [ ] ] on: Exception do: [ ]").unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Stopped { why: Stop::Interrupt, .. }));
/// watchdog.join().unwrap();
/// assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
/// ```
#[derive(Clone)]
pub struct InterruptHandle {
    pub(super) signals: Arc<AtomicU32>,
    pub(super) waker: Waker,
}

impl InterruptHandle {
    /// Signals a `UserInterrupt` in the running Process: Smalltalk may handle it, as it does Ctrl-C. Where an answer is
    /// converted, nobody could: that is stopped.
    ///
    /// ```
    /// let mut st = chirp::Smalltalk::new();
    /// st.interrupt_handle().interrupt();
    /// let caught: bool = st.eval("[ [ true ] whileTrue. false ] on: UserInterrupt do: [:e | true ]")?;
    /// assert!(caught);
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn interrupt(&self) {
        self.set(signal::INTERRUPT);
    }

    /// Stops what runs. No handler sees that. Clean-up blocks run, for a quarter of a second at most; another stop ends
    /// them as well.
    pub fn stop(&self) {
        self.set(signal::STOP);
    }

    /// Takes back what has not happened yet.
    pub fn clear(&self) {
        self.signals
            .fetch_and(!(signal::INTERRUPT | signal::STOP), Ordering::AcqRel);
    }

    fn set(&self, bit: u32) {
        self.signals.fetch_or(bit, Ordering::AcqRel);
        self.waker.wake();
    }
}

impl std::fmt::Debug for InterruptHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InterruptHandle").finish_non_exhaustive()
    }
}
