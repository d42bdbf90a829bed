//! Which classes of the library wait until somebody names them, so that nobody pays for what he does not use.
//!
//! Whole packages, but for the few classes that the machine itself knows. What they add to classes of other
//! packages is there from the start.

use super::image::{ClassEntry, Image};
use super::library::Library;
use crate::memory::ClassIndex;
use crate::vm::Vm;
use crate::vm::known::Known;
use crate::vm::latent::Latent;
use rustc_hash::FxHashMap;

const PACKAGES: &[&str] = &[
    "Announcements-Core",
    "Chronology",
    "ClassDefinitionPrinters",
    "Collections-Abstract-Traits",
    "Collections-Atomic",
    "Collections-DoubleLinkedList",
    "Collections-Native",
    "Collections-Sequenceable",
    "Collections-Support",
    "Collections-Unordered",
    "Collections-Weak",
    "Compression",
    "FileSystem",
    "Files",
    "Kernel-CodeModel",
    "Metacello",
    "Network",
    "Network-UUID",
    "OSSubprocess",
    "Packages",
    "Regex",
    "STON",
    "SUnit",
    "SortFunctions-Core",
    "System-Announcements",
    "System-Caching",
    "System-Hashing",
    "System-OSEnvironments",
    "System-SessionManager",
    "System-Support",
    "Traits",
    "Zinc",
    "Zinc-Character-Encoding-Core",
    "Zodiac",
];

/// Names by which Pharo has several classes where there is one. No second class is listed for them.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("BoxedFloat64", "Float"),
    ("SmallFloat64", "Float"),
    ("FullBlockClosure", "BlockClosure"),
    ("CleanBlockClosure", "BlockClosure"),
    ("ConstantBlockClosure", "BlockClosure"),
];

/// Which of them were asked for.
pub type OtherNames = [bool; OTHER_NAMES.len()];

/// Which classes wait until they are named, by their number. What inherits from a class that waits does so too.
pub fn waiting(image: &Image) -> Vec<bool> {
    let mut waits: Vec<bool> = Vec::with_capacity(image.num_classes());
    let mut packages: FxHashMap<usize, bool> = FxHashMap::default();
    for class in image.classes() {
        let listed = packages
            .entry(class.package_number())
            .or_insert_with(|| PACKAGES.contains(&class.package()));
        let inherits = class.superclass().is_some_and(|s| waits[s.number()]);
        let may = inherits || *listed;
        waits.push(may && Known::named(class.name()).is_none());
    }
    for number in (0..waits.len())
        .rev()
        .filter(|&n| !waits[n])
        .collect::<Vec<_>>()
    {
        if let Some(parent) = image.class(number).superclass() {
            waits[parent.number()] = false;
        }
    }
    waits
}

impl Library {
    fn left(&self) -> impl Iterator<Item = ClassEntry<'_>> {
        self.image.classes().filter(|c| !self.has(*c))
    }

    /// The number of a second name that nobody has asked for yet.
    fn other_name(&self, name: &str) -> Option<usize> {
        let number = OTHER_NAMES.iter().position(|(other, _)| *other == name)?;
        (!self.other_names[number]).then_some(number)
    }
}

impl Latent for Library {
    fn includes(&self, name: &str) -> bool {
        self.left().any(|c| c.name() == name) || self.other_name(name).is_some()
    }

    fn names(&self) -> Vec<String> {
        let classes = self.left().map(|c| c.name().to_string());
        let other_names = OTHER_NAMES.iter().map(|(other, _)| other.to_string());
        classes
            .chain(other_names.filter(|n| self.other_name(n).is_some()))
            .collect()
    }

    fn make(&mut self, vm: &mut Vm, name: &str) {
        if let Some(number) = self.other_name(name) {
            self.other_names[number] = true;
            if let Some(class) = vm.global(OTHER_NAMES[number].1) {
                vm.set_global(name, class);
            }
            return;
        }
        let image = self.image.clone();
        let Some(class) = image.classes().find(|c| c.name() == name) else {
            return;
        };
        let above = match class.is_trait() {
            true => image.class_named("Trait"),
            false => class.superclass(),
        };
        let mut chain = vec![class];
        chain.extend(std::iter::successors(above, |c| c.superclass()));
        for class in chain.into_iter().rev() {
            // A library whose classes cannot be defined does not pass its tests.
            if !self.has(class) {
                let _ = self.define(vm, class);
            }
        }
    }

    fn list(&mut self, vm: &mut Vm, class: ClassIndex, number: u32) {
        self.add_methods(vm, class, number as usize);
    }
}
