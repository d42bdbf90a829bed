//! Signals sent to the process. Only the command line installs this. Must never run code in a signal handler: the
//! signals are blocked in every thread and one thread takes them in turn, so no static and no unsafe code is needed.

use super::poller::Waker;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a program may watch for. Those for the terminal's size, for children and for alarms belong to others.
const TAKEN: [Signal; 6] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// Which signals the program watches for, each with the number of the semaphore that it signals; and which of these
/// have arrived.
#[derive(Clone, Debug, Default)]
pub struct Watched(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    semaphores: Vec<(Signal, u32)>,
    arrived: Vec<u32>,
}

impl Watched {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here is ever half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this signal does nothing but signalling the semaphore of that number. `None` for a signal that
    /// nobody may watch for.
    pub fn watch(&self, name: &str, semaphore: u32) -> Option<()> {
        let signal = named(name)?;
        let mut inner = self.inner();
        inner.semaphores.retain(|&(other, _)| other != signal);
        inner.semaphores.push((signal, semaphore));
        Some(())
    }

    /// From now on this signal does what it does to programs that do not watch for it. Answers the semaphore's number.
    pub fn forget(&self, name: &str) -> Option<u32> {
        let signal = named(name)?;
        let mut inner = self.inner();
        let watched = inner.semaphores.iter().position(|w| w.0 == signal)?;
        Some(inner.semaphores.swap_remove(watched).1)
    }

    /// A signal has arrived; false if nobody watches for it.
    fn arrive(&self, signal: Signal) -> bool {
        let mut inner = self.inner();
        let watched = inner.semaphores.iter().find(|w| w.0 == signal);
        let Some(&(_, semaphore)) = watched else {
            return false;
        };
        inner.arrived.push(semaphore);
        true
    }

    /// The numbers of the semaphores to signal, since the last call.
    pub fn take(&self) -> Vec<u32> {
        std::mem::take(&mut self.inner().arrived)
    }

    /// Whether there are any.
    pub fn has_arrived(&self) -> bool {
        !self.inner().arrived.is_empty()
    }
}

/// A signal by its name, with or without `SIG`.
fn named(name: &str) -> Option<Signal> {
    TAKEN
        .into_iter()
        .find(|s| s.as_str() == name || s.as_str().strip_prefix("SIG") == Some(name))
}

/// Starts to take signals. Call it from the main thread before any other thread exists: threads inherit the block. For
/// SIGINT, SIGTERM and SIGHUP that nobody watches for, `on_signal` runs on the taking thread, for the flag that the
/// machine reads in its counter; then the poller is woken. The others do what they do to any program. What the process
/// was started to ignore (`nohup chirp server.st &` outlives its terminal) stays without effect unless somebody watches
/// for it, or it is among `always`: a signal that is blocked arrives even so.
pub fn install(
    waker: Waker,
    watched: Watched,
    always: &[Signal],
    mut on_signal: impl FnMut(Signal) + Send + 'static,
) -> std::io::Result<()> {
    let mut ignored = SigSet::empty();
    for signal in TAKEN {
        if !always.contains(&signal) && super::sys::signals::is_ignored(signal) {
            ignored.add(signal);
        }
    }
    let set = SigSet::from_iter(TAKEN);
    set.thread_block()?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            // Whoever edits a line has to be stopped at once: see `stopped_by_this_thread`.
            let _ = only(Signal::SIGTSTP).thread_block();
            // An error of sigwait is permanent (a wrong set); there is nothing left to do then.
            while let Ok(signal) = set.wait() {
                if !watched.arrive(signal) {
                    match signal {
                        _ if ignored.contains(signal) => continue,
                        Signal::SIGINT | Signal::SIGTERM | Signal::SIGHUP => on_signal(signal),
                        _ => end_by(signal),
                    }
                }
                waker.wake();
            }
        })?;
    Ok(())
}

/// The signal has the effect that it has by itself: here, this thread lets it through.
fn end_by(signal: Signal) {
    // Where this fails, the signal is without effect, which is the lesser evil.
    let _ = only(signal).thread_unblock();
    let _ = kill(Pid::this(), signal);
}

fn only(signal: Signal) -> SigSet {
    let mut set = SigSet::empty();
    set.add(signal);
    set
}

/// From now on, Ctrl-Z reaches no thread that this one starts, nor this one: another one takes it.
pub fn leave_stops_to_another_thread() -> nix::Result<()> {
    only(Signal::SIGTSTP).thread_block()
}

/// This is that thread. If it sends the signal to the process, it goes on only when the process was stopped and is
/// continued: a signal that some other thread may take comes at some time later.
pub fn stopped_by_this_thread() -> nix::Result<()> {
    only(Signal::SIGTSTP).thread_unblock()
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
