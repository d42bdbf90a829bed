//! A guess what somebody meant who sent a selector that the receiver does not understand, or named a
//! global that is not defined.
//!
//! Owns the habits of other languages. Must never offer what is not understood or defined either.

use super::object::arg;
use crate::compiler::nearest;
use crate::memory::Value;
use crate::vm::{PrimError, PrimFn, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: &[(&str, PrimFn)] = &[
    ("suggestSelector", suggest),
    ("suggestGlobal", suggest_global),
];

/// How other languages call what has another name here; several words may be meant.
const HABITS: &[(&str, &[&str])] = &[
    ("length", &["size"]),
    ("lenght", &["size"]),
    ("tostring", &["printString", "asString"]),
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
    let habit = HABITS
        .iter()
        .find(|(word, _)| *word == wanted)
        .map_or(&[][..], |(_, here)| here);
    for word in habit {
        if let Some(id) = vm.symbols.find(word)
            && vm.classes.lookup(class, id).is_some()
        {
            return Ok(vm.symbols.object(id));
        }
    }
    // The shortest resemble too many others.
    if wanted.chars().count() <= 2 {
        return Ok(Value::NIL);
    }
    let parts = wanted.matches(':').count();
    let selectors = vm
        .classes
        .chain(class)
        .filter_map(|c| vm.classes.get(c))
        .flat_map(|info| info.methods.keys())
        .map(|&id| vm.symbols.text(id))
        .filter(|other| other.matches(':').count() == parts);
    let found = nearest(&wanted, selectors).and_then(|text| vm.symbols.find(text));
    Ok(found.map_or(Value::NIL, |id| vm.symbols.object(id)))
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
