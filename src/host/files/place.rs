//! A path that is used: where not everything is permitted, it is held by a descriptor between the decision and
//! the act, so that nobody can put a link there in between. Owns that descriptor; must never decide.
//!
//! The system opens the path without following any link in it (`openat2`, Linux 5.6), and the act goes
//! through `/proc/self/fd`. Where either is missing, the path without links is used as it is: then another
//! program that may change the folders on the way can be faster. The program itself cannot.

use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat2};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// A path for one call of the system.
pub struct Place {
    path: PathBuf,
    _held: Option<OwnedFd>,
}

impl Place {
    /// The path as it is.
    pub fn plain(path: &Path) -> Place {
        Place {
            path: path.into(),
            _held: None,
        }
    }

    /// A name in a folder: to make, remove or rename it. What may be a link there must not be followed.
    pub fn name(real: &Path) -> io::Result<Place> {
        let (Some(folder), Some(name)) = (real.parent(), real.file_name()) else {
            return Ok(Place::plain(real));
        };
        Ok(match hold(folder, OFlag::O_DIRECTORY)? {
            Some(held) => Place {
                path: through(&held).join(name),
                _held: Some(held),
            },
            None => Place::plain(real),
        })
    }

    /// The thing that is there.
    pub fn thing(real: &Path) -> io::Result<Place> {
        Ok(match hold(real, OFlag::O_NOFOLLOW)? {
            Some(held) => Place {
                path: through(&held),
                _held: Some(held),
            },
            None => Place::plain(real),
        })
    }
}

impl AsRef<Path> for Place {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

fn through(held: &OwnedFd) -> PathBuf {
    format!("/proc/self/fd/{}", held.as_raw_fd()).into()
}

/// None where the system cannot do it.
fn hold(path: &Path, flags: OFlag) -> io::Result<Option<OwnedFd>> {
    use nix::errno::Errno;
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC | flags)
        .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    match openat2(AT_FDCWD, path, how) {
        Ok(held) => Ok(Some(held).filter(|held| through(held).symlink_metadata().is_ok())),
        // An old system, or a filter that does not know the call.
        Err(Errno::ENOSYS | Errno::EPERM) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}
