//! The class library as the machine finds it at start: classes and methods, not yet parsed.
//!
//! Walks the index that `formats::index` wrote, embedded in the executable or made from a folder's
//! files. Answers facts and source text; creates no object, compiles nothing, reads no file.

mod entries;

pub use entries::{ClassEntry, MethodEntry, PragmaEntry};

use super::packed::{self, Packed};
use crate::formats::index::{self, LibraryError, SourceFile};
use crate::formats::layout::{self, HEADER, MAGIC, Record};
use crate::vm::classes::SourceText;
use std::borrow::Cow;
use std::ops::Range;

/// The library's sources with their index.
#[derive(Clone, Debug)]
pub struct Image {
    text: Text,
    index: Cow<'static, [u8]>,
    /// Where the tables of the index begin, and the records.
    classes: usize,
    by_name: usize,
    records: usize,
}

/// Whether comments are kept: those of classes, and those in methods.
const COMMENTS: bool = cfg!(feature = "tools");

/// The joined sources, and the strings that the index names.
#[derive(Clone, Debug)]
enum Text {
    Whole {
        text: String,
        strings: String,
    },
    /// As it is in this executable.
    Packed(&'static Packed),
}

impl Image {
    /// The library inside this executable.
    pub fn embedded() -> Image {
        let index = include_bytes!(concat!(env!("OUT_DIR"), "/library.index"));
        Image::new(Text::Packed(packed::embedded()), Cow::Borrowed(index))
    }

    /// The library that consists of `files`, for those who work on it.
    pub fn from_files(files: &[SourceFile]) -> Result<Image, Vec<LibraryError>> {
        let library = index::build(files, COMMENTS)?;
        let (text, strings) = (library.text, library.strings);
        let text = Text::Whole { text, strings };
        Ok(Image::new(text, Cow::Owned(library.index)))
    }

    fn new(text: Text, index: Cow<'static, [u8]>) -> Image {
        let mut image = Image {
            text,
            index,
            classes: 0,
            by_name: 0,
            records: 0,
        };
        debug_assert_eq!(image.word(0), MAGIC as usize);
        image.classes = 4 * HEADER + layout::STRING * (image.num_strings() + 1);
        image.by_name = image.classes + layout::CLASS * image.num_classes();
        image.records = image.by_name + layout::ORDER * image.num_classes();
        image
    }

    fn word(&self, number: usize) -> usize {
        layout::entry(&self.index, 0, number, 4)
    }

    /// How many different strings (class names, selectors, protocols, …) the index names:
    /// they have the numbers from 0.
    pub fn num_strings(&self) -> usize {
        self.word(1)
    }

    /// The string with this number.
    pub fn string(&self, number: usize) -> &str {
        let range = self.string_range(number);
        match &self.text {
            Text::Whole { strings, .. } => &strings[range],
            Text::Packed(text) => text.string(range),
        }
    }

    /// The same, when it is part of the executable.
    pub fn static_string(&self, number: usize) -> Option<&'static str> {
        match &self.text {
            Text::Whole { .. } => None,
            Text::Packed(text) => Some(text.string(self.string_range(number))),
        }
    }

    fn string_range(&self, number: usize) -> Range<usize> {
        self.string_start(number)..self.string_start(number + 1)
    }

    fn string_start(&self, number: usize) -> usize {
        let begun = |segment: &usize| self.word(4 + segment) <= number;
        let segment = (1..layout::SEGMENTS).take_while(begun).count();
        let start = layout::entry(&self.index, 4 * HEADER, number, layout::STRING);
        segment << 16 | start
    }

    pub fn num_classes(&self) -> usize {
        self.word(2)
    }

    pub fn num_methods(&self) -> usize {
        self.word(3)
    }

    /// Where in the joined text the comments begin.
    fn comments(&self) -> usize {
        self.word(4)
    }

