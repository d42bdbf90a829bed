//! Files within the permissions: whole ones at once, which loading scripts and packages needs, what
//! lies at a path (`tree`), and open ones (`open`). Must never be reachable when the embedder
//! withheld the capability; the callers on the Smalltalk side get errno numbers.

pub mod open;
mod place;
pub mod tree;

use super::capabilities::{Denied, FileAccess, Permitted, Refused, Want};
use place::Place;
use std::cell::Cell;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Why a file operation failed.
#[derive(Debug)]
pub enum FileError {
    /// The interpreter has no permission from its host.
    Denied(Denied),
    /// The operating system refused.
    Os(io::Error),
}

impl FileError {
    /// The errno to report; EPERM for a missing capability.
    pub fn errno(&self) -> i32 {
        match self {
            FileError::Denied(_) => libc::EPERM,
            // A NUL in a path, which never came to the system.
            FileError::Os(error) if error.kind() == io::ErrorKind::InvalidInput => libc::EINVAL,
            FileError::Os(error) => error.raw_os_error().unwrap_or(libc::EIO),
        }
    }
}

impl From<Denied> for FileError {
    fn from(denied: Denied) -> Self {
        FileError::Denied(denied)
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        FileError::Os(error)
    }
}

impl From<Refused> for FileError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Denied(denied) => FileError::Denied(denied),
            Refused::Os(error) => FileError::Os(error),
        }
    }
}

/// Bytes that are read at once when nobody said how many may be.
const ROOM: usize = 64 << 20;
/// Bytes that are copied before somebody may stop it.
const PIECE: u64 = 4 << 20;

/// Access to files within what is permitted.
pub struct Files<'a> {
    access: &'a FileAccess,
    /// Bytes that whole files may still have; for whoever runs the process, any number.
    room: Cell<Option<usize>>,
    /// Contents of what is no file on disk.
    contents: Vec<(PathBuf, Vec<u8>)>,
}

impl<'a> Files<'a> {
    /// Access limited so.
    pub fn new(access: &'a FileAccess) -> Self {
        Files {
            access,
            room: Cell::new(Some(ROOM)),
            contents: Vec::new(),
        }
    }

    /// Whole files may have so many bytes, all together.
    pub fn with_room(self, bytes: usize) -> Self {
        self.room.set(Some(bytes));
        self
    }

    /// How many they may have still.
    pub fn room(&self) -> usize {
        self.room.get().unwrap_or(usize::MAX)
    }

    /// For whoever runs the process: files of any size. What is no file on disk was read before, since that can be
    /// done only once and may take for ever: these are the contents.
    pub fn unbounded(mut self, contents: Vec<(PathBuf, Vec<u8>)>) -> Self {
        self.room.set(None);
        self.contents = contents;
        self
    }

    /// A name in a folder, for calls that do not follow a link at the end of a path. With `follow`, what links
    /// there lead to.
    fn name(&self, path: &Path, follow: bool, wants: &[Want]) -> Result<Place, FileError> {
        Ok(match self.access.find(path, follow, wants)? {
            Permitted::Anywhere => Place::plain(path),
            Permitted::At(real) => Place::name(&real)?,
        })
    }

    /// The thing to which a path leads.
    fn thing(&self, path: &Path, want: Want) -> Result<Place, FileError> {
        Ok(match self.access.find(path, true, &[want])? {
            Permitted::Anywhere => Place::plain(path),
            Permitted::At(real) => Place::thing(&real)?,
        })
    }

    /// Whether there is no permission for a path.
    fn denies(&self, path: &Path, want: Want) -> bool {
        matches!(
            self.access.find(path, true, &[want]),
            Err(Refused::Denied(_))
        )
    }

    /// What may be known of a file: whoever may write it may see that it is there.
    fn visible(&self, path: &Path) -> Want {
        match self.denies(path, Want::Read) && !self.denies(path, Want::Write) {
            true => Want::Write,
            false => Want::Read,
        }
    }

    /// Opens what is at a path with these options; no link that came there since the decision is followed.
    fn open(
        &self,
        path: &Path,
        wants: &[Want],
        flags: i32,
        options: &mut OpenOptions,
    ) -> Result<fs::File, FileError> {
        let new_links = match wants.iter().all(|want| self.access.is_all(*want)) {
            true => 0,
            false => libc::O_NOFOLLOW,
        };
        let place = self.name(path, true, wants)?;
        Ok(options.custom_flags(flags | new_links).open(place)?)
    }

