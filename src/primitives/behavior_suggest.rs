//! A guess what somebody meant who sent a selector that the receiver does not understand.
//!
//! Owns the habits of other languages and the notion of a slip of the pen. Must never offer what the
//! receiver does not understand either.

use super::object::arg;
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
    let mut best: Option<(usize, &str)> = None;
    let parts = wanted.matches(':').count();
    let letters: Vec<char> = wanted.chars().collect();
    let limit = match letters.len() {
        0..=2 => 0,
        3..=4 => 1,
        5..=9 => 2,
        _ => 3,
    };
    for c in vm.classes.chain(class) {
        let Some(info) = vm.classes.get(c) else {
            continue;
        };
        for &id in info.methods.keys() {
            let other = vm.symbols.text(id);
            if other.matches(':').count() != parts || other.len().abs_diff(wanted.len()) > limit {
                continue;
            }
            let d = distance(&letters, other, limit);
            if d > 0 && d <= limit && best.is_none_or(|b| (d, other) < b) {
                best = Some((d, other));
            }
        }
    }
    let found = best.and_then(|(_, text)| vm.symbols.find(text));
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
    let found = crate::compiler::nearest(&wanted, names.iter().map(String::as_str));
    Ok(found.map_or(Value::NIL, |name| vm.symbol(name)))
}

/// Letters to change, insert, drop, or swap with their neighbour; more than `limit` is not counted exactly.
fn distance(a: &[char], b: &str, limit: usize) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(x != y))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        if row.iter().all(|&c| c > limit) {
            return limit + 1;
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn slips_are_counted() {
        let between = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), b, 9);
        assert_eq!(between("size", "size"), 0);
        assert_eq!(between("szie", "size"), 1);
        assert_eq!(between("siz", "size"), 1);
        assert_eq!(between("sizes", "size"), 1);
        assert_eq!(between("asUpercase", "asUppercase"), 1);
        assert_eq!(between("", "ab"), 2);
    }
}
