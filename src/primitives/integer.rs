//! Integer arithmetic and comparison, one set of primitives for SmallInteger and LargeInteger.
//!
//! Owns `+ - *` and the six comparisons, including those with a Float argument, which are done
//! here because sending them through the coercion protocol would cost three sends. Operands of
//! any other class fail, and the Smalltalk body coerces. Must never answer a LargeInteger whose
//! value fits a SmallInteger (`Vm::integer_from_bigint` normalises).

use std::cmp::Ordering;

use crate::bigint::BigInt;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("integerAdd", add),
    ("integerSubtract", subtract),
    ("integerMultiply", multiply),
    ("integerLess", less),
    ("integerLessOrEqual", less_or_equal),
    ("integerGreater", greater),
    ("integerGreaterOrEqual", greater_or_equal),
    ("integerEqual", equal),
    ("integerNotEqual", not_equal),
    ("integerAsFloat", as_float),
    ("integerNegated", negated),
];

/// Longest integer that a primitive makes, in bits: 32 MiB. What would be longer fails, and the
/// Smalltalk side signals OutOfMemory instead of taking the machine's memory in one step.
pub const MAX_BITS: u64 = 1 << 28;

/// The operand as a big integer, a copy of its words; fails for what is no integer.
pub fn big(vm: &mut Vm, v: Value) -> Result<BigInt, PrimError> {
    vm.charge(vm.heap.slots(v) >> 3);
    vm.bigint_value(v).ok_or(PrimError::BadArgument)
}

/// The operand as a machine integer, the nearest one where it is beyond: it counts bits, of which there are fewer.
pub fn clamped(vm: &mut Vm, v: Value) -> Result<i64, PrimError> {
    if let Some(n) = v.as_int() {
        return Ok(n);
    }
    let n = big(vm, v)?;
    let beyond = if n.is_negative() { i64::MIN } else { i64::MAX };
    Ok(n.to_i64().unwrap_or(beyond))
}

/// The receiver and the argument when both are SmallIntegers.
pub fn small_pair(args: &[Value]) -> Option<(i64, i64)> {
    Some((args[0].as_int()?, args.get(1)?.as_int()?))
}

/// The receiver and the argument when both are integers of two words at most: these need no memory of their own.
#[inline(always)]
pub fn wide_pair(vm: &Vm, args: &[Value]) -> Option<(i128, i128)> {
    Some((vm.wide_value(args[0])?, vm.wide_value(*args.get(1)?)?))
}

/// The integer as the nearest Float, ties to even; infinite when beyond the range.
pub fn to_f64(vm: &mut Vm, v: Value) -> Option<f64> {
    match v.as_int() {
        Some(n) => Some(n as f64),
        None => Some(big(vm, v).ok()?.to_f64()),
    }
}

/// Orders an integer and a Float exactly, without rounding the integer. None with NaN.
pub fn compare_with_float(vm: &mut Vm, v: Value, f: f64) -> Option<Ordering> {
    if f.is_nan() {
        return None;
    }
    if f.is_infinite() {
        return Some(if f > 0.0 {
            Ordering::Less
        } else {
            Ordering::Greater
        });
    }
    let whole = f.trunc();
    let order = match v.as_int() {
        // Every SmallInteger lies between -2^60 and 2^60, where the cast below is exact.
        Some(n) if whole.abs() <= (1u64 << 61) as f64 => n.cmp(&(whole as i64)),
        Some(_) => {
            return Some(if f > 0.0 {
                Ordering::Less
            } else {
                Ordering::Greater
            });
        }
        None => big(vm, v).ok()?.cmp(&BigInt::from_f64(whole)?),
    };
    let rest = f - whole;
    Some(match order {
        Ordering::Equal if rest > 0.0 => Ordering::Less,
        Ordering::Equal if rest < 0.0 => Ordering::Greater,
        decided => decided,
    })
}

/// Word operations that one primitive does in one go: some 30 ms. Signals are heard in between only.
pub const SLICE: u64 = 1 << 26;

/// How many words a number of so many bits takes.
pub fn words(bits: u64) -> u64 {
    bits / 64 + 1
}

