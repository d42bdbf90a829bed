//! What is wrong with the sources of the tests, as outcomes: a build server must not take a file that does not compile
//! for one without tests.

use super::outcome::Outcome;
use crate::cli::session::Session;
use crate::loader::LoadError;
use crate::loader::package::{Report, Skipped};
use crate::vm::run::RunError;
use crate::vm::trace::Frame;
use crate::vm::{CompileFailure, Stop, Unhandled};

/// What is wrong with packages.
pub fn of_packages(session: &Session, report: &Report) -> Vec<Outcome> {
    let unreadable = report
        .unreadable
        .iter()
        .map(|text| outcome("packages", "reading", message(text)));
    let failures = report.failures.iter().map(of_failure);
    let errors = report
        .errors
        .iter()
        .map(|failed| of_error(session, &failed.what, &failed.error));
    unreadable.chain(failures).chain(errors).collect()
}

/// What is wrong with a file that was run.
pub fn of_file(session: &Session, name: &str, error: &LoadError) -> Vec<Outcome> {
    match error {
        LoadError::Source(error) => error.failures.iter().map(of_failure).collect(),
        LoadError::Run(error) => vec![of_error(session, name, error)],
    }
}

/// A class that was left out, and its tests with it.
pub fn of_class(skipped: &Skipped) -> Outcome {
    let text = format!("{} is left out: {}", skipped.what, skipped.reason);
    let frame = Frame {
        file: Some(skipped.file.clone()),
        line: skipped.line as usize,
        column: skipped.column as usize,
        ..Frame::default()
    };
    let unhandled = Unhandled {
        frames: vec![frame],
        ..message(&text)
    };
    outcome(&skipped.file, "defining", unhandled)
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

fn of_error(session: &Session, what: &str, error: &RunError) -> Outcome {
    let unhandled = match error {
        RunError::Unhandled(error) => error.clone(),
        RunError::Stopped(Stop::Exit(code)) => {
            message(&format!("it ended the program, with exit code {code}"))
        }
        RunError::Stopped(stop) => message(session.called(*stop)),
    };
    outcome(what, "loading", unhandled)
}

fn message(text: &str) -> Unhandled {
    Unhandled {
        message: text.to_string(),
        ..Unhandled::default()
    }
}

fn outcome(suite: &str, name: &str, failure: Unhandled) -> Outcome {
    Outcome {
        failure,
        ..Outcome::new(suite, name)
    }
}