    /// The class with this number.
    pub fn class(&self, number: usize) -> ClassEntry<'_> {
        ClassEntry::new(self, number)
    }

    /// The record of this class.
    fn record(&self, number: usize) -> Record<'_> {
        let start = layout::entry(&self.index, self.classes, number, layout::CLASS);
        Record::new(&self.index, self.records + start)
    }

    /// All classes, each behind its superclass. Their numbers count from 0 in this order.
    pub fn classes(&self) -> impl ExactSizeIterator<Item = ClassEntry<'_>> {
        (0..self.num_classes()).map(|number| self.class(number))
    }

    /// The class called `name`.
    pub fn class_named(&self, name: &str) -> Option<ClassEntry<'_>> {
        let nth = |place| {
            let number = layout::entry(&self.index, self.by_name, place, layout::ORDER);
            self.class(number)
        };
        let count = self.num_classes();
        let place = first_where(count, |place| nth(place).name() >= name);
        (place < count)
            .then(|| nth(place))
            .filter(|c| c.name() == name)
    }

    /// The library's files, by path, and what is kept of each: the comment of the class, and its methods on their lines.
    pub fn files(&self) -> Vec<(String, String)> {
        let mut pieces = Vec::new();
        for class in self.classes() {
            if let Some(range) = class.comment_range() {
                let text = format!("\"\n{}\n\"\n", self.text(range));
                pieces.push((class.file(), 1, Cow::Owned(text)));
            }
            for method in class.methods() {
                let text = Cow::Borrowed(method.source());
                pieces.push((method.file(), method.line(), text));
            }
        }
        pieces.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        let mut files: Vec<(String, String)> = Vec::new();
        let mut at = 1;
        for (path, line, text) in pieces {
            if files.last().is_none_or(|(last, _)| *last != path) {
                files.push((path, String::new()));
                at = 1;
            }
            let Some((_, file)) = files.last_mut() else {
                continue;
            };
            file.push_str(&"\n".repeat(line.saturating_sub(at)));
            file.push_str(&text);
            at = line.max(at) + text.matches('\n').count();
        }
        files
    }

    /// A piece of the joined sources: one method, or one comment.
    pub fn text(&self, range: Range<usize>) -> &str {
        match &self.text {
            Text::Whole { text, .. } => &text[range],
            Text::Packed(text) => text.text(range),
        }
    }

    /// Whether the text is its own, not the executable's.
    fn is_whole(&self) -> bool {
        matches!(self.text, Text::Whole { .. })
    }

    /// That piece for a machine to keep: it is looked at when it is needed.
    pub fn kept_text(&self, range: Range<usize>) -> SourceText {
        match &self.text {
            Text::Whole { text, .. } => SourceText::Shared(text[range].into()),
            Text::Packed(_) => SourceText::Late {
                read: |range| packed::embedded().text(range.start as usize..range.end as usize),
                range: range.start as u32..range.end as u32,
            },
        }
    }
}

