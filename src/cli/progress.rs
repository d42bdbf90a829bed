//! The line at the bottom of a terminal that says how far long work is. Nobody else sees it, and nothing stays of it.

use super::session::Session;
use crate::host::clock::now;
use crate::host::outside;
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

/// How often the line changes, at most.
const PAUSE: Duration = Duration::from_millis(50);
/// What takes no longer than this needs no line.
const PATIENCE: Duration = Duration::from_millis(300);
/// Characters of a name that are shown.
const WIDTH: usize = 60;

/// What the line shows.
pub struct Progress {
    is_shown: bool,
    is_there: bool,
    done: usize,
    known: usize,
    /// From when on the line may change.
    due: Instant,
}

impl Progress {
    /// A line, if standard error is a terminal that can erase it.
    pub fn new() -> Progress {
        let is_able = || outside::variable("TERM").is_none_or(|t| t != "dumb");
        Progress {
            is_shown: stderr().is_terminal() && is_able(),
            is_there: false,
            done: 0,
            known: 0,
            due: now(),
        }
    }

    /// Likewise, for what is nearly always done at once: the line appears only when it takes a while.
    pub fn late() -> Progress {
        Progress {
            due: now() + PATIENCE,
            ..Progress::new()
        }
    }

    /// No line.
    pub fn none() -> Progress {
        Progress {
            is_shown: false,
            ..Progress::new()
        }
    }

    /// So many steps more are known.
    pub fn more(&mut self, count: usize) {
        self.known += count;
    }

    /// The next step begins.
    pub fn next(&mut self, session: &mut Session, name: &str) {
        self.done += 1;
        if self.is_shown && now() >= self.due {
            let name: String = name
                .chars()
                .filter(|c| !c.is_control())
                .take(WIDTH)
                .collect();
            session.complain(&format!("\r[{}/{}] {name}\x1b[K", self.done, self.known));
            self.due = now() + PAUSE;
            self.is_there = true;
        }
    }

    /// Something else is about to be written.
    pub fn clear(&mut self, session: &mut Session) {
        if self.is_there {
            session.complain("\r\x1b[K");
            self.is_there = false;
            // What comes next is shown at once.
            self.due = now();
        }
    }
}
