//! What signals do to the program: Ctrl-C interrupts, SIGTERM and SIGHUP end it.
//!
//! The first one becomes an exception, so that ensure blocks run; a second one stops the machine.
//! Owns that rule and its memory of what arrived; what is printed and answered stands in `session`.

use crate::host::signals;
use crate::vm::{Vm, signal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long a program that was asked to end may take for it.
const GRACE: Duration = Duration::from_secs(3);

/// What has arrived.
pub struct Received {
    /// The number of the signal that ends the program; 0 before one arrives.
    ended_by: Arc<AtomicU32>,
    /// Ctrl-Cs since they were last forgotten.
    interrupts: Arc<AtomicU32>,
}

impl Received {
    /// Listens from now on, for this machine.
    pub fn listen(vm: &Vm) -> std::io::Result<Received> {
        let received = Received {
            ended_by: Arc::default(),
            interrupts: Arc::default(),
        };
        let (ended_by, interrupts) = (received.ended_by.clone(), received.interrupts.clone());
        let (flags, waker) = (vm.signals.clone(), vm.host.waker());
        signals::install(vm.host.waker(), move |arrived| {
            let first = if arrived == signals::INTERRUPT {
                interrupts.fetch_add(1, Ordering::AcqRel) == 0
            } else {
                let number = if arrived == signals::TERMINATE { 15 } else { 1 };
                ended_by.swap(number, Ordering::AcqRel) == 0
            };
            let bit = if first {
                signal::INTERRUPT
            } else {
                signal::STOP
            };
            flags.fetch_or(bit, Ordering::AcqRel);
            if first && arrived != signals::INTERRUPT {
                let (flags, waker) = (flags.clone(), waker.clone());
                let stop = move || {
                    std::thread::sleep(GRACE);
                    flags.fetch_or(signal::STOP, Ordering::AcqRel);
                    waker.wake();
                };
                // Without the thread, a second signal still stops what does not end by itself.
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

    /// Forgets earlier Ctrl-Cs: the next one is the first again.
    pub fn forget_interrupts(&self) {
        self.interrupts.store(0, Ordering::Release);
    }
}
