//! Tonel: the format of the library's own classes and of most Pharo projects.
//!
//! Says which class a file defines or extends and where its methods lie. Never looks inside a
//! method further than to find its end, and never decides what a class means.

use super::error::FormatError;
use super::scan::{Open, Scanner};
use super::selector::pattern_at;
use super::ston::{self, Map};
use std::borrow::Cow;
use std::ops::Range;

/// What a file defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Class,
    Trait,
    /// Methods for a class or trait that is defined elsewhere.
    Extension,
    /// `package.st`: only a name.
    Package,
}

/// A file, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition<'a> {
    pub kind: Kind,
    /// The class comment: the text between the quotes and their line ends, quotes still doubled.
    pub comment: Option<Range<usize>>,
    pub header: Map<'a>,
    /// Where the word `Class`, `Trait` or `Extension` stands.
    pub header_at: usize,
    pub methods: Vec<Method<'a>>,
}

/// One method.
#[derive(Clone, Debug, PartialEq)]
pub struct Method<'a> {
    /// The class named before `>>`.
    pub owner: &'a str,
    pub class_side: bool,
    /// `#category` of the metadata before it.
    pub protocol: Option<Cow<'a, str>>,
    pub selector: Cow<'a, str>,
    /// From the pattern to the last byte before the closing bracket; the opening bracket, which
    /// is not part of the method's source, is at `bracket`. A method between bangs, as class syntax also has
    /// them, has none: then `bracket` is the end of the source.
    pub source: Range<usize>,
    pub bracket: usize,
    /// Behind the pattern, before the bracket.
    pub pattern_end: usize,
    /// The line that `source` begins on, from 1.
    pub line: u32,
}

impl Method<'_> {
    /// The method's source as one text in which every character lies where it lies in the file,
    /// counted from `source.start`: the bracket has become a space.
    pub fn text(&self, file: &str) -> String {
        let mut text = String::with_capacity(self.source.len());
        text.push_str(&file[self.source.start..self.bracket]);
        text.push(' ');
        text.push_str(&file[self.bracket + 1..self.source.end]);
        text
    }
}

/// Does the text begin as a Tonel definition does: comment, `Class` or its like, a brace?
pub fn is_tonel(text: &str) -> bool {
    let mut s = Scanner::new(text, bom(text));
    if s.skip_blank().is_err() || kind(s.identifier()).is_none() {
        return false;
    }
    s.skip_space();
    s.peek() == b'{'
}

/// Takes a file apart; none if it is empty.
pub fn parse(text: &str) -> Result<Option<Definition<'_>>, FormatError> {
    let mut s = Scanner::new(text, bom(text));
    s.skip_space();
    let mut comment = None;
    while s.peek() == b'"' {
        let open = s.at();
        s.skip_comment().map_err(open_error)?;
        comment = Some(without_line_ends(text, open + 1..s.at() - 1));
        s.skip_space();
    }
    if s.at_end() {
        return Ok(None);
    }
    let header_at = s.at();
    let Some(kind) = kind(s.identifier()) else {
        return Err(FormatError::new(
            header_at,
            "a definition begins with Class, Trait or Extension",
        ));
    };
    s.skip_space();
    let header = ston::map(&mut s)?;
    let mut methods = Vec::new();
    let mut lines = Lines {
        text,
        at: 0,
        line: 1,
    };
    loop {
        s.skip_blank().map_err(open_error)?;
        if s.at_end() {
            return Ok(Some(Definition {
                kind,
                comment,
                header,
                header_at,
                methods,
            }));
        }
        methods.push(method(&mut s, &mut lines)?);
    }
}

