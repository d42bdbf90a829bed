//! Elements of indexable objects of every format: reading, writing, counting, searching.
//!
//! Owns [`element`] and [`set_element`], the one place that knows what an element of each format
//! is, and [`simple_equal`], which says what the machine can tell about equality without sending
//! messages. Must never let an index reach named variables or the machine's own objects.

use super::string::{Text, arg, is_symbol_class, is_text_class, offset};
use crate::memory::{Format, Value};
use crate::vm::known::Known;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("objectAt", at),
    ("objectAtPut", at_put),
    ("objectSize", size),
    ("arrayIndexOf", index_of),
    ("arrayIdentityIndexOf", identity_index_of),
    ("arrayEqual", equal),
];

/// How many indexable elements `v` has; none when it is not indexable.
pub fn indexable_size(vm: &Vm, v: Value) -> Option<usize> {
    let format = vm.heap.format(v)?;
    Some(match format {
        Format::Bytes => vm.heap.bytes(v).len(),
        Format::Words16 => vm.heap.words16(v).len(),
        Format::Words32 => vm.heap.words32(v).len(),
        // A boxed Float has this format, and no elements.
        Format::Words64 if vm.heap.class_of(v) == Known::Float.index() => return None,
        Format::Words64 => vm.heap.words64(v).len(),
        Format::Indexable | Format::Weak => vm.heap.slots(v).checked_sub(named(vm, v))?,
        Format::Fixed | Format::Ephemeron => return None,
    })
}

/// Named variables of `v`, which stand before its elements.
pub fn named(vm: &Vm, v: Value) -> usize {
    match vm.heap.class_of(v) {
        class if class == Known::Array.index() => 0,
        class => vm.inst_size(class),
    }
}

/// Element `i`, from 0, which exists.
pub fn element(vm: &mut Vm, v: Value, i: usize) -> Value {
    let is_text = is_text_class(vm.heap.class_of(v));
    match vm.heap.format(v) {
        Some(Format::Bytes) => {
            let byte = vm.heap.bytes(v)[i];
            if is_text {
                Value::char(u32::from(byte))
            } else {
                Value::int(i64::from(byte))
            }
        }
        Some(Format::Words16) => Value::int(i64::from(vm.heap.words16(v)[i])),
        Some(Format::Words32) => {
            let word = vm.heap.words32(v)[i];
            if is_text {
                Value::char(word)
            } else {
                Value::int(i64::from(word))
            }
        }
        Some(Format::Words64) => {
            let word = vm.heap.words64(v)[i];
            vm.integer_from_i128(i128::from(word))
        }
        _ => vm.heap.slot(v, named(vm, v) + i),
    }
}

/// Stores into element `i`, from 0, which exists; fails when the value does not fit the format.
pub fn set_element(vm: &mut Vm, v: Value, i: usize, value: Value) -> Result<(), PrimError> {
    let class = vm.heap.class_of(v);
    let number = || {
        let number = if is_text_class(class) {
            value.as_char().map(i64::from)
        } else {
            value.as_int()
        };
        number.ok_or(PrimError::BadArgument)
    };
    let misfit = |_| PrimError::BadArgument;
    match vm.heap.format(v) {
        Some(Format::Bytes) => {
            let byte = u8::try_from(number()?).map_err(misfit)?;
            vm.heap.bytes_mut(v)[i] = byte;
        }
        Some(Format::Words16) => {
            let word = u16::try_from(number()?).map_err(misfit)?;
            vm.heap.words16_mut(v)[i] = word;
        }
        Some(Format::Words32) => {
            let word = u32::try_from(number()?).map_err(misfit)?;
            vm.heap.words32_mut(v)[i] = word;
        }
        Some(Format::Words64) => {
            let number = vm.bigint_value(value).ok_or(PrimError::BadArgument)?;
            let word = number.to_u64().ok_or(PrimError::BadArgument)?;
            vm.heap.words64_mut(v)[i] = word;
        }
        _ => {
            let at = named(vm, v) + i;
            vm.heap.set_slot(v, at, value);
        }
    }
    Ok(())
}

