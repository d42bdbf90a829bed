//! Classes and methods by the names that a person types: `Set`, `Set class`, `Set>>add:`.
//!
//! Says what was probably meant where there is none of that name. Changes nothing.

use crate::compiler::nearest;
use crate::memory::ClassIndex;
use crate::vm::Vm;
use crate::vm::classes::MethodId;

/// The class, or the class side, with this name.
pub fn class(vm: &mut Vm, name: &str) -> Result<ClassIndex, String> {
    let (plain, side) = match name.strip_suffix(" class") {
        Some(plain) => (plain.trim_end(), true),
        None => (name, false),
    };
    let found = vm.find_global(plain);
    let Some(class) = found.and_then(|value| vm.classes.index_of(value)) else {
        let names = vm.global_names();
        let names = names
            .iter()
            .map(String::as_str)
            .filter(|n| n.starts_with(char::is_uppercase));
        return Err(missing("class", plain, nearest(plain, names)));
    };
    let meta = vm.classes.get(class).map(|info| info.meta);
    Ok(if side { meta.unwrap_or(class) } else { class })
}

/// The method of a class that has this selector; one that it inherits counts.
pub fn method(vm: &mut Vm, class_name: &str, selector: &str) -> Result<MethodId, String> {
    let class = class(vm, class_name)?;
    let id = vm.intern(selector);
    if let Some(method) = vm.lookup(class, id) {
        return Ok(method);
    }
    let chain: Vec<ClassIndex> = vm.classes.chain(class).collect();
    let infos = chain.iter().filter_map(|&c| vm.classes.get(c));
    let known = infos.flat_map(|info| info.methods.selectors());
    let known = known.map(|id| vm.symbols.text(id));
    let wanted = format!("{class_name}>>{selector}");
    let near = nearest(selector, known).map(|near| format!("{class_name}>>{near}"));
    Err(missing("method", &wanted, near.as_deref()))
}

fn missing(what: &str, name: &str, near: Option<&str>) -> String {
    match near {
        Some(near) => format!("there is no {what} {name}; did you mean {near}?"),
        None => format!("there is no {what} {name}"),
    }
}
