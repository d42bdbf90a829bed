//! System calls that nix does not cover, or covers unsoundly for our purpose. Owns every `unsafe`
//! block of the host layer; must never keep state, touch a Smalltalk value or block longer than
//! the call it is named after.

#![allow(unsafe_code)]

#[cfg(feature = "net")]
pub mod descriptors;
#[cfg(feature = "net")]
pub mod names;
#[cfg(feature = "programs")]
pub mod process;
#[cfg(feature = "net")]
pub mod resolve;
#[cfg(feature = "files")]
pub mod signals;
#[cfg(feature = "net")]
pub mod socket;
pub mod stack;

use nix::errno::Errno;

/// Fills `buffer` with bytes from the kernel's random number generator.
pub fn random_bytes(buffer: &mut [u8]) -> nix::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        let rest = &mut buffer[filled..];
        // SAFETY: the pointer and length describe `rest`, which is writable and outlives the call.
        let count = unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) };
        match Errno::result(count) {
            Ok(count) => filled += count as usize,
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

#[cfg(feature = "dates")]
/// Seconds east of Greenwich at the given moment, by the zone of this process.
pub fn local_offset_seconds(unix_seconds: i64) -> Option<i64> {
    let time = libc::time_t::try_from(unix_seconds).ok()?;
    let mut broken_down = std::mem::MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are valid for the call; all-zero bytes are a valid `tm`, so the value
    // is initialised whether or not localtime_r fills it.
    let result = unsafe { libc::localtime_r(&time, broken_down.as_mut_ptr()) };
    if result.is_null() {
        return None;
    }
    // SAFETY: see above.
    let broken_down = unsafe { broken_down.assume_init() };
    Some(broken_down.tm_gmtoff)
}

/// The text that the C library has for an errno.
#[cfg(feature = "files")]
pub fn error_text(errno: i32) -> String {
    let mut buffer = [0u8; 256];
    // SAFETY: the buffer is writable for the length given; the XSI form of strerror_r (the one
    // libc binds) writes a terminated string into it or fails.
    let failed = unsafe { libc::strerror_r(errno, buffer.as_mut_ptr().cast(), buffer.len()) } != 0;
    let text = std::ffi::CStr::from_bytes_until_nul(&buffer).unwrap_or_default();
    if failed || text.is_empty() {
        return format!("Unknown error {errno}");
    }
    text.to_string_lossy().into_owned()
}
