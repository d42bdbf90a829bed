//! Which classes of the library wait until somebody names them, so that nobody pays for what he does not use: all
//! but those that the machine itself knows, and what these inherit from.

use super::image::Image;
use super::library::Library;
use crate::memory::ClassIndex;
use crate::vm::Vm;
use crate::vm::known::NAMES;
use crate::vm::latent::Latent;
use chirp_grammar::sorting::sort_by;

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

/// The numbers of the classes that do not wait, each behind its superclass.
pub fn first(image: &Image) -> Vec<usize> {
    let known = NAMES.iter().filter_map(|name| image.class_named(name));
    let mut first: Vec<usize> = known
        .flat_map(|class| std::iter::successors(Some(class), |c| c.superclass()))
        .map(|class| class.number())
        .collect();
    sort_by(&mut first, usize::cmp);
    first.dedup();
    first
}

impl Library {
    /// The number of a second name that nobody has asked for yet.
    fn other_name(&self, name: &str) -> Option<usize> {
        let number = OTHER_NAMES.iter().position(|(other, _)| *other == name)?;
        (!self.other_names[number]).then_some(number)
    }
}

impl Latent for Library {
    fn includes(&self, name: &str) -> bool {
        let class = self.image.class_named(name);
        class.is_some_and(|c| !self.has(c)) || self.other_name(name).is_some()
    }

    fn names(&self) -> Vec<String> {
        let numbers = 0..self.image.num_classes();
        let classes = numbers.map(|number| self.image.class(number));
        let left = classes.filter(|c| !self.has(*c));
        let other_names = OTHER_NAMES.iter().map(|(other, _)| other.to_string());
        left.map(|c| c.name().to_string())
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
        let Some(class) = image.class_named(name) else {
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

    fn copied(&self) -> Box<dyn Latent> {
        Box::new(self.clone())
    }
}
