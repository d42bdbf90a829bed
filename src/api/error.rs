//! The one error type: what went wrong, where, and the Rust error behind it.
//!
//! Owns the kinds and their making. How they read stands in `report`.

use super::object::Obj;
use super::spans::Lines;
use crate::loader::LoadError;
use crate::memory::Value;
use crate::vm::failures::Failure;
use crate::vm::host_methods::BoxError;
use crate::vm::run::RunError;
use crate::vm::stopping::StoppedAt;
use crate::vm::trace::Frame;
use crate::vm::{CompileFailure, Mistake, Outlined, Stop, Unhandled, Vm};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// What every fallible function of this crate answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why there is no answer. One word large, and free to go to any thread.
///
/// `Display` is one line; `{:#}` adds the source with carets, and the trace.
///
/// ```
/// use chirp::{ErrorKind, Smalltalk};
///
/// let mut st = Smalltalk::new();
/// let error = st.eval::<i64>("3 + 4.\nError signal: 'no disk'").unwrap_err();
/// assert_eq!(error.to_string(), "Error: no disk");
/// assert_eq!(error.place().map(|p| (p.line, p.column)), Some((2, 7)));
///
/// let error = st.eval::<i64>("3 + ").unwrap_err();
/// match error.kind() {
///     ErrorKind::Syntax { errors, incomplete } => assert!(*incomplete && errors.len() == 1),
///     other => panic!("{other:?}"),
/// }
/// assert!(format!("{error:#}").contains("1 | 3 +"));
/// ```
///
/// Mistakes and frames tell their bytes in the text that was given, for editors:
///
/// ```
/// use chirp::{ErrorKind, Smalltalk};
///
/// let mut st = Smalltalk::new();
/// let text = "'Grüße' size.\n3 zork: 4";
/// let error = st.eval::<i64>(text).unwrap_err();
/// let ErrorKind::Unhandled { trace, .. } = error.kind() else { panic!() };
/// let span = trace.frames().iter().find_map(|frame| frame.span.clone()).unwrap();
/// assert_eq!(&text[span], "zork:");
///
/// let text = "'Grüße' := 3";
/// let error = st.eval::<i64>(text).unwrap_err();
/// let ErrorKind::Syntax { errors, .. } = error.kind() else { panic!() };
/// assert_eq!(&text[errors[0].span.clone()], "'Grüße'");
/// ```
pub struct Error(Outlined<Inner>);

struct Inner {
    kind: ErrorKind,
    /// The long form of mistakes in the source.
    rendered: String,
    source: Option<BoxError>,
}

/// The kinds of errors, with what is known of each. There may be more one day, and more to each.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The source text is no Smalltalk.
    Syntax {
        /// Every mistake, in the order of the text.
        errors: Vec<Mistake>,
        /// More text could make it right: read on.
        incomplete: bool,
    },
    /// An exception that no handler took.
    Unhandled {
        /// Its class.
        class: String,
        /// Its text.
        message: String,
        /// Where it was signalled.
        trace: Trace,
        /// The exception itself.
        exception: Option<Obj>,
    },
    /// Something that the host gave no permission for, and that no handler took.
    Denied {
        /// What was to be done: `read /etc/passwd`.
        what: String,
        /// The option of the command line that permits it; the method of [`Builder`](crate::Builder) is near.
        option: String,
        /// The exception's text.
        message: String,
        /// Where it was to be done.
        trace: Trace,
        /// The exception itself, a PermissionDenied.
        exception: Option<Obj>,
    },
    /// An error of Rust code that Smalltalk called and that no handler took; it is the `source`.
    Host {
        /// Its text.
        message: String,
        /// Where the Rust code was called; empty if it has not been in Smalltalk yet.
        trace: Trace,
    },
    /// A limit was reached, or somebody stopped the machine. No handler sees that; clean-up blocks (`ensure:`,
    /// `ifCurtailed:`) have run, within a small reserve.
    Stopped {
        /// Which limit.
        why: Stop,
        /// Where the program was.
        trace: Trace,
    },
    /// `Smalltalk exit: code`.
    Exit(i32),
    /// An object that the Rust type cannot hold, or the other way round.
    Conversion {
        /// What the Rust side needed.
        expected: String,
        /// What there was.
        found: String,
    },
    /// A selector or block with another number of arguments.
    Arity {
        /// The selector, or `a block`.
        what: String,
        /// Arguments it takes.
        takes: usize,
        /// Arguments there are.
        given: usize,
    },
    /// A Rust value that is lent out for changes already: `a: &mut T` and `b: &T` were to be one object.
    InUse {
        /// Its class.
        class: String,
    },
    /// A copy of an object whose Rust type does not say how.
    Uncopyable {
        /// Its class.
        class: String,
    },
    /// A class of a Rust type that cannot be defined so.
    Definition {
        /// Why not.
        what: String,
    },
    /// A machine of which no [image](crate::Image) can be taken.
    Image {
        /// Why not.
        what: String,
    },
    /// A `load` of packages in which more than one thing went wrong.
    Several {
        /// What could not be read or had to be left out, mistakes in sources, exceptions while classes were initialised.
        errors: Vec<Error>,
    },
    /// More Processes than [`take_failures`](crate::Smalltalk::take_failures) keeps have ended with errors.
    Omitted {
        /// How many more.
        count: usize,
    },
    /// A handle of another machine.
    ForeignHandle,
    /// A step of a [`Run`](crate::Run) that has given its answer, or failed, before.
    Ended,
    /// Nothing of this name.
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// The machine panicked, now or earlier, and cannot be used any more: a mistake in Chirp, or in Rust code that
    /// it was given to read from or write to. (A closure that panics is an exception in Smalltalk.)
    Broken {
        /// What the panic said.
        panic: String,
    },
}

