//! Programs that were started: with their pipes, their ends and the signals sent to them. Owns every
//! child until its end was seen, so that none stays a zombie; must never wait for one.

use super::environment::Environment;
use super::files::FileError;
use super::files::open::OpenFiles;
use super::sys;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustc_hash::FxHashMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// What one of the three standard streams of a child is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// What this process has.
    Inherited,
    /// Nothing.
    Null,
    /// A pipe to us.
    Pipe,
    /// An open file.
    File(u32),
    /// For standard error: the same as standard output.
    Output,
}

/// A program to be started.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// A path, or a name to be looked for in PATH.
    pub program: OsString,
    /// Its arguments, without its name.
    pub arguments: Vec<OsString>,
    /// Its variables; `None` for ours.
    pub environment: Option<Vec<(OsString, OsString)>>,
    /// Where it runs; `None` for where we do.
    pub directory: Option<PathBuf>,
    /// Standard input, output, error.
    pub streams: [Stream; 3],
    /// Whether it leads a group of its own, to which its children belong.
    pub group: bool,
    /// Whether it is ended when we end.
    pub ends_with_us: bool,
}

/// A program that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// The number by which it is known here.
    pub number: u32,
    /// The number by which the system knows it.
    pub process: u32,
    /// Our ends of its pipes, by their numbers in the table of open files.
    pub pipes: [Option<u32>; 3],
}

struct Entry {
    child: Child,
    status: Option<ExitStatus>,
    group: bool,
    ends_with_us: bool,
    /// Nobody asks for it any more.
    forgotten: bool,
    /// What can be read once it has ended: a number of the table of open files.
    end: Option<u32>,
}

impl Entry {
    /// How it ended, if it has.
    fn look(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = match self.child.try_wait() {
                Ok(status) => status,
                // Somebody else waited for it: how it ended is lost.
                Err(_) => Some(ExitStatus::from_raw(0)),
            };
        }
        self.status
    }

    fn send(&mut self, signal: Signal) -> nix::Result<()> {
        if self.look().is_some() {
            return Ok(());
        }
        let process = self.child.id() as i32;
        let target = if self.group { -process } else { process };
        kill(Pid::from_raw(target), signal)
    }
}

/// All children of one interpreter.
#[derive(Default)]
pub struct Children {
    entries: FxHashMap<u32, Entry>,
    last: u32,
}

