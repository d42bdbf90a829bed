//! What somebody probably meant who named a selector or a global that is not there: for errors, and for warnings.
//!
//! Owns the habits of other languages. Must never offer what is not understood or defined either, but that
//! strings are joined. A guess is worse than silence: a word of another language counts as it is written, and one that is
//! misspelt begins as what is meant.

use crate::compiler::closest;
use crate::memory::ClassIndex;
use crate::vm::Vm;
use crate::vm::known::Known;
use crate::vm::symbols::SymbolId;

/// What to say about a message that is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint<'v> {
    /// A selector that was meant.
    Selector(&'v str),
    /// What to do, in a few words.
    Advice(&'static str),
}

/// A name with a capital that is sent as a message: the statement before goes on where it was meant to end.
const NO_STOP: Hint<'_> = Hint::Advice("a full stop is missing at the end of the statement before");

const LOOP: &str = "the condition of a loop is a block: [ … ] whileTrue: [ … ]";

/// What no other selector says alone: the word, one that the receivers meant understand, and what to do.
const ADVICE: &[(&str, &str, &str)] = &[
    (
        ",",
        "raisedTo:",
        "full stops separate elements between braces; to join strings, send printString to a number",
    ),
    (
        "do:",
        "timesRepeat:",
        "count with n timesRepeat: [ … ], or with 1 to: n do: [ :i | … ]",
    ),
    ("whileTrue:", "and:", LOOP),
    ("whileFalse:", "and:", LOOP),
    ("whileTrue", "and:", LOOP),
    ("whileFalse", "and:", LOOP),
    ("while:", "and:", LOOP),
];

/// The same words for those who know keys, where these mean something else.
const WITH_KEYS: &[(&str, &[&str])] = &[
    ("put:", &["at:put:"]),
    ("set:", &["at:put:"]),
    ("has:", &["includesKey:"]),
    ("contains:", &["includesKey:"]),
    ("delete:", &["removeKey:"]),
];

/// Classes of other languages.
const CLASSES: &[(&str, &str)] = &[
    ("List", "OrderedCollection"),
    ("ArrayList", "OrderedCollection"),
    ("Vector", "OrderedCollection"),
    ("Map", "Dictionary"),
    ("HashMap", "Dictionary"),
    ("Dict", "Dictionary"),
    ("Console", "Transcript"),
    ("Int", "Integer"),
    ("Double", "Float"),
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
    ("containsKey:", &["includesKey:"]),
    ("keySet", &["keys"]),
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
    ("toInt", &["asInteger"]),
    ("toInteger", &["asInteger"]),
    ("parseInt", &["asInteger"]),
    ("to_i", &["asInteger"]),
    ("toFloat", &["asFloat", "asNumber"]),
    ("to_f", &["asFloat", "asNumber"]),
    ("toNumber", &["asNumber"]),
    ("print", &["printNl", "displayNl"]),
    ("println", &["displayNl"]),
    ("println:", &["showln:", "print:"]),
    ("writeln:", &["showln:"]),
    ("writeLine:", &["showln:"]),
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
    ("charAt:", &["at:"]),
    ("concat:", &[","]),
    ("substr:", &["copyFrom:to:"]),
    ("substring:", &["copyFrom:to:"]),
    ("split", &["substrings"]),
    ("words", &["substrings"]),
    ("isNull", &["isNil"]),
    ("reverse", &["reversed"]),
    ("call", &["value"]),
    ("if:", &["ifTrue:"]),
    ("then:", &["ifTrue:"]),
    ("if:else:", &["ifTrue:ifFalse:"]),
    ("unless:", &["ifFalse:"]),
    ("while:", &["whileTrue:"]),
    ("until:", &["whileFalse:"]),
    ("times:", &["timesRepeat:"]),
    ("upto:", &["upTo:", "to:"]),
    ("load:", &["require:"]),
    ("import:", &["require:"]),
    ("fileIn:", &["require:"]),
    ("exit", &["exit:"]),
    ("quit", &["exit:"]),
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

/// What was meant by a message to instances of the class; its methods, and those above, are listed already.
pub fn selector<'v>(vm: &'v Vm, class: ClassIndex, wanted: &str) -> Option<Hint<'v>> {
    // Collections add element by element: it is a character that does not understand `'a' + 'b'`, which was meant to join.
    if wanted == "+" && class == Known::Character.index() {
        let join = vm.symbols.find(",")?;
        return Some(Hint::Selector(vm.symbols.text(join)));
    }
    let mut advice = ADVICE.iter().filter(|(word, _, _)| *word == wanted);
    if let Some((_, _, advice)) = advice.find(|(_, of, _)| understood(vm, class, of).is_some()) {
        return Some(Hint::Advice(advice));
    }
    if is_name(wanted) {
        return Some(NO_STOP);
    }
    let found = habit(vm, class, wanted).or_else(|| slip(vm, class, wanted))?;
    Some(Hint::Selector(vm.symbols.text(found)))
}

