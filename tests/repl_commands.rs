//! The commands of the prompt, in a pseudo-terminal.

#![cfg(feature = "cli")]

mod prompt;

use prompt::Repl;
use std::process::Command;

#[test]
fn help_lists_commands_and_knows_topics() {
    let mut repl = Repl::start();
    repl.tells(":help", ":implementors SELECTOR");
    repl.tells("help", "topics: keys");
    repl.tells(":help keys", "Ctrl-R");
    repl.tells(":help keys", "Ctrl-Z");
    repl.tells(":help time", ":time CODE");
    repl.tells(
        ":help Collection>>do:",
        "Evaluate aBlock with each of my elements.",
    );
    repl.tells(
        ":help Collection",
        "I am the abstract root of everything that holds elements.",
    );
    repl.leave();
}

#[test]
fn unknown_names_have_suggestions() {
    let mut repl = Repl::start();
    repl.tells(
        ":brwose Point",
        "there is no command :brwose; did you mean :browse?",
    );
    repl.tells(":wat", "there is no command :wat; :help lists them");
    repl.tells(":exit", "there is no command :exit; did you mean :quit?");
    repl.tells(":load /dev/zero", "/dev/zero is no file on disk");
    repl.tells(":s", ":s may be :source or :senders or :save");
    repl.tells(
        ":doc Colection",
        "there is no class Colection; did you mean Collection?",
    );
    repl.tells(
        ":doc Collection>>isEmty",
        "did you mean Collection>>isEmpty?",
    );
    repl.tells(
        ":doc OrderedCollection>>with:",
        "did you mean OrderedCollection class>>with:?",
    );
    repl.tells(":implementors isEmty", "did you mean isEmpty?");
    repl.tells(":doc Array>>siz", "did you mean Array>>size?");
    repl.tells(
        ":doc Collection>>inject",
        "did you mean Collection>>inject:into:?",
    );
    repl.tells(":senders", "write :senders SELECTOR");
    repl.tells(":HLEP", "did you mean :help?");
    repl.tells(":?", "did you mean :help?");
    repl.tells(
        ":quit now",
        ":quit stands alone; \"now\" behind it means nothing",
    );
    repl.tells(":reload a.st", ":reload stands alone");
    repl.tells(":save /", "/ is a folder; write the name of a file");
    repl.tells(":help foo bar", "nobody implements foo bar");
    repl.tells("help Collection>>isEmpty", "Collection >> isEmpty");
    repl.tells("help()", ":implementors SELECTOR");
    repl.says("1 + 1", "2");
    repl.leave();
}

#[test]
fn classes_and_methods_are_described() {
    let mut repl = Repl::start();
    repl.tells(":doc Point", "I am a pair of numbers");
    repl.tells(":doc isEmpty", "implemented by");
    repl.tells(":source Collection>>isEmpty", "^ self size = 0");
    repl.tells(":source Point", "Object subclass: #Point");
    repl.tells(":browse Point", "squaredDistanceTo:");
    repl.tells(":browse Point class", "r:degrees:");
    repl.tells(":implementors isEmpty", "Collection>>isEmpty");
    repl.tells(":senders #squaredDistanceTo:", ">>");
    repl.leave();
}

#[test]
fn objects_with_a_name_are_described_by_their_class() {
    let mut repl = Repl::start();
    repl.tells(":doc Transcript", "TranscriptStream < ");
    repl.tells(":help Smalltalk", "SmalltalkImage < ");
    repl.tells(":help Smalltalk class", "SmalltalkImage < ");
    repl.tells(":source Processor", "Object subclass: #ProcessorScheduler");
    repl.tells(":source Transcript>>show:", "show: ");
    repl.tells(":browse Processor", "sleep");
    repl.leave();
}

#[test]
fn a_message_is_described_by_its_most_general_method() {
    let mut repl = Repl::start();
    for (selector, method) in [
        ("new", "Behavior>>new"),
        ("printOn:", "Object>>printOn:"),
        ("size", "Object>>size"),
        ("do:", "Collection>>do:"),
        ("collect:", "Collection>>collect:"),
        ("inject:into:", "Collection>>inject:into:"),
        ("on:do:", "BlockClosure>>on:do:"),
        ("keysAndValuesDo:", "Dictionary>>keysAndValuesDo:"),
    ] {
        repl.tells(&format!(":doc {selector}"), &format!("(from {method})"));
    }
    // One that many override says nothing: what they say is true of their own classes only.
    repl.says("Object subclass: Top [ shine [ ^ 1 ] ]", "Top");
    repl.says("Top subclass: Low [ shine [ \"Dimly.\" ^ 2 ] ]", "Low");
    repl.line(":doc shine");
    repl.expect("implemented by\r\n  Low  Top");
    assert!(!repl.prompt().contains("Dimly"));
    repl.leave();
}

