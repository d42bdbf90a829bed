//! Moving many elements at once: replaceFrom:to:with:startingAt:, copies of ranges, filling.
//!
//! Owns bulk moves between objects of like formats; unlike ones go element by element. Must
//! check every bound before it writes anything.

use super::array::{element, indexable_size, named, set_element};
use super::string::{arg, is_text_class};
use crate::memory::{ClassIndex, Format, Value};
use crate::vm::known::Known;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("arrayReplace", replace),
    ("arrayCopyRange", copy_range),
    ("arrayConcat", concat),
    ("arrayFill", fill),
];

fn int(v: Value) -> Result<i64, PrimError> {
    v.as_int().ok_or(PrimError::BadArgument)
}

/// The range start..=stop of an object with `size` elements, as offset and count.
fn range(start: i64, stop: i64, size: usize) -> Result<(usize, usize), PrimError> {
    let count = stop - start + 1;
    if count == 0 {
        return Ok((0, 0));
    }
    if count < 0 || start < 1 || stop > size as i64 {
        return Err(PrimError::BadIndex);
    }
    Ok((start as usize - 1, count as usize))
}

/// receiver, start, stop, replacement, first index in the replacement.
fn replace(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (target, source) = (args[0], arg(args, 3)?);
    let size = indexable_size(vm, target).ok_or(PrimError::BadReceiver)?;
    let source_size = indexable_size(vm, source).ok_or(PrimError::BadArgument)?;
    let (start, stop) = (int(arg(args, 1)?)?, int(arg(args, 2)?)?);
    if stop < start {
        return Ok(target);
    }
    let (to, count) = range(start, stop, size)?;
    let first = int(arg(args, 4)?)?;
    let last = first.checked_add(stop - start).ok_or(PrimError::BadIndex)?;
    let (from, _) = range(first, last, source_size)?;
    if vm.heap.is_immutable(target) {
        return Err(PrimError::ReadOnly);
    }
    if Vm::is_machine_class(vm.heap.class_of(target)) {
        return Err(PrimError::BadReceiver);
    }
    vm.charge(count >> 5);
    move_elements(vm, (target, to), (source, from), count)?;
    Ok(target)
}

/// Copies `count` elements; all of them exist, and the target is writable.
pub fn move_elements(
    vm: &mut Vm,
    (target, to): (Value, usize),
    (source, from): (Value, usize),
    count: usize,
) -> Result<(), PrimError> {
    let heap = &mut vm.heap;
    if heap.is_bytes(target) && heap.is_bytes(source) {
        if target == source {
            heap.bytes_mut(target).copy_within(from..from + count, to);
            return Ok(());
        }
        // By way of the stack, since two objects cannot be borrowed at once.
        let mut buffer = [0u8; 256];
        let mut done = 0;
        while done < count {
            let n = buffer.len().min(count - done);
            buffer[..n].copy_from_slice(&heap.bytes(source)[from + done..from + done + n]);
            heap.bytes_mut(target)[to + done..to + done + n].copy_from_slice(&buffer[..n]);
            done += n;
        }
        return Ok(());
    }
    if heap.is_words32(target) && heap.is_words32(source) {
        let words = heap.words32(source)[from..from + count].to_vec();
        heap.words32_mut(target)[to..to + count].copy_from_slice(&words);
        return Ok(());
    }
    if heap.is_words64(target) && heap.is_words64(source) {
        let words = heap.words64(source)[from..from + count].to_vec();
        heap.words64_mut(target)[to..to + count].copy_from_slice(&words);
        return Ok(());
    }
    if heap.is_pointers(target) && heap.is_pointers(source) {
        let (to, from) = (to + named(vm, target), from + named(vm, source));
        vm.heap.copy_slots((target, to), (source, from), count);
        return Ok(());
    }
    // Nothing is written unless everything fits.
    let elements: Vec<Value> = (from..from + count)
        .map(|i| element(vm, source, i))
        .collect();
    if !elements.iter().all(|&v| fits(vm, target, v)) {
        return Err(PrimError::BadArgument);
    }
    for (i, v) in elements.into_iter().enumerate() {
        set_element(vm, target, to + i, v)?;
    }
    Ok(())
}

/// Whether the value can be an element of `target`.
fn fits(vm: &Vm, target: Value, v: Value) -> bool {
    if vm.heap.is_pointers(target) {
        return true;
    }
    let number = if is_text_class(vm.heap.class_of(target)) {
        v.as_char().map(i64::from)
    } else {
        v.as_int()
    };
    let limit = if vm.heap.is_bytes(target) {
        0xFF
    } else if vm.heap.format(target) == Some(Format::Words16) {
        0xFFFF
    } else if vm.heap.is_words32(target) {
        i64::from(u32::MAX)
    } else {
        i64::MAX
    };
    number.is_some_and(|n| (0..=limit).contains(&n))
}

/// The class of parts of an object of a machine class; none for other classes, whose species
/// only a message tells.
fn species(class: ClassIndex) -> Option<ClassIndex> {
    let plain = [
        Known::Array,
        Known::ByteArray,
        Known::WordArray,
        Known::ByteString,
        Known::WideString,
    ];
    if plain.iter().any(|k| k.index() == class) {
        Some(class)
    } else if class == Known::ByteSymbol.index() {
        Some(Known::ByteString.index())
    } else if class == Known::WideSymbol.index() {
        Some(Known::WideString.index())
    } else {
        None
    }
}

/// receiver, start, stop: a new object of the receiver's species with these elements.
fn copy_range(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = species(vm.heap.class_of(args[0])).ok_or(PrimError::Unsupported)?;
    let size = indexable_size(vm, args[0]).ok_or(PrimError::BadReceiver)?;
    let (from, count) = range(int(arg(args, 1)?)?, int(arg(args, 2)?)?, size)?;
    let copy = vm.new_object(class, count)?;
    move_elements(vm, (copy, 0), (args[0], from), count)?;
    Ok(copy)
}

/// Two objects of one machine class, one after the other.
fn concat(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = vm.heap.class_of(args[0]);
    if species(class) != Some(class) || vm.heap.class_of(arg(args, 1)?) != class {
        return Err(PrimError::Unsupported);
    }
    let (Some(a), Some(b)) = (
        indexable_size(vm, args[0]),
        indexable_size(vm, arg(args, 1)?),
    ) else {
        return Err(PrimError::BadReceiver);
    };
    let result = vm.new_object(class, a + b)?;
    move_elements(vm, (result, 0), (args[0], 0), a)?;
    move_elements(vm, (result, a), (arg(args, 1)?, 0), b)?;
    Ok(result)
}

/// Stores one value into all elements.
fn fill(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let size = indexable_size(vm, args[0]).ok_or(PrimError::BadReceiver)?;
    if vm.heap.is_immutable(args[0]) {
        return Err(PrimError::ReadOnly);
    }
    if !fits(vm, args[0], arg(args, 1)?) || Vm::is_machine_class(vm.heap.class_of(args[0])) {
        return Err(PrimError::BadArgument);
    }
    vm.charge(size >> 5);
    for i in 0..size {
        set_element(vm, args[0], i, arg(args, 1)?)?;
    }
    Ok(args[0])
}