/// The activations at the time of an error, the innermost first.
///
/// ```
/// use chirp::{ErrorKind, Smalltalk};
///
/// let mut st = Smalltalk::new();
/// let error = st.eval::<()>("#(1 2) do: [:n | n / 0]").unwrap_err();
/// let ErrorKind::Unhandled { trace, .. } = error.kind() else { panic!() };
/// assert!(trace.frames().iter().any(|frame| frame.name.contains("do:")));
/// assert_eq!(trace.omitted(), 0);
/// # Ok::<(), chirp::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Trace {
    frames: Vec<Frame>,
    omitted: usize,
}

impl Trace {
    /// The activations, those of the library included. The middle of a long trace is left out.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// How many activations are left out in the middle.
    pub fn omitted(&self) -> usize {
        self.omitted
    }
}

/// A place in a source text, both numbers from 1.
///
/// ```
/// use chirp::{Place, Smalltalk};
///
/// let mut st = Smalltalk::new();
/// let error = st.run_source::<()>("plan.st", "3 +\n +").unwrap_err();
/// assert_eq!(error.place(), Some(Place { file: Some("plan.st"), line: 1, column: 3 }));
/// let error = st.run_source::<()>("plan.st", "3 + 4.\n  nil foo").unwrap_err();
/// assert_eq!(error.place(), Some(Place { file: Some("plan.st"), line: 2, column: 7 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The file, or the name given to the text.
    pub file: Option<&'a str>,
    /// Line number.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

impl Error {
    #[inline(never)]
    pub(super) fn new(kind: ErrorKind) -> Error {
        Error(Outlined::new(Inner {
            kind,
            rendered: String::new(),
            source: None,
        }))
    }

    /// There is no room for what is being converted.
    pub(super) fn no_memory() -> Error {
        Error::new(ErrorKind::Stopped {
            why: Stop::Memory,
            trace: Trace::default(),
        })
    }

    /// An error of the host program's own, as a closure or conversion may answer it. One that is of
    /// this type already stays what it is.
    ///
    /// ```
    /// let error = chirp::Error::host("disk 3 is full");
    /// assert!(matches!(error.kind(), chirp::ErrorKind::Host { .. }));
    /// assert_eq!(error.to_string(), "disk 3 is full");
    /// ```
    pub fn host(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        match error.into().downcast::<Error>() {
            Ok(own) => *own,
            Err(error) => {
                let kind = ErrorKind::Host {
                    message: error.to_string(),
                    trace: Trace::default(),
                };
                Error(Outlined::new(Inner {
                    kind,
                    rendered: String::new(),
                    source: Some(error),
                }))
            }
        }
    }

    /// A file that cannot be read; the `source` is an `io::Error` of the same kind.
    pub(super) fn of_file(path: &Path, error: &io::Error) -> Error {
        let text = format!("{}: {error}", path.display());
        Error::host(io::Error::new(error.kind(), text))
    }

    /// An object does not fit the Rust type that it should become: for implementations of
    /// [`FromSmalltalk`](crate::FromSmalltalk).
    ///
    /// ```
    /// let error = chirp::Error::conversion("a colour", "nil");
    /// assert_eq!(error.to_string(), "expected a colour, found nil");
    /// ```
    pub fn conversion(expected: impl Into<String>, found: impl Into<String>) -> Error {
        Error::new(ErrorKind::Conversion {
            expected: expected.into(),
            found: found.into(),
        })
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The Rust error behind this one, if it is of type `E`.
    ///
    /// ```
    /// let mut st = chirp::Smalltalk::new();
    /// let parse = st.block(|text: String| text.parse::<i64>())?;
    /// st.set_global("Parse", parse)?;
    /// let error = st.eval::<i64>("Parse value: 'x'").unwrap_err();
    /// assert!(error.host_error::<std::num::ParseIntError>().is_some());
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn host_error<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.0.source.as_ref()?.downcast_ref()
    }

