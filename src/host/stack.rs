//! How much of the thread's own stack is left: what recursion in Rust that a program or its text drives must ask.
//!
//! Owns the numbers, which are those of unoptimised builds where this is one. What is known of a thread is measured
//! when a machine is first used there; a stack that is none of the thread's (of a coroutine) is of unknown size.

use super::sys::stack::bounds;
use std::cell::Cell;
use std::ops::Range;
use std::thread::ThreadId;

/// Whether frames are those of an unoptimised build: more than twice as large.
const PLAIN: bool = cfg!(debug_assertions);

/// What a call from Rust into Smalltalk needs: its run loop, a primitive, the compiler for a method of ordinary
/// nesting, and some for the closures of the host program.
const CALL: usize = if PLAIN { 80 << 10 } else { 40 << 10 };
/// What is left to whoever is at the innermost level of a text.
const REST: usize = if PLAIN { 24 << 10 } else { 16 << 10 };
/// A level of nesting in the compiler, as measured: an inlined loop takes the most.
const LEVEL: usize = if PLAIN { 4500 } else { 1800 };
/// A bracket in a syntax tree that is walked and dropped.
const BRACKET: usize = if PLAIN { 1200 } else { 500 };

/// Below this there is not room for whatever the compiler takes elsewhere: 400 levels, 500 brackets.
const SHORT: usize = REST + 400 * LEVEL;

/// Calls from Rust inside each other where the stack is of unknown size.
const CALLS: usize = 100;

/// What a machine knows of the stack that it runs on.
#[derive(Default)]
pub struct Stack(Cell<Option<(ThreadId, Range<usize>)>>);

impl Stack {
    /// Bytes that are left on the stack of the running thread. None when that is not known.
    fn left(&self) -> Option<usize> {
        let local = Cell::new(0_u8);
        let here = std::hint::black_box(&local).as_ptr() as usize;
        let thread = std::thread::current().id();
        let known = self.0.take().filter(|(of, _)| *of == thread);
        let (_, range) = known.or_else(|| Some((thread, bounds()?)))?;
        self.0.set(Some((thread, range.clone())));
        range.contains(&here).then(|| here - range.start)
    }

    /// Whether there is room for one more call from Rust inside so many others. What cleans up behind one that there
    /// was no room for may have half of that.
    pub fn has_room_for_call(&self, inside: usize, cleaning: bool) -> bool {
        match self.left() {
            Some(left) => left >= if cleaning { CALL / 2 } else { CALL },
            None => inside < CALLS + usize::from(cleaning),
        }
    }

    /// Levels of nesting that the compiler may follow from here; not more than it was given.
    pub fn levels(&self, most: u32) -> u32 {
        self.parts(LEVEL, most)
    }

    /// Brackets that may be nested in a text that is parsed here; not more than it was given.
    pub fn brackets(&self, most: u32) -> u32 {
        self.parts(BRACKET, most)
    }

    /// Whether a text that is compiled elsewhere may find no room here.
    pub fn is_short(&self) -> bool {
        self.left().is_some_and(|left| left < SHORT)
    }

    fn parts(&self, size: usize, most: u32) -> u32 {
        let Some(left) = self.left() else {
            return most;
        };
        let parts = left.saturating_sub(REST) / size;
        u32::try_from(parts).map_or(most, |n| n.min(most))
    }
}
