//! The account of a load: what is there now, what is not, and why.

use super::model::{File, Part};
use super::sources::undefinable;
use crate::memory::Value;
use crate::vm::CompileFailure;
use crate::vm::Vm;
use crate::vm::handles::Root;
use crate::vm::run::RunError;
use chirp_grammar::sorting::sort_by;
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
    /// Packages, each with a class that was the library's and is the package's now.
    pub replaced: Vec<(String, String)>,
    /// Packages, each with a class that stays the library's, and has those of the package's methods that it lacked.
    pub joined: Vec<(String, String)>,
    /// What was left out, because something is missing that it needs.
    pub skipped: Vec<Skipped>,
    /// Paths that could not be read, each with the reason.
    pub unreadable: Vec<String>,
    /// Mistakes in the sources.
    pub failures: Vec<CompileFailure>,
    /// What was evaluated on the way and failed.
    pub errors: Vec<Failed>,
}

/// Something that was evaluated on the way and failed.
#[derive(Debug)]
pub struct Failed {
    /// `Foo initialize`, or the name of a file that was run.
    pub what: String,
    pub error: RunError,
    /// The exception that nobody handled.
    exception: Option<Root>,
}

impl Failed {
    /// Right behind the call that failed.
    pub fn note(vm: &mut Vm, what: &str, error: RunError) -> Failed {
        let exception = vm.take_failed_exception();
        Failed {
            what: what.into(),
            error,
            exception: exception.map(|e| vm.root(e)),
        }
    }

    /// The error, as if it had just come.
    pub fn again(self, vm: &mut Vm) -> RunError {
        vm.handles.failed = self
            .exception
            .and_then(|root| vm.rooted(&root))
            .unwrap_or(Value::NIL);
        self.error
    }
}

/// Something that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// `Foo`, `Foo>>bar`, `Foo class>>bar`.
    pub what: String,
    /// A sentence without a full stop.
    pub reason: String,
    pub file: Arc<str>,
    /// All of that file's text.
    pub text: Arc<str>,
    /// Line and column in it, from 1.
    pub line: u32,
    pub column: u32,
}

impl Report {
    /// Everything was loaded, and nothing failed.
    pub fn is_complete(&self) -> bool {
        self.skipped.is_empty() && !self.has_errors()
    }

    /// What became of classes of the library, one sentence for each package.
    pub fn taken_over(&self) -> Vec<String> {
        let sentence = |pairs: &[(String, String)], before: &str, behind: &str| {
            let mut pairs = pairs.to_vec();
            sort_by(&mut pairs, |a, b| a.0.cmp(&b.0));
            let groups = pairs.chunk_by(|a, b| a.0 == b.0).map(|group| {
                let names: Vec<&str> = group.iter().map(|(_, name)| name.as_str()).collect();
                format!("{} {before} {}{behind}", group[0].0, listed(&names))
            });
            groups.collect::<Vec<_>>()
        };
        let mut all = sentence(&self.replaced, "takes the place of the library's", "");
        let before = "adds the methods that are missing in the library's";
        let behind = ": what is there stays as it is, since the machine relies on it";
        all.extend(sentence(&self.joined, before, behind));
        all
    }

    /// Everything was stopped on the way: nothing more is run.
    pub fn was_stopped(&self) -> bool {
        matches!(
            self.errors.last(),
            Some(Failed {
                error: RunError::Stopped(_),
                ..
            })
        )
    }

    /// Something is wrong with the sources, and not only missing.
    pub fn has_errors(&self) -> bool {
        !(self.unreadable.is_empty() && self.failures.is_empty() && self.errors.is_empty())
    }
}

/// Names in a sentence: not more than five of them.
fn listed(names: &[&str]) -> String {
    const MOST: usize = 5;
    match names {
        [all @ .., last] if !all.is_empty() && names.len() <= MOST => {
            format!("{} and {last}", all.join(", "))
        }
        _ if names.len() > MOST => {
            let (shown, rest) = names.split_at(MOST - 1);
            format!("{} and {} others", shown.join(", "), rest.len())
        }
        _ => names.concat(),
    }
}

impl Skipped {
    /// A whole file, which is none of the packages' and runs when it is named itself.
    pub fn is_script(&self) -> bool {
        self.what == *self.file
    }

    /// A whole package, which a baseline has for other systems.
    pub fn is_for_others(&self) -> bool {
        self.what.starts_with("package ")
    }

    /// A class or a trait, with all that is in it.
    pub fn is_definition(&self) -> bool {
        !(self.is_script() || self.what.contains(' '))
    }

    /// It would be there if another package were.
    pub fn lacks_a_class(&self) -> bool {
        self.lacking().is_some()
    }

    /// The name of the class that it lacks.
    pub fn lacking(&self) -> Option<&str> {
        let rest = self.reason.strip_prefix("there is no class")?;
        Some(rest.split_whitespace().next().unwrap_or_default())
    }

    /// As a mistake in the sources; the help is for those who lack a class.
    pub fn mistake(&self, help: &str) -> CompileFailure {
        let problem = match self.what.ends_with(')') {
            true => self.reason.clone(),
            false => format!("{} cannot be defined: {}", self.what, self.reason),
        };
        let file = File {
            name: self.file.clone(),
            text: self.text.clone(),
        };
        let help = self.lacks_a_class().then_some(help);
        undefinable(&file, (self.line, self.column), problem, help)
    }

    /// Something that stands where a part is defined.
    pub fn at(part: &Part, what: String, reason: String) -> Skipped {
        Skipped {
            what,
            reason,
            file: part.file.clone(),
            text: part.text.clone(),
            line: part.place.line,
            column: part.place.column,
        }
    }
}