/// A method with its metadata.
fn method<'a>(s: &mut Scanner<'a>, lines: &mut Lines<'a>) -> Result<Method<'a>, FormatError> {
    let mut protocol = None;
    if s.peek() == b'{' {
        let mut metadata = ston::map(s)?;
        if metadata.text("category")?.is_some()
            && let Some(i) = metadata.entries.iter().position(|e| e.key == "category")
            && let ston::Ston::String(p) | ston::Ston::Symbol(p) =
                metadata.entries.swap_remove(i).value
        {
            protocol = Some(p);
        }
        s.skip_blank().map_err(open_error)?;
    }
    let owner_at = s.at();
    let owner = s.identifier();
    if owner.is_empty() {
        return Err(FormatError::new(
            owner_at,
            "a method begins with its class: Foo >> bar [ … ]",
        ));
    }
    s.skip_space();
    let mut class_side = false;
    if s.peek() != b'>' {
        let word_at = s.at();
        class_side = matches!(s.identifier(), "class" | "classSide");
        if !class_side {
            let message = format!("`>>` or `class >>` must follow {owner}");
            return Err(FormatError::new(word_at, message));
        }
        s.skip_space();
    }
    if !s.rest().starts_with(">>") {
        return Err(FormatError::new(
            s.at(),
            format!("`>>` must follow {owner}"),
        ));
    }
    s.bump();
    s.bump();
    s.skip_space();
    let start = s.at();
    let pattern = pattern_at(s.text(), start)
        .map_err(open_error)?
        .ok_or_else(|| FormatError::new(start, "a method's name must follow `>>`"))?;
    *s = Scanner::new(s.text(), pattern.end);
    s.skip_blank().map_err(open_error)?;
    let bracket = s.at();
    if s.peek() != b'[' {
        let message = format!(
            "`[` must follow the pattern of {owner}>>#{}",
            pattern.selector
        );
        return Err(FormatError::new(bracket, message));
    }
    s.skip_brackets().map_err(open_error)?;
    let body_end = s.at() - 1;
    // The line end before the closing bracket belongs to the layout.
    let body = &s.text()[bracket + 1..body_end];
    let body = body
        .strip_suffix('\n')
        .map_or(body, |b| b.strip_suffix('\r').unwrap_or(b));
    Ok(Method {
        owner,
        class_side,
        protocol,
        selector: pattern.selector,
        source: start..bracket + 1 + body.len(),
        bracket,
        pattern_end: pattern.end,
        line: lines.line_of(start),
    })
}

/// Counts lines forwards, so that a file is counted once and not once for each method.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn line_of(&mut self, offset: usize) -> u32 {
        let passed = &self.text.as_bytes()[self.at..offset];
        self.line += passed.iter().filter(|&&b| b == b'\n').count() as u32;
        self.at = offset;
        self.line
    }
}

fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "Class" => Kind::Class,
        "Trait" => Kind::Trait,
        "Extension" => Kind::Extension,
        "Package" => Kind::Package,
        _ => return None,
    })
}

/// The length of the byte order mark, if there is one.
fn bom(text: &str) -> usize {
    if text.starts_with('\u{FEFF}') {
        '\u{FEFF}'.len_utf8()
    } else {
        0
    }
}

fn open_error(open: Open) -> FormatError {
    FormatError::new(open.offset(), open.message())
}

/// `range` without one line end at either side.
fn without_line_ends(text: &str, range: Range<usize>) -> Range<usize> {
    let inside = &text[range.clone()];
    let front = if inside.starts_with("\r\n") {
        2
    } else {
        usize::from(inside.starts_with('\n'))
    };
    let rest = &inside[front..];
    let back = if rest.ends_with("\r\n") {
        2
    } else {
        usize::from(rest.ends_with('\n'))
    };
    range.start + front..range.end - back
}

#[cfg(test)]
mod tests {
    use super::super::error::place_of;
    use super::*;

    const POINT: &str = "\"\nI am a \"\"point\"\"\n\"\nClass {\n\t#name : 'Point',\n\t#superclass : 'Object',\n\t#instVars : [ 'x', 'y' ]\n}\n\n{ #category : 'arithmetic' }\nPoint >> + arg [\n\t^ [ :a | $] ] value: #( ] )\n]\n\nPoint class >> x: a\n\ty: b [ ^ self ]\n";

