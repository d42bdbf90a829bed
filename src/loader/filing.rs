//! Files that are run while they are read: scripts, chunk files, classes in brackets.
//!
//! Hands out what is to be run one piece after the other, so that a file can be driven from Rust and from
//! Smalltalk; there, errors reach whoever asked for the file. Chunk files need the feature `packages`.

#[cfg(feature = "packages")]
pub mod primitives;

#[cfg(feature = "packages")]
use super::chunks;
use super::class_body;
use super::script::{self, LoadError, SourceError};
use crate::compiler::Variables;
use crate::formats::detect::{self, Format};
use crate::memory::Value;
use crate::vm::classes::MethodId;
use crate::vm::{CompileFailure, Vm};
use std::sync::Arc;

/// A file that is being run.
pub trait Filing {
    /// The next code to be run, and its receiver; none at the end. Defines what stands before it.
    fn next(&mut self, vm: &mut Vm) -> Option<(MethodId, Value)>;

    /// Takes what the code has answered; answers whether that is a value of the file.
    fn answered(&mut self, _vm: &mut Vm, _value: Value) -> bool {
        true
    }

    /// Whether something is wrong already, so that an error while running tells nothing new.
    fn passes_over_errors(&self) -> bool {
        false
    }

    /// What does not compile, once nothing is to be run any more.
    fn failures(&mut self) -> Vec<CompileFailure>;
}

/// Begins with the text of a file, in whichever format it is. Nothing runs yet, but a file whose format wants that is
/// compiled as a whole.
pub fn open(vm: &mut Vm, name: impl Into<Arc<str>>, text: &str) -> Box<dyn Filing + Send> {
    let name = name.into();
    let text = detect::without_interpreter_line(text.strip_prefix('\u{FEFF}').unwrap_or(text));
    match detect::format_of(&text) {
        #[cfg(feature = "packages")]
        Format::Chunk => Box::new(chunks::FileIn::open(vm, name, &text)),
        #[cfg(not(feature = "packages"))]
        Format::Chunk => Box::new(script::Script::refused(no_chunks(name, &text))),
        Format::ClassBody => Box::new(class_body::Program::open(
            vm,
            name,
            &text,
            Variables::Script,
        )),
        _ => Box::new(script::Script::open(vm, name, &text)),
    }
}

/// Runs a file to its end; answers the last value.
pub fn run(vm: &mut Vm, filing: &mut dyn Filing) -> Result<Value, LoadError> {
    let mut last = Value::NIL;
    while let Some((method, receiver)) = filing.next(vm) {
        match vm.run_method(method, &[receiver]) {
            Ok(value) => {
                if filing.answered(vm, value) {
                    last = value;
                }
            }
            Err(error) if !filing.passes_over_errors() => return Err(error.into()),
            Err(_) => {}
        }
    }
    match filing.failures() {
        failures if failures.is_empty() => Ok(last),
        failures => Err(LoadError::Source(SourceError { failures })),
    }
}

/// What a chunk file is told here.
#[cfg(not(feature = "packages"))]
pub(super) fn no_chunks(name: impl Into<Arc<str>>, text: &str) -> CompileFailure {
    let title = "this is a file in chunks, and this Chirp was built without them".to_string();
    let span = chirp_grammar::ast::Span::new(0, text.len().min(1));
    let problem = chirp_grammar::Diagnostic::new("E0302", title, span);
    let problem = problem.help("build it with the Cargo feature `packages`");
    let source = crate::vm::classes::Source::of_file(name, text, (1, 1));
    super::compile::failure(&[problem], &source)
}
