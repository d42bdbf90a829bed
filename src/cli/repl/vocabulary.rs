//! What the machine knows by name, for completion.
//!
//! Only reads the class table and the variables: nothing is sent to anybody.

use super::words::{ClassWords, Words};
use crate::memory::Value;
use crate::vm::Vm;
use crate::vm::classes::ClassInfo;

/// Classes with their selectors, globals and session variables.
pub fn of(vm: &mut Vm) -> Words {
    vm.make_all_latent();
    let vm = &*vm;
    let mut words = Words::default();
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
    for (&id, &binding) in vm.globals.iter().chain(&vm.session) {
        let (name, value) = (vm.symbols.text(id), vm.heap.slot(binding, 1));
        if value != Value::UNDEFINED && !words.is_class(name) {
            words.set_variable(name, &vm.classes.name(vm.heap.class_of(value)));
        }
    }
    words
}
