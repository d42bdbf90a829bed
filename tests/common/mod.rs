//! Running the real command, for the tests of the command line.

// Each test binary uses a part of it.
#![allow(dead_code)]

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

/// Runs chirp with `arguments`; standard input is `input`.
pub fn chirp_with(arguments: &[&str], input: &str) -> Output {
    run(
        Command::new(env!("CARGO_BIN_EXE_chirp")).args(arguments),
        input,
    )
}

/// Runs a command; standard input is `input`.
pub fn run(command: &mut Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    // A program that does not read its input may have ended already.
    let _ = child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(input.as_bytes());
    output_of(child)
}

/// Waits for the end; after a minute, which is for tests that hang, it comes by force.
pub fn output_of(child: Child) -> Output {
    let process = Pid::from_raw(child.id() as i32);
    let (ended, end) = std::sync::mpsc::channel::<()>();
    let guard = std::thread::spawn(move || {
        if end.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout) {
            let _ = nix::sys::signal::kill(process, Signal::SIGKILL);
        }
    });
    let output = child.wait_with_output().expect("the command ends");
    drop(ended);
    guard.join().expect("a guard");
    output
}

pub fn chirp(arguments: &[&str]) -> Output {
    chirp_with(arguments, "")
}

pub fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code, not a signal")
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What chirp prints when all is well.
pub fn prints(arguments: &[&str]) -> String {
    let output = chirp(arguments);
    let told = (code(&output), err(&output));
    assert_eq!(told, (0, String::new()), "{arguments:?}");
    out(&output)
}

/// A folder that goes away with this.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("chirp-folder-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        Folder(folder)
    }

    /// Writes a file; answers its path.
    pub fn file(&self, name: &str, contents: &str) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, contents).expect("a file");
        path.to_str().expect("a name in UTF-8").to_string()
    }

    pub fn path(&self) -> &str {
        self.0.to_str().expect("a name in UTF-8")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
