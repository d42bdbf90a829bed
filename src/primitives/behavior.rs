//! Behavior: new instances, and what the class table knows of a class.
//!
//! Owns reading and small changes; defining classes is next door, in `behavior_define`. Must never
//! make an instance that the machine would mistake for something of its own.

use super::object::arg;
use crate::memory::{ClassIndex, Format, Value};
use crate::vm::classes::{ClassInfo, SourceText};
use crate::vm::known::Known;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};
use chirp_grammar::sorting::sort_by;

/// The primitives of this file.
pub const TABLE: Table = table![
    ("behaviorBasicNew", basic_new),
    ("behaviorBasicNewSized", basic_new_sized),
    ("className", name),
    ("classSuperclass", superclass),
    ("classInheritsFrom", inherits_from),
    ("classIsMeta", is_meta),
    ("classInstanceSide", instance_side),
    ("classInstVarNames", inst_var_names),
    ("classInstSize", inst_size),
    ("classLayout", layout),
    ("classComment", comment),
    ("classCommentPut", comment_put),
    ("classNamePut", name_put),
    ("classPackagePut", package_put),
    ("classProperties", properties),
    ("classPropertiesPut", properties_put),
    ("classCategory", package),
    ("classPackage", package),
    ("classTag", tag),
    ("classTagPut", tag_put),
    ("classSubclasses", subclasses),
    ("classSelectors", selectors),
    ("classIncludesSelector", includes_selector),
    ("classCompiledMethodAt", compiled_method_at),
    ("classLookupSelector", lookup_selector),
    ("classRemoveSelector", remove_selector),
    ("classVarNames", class_var_names),
    ("classPools", pools),
    ("classVarAt", class_var_at),
    ("classVarAtPut", class_var_at_put),
    ("classAllInstances", all_instances),
];

/// The receiver's place in the class table.
#[inline(never)]
pub(super) fn receiver(vm: &Vm, args: &[Value]) -> Result<ClassIndex, PrimError> {
    vm.classes.index_of(args[0]).ok_or(PrimError::BadReceiver)
}

#[inline(never)]
fn info<'a>(vm: &'a Vm, args: &[Value]) -> Result<&'a ClassInfo, PrimError> {
    let index = receiver(vm, args)?;
    vm.classes.get(index).ok_or(PrimError::BadReceiver)
}

/// The same, with its methods listed.
fn listed<'a>(vm: &'a mut Vm, args: &[Value]) -> Result<&'a ClassInfo, PrimError> {
    let index = receiver(vm, args)?;
    vm.list_methods(index);
    info(vm, args)
}

/// Classes whose instances come into being in another way.
fn can_be_instantiated(vm: &Vm, class: ClassIndex) -> bool {
    use Known::*;
    let special = [
        ByteSymbol,
        WideSymbol,
        CompiledMethod,
        Metaclass,
        Class,
        Float,
        UndefinedObject,
        True,
        False,
    ];
    let info = vm.classes.get(class);
    // A trait is no class of Class's own kind: its instances would understand nothing at all.
    let is_trait = |i: &ClassInfo| {
        let meta = vm.classes.get(i.meta).and_then(|m| m.superclass);
        i.superclass.is_none() && meta != Some(Class.index())
    };
    !special.iter().any(|k| k.index() == class)
        && info
            .is_some_and(|i| i.layout != "immediate" && i.instance_side.is_none() && !is_trait(i))
}

fn basic_new(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = receiver(vm, args)?;
    new_instance(vm, class, 0)
}

fn basic_new_sized(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let size = arg(args, 1)?
        .as_int()
        .and_then(|n| usize::try_from(n).ok())
        .ok_or(PrimError::BadArgument)?;
    let class = receiver(vm, args)?;
    let format = vm.classes.get(class).map(|i| i.format);
    vm.make_eden_room(match format {
        Some(Format::Bytes) => size / 8,
        Some(Format::Words16) => size / 4,
        Some(Format::Words32) => size / 2,
        Some(format) if format.is_indexable() => size,
        _ => return Err(PrimError::BadReceiver),
    });
    new_instance(vm, class, size)
}

