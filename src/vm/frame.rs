//! Walking frames: from a frame to its sender, with what the link words and notes tell.
//!
//! Read-only, apart from cutting; must never run anything.

use super::code::{Code, flags, value_code};
use super::known::Known;
use super::process::{Note, Notes, Proc, Retry};
use super::{Fp, Pc, Vm, ops};
use crate::memory::Value;

/// One frame of a Process: its offset from the base and where it goes on.
#[derive(Clone, Copy, Debug)]
pub struct FrameAt {
    pub offset: usize,
    /// Where it goes on, and in bit 0 whether it is ahead: a third field makes walks slower by half.
    pc: usize,
}

impl FrameAt {
    /// A frame that goes on behind the send that it is at.
    pub(crate) fn behind(offset: usize, pc: Pc) -> FrameAt {
        FrameAt::at(offset, pc, false)
    }

    /// With `ahead` it is at what stands at `pc`, and not at the send in front of it: it was interrupted there, or will
    /// try that again.
    pub(crate) fn at(offset: usize, pc: Pc, ahead: bool) -> FrameAt {
        let pc = pc as usize | ahead as usize;
        FrameAt { offset, pc }
    }

    pub(crate) fn pc(self) -> Pc {
        (self.pc & !1) as Pc
    }

    pub(crate) fn is_ahead(self) -> bool {
        self.pc & 1 != 0
    }
}

/// Slots of a walk that cost a send, as a power of two.
const WALKED: u32 = 3;

static NO_NOTES: Notes = Notes::with_hasher(rustc_hash::FxBuildHasher);

/// A stack to be walked: of the running Process or of another.
#[derive(Clone, Copy)]
pub struct StackView<'a> {
    pub slots: &'a [Value],
    pub notes: &'a Notes,
}

impl<'a> StackView<'a> {
    pub fn of(proc: &'a Proc) -> StackView<'a> {
        StackView {
            slots: &proc.stack,
            notes: &proc.notes,
        }
    }

    /// The code of the frame at `offset`.
    pub fn code(&self, offset: usize) -> &'a Code {
        // SAFETY: the word below a frame is its code, which lives as long as the machine.
        unsafe { &*value_code(self.slots[offset - 2]) }
    }

    /// The note on the frame at `offset`, if it has one.
    pub fn note(&self, offset: usize) -> Option<&'a Note> {
        self.notes.get(&offset)
    }

    /// Whether it is a frame of the program, and not the boundary of a call from Rust.
    #[inline(always)]
    fn is_one(&self, frame: FrameAt) -> bool {
        self.code(frame.offset).flags & flags::BOUNDARY == 0
    }

    /// The sender of a frame; none at the bottom of the Process or of a call from Rust.
    #[inline(always)]
    pub fn caller(&self, frame: FrameAt) -> Option<FrameAt> {
        if !self.is_one(frame) {
            return None;
        }
        let link = self.slots[frame.offset - 1].0;
        let pc = (link & !3) as Pc;
        let note = if link & 1 != 0 {
            self.note(frame.offset)
        } else {
            None
        };
        let (window, ahead) = match note {
            Some(Note {
                window: Some(w),
                retry,
                ..
            }) => (*w as usize, retry.is_some_and(Retry::is_ahead)),
            // SAFETY: a return address has its send in front of it.
            _ => (ops::a(unsafe { *pc.sub(1) }), false),
        };
        Some(FrameAt::at(frame.offset - 2 - window, pc, ahead))
    }

    /// `frame` and its senders, from the top down, without the boundary frame.
    pub fn walk(self, frame: FrameAt) -> Walk<'a> {
        Walk {
            view: self,
            next: Some(frame).filter(|&f| self.is_one(f)),
        }
    }

    /// The receiver as the programmer sees it: a block's frame holds its closure in register 0.
    pub fn receiver(&self, heap: &crate::memory::Heap, offset: usize) -> Value {
        let v = self.slots[offset];
        if self.code(offset).flags & flags::BLOCK != 0 && heap.slots(v) > 2 {
            heap.slot(v, 2)
        } else {
            v
        }
    }
}

/// A frame and its senders, from the top down. Its steps are compiled into each loop over it: as calls they made
/// exceptions a quarter slower.
pub struct Walk<'a> {
    view: StackView<'a>,
    next: Option<FrameAt>,
}

