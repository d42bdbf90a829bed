//! Standard output of the command: a reader that goes away (`chirp … | head -1`) ends the program,
//! quietly.
//!
//! Only notices and stops the machine; what the exit code is then, the session decides.

use crate::host::stdio::{self, Source, Stdio};
use crate::vm::signal;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Standard output, watched.
struct Watched {
    signals: Arc<AtomicU32>,
    gone: Arc<AtomicBool>,
}

impl Watched {
    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if result
            .as_ref()
            .is_err_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
        {
            self.gone.store(true, Ordering::Release);
            self.signals.fetch_or(signal::STOP, Ordering::AcqRel);
        }
        result
    }
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = io::stdout().write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = io::stdout().flush();
        self.note(result)
    }
}

/// The process's streams. When the reader of standard output goes away, `gone` is set, and the
/// machine to which `signals` belong stops.
pub fn standard(signals: Arc<AtomicU32>, gone: Arc<AtomicBool>) -> Stdio {
    let output = stdio::Output::new(Box::new(Watched { signals, gone })).standard();
    let output = if io::stdout().is_terminal() {
        output.line_buffered()
    } else {
        output
    };
    Stdio::new(
        output,
        stdio::Output::new(Box::new(io::stderr())),
        Source::Process,
    )
}
