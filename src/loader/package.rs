//! Packages: the sources of many classes, loaded together and in the order that they need.
//!
//! Owns the order of a load and the account of it. Where the sources lie is `find`'s business, what
//! they say `read`'s, and how classes and methods are made `install`'s. One mistake never hides another
//! one: whatever can be loaded is, and everything else is in the report.

pub mod find;
mod install;
pub mod model;
mod order;
mod read;
mod read_filetree;
pub mod report;

pub use read::{Sources, read};
pub use report::{Report, Skipped};

use crate::vm::Vm;

impl Vm {
    /// Loads packages that were read before: traits, classes behind their superclasses, methods,
    /// extensions, and then `initialize` on the class side of those that define it. Answers what was
    /// loaded, what was left out and why, and every mistake.
    pub fn load_packages(&mut self, sources: Sources) -> Report {
        let mut report = Report {
            packages: sources.packages,
            unreadable: sources.unreadable,
            failures: sources.failures,
            ..Report::default()
        };
        let mut load = install::Load::new(self, &sources.parts, &mut report);
        load.define_classes();
        load.install_methods();
        load.initialize_classes();
        report
    }
}
