//! ByteArrays: texts out of bytes, hashing, hexadecimal digits.
//!
//! Owns what is particular to bytes; element access and copying are in `array.rs` and
//! `array_copy.rs`. Must never take bytes for text without being told so.

use super::string::{Text, hash_of};
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("bytesAsString", as_string),
    ("bytesHash", hash),
    ("bytesHex", hex),
    ("bytesUtf8Decoded", utf8_decoded),
];

fn receiver(vm: &Vm, args: &[Value]) -> Result<Vec<u8>, PrimError> {
    if !vm.heap.is_bytes(args[0]) {
        return Err(PrimError::BadReceiver);
    }
    // What is made of them is as long.
    vm.ask_for(2 * vm.heap.bytes(args[0]).len())?;
    Ok(vm.heap.bytes(args[0]).to_vec())
}

/// Each byte as the character of that code.
fn as_string(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let bytes = receiver(vm, args)?;
    vm.charge(bytes.len() >> 6);
    Ok(vm.new_byte_string(&bytes))
}

fn hash(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let bytes = receiver(vm, args)?;
    vm.charge(bytes.len() >> 6);
    Ok(Value::int(hash_of(Text::Bytes(&bytes))))
}

/// Two lower-case digits a byte.
fn hex(vm: &mut Vm, args: &[Value]) -> PrimResult {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let bytes = receiver(vm, args)?;
    vm.charge(bytes.len() >> 5);
    vm.ask_for(4 * bytes.len())?;
    let text: Vec<u8> = bytes
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
        .collect();
    Ok(vm.new_byte_string(&text))
}

/// Fails when the bytes are no UTF-8.
fn utf8_decoded(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let bytes = receiver(vm, args)?;
    vm.charge(bytes.len() >> 6);
    if bytes.is_ascii() {
        return Ok(vm.new_byte_string(&bytes));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| PrimError::BadReceiver)?;
    // Characters that take two bytes there may take four here.
    vm.ask_for(6 * bytes.len())?;
    Ok(vm.new_string(text))
}
