//! A descriptor for another process. Owns one system call that nix does not have; must never be
//! asked about a process that is no child of ours, whose number may have become another's.

use std::os::fd::OwnedFd;

/// What can be read once the child has ended; `None` where the kernel has no such thing.
#[cfg(target_os = "linux")]
pub fn descriptor(process: u32) -> Option<OwnedFd> {
    use std::os::fd::FromRawFd;
    // SAFETY: two numbers go in, and a new descriptor that nobody owns or an error comes back.
    let number = unsafe { libc::syscall(libc::SYS_pidfd_open, process as libc::pid_t, 0) };
    // SAFETY: see above; such a descriptor is closed on exec.
    (number >= 0).then(|| unsafe { OwnedFd::from_raw_fd(number as i32) })
}

/// Nothing of the kind is known here.
#[cfg(not(target_os = "linux"))]
pub fn descriptor(_process: u32) -> Option<OwnedFd> {
    None
}
