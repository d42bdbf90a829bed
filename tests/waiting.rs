//! Scripts that come late, or never: from standard input, pipes and devices. Limits of time and Ctrl-C hold there too.

#![cfg(feature = "cli")]

mod common;

use common::*;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use std::process::{Command, Stdio};

fn pipe(folder: &Folder, name: &str) -> String {
    let path = format!("{}/{name}", folder.path());
    mkfifo(path.as_str(), Mode::S_IRWXU).expect("a pipe");
    path
}

#[test]
fn a_limit_of_time_holds_for_what_nobody_writes() {
    let folder = Folder::new();
    let pipe = pipe(&folder, "a.st");
    for arguments in [
        &["--timeout", "200ms", &pipe][..],
        &["--timeout", "200ms", "--load", &pipe, "-e", "1"],
        &["--timeout", "200ms", "check", &pipe],
        &["--timeout", "200ms", "test", &pipe],
        &["--timeout", "200ms", "dis", &pipe],
    ] {
        let output = chirp(arguments);
        let told = (code(&output), err(&output));
        let message = format!("error: {pipe}: out of time (--timeout) while it was read\n");
        assert_eq!(told, (124, message), "{arguments:?}");
        assert_eq!(out(&output), "", "{arguments:?}");
    }
}

#[test]
fn a_limit_of_time_holds_for_standard_input_held_open() {
    for arguments in [&["--timeout", "200ms"][..], &["--timeout", "200ms", "-"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chirp"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("chirp starts");
        let held = child.stdin.take();
        let output = output_of(child);
        drop(held);
        let told = (code(&output), err(&output));
        let message = "error: stdin: out of time (--timeout) while it was read\n".to_string();
        assert_eq!(told, (124, message));
    }
}

#[test]
fn one_interrupt_ends_the_wait() {
    let folder = Folder::new();
    let pipe = pipe(&folder, "a.st");
    let child = Command::new(env!("CARGO_BIN_EXE_chirp"))
        .args(["-e", "'there' displayNl", "--load", &pipe])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("chirp starts");
    let process = Pid::from_raw(child.id() as i32);
    // It reads what is written in pieces, and then waits for more.
    let writer = std::fs::OpenOptions::new()
        .write(true)
        .open(&pipe)
        .expect("the pipe");
    kill(process, Signal::SIGINT).expect("a signal is sent");
    let output = output_of(child);
    drop(writer);
    let told = (code(&output), err(&output));
    assert_eq!(
        told,
        (
            130,
            format!("error: {pipe}: interrupted while it was read\n")
        )
    );
    assert_eq!(out(&output), "");
}

#[test]
fn pipes_that_are_named_are_read() {
    let told = |script: &str| {
        let command = script.replace("CHIRP", env!("CARGO_BIN_EXE_chirp"));
        let output = run(Command::new("bash").args(["-c", &command]), "");
        (code(&output), out(&output), err(&output))
    };
    let done = |text: &str| (0, text.to_string(), String::new());
    assert_eq!(told("CHIRP <(echo \"'hi' displayNl\")"), done("hi\n"));
    assert_eq!(
        told("CHIRP --timeout 60 <(echo \"'hi' displayNl\")"),
        done("hi\n")
    );
    assert_eq!(
        told("(sleep 0.3; echo '3 displayNl') | CHIRP -"),
        done("3\n")
    );
    assert_eq!(
        told("CHIRP --load <(echo 'Object subclass: Lamp [ glow [ ^ 7 ] ]') -p 'Lamp new glow'"),
        done("7\n")
    );
    assert_eq!(told("CHIRP check <(echo 3)"), done(""));
    assert_eq!(told("CHIRP /dev/null"), done(""));
    let (status, _, message) = told("CHIRP /dev/zero");
    assert_eq!(status, 2);
    assert!(
        message.contains("/dev/zero: more than 256 MB, and no end"),
        "{message}"
    );
}

#[test]
fn what_is_no_file_in_a_folder_is_refused_and_not_waited_for() {
    let folder = Folder::new();
    folder.file(
        "Fruit/Pear.class.st",
        "Class { #name : 'Pear', #superclass : 'Object', #category : 'Fruit' }\n",
    );
    let pipe = pipe(&folder, "Fruit/a.st");
    let device = format!("{}/Fruit/z.st", folder.path());
    std::os::unix::fs::symlink("/dev/zero", &device).expect("a link");
    let socket = format!("{}/Fruit/s.st", folder.path());
    let _socket = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    let package = format!("{}/Fruit", folder.path());
    for arguments in [
        &["--load", &package, "-e", "1"][..],
        &["check", &package],
        &["test", &package],
    ] {
        let output = chirp(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        for path in [&pipe, &device, &socket] {
            let message = format!("error: {path}: it is no file on disk\n");
            assert!(
                err(&output).contains(&message),
                "{arguments:?}: {}",
                err(&output)
            );
        }
    }
    let output = chirp(&[&socket]);
    let message = format!("error: {socket} is a socket, and no file\n");
    assert_eq!((code(&output), err(&output)), (2, message));
}
