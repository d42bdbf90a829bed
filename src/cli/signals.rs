//! What signals do to the program: Ctrl-C interrupts, SIGTERM and SIGHUP end it.
//!
//! The first one becomes an exception, so that ensure blocks run; a second one stops the machine. A third one ends the
//! process where it stands: it may be waiting for somebody to read its output. After SIGTERM, time does the same.
//! Owns that rule and its memory of what arrived; what is printed and answered stands in `session`.

use super::exit;
use crate::host::{clock, signals};
use crate::vm::{Vm, signal};
use nix::sys::signal::Signal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// How long a program that was asked to end may take for it, and then the machine that was stopped.
const GRACE: Duration = Duration::from_secs(3);

/// What has arrived.
pub struct Received {
    /// The number of the signal that ends the program; 0 before one arrives.
    ended_by: Arc<AtomicU32>,
    /// Ctrl-Cs since they were last forgotten.
    interrupts: Arc<AtomicU32>,
    /// Whether there is a prompt, which Ctrl-C returns to and never ends.
    prompts: Arc<AtomicBool>,
}

impl Received {
    /// Listens from now on, for this machine. Where there will be a prompt, Ctrl-C belongs to it, also in a terminal
    /// that a script started in the background: that one's children all ignore SIGINT.
    pub fn listen(vm: &mut Vm, will_prompt: bool) -> std::io::Result<Received> {
        let received = Received {
            ended_by: Arc::default(),
            interrupts: Arc::default(),
            prompts: Arc::default(),
        };
        let (ended_by, interrupts) = (received.ended_by.clone(), received.interrupts.clone());
        let (prompts, mut ends) = (received.prompts.clone(), 0);
        let (flags, waker) = (vm.signals.clone(), vm.host.waker());
        let watched = vm.host.watch_signals();
        let always: &[Signal] = if will_prompt { &[Signal::SIGINT] } else { &[] };
        signals::install(vm.host.waker(), watched, always, move |arrived| {
            let number = arrived as u32;
            let before = if arrived == Signal::SIGINT {
                interrupts.fetch_add(1, Ordering::AcqRel)
            } else {
                ended_by.store(number, Ordering::Release);
                ends += 1;
                ends - 1
            };
            let leave = move || std::process::exit(exit::SIGNAL + number as i32);
            match before {
                0 => flags.fetch_or(signal::INTERRUPT, Ordering::AcqRel),
                2.. if arrived != Signal::SIGINT || !prompts.load(Ordering::Acquire) => leave(),
                _ => flags.fetch_or(signal::STOP, Ordering::AcqRel),
            };
            if before == 0 && arrived != Signal::SIGINT {
                let (flags, waker) = (flags.clone(), waker.clone());
                let stop = move || {
                    clock::sleep(GRACE);
                    flags.fetch_or(signal::STOP, Ordering::AcqRel);
                    waker.wake();
                    clock::sleep(GRACE);
                    leave();
                };
                // Without the thread, more signals still end what does not end by itself.
                let _ = std::thread::Builder::new().name("end".into()).spawn(stop);
            }
        })?;
        Ok(received)
    }

    /// The number of the signal that ends the program, once one arrived.
    pub fn ended_by(&self) -> Option<i32> {
        let number = self.ended_by.load(Ordering::Acquire);
        (number != 0).then_some(number as i32)
    }

    /// There is a prompt again: forgets earlier Ctrl-Cs, so that the next one is the first.
    pub fn forget_interrupts(&self) {
        self.prompts.store(true, Ordering::Release);
        self.interrupts.store(0, Ordering::Release);
    }
}
