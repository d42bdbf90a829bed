//! Defining classes: new ones, and others in place of old ones of the same name.
//!
//! Owns the checks on definitions; `behavior_migrate` moves the instances to the new shape. Must never
//! change the shape of a class that the machine knows, nor of one above such a class.

use super::behavior::receiver;
use super::behavior_migrate::{self as migrate, Shape};
use super::{arg, text_size};
use crate::memory::{ClassIndex, Value};
use crate::vm::define::ClassSpec;
use crate::vm::known::Known;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// What an instruction can name.
const MAX_INST_VARS: usize = 250;

/// Each unknown name is looked for in all of them.
const MAX_POOLS: usize = 250;

/// The primitives of this file.
pub const TABLE: Table = table![
    ("classCreate", create),
    ("traitCreate", create_trait),
    ("classInstVarNamesPut", class_side_variables),
    ("methodCompile", compile),
    ("methodCompileLoose", compile_loose),
    ("classMethodPut", method_put),
];

/// Superclass or nil, name, instance variables, class variables, layout, package, pools; then what is defined: a
/// class that exists, nil for the one of this name, false for a new class that no global names. Fails with the class
/// that must stay as it is, where one does not allow the definition.
fn create(vm: &mut Vm, args: &[Value]) -> PrimResult {
    create_of_kind(vm, args, None)
}

/// The same, and behind it the class Trait.
fn create_trait(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [ref args @ .., kind] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    let kind = vm.classes.index_of(kind).ok_or(PrimError::BadArgument)?;
    let is_class = vm.classes.inherits(kind, Known::Class.index());
    match is_class
        && vm
            .classes
            .get(kind)
            .is_some_and(|k| k.instance_side.is_none())
    {
        true => create_of_kind(vm, args, Some(kind)),
        false => Err(PrimError::BadArgument),
    }
}

fn create_of_kind(vm: &mut Vm, args: &[Value], kind: Option<ClassIndex>) -> PrimResult {
    let [
        _,
        superclass,
        name,
        inst_vars,
        class_vars,
        layout,
        package,
        pools,
        target,
    ] = *args
    else {
        return Err(PrimError::BadNumArgs);
    };
    let text = |vm: &Vm, v: Value| vm.string_value(v).ok_or(PrimError::BadArgument);
    let superclass = match superclass {
        Value::NIL => None,
        v => Some(vm.classes.index_of(v).ok_or(PrimError::BadArgument)?),
    };
    if superclass
        .and_then(|s| vm.classes.get(s))
        .is_some_and(|s| s.instance_side.is_some())
    {
        return Err(PrimError::BadArgument);
    }
    let name = text(vm, name)?;
    let mut layout = text(vm, layout)?;
    if layout == "normal" {
        // Lets the layout of an indexable superclass through.
        layout.clear();
    }
    let package = text(vm, package)?;
    let inst_vars = names(vm, inst_vars)?;
    let class_vars = names(vm, class_vars)?;
    let mut pool_classes = Vec::new();
    for pool in names(vm, pools)? {
        let class = vm.find_global(&pool).and_then(|v| vm.classes.index_of(v));
        let class = class.ok_or(PrimError::NotFound)?;
        if !pool_classes.contains(&class) {
            pool_classes.push(class);
        }
        if pool_classes.len() > MAX_POOLS {
            return Err(PrimError::BadArgument);
        }
    }
    let nameless = target == Value::FALSE;
    let target = match target {
        Value::NIL | Value::FALSE => None,
        v => Some(vm.classes.index_of(v).ok_or(PrimError::BadArgument)?),
    };
    let is_meta = |c: ClassIndex| vm.classes.get(c).is_some_and(|i| i.instance_side.is_some());
    if target.is_some_and(is_meta) {
        return Err(PrimError::BadArgument);
    }
    let spec = ClassSpec {
        name,
        superclass,
        inst_vars,
        class_vars,
        class_inst_vars: Vec::new(),
        pools: pool_classes,
        layout,
        package,
        tag: String::new(),
        comment: String::new(),
        kind,
        existing: target,
        nameless,
    };
    let index = define(vm, &spec)?;
    vm.classes
        .get(index)
        .map(|i| i.object)
        .ok_or(PrimError::NotFound)
}