fn at(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let size = indexable_size(vm, args[0]).ok_or(PrimError::BadReceiver)?;
    let i = offset(arg(args, 1)?, size)?;
    Ok(element(vm, args[0], i))
}

fn at_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let size = indexable_size(vm, args[0]).ok_or(PrimError::BadReceiver)?;
    if Vm::is_machine_class(vm.heap.class_of(args[0])) {
        return Err(PrimError::BadReceiver);
    }
    let i = offset(arg(args, 1)?, size)?;
    if vm.heap.is_immutable(args[0]) {
        return Err(PrimError::ReadOnly);
    }
    set_element(vm, args[0], i, arg(args, 2)?)?;
    arg(args, 2)
}

/// 0 for objects without indexable elements.
fn size(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::int(indexable_size(vm, args[0]).unwrap_or(0) as i64))
}

/// Whether `a = b`, as far as numbers, characters, strings and the three constants are concerned;
/// none when only the objects themselves can tell.
pub fn simple_equal(vm: &Vm, a: Value, b: Value) -> Option<bool> {
    counted_equal(vm, a, b, &mut 0)
}

/// The same; adds to `work` what comparing long texts took, in units of a send.
#[inline(always)]
pub(super) fn counted_equal(vm: &Vm, a: Value, b: Value, work: &mut usize) -> Option<bool> {
    if a.as_int().is_some() && b.as_int().is_some() {
        return Some(a == b);
    }
    if let (Some(x), Some(y)) = (machine_text(vm, a), machine_text(vm, b)) {
        let symbols = is_symbol_class(vm.heap.class_of(a)) && is_symbol_class(vm.heap.class_of(b));
        if a == b || symbols || x.len() != y.len() {
            return Some(a == b);
        }
        *work += x.len() >> 6;
        return Some(x.same(y));
    }
    let floats = (vm.heap.as_float(a), vm.heap.as_float(b));
    match floats {
        (Some(x), Some(y)) => return Some(x == y),
        (None, None) => {}
        // An integer below 2^53 is a Float without loss.
        (Some(x), None) => return mixed_equal(x, b),
        (None, Some(y)) => return mixed_equal(y, a),
    }
    if a == b {
        return Some(true);
    }
    if !a.is_object() && !b.is_object() {
        return Some(false);
    }
    // Text and an immediate object are never equal; the others must be asked.
    let simple = |v: Value| !v.is_object() || is_text_class(vm.heap.class_of(v));
    (simple(a) && simple(b)).then_some(false)
}

/// The characters of an instance of the four machine classes of text.
#[inline]
pub(super) fn machine_text(vm: &Vm, v: Value) -> Option<Text<'_>> {
    if !v.is_object() || !is_text_class(vm.heap.class_of(v)) {
        return None;
    }
    Some(if vm.heap.is_bytes(v) {
        Text::Bytes(vm.heap.bytes(v))
    } else {
        Text::Wide(vm.heap.words32(v))
    })
}

fn mixed_equal(x: f64, other: Value) -> Option<bool> {
    match other.as_int() {
        Some(n) if n.abs() < 1 << 53 => Some(x == n as f64),
        Some(_) => None,
        None if !other.is_object() => Some(false),
        None => None,
    }
}

/// receiver, object, start: the first index whose element equals the object, or 0. Fails when it
/// meets an element whose equality takes a message.
fn index_of(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let size = indexable_size(vm, args[0]).ok_or(PrimError::BadReceiver)?;
    let from = from_index(arg(args, 2)?)?;
    vm.charge(size.saturating_sub(from) >> 4);
    if vm.heap.is_bytes(args[0]) {
        let Some(wanted) = arg(args, 1)?.as_int() else {
            return Err(PrimError::Unsupported);
        };
        let Text::Bytes(bytes) = Text::Bytes(vm.heap.bytes(args[0])) else {
            return Err(PrimError::BadReceiver);
        };
        let found = bytes
            .iter()
            .skip(from)
            .position(|&b| i64::from(b) == wanted);
        return Ok(Value::int(found.map_or(0, |i| (i + from + 1) as i64)));
    }
    if !vm.heap.is_pointers(args[0]) {
        return Err(PrimError::Unsupported);
    }
    let first = named(vm, args[0]);
    let slots = vm.heap.pointer_slots(args[0]);
    let (wanted, mut work) = (arg(args, 1)?, 0);
    let mut found = Ok(0);
    for (i, &v) in slots.iter().enumerate().skip(first + from) {
        match counted_equal(vm, v, wanted, &mut work) {
            Some(false) if work <= MAX_WORK => {}
            Some(true) => {
                found = Ok((i - first + 1) as i64);
                break;
            }
            _ => {
                found = Err(PrimError::Unsupported);
                break;
            }
        }
    }
    vm.charge(work);
    found.map(Value::int)
}

