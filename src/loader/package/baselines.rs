//! Baselines of a load: they are there before everything else, so that what they want done before it can be.
//!
//! Reads no baseline: what one says is the library's business, which is asked in steps.

use super::install::{Load, Step, class};
use super::model::{Kind, Part};
use super::report::Skipped;
use crate::memory::Value;
use crate::vm::Vm;

/// The superclass of baselines, and the beginning of their names.
const ROOT: &str = "BaselineOf";

impl Load {
    /// Defines the baselines, if there is anything else. Answers what has to be evaluated so that they are usable.
    pub fn prepare(&mut self, vm: &mut Vm) -> Vec<Step> {
        let parts = std::mem::take(&mut self.parts);
        let names: Vec<String> = parts.iter().map(|p| p.name.clone()).collect();
        let is_baseline = |part: &Part| {
            let mut superclass = part.superclass.iter();
            let inherits =
                superclass.any(|s| s == ROOT || names.contains(s) && s.starts_with(ROOT));
            part.kind == Kind::Class && part.name.starts_with(ROOT) && inherits
        };
        let (baselines, others) = parts.into_iter().partition(is_baseline);
        self.parts = baselines;
        if self.parts.is_empty() || others.is_empty() {
            self.parts.extend(others);
            return Vec::new();
        }
        let mut steps = self.begin(vm);
        steps.extend(self.finish(vm));
        let listed = self.parts.iter().enumerate();
        self.baselines = listed
            .map(|(number, part)| self.step(number, format!("{} new", part.name)))
            .collect();
        self.parts = others;
        self.forget_parts();
        steps
    }

    /// What each baseline is asked before anything else is loaded. What it answers is for `leave_out`.
    pub fn questions(&self, vm: &mut Vm) -> Vec<Step> {
        self.ask_baselines(vm, "beforeLoading:")
    }

    /// What each baseline is asked where nothing is loaded: its answer is for `leave_out` as well.
    pub fn questions_of_check(&self, vm: &mut Vm) -> Vec<Step> {
        self.ask_baselines(vm, "packagesElsewhereIn:")
    }

    /// Leaves packages out that a baseline has for other systems only: an Array of their names. Anything else
    /// changes nothing.
    pub fn leave_out(&mut self, vm: &Vm, answer: Value) {
        if !answer.is_object() || !vm.heap.is_pointers(answer) {
            return;
        }
        let names = vm.heap.pointer_slots(answer).iter();
        let names: Vec<String> = names.filter_map(|&name| vm.string_value(name)).collect();
        let left_out = |package: &String| names.contains(package);
        for package in self.report.packages.iter().filter(|p| left_out(p)) {
            if let Some(part) = self.parts.iter().find(|p| p.package == *package) {
                let reason = "the baseline has it for other systems only".to_string();
                let what = format!("package {package}");
                self.report.skipped.push(Skipped::at(part, what, reason));
            }
        }
        self.report.packages.retain(|package| !left_out(package));
        self.parts.retain(|part| !left_out(&part.package));
    }

    /// What has to be evaluated so that each baseline knows what is loaded.
    pub(super) fn ask_baselines(&self, vm: &mut Vm, selector: &str) -> Vec<Step> {
        let Some(root) = class(vm, ROOT) else {
            return Vec::new();
        };
        // A package may have put a class of its own in place of ours.
        let selector_id = vm.intern(selector);
        if vm.lookup(root, selector_id).is_none() {
            return Vec::new();
        }
        let quoted = |name: &String| format!("'{}'", name.replace('\'', "''"));
        let names: Vec<String> = self.report.packages.iter().map(quoted).collect();
        let names = names.join(" ");
        let asked = self.baselines.iter().map(|baseline| Step {
            code: format!("{} {selector} #({names})", baseline.code),
            file: baseline.file.clone(),
            line: baseline.line,
        });
        asked.collect()
    }
}
