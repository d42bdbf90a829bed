//! The account of a load: what is there now, what is not, and why.

use super::model::Part;
use crate::vm::CompileFailure;
use crate::vm::run::RunError;
use std::sync::Arc;

/// What a load has done.
#[derive(Debug, Default)]
pub struct Report {
    /// The packages' names, in the order of their loading.
    pub packages: Vec<String>,
    /// The traits that were defined, by name.
    pub traits: Vec<String>,
    /// The classes that were defined, by name; superclasses first, otherwise in the order of the files.
    pub classes: Vec<String>,
    /// How many methods were installed.
    pub methods: usize,
    /// The files that were run because they are in none of the packages' formats.
    pub files: Vec<String>,
    /// What was left out, because something is missing that it needs.
    pub skipped: Vec<Skipped>,
    /// Paths that could not be read, each with the reason.
    pub unreadable: Vec<String>,
    /// Mistakes in the sources.
    pub failures: Vec<CompileFailure>,
    /// What was evaluated on the way and failed (`Foo initialize`), and how.
    pub errors: Vec<(String, RunError)>,
}

/// Something that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// `Foo`, `Foo>>bar`, `Foo class>>bar`.
    pub what: String,
    /// A sentence without a full stop.
    pub reason: String,
    pub file: Arc<str>,
    /// Line and column in that file, from 1.
    pub line: u32,
    pub column: u32,
}

impl Report {
    /// Everything was loaded, and nothing failed.
    pub fn is_complete(&self) -> bool {
        self.skipped.is_empty() && !self.has_errors()
    }

    /// Something is wrong with the sources, and not only missing.
    pub fn has_errors(&self) -> bool {
        !(self.unreadable.is_empty() && self.failures.is_empty() && self.errors.is_empty())
    }
}

impl Skipped {
    /// Something that stands where a part is defined.
    pub fn at(part: &Part, what: String, reason: String) -> Skipped {
        Skipped {
            what,
            reason,
            file: part.file.clone(),
            line: part.place.line,
            column: part.place.column,
        }
    }
}
