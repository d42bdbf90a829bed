//! Baselines of a load: they are there before everything else, so that what they want done before it can be.
//!
//! Reads no baseline: what one says is the library's business, which is asked in steps.

use super::install::{Load, Step, class};
use super::model::{Kind, Part};
use crate::vm::Vm;

/// The superclass of baselines, and the beginning of their names.
const ROOT: &str = "BaselineOf";

impl Load {
    /// Defines the baselines, if there is anything else. Answers what has to be evaluated before that is loaded.
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
        steps.extend(self.ask_baselines(vm, "beforeLoading:"));
        steps
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
