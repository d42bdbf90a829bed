//! From files to definitions: reads all packages of a load, and makes no object.

use super::find::{self, Layout, Package};
use super::model::{File, Kind, Method, Part, slot_name};
use super::read_filetree;
use crate::formats::tonel;
use crate::formats::{FormatError, Place, package_text};
use crate::host::files::Files;
use crate::loader::compile;
use crate::vm::CompileFailure;
use crate::vm::classes::Source;
use chirp_grammar::Diagnostic;
use chirp_grammar::ast::Span;
use std::path::{Path, PathBuf};

/// What a load consists of, and what could not be read.
#[derive(Default)]
pub struct Sources {
    /// Names of the packages, in order.
    pub packages: Vec<String>,
    pub parts: Vec<Part>,
    /// Paths that could not be read, each with the reason.
    pub unreadable: Vec<String>,
    /// Files whose format is wrong.
    pub failures: Vec<CompileFailure>,
}

/// Reads the packages at these paths, each of them once.
pub fn read(files: &Files<'_>, paths: &[PathBuf]) -> Sources {
    let mut sources = Sources::default();
    let mut seen: Vec<PathBuf> = Vec::new();
    for path in paths {
        match find::packages(files, path) {
            Err(message) => sources.unreadable.push(message),
            Ok(packages) => {
                for package in packages {
                    if !seen.contains(&package.path) {
                        seen.push(package.path.clone());
                        sources.package(files, &package);
                    }
                }
            }
        }
    }
    sources
}

impl Sources {
    fn package(&mut self, files: &Files<'_>, package: &Package) {
        self.packages.push(package.name.clone());
        if package.layout == Layout::Filetree {
            return read_filetree::package(self, files, package);
        }
        let paths = match self.entries(files, &package.path) {
            None => return,
            Some(entries) if entries.is_empty() => vec![package.path.clone()],
            Some(entries) => entries,
        };
        for path in paths.iter().filter(|p| find::is_source(p)) {
            if let Some(file) = self.file(files, path) {
                self.tonel(&file, &package.name);
            }
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

    /// Says that a file is not as its format wants it.
    pub fn refuse(&mut self, file: &File, error: &FormatError) {
        let end = (error.offset + 1).min(file.text.len()).max(error.offset);
        let span = Span::new(error.offset, end);
        let problem = Diagnostic::new("E0302", error.message.clone(), span);
        let source = Source::of_file(&file.name, &file.text, (1, 1));
        self.failures.push(compile::failure(&[problem], &source));
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
    part.traits = text("traits")?;
    part.class_traits = text("classTraits")?;
    part.comment = definition.comment.clone().map_or_else(String::new, |c| {
        file.text[c].replace("\"\"", "\"").replace('\n', "\r")
    });
    part.methods = definition.methods.iter().map(|m| method(file, m)).collect();
    Ok(part)
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
    let text = match body.starts_with('\n') || body.is_empty() {
        true => file.text[method.source.start..method.pattern_end].to_string() + body,
        // What stands on the pattern's line stays in its column.
        false => method.text(&file.text),
    };
    Method {
        owner: method.owner.to_string(),
        class_side: method.class_side,
        selector: method.selector.to_string(),
        protocol: method.protocol.as_deref().map(str::to_string),
        source: file.source(&text, place),
    }
}
