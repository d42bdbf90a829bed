//! What was evaluated for the person at the keyboard, and what came of it: from this the prompt knows what to save.
//!
//! Only remembers. Runs nothing, and keeps no value alive.

use crate::vm::Vm;
use crate::vm::run::RunError;
use crate::vm::trace::Frame;
use std::path::PathBuf;

/// Something that was entered and began to run.
#[derive(Debug)]
pub enum Entered {
    Text {
        text: String,
        outcome: Outcome,
    },
    /// A file that is no script, or a package.
    Loaded(PathBuf),
}

/// What came of a text.
#[derive(Debug)]
pub enum Outcome {
    /// It ran to its end. If its value is a class: the name of that.
    Done(Option<String>),
    Failed(Failure),
}

/// What ended an evaluation, and where in its text.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// The exception's class and message, or why the machine was stopped; one line.
    pub message: String,
    /// Where the statement was that ran, from 1; 0 when that is not known.
    pub line: usize,
    pub column: usize,
}

impl Failure {
    /// What an error was to the text of this name.
    pub fn of(vm: &Vm, error: &RunError, name: &str) -> Failure {
        match error {
            RunError::Unhandled(error) => {
                let first = error.message.lines().next().unwrap_or_default();
                let message = match first {
                    "" => error.class.clone(),
                    _ => format!("{}: {first}", error.class),
                };
                Failure::at(message, error.frames.last(), name)
            }
            RunError::Stopped(_) => {
                let at = vm.stopped_at();
                Failure::at("stopped".to_string(), at.frames.last(), name)
            }
        }
    }

    /// The outermost frame is that of the text itself.
    fn at(message: String, frame: Option<&Frame>, name: &str) -> Failure {
        let own = frame.filter(|f| f.file.as_deref() == Some(name));
        Failure {
            message,
            line: own.map_or(0, |f| f.line),
            column: own.map_or(0, |f| f.column),
        }
    }
}
