//! What needs the whole of a big integer at once: powers, roots and the hash.
//!
//! Owns exact powers, modular powers, integer roots and the hash of integers. Must never make an
//! integer longer than `integer::MAX_BITS`, and checks that before it starts to multiply.

use super::integer::{MAX_BITS, afford, big, product_work, words};
use crate::bigint::root_of_words;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("integerRaisedTo", raised_to),
    ("integerRaisedToModulo", raised_to_modulo),
    ("integerRoot", root),
    ("integerHash", hash),
];

/// The receiver and the argument where they fit machine integers: these need no memory of their own.
fn wide_and_small(vm: &Vm, args: &[Value]) -> Option<(i128, u32)> {
    let small = args.get(1)?.as_int()?;
    Some((vm.wide_value(args[0])?, u32::try_from(small).ok()?))
}

/// The receiver to a power that is a non-negative integer.
fn raised_to(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((base, power)) = wide_and_small(vm, args)
        && base
            .unsigned_abs()
            .checked_ilog2()
            .unwrap_or(0)
            .saturating_mul(power)
            < 127
        && let Some(result) = base.checked_pow(power)
    {
        return Ok(vm.integer_from_i128(result));
    }
    let (base, power) = (big(vm, args[0])?, big(vm, super::arg(args, 1)?)?);
    if power.is_negative() {
        return Err(PrimError::BadArgument);
    }
    if power.is_zero() || base.to_i64() == Some(1) {
        return Ok(Value::int(1));
    }
    if base.is_zero() {
        return Ok(Value::int(0));
    }
    if base.to_i64() == Some(-1) {
        return Ok(Value::int(if power.bit(0) { -1 } else { 1 }));
    }
    let exponent = power.to_u64().unwrap_or(u64::MAX);
    let bits = (base.bits() - 1).max(1).saturating_mul(exponent);
    // Of a base of few bits, the logarithm tells more; the last digits of it are not to be trusted.
    let logarithm = base.to_f64().abs().log2() * exponent as f64 * 0.999_999;
    if bits > MAX_BITS || logarithm.is_finite() && logarithm > MAX_BITS as f64 {
        return Err(PrimError::NoMemory);
    }
    afford(vm, product_work(bits, bits))?;
    Ok(vm.integer_from_bigint(base.power(exponent)))
}

/// The receiver to a non-negative power, modulo a positive number.
fn raised_to_modulo(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let base = big(vm, args[0])?;
    let (power, modulus) = (
        big(vm, super::arg(args, 1)?)?,
        big(vm, super::arg(args, 2)?)?,
    );
    if power.is_negative() || !modulus.is_positive() {
        return Err(PrimError::BadArgument);
    }
    let square = words(modulus.bits()).saturating_mul(words(modulus.bits()));
    let reduced =
        words(base.bits().saturating_sub(modulus.bits())).saturating_mul(words(modulus.bits()));
    afford(
        vm,
        power.bits().saturating_mul(square).saturating_add(reduced),
    )?;
    Ok(vm.integer_from_bigint(base.power_modulo(&power, &modulus)))
}

/// The integer part of the n-th root, towards zero. An even root of a negative number fails.
fn root(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((n, degree)) = wide_and_small(vm, args)
        && degree > 0
        && (n >= 0 || degree % 2 == 1)
    {
        let root = root_of_words(n.unsigned_abs(), degree) as i128;
        return Ok(vm.integer_from_i128(if n < 0 { -root } else { root }));
    }
    let n = big(vm, args[0])?;
    let degree = big(vm, super::arg(args, 1)?)?;
    if !degree.is_positive() || (n.is_negative() && !degree.bit(0)) {
        return Err(PrimError::BadArgument);
    }
    let Some(degree) = degree.to_u64().and_then(|n| u32::try_from(n).ok()) else {
        // A root of a degree beyond the number's length in bits is 1, 0 or -1.
        return Ok(Value::int(match n.is_negative() {
            true => -1,
            false => i64::from(!n.is_zero()),
        }));
    };
    afford(vm, words(n.bits()).saturating_mul(words(n.bits())))?;
    Ok(vm.integer_from_bigint(n.root(degree)))
}

/// A hash that depends on the number alone. SmallIntegers hash to themselves when they are not
/// negative, so that small keys spread evenly; Float and Fraction build on it.
fn hash(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some(n) = args[0].as_int() {
        return Ok(Value::int(n & ((1 << 60) - 1)));
    }
    let n = big(vm, args[0])?;
    afford(vm, words(n.bits()))?;
    let mut hash: u64 = if n.is_negative() {
        0x9E37_79B9
    } else {
        0x85EB_CA6B
    };
    for limb in n.limbs() {
        hash = (hash.rotate_left(23) ^ limb).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    }
    Ok(Value::int((hash >> 4) as i64))
}
