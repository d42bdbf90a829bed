//! `:save`: a script that brings back what a session has made, whatever went wrong in it.

#![cfg(feature = "cli")]

mod prompt;

use prompt::Repl;
use std::process::{Command, Output};

/// Saves the session; answers the script, and what came of running it.
fn saved(repl: &mut Repl) -> (String, Output) {
    let path = repl.state.join("saved.st");
    repl.tells(&format!(":save {}", path.display()), "saved ");
    let text = std::fs::read_to_string(&path).expect("a script");
    let run = Command::new(env!("CARGO_BIN_EXE_chirp"))
        .arg(&path)
        .output();
    (text, run.expect("chirp runs"))
}

/// Saves the session; the script prints this and ends well.
fn runs_and_prints(repl: &mut Repl, printed: &str) -> String {
    let (text, run) = saved(repl);
    assert_eq!(
        String::from_utf8_lossy(&run.stdout),
        printed,
        "{text}\n{run:?}"
    );
    assert!(run.status.success(), "{text}\n{run:?}");
    text
}

fn fails(repl: &mut Repl, line: &str, part: &str) {
    repl.line(line);
    repl.expect(part);
    repl.prompt();
}

#[test]
fn what_ran_before_a_failure_is_kept_and_the_rest_is_a_comment() {
    let mut repl = Repl::start();
    fails(&mut repl, "x := 3. y := 1/0. z := 4", "ZeroDivide");
    repl.says("y isNil and: [ z isNil ]", "true");
    repl.says("x + 1", "4");
    fails(
        &mut repl,
        "Transcript show: 'a \"quoted\" word'; cr. nil foo: \"why\" 3",
        "MessageNotUnderstood",
    );
    fails(
        &mut repl,
        "#(1 2 0) do: [ :e | last := e. 1 / e ]",
        "ZeroDivide",
    );
    repl.says("last", "0");
    fails(&mut repl, "3 + )", "E0107");
    repl.writes("(x + last) printString", "3");
    let text = runs_and_prints(&mut repl, "a \"quoted\" word\n3\n");
    assert!(
        text.contains(
            "\nx := 3.\n\"This failed: ZeroDivide\ny := 1/0. z := 4\"\ny := nil.\nz := nil.\n"
        ),
        "{text}"
    );
    assert!(
        !text.contains("3 + )"),
        "what did not compile has not run: {text}"
    );
    repl.leave();
}

#[test]
fn the_last_value_may_be_a_class_or_older_than_a_load() {
    let mut repl = Repl::start();
    repl.says("Object subclass: Lamp [ glow [ ^ 'bright' ] ]", "Lamp");
    repl.says("_ new glow", "'bright'");
    repl.says("40 + 1", "41");
    let chunks = repl.file("chunks.st", "!Object methodsFor: 'x'!\nzork\n\t^ 7\n! !\n");
    repl.tells(&format!(":load {chunks}"), "loaded ");
    repl.says("sum := _ + nil zork", "48");
    fails(&mut repl, "sum := sum + 1. nil foo", "MessageNotUnderstood");
    repl.says("_ + sum", "97");
    repl.says(":time n := _ * 2", "194");
    repl.writes("n printString", "194");
    runs_and_prints(&mut repl, "194\n");
    repl.leave();
}

#[test]
fn what_ran_by_inspect_and_all_or_before_the_prompt_is_saved_as_well() {
    let folder = Repl::folder();
    let script = folder.join("a.st");
    std::fs::write(&script, "kept := 5. nil foo").expect("a file");
    let script = script.to_str().expect("a name in UTF-8");
    let mut repl = Repl::start_with(folder, &["--color", "never", "-i", script], "xterm");
    repl.tells(":inspect a := kept + 1", "SmallInteger: 6");
    repl.says(":all b := a + 1", "7");
    repl.writes("(kept + a + b) printString", "18");
    runs_and_prints(&mut repl, "18\n");
    repl.leave();
}

#[test]
fn an_interrupted_entry_keeps_what_it_had_done() {
    let mut repl = Repl::start();
    repl.line("count := 7. Transcript show: 'go'; cr. (Delay forSeconds: 600) wait");
    repl.expect("\ngo\r\n");
    repl.control('c');
    repl.expect("UserInterrupt");
    repl.prompt();
    fails(&mut repl, "#(1 2) do: [ :each | ^ each ]. 3", "\n1\r\n");
    repl.writes("(_ + count) printString", "8");
    let text = runs_and_prints(&mut repl, "go\n8\n");
    assert!(text.contains("This failed: UserInterrupt"), "{text}");
    repl.leave();
}

#[test]
fn only_a_file_that_was_saved_from_here_is_written_over() {
    let mut repl = Repl::start();
    repl.says("3 + 4", "7");
    let pipe = repl.state.join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    let mine = repl.file("mine.st", "\"Saved");
    let pipe = pipe.to_str().expect("a name in UTF-8").to_string();
    for path in [&pipe, "/dev/full", "/dev/zero", &mine] {
        let told = format!("{path} exists, and was not saved from here");
        repl.tells(&format!(":save {path}"), &told);
    }
    let (_, again) = (saved(&mut repl), saved(&mut repl));
    assert!(again.1.status.success(), "{again:?}");
    repl.leave();
}

