//! Division of integers: exact, flooring (`//` and `\\`) and truncating (`quo:` and `rem:`).
//!
//! Owns the five divisions and the greatest common divisor, at once or one stretch of Lehmer's algorithm. A zero divisor fails, and the
//! Smalltalk body signals ZeroDivide; must never divide by zero or answer a rounded quotient
//! for `integerDivide`.

use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};

use super::integer::{SLICE, afford, big, small_pair, to_f64, words};
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
    Ok(vm.integer_from_bigint(a.div_mod_floor(&b).0))
}

fn modulo(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = small_operands(args) {
        return Ok(Value::int(a.mod_floor(&b)));
    }
    let (a, b) = operands(vm, args)?;
    Ok(vm.integer_from_bigint(a.div_mod_floor(&b).1))
}

fn quotient(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = small_operands(args) {
        return Ok(vm.integer_from_i128((a / b) as i128));
    }
    let (a, b) = operands(vm, args)?;
    Ok(vm.integer_from_bigint(a.div_rem(&b).0))
}

fn remainder(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = small_operands(args) {
        return Ok(Value::int(a % b));
    }
    let (a, b) = operands(vm, args)?;
    Ok(vm.integer_from_bigint(a.div_rem(&b).1))
}

/// The greatest common divisor, never negative; zero when both are.
fn gcd(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if let Some((a, b)) = small_pair(args) {
        return Ok(vm.integer_from_i128((a as i128).gcd(&(b as i128))));
    }
    let (a, b) = (big(vm, args[0])?, big(vm, super::arg(args, 1)?)?);
    // It goes through the longer one for every other bit of the shorter one.
    let work = words(a.bits()).saturating_mul(words(b.bits()));
    afford(vm, work.saturating_mul(16))?;
    Ok(vm.integer_from_bigint(a.gcd(&b)))
}

/// Two positive integers, the first not below the second: two smaller ones with the same divisor, after a slice of
/// work or where a step would take a long division.
fn gcd_step(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (mut a, mut b) = (big(vm, args[0])?, big(vm, super::arg(args, 1)?)?);
    if b.sign() != Sign::Plus || a < b {
        return Err(PrimError::BadArgument);
    }
    let mut work = 0;
    while work < SLICE / 4 && b.bits() > 64 && a.bits() - b.bits() < LEADING / 2 {
        work += 8 * words(a.bits());
        (a, b) = match leading_steps(&a, &b) {
            Some([[p, q], [r, s]]) => (&a * p + &b * q, &a * r + &b * s),
            None => {
                let rest = a % &b;
                (b, rest)
            }
        };
    }
    vm.charge((work / 8) as usize);
    let (a, b) = (vm.integer_from_bigint(a), vm.integer_from_bigint(b));
    Ok(vm.new_array_from(&[a, b]))
}

/// So many leading bits tell the quotients of the next steps.
const LEADING: u64 = 62;

/// Several steps of Euclid's algorithm at once, as the matrix that does them; none if the leading bits do not tell
/// even one (D. H. Lehmer 1938, in the form of Knuth, volume 2, algorithm L).
fn leading_steps(a: &BigInt, b: &BigInt) -> Option<[[i64; 2]; 2]> {
    let shift = a.bits().checked_sub(LEADING)?;
    let (mut x, mut y) = ((a >> shift).to_i128()?, (b >> shift).to_i128()?);
    let mut matrix: [[i128; 2]; 2] = [[1, 0], [0, 1]];
    loop {
        let [[p, q], [r, s]] = matrix;
        if y + r == 0 || y + s == 0 {
            break;
        }
        let quotient = (x + p) / (y + r);
        if quotient != (x + q) / (y + s) {
            break;
        }
        matrix = [[r, s], [p - quotient * r, q - quotient * s]];
        (x, y) = (y, x - quotient * y);
    }
    let [[p, q], [r, s]] = matrix;
    let narrow = |n: i128| i64::try_from(n).ok();
    (q != 0).then_some([[narrow(p)?, narrow(q)?], [narrow(r)?, narrow(s)?]])
}
