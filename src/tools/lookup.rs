//! Which class or method somebody means who writes its name, and which methods implement or send a message.
//!
//! Reads the machine's tables; classes and methods that wait are listed for it. Never sends anything.

use crate::compiler::{longer, nearest};
use crate::memory::ClassIndex;
use crate::primitives::method_uses::mentions;
use crate::vm::Vm;
use crate::vm::classes::MethodId;
use crate::vm::symbols::SymbolId;

/// What a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `Collection`, or `Collection class` for its class side.
    Class(ClassIndex),
    /// `Collection>>do:`; one that is inherited is the one above.
    Method(MethodId),
    /// `do:` without a class: a selector that somebody implements.
    Selector(SymbolId),
}

/// What `text` names: a class, a method, or a selector. The error is a sentence, with a suggestion where one is near.
///
/// Written as in Smalltalk's own texts: `Collection`, `Collection class`, `Collection>>do:`, `Collection class >> #with:`,
/// `#do:`, `do:`.
pub fn subject(vm: &mut Vm, text: &str) -> Result<Subject, String> {
    let text = text.trim();
    if let Some((class, selector)) = split_method(text) {
        let class = class_named(vm, class)?;
        return method_named(vm, class, selector).map(Subject::Method);
    }
    let name = text.strip_prefix('#').unwrap_or(text);
    let is_class = text.starts_with(char::is_uppercase) && !text.contains(':');
    if is_class && let Ok(class) = class_named(vm, text) {
        return Ok(Subject::Class(class));
    }
    // A selector of the library is known once the classes are that wait.
    vm.make_all_latent();
    let found = vm.symbols.find(name);
    match found.filter(|&s| !implementors(vm, s).is_empty()) {
        Some(selector) => Ok(Subject::Selector(selector)),
        None if is_class => class_named(vm, text).map(Subject::Class),
        None => Err(nobody_implements(vm, name)),
    }
}

/// The class that `name` says, or that of the object with this name, as Transcript is one. `Foo class` is the class side
/// of Foo.
pub fn class_named(vm: &mut Vm, name: &str) -> Result<ClassIndex, String> {
    let name = name.trim();
    let (base, class_side) = match name.strip_suffix(" class") {
        Some(base) => (base.trim_end(), true),
        None => (name, false),
    };
    let value = vm.find_global(base);
    match value.and_then(|v| vm.classes.index_of(v)) {
        Some(class) if class_side => Ok(vm.classes.get(class).map_or(class, |i| i.meta)),
        Some(class) => Ok(class),
        None => match value {
            Some(object) => Ok(vm.heap.class_of(object)),
            None => {
                vm.make_all_latent();
                let names = class_names(vm);
                let near = nearest(base, names.iter().map(String::as_str));
                Err(with_suggestion(format!("there is no class {base}"), near))
            }
        },
    }
}

/// The method that instances of `class` have for a selector, which may be inherited.
pub fn method_named(vm: &mut Vm, class: ClassIndex, selector: &str) -> Result<MethodId, String> {
    vm.list_chain(class);
    let found = vm.symbols.find(selector);
    if let Some(method) = found.and_then(|s| vm.classes.lookup(class, s)) {
        return Ok(method);
    }
    let name = vm.classes.name(class);
    let meta = vm
        .classes
        .get(class)
        .filter(|i| i.instance_side.is_none())
        .map(|i| i.meta);
    let other = meta.filter(|&m| found.and_then(|s| vm.lookup(m, s)).is_some());
    let known = || {
        let chain = vm.classes.chain(class).filter_map(|c| vm.classes.get(c));
        let selectors = chain.flat_map(|info| info.methods.selectors());
        selectors.map(|s| vm.symbols.text(s))
    };
    let here = |near: &str| format!("{name}>>{near}");
    let near = nearest(selector, known())
        .map(here)
        .or_else(|| other.map(|_| format!("{name} class>>{selector}")))
        .or_else(|| longer(selector, known()).map(here));
    let sentence = format!("{name} has no method {selector}");
    Err(with_suggestion(sentence, near.as_deref()))
}

/// All methods for a selector, by the names of their classes. Copies of a trait's method are not among them.
pub fn implementors(vm: &mut Vm, selector: SymbolId) -> Vec<MethodId> {
    vm.make_all_latent();
    let all = vm.classes.classes.iter().flatten();
    let found = all.filter_map(|info| info.methods.get(selector));
    let own = found.filter(|&m| vm.classes.methods[m as usize].origin.is_none());
    sorted(vm, own.collect())
}

/// All methods that send a message or mention its name, by the names of their classes.
pub fn senders(vm: &mut Vm, selector: &str) -> Vec<MethodId> {
    vm.make_all_latent();
    let all = vm.classes.classes.iter().flatten();
    let methods = all.flat_map(|info| info.methods.iter().map(|(_, m)| m));
    let found = methods.filter(|&m| {
        let method = &vm.classes.methods[m as usize];
        method.origin.is_none() && mentions(method.source.text.as_str(), selector)
    });
    sorted(vm, found.collect())
}

/// `Collection>>do:`, `Collection class>>with:`.
pub fn method_name(vm: &Vm, method: MethodId) -> String {
    let Some(m) = vm.classes.methods.get(method as usize) else {
        return String::from("a lost method");
    };
    format!(
        "{}>>{}",
        vm.classes.name(m.class),
        vm.symbols.text(m.selector)
    )
}

/// The names of all classes and traits that are made, without class sides.
pub fn class_names(vm: &Vm) -> Vec<String> {
    let all = vm.classes.classes.iter().flatten();
    let named = all.filter(|i| i.instance_side.is_none() && vm.global(&i.name) == Some(i.object));
    named.map(|i| i.name.clone()).collect()
}

/// That a message has no methods, and which one may be meant.
pub fn nobody_implements(vm: &Vm, selector: &str) -> String {
    let known = || {
        let all = vm.classes.classes.iter().flatten();
        let selectors = all.flat_map(|info| info.methods.selectors());
        selectors.map(|s| vm.symbols.text(s))
    };
    let near = nearest(selector, known()).or_else(|| longer(selector, known()));
    with_suggestion(format!("nobody implements {selector}"), near)
}

/// The parts of `Collection>>do:`.
fn split_method(text: &str) -> Option<(&str, &str)> {
    let (class, selector) = text.split_once(">>")?;
    let selector = selector.trim();
    // `>>` alone is a selector as well.
    let selector = selector.strip_prefix('#').unwrap_or(selector);
    (!class.trim().is_empty() && !selector.is_empty()).then_some((class, selector))
}

fn sorted(vm: &Vm, methods: Vec<MethodId>) -> Vec<MethodId> {
    let mut named: Vec<(String, MethodId)> = methods
        .into_iter()
        .map(|m| (method_name(vm, m), m))
        .collect();
    named.sort();
    named.dedup_by_key(|(_, m)| *m);
    named.into_iter().map(|(_, m)| m).collect()
}

fn with_suggestion(sentence: String, near: Option<&str>) -> String {
    match near {
        Some(near) => format!("{sentence}; did you mean {near}?"),
        None => sentence,
    }
}
