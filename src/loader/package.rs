//! Packages: the sources of many classes, loaded together and in the order that they need; with them, files of the
//! other formats.
//!
//! Owns the order of a load and the account of it. Where the sources lie is `find`'s business, what
//! they say `read`'s, and how classes and methods are made `install`'s. One mistake never hides another
//! one: whatever can be loaded is, and everything else is in the report.

mod baselines;
mod file_order;
pub mod find;
mod install;
pub mod model;
mod order;
pub mod primitives;
mod read;
mod read_filetree;
pub mod report;

pub use install::{Load, Step, overridden_by, remember};
pub use read::{Sources, read, read_telling};
pub use report::{Report, Skipped};

use self::model::File;
use super::script::check_file;
use super::{LoadError, compile};
use crate::compiler::Variables;
use crate::memory::Value;
use crate::vm::Vm;
use crate::vm::classes::Source;
use chirp_grammar::Options;

impl Vm {
    /// Loads packages that were read before: traits, classes behind their superclasses, methods,
    /// extensions, what classes take from traits, and then `initialize` on the class side of those that
    /// define it. What baselines want done before and after is done. Answers what was loaded, what was left out and why, and every mistake.
    pub fn load_packages(&mut self, sources: Sources) -> Report {
        let mut load = Load::new(sources);
        for step in load.prepare(self) {
            self.run_step(&mut load, &step);
        }
        for step in load.questions(self) {
            if let Some(answer) = self.run_step(&mut load, &step) {
                load.leave_out(self, answer);
            }
        }
        for file in std::mem::take(&mut load.files_before) {
            self.file_in(&mut load, &file);
        }
        for step in load.begin(self) {
            self.run_step(&mut load, &step);
        }
        for step in load.finish(self) {
            self.run_step(&mut load, &step);
        }
        for file in std::mem::take(&mut load.files_after) {
            self.file_in(&mut load, &file);
        }
        load.report
    }

    /// Likewise, but nothing of the packages' own is run: only their mistakes are of interest.
    pub fn check_packages(&mut self, mut sources: Sources) -> Report {
        sources.thorough = true;
        let mut load = Load::new(sources);
        for file in std::mem::take(&mut load.files_before) {
            let found = check_file(self, &file.name, &file.text);
            load.report.failures.extend(found);
        }
        for step in load.begin(self) {
            self.run_step(&mut load, &step);
        }
        load.finish(self);
        for file in std::mem::take(&mut load.files_after) {
            let found = check_file(self, &file.name, &file.text);
            load.report.failures.extend(found);
        }
        load.report
    }

    /// Runs a chunk file, or another that is no package.
    fn file_in(&mut self, load: &mut Load, file: &File) {
        load.report.files.push(file.name.to_string());
        match self.run_file(&file.name, &file.text) {
            Ok(_) => {}
            Err(LoadError::Source(e)) => load.report.failures.extend(e.failures),
            Err(LoadError::Run(e)) => load.report.errors.push((file.name.to_string(), e)),
        }
    }

    /// Evaluates it; what goes wrong is in the report.
    pub(super) fn run_step(&mut self, load: &mut Load, step: &Step) -> Option<Value> {
        let source = Source::of_file(&step.file, &step.code, (step.line, 1));
        let method =
            self.unwatched(|vm| compile::do_it(vm, source, Variables::Session, Options::default()));
        let result = method
            .map_err(LoadError::from)
            .and_then(|m| Ok(self.run_method(m, &[Value::NIL])?));
        match result {
            Ok(value) => return Some(value),
            Err(LoadError::Source(e)) => load.report.failures.extend(e.failures),
            Err(LoadError::Run(e)) => load.report.errors.push((step.code.clone(), e)),
        }
        None
    }
}
