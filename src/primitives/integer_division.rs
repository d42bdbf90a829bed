//! Division of integers: exact, flooring (`//` and `\\`) and truncating (`quo:` and `rem:`).
//!
//! Owns the five divisions and the greatest common divisor, at once or one stretch of Lehmer's algorithm. A zero divisor fails, and the
//! Smalltalk body signals ZeroDivide; must never divide by zero or answer a rounded quotient
//! for `integerDivide`.

use super::integer::{SLICE, afford, big, small_pair, to_f64, wide_pair, words};
use crate::bigint::{BigInt, gcd_of_words};
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("integerDivide", divide),
    ("integerFloorDivide", floor_divide),
    ("integerModulo", modulo),
    ("integerQuotient", quotient),
    ("integerRemainder", remainder),
    ("integerGcd", gcd),
    ("integerGcdStep", gcd_step),
];

/// Both operands as big integers, the divisor not zero.
fn operands(vm: &mut Vm, args: &[Value]) -> Result<(BigInt, BigInt), PrimError> {
    let (a, b) = (big(vm, args[0])?, big(vm, super::arg(args, 1)?)?);
    if b.is_zero() {
        return Err(PrimError::BadArgument);
    }
    // A quotient has as many words as the operands differ by, and each is a pass over the divisor.
    let rows = words(a.bits().saturating_sub(b.bits()));
    afford(vm, rows.saturating_mul(words(b.bits())))?;
    Ok((a, b))
}

/// Both of two words at most, the divisor not zero.
fn wide_operands(vm: &Vm, args: &[Value]) -> Option<(i128, i128)> {
    wide_pair(vm, args).filter(|&(_, b)| b != 0)
}

/// `/`: answers only exact quotients; a remainder fails, and the body makes a Fraction.
fn divide(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = wide_operands(vm, args) {
        return match a % b {
            0 => Ok(vm.integer_from_i128(a / b)),
            _ => Err(PrimError::BadArgument),
        };
    }
    if let Some(f) = vm.heap.as_float(super::arg(args, 1)?) {
        let n = to_f64(vm, args[0]).ok_or(PrimError::BadReceiver)?;
        if f == 0.0 {
            return Err(PrimError::BadArgument);
        }
        return Ok(vm.heap.float(n / f));
    }
    let (a, b) = operands(vm, args)?;
    let (quotient, rest) = a.divided_by(&b);
    if !rest.is_zero() {
        return Err(PrimError::BadArgument);
    }
    Ok(vm.integer_from_bigint(quotient))
}

/// Towards negative infinity where towards zero is too much.
fn floored((quotient, rest): (i128, i128), divisor: i128) -> (i128, i128) {
    match rest != 0 && (rest < 0) != (divisor < 0) {
        true => (quotient - 1, rest + divisor),
        false => (quotient, rest),
    }
}

fn floor_divide(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = wide_operands(vm, args) {
        return Ok(vm.integer_from_i128(floored((a / b, a % b), b).0));
    }
    let (a, b) = operands(vm, args)?;
    Ok(vm.integer_from_bigint(a.floor_divided_by(&b).0))
}

fn modulo(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = wide_operands(vm, args) {
        return Ok(vm.integer_from_i128(floored((a / b, a % b), b).1));
    }
    let (a, b) = operands(vm, args)?;
    Ok(vm.integer_from_bigint(a.floor_divided_by(&b).1))
}

fn quotient(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = wide_operands(vm, args) {
        return Ok(vm.integer_from_i128(a / b));
    }
    let (a, b) = operands(vm, args)?;
    Ok(vm.integer_from_bigint(a.divided_by(&b).0))
}

fn remainder(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = wide_operands(vm, args) {
        return Ok(vm.integer_from_i128(a % b));
    }
    let (a, b) = operands(vm, args)?;
    Ok(vm.integer_from_bigint(a.divided_by(&b).1))
}

/// The greatest common divisor, never negative; zero when both are.
fn gcd(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = small_pair(args) {
        let divisor = gcd_of_words(a.unsigned_abs(), b.unsigned_abs());
        return Ok(vm.integer_from_i128(divisor.into()));
    }
    let (a, b) = (big(vm, args[0])?, big(vm, super::arg(args, 1)?)?);
    // It goes through the longer one for every other bit of the shorter one.
    let work = words(a.bits()).saturating_mul(words(b.bits()));
    afford(vm, work.saturating_mul(16))?;
    Ok(vm.integer_from_bigint(a.gcd(b)))
}

/// Where the lengths differ by so many bits, a step would take a long division.
const FAR: u64 = 31;

/// Two positive integers, the first not below the second: two smaller ones with the same divisor, after a slice of
/// work or where a step would take a long division.
fn gcd_step(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (mut a, mut b) = (big(vm, args[0])?, big(vm, super::arg(args, 1)?)?);
    if !b.is_positive() || a < b {
        return Err(PrimError::BadArgument);
    }
    let mut work = 0;
    while work < SLICE / 4 && b.bits() > 64 && a.bits() - b.bits() < FAR {
        work += 8 * words(a.bits());
        a.euclid(&mut b);
    }
    vm.charge((work / 8) as usize);
    let (a, b) = (vm.integer_from_bigint(a), vm.integer_from_bigint(b));
    Ok(vm.new_array_from(&[a, b]))
}
