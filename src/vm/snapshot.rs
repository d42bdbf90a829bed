//! Snapshots of a machine that stands still: its classes, methods, globals and objects, from which any number of
//! machines begin, in any thread.
//!
//! Owns what belongs to such a copy and what no copy can hold: Processes, what is open outside, Rust values. All
//! values in it are places in its own objects (see `memory::snapshot`), all code is in a form without addresses.
//! Must never leave a trace in the machine that it is taken of, but for the garbage that is collected.

use super::classes::{ClassTable, MethodId, SourceText};
use super::code::{Code, FrozenCode, code_value, value_code};
use super::context;
use super::host_methods::{HostFn, HostFunction, SharedFn};
use super::known::Known;
use super::latent::Latent;
use super::numbered::Numbered;
use super::primitive_table::Primitives;
use super::process::State;
use super::symbols::{SymbolId, SymbolTable};
use super::{Hooks, Outlined, PrimError, Vm};
use crate::host::Host;
use crate::memory::snapshot::Copier;
use crate::memory::{self, HeapOptions, Value, Visitor, WordMap};
use std::sync::Arc;

/// Begins the machines that are made of it.
pub struct Snapshot {
    objects: memory::snapshot::Snapshot,
    symbols: SymbolTable,
    classes: Codeless,
    globals: WordMap<SymbolId, Value>,
    session: WordMap<SymbolId, Value>,
    latent: Option<Box<dyn Latent>>,
    primitives: Primitives,
    codes: Vec<FrozenCode>,
    /// Methods whose code is among them.
    methods: Vec<(MethodId, u32)>,
    /// Objects with a slot for code.
    holders: Vec<(Value, usize, u32)>,
    /// By number, each with its text; those that are not shared are the loader's to bring back.
    functions: Vec<(Option<SharedFn>, SourceText)>,
    /// What the outside knows by numbers.
    external: Numbered,
    /// Objects to which closures belong.
    held: Vec<(Value, SharedFn)>,
    thresholds: [usize; 2],
    class_object_size: usize,
    hooks: Hooks,
}

/// Classes and methods whose code is somewhere else.
struct Codeless(ClassTable);

// SAFETY: all that keeps a class table in its thread are the addresses of code in its methods (the compiler looks at the
// rest, in `classes`), and these are null: only `of` makes one, and nobody has it to change.
unsafe impl Send for Codeless {}
// SAFETY: as above; what is shared is read, or copied.
unsafe impl Sync for Codeless {}

impl Codeless {
    fn of(mut table: ClassTable) -> Codeless {
        for method in &mut table.methods {
            method.code = std::ptr::null();
        }
        Codeless(table)
    }
}

/// A snapshot in the making.
struct Freezer<'v> {
    vm: &'v Vm,
    copier: Copier<'v>,
    codes: Vec<FrozenCode>,
    /// By address.
    numbers: WordMap<usize, u32>,
    holders: Vec<(Value, usize, u32)>,
    held: Vec<(Value, SharedFn)>,
    /// What the objects that are found next belong to.
    owner: String,
    refused: Vec<String>,
}

impl Vm {
    /// A copy of everything that machines begin with; `functions` tells of a method's closure, by its number, that
    /// the loader can bring back. Why there is none, else: one sentence each. No code may be running.
    pub fn snapshot(&mut self, functions: &dyn Fn(u32) -> bool) -> Result<Snapshot, Vec<String>> {
        self.drop_dead_host_things();
        self.collect_garbage();
        self.collect_garbage();
        let mut freezer = Freezer {
            vm: self,
            copier: Copier::new(&self.heap),
            codes: Vec::new(),
            numbers: WordMap::default(),
            holders: Vec::new(),
            held: Vec::new(),
            owner: String::new(),
            refused: self.still_at_work(),
        };
        freezer.check_methods(functions);
        freezer.freeze()
    }

    /// What goes on, and would not in a copy.
    fn still_at_work(&self) -> Vec<String> {
        let mut found = Vec::new();
        let live = self.processes.slots.iter().flatten();
        let others = live
            .filter(|p| !p.main && p.state != State::Terminated)
            .count();
        if others > 0 {
            let verb = if others == 1 {
                "Process has"
            } else {
                "Processes have"
            };
            found.push(format!("{others} {verb} not ended"));
        }
        match self.loads.iter().filter(|kept| kept.0.is_some()).count() {
            0 => {}
            1 => found.push("1 file that is being loaded is not at its end".into()),
            n => found.push(format!(
                "{n} files that are being loaded are not at their end"
            )),
        }
        found.extend(self.host.what_is_open());
        found
    }
}

