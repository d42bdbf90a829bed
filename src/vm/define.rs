//! Making classes and installing methods.

use super::classes::{ClassInfo, Method, MethodId, Source, SourceText};
use super::code::{Code, Facts, Primitive, flags};
use super::known::Known;
use super::symbols::SymbolId;
use super::{PrimError, Vm};
use crate::compiler::opcode::{Op, abc, ad};
use crate::memory::{ClassIndex, Format, Value};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// Class indices there are, the one of fillers left out.
const MAX_CLASSES: usize = crate::memory::header::FILLER as usize;

/// What a class is to be.
#[derive(Clone, Debug, Default)]
pub struct ClassSpec {
    pub name: String,
    pub superclass: Option<ClassIndex>,
    pub inst_vars: Vec<String>,
    pub class_vars: Vec<String>,
    pub class_inst_vars: Vec<String>,
    pub pools: Vec<ClassIndex>,
    /// Tonel's name of the layout; empty for normal (or the superclass's, where that is indexable).
    pub layout: String,
    pub package: String,
    /// The part of the package; empty to leave the class where it is.
    pub tag: String,
    /// Empty to leave it as it is.
    pub comment: String,
    /// The class whose instance a class without superclass is; none for Class.
    pub kind: Option<ClassIndex>,
    /// The class that is defined anew; none for the one of this name, if there is any.
    pub existing: Option<ClassIndex>,
    /// A new class that no global names.
    pub nameless: bool,
}

impl ClassSpec {
    /// The class that the definition changes.
    pub fn changes(&self, vm: &mut Vm) -> Option<ClassIndex> {
        match self.existing {
            None if !self.nameless => {
                let named = vm.find_global(&self.name)?;
                let class = vm.classes.index_of(named)?;
                // A second name of another class is none of its own.
                (vm.classes.name(class) == self.name).then_some(class)
            }
            existing => existing,
        }
    }
}

/// Format and canonical name of a layout.
fn layout_of(name: &str) -> Option<(Format, &'static str)> {
    Some(match name {
        "" | "normal" | "FixedLayout" => (Format::Fixed, "normal"),
        "variable" | "VariableLayout" => (Format::Indexable, "variable"),
        "bytes" | "ByteLayout" => (Format::Bytes, "bytes"),
        "doubleBytes" | "DoubleByteLayout" => (Format::Words16, "doubleBytes"),
        "words" | "WordLayout" => (Format::Words32, "words"),
        "doubleWords" | "DoubleWordLayout" => (Format::Words64, "doubleWords"),
        "weak" | "WeakLayout" => (Format::Weak, "weak"),
        "ephemeron" | "EphemeronLayout" => (Format::Ephemeron, "ephemeron"),
        "immediate" | "ImmediateLayout" => (Format::Fixed, "immediate"),
        "compiledMethod" | "CompiledMethodLayout" => (Format::Fixed, "normal"),
        _ => return None,
    })
}

