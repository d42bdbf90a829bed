//! The terminal's own settings: one that the prompt needs, and all of them again when the session ends.
//!
//! The editor restores what it changes after each line, except the one that it never finishes.

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use std::io::{self, Write};

/// What the terminal was set to.
pub struct Terminal(Option<Termios>);

impl Terminal {
    /// Remembers the settings of the terminal that standard input is. From now on Ctrl-C discards nothing that was
    /// typed ahead while something runs.
    pub fn prepare() -> Terminal {
        let settings = tcgetattr(io::stdin()).ok();
        if let Some(mut changed) = settings.clone() {
            changed.local_flags.insert(LocalFlags::NOFLSH);
            // Where that cannot be set, Ctrl-C does as in other programs.
            let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &changed);
        }
        Terminal(settings)
    }

    /// Leaves the line that was being edited.
    pub fn leave_line(&self) {
        if self.0.is_some() {
            // The escape sequence ends bracketed paste, which the editor had begun.
            let _ = io::stdout().write_all(b"\x1b[?2004l\n");
            let _ = io::stdout().flush();
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(settings) = &self.0 {
            // The program ends now: if the terminal refuses, there is nothing left to try.
            let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, settings);
        }
    }
}
