//! The terminal's own settings, for when the session ends while a line is being edited.
//!
//! The editor restores them after each line; this is for the one that it never finishes.

use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use std::io::{self, Write};

/// What the terminal was set to.
pub struct Terminal(Option<Termios>);

impl Terminal {
    /// Remembers the settings of the terminal that standard input is.
    pub fn save() -> Terminal {
        Terminal(tcgetattr(io::stdin()).ok())
    }

    /// Sets them again, and leaves the line that was being edited.
    pub fn restore(&self) {
        let Some(settings) = &self.0 else { return };
        // The program ends now: if the terminal refuses, there is nothing left to try. The escape
        // sequence ends bracketed paste, which the editor had begun.
        let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, settings);
        let _ = io::stdout().write_all(b"\x1b[?2004l\n");
        let _ = io::stdout().flush();
    }
}
