//! The class library as the machine finds it at start: classes and methods, not yet parsed.
//!
//! Walks the index that `formats::index` wrote, embedded in the executable or made from a folder's
//! files. Answers facts and source text; creates no object, compiles nothing, reads no file.

use super::packed::{self, Packed};
use crate::formats::index::{
    self, CLASS_WORDS, FILE_WORDS, HEADER, LibraryError, MAGIC, METHOD_WORDS, NONE, PRAGMA_WORDS,
    STRING_WORDS, SourceFile, TRAIT,
};
use crate::formats::{Place, place_of};
use crate::vm::classes::SourceText;
use std::borrow::Cow;
use std::ops::Range;

/// The library's sources with their index.
#[derive(Clone, Debug)]
pub struct Image {
    text: Text,
    index: Cow<'static, [u8]>,
    /// Byte offsets of the sections in the index.
    files: usize,
    classes: usize,
    methods: usize,
    pragmas: usize,
    lists: usize,
}

/// The joined sources: all files, then the strings that the index names.
#[derive(Clone, Debug)]
enum Text {
    Whole(String),
    /// As it is in this executable.
    Packed(&'static Packed),
}

/// One class of the library.
#[derive(Clone, Copy, Debug)]
pub struct ClassEntry<'a> {
    image: &'a Image,
    number: usize,
}

/// One method of the library.
#[derive(Clone, Copy, Debug)]
pub struct MethodEntry<'a> {
    image: &'a Image,
    number: usize,
    class_side: bool,
}

/// A pragma of a library method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PragmaEntry<'a> {
    pub selector: &'a str,
    /// `<…>`, brackets included.
    pub source: &'a str,
}

impl Image {
    /// The library inside this executable.
    pub fn embedded() -> Image {
        let index = include_bytes!(concat!(env!("OUT_DIR"), "/library.index"));
        Image::new(Text::Packed(packed::embedded()), Cow::Borrowed(index))
    }

    /// The library that consists of `files`, for those who work on it.
    pub fn from_files(files: &[SourceFile]) -> Result<Image, Vec<LibraryError>> {
        let library = index::build(files)?;
        let bytes = library.index_bytes();
        Ok(Image::new(Text::Whole(library.text), Cow::Owned(bytes)))
    }

    fn new(text: Text, index: Cow<'static, [u8]>) -> Image {
        let mut image = Image {
            text,
            index,
            files: 0,
            classes: 0,
            methods: 0,
            pragmas: 0,
            lists: 0,
        };
        debug_assert_eq!(image.word(0, 0), MAGIC as usize);
        image.files = 4 * (HEADER + STRING_WORDS * image.num_strings());
        image.classes = image.files + 4 * FILE_WORDS * image.word(0, 2);
        image.methods = image.classes + 4 * CLASS_WORDS * image.num_classes();
        image.pragmas = image.methods + 4 * METHOD_WORDS * image.num_methods();
        image.lists = image.pragmas + 4 * PRAGMA_WORDS * image.word(0, 5);
        image
    }

    /// Word `word` of the record that begins at byte `base` of the index.
    fn word(&self, base: usize, word: usize) -> usize {
        let at = base + 4 * word;
        match self.index[at..at + 4] {
            [a, b, c, d] => u32::from_le_bytes([a, b, c, d]) as usize,
            _ => 0,
        }
    }

    /// How many different strings (class names, selectors, protocols, …) the index names:
    /// they have the numbers from 0.
    pub fn num_strings(&self) -> usize {
        self.word(0, 1)
    }

    /// The string with this number.
    pub fn string(&self, number: usize) -> &str {
        let range = self.string_range(number);
        match &self.text {
            Text::Whole(text) => &text[range],
            Text::Packed(text) => text.string(range),
        }
    }

