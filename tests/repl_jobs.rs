//! The prompt as a job of a shell: Ctrl-Z and `fg`; and lists of completions, which Ctrl-C ends.

#![cfg(feature = "cli")]

mod prompt;

use prompt::Repl;
use rexpect::session::{PtySession, spawn_command};
use std::process::Command;

/// A shell with job control, and what it says when it is ready.
struct Shell(PtySession);

impl Shell {
    fn start() -> Shell {
        let mut command = Command::new("bash");
        command
            .args(["--norc", "--noprofile", "-i"])
            .env("PS1", "shell> ")
            .env("TERM", "xterm");
        let mut shell = Shell(spawn_command(command, Some(60_000)).expect("a shell"));
        shell.expect("shell> ");
        shell
    }

    fn keys(&mut self, keys: &str) {
        self.0.send(keys).expect("keys are taken");
        self.0.flush().expect("keys are taken");
    }

    fn expect(&mut self, text: &str) {
        if let Err(error) = self.0.exp_string(text) {
            panic!("{text:?} expected: {error}");
        }
    }

    /// What the terminal is set to.
    fn settings(&mut self) -> String {
        self.keys("stty -a; echo 'en''d'\r");
        self.expect("\n");
        let told = self.0.exp_string("end\r\n").expect("the end");
        self.expect("shell> ");
        told
    }
}

#[test]
fn control_z_leaves_the_terminal_to_the_shell_and_fg_comes_back() {
    let mut shell = Shell::start();
    let before = shell.settings();
    let state = Repl::folder();
    let chirp = env!("CARGO_BIN_EXE_chirp");
    let start = format!(
        "XDG_STATE_HOME={} {chirp} --no-init --color never\r",
        state.display()
    );
    shell.keys(&start);
    shell.expect("chirp> ");
    for round in 0..3 {
        // While a line is edited: it is there again.
        shell.keys("30 + 4");
        shell.expect("30 + 4");
        shell.keys("\x1a");
        shell.expect("Stopped");
        shell.expect("shell> ");
        assert_eq!(shell.settings(), before, "round {round}");
        shell.keys("fg\r");
        shell.expect("chirp> ");
        shell.expect("30 + 4");
        // Were the terminal's own editing on, this would be echoed by it and never read.
        shell.keys("\x01100 + \r");
        shell.expect("\r\n134\r\n");
        shell.expect("chirp> ");
        // While something runs.
        shell.keys("Transcript show: 'running'; cr. [ true ] whileTrue\r");
        shell.expect("\nrunning\r\n");
        shell.keys("\x1a");
        shell.expect("Stopped");
        shell.expect("shell> ");
        assert_eq!(shell.settings(), before, "round {round}");
        shell.keys("fg\r");
        shell.expect("--no-init --color never\r\n");
        // What is typed ahead outlives Ctrl-C, which ends the loop.
        shell.keys("\x03");
        shell.expect("UserInterrupt");
        shell.expect("chirp> ");
    }
    shell.keys("\x04");
    shell.expect("shell> ");
    assert_eq!(shell.settings(), before);
    shell.keys("exit\r");
    shell.0.exp_eof().expect("the shell ends");
    let _ = std::fs::remove_dir_all(&state);
}

#[test]
fn control_c_ends_a_list_of_completions_and_then_the_line() {
    for options in [["--color", "never"], ["--color", "always"]] {
        let mut repl = Repl::start_with(Repl::folder(), &options, "xterm");
        repl.resize(24, 80);
        // The editor looks at the size when the next line begins.
        repl.says("3 + 4", "7");
        repl.keys("kept := 40 + 2. 3 \t\t");
        repl.expect("--More--");
        repl.keys(" ");
        repl.expect("--More--");
        repl.control('c');
        // The line is shown again, and goes on.
        repl.expect("chirp> ");
        repl.keys("+ 4\r");
        repl.expect("\n7\r\n");
        repl.prompt();
        repl.keys("kept foo \t\t");
        repl.expect("--More--");
        repl.control('c');
        repl.expect("chirp> ");
        repl.control('c');
        repl.expect("chirp> ");
        repl.line("kept");
        repl.expect("\n42\r\n");
        repl.prompt();
        // A list that fits: Ctrl-C is about the line.
        repl.keys("Collecti\t\t");
        repl.expect("CollectionElement");
        repl.expect("chirp> ");
        repl.control('c');
        repl.expect("chirp> ");
        repl.line("kept + 1");
        repl.expect("\n43\r\n");
        repl.prompt();
        repl.leave();
    }
}

#[test]
fn a_folder_of_very_many_files_has_no_list() {
    let mut repl = Repl::start();
    let folder = repl.state.join("many");
    std::fs::create_dir_all(&folder).expect("a folder");
    for i in 0..20_001 {
        std::fs::write(folder.join(format!("f{i}")), "").expect("a file");
    }
    repl.keys(&format!(":load {}/f\t\t", folder.display()));
    repl.control('c');
    repl.prompt();
    repl.says("3 + 4", "7");
    repl.leave();
}
