//! What lies at a path, and changing it: attributes, directories, links, renaming, copying. Owns
//! the numbers by which Smalltalk knows the kinds; must never keep a descriptor.

use super::super::capabilities::{Permitted, Refused, Want};
use super::{FileError, Files};
use chirp_grammar::sorting::sort_by;
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
        let want = self.visible(path);
        let data = match follow {
            true => fs::metadata(self.thing(path, want)?)?,
            false => fs::symlink_metadata(self.name(path, false, &[want])?)?,
        };
        Ok(Attributes::of(&data))
    }

    /// Whether this process may read (4), write (2), execute (1) the file: all of the bits.
    pub fn may_access(&self, path: &Path, bits: u32) -> Result<bool, FileError> {
        use nix::unistd::{AccessFlags, access};
        let place = match self.thing(path, self.visible(path)) {
            Err(FileError::Os(_)) => return Ok(false),
            place => place?,
        };
        let permits = |bit, want| bits & bit == 0 || !self.denies(path, want);
        if !permits(2, Want::Write) || !permits(4, Want::Read) {
            return Ok(false);
        }
        let mut flags = AccessFlags::empty();
        flags.set(AccessFlags::R_OK, bits & 4 != 0);
        flags.set(AccessFlags::W_OK, bits & 2 != 0);
        flags.set(AccessFlags::X_OK, bits & 1 != 0);
        Ok(access(place.as_ref(), flags).is_ok())
    }

    /// The names in a directory, sorted.
    pub fn names(&self, path: &Path) -> Result<Vec<Vec<u8>>, FileError> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.thing(path, Want::Read)?)? {
            names.push(entry?.file_name().into_vec());
        }
        sort_by(&mut names, Ord::cmp);
        Ok(names)
    }

    /// Makes a directory whose parent exists, with these permissions within the umask.
    pub fn create_directory(&self, path: &Path, mode: u32) -> Result<(), FileError> {
        let place = self.name(path, false, &[Want::Write])?;
        Ok(DirBuilder::new().mode(mode).create(place)?)
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self, path: &Path) -> Result<(), FileError> {
        Ok(fs::remove_dir(self.name(path, false, &[Want::Write])?)?)
    }

    /// Gives a file another name; what has that name already is replaced, if the system can. What may not be
    /// read must not go where it may.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<(), FileError> {
        let can_be_read = self.access.find(to, false, &[Want::Read]).is_ok();
        let wants: &[Want] = match can_be_read {
            true => &[Want::Write, Want::Read],
            false => &[Want::Write],
        };
        let target = self.name(to, false, &[Want::Write])?;
        Ok(fs::rename(self.name(from, false, wants)?, target)?)
    }

    /// Makes a symbolic link at `path` that says `target`. That must be permitted as well: somebody else may
    /// follow it.
    pub fn create_link(&self, path: &Path, target: &Path) -> Result<(), FileError> {
        let place = self.name(path, false, &[Want::Write])?;
        let end = path.parent().unwrap_or(Path::new("")).join(target);
        if let Err(refused @ Refused::Denied(_)) = self.access.find(&end, true, &[Want::Read])
            && self.access.find(&end, true, &[Want::Write]).is_err()
        {
            return Err(refused.into());
        }
        Ok(std::os::unix::fs::symlink(target, place)?)
    }

    /// What a symbolic link says.
    pub fn link_target(&self, path: &Path) -> Result<PathBuf, FileError> {
        Ok(fs::read_link(self.name(path, false, &[Want::Read])?)?)
    }

    /// The path without links and dots.
    pub fn canonical(&self, path: &Path) -> Result<PathBuf, FileError> {
        match self.access.find(path, true, &[Want::Read])? {
            Permitted::Anywhere => Ok(fs::canonicalize(path)?),
            Permitted::At(real) => {
                fs::symlink_metadata(&real)?;
                Ok(real)
            }
        }
    }

    /// Sets the permission bits.
    pub fn set_permissions(&self, path: &Path, mode: u32) -> Result<(), FileError> {
        let permissions = Permissions::from_mode(mode & 0o7777);
        let place = self.thing(path, Want::Write)?;
        Ok(fs::set_permissions(place, permissions)?)
    }

    /// Sets owner and group; `None` leaves one as it is. With `follow` of what a link leads to.
    pub fn set_owner(
        &self,
        path: &Path,
        owner: (Option<u32>, Option<u32>),
        follow: bool,
    ) -> Result<(), FileError> {
        let result = match follow {
            true => std::os::unix::fs::chown(self.thing(path, Want::Write)?, owner.0, owner.1),
            false => {
                let place = self.name(path, false, &[Want::Write])?;
                std::os::unix::fs::lchown(place, owner.0, owner.1)
            }
        };
        Ok(result?)
    }

    /// Sets the time of the last change, in microseconds since 1970.
    pub fn set_modified(&self, path: &Path, microseconds: i64) -> Result<(), FileError> {
        let distance = Duration::from_micros(microseconds.unsigned_abs());
        let time = match microseconds < 0 {
            false => UNIX_EPOCH.checked_add(distance),
            true => UNIX_EPOCH.checked_sub(distance),
        };
        let time: SystemTime = time.ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
        let place = self.thing(path, Want::Write)?;
        let file = fs::File::options().read(true).open(place)?;
        Ok(file.set_times(FileTimes::new().set_modified(time))?)
    }
}
