//! Contexts: the objects that stand for frames when somebody asks for one.
//!
//! Owns marrying (a frame gets its Context), widowing (the frame ends first) and the
//! reading of frames through Contexts.

use super::code::{Code, code_value, flags, value_code};
use super::frame::{FrameAt, StackView};
use super::known::Known;
use super::process::Proc;
use super::{PrimError, Vm};
use crate::compiler::template::Place;
use crate::memory::{Format, Value};

/// Slots of a Context.
pub mod field {
    pub const PROCESS: usize = 0;
    /// Offset of the frame; nil when it has ended.
    pub const FRAME: usize = 1;
    /// The code, as the SmallInteger that stands for it.
    pub const CODE: usize = 2;
    pub const RECEIVER: usize = 3;
    pub const CLOSURE: usize = 4;
    /// Word index behind the instruction that tells where it was; kept when the frame ends.
    pub const PC: usize = 5;
    /// Temporaries kept when the frame ended.
    pub const TEMPS: usize = 6;
    pub const COUNT: usize = 7;
}

impl Vm {
    /// The Context of a frame of the Process in `slot`, made at need.
    pub(crate) fn marry(&mut self, slot: usize, frame: FrameAt) -> Value {
        let Some(proc) = self.processes.get(slot) else {
            return Value::NIL;
        };
        let view = StackView::of(proc);
        if let Some(note) = view.note(frame.offset)
            && note.context != Value::NIL
        {
            return note.context;
        }
        let code = view.code(frame.offset);
        let receiver = view.receiver(&self.heap, frame.offset);
        let closure = if code.flags & flags::BLOCK != 0 {
            view.slots[frame.offset]
        } else {
            Value::NIL
        };
        let process = proc.object;
        let size = self
            .classes
            .get(Known::Context.index())
            .map_or(field::COUNT, |c| c.inst_size.max(field::COUNT));
        let context = self
            .heap
            .new_pointers(Known::Context.index(), Format::Fixed, size);
        self.heap.set_slot(context, field::PROCESS, process);
        self.heap
            .set_slot(context, field::FRAME, Value::int(frame.offset as i64));
        self.heap.set_slot(context, field::CODE, code_value(code));
        self.heap.set_slot(context, field::RECEIVER, receiver);
        self.heap.set_slot(context, field::CLOSURE, closure);
        // Only the machine writes to it.
        self.heap.set_immutable(context, true);
        if let Some(note) = self.note_mut(slot, frame.offset) {
            note.context = context;
        }
        context
    }

    /// Keeps what is worth keeping of a frame that ends while its Context lives on.
    pub(crate) fn widow(&mut self, context: Value, frame: FrameAt) {
        let view = self.view();
        let code = view.code(frame.offset);
        let pc = code.word_index(code.shown_pc(frame));
        let temps: Vec<Value> = code
            .facts
            .temps
            .iter()
            .map(|t| read_place(&self.heap, view, frame.offset, t.place))
            .collect();
        let array = self.new_array_from(&temps);
        self.heap.set_slot(context, field::TEMPS, array);
        self.heap
            .set_slot(context, field::PC, Value::int(pc as i64));
        self.heap.set_slot(context, field::FRAME, Value::NIL);
    }

    /// The code that a Context is about.
    pub(crate) fn context_code(&self, context: Value) -> Result<&Code, PrimError> {
        if self.heap.class_of(context) != Known::Context.index() {
            return Err(PrimError::BadReceiver);
        }
        let v = self.heap.slot(context, field::CODE);
        if !v.is_int() {
            return Err(PrimError::BadReceiver);
        }
        // SAFETY: only `marry` writes this slot, and code lives as long as the machine.
        Ok(unsafe { &*value_code(v) })
    }

    /// Process slot and frame offset of a living Context: one that its frame's note knows.
    pub(crate) fn context_offset(
        &self,
        context: Value,
    ) -> Result<Option<(usize, usize)>, PrimError> {
        self.context_code(context)?;
        let Some(offset) = self.heap.slot(context, field::FRAME).as_int() else {
            return Ok(None);
        };
        let Some(slot) = self.process_slot(self.heap.slot(context, field::PROCESS)) else {
            return Ok(None);
        };
        let offset = offset as usize;
        let Some(proc) = self.processes.get(slot) else {
            return Ok(None);
        };
        let note = StackView::of(proc).note(offset);
        Ok(note
            .filter(|n| n.context == context)
            .map(|_| (slot, offset)))
    }

