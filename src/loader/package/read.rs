//! From files to definitions: reads all packages of a load, and makes no object.

use super::file_order;
use super::find::{self, Layout, Package};
use super::model::{File, Kind, Method, Origin, Part, slot_name};
use super::read_filetree;
use super::report::Skipped;
use super::sources::Sources;
use crate::formats::detect::{Format, format_of};
use crate::formats::tonel;
use crate::formats::{FormatError, Place, package_text, with_returns};
use crate::host::files::Files;
use std::path::{Path, PathBuf};

/// Reads the packages at these paths, each of them once.
pub fn read(files: &Files<'_>, paths: &[PathBuf]) -> Sources {
    read_telling(files, paths, &mut |_, _| {})
}

/// Likewise; `reading` is told how many packages there are, and the path of the one that comes next.
pub fn read_telling(
    files: &Files<'_>,
    paths: &[PathBuf],
    reading: &mut dyn FnMut(usize, &str),
) -> Sources {
    let mut sources = Sources::default();
    let mut found: Vec<Package> = Vec::new();
    for path in paths {
        match find::packages(files, path) {
            Err(message) => sources.unreadable.push(message),
            Ok(packages) => {
                for package in packages {
                    if found.iter().all(|p| p.path != package.path) {
                        found.push(package);
                    }
                }
            }
        }
    }
    for package in &found {
        reading(found.len(), &package.path.to_string_lossy());
        sources.package(files, package);
    }
    sources
}

impl Sources {
    fn package(&mut self, files: &Files<'_>, package: &Package) {
        if package.layout == Layout::Filetree {
            self.packages.push(package.name.clone());
            return read_filetree::package(self, files, package);
        }
        let Some(entries) = self.entries(files, &package.path) else {
            return;
        };
        let is_folder = !entries.is_empty();
        let paths = match is_folder {
            true => entries,
            false => vec![package.path.clone()],
        };
        let mut others = Vec::new();
        for path in paths.iter().filter(|p| !is_folder || find::is_source(p)) {
            let Some(file) = self.file(files, path) else {
                continue;
            };
            match format_of(&file.text) {
                Format::Tonel => self.tonel(&file, &package.name),
                Format::Chunk | Format::ClassBody => others.push(file),
                Format::Script if file.text.trim().is_empty() => {}
                Format::Script if !is_folder => others.push(file),
                // It should have been in Tonel.
                Format::Script if find::has_tonel_name(path) => self.tonel(&file, &package.name),
                Format::Script => self.skipped.push(Skipped {
                    what: path.display().to_string(),
                    reason: "it is a script; it runs when it is named itself".to_string(),
                    file: file.name,
                    text: file.text,
                    line: 1,
                    column: 1,
                }),
            }
        }
        if is_folder || others.is_empty() {
            self.packages.push(package.name.clone());
        }
        if others.len() > 1 {
            others = file_order::sorted(others);
        }
        match self.parts.is_empty() {
            true => self.files_before.append(&mut others),
            false => self.files_after.append(&mut others),
        }
    }

