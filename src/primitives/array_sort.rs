//! Sorting arrays whose elements the machine can compare without sending messages.
//!
//! Owns the ascending sort of numbers, characters and strings, each among themselves. Must
//! answer what the merge sort in Smalltalk answers with `<=`, or fail.

use std::cmp::Ordering;
use std::ops::Range;

use super::array::{indexable_size, named};
use super::string::{arg, compare_texts, is_text_class, text};
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![("arraySort", sort), ("arraySortByKeys", sort_by_keys)];

/// Characters that are sorted in one go, however few texts have them: a tenth of a second when all begin alike.
const MAX_WEIGHT: usize = 1 << 26;
/// What a text may have on the average beside that.
const USUAL_WEIGHT: usize = 64;

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
    let Some(start) = range(vm, args)? else {
        return Ok(args[0]);
    };
    let mut elements = vm.heap.pointer_slots(args[0])[start.clone()].to_vec();
    let common = common(vm, &elements)?;
    let weight = weight(vm, common, &elements)?;
    vm.charge(elements.len() + (weight >> 3));
    elements.sort_by(|&a, &b| order(vm, common, a, b));
    for (i, v) in start.zip(elements) {
        vm.heap.set_slot(args[0], i, v);
    }
    Ok(args[0])
}

/// receiver, first, last, keys, whether to descend: sorts that range by the keys of its elements, which stand in the
/// same places of another array and go with them.
fn sort_by_keys(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let Some(elements) = range(vm, args)? else {
        return Ok(args[0]);
    };
    let (keys, descends) = (arg(args, 3)?, arg(args, 4)? == Value::TRUE);
    if !vm.heap.is_pointers(keys) || Vm::is_machine_class(vm.heap.class_of(keys)) {
        return Err(PrimError::BadArgument);
    }
    let (from, named) = (named(vm, keys), named(vm, args[0]));
    let places = elements.start - named + from..elements.end - named + from;
    if vm.heap.is_immutable(keys) {
        return Err(PrimError::ReadOnly);
    }
    let of = vm.heap.pointer_slots(keys).get(places.clone());
    let of = of.ok_or(PrimError::BadIndex)?;
    let common = common(vm, of)?;
    let weight = weight(vm, common, of)?;
    let values = &vm.heap.pointer_slots(args[0])[elements.clone()];
    let mut pairs: Vec<(Value, Value)> = of.iter().copied().zip(values.iter().copied()).collect();
    vm.charge(pairs.len() + (weight >> 3));
    pairs.sort_by(|&(a, _), &(b, _)| match descends {
        false => order(vm, common, a, b),
        true => order(vm, common, b, a),
    });
    for ((at, place), (key, v)) in elements.zip(places).zip(pairs) {
        vm.heap.set_slot(keys, place, key);
        vm.heap.set_slot(args[0], at, v);
    }
    Ok(args[0])
}

fn bound(v: Value) -> Result<usize, PrimError> {
    v.as_int()
        .and_then(|n| usize::try_from(n).ok())
        .ok_or(PrimError::BadArgument)
}

/// The slots from first to last of an array that may be changed; none if there is nothing to sort.
fn range(vm: &Vm, args: &[Value]) -> Result<Option<Range<usize>>, PrimError> {
    let array = args[0];
    if !vm.heap.is_pointers(array) || Vm::is_machine_class(vm.heap.class_of(array)) {
        return Err(PrimError::BadReceiver);
    }
    let size = indexable_size(vm, array).ok_or(PrimError::BadReceiver)?;
    let (first, last) = (bound(arg(args, 1)?)?, bound(arg(args, 2)?)?);
    if first > last || first == 0 {
        return match last == 0 || first == last + 1 {
            true => Ok(None),
            false => Err(PrimError::BadIndex),
        };
    }
    if last > size {
        return Err(PrimError::BadIndex);
    }
    if vm.heap.is_immutable(array) {
        return Err(PrimError::ReadOnly);
    }
    let start = named(vm, array) + first - 1;
    Ok(Some(start..start + last - first + 1))
}

/// What all of these are.
fn common(vm: &Vm, values: &[Value]) -> Result<Kind, PrimError> {
    let common = kind(vm, values[0]).ok_or(PrimError::Unsupported)?;
    match values.iter().all(|&v| kind(vm, v) == Some(common)) {
        true => Ok(common),
        false => Err(PrimError::Unsupported),
    }
}

/// Characters of all texts together: each is looked at once in every round of sorting. Where they are many, Smalltalk
/// sorts, which can be stopped between two comparisons.
fn weight(vm: &Vm, kind: Kind, values: &[Value]) -> Result<usize, PrimError> {
    if kind != Kind::Text {
        return Ok(0);
    }
    let lengths = values.iter().filter_map(|&v| text(vm, v));
    let weight = lengths.map(|t| t.len()).sum::<usize>();
    match weight <= MAX_WEIGHT + values.len() * USUAL_WEIGHT {
        true => Ok(weight),
        false => Err(PrimError::Unsupported),
    }
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
        Kind::Text => order_of_texts(vm, a, b),
    }
}

/// By itself: comparing numbers needs none of the registers that this one saves.
#[inline(never)]
fn order_of_texts(vm: &Vm, a: Value, b: Value) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    match (text(vm, a), text(vm, b)) {
        (Some(a), Some(b)) => compare_texts(a, b),
        _ => Ordering::Equal,
    }
}
