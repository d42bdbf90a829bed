//! A guess what somebody meant who sent a selector that the receiver does not understand, or named a
//! global that is not defined.
//!
//! Owns the habits of other languages. Must never offer what is not understood or defined either.

use super::object::arg;
use crate::compiler::nearest;
use crate::memory::{ClassIndex, Value};
use crate::vm::symbols::SymbolId;
use crate::vm::{PrimError, PrimFn, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: &[(&str, PrimFn)] = &[
    ("suggestSelector", suggest),
    ("suggestGlobal", suggest_global),
];

/// How other languages call what has another name here; several words may be meant.
const HABITS: &[(&str, &[&str])] = &[
    ("length", &["size"]),
    ("len", &["size"]),
    ("count", &["size"]),
    ("length:", &["size"]),
    ("append:", &["add:", "nextPutAll:"]),
    ("push:", &["add:", "addLast:"]),
    ("pop", &["removeLast"]),
    ("shift", &["removeFirst"]),
    ("insert:", &["add:"]),
    ("contains:", &["includes:", "anySatisfy:"]),
    ("has:", &["includes:"]),
    ("hasKey:", &["includesKey:"]),
    ("get:", &["at:"]),
    ("put:", &["add:"]),
    ("map:", &["collect:"]),
    ("filter:", &["select:"]),
    ("find:", &["detect:"]),
    ("any:", &["anySatisfy:"]),
    ("all:", &["allSatisfy:"]),
    ("each:", &["do:"]),
    ("forEach:", &["do:"]),
    ("toString", &["printString", "asString"]),
    ("to_s", &["printString", "asString"]),
    ("print", &["printNl", "displayNl"]),
    ("println", &["displayNl"]),
    ("puts", &["displayNl"]),
    ("equals:", &["="]),
    ("eq:", &["="]),
    ("instanceOf:", &["isKindOf:"]),
    ("startsWith:", &["beginsWith:"]),
    ("toUpperCase", &["asUppercase"]),
    ("toLowerCase", &["asLowercase"]),
    ("upper", &["asUppercase"]),
    ("lower", &["asLowercase"]),
    ("strip", &["trimBoth"]),
    ("reverse", &["reversed"]),
    ("call", &["value"]),
    ("try:", &["on:do:"]),
    ("catch:", &["on:do:"]),
    ("finally:", &["ensure:"]),
    ("else:", &["ifTrue:ifFalse:"]),
    ("mod:", &["\\\\"]),
    ("pow:", &["raisedTo:"]),
    ("!=", &["~="]),
    ("!==", &["~="]),
    ("<>", &["~="]),
    ("/=", &["~=", "/"]),
    ("===", &["=="]),
    ("=>", &[">="]),
    ("=<", &["<="]),
    ("&&", &["and:"]),
    ("||", &["or:"]),
    ("and", &["and:"]),
    ("or", &["or:"]),
    ("??", &["ifNil:"]),
    ("++", &[","]),
    ("+=", &["+"]),
    ("-=", &["-"]),
    ("*=", &["*"]),
    ("<<", &["add:"]),
];

/// On a class, with a selector: one that its instances understand and that may have been meant, or nil.
fn suggest(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = super::behavior::receiver(vm, args)?;
    let wanted = vm
        .string_value(arg(args, 1)?)
        .ok_or(PrimError::BadArgument)?;
    vm.list_chain(class);
    let found = habit(vm, class, &wanted).or_else(|| slip(vm, class, &wanted));
    Ok(found.map_or(Value::NIL, |id| vm.symbols.object(id)))
}

/// What instances of a class understand in place of a word of another language.
fn habit(vm: &Vm, class: ClassIndex, wanted: &str) -> Option<SymbolId> {
    let (_, here) = HABITS.iter().find(|&&(word, _)| word == wanted)?;
    here.iter().find_map(|word| understood(vm, class, word))
}

fn understood(vm: &Vm, class: ClassIndex, selector: &str) -> Option<SymbolId> {
    let id = vm.symbols.find(selector)?;
    vm.classes.lookup(class, id).map(|_| id)
}

/// What instances of a class understand and is spelled most like `wanted`, or stands in place of a
/// word of another language that is.
fn slip(vm: &Vm, class: ClassIndex, wanted: &str) -> Option<SymbolId> {
    // The shortest resemble too many others.
    if wanted.chars().count() <= 2 {
        return None;
    }
    let selectors = vm
        .classes
        .chain(class)
        .filter_map(|c| vm.classes.get(c))
        .flat_map(|info| info.methods.selectors())
        .map(|id| vm.symbols.text(id));
    let habits = HABITS.iter().map(|&(word, _)| word);
    let habits = habits.filter(|word| habit(vm, class, word).is_some());
    let parts = wanted.matches(':').count();
    let alike = selectors
        .chain(habits)
        .filter(|other| other.matches(':').count() == parts);
    let meant = nearest(wanted, alike)?;
    understood(vm, class, meant).or_else(|| habit(vm, class, meant))
}

/// With a name: that of a global that may have been meant, or nil.
fn suggest_global(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let wanted = vm
        .string_value(arg(args, 1)?)
        .ok_or(PrimError::BadArgument)?;
    if matches!(
        wanted.to_lowercase().as_str(),
        "null" | "none" | "nil" | "undefined"
    ) {
        return Ok(vm.symbol("nil"));
    }
    let names = vm.global_names();
    let found = nearest(&wanted, names.iter().map(String::as_str));
    Ok(found.map_or(Value::NIL, |name| vm.symbol(name)))
}
