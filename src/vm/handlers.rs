//! Finding the handler of an exception among the frames of a stack.
//!
//! Reads frames only; which handler runs, and how frames are left, is decided in Smalltalk (Exception).

use super::code::{Call, Code, flags};
use super::context::read_place;
use super::frame::{FrameAt, StackView};
use super::known::Known;
use super::process::Searched;
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
    let mut at = frame_at(offset);
    let mut remember = None;
    let mut found = None;
    while let Some((frame, selector)) = at.and_then(|f| vm.handler_frame(slot, f)) {
        if vm.heap.class_of(selector) == Known::Context.index() {
            let Some(behind) = vm.frame_of(slot, selector) else {
                break;
            };
            if let Some(known) = vm.searched(slot, behind.offset, class) {
                found = frame_at(known);
                break;
            }
            remember = remember.or(Some(behind.offset));
            at = vm.view_of(slot).and_then(|v| v.caller(behind));
            continue;
        }
        match vm.classes.index_of(selector) {
            Some(kind)
                if vm.handles_code(selector) == usual && !vm.classes.inherits(class, kind) =>
            {
                at = vm.view_of(slot).and_then(|v| v.caller(frame));
            }
            _ => {
                found = Some(frame);
                break;
            }
        }
    }
    if let Some(behind) = remember {
        vm.remember_search(slot, behind, class, found);
    }
    Outcome::Value(found.map_or(Value::NIL, |frame| vm.marry(slot, frame)))
}

/// The frame at an offset, of which it does not matter where it goes on. There is none at 0.
fn frame_at(offset: usize) -> Option<FrameAt> {
    let pc = std::ptr::null();
    (offset > 0).then_some(FrameAt { offset, pc })
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

    /// A Context's frame on this stack.
    fn frame_of(&self, slot: usize, context: Value) -> Option<FrameAt> {
        let (at, offset) = self.context_offset(context).ok()??;
        frame_at(offset).filter(|_| at == slot)
    }

    /// What an earlier search for handlers behind a frame has found, so that handlers and clean-up blocks nested
    /// in each other do not make every search longer than the one before.
    fn searched(&self, slot: usize, offset: usize, class: ClassIndex) -> Option<usize> {
        let note = self.view_of(slot)?.note(offset)?;
        let now = self.flushes;
        let known = note.searched.iter();
        let mut known = known.filter(|s| s.class == class && s.flushes == now);
        known.next().map(|s| s.found)
    }

    fn remember_search(
        &mut self,
        slot: usize,
        offset: usize,
        class: ClassIndex,
        found: Option<FrameAt>,
    ) {
        let flushes = self.flushes;
        if let Some(note) = self.note_mut(slot, offset) {
            // An exception that nobody handles is followed by another one that says so: two classes in turn.
            note.searched[0] = note.searched[1];
            note.searched[1] = Searched {
                class,
                flushes,
                found: found.map_or(0, |f| f.offset),
            };
        }
    }

    /// What a class understands by `handles:`.
    fn handles_code(&mut self, class: Value) -> Option<*const Code> {
        let metaclass: ClassIndex = self.heap.class_of(class);
        self.find_code(metaclass, self.selectors.handles)
    }
}
