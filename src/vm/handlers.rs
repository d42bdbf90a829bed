//! Finding the handler of an exception among the frames of a stack.
//!
//! Reads frames only; which handler runs, and how frames are left, is decided in Smalltalk (Exception).

use super::code::{Call, Code, flags};
use super::context::read_place;
use super::frame::{FrameAt, StackView};
use super::known::Known;
use super::process::Searched;
use super::{Outcome, PrimError, Vm};
use crate::memory::{ClassIndex, Value};

/// A walk costs a send for each four frames.
const WALKED: usize = 2;

/// `nextHandlerFor: anException`: the nearest handler frame, beginning with the receiver, that may handle
/// it. Frames whose class of exceptions does not fit are passed over here, so that a deep stack needs no
/// Context for each of them; whoever answers `handles:` in a way of its own is asked in Smalltalk.
pub(super) unsafe fn context_next_handler_for(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds receiver and exception.
    let (receiver, exception) = unsafe { (call.arg(0), call.arg(1)) };
    match vm.context_offset(receiver) {
        Ok(Some((slot, offset))) => {
            let found = vm.next_handler(slot, offset, vm.heap.class_of(exception));
            Outcome::Value(found.map_or(Value::NIL, |frame| vm.marry(slot, frame)))
        }
        Ok(None) => Outcome::Value(Value::NIL),
        Err(e) => Outcome::Fail(e),
    }
}

/// `anException handlerFrom: aContext`: the frame that handles it, beginning with that Context's, where this can be
/// said without asking anybody in Smalltalk. Fails otherwise.
pub(super) unsafe fn exception_handler_from(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds exception and Context.
    let (exception, context) = unsafe { (call.arg(0), call.arg(1)) };
    let (slot, offset) = match vm.context_offset(context) {
        Ok(Some(place)) => place,
        Ok(None) => return Outcome::Value(Value::NIL),
        Err(e) => return Outcome::Fail(e),
    };
    let class = vm.heap.class_of(exception);
    let Some(frame) = vm.next_handler(slot, offset, class) else {
        return Outcome::Value(Value::NIL);
    };
    let selector = vm.handler_frame(slot, frame).map(|(_, selector)| selector);
    match selector.and_then(|s| vm.says_as_usual(s, class)) {
        Some(true) => Outcome::Value(vm.marry(slot, frame)),
        _ => Outcome::Fail(PrimError::Inappropriate),
    }
}

/// The frame at an offset, of which it does not matter where it goes on. There is none at 0.
fn frame_at(offset: usize) -> Option<FrameAt> {
    let pc = std::ptr::null();
    (offset > 0).then(|| FrameAt::behind(offset, pc))
}

impl Vm {
    /// The nearest handler frame from the one at `offset` on that may handle exceptions of a class.
    fn next_handler(&mut self, slot: usize, offset: usize, class: ClassIndex) -> Option<FrameAt> {
        let mut at = frame_at(offset);
        let mut remember = None;
        let mut found = None;
        while let Some((frame, selector)) = at.and_then(|f| self.handler_frame(slot, f)) {
            if self.heap.class_of(selector) == Known::Context.index() {
                let Some(behind) = self.frame_of(slot, selector) else {
                    break;
                };
                if let Some(known) = self.searched(slot, behind.offset, class) {
                    found = frame_at(known);
                    break;
                }
                remember = remember.or(Some(behind.offset));
                at = self.view_of(slot).and_then(|v| v.caller(behind));
            } else if self.says_as_usual(selector, class) == Some(false) {
                at = self.view_of(slot).and_then(|v| v.caller(frame));
            } else {
                found = Some(frame);
                break;
            }
        }
        if let Some(behind) = remember {
            self.remember_search(slot, behind, class, found);
        }
        found
    }

    /// Whether a class of exceptions of which it is known that it answers as Exception does handles those of
    /// another class; None for anything else.
    fn says_as_usual(&mut self, selector: Value, class: ClassIndex) -> Option<bool> {
        let kind = self.classes.index_of(selector)?;
        let usual = self.known(Known::UserInterrupt);
        (self.handles_code(selector) == self.handles_code(usual))
            .then(|| self.classes.inherits(class, kind))
    }

    fn view_of(&self, slot: usize) -> Option<StackView<'_>> {
        Some(StackView::of(self.processes.get(slot)?))
    }

    /// The nearest handler frame from `frame` on, and its temporary 1. The way there costs as much as some sends: the
    /// stack may be a million frames deep.
    fn handler_frame(&mut self, slot: usize, frame: FrameAt) -> Option<(FrameAt, Value)> {
        let view = self.view_of(slot)?;
        let mut walked = 0;
        let found = view
            .walk(frame)
            .inspect(|_| walked += 1)
            .find(|f| view.code(f.offset).flags & flags::HANDLER != 0);
        let found = found.and_then(|found| {
            let place = view.code(found.offset).facts.temps.first()?.place;
            Some((found, read_place(&self.heap, view, found.offset, place)))
        });
        self.charge(walked >> WALKED);
        found
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
        let mut known = note.searched.iter().flat_map(|both| both.iter());
        known
            .find(|s| s.class == class && s.flushes == now)
            .map(|s| s.found)
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
            let both = note.searched.get_or_insert_default();
            both[0] = both[1];
            both[1] = Searched {
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