impl Vm {
    /// Defines a class, or redefines it if its name is taken: it stays the same object, and keeps its methods.
    pub fn define_class(&mut self, spec: &ClassSpec) -> Result<ClassIndex, PrimError> {
        let existing = spec.changes(self);
        let (format, layout) = self.layout_of(spec).ok_or(PrimError::BadArgument)?;
        let parent = spec.superclass.and_then(|s| self.classes.get(s));
        let inherited = parent.map_or(0, |p| p.inst_size);
        if !format.is_pointers() && inherited + spec.inst_vars.len() > 0 {
            return Err(PrimError::BadArgument);
        }
        let inst_size = inherited + spec.inst_vars.len();
        if inst_size > 250 {
            return Err(PrimError::BadArgument);
        }
        // A class of that name which has lost its global stays what the machine counts on.
        let unmade = |k: &ClassIndex| self.classes.get(*k).is_none();
        let known = Known::named(&spec.name).filter(|k| !spec.nameless && unmade(k));
        let index = match existing.or(known) {
            Some(index) => index,
            // A class and its metaclass must fit into the headers' field.
            None if self.classes.in_use() + 2 >= MAX_CLASSES => {
                return Err(PrimError::NoMemory);
            }
            None => self.classes.next_index(),
        };
        let (object, meta) = match self.classes.get(index) {
            Some(info) => (info.object, info.meta),
            None => self.new_class_object(index, spec),
        };
        let class_vars = self.class_var_bindings(index, &spec.class_vars);
        let old = self.classes.get_mut(index).map(|info| {
            (
                std::mem::take(&mut info.methods),
                std::mem::take(&mut info.subclasses),
                info.superclass,
                info.comment.clone(),
                std::mem::take(&mut info.tag),
                info.traits.take(),
                std::mem::take(&mut info.overridden),
                info.properties,
            )
        });
        let (methods, subclasses, old_super, old_comment, old_tag, traits, overridden, properties) =
            old.unwrap_or((
                Default::default(),
                Vec::new(),
                None,
                SourceText::Static(""),
                String::new(),
                None,
                Vec::new(),
                Value::NIL,
            ));
        if let Some(s) = old_super
            && Some(s) != spec.superclass
            && let Some(p) = self.classes.get_mut(s)
        {
            p.subclasses.retain(|&c| c != index);
        }
        let info = ClassInfo {
            object,
            superclass: spec.superclass,
            meta,
            instance_side: None,
            name: spec.name.clone(),
            format,
            inst_vars: spec.inst_vars.clone(),
            inst_size,
            methods,
            class_vars,
            pools: spec.pools.clone(),
            package: spec.package.clone(),
            tag: if spec.tag.is_empty() {
                old_tag
            } else {
                spec.tag.clone()
            },
            comment: if spec.comment.is_empty() {
                old_comment
            } else {
                SourceText::Shared(spec.comment.as_str().into())
            },
            subclasses,
            layout,
            properties,
            traits,
            overridden,
        };
        self.classes.set(index, info);
        if format == Format::Weak {
            self.note_weak_class(index, inst_size);
        }
        if !spec.nameless && spec.existing.is_none() {
            self.set_name(&spec.name, object);
        }
        // From here on the class object may be another: it grows by being replaced.
        if !spec.class_inst_vars.is_empty() || existing.is_none() {
            self.set_class_inst_vars(meta, spec.class_inst_vars.clone());
        }
        if existing.is_some() {
            self.reshape_subclasses(index);
            self.relink_meta(index, spec);
            self.discard_code_of(index);
            self.flush_caches(None);
        }
        Ok(index)
    }

    /// The format that instances will have, and Tonel's name for it; none for a layout that nobody knows.
    pub fn layout_of(&self, spec: &ClassSpec) -> Option<(Format, &'static str)> {
        let own = layout_of(&spec.layout)?;
        let parent = spec.superclass.and_then(|s| self.classes.get(s));
        let inherited = parent.filter(|p| own.0 == Format::Fixed && p.format != Format::Fixed);
        Some(inherited.map_or(own, |p| (p.format, p.layout)))
    }

    fn class_var_bindings(&mut self, index: ClassIndex, names: &[String]) -> Vec<(String, Value)> {
        let old = self
            .classes
            .get(index)
            .map_or_else(Vec::new, |i| i.class_vars.clone());
        // There may be a hundred thousand.
        let mut wanted: FxHashSet<&str> = names.iter().map(String::as_str).collect();
        let mut bindings = old;
        bindings.retain(|(n, _)| wanted.remove(n.as_str()));
        for name in names {
            if wanted.remove(name.as_str()) {
                let id = self.intern(name);
                let v = self.new_binding(id, Value::NIL);
                bindings.push((name.clone(), v));
            }
        }
        self.charge(bindings.len());
        bindings
    }