fn from_index(v: Value) -> Result<usize, PrimError> {
    let start = v.as_int().ok_or(PrimError::BadArgument)?;
    usize::try_from(start - 1).map_err(|_| PrimError::BadIndex)
}

fn identity_index_of(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if !vm.heap.is_pointers(args[0]) {
        return Err(PrimError::BadReceiver);
    }
    let wanted = arg(args, 1)?;
    let from = from_index(arg(args, 2)?)?;
    let first = named(vm, args[0]);
    let slots = vm.heap.pointer_slots(args[0]);
    let found = slots.iter().skip(first + from).position(|&v| v == wanted);
    let size = slots.len();
    vm.charge(size >> 6);
    Ok(Value::int(found.map_or(0, |i| (i + from + 1) as i64)))
}

/// Deepest nesting of arrays that is compared here; deeper ones are compared in Smalltalk, whose
/// stack has a limit that the program can handle.
const MAX_NESTING: usize = 50;

/// Elements that are compared in one go, in arrays within each other, which may share their parts: then
/// there is no end to it. Behind that, Smalltalk compares, where a Process can be stopped.
const MAX_COMPARED: usize = 1 << 20;

/// What comparing long texts within one array may take, in units of a send, before Smalltalk goes on.
pub(super) const MAX_WORK: usize = 1 << 20;

/// Two arrays of one machine class with equal elements. Fails when it takes messages to know.
fn equal(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if args[0] == arg(args, 1)? {
        return Ok(Value::TRUE);
    }
    let mut left = MAX_COMPARED.max(vm.heap.slots(args[0]));
    let granted = left;
    let mut work = 0;
    let result = same(vm, args[0], arg(args, 1)?, 0, &mut left, &mut work);
    vm.charge(((granted - left) >> 4) + work);
    Ok(Value::bool(result.ok_or(PrimError::Unsupported)?))
}

/// `left` elements may still be compared; `work` is what long texts have taken.
fn same(
    vm: &Vm,
    a: Value,
    b: Value,
    depth: usize,
    left: &mut usize,
    work: &mut usize,
) -> Option<bool> {
    let class = vm.heap.class_of(a);
    if !b.is_object() {
        return Some(false);
    }
    if class != vm.heap.class_of(b) || depth > MAX_NESTING {
        return None;
    }
    if class == Known::ByteArray.index() {
        *work += vm.heap.slots(a) >> 3;
        return Some(vm.heap.bytes(a) == vm.heap.bytes(b));
    }
    if class == Known::WordArray.index() {
        *work += vm.heap.slots(a) >> 3;
        return Some(vm.heap.words32(a) == vm.heap.words32(b));
    }
    if class != Known::Array.index() {
        return None;
    }
    let (a, b) = (vm.heap.pointer_slots(a), vm.heap.pointer_slots(b));
    if a.len() != b.len() {
        return Some(false);
    }
    *left = left.checked_sub(a.len())?;
    for (&x, &y) in a.iter().zip(b) {
        let both_arrays = [x, y]
            .iter()
            .all(|&v| vm.heap.class_of(v) == Known::Array.index());
        let equal = if both_arrays {
            same(vm, x, y, depth + 1, left, work)
        } else {
            counted_equal(vm, x, y, work)
        };
        if !equal? {
            return Some(false);
        }
        if *work > MAX_WORK {
            return None;
        }
    }
    Some(true)
}
