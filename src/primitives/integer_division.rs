//! Division of integers: exact, flooring (`//` and `\\`) and truncating (`quo:` and `rem:`).
//!
//! Owns the five divisions and the greatest common divisor. A zero divisor fails, and the
//! Smalltalk body signals ZeroDivide; must never divide by zero or answer a rounded quotient
//! for `integerDivide`.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::Zero;

use super::integer::{big, charge_product, small_pair, to_f64};
use crate::memory::Value;
use crate::vm::{PrimError, PrimFn, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: &[(&str, PrimFn)] = &[
    ("integerDivide", divide),
    ("integerFloorDivide", floor_divide),
    ("integerModulo", modulo),
    ("integerQuotient", quotient),
    ("integerRemainder", remainder),
    ("integerGcd", gcd),
];

/// Both operands as big integers, the divisor not zero.
fn operands(vm: &mut Vm, args: &[Value]) -> Result<(BigInt, BigInt), PrimError> {
    let (a, b) = (big(vm, args[0])?, big(vm, super::arg(args, 1)?)?);
    if b.is_zero() {
        return Err(PrimError::BadArgument);
    }
    // A quotient has as many words as the operands differ by, and each is a pass over the divisor.
    charge_product(vm, a.bits().saturating_sub(b.bits()), b.bits())?;
    Ok((a, b))
}

/// Both SmallIntegers, the divisor not zero.
fn small_operands(args: &[Value]) -> Option<(i64, i64)> {
    small_pair(args).filter(|&(_, b)| b != 0)
}

/// `/`: answers only exact quotients; a remainder fails, and the body makes a Fraction.
fn divide(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = small_operands(args) {
        if a % b == 0 {
            return Ok(vm.integer_from_i128((a / b) as i128));
        }
        return Err(PrimError::BadArgument);
    }
    if let Some(f) = vm.heap.as_float(super::arg(args, 1)?) {
        let n = to_f64(vm, args[0]).ok_or(PrimError::BadReceiver)?;
        if f == 0.0 {
            return Err(PrimError::BadArgument);
        }
        return Ok(vm.heap.float(n / f));
    }
    let (a, b) = operands(vm, args)?;
    let (quotient, rest) = a.div_rem(&b);
    if !rest.is_zero() {
        return Err(PrimError::BadArgument);
    }
    Ok(vm.integer_from_bigint(quotient))
}

fn floor_divide(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = small_operands(args) {
        return Ok(vm.integer_from_i128(Integer::div_floor(&a, &b) as i128));
    }
    let (a, b) = operands(vm, args)?;
    Ok(vm.integer_from_bigint(a.div_floor(&b)))
}

fn modulo(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = small_operands(args) {
        return Ok(Value::int(a.mod_floor(&b)));
    }
    let (a, b) = operands(vm, args)?;
    Ok(vm.integer_from_bigint(a.mod_floor(&b)))
}

fn quotient(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = small_operands(args) {
        return Ok(vm.integer_from_i128((a / b) as i128));
    }
    let (a, b) = operands(vm, args)?;
    Ok(vm.integer_from_bigint(a / b))
}

fn remainder(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = small_operands(args) {
        return Ok(Value::int(a % b));
    }
    let (a, b) = operands(vm, args)?;
    Ok(vm.integer_from_bigint(a % b))
}

/// The greatest common divisor, never negative; zero when both are.
fn gcd(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = small_pair(args) {
        return Ok(vm.integer_from_i128((a as i128).gcd(&(b as i128))));
    }
    let (a, b) = (big(vm, args[0])?, big(vm, super::arg(args, 1)?)?);
    charge_product(vm, a.bits(), b.bits())?;
    Ok(vm.integer_from_bigint(a.gcd(&b)))
}
