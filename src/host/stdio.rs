//! Standard input, output and error of one interpreter. Owns the output buffers and the rule when
//! they are flushed (8 kB, at exit, before anything waits; at a terminal, at every line end). Must
//! never end the process: a reader that went away is remembered and the machine stops in its own
//! time.

use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Buffered bytes that trigger a flush.
const FLUSH_AT: usize = 8 * 1024;

/// More than this a program should not write before it waits for its reader.
const MUCH: usize = 64 * 1024;

/// What a pipe that can be written takes at once.
const PIECE: usize = 4096;

/// What a sink in memory keeps of what it was given.
pub type Kept = Arc<Mutex<Vec<u8>>>;

/// A buffered destination that an embedder may replace.
pub struct Output {
    sink: Box<dyn Write + Send>,
    /// Where that is memory, which counts as the machine's.
    kept: Option<Kept>,
    buffer: Vec<u8>,
    at_lines: bool,
    is_standard: bool,
    gone: bool,
    error: Option<i32>,
}

impl Output {
    /// Writes to the given sink.
    pub fn new(sink: Box<dyn Write + Send>) -> Self {
        Output {
            sink,
            kept: None,
            buffer: Vec::new(),
            at_lines: false,
            is_standard: false,
            gone: false,
            error: None,
        }
    }

    /// The sink keeps here what it gets.
    pub fn keeping(mut self, kept: Option<Kept>) -> Self {
        self.kept = kept;
        self
    }

    /// Whether what is written stays in memory.
    pub fn keeps(&self) -> bool {
        self.kept.is_some()
    }

    /// Writes out at every line end: for somebody who watches.
    pub fn line_buffered(mut self) -> Self {
        self.at_lines = true;
        self
    }

    /// The sink is standard output of the process, which may keep its writers waiting.
    pub fn standard(mut self) -> Self {
        self.is_standard = true;
        self
    }

    /// Whether the sink is standard output of the process.
    pub fn is_standard(&self) -> bool {
        self.is_standard
    }

    /// Takes bytes; writes them out when there are enough, as far as that does not mean waiting.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.gone {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() > FLUSH_AT || (self.at_lines && bytes.contains(&b'\n')) {
            self.flush_ready();
        }
    }

    /// Writes out what can be written without waiting; answers whether nothing is left.
    pub fn flush_ready(&mut self) -> bool {
        if !self.is_standard {
            self.flush();
        }
        let mut written = 0;
        while written < self.buffer.len() && !self.gone && output_ready() {
            let end = self.buffer.len().min(written + PIECE);
            let piece = self.sink.write_all(&self.buffer[written..end]);
            let result = piece.and_then(|()| self.sink.flush());
            self.note(result);
            written = end;
        }
        self.buffer.drain(..written);
        self.buffer.is_empty() || self.gone
    }

    /// Whether so much is left that whoever writes more should wait.
    pub fn is_full(&self) -> bool {
        self.buffer.len() > MUCH
    }

    /// Writes out what is buffered. Errors are remembered, not raised: see `gone` and `error`.
    #[inline(never)]
    pub fn flush(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        // A sink that panics has had it: once more, when this is dropped, would be a panic too many.
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.sink.write_all(&buffer);
        let result = result.and_then(|()| self.sink.flush());
        buffer.clear();
        self.buffer = buffer;
        self.note(result);
    }

    fn note(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.gone = true;
            if error.kind() != ErrorKind::BrokenPipe {
                self.error = Some(error.raw_os_error().unwrap_or(libc::EIO));
            }
        }
    }

    /// Nobody reads any more (or the disk is full): a program that only prints may end quietly.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// The errno that ended this output, if it was not merely a reader that went away.
    pub fn error(&self) -> Option<i32> {
        self.error
    }

    /// Whether bytes wait for a flush.
    pub fn has_pending(&self) -> bool {
        !self.buffer.is_empty()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.flush();
    }
}

/// What reading standard input gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// That many bytes are in the buffer.
    Bytes(usize),
    /// The end of the input.
    End,
    /// Nothing yet.
    NotReady,
}

/// Where standard input comes from.
pub enum Source {
    /// The process's own; polled before it is read, never made non-blocking (the terminal is
    /// shared with other programs).
    Process,
    /// An embedder's reader; taken to be always ready.
    Reader(Box<dyn Read + Send>),
}

