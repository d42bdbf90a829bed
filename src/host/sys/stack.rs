//! Where the stack of the running thread lies.

use std::ops::Range;

/// No stack is taken to be larger than this, whatever the limits say: they may have been raised since the kernel left
/// room for the first thread's (at least 128 MB), and nobody counts what recursion takes of it.
const MOST: usize = 64 << 20;

/// The addresses that the stack of the running thread may take. None where the system does not tell.
#[cfg(target_os = "linux")]
pub fn bounds() -> Option<Range<usize>> {
    match nix::unistd::gettid() == nix::unistd::getpid() {
        true => of_the_first_thread(),
        false => of_another_thread(),
    }
}

/// Nothing is known here.
#[cfg(not(target_os = "linux"))]
pub fn bounds() -> Option<Range<usize>> {
    None
}

/// It grows down from what the kernel has put at its end, up to the limit of the process. (pthread_getattr_np would
/// read and parse all of /proc/self/maps.)
#[cfg(target_os = "linux")]
fn of_the_first_thread() -> Option<Range<usize>> {
    use nix::sys::resource::{Resource, getrlimit};
    // SAFETY: getauxval has no preconditions.
    let name = unsafe { libc::getauxval(libc::AT_EXECFN) } as usize;
    let (limit, _) = getrlimit(Resource::RLIMIT_STACK).ok()?;
    let size = usize::try_from(limit).map_or(MOST, |n| n.min(MOST));
    (name != 0).then(|| name.saturating_sub(size)..name)
}

#[cfg(target_os = "linux")]
fn of_another_thread() -> Option<Range<usize>> {
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut low, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the attributes are used, and freed, only where the first call has filled them; all pointers are valid.
    unsafe {
        let thread = libc::pthread_self();
        if libc::pthread_getattr_np(thread, attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let found = libc::pthread_attr_getstack(attributes.as_ptr(), &mut low, &mut size) == 0;
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        (found && size > 0).then(|| low as usize..(low as usize).saturating_add(size))
    }
}