fn new_instance(vm: &mut Vm, class: ClassIndex, size: usize) -> PrimResult {
    if !can_be_instantiated(vm, class) {
        return Err(PrimError::Unsupported);
    }
    vm.new_object(class, size)
}

fn name(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = vm.classes.name(receiver(vm, args)?);
    Ok(vm.symbol(&text))
}

fn superclass(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let above = info(vm, args)?.superclass;
    Ok(above
        .and_then(|c| vm.classes.get(c))
        .map_or(Value::NIL, |i| i.object))
}

/// Whether the argument is a class above the receiver.
fn inherits_from(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = receiver(vm, args)?;
    let above = vm.classes.index_of(arg(args, 1)?);
    Ok(Value::bool(above.is_some_and(|a| {
        a != class && vm.classes.inherits(class, a)
    })))
}

fn is_meta(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::bool(info(vm, args)?.instance_side.is_some()))
}

fn instance_side(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let side = info(vm, args)?.instance_side;
    Ok(side
        .and_then(|c| vm.classes.get(c))
        .map_or(args[0], |i| i.object))
}

fn symbols(vm: &mut Vm, names: &[String]) -> Value {
    let symbols: Vec<Value> = names.iter().map(|n| vm.symbol(n)).collect();
    vm.new_array_from(&symbols)
}

fn inst_var_names(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let names = info(vm, args)?.inst_vars.clone();
    Ok(symbols(vm, &names))
}

fn inst_size(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::int(info(vm, args)?.inst_size as i64))
}

fn layout(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let layout = info(vm, args)?.layout;
    Ok(vm.symbol(layout))
}

fn comment(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = info(vm, args)?.comment().into_owned();
    Ok(vm.new_string(&text))
}

fn comment_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = receiver(vm, args)?;
    let text = vm
        .string_value(arg(args, 1)?)
        .ok_or(PrimError::BadArgument)?;
    vm.ask_for(2 * text.len())?;
    vm.note_text(text.len());
    if let Some(info) = vm.classes.get_mut(class) {
        info.comment = SourceText::Shared(text.into());
    }
    Ok(args[0])
}

fn package(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = info(vm, args)?.package.clone();
    Ok(vm.symbol(&text))
}

fn package_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = receiver(vm, args)?;
    let text = vm
        .string_value(arg(args, 1)?)
        .ok_or(PrimError::BadArgument)?;
    vm.note_text(text.len());
    if let Some(info) = vm.classes.get_mut(class) {
        info.package = text;
    }
    Ok(args[0])
}

fn tag(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = info(vm, args)?.tag.clone();
    Ok(match text.as_str() {
        "" => Value::NIL,
        text => vm.symbol(text),
    })
}

fn tag_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = receiver(vm, args)?;
    let tag = arg(args, 1)?;
    let text = match tag {
        Value::NIL => String::new(),
        _ => vm.string_value(tag).ok_or(PrimError::BadArgument)?,
    };
    vm.note_text(text.len());
    if let Some(info) = vm.classes.get_mut(class) {
        info.tag = text;
    }
    Ok(args[0])
}

/// Only the name; the globals are the sender's business. The machine finds its own classes by their names.
fn name_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = receiver(vm, args)?;
    let text = vm
        .string_value(arg(args, 1)?)
        .filter(|t| super::behavior_define::is_class_name(t))
        .ok_or(PrimError::BadArgument)?;
    let is_meta = vm
        .classes
        .get(class)
        .is_some_and(|i| i.instance_side.is_some());
    if class < Known::Count as u32 || is_meta {
        return Err(PrimError::Unsupported);
    }
    vm.rename_class(class, &text);
    Ok(args[0])
}

/// What the library keeps with the class.
fn properties(vm: &mut Vm, args: &[Value]) -> PrimResult {
    match info(vm, args)?.properties {
        Value::NIL => Ok(Value::NIL),
        holder => Ok(vm.heap.slot(holder, 0)),
    }
}

fn properties_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (class, value) = (receiver(vm, args)?, arg(args, 1)?);
    let mut holder = info(vm, args)?.properties;
    if holder.is_nil() {
        holder = vm.new_holder();
        if let Some(info) = vm.classes.get_mut(class) {
            info.properties = holder;
        }
    }
    vm.heap.set_slot(holder, 0, value);
    Ok(args[0])
}

