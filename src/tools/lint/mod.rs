//! Warnings: what is right to the compiler and probably not what somebody means.
//!
//! Owns the codes W0101 to W0299. Sees what is compiled while it watches, and judges sends and global names when
//! everything was seen. Never runs or changes anything.

mod methods;
mod names;
mod sends;
mod statements;

use crate::loader::watch::{Unit, Watcher};
use crate::vm::{CompileFailure, Vm};
use chirp_grammar::Diagnostic;
use chirp_grammar::ast::Span;
use std::sync::{Arc, Mutex, PoisonError};

/// Warnings about everything that is compiled while it watches.
pub struct Lint {
    found: Arc<Mutex<Found>>,
}

/// What is known so far.
#[derive(Default)]
struct Found {
    warnings: Vec<CompileFailure>,
    sends: sends::Sends,
    methods: methods::Methods,
}

impl Lint {
    /// Begins; whatever the library defines is known from now on.
    pub fn new(vm: &mut Vm) -> Lint {
        vm.make_all_latent();
        let found = Found {
            sends: sends::Sends::new(vm),
            ..Found::default()
        };
        Lint {
            found: Arc::new(Mutex::new(found)),
        }
    }

    /// To be the machine's watcher while the sources are compiled.
    pub fn watcher(&self) -> Watcher {
        let found = self.found.clone();
        Box::new(move |vm, unit| {
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.look(vm, unit);
        })
    }

    /// All warnings, by file and place.
    pub fn finish(self, vm: &Vm) -> Vec<CompileFailure> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let sends = std::mem::take(&mut found.sends);
        let mut warnings = std::mem::take(&mut found.warnings);
        warnings.extend(sends.judged(vm));
        warnings.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        warnings
    }
}

impl Found {
    fn look(&mut self, vm: &Vm, unit: &Unit<'_>) {
        let mut found = names::warnings(unit);
        found.extend(statements::warnings(unit));
        found.extend(self.methods.look(unit));
        found.sort_by_key(|d| d.span.start);
        // One account each: they are sorted among those of other units.
        self.warnings
            .extend(found.into_iter().map(|d| unit.account(&[d])));
        self.sends.look(vm, unit);
    }
}

/// A warning without its label and help.
fn warning(code: &'static str, title: String, span: Span) -> Diagnostic {
    Diagnostic::new(code, title, span)
}
