//! What is wrong with the sources of the tests, as outcomes: a build server must not take a file that does not compile
//! for one without tests.

use super::outcome::{Outcome, Verdict};
use crate::loader::LoadError;
use crate::loader::package::Report;
use crate::vm::run::RunError;
use crate::vm::trace::Frame;
use crate::vm::{CompileFailure, Unhandled};
use std::time::Duration;

/// What is wrong with packages.
pub fn of_packages(report: &Report) -> Vec<Outcome> {
    let unreadable = report
        .unreadable
        .iter()
        .map(|text| outcome("packages", "reading", message(text)));
    let failures = report.failures.iter().map(of_failure);
    let errors = report
        .errors
        .iter()
        .filter_map(|failed| of_error(&failed.what, &failed.error));
    unreadable.chain(failures).chain(errors).collect()
}

/// What is wrong with a file that was run.
pub fn of_file(name: &str, error: &LoadError) -> Vec<Outcome> {
    match error {
        LoadError::Source(error) => error.failures.iter().map(of_failure).collect(),
        LoadError::Run(error) => of_error(name, error).into_iter().collect(),
    }
}

fn of_failure(failure: &CompileFailure) -> Outcome {
    let file = failure.file.as_deref().unwrap_or("source");
    let first = failure.mistakes.first();
    let unhandled = Unhandled {
        class: first.map_or("", |m| m.code).to_string(),
        message: failure.message.clone(),
        frames: vec![Frame {
            file: Some(file.into()),
            line: failure.line,
            column: failure.column,
            ..Frame::default()
        }],
        ..Unhandled::default()
    };
    outcome(file, "compiling", unhandled)
}

/// Stops end the run, and are told by it.
fn of_error(what: &str, error: &RunError) -> Option<Outcome> {
    match error {
        RunError::Unhandled(error) => Some(outcome(what, "loading", error.clone())),
        RunError::Stopped(_) => None,
    }
}

fn message(text: &str) -> Unhandled {
    Unhandled {
        message: text.to_string(),
        ..Unhandled::default()
    }
}

fn outcome(suite: &str, name: &str, failure: Unhandled) -> Outcome {
    Outcome {
        suite: suite.to_string(),
        name: name.to_string(),
        is_example: false,
        verdict: Verdict::Error,
        time: Duration::ZERO,
        failure,
        values: None,
        output: String::new(),
    }
}
