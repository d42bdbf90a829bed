//! How much memory a machine may use when nobody said.
//!
//! Owns the default only; who enforces it: `gc` (what lives), `memory` (single objects), `process` (stacks).

use super::{Stop, Vm};
use crate::host::memory;

/// Most that is taken by default, however large the computer is.
const MOST: usize = 4 << 30;
/// Assumed when the computer does not tell its size.
const UNKNOWN: usize = 3 << 30;

/// 4 GB, or if that is less, a third of what the computer has or this process may take: a full collection may need
/// the same again.
pub fn default_memory() -> usize {
    let room = physical_memory().into_iter().chain(memory::limit()).min();
    (room.unwrap_or(UNKNOWN) / 3).min(MOST)
}

fn physical_memory() -> Option<usize> {
    // SAFETY: sysconf has no preconditions.
    let (pages, size) = unsafe {
        (
            libc::sysconf(libc::_SC_PHYS_PAGES),
            libc::sysconf(libc::_SC_PAGESIZE),
        )
    };
    let (pages, size) = (usize::try_from(pages).ok()?, usize::try_from(size).ok()?);
    let bytes = pages.saturating_mul(size);
    (bytes > 0).then_some(bytes)
}

impl Vm {
    /// Bytes that objects and stacks may take: what the host said, else the default.
    pub fn memory_limit(&self) -> usize {
        match self.limits.memory {
            usize::MAX => self.default_memory,
            n => n,
        }
    }

    /// Why everything is about to stop, if it is.
    pub fn stop_reason(&self) -> Option<Stop> {
        self.stop
    }

    /// Bytes taken by objects and the stacks of all Processes.
    pub fn memory_used(&self) -> usize {
        self.heap.bytes_used() + self.stack_bytes()
    }

    fn stack_bytes(&self) -> usize {
        self.processes
            .slots
            .iter()
            .flatten()
            .map(|p| p.stack.len() * 8)
            .sum()
    }

    /// Whether a stack may grow by as many slots.
    pub(crate) fn can_grow(&self, slots: usize) -> bool {
        self.memory_used().saturating_add(slots.saturating_mul(8)) <= self.memory_limit()
    }
}
