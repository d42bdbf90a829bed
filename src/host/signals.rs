//! Signals sent to the process: interrupt, terminate, hang up. Only the command line installs
//! this. Must never run code in a signal handler: the signals are blocked in every thread and one
//! thread takes them in turn, so no static and no unsafe code is needed.

use super::poller::Waker;
use nix::sys::signal::{SigSet, Signal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bit set by SIGINT (Ctrl-C).
pub const INTERRUPT: u32 = 1;
/// Bit set by SIGTERM.
pub const TERMINATE: u32 = 2;
/// Bit set by SIGHUP.
pub const HANG_UP: u32 = 4;

/// What has arrived and was not taken yet.
#[derive(Clone, Debug, Default)]
pub struct PendingSignals {
    bits: Arc<AtomicU32>,
    interrupts: Arc<AtomicU32>,
}

impl PendingSignals {
    /// The bits that arrived since the last call.
    pub fn take(&self) -> u32 {
        self.bits.swap(0, Ordering::AcqRel)
    }

    /// Whether anything waits; cheap enough for every safe point.
    pub fn any(&self) -> bool {
        self.bits.load(Ordering::Relaxed) != 0
    }

    /// How often SIGINT arrived altogether (the second one in a row is not negotiable).
    pub fn interrupt_count(&self) -> u32 {
        self.interrupts.load(Ordering::Relaxed)
    }

    /// Records a signal; what the thread does, and what tests do without one.
    pub fn raise(&self, bit: u32) {
        if bit == INTERRUPT {
            self.interrupts.fetch_add(1, Ordering::Relaxed);
        }
        self.bits.fetch_or(bit, Ordering::AcqRel);
    }
}

/// Starts to take SIGINT, SIGTERM and SIGHUP, except those that the process was started to ignore
/// (`nohup chirp server.st &` outlives its terminal). Call it from the main thread before any other
/// thread exists: threads inherit the block. `on_signal` runs on the taking thread after the bit is
/// set, for the flag that the machine reads in its counter; then the poller is woken.
pub fn install(
    waker: Waker,
    mut on_signal: impl FnMut(u32) + Send + 'static,
) -> std::io::Result<PendingSignals> {
    let pending = PendingSignals::default();
    let mut set = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        if !super::sys::signals::is_ignored(signal) {
            set.add(signal);
        }
    }
    set.thread_block()?;
    let shared = pending.clone();
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            // An error of sigwait is permanent (a wrong set); there is nothing left to do then.
            while let Ok(signal) = set.wait() {
                let bit = match signal {
                    Signal::SIGINT => INTERRUPT,
                    Signal::SIGTERM => TERMINATE,
                    _ => HANG_UP,
                };
                shared.raise(bit);
                on_signal(bit);
                waker.wake();
            }
        })?;
    Ok(pending)
}

/// Raises the soft limit of open files to the hard one: 10,000 sockets need more than 1,024.
/// Answers the new limit. Changes the whole process, so only the command line calls it.
pub fn raise_open_files() -> nix::Result<u64> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(hard)
}
