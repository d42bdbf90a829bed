//! Float arithmetic and comparison, and conversion to exact numbers.
//!
//! Owns `+ - * /` and the six comparisons with Float and Integer arguments, and the parts of a
//! Float. Comparison with an Integer is exact. Other arguments fail and are coerced in Smalltalk.
//! Must never divide by zero: that fails, and the body signals ZeroDivide.

use std::cmp::Ordering;

use super::integer::{compare_with_float, to_f64};
use crate::bigint::BigInt;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("floatAdd", |vm, args| arithmetic(vm, args, |a, b| a + b)),
    ("floatSubtract", |vm, args| {
        arithmetic(vm, args, |a, b| a - b)
    }),
    ("floatMultiply", |vm, args| {
        arithmetic(vm, args, |a, b| a * b)
    }),
    ("floatDivide", divide),
    ("floatLess", |vm, args| {
        relation(vm, args, |o| o == Some(Ordering::Less))
    }),
    ("floatLessOrEqual", |vm, args| {
        relation(vm, args, |o| o.is_some_and(Ordering::is_le))
    }),
    ("floatGreater", |vm, args| {
        relation(vm, args, |o| o == Some(Ordering::Greater))
    }),
    ("floatGreaterOrEqual", |vm, args| {
        relation(vm, args, |o| o.is_some_and(Ordering::is_ge))
    }),
    ("floatEqual", |vm, args| {
        relation(vm, args, |o| o == Some(Ordering::Equal))
    }),
    ("floatNotEqual", |vm, args| {
        relation(vm, args, |o| o != Some(Ordering::Equal))
    }),
    ("floatTruncated", |vm, args| {
        to_integer(vm, args, f64::trunc)
    }),
    ("floatRounded", |vm, args| to_integer(vm, args, f64::round)),
    ("floatFloor", |vm, args| to_integer(vm, args, f64::floor)),
    ("floatCeiling", |vm, args| to_integer(vm, args, f64::ceil)),
];

/// The receiver as a Float.
pub fn receiver(vm: &Vm, args: &[Value]) -> Result<f64, PrimError> {
    vm.heap.as_float(args[0]).ok_or(PrimError::BadReceiver)
}

/// The argument as a Float, where it is a Float or an Integer.
fn argument(vm: &mut Vm, args: &[Value]) -> Result<f64, PrimError> {
    match vm.heap.as_float(super::arg(args, 1)?) {
        Some(f) => Ok(f),
        None => to_f64(vm, super::arg(args, 1)?).ok_or(PrimError::BadArgument),
    }
}

fn arithmetic(vm: &mut Vm, args: &[Value], op: fn(f64, f64) -> f64) -> PrimResult {
    let result = op(receiver(vm, args)?, argument(vm, args)?);
    Ok(vm.heap.float(result))
}

fn divide(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (a, b) = (receiver(vm, args)?, argument(vm, args)?);
    if b == 0.0 {
        return Err(PrimError::BadArgument);
    }
    Ok(vm.heap.float(a / b))
}

fn relation(vm: &mut Vm, args: &[Value], holds: fn(Option<Ordering>) -> bool) -> PrimResult {
    let f = receiver(vm, args)?;
    let order = match vm.heap.as_float(super::arg(args, 1)?) {
        Some(g) => f.partial_cmp(&g),
        None if super::arg(args, 1)?.is_int()
            || vm.bigint_value(super::arg(args, 1)?).is_some() =>
        {
            compare_with_float(vm, super::arg(args, 1)?, f).map(Ordering::reverse)
        }
        None => return Err(PrimError::BadArgument),
    };
    Ok(Value::bool(holds(order)))
}

/// The integer that a rounding answers; NaN and the infinities fail.
fn to_integer(vm: &mut Vm, args: &[Value], round: fn(f64) -> f64) -> PrimResult {
    let whole = round(receiver(vm, args)?);
    if whole.abs() < (1u64 << 60) as f64 {
        return Ok(Value::int(whole as i64));
    }
    let n = BigInt::from_f64(whole).ok_or(PrimError::BadReceiver)?;
    Ok(vm.integer_from_bigint(n))
}
