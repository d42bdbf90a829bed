//! Scripts as programs: loading other files, where they end, what they know of themselves, the order of what they
//! write.

#![cfg(feature = "cli")]

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// A folder with files, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn with(name: &str, files: &[(&str, &str)]) -> Folder {
        let folder =
            std::env::temp_dir().join(format!("chirp-scripts-{}-{name}", std::process::id()));
        for (path, text) in files {
            let file = folder.join(path);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(file, text).expect("a file");
        }
        Folder(folder)
    }

    /// Exit code, and what came on both channels into one pipe.
    fn run(&self, at: &Path, args: &[&str]) -> (i32, String) {
        let chirp = env!("CARGO_BIN_EXE_chirp");
        let output = Command::new("timeout")
            .args(["60", "sh", "-c", "exec \"$@\" 2>&1", "sh", chirp])
            .args(args)
            .current_dir(at)
            .output()
            .expect("chirp runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code().unwrap_or(-1), text)
    }

    fn prints(&self, args: &[&str]) -> String {
        let (code, text) = self.run(&self.0, args);
        assert_eq!(code, 0, "{text}");
        text
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn other_files_are_required_once_and_from_beside_the_file_that_asks() {
    let folder = Folder::with(
        "require",
        &[
            (
                "main.st",
                "(Smalltalk require: 'lib/a.st') printNl. (Smalltalk require: './lib/../lib/a.st') printNl.\n[ Smalltalk require: 'lib/b.st' ] value printNl. LibA b printNl",
            ),
            (
                "lib/a.st",
                "Smalltalk require: 'b.st'.\nObject subclass: LibA [ LibA class >> b [ ^ LibB name ] ]",
            ),
            // It asks for the one that asks for it.
            (
                "lib/b.st",
                "Object subclass: #LibB. (Smalltalk require: 'a.st') printNl",
            ),
        ],
    );
    let expected = "false\ntrue\nfalse\nfalse\n#LibB\n";
    assert_eq!(folder.prints(&["main.st"]), expected);
    let main = folder.0.join("main.st");
    let (code, text) = folder.run(Path::new("/"), &[&main.to_string_lossy()]);
    assert_eq!((code, text.as_str()), (0, expected));
    let code = "(Smalltalk require: 'lib/b.st') printNl";
    assert_eq!(folder.prints(&["-e", code]), "true\ntrue\n");
}

#[test]
fn a_file_that_asks_has_begun() {
    let files = [
        (
            "self.st",
            "'self' displayNl. (Smalltalk require: 'self.st') printNl",
        ),
        ("a.st", "'a' displayNl. (Smalltalk require: 'b.st') printNl"),
        (
            "b.st",
            "'b' displayNl. (Smalltalk require: './a.st') printNl",
        ),
    ];
    let folder = Folder::with("cycle", &files);
    assert_eq!(folder.prints(&["self.st"]), "self\nfalse\n");
    assert_eq!(folder.prints(&["a.st"]), "a\nb\nfalse\ntrue\n");
    let loads = [
        "--load",
        "a.st",
        "-e",
        "(Smalltalk require: 'b.st') printNl",
    ];
    assert_eq!(folder.prints(&loads), "a\nb\nfalse\ntrue\nfalse\n");
}

/// A tool is linked into a folder of programs, and its other files stay where they are.
#[test]
fn a_link_leads_to_the_files_beside_the_program() {
    let files = [
        (
            "tool/main.st",
            "(Smalltalk require: 'lib/words.st') printNl. Smalltalk scriptPath displayNl.\n\
             FileLocator script resolve pathString displayNl. Smalltalk sourceFile pathString displayNl.\n\
             Words first displayNl. ([ Smalltalk sourceFile ] value = FileLocator script resolve) printNl",
        ),
        (
            "tool/lib/words.st",
            "Object subclass: Words [ Words class >> first [ ^ (Smalltalk sourceFile parent / 'words.txt') contents ] ]\n\
             Smalltalk sourceFile basename displayNl. (Smalltalk require: '../main.st') printNl",
        ),
        ("tool/lib/words.txt", "alpha"),
        ("bin/other.st", "'not this one' displayNl"),
    ];
    let folder = Folder::with("link", &files);
    let root = folder.0.canonicalize().expect("the folder");
    std::os::unix::fs::symlink("../tool/main.st", folder.0.join("bin/tool")).expect("a link");
    std::os::unix::fs::symlink("tool", folder.0.join("other")).expect("a link");
    let main = root.join("tool/main.st");
    for path in ["tool/main.st", "bin/tool", "other/main.st"] {
        let main = main.display();
        let expected = format!("words.st\nfalse\ntrue\n{path}\n{main}\n{main}\nalpha\ntrue\n");
        assert_eq!(folder.prints(&[path]), expected);
    }
    assert_eq!(folder.prints(&["-p", "Smalltalk sourceFile"]), "nil\n");
    // What a program may not see it is not told.
    let (code, text) = folder.run(&folder.0, &["--sandbox", "bin/tool"]);
    assert_eq!(code, 1);
    assert!(
        text.contains("no permission to read bin/lib/words.st"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_required_says_why_and_can_be_asked_for_again() {
    let folder = Folder::with(
        "refused",
        &[("bad.st", "3 +"), ("fails.st", "self error: 'at work'")],
    );
    let twice = |path: &str| {
        let once =
            format!("[ Smalltalk require: '{path}' ] on: Error do: [ :e | e class printNl ]. ");
        folder.prints(&["-e", &once.repeat(2)])
    };
    assert_eq!(twice("bad.st"), "SyntaxErrorNotification\n".repeat(2));
    assert_eq!(twice("fails.st"), "Error\n".repeat(2));
    assert_eq!(twice("none.st"), "FileDoesNotExistException\n".repeat(2));
    let (code, text) = folder.run(&folder.0, &["-e", "Smalltalk require: 'none.st'"]);
    assert_eq!(code, 1);
    assert!(
        text.contains("none.st: No such file or directory"),
        "{text}"
    );
    let (code, text) = folder.run(&folder.0, &["-e", "Smalltalk require: 'bad.st'"]);
    assert_eq!(code, 65, "{text}");
    assert!(text.starts_with("error[E0"), "{text}");
    assert!(text.contains("\n --> bad.st:1:"), "{text}");
    let (code, text) = folder.run(&folder.0, &["-e", "Smalltalk require: 'fails.st'"]);
    assert_eq!(code, 1);
    assert!(text.starts_with("error: Error: at work\n"), "{text}");
    assert!(text.contains("fails.st:1:6"), "{text}");
}

#[test]
fn packages_are_required_as_well() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages/tonel");
    let folder = Folder::with("packages", &[]);
    std::fs::create_dir_all(&folder.0).expect("a folder");
    let code = format!(
        "2 timesRepeat: [ (Smalltalk require: '{}') printNl ]",
        shop.display()
    );
    assert_eq!(folder.prints(&["-e", &code]), "true\nfalse\n");
}

#[test]
fn a_return_ends_the_script() {
    let folder = Folder::with(
        "return",
        &[
            (
                "main.st",
                "'one' displayNl.\n(Smalltalk require: 'other.st') printNl.\n#(1 2) do: [ :each | ^ each ].\n'never' displayNl",
            ),
            ("other.st", "'two' displayNl. ^ 3. 'never' displayNl"),
        ],
    );
    assert_eq!(folder.prints(&["main.st"]), "one\ntwo\ntrue\n");
    assert_eq!(folder.prints(&["-p", "^ 6 * 7. 3"]), "42\n");
    let ensured = "[ ^ 5 ] ensure: [ 'last' displayNl ]. 'never' displayNl";
    assert_eq!(folder.prints(&["-e", ensured]), "last\n");
}

#[test]
fn a_script_knows_itself_and_its_arguments() {
    let text = "#!/usr/bin/env chirp\nSmalltalk scriptPath displayNl. FileLocator script resolve basename displayNl.\n\
                (FileLocator script resolve parent / 'data.txt') contents displayNl. Smalltalk arguments printNl";
    let folder = Folder::with("itself", &[("bin/tool.st", text), ("bin/data.txt", "data")]);
    let expected = "bin/tool.st\ntool.st\ndata\n#('-e' 'two words' '--' '--fuel')\n";
    let arguments = ["bin/tool.st", "-e", "two words", "--", "--fuel"];
    assert_eq!(folder.prints(&arguments), expected);
}

#[test]
fn both_channels_keep_the_order_in_one_pipe() {
    let text = "Transcript show: 'one'; cr. Stdio stderr << 'two'; lf. Stdio stdout << 'three'; lf.\n\
                'four' displayNl. Stdio stderr << 'five'; lf. [ self error: 'six' ] fork. Processor yield.\n\
                Transcript show: 'seven'; cr. Stdio stdout << 'eight'. Stdio stderr << 'nine'; lf. self error: 'ten'";
    let folder = Folder::with("order", &[("main.st", text)]);
    let (code, text) = folder.run(&folder.0, &["main.st"]);
    assert_eq!(code, 1);
    let words = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    let places: Vec<usize> = words
        .map(|w| text.find(w).unwrap_or_else(|| panic!("{w} in {text}")))
        .to_vec();
    assert!(places.is_sorted(), "{text}");
}

/// A program that was started, and what it prints line by line.
struct Program {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Program {
    fn start(code: &str) -> Program {
        let mut child = Command::new("timeout")
            .args([
                "--foreground",
                "60",
                env!("CARGO_BIN_EXE_chirp"),
                "-e",
                code,
            ])
            .stdout(Stdio::piped())
            .spawn()
            .expect("chirp starts");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        Program { child, output }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line.trim_end().to_string()
    }

    /// The number of chirp itself, which it is to print first.
    fn process(&mut self) -> Pid {
        Pid::from_raw(self.line().parse().expect("a number"))
    }

    fn end(mut self) -> ExitStatus {
        self.child.wait().expect("an end")
    }
}

#[test]
fn signals_are_events() {
    let mut program = Program::start(
        "reloads := 0. OSSignal on: #SIGHUP do: [ reloads := reloads + 1. reloads printNl. Stdio stdout flush ].
         OSSignal on: #USR1 do: [ :name | name printNl. Stdio stdout flush ].
         OSSignal on: 'SIGTERM' do: [ 'closing' displayNl. Smalltalk exit: 7 ].
         OSPlatform current processId printNl. Stdio stdout flush. [ true ] whileTrue: [ ]",
    );
    let process = program.process();
    for (signal, line) in [
        (Signal::SIGHUP, "1"),
        (Signal::SIGUSR1, "#SIGUSR1"),
        (Signal::SIGHUP, "2"),
        (Signal::SIGTERM, "closing"),
    ] {
        kill(process, signal).expect("a signal");
        assert_eq!(program.line(), line);
    }
    assert_eq!(program.end().code(), Some(7));
}

#[test]
fn a_signal_that_is_let_go_does_what_it_does_by_itself() {
    let mut program = Program::start(
        "first := OSSignal on: #SIGUSR2 do: [ 'first' displayNl ].
         second := OSSignal on: #SIGUSR2 do: [ second stop. 'second' displayNl ].
         OSPlatform current processId printNl. Stdio stdout flush. (Delay forSeconds: 60) wait",
    );
    let process = program.process();
    kill(process, Signal::SIGUSR2).expect("a signal");
    assert_eq!(program.line(), "second");
    kill(process, Signal::SIGUSR2).expect("a signal");
    // `timeout` ends as its program does.
    assert_eq!(program.end().signal(), Some(Signal::SIGUSR2 as i32));
}

#[test]
fn signals_are_not_for_everybody() {
    let folder = Folder::with("signals", &[("main.st", "OSSignal on: #SIGTERM do: [ ]")]);
    let (code, text) = folder.run(&folder.0, &["--sandbox", "main.st"]);
    assert_eq!(code, 1);
    assert!(
        text.contains("no permission to watch for signals"),
        "{text}"
    );
    let mut st = chirp::Smalltalk::builder()
        .capabilities(chirp::Capabilities::all())
        .build()
        .expect("a machine");
    let error = st.eval::<()>("OSSignal on: #SIGTERM do: [ ]").unwrap_err();
    assert!(error.to_string().contains("inside another one"), "{error}");
}
