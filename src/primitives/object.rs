//! Object: identity, class, elements and variables by number, copying, read-only objects.
//!
//! Owns the reflective access that any object offers. Must never hand out or change what the machine
//! itself relies on: the insides of closures, Contexts and Processes.

pub(super) use super::arg;
use crate::memory::{Format, Value};
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("objectIdentical", identical),
    ("objectClass", class),
    ("objectClassOf", class_of_argument),
    ("objectIdentityHash", identity_hash),
    ("objectBasicAt", basic_at),
    ("objectBasicAtPut", basic_at_put),
    ("objectBasicSize", basic_size),
    ("objectInstVarAt", inst_var_at),
    ("objectInstVarAtPut", inst_var_at_put),
    ("objectIsReadOnly", is_read_only),
    ("objectSetReadOnly", set_read_only),
    ("objectShallowCopy", shallow_copy),
    ("objectSizeInMemory", size_in_memory),
];

/// `==`
fn identical(_vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::bool(args[0] == arg(args, 1)?))
}

fn class(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = vm.heap.class_of(args[0]);
    vm.classes
        .get(class)
        .map(|info| info.object)
        .ok_or(PrimError::BadReceiver)
}

/// The class of the argument, also of one that understands nothing.
fn class_of_argument(vm: &mut Vm, args: &[Value]) -> PrimResult {
    class(vm, &[arg(args, 1)?])
}

/// The hash that an object keeps for life. Immediate objects answer a number made from their value.
fn identity_hash(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some(n) = args[0].as_int() {
        return Ok(Value::int(n));
    }
    Ok(Value::int(i64::from(vm.heap.identity_hash(args[0]))))
}

/// Elements of a body, counted from 0 behind the named variables.
enum Body {
    /// Slot numbers of the elements.
    Pointers(std::ops::Range<usize>),
    Bytes(usize),
    Words16(usize),
    Words32(usize),
    Words64(usize),
}

fn body(vm: &Vm, v: Value) -> Option<Body> {
    if !v.is_object() || Vm::is_machine_class(vm.heap.class_of(v)) {
        return None;
    }
    Some(match vm.heap.format(v)? {
        Format::Fixed | Format::Ephemeron => return None,
        Format::Indexable | Format::Weak => {
            let slots = vm.heap.slots(v);
            Body::Pointers(vm.inst_size(vm.heap.class_of(v)).min(slots)..slots)
        }
        Format::Bytes => Body::Bytes(vm.heap.bytes(v).len()),
        Format::Words16 => Body::Words16(vm.heap.words16(v).len()),
        Format::Words32 => Body::Words32(vm.heap.words32(v).len()),
        Format::Words64 => Body::Words64(vm.heap.words64(v).len()),
    })
}

/// The argument as an index from 0 below `size`.
fn index(v: Value, size: usize) -> Result<usize, PrimError> {
    let n = v.as_int().ok_or(PrimError::BadArgument)?;
    usize::try_from(n)
        .ok()
        .and_then(|n| n.checked_sub(1))
        .filter(|&n| n < size)
        .ok_or(PrimError::BadIndex)
}

fn basic_at(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let v = args[0];
    match body(vm, v).ok_or(PrimError::BadReceiver)? {
        Body::Pointers(range) => {
            let i = index(arg(args, 1)?, range.len())?;
            Ok(vm.heap.slot(v, range.start + i))
        }
        Body::Bytes(size) => Ok(Value::int(i64::from(
            vm.heap.bytes(v)[index(arg(args, 1)?, size)?],
        ))),
        Body::Words16(size) => Ok(Value::int(i64::from(
            vm.heap.words16(v)[index(arg(args, 1)?, size)?],
        ))),
        Body::Words32(size) => Ok(Value::int(i64::from(
            vm.heap.words32(v)[index(arg(args, 1)?, size)?],
        ))),
        Body::Words64(size) => {
            let word = vm.heap.words64(v)[index(arg(args, 1)?, size)?];
            Ok(vm.integer_from_i128(i128::from(word)))
        }
    }
}

fn basic_at_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [v, place, element] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    writable(vm, v)?;
    match body(vm, v).ok_or(PrimError::BadReceiver)? {
        Body::Pointers(range) => {
            let i = index(place, range.len())?;
            vm.heap.set_slot(v, range.start + i, element);
        }
        Body::Bytes(size) => {
            let i = index(place, size)?;
            let byte = element
                .as_int()
                .and_then(|n| u8::try_from(n).ok())
                .ok_or(PrimError::BadArgument)?;
            vm.heap.bytes_mut(v)[i] = byte;
        }
        Body::Words16(size) => {
            let i = index(place, size)?;
            let word = element
                .as_int()
                .and_then(|n| u16::try_from(n).ok())
                .ok_or(PrimError::BadArgument)?;
            vm.heap.words16_mut(v)[i] = word;
        }
        Body::Words32(size) => {
            let i = index(place, size)?;
            let word = element
                .as_int()
                .and_then(|n| u32::try_from(n).ok())
                .ok_or(PrimError::BadArgument)?;
            vm.heap.words32_mut(v)[i] = word;
        }
        Body::Words64(size) => {
            let i = index(place, size)?;
            let number = vm.bigint_value(element).ok_or(PrimError::BadArgument)?;
            vm.heap.words64_mut(v)[i] = number.to_u64().ok_or(PrimError::BadArgument)?;
        }
    }
    Ok(element)
}

