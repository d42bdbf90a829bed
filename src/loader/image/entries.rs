//! What the index tells of one class and one method of the library.
//!
//! Reads records as `formats::layout` describes them, each time anew.

use super::Image;
use crate::formats::layout::{self, LISTS, Record, TRAIT, field};
use crate::formats::pragma::pragmas_of;
use crate::vm::classes::SourceText;
use std::borrow::Cow;
use std::ops::Range;

/// What stands where a comment of the library's was, without the feature that brings them.
const NO_COMMENT: &str =
    "This Chirp was built without the comments of its class library: without the feature tools.";

/// One class of the library.
#[derive(Clone, Copy, Debug)]
pub struct ClassEntry<'a> {
    image: &'a Image,
    number: usize,
}

/// One method of the library.
#[derive(Clone, Copy, Debug)]
pub struct MethodEntry<'a> {
    class: ClassEntry<'a>,
    class_side: bool,
    selector: usize,
    protocol: usize,
    file: usize,
    /// In the joined sources.
    start: usize,
    length: usize,
    /// Where Tonel's bracket was, from the start.
    bracket: usize,
    line: usize,
}

/// A pragma of a library method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PragmaEntry<'a> {
    pub selector: String,
    /// `<…>`, brackets included.
    pub source: &'a str,
}

impl<'a> ClassEntry<'a> {
    pub(super) fn new(image: &'a Image, number: usize) -> ClassEntry<'a> {
        ClassEntry { image, number }
    }

    fn field(&self, field: usize) -> usize {
        self.image.record(self.number).skip(field).number()
    }

    fn string(&self, field: usize) -> &'a str {
        self.image.string(self.field(field))
    }

    /// What follows so many of its lists.
    fn behind_lists(&self, lists: usize) -> Record<'a> {
        let mut record = self.image.record(self.number).skip(field::COUNT);
        for _ in 0..lists {
            let length = record.number();
            record = record.skip(length);
        }
        record
    }

    fn names(&self, list: usize) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let image = self.image;
        let mut record = self.behind_lists(list);
        (0..record.number()).map(move |_| image.string(record.number()))
    }

    /// Its place in the order of `Image::classes`.
    pub fn number(&self) -> usize {
        self.number
    }

    pub fn name(&self) -> &'a str {
        self.string(field::NAME)
    }

    /// Its superclass; none for a root.
    pub fn superclass(&self) -> Option<ClassEntry<'a>> {
        let number = self.field(field::SUPERCLASS).checked_sub(1)?;
        Some(self.image.class(number))
    }

    pub fn is_trait(&self) -> bool {
        self.layout() == TRAIT
    }

    /// `normal`, `variable`, `bytes`, …: Tonel's `#type`.
    pub fn layout(&self) -> &'a str {
        self.string(field::LAYOUT)
    }

    pub fn category(&self) -> &'a str {
        self.string(field::CATEGORY)
    }

    pub fn package(&self) -> &'a str {
        self.string(field::PACKAGE)
    }

    /// `Kernel/Object.class.st`.
    pub fn file(&self) -> String {
        match self.field(field::FILE).checked_sub(1) {
            Some(number) => self.image.string(number).to_string(),
            None => layout::path(self.package(), self.name(), self.is_trait()),
        }
    }

    /// Where its comment lies in the joined sources.
    pub fn comment_range(&self) -> Option<Range<usize>> {
        let length = self.field(field::COMMENT_LENGTH).checked_sub(1)?;
        let start = self.image.comments() + self.field(field::COMMENT);
        Some(start..start + length)
    }

    /// Its comment, as a reader of it expects it: without doubled quotes.
    pub fn comment(&self) -> Option<Cow<'a, str>> {
        let text = self.image.text(self.comment_range()?);
        let doubled = text.contains("\"\"");
        Some(if doubled {
            text.replace("\"\"", "\"").into()
        } else {
            text.into()
        })
    }

    /// The same for a machine to keep; what `ClassInfo::comment` reads.
    pub fn kept_comment(&self) -> Option<SourceText> {
        if !super::COMMENTS {
            return Some(SourceText::Static(NO_COMMENT));
        }
        match self.image.is_whole() {
            true => Some(SourceText::Shared(self.comment()?.into())),
            false => Some(self.image.kept_text(self.comment_range()?)),
        }
    }

    pub fn inst_vars(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        self.names(0)
    }

    pub fn class_vars(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        self.names(1)
    }

    pub fn class_inst_vars(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        self.names(2)
    }

    pub fn pools(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        self.names(3)
    }

    /// The methods of one of its sides.
    pub fn methods_of(
        &self,
        class_side: bool,
    ) -> impl ExactSizeIterator<Item = MethodEntry<'a>> + use<'a> {
        let count = |side: bool| self.field(field::INSTANCE_METHODS + usize::from(side));
        let mut record = self.behind_lists(LISTS);
        let mut method = MethodEntry::before_first(*self, self.field(field::TEXT));
        if class_side {
            for _ in 0..count(false) {
                method = method.next(&mut record);
            }
            method = MethodEntry {
                class_side,
                ..MethodEntry::before_first(*self, method.start + method.length)
            };
        }
        (0..count(class_side)).map(move |_| {
            method = method.next(&mut record);
            method
        })
    }

    /// Its methods, those of the class side last.
    pub fn methods(&self) -> impl Iterator<Item = MethodEntry<'a>> + use<'a> {
        self.methods_of(false).chain(self.methods_of(true))
    }
}

