//! Giving back classes that nothing can reach any more: those without a name that have no instances.
//!
//! Owns the decision which classes live: those whose class object, instances, subclasses, methods or running code
//! can be reached. Everywhere else all classes are alive, so that collections need not ask. Runs where code is
//! given back, and only if there are classes that no global names.

use super::Vm;
use super::classes::{ClassTable, MethodId};
use super::gc::MachineRoots;
use super::known::Known;
use super::reclaim::Marker;
use crate::memory::{ClassIndex, Heap, Roots, Value, Visitor};

/// Classes, metaclasses counted, that a machine may have before it is looked for dead ones.
pub(super) const FIRST_LOOK: usize = 4096;

/// What was found alive, and what of it has not been followed yet.
struct Found {
    vm: *mut Vm,
    code: Marker,
    classes: Vec<bool>,
    classes_waiting: Vec<ClassIndex>,
}

/// The roots, with classes and code shown as they are found alive.
struct Census {
    roots: MachineRoots,
    found: Found,
}

/// Looks for code among the words of a stack, which the collector passes over.
struct Spy<'a> {
    visitor: &'a mut dyn Visitor,
    found: &'a mut Found,
}

impl Found {
    fn class(&mut self, index: ClassIndex) {
        if let Some(found) = self.classes.get_mut(index as usize)
            && !*found
        {
            *found = true;
            self.classes_waiting.push(index);
        }
    }

    fn method(&mut self, table: &ClassTable, id: MethodId) {
        if let Some(m) = table.methods.get(id as usize) {
            self.class(m.class);
            if let Some((origin, _)) = m.origin {
                self.class(origin);
            }
            self.code.code(m.code);
        }
    }

    /// Shows what the classes and the code found so far hold. Answers whether there was any.
    fn follow(&mut self, visitor: &mut dyn Visitor) -> bool {
        // SAFETY: the machine does nothing else meanwhile, and no table changes.
        let vm = unsafe { &*self.vm };
        let mut any = false;
        loop {
            if let Some(index) = self.classes_waiting.pop() {
                self.follow_class(&vm.classes, index, visitor);
            } else if let Some(code) = self.code.waiting.pop() {
                // SAFETY: found by the marker: a block that the machine owns.
                let code = unsafe { &*code };
                self.method(&vm.classes, code.method);
                for &block in &code.blocks {
                    self.code.code(block);
                }
                // SAFETY: nobody else looks at the literals meanwhile.
                visitor.slice(unsafe { code.literals() });
            } else {
                return any;
            }
            any = true;
        }
    }

    fn follow_class(&mut self, table: &ClassTable, index: ClassIndex, visitor: &mut dyn Visitor) {
        let Some(info) = table.get(index) else { return };
        let links = [info.superclass, Some(info.meta), info.instance_side];
        let links = links
            .into_iter()
            .flatten()
            .chain(info.pools.iter().copied());
        links.for_each(|class| self.class(class));
        let mut held = vec![info.object, info.properties];
        if let Some(composed) = &info.traits {
            held.push(composed.holder);
            let mut traits = Vec::new();
            composed.of.traits(&mut traits);
            traits.iter().for_each(|&class| self.class(class));
        }
        held.extend(info.class_vars.iter().map(|&(_, v)| v));
        for m in info
            .methods
            .made()
            .filter_map(|id| table.methods.get(id as usize))
        {
            held.push(m.object);
            if let Some((origin, _)) = m.origin {
                self.class(origin);
            }
            self.code.code(m.code);
        }
        held.iter_mut().for_each(|v| visitor.value(v));
    }
}

impl Roots for Census {
    fn visit(&mut self, full: bool, visitor: &mut dyn Visitor) {
        let Census { roots, found } = self;
        // SAFETY: as in `follow`.
        let vm = unsafe { &*found.vm };
        (0..Known::Count as ClassIndex).for_each(|known| found.class(known));
        found.code.code(vm.processes.bottom);
        found.code.code(vm.processes.exit);
        // Do-its that are to run.
        for (id, m) in vm.classes.methods.iter().enumerate() {
            if !m.loose && !vm.classes.is_listed(id as MethodId) {
                found.method(&vm.classes, id as MethodId);
            }
        }
        roots.visit(full, &mut Spy { visitor, found });
        found.follow(visitor);
    }

    fn visit_stacks(&mut self, visitor: &mut dyn Visitor) -> bool {
        let Census { roots, found } = self;
        let shown = roots.visit_stacks(&mut Spy { visitor, found });
        found.follow(visitor) || shown
    }

    fn sweep(&mut self, _full: bool, _alive: &dyn Fn(Value) -> Option<Value>) {}

    fn note(&mut self, heap: &Heap, object: Value) {
        let found = &mut self.found;
        // SAFETY: as in `follow`.
        let table = unsafe { &(*found.vm).classes };
        let class = heap.class_of(object);
        found.class(class);
        found.code.object(heap, object);
        if class == Known::CompiledMethod.index() {
            let id = heap.slot(object, 0).as_int();
            found.method(
                table,
                id.and_then(|id| id.try_into().ok())
                    .unwrap_or(MethodId::MAX),
            );
        } else if class == Known::Metaclass.index() || is_metaclass(table, class) {
            table
                .index_of(object)
                .into_iter()
                .for_each(|c| found.class(c));
        }
    }
}

fn is_metaclass(table: &ClassTable, class: ClassIndex) -> bool {
    table.get(class).is_some_and(|i| i.instance_side.is_some())
}

impl Visitor for Spy<'_> {
    fn value(&mut self, v: &mut Value) {
        self.visitor.value(v);
    }

    fn slice(&mut self, values: &mut [Value]) {
        values.iter().for_each(|&v| self.found.code.word(v));
        self.visitor.slice(values);
    }

    fn young_found(&mut self) -> bool {
        self.visitor.young_found()
    }

    fn reached(&self, v: Value) -> bool {
        self.visitor.reached(v)
    }
}

impl Vm {
    /// Forgets the classes that nothing refers to, with their code. Everything was just collected; the running
    /// stack is alive up to `live_end`.
    pub(crate) fn reclaim_classes(&mut self, live_end: usize) {
        if self.has_nameless_class() {
            let vm: *mut Vm = self;
            let mut census = Census {
                roots: MachineRoots {
                    whole_tables: false,
                    ..MachineRoots::new(self, live_end)
                },
                found: Found {
                    vm,
                    code: Marker::new(self),
                    classes: vec![false; self.classes.classes.len()],
                    classes_waiting: Vec::new(),
                },
            };
            self.heap.reach(&mut census);
            let Found { classes, code, .. } = census.found;
            let dead: Vec<ClassIndex> = (0..classes.len() as ClassIndex)
                .filter(|&c| !classes[c as usize] && self.classes.get(c).is_some())
                .collect();
            if !dead.is_empty() {
                self.classes.forget(&dead);
                for &class in &dead {
                    self.heap.weak_fixed.remove(class);
                }
                // The code first: its literals could keep an instance.
                self.free_code(&code.live);
                self.with_roots(live_end, |heap, roots| heap.full_collect(roots));
            }
        }
        self.class_threshold = self.classes.in_use() * 2 + FIRST_LOOK;
    }

    /// Whether there is a class that its name does not lead to.
    fn has_nameless_class(&self) -> bool {
        let classes = self.classes.classes.iter().flatten();
        classes
            .filter(|info| info.instance_side.is_none())
            .any(|info| self.global(&info.name) != Some(info.object))
    }
}
