//! A new machine with the class library in it: classes made, methods listed, nothing compiled.

use super::compile;
use super::image::{ClassEntry, Image};
use super::latent;
use super::left_out;
use super::library::Library;
use crate::host::Host;
use crate::memory::{HeapOptions, Value};
use crate::vm::{Outlined, PrimError, Snapshot, Vm};
use std::sync::Arc;

/// Globals that are instances: name and class.
const INSTANCES: &[(&str, &str)] = &[
    ("Smalltalk", "SmalltalkImage"),
    ("Processor", "ProcessorScheduler"),
    ("Transcript", "TranscriptStream"),
];

/// Variables of classes of the library that are about the one machine: none begins with another one's.
const OF_ONE_MACHINE: &[(&str, &str)] = &[
    ("SharedRandom", "Generator"),
    ("Stdio", "Stdin"),
    ("Stdio", "Stdout"),
    ("Stdio", "Stderr"),
];

/// A machine that begins where another one was. None when the system has no memory for it.
pub fn resume(snapshot: &Snapshot, heap: HeapOptions, host: Host) -> Option<Outlined<Vm>> {
    let mut vm = snapshot.start(heap, host)?;
    for (class, variable) in OF_ONE_MACHINE {
        let index = vm.global(class).and_then(|v| vm.classes.index_of(v));
        if let Some((_, binding)) = index.and_then(|i| vm.classes.class_var(i, variable)) {
            vm.heap.set_slot(binding, 1, Value::NIL);
        }
    }
    Some(vm)
}

/// Makes a machine with the library of `image`. Fails when a class of the library is wrongly defined.
pub fn boot(image: &Image, heap: HeapOptions, host: Host) -> Result<Outlined<Vm>, String> {
    boot_shared(&Arc::new(image.clone()), heap, host)
}

/// The same with an image that other machines have as well.
pub fn boot_shared(
    image: &Arc<Image>,
    heap: HeapOptions,
    host: Host,
) -> Result<Outlined<Vm>, String> {
    let mut vm = Vm::new(heap, host, compile::HOOKS);
    crate::primitives::register(&mut vm.primitives);
    #[cfg(feature = "packages")]
    for table in [
        super::package::primitives::TABLE,
        super::filing::primitives::TABLE,
    ] {
        vm.primitives.add("", table);
    }
    let class_size = image.class_named("Class").map_or(2, |c| {
        std::iter::successors(Some(c), |c| c.superclass())
            .map(|c| c.inst_vars().count())
            .sum()
    });
    vm.class_object_size = class_size.max(2);
    let mut library = Library::new(image);
    for class in latent::first(image).into_iter().map(|n| image.class(n)) {
        library
            .define(&mut vm, class)
            .map_err(|e| failure(class, e))?;
    }
    vm.link_metaclasses();
    vm.latent = Some(Box::new(library));
    vm.make_boundaries();
    for (name, class) in INSTANCES {
        if let Some(index) = vm.find_global(class).and_then(|v| vm.classes.index_of(v)) {
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

/// The classes that the machine knows and a library does not define.
pub fn missing_known_classes(image: &Image) -> Vec<&'static str> {
    let machine_only = ["MethodHome", "HostObject", "Ephemeron"];
    crate::vm::known::NAMES
        .iter()
        .copied()
        .filter(|n| !machine_only.contains(n) && left_out::feature(n).is_none())
        .filter(|n| image.class_named(n).is_none())
        .collect()
}
