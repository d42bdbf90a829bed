//! Floats as IEEE 754 bit patterns: exponent, scaling by powers of two, words, and the exact
//! conversion of a fraction.
//!
//! Owns everything that depends on the format of a Float. Must round once, to nearest, ties to
//! even, also where the result is denormal.

use super::float::receiver;
use super::integer::{afford, big, clamped, words};
use crate::bigint::BigInt;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("floatExponent", exponent),
    ("floatTimesTwoPower", times_two_power),
    ("floatFractionPart", fraction_part),
    ("floatSignBit", sign_bit),
    ("floatBits", bits),
    ("floatBits32", bits32),
    ("floatFromBits", from_bits),
    ("floatFromBits32", from_bits32),
    ("floatSignificand", significand),
    ("floatFromFraction", from_fraction),
];

/// The power of two of the leading bit; -1 for zero, as in Pharo. NaN and infinities fail.
fn exponent(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let f = receiver(vm, args)?;
    if !f.is_finite() {
        return Err(PrimError::BadReceiver);
    }
    if f == 0.0 {
        return Ok(Value::int(-1));
    }
    let (mantissa, power) = parts(f);
    Ok(Value::int(power + i64::from(63 - mantissa.leading_zeros())))
}

/// The magnitude of a finite Float as `mantissa * 2^power` with an integral mantissa.
fn parts(f: f64) -> (u64, i64) {
    let bits = f.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52) & 0x7FF {
        0 => (fraction, -1074),
        biased => (fraction | 1 << 52, biased as i64 - 1075),
    }
}

/// The mantissa as a non-negative integer below 2^53, denormal where the Float is.
fn significand(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::int(parts(receiver(vm, args)?).0 as i64))
}

/// `f * 2^n`, rounded once.
pub fn scale(mut f: f64, n: i64) -> f64 {
    let two_to_1023 = f64::from_bits(0x7FE0_0000_0000_0000);
    let two_to_minus_969 = f64::from_bits(0x0360_0000_0000_0000);
    // Two Floats differ by less than 2^2200, so a longer way ends at zero or infinity anyway.
    let mut n = n.clamp(-2200, 2200);
    while n > 1023 {
        f *= two_to_1023;
        n -= 1023;
    }
    // A step of 2^-969 makes a denormal, and so rounds, only where the result is below half of
    // the smallest denormal and ends at zero whatever the rounding did.
    while n < -1022 {
        f *= two_to_minus_969;
        n += 969;
    }
    f * f64::from_bits(((n + 1023) as u64) << 52)
}

fn times_two_power(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let f = receiver(vm, args)?;
    let n = clamped(vm, super::arg(args, 1)?)?;
    Ok(vm.heap.float(scale(f, n)))
}

/// What is left after the whole part, with the receiver's sign; NaN for an infinity.
fn fraction_part(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let f = receiver(vm, args)?;
    Ok(vm.heap.float(f.fract()))
}

fn sign_bit(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::int(i64::from(
        receiver(vm, args)?.is_sign_negative(),
    )))
}

fn bits(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let bits = receiver(vm, args)?.to_bits();
    Ok(vm.integer_from_i128(bits.into()))
}

/// The bits of the nearest single-precision number.
fn bits32(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::int(i64::from(
        (receiver(vm, args)? as f32).to_bits(),
    )))
}

/// On any receiver.
fn from_bits(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let bits = big(vm, super::arg(args, 1)?)?
        .to_u64()
        .ok_or(PrimError::BadArgument)?;
    Ok(vm.heap.float(f64::from_bits(bits)))
}

/// On any receiver.
fn from_bits32(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let bits = super::arg(args, 1)?
        .as_int()
        .and_then(|n| u32::try_from(n).ok());
    let bits = bits.ok_or(PrimError::BadArgument)?;
    Ok(vm.heap.float(f32::from_bits(bits).into()))
}

/// On any receiver: the Float nearest to numerator / denominator.
fn from_fraction(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (numerator, denominator) = (
        big(vm, super::arg(args, 1)?)?,
        big(vm, super::arg(args, 2)?)?,
    );
    if denominator.is_zero() {
        return Err(PrimError::BadArgument);
    }
    // The quotient is cut to two words.
    afford(
        vm,
        2 * (words(numerator.bits()) + words(denominator.bits())),
    )?;
    Ok(vm.heap.float(divide_exactly(&numerator, &denominator)))
}

