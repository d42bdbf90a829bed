//! Open files of one interpreter, by numbers that are never used twice: files on disk, FIFOs,
//! terminals, devices, the pipes to children. Owns their descriptors and who waits for them; must
//! never wait itself: what is not ready says so. (Disk files are always ready.)

use super::super::capabilities::Want;
use super::super::poller::Poller;
use super::{FileError, Files};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::uio::{pread, pwrite};
use rustc_hash::FxHashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// Its contents can be read.
    pub read: bool,
    /// Its contents can be changed.
    pub write: bool,
    /// All that is written goes to its end.
    pub append: bool,
    /// It is made if it is missing.
    pub create: bool,
    /// It must not exist before.
    pub new: bool,
    /// What it held is dropped.
    pub truncate: bool,
}

/// What a transfer led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// So many bytes; reading none is the end.
    Bytes(usize),
    /// Nothing can be transferred now.
    NotReady,
}

struct OpenFile {
    fd: OwnedFd,
    /// Its bytes have positions, and it never keeps anybody waiting.
    on_disk: bool,
    fifo: bool,
    /// Who wants to know when something can be transferred: whether to write, which semaphore.
    waiting: Vec<(bool, u32)>,
}

/// The table.
pub struct OpenFiles {
    open: FxHashMap<u32, OpenFile>,
    last: u32,
    poller: Poller,
    /// Semaphores to signal.
    pub signals: Vec<u32>,
}

impl OpenFiles {
    /// Nothing is open.
    pub fn new(poller: Poller) -> Self {
        OpenFiles {
            open: FxHashMap::default(),
            last: 0,
            poller,
            signals: Vec::new(),
        }
    }

    /// Opens a file; answers its number. What is no file on disk is opened without waiting: ENXIO
    /// says that nobody reads a FIFO yet.
    pub fn open(&mut self, files: &Files, path: &Path, mode: Mode) -> Result<u32, FileError> {
        let changes = mode.write || mode.append || mode.create || mode.new || mode.truncate;
        // Who writes also gets to read, as a rule, but need not.
        let read = mode.read && !(changes && files.denies(path, Want::Read));
        let wants = [(read, Want::Read), (changes, Want::Write)];
        let wants: Vec<Want> = wants.iter().filter(|w| w.0).map(|w| w.1).collect();
        let mut options = OpenOptions::new();
        options
            .read(read)
            .write(mode.write && !mode.append)
            .append(mode.append)
            .create(mode.create)
            .create_new(mode.new)
            .truncate(mode.truncate);
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
        let file = files.open(path, &wants, flags, &mut options)?;
        let kind = file.metadata()?.file_type();
        if kind.is_dir() {
            return Err(FileError::Os(io::Error::from_raw_os_error(libc::EISDIR)));
        }
        Ok(self.insert(file.into(), kind.is_file(), kind.is_fifo()))
    }

    /// Takes a descriptor that does not block and is no file on disk.
    pub fn adopt(&mut self, fd: OwnedFd) -> u32 {
        self.insert(fd, false, false)
    }

    fn insert(&mut self, fd: OwnedFd, on_disk: bool, fifo: bool) -> u32 {
        // Below any token of a socket, whose upper half is never 0.
        self.last = self.last.wrapping_add(1).max(1);
        while self.open.contains_key(&self.last) {
            self.last = self.last.wrapping_add(1).max(1);
        }
        let file = OpenFile {
            fd,
            on_disk,
            fifo,
            waiting: Vec::new(),
        };
        self.open.insert(self.last, file);
        self.last
    }

    #[inline(never)]
    fn get(&self, number: u32) -> Result<&OpenFile, FileError> {
        let bad = || FileError::Os(io::Error::from_raw_os_error(libc::EBADF));
        self.open.get(&number).ok_or_else(bad)
    }

    /// Reads at a position (which only files on disk care for).
    pub fn read(
        &self,
        number: u32,
        position: u64,
        buffer: &mut [u8],
    ) -> Result<Transfer, FileError> {
        let file = self.get(number)?;
        if buffer.is_empty() {
            return Ok(Transfer::Bytes(0));
        }
        if file.fifo && !is_ready(&file.fd, PollFlags::POLLIN)? {
            // Without this, a FIFO that nobody has opened for writing yet would be at its end.
            return Ok(Transfer::NotReady);
        }
        let offset = position.min(i64::MAX as u64) as libc::off_t;
        transferred(|| match file.on_disk {
            true => pread(&file.fd, buffer, offset),
            false => nix::unistd::read(&file.fd, buffer),
        })
    }

