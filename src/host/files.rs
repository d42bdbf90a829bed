//! Files within the permissions: whole ones at once, which loading scripts and packages needs, what
//! lies at a path (`tree`), and open ones (`open`). Must never be reachable when the embedder
//! withheld the capability; the callers on the Smalltalk side get errno numbers.

pub mod open;
pub mod tree;

use super::{Capabilities, Denied};
use std::io;
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

/// Access to files within what the capabilities allow.
pub struct Files<'a> {
    capabilities: &'a Capabilities,
}

impl<'a> Files<'a> {
    /// Access limited by the given capabilities.
    pub fn new(capabilities: &'a Capabilities) -> Self {
        Files { capabilities }
    }

    /// All bytes of a file.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        self.capabilities.may_read()?;
        Ok(std::fs::read(path)?)
    }

    /// Replaces or creates a file.
    pub fn write(&self, path: &Path, contents: &[u8]) -> Result<(), FileError> {
        self.capabilities.may_write()?;
        Ok(std::fs::write(path, contents)?)
    }

    /// Whether there is something at the path.
    pub fn exists(&self, path: &Path) -> Result<bool, FileError> {
        self.capabilities.may_read()?;
        Ok(path.try_exists()?)
    }

    /// Whether the path is a directory.
    pub fn is_directory(&self, path: &Path) -> Result<bool, FileError> {
        self.capabilities.may_read()?;
        Ok(path.is_dir())
    }

    /// The entries of a directory, sorted, so that loading a package does not depend on the disk.
    pub fn entries(&self, path: &Path) -> Result<Vec<PathBuf>, FileError> {
        self.capabilities.may_read()?;
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(path)? {
            entries.push(entry?.path());
        }
        entries.sort();
        Ok(entries)
    }

    /// Removes a file.
    pub fn remove(&self, path: &Path) -> Result<(), FileError> {
        self.capabilities.may_write()?;
        Ok(std::fs::remove_file(path)?)
    }
}
