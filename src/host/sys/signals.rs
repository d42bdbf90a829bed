//! What this process does with signals, before we change it.
//!
//! Only asks; installs nothing.

#![allow(unsafe_code)]

use nix::sys::signal::Signal;

/// Whether the process was started with this signal ignored, as `nohup` does with SIGHUP and a
/// script's shell with SIGINT for what it runs in the background.
pub fn is_ignored(signal: Signal) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: a null new action only asks for the present one, for which there is room; all-zero
    // bytes are a valid `sigaction`, so it is initialised even if the call fails.
    let action = unsafe {
        libc::sigaction(signal as i32, std::ptr::null(), action.as_mut_ptr());
        action.assume_init()
    };
    action.sa_sigaction == libc::SIG_IGN
}
