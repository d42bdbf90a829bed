//! The fast path of every instruction: written once, used by both dispatch forms.
//!
//! Each function does the common case and answers true, or changes nothing and answers false:
//! then `slow` does the whole instruction. No function here calls anything that is not inlined,
//! so that a handler of the threaded form needs no frame of its own. Here is what they share.

#![allow(non_snake_case, unused_unsafe)]

use super::code::{self, Code, Ic, value_code};
use super::known::Known;
use super::{Fp, Pc, Vm};
use crate::memory::header;
use crate::memory::heap::slot_ptr;
use crate::memory::{ClassIndex, Format, Value};

/// Field A of an instruction.
#[inline(always)]
pub fn a(insn: u32) -> usize {
    (insn >> 8 & 0xff) as usize
}

/// Field B.
#[inline(always)]
pub fn b(insn: u32) -> usize {
    (insn >> 16 & 0xff) as usize
}

/// Field C.
#[inline(always)]
pub fn c(insn: u32) -> usize {
    (insn >> 24) as usize
}

/// Field D, unsigned.
#[inline(always)]
pub fn d(insn: u32) -> usize {
    (insn >> 16) as usize
}

/// Field D, signed.
#[inline(always)]
pub fn sd(insn: u32) -> isize {
    (insn as i32 >> 16) as isize
}

/// Field E, signed.
#[inline(always)]
pub fn e(insn: u32) -> isize {
    (insn as i32 >> 8) as isize
}

/// The word of a heap object's header.
///
/// # Safety
/// `v` must be a reference.
#[inline(always)]
pub unsafe fn header_of(v: Value) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { *(v.0 as *const u64) }
}

/// Class of any value.
///
/// # Safety
/// `v` must be valid.
#[inline(always)]
pub unsafe fn class_of(vm: *mut Vm, v: Value) -> ClassIndex {
    // SAFETY: a reference points at a header.
    unsafe {
        if v.is_object() {
            header::class_of(header_of(v))
        } else {
            (*vm).heap.immediate_class[v.0 as u8 as usize]
        }
    }
}

/// Slots of an object as its header has them. An object with more says 255, which is more than any
/// index in an instruction, so that what it has is at least not less.
#[inline(always)]
fn small_slots(word: u64) -> usize {
    (word >> header::SLOTS_SHIFT) as usize
}

/// Slots of any object.
///
/// # Safety
/// `v` must be a reference and `word` its header.
#[inline(always)]
pub unsafe fn slots_of(v: Value, word: u64) -> usize {
    let count = (word >> header::SLOTS_SHIFT) as usize;
    if count == header::LARGE_SLOTS as usize {
        // SAFETY: a large object has its size in front of the header.
        unsafe { (*(v.0 as *const u64).sub(1) & !crate::memory::heap::LARGE_MARK) as usize }
    } else {
        count
    }
}

/// Whether storing `value` into an object with header `word` needs the remembered set.
#[inline(always)]
unsafe fn needs_barrier(vm: *mut Vm, word: u64, value: Value) -> bool {
    // SAFETY: `vm` is the running machine.
    unsafe {
        word & (header::OLD | header::REMEMBERED) == header::OLD && (*vm).heap.is_young(value)
    }
}

/// Takes `words` words of eden; null when they are not there.
#[inline(always)]
unsafe fn bump(vm: *mut Vm, words: usize) -> *mut u64 {
    // SAFETY: `vm` is the running machine.
    unsafe {
        let at = (*vm).heap.alloc_ptr;
        let free = (*vm).heap.alloc_end as usize - at as usize;
        if words * 8 > free {
            return std::ptr::null_mut();
        }
        (*vm).heap.alloc_ptr = at.add(words);
        at
    }
}

macro_rules! op {
    ($($(#[$m:meta])* $name:ident ($vm:ident, $pc:ident, $fp:ident, $i:ident) $body:block)*) => {
        $($(#[$m])* #[inline(always)]
        pub unsafe fn $name($vm: *mut Vm, $pc: &mut Pc, $fp: &mut Fp, $i: u32) -> bool {
            // SAFETY (all instructions): the compiler and its verifier keep register numbers inside the
            // frame and jumps inside the code; `vm` is the running machine; values are valid until the next safepoint.
            unsafe { $body }
        })*
    };
}

macro_rules! reg {
    ($fp:expr, $i:expr) => {
        *(*$fp).add($i)
    };
}

/// Arithmetic with an ordinary object as its receiver is sent, by the stub at `pc`, without a detour:
/// the operands go into its window, and execution goes on there. False for numbers, which the slow path knows.
#[inline(always)]
unsafe fn really_sent(pc: Pc, fp: Fp, x: Value, y: Value) -> bool {
    // SAFETY: the verifier has checked that a send stands at `pc`.
    unsafe {
        if !x.is_object() || header::class_of(header_of(x)) == Known::Float.index() {
            return false;
        }
        let window = fp.add(a(*pc) + 2);
        *window = x;
        *window.add(1) = y;
        true
    }
}

mod elements;
mod jumps;
mod moves;
mod numbers;
mod sends;

pub use elements::*;
pub use jumps::*;
pub use moves::*;
pub use numbers::*;
pub use sends::*;