impl Freezer<'_> {
    /// Tells of closures that no other machine can have.
    fn check_methods(&mut self, functions: &dyn Fn(u32) -> bool) {
        let table = &self.vm.classes;
        let own = |n: usize| matches!(self.vm.host_functions[n].call, HostFn::Own(_));
        if !(0..self.vm.host_functions.len()).any(|n| own(n) && !functions(n as u32)) {
            return;
        }
        for info in table.all().filter(|info| !info.methods.is_waiting()) {
            for (selector, id) in info.methods.iter() {
                let number = self.vm.function_of(id);
                if number.is_some_and(|n| own(n) && !functions(n as u32)) {
                    let class = table.index_of(info.object).map(|c| table.name(c));
                    let (class, selector) =
                        (class.unwrap_or_default(), self.vm.symbols.text(selector));
                    self.refused.push(format!("{class}>>#{selector} is a closure of this machine only: wrap it in `Shared`"));
                }
            }
        }
    }

    fn freeze(mut self) -> Result<Snapshot, Vec<String>> {
        let vm = self.vm;
        let mut symbols = vm.symbols.clone();
        symbols.visit(&mut self.copier);
        self.scan();
        let mut classes = vm.classes.clone();
        for index in 0..classes.classes.len() as u32 {
            self.owner = format!("class {}", vm.classes.name(index));
            if let Some(info) = classes.get_mut(index) {
                info.visit(&mut self.copier);
                self.scan();
            }
        }
        let tables = [
            (vm.globals.clone(), "the global"),
            (vm.session.clone(), "the variable"),
        ];
        let [globals, session] = tables.map(|(mut table, what)| {
            table.change(|name, value| {
                self.owner = format!("{what} {}", vm.symbols.text(name));
                self.copier.value(value);
                self.scan();
            });
            table
        });
        self.owner = "a method".into();
        classes.visit_methods(&mut self.copier);
        self.scan();
        for m in vm.classes.methods.iter().filter(|m| !m.loose) {
            if m.is_compiled() {
                self.code(m.code);
                self.scan();
            }
        }
        let mut external = vm.external.clone();
        self.owner = "what the outside knows by number".into();
        self.copier.slice(&mut external.objects);
        self.scan();
        // Now everything is found; methods in no dictionary are held weakly.
        for (m, old) in classes.methods.iter_mut().zip(&vm.classes.methods) {
            if m.loose {
                m.object = self.copier.found(old.object).unwrap_or(Value::NIL);
            }
        }
        let found = classes.methods.iter().zip(&vm.classes.methods).enumerate();
        let found = found.filter(|(_, (m, _))| !m.loose || m.object != Value::NIL);
        let methods = found.filter_map(|(id, (_, old))| {
            Some((id as MethodId, self.numbers.get(old.code.addr())?))
        });
        let methods = methods.collect();
        let functions = vm.host_functions.iter().map(|f| match &f.call {
            HostFn::Shared(call) => (Some(call.clone()), f.source.clone()),
            HostFn::Own(_) => (None, f.source.clone()),
        });
        if !self.refused.is_empty() {
            return Err(self.refused);
        }
        let objects = self.copier.finish();
        Ok(Snapshot {
            objects: objects.ok_or_else(|| vec!["it holds more than 32 GB of objects".into()])?,
            symbols,
            classes: Codeless::of(classes),
            globals,
            session,
            latent: vm.latent.as_ref().map(|l| l.copied()),
            primitives: vm.primitives.clone(),
            codes: self.codes,
            methods,
            holders: self.holders,
            functions: functions.collect(),
            external,
            held: self.held,
            thresholds: [vm.code_threshold, vm.class_threshold],
            class_object_size: vm.class_object_size,
            hooks: vm.hooks,
        })
    }

    /// Finds everything behind what was shown, and what no copy can hold.
    fn scan(&mut self) {
        while let Some(v) = self.copier.scan() {
            let class = self.vm.heap.class_of(v);
            let slot = match () {
                () if class == Known::BlockClosure.index() => Some(0),
                () if class == Known::Context.index() => Some(context::field::CODE),
                () => None,
            };
            if let Some(slot) = slot {
                let word = self.vm.heap.slot(v, slot);
                if word.is_int() && !value_code(word).is_null() {
                    let code = self.code(value_code(word));
                    let place = self.copier.found(v).unwrap_or(v);
                    self.holders.push((place, slot, code));
                }
            } else if let Some(id) = self.vm.method_id(v) {
                let code = self.vm.classes.methods[id as usize].code;
                if !code.is_null() {
                    self.code(code);
                }
            }
            for thing in self.vm.things_of(v) {
                match thing {
                    Ok(function) => {
                        let place = self.copier.found(v).unwrap_or(v);
                        self.held.push((place, function));
                    }
                    Err(what) => {
                        let (owner, name) = (&self.owner, self.vm.classes.name(class));
                        self.refused
                            .push(format!("{owner} refers to a {name}, {what}"));
                    }
                }
            }
        }
    }

    /// The number of a code block in the copy. The blocks inside it come before it; they may be nested deeply.
    fn code(&mut self, code: *const Code) -> u32 {
        let mut waiting = vec![code];
        while let Some(&next) = waiting.last() {
            // SAFETY: whoever refers to code keeps it alive.
            let from = unsafe { &*next };
            let numbers = &self.numbers;
            let missing = from.blocks.iter().filter(|b| !numbers.contains(b.addr()));
            let before = waiting.len();
            if !numbers.contains(next.addr()) {
                waiting.extend(missing.copied());
            }
            if waiting.len() == before {
                self.freeze_code(next, from);
                waiting.pop();
            }
        }
        self.number(code)
    }

    /// Of a block that was frozen.
    fn number(&self, code: *const Code) -> u32 {
        self.numbers.get(code.addr()).expect("frozen before")
    }

    fn freeze_code(&mut self, code: *const Code, from: &Code) {
        if self.numbers.contains(code.addr()) {
            return;
        }
        let blocks: Vec<u32> = from.blocks.iter().map(|&b| self.number(b)).collect();
        let copier = &mut self.copier;
        let frozen = FrozenCode::of(from, &blocks, |mut v| {
            copier.value(&mut v);
            v
        });
        self.numbers.insert(code.addr(), self.codes.len() as u32);
        self.codes.push(frozen);
    }
}

