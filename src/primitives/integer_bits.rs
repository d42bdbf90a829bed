//! Integers as endless rows of bits in two's complement, and as bytes of their magnitude.
//!
//! Owns the bit logic, shifts and bit positions of SmallInteger and LargeInteger alike. Must
//! never make an integer longer than `integer::MAX_BITS`.

use super::integer::{MAX_BITS, afford, big, clamped, small_pair, words};
use crate::bigint::BigInt;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("integerBitAnd", bit_and),
    ("integerBitOr", bit_or),
    ("integerBitXor", bit_xor),
    ("integerBitShift", bit_shift),
    ("integerBitAt", bit_at),
    ("integerHighBitOfMagnitude", high_bit_of_magnitude),
    ("integerLowBit", low_bit),
    ("integerByteAt", byte_at),
    ("integerBytesCount", bytes_count),
    ("integerAsBytes", as_bytes),
    ("integerFromBytes", from_bytes),
];

fn logic(
    vm: &mut Vm,
    args: &[Value],
    small: fn(i64, i64) -> i64,
    large: fn(BigInt, BigInt) -> BigInt,
) -> PrimResult {
    if let Some((a, b)) = small_pair(args) {
        return Ok(Value::int(small(a, b)));
    }
    let (a, b) = (big(vm, args[0])?, big(vm, super::arg(args, 1)?)?);
    afford(vm, words(a.bits().max(b.bits())))?;
    Ok(vm.integer_from_bigint(large(a, b)))
}

fn bit_and(vm: &mut Vm, args: &[Value]) -> PrimResult {
    logic(vm, args, |a, b| a & b, BigInt::and)
}

fn bit_or(vm: &mut Vm, args: &[Value]) -> PrimResult {
    logic(vm, args, |a, b| a | b, BigInt::or)
}

fn bit_xor(vm: &mut Vm, args: &[Value]) -> PrimResult {
    logic(vm, args, |a, b| a ^ b, BigInt::xor)
}

/// Left for a positive argument; right, towards negative infinity, for a negative one.
fn bit_shift(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let by = clamped(vm, super::arg(args, 1)?)?;
    let n = big(vm, args[0])?;
    if n.is_zero() {
        return Ok(Value::int(0));
    }
    let distance = by.unsigned_abs();
    if by < 0 {
        if distance > n.bits() {
            return Ok(Value::int(if n.is_negative() { -1 } else { 0 }));
        }
        afford(vm, words(n.bits()))?;
        return Ok(vm.integer_from_bigint(n.shifted_down(distance)));
    }
    if distance > MAX_BITS || n.bits() + distance > MAX_BITS {
        return Err(PrimError::NoMemory);
    }
    afford(vm, words(n.bits() + distance))?;
    Ok(vm.integer_from_bigint(n.shifted_up(distance)))
}

/// The bit at a position counted from 1, the lowest.
fn bit_at(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let n = big(vm, args[0])?;
    let at = clamped(vm, super::arg(args, 1)?)?;
    if at <= 0 {
        return Err(PrimError::BadIndex);
    }
    Ok(Value::int(i64::from(n.bit(at as u64 - 1))))
}

fn high_bit_of_magnitude(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::int(big(vm, args[0])?.bits() as i64))
}

/// The position, from 1, of the lowest bit that is set; 0 for 0.
fn low_bit(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let zeros = big(vm, args[0])?.trailing_zeros();
    Ok(Value::int(zeros.map_or(0, |z| z as i64 + 1)))
}

/// The byte of the magnitude at an index counted from 1, the least significant; 0 beyond the end.
fn byte_at(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let index = super::arg(args, 1)?
        .as_int()
        .filter(|&i| i > 0)
        .ok_or(PrimError::BadIndex)?;
    let n = big(vm, args[0])?;
    afford(vm, words(n.bits()))?;
    let at = index as usize - 1;
    let word = n.limbs().get(at / 8).copied().unwrap_or(0);
    Ok(Value::int(i64::from(word.to_le_bytes()[at % 8])))
}

fn bytes_count(vm: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::int(big(vm, args[0])?.bits().div_ceil(8) as i64))
}

/// Fills the argument, a byte object, with the magnitude, least significant byte first; what is
/// left of the object becomes 0. Fails when it is too short.
fn as_bytes(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let n = big(vm, args[0])?;
    let mut bytes: Vec<u8> = n
        .limbs()
        .iter()
        .flat_map(|limb| limb.to_le_bytes())
        .collect();
    bytes.truncate(n.bits().div_ceil(8) as usize);
    vm.charge(bytes.len() >> 5);
    let target = super::arg(args, 1)?;
    if !vm.heap.is_bytes(target) {
        return Err(PrimError::BadArgument);
    }
    if vm.heap.is_immutable(target) {
        return Err(PrimError::ReadOnly);
    }
    let room = vm.heap.bytes_mut(target);
    if bytes.len() > room.len() {
        return Err(PrimError::BadIndex);
    }
    let (low, high) = room.split_at_mut(bytes.len());
    low.copy_from_slice(&bytes);
    high.fill(0);
    Ok(target)
}

/// On any receiver: the integer whose magnitude the first argument, a byte object, holds least
/// significant byte first; the second argument tells whether it is negative.
fn from_bytes(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if !vm.heap.is_bytes(super::arg(args, 1)?) {
        return Err(PrimError::BadArgument);
    }
    let negative = super::arg(args, 2)?
        .as_bool()
        .ok_or(PrimError::BadArgument)?;
    let words = vm.heap.byte_words(super::arg(args, 1)?).iter();
    let n = BigInt::new(negative, words.map(|&word| u64::from_le(word)).collect());
    vm.charge((n.bits() >> 8) as usize);
    Ok(vm.integer_from_bigint(n))
}
