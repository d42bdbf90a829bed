//! Exchange of identities, and of classes.
//!
//! Owns the checks that keep the machine's own objects out of it: what frames, code and tables refer to
//! has to stay what it is.

use crate::memory::{Format, Value};
use crate::vm::known::Known;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("objectBecome", become_swap),
    ("objectBecomeForward", become_forward),
    ("objectChangeClass", change_class),
    ("arrayBecomeForward", elements_become_forward),
    ("objectPointersTo", pointers_to),
];

/// Whether the machine relies on this object being what it is.
fn is_fixed(vm: &Vm, v: Value) -> bool {
    let class = vm.heap.class_of(v);
    !v.is_object()
        || Vm::is_machine_class(class)
        || [
            Known::ByteSymbol,
            Known::WideSymbol,
            Known::CompiledMethod,
            Known::Semaphore,
        ]
        .iter()
        .any(|k| k.index() == class)
        || vm.classes.index_of(v).is_some()
        || vm.is_binding(v)
}

/// Two classes may change places, and two ordinary objects.
fn check(vm: &Vm, a: Value, b: Value) -> Result<(), PrimError> {
    if is_fixed(vm, a) {
        return Err(PrimError::BadReceiver);
    }
    if is_fixed(vm, b) {
        return Err(PrimError::BadArgument);
    }
    if vm.heap.is_immutable(a) || vm.heap.is_immutable(b) {
        return Err(PrimError::ReadOnly);
    }
    Ok(())
}

fn become_swap(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [a, b] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    check(vm, a, b)?;
    exchange(vm, a, &[(a, b), (b, a)], |vm| {
        vm.with_roots_in_primitive(|heap, roots| heap.become_swap(a, b, roots))
    })
}

/// Answers what references to `v` refer to after the exchange: neither object need be where it was.
fn exchange(
    vm: &mut Vm,
    v: Value,
    pairs: &[(Value, Value)],
    work: impl FnOnce(&mut Vm) -> bool,
) -> PrimResult {
    vm.handles.pinned.push(v);
    vm.move_host_things(pairs);
    let done = work(vm);
    vm.host_things_moved();
    let now = vm.handles.pinned.pop();
    now.filter(|_| done).ok_or(PrimError::BadArgument)
}

/// `becomeForward: anObject copyHash: aBoolean`. The target may be any object.
fn become_forward(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [a, b, copy_hash] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    let copy_hash = copy_hash.as_bool().ok_or(PrimError::BadArgument)?;
    if is_fixed(vm, a) {
        return Err(PrimError::BadReceiver);
    }
    if vm.heap.is_immutable(a) {
        return Err(PrimError::ReadOnly);
    }
    // A symbol's hash is its number, and a shared object's hash is not to be changed either.
    let copy_hash = copy_hash && !is_fixed(vm, b) && !vm.heap.is_immutable(b);
    exchange(vm, a, &[(a, b)], |vm| {
        vm.with_roots_in_primitive(|heap, roots| heap.become_forward(&[(a, b)], copy_hash, roots))
    })
}

/// The same for the elements of an Array and those of another, in one pass. An object that is to be replaced and to
/// replace another one, or to be replaced twice, is for the sender to sort out.
fn elements_become_forward(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [from, to, copy_hash] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    let copy_hash = copy_hash.as_bool().ok_or(PrimError::BadArgument)?;
    let array = |v: Value| v.is_object() && vm.heap.class_of(v) == Known::Array.index();
    if !array(from) || !array(to) || vm.heap.slots(from) != vm.heap.slots(to) {
        return Err(PrimError::BadArgument);
    }
    let olds = vm.heap.pointer_slots(from).iter().copied();
    let pairs: Vec<(Value, Value)> = olds
        .zip(vm.heap.pointer_slots(to).iter().copied())
        .collect();
    let mut sources = crate::memory::WordSet::default();
    for &(a, b) in &pairs {
        if is_fixed(vm, a) || vm.heap.is_immutable(a) || !sources.add(a) {
            return Err(PrimError::BadReceiver);
        }
        if copy_hash && (is_fixed(vm, b) || vm.heap.is_immutable(b)) {
            return Err(PrimError::BadArgument);
        }
    }
    if pairs.iter().any(|(_, b)| sources.contains(*b)) {
        return Err(PrimError::BadArgument);
    }
    vm.charge(pairs.len());
    exchange(vm, from, &pairs, |vm| {
        vm.with_roots_in_primitive(|heap, roots| heap.become_forward(&pairs, copy_hash, roots))
    })
}

/// The receiver becomes an instance of the argument's class, if that has the same shape.
fn change_class(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [v, model] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    if is_fixed(vm, v) {
        return Err(PrimError::BadReceiver);
    }
    if is_fixed(vm, model) {
        return Err(PrimError::BadArgument);
    }
    if vm.heap.is_immutable(v) {
        return Err(PrimError::ReadOnly);
    }
    let (from, to) = (vm.heap.class_of(v), vm.heap.class_of(model));
    let format = vm.heap.format(v);
    let weak = matches!(format, Some(Format::Weak | Format::Ephemeron));
    if format != vm.heap.format(model) || vm.inst_size(from) != vm.inst_size(to) || weak {
        return Err(PrimError::BadArgument);
    }
    vm.heap.set_class(v, to);
    Ok(v)
}

/// The objects that refer to the receiver, without those that nothing refers to.
fn pointers_to(vm: &mut Vm, args: &[Value]) -> PrimResult {
    vm.handles.pinned.push(args[0]);
    vm.with_roots_in_primitive(|heap, roots| heap.full_collect(roots));
    let Some(target) = vm.handles.pinned.pop() else {
        return Err(PrimError::BadReceiver);
    };
    let mut found = Vec::new();
    vm.heap.each_object(|v| {
        if vm.heap.is_pointers(v) && vm.heap.pointer_slots(v).contains(&target) {
            found.push(v);
        }
    });
    vm.charge(found.len());
    Ok(vm.new_array_from(&found))
}
