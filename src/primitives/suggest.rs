//! What somebody probably meant who named a selector or a global that is not there: for errors, and for warnings.
//!
//! Owns the habits of other languages. Must never offer what is not understood or defined either, but that
//! strings are joined.

use crate::compiler::nearest;
use crate::memory::ClassIndex;
use crate::vm::Vm;
use crate::vm::known::Known;
use crate::vm::symbols::SymbolId;

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

/// A selector that instances of the class understand; its methods, and those above, are listed already.
pub fn selector<'v>(vm: &'v Vm, class: ClassIndex, wanted: &str) -> Option<&'v str> {
    // Collections add element by element: it is a character that does not understand `'a' + 'b'`, which was meant to join.
    if wanted == "+" && class == Known::Character.index() {
        return vm.symbols.find(",").map(|id| vm.symbols.text(id));
    }
    let found = habit(vm, class, wanted).or_else(|| slip(vm, class, wanted));
    found.map(|id| vm.symbols.text(id))
}

/// A selector that any object understands: of methods that are listed already.
pub fn anywhere<'v>(vm: &'v Vm, wanted: &str) -> Option<&'v str> {
    let meant = |wanted: &str| {
        let habit = HABITS.iter().find(|&&(word, _)| word == wanted);
        habit.and_then(|(_, here)| here.first().copied())
    };
    if let Some(found) = meant(wanted) {
        return Some(found);
    }
    // The shortest resemble too many others.
    if wanted.chars().count() <= 2 {
        return None;
    }
    let parts = wanted.matches(':').count();
    let classes = vm.classes.all();
    let selectors = classes.flat_map(|info| info.methods.selectors());
    let selectors = selectors.map(|id| vm.symbols.text(id));
    let words = selectors.chain(HABITS.iter().map(|&(word, _)| word));
    let near = nearest(wanted, words.filter(|s| s.matches(':').count() == parts))?;
    meant(near).or(Some(near))
}

/// The name of a global.
pub fn global(vm: &Vm, wanted: &str) -> Option<String> {
    let nil = ["null", "none", "nil", "undefined"];
    if nil.iter().any(|word| wanted.eq_ignore_ascii_case(word)) {
        return Some("nil".to_string());
    }
    let names = vm.global_names();
    nearest(wanted, names.iter().map(String::as_str)).map(str::to_string)
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
