//! Exceptions that nobody handled, with what else is known of them; those of Processes for whose answer nobody waited are
//! kept until somebody asks.
//!
//! Owns how many are kept and how large each may be: a program must not fill memory with its failures.

use super::host_methods::BoxError;
use super::{Unhandled, Vm};
use crate::memory::{Value, Visitor};

/// Kept, at most. The first ones: what comes later mostly follows from them.
const MOST: usize = 100;
/// Bytes of a message that are kept.
const MESSAGE: usize = 4000;
/// Bytes that are kept of a name; lines of source that are longer are not kept.
const LINE: usize = 400;

/// An exception that nobody handled.
pub struct Failure {
    pub told: Unhandled,
    /// What was denied, and the option that permits it, if it was that.
    pub denied: Option<(String, String)>,
    /// The Rust error that belonged to it.
    pub source: Option<BoxError>,
    /// The exception itself; nil where there is none, or memory got short.
    pub exception: Value,
}

/// Those that ended Processes in the background.
#[derive(Default)]
pub struct Failures {
    pub kept: Vec<Failure>,
    /// How many there were beyond those.
    pub omitted: usize,
}

impl Failures {
    /// One more.
    pub fn keep(&mut self, failure: Failure) {
        match self.is_full() {
            true => self.omitted += 1,
            false => self.kept.push(failure),
        }
    }

    fn is_full(&self) -> bool {
        self.kept.len() >= MOST
    }

    pub(super) fn visit(&mut self, visitor: &mut dyn Visitor) {
        for failure in &mut self.kept {
            visitor.value(&mut failure.exception);
        }
    }

    /// There is more need of the memory that the exceptions hold.
    pub(super) fn let_go(&mut self) {
        for failure in &mut self.kept {
            failure.exception = Value::NIL;
        }
    }
}

impl Vm {
    /// What is known of an exception, which is nil if there is none. Takes its Rust error away.
    pub fn failure(&mut self, told: Unhandled, exception: Value) -> Failure {
        let is_there = !exception.is_nil();
        Failure {
            told,
            denied: is_there.then(|| self.denied_by(exception)).flatten(),
            source: is_there.then(|| self.take_host_error(exception)).flatten(),
            exception,
        }
    }

    /// An unhandled exception in a Process that nobody called: told at once where somebody listens.
    pub(crate) fn note_background_failure(&mut self, mut told: Unhandled, exception: Value) {
        if let Some(hook) = self.failure_hook {
            return hook(self, told);
        }
        if self.background_failures.is_full() {
            // Its Rust error goes when the exception does, where code of its owner may run.
            self.background_failures.omitted += 1;
            return;
        }
        told.shorten();
        let mut failure = self.failure(told, exception);
        if let Some((what, option)) = &mut failure.denied {
            cut(what, MESSAGE);
            cut(option, MESSAGE);
        }
        self.background_failures.keep(failure);
    }
}

impl Unhandled {
    /// Keeps the beginning of what is long.
    pub(super) fn shorten(&mut self) {
        cut(&mut self.message, MESSAGE);
        cut(&mut self.class, LINE);
        for frame in &mut self.frames {
            cut(&mut frame.name, LINE);
            if frame.source.len() > LINE {
                frame.source = String::new();
            }
        }
    }
}

/// Shortens a text that takes more bytes, and says so with an ellipsis.
fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text.shrink_to_fit();
}
