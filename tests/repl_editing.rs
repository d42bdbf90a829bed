//! Editing at the prompt: completion, hints, colours, history, pastes, odd terminals.

#![cfg(feature = "cli")]

mod prompt;

use prompt::Repl;

#[test]
fn commands_files_and_names_behind_them_are_completed() {
    let mut repl = Repl::start();
    repl.keys(":brow\tOrderedC\t\r");
    repl.expect("variables: array firstIndex lastIndex");
    repl.prompt();
    repl.keys(":doc Point>>squaredD\t\r");
    repl.expect("Point >> squaredDistanceTo: aPoint");
    repl.prompt();
    let path = repl.file("only-one.st", "77");
    repl.keys(&format!(
        ":load {}\t\r",
        path.strip_suffix("ly-one.st").expect("its end")
    ));
    repl.expect("only-one.st\r\n");
    repl.prompt();
    repl.keys(":implementors squaredD\t\r");
    repl.expect("\n  Point>>squaredDistanceTo:");
    repl.prompt();
    repl.keys(":time 'abc' asUpperc\t\r");
    repl.expect("\n'ABC'\r\n");
    repl.prompt();
    repl.leave();
}

#[test]
fn the_receivers_selectors_are_completed() {
    let mut repl = Repl::start();
    repl.says("d := Dictionary new. 3", "3");
    for (keys, result) in [
        ("d keysD\t [ :k | ]", "a Dictionary()"),
        (
            "OrderedCollection new removeDup\t",
            "an OrderedCollection()",
        ),
        ("3 factori\t", "6"),
    ] {
        repl.keys(&format!("{keys}\r"));
        repl.expect(&format!("\n{result}\r\n"));
        repl.prompt();
    }
    // Also when there are as many methods as before.
    repl.says("Object subclass: #Lamp", "Lamp");
    repl.says("Lamp compile: 'glimmer ^ 1'. lamp := Lamp new. 3", "3");
    repl.keys("lamp glim\t\r");
    repl.expect("\n1\r\n");
    repl.prompt();
    repl.says(
        "Lamp removeSelector: #glimmer. Lamp compile: 'blinking ^ 2'. 3",
        "3",
    );
    repl.keys("lamp blin\t\r");
    repl.expect("\n2\r\n");
    repl.prompt();
    repl.says("1 + 1", "2");
    repl.leave();
}

#[test]
fn the_rest_of_a_keyword_message_is_shown_in_grey() {
    let mut repl = Repl::start_with(Repl::folder(), &["--color", "always"], "xterm");
    repl.keys("d := Dictionary new\r");
    repl.expect("a Dictionary");
    repl.keys("d at:");
    repl.expect("\x1b[2m put:\x1b[0m");
    repl.control('c');
    repl.prompt();
    repl.keys("d at: 1 ");
    repl.expect("\x1b[2mput: \x1b[0m");
    repl.keys("\x1b[C7\r");
    repl.expect("\r\n7\r\n");
    repl.leave();
}

#[test]
fn what_is_typed_has_colours() {
    let mut repl = Repl::start_with(Repl::folder(), &["--color", "always"], "xterm");
    repl.keys("'text'");
    repl.expect("\x1b[32m'text'\x1b[0m");
    repl.control('c');
    repl.prompt();
    repl.keys(":help");
    repl.expect("\x1b[35m:help\x1b[0m");
    repl.control('c');
    repl.prompt();
    repl.leave();
}

#[test]
fn earlier_entries_are_searched() {
    let mut repl = Repl::start();
    repl.says("111 + 222", "333");
    repl.says("4 + 4", "8");
    repl.keys("\x12111");
    repl.expect("reverse-i-search");
    repl.keys("\r");
    repl.expect("\n333\r\n");
    repl.prompt();
    repl.leave();
}

#[test]
fn a_command_with_unfinished_code_goes_on() {
    let mut repl = Repl::start();
    repl.line(":time [ :x |");
    repl.line("x * 2 ] value: 4");
    repl.expect("\n8\r\n");
    repl.prompt();
    repl.leave();
}

#[test]
fn errors_in_the_middle_of_lines_typed_ahead_stop_nothing() {
    let mut repl = Repl::start();
    repl.line("a := 3\rnil foo\r3 + )\r:wat\ra * 5");
    repl.expect("MessageNotUnderstood");
    repl.expect("error");
    repl.expect("there is no command :wat");
    repl.expect("\n15\r\n");
    repl.prompt();
    repl.leave();
}