    /// Where in the host's own Smalltalk code it happened, library code left out.
    pub fn place(&self) -> Option<Place<'_>> {
        match &self.0.kind {
            ErrorKind::Syntax { errors, .. } => errors.first().map(|e| Place {
                file: e.file.as_deref(),
                line: e.line,
                column: e.column,
            }),
            ErrorKind::Unhandled { trace, .. }
            | ErrorKind::Denied { trace, .. }
            | ErrorKind::Host { trace, .. }
            | ErrorKind::Stopped { trace, .. } => {
                let frame = trace.frames.iter().find(|f| !f.library && f.line > 0)?;
                Some(Place {
                    file: frame.file.as_deref(),
                    line: frame.line,
                    column: frame.column,
                })
            }
            ErrorKind::Several { errors } => errors.iter().find_map(Error::place),
            _ => None,
        }
    }

    /// Says where in this text, which is what the call was given under that name, mistakes and frames are.
    pub(super) fn locate(mut self, name: &Arc<str>, text: &str) -> Error {
        if let ErrorKind::Unhandled { trace, .. }
        | ErrorKind::Denied { trace, .. }
        | ErrorKind::Host { trace, .. }
        | ErrorKind::Stopped { trace, .. } = &mut self.0.kind
        {
            let lines = Lines::of(text);
            for frame in &mut trace.frames {
                frame.span = lines.of_frame(name, frame);
            }
        }
        self.locate_mistakes(text)
    }

    /// Says where in this text mistakes are.
    pub(super) fn locate_mistakes(mut self, text: &str) -> Error {
        if let ErrorKind::Syntax { errors, .. } = &mut self.0.kind {
            let lines = Lines::of(text);
            for mistake in errors {
                mistake.span = lines.of_mistake(mistake);
            }
        }
        self
    }

    pub(super) fn rendered(&self) -> &str {
        &self.0.rendered
    }

    /// Takes the exception out, so that it may be signalled again.
    pub(super) fn take_exception(&mut self) -> Option<Obj> {
        match &mut self.0.kind {
            ErrorKind::Unhandled { exception, .. } | ErrorKind::Denied { exception, .. } => {
                exception.take()
            }
            _ => None,
        }
    }

    /// What Smalltalk is to hold of this: the host's own error where there is one behind it, and of an exception that
    /// has come through several closures what the innermost was told.
    pub(super) fn into_held(mut self) -> BoxError {
        let inner = &mut *self.0;
        match (&inner.kind, inner.source.take()) {
            (ErrorKind::Host { .. }, Some(source)) => source,
            (_, Some(source)) if source.is::<Error>() => source,
            (_, source) => {
                inner.source = source;
                Box::new(self)
            }
        }
    }

    pub(super) fn of_load(vm: &mut Vm, error: LoadError) -> Error {
        match error {
            LoadError::Source(e) => Error::of_source(e.failures),
            LoadError::Run(e) => Error::of_run(vm, e),
        }
    }

    pub(super) fn of_source(failures: Vec<CompileFailure>) -> Error {
        let rendered = failures.iter().map(|f| f.rendered.as_str()).collect();
        let errors: Vec<Mistake> = failures.into_iter().flat_map(|f| f.mistakes).collect();
        let incomplete = !errors.is_empty() && errors.iter().all(|e| e.incomplete);
        Error(Outlined::new(Inner {
            kind: ErrorKind::Syntax { errors, incomplete },
            rendered,
            source: None,
        }))
    }

    pub(super) fn of_run(vm: &mut Vm, error: RunError) -> Error {
        match error {
            RunError::Stopped(Stop::Exit(code)) => Error::new(ErrorKind::Exit(code)),
            RunError::Stopped(why) => {
                let StoppedAt { frames, omitted } = vm.stopped_at();
                let trace = Trace { frames, omitted };
                Error::new(ErrorKind::Stopped { why, trace })
            }
            RunError::Unhandled(unhandled) => {
                let exception = vm.take_failed_exception().unwrap_or(Value::NIL);
                let failure = vm.failure(unhandled, exception);
                Error::of_failure(vm, failure)
            }
        }
    }

    /// What is known of an exception that nobody handled.
    pub(super) fn of_failure(vm: &mut Vm, failure: Failure) -> Error {
        let exception = failure.exception;
        let exception = (!exception.is_nil()).then(|| Obj::new(vm, exception));
        match failure.denied {
            Some((what, option)) => Error::new(ErrorKind::Denied {
                what,
                option,
                message: failure.told.message,
                trace: Trace {
                    frames: failure.told.frames,
                    omitted: failure.told.omitted,
                },
                exception,
            }),
            None => Error::of_unhandled(failure.told, exception, failure.source),
        }
    }

    pub(super) fn of_unhandled(
        unhandled: Unhandled,
        exception: Option<Obj>,
        source: Option<BoxError>,
    ) -> Error {
        let Unhandled {
            class,
            message,
            frames,
            omitted,
        } = unhandled;
        let trace = Trace { frames, omitted };
        let kind = match source {
            Some(_) if class == "HostError" => ErrorKind::Host { message, trace },
            _ => ErrorKind::Unhandled {
                class,
                message,
                trace,
                exception,
            },
        };
        Error(Outlined::new(Inner {
            kind,
            rendered: String::new(),
            source,
        }))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|e| e as &(dyn std::error::Error + 'static))
    }
}
