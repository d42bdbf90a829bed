//! How much memory a machine may use when nobody said.
//!
//! Owns the default and the reserve; who enforces it: `gc` (what lives), `memory` (single objects), `process` (stacks).

use super::process::{Note, Proc};
use super::{PrimError, Stop, Vm};
use crate::host::memory;
use crate::memory::Value;

/// Most that is taken by default, however large the computer is.
const MOST: usize = 4 << 30;
/// Assumed when the computer does not tell its size.
const UNKNOWN: usize = 3 << 30;
/// Bytes beyond the limit for whoever deals with its being reached.
pub(super) const ROOM: usize = 1 << 20;
/// The limit is looked at when stacks have grown by this part of it.
const GROWTHS: usize = 16;
/// What the class table keeps of a class or a metaclass with three variables, as measured.
pub(super) const CLASS_BYTES: usize = 800;
/// Reading and compiling a text takes so many times its size, of code that is all names and brackets.
const COMPILING: usize = 50;
/// So many bytes are taken without a look at what is left.
const FEW: usize = 64 << 10;
/// A text of so many bytes is compiled however little room there is: what deals with that is no longer.
const SHORT_TEXT: usize = 16 << 10;
/// What a note on a frame takes in its table.
const NOTE_BYTES: usize = size_of::<(usize, Note)>() + 1;

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
        let limit = match self.limits.memory {
            usize::MAX => self.default_memory,
            n => n,
        };
        limit.saturating_add(if self.short_of_memory { ROOM } else { 0 })
    }

    /// An object had no room. Whoever handles that, or cleans up behind it, has a little more than there was, until
    /// there is enough again.
    pub(super) fn open_memory_reserve(&mut self) {
        if self.is_cleaning() {
            return;
        }
        self.short_of_memory = true;
        self.heap.options.limit = self.memory_limit();
    }

    /// Everything was collected as far as was needed.
    pub(super) fn close_memory_reserve(&mut self) {
        if self.short_of_memory && self.memory_used() + ROOM <= self.memory_limit() {
            self.short_of_memory = false;
            self.heap.options.limit = self.memory_limit();
        }
    }

    /// Why everything is about to stop, if it is.
    pub fn stop_reason(&self) -> Option<Stop> {
        self.stop
    }

    /// Bytes taken by objects, by all Processes (their stacks, and what is noted of frames), by symbols, by what is
    /// known of classes, by code, by texts that are kept with classes and methods, by the texts of loads that have not
    /// ended, by output that is kept, and by what else the host keeps for the program.
    pub fn memory_used(&self) -> usize {
        let loads = self.loads.iter().filter(|kept| kept.0.is_some());
        let loads: usize = loads.map(|kept| kept.1).sum();
        let classes = self.classes.in_use() * CLASS_BYTES + self.classes.texts + self.code_bytes;
        let kept = loads + self.host.bytes_used();
        let own = self.stack_bytes() + self.symbols.bytes_used() + classes + kept;
        self.heap.bytes_used().saturating_add(own)
    }

    fn stack_bytes(&self) -> usize {
        self.processes
            .slots
            .iter()
            .flatten()
            .map(|p| p.stack.len() * 8 + size_of::<Proc>() + p.notes.capacity() * NOTE_BYTES)
            .sum()
    }

    /// Small stacks grow without being asked for the limit, and so does output: when there is much, it is looked
    /// at soon.
    pub(crate) fn note_growth(&mut self, slots: usize) {
        self.stack_growth = self.stack_growth.saturating_add(slots.saturating_mul(8));
        if self.stack_growth > self.memory_limit() / GROWTHS {
            self.stack_growth = 0;
            self.heap.collection_wanted = true;
            self.poll_soon();
        }
    }

    /// Output of so many bytes is kept in memory.
    pub fn note_kept(&mut self, bytes: usize) {
        self.note_growth(bytes.div_ceil(8));
    }

    /// A text of so many bytes is kept with a class or a method from now on.
    pub(crate) fn note_text(&mut self, bytes: usize) {
        self.classes.texts = self.classes.texts.saturating_add(bytes);
        self.note_kept(bytes);
    }

    /// Whether a stack may grow by as many slots.
    pub(crate) fn can_grow(&self, slots: usize) -> bool {
        slots.saturating_mul(8) <= self.room()
    }

    /// Bytes that are left under the limit.
    pub fn room(&self) -> usize {
        self.memory_limit().saturating_sub(self.memory_used())
    }

    /// Whether there is room for so many bytes that are no object, or no object yet. For few, that is found out behind it.
    pub fn ask_for(&self, bytes: usize) -> Result<(), PrimError> {
        match bytes <= FEW || bytes <= self.room() {
            true => Ok(()),
            false => Err(PrimError::NoMemory),
        }
    }

    /// Whether there is room to compile what a string says. Before anything is done with it.
    pub fn ask_to_compile(&self, source: Value) -> Result<(), PrimError> {
        match self.can_compile(self.heap.slots(source) * 8) {
            true => Ok(()),
            false => Err(PrimError::NoMemory),
        }
    }

    fn can_compile(&self, bytes: usize) -> bool {
        bytes <= SHORT_TEXT || bytes.saturating_mul(COMPILING) <= self.room()
    }

    /// Charges reading and compiling a text of so many bytes, once. False if everything stops, for there is no fuel, time
    /// or room.
    pub(crate) fn begin_to_compile(&mut self, bytes: usize) -> bool {
        if !self.can_compile(bytes) {
            self.stop = Some(Stop::Memory);
        }
        if self.levels.is_empty() {
            let before = self.fuel_used;
            self.fuel_used = before.saturating_add(bytes as u64);
            // Of short texts only many are worth a look at what stops everything.
            if (before ^ self.fuel_used) >= SHORT_TEXT as u64 {
                self.look_for_stop();
            }
        } else {
            self.charge_or_stop(bytes);
        }
        self.stop.is_none()
    }

    /// Source text is about to be read. Outside of all calls, whatever was stopped before is over.
    pub(crate) fn begin_to_read(&mut self) {
        if self.levels.is_empty() {
            self.forget_stop();
        }
    }
}