    /// The class object and its metaclass, not yet with variables of their own.
    fn new_class_object(&mut self, index: ClassIndex, spec: &ClassSpec) -> (Value, ClassIndex) {
        self.note_growth(2 * super::limits::CLASS_BYTES / 8);
        let meta = self.classes.next_index();
        let super_meta = spec
            .superclass
            .and_then(|s| self.classes.get(s))
            .map(|p| p.meta);
        let class_side = super_meta.or(spec.kind).unwrap_or(Known::Class.index());
        let meta_size = self
            .classes
            .get(class_side)
            .map_or(self.class_object_size, |c| c.inst_size);
        let meta_object = self
            .heap
            .new_pointers_old(Known::Metaclass.index(), Format::Fixed, 2);
        self.heap.set_slot(meta_object, 1, Value::int(meta as i64));
        let object = self.heap.new_pointers_old(
            meta,
            Format::Fixed,
            (meta_size + spec.class_inst_vars.len()).max(2),
        );
        self.heap.set_slot(object, 1, Value::int(index as i64));
        if let Some(s) = spec
            .superclass
            .and_then(|s| self.classes.get(s))
            .map(|p| p.object)
        {
            self.heap.set_slot(object, 0, s);
        }
        let info = ClassInfo {
            superclass: Some(class_side),
            meta: Known::Metaclass.index(),
            instance_side: Some(index),
            inst_size: meta_size,
            package: spec.package.clone(),
            ..ClassInfo::new(meta_object, &spec.name)
        };
        self.classes.set(meta, info);
        (object, meta)
    }

    /// Gives a metaclass its own instance variables; the class object grows with them.
    pub fn set_class_inst_vars(&mut self, meta: ClassIndex, names: Vec<String>) {
        let Some(info) = self.classes.get_mut(meta) else {
            return;
        };
        let changed = info.inst_vars != names;
        info.inst_vars = names;
        if changed {
            self.reshape_subclasses(meta);
            self.flush_caches(None);
        }
    }

    /// Recomputes sizes of a class and all below it; class objects grow in place by becoming larger copies.
    fn reshape_subclasses(&mut self, index: ClassIndex) {
        let Some(info) = self.classes.get(index) else {
            return;
        };
        let inherited = info
            .superclass
            .and_then(|s| self.classes.get(s))
            .map_or(0, |p| p.inst_size);
        let size = inherited + info.inst_vars.len();
        let changed = info.inst_size != size;
        let (instance_side, children) = (info.instance_side, info.subclasses.clone());
        if let Some(info) = self.classes.get_mut(index) {
            info.inst_size = size;
            if info.format == Format::Weak {
                self.note_weak_class(index, size);
            }
        }
        if changed {
            self.discard_code_of(index);
            if instance_side.is_some() {
                self.grow_class_object(instance_side, size);
            }
        }
        for child in children {
            self.reshape_subclasses(child);
        }
    }

    /// Replaces the class object of `class` by one with `size` variables.
    fn grow_class_object(&mut self, class: Option<ClassIndex>, size: usize) {
        let Some(old) = class.and_then(|c| self.classes.get(c)).map(|i| i.object) else {
            return;
        };
        if self.heap.slots(old) >= size {
            return;
        }
        let new = self
            .heap
            .new_pointers_old(self.heap.class_of(old), Format::Fixed, size);
        for i in 0..self.heap.slots(old) {
            let v = self.heap.slot(old, i);
            self.heap.set_slot(new, i, v);
        }
        if self.processes.active_slot == usize::MAX {
            // While the library is made, the table is the only holder.
            self.replace_everywhere(old, new);
        } else {
            self.with_roots_in_primitive(|heap, roots| {
                heap.become_forward(&[(old, new)], true, roots)
            });
        }
        if let Some(info) = class.and_then(|c| self.classes.get_mut(c)) {
            info.object = new;
        }
        self.classes.rehash();
    }

    fn replace_everywhere(&mut self, old: Value, new: Value) {
        self.with_roots(0, |heap, roots| {
            heap.become_forward(&[(old, new)], true, roots)
        });
    }

    /// Tells Class of the metaclasses that were made before it: those of the roots.
    pub fn link_metaclasses(&mut self) {
        let class = Known::Class.index();
        let roots: Vec<ClassIndex> = (0..self.classes.classes.len() as ClassIndex)
            .filter(|&i| {
                self.classes
                    .get(i)
                    .is_some_and(|c| c.instance_side.is_some() && c.superclass == Some(class))
            })
            .collect();
        if let Some(info) = self.classes.get_mut(class) {
            for root in roots {
                if !info.subclasses.contains(&root) {
                    info.subclasses.push(root);
                }
            }
        }
    }

