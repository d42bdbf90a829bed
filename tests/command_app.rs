//! A host's own command: `examples/embed_command.rs`, in a process of its own.

#![cfg(feature = "cli")]

mod common;

#[allow(dead_code)]
#[path = "../examples/embed_command.rs"]
mod embed_command;

use common::{code, err, out};
use std::process::{Command, Output};

/// Holds the arguments, one a line, in the process that is the command.
const ARGUMENTS: &str = "CHIRP_TEST_ARGUMENTS";

/// Not a test by itself: the command, when this binary is started as one.
#[test]
fn the_command() {
    if let Ok(arguments) = std::env::var(ARGUMENTS) {
        let words = std::iter::once("shout").chain(arguments.lines());
        std::process::exit(embed_command::command().run(words.collect::<Vec<_>>()));
    }
}

/// This binary, started as the command.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    command
        .args([
            "the_command",
            "--exact",
            "--nocapture",
            "--quiet",
            "--test-threads=1",
        ])
        .env(ARGUMENTS, arguments.join("\n"));
    command
}

fn shout(arguments: &[&str]) -> Output {
    common::run(&mut command(arguments), "")
}

#[test]
fn what_is_registered_is_there() {
    let output = shout(&["-p", "Shout value: 'hello'", "-p", "3 loud"]);
    assert_eq!((code(&output), err(&output).as_str()), (0, ""));
    assert!(
        out(&output).ends_with("'HELLO!'\n'3!'\n"),
        "{}",
        out(&output)
    );
}

#[test]
fn it_has_its_own_name_and_chirps_options() {
    assert!(out(&shout(&["--version"])).ends_with("shout 1.0\n"));
    let help = out(&shout(&["--help"]));
    assert!(
        help.contains("Smalltalk with a loud voice") && help.contains("shout [OPTIONS] FILE"),
        "{help}"
    );
    assert!(!help.contains("chirp [OPTIONS]"), "{help}");
    assert!(out(&shout(&["completions", "bash"])).contains("_shout()"));
    assert_eq!(code(&shout(&["-e", "nil foo"])), 1);
    assert_eq!(code(&shout(&["-e", "Smalltalk exit: 7"])), 7);
    assert_eq!(code(&shout(&["--nonsense"])), 2);
    assert_eq!(code(&shout(&["-e", "3 +"])), 65);
}

#[test]
fn it_checks_tests_and_explains_with_its_own_words() {
    let folder = common::Folder::new();
    let program = folder.file(
        "a.st",
        "Transcript show: (Shout value: 'hi'); cr. 3 loud. 3 lout",
    );
    let output = shout(&["check", &program]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let told = err(&output);
    assert!(
        told.contains("nobody implements `lout`") || told.contains("does not understand `lout`"),
        "{told}"
    );
    assert!(
        !told.contains("`loud`\n") && !told.contains("`Shout`"),
        "{told}"
    );
    assert!(out(&shout(&[&program])).ends_with("HI!\n"));
    let tests = folder.file(
        "b.st",
        "TestCase subclass: LoudTest [ testLoud [ self assert: 3 loud equals: '3!' ] ]",
    );
    let output = shout(&["test", &tests]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&shout(&["explain", "E0104"])).contains("E0104: a bracket"));
    assert!(out(&shout(&["man"])).contains(".TH shout 1"));
    assert!(out(&shout(&["doc", "Integer>>loud"])).contains("loud"));
}

#[test]
fn it_has_the_prompt() {
    let mut command = command(&["-i", "--no-init", "--color", "never"]);
    command
        .env("XDG_STATE_HOME", common::Folder::new().path())
        .env("TERM", "xterm");
    let mut session = rexpect::session::spawn_command(command, Some(60_000)).expect("a session");
    session.exp_string("chirp> ").expect("a prompt");
    session.send_line("3 loud").expect("a line is taken");
    session.exp_string("\n'3!'\r\n").expect("a result");
    session
        .send_line("Shout value: 'it'")
        .expect("a line is taken");
    session.exp_string("'IT!'").expect("a result");
    session.exp_string("chirp> ").expect("a prompt");
    session.send_control('d').expect("a key is taken");
    session.exp_eof().expect("it ends");
}
