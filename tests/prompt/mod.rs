//! Chirp's prompt in a pseudo-terminal, for the tests of it.
//!
//! Each test binary uses a part of this.
#![allow(dead_code)]

use rexpect::session::{PtySession, spawn_command};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A guard against hanging, not a measure of speed.
const GUARD_MS: u64 = 60_000;

pub struct Repl {
    pub session: PtySession,
    /// A folder of its own: history, start-up file, and whatever the test puts there.
    pub state: PathBuf,
}

impl Repl {
    pub fn start() -> Repl {
        Repl::start_in(Repl::folder())
    }

    /// A folder that no other test has.
    pub fn folder() -> PathBuf {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let state =
            std::env::temp_dir().join(format!("chirp-repl-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&state).expect("a folder");
        state
    }

    /// Starts with this folder for the history.
    pub fn start_in(state: PathBuf) -> Repl {
        Repl::start_with(state, &["--color", "never"], "xterm")
    }

    /// Starts with these options, in a terminal of this kind.
    pub fn start_with(state: PathBuf, arguments: &[&str], term: &str) -> Repl {
        let command = Command::new(env!("CARGO_BIN_EXE_chirp"));
        Repl::start_command(command, state, arguments, term)
    }

    /// Starts with this command, which the options follow.
    pub fn start_command(
        mut command: Command,
        state: PathBuf,
        arguments: &[&str],
        term: &str,
    ) -> Repl {
        command
            .args(arguments)
            .env("XDG_STATE_HOME", &state)
            .env("XDG_CONFIG_HOME", &state)
            .env("TERM", term);
        let session = spawn_command(command, Some(GUARD_MS)).expect("a session");
        Repl { session, state }.at_prompt()
    }

    fn at_prompt(mut self) -> Repl {
        self.expect("Ctrl-D leaves.");
        self.prompt();
        self
    }

    /// Waits for the prompt; answers what came before it.
    pub fn prompt(&mut self) -> String {
        self.session.exp_string("chirp> ").expect("a prompt")
    }

    pub fn expect(&mut self, text: &str) {
        if let Err(error) = self.session.exp_string(text) {
            panic!("{text:?} expected: {error}");
        }
    }

    pub fn line(&mut self, text: &str) {
        self.session.send_line(text).expect("a line is taken");
    }

    /// Types keys, without Enter.
    pub fn keys(&mut self, keys: &str) {
        self.session.send(keys).expect("keys are taken");
        self.session.flush().expect("keys are taken");
    }

    /// Types a line; waits until its result stands on a line of its own.
    pub fn says(&mut self, line: &str, result: &str) {
        self.line(line);
        self.expect(&format!("\n{result}\r\n"));
        self.prompt();
    }

    /// Types a line; waits for a text in its output, and for the prompt.
    pub fn tells(&mut self, line: &str, part: &str) {
        self.line(line);
        self.expect("\n");
        self.expect(part);
        self.prompt();
    }

    /// Has an entry write a text, as it would as a part of a script, and waits for that.
    pub fn writes(&mut self, expression: &str, text: &str) {
        self.says(&format!("Transcript show: {expression}; cr"), text);
    }

    /// Evaluates what would run on and on; Ctrl-C ends it, and the prompt is as good as new.
    pub fn is_interrupted_in(&mut self, source: &str) {
        self.line(&format!("Transcript show: 'go'; cr. {source}"));
        self.expect("\ngo\r\n");
        self.control('c');
        self.expect("UserInterrupt");
        self.prompt();
        self.says("1 + 1", "2");
    }

    /// Types Ctrl and a letter.
    pub fn control(&mut self, letter: char) {
        self.session.send_control(letter).expect("a key is taken");
    }

    /// Sets the size of the terminal with the command for it: there is no safe call.
    pub fn resize(&self, rows: u16, columns: u16) {
        let terminal = self.session.process().get_file_handle();
        let status = Command::new("stty")
            .args(["rows", &rows.to_string(), "cols", &columns.to_string()])
            .stdin(terminal.expect("the terminal"))
            .status();
        assert!(status.expect("stty runs").success());
    }

    /// A file in the session's folder.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.state.join(name);
        std::fs::write(&path, text).expect("a file is written");
        path.to_str().expect("a name in UTF-8").to_string()
    }

    pub fn leave(mut self) {
        self.control('d');
        self.session.exp_eof().expect("chirp ends");
        let _ = std::fs::remove_dir_all(&self.state);
    }
}
