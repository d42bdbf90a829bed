//! A new machine with the class library in it: classes made, methods listed, nothing compiled.

use super::compile;
use super::image::{ClassEntry, Image, MethodEntry};
use crate::host::Host;
use crate::memory::HeapOptions;
use crate::vm::classes::{Source, SourceText};
use crate::vm::define::ClassSpec;
use crate::vm::known::Known;
use crate::vm::symbols::SymbolId;
use crate::vm::{PrimError, Vm};
use std::sync::Arc;

/// Globals that are instances: name and class.
const INSTANCES: &[(&str, &str)] = &[
    ("Smalltalk", "SmalltalkImage"),
    ("Processor", "ProcessorScheduler"),
    ("Transcript", "TranscriptStream"),
];

/// Makes a machine with the library of `image`. Fails when a class of the library is wrongly defined.
pub fn boot(image: &Image, heap: HeapOptions, host: Host) -> Result<Box<Vm>, String> {
    let mut vm = Vm::new(heap, host, compile::HOOKS);
    crate::primitives::register(&mut vm);
    let class_size = image.class_named("Class").map_or(2, |c| {
        std::iter::successors(Some(c), |c| c.superclass())
            .map(|c| c.inst_vars().len())
            .sum()
    });
    vm.class_object_size = class_size.max(2);
    let mut strings = Strings {
        symbols: vec![0; image.num_strings()],
        shared: vec![None; image.num_strings()],
    };
    // The index knows how many there will be: the tables need not grow step by step.
    vm.symbols.reserve(image.num_strings());
    vm.classes.methods.reserve(image.num_methods() + 64);
    let mut indices = Vec::with_capacity(image.num_classes());
    for class in image.classes() {
        let spec = spec_of(class, &indices, &mut vm);
        let index = vm.define_class(&spec).map_err(|e| failure(class, e))?;
        indices.push(index);
    }
    vm.link_metaclasses();
    for (class, &index) in image.classes().zip(&indices) {
        let meta = vm.classes.get(index).map_or(0, |i| i.meta);
        for (side, count) in [
            (index, class.instance_methods().len()),
            (meta, class.class_methods().len()),
        ] {
            if let Some(info) = vm.classes.get_mut(side) {
                info.methods.reserve(count);
            }
        }
        for method in class.methods() {
            let selector = strings.symbol(&mut vm, image, method.selector_number());
            let source = source_of(image, method, &mut strings);
            let protocol = strings.shared(image, method.protocol_number());
            vm.add_method(
                if method.class_side() { meta } else { index },
                selector,
                source,
                protocol,
            );
        }
    }
    vm.make_boundaries();
    for (name, class) in INSTANCES {
        if let Some(index) = vm.global(class).and_then(|v| vm.classes.index_of(v)) {
            let instance = vm
                .new_object(index, 0)
                .map_err(|_| format!("{class} has no instances"))?;
            vm.set_global(name, instance);
        }
    }
    Ok(vm)
}

fn failure(class: ClassEntry<'_>, error: PrimError) -> String {
    format!(
        "{}: class {} cannot be defined: {error:?}",
        class.file(),
        class.name()
    )
}

fn spec_of(class: ClassEntry<'_>, indices: &[u32], vm: &mut Vm) -> ClassSpec {
    let owned =
        |names: &mut dyn Iterator<Item = &str>| names.map(str::to_string).collect::<Vec<_>>();
    ClassSpec {
        name: class.name().to_string(),
        superclass: class
            .superclass()
            .and_then(|s| indices.get(s.number()).copied()),
        inst_vars: owned(&mut class.inst_vars()),
        class_vars: owned(&mut class.class_vars()),
        class_inst_vars: owned(&mut class.class_inst_vars()),
        pools: class
            .pools()
            .filter_map(|p| vm.global(p).and_then(|v| vm.classes.index_of(v)))
            .collect(),
        layout: class.layout().to_string(),
        package: class.package().to_string(),
        comment: class.comment().map_or_else(String::new, |c| c.into_owned()),
    }
}

/// What was made already of the image's strings.
struct Strings {
    symbols: Vec<SymbolId>,
    shared: Vec<Option<Arc<str>>>,
}

impl Strings {
    fn symbol(&mut self, vm: &mut Vm, image: &Image, number: usize) -> SymbolId {
        if self.symbols[number] == 0 {
            self.symbols[number] = match image.static_string(number) {
                Some(text) => vm.symbols.intern_static(&mut vm.heap, text),
                None => vm.intern(image.string(number)),
            };
        }
        self.symbols[number]
    }

    /// The one shared copy of a protocol's or a file's name.
    fn shared(&mut self, image: &Image, number: usize) -> Arc<str> {
        self.shared[number]
            .get_or_insert_with(|| image.string(number).into())
            .clone()
    }
}

fn source_of(image: &Image, method: MethodEntry<'_>, strings: &mut Strings) -> Source {
    let text = match image.static_text() {
        Some(all) => SourceText::Static(&all[method.range()]),
        None => SourceText::Shared(method.source().into()),
    };
    Source {
        text,
        file: Some(strings.shared(image, method.file_number())),
        line: method.line() as u32,
        column: 1,
        library: true,
    }
}

/// The classes that the machine knows and the library does not define: a check for tests.
pub fn missing_known_classes(vm: &Vm) -> Vec<&'static str> {
    let machine_only = ["MethodHome", "HostObject", "Ephemeron"];
    crate::vm::known::NAMES
        .iter()
        .copied()
        .filter(|n| !machine_only.contains(n))
        .filter(|n| Known::named(n).is_none_or(|i| vm.classes.get(i).is_none()))
        .collect()
}
