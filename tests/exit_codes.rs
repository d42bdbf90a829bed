//! The exit codes of the command line, one after the other: what scripts and shells rely on. Those of signals before
//! anybody is at work stand in `cli.rs`.

#![cfg(feature = "cli")]

mod common;

use common::{Folder, chirp, chirp_with, code, err, out, output_of};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

#[track_caller]
fn ends(expected: i32, arguments: &[&str]) -> String {
    let output = chirp(arguments);
    assert_eq!(code(&output), expected, "{arguments:?}\n{}", err(&output));
    err(&output)
}

#[test]
fn what_the_program_says() {
    for (asked, code) in [("0", 0), ("1", 1), ("2", 2), ("124", 124), ("255", 255)] {
        assert_eq!(ends(code, &["-e", &format!("Smalltalk exit: {asked}")]), "");
    }
    assert_eq!(ends(0, &["-e", "Smalltalk exitSuccess"]), "");
    assert_eq!(ends(1, &["-e", "Smalltalk exitFailure"]), "");
    // The system keeps eight bits; what is no success does not become one.
    for asked in ["256", "-256", "1 << 40"] {
        ends(255, &["-e", &format!("Smalltalk exit: {asked}")]);
    }
    for asked in ["'3'", "3.0", "nil", "1 << 100"] {
        let text = ends(1, &["-e", &format!("Smalltalk exit: {asked}")]);
        assert!(text.starts_with("error: "), "{asked}: {text}");
    }
    // Errors of other Processes are told, and change nothing about it.
    for asked in [0, 3] {
        let source = format!("[ 1 / 0 ] fork. Processor yield. Smalltalk exit: {asked}");
        let text = ends(asked, &["-e", &source]);
        assert!(text.contains("ZeroDivide"), "{text}");
    }
    // At once: nothing cleans up, and nothing comes behind it.
    let source = "[ [ Smalltalk exit: 7 ] ensure: [ 'no' displayNl ] ] on: Exception do: [ :e | 'no' displayNl ]. 'no' displayNl";
    let output = chirp(&["-e", source, "-p", "3"]);
    assert_eq!((code(&output), out(&output)), (7, String::new()));
    assert_eq!(
        code(&chirp(&[
            "-e",
            "[ Smalltalk exit: 7 ] fork. (Delay forSeconds: 60) wait"
        ])),
        7
    );
}

#[test]
fn a_limit_below_zero_is_told_as_one() {
    for option in ["--fuel", "--memory", "--timeout"] {
        for number in ["-1", "-5m"] {
            let text = ends(2, &[option, number, "-e", "3"]);
            let wrong = format!("error: invalid value '{number}' for '{option} <");
            assert!(text.starts_with(&wrong), "{text}");
            assert!(text.contains("must not be negative"), "{text}");
        }
    }
}

#[test]
fn errors() {
    ends(1, &["-e", "1 / 0"]);
    ends(1, &["-p", "1 / 0"]);
    ends(1, &["-e", "[ 1 / 0 ] fork. Processor yield"]);
    ends(1, &["-e", "[ 1 / 0 ] ensure: [ 3 ]"]);
    assert_eq!(code(&chirp_with(&[], "nil foo")), 1);
    assert_eq!(code(&chirp_with(&["-"], "nil foo")), 1);
    // A Warning that nobody handles is told, and the program goes on.
    assert_eq!(code(&chirp(&["-e", "(Error new) description"])), 0);
}

#[test]
fn wrong_usage() {
    for arguments in [
        &["--nonsense"][..],
        &["-e"],
        &["-p"],
        &["--fuel", "much", "-e", "3"],
        &["--fuel", "-1", "-e", "3"],
        &["--fuel", "", "-e", "3"],
        &["--memory", "64Q", "-e", "3"],
        &["--memory", "0", "-e", "3"],
        &["--memory", "1k", "-e", "3"],
        &["--timeout", "soon", "-e", "3"],
        &["--timeout", "-1", "-e", "3"],
        &["--color", "red", "-e", "3"],
        &["--allow-net=host:port:more", "-e", "3"],
        &["explain", "E9999"],
        &["check"],
        &["check", "/no/such/file.st"],
        &["completions", "csh"],
        &["man", "nonsense"],
        &["--image", "/no/such/folder", "-e", "3"],
    ] {
        let text = ends(2, arguments);
        assert!(text.contains("error"), "{arguments:?}: {text}");
    }
}

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::new();
    let latin = std::path::Path::new(folder.path()).join("latin.st");
    std::fs::write(&latin, b"'gr\xfc\xdfe' displayNl").unwrap();
    let latin = latin.to_str().unwrap();
    for path in ["/no/such/file.st", folder.path(), latin] {
        let text = ends(2, &[path]);
        assert!(text.starts_with("error: ") && text.contains(path), "{text}");
        assert_eq!(code(&chirp(&["check", path])).max(2), 2, "{path}");
        ends(2, &["--load", "/no/such/file.st", "-e", "3"]);
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_chirp"));
    command
        .arg("-e")
        .arg(std::ffi::OsStr::from_bytes(b"'\xff'"));
    assert_eq!(code(&command.output().unwrap()), 2);
}

