//! The terminal's own settings: one that the prompt needs, and all of them again when the session ends.
//!
//! The editor restores what it changes after each line, except the one that it never finishes.

use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::termios::{LocalFlags, SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::read;
use std::io::{self, Write};
use std::os::fd::AsFd;

/// What a terminal sends behind a paste.
const PASTE_END: &[u8] = b"\x1b[201~";

/// A paste comes without pauses as long as this, in milliseconds.
const SILENCE: u8 = 200;

/// What the terminal was set to.
pub struct Terminal(Option<Termios>);

impl Terminal {
    /// Remembers the settings of the terminal that standard input is, and changes one.
    pub fn prepare() -> Terminal {
        let settings = tcgetattr(io::stdin()).ok();
        keep_what_is_typed_ahead();
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

/// From now on Ctrl-C discards nothing that was typed while something runs. A shell forgets it with each Ctrl-Z.
pub fn keep_what_is_typed_ahead() {
    if let Ok(mut settings) = tcgetattr(io::stdin())
        && !settings.local_flags.contains(LocalFlags::NOFLSH)
    {
        settings.local_flags.insert(LocalFlags::NOFLSH);
        // Where that cannot be set, Ctrl-C does as in other programs.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &settings);
    }
}

/// Throws away the rest of a paste, up to the mark of its end or until nothing comes any more.
pub fn skip_paste() {
    let input = io::stdin();
    let Ok(settings) = tcgetattr(&input) else {
        return;
    };
    let mut raw = settings.clone();
    cfmakeraw(&mut raw);
    if tcsetattr(&input, SetArg::TCSANOW, &raw).is_err() {
        return;
    }
    let mut last = Vec::new();
    let mut byte = [0];
    // One by one: what stands behind the mark was typed.
    while !last.ends_with(PASTE_END)
        && poll(
            &mut [PollFd::new(input.as_fd(), PollFlags::POLLIN)],
            SILENCE,
        )
        .is_ok_and(|n| n > 0)
        && read(&input, &mut byte).is_ok_and(|n| n > 0)
    {
        last.push(byte[0]);
        if last.len() > 2 * PASTE_END.len() {
            last.drain(..PASTE_END.len());
        }
    }
    let _ = tcsetattr(&input, SetArg::TCSANOW, &settings);
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(settings) = &self.0 {
            // The program ends now: if the terminal refuses, there is nothing left to try.
            let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, settings);
        }
    }
}
