//! What the index tells of one class and one method of the library.
//!
//! Reads records as `formats::layout` describes them, each time anew.

use super::{COMMENTS, Image};
use crate::formats::layout::{self, List, Listed, TRAIT, field};
#[cfg(any(test, feature = "tools"))]
use crate::formats::{pragma::pragmas_of, selector::pattern_at};
use crate::vm::classes::SourceText;
use std::borrow::Cow;
use std::iter::Zip;
use std::ops::{Range, RangeFrom};

/// What stands where a comment of the library's was, without the feature that brings them.
const NO_COMMENT: &str =
    "This Chirp was built without the comments of its class library: without the feature tools.";

/// One class of the library.
#[derive(Clone, Copy, Debug)]
pub struct ClassEntry<'a> {
    image: &'a Image,
    number: usize,
    head: &'a str,
}

/// One method of the library.
#[derive(Clone, Debug)]
pub struct MethodEntry<'a> {
    class: ClassEntry<'a>,
    /// The list of the class's methods.
    list: &'a str,
    listed: Listed<'a>,
    piece: usize,
}

/// A pragma of a library method.
#[cfg(any(test, feature = "tools"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PragmaEntry<'a> {
    pub selector: String,
    /// `<…>`, brackets included.
    pub source: &'a str,
}

impl<'a> ClassEntry<'a> {
    pub(super) fn new(image: &'a Image, number: usize) -> ClassEntry<'a> {
        let head = image.text(image.index().head(number));
        ClassEntry {
            image,
            number,
            head,
        }
    }

    /// A line of its head.
    fn field(&self, field: usize) -> &'a str {
        let mut rest = self.head;
        // Asked so often that a search for characters would be felt.
        let mut line = || {
            let end = memchr::memchr(b'\n', rest.as_bytes());
            let (line, behind) = rest.split_at(end.unwrap_or(rest.len()));
            rest = behind.get(1..).unwrap_or_default();
            line
        };
        for _ in 0..field {
            line();
        }
        line()
    }

    fn names(&self, list: usize) -> impl Iterator<Item = &'a str> + use<'a> {
        self.field(field::NAMES + list).split_ascii_whitespace()
    }

    /// Its place in the order of `Image::classes`.
    pub fn number(&self) -> usize {
        self.number
    }

    pub fn name(&self) -> &'a str {
        self.field(field::NAME)
    }

    /// Its superclass; none for a root.
    pub fn superclass(&self) -> Option<ClassEntry<'a>> {
        let number = self.field(field::SUPERCLASS).parse().ok()?;
        Some(self.image.class(number))
    }

    pub fn is_trait(&self) -> bool {
        self.layout() == TRAIT
    }

    /// `normal`, `variable`, `bytes`, …: Tonel's `#type`.
    pub fn layout(&self) -> &'a str {
        match self.field(field::LAYOUT) {
            "" => "normal",
            layout => layout,
        }
    }

    pub fn category(&self) -> &'a str {
        match self.field(field::CATEGORY) {
            "" => self.package(),
            category => category,
        }
    }

    pub fn package(&self) -> &'a str {
        self.field(field::PACKAGE)
    }

    /// `Kernel/Object.class.st`.
    pub fn file(&self) -> String {
        self.path(self.field(field::FILE))
    }

    /// This path, or the one where the class is expected.
    fn path(&self, path: &str) -> String {
        match path {
            "" => layout::path(self.package(), self.name(), self.is_trait()),
            path => path.to_string(),
        }
    }

    /// Its comment, as a reader of it expects it: without doubled quotes.
    pub fn comment(&self) -> Option<Cow<'a, str>> {
        match self.image.text(self.image.index().comment(self.number)) {
            "" => None,
            text if text.contains("\"\"") => Some(text.replace("\"\"", "\"").into()),
            text => Some(text.into()),
        }
    }

    /// The same for a machine to keep; what `ClassInfo::comment` reads.
    pub fn kept_comment(&self) -> SourceText {
        match self.image {
            _ if !COMMENTS => SourceText::Static(NO_COMMENT),
            Image::Whole { .. } => SourceText::Shared(self.comment().unwrap_or_default().into()),
            Image::Packed(_) => {
                let piece = self.image.index().comment(self.number);
                self.image.kept_text(piece)
            }
        }
    }

    pub fn inst_vars(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.names(0)
    }

    pub fn class_vars(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.names(1)
    }

    pub fn class_inst_vars(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.names(2)
    }

    pub fn pools(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.names(3)
    }

    /// How many methods it has, on both sides.
    pub fn num_methods(&self) -> usize {
        let first = |class| self.image.index().first_method(class);
        first(self.number + 1) - first(self.number)
    }

    /// Its methods, those of the class side last.
    pub fn methods(&self) -> Methods<'a> {
        let index = self.image.index();
        let list = self.image.text(index.list(self.number));
        let first = index.method(index.first_method(self.number));
        Methods {
            class: *self,
            list,
            numbered: List::new(list).zip(first..),
        }
    }
}

/// The methods of a class.
pub struct Methods<'a> {
    class: ClassEntry<'a>,
    list: &'a str,
    numbered: Zip<List<'a>, RangeFrom<usize>>,
}

impl<'a> Iterator for Methods<'a> {
    type Item = MethodEntry<'a>;

    fn next(&mut self) -> Option<MethodEntry<'a>> {
        let (listed, piece) = self.numbered.next()?;
        Some(MethodEntry {
            class: self.class,
            list: self.list,
            listed,
            piece,
        })
    }
}

impl<'a> MethodEntry<'a> {
    pub fn selector(&self) -> &'a str {
        let selector = self.list.get(self.listed.selector.clone());
        selector.unwrap_or_default()
    }

    /// Where its selector stands in the list of the class's methods.
    pub fn selector_range(&self) -> Range<usize> {
        self.listed.selector.clone()
    }

    /// Does it belong to the metaclass?
    pub fn class_side(&self) -> bool {
        self.listed.class_side
    }

    pub fn protocol(&self) -> &'a str {
        self.listed.protocol
    }

    /// What the parser reads: pattern and body.
    pub fn source(&self) -> &'a str {
        self.class.image.text(self.piece)
    }

    /// The same for a machine to keep.
    pub fn kept_source(&self) -> SourceText {
        self.class.image.kept_text(self.piece)
    }

    /// The line of its file that it begins on.
    pub fn line(&self) -> usize {
        self.listed.line
    }

    /// `Kernel/Object.class.st`; of the extension if it is one.
    pub fn file(&self) -> String {
        self.class.path(self.listed.file)
    }

    /// What tells methods of one file from those of others, among the methods of its class.
    pub fn file_key(&self) -> &'a str {
        self.listed.file
    }

    /// Its pragmas, in the order of the source.
    #[cfg(any(test, feature = "tools"))]
    pub fn pragmas(&self) -> impl Iterator<Item = PragmaEntry<'a>> + use<'a> {
        let source = self.source();
        let behind = pattern_at(source, 0).ok().flatten().map_or(0, |p| p.end);
        let found = pragmas_of(source, behind).into_iter();
        found.map(move |fact| PragmaEntry {
            selector: fact.selector,
            source: &source[fact.range],
        })
    }
}
