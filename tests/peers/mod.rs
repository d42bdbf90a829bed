//! Starts the processes that the socket tests talk to, and ends them whatever happens.

// Every test file is a program of its own and uses a part of this.
#![allow(dead_code)]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

mod programs;

#[allow(unused_imports)]
pub use programs::{program, python_interpreter, server, server_at_free_port};

use programs::Ending;

const GUARD: Duration = Duration::from_secs(60);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn machine() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chirp"));
    command.current_dir(root());
    command
}

/// What a run of the command line left.
pub struct Run {
    pub output: String,
    pub error: String,
    pub code: Option<i32>,
}

/// Runs the command line to its end.
pub fn chirp(arguments: &[&str]) -> Run {
    chirp_reading(arguments, "")
}

/// Runs the command line with something to read on its standard input.
pub fn chirp_reading(arguments: &[&str], input: &str) -> Run {
    let mut command = machine();
    command.args(arguments);
    run(command, input)
}

/// Runs a source file with at most that many descriptors.
pub fn chirp_script_with_descriptors(limit: u32, name: &str, text: &str) -> Run {
    let scratch = Scratch::new(&format!("script-{name}"));
    run(with_descriptors("", limit, &script(&scratch, text)), "")
}

/// A source file with that text.
fn script(scratch: &Scratch, text: &str) -> String {
    let file = scratch.path("script.st");
    std::fs::write(&file, text).expect("a script");
    file
}

/// The command line with a source file and at most so many descriptors: `-S` for the soft limit,
/// nothing for both.
fn with_descriptors(which: &str, limit: u32, file: &str) -> Command {
    let mut command = Command::new("sh");
    command.args([
        "-c",
        &format!("ulimit {which} -n {limit} && exec \"$0\" \"$1\""),
    ]);
    command.args([env!("CARGO_BIN_EXE_chirp"), file]);
    command
}

/// Runs a program to its end, with something to read on its standard input.
pub fn run(mut command: Command, input: &str) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command line starts");
    let id = child.id();
    // Whoever does not read it closes the pipe, which is his right.
    let _ = child
        .stdin
        .take()
        .map(|mut pipe| pipe.write_all(input.as_bytes()));
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    match receiver.recv_timeout(GUARD) {
        Ok(output) => {
            let output = output.expect("an output");
            Run {
                output: String::from_utf8_lossy(&output.stdout).into_owned(),
                error: String::from_utf8_lossy(&output.stderr).into_owned(),
                code: output.status.code(),
            }
        }
        Err(_) => {
            kill(id, "-KILL");
            panic!("{command:?} hangs");
        }
    }
}

/// Runs a text as a source file.
pub fn chirp_script(name: &str, text: &str) -> Run {
    let scratch = Scratch::new(&format!("script-{name}"));
    let file = scratch.path("script.st");
    std::fs::write(&file, text).expect("a script");
    chirp(&[&file])
}

fn kill(id: u32, signal: &str) {
    let _ = Command::new("kill")
        .args([signal, &id.to_string()])
        .status();
}

/// A process on the other side; killed when it is dropped.
pub struct Peer {
    child: Child,
    output: BufReader<ChildStdout>,
    /// The path or port that it said it serves at.
    pub place: String,
    ending: Ending,
    _script: Option<Scratch>,
}

/// Starts a Python program of this folder. A server is ready for clients on return.
pub fn python(program: &str, arguments: &[&str]) -> Peer {
    let mut command = python_interpreter();
    // Without files of compiled code in the tree.
    command.arg("-B");
    command.arg(root().join("tests/peers").join(program));
    command.args(arguments);
    Peer::start(command, program.contains("server"), None)
}

impl Peer {
    /// Starts a server written in Smalltalk that prints `ready PLACE`.
    pub fn smalltalk(name: &str, text: &str) -> Peer {
        let scratch = Scratch::new(&format!("peer-{name}"));
        let file = scratch.path("script.st");
        std::fs::write(&file, text).expect("a script");
        let mut command = machine();
        command.arg(&file);
        Peer::start(command, true, Some(scratch))
    }

    /// The same, with a soft limit of that many descriptors; it may raise it.
    pub fn smalltalk_with_descriptors(limit: u32, name: &str, text: &str) -> Peer {
        let scratch = Scratch::new(&format!("peer-{name}"));
        let command = with_descriptors("-S", limit, &script(&scratch, text));
        Peer::start(command, true, Some(scratch))
    }

    /// Starts a Python program given as text.
    pub fn python_code(code: &str) -> Peer {
        let mut command = python_interpreter();
        command.args(["-c", code]);
        Peer::start(command, false, None)
    }

    /// Starts a server among the examples, which prints `listening on PLACE`.
    pub fn example(file: &str, arguments: &[&str]) -> Peer {
        let mut command = machine();
        command.arg(file).args(arguments);
        Peer::start(command, true, None)
    }

    fn start(mut command: Command, is_server: bool, script: Option<Scratch>) -> Peer {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the peer starts");
        let mut peer = Peer::of(child, Ending::Killed);
        peer._script = script;
        if is_server {
            let _watch = Watch::new(peer.child.id());
            let mut line = String::new();
            peer.output.read_line(&mut line).expect("a line");
            let line = line.trim_end();
            let place = line
                .strip_prefix("ready ")
                .or(line.strip_prefix("listening on "));
            peer.place = place
                .unwrap_or_else(|| panic!("not ready: {line:?}"))
                .to_string();
        }
        peer
    }

    fn of(mut child: Child, ending: Ending) -> Peer {
        Peer {
            output: BufReader::new(child.stdout.take().expect("an output")),
            child,
            place: String::new(),
            ending,
            _script: None,
        }
    }

    /// Everything that it still prints until it ends.
    pub fn finish(mut self) -> String {
        let _watch = Watch::new(self.child.id());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("an output");
        rest
    }

    /// Its number, for looking it up in /proc.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line that it prints.
    pub fn line(&mut self) -> String {
        let _watch = Watch::new(self.child.id());
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line.trim_end().to_string()
    }

    /// Sends SIGTERM.
    pub fn terminate(&mut self) {
        kill(self.child.id(), "-TERM");
    }

    /// Waits for the end; the exit code.
    pub fn wait(&mut self) -> Option<i32> {
        let _watch = Watch::new(self.child.id());
        self.child.wait().expect("an end").code()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.ending.bring_to(&mut self.child);
    }
}

/// Kills a process that is not done in time, which ends every wait for it.
struct Watch {
    _stop: mpsc::Sender<()>,
}

impl Watch {
    fn new(id: u32) -> Watch {
        let (stop, stopped) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            if let Err(mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(GUARD) {
                kill(id, "-KILL");
            }
        });
        Watch { _stop: stop }
    }
}

/// How many sockets a process has.
pub fn open_sockets(process: u32) -> usize {
    let entries = std::fs::read_dir(format!("/proc/{process}/fd")).expect("descriptors");
    let targets = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    targets
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}

/// A folder that goes away with its test.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("chirp-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Scratch(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0
            .join(name)
            .to_str()
            .expect("a plain name")
            .to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The seed's path /tmp/sp, for one test at a time on this machine.
pub fn shared_path() -> File {
    let lock = File::create(std::env::temp_dir().join("chirp-sp.lock")).expect("a lock file");
    lock.lock().expect("the lock");
    let _ = std::fs::remove_file("/tmp/sp");
    lock
}
