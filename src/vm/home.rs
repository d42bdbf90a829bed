//! From a block to the activation of the method that it was written in.
//!
//! Reads frames only. A block that can return from its method holds the method's Home; for any other one, the
//! frames that it may have come from are compared with what it has captured.

use super::code::{Call, flags, value_code};
use super::frame::FrameAt;
use super::known::Known;
use super::machine_primitives::{closure_code, view_of, with_frame};
use super::{Outcome, PrimResult, Vm};
use crate::memory::Value;

impl Vm {
    /// Where the method of a closure is active: Process slot and frame. None when it has ended, and for a block that
    /// knows nothing of its surroundings.
    fn home_of(&mut self, closure: Value) -> Option<(usize, FrameAt)> {
        let home = self.heap.slot(closure, 1);
        if !home.is_nil() {
            return self.frame_of_home(home);
        }
        let captured = &self.heap.pointer_slots(closure)[2..];
        // SAFETY: only CLOSURE writes slot 0 of a closure, and code lives as long as the machine.
        let code = unsafe { &*value_code(self.heap.slot(closure, 0)) };
        if captured.len() == 1 && code.flags & flags::NAMES_SELF == 0 {
            return None;
        }
        let slot = self.processes.active_slot;
        let (view, top) = (view_of(self, slot)?, self.top_frame());
        let found = view.walk(top).find(|f| {
            let of = view.code(f.offset);
            let end = (f.offset + of.frame as usize).min(view.slots.len());
            let registers = &view.slots[f.offset..end];
            of.flags & flags::BLOCK == 0
                && of.method == code.method
                && registers[0] == captured[0]
                && captured[1..].iter().all(|v| {
                    self.heap.class_of(*v) != Known::MethodHome.index() || registers.contains(v)
                })
        });
        self.charge_walk(top.offset, found.map_or(0, |f| f.offset));
        found.map(|frame| (slot, frame))
    }

    /// Process slot and frame of a Home whose method has not ended.
    fn frame_of_home(&mut self, home: Value) -> Option<(usize, FrameAt)> {
        if !self.heap.is_pointers(home) || self.heap.slots(home) < 2 {
            return None;
        }
        let offset = usize::try_from(self.heap.slot(home, 0).as_int()?).ok()?;
        let slot = self.process_slot(self.heap.slot(home, 1))?;
        let top = if slot == self.processes.active_slot {
            self.top_frame()
        } else {
            self.processes.get(slot)?.top()
        };
        let view = view_of(self, slot)?;
        let frame = view.walk(top).find(|f| f.offset == offset);
        let code = view.code(offset);
        let is_its =
            code.flags & flags::HOME != 0 && view.slots[offset + code.home_reg as usize] == home;
        self.charge_walk(top.offset, offset);
        frame.filter(|_| is_its).map(|frame| (slot, frame))
    }
}

/// The Context of the activation that the receiver was made in, as far as it is known.
pub(super) fn closure_home(vm: &mut Vm, args: &[Value]) -> PrimResult {
    closure_code(vm, args[0])?;
    match vm.home_of(args[0]) {
        Some((slot, frame)) => Ok(vm.marry(slot, frame)),
        None => Ok(Value::NIL),
    }
}

/// Whether the code of a closure has this flag.
pub(super) fn closure_says(vm: &Vm, closure: Value, flag: u16) -> PrimResult {
    closure_code(vm, closure)?;
    // SAFETY: as in `closure_code`.
    let found = unsafe { (*value_code(vm.heap.slot(closure, 0))).flags };
    Ok(Value::bool(found & flag != 0))
}

/// For a method's frame itself; for a block's, that of its method, as far as it is known.
pub(super) unsafe fn context_home(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: as in `with_frame`.
    unsafe {
        with_frame(vm, call, usize::MAX, |vm, slot, frame| {
            let view = view_of(vm, slot)?;
            if view.code(frame.offset).flags & flags::BLOCK == 0 {
                return Some(frame);
            }
            let closure = view.slots[frame.offset];
            let (at, home) = vm.home_of(closure)?;
            (at == slot).then_some(home)
        })
    }
}
