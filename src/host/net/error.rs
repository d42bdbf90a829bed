//! Why a socket operation failed, and the names of errno numbers. Must never hold text for people:
//! the Smalltalk side words its messages itself.

use nix::errno::Errno;

/// The failure of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetError {
    /// The handle is stale, forged or of another session.
    BadHandle,
    /// An argument is out of range or of the wrong form.
    BadArgument,
    /// The host gave no permission.
    Denied,
    /// The operating system refused, with this errno.
    Os(i32),
}

impl NetError {
    /// The errno to show: the system's, or the nearest one for our own checks.
    pub fn errno(self) -> i32 {
        match self {
            NetError::BadHandle => libc::EBADF,
            NetError::BadArgument => libc::EINVAL,
            NetError::Denied => libc::EPERM,
            NetError::Os(errno) => errno,
        }
    }
}

impl From<Errno> for NetError {
    fn from(errno: Errno) -> Self {
        NetError::Os(errno as i32)
    }
}

/// The symbolic name, such as `ECONNREFUSED`.
pub fn errno_name(errno: i32) -> String {
    match Errno::from_raw(errno) {
        Errno::UnknownErrno => format!("errno {errno}"),
        known => format!("{known:?}"),
    }
}
