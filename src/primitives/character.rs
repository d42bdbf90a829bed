//! Characters: code points and what Unicode says of them.
//!
//! Owns the one-to-one case mapping: a letter whose other case is more than one letter keeps its
//! own, except for the sharp s, which has a capital letter of its own (as in Pharo). Must never
//! answer anything that depends on a locale.

use super::string::arg;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};
use chirp_grammar::unicode::{self, Category, category};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("characterValue", value),
    ("characterCode", code),
    ("characterAsString", as_string),
    ("characterUppercase", uppercase),
    ("characterLowercase", lowercase),
    ("characterIsLetter", is_letter),
    ("characterIsUppercase", is_uppercase),
    ("characterIsLowercase", is_lowercase),
    ("characterDigitValue", digit_value),
    ("characterCategory", category_number),
];

/// The lower-case code of a code.
pub fn lower(code: u32) -> u32 {
    if code < 128 {
        return u32::from((code as u8).to_ascii_lowercase());
    }
    char::from_u32(code).map_or(code, |c| unicode::lowercase(c) as u32)
}

/// The upper-case code of a code.
pub fn upper(code: u32) -> u32 {
    if code < 128 {
        return u32::from((code as u8).to_ascii_uppercase());
    }
    if code == 'ß' as u32 {
        return 'ẞ' as u32;
    }
    char::from_u32(code).map_or(code, |c| unicode::uppercase(c) as u32)
}

/// Ll, Lm, Lo, Lt or Lu.
fn is_any_letter(category: Category) -> bool {
    (Category::LowercaseLetter..=Category::UppercaseLetter).contains(&category)
}

fn receiver(args: &[Value]) -> Result<u32, PrimError> {
    args[0].as_char().ok_or(PrimError::BadReceiver)
}

fn has(args: &[Value], property: fn(Category) -> bool) -> PrimResult {
    Ok(Value::bool(property(category(receiver(args)?))))
}

/// On the class Character: the Character with a code point.
fn value(_: &mut Vm, args: &[Value]) -> PrimResult {
    let code = arg(args, 1)?.as_int().and_then(|n| u32::try_from(n).ok());
    match code {
        Some(code) if code <= 0x10_FFFF => Ok(Value::char(code)),
        _ => Err(PrimError::BadArgument),
    }
}

fn code(_: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::int(i64::from(receiver(args)?)))
}

fn as_string(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let mut result = super::string::Builder::with_capacity(1);
    result.push(receiver(args)?);
    result.finish(vm)
}

fn uppercase(_: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::char(upper(receiver(args)?)))
}

fn lowercase(_: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::char(lower(receiver(args)?)))
}

fn is_letter(_: &mut Vm, args: &[Value]) -> PrimResult {
    has(args, is_any_letter)
}

fn is_uppercase(_: &mut Vm, args: &[Value]) -> PrimResult {
    has(args, |c| c == Category::UppercaseLetter)
}

fn is_lowercase(_: &mut Vm, args: &[Value]) -> PrimResult {
    has(args, |c| c == Category::LowercaseLetter)
}

/// 0 to 9 for the decimal digits of all scripts, 10 to 35 for the capital and small letters of ASCII, else -1.
fn digit_value(_: &mut Vm, args: &[Value]) -> PrimResult {
    let code = receiver(args)?;
    let digit = char::from_u32(code).and_then(|c| c.to_digit(36));
    Ok(Value::int(match digit {
        Some(digit) => i64::from(digit),
        None if category(code) == Category::DecimalNumber => decimal(code),
        None => -1,
    }))
}

/// The ten digits of a script follow each other from 0 on, and so may those of several; nothing else that
/// is a digit stands before the first.
fn decimal(code: u32) -> i64 {
    let first = (0..code)
        .rev()
        .find(|&c| category(c) != Category::DecimalNumber)
        .map_or(0, |c| c + 1);
    i64::from((code - first) % 10)
}

/// The general category as a number from 0, in the order of Pharo's `Unicode`.
fn category_number(_: &mut Vm, args: &[Value]) -> PrimResult {
    Ok(Value::int(category(receiver(args)?) as i64))
}
