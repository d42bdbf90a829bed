//! A descriptor for another process, and what a child does before it becomes another program. Must
//! never be asked about a process that is no child of ours, whose number may have become another's.

use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The program that is started gets all signals, also those that the command line blocks in order
/// to take them in a thread of its own: the program has no such thread.
pub fn unblock_signals(command: &mut Command) {
    let unblock = || {
        nix::sys::signal::SigSet::empty().thread_set_mask()?;
        Ok(())
    };
    // SAFETY: between fork and exec only what a signal handler may do is allowed: setting the mask
    // is, and neither allocates nor locks.
    unsafe { command.pre_exec(unblock) };
}

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