/// What was meant by a message that nobody understands: of methods that are listed already.
pub fn anywhere<'v>(vm: &'v Vm, wanted: &str) -> Option<Hint<'v>> {
    if is_name(wanted) {
        return Some(NO_STOP);
    }
    // What it means depends on the receiver, who is not known.
    if listed(WITH_KEYS, wanted).is_some() {
        return None;
    }
    if let Some(here) = listed(HABITS, wanted) {
        return here.first().map(|&word| Hint::Selector(word));
    }
    let classes = vm.classes.all();
    let selectors = classes.flat_map(|info| info.methods.selectors());
    let selectors = selectors.map(|id| vm.symbols.text(id));
    let words = HABITS.iter().map(|&(word, _)| word);
    let near = misspelt(wanted, words).or_else(|| near(wanted, selectors))?;
    let meant = listed(HABITS, near).and_then(|here| here.first().copied());
    Some(Hint::Selector(meant.unwrap_or(near)))
}

/// The name of a global.
pub fn global(vm: &Vm, wanted: &str) -> Option<String> {
    let nil = ["null", "none", "nil", "undefined"];
    if nil.iter().any(|word| wanted.eq_ignore_ascii_case(word)) {
        return Some("nil".to_string());
    }
    if let Some((_, class)) = CLASSES.iter().find(|(word, _)| *word == wanted)
        && vm.defined_global(class).is_some()
    {
        return Some(class.to_string());
    }
    let names = vm.global_names();
    near(wanted, names.iter().map(String::as_str)).map(str::to_string)
}

/// Whether a selector looks like the name of a class.
fn is_name(wanted: &str) -> bool {
    wanted.starts_with(char::is_uppercase) && !wanted.contains(':')
}

fn listed(
    table: &'static [(&'static str, &'static [&'static str])],
    wanted: &str,
) -> Option<&'static [&'static str]> {
    let found = table.iter().find(|&&(word, _)| word == wanted);
    found.map(|&(_, here)| here)
}

/// What instances of a class understand in place of a word of another language.
fn habit(vm: &Vm, class: ClassIndex, wanted: &str) -> Option<SymbolId> {
    let keyed = understood(vm, class, "includesKey:").and_then(|_| listed(WITH_KEYS, wanted));
    let here = keyed.or_else(|| listed(HABITS, wanted))?;
    here.iter().find_map(|word| understood(vm, class, word))
}

fn understood(vm: &Vm, class: ClassIndex, selector: &str) -> Option<SymbolId> {
    let id = vm.symbols.find(selector)?;
    vm.classes.lookup(class, id).map(|_| id)
}

/// What instances of a class understand and is spelled almost like `wanted`, or stands in place of a word of another
/// language that is.
fn slip(vm: &Vm, class: ClassIndex, wanted: &str) -> Option<SymbolId> {
    let selectors = vm
        .classes
        .chain(class)
        .filter_map(|c| vm.classes.get(c))
        .flat_map(|info| info.methods.selectors())
        .map(|id| vm.symbols.text(id));
    let words = HABITS.iter().map(|&(word, _)| word);
    let words = words.filter(|word| habit(vm, class, word).is_some());
    match misspelt(wanted, words) {
        Some(word) => habit(vm, class, word),
        None => understood(vm, class, near(wanted, selectors)?),
    }
}

/// Which of the names is spelled almost like `wanted`. The shorter a word is, the more resemble it by chance, above all
/// those that begin with another letter.
fn near<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let most = match wanted.chars().filter(|c| *c != ':').count() {
        0..=2 => return None,
        3..=6 => 1,
        7..=11 => 2,
        _ => 3,
    };
    let parts = wanted.matches(':').count();
    let first = |name: &str| name.chars().next().map(|c| c.to_ascii_lowercase());
    let alike = names.filter(|n| first(n) == first(wanted) && n.matches(':').count() == parts);
    closest(wanted, alike)
        .filter(|(slips, _)| *slips <= most)
        .map(|(_, name)| name)
}

/// Which word of another language is meant: one slip, and none in a short word.
fn misspelt<'n>(wanted: &str, words: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let found = near(wanted, words.filter(|word| word.len() > 5))?;
    closest(wanted, std::iter::once(found))
        .filter(|(slips, _)| *slips == 1)
        .map(|(_, word)| word)
}
