//! The method dictionary of a class: selectors to method numbers.
//!
//! Owns as well the note that a class of the library has not listed its methods yet: `latent` does so before
//! anybody looks. Knows nothing of methods themselves.

use super::classes::MethodId;
use super::symbols::SymbolId;
use crate::memory::WordMap;

/// The methods of one class or class side.
#[derive(Clone, Default)]
pub struct MethodDict {
    listed: WordMap<SymbolId, MethodId>,
    waiting: Option<u32>,
}

impl MethodDict {
    /// A dictionary that will be filled at the first look: `number` tells `Latent` with what.
    pub fn waiting(number: u32) -> MethodDict {
        MethodDict {
            listed: WordMap::default(),
            waiting: Some(number),
        }
    }

    /// Whether it still has to be filled.
    #[inline]
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// With what it has to be filled. Whoever asks does it.
    pub(super) fn take_waiting(&mut self) -> Option<u32> {
        self.waiting.take()
    }

    fn all(&self) -> &WordMap<SymbolId, MethodId> {
        debug_assert!(!self.is_waiting(), "looked at before it was listed");
        &self.listed
    }

    /// The method for a selector.
    #[inline]
    pub fn get(&self, selector: SymbolId) -> Option<MethodId> {
        self.all().get(selector)
    }

    /// Whether there is one for this selector.
    pub fn contains(&self, selector: SymbolId) -> bool {
        self.all().contains(selector)
    }

    /// Whether it is this very method that stands there. One that exists is in no dictionary that waits.
    pub fn holds(&self, selector: SymbolId, method: MethodId) -> bool {
        self.listed.get(selector) == Some(method)
    }

    /// The selectors, in no order.
    pub fn selectors(&self) -> impl Iterator<Item = SymbolId> + '_ {
        self.all().keys()
    }

    /// Selectors and methods, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (SymbolId, MethodId)> + '_ {
        self.all().iter()
    }

    /// The methods that are in the method table; those still to be listed have no code and no object.
    pub fn made(&self) -> impl Iterator<Item = MethodId> + '_ {
        self.listed.values()
    }

    /// Enters a method; answers the one that it replaces.
    pub fn insert(&mut self, selector: SymbolId, method: MethodId) -> Option<MethodId> {
        debug_assert!(!self.is_waiting(), "changed before it was listed");
        self.listed.insert(selector, method)
    }

    /// Takes out a method.
    pub fn remove(&mut self, selector: SymbolId) -> Option<MethodId> {
        debug_assert!(!self.is_waiting(), "changed before it was listed");
        self.listed.remove(selector)
    }

    /// Makes room for `count` more.
    pub fn reserve(&mut self, count: usize) {
        self.listed.reserve(count);
    }
}
