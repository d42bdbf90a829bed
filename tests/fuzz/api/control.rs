//! Stops, limits and threads.

use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

impl World<'_> {
    pub(super) fn signal(&mut self, at: usize) -> Finding {
        let kind = self.choices.below(5);
        let pause = Duration::from_micros(self.choices.below(256) as u64 * 20);
        let handle = self.machines[at].st.interrupt_handle();
        match kind {
            0 => handle.interrupt(),
            1 => handle.stop(),
            2 | 3 => {
                let source = *self.choices.pick(SOURCES);
                let other = handle.clone();
                let thread = thread::spawn(move || {
                    thread::sleep(pause);
                    if kind == 2 {
                        other.stop()
                    } else {
                        other.interrupt()
                    }
                });
                self.kept(at, |st| st.eval::<Obj>(source))?;
                thread.join().map_err(|_| "an interrupt panicked")?;
                handle.clear();
            }
            _ => handle.clear(),
        }
        Ok(())
    }

    pub(super) fn limits(&mut self, at: usize) -> Finding {
        let kind = self.choices.below(6);
        let small = self.choices.below(256) as u64;
        let st = &mut self.machines[at].st;
        match kind {
            0 => st.set_fuel(Some(small)),
            1 => st.set_fuel(Some(small * 1000)),
            2 => st.set_fuel(None),
            3 => st.set_timeout(Some(Duration::from_micros(small * 10))),
            4 => st.set_timeout(Some(TIME)),
            _ => {
                st.set_fuel(Some(50_000));
                st.set_timeout(Some(TIME));
            }
        }
        let _ = (st.fuel_used(), st.memory_used(), format!("{st:?}"));
        Ok(())
    }

    /// The machine goes to another thread, works there, and comes back.
    pub(super) fn elsewhere(&mut self, at: usize) -> Finding {
        let source = *self.choices.pick(SOURCES);
        let mut machine = self.machines.swap_remove(at);
        let work = move || {
            let mut answer = None;
            let found = watched(|| {
                answer = Some(machine.st.eval::<Obj>(source));
                Ok(())
            });
            (machine, answer, found)
        };
        let (machine, answer, found) = thread::spawn(work)
            .join()
            .map_err(|_| "a thread panicked")?;
        found?;
        self.machines.push(machine);
        let at = self.machines.len() - 1;
        match answer {
            Some(answer) => self.kept(at, |_| answer),
            None => Ok(()),
        }
    }

    /// Another thread interrupts, stops and takes it back, all the time while the machine does several things.
    pub(super) fn hammered(&mut self, at: usize) -> Finding {
        let handle = self.machines[at].st.interrupt_handle();
        let over = Arc::new(AtomicBool::new(false));
        let pause = Duration::from_micros(self.choices.below(256) as u64);
        let hammer = {
            let (handle, over) = (handle.clone(), over.clone());
            thread::spawn(move || {
                for n in (0..3).cycle() {
                    match n {
                        0 => handle.interrupt(),
                        1 => handle.stop(),
                        _ => handle.clear(),
                    }
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    thread::sleep(pause);
                }
            })
        };
        let mut result = Ok(());
        for _ in 0..4 {
            result = result.and_then(|()| match self.choices.below(6) {
                0 => self.tanks(at),
                1 => self.slice(at),
                2 => self.send(at),
                3 => self.collections(at),
                _ => {
                    let source = *self.choices.pick(SOURCES);
                    self.kept(at, |st| st.eval::<Obj>(source))
                }
            });
        }
        over.store(true, Ordering::Relaxed);
        hammer.join().map_err(|_| "an interrupt panicked")?;
        handle.clear();
        result
    }
}
