//! How errors read: one line, or that line with source, carets and trace.
//!
//! Makes text only.

use super::error::{Error, ErrorKind, Trace};
use crate::vm::Stop;
use crate::vm::trace::Frame;
use std::fmt::{Debug, Display, Formatter, Result};

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.kind() {
            ErrorKind::Syntax { .. } if f.alternate() && !self.rendered().is_empty() => {
                f.write_str(self.rendered().trim_end())
            }
            ErrorKind::Syntax { errors, .. } => match errors.first() {
                Some(e) => {
                    write!(f, "{} at ", e.message)?;
                    place(f, e.file.as_deref(), e.line, e.column)
                }
                None => f.write_str("the source text was refused"),
            },
            ErrorKind::Unhandled {
                class,
                message,
                trace,
                ..
            } => {
                f.write_str(class)?;
                if !message.is_empty() {
                    write!(f, ": {message}")?;
                }
                long(f, trace)
            }
            ErrorKind::Denied { message, trace, .. } => {
                write!(f, "PermissionDenied: {message}")?;
                long(f, trace)
            }
            ErrorKind::Host { message, trace } => {
                f.write_str(message)?;
                long(f, trace)
            }
            ErrorKind::Stopped { why, trace } => {
                f.write_str(reason(*why))?;
                long(f, trace)
            }
            ErrorKind::Exit(code) => write!(f, "the program ended itself with exit code {code}"),
            ErrorKind::Conversion { expected, found } => {
                write!(f, "expected {expected}, found {found}")
            }
            ErrorKind::Arity { what, takes, given } => {
                let s = if *takes == 1 { "" } else { "s" };
                write!(f, "{what} takes {takes} argument{s}, not {given}")
            }
            ErrorKind::InUse { class } => {
                write!(
                    f,
                    "the Rust value of this {class} is in use: it is receiver and argument in one"
                )
            }
            ErrorKind::Uncopyable { class } => write!(
                f,
                "{class} cannot be copied: its Rust value belongs to one object"
            ),
            ErrorKind::Definition { what } => write!(f, "no class: {what}"),
            ErrorKind::Image { what } => write!(f, "no image: {what}"),
            ErrorKind::Several { errors } if f.alternate() => {
                let mut errors = errors.iter();
                errors
                    .next()
                    .map_or(Ok(()), |first| write!(f, "{first:#}"))?;
                errors.try_for_each(|error| write!(f, "\n\n{error:#}"))
            }
            ErrorKind::Several { errors } => match &errors[..] {
                [first, rest @ ..] => write!(f, "{first} (and {} more)", rest.len()),
                [] => f.write_str("nothing went wrong"),
            },
            ErrorKind::Omitted { count: 1 } => f.write_str("one more Process ended with an error"),
            ErrorKind::Omitted { count } => write!(f, "{count} more Processes ended with errors"),
            ErrorKind::ForeignHandle => f.write_str("this object belongs to another machine"),
            ErrorKind::Ended => f.write_str("this program has ended already"),
            ErrorKind::NotFound { what } => write!(f, "there is no {what}"),
            ErrorKind::Broken { panic } => {
                write!(f, "the machine panicked and cannot go on: {panic}")
            }
        }
    }
}

impl Debug for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        // What `unwrap` and `main` print: for people.
        write!(f, "{self:#}")
    }
}

fn reason(why: Stop) -> &'static str {
    match why {
        Stop::Fuel => "stopped: out of fuel",
        Stop::Memory => "stopped: out of memory",
        Stop::Depth => "stopped: too many nested calls",
        Stop::Deadline => "stopped: out of time",
        Stop::Interrupt => "stopped: interrupted",
        Stop::Deadlock => "stopped: every Process waits for something that cannot happen",
        Stop::Exit(_) => "stopped: the program ended itself",
        Stop::Signal(_) => "stopped by a signal",
    }
}

fn place(f: &mut Formatter<'_>, file: Option<&str>, line: usize, column: usize) -> Result {
    if let Some(file) = file.filter(|name| !name.is_empty()) {
        write!(f, "{file}:")?;
    }
    write!(f, "{line}:{column}")
}

/// The trace, where the long form is wanted.
fn long(f: &mut Formatter<'_>, trace: &Trace) -> Result {
    if !f.alternate() {
        return Ok(());
    }
    let gap_at = (trace.omitted() > 0).then_some(trace.frames().len() / 2);
    let mut hidden = 0;
    for (i, frame) in trace.frames().iter().enumerate() {
        if gap_at == Some(i) {
            gap(f, std::mem::take(&mut hidden), " in the library")?;
            gap(f, trace.omitted(), "")?;
        }
        if frame.library {
            hidden += 1;
            continue;
        }
        gap(f, std::mem::take(&mut hidden), " in the library")?;
        activation(f, frame)?;
    }
    gap(f, hidden, " in the library")
}

fn gap(f: &mut Formatter<'_>, count: usize, what: &str) -> Result {
    match count {
        0 => Ok(()),
        1 => write!(f, "\n  … 1 frame{what}"),
        n => write!(f, "\n  … {n} frames{what}"),
    }
}

/// Name and place, the line of source, and a caret below the place in it.
fn activation(f: &mut Formatter<'_>, frame: &Frame) -> Result {
    write!(f, "\n  {}", frame.name)?;
    if frame.line == 0 {
        return Ok(());
    }
    f.write_str("  ")?;
    place(f, frame.file.as_deref(), frame.line, frame.column)?;
    let (source, blanks) = chirp_grammar::shown_line(&frame.source, frame.column);
    if source.is_empty() {
        return Ok(());
    }
    write!(f, "\n      {source}")?;
    match blanks {
        Some(blanks) => write!(f, "\n      {blanks}^"),
        None => Ok(()),
    }
}
