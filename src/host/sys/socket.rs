//! Socket calls by number: accept with flags, options that are chosen at run time. Must never
//! decide which options exist (net/options.rs does).

use nix::errno::Errno;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Takes one connection from a listening socket; the new descriptor is non-blocking and closed on
/// exec.
pub fn accept(fd: BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    use nix::sys::socket::SockFlag;
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let accepted = nix::sys::socket::accept4(fd.as_raw_fd(), flags)?;
    // SAFETY: accept4 succeeded, so this is a new open descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(accepted) })
}

/// Reads an option into `buffer`; answers the number of bytes.
pub fn get_option(
    fd: BorrowedFd<'_>,
    level: i32,
    name: i32,
    buffer: &mut [u8],
) -> nix::Result<usize> {
    let mut length = buffer.len() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes, the size of the buffer.
    let result = unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            level,
            name,
            buffer.as_mut_ptr().cast(),
            &mut length,
        )
    };
    Errno::result(result)?;
    Ok((length as usize).min(buffer.len()))
}

/// Sets an option from raw bytes.
pub fn set_option(fd: BorrowedFd<'_>, level: i32, name: i32, value: &[u8]) -> nix::Result<()> {
    // SAFETY: the kernel only reads `value.len()` bytes from the pointer.
    let result = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            name,
            value.as_ptr().cast(),
            value.len() as libc::socklen_t,
        )
    };
    Errno::result(result).map(drop)
}