/// Defines a class, or another one in place of one of the same name. Fails with the class that must stay
/// as it is, where one does not allow the definition.
pub fn define(vm: &mut Vm, spec: &ClassSpec) -> Result<ClassIndex, PrimError> {
    let inherited = spec
        .superclass
        .map_or_else(Vec::new, |s| vm.classes.all_inst_vars(s));
    let variables = &spec.inst_vars;
    if inherited.len() + variables.len() > MAX_INST_VARS {
        return Err(PrimError::BadArgument);
    }
    let doubled = variables
        .iter()
        .enumerate()
        .any(|(i, n)| variables[..i].contains(n) || inherited.contains(n));
    let mut names = variables.iter().chain(&spec.class_vars);
    if doubled || !is_class_name(&spec.name) || !names.all(|n| is_name(n)) {
        return Err(PrimError::BadArgument);
    }
    match spec.changes(vm) {
        None => vm.define_class(spec),
        Some(class) => redefine(vm, class, spec),
    }
}

/// What is wrong with a definition that was refused: a sentence without a full stop.
pub fn objection(vm: &Vm, spec: &ClassSpec) -> String {
    if !is_class_name(&spec.name) {
        return format!("{:?} is no name for a class", spec.name);
    }
    let mut names = spec.inst_vars.iter().chain(&spec.class_vars);
    if let Some(name) = names.find(|n| !is_name(n)) {
        return format!("{name:?} is no name for a variable");
    }
    let inherited = spec
        .superclass
        .map_or(0, |s| vm.classes.all_inst_vars(s).len());
    if inherited + spec.inst_vars.len() > MAX_INST_VARS {
        return "it has too many instance variables".to_string();
    }
    let raw = ["", "variable", "weak", "ephemeron", "immediate"];
    match spec.layout.as_str() {
        layout if raw.contains(&layout) => "its definition is not possible".to_string(),
        layout => format!("it cannot have the layout {layout}"),
    }
}

pub(crate) fn names(vm: &mut Vm, array: Value) -> Result<Vec<String>, PrimError> {
    let bytes = text_size(vm, array)?;
    vm.ask_for(bytes)?;
    vm.charge(bytes >> 6);
    let elements = vm.heap.pointer_slots(array).iter();
    let texts = elements.map(|&v| vm.string_value(v).ok_or(PrimError::BadArgument));
    texts.collect()
}

