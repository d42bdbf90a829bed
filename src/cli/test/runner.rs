//! Runs tests one by one, each as a call of its own into the machine, so that whatever a test does ends
//! nothing but that test.
//!
//! The Smalltalk side is `TestRun`; this side keeps the time, and what a test writes.

use super::capture::Capture;
use super::outcome::{Outcome, Verdict};
use super::tell::Tally;
use super::{Options, sources};
use crate::cli::progress::Progress;
use crate::cli::session::{Ending, Session};
use crate::cli::{exit, load};
use crate::host::clock::now;
use crate::loader::LoadError;
use crate::loader::package::Skipped;
use crate::memory::Value;
use crate::vm::run::RunError;
use crate::vm::{Stop, Unhandled};

/// Microseconds for what belongs to no single test, and for a test until it has said how long it may take.
const PATIENCE: u64 = 60_000_000;
/// Microseconds to clean up behind a test that was stopped.
const CLEANING: u64 = 1_000_000;

/// What code is called that the runner itself evaluates.
const NAME: &str = "test";

/// The tests of the classes that are loaded from now on.
pub struct Runner<'a> {
    pub session: &'a mut Session,
    pub options: &'a Options,
    pub tally: Tally,
    pub progress: Progress,
    /// There is something that the options choose.
    pub found: bool,
}

