//! Arrays of Floats in single or double precision, kept as bits in 32- and 64-bit words.
//!
//! Owns reading and writing one element. What is no Float nor SmallInteger fails here: the library
//! asks it for a Float.

use super::string::{arg, offset};
use crate::memory::{Format, Value};
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![("floatArrayAt", at), ("floatArrayAtPut", at_put)];

/// How many Floats the receiver holds, and whether in double precision. A boxed Float looks alike.
fn shape(vm: &Vm, v: Value) -> Result<(usize, bool), PrimError> {
    if vm.heap.as_float(v).is_some() {
        return Err(PrimError::BadReceiver);
    }
    match vm.heap.format(v) {
        Some(Format::Words32) => Ok((vm.heap.words32(v).len(), false)),
        Some(Format::Words64) => Ok((vm.heap.words64(v).len(), true)),
        _ => Err(PrimError::BadReceiver),
    }
}

fn at(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (size, double) = shape(vm, args[0])?;
    let i = offset(arg(args, 1)?, size)?;
    let float = if double {
        f64::from_bits(vm.heap.words64(args[0])[i])
    } else {
        f32::from_bits(vm.heap.words32(args[0])[i]).into()
    };
    Ok(vm.heap.float(float))
}

fn at_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (size, double) = shape(vm, args[0])?;
    let i = offset(arg(args, 1)?, size)?;
    let value = arg(args, 2)?;
    let float = match (vm.heap.as_float(value), value.as_int()) {
        (Some(float), _) => float,
        (None, Some(int)) => int as f64,
        (None, None) => return Err(PrimError::BadArgument),
    };
    if vm.heap.is_immutable(args[0]) || Vm::is_machine_class(vm.heap.class_of(args[0])) {
        return Err(PrimError::ReadOnly);
    }
    if double {
        vm.heap.words64_mut(args[0])[i] = float.to_bits();
    } else {
        vm.heap.words32_mut(args[0])[i] = (float as f32).to_bits();
    }
    Ok(value)
}
