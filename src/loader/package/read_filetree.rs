//! Filetree packages: a folder for each class or extension, a file for each method.

use super::find::{self, Package};
use super::model::{File, Kind, Method, Origin, Part, slot_name};
use super::read::tag_of;
use super::sources::Sources;
use crate::formats::scan::Scanner;
use crate::formats::selector::pattern_at;
use crate::formats::ston::{self, Map};
use crate::formats::{FormatError, Place, with_returns};
use crate::host::files::Files;
use std::path::Path;

/// Reads a `.package` folder.
pub fn package(sources: &mut Sources, files: &Files<'_>, package: &Package) {
    for entry in sources.entries(files, &package.path).unwrap_or_default() {
        let kind = match () {
            () if find::ends_with(&entry, ".class") => Kind::Class,
            () if find::ends_with(&entry, ".trait") => Kind::Trait,
            () if find::ends_with(&entry, ".extension") => Kind::Extension,
            () => continue,
        };
        definition(sources, files, &entry, kind, &package.name);
    }
}

fn definition(sources: &mut Sources, files: &Files<'_>, folder: &Path, kind: Kind, package: &str) {
    let Some(file) = sources.file(files, &folder.join("properties.json")) else {
        return;
    };
    let mut part = match ston::map(&mut Scanner::new(file.text.trim_end(), leading(&file.text)))
        .and_then(|map| header(&file, &map, kind, package))
    {
        Ok(part) => part,
        Err(error) => return sources.refuse(&file, &error),
    };
    let comment = folder.join("README.md");
    if kind != Kind::Extension
        && files.exists(&comment).unwrap_or(false)
        && let Some(text) = sources.file(files, &comment)
    {
        part.comment = with_returns(&text.text).into_owned();
    }
    for (side, class_side) in [("instance", false), ("class", true)] {
        for path in sources
            .entries(files, &folder.join(side))
            .unwrap_or_default()
        {
            if find::is_source(&path)
                && let Some(file) = sources.file(files, &path)
            {
                match method(&file, &part.name, class_side) {
                    Ok(method) => part.methods.push(method),
                    Err(error) => sources.refuse(&file, &error),
                }
            }
        }
    }
    sources.parts.push(part);
}

fn leading(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

fn header(file: &File, map: &Map<'_>, kind: Kind, package: &str) -> Result<Part, FormatError> {
    let name = map
        .text("name")?
        .ok_or_else(|| FormatError::new(0, "the definition has no name"))?;
    let mut part = Part::new(kind, name, package, file, Place { line: 1, column: 1 });
    let names = |key: &str| -> Result<Vec<String>, FormatError> {
        Ok(map.texts(key)?.into_iter().map(slot_name).collect())
    };
    let composition = |key: &str| -> Result<String, FormatError> {
        let text = map.text(key)?.unwrap_or_default();
        Ok(if text == "{}" { "" } else { text }.to_string())
    };
    part.superclass = map
        .text("super")?
        .filter(|s| *s != "nil")
        .map(str::to_string);
    part.inst_vars = names("instvars")?;
    part.class_vars = names("classvars")?;
    part.class_inst_vars = names("classinstvars")?;
    part.pools = names("pools")?;
    part.layout = map.text("type")?.unwrap_or_default().to_string();
    part.tag = tag_of(package, "", map.text("category")?.unwrap_or_default());
    part.traits = composition("traitcomposition")?;
    part.class_traits = composition("classtraitcomposition")?;
    Ok(part)
}

/// The first line is the protocol; the method follows. The source says the selector, not the file's name.
fn method(file: &File, owner: &str, class_side: bool) -> Result<Method, FormatError> {
    let (protocol, source) = file.text.split_once('\n').unwrap_or((&file.text, ""));
    let start = file.text.len() - source.len();
    let pattern = pattern_at(&file.text, start + leading(source))
        .map_err(|open| FormatError::new(open.offset(), open.message()))?
        .ok_or_else(|| FormatError::new(start, "a method must follow the line of its protocol"))?;
    Ok(Method {
        owner: owner.to_string(),
        class_side,
        selector: pattern.selector.into_owned(),
        protocol: Some(protocol.trim().to_string()).filter(|p| !p.is_empty()),
        source: file.source(source.trim_end(), Place { line: 2, column: 1 }),
        origin: Origin::at(&file.text, start),
    })
}