impl Runner<'_> {
    /// Notes which classes there are already: their tests are not meant.
    pub fn start(&mut self) -> Result<(), Ending> {
        self.session.evaluate(NAME, "TestRun start").map(drop)
    }

    /// The test classes that are there already are meant as well.
    pub fn start_with_all(&mut self) -> Result<(), Ending> {
        let code = "TestRun startWithAll";
        self.session.evaluate(NAME, code).map(drop)
    }

    /// Runs the tests of the classes with these names; Err if the session cannot go on.
    pub fn run(&mut self, is_meant: impl Fn(&str) -> bool) -> Result<(), Ending> {
        let code = "TestRun current classesToRun collect: [ :each | each name asString ]";
        let value = self.session.evaluate(NAME, code)?;
        let classes = texts(self.session, value);
        for (number, class) in (1..).zip(classes).filter(|(_, class)| is_meant(class)) {
            self.run_class(&class, number)?;
        }
        Ok(())
    }

    fn run_class(&mut self, class: &str, number: usize) -> Result<(), Ending> {
        let code = format!("TestRun current namesOfTestsAt: {number}");
        let (names, outcome) = self.watched(Outcome::new(class, "suite"), &code)?;
        let Some(names) = names else {
            return self.tell(outcome);
        };
        let all = texts(self.session, names);
        let wanted: Vec<(usize, &String)> = (1..)
            .zip(&all)
            .filter(|(_, name)| self.options.wants(&format!("{class}>>{name}")))
            .collect();
        self.found |= !wanted.is_empty();
        if self.options.list {
            for (_, name) in wanted {
                self.session.say(&format!("{class}>>{name}\n"));
            }
            return Ok(());
        }
        self.progress.more(wanted.len());
        for (number, name) in wanted {
            self.run_test(class, name, number)?;
        }
        let resources = Outcome::new(class, "resources");
        let (done, outcome) = self.watched(resources, "TestRun current finishClass")?;
        match done {
            Some(_) => Ok(()),
            None => self.tell(outcome),
        }
    }

    fn run_test(&mut self, class: &str, name: &str, number: usize) -> Result<(), Ending> {
        self.progress
            .next(self.session, &format!("{class}>>{name}"));
        let code = format!("TestRun current runTestAt: {number}");
        let (report, mut outcome) = self.watched(Outcome::new(class, name), &code)?;
        let Some(report) = report else {
            return self.tell(outcome);
        };
        let report = texts(self.session, report);
        let kept = std::mem::take(&mut self.session.vm.kept_failures);
        let background = std::mem::take(&mut self.session.vm.background_failures.kept);
        let verdict = report.first().map_or("", String::as_str);
        outcome.verdict = match verdict {
            "passed" if background.is_empty() => Verdict::Passed,
            "skipped" => Verdict::Skipped,
            "expected" => Verdict::Expected,
            "failed" | "unexpected" => Verdict::Failed,
            _ => Verdict::Error,
        };
        outcome.failure = match verdict {
            "unexpected" => failure("it passed, and was expected to fail"),
            "" => failure_of_a_killed_process(),
            _ => kept
                .into_iter()
                .chain(background.into_iter().map(|f| f.told))
                .next()
                .unwrap_or_default(),
        };
        if let [_, actual, expected] = report.as_slice()
            && verdict == "failed"
            && !(actual == "nil" && expected == "nil")
        {
            outcome.values = Some((actual.clone(), expected.clone()));
        }
        self.tell(outcome)
    }

    /// Says which classes of the packages are not there: their tests did not run, and must not pass for good ones.
    pub fn tell_left_out(&mut self, classes: &[Skipped]) {
        let style = self.session.style;
        for skipped in classes {
            let outcome = sources::of_class(skipped);
            let place = format!("{}:{}", skipped.file, skipped.line);
            let text = style.headline(format_args!("{place}: {}", outcome.failure.message));
            self.session.complain(&text);
            self.tally.left_out.push(outcome);
        }
        if classes.iter().any(Skipped::lacks_a_class) {
            self.session
                .complain(&format!("  = help: {}\n", load::HELP));
        }
    }

    /// Counts an outcome, and says what is to be said of it. Err if somebody wants the run to end.
    pub fn tell(&mut self, outcome: Outcome) -> Result<(), Ending> {
        let interrupted = outcome.failure.class == "UserInterrupt";
        if let Some(text) = self.tally.add(outcome, self.session.style) {
            self.progress.clear(self.session);
            self.session.complain(&text);
        }
        match self.session.signals.ended_by() {
            Some(number) => Err(Ending::Exit(exit::SIGNAL + number)),
            None if interrupted => Err(Ending::Exit(exit::SIGNAL + 2)),
            None => Ok(()),
        }
    }

    /// Evaluates code that runs some of the tests' own, for this outcome. Answers its value, and what came of it: that it
    /// was an error, if there is no value. Err if nothing at all can go on, which then came of it.
    pub fn watched(
        &mut self,
        mut outcome: Outcome,
        code: &str,
    ) -> Result<(Option<Value>, Outcome), Ending> {
        let vm = &mut self.session.vm;
        vm.kept_failures.clear();
        vm.background_failures = Default::default();
        let (capture, began) = (Capture::default(), now());
        let output = std::mem::replace(&mut vm.host.stdio.output, capture.output());
        vm.limits.cut_off = Some(vm.time_spent().saturating_add(PATIENCE));
        let result = vm.evaluate(NAME, code);
        outcome.time = began.elapsed();
        vm.limits.cut_off = None;
        vm.host.stdio.output.flush();
        if !result.as_ref().is_ok_and(|v| vm.heap.is_pointers(*v)) {
            vm.limits.cut_off = Some(vm.time_spent().saturating_add(CLEANING));
            // What cannot even be cleaned up stays as it is.
            let _ = vm.evaluate(NAME, "TestRun current abandon");
            vm.limits.cut_off = None;
        }
        vm.host.stdio.output = output;
        outcome.output = capture.text();
        match result {
            Ok(value) => Ok((Some(value), outcome)),
            Err(error) => {
                outcome.failure = match self.unexpected(error, &outcome) {
                    Ok(failure) => failure,
                    Err((stop, ending)) => {
                        outcome.failure = failure(self.session.called(stop));
                        self.tally.outcomes.push(outcome);
                        return Err(ending);
                    }
                };
                Ok((None, outcome))
            }
        }
    }

    /// Why a test did not come to its end; Err if nothing at all can go on, which is told then.
    fn unexpected(&mut self, error: LoadError, of: &Outcome) -> Result<Unhandled, (Stop, Ending)> {
        Ok(match error {
            LoadError::Run(RunError::Unhandled(failure)) => failure,
            LoadError::Source(error) => failure(error.failures.first().map_or("", |f| &f.message)),
            LoadError::Run(RunError::Stopped(stop)) => match stop {
                Stop::Exit(code) => {
                    failure(&format!("it ended the program, with exit code {code}"))
                }
                Stop::Depth => failure("calls are nested too deeply"),
                Stop::Deadlock => failure_of_a_killed_process(),
                Stop::Deadline if self.session.is_in_time() => Unhandled {
                    class: "TestTookTooMuchTime".into(),
                    message: format!(
                        "it could not be ended, and was cut off after {:.1} s",
                        of.time.as_secs_f64()
                    ),
                    ..Unhandled::default()
                },
                stop => {
                    self.progress.clear(self.session);
                    let ending = self.session.stopped(stop);
                    if self.session.signals.ended_by().is_none() {
                        let at = format!("note: it was in {}\n", of.title());
                        self.session.complain(&at);
                    }
                    return Err((stop, ending));
                }
            },
        })
    }
}

fn failure_of_a_killed_process() -> Unhandled {
    failure("its Process was ended, or waits for something that cannot happen")
}

fn failure(message: &str) -> Unhandled {
    Unhandled {
        message: message.to_string(),
        ..Unhandled::default()
    }
}

/// The elements of an Array as texts.
fn texts(session: &Session, array: Value) -> Vec<String> {
    let heap = &session.vm.heap;
    if !heap.is_pointers(array) {
        return Vec::new();
    }
    let text = |i| session.vm.string_value(heap.slot(array, i));
    (0..heap.slots(array))
        .map(|i| text(i).unwrap_or_else(|| "nil".into()))
        .collect()
}
