//! Standard output while a prompt may be on the screen: what is written then appears above it.
//!
//! Owns the way from the machine's buffer to the terminal. Never holds back what could be shown:
//! only an unfinished line, for a moment, and only while the prompt is there.

use super::editor::Printer;
use crate::host::stdio::{self, Source, Stdio};
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A line that is put together from several pieces of output has them one right after the other.
const MOMENT: Duration = Duration::from_millis(200);

/// The terminal, shared by standard output, standard error and the prompt.
#[derive(Clone)]
pub struct Output {
    prompting: Arc<AtomicBool>,
    above: Option<Sender<String>>,
    /// The beginning of a line whose end was not written yet.
    pending: Arc<Mutex<Vec<u8>>>,
    /// Whether the last thing written ended its line.
    at_start: Arc<AtomicBool>,
}

impl Output {
    /// An output that uses `printer` while the prompt is shown; without one it writes where the
    /// cursor is.
    pub fn start(printer: Option<Printer>) -> io::Result<Output> {
        let mut output = Output {
            prompting: Arc::default(),
            above: None,
            pending: Arc::default(),
            at_start: Arc::new(AtomicBool::new(true)),
        };
        if let Some(print) = printer {
            // The printer waits for the editor, which may be waiting for the machine: it must
            // not be the machine that waits here.
            let (send, receive) = channel();
            let threads = output.clone();
            std::thread::Builder::new()
                .name("printer".into())
                .spawn(move || threads.print_lines(print, &receive))?;
            output.above = Some(send);
        }
        Ok(output)
    }

    /// Standard streams that lead here; standard error only if it is the terminal.
    pub fn stdio(&self) -> Stdio {
        let output = stdio::Output::new(Box::new(self.clone())).line_buffered();
        let error: Box<dyn Write + Send> = if io::stderr().is_terminal() {
            Box::new(OnNewLine(self.clone()))
        } else {
            Box::new(io::stderr())
        };
        Stdio::new(output, stdio::Output::new(error), Source::Process)
    }

    /// Ends a line that was left open.
    pub fn begin_line(&self) {
        if !self.at_start.load(Ordering::Acquire) {
            let _ = self.write_directly(b"\n");
        }
    }

    /// Prints what arrives, whole lines or nothing; and a moment after the last of it, the beginning of a line.
    fn print_lines(&self, mut print: Printer, lines: &Receiver<String>) {
        loop {
            let wait = match self.lock().is_empty() {
                true => Duration::MAX,
                false => MOMENT,
            };
            match lines.recv_timeout(wait) {
                Ok(lines) if lines.is_empty() => {}
                Ok(lines) => print(lines),
                Err(RecvTimeoutError::Timeout) => {
                    let mut pending = self.lock();
                    // Without the prompt it is shown where the cursor is.
                    if self.prompting.load(Ordering::Acquire) && !pending.is_empty() {
                        let text = as_text(&std::mem::take(&mut *pending)) + "\r\n";
                        drop(pending);
                        print(text);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn write_directly(&self, bytes: &[u8]) -> io::Result<()> {
        if let Some(&last) = bytes.last() {
            self.at_start.store(last == b'\n', Ordering::Release);
        }
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Says whether the prompt is on the screen.
    pub fn set_prompting(&self, prompting: bool) {
        self.prompting.store(prompting, Ordering::Release);
        if !prompting {
            let rest = std::mem::take(&mut *self.lock());
            // A terminal that went away is noticed when the next line is read.
            let _ = self.write_directly(&rest);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(above) = self
            .above
            .as_ref()
            .filter(|_| self.prompting.load(Ordering::Acquire))
        else {
            self.write_directly(bytes)?;
            return Ok(bytes.len());
        };
        let mut pending = self.lock();
        pending.extend_from_slice(bytes);
        let end = pending.iter().rposition(|&b| b == b'\n');
        let lines: Vec<u8> = pending.drain(..end.map_or(0, |end| end + 1)).collect();
        above
            .send(as_text(&lines))
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// As a terminal wants it that does not care for line ends.
fn as_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\n', "\r\n")
}

/// Standard error: a report begins on a line of its own.
struct OnNewLine(Output);

impl Write for OnNewLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.0.prompting.load(Ordering::Acquire) {
            self.0.begin_line();
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