impl Iterator for Walk<'_> {
    type Item = FrameAt;

    #[inline(always)]
    fn next(&mut self) -> Option<FrameAt> {
        let frame = self.next?;
        let sender = self.view.caller(frame);
        self.next = sender.filter(|&f| self.view.is_one(f));
        Some(frame)
    }
}

impl Vm {
    /// The running stack, with the top frame as given.
    pub(crate) fn view(&self) -> StackView<'_> {
        match self.processes.get(self.processes.active_slot) {
            Some(proc) => StackView::of(proc),
            None => StackView {
                slots: &[],
                notes: &NO_NOTES,
            },
        }
    }

    /// Offset of a frame of the running stack.
    pub(crate) fn offset(&self, fp: Fp) -> usize {
        // SAFETY: fp points into the running stack.
        unsafe { fp.offset_from(self.base) as usize }
    }

    /// Address of a frame of the running stack.
    pub(crate) fn address(&self, offset: usize) -> Fp {
        // SAFETY: the offset is one of a live frame.
        unsafe { self.base.add(offset) }
    }

    /// Charges a walk over so much of a stack: a send for about a frame, which takes as long; it may be a million deep.
    pub(super) fn charge_walk(&mut self, from: usize, to: usize) {
        self.charge(from.saturating_sub(to) >> WALKED);
    }

    /// Sets bit 0 of a frame's link word and finds or makes its note, in the Process `slot`.
    pub(crate) fn note_mut(&mut self, slot: usize, offset: usize) -> Option<&mut Note> {
        let proc = self.processes.get_mut(slot)?;
        proc.stack[offset - 1].0 |= 1;
        // The note may come to hold something young.
        proc.ran = true;
        Some(proc.notes.entry(offset).or_default())
    }

    /// Ends all frames of the running stack above the one at `offset`: Homes are cleared, Contexts widowed.
    pub(crate) fn cut_above(&mut self, offset: usize, top: FrameAt) {
        let mut at = Some(top);
        while let Some(frame) = at {
            if frame.offset <= offset {
                break;
            }
            at = self.view().caller(frame);
            self.end_frame(frame);
        }
        self.leave_reserve(offset);
    }

    /// Clears the Home of a frame that ends and widows its Context.
    pub(crate) fn end_frame(&mut self, frame: FrameAt) {
        self.clear_home(frame.offset);
        if self.view().slots[frame.offset - 1].0 & 1 != 0 {
            self.drop_note(frame);
        }
    }

    /// Blocks can no longer return from the frame at `offset`. A frame that has not begun may hold anything
    /// where its Home will be.
    pub(crate) fn clear_home(&mut self, offset: usize) {
        let view = self.view();
        let code = view.code(offset);
        if code.flags & flags::HOME == 0 {
            return;
        }
        let home = view.slots[offset + code.home_reg as usize];
        if self.heap.class_of(home) == Known::MethodHome.index()
            && self.heap.slot(home, 0) == Value::int(offset as i64)
            && self.heap.slot(home, 1) == self.processes.active
        {
            self.heap.set_slot(home, 0, Value::NIL);
        }
    }

    /// Hands `value` to the sender of the frame at `fp`, which has ended, as its link word and note want it.
    ///
    /// # Safety
    /// `fp` is a frame of the running stack; `note` was its note.
    pub(crate) unsafe fn answer_from(
        &mut self,
        fp: Fp,
        note: Option<Note>,
        value: Value,
    ) -> Option<(Pc, Fp)> {
        // SAFETY: the link word holds an address in the sender's code, with a send in front of it where no
        // note tells the window.
        unsafe {
            let back = ((*fp.sub(1)).0 & !3) as Pc;
            let window = note
                .as_ref()
                .and_then(|n| n.window)
                .map_or_else(|| ops::a(*back.sub(1)), usize::from);
            let sender = fp.sub(2 + window);
            match note.and_then(|n| n.retry) {
                None => *fp.sub(2) = value,
                Some(Retry::Drop | Retry::Again) => {}
                Some(Retry::Register(r) | Retry::Return(r)) => *sender.add(r as usize) = value,
                Some(Retry::Branch) => return self.branch_on(back, sender, value),
            }
            Some((back, sender))
        }
    }

    /// Removes the note on a frame of the running Process that ends; its Context becomes a widow.
    pub(crate) fn drop_note(&mut self, frame: FrameAt) -> Option<Note> {
        let note = self.processes.running().notes.remove(&frame.offset)?;
        if note.context != Value::NIL {
            self.widow(note.context, frame);
        }
        Some(note)
    }
}
