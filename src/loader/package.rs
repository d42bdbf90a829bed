//! Packages: the sources of many classes, loaded together and in the order that they need; with them, files of the
//! other formats. Without the feature `packages` only what a script with classes in it needs is there.
//!
//! Owns the order of a load and the account of it. Where the sources lie is `find`'s business, what
//! they say `read`'s, and how classes and methods are made `install`'s. One mistake never hides another
//! one: whatever can be loaded is, and everything else is in the report.

#[cfg(feature = "packages")]
mod baselines;
#[cfg(feature = "packages")]
mod drive;
#[cfg(feature = "packages")]
mod file_order;
#[cfg(feature = "packages")]
pub mod find;
mod install;
pub mod model;
mod order;
#[cfg(feature = "packages")]
pub mod primitives;
#[cfg(feature = "packages")]
mod read;
#[cfg(feature = "packages")]
mod read_filetree;
pub mod report;
mod sources;

pub use install::{Load, Step, overridden_by, remember};
#[cfg(feature = "packages")]
pub use read::{read, read_telling};
pub use report::{Failed, Report, Skipped};
pub use sources::{Sources, undefinable};

use super::{LoadError, compile};
use crate::compiler::Variables;
use crate::memory::Value;
use crate::vm::Vm;
use crate::vm::classes::Source;

impl Vm {
    /// Evaluates it; what goes wrong is in the report.
    pub(super) fn run_step(&mut self, load: &mut Load, step: &Step) -> Option<Value> {
        if load.report.was_stopped() {
            return None;
        }
        let source = Source::of_file(step.file.clone(), &step.code, (step.line, 1));
        let method =
            self.unwatched(|vm| compile::do_it(vm, source, Variables::Session, vm.dialect()));
        let result = method
            .map_err(LoadError::from)
            .and_then(|m| Ok(self.run_method(m, &[Value::NIL])?));
        match result {
            Ok(value) => return Some(value),
            Err(LoadError::Source(e)) => load.report.failures.extend(e.failures),
            Err(LoadError::Run(e)) => load.report.errors.push(Failed::note(self, &step.code, e)),
        }
        None
    }
}
