//! Which code a message runs: found in the class and its superclasses, compiled at need.
//!
//! Owns what stands in for methods that cease to compile. Must never link a site or run anything.

use super::classes::{MethodId, SourceText};
use super::code::Code;
use super::symbols::SymbolId;
use super::{Fp, Vm};
use crate::memory::ClassIndex;

impl Vm {
    /// The code that instances of `class` run for `selector`, compiled at need.
    pub(crate) fn find_code(
        &mut self,
        class: ClassIndex,
        selector: SymbolId,
    ) -> Option<*const Code> {
        let hit = self.cache.get(class, selector);
        if !hit.is_null() {
            return Some(hit);
        }
        let method = self.lookup(class, selector)?;
        let code = match self.method_code(method) {
            Some(code) => code,
            None => self.complaint(method)?,
        };
        self.cache.put(class, selector, code);
        Some(code)
    }

    /// The code of a method, compiled at need. None when it does not compile.
    pub fn method_code(&mut self, method: MethodId) -> Option<*const Code> {
        let code = self.classes.methods.get(method as usize)?.code;
        if !code.is_null() {
            return Some(code);
        }
        (self.hooks.compile)(self, method).ok()?;
        Some(self.classes.methods.get(method as usize)?.code).filter(|c| !c.is_null())
    }

    /// A method may cease to compile when its class is defined anew, without a variable that it names.
    /// It then runs as one that says so.
    fn complaint(&mut self, method: MethodId) -> Option<*const Code> {
        let problem = (self.hooks.compile)(self, method).err()?;
        let m = self.classes.methods.get(method as usize)?;
        let selector = self.symbols.text(m.selector).to_string();
        let pattern: String = if selector.contains(':') {
            selector
                .split_inclusive(':')
                .enumerate()
                .map(|(i, part)| format!("{part} a{i} "))
                .collect()
        } else if selector.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            selector.clone()
        } else {
            format!("{selector} a0")
        };
        let first = problem
            .lines()
            .next()
            .unwrap_or_default()
            .replace('\'', "''");
        let text =
            format!("{pattern}\n\t^ Error signal: '#{selector} no longer compiles: {first}'");
        let text = SourceText::Shared(text.into());
        let source =
            std::mem::replace(&mut self.classes.methods[method as usize].source.text, text);
        // Should not even this compile, the message is not understood.
        let compiled = (self.hooks.compile)(self, method);
        self.classes.methods[method as usize].source.text = source;
        compiled.ok()?;
        if self.host.stack.is_short() {
            self.complaints.push(method);
        }
        Some(self.classes.methods.get(method as usize)?.code).filter(|c| !c.is_null())
    }

    /// Methods that did not compile where little was left of the thread's stack get another chance: the outermost call
    /// is over.
    pub(super) fn forget_complaints(&mut self) {
        if self.complaints.is_empty() {
            return;
        }
        for method in std::mem::take(&mut self.complaints) {
            if let Some(method) = self.classes.methods.get_mut(method as usize) {
                method.code = std::ptr::null();
            }
        }
        self.flush_caches(None);
    }

    /// Code for a send to super from the method of the frame at `fp`.
    pub(super) unsafe fn find_super(&mut self, fp: Fp, selector: SymbolId) -> Option<*const Code> {
        // SAFETY: the word below a frame is its code.
        let method = unsafe { (*super::code::value_code(*fp.sub(2))).method };
        let class = self.classes.methods.get(method as usize)?.class;
        let above = self.classes.get(class)?.superclass?;
        self.find_code(above, selector)
    }
}
