//! Symbols: interning strings and getting the text back.
//!
//! Owns nothing: the symbol table is the machine's. Must never change a symbol.

use super::string::{Builder, arg, is_symbol_class, text};
use super::text_value;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// A symbol's number must fit into its identity hash; some are left for code that is compiled.
const MAX_SYMBOLS: usize = (1 << 24) - (1 << 16);

/// The primitives of this file.
pub const TABLE: Table = table![
    ("stringAsSymbol", as_symbol),
    ("symbolAsString", as_string),
    ("symbolFind", find),
];

/// The one symbol with the characters of the receiver.
fn as_symbol(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if is_symbol_class(vm.heap.class_of(args[0])) {
        return Ok(args[0]);
    }
    let text = text_value(vm, args[0])?;
    // The table's own text, its object, and the copy that is looked up.
    vm.ask_for(3 * text.len())?;
    if vm.symbols.len() >= MAX_SYMBOLS && vm.symbols.find(&text).is_none() {
        return Err(PrimError::NoMemory);
    }
    Ok(vm.symbol(&text))
}

/// A fresh string with the characters of the receiver.
fn as_string(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = text(vm, args[0]).ok_or(PrimError::BadReceiver)?;
    let mut result = Builder::of_size(vm, text.len())?;
    result.extend(text);
    result.finish(vm)
}

/// On any receiver: the symbol with the characters of the argument, nil when there is none yet.
fn find(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = text_value(vm, arg(args, 1)?)?;
    Ok(vm
        .symbols
        .find(&text)
        .map_or(Value::NIL, |id| vm.symbols.object(id)))
}
