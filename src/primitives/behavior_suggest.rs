//! A guess what somebody meant who sent a selector that the receiver does not understand, or named a
//! global that is not defined.
//!
//! Only hands the question on: `suggest` and `loader::left_out` know the answers.

use super::object::arg;
use super::suggest::{self, Hint};
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("suggestSelector", suggest_selector),
    ("suggestGlobal", suggest_global),
    ("featureForSelector", feature_for_selector),
    ("featureForGlobal", feature_for_global),
];

/// On a class, with a selector: the feature with which its instances would understand it, or nil.
fn feature_for_selector(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = super::behavior::receiver(vm, args)?;
    let wanted = vm.string_value(arg(args, 1)?);
    let wanted = wanted.ok_or(PrimError::BadArgument)?;
    let found = vm.classes.chain(class).find_map(|above| {
        let name = vm.classes.name(above);
        (vm.hooks.feature)(&format!("{name}>>{wanted}"))
    });
    Ok(found.map_or(Value::NIL, |feature| vm.new_string(feature)))
}

/// With a name: the feature with which there would be such a global, or nil.
fn feature_for_global(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let wanted = vm.string_value(arg(args, 1)?);
    let found = (vm.hooks.feature)(&wanted.ok_or(PrimError::BadArgument)?);
    Ok(found.map_or(Value::NIL, |feature| vm.new_string(feature)))
}

/// On a class, with a selector: one that its instances understand and that may have been meant, or a string that says what
/// to do, or nil.
fn suggest_selector(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = super::behavior::receiver(vm, args)?;
    let wanted = vm
        .string_value(arg(args, 1)?)
        .ok_or(PrimError::BadArgument)?;
    vm.list_chain(class);
    Ok(match suggest::selector(vm, class, &wanted) {
        Some(Hint::Selector(name)) => {
            let name = name.to_string();
            vm.symbol(&name)
        }
        Some(Hint::Advice(advice)) => vm.new_string(advice),
        None => Value::NIL,
    })
}

/// With a name: that of a global that may have been meant, or nil.
fn suggest_global(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let wanted = vm
        .string_value(arg(args, 1)?)
        .ok_or(PrimError::BadArgument)?;
    let found = suggest::global(vm, &wanted);
    Ok(found.map_or(Value::NIL, |name| vm.symbol(&name)))
}
