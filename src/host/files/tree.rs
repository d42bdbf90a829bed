//! What lies at a path, and changing it: attributes, directories, links, renaming, copying. Owns
//! the numbers by which Smalltalk knows the kinds; must never keep a descriptor.

use super::{FileError, Files};
use std::fs::{self, DirBuilder, FileTimes, Metadata, Permissions};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What the system knows about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Kind and permissions, as `stat` gives them.
    pub mode: u32,
    /// Size in bytes.
    pub size: u64,
    /// Number of the file on its device.
    pub inode: u64,
    /// Number of the device.
    pub device: u64,
    /// How many names the file has.
    pub links: u64,
    /// Owner and group.
    pub owner: (u32, u32),
    /// Microseconds since 1970 of the last change of the contents.
    pub modified: i64,
    /// Of the last reading.
    pub accessed: i64,
    /// Of the last change of the attributes.
    pub changed: i64,
    /// Of the creation, where the file system knows it.
    pub created: Option<i64>,
}

impl Attributes {
    fn of(data: &Metadata) -> Attributes {
        let microseconds = |seconds: i64, rest: i64| {
            seconds
                .saturating_mul(1_000_000)
                .saturating_add(rest / 1000)
        };
        let created = data.created().ok().and_then(|time| {
            let since = time.duration_since(UNIX_EPOCH).ok()?;
            i64::try_from(since.as_micros()).ok()
        });
        Attributes {
            mode: data.mode(),
            size: data.len(),
            inode: data.ino(),
            device: data.dev(),
            links: data.nlink(),
            owner: (data.uid(), data.gid()),
            modified: microseconds(data.mtime(), data.mtime_nsec()),
            accessed: microseconds(data.atime(), data.atime_nsec()),
            changed: microseconds(data.ctime(), data.ctime_nsec()),
            created,
        }
    }
}

impl Files<'_> {
    /// The attributes of what is at the path, or, with `follow`, of what the links there lead to.
    pub fn attributes(&self, path: &Path, follow: bool) -> Result<Attributes, FileError> {
        self.capabilities.may_read()?;
        let data = if follow {
            fs::metadata(path)?
        } else {
            fs::symlink_metadata(path)?
        };
        Ok(Attributes::of(&data))
    }

    /// Whether this process may read (4), write (2), execute (1) the file: all of the bits.
    pub fn may_access(&self, path: &Path, bits: u32) -> Result<bool, FileError> {
        use nix::unistd::{AccessFlags, access};
        self.capabilities.may_read()?;
        let mut flags = AccessFlags::empty();
        flags.set(AccessFlags::R_OK, bits & 4 != 0);
        flags.set(AccessFlags::W_OK, bits & 2 != 0);
        flags.set(AccessFlags::X_OK, bits & 1 != 0);
        Ok(access(path, flags).is_ok())
    }

    /// The names in a directory, sorted.
    pub fn names(&self, path: &Path) -> Result<Vec<Vec<u8>>, FileError> {
        self.capabilities.may_read()?;
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            names.push(entry?.file_name().into_vec());
        }
        names.sort();
        Ok(names)
    }

    /// Makes a directory whose parent exists, with these permissions within the umask.
    pub fn create_directory(&self, path: &Path, mode: u32) -> Result<(), FileError> {
        self.capabilities.may_write()?;
        Ok(DirBuilder::new().mode(mode).create(path)?)
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self, path: &Path) -> Result<(), FileError> {
        self.capabilities.may_write()?;
        Ok(fs::remove_dir(path)?)
    }

    /// Gives a file another name; what has that name already is replaced, if the system can.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<(), FileError> {
        self.capabilities.may_write()?;
        Ok(fs::rename(from, to)?)
    }

    /// Copies contents and permissions of a file. Answers how many bytes.
    pub fn copy(&self, from: &Path, to: &Path) -> Result<u64, FileError> {
        self.capabilities.may_read()?;
        self.capabilities.may_write()?;
        Ok(fs::copy(from, to)?)
    }

    /// Makes a symbolic link at `path` that says `target`.
    pub fn create_link(&self, path: &Path, target: &Path) -> Result<(), FileError> {
        self.capabilities.may_write()?;
        Ok(std::os::unix::fs::symlink(target, path)?)
    }

    /// What a symbolic link says.
    pub fn link_target(&self, path: &Path) -> Result<PathBuf, FileError> {
        self.capabilities.may_read()?;
        Ok(fs::read_link(path)?)
    }

    /// The path without links and dots.
    pub fn canonical(&self, path: &Path) -> Result<PathBuf, FileError> {
        self.capabilities.may_read()?;
        Ok(fs::canonicalize(path)?)
    }

    /// Sets the permission bits.
    pub fn set_permissions(&self, path: &Path, mode: u32) -> Result<(), FileError> {
        self.capabilities.may_write()?;
        Ok(fs::set_permissions(
            path,
            Permissions::from_mode(mode & 0o7777),
        )?)
    }

    /// Sets owner and group; `None` leaves one as it is. With `follow` of what a link leads to.
    pub fn set_owner(
        &self,
        path: &Path,
        owner: (Option<u32>, Option<u32>),
        follow: bool,
    ) -> Result<(), FileError> {
        self.capabilities.may_write()?;
        let result = match follow {
            true => std::os::unix::fs::chown(path, owner.0, owner.1),
            false => std::os::unix::fs::lchown(path, owner.0, owner.1),
        };
        Ok(result?)
    }

    /// Sets the time of the last change, in microseconds since 1970.
    pub fn set_modified(&self, path: &Path, microseconds: i64) -> Result<(), FileError> {
        self.capabilities.may_write()?;
        let distance = Duration::from_micros(microseconds.unsigned_abs());
        let time = match microseconds < 0 {
            false => UNIX_EPOCH.checked_add(distance),
            true => UNIX_EPOCH.checked_sub(distance),
        };
        let time: SystemTime = time.ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
        let file = fs::File::options().read(true).open(path)?;
        Ok(file.set_times(FileTimes::new().set_modified(time))?)
    }
}