/// Charges for word operations before they are done. What would take longer than a slice is refused: the library
/// does it in parts (package Numbers, `Integer-Parts`), and between those the machine listens.
pub fn afford(vm: &mut Vm, work: u64) -> Result<(), PrimError> {
    if work > SLICE {
        return Err(PrimError::Unsupported);
    }
    // A machine word takes about an eighth of a send.
    vm.charge((work / 8) as usize);
    Ok(())
}

/// Word operations of a multiplication: rows of columns, and for long ones what Karatsuba and Toom leave of them.
pub fn product_work(a_bits: u64, b_bits: u64) -> u64 {
    let (a, b) = (words(a_bits), words(b_bits));
    let (short, long) = (a.min(b), a.max(b));
    let row = match short {
        0..256 => short,
        _ => 16 * short.isqrt(),
    };
    long.saturating_mul(row)
}

fn arithmetic(
    vm: &mut Vm,
    args: &[Value],
    float: fn(f64, f64) -> f64,
    large: fn(BigInt, BigInt) -> BigInt,
) -> PrimResult {
    if let Some(f) = vm.heap.as_float(super::arg(args, 1)?) {
        let n = to_f64(vm, args[0]).ok_or(PrimError::BadReceiver)?;
        return Ok(vm.heap.float(float(n, f)));
    }
    let (a, b) = (big(vm, args[0])?, big(vm, super::arg(args, 1)?)?);
    afford(vm, words(a.bits().max(b.bits())))?;
    Ok(vm.integer_from_bigint(large(a, b)))
}

fn add(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = wide_pair(vm, args)
        && let Some(sum) = a.checked_add(b)
    {
        return Ok(vm.integer_from_i128(sum));
    }
    arithmetic(vm, args, |a, b| a + b, BigInt::sum)
}

fn subtract(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = wide_pair(vm, args)
        && let Some(difference) = a.checked_sub(b)
    {
        return Ok(vm.integer_from_i128(difference));
    }
    arithmetic(vm, args, |a, b| a - b, BigInt::difference)
}

fn multiply(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = wide_pair(vm, args)
        && let Some(product) = a.checked_mul(b)
    {
        return Ok(vm.integer_from_i128(product));
    }
    if vm.heap.as_float(super::arg(args, 1)?).is_some() {
        return arithmetic(vm, args, |a, b| a * b, |a, b| a.product(&b));
    }
    let (a, b) = (big(vm, args[0])?, big(vm, super::arg(args, 1)?)?);
    if a.bits() + b.bits() > MAX_BITS {
        return Err(PrimError::NoMemory);
    }
    afford(vm, product_work(a.bits(), b.bits()))?;
    Ok(vm.integer_from_bigint(a.product(&b)))
}

fn negated(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some(n) = args[0].as_int() {
        return Ok(vm.integer_from_i128(-(n as i128)));
    }
    let n = big(vm, args[0])?;
    Ok(vm.integer_from_bigint(n.negated()))
}

fn compare(vm: &mut Vm, args: &[Value]) -> Result<Option<Ordering>, PrimError> {
    if let Some((a, b)) = wide_pair(vm, args) {
        return Ok(Some(a.cmp(&b)));
    }
    if let Some(f) = vm.heap.as_float(super::arg(args, 1)?) {
        return Ok(compare_with_float(vm, args[0], f));
    }
    Ok(Some(big(vm, args[0])?.cmp(&big(vm, super::arg(args, 1)?)?)))
}

fn less(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::bool(compare(vm, args)? == Some(Ordering::Less)))
}

fn less_or_equal(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::bool(compare(vm, args)?.is_some_and(Ordering::is_le)))
}

fn greater(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::bool(compare(vm, args)? == Some(Ordering::Greater)))
}

fn greater_or_equal(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::bool(compare(vm, args)?.is_some_and(Ordering::is_ge)))
}

fn equal(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::bool(compare(vm, args)? == Some(Ordering::Equal)))
}

fn not_equal(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::bool(compare(vm, args)? != Some(Ordering::Equal)))
}

fn as_float(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let f = to_f64(vm, args[0]).ok_or(PrimError::BadReceiver)?;
    Ok(vm.heap.float(f))
}
