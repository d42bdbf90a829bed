//! Files of local sockets: remembering which one we made, removing exactly that one, and clearing
//! away a stale one. Must never remove a file that is not the socket meant.

use super::address::{Address, LocalName};
use super::error::NetError;
use super::socket::Socket;
use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, connect, socket};
use std::ffi::OsStr;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The file that a bind made.
pub struct BoundPath {
    path: PathBuf,
    device: u64,
    inode: u64,
    process: u32,
}

impl BoundPath {
    /// The path as it is from the root.
    pub fn absolute(path: &[u8]) -> Result<PathBuf, NetError> {
        std::path::absolute(Path::new(OsStr::from_bytes(path)))
            .map_err(|error| NetError::Os(error.raw_os_error().unwrap_or(libc::EINVAL)))
    }

    /// Notes which file is at the path now.
    pub fn remember(path: PathBuf) -> Option<BoundPath> {
        let data = std::fs::symlink_metadata(&path).ok()?;
        let (device, inode) = (data.dev(), data.ino());
        Some(BoundPath {
            path,
            device,
            inode,
            process: std::process::id(),
        })
    }

    /// Removes the file if it is still the same one and we are not a forked child.
    fn remove(&self) {
        let Ok(data) = std::fs::symlink_metadata(&self.path) else {
            return;
        };
        let same = data.dev() == self.device && data.ino() == self.inode;
        if same && self.process == std::process::id() {
            // Whoever was faster did the same.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Socket {
    /// Removes the file of a closing socket if that is wanted.
    pub fn remove_bound_path(&mut self) {
        if let Some(path) = self.bound_path.take().filter(|_| self.unlink_on_close) {
            path.remove();
        }
    }
}

impl Drop for Socket {
    /// The end of the interpreter leaves no socket file behind.
    fn drop(&mut self) {
        self.remove_bound_path();
    }
}

/// Removes a socket file at which nobody listens any more. Answers whether it did; everything that
/// is not such a file stays.
pub fn remove_stale(address: &Address) -> Result<bool, NetError> {
    let Address::Local(LocalName::Path(bytes)) = address else {
        return Ok(false);
    };
    let path = Path::new(OsStr::from_bytes(bytes));
    let is_socket = |path: &Path| {
        std::fs::symlink_metadata(path).is_ok_and(|data| data.file_type().is_socket())
    };
    if !is_socket(path) {
        return Ok(false);
    }
    // Of the wrong type on purpose: a living server of whatever type answers EPROTOTYPE (or takes a
    // datagram socket that never sends), and no server that serves one client is used up by us.
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let probe = socket(AddressFamily::Unix, SockType::Datagram, flags, None)?;
    let system = address.to_system()?;
    match connect(probe.as_raw_fd(), system.as_dyn()) {
        Err(Errno::ECONNREFUSED) => {}
        // Somebody answers, or we cannot tell: not ours to remove.
        _ => return Ok(false),
    }
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) => Err(NetError::Os(error.raw_os_error().unwrap_or(libc::EIO))),
    }
}
