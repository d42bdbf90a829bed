//! Which format a source file is in, without anybody having to say so.
//!
//! Looks at the text alone, never at the file's name.

use super::chunk::is_separator;
use super::class_body;
use super::scan::Scanner;
use super::tonel;
use std::borrow::Cow;

/// The formats of a `.st` file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One scope from the first line to the last.
    Script,
    /// A script with classes in brackets, as GNU Smalltalk has them.
    ClassBody,
    Chunk,
    Tonel,
}

/// The format of `text`. A `!` between chunks is what tells chunk format from a script, but not one in a string,
/// a comment or a character literal, and not that of `a != b` or `!done`, which other languages write.
pub fn format_of(text: &str) -> Format {
    if tonel::is_tonel(text) {
        return Format::Tonel;
    }
    if class_body::is_class_body(text, interpreter_line(text)) {
        return Format::ClassBody;
    }
    let mut s = Scanner::new(text, interpreter_line(text));
    while !s.at_end() {
        match s.skip_quoted() {
            Ok(true) => {}
            Ok(false) if is_separator(text, s.at()) => return Format::Chunk,
            Ok(false) => s.bump(),
            // Whatever follows an open quote is inside it: the parser will say so.
            Err(_) => return Format::Script,
        }
    }
    Format::Script
}

/// The text with a first line `#!…` blanked out: every other character stays where it is.
pub fn without_interpreter_line(text: &str) -> Cow<'_, str> {
    match interpreter_line(text) {
        0 => Cow::Borrowed(text),
        end => Cow::Owned(" ".repeat(end) + &text[end..]),
    }
}

/// The length of a first line `#!…`, without its line end.
fn interpreter_line(text: &str) -> usize {
    if text.starts_with("#!") {
        text.find(['\n', '\r']).unwrap_or(text.len())
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts() {
        for text in [
            "",
            "3 + 4",
            "Transcript show: 'Hello!'",
            "\"Hello!\" 3",
            "$! printNl",
            "#!/usr/bin/env chirp\n3",
            "'it''s!' foo",
            "'open! ",
            "a != b",
            "a !== b",
            "done := false.\ndone ifTrue: [ 3 ].\n!done ifTrue: [ 4 ].",
            "(!true) printNl",
            "x := !!true.",
        ] {
            assert_eq!(format_of(text), Format::Script, "{text}");
        }
    }

    #[test]
    fn chunks() {
        for text in [
            "3!",
            "!Foo methodsFor: 'x'!",
            "'From Pharo'!",
            "#!/bin/x\n3!",
            "'a!!'. 3 !",
            "3! 4",
            "3!!",
            "!Foo class methodsFor!\na\n\t^ 1",
            "'From Cuis'!!classDefinition: #Foo category: 'x'!",
            "!Foo commentStamp: 'me' prior: 0!",
        ] {
            assert_eq!(format_of(text), Format::Chunk, "{text}");
        }
    }

    #[test]
    fn tonel_files() {
        assert_eq!(
            format_of("\"c!\" Class { #name : 'A' }\nA >> b [ !]"),
            Format::Tonel
        );
        assert_eq!(format_of("Extension {}"), Format::Tonel);
    }

    #[test]
    fn the_interpreter_line_becomes_blank() {
        assert_eq!(without_interpreter_line("#!/é\n3"), "     \n3");
        assert_eq!(without_interpreter_line("#!x"), "   ");
        assert_eq!(without_interpreter_line("#!x\r3"), "   \r3");
        assert_eq!(without_interpreter_line("3"), "3");
    }
}
