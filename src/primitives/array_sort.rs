//! Sorting arrays whose elements the machine can compare without sending messages.
//!
//! Owns the ascending sort of numbers, characters and strings, each among themselves. Must
//! answer what the merge sort in Smalltalk answers with `<=`, or fail.

use std::cmp::Ordering;

use super::array::{indexable_size, named};
use super::string::{arg, compare_texts, is_text_class, text};
use crate::memory::Value;
use crate::vm::{PrimError, PrimFn, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: &[(&str, PrimFn)] = &[("arraySort", sort)];

/// What all elements are.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Integer,
    Float,
    Character,
    Text,
}

fn kind(vm: &Vm, v: Value) -> Option<Kind> {
    if v.as_int().is_some() {
        Some(Kind::Integer)
    } else if v.as_char().is_some() {
        Some(Kind::Character)
    } else if let Some(f) = vm.heap.as_float(v) {
        (!f.is_nan()).then_some(Kind::Float)
    } else if v.is_object() && is_text_class(vm.heap.class_of(v)) {
        Some(Kind::Text)
    } else {
        None
    }
}

/// receiver, first, last: sorts that range.
fn sort(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let array = args[0];
    if !vm.heap.is_pointers(array) || Vm::is_machine_class(vm.heap.class_of(array)) {
        return Err(PrimError::BadReceiver);
    }
    let size = indexable_size(vm, array).ok_or(PrimError::BadReceiver)?;
    let bound = |v: Value| {
        v.as_int()
            .and_then(|n| usize::try_from(n).ok())
            .ok_or(PrimError::BadArgument)
    };
    let (first, last) = (bound(arg(args, 1)?)?, bound(arg(args, 2)?)?);
    if first > last || first == 0 {
        return if last == 0 || first == last + 1 {
            Ok(array)
        } else {
            Err(PrimError::BadIndex)
        };
    }
    if last > size {
        return Err(PrimError::BadIndex);
    }
    if vm.heap.is_immutable(array) {
        return Err(PrimError::ReadOnly);
    }
    let start = named(vm, array) + first - 1;
    let mut elements = vm.heap.pointer_slots(array)[start..start + last - first + 1].to_vec();
    vm.charge(elements.len());
    let common = kind(vm, elements[0]).ok_or(PrimError::Unsupported)?;
    if elements.iter().any(|&v| kind(vm, v) != Some(common)) {
        return Err(PrimError::Unsupported);
    }
    elements.sort_by(|&a, &b| order(vm, common, a, b));
    for (i, v) in elements.into_iter().enumerate() {
        vm.heap.set_slot(array, start + i, v);
    }
    Ok(array)
}

fn order(vm: &Vm, kind: Kind, a: Value, b: Value) -> Ordering {
    match kind {
        Kind::Integer => a.as_int().cmp(&b.as_int()),
        Kind::Character => a.as_char().cmp(&b.as_char()),
        Kind::Float => vm
            .heap
            .as_float(a)
            .partial_cmp(&vm.heap.as_float(b))
            .unwrap_or(Ordering::Equal),
        Kind::Text => match (text(vm, a), text(vm, b)) {
            (Some(a), Some(b)) => compare_texts(a, b),
            _ => Ordering::Equal,
        },
    }
}
