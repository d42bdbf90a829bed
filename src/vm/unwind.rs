//! Leaving frames early: non-local return, and cutting the stack for Contexts.

use super::code::{flags, value_code};
use super::context::{field, read_place};
use super::frame::{FrameAt, StackView};
use super::process::Retry;
use super::{Fp, Outcome, Pc, PrimError, Vm};
use crate::memory::Value;

impl Vm {
    /// `^ value` in a block whose method has the Home `home`. `reg` holds the value.
    ///
    /// # Safety
    /// `pc` is behind the NLR instruction of the frame at `fp`.
    pub(crate) unsafe fn non_local_return(
        &mut self,
        pc: Pc,
        fp: Fp,
        value: Value,
        home: Value,
        reg: usize,
    ) -> Option<(Pc, Fp)> {
        self.pc = pc;
        self.fp = fp;
        let slot = self.processes.active_slot;
        let top = self.top_frame();
        let target = self.live_home(home);
        let view = self.view();
        let mut unwind = None;
        let mut found = None;
        if let Some(offset) = target {
            for frame in view.walk(top) {
                if frame.offset == offset {
                    found = Some(frame);
                    break;
                }
                if unwind.is_none() && self.is_pending(view, frame.offset, false) {
                    unwind = Some(frame);
                }
            }
        }
        // SAFETY: both sends are of the running frame.
        unsafe {
            match (found, unwind) {
                (Some(home_frame), None) => self.return_from(home_frame, top, value),
                (Some(home_frame), Some(first)) => {
                    let home_context = self.marry(slot, home_frame);
                    let unwind_context = self.marry(slot, first);
                    let selector = self.selectors.about_to_return;
                    let retry = Retry::Return(reg as u8);
                    self.send_aside(
                        pc.sub(1),
                        fp,
                        retry,
                        selector,
                        &[home_context, value, unwind_context],
                    )
                }
                (None, _) => {
                    let context = self.marry(slot, top);
                    let selector = self.selectors.cannot_return;
                    // Should that ever answer, the `^` is tried again and fails again.
                    self.send_aside(
                        pc.sub(1),
                        fp,
                        Retry::Return(reg as u8),
                        selector,
                        &[context, value],
                    )
                }
            }
        }
    }

    /// The frame that a Home stands for, if it lives in the running Process.
    pub(crate) fn live_home(&self, home: Value) -> Option<usize> {
        if !self.heap.is_pointers(home) || self.heap.slots(home) < 2 {
            return None;
        }
        let offset = self.heap.slot(home, 0).as_int()? as usize;
        if self.heap.slot(home, 1) != self.processes.active || offset > self.offset(self.fp) {
            return None;
        }
        let view = self.view();
        let code = view.code(offset);
        (code.flags & flags::HOME != 0 && view.slots[offset + code.home_reg as usize] == home)
            .then_some(offset)
    }

    /// Cuts the stack above `frame` and returns `value` from it.
    pub(crate) unsafe fn return_from(
        &mut self,
        frame: FrameAt,
        top: FrameAt,
        value: Value,
    ) -> Option<(Pc, Fp)> {
        // SAFETY: `frame` is a live frame of the running stack, below `top`.
        unsafe {
            self.cut_above(frame.offset, top);
            self.clear_home(frame.offset);
            let fp = self.address(frame.offset);
            let note = if (*fp.sub(1)).0 & 1 != 0 {
                self.drop_note(frame)
            } else {
                None
            };
            self.answer_from(fp, note, value)
        }
    }

    /// `contextReturn`: answers `value` from the frame of a Context of the running Process.
    pub(crate) fn return_from_context(&mut self, context: Value, value: Value) -> Outcome {
        self.cut_and_answer(self.cuttable(context, false), value)
    }

    /// `contextReturnDirectly`: the same, but fails when there is something to be cleaned up on the way.
    pub(crate) fn return_directly(&mut self, context: Value, value: Value) -> Outcome {
        let frame = self.cuttable(context, true);
        if frame.is_err()
            && let Ok(Some((_, offset))) = self.context_offset(context)
        {
            // Nothing was cut: it may be tried again and again.
            self.charge_walk(self.top_frame().offset, offset);
        }
        self.cut_and_answer(frame, value)
    }