#[test]
fn what_was_defined_at_the_prompt_is_described_as_well() {
    let mut repl = Repl::start();
    repl.says(
        "Object subclass: Lamp [ glow [ \"Shine.\" ^ 'bright' ] ]",
        "Lamp",
    );
    repl.tells(":doc Lamp>>glow", "Shine.");
    repl.tells(":source Lamp>>glow", "^ 'bright'");
    repl.says("lamp := Lamp new", "a Lamp");
    repl.tells(":browse lamp", "glow");
    repl.says("Lamp extend [ twice [ ^ self glow , self glow ] ]", "Lamp");
    repl.tells(":senders glow", "Lamp>>twice");
    repl.leave();
}

#[test]
fn values_are_inspected_as_trees() {
    let mut repl = Repl::start();
    repl.line(":inspect 3 @ (4 @ 5)");
    repl.expect("\nPoint: (3@(4@5))\r\n  x: SmallInteger: 3\r\n  y: Point: (4@5)\r\n    x: SmallInteger: 4\r\n");
    repl.prompt();
    repl.line("a := Array new: 20. a at: 1 put: a. 7");
    repl.prompt();
    repl.line(":inspect a");
    repl.expect("1: Array, the one above");
    repl.expect(" 10 more");
    repl.prompt();
    repl.line(":inspect");
    repl.expect("Array: ");
    repl.prompt();
    repl.says(
        "Object subclass: Shy [ |a| printOn: s [ ^ self error: 'no' ] ]",
        "Shy",
    );
    repl.tells(":inspect Shy new", "Shy: (cannot be printed: Error: no)");
    repl.leave();
}

#[test]
fn tests_are_run() {
    let mut repl = Repl::start();
    repl.says(
        "TestCase subclass: SumTest [ testSum [ self assert: 3 + 4 equals: 7 ] ]",
        "SumTest",
    );
    repl.tells(":test SumTest", "1 passed");
    repl.says(
        "SumTest extend [ testWrong [ self assert: 3 + 4 equals: 8 ] ]",
        "SumTest",
    );
    repl.line(":test");
    repl.expect("SumTest>>testWrong: ");
    repl.expect("2 tests: 1 passed, 1 failed");
    repl.prompt();
    repl.tells(":test Point", "Point has no tests");
    repl.tells(":test SumTset", "did you mean SumTest?");
    repl.says(
        "SumTest extend [ testEndless [ Stdio stderr nextPutAll: 'go'; lf; flush. [ true ] whileTrue ] ]",
        "SumTest",
    );
    repl.line(":test SumTest");
    repl.expect("\ngo\r\n");
    repl.control('c');
    repl.expect("UserInterrupt");
    repl.prompt();
    repl.says("1 + 1", "2");
    repl.leave();
}

#[test]
fn messages_of_tools_name_the_commands() {
    let mut repl = Repl::start();
    repl.tells("3 @ 4 inspect", "= help: here, write :inspect 3 @ 4");
    repl.tells("Point browse", "= help: here, write :browse Point");
    repl.tells("3 zork", "did not understand #zork");
    // What went wrong before has nothing to do with it.
    for entry in [
        "nope inspect",
        "nil foo. 3 inspect",
        ":time nil foo inspect",
    ] {
        repl.line(entry);
        repl.expect("error");
        let told = repl.prompt();
        assert!(!told.contains(":inspect"), "{told}");
    }
    repl.leave();
}

#[test]
fn time_tells_what_it_took() {
    let mut repl = Repl::start();
    repl.line(":time (1 to: 200000) asOrderedCollection size");
    repl.expect("\n200000\r\n");
    let told = {
        repl.expect("sends and loop turns, ");
        repl.prompt()
    };
    assert!(
        told.contains("kB allocated") && told.contains("full collections"),
        "{told}"
    );
    repl.tells(":time nil foo", "MessageNotUnderstood");
    repl.line(":time nope foo");
    repl.expect("there is no variable");
    let told = repl.prompt();
    assert!(!told.contains("sends"), "{told}");
    repl.leave();
}

#[test]
fn files_are_loaded_and_loaded_again() {
    let mut repl = Repl::start();
    let script = repl.file("a.st", "kept := 5. Transcript show: 'loading'; cr");
    repl.tells(":reload", "nothing was loaded yet");
    repl.line(&format!(":load {script}"));
    repl.expect("\nloading\r\nloaded ");
    repl.prompt();
    repl.says("kept + 1", "6");
    repl.file("a.st", "kept := 50");
    repl.tells(":reload", "loaded ");
    repl.says("kept + 1", "51");
    let class = repl.file("b.st", "Object subclass: Lamp [ glow [ ^ 'bright' ] ]");
    repl.tells(&format!(":load {class}"), "loaded ");
    repl.says("Lamp new glow", "'bright'");
    repl.tells(":load /no/such/file", "there is no file /no/such/file");
    repl.tells(":reload", &format!("loaded {class}"));
    let wrong = repl.file("c.st", "3 + )");
    repl.tells(&format!(":load {wrong}"), "error");
    let folder = repl.state.join("package");
    std::fs::create_dir_all(&folder).expect("a folder");
    repl.file("package/Pear.class.st", "Class { #name : 'Pear', #superclass : 'Object', #category : 'Fruit' }\n\n{ #category : 'x' }\nPear >> bite [\n\t^ 'mm'\n]\n");
    repl.tells(&format!(":load {}", folder.display()), "loaded ");
    repl.says("Pear new bite", "'mm'");
    repl.leave();
}