    /// Process slot and frame of a living Context, with the place where it goes on: a walk from the top.
    pub(crate) fn context_frame(
        &mut self,
        context: Value,
    ) -> Result<Option<(usize, FrameAt)>, PrimError> {
        let Some((slot, offset)) = self.context_offset(context)? else {
            return Ok(None);
        };
        let Some(proc) = self.processes.get(slot) else {
            return Ok(None);
        };
        let top = match slot == self.processes.active_slot {
            true => self.offset(self.fp),
            false => proc.fp,
        };
        let frame = self.frame_from(slot, proc, offset);
        self.charge_walk(top, offset);
        Ok(frame.map(|frame| (slot, frame)))
    }

    /// Where the frame at `offset` goes on: found from the frame above it.
    fn frame_from(&self, slot: usize, proc: &Proc, offset: usize) -> Option<FrameAt> {
        let top = if slot == self.processes.active_slot {
            self.top_frame()
        } else {
            proc.top()
        };
        let view = StackView::of(proc);
        let mut tops = vec![top];
        // Calls from Rust interrupt the chain: each level remembers the frame it was called from.
        for level in self.levels.iter().rev().filter(|l| l.process == slot) {
            tops.push(FrameAt::behind(level.saved_fp, level.saved_pc));
        }
        tops.into_iter()
            .find_map(|t| view.walk(t).find(|f| f.offset == offset))
    }

    /// Reads temporary `index` (from 0) of a Context, living or not.
    pub(crate) fn context_temp(&self, context: Value, index: usize) -> Result<Value, PrimError> {
        let code = self.context_code(context)?;
        let temp = code.facts.temps.get(index).ok_or(PrimError::BadIndex)?;
        match self.context_offset(context)? {
            Some((slot, offset)) => {
                let proc = self.processes.get(slot).ok_or(PrimError::Inappropriate)?;
                Ok(read_place(
                    &self.heap,
                    StackView::of(proc),
                    offset,
                    temp.place,
                ))
            }
            None => {
                let temps = self.heap.slot(context, field::TEMPS);
                Ok(self
                    .heap
                    .pointer_slots(temps)
                    .get(index)
                    .copied()
                    .unwrap_or(Value::NIL))
            }
        }
    }

    /// Writes temporary `index` (from 0) of a Context.
    pub(crate) fn set_context_temp(
        &mut self,
        context: Value,
        index: usize,
        value: Value,
    ) -> Result<Value, PrimError> {
        let code = self.context_code(context)?;
        let temp = code.facts.temps.get(index).ok_or(PrimError::BadIndex)?;
        let place = temp.place;
        if index == 0 && code.flags & flags::HANDLER != 0 {
            // It may handle something else from now on.
            self.flushes += 1;
        }
        let Some((slot, offset)) = self.context_offset(context)? else {
            let temps = self.heap.slot(context, field::TEMPS);
            if index < self.heap.slots(temps) {
                self.heap.set_slot(temps, index, value);
            }
            return Ok(value);
        };
        self.write_place(slot, offset, place, value);
        Ok(value)
    }

    /// Changes a variable of a frame of the Process in `slot`.
    pub(super) fn write_place(&mut self, slot: usize, offset: usize, place: Place, value: Value) {
        let Some(proc) = self.processes.get_mut(slot) else {
            return;
        };
        proc.ran = true;
        match place {
            Place::Register(r) => proc.stack[offset + r as usize] = value,
            Place::Box { register, index } => {
                let vector = proc.stack[offset + register as usize];
                if is_vector(&self.heap, vector) && (index as usize) < self.heap.slots(vector) {
                    self.heap.set_slot(vector, index as usize, value);
                }
            }
        }
    }
}

/// The value of a variable of a frame.
pub(super) fn read_place(
    heap: &crate::memory::Heap,
    view: StackView<'_>,
    offset: usize,
    place: Place,
) -> Value {
    match place {
        Place::Register(r) => view.slots[offset + r as usize],
        Place::Box { register, index } => {
            let vector = view.slots[offset + register as usize];
            if !is_vector(heap, vector) {
                return Value::NIL;
            }
            let value = heap.pointer_slots(vector).get(index as usize);
            value.copied().unwrap_or(Value::NIL)
        }
    }
}

/// Whether a register that is to hold variables shared with blocks does so already: the scope that they
/// belong to may not have been entered, and the register may hold what an earlier one left there.
fn is_vector(heap: &crate::memory::Heap, v: Value) -> bool {
    heap.class_of(v) == Known::MethodHome.index()
}