/// The three standard streams.
pub struct Stdio {
    /// Standard output.
    pub output: Output,
    /// Standard error; flushed at every write, after standard output, so that they interleave
    /// in the order of the program.
    pub error: Output,
    source: Source,
}

impl Stdio {
    /// Whether standard input (0), output (1) or error (2) is a terminal; none for another number.
    pub fn is_terminal(&self, number: i64) -> Option<bool> {
        Some(match number {
            0 => self.reads_process() && io::stdin().is_terminal(),
            1 => self.output.is_standard() && io::stdout().is_terminal(),
            2 => self.output.is_standard() && io::stderr().is_terminal(),
            _ => return None,
        })
    }

    /// The streams of the process.
    pub fn process() -> Self {
        let output = Output::new(Box::new(Unlocked(io::stdout))).standard();
        Stdio {
            output: if io::stdout().is_terminal() {
                output.line_buffered()
            } else {
                output
            },
            error: Output::new(Box::new(io::stderr())),
            source: Source::Process,
        }
    }

    /// Streams that lead nowhere: what an embedder gets who asks for nothing.
    pub fn none() -> Self {
        Stdio {
            output: Output::new(Box::new(io::sink())),
            error: Output::new(Box::new(io::sink())),
            source: Source::Reader(Box::new(io::empty())),
        }
    }

    /// Streams of the embedder's choice.
    pub fn new(output: Output, error: Output, source: Source) -> Self {
        Stdio {
            output,
            error,
            source,
        }
    }

    /// Writes to standard error.
    pub fn write_error(&mut self, bytes: &[u8]) {
        self.output.flush();
        self.error.write(bytes);
        self.error.flush();
    }

    /// Bytes of output that are kept in memory.
    pub fn kept(&self) -> usize {
        let (output, error) = (&self.output.kept, &self.error.kept);
        let same = matches!((output, error), (Some(a), Some(b)) if Arc::ptr_eq(a, b));
        let kept = [output.as_ref(), error.as_ref().filter(|_| !same)];
        let bytes = kept.into_iter().flatten().map(|kept| {
            let bytes = kept.lock().unwrap_or_else(PoisonError::into_inner);
            bytes.len()
        });
        bytes.sum()
    }

    /// Flushes both outputs.
    pub fn flush(&mut self) {
        self.output.flush();
        self.error.flush();
    }

    /// Reads what standard input has, without waiting.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<Input> {
        if buffer.is_empty() {
            return Ok(Input::Bytes(0));
        }
        if matches!(self.source, Source::Process) && !process_input_ready() {
            self.flush();
            return Ok(Input::NotReady);
        }
        loop {
            let result = match &mut self.source {
                // The descriptor itself: std's own buffer would hide bytes from the poll.
                Source::Process => nix::unistd::read(io::stdin(), buffer).map_err(io::Error::from),
                Source::Reader(reader) => reader.read(buffer),
            };
            match result {
                Ok(0) => return Ok(Input::End),
                Ok(count) => return Ok(Input::Bytes(count)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Input::NotReady),
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether input comes from the process (then the poller may watch its descriptor).
    pub fn reads_process(&self) -> bool {
        matches!(self.source, Source::Process)
    }
}

/// Whether a read of the process's standard input would return at once.
fn process_input_ready() -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd;
    let input = io::stdin();
    let mut wanted = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    // An error of poll is left to the read that follows.
    !matches!(poll(&mut wanted, PollTimeout::ZERO), Ok(0))
}

/// Whether standard output takes a piece without waiting.
fn output_ready() -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd;
    let output = io::stdout();
    let mut wanted = [PollFd::new(output.as_fd(), PollFlags::POLLOUT)];
    !matches!(poll(&mut wanted, PollTimeout::ZERO), Ok(0))
}

/// Standard output without the line buffer of std: our own buffer decides when bytes go out.
struct Unlocked(fn() -> io::Stdout);

impl Write for Unlocked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Straight to the descriptor; EINTR becomes ErrorKind::Interrupted, which write_all retries.
        nix::unistd::write(self.0(), bytes).map_err(io::Error::from)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