#[test]
fn a_saved_session_runs() {
    let mut repl = Repl::start();
    let script = repl.file("a.st", "kept := 5");
    repl.tells(&format!(":load {script}"), "loaded ");
    repl.says("Object subclass: Lamp [ glow [ ^ 'bright' ] ]", "Lamp");
    repl.line("nil foo");
    repl.expect("MessageNotUnderstood");
    repl.prompt();
    repl.says("^ kept + 1 \"six\"", "6");
    repl.says("_ * 2", "12");
    repl.says("x := _ + 1. \"done\"", "13");
    repl.writes("Lamp new glow , x printString", "bright13");
    let saved = repl.state.join("saved.st");
    let save = format!(":save {}", saved.display());
    repl.tells(&save, "saved 6 entries in ");
    repl.tells(&save, "saved 6 entries in ");
    repl.tells(
        &format!(":save {script}"),
        "exists, and was not saved from here",
    );
    repl.tells(":save /no/such/folder/a.st", "there is no such folder");
    let run = Command::new(env!("CARGO_BIN_EXE_chirp"))
        .arg(&saved)
        .output();
    let run = run.expect("chirp runs");
    assert_eq!(
        String::from_utf8_lossy(&run.stdout),
        "bright13\n",
        "{run:?}"
    );
    assert!(run.status.success(), "{run:?}");
    repl.leave();
}

#[test]
fn a_saved_session_with_an_entry_that_is_left_early_runs() {
    let mut repl = Repl::start();
    repl.says("kept := 5", "5");
    repl.says("#(3 4) do: [ :each | ^ each + kept ]. 9", "8");
    repl.says("kept := _ * 2", "16");
    repl.says("Object subclass: Lamp [ glow [ ^ 'bright' ] ]", "Lamp");
    repl.writes("Lamp new glow , kept printString", "bright16");
    let saved = repl.state.join("saved.st");
    repl.tells(&format!(":save {}", saved.display()), "saved 5 entries in ");
    let run = Command::new(env!("CARGO_BIN_EXE_chirp"))
        .arg(&saved)
        .output();
    let run = run.expect("chirp runs");
    assert_eq!(
        String::from_utf8_lossy(&run.stdout),
        "bright16\n",
        "{run:?}"
    );
    repl.leave();
}

#[test]
fn all_prints_what_was_cut() {
    let mut repl = Repl::start();
    repl.line("(1 to: 3000) asArray");
    repl.expect("(cut after 100 elements; :all shows all)");
    repl.prompt();
    repl.tells(":all", "2999 3000)");
    repl.tells(":print (1 to: 30000) asArray", "29999 30000)");
    repl.line("String new: 100 withAll: Character cr");
    repl.prompt();
    repl.leave();
}

#[test]
fn values_that_cannot_be_printed_leave_the_prompt() {
    let mut repl = Repl::start();
    repl.says(
        "Object subclass: Shy [ printOn: s [ ^ self error: 'no' ] ]",
        "Shy",
    );
    repl.line("Shy new");
    repl.expect("error: Error: no");
    repl.expect("(a value of class Shy that does not print itself)");
    repl.prompt();
    repl.says("_ class", "Shy");
    repl.says(
        "Object subclass: Slow [ printOn: s [ Transcript show: 'go'; cr. [true] whileTrue ] ]",
        "Slow",
    );
    repl.line("Slow new");
    repl.expect("\ngo\r\n");
    repl.control('c');
    repl.expect("(a value of class Slow that does not print itself)");
    repl.prompt();
    repl.says("1 + 1", "2");
    repl.leave();
}

#[test]
fn the_last_error_has_a_name() {
    let mut repl = Repl::start();
    repl.line("3 / 0");
    repl.expect("ZeroDivide");
    repl.prompt();
    repl.says("__ class", "ZeroDivide");
    repl.says("__ dividend", "3");
    repl.leave();
}

#[test]
fn quit_leaves() {
    for word in [":quit", ":q", "exit", "quit", "quit.", "exit()"] {
        let mut repl = Repl::start();
        repl.line(word);
        repl.session.exp_eof().expect("chirp ends");
        let _ = std::fs::remove_dir_all(&repl.state);
    }
    let mut repl = Repl::start();
    repl.says("exit := 7", "7");
    repl.says("exit", "7");
    repl.leave();
}