fn is_name(name: &str) -> bool {
    !crate::compiler::is_reserved(name)
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

pub(super) fn is_class_name(name: &str) -> bool {
    is_name(name) && name.starts_with(char::is_uppercase)
}

/// A class and all below it.
fn subtree(vm: &Vm, class: ClassIndex) -> Vec<ClassIndex> {
    let mut found = vec![class];
    let mut at = 0;
    while let Some(&next) = found.get(at) {
        found.extend(vm.classes.get(next).map_or(&[][..], |i| &i.subclasses));
        at += 1;
    }
    found
}

fn redefine(vm: &mut Vm, class: ClassIndex, spec: &ClassSpec) -> Result<ClassIndex, PrimError> {
    let below = subtree(vm, class);
    if spec.superclass.is_some_and(|s| below.contains(&s)) {
        return Err(PrimError::BadArgument);
    }
    let before = vm.classes.all_inst_vars(class);
    let mut wanted = spec
        .superclass
        .map_or_else(Vec::new, |s| vm.classes.all_inst_vars(s));
    wanted.extend(spec.inst_vars.iter().cloned());
    let Some(old) = vm.classes.get(class) else {
        return Err(PrimError::NotFound);
    };
    let reshaped = wanted != before;
    let same_layout = spec.layout.is_empty() && old.layout == "normal" || spec.layout == old.layout;
    let moved = old.superclass != spec.superclass;
    // The machine and the primitives count on the shape of these.
    let known = |c: &ClassIndex| *c < Known::Count as u32;
    if (reshaped || !same_layout || moved)
        && let Some(&fixed) = below.iter().find(|c| known(c))
    {
        let inherited = old.format.is_indexable() && spec.layout.is_empty() && !moved && !reshaped;
        if !inherited {
            return Err(in_the_way(vm, fixed));
        }
    }
    // Objects without references have no room for variables.
    let raw = |c: &ClassIndex| vm.classes.get(*c).is_some_and(|i| !i.format.is_pointers());
    if !wanted.is_empty()
        && let Some(&full) = below[1..].iter().find(|c| raw(c))
    {
        return Err(in_the_way(vm, full));
    }
    let before_format = old.format;
    // All that can fail comes before anything changes.
    let reformed = vm.layout_of(spec).map(|(format, _)| format) != Some(before_format);
    let changed = match (reshaped, reformed) {
        (true, _) => &below[..],
        (false, true) => &below[..1],
        (false, false) => &[],
    };
    let instances = migrate::instances(vm, changed, wanted.len().saturating_sub(before.len()))?;
    let index = vm.define_class(spec)?;
    migrate::migrate(vm, instances, |vm, class| {
        let new = vm.classes.all_inst_vars(class);
        let own = new.get(wanted.len()..).unwrap_or_default();
        let old = before.iter().chain(own).cloned().collect();
        Shape { old, new }
    });
    Ok(index)
}

/// The class that does not allow the definition, for the method that asked.
fn in_the_way(vm: &Vm, class: ClassIndex) -> PrimError {
    let object = vm.classes.get(class).map(|i| i.object);
    object.map_or(PrimError::Unsupported, PrimError::Value)
}

/// `aMetaclass instanceVariableNames: …`: variables of the class object itself.
fn class_side_variables(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let meta = receiver(vm, args)?;
    let wanted = names(vm, arg(args, 1)?)?;
    let Some(info) = vm.classes.get(meta) else {
        return Err(PrimError::BadReceiver);
    };
    if info.instance_side.is_none() {
        return Err(PrimError::BadReceiver);
    }
    let above = info
        .superclass
        .map_or_else(Vec::new, |s| vm.classes.all_inst_vars(s));
    let doubled = wanted
        .iter()
        .enumerate()
        .any(|(i, n)| wanted[..i].contains(n) || above.contains(n));
    if doubled || !wanted.iter().all(|n| is_name(n)) {
        return Err(PrimError::BadArgument);
    }
    let below = subtree(vm, meta);
    if below.contains(&Known::Class.index()) {
        return Err(PrimError::Unsupported);
    }
    let side = |vm: &Vm, m: ClassIndex| -> Option<Value> {
        let class = vm.classes.get(m)?.instance_side?;
        Some(vm.classes.get(class)?.object)
    };
    // Pinned, since class objects are replaced as they grow, and may be among the values.
    let base = vm.handles.pinned.len();
    let mut kept = Vec::new();
    for &m in &below {
        let names = vm.classes.all_inst_vars(m);
        let Some(object) = side(vm, m) else { continue };
        let start = vm.handles.pinned.len();
        let values = vm.heap.pointer_slots(object);
        vm.handles.pinned.extend_from_slice(values);
        kept.push((m, start, names));
    }
    vm.set_class_inst_vars(meta, wanted);
    // Places may have changed: every value goes to its name's new place.
    for (m, start, names) in kept {
        let Some(object) = side(vm, m) else { continue };
        for (i, name) in vm.classes.all_inst_vars(m).iter().enumerate() {
            if i >= 2 && i < vm.heap.slots(object) {
                let place = names.iter().position(|n| n == name);
                let value = place.map_or(Value::NIL, |at| vm.handles.pinned[start + at]);
                vm.heap.set_slot(object, i, value);
            }
        }
    }
    vm.handles.pinned.truncate(base);
    Ok(args[0])
}

/// Source and protocol. Fails with {message. line. column} when the text is refused.
fn compile(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [_, source, protocol] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    let class = receiver(vm, args)?;
    vm.ask_to_compile(source)?;
    let source = vm.string_value(source).ok_or(PrimError::BadArgument)?;
    let protocol = vm.string_value(protocol).ok_or(PrimError::BadArgument)?;
    match (vm.hooks.compile_source)(vm, class, &source, &protocol) {
        Ok(selector) => Ok(vm.symbols.object(selector)),
        Err(failure) => Err(refusal(vm, &failure)),
    }
}

/// Source. Answers the method, which no class has. Fails as `compile` does.
fn compile_loose(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = receiver(vm, args)?;
    vm.ask_to_compile(arg(args, 1)?)?;
    let source = vm
        .string_value(arg(args, 1)?)
        .ok_or(PrimError::BadArgument)?;
    match (vm.hooks.compile_loose)(vm, class, &source) {
        Ok(id) => Ok(vm.method_object(id)),
        Err(failure) => Err(refusal(vm, &failure)),
    }
}

/// Selector, method, protocol. A method of another class is compiled for this one.
fn method_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [_, selector, method, protocol] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    let class = receiver(vm, args)?;
    let id = vm.symbols.id_of(&vm.heap, selector);
    let selector = id.ok_or(PrimError::BadArgument)?;
    let method = vm.method_id(method).ok_or(PrimError::BadArgument)?;
    let protocol = vm.string_value(protocol).ok_or(PrimError::BadArgument)?;
    let own = vm.classes.methods[method as usize].selector;
    if super::method::arity(vm, own) != super::method::arity(vm, selector) {
        return Err(PrimError::BadArgument);
    }
    vm.put_method(class, selector, method, protocol.into())?;
    Ok(args[0])
}

/// What a compiler's refusal looks like to the method that asked.
pub(super) fn refusal(vm: &mut Vm, failure: &crate::vm::CompileFailure) -> PrimError {
    let message = vm.new_string(&failure.message);
    let place = [failure.line, failure.column].map(|n| Value::int(n as i64));
    PrimError::Value(vm.new_array_from(&[message, place[0], place[1]]))
}
