//! Files and variables for whoever runs the process: the command line, and an embedder's own calls. They are
//! bound by no permission, for it is they who give them. Must never be reachable from Smalltalk.

use chirp_grammar::sorting::sort_by;
#[cfg(feature = "cli")]
use nix::fcntl::{Flock, FlockArg};
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file, or what can be read like one.
    File,
    /// A folder.
    Folder,
    /// A link, where links are not followed; a device, a pipe.
    Other,
}

/// The words of the command line, the command's own name first.
pub fn arguments() -> impl Iterator<Item = OsString> {
    std::env::args_os()
}

/// An environment variable.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// All bytes of a file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// Whether these are the first bytes of a file; no more are read.
pub fn begins_with(path: &Path, head: &[u8]) -> io::Result<bool> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(head.len() as u64).read_to_end(&mut bytes)?;
    Ok(bytes == head)
}

/// All bytes of what is no file on disk, which may have so many.
pub fn read_at_most(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    all_of(std::fs::File::open(path)?, limit)
}

/// Everything up to the end, which may be so many bytes.
pub fn all_of(source: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let message = format!("more than {} MB, and no end", limit >> 20);
        return Err(io::Error::other(message));
    }
    Ok(bytes)
}

/// The text of a file.
pub fn read_text(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path)
}

/// Replaces or creates a file.
pub fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    std::fs::write(path, contents)
}

/// Makes a folder and those on the way to it.
pub fn make_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// What is at a path; a link there counts as what it leads to if `follow`.
pub fn kind(path: &Path, follow: bool) -> io::Result<Kind> {
    let data = match follow {
        true => std::fs::metadata(path)?,
        false => std::fs::symlink_metadata(path)?,
    };
    Ok(match data.file_type() {
        kind if kind.is_dir() => Kind::Folder,
        kind if kind.is_file() => Kind::File,
        _ => Kind::Other,
    })
}

/// Whether no other program has locked a file.
#[cfg(feature = "cli")]
pub fn is_unlocked(path: &Path) -> bool {
    let file = std::fs::File::open(path);
    file.is_ok_and(|file| Flock::lock(file, FlockArg::LockExclusiveNonblock).is_ok())
}

/// What is in a folder, by name.
pub fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    sort_by(&mut paths, Ord::cmp);
    Ok(paths)
}
