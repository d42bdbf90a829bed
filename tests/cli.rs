//! The command line: how programs are given, what they print, and the exit codes.

#![cfg(feature = "cli")]

mod common;

use common::{chirp, chirp_with, code, err, out, output_of, prints};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A file that goes away with this.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, contents: &str) -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("chirp-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(name), contents).expect("a file");
        Scratch(folder.join(name))
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a name in UTF-8")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap_or(Path::new("/nonexistent")));
    }
}

#[test]
fn print_prints_the_value() {
    for (source, printed) in [
        ("3 + 4", "7"),
        ("100 factorial printString size", "158"),
        ("(1/3) + (2/3)", "1"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("#(1 $a #b (c))", "#(1 $a #b #(#c))"),
        ("'it''s'", "'it''s'"),
        ("x := 3. x * x", "9"),
        ("", "nil"),
        ("-7 abs", "7"),
    ] {
        assert_eq!(prints(&["-p", source]), format!("{printed}\n"), "{source}");
    }
}

#[test]
fn eval_prints_nothing_by_itself_and_shares_variables() {
    assert_eq!(prints(&["-e", "3 + 4"]), "");
    assert_eq!(
        prints(&["-e", "x := 3", "-e", "Transcript show: x printString; cr"]),
        "3\n"
    );
}

#[test]
fn an_assignment_finds_the_global_that_an_earlier_text_made() {
    let (defined, asked) = ("Smalltalk at: #X put: 1", "Smalltalk at: #X ifAbsent: [0]");
    let assigned = ["-e", "X := 2", "-p", "X", "-p", asked];
    assert_eq!(
        prints(&[&["-e", defined], &assigned[..]].concat()),
        "2\n2\n"
    );
    assert_eq!(prints(&assigned), "2\n0\n");
    // A variable that has been declared goes before a global of its name.
    for declared in ["X := 0", "| X |"] {
        let before = ["-e", declared, "-e", defined];
        assert_eq!(
            prints(&[&before, &assigned[..]].concat()),
            "2\n1\n",
            "{declared}"
        );
    }
}

#[test]
fn the_name_of_a_class_is_not_assigned() {
    let class = "Object subclass: Pear [ a [ ^ 1 ] ]. ";
    let twice = "Pear := 3";
    let chunks = "Object subclass: #Pear instanceVariableNames: '' classVariableNames: '' package: 'x'!\nPear := 3!\n";
    for (name, program, class) in [
        ("a.st", "Date := Date today. x := 3", "Date"),
        ("b.st", "OrderedCollection := 3", "OrderedCollection"),
        ("c.st", "[ :x | Set := x ] value: 3", "Set"),
        ("d.st", &format!("{class}{twice}"), "Pear"),
        ("e.st", chunks, "Pear"),
        ("f.st", "Object extend [ a [ Set := 3 ] ]", "Set"),
    ] {
        let script = Scratch::new(name, program);
        for arguments in [&["check", script.path()][..], &[script.path()]] {
            let output = chirp(arguments);
            let told = err(&output);
            assert_eq!(code(&output), 65, "{program}: {told}");
            let message = format!("error[E0204]: `{class}` is a class and cannot be assigned\n");
            assert!(told.contains(&message), "{program}: {told}");
            assert!(told.contains(&format!("| {class} |")), "{program}: {told}");
        }
    }
    assert_eq!(code(&chirp(&["-e", class, "-e", twice])), 65);
    // A variable of that name is something else, and so is a global that holds none, or another.
    for source in [
        "| Date | Date := 3. Date",
        "Smalltalk at: #Fresh put: 2. Smalltalk at: #Fresh put: 3. Fresh",
    ] {
        assert_eq!(prints(&["-p", source]), "3\n");
    }
    let session = &[
        "-e",
        "| Set |",
        "-e",
        "Set := 3",
        "-p",
        "Set",
        "-p",
        "#(1 1) asSet size",
    ];
    assert_eq!(prints(session), "3\n1\n");
    let globals = &[
        "-e",
        "Smalltalk at: #A put: Set; at: #B put: 1",
        "-e",
        "A := 3. B := Set. B := 4",
        "-p",
        "A + B",
    ];
    assert_eq!(prints(globals), "7\n");
    let replaced = &[
        "-e",
        "Smalltalk at: #Fruit put: 1; at: #Set put: 5",
        "-p",
        "Set",
    ];
    assert_eq!(prints(replaced), "5\n");
}

#[test]
fn eval_and_print_run_in_their_order() {
    assert_eq!(
        prints(&["-e", "x := 3", "-p", "x", "-e", "x := x + 1", "-p", "x"]),
        "3\n4\n"
    );
    let output = chirp(&["-e", "x := 3", "-p", "x foo", "-p", "x"]);
    assert_eq!((code(&output), out(&output)), (1, String::new()));
    assert!(err(&output).contains("-p(2):1:3"), "{}", err(&output));
}

#[test]
fn options_stand_before_or_behind_check_and_test() {
    let file = Scratch::new("examples.st", "\"(3 max: 4) >>> 4\"\n");
    for arguments in [
        ["--fuel", "1e8", "test", file.path()],
        ["test", "--fuel", "1e8", file.path()],
        ["test", file.path(), "--fuel", "1e8"],
    ] {
        assert_eq!(prints(&arguments), "1 example, all true\n", "{arguments:?}");
    }
    let output = chirp(&["-e", "3", "test", file.path()]);
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("write -- before it"),
        "{}",
        err(&output)
    );
    assert_eq!(
        prints(&["-p", "Smalltalk arguments", "--", "test", "a"]),
        "#('test' 'a')\n"
    );
}