impl<'a> MethodEntry<'a> {
    fn before_first(class: ClassEntry<'a>, start: usize) -> MethodEntry<'a> {
        MethodEntry {
            class,
            class_side: false,
            selector: 0,
            protocol: 0,
            file: 0,
            start,
            length: 0,
            bracket: 0,
            line: 0,
        }
    }

    /// The one behind it in the record.
    fn next(self, record: &mut Record<'_>) -> MethodEntry<'a> {
        let selector = record.number();
        let (protocol, file) = match selector % 2 {
            0 => (self.protocol, self.file),
            _ => (record.number() - 1, record.number()),
        };
        let line = if file == self.file { self.line } else { 0 };
        MethodEntry {
            selector: selector / 2,
            protocol,
            file,
            start: self.start + self.length,
            length: record.number(),
            bracket: record.number(),
            line: line + record.number(),
            ..self
        }
    }

    pub fn selector(&self) -> &'a str {
        self.class.image.string(self.selector)
    }

    /// The number of its selector among the image's strings.
    pub fn selector_number(&self) -> usize {
        self.selector
    }

    /// Does it belong to the metaclass?
    pub fn class_side(&self) -> bool {
        self.class_side
    }

    pub fn protocol(&self) -> &'a str {
        self.class.image.string(self.protocol)
    }

    /// The number of its protocol among the image's strings.
    pub fn protocol_number(&self) -> usize {
        self.protocol
    }

    /// Where its source lies in the joined sources.
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.length
    }

    /// What the parser reads: every character lies where it lies in the file. Tonel's opening
    /// bracket is a space.
    pub fn source(&self) -> &'a str {
        self.class.image.text(self.range())
    }

    /// What a reader of the method should see: `source` without the space left by the bracket.
    pub fn tidy_source(&self) -> String {
        let source = self.source();
        let pattern = source[..self.bracket].trim_end();
        let body = &source[self.bracket + 1..];
        let gap = if body.starts_with(char::is_whitespace) || body.is_empty() {
            ""
        } else {
            " "
        };
        format!("{pattern}{gap}{body}")
    }

    /// The line of its file that it begins on.
    pub fn line(&self) -> usize {
        self.line
    }

    /// `Kernel/Object.class.st`; of the extension if it is one.
    pub fn file(&self) -> String {
        match self.file.checked_sub(1) {
            Some(number) => self.class.image.string(number).to_string(),
            None => layout::path(
                self.class.package(),
                self.class.name(),
                self.class.is_trait(),
            ),
        }
    }

    /// A number that all methods of its file have, and no others of the library. Less than all strings and classes.
    pub fn file_number(&self) -> usize {
        match self.file.checked_sub(1) {
            Some(number) => number,
            None => self.class.image.num_strings() + self.class.number,
        }
    }

    /// Its pragmas, in the order of the source.
    pub fn pragmas(&self) -> impl Iterator<Item = PragmaEntry<'a>> + use<'a> {
        let source = self.source();
        let found = pragmas_of(source, self.bracket).into_iter();
        found.map(move |fact| PragmaEntry {
            selector: fact.selector,
            source: &source[fact.range],
        })
    }
}