#[test]
fn sources_that_do_not_compile() {
    let folder = Folder::new();
    let wrong = folder.file("wrong.st", "3 + .\n");
    ends(65, &[&wrong]);
    assert_eq!(code(&chirp_with(&["-"], "3 + .")), 65);
    assert_eq!(code(&chirp_with(&[], "3 + .")), 65);
    ends(65, &["-e", "3 + ."]);
    ends(65, &["-p", "3 + ."]);
    ends(65, &["check", &wrong]);
    ends(65, &["--load", &wrong, "-e", "3"]);
    // So it is with what a program requires.
    let asks = folder.file("asks.st", "Smalltalk require: 'wrong.st'");
    let text = ends(65, &[&asks]);
    assert!(text.contains("wrong.st"), "{text}");
    // Nothing of a file with a mistake runs.
    let late = folder.file("late.st", "'no' displayNl.\n3 + .\n");
    assert_eq!(out(&chirp(&[&late])), "");
}

#[test]
fn limits() {
    let endless = "[ true ] whileTrue";
    let grow = "| all | [ all := { all. Array new: 100 } ] repeat";
    let deep = "Object compile: 'down ^ [ self down + 1 ] on: StackOverflow do: [ :e | self down ]'. 3 down";
    for (option, value, source, said) in [
        ("--fuel", "1e5", endless, "out of fuel (--fuel)"),
        ("--fuel", "0", "3", "out of fuel (--fuel)"),
        ("--timeout", "50ms", endless, "out of time (--timeout)"),
        (
            "--timeout",
            "50ms",
            "(Delay forSeconds: 60) wait",
            "out of time (--timeout)",
        ),
        ("--timeout", "0", "3", "out of time (--timeout)"),
        ("--memory", "20M", grow, "emory"),
        ("--memory", "1G", deep, "too many nested calls"),
    ] {
        // That there is no room for one object more is an exception.
        let handled = if source == grow {
            "ZeroDivide"
        } else {
            "Exception"
        };
        let guarded = format!(
            "[ [ {source} ] on: {handled} do: [ :e | 'handled' displayNl ] ] ensure: [ 'cleaned' displayNl ]. 'on' displayNl"
        );
        let output = chirp(&[option, value, "-e", &guarded]);
        assert_eq!(code(&output), 124, "{source}: {}", err(&output));
        assert!(
            err(&output)
                .lines()
                .next()
                .is_some_and(|l| l.contains(said)),
            "{}",
            err(&output)
        );
        let cleaned = if value == "0" { "" } else { "cleaned\n" };
        assert_eq!(out(&output), cleaned, "{source}");
    }
    // Other Processes clean up as well, and what one of them does there is no longer told.
    let source = "[ [ Semaphore new wait ] ensure: [ 'other' displayNl ] ] fork. Processor yield. [ true ] whileTrue";
    let output = chirp(&["--fuel", "1e5", "-e", source]);
    assert_eq!((code(&output), out(&output)), (124, "other\n".into()));
    // What comes behind it does not run.
    let output = chirp(&["--fuel", "1e5", "-e", endless, "-p", "3 + 4"]);
    assert_eq!((code(&output), out(&output)), (124, String::new()));
}

/// Runs a program, and does something to it when it has said that it is at work.
fn at_work(source: &str, act: impl FnOnce(&mut Child)) -> Output {
    let mut child = Command::new("env")
        .args([
            "--default-signal=INT,TERM,HUP,PIPE",
            env!("CARGO_BIN_EXE_chirp"),
            "-e",
        ])
        .arg(format!("Transcript show: 'x'; flush. {source}"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("chirp starts");
    let mut first = [0];
    let _ = child
        .stdout
        .as_mut()
        .map(|pipe| pipe.read_exact(&mut first));
    act(&mut child);
    output_of(child)
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).expect("a process");
}

const BUSY: &str = "[ [ true ] whileTrue ] ensure: [ 'cleaned' displayNl ]";
const HUNG: &str = "[ [ [ true ] whileTrue ] on: UserInterrupt do: [ :e | Transcript show: 'again'; cr; flush. [ true ] whileTrue ] ]
    ensure: [ 'cleaned' displayNl ]. 'went on' displayNl";

#[test]
fn signals() {
    for (which, expected) in [
        (Signal::SIGINT, 130),
        (Signal::SIGTERM, 143),
        (Signal::SIGHUP, 129),
    ] {
        let output = at_work(BUSY, |child| signal(child, which));
        assert_eq!(
            (code(&output), out(&output)),
            (expected, "cleaned\n".into()),
            "{which}"
        );
        let handled = "[ [ true ] whileTrue ] on: UserInterrupt do: [ :e | Smalltalk exit: 5 ]";
        let output = at_work(handled, |child| signal(child, which));
        let expected = if which == Signal::SIGINT { 5 } else { expected };
        assert_eq!(code(&output), expected, "{which}");
    }
    // The second one stops what handles the first.
    for (which, expected) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let output = at_work(HUNG, |child| {
            signal(child, which);
            let mut said = [0; 6];
            let _ = child.stdout.as_mut().map(|pipe| pipe.read_exact(&mut said));
            assert_eq!(&said, b"again\n");
            signal(child, which);
        });
        assert_eq!(
            (code(&output), out(&output)),
            (expected, "cleaned\n".into()),
            "{which}"
        );
        let text = err(&output);
        assert_eq!(
            text.contains("error: interrupted"),
            which == Signal::SIGINT,
            "{text}"
        );
    }
}

#[test]
fn a_reader_that_went_away() {
    let output = at_work("[ 'more' displayNl. Transcript flush ] repeat", |child| {
        drop(child.stdout.take());
        std::thread::sleep(Duration::from_millis(20));
    });
    assert_eq!((code(&output), err(&output)), (0, String::new()));
}
