//! Words that mean something in other languages, and what to write here instead.
//!
//! Holds the vocabulary only; must never decide whether a word is a mistake.

const CHOICE: &str = "a choice is a message: condition ifTrue: [ a ] ifFalse: [ b ]";
const WHILE: &str = "a loop is a message to a block: [ condition ] whileTrue: [ a ]";
const LOOP: &str = "a loop is a message: 1 to: 10 do: [ :i | … ] or list do: [ :each | … ]";
const LEAVE: &str = "nothing leaves a loop but its condition, or ^ from a method; detect: and anySatisfy: stop by themselves";
const HANDLE: &str = "errors are handled by a message to a block: [ a ] on: Error do: [ :e | … ]";
const SIGNAL: &str = "errors are signalled by a message: Error signal: 'reason'";
const FUNCTION: &str = "a function is a block: [ :x | x + 1 ]";
const DECLARE: &str = "variables are declared between bars and assigned with `:=`: | x | x := 3";
const TYPE: &str = "variables have no types; declare them between bars: | x | x := 3";
const IMPORT: &str = "all classes are known everywhere; another file is run by a message: Smalltalk require: 'file.st'";
const PRINT: &str = "print with: Transcript show: x printString; cr";
const BLOCK: &str = "statements stand together in a block: [ a. b ]";
const NIL: &str = "nothing is called nil";

/// Words that begin statements.
pub const WORDS: &[(&str, &str)] = &[
    ("if", CHOICE),
    ("elif", CHOICE),
    ("elsif", CHOICE),
    ("else", CHOICE),
    ("then", CHOICE),
    ("switch", CHOICE),
    ("case", CHOICE),
    ("match", CHOICE),
    ("unless", "a choice is a message: condition ifFalse: [ a ]"),
    ("while", WHILE),
    (
        "until",
        "a loop is a message to a block: [ condition ] whileFalse: [ a ]",
    ),
    ("for", LOOP),
    ("foreach", "a loop is a message: list do: [ :each | … ]"),
    ("loop", "a loop is a message to a block: [ a ] repeat"),
    ("break", LEAVE),
    ("continue", LEAVE),
    ("goto", LEAVE),
    ("try", HANDLE),
    ("catch", HANDLE),
    ("except", HANDLE),
    ("finally", "a block that always runs: [ a ] ensure: [ b ]"),
    ("throw", SIGNAL),
    ("raise", SIGNAL),
    (
        "assert",
        "a condition is checked by a message: self assert: [ condition ]",
    ),
    ("return", "a value is returned with a caret: ^ value"),
    ("yield", "a block is evaluated by a message: block value: x"),
    ("function", FUNCTION),
    ("func", FUNCTION),
    ("fn", FUNCTION),
    ("fun", FUNCTION),
    ("lambda", FUNCTION),
    ("proc", FUNCTION),
    ("sub", FUNCTION),
    (
        "def",
        "a function is a block, [ :x | x + 1 ], and a method is compiled in its class",
    ),
    ("var", DECLARE),
    ("let", DECLARE),
    ("const", DECLARE),
    ("auto", DECLARE),
    ("local", DECLARE),
    ("my", DECLARE),
    ("int", TYPE),
    ("float", TYPE),
    ("double", TYPE),
    ("bool", TYPE),
    ("char", TYPE),
    ("void", TYPE),
    (
        "string",
        "variables have no types; declare them between bars: | x | x := 'a'",
    ),
    (
        "class",
        "a class is made by a message: Object subclass: #Foo instanceVariableNames: 'a b' …",
    ),
    ("import", IMPORT),
    ("using", IMPORT),
    ("use", IMPORT),
    ("load", IMPORT),
    ("require", IMPORT),
    ("include", IMPORT),
    ("from", IMPORT),
    ("package", IMPORT),
    ("print", PRINT),
    ("println", PRINT),
    ("printf", PRINT),
    ("puts", PRINT),
    ("echo", PRINT),
    (
        "new",
        "objects are made by a message to their class: Foo new",
    ),
    (
        "delete",
        "unused objects vanish by themselves; a variable is emptied with x := nil",
    ),
    (
        "del",
        "unused objects vanish by themselves; a variable is emptied with x := nil",
    ),
    (
        "typeof",
        "the class of an object is asked for by a message: x class",
    ),
    ("not", "a negation is a message: condition not"),
    ("pass", "an empty block is [ ]"),
    ("begin", BLOCK),
    ("end", BLOCK),
];

/// Words that stand for values, or between them.
const VALUES: &[(&str, &str)] = &[
    ("null", NIL),
    ("undefined", NIL),
    ("none", NIL),
    ("this", "the receiver is called self"),
    ("console", PRINT),
    ("and", "conditions are joined by a message: a and: [ b ]"),
    ("or", "conditions are joined by a message: a or: [ b ]"),
    ("do", BLOCK),
];

/// What to write instead of a statement that begins with the word.
pub fn statement(word: &str) -> Option<&'static str> {
    let known = WORDS.iter().find(|(known, _)| *known == word);
    known.map(|&(_, help)| help)
}

/// What to write instead of a word of another language.
pub fn meaning(word: &str) -> Option<&'static str> {
    let known = WORDS.iter().chain(VALUES).find(|(known, _)| *known == word);
    known.map(|&(_, help)| help)
}
