//! Makes classes of the library: a class from its entry in the index, its methods when somebody looks for one,
//! nothing compiled.
//!
//! Knows which classes are made already, and what was made of the index's strings.

use super::image::{ClassEntry, Image, MethodEntry};
use crate::memory::ClassIndex;
use crate::vm::classes::Source;
use crate::vm::define::ClassSpec;
use crate::vm::method_dict::MethodDict;
use crate::vm::symbols::SymbolId;
use crate::vm::{PrimError, Vm};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The library on its way into a machine.
#[derive(Clone)]
pub struct Library {
    pub image: Arc<Image>,
    /// The machine's index of each class that was made, by the class's number in the image.
    indices: Vec<Option<ClassIndex>>,
    symbols: Vec<SymbolId>,
    shared: FxHashMap<usize, Arc<str>>,
    pub other_names: super::latent::OtherNames,
}

impl Library {
    pub fn new(image: &Arc<Image>) -> Library {
        Library {
            image: image.clone(),
            indices: vec![None; image.num_classes()],
            symbols: vec![0; image.num_strings()],
            shared: FxHashMap::default(),
            other_names: Default::default(),
        }
    }

    /// Whether a class was made.
    pub fn has(&self, class: ClassEntry<'_>) -> bool {
        self.indices[class.number()].is_some()
    }

    /// Makes a class whose superclass was made. Its methods come later.
    pub fn define(&mut self, vm: &mut Vm, class: ClassEntry<'_>) -> Result<(), PrimError> {
        let mut spec = self.spec_of(class, vm);
        if class.is_trait() {
            // Who makes a trait has to have made that before.
            let kind = vm.global("Trait").and_then(|t| vm.classes.index_of(t));
            spec.kind = Some(kind.ok_or(PrimError::BadArgument)?);
            spec.layout.clear();
        }
        let index = vm.define_class(&spec)?;
        self.indices[class.number()] = Some(index);
        if let (Some(info), Some(comment)) = (vm.classes.get_mut(index), class.kept_comment()) {
            info.comment = comment;
        }
        let meta = vm.classes.get(index).map_or(0, |i| i.meta);
        for side in [index, meta] {
            if let Some(info) = vm.classes.get_mut(side) {
                info.methods = MethodDict::waiting(class.number() as u32);
            }
        }
        Ok(())
    }

    /// Lists the methods of one side of the class with this number in the image.
    pub fn add_methods(&mut self, vm: &mut Vm, side: ClassIndex, number: usize) {
        let image = self.image.clone();
        let class = image.class(number);
        let class_side = self.indices[number] != Some(side);
        let methods = class.methods_of(class_side);
        if let Some(info) = vm.classes.get_mut(side) {
            info.methods.reserve(methods.len());
        }
        for method in methods {
            let selector = self.symbol(vm, method.selector_number());
            let source = self.source_of(method);
            let protocol = self.shared(method.protocol_number());
            vm.add_method(side, selector, source, protocol);
        }
    }

    fn spec_of(&self, class: ClassEntry<'_>, vm: &mut Vm) -> ClassSpec {
        let owned =
            |names: &mut dyn Iterator<Item = &str>| names.map(str::to_string).collect::<Vec<_>>();
        ClassSpec {
            name: class.name().to_string(),
            superclass: class.superclass().and_then(|s| self.indices[s.number()]),
            inst_vars: owned(&mut class.inst_vars()),
            class_vars: owned(&mut class.class_vars()),
            class_inst_vars: owned(&mut class.class_inst_vars()),
            pools: class
                .pools()
                .filter_map(|p| vm.global(p).and_then(|v| vm.classes.index_of(v)))
                .collect(),
            layout: class.layout().to_string(),
            package: class.package().to_string(),
            ..ClassSpec::default()
        }
    }

    fn symbol(&mut self, vm: &mut Vm, number: usize) -> SymbolId {
        if self.symbols[number] == 0 {
            self.symbols[number] = match self.image.static_string(number) {
                Some(text) => vm.symbols.intern_static(&mut vm.heap, text),
                None => vm.intern(self.image.string(number)),
            };
        }
        self.symbols[number]
    }

    /// The one shared copy of a protocol's or a file's name.
    fn shared(&mut self, number: usize) -> Arc<str> {
        let shared = self.shared.entry(number);
        shared
            .or_insert_with(|| self.image.string(number).into())
            .clone()
    }

    fn file_of(&mut self, method: MethodEntry<'_>) -> Arc<str> {
        let shared = self.shared.entry(method.file_number());
        shared.or_insert_with(|| method.file().into()).clone()
    }

    fn source_of(&mut self, method: MethodEntry<'_>) -> Source {
        Source {
            text: self.image.kept_text(method.range()),
            file: Some(self.file_of(method)),
            line: method.line() as u32,
            column: 1,
            library: true,
            bracket: 0,
        }
    }
}