#[test]
fn long_lines_and_wide_characters() {
    let mut repl = Repl::start();
    repl.says("'日本語 é 👩‍👩‍👧' size > 5", "true");
    let long = format!("{}1", "1 + ".repeat(300));
    repl.line(&format!("\x1b[200~{long}\x1b[201~"));
    repl.expect("\n301\r\n");
    repl.prompt();
    repl.leave();
}

#[test]
fn bytes_that_are_no_text_lose_neither_the_line_nor_their_neighbours() {
    let mut repl = Repl::start();
    let mut terminal = repl
        .session
        .process()
        .get_file_handle()
        .expect("the terminal");
    let mut send = |bytes: &[u8]| {
        use std::io::Write;
        terminal.write_all(bytes).expect("bytes are taken");
    };
    send(b"30 + ");
    repl.expect("30 + ");
    send(b"\xff");
    repl.expect("what was typed is not UTF-8: it was left out");
    repl.expect("chirp> ");
    repl.expect("30 + ");
    send(b"4\r");
    repl.expect("\n34\r\n");
    repl.prompt();
    // A paste is taken as a whole, or not at all: its lines are no entries.
    let mut paste = b"\x1b[200~a := 1.\nb := '\xe9'.\n".to_vec();
    paste.extend(b"nil foo.\n".repeat(500));
    paste.extend(b"\x1b[201~");
    send(b"50 + ");
    repl.expect("50 + ");
    send(&paste);
    repl.expect("what was pasted is not UTF-8: nothing of it was taken");
    repl.expect("chirp> ");
    repl.expect("50 + ");
    send(b"6\r");
    repl.expect("\n56\r\n");
    repl.prompt();
    repl.tells("a", "there is no variable `a`");
    repl.leave();
}

#[test]
fn a_terminal_that_can_do_nothing() {
    let mut repl = Repl::start_with(Repl::folder(), &["--color", "auto"], "dumb");
    repl.line("3 + 4");
    repl.expect("7\r\n");
    repl.prompt();
    repl.line("[:x |");
    repl.line("x ] value: 5");
    repl.expect("5\r\n");
    repl.prompt();
    repl.line("nil foo");
    repl.expect("error: MessageNotUnderstood");
    let told = repl.prompt();
    assert!(!told.contains('\x1b'), "{told:?}");
    repl.leave();
}

/// A session whose input is this and no terminal.
fn without_terminal(typed: &[u8]) -> std::process::Output {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut chirp = Command::new(env!("CARGO_BIN_EXE_chirp"))
        .args(["--no-init", "-i"])
        .env("XDG_STATE_HOME", Repl::folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("chirp runs");
    let mut input = chirp.stdin.take().expect("a pipe");
    input.write_all(typed).expect("it reads");
    drop(input);
    chirp.wait_with_output().expect("it ends")
}

#[test]
fn no_terminal_at_all() {
    let output = without_terminal(b"3 + 4\n[:x |\nx] value: 4\nnil foo\n:help keys\n");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.contains("\n7\n4\n") && told.contains("Ctrl-R"),
        "{told}"
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains("MessageNotUnderstood"));
    assert!(output.status.success());
}

/// An entry that is no text is left out as a whole, and told; what the end of the input cuts off is told as well.
#[test]
fn nothing_of_an_input_without_terminal_is_lost() {
    let output = without_terminal(b"3 + 4\na := [ :x |\n'caf\xe9'\n].\n5 * 5\n#(1 2\n");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.ends_with("\n7\n25\n"), "{told}");
    let told = String::from_utf8_lossy(&output.stderr);
    let no_text = "error: line 3 of the input is not UTF-8: the entry with it was left out\n";
    assert!(told.starts_with(no_text), "{told}");
    assert!(
        told.contains("error[E0105]: `#(` is never closed"),
        "{told}"
    );
    assert_eq!(told.matches("error").count(), 2, "{told}");
}

