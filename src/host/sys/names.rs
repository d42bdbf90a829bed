//! Reads the names (addresses) of sockets as raw bytes. Owns the calls with an address *result*;
//! must never interpret the bytes (net/address.rs does). nix copies such results into a structure
//! of 110 bytes, which a peer bound to a path of 108 bytes makes too small; hence our own.

use nix::errno::Errno;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Longer than any address that the kernel gives out (111 bytes).
const NAME_SIZE: usize = 256;

type NameCall =
    unsafe extern "C" fn(libc::c_int, *mut libc::sockaddr, *mut libc::socklen_t) -> libc::c_int;

fn name(fd: BorrowedFd<'_>, call: NameCall) -> nix::Result<Vec<u8>> {
    let mut buffer = vec![0u8; NAME_SIZE];
    let mut length = NAME_SIZE as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes to the buffer, which has that many; it has
    // no demands on alignment. The descriptor is open for the duration of the borrow.
    let result = unsafe { call(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), &mut length) };
    Errno::result(result)?;
    buffer.truncate(length as usize);
    Ok(buffer)
}

/// The address that the socket is bound to.
pub fn local_name(fd: BorrowedFd<'_>) -> nix::Result<Vec<u8>> {
    name(fd, libc::getsockname)
}

/// The address that the socket is connected to.
pub fn peer_name(fd: BorrowedFd<'_>) -> nix::Result<Vec<u8>> {
    name(fd, libc::getpeername)
}

/// What one datagram brought.
pub struct Message {
    /// Bytes stored in the buffer.
    pub size: usize,
    /// The datagram was longer than the buffer; its end is lost.
    pub truncated: bool,
    /// Raw address of the sender; empty when it has none.
    pub sender: Vec<u8>,
}

/// Receives one datagram.
pub fn receive_message(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> nix::Result<Message> {
    let mut sender = vec![0u8; NAME_SIZE];
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: msghdr is plain data for which all-zero bytes are valid.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_name = sender.as_mut_ptr().cast();
    header.msg_namelen = NAME_SIZE as libc::socklen_t;
    header.msg_iov = &mut part;
    header.msg_iovlen = 1;
    // SAFETY: every pointer in the header is valid for writes of the length beside it until the
    // call returns.
    let size = unsafe { libc::recvmsg(fd.as_raw_fd(), &mut header, 0) };
    let size = Errno::result(size)? as usize;
    sender.truncate(header.msg_namelen as usize);
    Ok(Message {
        size,
        truncated: header.msg_flags & libc::MSG_TRUNC != 0,
        sender,
    })
}
