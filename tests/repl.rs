//! The prompt, in a real terminal: a pseudo-terminal with chirp on the other side.

#![cfg(feature = "cli")]

mod prompt;

use prompt::Repl;

#[test]
fn results_are_printed() {
    let mut repl = Repl::start();
    repl.says("6 * 7", "42");
    repl.says("'it''s'", "'it''s'");
    repl.leave();
}

#[test]
fn variables_live_on() {
    let mut repl = Repl::start();
    repl.says("x := 3", "3");
    repl.says("x + 4", "7");
    repl.says("_ * 2", "14");
    repl.leave();
}

#[test]
fn a_global_of_an_earlier_line_is_assigned() {
    let mut repl = Repl::start();
    repl.says("Smalltalk at: #X put: 1", "1");
    repl.says("X := 2", "2");
    repl.says("Smalltalk at: #X", "2");
    repl.leave();
}

#[test]
fn an_error_leaves_the_prompt_usable() {
    let mut repl = Repl::start();
    repl.line("nil foo");
    repl.expect("MessageNotUnderstood");
    repl.prompt();
    repl.line("3 + )");
    repl.expect("error");
    repl.prompt();
    repl.line("unknown + 1");
    repl.expect("unknown");
    repl.prompt();
    repl.says("1 + 1", "2");
    repl.leave();
}

#[test]
fn unfinished_input_goes_on_in_the_next_line() {
    let mut repl = Repl::start();
    repl.line("[:x |");
    repl.line("x * 2] value: 4");
    repl.expect("\n8\r\n");
    repl.prompt();
    repl.leave();
}

#[test]
fn a_class_in_brackets_ends_with_its_bracket() {
    let mut repl = Repl::start();
    repl.line("Object subclass: Lamp [");
    repl.line("glow [ ^ 'bright' ]");
    repl.line("]");
    repl.expect("\nLamp\r\n");
    repl.prompt();
    repl.says(
        "Lamp extend [ dim [ ^ 3 ] ]. lamp := Lamp new. lamp dim",
        "3",
    );
    repl.says("lamp glow", "'bright'");
    repl.leave();
}

#[test]
fn what_is_typed_ahead_is_kept() {
    let mut repl = Repl::start();
    repl.line("a := 3.\r[:x |\r  x + a ] value: 4\ra * 5");
    repl.expect("\n3\r\n");
    repl.prompt();
    repl.expect("\n7\r\n");
    repl.prompt();
    repl.expect("\n15\r\n");
    repl.prompt();
    repl.leave();
}

#[test]
fn a_paste_of_several_lines_is_one_entry() {
    let mut repl = Repl::start();
    repl.line("\x1b[200~a := 3.\nb := 4.\n[:x |\n  x + a ] value: b\x1b[201~");
    repl.expect("\n7\r\n");
    repl.prompt();
    repl.leave();
}

#[test]
fn results_and_errors_begin_on_a_line_of_their_own() {
    let mut repl = Repl::start();
    repl.line("Transcript show: 'abc'. 3");
    repl.expect("\nabc\r\n3\r\n");
    repl.prompt();
    repl.line("Transcript show: 'abc'. nil foo");
    repl.expect("\nabc\r\nerror: ");
    repl.prompt();
    repl.leave();
}

#[test]
fn long_results_are_cut() {
    let mut repl = Repl::start();
    repl.line("String new: 5000 withAll: $a");
    repl.expect("(cut after 4000 characters; :all shows all)");
    repl.prompt();
    repl.leave();
}

#[test]
fn control_c_ends_whatever_runs() {
    let mut repl = Repl::start();
    repl.says(
        "Object compile: 'again [ self again ] value. ^ 3'",
        "#again",
    );
    for source in [
        "(Delay forSeconds: 600) wait",
        "[ 3 again ] on: StackOverflow do: [:e | e retry ]",
        "[ (1 to: 200000) asArray printString ] repeat",
        "(Socket newTCP listenOn: 0 backlogSize: 5) waitForAcceptFor: nil",
        "[[true] whileTrue] valueUnpreemptively",
    ] {
        repl.is_interrupted_in(source);
    }
    repl.leave();
}

#[test]
fn a_server_serves_while_the_prompt_waits() {
    use std::io::{Read, Write};
    let mut repl = Repl::start();
    let path = repl.state.with_extension("sock");
    let path = path.to_str().expect("a name in UTF-8");
    repl.line(&format!(
        "server := Socket listenOnPath: '{path}' backlogSize: 3. \
         [ | c | [ c := server waitForAcceptFor: nil. c sendData: c receiveData asUppercase. \
         c closeAndDestroy ] repeat ] fork. #serving"
    ));
    repl.expect("\n#serving\r\n");
    repl.prompt();
    for _ in 0..3 {
        let mut client = std::os::unix::net::UnixStream::connect(path).expect("a connection");
        client.write_all(b"hello").expect("it takes bytes");
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer");
        assert_eq!(answer, "HELLO");
    }
    repl.says("1 + 1", "2");
    repl.leave();
    let _ = std::fs::remove_file(path);
}

#[test]
fn control_c_ends_an_endless_loop() {
    let mut repl = Repl::start();
    repl.line("Transcript show: 'go'; cr. [true] whileTrue: []");
    repl.expect("\ngo\r\n");
    repl.control('c');
    repl.prompt();
    repl.says("1 + 1", "2");
    repl.leave();
}

