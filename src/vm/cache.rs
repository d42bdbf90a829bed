//! The global lookup cache and the side tables of polymorphic send sites.
//!
//! Owns only what may be thrown away at any time; flushing is always right.

use super::code::{Code, Ic, kind};
use super::symbols::SymbolId;
use super::{Vm, ops};
use crate::compiler::opcode::Op;
use crate::memory::ClassIndex;

const SIZE: usize = 2048;
/// Targets a polymorphic site remembers.
pub const POLY: usize = 4;

#[derive(Clone, Copy)]
struct Entry {
    class: ClassIndex,
    selector: SymbolId,
    code: *const Code,
}

/// Class and selector to code, for sends whose site does not know.
pub struct GlobalCache {
    entries: Box<[Entry; SIZE]>,
}

/// One target of a polymorphic site.
#[derive(Clone, Copy)]
pub struct PolyEntry {
    pub class: ClassIndex,
    pub frame: u16,
    pub(crate) entry: *const u32,
    pub(crate) code: *const Code,
}

impl PolyEntry {
    pub const EMPTY: PolyEntry = PolyEntry {
        class: 0,
        frame: 0,
        entry: std::ptr::null(),
        code: std::ptr::null(),
    };
}

impl Default for GlobalCache {
    fn default() -> GlobalCache {
        // SAFETY: all fields of an entry may be zero: no class, no selector, no code.
        let entries = unsafe { Box::new_zeroed().assume_init() };
        GlobalCache { entries }
    }
}

impl GlobalCache {
    #[inline(always)]
    fn place(class: ClassIndex, selector: SymbolId) -> usize {
        (class as usize ^ (selector as usize).wrapping_mul(0x9E37_79B1) >> 7) & (SIZE - 1)
    }

    /// What was found the last time; null when unknown.
    #[inline(always)]
    pub(crate) fn get(&self, class: ClassIndex, selector: SymbolId) -> *const Code {
        let at = Self::place(class, selector);
        for i in [at, at ^ 1] {
            let e = &self.entries[i];
            if e.class == class && e.selector == selector {
                return e.code;
            }
        }
        std::ptr::null()
    }

    pub(crate) fn put(&mut self, class: ClassIndex, selector: SymbolId, code: *const Code) {
        let at = Self::place(class, selector);
        self.entries[at ^ 1] = self.entries[at];
        self.entries[at] = Entry {
            class,
            selector,
            code,
        };
    }

    pub fn clear(&mut self) {
        self.entries.fill(Entry {
            class: 0,
            selector: 0,
            code: std::ptr::null(),
        });
    }
}

/// The site forgets its side table. Its instruction may look once more: table 0 is always empty.
pub(super) fn release_poly(ic: &mut Ic, polys: &mut [[PolyEntry; POLY]], free: &mut Vec<u32>) {
    if ic.kind & kind::POLY != 0 {
        polys[ic.extra as usize] = [PolyEntry::EMPTY; POLY];
        free.push(ic.extra);
        ic.kind &= !kind::POLY;
        ic.extra = 0;
    }
}

impl Vm {
    /// Forgets what all send sites and the global cache know of `selector`; of all selectors for none.
    #[inline(never)]
    pub(crate) fn flush_caches(&mut self, selector: Option<SymbolId>) {
        self.cache.clear();
        self.flushes += 1;
        // Sites that send `new` have looked up the other two.
        let s = &self.selectors;
        let makes_instances = selector == Some(s.initialize) || selector == Some(s.basic_new);
        let new = s.new;
        let Vm {
            codes,
            polys,
            free_polys,
            ..
        } = self;
        for code in codes {
            for i in 0..code.site_count() {
                // SAFETY: the block holds that many caches; nobody else looks at them now.
                let ic = unsafe { &mut *code.sites().add(i) };
                if selector.is_none_or(|s| ic.selector == s)
                    || makes_instances && ic.selector == new
                {
                    ic.class = 0;
                    release_poly(ic, polys, free_polys);
                }
            }
        }
    }

    /// A place for the side table of a polymorphic site.
    pub(crate) fn add_poly(&mut self, table: [PolyEntry; POLY]) -> u32 {
        match self.free_polys.pop() {
            Some(at) => {
                self.polys[at as usize] = table;
                at
            }
            None => {
                self.polys.push(table);
                self.polys.len() as u32 - 1
            }
        }
    }

    /// Gives back the side table of a site, if it has one.
    ///
    /// # Safety
    /// `ic` is the cache of a site of a live code block.
    pub(crate) unsafe fn drop_poly(&mut self, ic: *mut Ic) {
        // SAFETY: the caller's promise.
        release_poly(unsafe { &mut *ic }, &mut self.polys, &mut self.free_polys);
    }

    /// Turns a send site into one of another opcode. `pc` is behind the send.
    ///
    /// # Safety
    /// `pc[-1]` must be a send instruction of a live code block.
    pub(crate) unsafe fn quicken(pc: *const u32, op: Op) {
        // SAFETY: code blocks are owned by the machine and only written here.
        unsafe {
            let word = pc.sub(1) as *mut u32;
            *word = *word & !0xff | op as u32;
        }
    }

    /// The cache of the send in front of `pc`.
    ///
    /// # Safety
    /// As for `quicken`.
    #[inline(always)]
    pub(crate) unsafe fn site(pc: *const u32, insn: u32) -> *mut Ic {
        // SAFETY: the loader put the distance of the cache into D.
        unsafe { pc.sub(ops::d(insn)) as *mut Ic }
    }
}