/// The first of `count` places from which on something is so; `count` if it is nowhere.
pub(super) fn first_where(count: usize, is_so: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = (low + high) / 2;
        match is_so(middle) {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Image {
        let file = |path: &str, text: &str| SourceFile {
            path: path.into(),
            text: text.into(),
        };
        Image::from_files(&[
            file(
                "Numbers/Point.class.st",
                "\"\nI am a \"\"point\"\"\n\"\nClass {\n\t#name : 'Point',\n\t#superclass : 'Object',\n\t#instVars : [ 'x', 'y' ],\n\t#classVars : [ 'Origin' ],\n\t#category : 'Numbers'\n}\n\n{ #category : 'arithmetic' }\nPoint >> + arg [\n\t<primitive: 'pointAdd' error: code>\n\t^ x\n]\n\nPoint class >> x: a y: b [^ self]\n",
            ),
            file(
                "Kernel/Object.class.st",
                "Class { #name : #Object, #superclass : 'nil', #type : 'variable', #package : 'Kernel', #category : 'Kernel-Objects' }\n",
            ),
            file("Later/Point.extension.st", "Extension { #name : 'Point' }\n\n{ #category : '*Later' }\nPoint >> size [\n\t^ 2\n]"),
        ])
        .unwrap()
    }

    #[test]
    fn classes_come_behind_their_superclasses() {
        let image = image();
        let names: Vec<_> = image.classes().map(|c| c.name()).collect();
        assert_eq!(names, ["Object", "Point"]);
        let object = image.class(0);
        assert!(object.superclass().is_none());
        assert_eq!((object.layout(), object.package()), ("variable", "Kernel"));
        assert_eq!(
            (object.category(), object.comment()),
            ("Kernel-Objects", None)
        );
        let point = image.class_named("Point").unwrap();
        assert_eq!(point.superclass().map(|c| c.name()), Some("Object"));
        assert_eq!(point.inst_vars().collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(point.class_vars().collect::<Vec<_>>(), ["Origin"]);
        assert_eq!(point.class_inst_vars().len(), 0);
        let comment = COMMENTS.then_some("I am a \"point\"");
        assert_eq!(point.comment().as_deref(), comment);
        assert_eq!((point.layout(), point.package()), ("normal", "Numbers"));
        assert_eq!(point.file(), "Numbers/Point.class.st");
    }

    #[test]
    fn methods_of_class_file_and_extension() {
        let image = image();
        let point = image.class_named("Point").unwrap();
        let [plus, size, new] = &point.methods().collect::<Vec<_>>()[..] else {
            panic!("three")
        };
        assert_eq!(
            (plus.selector(), plus.protocol(), plus.line()),
            ("+", "arithmetic", 13)
        );
        assert_eq!(
            plus.source(),
            "+ arg  \n\t<primitive: 'pointAdd' error: code>\n\t^ x"
        );
        assert_eq!(
            plus.tidy_source(),
            "+ arg\n\t<primitive: 'pointAdd' error: code>\n\t^ x"
        );
        let pragma = plus.pragmas().next().unwrap();
        assert_eq!(pragma.selector, "primitive:error:");
        assert_eq!(pragma.source, "<primitive: 'pointAdd' error: code>");
        assert_eq!(
            (size.selector(), &*size.file()),
            ("size", "Later/Point.extension.st")
        );
        assert_eq!((new.selector(), new.class_side()), ("x:y:", true));
        assert_eq!(new.protocol(), "as yet unclassified");
        assert_eq!(new.tidy_source(), "x: a y: b ^ self");
        assert!(!size.class_side());
    }

    #[test]
    fn what_is_kept_of_files_stands_on_its_lines() {
        let files = image().files();
        let [(extension, size), (class, point)] = &files[..] else {
            panic!("{files:?}")
        };
        assert_eq!(extension, "Later/Point.extension.st");
        assert_eq!(size, "\n\n\nsize  \n\t^ 2");
        assert_eq!(class, "Numbers/Point.class.st");
        let lines: Vec<&str> = point.lines().collect();
        assert_eq!(lines[1] == "I am a \"\"point\"\"", COMMENTS);
        assert_eq!((lines[12], lines[14]), ("+ arg  ", "\t^ x"));
        assert!(lines[17].starts_with("x: a y: b"), "{lines:?}");
    }

    #[test]
    fn more_than_64_kilobytes_of_names() {
        let mut text = "Class { #name : 'Object', #superclass : 'nil' }\n".to_string();
        for number in 0..1000 {
            text += &format!("\nObject >> {}{number} [ ^ {number} ]\n", "a".repeat(150));
        }
        let path = "Object.class.st".to_string();
        let image = Image::from_files(&[SourceFile { path, text }]).unwrap();
        let class = image.class(0);
        for (number, method) in class.methods().enumerate() {
            assert!(method.selector().ends_with(&format!("a{number}")));
            assert_eq!(&*method.file(), "Object.class.st");
        }
        assert_eq!((class.methods().count(), class.name()), (1000, "Object"));
    }

    #[test]
    fn the_embedded_library_can_be_walked() {
        let image = Image::embedded();
        let methods: usize = image.classes().map(|c| c.methods().count()).sum();
        assert_eq!(methods, image.num_methods());
        for class in image.classes() {
            assert!(
                class
                    .superclass()
                    .is_none_or(|s| s.number() < class.number())
            );
            for method in class.methods() {
                let pattern = crate::formats::selector::selector_of(method.source());
                assert_eq!(pattern.as_deref(), Some(method.selector()));
            }
        }
    }
}
