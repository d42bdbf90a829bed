//! Behavior: what classes take from traits.
//!
//! Owns the way from the library's description of a composition to the machine's. What follows from a composition
//! is decided in the machine, so that no way of adding a method can go around it.

use super::behavior::{class_objects, receiver};
use super::method::method;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::traits::{Composed, Composition};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("classComposition", composition),
    ("classCompositionPut", composition_put),
    ("classTraitUsers", users),
    ("methodOrigin", origin),
    ("methodOriginSelector", origin_selector),
];

/// Expressions inside each other that a composition may have, if there is room for as many.
const DEPTH: u32 = 100;

/// Operators, traits and selectors that it may have in all.
const MAX_PARTS: usize = 4_000;

/// What `classCompositionPut` was given, or nil.
fn composition(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let info = vm.classes.get(receiver(vm, args)?);
    let composed = info.and_then(|i| i.traits.as_ref());
    Ok(composed.map_or(Value::NIL, |c| vm.heap.slot(c.holder, 0)))
}

/// The object that stands for the composition, and its description: nil for none, a trait, or an Array of an
/// operator and its operands.
fn composition_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [_, object, described] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    let class = receiver(vm, args)?;
    let composed = match described {
        Value::NIL => None,
        _ => {
            let mut parts = MAX_PARTS;
            let of = decode(vm, described, vm.host.stack.levels(DEPTH), &mut parts)?;
            // Every selector is looked for in all of it.
            let parts = MAX_PARTS - parts;
            vm.charge(parts * parts / 8);
            let holder = vm.new_holder();
            vm.heap.set_slot(holder, 0, object);
            Some(Composed { holder, of })
        }
    };
    vm.compose(class, composed)?;
    Ok(args[0])
}

/// `left` parts may still come: arrays that are shared count each time.
fn decode(vm: &Vm, v: Value, depth: u32, left: &mut usize) -> Result<Composition, PrimError> {
    if let Some(class) = vm.classes.index_of(v) {
        return Ok(Composition::Trait(class));
    }
    let parts = elements(vm, v, left)?;
    let (Some((&operator, operands)), true) = (parts.split_first(), depth > 0) else {
        return Err(PrimError::BadArgument);
    };
    let id = |v: Value| vm.symbols.id_of(&vm.heap, v).ok_or(PrimError::BadArgument);
    let inner = |i: usize, left: &mut usize| {
        let part = *operands.get(i).ok_or(PrimError::BadArgument)?;
        decode(vm, part, depth - 1, left).map(Box::new)
    };
    let names = |i: usize, left: &mut usize| {
        let part = *operands.get(i).ok_or(PrimError::BadArgument)?;
        let names = elements(vm, part, left)?.into_iter().map(id);
        names.collect::<Result<Vec<_>, PrimError>>()
    };
    match vm.string_value(operator).as_deref() {
        Some("+") => {
            let parts = operands.iter().map(|&p| decode(vm, p, depth - 1, left));
            Ok(Composition::Sum(parts.collect::<Result<_, _>>()?))
        }
        Some("-") => Ok(Composition::Without(inner(0, left)?, names(1, left)?)),
        Some("@") => {
            let (new, old) = (names(1, left)?, names(2, left)?);
            let pairs = new.into_iter().zip(old).collect();
            Ok(Composition::Alias(inner(0, left)?, pairs))
        }
        Some("prefer") => Ok(Composition::Preferring(inner(0, left)?, inner(1, left)?)),
        _ => Err(PrimError::BadArgument),
    }
}

fn elements(vm: &Vm, array: Value, left: &mut usize) -> Result<Vec<Value>, PrimError> {
    if !array.is_object() || !vm.heap.is_pointers(array) {
        return Err(PrimError::BadArgument);
    }
    let elements = vm.heap.pointer_slots(array);
    *left = left
        .checked_sub(elements.len())
        .ok_or(PrimError::BadArgument)?;
    Ok(elements.to_vec())
}

/// The classes and class sides whose composition names the receiver.
fn users(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = receiver(vm, args)?;
    let users = vm.classes.users_of(class);
    Ok(class_objects(vm, &users))
}

/// The trait that the method came from; nil for one that was written where it is.
fn origin(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let origin = method(vm, args)?.origin;
    let info = origin.and_then(|(class, _)| vm.classes.get(class));
    Ok(info.map_or(Value::NIL, |i| i.object))
}

/// The selector under which it was written, which differs from its own if it is an alias.
fn origin_selector(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let m = method(vm, args)?;
    let selector = m.origin.map_or(m.selector, |(_, selector)| selector);
    Ok(vm.symbols.object(selector))
}