#[test]
fn control_c_can_be_caught_and_a_second_one_cannot() {
    let mut repl = Repl::start();
    repl.line(
        "[Transcript show: 'go'; cr. [true] whileTrue: []] on: UserInterrupt do: [:e | #caught]",
    );
    repl.expect("\ngo\r\n");
    repl.control('c');
    repl.expect("#caught\r\n");
    repl.prompt();
    repl.line("[true] whileTrue: [[Transcript show: 'again'; cr. [true] whileTrue: []] on: UserInterrupt do: [:e | ]]");
    repl.expect("\nagain\r\n");
    repl.control('c');
    repl.expect("again\r\n");
    repl.control('c');
    repl.prompt();
    repl.says("1 + 1", "2");
    repl.leave();
}

#[test]
fn control_c_clears_the_line() {
    let mut repl = Repl::start();
    repl.session.send("nil foo").expect("keys are taken");
    repl.session.flush().expect("keys are taken");
    repl.expect("nil foo");
    repl.control('c');
    repl.prompt();
    repl.says("1 + 1", "2");
    repl.leave();
}

#[test]
fn processes_go_on_while_a_line_is_typed() {
    let mut repl = Repl::start();
    repl.line("n := 0. [[n := n + 1. (Delay forMilliseconds: 1) wait. n = 20 ifTrue: [Transcript show: 'twenty'; cr]] repeat] fork. #forked");
    repl.expect("\n#forked\r\n");
    repl.expect("twenty");
    repl.says("n >= 20", "true");
    repl.leave();
}

#[test]
fn names_and_selectors_are_completed() {
    let mut repl = Repl::start();
    repl.session
        .send("OrderedColl\t new\t")
        .expect("keys are taken");
    repl.session.flush().expect("keys are taken");
    repl.expect("OrderedCollection");
    repl.control('c');
    repl.prompt();
    repl.line("'abc' asUpperc\t");
    repl.expect("\n'ABC'\r\n");
    repl.prompt();
    repl.leave();
}

#[test]
fn the_history_survives_the_session() {
    let mut repl = Repl::start();
    repl.says("111 + 222", "333");
    let state = repl.state.clone();
    repl.control('d');
    repl.session.exp_eof().expect("chirp ends");
    let mut repl = Repl::start_in(state);
    repl.session.send("\x1b[A\r").expect("keys are taken");
    repl.session.flush().expect("keys are taken");
    repl.expect("\n333\r\n");
    repl.prompt();
    repl.leave();
}

#[test]
fn exit_leaves_with_its_code() {
    let mut repl = Repl::start();
    repl.line("Smalltalk exit: 3");
    repl.session.exp_eof().expect("chirp ends");
    let status = repl.session.process().wait().expect("a status");
    assert!(format!("{status:?}").contains(", 3)"), "{status:?}");
    let _ = std::fs::remove_dir_all(&repl.state);
}

#[test]
fn errors_that_were_told_at_the_prompt_are_no_failure_of_the_session() {
    for keys in ["\x04", ":quit\r", "Smalltalk exit: 0\r"] {
        let mut repl = Repl::start();
        repl.tells("[ 1 / 0 ] fork. Processor yield", "ZeroDivide");
        repl.line("[[ Semaphore new wait ] ensure: [ nil foo ]] fork. #forked");
        repl.expect("\n#forked\r\n");
        repl.prompt();
        repl.keys(keys);
        repl.session.exp_eof().expect("chirp ends");
        let status = repl.session.process().wait().expect("a status");
        assert!(
            format!("{status:?}").contains(", 0)"),
            "{keys:?}: {status:?}"
        );
        let _ = std::fs::remove_dir_all(&repl.state);
    }
}

#[test]
fn a_process_can_end_the_session_while_a_line_is_typed() {
    let mut repl = Repl::start();
    repl.line("[(Delay forMilliseconds: 100) wait. Smalltalk exit: 4] fork. #forked");
    repl.expect("\n#forked\r\n");
    repl.session.exp_eof().expect("chirp ends");
    let status = repl.session.process().wait().expect("a status");
    assert!(format!("{status:?}").contains(", 4)"), "{status:?}");
    let _ = std::fs::remove_dir_all(&repl.state);
}

#[test]
fn the_end_of_the_session_ends_processes_properly() {
    let mut repl = Repl::start();
    repl.line("[[Semaphore new wait] ensure: [Transcript show: 'bye'; cr]] fork. #forked");
    repl.expect("\n#forked\r\n");
    repl.prompt();
    repl.control('d');
    repl.expect("bye");
    repl.session.exp_eof().expect("chirp ends");
    let _ = std::fs::remove_dir_all(&repl.state);
}

#[test]
fn sigterm_at_the_prompt_ends_the_session() {
    let mut repl = Repl::start();
    let signal = nix::sys::signal::Signal::SIGTERM;
    repl.session
        .process_mut()
        .signal(signal)
        .expect("a signal is sent");
    repl.session.exp_eof().expect("chirp ends");
    let status = repl.session.process().wait().expect("a status");
    assert!(format!("{status:?}").contains(", 143)"), "{status:?}");
    let _ = std::fs::remove_dir_all(&repl.state);
}
