//! Finding the handler of an exception among the frames of a stack.
//!
//! Reads frames only; which handler runs, and how frames are left, is decided in Smalltalk (Exception).

use super::code::{Call, Code, flags};
use super::context::read_place;
use super::frame::{FrameAt, StackView};
use super::known::Known;
use super::{Outcome, Vm};
use crate::memory::{ClassIndex, Value};

/// `nextHandlerFor: anException`: the nearest handler frame, beginning with the receiver, that may handle
/// it. Frames whose class of exceptions does not fit are passed over here, so that a deep stack needs no
/// Context for each of them; whoever answers `handles:` in a way of its own is asked in Smalltalk.
pub(super) unsafe fn context_next_handler_for(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds receiver and exception.
    let (receiver, exception) = unsafe { (call.arg(0), call.arg(1)) };
    let (slot, offset) = match vm.context_offset(receiver) {
        Ok(Some(place)) => place,
        Ok(None) => return Outcome::Value(Value::NIL),
        Err(e) => return Outcome::Fail(e),
    };
    let class = vm.heap.class_of(exception);
    // A class of exceptions of which it is known that it answers as Exception does.
    let usual = vm.known(Known::UserInterrupt);
    let usual = vm.handles_code(usual);
    let mut at = Some(FrameAt {
        offset,
        pc: std::ptr::null(),
    });
    while let Some((frame, selector)) = at.and_then(|f| vm.handler_frame(slot, f)) {
        if vm.heap.class_of(selector) == Known::Context.index() {
            at = vm.behind_context(slot, selector);
            continue;
        }
        match vm.classes.index_of(selector) {
            Some(kind) if vm.handles_code(selector) == usual => {
                if vm.classes.inherits(class, kind) {
                    return Outcome::Value(vm.marry(slot, frame));
                }
                at = vm.view_of(slot).and_then(|v| v.caller(frame));
            }
            _ => return Outcome::Value(vm.marry(slot, frame)),
        }
    }
    Outcome::Value(Value::NIL)
}

impl Vm {
    fn view_of(&self, slot: usize) -> Option<StackView<'_>> {
        Some(StackView::of(self.processes.get(slot)?))
    }

    /// The nearest handler frame from `frame` on, and its temporary 1.
    fn handler_frame(&self, slot: usize, frame: FrameAt) -> Option<(FrameAt, Value)> {
        let view = self.view_of(slot)?;
        let found = view
            .walk(frame)
            .find(|f| view.code(f.offset).flags & flags::HANDLER != 0)?;
        let place = view.code(found.offset).facts.temps.first()?.place;
        Some((found, read_place(&self.heap, view, found.offset, place)))
    }

    /// The sender of a Context's frame on this stack.
    fn behind_context(&self, slot: usize, context: Value) -> Option<FrameAt> {
        let (at, offset) = self.context_offset(context).ok()??;
        let pc = std::ptr::null();
        if at == slot {
            self.view_of(slot)?.caller(FrameAt { offset, pc })
        } else {
            None
        }
    }

    /// What a class understands by `handles:`.
    fn handles_code(&mut self, class: Value) -> Option<*const Code> {
        let metaclass: ClassIndex = self.heap.class_of(class);
        self.find_code(metaclass, self.selectors.handles)
    }
}
