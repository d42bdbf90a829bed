//! How much memory this process may take beside what the computer has: its own limit, and its container's.
//!
//! Owns the asking only; what follows from it is the machine's business.

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

/// Where containers find their limit: cgroups 2, cgroups 1 (cgroups(7)).
const CONTAINER: [&str; 2] = [
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
];

/// The least of the limits set for this process, in bytes; none if there is none.
pub fn limit() -> Option<usize> {
    let own = getrlimit(Resource::RLIMIT_AS).ok().map(|(soft, _)| soft);
    let own = own.filter(|&soft| soft != RLIM_INFINITY);
    let container = CONTAINER.iter().find_map(|path| {
        let text = std::fs::read_to_string(path).ok()?;
        text.trim().parse::<u64>().ok()
    });
    let least = own.into_iter().chain(container).min()?;
    Some(usize::try_from(least).unwrap_or(usize::MAX))
}