fn subclasses(vm: &mut Vm, args: &[Value]) -> PrimResult {
    vm.make_all_latent();
    let below = info(vm, args)?.subclasses.clone();
    let objects: Vec<Value> = below
        .iter()
        .filter_map(|&c| vm.classes.get(c))
        .map(|i| i.object)
        .collect();
    Ok(vm.new_array_from(&objects))
}

fn selectors(vm: &mut Vm, args: &[Value]) -> PrimResult {
    // In the order of definition, so that a listing does not change from run to run.
    let mut methods: Vec<_> = listed(vm, args)?
        .methods
        .iter()
        .map(|(s, m)| (m, s))
        .collect();
    sort_by(&mut methods, Ord::cmp);
    let symbols: Vec<Value> = methods.iter().map(|&(_, s)| vm.symbols.object(s)).collect();
    Ok(vm.new_array_from(&symbols))
}

fn selector(vm: &Vm, args: &[Value]) -> Result<u32, PrimError> {
    vm.symbols
        .id_of(&vm.heap, arg(args, 1)?)
        .ok_or(PrimError::BadArgument)
}

fn includes_selector(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let selector = selector(vm, args)?;
    Ok(Value::bool(listed(vm, args)?.methods.contains(selector)))
}

/// The class's own method, or nil.
fn compiled_method_at(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let selector = selector(vm, args)?;
    let method = listed(vm, args)?.methods.get(selector);
    Ok(method.map_or(Value::NIL, |m| vm.method_object(m)))
}

/// The method that an instance runs, or nil.
fn lookup_selector(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let selector = selector(vm, args)?;
    let class = receiver(vm, args)?;
    let method = vm.lookup(class, selector);
    Ok(method.map_or(Value::NIL, |m| vm.method_object(m)))
}

fn remove_selector(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (class, selector) = (receiver(vm, args)?, selector(vm, args)?);
    if vm.remove_method(class, selector) {
        Ok(args[0])
    } else {
        Err(PrimError::NotFound)
    }
}

fn class_var_names(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let names: Vec<String> = info(vm, args)?
        .class_vars
        .iter()
        .map(|(n, _)| n.clone())
        .collect();
    Ok(symbols(vm, &names))
}

fn pools(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let pools = info(vm, args)?.pools.clone();
    Ok(class_objects(vm, &pools))
}

/// An Array of classes and class sides.
pub(super) fn class_objects(vm: &mut Vm, classes: &[ClassIndex]) -> Value {
    let objects: Vec<Value> = classes
        .iter()
        .filter_map(|&c| vm.classes.get(c).map(|i| i.object))
        .collect();
    vm.new_array_from(&objects)
}

/// Own and inherited class variables, and those of the pools.
fn class_var_at(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = receiver(vm, args)?;
    let name = vm
        .string_value(arg(args, 1)?)
        .ok_or(PrimError::BadArgument)?;
    let (_, binding) = vm
        .classes
        .class_var(class, &name)
        .ok_or(PrimError::NotFound)?;
    Ok(vm.heap.slot(binding, 1))
}

fn class_var_at_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [_, name, value] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    let class = receiver(vm, args)?;
    let name = vm.string_value(name).ok_or(PrimError::BadArgument)?;
    let binding = match vm.classes.class_var(class, &name) {
        Some((_, binding)) => binding,
        None => {
            let id = vm.intern(&name);
            let binding = vm.new_binding(id, Value::NIL);
            if let Some(info) = vm.classes.get_mut(class) {
                info.class_vars.push((name, binding));
            }
            binding
        }
    };
    vm.heap.set_slot(binding, 1, value);
    Ok(value)
}

/// What is dead is collected first, so it does not appear.
fn all_instances(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = receiver(vm, args)?;
    vm.with_roots_in_primitive(|heap, roots| heap.full_collect(roots));
    let instances = vm.heap.instances_of(class);
    vm.charge(instances.len());
    Ok(vm.new_array_from(&instances))
}