#[test]
fn a_start_up_file_comes_first() {
    let folder = Repl::folder();
    std::fs::create_dir_all(folder.join("chirp")).expect("a folder");
    std::fs::write(folder.join("chirp/init.st"), "three := 3. nil bar").expect("a file");
    let mut repl = Repl::start_in(folder.clone());
    repl.says("three", "3");
    repl.control('d');
    repl.session.exp_eof().expect("chirp ends");
    let mut repl = Repl::start_with(folder, &["--color", "never", "--no-init"], "xterm");
    repl.tells("three", "there is no variable `three`");
    repl.leave();
}

#[test]
fn the_prompt_follows_a_program() {
    let folder = Repl::folder();
    let script = folder.join("a.st");
    std::fs::write(&script, "kept := 5. nil foo").expect("a file");
    let script = script.to_str().expect("a name in UTF-8");
    let mut repl = Repl::start_with(folder.clone(), &["--color", "never", "-i", script], "xterm");
    repl.says("kept", "5");
    repl.leave();
    let options = ["--color", "never", "--interactive", "-e", "kept := 6"];
    let mut repl = Repl::start_with(folder, &options, "xterm");
    repl.says("kept", "6");
    repl.leave();
}

#[test]
fn the_prompt_follows_a_program_with_classes() {
    let small =
        "\u{FEFF}#!/usr/bin/env chirp\nkept := 41.\nInteger extend [ more [ ^ self + 1 ] ]\n";
    // Too many statements for one method.
    let large = small.to_string() + &"kept := kept more.\n".repeat(40_000);
    for (text, value) in [(small, "42"), (&large, "40042")] {
        let folder = Repl::folder();
        let script = folder.join("a.st");
        std::fs::write(&script, text).expect("a file");
        let script = script.to_str().expect("a name in UTF-8");
        let options = ["--color", "never", "-i", script];
        let mut repl = Repl::start_with(folder.clone(), &options, "xterm");
        repl.says("kept more", value);
        repl.leave();
    }
}

#[test]
fn what_is_typed_around_control_c_is_kept() {
    let mut repl = Repl::start();
    // All in one go: the editor reads it together.
    repl.keys("junk\x03a := 5\r\x12a :=\x03a * 3\r");
    repl.expect("\n5\r\n");
    repl.expect("\n15\r\n");
    repl.prompt();
    // While something runs it is the terminal that would throw away what was typed before.
    repl.line("Transcript show: 'go'; cr. [ true ] whileTrue");
    repl.expect("\ngo\r\n");
    repl.keys("b := 6\rb * 7\r\x03b + 100\r");
    repl.expect("UserInterrupt");
    repl.expect("\n6\r\n");
    repl.expect("\n42\r\n");
    repl.expect("\n106\r\n");
    repl.prompt();
    repl.leave();
}

#[test]
fn a_history_that_cannot_be_used_keeps_nobody_waiting() {
    // Another program has it.
    let folder = Repl::folder();
    std::fs::create_dir_all(folder.join("chirp")).expect("a folder");
    let path = folder.join("chirp/history");
    std::fs::write(&path, "#V2\n7 * 7\n").expect("a file");
    let file = std::fs::File::open(&path).expect("the file");
    let lock = nix::fcntl::Flock::lock(file, nix::fcntl::FlockArg::LockExclusive);
    let lock = lock.map_err(|(_, error)| error).expect("a lock");
    let mut repl = Repl::start_in(folder.clone());
    repl.says("3 + 4", "7");
    drop(lock);
    repl.says("3 + 5", "8");
    repl.control('d');
    repl.session.exp_eof().expect("chirp ends");
    let kept = std::fs::read_to_string(&path).expect("the history");
    assert!(
        kept.starts_with("#V2\n7 * 7\n") && kept.ends_with("3 + 5\n"),
        "{kept}"
    );
    // Bytes that are no text cost their place, and not the rest.
    std::fs::write(&path, b"#V2\n'\xff'\n6 * 7\n").expect("a file");
    let mut repl = Repl::start_in(folder.clone());
    repl.keys("\x1b[A\r");
    repl.expect("\n42\r\n");
    repl.prompt();
    repl.control('d');
    repl.session.exp_eof().expect("chirp ends");
    // It is a pipe, which nobody writes.
    std::fs::remove_file(&path).expect("it is gone");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let mut repl = Repl::start_in(folder);
    repl.says("3 + 4", "7");
    repl.leave();
}