    /// Metaclasses inherit as their classes do.
    fn relink_meta(&mut self, index: ClassIndex, spec: &ClassSpec) {
        let superclass = spec.superclass;
        let Some(meta) = self.classes.get(index).map(|i| i.meta) else {
            return;
        };
        let above = superclass
            .and_then(|s| self.classes.get(s))
            .map(|p| p.meta)
            .or(spec.kind)
            .unwrap_or(Known::Class.index());
        let before = self.classes.get(meta).and_then(|m| m.superclass);
        if before != Some(above) {
            if let Some(p) = before.and_then(|b| self.classes.get_mut(b)) {
                p.subclasses.retain(|&c| c != meta);
            }
            if let Some(p) = self.classes.get_mut(above) {
                p.subclasses.push(meta);
            }
            if let Some(m) = self.classes.get_mut(meta) {
                m.superclass = Some(above);
            }
            self.reshape_subclasses(meta);
        }
        let (object, parent) = (
            self.classes.get(index).map(|i| i.object),
            superclass
                .and_then(|s| self.classes.get(s))
                .map_or(Value::NIL, |p| p.object),
        );
        if let Some(object) = object {
            self.heap.set_slot(object, 0, parent);
        }
    }

    /// Methods whose variables may have moved are compiled again when they are sent next.
    fn discard_code_of(&mut self, index: ClassIndex) {
        let ids: Vec<MethodId> = self
            .classes
            .get(index)
            .map_or_else(Vec::new, |i| i.methods.made().collect());
        for id in ids {
            self.classes.methods[id as usize].code = std::ptr::null();
        }
    }

    /// Adds a method that will be compiled when it is first sent.
    pub fn add_method(
        &mut self,
        class: ClassIndex,
        selector: SymbolId,
        source: Source,
        protocol: Arc<str>,
    ) -> MethodId {
        self.note_growth((source.text.owned() + protocol.len()) / 8);
        let id = self
            .classes
            .add_method(Method::new(selector, class, source, protocol));
        self.list_method(class, selector, id);
        id
    }

    /// Enters a method in its class's dictionary; what it replaces may be forgotten.
    fn list_method(&mut self, class: ClassIndex, selector: SymbolId, id: MethodId) {
        self.list_methods(class);
        let replaced = self
            .classes
            .get_mut(class)
            .and_then(|info| info.methods.insert(selector, id));
        self.classes.let_go(replaced);
        self.trait_method_changed(class, selector);
    }

    /// Adds a method that belongs to no method dictionary: a do-it. It is kept until it runs.
    pub fn add_do_it(&mut self, class: ClassIndex, selector: SymbolId, source: Source) -> MethodId {
        self.note_growth(source.text.owned() / 8);
        self.classes
            .add_method(Method::new(selector, class, source, "".into()))
    }

    /// Puts a method into a class's dictionary under a selector: the method itself if it was compiled for the
    /// class and stands in no dictionary, or a copy that is compiled for the class when it is first sent.
    pub fn put_method(
        &mut self,
        class: ClassIndex,
        selector: SymbolId,
        id: MethodId,
        protocol: Arc<str>,
    ) -> Result<(), PrimError> {
        let listed = self.classes.is_listed(id);
        let Some(m) = self.classes.methods.get_mut(id as usize) else {
            return Err(PrimError::BadArgument);
        };
        if listed || m.class != class || m.selector != selector {
            let source = m.source.clone();
            self.add_method(class, selector, source, protocol);
        } else {
            m.loose = false;
            m.protocol = protocol;
            self.list_method(class, selector, id);
        }
        self.flush_caches(Some(selector));
        Ok(())
    }

