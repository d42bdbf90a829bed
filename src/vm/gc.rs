//! The machine's side of collections: names the roots, and cleans up what died.

use super::code::Call;
use super::frame::FrameAt;
use super::known::Known;
use super::process::{Processes, State, wipe};
use super::{Fp, Stop, Vm};
use crate::memory::heap::MIN_EXTERNAL;
use crate::memory::{Roots, Value, Visitor};

/// Global through which FinalizationRegistry gets what is to be mourned.
const FIRED: &str = "FiredEphemerons";

/// A walk through the whole heap, asked for by the program, costs a send for each 64 bytes.
const WALKED: u32 = 6;

/// Shows the machine's roots to the collector. `heap` of the machine is not touched through it.
pub(super) struct MachineRoots {
    pub(crate) vm: *mut Vm,
    /// End of the running stack, as an offset.
    pub live_end: usize,
    /// Shows all classes and all code: whether one of them is alive is not the question.
    pub whole_tables: bool,
    /// Addresses of young objects.
    pub young: std::ops::Range<u64>,
    /// What Rust values counted for that belonged to objects found dead.
    pub freed_host_bytes: usize,
}

impl Vm {
    /// Collects when the heap asked for it (or `force` is set and eden is full): called at safepoints only.
    pub(crate) fn collect_if_wanted(&mut self, fp: Fp, live: usize, force: bool) {
        if !self.heap.collection_wanted && !force && !self.heap.options.stress {
            return;
        }
        let live_end = self.offset(fp) + live;
        let full = self.heap.counters.full_collections;
        self.with_roots(live_end, |heap, roots| heap.collect(roots));
        // Tests see code go as soon as it can.
        self.reclaim_due |= self.heap.options.stress && self.heap.counters.full_collections > full;
        let limit = self.memory_limit();
        if self.memory_used() > limit {
            self.background_failures.let_go();
            self.with_roots(live_end, |heap, roots| heap.full_collect(roots));
            self.classes.count_texts();
            // Code that nothing runs any more goes at the end of this safepoint, and its text with it.
            if !force && self.memory_used() > limit {
                self.reclaim_due = true;
                self.reclaim_at(fp, live);
                self.classes.count_texts();
            }
            if self.memory_used() > limit {
                self.stop = Some(Stop::Memory);
            }
        }
        self.close_memory_reserve();
    }

    /// Collects everything. The running frame's registers from `live` on are dead.
    pub(crate) fn collect_all(&mut self, fp: Fp, live: usize) {
        let live_end = self.offset(fp) + live;
        self.charge(self.heap.bytes_used() >> WALKED);
        self.with_roots(live_end, |heap, roots| {
            heap.full_collect(roots);
        });
    }

    /// A primitive has found no room: collects everything. Whether it should be tried once more.
    ///
    /// # Safety
    /// The call is under way: its window lies in the frame at `fp`.
    pub(crate) unsafe fn make_room(&mut self, call: Call) -> bool {
        // SAFETY: the caller's promise.
        unsafe { call.forget_earlier_answer() };
        let before = self.heap.bytes_used();
        self.background_failures.let_go();
        self.with_roots_in_primitive(|heap, roots| heap.full_collect(roots));
        self.heap.bytes_used() < before
    }

    /// A primitive is about to make an object of so many words: the collection that this would bring
    /// about comes first if that is better. Only for primitives that hold no object in a variable.
    pub(crate) fn make_eden_room(&mut self, words: usize) {
        // Two words more for the header.
        if self.heap.lacks_room_for(words + 2) {
            self.collect_if_wanted(self.fp, self.live, true);
        }
    }

    /// Does something to the heap that needs all roots.
    pub(crate) fn with_roots<T>(
        &mut self,
        live_end: usize,
        work: impl FnOnce(&mut crate::memory::Heap, &mut dyn Roots) -> T,
    ) -> T {
        let vm: *mut Vm = self;
        let mut roots = MachineRoots::new(self, live_end);
        let full = self.heap.counters.full_collections;
        self.collecting = true;
        // SAFETY: the roots touch every part of the machine except the heap.
        let result = work(unsafe { &mut (*vm).heap }, &mut roots);
        self.collecting = false;
        let heap = &mut self.heap;
        heap.external_bytes = heap.external_bytes.saturating_sub(roots.freed_host_bytes);
        if heap.counters.full_collections > full {
            heap.external_threshold = heap.external_bytes.saturating_mul(2).max(MIN_EXTERNAL);
        }
        result
    }

    /// `with_roots` for a primitive: everything up to its last argument is live. Arguments that the primitive
    /// has in variables of its own are not updated.
    pub(crate) fn with_roots_in_primitive<T>(
        &mut self,
        work: impl FnOnce(&mut crate::memory::Heap, &mut dyn Roots) -> T,
    ) -> T {
        let live_end = self.offset(self.fp) + self.live;
        self.charge(self.heap.bytes_used() >> WALKED);
        self.with_roots(live_end, work)
    }

