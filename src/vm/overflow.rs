//! What happens when calls are nested too deeply: owns the reserve behind the depth limit and the way back from it.
//!
//! The first overflow is signalled where it happens, and its handlers run in the reserve. One that happens in
//! there (a handler or a clean-up block that recurses as well) is signalled again from much further down: so
//! handlers further out get their turn, and what lies between is given up without its clean-up blocks, which
//! may be what recurses. Must never go on for ever: each time it cuts deeper, and what is above may not grow
//! as high again, so that all of it takes hardly longer than the first time; at the bottom everything stops if
//! somebody waits for the Process, else it fails. No handler sees either.

use super::code::{Call, flags};
use super::frame::FrameAt;
use super::known::Known;
use super::process::{Proc, RESERVE, Retry};
use super::{Fp, Pc, Stop, Vm};
use crate::memory::Value;

/// Each overflow inside the reserve leaves this part of the stack, of what the one before it left.
const LEFT: usize = 4;
/// The frame that overflows lies at most so many slots below the limit, and what is signalled may begin below it as well.
const LAST: usize = 1024;
/// Slots below which no handler is looked for any more: no more than a few frames.
const BOTTOM: usize = 64;

impl Proc {
    /// Slots that frames may take, the reserve left out, where `max` is the machine's limit.
    pub(super) fn depth_limit(&self, max: usize) -> usize {
        let max = match self.short_at {
            0 => max,
            at => at.min(max),
        };
        match self.cut_at {
            0 => max,
            at => (2 * LEFT * at).min(max),
        }
    }
}

impl Vm {
    /// The depth limit is reached: the send becomes `StackOverflow signalOverflow`.
    ///
    /// # Safety
    /// `call` is a send of the running frame, which has room for its window.
    pub(super) unsafe fn overflow(&mut self, call: Call) -> Option<(Pc, Fp)> {
        let Some(fp) = self.enter_reserve(call.fp) else {
            return self.overflow_again(call.pc, call.fp);
        };
        let class = self.known(Known::StackOverflow);
        // SAFETY: the frame has room for a window.
        unsafe {
            *fp.add(call.window + 2) = class;
            let selector = self.selectors.signal_overflow;
            let of = self.heap.class_of(class);
            let code = self.find_code(of, selector)?;
            self.activate(Call {
                fp,
                num_args: 0,
                code,
                ..call
            })
        }
    }

    /// The same for a send between instructions, whose answer is for `retry`.
    pub(super) fn overflow_aside(&mut self, pc: Pc, fp: Fp, retry: Retry) -> Option<(Pc, Fp)> {
        match self.enter_reserve(fp) {
            Some(fp) => self.signal_overflow(pc, fp, retry),
            None => {
                let offset = self.offset(fp);
                let shown = FrameAt::at(offset, pc, retry.is_ahead());
                let pc = self.view().code(offset).shown_pc(shown);
                self.overflow_again(pc, fp)
            }
        }
    }

    fn signal_overflow(&mut self, pc: Pc, fp: Fp, retry: Retry) -> Option<(Pc, Fp)> {
        let class = self.known(Known::StackOverflow);
        let selector = self.selectors.signal_overflow;
        // SAFETY: pc and fp are those of the running frame.
        unsafe { self.send_aside(pc, fp, retry, selector, &[class]) }
    }

    /// Makes the room behind the depth limit usable, for the handler of the overflow. None when it is in use
    /// already.
    fn enter_reserve(&mut self, fp: Fp) -> Option<Fp> {
        let known = self.known(Known::StackOverflow) != Value::NIL;
        let proc = self.processes.running();
        let first = known && !std::mem::replace(&mut proc.overflowed, true);
        first.then(|| self.grow_stack(fp, RESERVE / 2)).flatten()
    }

    /// Makes the next overflow catchable again, once the top frame lies below the depth limit.
    pub(crate) fn leave_reserve(&mut self, offset: usize) {
        let max = self.limits.stack;
        let proc = self.processes.running();
        if proc.overflowed && offset + LAST < proc.depth_limit(max) {
            proc.overflowed = false;
            self.limit_stack();
        }
        let proc = self.processes.running();
        if offset < proc.cut_at {
            // Whoever handled it has gone on, further out.
            proc.cut_at = 0;
        }
    }

    /// The reserve is not enough: signals from the first frame at or below the place to cut. The Process fails
    /// when there is none above the last call from Rust.
    fn overflow_again(&mut self, pc: Pc, fp: Fp) -> Option<(Pc, Fp)> {
        (self.pc, self.fp) = (pc, fp);
        let max = self.limits.stack;
        let proc = self.processes.running();
        let target = match proc.cut_at {
            0 => proc.depth_limit(max) / LEFT,
            at => at,
        };
        let Some(frame) = self.frame_below(target) else {
            let slot = self.processes.active_slot;
            if !self.is_cleaning() && self.levels.iter().any(|l| l.process == slot) {
                self.stop = Some(Stop::Depth);
                return None;
            }
            let message = "calls are nested too deeply, and those of the handlers as well";
            return self.fail_run("StackOverflow", message.into());
        };
        let top = self.top_frame();
        self.processes.running().cut_at = 0;
        self.cut_above(frame.offset, top);
        self.processes.running().cut_at = target / LEFT;
        self.limit_stack();
        let fp = self.address(frame.offset);
        (self.pc, self.fp) = (frame.pc(), fp);
        let retry = match frame.is_ahead() {
            true => Retry::Again,
            false => Retry::Drop,
        };
        self.signal_overflow(frame.pc(), fp, retry)
    }

    /// Tells the sends where the stack ends for them.
    fn limit_stack(&mut self) {
        let max = self.limits.stack;
        let base = self.base;
        let proc = self.processes.running();
        let usable = proc.stack.len().min(proc.depth_limit(max));
        // SAFETY: within the stack.
        self.limit = unsafe { base.add(usable) };
    }

    fn frame_below(&self, target: usize) -> Option<FrameAt> {
        if target < BOTTOM || self.known(Known::StackOverflow) == Value::NIL {
            return None;
        }
        let view = self.view();
        let mut frame = self.top_frame();
        while frame.offset > target {
            frame = view.caller(frame)?;
        }
        (view.code(frame.offset).flags & flags::BOUNDARY == 0).then_some(frame)
    }
}
