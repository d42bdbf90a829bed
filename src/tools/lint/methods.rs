//! Two methods of one name in one class, in one file: only the last of them stays.

use super::warning;
use crate::loader::watch::{Tree, Unit};
use crate::memory::ClassIndex;
use chirp_grammar::Diagnostic;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The methods of files, and where each of them begins: line and column.
#[derive(Default)]
pub struct Methods {
    seen: FxHashMap<(Arc<str>, ClassIndex, String), (u32, u32)>,
}

impl Methods {
    /// Keeps what is a method; what to say of it if there was one of that name before.
    pub fn look(&mut self, unit: &Unit<'_>) -> Option<Diagnostic> {
        let Tree::Method(method) = unit.tree else {
            return None;
        };
        let file = unit.source.file.clone()?;
        let place = (unit.source.line, unit.source.column);
        let key = (file, unit.class, method.selector.clone());
        let (line, _) = self
            .seen
            .insert(key, place)
            .filter(|first| *first != place)?;
        let title = format!(
            "there is another method `{}` in this class",
            method.selector
        );
        Some(
            warning("W0108", title, method.selector_span)
                .label(format!("it replaces that of line {line}"))
                .help("give one of them another name, or take it out"),
        )
    }
}
