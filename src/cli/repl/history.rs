//! Where earlier entries are kept, and whether they can be used now: whatever is at that place, the prompt comes.
//!
//! The editor reads and writes the file, and would wait for as long as another program locks it.

use crate::host::{clock, outside};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a locked file is tried, and how long between.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// `$XDG_STATE_HOME/chirp/history`, its folder made; none where there is no home.
pub fn file() -> Option<PathBuf> {
    let folder = super::folder("XDG_STATE_HOME", ".local/state")?;
    outside::make_folder(&folder).ok()?;
    Some(folder.join("history"))
}

/// Whether the file may be used: it is not there yet, or nobody else has it for long.
pub fn is_usable(path: &Path) -> bool {
    match outside::kind(path, true) {
        Ok(outside::Kind::File) => {}
        Ok(_) => return false,
        // It will be made.
        Err(_) => return true,
    }
    for attempt in 0..TRIES {
        if attempt > 0 {
            clock::sleep(PAUSE);
        }
        if outside::is_unlocked(path) {
            return true;
        }
    }
    false
}

/// Replaces bytes that are no UTF-8, because of which the editor would take nothing of the file.
pub fn mend(path: &Path) {
    if let Ok(bytes) = outside::read(path)
        && std::str::from_utf8(&bytes).is_err()
    {
        // Where it cannot be written, this session has a history of its own.
        let _ = outside::write(path, String::from_utf8_lossy(&bytes).as_bytes());
    }
}