    /// All bytes of a file on disk: pipes and devices would keep everybody waiting, or never end.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        if let Some((_, bytes)) = self.contents.iter().find(|(p, _)| p == path) {
            return Ok(bytes.clone());
        }
        let room = self.room.get();
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
        let mut file = self.open(path, &[Want::Read], flags, OpenOptions::new().read(true))?;
        let data = file.metadata()?;
        if !data.is_file() {
            return Err(unfit(data.is_dir()).into());
        }
        let Some(room) = room else {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            return Ok(bytes);
        };
        // The size of some files is not known before.
        let size = usize::try_from(data.len()).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        if size > room || bytes.try_reserve_exact(size).is_err() {
            return Err(io::Error::from_raw_os_error(libc::EFBIG).into());
        }
        file.take(room as u64 + 1).read_to_end(&mut bytes)?;
        let left = room.checked_sub(bytes.len());
        let too_big = || io::Error::from_raw_os_error(libc::EFBIG);
        self.room.set(Some(left.ok_or_else(too_big)?));
        Ok(bytes)
    }

    /// Replaces or creates a file.
    pub fn write(&self, path: &Path, contents: &[u8]) -> Result<(), FileError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let mut file = self.open(path, &[Want::Write], 0, &mut options)?;
        Ok(file.write_all(contents)?)
    }

    /// Copies contents and permissions of a file, as long as `goes_on` says so. Answers how many bytes.
    pub fn copy(
        &self,
        from: &Path,
        to: &Path,
        goes_on: impl Fn() -> bool,
    ) -> Result<u64, FileError> {
        // A pipe at either end says that it is none, or not ready.
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
        let source = self.open(from, &[Want::Read], flags, OpenOptions::new().read(true))?;
        let data = source.metadata()?;
        if !data.is_file() {
            return Err(FileError::Os(io::Error::from_raw_os_error(libc::EINVAL)));
        }
        let mut options = OpenOptions::new();
        let mode = data.permissions().mode();
        options.write(true).create(true).truncate(true).mode(mode);
        let mut target = self.open(to, &[Want::Write], flags, &mut options)?;
        let mut count = 0;
        loop {
            let copied = io::copy(&mut (&source).take(PIECE), &mut target)?;
            count += copied;
            if copied < PIECE {
                break;
            }
            if !goes_on() {
                return Err(FileError::Os(io::Error::from_raw_os_error(libc::EINTR)));
            }
        }
        if target.metadata()?.is_file() {
            target.set_permissions(data.permissions())?;
        }
        Ok(count)
    }

    /// Whether there is something at the path.
    pub fn exists(&self, path: &Path) -> Result<bool, FileError> {
        match self.attributes(path, true) {
            Ok(_) => Ok(true),
            Err(FileError::Os(error)) if is_missing(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the path is a directory.
    pub fn is_directory(&self, path: &Path) -> Result<bool, FileError> {
        match self.attributes(path, true) {
            Ok(found) => Ok(found.mode & libc::S_IFMT == libc::S_IFDIR),
            Err(FileError::Os(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The entries of a directory, sorted, so that loading a package does not depend on the disk.
    pub fn entries(&self, path: &Path) -> Result<Vec<PathBuf>, FileError> {
        use std::os::unix::ffi::OsStringExt;
        let names = self.names(path)?.into_iter();
        Ok(names
            .map(|name| path.join(std::ffi::OsString::from_vec(name)))
            .collect())
    }

    /// Removes a file.
    pub fn remove(&self, path: &Path) -> Result<(), FileError> {
        Ok(fs::remove_file(self.name(path, false, &[Want::Write])?)?)
    }

    /// The working directory of the process. Whoever may use files, may know what their paths begin with.
    pub fn working_directory(&self) -> Result<PathBuf, FileError> {
        if self.access.is_none() {
            let what = "learn the working directory";
            return Err(Denied::new(what, "--allow-read").into());
        }
        Ok(std::env::current_dir()?)
    }
}

/// What cannot be read as a whole.
fn unfit(is_folder: bool) -> io::Error {
    match is_folder {
        true => io::Error::from_raw_os_error(libc::EISDIR),
        false => io::Error::other("it is no file on disk"),
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
