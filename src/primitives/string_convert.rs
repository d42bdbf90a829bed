//! Strings turned into other strings, bytes and numbers.
//!
//! Owns case conversion, quoting, UTF-8, widening and reading integers. Must never change its
//! receiver, except where `stringWiden` replaces it as a whole.

use super::character::{lower, upper};
use super::string::{Builder, Text, new_wide, text};
use crate::bigint::BigInt;
use crate::memory::Value;
use crate::vm::known::Known;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("stringUppercase", uppercase),
    ("stringLowercase", lowercase),
    ("stringQuoted", quoted),
    ("stringAsWide", as_wide),
    ("stringAsByteString", as_byte_string),
    ("stringAsBytes", as_bytes),
    ("stringUtf8Encoded", utf8_encoded),
    ("stringAsInteger", as_integer),
    ("stringWiden", widen),
];

#[inline(never)]
fn receiver<'a>(vm: &'a Vm, args: &[Value]) -> Result<Text<'a>, PrimError> {
    text(vm, args[0]).ok_or(PrimError::BadReceiver)
}

fn mapped(
    vm: &mut Vm,
    args: &[Value],
    map: fn(u32) -> u32,
    map_ascii: fn(&[u8]) -> Vec<u8>,
) -> PrimResult {
    let size = receiver(vm, args)?.len();
    vm.charge(size >> 6);
    let text = receiver(vm, args)?;
    if let Text::Bytes(bytes) = text
        && bytes.is_ascii()
    {
        if !vm.heap.can_allocate(bytes.len()) {
            return Err(PrimError::NoMemory);
        }
        let mapped = map_ascii(bytes);
        return Ok(vm.new_byte_string(&mapped));
    }
    let mut result = Builder::of_size(vm, text.len())?;
    text.codes().for_each(|c| result.push(map(c)));
    result.finish(vm)
}

fn uppercase(vm: &mut Vm, args: &[Value]) -> PrimResult {
    mapped(vm, args, upper, <[u8]>::to_ascii_uppercase)
}

fn lowercase(vm: &mut Vm, args: &[Value]) -> PrimResult {
    mapped(vm, args, lower, <[u8]>::to_ascii_lowercase)
}

/// The receiver as a string literal.
fn quoted(vm: &mut Vm, args: &[Value]) -> PrimResult {
    const QUOTE: u32 = '\'' as u32;
    let text = receiver(vm, args)?;
    let mut result = Builder::of_size(vm, text.len() + 2)?;
    result.push(QUOTE);
    for c in text.codes() {
        if c == QUOTE {
            result.push(c);
        }
        result.push(c);
    }
    result.push(QUOTE);
    result.finish(vm)
}

/// A WideString with the same characters; the receiver itself when it is one.
fn as_wide(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if vm.heap.class_of(args[0]) == Known::WideString.index() {
        return Ok(args[0]);
    }
    let size = receiver(vm, args)?.len();
    // The string, and the copy that it is made from.
    vm.ask_for(8 * size)?;
    vm.charge(size >> 4);
    let codes: Vec<u32> = receiver(vm, args)?.codes().collect();
    Ok(new_wide(vm, &codes))
}

/// A ByteString with the same characters; fails when one of them is too wide.
fn as_byte_string(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let bytes = latin(vm, args)?;
    Ok(vm.new_byte_string(&bytes))
}

/// A ByteArray of the codes; fails when one of them is too wide.
fn as_bytes(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let bytes = latin(vm, args)?;
    Ok(vm.new_bytes(Known::ByteArray.index(), &bytes))
}

fn latin(vm: &mut Vm, args: &[Value]) -> Result<Vec<u8>, PrimError> {
    let size = receiver(vm, args)?.len();
    vm.ask_for(2 * size)?;
    vm.charge(size >> 4);
    let codes = receiver(vm, args)?.codes();
    codes
        .map(|c| u8::try_from(c).map_err(|_| PrimError::BadReceiver))
        .collect()
}

/// A ByteArray; fails when the string holds codes that are no characters.
fn utf8_encoded(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let size = receiver(vm, args)?.len();
    vm.ask_for(2 * size)?;
    vm.charge(size >> 4);
    let text = receiver(vm, args)?;
    if let Text::Bytes(bytes) = text
        && bytes.is_ascii()
    {
        let bytes = bytes.to_vec();
        return Ok(vm.new_bytes(Known::ByteArray.index(), &bytes));
    }
    vm.ask_for(2 * encoded_size(text))?;
    let mut encoded = String::with_capacity(encoded_size(text));
    for c in text.codes() {
        encoded.push(char::from_u32(c).ok_or(PrimError::BadReceiver)?);
    }
    Ok(vm.new_bytes(Known::ByteArray.index(), encoded.as_bytes()))
}

/// Bytes that a text takes as UTF-8.
fn encoded_size(text: Text<'_>) -> usize {
    let size = |c: u32| char::from_u32(c).map_or(0, char::len_utf8);
    text.codes().map(size).sum()
}

/// More digits than this are read in Smalltalk, where reading them can be interrupted.
const MAX_DIGITS: usize = 50_000;

/// The first run of decimal digits, negative after a minus sign; nil when there is none.
fn as_integer(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = receiver(vm, args)?;
    let is_digit = |c: u32| (u32::from(b'0')..=u32::from(b'9')).contains(&c);
    let Some(start) = text.codes().position(is_digit) else {
        return Ok(Value::NIL);
    };
    let digits: Vec<u8> = text
        .part(start, text.len())
        .codes()
        .take_while(|&c| is_digit(c))
        .map(|c| c as u8)
        .collect();
    if digits.len() > MAX_DIGITS {
        return Err(PrimError::Unsupported);
    }
    let negative = start > 0 && text.at(start - 1) == u32::from(b'-');
    // Reading n digits takes time quadratic in n.
    vm.charge((digits.len() * digits.len()) >> 10);
    let number = BigInt::from_digits(&digits, 10);
    Ok(vm.integer_from_bigint(if negative { number.negated() } else { number }))
}

/// The receiver becomes a WideString with the same characters, for everybody who refers to it.
fn widen(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let from = args[0];
    if vm.heap.class_of(from) != Known::ByteString.index() {
        return Err(PrimError::BadReceiver);
    }
    if vm.heap.is_immutable(from) {
        return Err(PrimError::ReadOnly);
    }
    let size = vm.heap.bytes(from).len();
    vm.ask_for(8 * size)?;
    let codes: Vec<u32> = vm.heap.bytes(from).iter().map(|&b| u32::from(b)).collect();
    // In old space, where a target stays in place during the exchange.
    let to = vm
        .heap
        .new_words32(Known::WideString.index(), codes.len(), true);
    vm.heap.words32_mut(to).copy_from_slice(&codes);
    vm.charge(1000 + (size >> 4));
    match vm.with_roots_in_primitive(|heap, roots| heap.become_forward(&[(from, to)], true, roots))
    {
        true => Ok(to),
        false => Err(PrimError::Inappropriate),
    }
}
