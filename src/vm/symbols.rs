//! The symbol table: every symbol has one object and one number.
//!
//! Method dictionaries and caches are keyed by the number, which also is the symbol's
//! identity hash, so they need no attention when the collector moves symbols.

use super::known::Known;
use crate::memory::{Heap, Value, Visitor};
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Number of a symbol, from 1 on.
pub type SymbolId = u32;

/// What a symbol takes beside its two texts: their blocks, and its places in tables of which half is free.
const OVERHEAD: usize = 160;

/// All symbols of one machine.
#[derive(Clone, Default)]
pub struct SymbolTable {
    /// Those of the library lie in the executable, and are not copied.
    by_text: FxHashMap<Cow<'static, str>, SymbolId>,
    texts: Vec<Cow<'static, str>>,
    objects: Vec<Value>,
    /// What those that a program made take beside their objects.
    bytes: usize,
}

impl SymbolTable {
    /// The number of the symbol spelled `text`, made at need.
    #[inline(never)]
    pub fn intern(&mut self, heap: &mut Heap, text: &str) -> SymbolId {
        match self.by_text.get(text) {
            Some(&id) => id,
            None => self.add(heap, Cow::Owned(text.into())),
        }
    }

    /// The same for a text that lies in the executable.
    pub fn intern_static(&mut self, heap: &mut Heap, text: &'static str) -> SymbolId {
        match self.by_text.get(text) {
            Some(&id) => id,
            None => self.add(heap, Cow::Borrowed(text)),
        }
    }

    fn add(&mut self, heap: &mut Heap, text: Cow<'static, str>) -> SymbolId {
        let object = if text.is_ascii() {
            heap.new_bytes_old(Known::ByteSymbol.index(), text.as_bytes())
        } else if text.chars().all(|c| (c as u32) < 256) {
            let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
            heap.new_bytes_old(Known::ByteSymbol.index(), &bytes)
        } else {
            let words: Vec<u32> = text.chars().map(|c| c as u32).collect();
            let v = heap.new_words32(Known::WideSymbol.index(), words.len(), true);
            heap.words32_mut(v).copy_from_slice(&words);
            v
        };
        if let Cow::Owned(text) = &text {
            self.bytes += 2 * text.len() + OVERHEAD;
        }
        let id = self.texts.len() as SymbolId + 1;
        heap.set_hash(object, id);
        heap.set_immutable(object, true);
        self.texts.push(text.clone());
        self.objects.push(object);
        self.by_text.insert(text, id);
        id
    }

    /// Makes room for `count` more symbols.
    pub fn reserve(&mut self, count: usize) {
        self.by_text.reserve(count);
        self.texts.reserve(count);
        self.objects.reserve(count);
    }

    /// The number of a symbol that exists already.
    pub fn find(&self, text: &str) -> Option<SymbolId> {
        self.by_text.get(text).copied()
    }

    /// The symbol object.
    pub fn object(&self, id: SymbolId) -> Value {
        self.objects
            .get((id as usize).wrapping_sub(1))
            .copied()
            .unwrap_or(Value::NIL)
    }

    /// The symbol's text.
    pub fn text(&self, id: SymbolId) -> &str {
        self.texts
            .get((id as usize).wrapping_sub(1))
            .map_or("", |t| t.as_ref())
    }

    /// The number of a symbol object; none for anything else.
    pub fn id_of(&self, heap: &Heap, v: Value) -> Option<SymbolId> {
        let class = heap.class_of(v);
        (class == Known::ByteSymbol.index() || class == Known::WideSymbol.index())
            .then(|| heap.raw_hash(v))
    }

    /// Bytes that the program's own ones take here.
    pub fn bytes_used(&self) -> usize {
        self.bytes
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// All texts, in the order of their numbers.
    pub fn texts(&self) -> impl Iterator<Item = (SymbolId, &str)> {
        self.texts
            .iter()
            .enumerate()
            .map(|(i, t)| (i as SymbolId + 1, &**t))
    }

    pub(crate) fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.slice(&mut self.objects);
    }
}
