//! A value on the Rust heap with one destructor, wherever it is dropped.
//!
//! The compiler copies what destroys a value, with all that its fields need, to every unit of code that may drop one,
//! and that is each with a `?` where one is alive: for the machine and the errors these copies were 70 KB. Behind this
//! there is a call. Must never know what it holds.

use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

/// Like a `Box`, but for how it is dropped.
#[derive(Debug)]
pub struct Outlined<T>(ManuallyDrop<Box<T>>);

impl<T> Outlined<T> {
    pub fn new(value: T) -> Outlined<T> {
        Outlined(ManuallyDrop::new(Box::new(value)))
    }
}

impl<T> Deref for Outlined<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Outlined<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> Drop for Outlined<T> {
    fn drop(&mut self) {
        destroy(&mut self.0);
    }
}

/// Not for any other caller than `drop`, which nothing follows.
#[inline(never)]
fn destroy<T>(value: &mut ManuallyDrop<Box<T>>) {
    // SAFETY: called once, when the value is dropped: nobody sees it afterwards.
    unsafe { ManuallyDrop::drop(value) }
}
