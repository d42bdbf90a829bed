//! What the machine knows by name, for completion.
//!
//! Only reads the class table and the variables: nothing is sent to anybody.

use super::words::{ClassWords, Words};
use crate::memory::Value;
use crate::vm::Vm;
use crate::vm::classes::ClassInfo;

/// Brings the words up to date: classes with their selectors, if they have changed, globals and session variables.
pub fn refresh(vm: &mut Vm, words: &mut Words) {
    vm.make_all_latent();
    let vm = &*vm;
    let extent = extent(vm);
    if words.extent != extent {
        *words = Words::default();
        words.extent = extent;
        add_classes(vm, words);
    }
    words.forget_variables();
    for (&id, &binding) in vm.globals.iter().chain(&vm.session) {
        let (name, value) = (vm.symbols.text(id), vm.heap.slot(binding, 1));
        if value != Value::UNDEFINED && !words.is_class(name) {
            words.set_variable(name, &vm.classes.name(vm.heap.class_of(value)));
        }
    }
}

/// How much there is in the class table: methods, and letters of names. What is the same has not changed.
fn extent(vm: &Vm) -> (usize, usize) {
    let all = vm.classes.classes.iter().flatten();
    all.fold((0, 0), |(methods, letters), info| {
        let own = info.methods.selectors().size_hint().0;
        (methods + own, letters + info.name.len())
    })
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