    /// Writes at a position (which only files on disk care for); perhaps not everything.
    pub fn write(&self, number: u32, position: u64, bytes: &[u8]) -> Result<Transfer, FileError> {
        let file = self.get(number)?;
        let offset = position.min(i64::MAX as u64) as libc::off_t;
        transferred(|| match file.on_disk {
            true => pwrite(&file.fd, bytes, offset),
            false => nix::unistd::write(&file.fd, bytes),
        })
    }

    /// Asks for a signal of the semaphore once something can be read (or written). Answers false
    /// if it can be now, or nobody can tell.
    pub fn wait(&mut self, number: u32, write: bool, semaphore: u32) -> Result<bool, FileError> {
        self.get(number)?;
        let poller = self.poller.clone();
        let Some(file) = self.open.get_mut(&number) else {
            return Ok(false);
        };
        if file.on_disk {
            return Ok(false);
        }
        file.waiting.push((write, semaphore));
        let armed = arm(&poller, file, number);
        if !armed {
            file.waiting.pop();
        }
        Ok(armed)
    }

    /// Has the poller report the file once, whoever waits.
    pub fn watch(&self, number: u32) {
        if let Some(file) = self.open.get(&number) {
            self.poller
                .arm_for(&file.fd, u64::from(number), true, false);
        }
    }

    /// The poller reports a file.
    pub fn on_event(&mut self, number: u32) {
        if let Some(file) = self.open.get_mut(&number) {
            // Whoever cannot go on after all asks again.
            self.signals
                .extend(file.waiting.drain(..).map(|each| each.1));
        }
    }

    /// How many bytes a file has; 0 for what has no size.
    pub fn size(&self, number: u32) -> Result<u64, FileError> {
        Ok(self.as_file(number)?.metadata()?.len())
    }

    /// Whether its bytes have positions.
    pub fn is_on_disk(&self, number: u32) -> Result<bool, FileError> {
        Ok(self.get(number)?.on_disk)
    }

    /// Whether a person may sit there.
    pub fn is_terminal(&self, number: u32) -> Result<bool, FileError> {
        Ok(self.get(number)?.fd.is_terminal())
    }

    /// Cuts a file, or fills it up with zeros.
    pub fn truncate(&self, number: u32, size: u64) -> Result<(), FileError> {
        Ok(self.as_file(number)?.set_len(size)?)
    }

    /// Waits until what was written is on the disk.
    pub fn sync(&self, number: u32) -> Result<(), FileError> {
        Ok(self.as_file(number)?.sync_all()?)
    }

    /// Closes a file; whoever waits there is woken. Closing what is closed does nothing.
    pub fn close(&mut self, number: u32) {
        if let Some(file) = self.open.remove(&number) {
            self.poller.forget(&file.fd);
            self.signals.extend(file.waiting.iter().map(|each| each.1));
        }
    }

    /// A second descriptor of an open file, for a child; it blocks as programs expect.
    pub fn duplicate(&self, number: u32) -> Result<OwnedFd, FileError> {
        Ok(self.get(number)?.fd.try_clone()?)
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    fn as_file(&self, number: u32) -> Result<File, FileError> {
        Ok(File::from(self.get(number)?.fd.try_clone()?))
    }
}

/// Registers what those who wait want. False if the poller cannot tell.
fn arm(poller: &Poller, file: &OpenFile, number: u32) -> bool {
    let input = file.waiting.iter().any(|each| !each.0);
    let output = file.waiting.iter().any(|each| each.0);
    poller.arm_for(&file.fd, u64::from(number), input, output)
}

fn is_ready(fd: &OwnedFd, wanted: PollFlags) -> Result<bool, FileError> {
    let mut polled = [PollFd::new(fd.as_fd(), wanted)];
    match poll(&mut polled, PollTimeout::ZERO) {
        Ok(count) => Ok(count > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(errno) => Err(io::Error::from(errno).into()),
    }
}

fn transferred(mut call: impl FnMut() -> nix::Result<usize>) -> Result<Transfer, FileError> {
    loop {
        match call() {
            Ok(count) => return Ok(Transfer::Bytes(count)),
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => return Ok(Transfer::NotReady),
            Err(errno) => return Err(io::Error::from(errno).into()),
        }
    }
}
