//! The line at the bottom of a terminal that says which test is running. Nobody else sees it.

use crate::cli::session::Session;
use crate::host::clock::now;
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

/// How often the line changes, at most.
const PAUSE: Duration = Duration::from_millis(50);
/// Characters of a test's name that are shown.
const WIDTH: usize = 60;

/// What the line shows.
pub struct Progress {
    is_shown: bool,
    is_there: bool,
    done: usize,
    known: usize,
    last: Instant,
}

impl Progress {
    /// A line, if standard error is a terminal.
    pub fn new() -> Progress {
        Progress {
            is_shown: stderr().is_terminal(),
            is_there: false,
            done: 0,
            known: 0,
            last: now(),
        }
    }

    /// So many tests more are known.
    pub fn more(&mut self, count: usize) {
        self.known += count;
    }

    /// The next test begins.
    pub fn next(&mut self, session: &mut Session, name: &str) {
        self.done += 1;
        if self.is_shown && (!self.is_there || self.last.elapsed() >= PAUSE) {
            let name: String = name.chars().take(WIDTH).collect();
            session.complain(&format!("\r[{}/{}] {name}\x1b[K", self.done, self.known));
            self.last = now();
            self.is_there = true;
        }
    }

    /// Something else is about to be written.
    pub fn clear(&mut self, session: &mut Session) {
        if self.is_there {
            session.complain("\r\x1b[K");
            self.is_there = false;
        }
    }
}