    /// The entries of a folder, by name; none of a file. Nothing if it cannot be read.
    pub(super) fn entries(&mut self, files: &Files<'_>, folder: &Path) -> Option<Vec<PathBuf>> {
        let result = match files.is_directory(folder) {
            Ok(true) => files.entries(folder),
            Ok(false) => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        match result {
            Ok(entries) => Some(entries),
            Err(error) => {
                self.unreadable.push(find::told(folder, &error));
                None
            }
        }
    }

    /// The text of a file; nothing if it cannot be read.
    pub(super) fn file(&mut self, files: &Files<'_>, path: &Path) -> Option<File> {
        match files.read(path) {
            Ok(bytes) => {
                let name = path.to_string_lossy();
                Some(File::new(&name, &package_text(bytes)))
            }
            Err(error) => {
                self.unreadable.push(find::told(path, &error));
                None
            }
        }
    }

    fn tonel(&mut self, file: &File, package: &str) {
        let parsed = tonel::parse(&file.text);
        let definition = match parsed {
            Ok(Some(definition)) if definition.kind != tonel::Kind::Package => definition,
            Ok(_) => return,
            Err(error) => return self.refuse(file, &error),
        };
        match part(file, package, &definition) {
            Ok(part) => self.parts.push(part),
            Err(error) => self.refuse(file, &error),
        }
    }
}

fn part(
    file: &File,
    package: &str,
    definition: &tonel::Definition<'_>,
) -> Result<Part, FormatError> {
    let header = &definition.header;
    let name = header
        .text("name")?
        .ok_or_else(|| FormatError::new(definition.header_at, "the definition has no #name"))?;
    let kind = match definition.kind {
        tonel::Kind::Trait => Kind::Trait,
        tonel::Kind::Extension => Kind::Extension,
        tonel::Kind::Class | tonel::Kind::Package => Kind::Class,
    };
    let mut part = Part::new(kind, name, package, file, file.place(definition.header_at));
    let names = |key: &str| -> Result<Vec<String>, FormatError> {
        Ok(header.texts(key)?.into_iter().map(slot_name).collect())
    };
    let text = |key: &str| -> Result<String, FormatError> {
        Ok(header.text(key)?.unwrap_or_default().to_string())
    };
    part.superclass = header
        .text("superclass")?
        .filter(|s| *s != "nil")
        .map(str::to_string);
    part.inst_vars = names("instVars")?;
    part.class_vars = names("classVars")?;
    part.class_inst_vars = names("classInstVars")?;
    part.pools = names("pools")?;
    part.layout = text("type")?;
    part.tag = tag_of(package, &text("tag")?, &text("category")?);
    part.traits = text("traits")?;
    part.class_traits = text("classTraits")?;
    part.comment = definition.comment.clone().map_or_else(String::new, |c| {
        with_returns(&file.text[c].replace("\"\"", "\"")).into_owned()
    });
    part.methods = definition.methods.iter().map(|m| method(file, m)).collect();
    Ok(part)
}

/// Older headers name package and tag in one, as the category.
pub fn tag_of(package: &str, tag: &str, category: &str) -> String {
    match category.strip_prefix(package) {
        Some(rest) if tag.is_empty() => rest.strip_prefix('-').unwrap_or_default(),
        _ => tag,
    }
    .to_string()
}

fn method(file: &File, method: &tonel::Method<'_>) -> Method {
    let line_start = file.text[..method.source.start]
        .rfind('\n')
        .map_or(0, |i| i + 1);
    let column = file.text[line_start..method.source.start].chars().count() as u32 + 1;
    let place = Place {
        line: method.line,
        column,
    };
    let body = &file.text[method.bracket + 1..method.source.end];
    let length = method.pattern_end - method.source.start;
    let (text, gap) = match body.starts_with('\n') || body.is_empty() {
        true => {
            let pattern = &file.text[method.source.start..method.pattern_end];
            (
                pattern.to_string() + body,
                method.bracket + 1 - method.pattern_end,
            )
        }
        // What stands on the pattern's line stays in its column.
        false => (method.text(&file.text), 0),
    };
    let mut source = file.source(&text, place);
    if gap == 0 {
        source.bracket = (method.bracket - method.source.start) as u32;
    }
    Method {
        owner: method.owner.to_string(),
        class_side: method.class_side,
        selector: method.selector.to_string(),
        protocol: method.protocol.as_deref().map(str::to_string),
        source,
        origin: Origin {
            text: file.text.clone(),
            start: method.source.start,
            gap: (length, gap),
            in_chunk: false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::tag_of;

    #[test]
    fn a_tag_stands_alone_or_behind_the_package_in_the_category() {
        assert_eq!(tag_of("Shop", "Goods", "Shop-Goods"), "Goods");
        assert_eq!(tag_of("Shop", "", "Shop-Goods"), "Goods");
        assert_eq!(tag_of("Shop", "", "Shop"), "");
        assert_eq!(tag_of("Shop", "", "Shopping"), "");
        assert_eq!(tag_of("Shop", "", "Others-Goods"), "");
    }
}