    fn define(text: &str) -> Definition<'_> {
        parse(text).unwrap().unwrap()
    }

    fn error(text: &str) -> (String, String) {
        let e = parse(text).unwrap_err();
        (place_of(text, e.offset).to_string(), e.message)
    }

    #[test]
    fn a_class_file() {
        assert!(is_tonel(POINT));
        let d = define(POINT);
        assert_eq!(d.kind, Kind::Class);
        assert_eq!(&POINT[d.comment.unwrap()], "I am a \"\"point\"\"");
        assert_eq!(d.header.texts("instVars"), Ok(vec!["x", "y"]));
        let [plus, new] = &d.methods[..] else {
            panic!("two methods")
        };
        assert_eq!(
            (plus.owner, plus.class_side, &*plus.selector),
            ("Point", false, "+")
        );
        assert_eq!(plus.protocol.as_deref(), Some("arithmetic"));
        assert_eq!(plus.text(POINT), "+ arg  \n\t^ [ :a | $] ] value: #( ] )");
        assert_eq!(plus.line, 11);
        assert_eq!(
            (new.class_side, &*new.selector, new.line),
            (true, "x:y:", 15)
        );
        assert_eq!(new.protocol, None);
        assert_eq!(new.text(POINT), "x: a\n\ty: b   ^ self ");
    }

    #[test]
    fn carriage_returns_and_byte_order_marks_do_no_harm() {
        let text = format!("\u{FEFF}{}", POINT.replace('\n', "\r\n"));
        let d = define(&text);
        assert_eq!(&text[d.comment.unwrap()], "I am a \"\"point\"\"");
        assert_eq!(
            d.methods[0].text(&text),
            "+ arg  \r\n\t^ [ :a | $] ] value: #( ] )"
        );
        assert_eq!(d.methods[1].line, 15);
    }

    #[test]
    fn other_kinds() {
        assert_eq!(define("Package { #name : 'Foo' }").kind, Kind::Package);
        assert_eq!(
            define("Trait { #name : #TFoo }\nTFoo classSide >> a [ ]").methods[0].selector,
            "a"
        );
        let d = define("Extension { #name : 'Foo' }\n{ #category : #'*Bar' }\nFoo >> a [ ^1 ]");
        assert_eq!(d.kind, Kind::Extension);
        assert_eq!(d.methods[0].protocol.as_deref(), Some("*Bar"));
        assert_eq!(parse(" \n"), Ok(None));
    }

    #[test]
    fn a_script_is_not_tonel() {
        for text in ["", "3 + 4", "Class new", "\"c\" Object {", "\"open"] {
            assert!(!is_tonel(text), "{text}");
        }
    }

    #[test]
    fn mistakes_have_places() {
        let head = "Class { #name : 'A' }\n";
        let at = |rest: &str| error(&format!("{head}{rest}"));
        assert_eq!(error("Klass { }").0, "1:1");
        assert_eq!(at("A > b [ ]").0, "2:3");
        assert_eq!(at("A klass >> b [ ]").0, "2:3");
        assert_eq!(
            at("A >> [ ]"),
            ("2:6".into(), "a method's name must follow `>>`".into())
        );
        assert_eq!(
            at("A >> b ^ 1"),
            ("2:8".into(), "`[` must follow the pattern of A>>#b".into())
        );
        assert_eq!(
            at("A >> b [\n [ ]"),
            ("2:8".into(), "this bracket is never closed".into())
        );
        assert_eq!(at("A >> b [ 'x ]").0, "2:10");
        assert_eq!(at("{ #category : 1 }\nA >> b [ ]").0, "2:15");
        assert_eq!(at(") b").0, "2:1");
    }

    #[test]
    fn no_prefix_of_a_file_panics() {
        for end in 0..POINT.len() {
            let _ = parse(&POINT[..end]);
            let _ = is_tonel(&POINT[..end]);
        }
    }
}
