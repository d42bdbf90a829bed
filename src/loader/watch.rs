//! Who looks over the loader's shoulder: warnings and listings are made of what it compiles.
//!
//! Owns what such an observer is shown. Must never change what is compiled, or whether it is.

use super::compile;
use super::package::model::Origin;
use crate::compiler::template::{CodeTemplate, Scope};
use crate::memory::ClassIndex;
use crate::vm::classes::Source;
use crate::vm::{CompileFailure, Vm};
use chirp_grammar::Diagnostic;
use chirp_grammar::ast::{DoIt, Method};

/// The syntax of what was compiled.
#[derive(Clone, Copy)]
pub enum Tree<'a> {
    Method(&'a Method),
    DoIt(&'a DoIt),
}

/// Something that was compiled from a file.
pub struct Unit<'a> {
    /// The class whose method it is; that of nil for statements.
    pub class: ClassIndex,
    pub tree: Tree<'a>,
    pub code: &'a CodeTemplate,
    /// In which its names were resolved.
    pub scope: &'a dyn Scope,
    /// Its variables live on when it has ended.
    pub is_session: bool,
    pub source: &'a Source,
    /// Where the source stands in its file, if that is known to the byte.
    pub origin: Option<&'a Origin>,
}

impl Unit<'_> {
    /// These remarks about it, with their places in the file.
    pub fn account(&self, diagnostics: &[Diagnostic]) -> CompileFailure {
        compile::failure_at(diagnostics, self.source, self.origin)
    }
}

/// Is shown everything that is compiled from files, once it is the machine's [`Vm::watcher`].
pub type Watcher = Box<dyn FnMut(&Vm, &Unit<'_>) + Send>;

impl Vm {
    /// Lets nobody see what `act` compiles: no person has written it.
    pub(super) fn unwatched<T>(&mut self, act: impl FnOnce(&mut Vm) -> T) -> T {
        let watcher = self.watcher.take();
        let result = act(self);
        self.watcher = watcher;
        result
    }

    /// Compiles something with `act`, and shows it.
    pub(super) fn shown<E>(
        &mut self,
        act: impl FnOnce(&Vm, &mut dyn FnMut(&Unit<'_>)) -> Result<CodeTemplate, E>,
    ) -> Result<CodeTemplate, E> {
        let mut watcher = self.watcher.take();
        let vm = &*self;
        let mut show = |unit: &Unit<'_>| {
            let watcher = watcher.as_mut().and_then(|w| w.downcast_mut::<Watcher>());
            if let (Some(watcher), Some(_)) = (watcher, &unit.source.file) {
                watcher(vm, unit);
            }
        };
        let result = act(vm, &mut show);
        self.watcher = watcher;
        result
    }
}
