//! How results are printed at the prompt: so much of them that a person can read it, whatever they are.
//!
//! What is read from the terminal here is no UTF-8: nothing beyond ASCII can be expected.

#![cfg(feature = "cli")]

mod prompt;

use prompt::Repl;

#[test]
fn collections_of_many_elements() {
    let mut repl = Repl::start();
    for (collection, name) in [
        ("asArray", "#("),
        ("asOrderedCollection", "an OrderedCollection("),
        ("asArray collect: [ :i | i @ i ]", "{"),
    ] {
        repl.line(&format!("(1 to: 1000000) {collection}"));
        repl.expect(&format!("\n{name}"));
        let shown = repl.prompt();
        assert!(
            shown.contains(" 999900 more")
                && shown.contains("(cut after 100 elements; :all shows all)")
                && shown.len() < 2000,
            "{shown}"
        );
    }
    repl.says(
        "(1 to: 100000) inject: 0 into: [ :a :b | a + b ]",
        "5000050000",
    );
    repl.leave();
}

#[test]
fn what_would_steer_the_terminal_is_shown() {
    let mut repl = Repl::start();
    repl.says("e := Character escape asString. e size", "1");
    for (entry, rest) in [
        (
            "e , '[31mred' , (String with: Character tab)",
            "[31mred\t'\r\n",
        ),
        ("self error: e , '[31mred'", "[31mred\r\n"),
        ("self error: 'a' , String lf , e , '[31mred'", "[31mred\r\n"),
        (":all { e , '[31mred' }", "[31mred')\r\n"),
        (":inspect e , '[31mred'", "[31mred'\r\n"),
    ] {
        repl.line(entry);
        repl.expect("\n");
        let shown = repl.prompt();
        assert!(
            shown.contains(rest) && !shown.contains("\x1b[31m"),
            "{entry}: {shown:?}"
        );
    }
    // What a program writes is its own affair.
    repl.writes("e , '[31mred'", "\x1b[31mred");
    repl.leave();
}

#[test]
fn collections_within_collections() {
    let mut repl = Repl::start();
    repl.tells(
        "deep := 1. 10 timesRepeat: [ deep := Array with: deep ]. deep",
        ")))))) (cut below 6 levels; :all shows all)\r\n",
    );
    repl.says(":all", "#(#(#(#(#(#(#(#(#(#(1))))))))))");
    let wide = "wide := (1 to: 1000) collect: [ :i | (1 to: 1000) asArray ]. wide";
    repl.line(wide);
    repl.expect(" 900 more) #(1 2 3 ");
    let shown = repl.prompt();
    assert!(
        shown.contains("(cut after 4000 characters; :all shows all)") && shown.len() < 6000,
        "{shown}"
    );
    repl.leave();
}

#[test]
fn dictionaries_of_many_associations() {
    let mut repl = Repl::start();
    for class in [
        "Dictionary",
        "OrderedDictionary",
        "SmallDictionary",
        "IdentityDictionary",
    ] {
        repl.line(&format!(
            "d := {class} new. 1 to: 1000 do: [ :i | d at: i put: i * i ]. d"
        ));
        repl.expect(&format!(" {class}(1->1 2->4 3->9 "));
        let shown = repl.prompt();
        assert!(
            shown.contains("100->10000 ")
                && !shown.contains("101->")
                && shown.contains(" 900 more)")
                && shown.contains("(cut after 100 elements; :all shows all)"),
            "{shown}"
        );
        repl.tells(":all", "1000->1000000");
    }
    // Programs see what they see in Pharo.
    repl.says("d printString", "'an IdentityDictionary(size 1000)'");
    repl.leave();
}

#[test]
fn arrays_as_deep_as_memory_goes() {
    let mut repl = Repl::start();
    repl.tells(
        "deep := 1. 100000 timesRepeat: [ deep := Array with: deep ]. deep",
        "#(#(#(#(#(#(#(",
    );
    repl.tells(
        "deep := Object new. 100000 timesRepeat: [ deep := Array with: deep ]. deep",
        ")))))) (cut below 6 levels; :all shows all)\r\n",
    );
    repl.tells(
        "shared := 1. 100 timesRepeat: [ shared := Array with: shared with: shared ]. shared",
        "#(#(#(#(#(#(#(",
    );
    repl.tells(
        "a := Array new: 1. a at: 1 put: 1 -> a. a",
        "(cut where it contains itself)",
    );
    repl.leave();
}

#[test]
fn collections_that_contain_themselves() {
    let mut repl = Repl::start();
    for line in ["a := Array new: 2. a at: 1 put: a. a", ":all"] {
        repl.line(line);
        repl.expect("\nan Array(an Array(");
        repl.expect(") nil) (cut where it contains itself)\r\n");
        repl.prompt();
    }
    repl.line("d := Dictionary new. o := OrderedCollection with: d. d at: 1 put: o. d");
    repl.expect("\na Dictionary(1->an OrderedCollection(a Dictionary(");
    repl.expect(")) ) (cut where it contains itself)\r\n");
    repl.prompt();
    repl.leave();
}

#[test]
fn objects_that_do_not_print_themselves() {
    let mut repl = Repl::start();
    repl.says("Object subclass: Bad [ printOn: s [ ^ self zork ] ]", "Bad");
    repl.tells(
        "{ 3. Bad new }",
        "(a value of class Array that does not print itself)",
    );
    repl.says("Object subclass: Own [ printString [ ^ 'mine' ] ]", "Own");
    repl.says("Own new", "mine");
    repl.says("ProtoObject subclass: Bare [ ]", "Bare");
    repl.says(
        "Bare new",
        "(a value of class Bare that does not print itself)",
    );
    repl.says(
        "Object subclass: Waiting [ printOn: s [ Semaphore new wait ] ]",
        "Waiting",
    );
    repl.tells("Waiting new", "Deadlock");
    repl.says(
        "Object subclass: Flood [ printOn: s [ [ s << 'a' ] repeat ] ]",
        "Flood",
    );
    repl.tells("Flood new", " (cut after 4000 characters");
    repl.says(
        "Object subclass: Endless [ printOn: s [ Transcript show: 'go'; cr. [ true ] whileTrue ] ]",
        "Endless",
    );
    repl.line("e := Endless new");
    repl.expect("\ngo\r\n");
    repl.control('c');
    repl.expect("(a value of class Endless that does not print itself)");
    repl.prompt();
    repl.says("e class", "Endless");
    repl.leave();
}

#[test]
fn the_prompt_outlives_what_replaces_its_printing() {
    let mut repl = Repl::start();
    for answer in ["3", "#()", "#(3 4)", "nil foo"] {
        repl.line(&format!(
            "SummaryStream class compile: 'on: a elements: e levels: l limit: m ^ {answer}'. nil"
        ));
        repl.prompt();
        repl.line("#(1 2)");
        let shown = repl.prompt();
        assert!(!shown.contains("chirp itself"), "{shown}");
    }
    repl.leave();
}