#[test]
fn what_cannot_be_read_is_told_plainly() {
    for (arguments, message) in [
        (
            ["/no/such/file.st"],
            "error: there is no file /no/such/file.st\n",
        ),
        ([""], "error: there is no file ''\n"),
        (
            ["/"],
            "error: / is a folder; only --load, `chirp check` and `chirp test` take folders\n",
        ),
    ] {
        let output = chirp(&arguments);
        assert_eq!((code(&output), err(&output)), (2, message.into()));
    }
}

#[test]
fn names_and_arguments_that_are_not_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let file = Scratch::new("a.st", "Transcript show: 'ran'");
    let odd = file.0.with_file_name(OsStr::from_bytes(b"\xff.st"));
    let run = |arguments: &[&OsStr]| {
        Command::new(env!("CARGO_BIN_EXE_chirp"))
            .args(arguments)
            .output()
            .expect("chirp runs")
    };
    let output = run(&[file.0.as_os_str(), "a".as_ref(), OsStr::from_bytes(b"\xff")]);
    assert_eq!((code(&output), out(&output)), (2, String::new()));
    assert!(err(&output).starts_with("error: argument 2 of the program is not UTF-8"));
    // Some file systems have no such names.
    if std::fs::copy(&file.0, &odd).is_ok() {
        assert_eq!(out(&run(&[odd.as_os_str()])), "ran");
    }
}

#[test]
fn a_file_with_arguments() {
    let file = Scratch::new(
        "args.st",
        "#!/usr/bin/env chirp\nSmalltalk arguments do: [ :each | Transcript show: each; cr ]",
    );
    assert_eq!(
        prints(&[file.path(), "a", "--version", "-e"]),
        "a\n--version\n-e\n"
    );
}

