//! Descriptors that come from elsewhere: received over a local socket, or inherited from whoever
//! started the process. Owns making them ours; must never take one that somebody here has made.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Room for the 253 descriptors that Linux passes at most in one message, and for credentials.
const CONTROL_WORDS: usize = 160;

/// What one message brought.
pub struct Received {
    /// Bytes stored in the buffer.
    pub size: usize,
    /// The descriptors that came with them.
    pub descriptors: Vec<OwnedFd>,
    /// There were more, which are lost: this process may not have as many open.
    pub cut: bool,
}

/// Receives bytes and the descriptors that were sent with them, which are closed on exec. With
/// `peek` both stay where they are, and what is answered are duplicates.
pub fn receive(fd: BorrowedFd<'_>, buffer: &mut [u8], peek: bool) -> nix::Result<Received> {
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // Of words, since control messages have to be aligned.
    let mut control = [0u64; CONTROL_WORDS];
    // SAFETY: msghdr is plain data for which all-zero bytes are valid.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&control) as _;
    #[cfg(target_os = "linux")]
    const FLAGS: i32 = libc::MSG_CMSG_CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    const FLAGS: i32 = 0;
    let flags = if peek { FLAGS | libc::MSG_PEEK } else { FLAGS };
    // SAFETY: every pointer in the header is valid for writes of the length beside it until the
    // call returns.
    let size = unsafe { libc::recvmsg(fd.as_raw_fd(), &mut header, flags) };
    let size = Errno::result(size)? as usize;
    let mut descriptors = Vec::new();
    // SAFETY: the kernel filled the control buffer and set its length; the macros stay within it.
    let mut message = unsafe { libc::CMSG_FIRSTHDR(&header) };
    while !message.is_null() {
        // SAFETY: not null, so it points to a whole header within the buffer.
        let (level, kind, length) = unsafe {
            let header = &*message;
            (
                header.cmsg_level,
                header.cmsg_type,
                header.cmsg_len as usize,
            )
        };
        if level == libc::SOL_SOCKET && kind == libc::SCM_RIGHTS {
            // SAFETY: the data begin behind the header.
            let (data, start) = unsafe { (libc::CMSG_DATA(message), libc::CMSG_LEN(0) as usize) };
            for index in 0..length.saturating_sub(start) / size_of::<RawFd>() {
                // SAFETY: within the length of the message, whatever the alignment; the kernel
                // opened the descriptor for us, nobody else knows it.
                descriptors.push(unsafe {
                    OwnedFd::from_raw_fd(data.cast::<RawFd>().add(index).read_unaligned())
                });
            }
        }
        // SAFETY: as for the first one.
        message = unsafe { libc::CMSG_NXTHDR(&header, message) };
    }
    for descriptor in &descriptors {
        // Where the flag above does not exist.
        let _ = fcntl(descriptor, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC));
    }
    Ok(Received {
        size,
        descriptors,
        cut: header.msg_flags & libc::MSG_CTRUNC != 0,
    })
}

/// Makes an inherited descriptor ours. One that survived the exec has no close-on-exec flag, while
/// all that are made in this process have it: so nothing of ours is taken, and nothing twice.
pub fn inherited(number: RawFd) -> nix::Result<OwnedFd> {
    if number <= libc::STDERR_FILENO {
        return Err(Errno::EBADF);
    }
    // SAFETY: only asks; a number that is no descriptor is an error.
    let flags = Errno::result(unsafe { libc::fcntl(number, libc::F_GETFD) })?;
    if flags & libc::FD_CLOEXEC != 0 {
        return Err(Errno::EBADF);
    }
    // SAFETY: it is open, and nobody in this process owns it (see above).
    let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
    fcntl(&descriptor, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(descriptor)
}

/// Makes sure that no call waits for the descriptor.
pub fn make_non_blocking(fd: impl AsFd) -> nix::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(fd.as_fd(), FcntlArg::F_GETFL)?);
    fcntl(fd.as_fd(), FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK)).map(drop)
}
