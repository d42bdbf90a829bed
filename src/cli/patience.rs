//! Reading what may never end, or never begin: standard input, pipes, devices. Time limits and Ctrl-C hold there too.
//!
//! Reads in a thread of its own, which is left behind when the wait is over: the process ends soon then.

use super::session::Session;
use super::{exit, files};
use crate::host::outside::{self, Kind};
use crate::vm::{Stop, signal};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long Ctrl-C may have to wait.
const TICK: Duration = Duration::from_millis(50);

/// Bytes of a source text that has no size before it is read.
const MOST: u64 = 256 << 20;

impl Session {
    /// The bytes of a source that the command line names: standard input, or a file.
    pub fn read_source(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        match files::is_standard_input(path) {
            true => self.patiently(|| outside::all_of(io::stdin().lock(), MOST)),
            false => self.read_bytes(path),
        }
    }

    /// The text of a source file, or of what can be read like one.
    pub fn read_text(&mut self, path: &Path) -> io::Result<String> {
        files::as_text(self.read_bytes(path)?)
    }

    /// Likewise, its bytes.
    pub fn read_bytes(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        match outside::kind(path, true)? {
            Kind::Other => {
                let path = path.to_path_buf();
                self.patiently(move || outside::read_at_most(&path, MOST))
            }
            _ => outside::read(path),
        }
    }

    /// The contents of those of the paths that are no files on disk: they can be read only once. Paths that cannot be
    /// read are taken out; the other answer says why.
    pub fn read_pipes(
        &mut self,
        paths: &mut Vec<PathBuf>,
    ) -> (Vec<(PathBuf, Vec<u8>)>, Vec<String>) {
        let (mut contents, mut unreadable) = (Vec::new(), Vec::new());
        paths.retain(|path| {
            if !matches!(outside::kind(path, true), Ok(Kind::Other)) {
                return true;
            }
            let read = self.read_bytes(path);
            let is_readable = read.is_ok();
            match read {
                Ok(bytes) => contents.push((path.clone(), bytes)),
                Err(error) => unreadable.push(files::told(&path.to_string_lossy(), &error)),
            }
            is_readable
        });
        (contents, unreadable)
    }

    /// Does something that may wait, for as long as there is time. What ends the wait ends the session.
    fn patiently(
        &mut self,
        act: impl FnOnce() -> io::Result<Vec<u8>> + Send + 'static,
    ) -> io::Result<Vec<u8>> {
        let (send, done) = channel();
        std::thread::Builder::new()
            .name("reader".into())
            .spawn(move || send.send(act()))?;
        loop {
            let left = self.time_left();
            match done.recv_timeout(left.min(TICK)) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::Error::other("it could not be read"));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let signals = self.vm.signals.load(Ordering::Acquire);
            if signals & (signal::INTERRUPT | signal::STOP) != 0 {
                self.give_up(Stop::Interrupt, exit::SIGNAL + 2);
                let error = io::Error::other("interrupted while it was read");
                return Err(error);
            }
            if left.is_zero() {
                self.give_up(Stop::Deadline, exit::LIMIT);
                return Err(io::Error::other(
                    "out of time (--timeout) while it was read",
                ));
            }
        }
    }
}
