//! Reads the files of a class library from a folder: for the build script, and for `--image`.
//!
//! The only place that walks the library's folder. Never looks into the files.

use crate::formats::index::SourceFile;
use std::path::Path;
use std::{fs, io};

/// All `.st` files in `folder` and the folders inside it, in no order.
pub fn read(folder: &Path) -> io::Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    collect(folder, "", &mut files)?;
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<SourceFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else if name.ends_with(".st") {
            // Of what is no file on disk, reading may never end.
            let text = match fs::metadata(entry.path())?.is_file() {
                true => fs::read_to_string(entry.path()),
                false => Err(io::Error::other("it is no file on disk")),
            };
            let text = text.map_err(|e| io::Error::new(e.kind(), format!("{path}: {e}")))?;
            files.push(SourceFile { path, text });
        }
    }
    Ok(())
}