    /// Lets the Smalltalk side finalise what died: a Process of its own does it.
    pub(crate) fn mourn(&mut self) {
        if self.heap.fired.is_empty() {
            return;
        }
        let Some(class) = self.find_global("FinalizationRegistry") else {
            return;
        };
        let of = self.heap.class_of(class);
        let selector = self.selectors.run_finalizers;
        let Some(code) = self.find_code(of, selector) else {
            return;
        };
        // Those that an earlier Process has not come to yet must not be lost.
        let mut fired = match self.global(FIRED) {
            Some(v) => self.heap.pointer_slots(v).to_vec(),
            None => Vec::new(),
        };
        fired.append(&mut self.heap.fired);
        let array = self.new_array_from(&fired);
        self.set_global(FIRED, array);
        let (process, slot) = self.new_process(61);
        self.push_frame(slot, code, class, Some(1));
        self.make_ready(process, slot);
    }
}

impl MachineRoots {
    pub(super) fn new(vm: &mut Vm, live_end: usize) -> MachineRoots {
        MachineRoots {
            live_end,
            whole_tables: true,
            young: vm.heap.young_range(),
            freed_host_bytes: 0,
            vm,
        }
    }
}

impl Roots for MachineRoots {
    fn visit(&mut self, full: bool, visitor: &mut dyn Visitor) {
        // SAFETY: the collector runs alone; see `with_roots`.
        let vm = unsafe { &mut *self.vm };
        visitor.value(&mut vm.processes.active);
        vm.handles.visit(visitor);
        vm.background_failures.visit(visitor);
        visitor.slice(&mut vm.external.objects);
        visitor.slice(&mut vm.once.objects);
        vm.scheduler.visit(visitor);
        for level in &mut vm.levels {
            visitor.value(&mut level.result);
            visitor.value(&mut level.outer_failing);
        }
        let active = vm.processes.active_slot;
        for (slot, proc) in vm.processes.slots.iter_mut().enumerate() {
            let Some(proc) = proc else { continue };
            if slot == active {
                for note in proc.notes.values_mut() {
                    visitor.value(&mut note.context);
                }
                let end = self.live_end.min(proc.stack.len());
                visitor.slice(&mut proc.stack[..end]);
                wipe(&mut proc.stack[end..]);
                visitor.value(&mut proc.object);
            } else if matches!(proc.state, State::Ready | State::Sleeping | State::Parked)
                || proc.main
                || proc.timed
                || vm.levels.iter().any(|l| l.process == slot)
            {
                visitor.value(&mut proc.object);
            }
            proc.shown = slot == active;
            if slot != active && !full && proc.ran {
                // A stack that still refers to young objects must be shown to the next scavenge as well.
                visitor.young_found();
                Processes::visit_stack(proc, visitor);
                proc.ran = visitor.young_found();
            }
        }
        if !full {
            return;
        }
        vm.symbols.visit(visitor);
        for table in [&mut vm.globals, &mut vm.session] {
            table.change(|_, v| visitor.value(v));
        }
        if !self.whole_tables {
            return;
        }
        vm.classes.visit(visitor);
        for code in &vm.codes {
            // SAFETY: nobody else looks at the literals during a collection.
            visitor.slice(unsafe { code.literals() });
        }
    }

    fn visit_stacks(&mut self, visitor: &mut dyn Visitor) -> bool {
        // SAFETY: as above.
        let vm = unsafe { &mut *self.vm };
        let mut found = false;
        for proc in vm.processes.slots.iter_mut().flatten() {
            if !proc.shown && visitor.reached(proc.object) {
                proc.shown = true;
                Processes::visit_stack(proc, visitor);
                found = true;
            }
        }
        found
    }

    fn sweep(&mut self, full: bool, alive: &dyn Fn(Value) -> Option<Value>) {
        // SAFETY: as above.
        let vm = unsafe { &mut *self.vm };
        for slot in 0..vm.processes.slots.len() {
            let Some(proc) = vm.processes.get_mut(slot) else {
                continue;
            };
            match alive(proc.object) {
                Some(v) => proc.object = v,
                None if slot != vm.processes.active_slot => vm.processes.free(slot),
                None => {}
            }
        }
        let young = self.young.clone();
        let freed = vm.host_things.sweep(full, |v| young.contains(&v.0), alive);
        self.freed_host_bytes += freed;
        if full {
            vm.classes.sweep(alive);
        }
    }
}

impl Vm {
    /// The top frame of the running stack.
    pub(crate) fn top_frame(&self) -> FrameAt {
        FrameAt::behind(self.offset(self.fp), self.pc)
    }

    /// Tells the heap which slots of a class's weak instances are strong.
    pub(crate) fn note_weak_class(&mut self, class: u32, fixed: usize) {
        self.heap.weak_fixed.insert(class, fixed);
    }

    /// Whether instances of this class, or of subclasses, are neither immediate nor the machine's own.
    pub fn has_ordinary_instances(&self, class: u32) -> bool {
        let behavior = [Known::Class.index(), Known::Metaclass.index()];
        let immediate = |c| self.classes.get(c).is_some_and(|i| i.layout == "immediate");
        !self
            .classes
            .chain(class)
            .any(|c| Vm::is_machine_class(c) || behavior.contains(&c) || immediate(c))
    }

    /// Known class indices of objects that nobody may change the class of.
    pub(crate) fn is_machine_class(class: u32) -> bool {
        [
            Known::BlockClosure,
            Known::Context,
            Known::MethodHome,
            Known::Process,
        ]
        .iter()
        .any(|k| k.index() == class)
    }
}
