//! The files that the command line itself reads: source files given by name, and folders of them.
//!
//! What programs read goes through the host, within its permissions; this does not, because the
//! person at the keyboard asked for it.

use crate::formats::detect::{Format, format_of};
use crate::formats::package_text;
use crate::host::outside::{self, Kind};
use std::io;
use std::path::{Path, PathBuf};

/// A path as somebody types it: `~/` is the home folder.
pub fn expanded(typed: &str) -> PathBuf {
    let home = outside::variable("HOME").filter(|h| !h.is_empty());
    match (typed.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(typed),
    }
}

/// Writes a text to a file that is new, or that begins with `head`: nobody's work is overwritten.
pub fn save(path: &Path, text: &str, head: &str) -> Result<(), String> {
    let name = path.display();
    // What is no file may never end, or never begin.
    let is_ours = match outside::kind(path, true) {
        Ok(Kind::File) => outside::begins_with(path, head.as_bytes()),
        Ok(Kind::Other) => Ok(false),
        Ok(Kind::Folder) => return Err(unwritten(path, &io::ErrorKind::IsADirectory.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    };
    match is_ours {
        Ok(true) => {}
        Ok(false) => return Err(format!("{name} exists, and was not saved from here")),
        Err(error) => return Err(told(&path.to_string_lossy(), &error)),
    }
    outside::write(path, text.as_bytes()).map_err(|error| unwritten(path, &error))
}

/// Why a file could not be written, for a person.
pub fn unwritten(path: &Path, error: &io::Error) -> String {
    let name = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => format!("{name}: there is no such folder"),
        io::ErrorKind::IsADirectory => format!("{name} is a folder; write the name of a file"),
        io::ErrorKind::PermissionDenied => format!("{name} may not be written: permission denied"),
        _ => told(&path.to_string_lossy(), error),
    }
}

/// How paths may go on that begin with `typed`: folders end in a slash.
pub fn completions(typed: &str) -> Vec<String> {
    let (folder, prefix) = match typed.rfind('/') {
        Some(slash) => typed.split_at(slash + 1),
        None => ("", typed),
    };
    let place = if folder.is_empty() {
        PathBuf::from(".")
    } else {
        expanded(folder)
    };
    // A folder that cannot be read offers nothing.
    let entries = outside::entries(&place).unwrap_or_default();
    let mut found: Vec<String> = entries
        .iter()
        .filter_map(|entry| {
            let name = entry.file_name()?.to_str()?;
            let shown =
                name.starts_with(prefix) && (prefix.starts_with('.') || !name.starts_with('.'));
            let is_folder = matches!(outside::kind(entry, true), Ok(outside::Kind::Folder));
            let slash = if is_folder { "/" } else { "" };
            shown.then(|| format!("{folder}{name}{slash}"))
        })
        .collect();
    found.sort();
    found
}

/// Whether a path is no path: `-` is standard input.
pub fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether a source is in a file or a folder, and not in what ends with its reading.
pub fn can_be_read_again(path: &Path) -> bool {
    !is_standard_input(path) && !matches!(outside::kind(path, true), Ok(Kind::Other))
}

/// What messages call a source.
pub fn called(path: &Path) -> String {
    match is_standard_input(path) {
        true => "stdin".to_string(),
        false => path.display().to_string(),
    }
}

/// What went wrong with a file, for a person.
pub fn told(name: &str, error: &io::Error) -> String {
    let name = if name.is_empty() { "''" } else { name };
    match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file {name}"),
        io::ErrorKind::IsADirectory => {
            format!("{name} is a folder; only --load, `chirp check` and `chirp test` take folders")
        }
        io::ErrorKind::PermissionDenied => format!("{name} may not be read: permission denied"),
        _ if error.raw_os_error() == Some(libc::ENXIO) => {
            format!("{name} is a socket, and no file")
        }
        // Without the number that the system gives to the error.
        _ => {
            let text = error.to_string();
            let plain = text.split(" (os error").next().unwrap_or(&text);
            format!("{name}: {plain}")
        }
    }
}

