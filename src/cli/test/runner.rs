//! Runs tests one by one, each as a call of its own into the machine, so that whatever a test does ends
//! nothing but that test.
//!
//! The Smalltalk side is `TestRun`; this side counts, and tells what went wrong.

use super::tell::Tally;
use crate::cli::session::{Ending, Session};
use crate::loader::LoadError;
use crate::memory::Value;
use crate::vm::run::RunError;
use crate::vm::{Stop, Unhandled};

/// Microseconds for what belongs to no single test, and for a test until it has said how long it may take.
const PATIENCE: u64 = 60_000_000;

/// What code is called that the runner itself evaluates.
const NAME: &str = "test";

/// The tests of the classes that are loaded from now on.
pub struct Runner {}

impl Runner {
    /// Notes which classes there are already: their tests are not meant.
    pub fn start(session: &mut Session) -> Result<Runner, Ending> {
        session.evaluate(NAME, "TestRun start")?;
        Ok(Runner {})
    }

    /// Runs all tests; Err if the session cannot go on.
    pub fn run(&mut self, session: &mut Session, tally: &mut Tally) -> Result<(), Ending> {
        let classes = "TestRun current classesToRun collect: [ :each | each name asString ]";
        let value = session.evaluate(NAME, classes)?;
        for class in texts(session, value) {
            self.run_class(session, &class, tally)?;
        }
        Ok(())
    }

    fn run_class(
        &mut self,
        session: &mut Session,
        class: &str,
        tally: &mut Tally,
    ) -> Result<(), Ending> {
        let names = match call(session, &format!("TestRun current namesOfTestsOf: {class}")) {
            Ok(value) => texts(session, value),
            Err(error) => {
                tally.errors += 1;
                let failure = unexpected(session, error)?;
                told(session, class, &failure, None);
                return Ok(());
            }
        };
        for (i, name) in names.iter().enumerate() {
            let test = format!("{class}>>{name}");
            self.run_test(session, &test, i + 1, tally)?;
        }
        if let Err(error) = call(session, "TestRun current finishClass") {
            tally.errors += 1;
            let failure = unexpected(session, error)?;
            told(
                session,
                &format!("the resources of {class}"),
                &failure,
                None,
            );
        }
        Ok(())
    }

    fn run_test(
        &mut self,
        session: &mut Session,
        test: &str,
        number: usize,
        tally: &mut Tally,
    ) -> Result<(), Ending> {
        let result = call(session, &format!("TestRun current runTestAt: {number}"));
        let kept = std::mem::take(&mut session.vm.kept_failures);
        let background = std::mem::take(&mut session.vm.background_failures);
        let (outcome, values) = match result {
            Ok(value) => {
                let report = texts(session, value);
                let mut report = report.into_iter();
                let outcome = report.next().unwrap_or_default();
                (outcome, report.next().zip(report.next()))
            }
            Err(error) => {
                tally.errors += 1;
                let failure = unexpected(session, error)?;
                told(session, test, &failure, None);
                return Ok(());
            }
        };
        match outcome.as_str() {
            "passed" if background.is_empty() => tally.passed += 1,
            "skipped" => tally.skipped += 1,
            "expected" => tally.expected += 1,
            "failed" => {
                tally.failed += 1;
                let failure = kept.first().cloned().unwrap_or_default();
                let values = values.filter(|(a, e)| *a != "nil" || *e != "nil");
                told(session, test, &failure, values);
            }
            "unexpected" => {
                tally.failed += 1;
                let failure = Unhandled {
                    message: "it passed, and was expected to fail".into(),
                    ..Unhandled::default()
                };
                told(session, test, &failure, None);
            }
            _ => {
                tally.errors += 1;
                let failure = kept
                    .into_iter()
                    .chain(background)
                    .next()
                    .unwrap_or_default();
                told(session, test, &failure, None);
            }
        }
        Ok(())
    }
}

/// Evaluates code that runs some of the tests' own.
fn call(session: &mut Session, code: &str) -> Result<Value, LoadError> {
    session.vm.kept_failures.clear();
    session.vm.background_failures.clear();
    session.vm.limits.cut_off = Some(session.vm.now().saturating_add(PATIENCE));
    let result = session.vm.evaluate(NAME, code);
    session.vm.limits.cut_off = None;
    if result.is_err() {
        session.vm.limits.cut_off = Some(session.vm.now().saturating_add(1_000_000));
        // What cannot even be cleaned up stays as it is.
        let _ = session.vm.evaluate(NAME, "TestRun current abandon");
        session.vm.limits.cut_off = None;
    }
    result
}

/// Why a test did not come to its end; Err if nothing at all can go on.
fn unexpected(session: &mut Session, error: LoadError) -> Result<Unhandled, Ending> {
    let message = match error {
        LoadError::Run(RunError::Unhandled(failure)) => return Ok(failure),
        LoadError::Source(error) => error.failures.iter().map(|f| f.message.clone()).collect(),
        LoadError::Run(RunError::Stopped(stop)) => match stop {
            Stop::Exit(code) => format!("it ended the program, with exit code {code}"),
            Stop::Depth => "too many nested calls".to_string(),
            Stop::Deadlock => {
                "its Process was ended, or waits for something that cannot happen".to_string()
            }
            Stop::Deadline if session.is_in_time() => "it was cut off: its time was up".to_string(),
            stop => return Err(session.stopped(stop)),
        },
    };
    Ok(Unhandled {
        message,
        ..Unhandled::default()
    })
}

/// The elements of an Array as texts.
fn texts(session: &Session, array: Value) -> Vec<String> {
    let heap = &session.vm.heap;
    if !heap.is_pointers(array) {
        return Vec::new();
    }
    (0..heap.slots(array))
        .map(|i| {
            session
                .vm
                .string_value(heap.slot(array, i))
                .unwrap_or_else(|| "nil".into())
        })
        .collect()
}

/// One line: the place, the test, and what is wrong.
fn told(session: &mut Session, test: &str, failure: &Unhandled, values: Option<(String, String)>) {
    let place = failure
        .frames
        .iter()
        .find(|f| !f.library && f.line > 0)
        .map(|f| match &f.file {
            Some(file) => format!("{file}:{}: ", f.line),
            None => String::new(),
        });
    let what = match values {
        Some((actual, expected)) => format!("expected {expected}, got {actual}"),
        None if failure.class.is_empty() || failure.class == "TestFailure" => {
            failure.message.clone()
        }
        None if failure.message.is_empty() => failure.class.clone(),
        None => format!("{}: {}", failure.class, failure.message),
    };
    let text = session
        .style
        .headline(format_args!("{}{test}: {what}", place.unwrap_or_default()));
    session.complain(&text);
}