    /// The same, when it is part of the executable.
    pub fn static_string(&self, number: usize) -> Option<&'static str> {
        match &self.text {
            Text::Whole(_) => None,
            Text::Packed(text) => Some(text.string(self.string_range(number))),
        }
    }

    fn string_range(&self, number: usize) -> Range<usize> {
        let base = 4 * (HEADER + STRING_WORDS * number);
        let start = self.word(base, 0);
        start..start + self.word(base, 1)
    }

    pub fn num_classes(&self) -> usize {
        self.word(0, 3)
    }

    pub fn num_methods(&self) -> usize {
        self.word(0, 4)
    }

    /// The class with this number.
    pub fn class(&self, number: usize) -> ClassEntry<'_> {
        ClassEntry {
            image: self,
            number,
        }
    }

    /// All classes, each behind its superclass. Their numbers count from 0 in this order.
    pub fn classes(&self) -> impl ExactSizeIterator<Item = ClassEntry<'_>> {
        (0..self.num_classes()).map(|number| self.class(number))
    }

    /// The class called `name`. A search: for tools, not for the start-up.
    pub fn class_named(&self, name: &str) -> Option<ClassEntry<'_>> {
        self.classes().find(|c| c.name() == name)
    }

    /// The method with this number, whichever class it belongs to.
    pub fn method(&self, number: usize) -> MethodEntry<'_> {
        let base = self.methods + 4 * METHOD_WORDS * number;
        let class = self.class(self.word(base, 1));
        MethodEntry {
            image: self,
            number,
            class_side: class.class_methods().contains(&number),
        }
    }

    /// The library's files, by path: names and texts. Tonel's brackets are spaces in them.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        (0..self.word(0, 2))
            .map(|number| (self.string(self.file(number, 0)), self.file_text(number)))
    }

    /// A piece of the joined sources that lies in one file.
    pub fn text(&self, range: Range<usize>) -> &str {
        match &self.text {
            Text::Whole(text) => &text[range],
            Text::Packed(text) => text.text(range),
        }
    }

    fn file_text(&self, number: usize) -> &str {
        self.text(self.file(number, 1)..self.file(number, 2))
    }

    /// That piece for a machine to keep: it is looked at when it is needed.
    pub fn kept_text(&self, range: Range<usize>) -> SourceText {
        match &self.text {
            Text::Whole(text) => SourceText::Shared(text[range].into()),
            Text::Packed(_) => SourceText::Late {
                read: |range| packed::embedded().text(range.start as usize..range.end as usize),
                range: range.start as u32..range.end as u32,
            },
        }
    }

    /// The file and the place in it where byte `offset` of the joined sources lies.
    pub fn locate(&self, offset: usize) -> (&str, Place) {
        let number = self.file_at(offset);
        let start = self.file(number, 1);
        let place = place_of(self.file_text(number), offset.saturating_sub(start));
        (self.string(self.file(number, 0)), place)
    }

    /// The line of the sources that byte `offset` lies on, without its line end.
    pub fn line_at(&self, offset: usize) -> &str {
        let number = self.file_at(offset);
        let text = self.file_text(number);
        let offset = offset.saturating_sub(self.file(number, 1)).min(text.len());
        let start = text.as_bytes()[..offset].iter().rposition(|&b| b == b'\n');
        let rest = &text[start.map_or(0, |i| i + 1)..];
        rest.lines().next().unwrap_or_default()
    }

    /// The number of the file in which byte `offset` of the joined sources lies.
    fn file_at(&self, offset: usize) -> usize {
        let count = self.word(0, 2);
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = (low + high) / 2;
            if self.file(middle, 2) <= offset {
                low = middle + 1
            } else {
                high = middle
            }
        }
        low.min(count.saturating_sub(1))
    }

    fn file(&self, number: usize, word: usize) -> usize {
        self.word(self.files + 4 * FILE_WORDS * number, word)
    }

    fn list(&self, start: usize, count: usize) -> impl ExactSizeIterator<Item = usize> {
        (start..start + count).map(|i| self.word(self.lists, i))
    }
}

impl<'a> ClassEntry<'a> {
    fn word(&self, word: usize) -> usize {
        self.image
            .word(self.image.classes + 4 * CLASS_WORDS * self.number, word)
    }

    fn string(&self, word: usize) -> &'a str {
        self.image.string(self.word(word))
    }

    fn names(&self, word: usize) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let image = self.image;
        image
            .list(self.word(word), self.word(word + 1))
            .map(|n| image.string(n))
    }

    /// Its place in the order of `Image::classes`.
    pub fn number(&self) -> usize {
        self.number
    }

    pub fn name(&self) -> &'a str {
        self.string(0)
    }

    /// The number of its name among the image's strings.
    pub fn name_number(&self) -> usize {
        self.word(0)
    }

    /// Its superclass; none for a root.
    pub fn superclass(&self) -> Option<ClassEntry<'a>> {
        let number = self.word(1);
        (number != NONE as usize).then(|| self.image.class(number))
    }

    pub fn is_trait(&self) -> bool {
        self.layout() == TRAIT
    }

    /// `normal`, `variable`, `bytes`, …: Tonel's `#type`.
    pub fn layout(&self) -> &'a str {
        self.string(2)
    }

    pub fn category(&self) -> &'a str {
        self.string(3)
    }

    pub fn package(&self) -> &'a str {
        self.string(4)
    }

    /// The number of its package's name among the image's strings.
    pub fn package_number(&self) -> usize {
        self.word(4)
    }

    /// `Kernel/Object.class.st`.
    pub fn file(&self) -> &'a str {
        self.image.string(self.image.file(self.word(5), 0))
    }

    /// Where its definition begins in the joined sources.
    pub fn offset(&self) -> usize {
        self.word(6)
    }

    /// Where its comment lies in the joined sources.
    pub fn comment_range(&self) -> Option<Range<usize>> {
        let start = self.word(7);
        (start != NONE as usize).then(|| start..self.word(8))
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
        match &self.image.text {
            Text::Whole(_) => Some(SourceText::Shared(self.comment()?.into())),
            Text::Packed(_) => Some(self.image.kept_text(self.comment_range()?)),
        }
    }

    pub fn inst_vars(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        self.names(9)
    }

    pub fn class_vars(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        self.names(11)
    }

    pub fn class_inst_vars(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        self.names(13)
    }

    pub fn pools(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        self.names(15)
    }

    /// The numbers of its instance side's methods.
    pub fn instance_methods(&self) -> Range<usize> {
        self.word(17)..self.word(17) + self.word(18)
    }

    /// The numbers of its class side's methods.
    pub fn class_methods(&self) -> Range<usize> {
        let start = self.instance_methods().end;
        start..start + self.word(19)
    }

    /// The methods of one of its sides.
    pub fn methods_of(
        &self,
        class_side: bool,
    ) -> impl ExactSizeIterator<Item = MethodEntry<'a>> + use<'a> {
        let image = self.image;
        let numbers = match class_side {
            true => self.class_methods(),
            false => self.instance_methods(),
        };
        numbers.map(move |number| MethodEntry {
            image,
            number,
            class_side,
        })
    }

    /// Its methods, those of the class side last.
    pub fn methods(&self) -> impl ExactSizeIterator<Item = MethodEntry<'a>> + use<'a> {
        let image = self.image;
        let class_side = self.class_methods();
        (self.instance_methods().start..class_side.end).map(move |number| MethodEntry {
            image,
            number,
            class_side: number >= class_side.start,
        })
    }
}

