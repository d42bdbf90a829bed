//! A whole load from Rust, step by step. From Smalltalk, `PackageLoader` drives it.

use super::model::File;
use super::report::Failed;
use super::{Load, Report, Sources, Step};
use crate::loader::LoadError;
use crate::loader::script::check_file;
use crate::vm::Vm;
use crate::vm::run::RunError;

/// Fuel for a baseline's answer when nothing else of the packages is run.
const QUESTION: u64 = 10_000_000;

impl Vm {
    /// Loads packages that were read before: traits, classes behind their superclasses, methods,
    /// extensions, what classes take from traits, and then `initialize` on the class side of those that
    /// define it. What baselines want done before and after is done. Answers what was loaded, what was left out and why, and every mistake.
    pub fn load_packages(&mut self, sources: Sources) -> Report {
        self.begin_to_read();
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
        if !load.report.failures.is_empty()
            && !load.report.was_stopped()
            && let Some(stop) = self.look_for_stop()
        {
            let failed = Failed::note(self, "reading the packages", RunError::Stopped(stop));
            load.report.errors.push(failed);
        }
        load.report
    }

    /// Likewise, but nothing of the packages' own is run: only their mistakes are of interest. Only baselines are asked
    /// which packages they have for other systems.
    pub fn check_packages(&mut self, mut sources: Sources) -> Report {
        self.begin_to_read();
        sources.thorough = true;
        let mut load = Load::new(sources);
        load.prepare(self);
        for step in load.questions_of_check(self) {
            self.ask(&mut load, &step);
        }
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

    /// Asks a baseline, whose answer may take only so long. One that fails has said nothing.
    fn ask(&mut self, load: &mut Load, step: &Step) {
        self.settle_fuel();
        let (limit, most) = (self.limits.fuel, self.fuel_used.saturating_add(QUESTION));
        self.limits.fuel = Some(limit.map_or(most, |limit| limit.min(most)));
        let known = load.report.errors.len();
        if let Some(answer) = self.run_step(load, step) {
            load.leave_out(self, answer);
        }
        load.report.errors.truncate(known);
        self.limits.fuel = limit;
    }

    /// Runs a chunk file, or another that is no package.
    fn file_in(&mut self, load: &mut Load, file: &File) {
        if load.report.was_stopped() {
            return;
        }
        load.report.files.push(file.name.to_string());
        match self.run_file(file.name.clone(), &file.text) {
            Ok(_) => {}
            Err(LoadError::Source(e)) => load.report.failures.extend(e.failures),
            Err(LoadError::Run(e)) => load.report.errors.push(Failed::note(self, &file.name, e)),
        }
    }
}