impl Snapshot {
    /// Bytes that the objects of each machine take at first.
    pub fn bytes(&self) -> usize {
        self.objects.bytes() + self.symbols.bytes_used()
    }

    /// A machine that begins where the other one was. None when the system has no memory for it.
    pub fn start(&self, heap: HeapOptions, host: Host) -> Option<Outlined<Vm>> {
        let mut machine = Vm::new(heap, host, self.hooks);
        let vm = &mut *machine;
        let mut places = self.objects.install(&mut vm.heap)?;
        vm.symbols = self.symbols.clone();
        vm.symbols.visit(&mut places);
        vm.primitives = self.primitives.clone();
        vm.classes = self.classes.0.clone();
        vm.classes.visit(&mut places);
        vm.classes.sweep(&|v| Some(places.of(v)));
        for (table, from) in [
            (&mut vm.globals, &self.globals),
            (&mut vm.session, &self.session),
        ] {
            *table = from.clone();
            table.change(|_, v| places.value(v));
        }
        vm.latent = self.latent.as_ref().map(|l| l.copied());
        let mut codes: Vec<Box<Code>> = self
            .codes
            .iter()
            .map(|c| c.thaw(|v| places.of(v)))
            .collect();
        for (own, frozen) in self.codes.iter().enumerate() {
            frozen.link(&mut codes, own);
        }
        for &(method, code) in &self.methods {
            vm.classes.methods[method as usize].code = &*codes[code as usize];
        }
        for &(holder, slot, code) in &self.holders {
            let code: *const Code = &*codes[code as usize];
            vm.heap.set_slot(places.of(holder), slot, code_value(code));
        }
        vm.code_bytes = codes.iter().map(|code| code.bytes()).sum();
        vm.codes = codes;
        vm.make_boundaries();
        let functions = self.functions.iter().map(|(call, source)| HostFunction {
            call: HostFn::Shared(call.clone().unwrap_or_else(missing)),
            source: source.clone(),
        });
        vm.host_functions = functions.collect();
        vm.external = self.external.clone();
        places.slice(&mut vm.external.objects);
        for (object, function) in &self.held {
            let function = HostFn::Shared(function.clone());
            vm.hold_function(places.of(*object), function);
        }
        [vm.code_threshold, vm.class_threshold] = self.thresholds;
        vm.class_object_size = self.class_object_size;
        Some(machine)
    }
}

/// What is called in place of a closure that was not brought back.
fn missing() -> SharedFn {
    Arc::new(|_, _| Err(PrimError::NotFound))
}
