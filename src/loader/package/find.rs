//! Which folders of a path are packages, and which files they consist of.
//!
//! Looks at names, and into `.project` for the folder of the sources. Reads no source file.

use crate::formats::scan::Scanner;
use crate::formats::ston;
use crate::host::files::{FileError, Files};
use std::io;
use std::path::{Path, PathBuf};

/// Folders that hold a repository's sources when nothing says which one does.
const SOURCE_FOLDERS: [&str; 4] = ["src", "source", "repository", "sources"];

/// How the names of packages begin that say what a repository consists of.
const BASELINES: [&str; 2] = ["BaselineOf", "ConfigurationOf"];

/// How a package's folder is organised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One file for each class or extension.
    Tonel,
    /// One folder for each class or extension, one file for each method.
    Filetree,
}

/// A package, not yet read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    pub path: PathBuf,
    pub layout: Layout,
}

/// The packages at `path`: a repository with `.project`, a folder of packages, a package, or one file.
/// Answers what is wrong with the path otherwise.
pub fn packages(files: &Files<'_>, path: &Path) -> Result<Vec<Package>, String> {
    let failed = |e: FileError| told(path, &e);
    if !files.exists(path).map_err(failed)? {
        return Err(format!("there is no file {}", path.display()));
    }
    if !files.is_directory(path).map_err(failed)? {
        return Ok(vec![package(path, Layout::Tonel)]);
    }
    let found = below(files, path).map_err(failed)?;
    if found.is_empty() {
        return Err(format!("{} has no packages in it", path.display()));
    }
    Ok(found)
}

/// The packages that lie beside that at `path` in the sources of a repository: with them it is understood. No baselines,
/// which would have a say in it. Nothing if it does not look like a repository, or cannot be read.
pub fn beside(files: &Files<'_>, path: &Path) -> Vec<Package> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let Some(folder) = absolute.parent() else {
        return Vec::new();
    };
    let is_package = matches!(layout_of(files, path), Ok(Some(_)));
    let all = match inside(files, folder) {
        Ok(all) if is_package => all,
        _ => return Vec::new(),
    };
    let is_baseline = |p: &Package| BASELINES.iter().any(|head| p.name.starts_with(head));
    let exists = |name: &str| files.exists(&folder.join(name)).unwrap_or(false);
    let has_name = || {
        let name = folder.file_name().unwrap_or_default();
        SOURCE_FOLDERS.iter().any(|known| *known == name)
    };
    let is_named = || {
        let above = folder.parent();
        above.is_some_and(|a| matches!(sources_of(files, a), Ok(Some(f)) if f == folder))
    };
    let is_repository = has_name()
        || exists(".properties")
        || exists(".project")
        || all.iter().any(is_baseline)
        || is_named();
    let others = all
        .into_iter()
        .filter(|p| !is_baseline(p) && p.path != absolute);
    others.filter(|_| is_repository).collect()
}

/// What went wrong with a path, for a person.
pub fn told(path: &Path, error: &FileError) -> String {
    let path = path.display();
    match error {
        FileError::Denied(_) => format!("{path} may not be read: files are not permitted"),
        FileError::Os(e) => match e.kind() {
            io::ErrorKind::NotFound => format!("there is no file {path}"),
            io::ErrorKind::PermissionDenied => {
                format!("{path} may not be read: permission denied")
            }
            _ if e.raw_os_error() == Some(libc::ENXIO) => format!("{path}: it is no file on disk"),
            _ => {
                let text = e.to_string();
                format!("{path}: {}", text.split(" (os error").next().unwrap_or(""))
            }
        },
    }
}

fn below(files: &Files<'_>, folder: &Path) -> Result<Vec<Package>, FileError> {
    if let Some(layout) = layout_of(files, folder)? {
        return Ok(vec![package(folder, layout)]);
    }
    if let Some(sources) = sources_of(files, folder)? {
        return inside(files, &sources);
    }
    let found = inside(files, folder)?;
    if !found.is_empty() {
        return Ok(found);
    }
    for name in SOURCE_FOLDERS {
        let sources = folder.join(name);
        if files.is_directory(&sources)? {
            return inside(files, &sources);
        }
    }
    Ok(Vec::new())
}

/// The packages that lie directly in a folder.
fn inside(files: &Files<'_>, folder: &Path) -> Result<Vec<Package>, FileError> {
    let mut found = Vec::new();
    for entry in files.entries(folder)? {
        if !is_hidden(&entry)
            && files.is_directory(&entry)?
            && let Some(layout) = layout_of(files, &entry)?
        {
            found.push(package(&entry, layout));
        }
    }
    Ok(found)
}

/// Whether a folder is a package, and of which kind.
fn layout_of(files: &Files<'_>, folder: &Path) -> Result<Option<Layout>, FileError> {
    if ends_with(folder, ".package") {
        return Ok(Some(Layout::Filetree));
    }
    let tonel = files.entries(folder)?.iter().any(|e| is_source(e));
    Ok(tonel.then_some(Layout::Tonel))
}

/// The folder that `.project` names, if there is such a file. Its own folder is one, too.
fn sources_of(files: &Files<'_>, folder: &Path) -> Result<Option<PathBuf>, FileError> {
    let project = folder.join(".project");
    if !files.exists(&project)? {
        return Ok(None);
    }
    let bytes = files.read(&project)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut s = Scanner::new(&text, 0);
    s.skip_space();
    let named = ston::map(&mut s)
        .ok()
        .and_then(|m| m.text("srcDirectory").ok().flatten().map(str::to_string));
    let sources = folder.join(named.as_deref().unwrap_or("src"));
    Ok(files.is_directory(&sources)?.then_some(sources))
}

fn package(path: &Path, layout: Layout) -> Package {
    // `.` has no name of its own.
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let name = absolute.file_name().unwrap_or_default().to_string_lossy();
    let name = name
        .strip_suffix(".package")
        .or_else(|| name.strip_suffix(".st"))
        .unwrap_or(&name);
    Package {
        name: name.to_string(),
        path: path.to_path_buf(),
        layout,
    }
}

/// Does the path's last name end like this?
pub fn ends_with(path: &Path, end: &str) -> bool {
    path.file_name()
        .is_some_and(|n| n.as_encoded_bytes().ends_with(end.as_bytes()))
}

/// Is it a source file that counts?
pub fn is_source(path: &Path) -> bool {
    ends_with(path, ".st") && !is_hidden(path)
}

/// Does the name say that the file is in Tonel?
pub fn has_tonel_name(path: &Path) -> bool {
    [".class.st", ".trait.st", ".extension.st", "package.st"]
        .iter()
        .any(|end| ends_with(path, end))
}

pub fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|n| n.as_encoded_bytes().starts_with(b"."))
}