#[test]
fn what_came_from_a_pipe_cannot_be_loaded_again() {
    let folder = Repl::folder();
    std::fs::create_dir_all(&folder).expect("a folder");
    let pipe = folder.join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    let name = pipe.to_str().expect("a name in UTF-8").to_string();
    let writer = std::thread::spawn(move || {
        std::fs::write(pipe, "!Object methodsFor: 'a'!\nhoist\n\t^ 7! !\n").expect("it is read");
    });
    let mut repl = Repl::start_with(folder, &["--color", "never", "--load", &name], "xterm");
    writer.join().expect("it is written");
    repl.says("3 hoist", "7");
    let (text, _) = saved(&mut repl);
    let remark = format!(
        "\n\"{name} was loaded here: it is no file on disk, and what came from it is gone.\"\n"
    );
    assert!(text.contains(&remark), "{text}");
    assert!(!text.contains("PackageLoader"), "{text}");
    repl.leave();
}

#[test]
fn statements_behind_a_class_in_brackets_end_in_a_dot() {
    let mut repl = Repl::start();
    let script = repl.file(
        "a.st",
        "Object subclass: Lamp [ ]\n3 + 4. \"seven\"\nkept := 5 \"five\"",
    );
    repl.tells(&format!(":load {script}"), "loaded ");
    repl.says("Object subclass: Fan [ ]. kept + 1", "6");
    repl.says("kept := _ * 2", "12");
    repl.writes("kept printString", "12");
    runs_and_prints(&mut repl, "12\n");
    repl.says("#(1 2) do: [ :each | ^ each ]", "1");
    runs_and_prints(&mut repl, "12\n");
    repl.leave();
}

#[test]
fn the_last_value_and_the_last_error_may_be_nil() {
    let mut repl = Repl::start();
    fails(&mut repl, "1/0", "ZeroDivide");
    repl.says("__ class name size", "10");
    repl.says("3 + 4", "7");
    repl.line("\"nothing\"");
    repl.prompt();
    repl.says("one := _ isNil", "true");
    repl.says("3 + 4. | a |", "nil");
    repl.says("two := _ isNil", "true");
    repl.writes("(one & two) printString", "true");
    runs_and_prints(&mut repl, "true\n");
    repl.leave();
}

#[test]
fn the_last_error_is_made_again_for_who_asks_about_it() {
    let mut repl = Repl::start();
    repl.says("first := _", "nil");
    repl.says("none := __", "nil");
    fails(
        &mut repl,
        "x := 5. (x foo: 3) bar. y := 6",
        "MessageNotUnderstood",
    );
    fails(&mut repl, "1/0. \"never read\"", "ZeroDivide");
    repl.says("2 + 3", "5");
    fails(&mut repl, "_ zork", "MessageNotUnderstood");
    repl.says("a := __ messageText size", "45");
    fails(
        &mut repl,
        "Error signal: __ message selector asString",
        "Error: zork",
    );
    repl.says("b := __ messageText", "'zork'");
    repl.writes(
        "{ first. none. x. a. b } printString",
        "#(nil nil 5 45 'zork')",
    );
    let text = runs_and_prints(&mut repl, "#(nil nil 5 45 'zork')\n");
    assert!(
        text.contains("\n[ _ zork ] on: MessageNotUnderstood do: [ :error | __ := error ].\n")
            && !text.contains("] on: ZeroDivide"),
        "{text}"
    );
    // Where an entry is left early, all are evaluated apart.
    repl.says("#(1 2) do: [ :each | ^ each ]", "1");
    runs_and_prints(&mut repl, "#(nil nil 5 45 'zork')\n");
    repl.is_interrupted_in("[ ] repeat");
    repl.says("__ class name size", "13");
    let (text, run) = saved(&mut repl);
    assert!(run.status.success(), "{text}\n{run:?}");
    repl.leave();
}

#[test]
fn a_value_without_a_literal_is_nil_and_the_script_says_what_it_was() {
    let mut repl = Repl::start();
    fails(
        &mut repl,
        "(all := OrderedCollection new) foo",
        "MessageNotUnderstood",
    );
    fails(&mut repl, "(third := 1/3s2) foo", "MessageNotUnderstood");
    fails(&mut repl, "(half := 1/2) foo", "MessageNotUnderstood");
    let text = runs_and_prints(&mut repl, "");
    for line in [
        "all := nil. \"it was an OrderedCollection\"",
        "third := nil. \"it was a ScaledDecimal\"",
        "half := (1/2).",
    ] {
        assert!(text.contains(&format!("\n{line}\n")), "{line}: {text}");
    }
    repl.leave();
}