    fn cut_and_answer(&mut self, frame: Result<FrameAt, PrimError>, value: Value) -> Outcome {
        let frame = match frame {
            Ok(f) => f,
            Err(e) => return Outcome::Fail(e),
        };
        let top = self.top_frame();
        // SAFETY: `cuttable` found the frame on the running stack.
        match unsafe { self.return_from(frame, top, value) } {
            Some((pc, fp)) => Outcome::Jump(pc, fp),
            None => Outcome::Exit,
        }
    }

    /// `contextNextPendingUnwind`: the nearest frame with something to be cleaned up, from `from` on and above the one
    /// at `limit`; `ends`: since the Process does.
    pub(super) fn next_pending(
        &self,
        view: StackView<'_>,
        from: FrameAt,
        limit: usize,
        ends: bool,
    ) -> Option<FrameAt> {
        view.walk(from)
            .take_while(|f| f.offset > limit)
            .find(|f| self.is_pending(view, f.offset, ends))
    }

    /// Whether it is an unwind frame with something left to do, by its temporary 2 (see `BlockClosure>>ensure:`): its
    /// block has not begun, or something is to be done in place of it by whoever leaves the frame without ending
    /// the Process. Those that are done are passed over here: there may be a whole stack of them.
    fn is_pending(&self, view: StackView<'_>, offset: usize, ends: bool) -> bool {
        let code = view.code(offset);
        if code.flags & flags::UNWIND == 0 {
            return false;
        }
        let Some(state) = code.facts.temps.get(1) else {
            return true;
        };
        let state = read_place(&self.heap, view, offset, state.place);
        state.is_nil() || (!ends && state.as_bool().is_none())
    }

    /// `contextRestart`: runs the method of a Context's frame again, from its first instruction.
    pub(crate) fn restart_context(&mut self, context: Value) -> Outcome {
        match self.cuttable(context, false) {
            Ok(frame) => self.restart(frame),
            Err(e) => Outcome::Fail(e),
        }
    }

    /// `contextRestartWith`: the same, with another receiver. Compiled code trusts that its receiver has
    /// the variables of the method's class: anything else is refused.
    pub(crate) fn restart_context_with(&mut self, context: Value, receiver: Value) -> Outcome {
        let frame = match self.cuttable(context, false) {
            Ok(f) => f,
            Err(e) => return Outcome::Fail(e),
        };
        let code = self.view().code(frame.offset);
        let class = self.classes.methods[code.method as usize].class;
        let fits = self.classes.inherits(self.heap.class_of(receiver), class);
        if code.flags & flags::BLOCK != 0 || !fits {
            return Outcome::Fail(PrimError::BadArgument);
        }
        // SAFETY: register 0 of a method's frame is its receiver.
        unsafe { *self.address(frame.offset) = receiver };
        self.heap.set_slot(context, field::RECEIVER, receiver);
        self.restart(frame)
    }

    fn restart(&mut self, frame: FrameAt) -> Outcome {
        let top = self.top_frame();
        self.cut_above(frame.offset, top);
        // Its Home register is cleared: blocks made so far have lost their way back.
        self.clear_home(frame.offset);
        let fp = self.address(frame.offset);
        // SAFETY: the frame is live; registers behind the arguments are cleared as at entry.
        unsafe {
            let code = value_code(*fp.sub(2));
            for r in (*code).num_args as usize + 1..(*code).frame as usize {
                *fp.add(r) = Value::NIL;
            }
            Outcome::Jump((*code).entry, fp)
        }
    }

    /// The frame of a living Context that lies on the running stack above the last call from Rust. With `direct`, only
    /// if there is nothing to be cleaned up above it: the walk ends where there is.
    fn cuttable(&self, context: Value, direct: bool) -> Result<FrameAt, PrimError> {
        let Some((slot, offset)) = self.context_offset(context)? else {
            return Err(PrimError::Inappropriate);
        };
        if slot != self.processes.active_slot {
            return Err(PrimError::Inappropriate);
        }
        let view = self.view();
        view.walk(self.top_frame())
            .take_while(|f| {
                f.offset == offset || !(direct && self.is_pending(view, f.offset, false))
            })
            .find(|f| f.offset == offset)
            .ok_or(PrimError::Inappropriate)
    }
}
