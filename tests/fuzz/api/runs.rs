//! Programs in slices: several in a machine, stepped in any order, dropped and terminated midway, also elsewhere.

use super::*;
use chirp::{Progress, Run, Waiting};

/// Runs at a time, and things that are waited for.
const RUNS: usize = 5;

pub(super) struct Program {
    run: Run,
    machine: usize,
}

#[derive(Default)]
pub(super) struct Programs {
    runs: Vec<Program>,
    waiting: Vec<Waiting>,
}

impl World<'_> {
    pub(super) fn start(&mut self, at: usize) -> Finding {
        let source = *if self.choices.below(2) == 0 {
            self.choices.pick(RUNNING)
        } else {
            self.choices.pick(SOURCES)
        };
        let run = self.machines[at].st.start(source);
        if let Some(run) = self.told(run)? {
            let machine = self.machines[at].number;
            self.programs.runs.push(Program { run, machine });
            if self.programs.runs.len() > RUNS {
                self.programs.runs.remove(0);
            }
        }
        Ok(())
    }

    /// Takes a step, with whatever machine.
    pub(super) fn slice(&mut self, at: usize) -> Finding {
        if self.programs.runs.is_empty() {
            return self.start(at);
        }
        let which = self.choices.below(self.programs.runs.len());
        let fuel = [0, 1, 7, 100, 2000, 100_000, u64::MAX][self.choices.below(7)];
        let kind = self.choices.below(4);
        let program = &mut self.programs.runs[which];
        let own = program.machine == self.machines[at].number;
        let ended = program.run.has_ended();
        let st = &mut self.machines[at].st;
        let result = match kind {
            0 => program
                .run
                .step::<i64>(st, fuel)
                .map(|p| progress(p, |_| None)),
            1 => program
                .run
                .step::<Vec<Obj>>(st, fuel)
                .map(|p| progress(p, |_| None)),
            _ => program.run.step::<Obj>(st, fuel).map(|p| progress(p, Some)),
        };
        let ends = program.run.has_ended();
        let kind = result.as_ref().err().map(Error::kind);
        if ended {
            require(matches!(kind, Some(ErrorKind::Ended)), || {
                "a step after the end".into()
            })?;
        } else if !own {
            require(
                matches!(kind, Some(ErrorKind::ForeignHandle)) && !ends,
                || format!("a step with another machine: {kind:?}"),
            )?;
        }
        match self.told(result)? {
            Some(Step::Done(object)) => {
                require(ends, || "it is done, and has not ended".into())?;
                if let Some(object) = object {
                    self.keep(at, object, None);
                }
                Ok(())
            }
            Some(Step::Waiting(waiting)) => self.waits(waiting),
            Some(Step::More) | None => Ok(()),
        }
    }

    pub(super) fn pending(&mut self, at: usize) -> Finding {
        let fuel = [0, 10, 5000][self.choices.below(3)];
        let result = self.machines[at].st.run_pending(fuel);
        match self.told(result)? {
            Some(Progress::Waiting(waiting)) => self.waits(waiting),
            _ => Ok(()),
        }
    }

    /// The end of one, by whom and wherever.
    pub(super) fn give_up(&mut self, at: usize) -> Finding {
        if self.programs.runs.is_empty() {
            return Ok(());
        }
        let which = self.choices.below(self.programs.runs.len());
        let Program { run, machine } = self.programs.runs.swap_remove(which);
        match self.choices.below(4) {
            0 => drop(run),
            1 => thread::spawn(move || drop(run))
                .join()
                .map_err(|_| "a dropped run panicked")?,
            _ => {
                let own = machine == self.machines[at].number;
                let ended = run.has_ended();
                let result = run.terminate(&mut self.machines[at].st);
                require(own || ended || result.is_err(), || {
                    "a run ended by another machine".into()
                })?;
                self.told(result)?;
            }
        }
        Ok(())
    }

    /// What is waited for outlives its step, its run, and its machine.
    fn waits(&mut self, waiting: Waiting) -> Finding {
        if let Some(earlier) = self.programs.waiting.pop() {
            earlier.wait(Some(Duration::from_micros(300)));
        }
        let _ = (waiting.until(), format!("{waiting:?}"));
        self.programs.waiting.push(waiting);
        Ok(())
    }
}

enum Step {
    Done(Option<Obj>),
    More,
    Waiting(Waiting),
}

fn progress<T>(progress: Progress<T>, object: impl FnOnce(T) -> Option<Obj>) -> Step {
    match progress {
        Progress::Done(value) => Step::Done(object(value)),
        Progress::OutOfFuel => Step::More,
        Progress::Waiting(waiting) => Step::Waiting(waiting),
    }
}