/// A pipe: the end for the child, and ours, which does not block.
fn pipe(child_reads: bool) -> Result<(OwnedFd, OwnedFd), FileError> {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    let (read, write) = nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(io::Error::from)?;
    let (theirs, ours) = match child_reads {
        true => (read, write),
        false => (write, read),
    };
    fcntl(&ours, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(io::Error::from)?;
    Ok((theirs, ours))
}

impl Children {
    /// How many of them nobody has forgotten.
    pub fn count(&self) -> usize {
        self.entries.values().filter(|e| !e.forgotten).count()
    }

    /// Starts a program: that at `program`. The failure is that of finding or executing it, or of its directory.
    pub fn start(
        &mut self,
        program: &Path,
        wanted: &Wanted,
        environment: &Environment,
        files: &mut OpenFiles,
    ) -> Result<Started, FileError> {
        let mut command = Command::new(program);
        command.arg0(&wanted.program);
        sys::process::unblock_signals(&mut command);
        command.args(&wanted.arguments);
        if let Some(variables) = &wanted.environment {
            command.env_clear().envs(variables.iter().cloned());
        } else if let Some(variables) = environment.changed() {
            command.env_clear().envs(variables);
        }
        if let Some(directory) = &wanted.directory {
            command.current_dir(directory);
        }
        if wanted.group {
            command.process_group(0);
        }
        let mut ours: [Option<OwnedFd>; 3] = [None, None, None];
        let mut output: Option<OwnedFd> = None;
        for (index, stream) in wanted.streams.into_iter().enumerate() {
            let theirs: Option<OwnedFd> = match stream {
                Stream::Inherited => None,
                Stream::Null => Some(null()?),
                Stream::Pipe => {
                    let (theirs, our_end) = pipe(index == 0)?;
                    ours[index] = Some(our_end);
                    Some(theirs)
                }
                Stream::File(number) => Some(files.duplicate(number)?),
                Stream::Output => match &output {
                    Some(fd) => Some(fd.try_clone()?),
                    None => Some(our_output()?),
                },
            };
            if index == 1 {
                output = theirs.as_ref().map(OwnedFd::try_clone).transpose()?;
            }
            let stdio = theirs.map_or_else(Stdio::inherit, Stdio::from);
            match index {
                0 => command.stdin(stdio),
                1 => command.stdout(stdio),
                _ => command.stderr(stdio),
            };
        }
        let child = command.spawn()?;
        // The command holds the child's ends of the pipes: while it does, they never end.
        drop(command);
        drop(output);
        let process = child.id();
        let end = sys::process::descriptor(process).map(|fd| files.adopt(fd));
        if let Some(end) = end {
            files.watch(end);
        }
        self.last += 1;
        let entry = Entry {
            child,
            status: None,
            group: wanted.group,
            ends_with_us: wanted.ends_with_us,
            forgotten: false,
            end,
        };
        self.entries.insert(self.last, entry);
        Ok(Started {
            number: self.last,
            process,
            pipes: ours.map(|each| each.map(|fd| files.adopt(fd))),
        })
    }

    /// How a child ended, as `wait` gives it; `None` while it runs. ECHILD for a number that is none.
    pub fn status(&mut self, number: u32) -> Result<Option<i32>, FileError> {
        let entry = self.entry(number)?;
        Ok(entry.look().map(ExitStatusExt::into_raw))
    }

    /// The open file that can be read once the child has ended; `None` where the system has no such
    /// thing: then look now and then.
    pub fn end_of(&mut self, number: u32) -> Result<Option<u32>, FileError> {
        Ok(self.entry(number)?.end)
    }

    /// Sends a signal; one that has ended gets none.
    pub fn signal(&mut self, number: u32, signal: i32) -> Result<(), FileError> {
        let signal = Signal::try_from(signal).map_err(io::Error::from)?;
        let entry = self.entry(number)?;
        entry.send(signal).map_err(io::Error::from)?;
        Ok(())
    }

    /// Nobody asks for this child any more. One that still runs goes on.
    pub fn forget(&mut self, number: u32, files: &mut OpenFiles) {
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.forgotten = true;
            self.bury(number, files);
        }
    }

    /// Drops a child that has ended and is forgotten.
    fn bury(&mut self, number: u32, files: &mut OpenFiles) {
        if let Some(entry) = self.entries.get_mut(&number)
            && entry.look().is_some()
            && entry.forgotten
        {
            if let Some(end) = entry.end {
                files.close(end);
            }
            self.entries.remove(&number);
        }
    }

    fn entry(&mut self, number: u32) -> Result<&mut Entry, FileError> {
        let none = || FileError::Os(io::Error::from_raw_os_error(libc::ECHILD));
        self.entries.get_mut(&number).ok_or_else(none)
    }

    /// A child has ended, if this open file is the sign of that.
    pub fn on_event(&mut self, file: u32, files: &mut OpenFiles) {
        let ended = self.entries.iter().find(|each| each.1.end == Some(file));
        if let Some(number) = ended.map(|each| *each.0) {
            self.bury(number, files);
        }
    }

    /// We end, and so do those that are to end with us.
    pub fn end(&mut self) {
        for entry in self.entries.values_mut().filter(|each| each.ends_with_us) {
            // It may just have ended.
            let _ = entry.send(Signal::SIGTERM);
        }
    }
}

fn null() -> io::Result<OwnedFd> {
    let file = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    Ok(file.into())
}

fn our_output() -> io::Result<OwnedFd> {
    use std::os::fd::AsFd;
    io::stdout().as_fd().try_clone_to_owned()
}