impl<'a> MethodEntry<'a> {
    fn word(&self, word: usize) -> usize {
        self.image
            .word(self.image.methods + 4 * METHOD_WORDS * self.number, word)
    }

    /// Its number in the image, by which `Image::method` finds it again.
    pub fn number(&self) -> usize {
        self.number
    }

    pub fn selector(&self) -> &'a str {
        self.image.string(self.word(0))
    }

    /// The number of its selector among the image's strings.
    pub fn selector_number(&self) -> usize {
        self.word(0)
    }

    pub fn class(&self) -> ClassEntry<'a> {
        self.image.class(self.word(1))
    }

    /// Does it belong to the metaclass?
    pub fn class_side(&self) -> bool {
        self.class_side
    }

    pub fn protocol(&self) -> &'a str {
        self.image.string(self.protocol_number())
    }

    /// The number of its protocol among the image's strings.
    pub fn protocol_number(&self) -> usize {
        self.word(2)
    }

    /// Where its source lies in the joined sources.
    pub fn range(&self) -> Range<usize> {
        self.word(3)..self.word(4)
    }

    /// What the parser reads: every character lies where it lies in the file. Tonel's opening
    /// bracket is a space.
    pub fn source(&self) -> &'a str {
        self.image.text(self.range())
    }

    /// What a reader of the method should see: `source` without the space left by the bracket.
    pub fn tidy_source(&self) -> String {
        let bracket = self.word(5);
        let pattern = self.image.text(self.word(3)..bracket).trim_end();
        let body = self.image.text(bracket + 1..self.word(4));
        let gap = if body.starts_with(char::is_whitespace) || body.is_empty() {
            ""
        } else {
            " "
        };
        format!("{pattern}{gap}{body}")
    }

    /// The line of its file that it begins on.
    pub fn line(&self) -> usize {
        self.word(6)
    }

    /// `Kernel/Object.class.st`; of the extension if it is one.
    pub fn file(&self) -> &'a str {
        self.image.string(self.file_number())
    }

    /// The number of that name among the image's strings.
    pub fn file_number(&self) -> usize {
        self.image.file(self.word(7), 0)
    }

    /// Its pragmas, in the order of the source.
    pub fn pragmas(&self) -> impl ExactSizeIterator<Item = PragmaEntry<'a>> + use<'a> {
        let image = self.image;
        let start = self.word(8);
        (start..start + self.word(9)).map(move |number| {
            let base = image.pragmas + 4 * PRAGMA_WORDS * number;
            PragmaEntry {
                selector: image.string(image.word(base, 0)),
                source: image.text(image.word(base, 1)..image.word(base, 2)),
            }
        })
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
        assert_eq!(point.class_inst_vars().len(), 0);
        assert_eq!(point.comment().unwrap(), "I am a \"point\"");
        assert_eq!((point.layout(), point.package()), ("normal", "Numbers"));
        assert_eq!(
            image.locate(point.offset()),
            ("Numbers/Point.class.st", Place { line: 4, column: 1 })
        );
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
            (size.selector(), size.file()),
            ("size", "Later/Point.extension.st")
        );
        assert_eq!((new.selector(), new.class_side()), ("x:y:", true));
        assert_eq!(new.protocol(), "as yet unclassified");
        assert_eq!(new.tidy_source(), "x: a y: b ^ self");
        assert!(image.method(new.number()).class_side());
        assert!(!image.method(size.number()).class_side());
        assert_eq!(image.method(size.number()).class().name(), "Point");
    }

    #[test]
    fn offsets_lead_back_into_the_files() {
        let image = image();
        let point = image.class_named("Point").unwrap();
        for method in point.methods() {
            let (file, place) = image.locate(method.range().start);
            assert_eq!((file, place.line as usize), (method.file(), method.line()));
        }
        let size = point.methods().nth(1).unwrap();
        assert_eq!(image.line_at(size.range().end), "\t^ 2");
    }

    #[test]
    fn the_embedded_library_can_be_walked() {
        let image = Image::embedded();
        let methods: usize = image.classes().map(|c| c.methods().len()).sum();
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
