//! What the machine knows by name, for completion.
//!
//! Only reads the class table and the variables: nothing is sent to anybody.

use super::words::{ClassWords, Words};
use crate::memory::Value;
use crate::vm::Vm;
use crate::vm::classes::ClassInfo;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// Brings the words up to date: classes with their selectors, if they have changed, globals and session variables.
pub fn refresh(vm: &mut Vm, words: &mut Words) {
    vm.make_all_latent();
    let vm = &*vm;
    let state = state(vm);
    if words.state != state {
        *words = Words::default();
        words.state = state;
        add_classes(vm, words);
    }
    words.forget_variables();
    for (id, binding) in vm.globals.iter().chain(vm.session.iter()) {
        let (name, value) = (vm.symbols.text(id), vm.heap.slot(binding, 1));
        if value != Value::UNDEFINED && !words.is_class(name) {
            words.set_variable(name, &vm.classes.name(vm.heap.class_of(value)));
        }
    }
}

/// A hash of all names in the class table, which changes when it does.
fn state(vm: &Vm) -> u64 {
    let mut hasher = FxHasher::default();
    for info in vm.classes.classes.iter().flatten() {
        info.name.hash(&mut hasher);
        info.methods.selectors().for_each(|id| id.hash(&mut hasher));
    }
    hasher.finish()
}

fn add_classes(vm: &Vm, words: &mut Words) {
    let selectors = |info: &ClassInfo| {
        info.methods
            .selectors()
            .map(|id| vm.symbols.text(id).to_string())
            .collect::<Vec<_>>()
    };
    for info in vm.classes.classes.iter().flatten() {
        if info.instance_side.is_some() {
            continue;
        }
        let superclass = info
            .superclass
            .and_then(|s| vm.classes.get(s))
            .map(|s| s.name.clone());
        let class_selectors = vm.classes.get(info.meta).map_or_else(Vec::new, selectors);
        let class = ClassWords {
            superclass,
            selectors: selectors(info),
            class_selectors,
        };
        words.set_class(&info.name, class);
    }
}
