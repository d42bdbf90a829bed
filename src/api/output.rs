//! A sink that keeps what programs write.

use crate::host::stdio::{Kept, Output};
use std::any::Any;
use std::io::{self, Write};
use std::sync::{MutexGuard, PoisonError};

/// Bytes that a machine has written, readable from outside: give a clone to [`Builder::stdout`](crate::Builder::stdout).
/// They count as memory of the machine until they are taken: a program that writes for ever reaches its limit.
///
/// ```
/// let output = chirp::Buffer::new();
/// let mut st = chirp::Smalltalk::builder().stdout(output.clone()).build()?;
/// st.eval::<()>("Transcript show: 'Hello'")?;
/// assert_eq!(output.text(), "Hello");
/// assert_eq!(output.take(), b"Hello");
/// assert_eq!(output.text(), "");
/// # Ok::<(), chirp::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Buffer(Kept);

/// An output that leads to a sink.
pub(super) fn to(sink: impl Write + Send + 'static) -> Output {
    let buffer = (&sink as &dyn Any).downcast_ref::<Buffer>();
    let kept = buffer.map(|buffer| buffer.0.clone());
    Output::new(Box::new(sink)).keeping(kept)
}

impl Buffer {
    /// An empty buffer.
    pub fn new() -> Buffer {
        Buffer::default()
    }

    /// What was written, as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// Takes what was written out of the buffer.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes())
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