/// UTF-8, without a byte order mark; only sources that other Smalltalks filed out may be older than that.
pub fn as_text(mut bytes: Vec<u8>) -> io::Result<String> {
    if bytes.starts_with("\u{FEFF}".as_bytes()) {
        bytes.drain(.."\u{FEFF}".len());
    }
    String::from_utf8(bytes).or_else(|error| {
        let text = package_text(error.as_bytes().to_vec());
        if format_of(&text) != Format::Script {
            return Ok(text);
        }
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at]
            .iter()
            .filter(|&&b| b == b'\n')
            .count()
            + 1;
        let message = format!("not UTF-8: line {line} has a byte that begins no character");
        Err(io::Error::new(io::ErrorKind::InvalidData, message))
    })
}

/// Why `check` and `test` can do nothing with a text that is from no file on disk: a class in Tonel is understood with the
/// package around it, and a pipe has none.
pub fn lacks_a_package(path: &Path, text: &str) -> Option<String> {
    let is_alone = is_standard_input(path) || !matches!(outside::kind(path, true), Ok(Kind::File));
    (is_alone && format_of(text) == Format::Tonel).then(|| {
        let name = called(path);
        format!(
            "{name} is no file on disk: write the file of this class, or the folder of its package"
        )
    })
}

/// Whether a file is this one, or in this folder: `./a.st` is `a.st`.
pub fn is_within(file: &Path, path: &Path) -> bool {
    let plain = |p: &'_ Path| p.strip_prefix(".").unwrap_or(p).to_path_buf();
    let (file, path) = (plain(file), plain(path));
    file.starts_with(&path) && (file.is_relative() || !path.as_os_str().is_empty())
}

/// A file's folder; that of a plain name is the current one.
pub fn folder(parent: &Path) -> PathBuf {
    match parent.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => parent.to_path_buf(),
    }
}

/// The files that `paths` name, standard input among them: a folder stands for the `.st` files in it, at any depth, by name. The other answer tells
/// of paths that cannot be read, each by its name and with the reason.
pub fn source_files(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<(String, String)>) {
    let mut found = Found::default();
    paths.iter().for_each(|path| found.collect(path, true));
    (found.files, found.unreadable)
}

#[derive(Default)]
struct Found {
    files: Vec<PathBuf>,
    unreadable: Vec<(String, String)>,
}

impl Found {
    fn collect(&mut self, path: &Path, named: bool) {
        if let Err(error) = self.look(path, named) {
            let name = path.to_string_lossy();
            self.unreadable
                .push((name.to_string(), told(&name, &error)));
        }
    }

    fn look(&mut self, path: &Path, named: bool) -> io::Result<()> {
        if named && is_standard_input(path) {
            self.files.push(path.to_path_buf());
            return Ok(());
        }
        let mut kind = outside::kind(path, named)?;
        let is_source = path.extension().is_some_and(|e| e == "st");
        if kind == Kind::Other && is_source && !named {
            // Links inside a folder that lead to folders are left alone: they may lead in a circle.
            kind = match outside::kind(path, true) {
                Ok(Kind::Folder) => return Ok(()),
                Ok(Kind::Other) => return Err(io::Error::other("it is no file on disk")),
                result => result?,
            };
        }
        if kind == Kind::Folder {
            let entries = outside::entries(path)?;
            let hidden = |p: &PathBuf| {
                p.file_name()
                    .is_some_and(|n| n.as_encoded_bytes().starts_with(b"."))
            };
            let shown = entries.iter().filter(|p| !hidden(p));
            shown.for_each(|p| self.collect(p, false));
        } else if named || (kind == Kind::File && is_source) {
            self.files.push(path.to_path_buf());
        }
        Ok(())
    }
}
