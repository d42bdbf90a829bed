//! Broken source files: whatever the text, the scanners answer and never panic.

#![cfg(feature = "tools")]

use chirp::formats::index::{self, SourceFile};
use chirp::formats::{chunk, detect, place_of, pragma, selector, tonel};
use proptest::prelude::*;

const TONEL: &str = include_str!("../image/Kernel/Object.class.st");

const CHUNKS: &str = "'From Pharo'!\nObject subclass: #Foo!\n!Foo methodsFor: 'a!!b'!\na\n\t^ '!!'! !\n\
                      !Foo commentStamp: '' prior: 0!\nI am! ]style[(1 2)f1! !Foo class methodsFor!\nb! !";

/// Pieces of which the interesting mistakes are made.
const PIECES: &[&str] = &[
    "Class",
    "Extension",
    "Foo",
    " class",
    " >> ",
    "[",
    "]",
    "{",
    "}",
    "#name",
    ":",
    ",",
    "'",
    "\"",
    "!",
    "!!",
    "! !",
    "$",
    "$'",
    "#(",
    "(",
    ")",
    "#",
    "<",
    ">",
    "|",
    "at:",
    "é",
    "\r\n",
    "\n",
    "\\",
    "methodsFor:",
    "\u{FEFF}",
    "]style[",
    "9",
    "nil",
    "#!",
];

/// Puts a text through everything that reads files.
fn read(text: &str) {
    let _ = detect::format_of(text);
    assert_eq!(detect::without_interpreter_line(text).len(), text.len());
    if let Some(pattern) = selector::pattern_at(text, 0).ok().flatten() {
        assert!(text.is_char_boundary(pattern.end));
        assert_eq!(selector::num_args(&pattern.selector), pattern.num_args);
        for fact in pragma::pragmas_of(text, pattern.end) {
            assert!(text[fact.range].ends_with('>'));
        }
    }
    match tonel::parse(text) {
        Ok(Some(definition)) => {
            for method in &definition.methods {
                assert_eq!(method.text(text).len(), method.source.len());
                assert_eq!(place_of(text, method.source.start).line, method.line);
            }
        }
        Ok(None) => {}
        Err(error) => assert!(error.offset <= text.len()),
    }
    for item in chunk::parse(text) {
        let (chunk::Item::DoIt(c)
        | chunk::Item::Method { source: c, .. }
        | chunk::Item::Comment { text: c, .. }) = item;
        let unescaped = c.text(text);
        assert!(c.file_offset(text, unescaped.len()) <= text.len());
        assert_eq!(place_of(text, c.range.start).line, c.line);
    }
    let file = SourceFile {
        path: "Foo.class.st".into(),
        text: text.into(),
    };
    let _ = index::build(&[file], index::Extras::default());
}

/// `text` with `count` bytes at `at` replaced by `with`; cut at characters.
fn mutate(text: &str, at: usize, count: usize, with: &str) -> String {
    let boundary = |i: usize| {
        (0..=i.min(text.len()))
            .rev()
            .find(|&i| text.is_char_boundary(i))
    };
    let start = boundary(at).unwrap_or(0);
    let end = boundary(at + count).unwrap_or(0).max(start);
    format!("{}{with}{}", &text[..start], &text[end..])
}

proptest! {
    #[test]
    fn any_text(text in "\\PC*") {
        read(&text);
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        read(&pieces.concat());
    }

    #[test]
    fn damaged_files(
        file in prop::sample::select(&[TONEL, CHUNKS][..]),
        at in 0usize..4000,
        count in 0usize..40,
        with in prop::sample::select(PIECES),
    ) {
        read(&mutate(file, at % (file.len() + 1), count, with));
    }
}

#[test]
fn the_samples_are_right() {
    assert!(matches!(tonel::parse(TONEL), Ok(Some(_))));
    assert_eq!(chunk::parse(CHUNKS).len(), 5);
}