/// May elements and variables be stored into?
fn writable(vm: &Vm, v: Value) -> Result<(), PrimError> {
    if !v.is_object() || Vm::is_machine_class(vm.heap.class_of(v)) {
        return Err(PrimError::BadReceiver);
    }
    if vm.heap.is_immutable(v) {
        return Err(PrimError::ReadOnly);
    }
    Ok(())
}

fn basic_size(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let size = match body(vm, args[0]) {
        None => 0,
        Some(Body::Pointers(range)) => range.len(),
        Some(Body::Bytes(n) | Body::Words16(n) | Body::Words32(n) | Body::Words64(n)) => n,
    };
    Ok(Value::int(size as i64))
}

/// Objects whose variables only the machine reads: the Home of a method, closures, Contexts.
fn is_closed(vm: &Vm, v: Value) -> bool {
    let class = vm.heap.class_of(v);
    Vm::is_machine_class(class) && class != crate::vm::known::Known::Process.index()
}

/// Named variables first, then elements, of an object that consists of references.
fn inst_var_at(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let v = args[0];
    if !v.is_object() || !vm.heap.is_pointers(v) || is_closed(vm, v) {
        return Err(PrimError::BadReceiver);
    }
    let i = index(arg(args, 1)?, vm.heap.slots(v))?;
    Ok(vm.heap.slot(v, i))
}

fn inst_var_at_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [v, place, element] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    writable(vm, v)?;
    // What links a class object and a CompiledMethod to the machine is not to be touched.
    let linked = match vm.classes.index_of(v) {
        Some(_) => 2,
        None => i64::from(vm.method_id(v).is_some()),
    };
    if !vm.heap.is_pointers(v) || place.as_int().is_some_and(|n| (1..=linked).contains(&n)) {
        return Err(PrimError::BadReceiver);
    }
    let i = index(place, vm.heap.slots(v))?;
    vm.heap.set_slot(v, i, element);
    Ok(element)
}

/// Immediate objects are read-only by nature.
fn is_read_only(vm: &mut Vm, args: &[Value]) -> PrimResult {
    // Blocks and Contexts are closed to methods as well, but nobody asked for that.
    let own = Vm::is_machine_class(vm.heap.class_of(args[0]));
    Ok(Value::bool(
        !args[0].is_object() || vm.heap.is_immutable(args[0]) && !own,
    ))
}

/// Answers whether the receiver was read-only before.
fn set_read_only(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let on = arg(args, 1)?.as_bool().ok_or(PrimError::BadArgument)?;
    if !args[0].is_object() {
        return if on {
            Ok(Value::TRUE)
        } else {
            Err(PrimError::BadReceiver)
        };
    }
    // Symbols and large integers are shared by value: nobody may ever change one.
    let known = crate::vm::known::Known::named(&vm.classes.name(vm.heap.class_of(args[0])));
    let own = Vm::is_machine_class(vm.heap.class_of(args[0]));
    if own || !on && known.is_some_and(is_value_class) {
        return Err(PrimError::BadReceiver);
    }
    let before = vm.heap.is_immutable(args[0]);
    vm.heap.set_immutable(args[0], on);
    Ok(Value::bool(before))
}

/// Classes whose instances are equal when they look equal, to the machine itself.
fn is_value_class(class: u32) -> bool {
    use crate::vm::known::Known::*;
    [
        ByteSymbol,
        WideSymbol,
        LargePositiveInteger,
        LargeNegativeInteger,
        Float,
    ]
    .iter()
    .any(|k| k.index() == class)
}

/// Immediate objects answer themselves. There is no second Context or Process of the same frames.
fn shallow_copy(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let v = args[0];
    if !v.is_object() {
        return Ok(v);
    }
    let class = vm.heap.class_of(v);
    if vm.classes.index_of(v).is_some() || is_value_class(class) {
        return Ok(v);
    }
    if Vm::is_machine_class(class) && class != crate::vm::known::Known::BlockClosure.index() {
        return Err(PrimError::BadReceiver);
    }
    let bytes = vm.heap.slots(v) * 8;
    if !vm.heap.can_allocate(bytes + 64) {
        return Err(PrimError::NoMemory);
    }
    vm.charge(bytes >> 6);
    let copy = vm.heap.shallow_copy(v);
    if Vm::is_machine_class(class) {
        vm.heap.set_immutable(copy, true);
    }
    Ok(copy)
}

/// Bytes in the heap, header included; nothing for immediate objects.
fn size_in_memory(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if !args[0].is_object() {
        return Ok(Value::int(0));
    }
    let body = match body(vm, args[0]) {
        Some(Body::Bytes(n)) => n.div_ceil(8) * 8,
        Some(Body::Words16(n)) => n.div_ceil(4) * 8,
        Some(Body::Words32(n)) => n.div_ceil(2) * 8,
        Some(Body::Words64(n)) => n * 8,
        _ => vm.heap.slots(args[0]) * 8,
    };
    Ok(Value::int(8 + body as i64))
}
