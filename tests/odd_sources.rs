//! Programs from odd places and in odd bytes: each runs, or says what is wrong with it.

#![cfg(feature = "cli")]

mod common;

use common::{Folder, chirp, code, err, out, prints};

fn written(name: &str, bytes: &[u8]) -> (Folder, String) {
    let folder = Folder::new();
    let path = folder.file(name, "");
    std::fs::write(&path, bytes).expect("a file is written");
    (folder, path)
}

#[test]
fn nothing_to_do_is_done() {
    for text in [
        "",
        "\n\n",
        "\"only a comment\"",
        "#!/usr/bin/env chirp",
        "\u{feff}",
        ".",
    ] {
        let (_folder, path) = written("a.st", text.as_bytes());
        assert_eq!(prints(&[&path]), "", "{text:?}");
        assert_eq!(prints(&["check", &path]), "", "{text:?}");
    }
}

#[test]
fn line_ends_and_marks_of_every_system() {
    let program = "#!/usr/bin/env chirp\nx := 'a\nb'.\nTranscript show: x size printString; cr";
    for (text, size) in [
        (program.to_string(), "3\n"),
        (program.replace('\n', "\r\n"), "4\n"),
        (program.replace('\n', "\r"), "3\n"),
        (format!("\u{feff}{}", &program[21..]), "3\n"),
    ] {
        let (_folder, path) = written("a.st", text.as_bytes());
        assert_eq!(prints(&[&path]), size, "{text:?}");
    }
}

#[test]
fn bytes_that_are_no_program() {
    for (bytes, told) in [
        (&b"x := 3.\0 y := 4"[..], "the control character U+0000"),
        (b"x := '\xff'", "not UTF-8: line 1"),
        (b"3.\n\xff\xfe4", "not UTF-8: line 2"),
        (b"\xff\xfe3\0 \0+\0", "not UTF-8: line 1"),
    ] {
        let (_folder, path) = written("a.st", bytes);
        let output = chirp(&[&path]);
        assert!(matches!(code(&output), 2 | 65), "{}", err(&output));
        assert!(err(&output).contains(told), "{}", err(&output));
    }
}

#[test]
fn a_program_from_a_fifo() {
    let folder = Folder::new();
    let path = format!("{}/fifo", folder.path());
    nix::unistd::mkfifo(path.as_str(), nix::sys::stat::Mode::S_IRWXU).expect("a fifo");
    let fifo = path.clone();
    let writer = std::thread::spawn(move || {
        std::fs::write(fifo, "Transcript show: Smalltalk arguments printString; cr")
    });
    assert_eq!(prints(&[&path, "a"]), "#('a')\n");
    writer.join().expect("a thread").expect("it is written");
}

#[test]
fn a_class_in_tonel_from_a_fifo_has_no_package() {
    for command in ["check", "test"] {
        let folder = Folder::new();
        let path = format!("{}/fifo", folder.path());
        nix::unistd::mkfifo(path.as_str(), nix::sys::stat::Mode::S_IRWXU).expect("a fifo");
        let fifo = path.clone();
        let class = "Class {\n\t#name : 'A',\n\t#superclass : 'Object',\n\t#package : 'P'\n}\n";
        let writer = std::thread::spawn(move || std::fs::write(fifo, class));
        let output = chirp(&[command, &path]);
        writer.join().expect("a thread").expect("it is written");
        assert_eq!(code(&output), 2, "{}", err(&output));
        assert!(
            err(&output).contains("fifo is no file on disk"),
            "{}",
            err(&output)
        );
    }
}

#[test]
fn a_large_program() {
    let mut text = "x := 0.\n".to_string();
    text += &"x := x + 1. \"counts, and has a comment\"\n".repeat(50_000);
    text += "Transcript show: x printString; cr";
    let (_folder, path) = written("a.st", text.as_bytes());
    assert_eq!(prints(&[&path]), "50000\n");
    let (_folder, path) = written("a.st", &vec![0; 2_000_000]);
    let output = chirp(&[&path]);
    assert_eq!(code(&output), 65);
    assert!(out(&output).is_empty() && err(&output).len() < 100_000);
    let (_folder, path) = written("a.st", "(".repeat(1_000_000).as_bytes());
    let output = chirp(&[&path]);
    assert!(err(&output).starts_with("error[E0122]"), "{}", err(&output));
}

/// A mistake in a part of a file is shown in the whole of its line.
#[test]
fn parts_of_a_file_are_shown_as_they_stand_there() {
    for (text, place, line, caret) in [
        (
            "Object subclass: #Part\r\n\tinstanceVariableNames: '' package: 'P'!\r\n\r\n| a | a := 'b!!'. ! a := a foo: ! ^ 3!\r\n",
            "4:28",
            "| a | a := 'b!!'. ! a := a foo: ! ^ 3!",
            "                           ^^^^",
        ),
        (
            "!Object methodsFor: 'a'! foo ^ '!!' , zork! !\n",
            "1:39",
            "!Object methodsFor: 'a'! foo ^ '!!' , zork! !",
            "                                      ^^^^",
        ),
        (
            "Object subclass: Part [ a [ ^ 3 ] ]\n3 + 4. Eval [ zork ]. 5\n",
            "2:15",
            "3 + 4. Eval [ zork ]. 5",
            "              ^^^^",
        ),
        (
            "Object subclass: Part [ X := zork. a [ ^ 3 ] ]\n",
            "1:30",
            "Object subclass: Part [ X := zork. a [ ^ 3 ] ]",
            "                             ^^^^",
        ),
    ] {
        let (_folder, path) = written("a.st", text.as_bytes());
        let told = err(&chirp(&[&path]));
        for part in [&format!(":{place}\n"), &format!("| {line}\n"), caret] {
            assert!(told.contains(part), "{part:?} in {told}");
        }
    }
}

#[test]
fn places_are_right_behind_tabs_wide_characters_and_line_ends() {
    for (text, place, line, caret) in [
        (
            "\t\tx := := 3\r\n",
            "1:8",
            "        x := := 3",
            "                -- ^^",
        ),
        (
            "'日本語' foo: := 3\n",
            "1:7",
            "'日本語' foo: := 3",
            "             ^^^^",
        ),
        ("x := 3.\ry := := 4\r", "2:6", "y := := 4", "  -- ^^"),
    ] {
        let (_folder, path) = written("a.st", text.as_bytes());
        let told = err(&chirp(&[&path]));
        assert!(told.contains(&format!("{path}:{place}\n")), "{told}");
        assert!(told.contains(&format!(" | {line}\n")), "{told}");
        let marks = told.lines().nth(4).expect("a line of carets");
        assert!(marks.contains(caret.trim_start()), "{told}");
    }
}
