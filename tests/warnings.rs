//! `chirp check` and what is right to the compiler, but probably not meant.

#![cfg(feature = "cli")]

mod common;

use common::{Folder, chirp, code, err, out, prints};

/// The headlines and helps of what `chirp check` says of a script.
fn told(source: &str) -> Vec<String> {
    let folder = Folder::new();
    let output = chirp(&["check", &folder.file("a.st", source)]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = err(&output);
    let lines = text
        .lines()
        .filter(|l| l.starts_with("warning") || l.contains("= help"));
    lines.map(|l| l.trim_start().to_string()).collect()
}

#[test]
fn nothing_is_to_be_said_about_the_library_and_the_examples() {
    assert_eq!(prints(&["check", "--deny-warnings", "examples"]), "");
    // The library is told that it takes its own place.
    let output = chirp(&["check", "--deny-warnings", "image"]);
    let text = err(&output);
    let findings: Vec<&str> = text.lines().filter(|l| !l.starts_with("note: ")).collect();
    assert_eq!((code(&output), findings), (0, vec![]));
}

#[test]
fn warnings_change_no_exit_code_unless_they_are_denied() {
    let folder = Folder::new();
    let path = folder.file("a.st", "x := 3.\nx = 4.\nx printString\n");
    let output = chirp(&["check", &path]);
    assert_eq!(code(&output), 0);
    assert_eq!(
        err(&output),
        format!(
            "warning[W0106]: a comparison whose value nobody uses\n --> {path}:2:3\n  |\n2 | x = 4.\n  |   ^ this compares\n\
             \x20 = help: to assign, write x := …\n"
        )
    );
    assert_eq!(code(&chirp(&["check", "--deny-warnings", &path])), 65);
    assert_eq!(prints(&["check", "--no-warnings", &path]), "");
    let json = out(&chirp(&["check", "--json", &path]));
    assert!(
        json.contains("\"severity\":\"warning\",\"code\":\"W0106\""),
        "{json}"
    );
    // Running it says nothing.
    assert_eq!(prints(&[&path]), "");
}

#[test]
fn names_that_are_probably_slips() {
    assert_eq!(
        told("total := 3.\ntotl := total + 4.\ntotal printString"),
        [
            "warning[W0102]: `totl` is assigned and never read",
            "= help: did you mean `total`?"
        ]
    );
    assert_eq!(
        told(
            "list := OrderdCollection new.\nlist addAl: #(3); lenght. 'abc' length. nil foo. Set nwe"
        ),
        [
            "warning[W0203]: nothing is called `OrderdCollection`",
            "= help: did you mean `OrderedCollection`?",
            "warning[W0201]: nobody implements `addAl:`",
            "= help: did you mean `addAll:`?",
            "warning[W0201]: nobody implements `lenght`",
            "= help: did you mean `size`?",
            "warning[W0202]: a String does not understand `length`",
            "= help: did you mean `size`?",
            "warning[W0202]: nil does not understand `foo`",
            "warning[W0202]: Set does not understand `nwe`",
            "= help: did you mean `new`?",
        ]
    );
}

#[test]
fn of_two_methods_of_one_name_one_is_lost() {
    let lost =
        |name: &str| format!("warning[W0108]: there is another method `{name}` in this class");
    let help = "= help: give one of them another name, or take it out";
    assert_eq!(
        told(
            "Object subclass: Dog [ Dog class >> a [ ^ 1 ] a [ ^ 2 ] b: x [ ^ 3 ] a [ ^ 4 ] ]\n\
             Dog extend [ b: x [ ^ 5 ] c [ ^ 6 ] ]\nObject subclass: Cat [ a [ ^ 7 ] ]"
        ),
        [&lost("a"), help, &lost("b:"), help]
    );
    let chunks = "!Integer methodsFor: 'x'!\nfoo ^ 3!\nbar ^ 4!\nfoo ^ 5! !\n";
    assert_eq!(told(chunks), [&lost("foo"), help]);
}

#[test]
fn a_full_stop_that_is_missing_at_the_end_of_a_line_is_told() {
    let missing = "= help: a full stop is missing at the end of the line above";
    assert_eq!(
        told("Transcript show: 'a'\nTranscript show: 'b'"),
        [
            "warning[W0202]: a String does not understand `Transcript`",
            missing
        ]
    );
    assert_eq!(
        told("subtotal := 3.\nsubtotal printString size\n\tsubtotal bar"),
        [
            "warning[W0201]: nobody implements `subtotal`",
            missing,
            "warning[W0201]: nobody implements `bar`",
        ]
    );
    assert_eq!(
        told("'a' size Transcript"),
        [
            "warning[W0201]: nobody implements `Transcript`",
            "= help: is a full stop missing in front of it?",
        ]
    );
    assert_eq!(
        told(
            "Object subclass: #Foo instanceVariableNames: '' classVariableNames: '' package: 'P'\n\nFoo new"
        ),
        [
            "warning[W0202]: a String does not understand `Foo`",
            missing
        ]
    );
    // Messages to a value of the line above are right.
    let right = "y := 3.\nSize := 4.\ny\n\tprintString\n\tsize";
    assert_eq!(told(right), [] as [&str; 0]);
}

#[test]
fn values_for_blocks_and_values_of_cascades() {
    assert_eq!(
        told("[ :p :q | p ] value: 3. [ 3 ] value: 4. [ :p | p ] value"),
        [
            "warning[W0109]: this block has 2 parameters",
            "= help: write value: … value: …",
            "warning[W0109]: this block has no parameters",
            "= help: write value",
            "warning[W0109]: this block has one parameter",
            "= help: write value: …",
        ]
    );
    assert_eq!(
        told("c := OrderedCollection new add: 3; add: 4.\nd := c add: 3; add: 4.\nc , d"),
        [
            "warning[W0110]: `c` gets the value of the last message",
            "= help: end the cascade with the collection itself: …; yourself",
        ]
    );
    let right = "c := OrderedCollection new add: 3; add: 4; yourself.\n\
                 [ :p :q | p ] valueWithArguments: #(1 2). [ 3 ] value. [ :p | p ] value: c";
    assert_eq!(told(right), [] as [&str; 0]);
}

#[test]
fn a_choice_in_the_words_of_another_language_is_told() {
    assert_eq!(
        told("3 > 2 ifTrue: [ 3 ] else: [ 4 ]"),
        [
            "warning[W0201]: nobody implements `ifTrue:else:`",
            "= help: a choice is a message: condition ifTrue: [ a ] ifFalse: [ b ]",
        ]
    );
}

#[test]
fn a_class_that_is_defined_is_named_by_a_symbol() {
    let help = |name| format!("= help: a new class is named by a symbol: write #{name}");
    let unknown = |name| format!("warning[W0203]: nothing is called `{name}`");
    assert_eq!(
        told("(Object << Foo) slots: {}; package: 'P'"),
        [unknown("Foo"), help("Foo")]
    );
    assert_eq!(
        told("Object subclass: Foo instanceVariableNames: 'a' classVariableNames: '' package: 'P'"),
        [unknown("Foo"), help("Foo")]
    );
}

#[test]
fn a_variable_that_is_unknown_is_explained_by_what_stands_before_it() {
    let helped = |source: &str| {
        let folder = Folder::new();
        let output = chirp(&["check", &folder.file("a.st", source)]);
        let text = err(&output);
        assert!(text.contains("error[E0201]"), "{text}");
        let help = text.lines().find_map(|l| l.split_once("= help: "));
        help.map(|(_, help)| help.to_string()).unwrap_or_default()
    };
    let space = "a message is sent with a space";
    assert_eq!(helped("'abc'.size"), format!("{space}: 'abc' size"));
    assert_eq!(helped("3.printNl"), format!("{space}: 3 printNl"));
    assert_eq!(helped("self.foo"), format!("{space}: self foo"));
    assert_eq!(
        helped("(3 + 4).printNl"),
        format!("{space}, not with a full stop: … printNl")
    );
    assert_eq!(
        helped("5.times do | i | 3"),
        "a loop is a message: 5 timesRepeat: [ … ]"
    );
    // A statement that ends there is none of that.
    assert_eq!(
        helped("3. foo"),
        "declare it with `| foo |`, or assign it before it is used"
    );
    assert_eq!(
        helped("Object << #Foo slots: { aa. b }; package: 'P'"),
        "write #aa"
    );
    assert_eq!(
        helped("Transcript show: \"hello\" foo"),
        "write strings in single quotes: 'hello'"
    );
}

#[test]
fn what_the_sources_define_themselves_is_known() {
    let scripts = [
        "Object subclass: #Point3 instanceVariableNames: 'z' classVariableNames: '' package: 'X'.\n\
         Point3 compile: 'depth ^ z'.\nPoint3 new depth",
        "Smalltalk at: #Registry put: Dictionary new.\nRegistry size",
        "(3 respondsTo: #flyAway) ifTrue: [ 3 flyAway ]",
        "| a | a := 3. [ :b | b + a ] value: 4. #(1 2) do: [ :b | b + a ]",
        "[ :x | x ] value: 3. thisContext sender. super printString",
        "count := 0. [ count := count + 1. count < 3 ] whileTrue. ^ count",
    ];
    for script in scripts {
        assert_eq!(told(script), [] as [&str; 0], "{script}");
    }
    let chunks = "Object subclass: #Thing\n\tinstanceVariableNames: 'a'\n\tclassVariableNames: ''\n\tpackage: 'X'!\n\
                  !Thing methodsFor: 'x'!\nfirst\n\t^ self second! !\n!Thing methodsFor: 'x'!\nsecond\n\t^ a! !\n\
                  x := Thing new! x first!\n";
    assert_eq!(told(chunks), [] as [&str; 0]);
}

#[test]
fn a_package_is_judged_as_a_whole() {
    let folder = Folder::new();
    folder.file("Things/package.st", "Package { #name : 'Things' }\n");
    folder.file(
        "Things/Thing.class.st",
        "Class { #name : 'Thing', #superclass : 'Object', #instVars : [ 'a' ], #package : 'Things' }\n\n\
         Thing >> add: a [\n\t^ 3.\n\tself later\n]\n",
    );
    let other = folder.file(
        "Things/Other.class.st",
        "Class { #name : 'Other', #superclass : 'Object', #package : 'Things' }\n\n\
         Other >> later [\n\t^ Thing new add: 3; nothingOfTheKind\n]\n",
    );
    let text = err(&chirp(&["check", folder.path()]));
    let titles: Vec<&str> = text.lines().filter(|l| l.starts_with("warning")).collect();
    assert_eq!(
        titles,
        [
            "warning[W0201]: nobody implements `nothingOfTheKind`",
            "warning[W0103]: `a` hides an instance variable of the same name",
            "warning[W0104]: this statement is never reached",
        ]
    );
    assert!(text.contains("Things/Other.class.st:4:22"), "{text}");
    // Whoever names one file is told of that one.
    let text = err(&chirp(&["check", &other]));
    assert_eq!(text.matches("warning[").count(), 1, "{text}");
}
