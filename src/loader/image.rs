//! The class library as the machine finds it at start: classes and methods, not yet parsed.
//!
//! Walks the index that `formats::index` wrote, embedded in the executable or made from a folder's
//! files. Answers facts and source text; creates no object, compiles nothing, reads no file.

mod entries;

#[cfg(any(test, feature = "tools"))]
pub use entries::PragmaEntry;
pub use entries::{ClassEntry, MethodEntry};

use super::packed::{self, Packed};
use crate::formats::index::{self, Extras, LibraryError, SourceFile};
use crate::formats::layout::{self, Index, first_where};
use crate::vm::classes::SourceText;
use std::borrow::Cow;

/// The library's texts with their index.
#[derive(Clone, Debug)]
pub enum Image {
    /// Made from files.
    Whole { pieces: Vec<String>, index: Vec<u8> },
    /// As it is in this executable.
    Packed(&'static Packed),
}

/// Whether comments are kept: those of classes, and those in methods.
const COMMENTS: bool = cfg!(feature = "tools");

impl Image {
    /// The library inside this executable.
    pub fn embedded() -> Image {
        Image::Packed(packed::embedded())
    }

    /// The library that consists of `files`, for those who work on it.
    pub fn from_files(files: &[SourceFile]) -> Result<Image, Vec<LibraryError>> {
        let extras = Extras {
            comments: COMMENTS,
            ..Extras::default()
        };
        let library = index::build(files, extras)?;
        let (pieces, index) = (library.pieces, library.index);
        Ok(Image::Whole { pieces, index })
    }

    fn index(&self) -> Index<'_> {
        match self {
            Image::Whole { index, .. } => Index(index),
            Image::Packed(text) => text.index,
        }
    }

    pub fn num_classes(&self) -> usize {
        self.index().num_classes()
    }

    pub fn num_methods(&self) -> usize {
        self.index().num_methods()
    }

    /// The class with this number.
    pub fn class(&self, number: usize) -> ClassEntry<'_> {
        ClassEntry::new(self, number)
    }

    /// All classes, each behind its superclass. Their numbers count from 0 in this order.
    #[cfg(any(test, feature = "tools"))]
    pub fn classes(&self) -> impl ExactSizeIterator<Item = ClassEntry<'_>> {
        (0..self.num_classes()).map(|number| self.class(number))
    }

    /// The class called `name`.
    pub fn class_named(&self, name: &str) -> Option<ClassEntry<'_>> {
        let (index, hash) = (self.index(), layout::hash(name));
        let count = index.num_classes();
        let first = first_where(count, |place| index.hash(place).0 >= hash);
        let same = (first..count).map(|place| index.hash(place));
        same.take_while(|(other, _)| *other == hash)
            .map(|(_, number)| self.class(number))
            .find(|class| class.name() == name)
    }

    /// The library's files, by path, and what is kept of each: the comment of the class, and its methods on their lines.
    #[cfg(any(test, feature = "tools"))]
    pub fn files(&self) -> Vec<(String, String)> {
        let mut pieces = Vec::new();
        for class in self.classes() {
            let comment = self.text(self.index().comment(class.number()));
            if !comment.is_empty() {
                let text = format!("\"\n{comment}\n\"\n");
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

    /// The piece of text with this number.
    fn text(&self, piece: usize) -> &str {
        match self {
            Image::Whole { pieces, .. } => pieces.get(piece).map_or("", String::as_str),
            Image::Packed(text) => text.text(piece),
        }
    }

    /// The same for a machine to keep: it is looked at when it is needed.
    fn kept_text(&self, piece: usize) -> SourceText {
        match self {
            Image::Whole { .. } => SourceText::Shared(self.text(piece).into()),
            Image::Packed(_) => SourceText::Late {
                read: |piece| packed::embedded().text(piece as usize),
                number: piece as u32,
            },
        }
    }

    /// The list of a class's methods, when it is part of the executable.
    pub fn static_list(&self, class: usize) -> Option<&'static str> {
        match self {
            Image::Whole { .. } => None,
            Image::Packed(text) => Some(text.text(text.index.list(class))),
        }
    }
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
        assert_eq!(point.class_inst_vars().next(), None);
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
        assert_eq!(new.source(), "x: a y: b ^ self");
        assert!(!size.class_side());
    }

    #[test]
    fn what_is_kept_of_files_stands_on_its_lines() {
        let files = image().files();
        let [(extension, size), (class, point)] = &files[..] else {
            panic!("{files:?}")
        };
        assert_eq!(extension, "Later/Point.extension.st");
        assert_eq!(size, "\n\n\nsize\n\t^ 2");
        assert_eq!(class, "Numbers/Point.class.st");
        let lines: Vec<&str> = point.lines().collect();
        assert_eq!(lines[1] == "I am a \"\"point\"\"", COMMENTS);
        assert_eq!((lines[12], lines[14]), ("+ arg", "\t^ x"));
        assert!(lines[17].starts_with("x: a y: b"), "{lines:?}");
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
