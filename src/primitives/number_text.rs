//! Numbers as text: printing integers in any base and Floats in Pharo's form, and reading both.
//!
//! Owns the conversions that must be exact and fast; the grammar of numbers (signs, radix,
//! exponents, scale) is Smalltalk, in class NumberParser. Must never accept a digit that the
//! grammar would not: no underscores, no signs, no spaces.

use super::integer::{MAX_BITS, afford, big, words};
use crate::bigint::BigInt;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("integerPrintStringBase", integer_print_string_base),
    ("integerFromDigits", integer_from_digits),
    ("floatPrintString", float_print_string),
    ("floatFromDecimal", float_from_decimal),
];

/// The base of a positional notation, or a failure outside 2 to 36.
fn base_of(v: Value) -> Result<u32, PrimError> {
    v.as_int()
        .filter(|b| (2..=36).contains(b))
        .map(|b| b as u32)
        .ok_or(PrimError::BadArgument)
}

/// Word operations between binary and digits: each takes a pass over what is left, unless they are bits of it.
fn conversion_work(bits: u64, base: u32) -> u64 {
    match base.is_power_of_two() {
        true => words(bits),
        false => words(bits).saturating_mul(words(bits)),
    }
}

fn integer_print_string_base(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let base = base_of(super::arg(args, 1)?)?;
    if let (Some(n), 10) = (args[0].as_int(), base) {
        return Ok(vm.new_byte_string(n.to_string().as_bytes()));
    }
    let n = big(vm, args[0])?;
    afford(vm, conversion_work(n.bits(), base))?;
    let text = n.to_digits(base);
    Ok(vm.new_byte_string(text.as_bytes()))
}

/// On any receiver: the integer that a string of digits spells in a base. Both cases of letters
/// are digits. Fails when there is no digit, or anything else.
fn integer_from_digits(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let base = base_of(super::arg(args, 2)?)?;
    let text = vm
        .string_value(super::arg(args, 1)?)
        .ok_or(PrimError::BadArgument)?;
    if text.is_empty() || !text.chars().all(|c| c.is_digit(base)) {
        return Err(PrimError::BadArgument);
    }
    if let Ok(n) = i64::from_str_radix(&text, base) {
        return Ok(vm.integer_from_i128(n.into()));
    }
    let bits = text.len() as u64 * u64::from(base.ilog2() + 1);
    if bits > MAX_BITS {
        return Err(PrimError::NoMemory);
    }
    afford(vm, conversion_work(bits, base))?;
    let n = BigInt::from_digits(text.as_bytes(), base);
    Ok(vm.integer_from_bigint(n))
}

fn float_print_string(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let f = vm.heap.as_float(args[0]).ok_or(PrimError::BadReceiver)?;
    Ok(vm.new_byte_string(print_float(f).as_bytes()))
}

/// On any receiver: the Float nearest `mantissa * 10^exponent`, for a mantissa of any length.
fn float_from_decimal(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (mantissa, exponent) = (
        big(vm, super::arg(args, 1)?)?,
        big(vm, super::arg(args, 2)?)?,
    );
    afford(vm, conversion_work(mantissa.bits(), 10))?;
    // Beyond a million places more than the mantissa has digits, every answer is 0 or infinite.
    let limit = mantissa.bits() as i64 + 1_000_000;
    let beyond = if exponent.is_negative() {
        -limit
    } else {
        limit
    };
    let exponent = exponent.to_i64().map_or(beyond, |n| n.clamp(-limit, limit));
    let f: f64 = format!("{}e{exponent}", mantissa.to_digits(10))
        .parse()
        .map_err(|_| PrimError::BadArgument)?;
    Ok(vm.heap.float(f))
}

/// A Float as Pharo prints it: the fewest digits that read back to the same Float, with a point
/// between 0.0001 and 999999 and with an exponent beyond.
pub fn print_float(f: f64) -> String {
    if f.is_nan() {
        return "Float nan".to_string();
    }
    if f.is_infinite() {
        return if f > 0.0 {
            "Float infinity"
        } else {
            "Float infinity negated"
        }
        .to_string();
    }
    let sign = if f.is_sign_negative() { "-" } else { "" };
    if f == 0.0 {
        return format!("{sign}0.0");
    }
    // `{:e}` answers the shortest digits as d.ddde±x.
    let scientific = format!("{:e}", f.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // How many digits stand before the point.
    let whole = exponent + 1;
    let text = match whole {
        -3..=0 => format!("0.{}{digits}", "0".repeat(whole.unsigned_abs() as usize)),
        1..=6 => with_point(&digits, whole as usize),
        _ => format!("{}e{exponent}", with_point(&digits, 1)),
    };
    format!("{sign}{text}")
}

/// The digits with a point after the first `whole`, and at least one digit after the point.
fn with_point(digits: &str, whole: usize) -> String {
    let (before, after) = digits.split_at(whole.min(digits.len()));
    let zeros = "0".repeat(whole - before.len());
    format!(
        "{before}{zeros}.{}",
        if after.is_empty() { "0" } else { after }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_in_pharos_form() {
        let cases = [
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (100.0, "100.0"),
            (123456.789, "123456.789"),
            (999999.0, "999999.0"),
            (1e6, "1.0e6"),
            (1234567.0, "1.234567e6"),
            (1e16, "1.0e16"),
            (1e100, "1.0e100"),
            (0.0001, "0.0001"),
            (0.00012, "0.00012"),
            (0.00001, "1.0e-5"),
            (1e-10, "1.0e-10"),
            (5e-324, "5.0e-324"),
            (f64::MAX, "1.7976931348623157e308"),
            (-2.5, "-2.5"),
            (-0.0, "-0.0"),
            (f64::INFINITY, "Float infinity"),
            (f64::NEG_INFINITY, "Float infinity negated"),
            (f64::NAN, "Float nan"),
        ];
        for (f, text) in cases {
            assert_eq!(print_float(f), text);
        }
    }
}
