//! Which of the paths to be tested hold packages, to be loaded all together before anything runs.

use super::Source;
use crate::cli::files;
use crate::formats::detect::{Format, format_of};
use crate::host::capabilities::FileAccess;
use crate::host::files::Files;
use crate::loader::package::find::{self, Package};
use std::path::{Path, PathBuf};

/// What to load of these paths, whose source files are `sources`.
pub fn packages(paths: &[PathBuf], sources: &[Source]) -> Vec<PathBuf> {
    let all = FileAccess::all();
    let opened = Files::new(&all).unbounded(Vec::new());
    let mut found: Vec<PathBuf> = Vec::new();
    let homes: Vec<Option<PathBuf>> = sources.iter().map(home).collect();
    for path in paths {
        let mut inside: Vec<PathBuf> = Vec::new();
        let mut others = false;
        for (source, home) in sources.iter().zip(&homes) {
            let file = source.path.as_path();
            match home {
                Some(home) if files::is_within(file, path) => inside.push(home.clone()),
                None => others |= file.parent() == Some(path),
                _ => {}
            }
        }
        // The folder knows best where its packages are, if it is one of packages.
        if !inside.is_empty() && !others && find::packages(&opened, path).is_ok() {
            inside = vec![path.clone()];
        }
        for package in inside {
            if !found.contains(&package) {
                found.push(package);
            }
        }
    }
    found
}

/// The packages of the same repositories that lie beside these and are none of them.
pub fn beside(packages: &[PathBuf]) -> Vec<Package> {
    let all = FileAccess::all();
    let opened = Files::new(&all).unbounded(Vec::new());
    let named: Vec<Package> = packages
        .iter()
        .flat_map(|path| find::packages(&opened, path).unwrap_or_default())
        .collect();
    let mut found: Vec<Package> = Vec::new();
    for path in packages {
        for package in find::beside(&opened, path) {
            if named.iter().chain(&found).all(|p| p.name != package.name) {
                found.push(package);
            }
        }
    }
    found
}

/// The folder of the package that a file belongs to: nothing for scripts and file-ins.
fn home(source: &Source) -> Option<PathBuf> {
    if let Some(package) = of_filetree(source) {
        return Some(package.to_path_buf());
    }
    match format_of(&source.text) {
        Format::Tonel => source.path.parent().map(files::folder),
        _ => None,
    }
}

/// The package of filetree that a file belongs to, if it does to one.
pub fn of_filetree(source: &Source) -> Option<&Path> {
    let mut folders = source.path.ancestors();
    folders.find(|p| find::ends_with(p, ".package"))
}
