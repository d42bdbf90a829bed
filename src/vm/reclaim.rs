//! Giving back code that nothing can run any more: of do-its that have ended, of replaced methods.
//!
//! Owns the decision which code blocks live: those of the methods in class dictionaries, and those that a frame,
//! a closure, a Context or a CompiledMethod refers to. Runs behind a full collection, where no send is under way.

use super::cache::release_poly;
use super::classes::MethodId;
use super::code::{Code, value_code};
use super::context;
use super::known::Known;
use super::{Fp, Vm};
use crate::memory::{Heap, Value, WordSet};

/// Code blocks that may come into being before the next look.
const SLACK: usize = 512;

/// The code blocks found alive.
pub(super) struct Marker {
    all: WordSet<u64>,
    pub live: WordSet<u64>,
    /// Those whose blocks have not been followed.
    pub waiting: Vec<*const Code>,
}

impl Marker {
    /// Nothing is found yet.
    pub fn new(vm: &Vm) -> Marker {
        Marker {
            all: vm.codes.iter().map(|c| &raw const **c as u64).collect(),
            live: WordSet::default(),
            waiting: Vec::new(),
        }
    }

    /// A word that may stand for code.
    pub fn word(&mut self, v: Value) {
        if v.is_int() && self.all.contains(v.0 & !3) {
            self.code(value_code(v));
        }
    }

    pub(crate) fn code(&mut self, code: *const Code) {
        if self.all.contains(code as u64) && self.live.add(code as u64) {
            self.waiting.push(code);
        }
    }

    /// Blocks live with the code that makes them.
    fn finish(&mut self) {
        while let Some(code) = self.waiting.pop() {
            // SAFETY: a member of `all`: a block that the machine owns.
            for &block in unsafe { &(*code).blocks } {
                self.code(block);
            }
        }
    }

    /// The code that an object refers to, if it is of the kind that does.
    pub fn object(&mut self, heap: &Heap, v: Value) {
        let class = heap.class_of(v);
        if class == Known::BlockClosure.index() {
            self.word(heap.slot(v, 0));
        } else if class == Known::Context.index() {
            self.word(heap.slot(v, context::field::CODE));
        }
    }
}

impl Vm {
    /// How many code blocks there are.
    pub fn code_count(&self) -> usize {
        self.codes.len()
    }

    /// Collects everything, code as well. To be called by the host, while no code runs.
    pub fn collect_garbage(&mut self) {
        if self.levels.is_empty() {
            self.ensure_root_process();
            self.live = 0;
            self.with_roots_in_primitive(|heap, roots| heap.full_collect(roots));
            self.reclaim_classes(self.offset(self.fp));
            self.reclaim_code();
        }
    }

    /// Whether the heap is what the collector takes it for; what is wrong, else. For tests, while no code runs.
    #[cfg(any(test, feature = "tools"))]
    pub fn check_heap(&mut self) -> Result<(), String> {
        self.ensure_root_process();
        self.live = 0;
        self.with_roots_in_primitive(|heap, roots| heap.check(roots))
    }

    /// Whether so much code, or so many classes, were made that a look is worth its time.
    pub(crate) fn reclaim_wanted(&self) -> bool {
        self.reclaim_due
            || self.codes.len() > self.code_threshold
            || self.classes.in_use() > self.class_threshold
    }

    /// At a safepoint of the frame at `fp`: gives back classes and code, when that is due. Calls from Rust inside each other
    /// may have sends under way that a frame does not show.
    pub(crate) fn reclaim_at(&mut self, fp: Fp, live: usize) {
        if self.reclaim_wanted() && self.levels.len() <= 1 {
            if !self.reclaim_due {
                self.collect_all(fp, live);
            }
            self.reclaim_classes(self.offset(fp) + live);
            self.reclaim_code();
        }
    }

    /// Frees what nothing refers to. What has died since the last full collection still counts as alive.
    pub(crate) fn reclaim_code(&mut self) {
        let mut marker = Marker::new(self);
        marker.code(self.processes.bottom);
        marker.code(self.processes.exit);
        for m in self
            .classes
            .methods
            .iter()
            .filter(|m| !m.loose || m.object != Value::NIL)
        {
            marker.code(m.code);
        }
        for proc in self.processes.slots.iter().flatten() {
            proc.stack.iter().for_each(|&v| marker.word(v));
        }
        self.heap.each_object(|v| marker.object(&self.heap, v));
        marker.finish();
        let live = marker.live;
        self.code_threshold = live.len() * 2 + SLACK;
        self.reclaim_due = false;
        if live.len() < self.codes.len() {
            self.free_code(&live);
        }
    }

    /// Frees the code blocks that are not in `live`, and the methods in no dictionary that go with them.
    pub(crate) fn free_code(&mut self, live: &WordSet<u64>) {
        let Vm {
            codes,
            code_bytes,
            polys,
            free_polys,
            ..
        } = self;
        let mut used: WordSet<MethodId> = WordSet::default();
        codes.retain(|code| {
            let kept = live.contains(&raw const **code as u64);
            if kept {
                used.add(code.method);
            } else {
                *code_bytes -= code.bytes();
                for i in 0..code.site_count() {
                    // SAFETY: the block holds that many caches; it is freed next.
                    release_poly(unsafe { &mut *code.sites().add(i) }, polys, free_polys);
                }
            }
            kept
        });
        for m in &mut self.classes.methods {
            if m.is_compiled() && !live.contains(m.code as u64) {
                m.code = std::ptr::null();
            }
        }
        self.classes.free_loose_methods(|id| used.contains(id));
        // Sites may have been linked to what has gone.
        self.flush_caches(None);
    }
}