/// The quotient of two integers, rounded once to the nearest Float.
pub fn divide_exactly(numerator: &BigInt, denominator: &BigInt) -> f64 {
    let negative = numerator.is_negative() != denominator.is_negative();
    let sign = if negative { -1.0 } else { 1.0 };
    if numerator.is_zero() {
        return 0.0;
    }
    let length = numerator.bits() as i64 - denominator.bits() as i64;
    if length > 1100 {
        return sign * f64::INFINITY;
    }
    if length < -1200 {
        return sign * 0.0;
    }
    // A quotient of 65 or 66 bits, and a last bit that remembers whether anything was cut off.
    let shift = length - 65;
    let (mut a, mut b) = (numerator.clone().abs(), denominator.clone().abs());
    if shift < 0 {
        a = a.shifted_up(shift.unsigned_abs());
    } else {
        b = b.shifted_up(shift.unsigned_abs());
    }
    let (quotient, rest) = a.divided_by(&b);
    let Some(quotient) = quotient.to_u128() else {
        return sign * f64::INFINITY;
    };
    let quotient = quotient << 1 | u128::from(!rest.is_zero());
    let power = shift - 1;
    let leading = 127 - i64::from(quotient.leading_zeros());
    // The last bit that a Float of this size can hold.
    let last = (leading + power - 52).max(-1074);
    let drop = last - power;
    if drop > 126 {
        return sign * 0.0;
    }
    let kept = quotient >> drop;
    let cut = quotient & ((1 << drop) - 1);
    let half = 1u128 << (drop - 1);
    let up = cut > half || (cut == half && kept & 1 == 1);
    sign * scale((kept + u128::from(up)) as f64, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotient(a: i128, b: &str) -> f64 {
        divide_exactly(&BigInt::from(a), &BigInt::from_digits(b.as_bytes(), 10))
    }

    #[test]
    fn quotients_are_the_nearest_float() {
        assert_eq!(quotient(1, "3"), 1.0 / 3.0);
        assert_eq!(quotient(-1, "10"), -0.1);
        assert_eq!(quotient((1 << 53) + 1, "1"), (1u64 << 53) as f64);
        assert_eq!(quotient((1 << 54) + 1, "2"), (1u64 << 53) as f64);
        assert_eq!(quotient((1 << 54) + 3, "2"), ((1u64 << 53) + 2) as f64);
        let one = BigInt::from(1i128);
        let part = |n: i128, places| divide_exactly(&n.into(), &one.clone().shifted_up(places));
        assert_eq!(part(1, 1074), 5e-324);
        assert_eq!(part(1, 1075), 0.0);
        assert_eq!(part(3, 1076), 5e-324);
        let huge = one.clone().shifted_up(1024);
        assert_eq!(divide_exactly(&huge, &one), f64::INFINITY);
        let less = huge.clone().difference(one.clone());
        assert_eq!(divide_exactly(&less, &huge), 1.0);
    }

    #[test]
    fn quotients_agree_with_decimal_reading() {
        for (text, digits) in [
            ("1234567890123456789", 40),
            ("99999999999999999", 310),
            ("7", 323),
        ] {
            let power = BigInt::from(10i128).power(digits);
            let expected: f64 = format!("{text}e-{digits}").parse().unwrap();
            let text = BigInt::from_digits(text.as_bytes(), 10);
            assert_eq!(divide_exactly(&text, &power), expected);
        }
    }

    #[test]
    fn scaling_rounds_once() {
        assert_eq!(scale(1.0, -1074), 5e-324);
        assert_eq!(scale(1.5, -1074), 1e-323);
        assert_eq!(scale(1.0, -1075), 0.0);
        assert_eq!(scale(5e-324, 1074), 1.0);
        assert_eq!(scale(5e-324, 2097), f64::from_bits(0x7FE0_0000_0000_0000));
        assert_eq!(scale(1.0, 1024), f64::INFINITY);
        assert_eq!(scale(f64::MAX, -2098), 0.0 + scale(1.0, -1074));
        assert_eq!(scale(3.0, 4), 48.0);
    }
}
