//! Makes classes of the library: a class from its entry in the index, its methods when somebody looks for one,
//! nothing compiled.
//!
//! Knows which classes are made already.

use super::image::{ClassEntry, Image};
use crate::memory::ClassIndex;
use crate::vm::classes::Source;
use crate::vm::define::ClassSpec;
use crate::vm::method_dict::MethodDict;
use crate::vm::{PrimError, Vm};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;
use std::sync::Arc;

/// The library on its way into a machine.
#[derive(Clone)]
pub struct Library {
    pub image: Arc<Image>,
    /// The machine's index of each class that was made, by the class's number in the image.
    indices: Vec<Option<ClassIndex>>,
    /// The names of protocols and files, by their hash.
    shared: FxHashMap<u64, Arc<str>>,
    pub other_names: super::latent::OtherNames,
}

impl Library {
    pub fn new(image: &Arc<Image>) -> Library {
        Library {
            image: image.clone(),
            indices: vec![None; image.num_classes()],
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
        if let Some(info) = vm.classes.get_mut(index) {
            info.comment = class.kept_comment();
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
        let list = image.static_list(number);
        if let Some(info) = vm.classes.get_mut(side).filter(|_| !class_side) {
            info.methods.reserve(class.num_methods());
        }
        let methods = class.methods().filter(|m| m.class_side() == class_side);
        // What the method before had, most have as well.
        let mut protocol = ("", Arc::from(""));
        let mut file = (None, Arc::from(""));
        for method in methods {
            if method.protocol() != protocol.0 {
                protocol = (method.protocol(), self.shared(method.protocol()));
            }
            if Some(method.file_key()) != file.0 {
                file = (Some(method.file_key()), self.shared(&method.file()));
            }
            let selector = match list.and_then(|list| list.get(method.selector_range())) {
                Some(text) => vm.symbols.intern_static(&mut vm.heap, text),
                None => vm.intern(method.selector()),
            };
            let source = Source {
                text: method.kept_source(),
                file: Some(file.1.clone()),
                line: method.line() as u32,
                column: 1,
                library: true,
                bracket: 0,
            };
            vm.add_method(side, selector, source, protocol.1.clone());
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

    /// The one shared copy of a protocol's or a file's name.
    fn shared(&mut self, name: &str) -> Arc<str> {
        let mut hasher = FxHasher::default();
        hasher.write(name.as_bytes());
        let shared = self.shared.entry(hasher.finish());
        let shared = shared.or_insert_with(|| name.into());
        match **shared == *name {
            true => shared.clone(),
            false => name.into(),
        }
    }
}