#[test]
fn standard_input_is_run() {
    let source = "Transcript show: 'Hello!'; cr";
    for arguments in [&[][..], &["-"][..], &["-", "a"][..]] {
        let output = chirp_with(arguments, source);
        assert_eq!(
            (code(&output), out(&output)),
            (0, "Hello!\n".into()),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_chunk_file_defines_classes() {
    let file = Scratch::new(
        "chunks.st",
        "Object subclass: #Greeter\n\tinstanceVariableNames: 'name'\n\tclassVariableNames: ''\n\t\
         package: 'Demo'!\n\n!Greeter methodsFor: 'all'!\nname: aString\n\tname := aString! \n\n\
         greet\n\t^ 'Hello, ', name, '!!'! !\n\nTranscript show: (Greeter new name: 'Ada'; greet); cr!\n",
    );
    assert_eq!(prints(&[file.path()]), "Hello, Ada!\n");
}

#[test]
fn a_script_too_large_for_one_method_is_still_one_script() {
    let many = "x := x + 1.\n".repeat(9_000);
    let text = format!(
        "b := [ late ]. x := 0.\n{many}late := 7. b value printNl.\n\
         x = 9000 ifTrue: [ x printNl. ^ 3 ].\n{many}'not reached' printNl."
    );
    let file = Scratch::new("parts.st", &text);
    assert_eq!(prints(&[file.path()]), "7\n9000\n");
}

#[test]
fn no_more_memory_is_taken_than_the_process_may_have() {
    let program =
        "last := nil. [ true ] whileTrue: [ last := Array with: last with: (Array new: 1000) ]";
    let child = Command::new("sh")
        .args(["-c", "ulimit -v 600000; exec \"$0\" -e \"$1\""])
        .args([env!("CARGO_BIN_EXE_chirp"), program])
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    let output = output_of(child);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.starts_with("error: OutOfMemory:"), "{message}");
    assert_eq!(code(&output), 1);
}

#[test]
fn exit_codes() {
    assert_eq!(code(&chirp(&["-e", "Smalltalk exit: 7"])), 7);
    assert_eq!(code(&chirp(&["-e", "Smalltalk exit: 255"])), 255);
    assert_eq!(code(&chirp(&["-e", "Smalltalk exit: -1"])), 255);
    // The system keeps eight bits: a failure stays one.
    assert_eq!(code(&chirp(&["-e", "Smalltalk exit: 256"])), 255);
    assert_eq!(code(&chirp(&["-e", "Smalltalk exit: nil"])), 1);
    assert_eq!(code(&chirp(&["-e", "nil foo"])), 1);
    assert_eq!(code(&chirp(&["/no/such/file.st"])), 2);
    assert_eq!(code(&chirp(&["--bogus"])), 2);
    assert_eq!(code(&chirp(&["-e", "x := := 3"])), 65);
    assert_eq!(
        code(&chirp(&["--fuel", "100000", "-e", "[true] whileTrue: []"])),
        124
    );
    assert_eq!(
        code(&chirp(&["--timeout", "50ms", "-e", "[true] whileTrue: []"])),
        124
    );
    let grow = "[true] whileTrue: [last := Array with: last]";
    let output = chirp(&["--memory", "32M", "-e", grow]);
    assert_eq!(code(&output), 124, "{}", err(&output));
    // One object that is too large is an exception like any other, unless --memory is the reason.
    let large = "Array new: 1 << 50";
    assert_eq!(code(&chirp(&["-e", large])), 1);
    assert_eq!(code(&chirp(&["--memory", "32M", "-e", large])), 124);
    assert_eq!(code(&chirp(&["-e", "Semaphore new wait"])), 1);
}

#[test]
fn limits_say_what_was_reached() {
    let endless = "n := 0.\n[true] whileTrue: [n := n + 1]";
    // And where the program was.
    let place = "  script  -e:2:25\n      [true] whileTrue: [n := n + 1]\n                              ^\n";
    assert_eq!(
        err(&chirp(&["--fuel", "100000", "-e", endless])),
        format!("error: out of fuel (--fuel)\n{place}")
    );
    let output = chirp(&["--timeout", "50ms", "-e", endless]);
    assert_eq!(
        err(&output),
        format!("error: out of time (--timeout)\n{place}")
    );
}

#[test]
fn an_error_names_class_selector_and_place() {
    let file = Scratch::new("dnu.st", "| a |\na := 3.\n  nil foo");
    let output = chirp(&[file.path()]);
    let text = err(&output);
    assert!(text.starts_with("error: MessageNotUnderstood: "), "{text}");
    for part in ["UndefinedObject", "#foo", "dnu.st:3:7", "nil foo"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains('\x1b'), "no colours in a pipe");
    let coloured = chirp(&["--color", "always", file.path()]);
    assert!(err(&coloured).contains("\x1b["));
}

#[test]
fn a_mistake_in_the_source_has_a_caret() {
    let file = Scratch::new("wrong.st", "3 + 4.\nx := := 3.\n");
    let output = chirp(&[file.path()]);
    let text = err(&output);
    assert!(text.starts_with("error"), "{text}");
    assert!(text.contains("wrong.st:2:6"), "{text}");
    assert!(text.contains('^'), "{text}");
    assert_eq!(out(&output), "", "nothing runs");
}

#[test]
fn the_excerpt_shows_classes_in_brackets_on_the_same_line() {
    let class = "Object subclass: Z1 [ a [ ^ 1 ] ]. ";
    for (program, excerpt) in [
        (format!("{class}3 foo"), format!("{class}3 foo\n")),
        (format!("{class}3 + ."), format!("{class}3 + .\n")),
        (format!("{class}nothing"), format!("{class}nothing\n")),
        (
            format!("3 foo. {class}Eval [ 4 ]"),
            format!("      3 foo. {class}Eval [\n"),
        ),
        // What begins with a blank begins with no bracket.
        (" 3 foo".to_string(), "      3 foo\n".to_string()),
    ] {
        let script = Scratch::new("a.st", &program);
        for arguments in [&["-e", &program][..], &[script.path()]] {
            let told = err(&chirp(arguments));
            assert!(told.contains(&excerpt), "{excerpt:?} in {told}");
            assert!(told.contains('^'), "{told}");
        }
    }
}

#[test]
fn long_messages_and_long_lines_are_cut() {
    let filler = "'x' size. ".repeat(1000);
    let source = format!("{filler} Error signal: (String new: 100000 withAll: $y). {filler}");
    let text = err(&chirp(&["-e", &source]));
    assert!(text.len() < 6000, "{}", text.len());
    assert!(text.contains("(100000 characters in all)"), "{text}");
    assert!(
        text.contains("… ") && text.contains("Error signal: (String"),
        "{text}"
    );
}

#[test]
fn a_name_spelled_wrong_gets_a_suggestion() {
    for (source, suggestion) in [
        ("Objet new", "(did you mean Object?)"),
        ("transcript cr", "did you mean `Transcript`?"),
        ("'abc' lenght", "(did you mean #size?)"),
        ("nil isnil", "(did you mean #isNil?)"),
        ("Objec subclass: Foo [ ]", "did you mean Object?"),
        ("Strin extend [ foo [ ^ 3 ] ]", "did you mean String?"),
    ] {
        let text = err(&chirp(&["-e", source]));
        assert!(text.contains(suggestion), "{source}: {text}");
    }
}

#[test]
fn words_of_other_languages_are_known_and_nothing_is_guessed() {
    const LOOP: &str = "(the condition of a loop is a block: [ … ] whileTrue: [ … ])";
    for (source, hint) in [
        ("'3' toInt", "(did you mean #asInteger?)"),
        ("'3' to_i", "(did you mean #asInteger?)"),
        ("'abc' charAt: 1", "(did you mean #at:?)"),
        ("'abc' concat: 'd'", "(did you mean #,?)"),
        ("'abc' substr: 1", "(did you mean #copyFrom:to:?)"),
        ("'a b' words", "(did you mean #substrings?)"),
        ("'a' println", "(did you mean #displayNl?)"),
        ("Transcript writeln: 3", "(did you mean #showln:?)"),
        ("Dictionary new put: 3", "(did you mean #at:put:?)"),
        (
            "Dictionary new containsKey: 3",
            "(did you mean #includesKey:?)",
        ),
        ("Dictionary new has: 3", "(did you mean #includesKey:?)"),
        ("OrderedCollection new has: 3", "(did you mean #includes:?)"),
        ("OrderedCollection new push: 3", "(did you mean #add:?)"),
        ("true if: [ 3 ]", "(did you mean #ifTrue:?)"),
        ("5 times: [ 3 ]", "(did you mean #timesRepeat:?)"),
        ("1 upto: 5", "(did you mean #to:?)"),
        ("[ true ] while: [ 3 ]", "(did you mean #whileTrue:?)"),
        ("Smalltalk exit", "(did you mean #exit:?)"),
        ("Smalltalk load: 'x'", "(did you mean #require:?)"),
        ("Smalltalk fileIn: 'x'", "(did you mean #require:?)"),
        ("HashMap new", "(did you mean Dictionary?)"),
        ("i := 1. (i < 3) whileTrue: [ ]", LOOP),
        ("true while: [ ]", LOOP),
        ("5 do: [ :i | i ]", "or with 1 to: n do: [ :i | … ])"),
        (
            "{ 1, 2, 3 }",
            "(full stops separate elements between braces;",
        ),
        (
            "'x = ', 3",
            "(to join one to a string, send it printString)",
        ),
        ("#(1), 3", "(to join one to a string, send it printString)"),
        (
            "Transcript show: 'a'\nTranscript show: 'b'",
            "#Transcript (a full stop is missing at the end of the statement before)",
        ),
        (
            "Object subclass: #Foo\n\nFoo new printNl",
            "#Foo (a full stop is missing at the end of the statement before)",
        ),
    ] {
        let text = err(&chirp(&["-e", source]));
        assert!(text.contains(hint), "{source}: {text}");
    }
    for source in [
        "Math sqrt: 3",
        "3 foo",
        "3 zork: 4",
        "'abc' resize",
        "nil , 'a'",
    ] {
        let text = err(&chirp(&["-e", source]));
        let first = text.lines().next().unwrap_or_default();
        assert!(
            !first.is_empty() && !first.contains('('),
            "{source}: {text}"
        );
    }
}

#[test]
fn methods_do_not_see_the_variables_of_a_script() {
    for source in [
        "count := 0.\nObject subclass: Foo [ inc [ count := count + 1 ] ]",
        "count := 0.\nObject subclass: Foo [ inc [ ^ count ] ]",
        "count := 0.\nObject subclass: Foo [ inc [ count := 1 ] ]",
        "Counter := 0.\nObject subclass: Foo [ inc [ Counter := Counter + 1 ] ]",
    ] {
        let text = err(&chirp(&["-e", source]));
        let help = "; methods do not see a script's variables";
        assert!(text.contains(help), "{source}: {text}");
        assert!(!text.contains("before it is used"), "{source}: {text}");
        let variable = "= help: declare it as a class variable;";
        assert_eq!(source.starts_with('C'), text.contains(variable), "{text}");
    }
}

#[test]
fn endless_recursion_ends_with_a_short_trace() {
    let source = "Object compile: 'sink ^ self sink + 1'. Object new sink";
    let output = chirp(&["-e", source]);
    let text = err(&output);
    assert_eq!(code(&output), 1, "{text}");
    assert!(text.starts_with("error: StackOverflow"), "{text}");
    assert!(text.lines().count() < 30, "{text}");
}

#[test]
fn an_error_in_another_process_makes_the_exit_code_1() {
    let source = "[nil foo] fork. Processor yield. Transcript show: 'still here'; cr";
    let output = chirp(&["-e", source]);
    assert_eq!((code(&output), out(&output)), (1, "still here\n".into()));
    assert!(err(&output).contains("#foo"));
}

#[test]
fn check_lists_all_mistakes_and_runs_nothing() {
    let right = Scratch::new("right.st", "Transcript show: 'ran'");
    let output = chirp(&["check", right.path()]);
    assert_eq!((code(&output), out(&output)), (0, String::new()));
    let wrong = Scratch::new("wrong.st", "x := := 3.\ny := := 4");
    let output = chirp(&["check", right.path(), wrong.path()]);
    assert_eq!(code(&output), 65);
    let text = err(&output);
    assert!(
        text.contains("wrong.st:1:6") && text.contains("wrong.st:2:6"),
        "{text}"
    );
    assert_eq!(code(&chirp(&["check", "/no/such/file.st"])), 2);
}

#[test]
fn a_tonel_file_is_no_program() {
    let file = Scratch::new(
        "Foo.class.st",
        "Class { #name : 'Foo', #superclass : 'Object' }",
    );
    let output = chirp(&[file.path()]);
    assert_eq!(code(&output), 65);
    assert!(err(&output).contains("Tonel"), "{}", err(&output));
}

#[test]
fn test_tries_the_examples() {
    let file = Scratch::new("examples.st", "\"(3 max: 4) >>> 4\n(3 + 4) >>> 7\"\n");
    let output = chirp(&["test", file.path()]);
    assert_eq!((code(&output), err(&output)), (0, String::new()));
    assert!(out(&output).contains("2 examples"), "{}", out(&output));
    let file = Scratch::new("wrong.st", "\"\n(3 max: 4) >>> 5\n(nil foo) >>> 7\"\n");
    let output = chirp(&["test", file.path()]);
    assert_eq!(code(&output), 1);
    let text = err(&output);
    assert!(
        text.contains("wrong.st:2") && text.contains("wrong.st:3"),
        "{text}"
    );
}

#[test]
fn help_and_version() {
    let help = prints(&["--help"]);
    assert!(
        help.contains("Exit codes:") && help.contains("124"),
        "{help}"
    );
    assert!(prints(&["--version"]).starts_with("chirp "));
}

/// Starts chirp with `code`, waits until it has written a line, and does something to it.
fn after_first_line(source: &str, act: impl FnOnce(&mut Child)) -> Output {
    after_first_line_ignoring("--default-signal=INT,HUP,TERM", source, act)
}

/// The same, started by `env` with an option that says which signals are ignored.
fn after_first_line_ignoring(option: &str, source: &str, act: impl FnOnce(&mut Child)) -> Output {
    let mut child = Command::new("env")
        .args([option, env!("CARGO_BIN_EXE_chirp")])
        .args(["--timeout", "60", "-e", source])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("chirp starts");
    let mut byte = [0];
    // Programs that write a line write it out, at the latest, before they wait.
    child
        .stdout
        .as_mut()
        .expect("a pipe")
        .read_exact(&mut byte)
        .expect("output");
    act(&mut child);
    output_of(child)
}

fn kill(child: &mut Child, signal: Signal) {
    let process = Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(process, signal).expect("a signal is sent");
}

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let source = "[true] whileTrue: [Transcript show: 'more'; cr]";
    let output = after_first_line(source, |child| drop(child.stdout.take()));
    assert_eq!((code(&output), err(&output)), (0, String::new()));
}

#[test]
fn a_full_disk_is_an_error() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        return;
    };
    let output = Command::new(env!("CARGO_BIN_EXE_chirp"))
        .args(["-p", "3"])
        .stdout(full)
        .output()
        .expect("chirp runs");
    assert_eq!(code(&output), 1);
    assert!(
        err(&output).starts_with("error: standard output: "),
        "{}",
        err(&output)
    );
    // There is nobody to tell when messages have no room either: that is no bug of ours.
    for arguments in [
        &["explain", "E9999"][..],
        &["man", "nothing"],
        &["--image", "/no/such/folder", "-p", "3"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let status = Command::new(env!("CARGO_BIN_EXE_chirp"))
            .args(arguments)
            .stderr(full.expect("it was there"))
            .status()
            .expect("chirp runs");
        assert_eq!(status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn signals_have_their_exit_codes() {
    let waits = "Transcript show: 'go'; cr. (Delay forSeconds: 600) wait";
    for (signal, expected) in [
        (Signal::SIGINT, 130),
        (Signal::SIGTERM, 143),
        (Signal::SIGHUP, 129),
    ] {
        let output = after_first_line(waits, |child| kill(child, signal));
        assert_eq!(code(&output), expected, "{signal}: {}", err(&output));
    }
}

#[test]
fn a_program_started_under_nohup_outlives_its_terminal() {
    let source = "Transcript show: 'go'; cr. (Delay forMilliseconds: 300) wait.
        Transcript show: 'end'; cr";
    for (option, signal) in [
        ("--ignore-signal=HUP", Signal::SIGHUP),
        ("--ignore-signal=INT", Signal::SIGINT),
    ] {
        let output = after_first_line_ignoring(option, source, |child| kill(child, signal));
        assert_eq!((code(&output), out(&output)), (0, "o\nend\n".into()));
    }
}

/// Whoever asks for a signal gets it, also where a shell has put the program into the background; let go, it is ignored
/// again.
#[test]
fn a_signal_that_is_ignored_reaches_who_watches_for_it() {
    for (option, signal, name) in [
        ("--ignore-signal=INT", Signal::SIGINT, "INT"),
        ("--ignore-signal=USR1", Signal::SIGUSR1, "USR1"),
    ] {
        let source = format!(
            "got := Semaphore new.
             watching := OSSignal on: #SIG{name} do: [ got signal ].
             Transcript show: 'go'; cr. got wait. watching stop. Transcript show: 'got'; cr.
             LibC runCommand: 'kill -{name} ', OSPlatform current processId printString.
             (Delay forMilliseconds: 300) wait. Transcript show: 'end'; cr"
        );
        let output = after_first_line_ignoring(option, &source, |child| kill(child, signal));
        let told = (code(&output), out(&output), err(&output));
        assert_eq!(told, (0, "o\ngot\nend\n".into(), String::new()));
    }
}

#[test]
fn an_interrupt_is_an_exception_and_runs_ensure_blocks() {
    let source = "[Transcript show: 'go'; cr. (Delay forSeconds: 600) wait]
        ensure: [Transcript show: 'cleaned up'; cr]";
    let output = after_first_line(source, |child| kill(child, Signal::SIGINT));
    assert_eq!(out(&output), "o\ncleaned up\n");
    let source = "[Transcript show: 'go'; cr. (Delay forSeconds: 600) wait]
        on: UserInterrupt do: [:e | Smalltalk exit: 5]";
    let output = after_first_line(source, |child| kill(child, Signal::SIGINT));
    assert_eq!(code(&output), 5);
}

/// In a loop that is written out as jumps nothing is sent: it is the loop that is told, and not what stands before it.
#[test]
fn an_interrupt_is_where_the_loop_is() {
    for looping in [
        "[ true ] whileTrue: [ ]",
        "[ true ] whileTrue: [ a := a + 1 - 1 ]",
        "[ a := 5. true ] whileTrue",
        "1 to: 1000000000000 do: [ :i | ]",
        "[ a := { a size. 3 } ] repeat",
        "[ a := [ :x | a ] ] repeat",
    ] {
        let source = format!("a := 3 + 4.\nTranscript show: 'go'; cr; flush.\n{looping}");
        let output = after_first_line(&source, |child| kill(child, Signal::SIGINT));
        let told = err(&output);
        assert_eq!(code(&output), 130, "{told}");
        assert!(
            told.contains("\n  script  -e:3:") && told.contains(looping),
            "{told}"
        );
    }
}

#[test]
fn sigterm_runs_ensure_blocks_of_all_processes() {
    let source = "[[Semaphore new wait] ensure: [Transcript show: 'other'; cr]] fork.
        [Transcript show: 'go'; cr. (Delay forSeconds: 600) wait]
            ensure: [Transcript show: 'main'; cr]";
    let output = after_first_line(source, |child| kill(child, Signal::SIGTERM));
    assert_eq!(
        (code(&output), out(&output), err(&output)),
        (143, "o\nmain\nother\n".into(), String::new())
    );
}

#[test]
fn sigterm_ends_what_does_not_want_to_end() {
    let source = "Transcript show: 'go'; cr. (Delay forMilliseconds: 1) wait.
        [[true] whileTrue: []] on: UserInterrupt do: [:e | e retry]";
    let output = after_first_line(source, |child| kill(child, Signal::SIGTERM));
    assert_eq!((code(&output), err(&output)), (143, String::new()));
}

/// Its output waits for a reader who never comes: the machine does not get to see any signal.
#[test]
fn signals_end_a_program_that_nobody_reads() {
    for (signal, times, expected) in [(Signal::SIGTERM, 1, 143), (Signal::SIGINT, 3, 130)] {
        let mut child = Command::new("env")
            .args(["--default-signal=INT,TERM", env!("CARGO_BIN_EXE_chirp")])
            .args(["-e", "[Transcript show: 'more'; cr] repeat"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("chirp starts");
        // A full pipe: what is left when it has been full for a while.
        std::thread::sleep(Duration::from_millis(500));
        for _ in 0..times {
            kill(&mut child, signal);
            std::thread::sleep(Duration::from_millis(100));
        }
        let status = (0..600).find_map(|_| {
            std::thread::sleep(Duration::from_millis(100));
            child.try_wait().expect("a child")
        });
        let _ = child.kill();
        let status = status.expect("it ends within a minute");
        assert_eq!(status.code(), Some(expected), "{signal}");
    }
}

#[test]
fn other_processes_end_with_the_script() {
    let source = "[[Semaphore new wait] ensure: [Transcript show: 'bye'; cr]] fork.
        [[(Delay forSeconds: 600) wait] ensure: [Transcript show: 'bye'; cr]] fork.
        Processor yield. Transcript show: 'end'; cr";
    assert_eq!(prints(&["-e", source]), "end\nbye\nbye\n");
}

/// The README's blocks of Smalltalk.
fn blocks_of_the_readme() -> Vec<&'static str> {
    let readme = include_str!("../README.md");
    let blocks = readme.split("```smalltalk\n").skip(1);
    blocks.filter_map(|b| b.split("```").next()).collect()
}

#[test]
fn the_scripts_of_the_readme_are_true() {
    let blocks = blocks_of_the_readme();
    let script = Scratch::new("readme.st", blocks[0]);
    assert_eq!(
        prints(&[script.path()]),
        "#(3 5 5 3 5 4 3 4 3)\nquick\nZeroDivide\n3\n"
    );
    assert_eq!(blocks[1], include_str!("../examples/unix_client.st"));
    // The path is one for everybody; the test takes its own.
    let path = std::env::temp_dir().join(format!("chirp-readme-{}", std::process::id()));
    let server_and_client = blocks[2].replace("/tmp/upper", &path.display().to_string());
    assert_eq!(prints(&["-e", &server_and_client]), "SHOUT\n");
    assert_eq!(blocks.len(), 3);
}

#[test]
fn local_time_knows_summer_and_winter() {
    let july = "(DateAndTime fromUnixTime: 1720000000) asLocal printString";
    let january = "(DateAndTime fromUnixTime: 1704110400) asLocal printString";
    let at = |zone: &str, code: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_chirp"))
            .args(["-p", code])
            .env("TZ", zone)
            .output()
            .expect("chirp runs");
        out(&output).trim().to_string()
    };
    let zone = "CET-1CEST,M3.5.0,M10.5.0/3";
    assert_eq!(at(zone, july), "'2024-07-03T11:46:40+02:00'");
    assert_eq!(at(zone, january), "'2024-01-01T13:00:00+01:00'");
    assert_eq!(at("UTC", july), "'2024-07-03T09:46:40+00:00'");
    assert_eq!(
        at("IST-5:30", "DateAndTime localTimeZone abbreviation"),
        "'LT5:30'"
    );
}
