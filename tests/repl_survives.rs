//! Nothing kills the prompt: interrupts, resizing, errors of other Processes, and keys at random.

#![cfg(feature = "cli")]

mod prompt;

use nix::sys::signal::Signal;
use prompt::Repl;
use std::process::Command;

#[test]
fn control_c_while_waiting_for_a_peer_or_in_recursion() {
    let mut repl = Repl::start();
    repl.says(
        "Object subclass: Deep [ down [ ^ [ self down ] on: StackOverflow do: [ :e | e retry ] ] ]",
        "Deep",
    );
    for source in [
        "server := Socket newTCP. server listenOn: 0 backlogSize: 5. client := Socket newTCP. \
         client connectTo: #[127 0 0 1] port: server localPort. client waitForDataFor: 600",
        "Deep new down",
        "[ (Delay forSeconds: 600) wait ] ensure: [ Transcript show: 'ensured'; cr ]",
        "100000 factorial printString size",
    ] {
        repl.is_interrupted_in(source);
    }
    repl.leave();
}

/// As in a terminal that a script started in the background.
#[test]
fn control_c_works_where_it_was_ignored() {
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "trap '' INT; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_chirp"),
    ]);
    let mut repl = Repl::start_command(shell, Repl::folder(), &["--color", "never"], "xterm");
    repl.is_interrupted_in("[ ] repeat");
    repl.leave();
}

#[test]
fn errors_of_other_processes_are_told_above_the_prompt() {
    let mut repl = Repl::start();
    repl.line("[ (Delay forMilliseconds: 100) wait. nil zork ] fork. #forked");
    repl.expect("\n#forked\r\n");
    repl.prompt();
    repl.keys("3 + ");
    repl.expect("did not understand #zork");
    repl.keys("4\r");
    repl.expect("\n7\r\n");
    repl.leave();
}

#[test]
fn other_processes_show_the_beginning_of_a_line_and_outlive_an_entry() {
    let mut repl = Repl::start();
    repl.says(
        "[ (Delay forMilliseconds: 100) wait. Transcript show: 'half a '; show: 'line' ] fork. #forked",
        "#forked",
    );
    // Nothing is typed meanwhile.
    repl.expect("half a line\r");
    repl.prompt();
    repl.says(
        "n := 0. [ [ n := n + 1. n printString ] repeat ] forkAt: Processor userBackgroundPriority. #busy",
        "#busy",
    );
    for _ in 0..3 {
        repl.says(
            "before := n. (Delay forMilliseconds: 20) wait. before = n",
            "false",
        );
    }
    repl.leave();
}

#[test]
fn the_terminal_may_change_its_size() {
    let mut repl = Repl::start();
    for (rows, columns) in [(10, 20), (1, 1), (200, 300), (0, 0), (24, 80)] {
        repl.keys("'some text that is longer than a line' siz");
        repl.resize(rows, columns);
        repl.session
            .process_mut()
            .signal(Signal::SIGWINCH)
            .expect("a signal is sent");
        repl.keys("e");
        repl.control('c');
        // A new size shows the prompt again and again: it does not tell when Ctrl-C was heard. Between two lines it
        // clears nothing, since what was typed there belongs to the next one.
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    repl.says("3 + 4", "7");
    repl.leave();
}

#[test]
fn large_pastes() {
    let mut repl = Repl::start();
    let adds: String = (1..=9000).map(|i| format!("a add: {i}.\n")).collect();
    let entry = format!("a := OrderedCollection new.\n{adds}a size");
    assert!(entry.len() > 100_000);
    repl.line(&format!("\x1b[200~{entry}\x1b[201~"));
    repl.expect("\n9000\r\n");
    repl.prompt();
    // Without brackets every line is an entry.
    let lines = "b := b + 1\r".repeat(1000);
    repl.keys(&format!("b := 0\r{lines}b * 5\r"));
    repl.expect("\n5000\r\n");
    repl.prompt();
    repl.leave();
}

#[test]
fn hanging_up_ends_the_session() {
    let mut repl = Repl::start();
    repl.session
        .process_mut()
        .signal(Signal::SIGHUP)
        .expect("a signal is sent");
    repl.session.exp_eof().expect("chirp ends");
    let status = repl.session.process().wait().expect("a status");
    assert!(format!("{status:?}").contains(", 129)"), "{status:?}");
    let _ = std::fs::remove_dir_all(&repl.state);
}

#[test]
fn keys_at_random_leave_a_prompt_that_answers() {
    let mut repl = Repl::start();
    let mut random = 20_261_128_u64;
    let mut next = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % bound as u64) as usize
    };
    let pieces = [
        "\x1b[A",
        "\x1b[B",
        "\x1b[C",
        "\x1b[D",
        "\x1b[H",
        "\x1b[F",
        "\x1b[3~",
        "\x1b[5~",
        "\x1b[1;5C",
        "\x1bOP",
        "\x1b",
        "\x1b[200~",
        "\x1b[201~",
        "\x1b[<0;1;1M",
        "\x1b[999999999;9R",
        "\x1b]0;x\x07",
        "\x1bb",
        "\x1bd",
        "\x1by",
        "\r",
        "\n",
        "\t",
        "\x7f",
        "\x01",
        "\x02",
        "\x05",
        "\x06",
        "\x07",
        "\x08",
        "\x0b",
        "\x0c",
        "\x0e",
        "\x10",
        "\x12",
        "\x13",
        "\x14",
        "\x15",
        "\x16",
        "\x17",
        "\x18",
        "\x19",
        "\x1f",
        "\x03",
        "'",
        "\"",
        "[",
        "]",
        "(",
        ")",
        "#",
        "$",
        ":",
        ";",
        ".",
        "^",
        "_",
        "!",
        "é",
        "日",
        "👩‍👧",
        "\u{301}",
        "\u{202e}",
        "3",
        "+ ",
        "foo ",
        "self ",
        "at: ",
        ":help",
        ":inspect ",
        ":= ",
        "\0",
    ];
    for _ in 0..4000 {
        repl.session
            .send(pieces[next(pieces.len())])
            .expect("keys are taken");
        if next(50) == 0 {
            repl.session.flush().expect("keys are taken");
        }
    }
    // Whatever is being edited, pasted or searched: this ends it. Output may have been stopped as well. Said again and
    // again: while an entry is evaluated, the terminal itself drops what goes beyond 4 KB.
    for _ in 0..30 {
        repl.keys("\x11\x1b[201~\x07\x03");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    repl.line("3000 + 4321");
    repl.expect("7321\r\n");
    // Earlier prompts may still be unread: this one is shown when its entry is answered.
    repl.line(":quit");
    repl.session.exp_eof().expect("chirp ends");
    let _ = std::fs::remove_dir_all(&repl.state);
}

#[test]
fn a_session_that_was_given_up_has_no_prompt() {
    let state = Repl::folder();
    std::fs::create_dir_all(state.join("chirp")).expect("a folder");
    let made = Command::new("mkfifo")
        .arg(state.join("chirp/init.st"))
        .status();
    assert!(made.expect("mkfifo runs").success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_chirp"));
    command
        .args(["--color", "never", "--timeout", "500ms"])
        .env("XDG_STATE_HOME", &state)
        .env("XDG_CONFIG_HOME", &state)
        .env("TERM", "xterm");
    let mut session = rexpect::session::spawn_command(command, Some(60_000)).expect("a session");
    session.exp_string("out of time").expect("the reason");
    let rest = session.exp_eof().expect("chirp ends");
    assert!(!rest.contains("chirp>"), "{rest}");
    let _ = std::fs::remove_dir_all(&state);
}