    /// An old Array for what a class's entry holds: a scavenge does not look at the tables of classes.
    pub fn new_holder(&mut self) -> Value {
        self.heap
            .new_pointers_old(Known::Array.index(), Format::Indexable, 1)
    }

    /// Files a method under another protocol.
    pub fn classify_method(&mut self, id: MethodId, protocol: Arc<str>) {
        self.note_text(protocol.len());
        if let Some(m) = self.classes.methods.get_mut(id as usize) {
            m.protocol = protocol;
            let (class, selector) = (m.class, m.selector);
            if self.classes.is_listed(id) {
                self.trait_method_changed(class, selector);
            }
        }
    }

    /// Gives a class another name. Globals are the library's business.
    pub fn rename_class(&mut self, class: ClassIndex, name: &str) {
        let Some(meta) = self.classes.get(class).map(|i| i.meta) else {
            return;
        };
        for side in [class, meta] {
            if let Some(info) = self.classes.get_mut(side) {
                info.name = name.to_string();
            }
        }
    }

    /// Takes a method out of its class.
    pub fn remove_method(&mut self, class: ClassIndex, selector: SymbolId) -> bool {
        self.list_methods(class);
        let removed = self
            .classes
            .get_mut(class)
            .and_then(|i| i.methods.remove(selector));
        self.classes.let_go(removed);
        self.trait_method_changed(class, selector);
        self.flush_caches(Some(selector));
        removed.is_some()
    }

    /// To be called when a method was added while the machine runs.
    pub fn method_changed(&mut self, selector: SymbolId) {
        self.flush_caches(Some(selector));
    }

    /// To be called when many methods were added.
    pub fn methods_changed(&mut self) {
        self.flush_caches(None);
    }

    /// The CompiledMethod object of a method, made at need.
    pub fn method_object(&mut self, id: MethodId) -> Value {
        let Some(m) = self.classes.methods.get(id as usize) else {
            return Value::NIL;
        };
        if m.object != Value::NIL {
            return m.object;
        }
        let size = self
            .classes
            .get(Known::CompiledMethod.index())
            .map_or(1, |c| c.inst_size.max(1));
        let v = self
            .heap
            .new_pointers_old(Known::CompiledMethod.index(), Format::Fixed, size);
        self.heap.set_slot(v, 0, Value::int(id as i64));
        self.classes.methods[id as usize].object = v;
        if !self.classes.is_listed(id) {
            self.classes.let_go(Some(id));
        }
        v
    }

    /// The method number of a CompiledMethod object.
    #[inline(never)]
    pub fn method_id(&self, v: Value) -> Option<MethodId> {
        if self.heap.class_of(v) != Known::CompiledMethod.index() {
            return None;
        }
        let id = self.heap.slot(v, 0).as_int()?;
        usize::try_from(id)
            .ok()
            .filter(|&i| i < self.classes.methods.len())
            .map(|i| i as MethodId)
    }

    /// Makes the code of the boundary frames. To be called once, before anything runs.
    pub fn make_boundaries(&mut self) {
        let nil_class = Known::UndefinedObject.index();
        let selector = self.intern("boundary");
        let method = self.add_do_it(nil_class, selector, Source::none());
        self.processes.bottom = self.boundary(method, Op::PROCEND);
        self.processes.exit = self.boundary(method, Op::EXITRUN);
        if super::dispatch::THREADED && !self.canary() {
            self.portable = true;
        }
    }

    /// A code block of two words: a send that is never executed, whose window tells where the answer goes, and `op`.
    fn boundary(&mut self, method: MethodId, op: Op) -> *const Code {
        let words = [ad(Op::SEND, 1, 0), abc(op, 1, 0, 0)];
        let block = vec![words[0] as u64 | (words[1] as u64) << 32].into_boxed_slice();
        let facts = Facts {
            words: 2,
            source_map: Vec::new(),
            temps: Vec::new(),
            span: Default::default(),
            pragmas: Vec::new(),
        };
        let code = Code::raw(block, flags::BOUNDARY, 8, method, Primitive::None, facts);
        let pointer: *const Code = &*code;
        self.codes.push(code);
        pointer
    }
}
