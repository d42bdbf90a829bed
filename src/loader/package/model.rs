//! What packages consist of, whatever the format of their sources.

use crate::formats::{Place, place_of, with_returns};
use crate::vm::classes::{Source, SourceText};
use std::sync::Arc;

/// What a part defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Class,
    Trait,
    /// Nothing: its methods belong to a class or trait that is defined elsewhere.
    Extension,
}

/// A class or trait with its methods, or methods for one of another package.
pub struct Part {
    pub kind: Kind,
    pub name: String,
    /// None for a root.
    pub superclass: Option<String>,
    pub inst_vars: Vec<String>,
    pub class_vars: Vec<String>,
    pub class_inst_vars: Vec<String>,
    /// Names of the classes whose class variables are visible.
    pub pools: Vec<String>,
    /// Tonel's name of the layout.
    pub layout: String,
    pub package: String,
    /// The part of the package; empty for none.
    pub tag: String,
    pub comment: String,
    /// Expressions for the trait compositions of the two sides; empty for none.
    pub traits: String,
    pub class_traits: String,
    /// Where it is defined, and all of that file's text.
    pub file: Arc<str>,
    pub text: Arc<str>,
    pub place: Place,
    pub methods: Vec<Method>,
}

/// A method of a package.
pub struct Method {
    /// The class or trait that it belongs to.
    pub owner: String,
    pub class_side: bool,
    pub selector: String,
    pub protocol: Option<String>,
    pub source: Source,
    pub origin: Origin,
}

/// Where a method's source stands in its file, with what the format puts around it: mistakes are shown there.
#[derive(Clone)]
pub struct Origin {
    /// The file's text.
    pub text: Arc<str>,
    /// Where the source begins.
    pub start: usize,
    /// Where in the source, and how long, something was left out that stands in the file.
    pub gap: (usize, usize),
    /// It stands in a chunk, where bangs are doubled and lines may end with two bytes.
    pub in_chunk: bool,
}

impl Origin {
    /// Of a source that stands in the file's text as it is, from a byte on.
    pub fn at(text: &Arc<str>, start: usize) -> Origin {
        Origin {
            text: text.clone(),
            start,
            gap: (0, 0),
            in_chunk: false,
        }
    }

    /// What lies at byte `offset` of the source lies at this one of the file.
    pub fn in_file(&self, offset: usize) -> usize {
        if self.in_chunk {
            let mut rest = &self.text.as_bytes()[self.start..];
            for _ in 0..offset.min(rest.len()) {
                let is_pair = rest.starts_with(b"!!") || rest.starts_with(b"\r\n");
                rest = &rest[rest.len().min(1 + usize::from(is_pair))..];
            }
            return self.text.len() - rest.len();
        }
        let (at, length) = self.gap;
        let gap = if offset > at { length } else { 0 };
        (self.start + offset + gap).min(self.text.len())
    }
}

/// A file that was read: its name in messages, and its text with LF as line ends.
pub struct File {
    pub name: Arc<str>,
    pub text: Arc<str>,
}

impl File {
    /// Whatever ends lines in the bytes' file, and whether it begins with a byte order mark or not.
    pub fn new(name: &str, text: &str) -> File {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let text = match text.contains('\r') {
            true => text.replace("\r\n", "\n").replace('\r', "\n").into(),
            false => text.into(),
        };
        File {
            name: name.into(),
            text,
        }
    }

    /// Line and column of a byte.
    pub fn place(&self, offset: usize) -> Place {
        place_of(&self.text, offset)
    }

    /// A method's source, which begins at `place`.
    pub fn source(&self, text: &str, place: Place) -> Source {
        Source {
            text: SourceText::Shared(with_returns(text).into()),
            file: Some(self.name.clone()),
            line: place.line,
            column: place.column,
            library: false,
            bracket: 0,
        }
    }
}

impl Part {
    /// A definition with nothing in it.
    pub fn new(kind: Kind, name: &str, package: &str, file: &File, place: Place) -> Part {
        Part {
            kind,
            name: name.to_string(),
            superclass: None,
            inst_vars: Vec::new(),
            class_vars: Vec::new(),
            class_inst_vars: Vec::new(),
            pools: Vec::new(),
            layout: String::new(),
            package: package.to_string(),
            tag: String::new(),
            comment: String::new(),
            traits: String::new(),
            class_traits: String::new(),
            file: file.name.clone(),
            text: file.text.clone(),
            place,
            methods: Vec::new(),
        }
    }
}

impl Method {
    /// `Foo>>bar` or `Foo class>>bar`.
    pub fn name(&self) -> String {
        let side = if self.class_side { " class" } else { "" };
        format!("{}{side}>>{}", self.owner, self.selector)
    }
}

/// The name of a variable as a slot expression defines it: `#target => WeakSlot` is `target`.
pub fn slot_name(slot: &str) -> String {
    let name = slot.split("=>").next().unwrap_or(slot).trim();
    name.trim_start_matches('#').trim_matches('\'').to_string()
}
