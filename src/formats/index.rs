//! The library as pieces of text and an index: how it is written by the build script, or at run time
//! for a library that is read from a folder.
//!
//! Checks that the files fit together: every class has its superclass, no method occurs twice.
//! Only writes; `loader::image` reads. The contract between the two is `layout`.

mod writer;

use self::writer::Writer;
use super::error::{FormatError, Place, place_of};
use super::layout;
use super::tonel::{self, Definition, Kind};
use std::collections::HashMap;
use std::fmt;

/// One file of the library.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Relative to the library's folder, with `/`: `Kernel/Object.class.st`.
    pub path: String,
    pub text: String,
}

/// What the library's files have become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// Lists and heads of classes, what was left out, methods, comments.
    pub pieces: Vec<String>,
    /// Of the methods.
    pub selectors: Vec<String>,
    /// The pieces with which those begin that have much in common.
    pub sections: Vec<usize>,
    /// The pieces that every program needs, and their text.
    pub early: Vec<usize>,
    pub early_text: String,
    pub index: Vec<u8>,
}

impl Library {
    /// The selector of a piece that is a method, nothing for others.
    pub fn selector(&self, piece: usize) -> &str {
        let method = piece.checked_sub(layout::Index(&self.index).method(0));
        method
            .and_then(|method| self.selectors.get(method))
            .map_or("", String::as_str)
    }
}

/// A mistake in one of the library's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryError {
    pub path: String,
    pub place: Place,
    pub message: String,
}

impl fmt::Display for LibraryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.place, self.message)
    }
}

impl std::error::Error for LibraryError {}

/// A file that was taken apart.
struct Parsed<'a> {
    file: &'a SourceFile,
    definition: Definition<'a>,
    /// Name of the class that it defines or extends.
    class: String,
}

/// What a library is to have besides classes and methods.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extras<'a> {
    /// The comments of classes, and those in methods.
    pub comments: bool,
    /// The pieces that every program needs, one a line: `Class` is a head, `Class>>` a list, `Class>>selector` a method.
    pub early: &'a str,
    /// What `parts` tells of the files that are not there.
    pub left_out: &'a str,
}

/// Joins the files and indexes them; all mistakes, or the library.
/// The result depends only on the files' contents, not on their order.
pub fn build(files: &[SourceFile], extras: Extras<'_>) -> Result<Library, Vec<LibraryError>> {
    let mut files: Vec<&SourceFile> = files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut errors = Vec::new();
    let parsed = parse_all(&files, &mut errors);
    let order = class_order(&parsed, &mut errors);
    let mut writer = Writer::new(extras);
    for &class in &order.classes {
        writer.class(class, &parsed, &order, &mut errors);
    }
    let too_many = "there are too many classes and methods";
    errors.extend(too_much(&parsed, writer.is_full(), too_many));
    if !errors.is_empty() {
        return Err(errors);
    }
    let library = writer.finish(&order);
    let is_long = library.early_text.len() > layout::MOST;
    let too_long = "the texts that every program needs are too long for the index";
    match too_much(&parsed, is_long, too_long) {
        Some(error) => Err(vec![error]),
        None => Ok(library),
    }
}

/// What the index has no room for: no file's fault, the last one is told.
fn too_much(parsed: &[Parsed<'_>], is_so: bool, message: &str) -> Option<LibraryError> {
    let last = parsed.last().filter(|_| is_so)?;
    Some(error_at(last.file, 0, message))
}

fn error_at(file: &SourceFile, offset: usize, message: impl Into<String>) -> LibraryError {
    let place = place_of(&file.text, offset);
    LibraryError {
        path: file.path.clone(),
        place,
        message: message.into(),
    }
}

fn parse_all<'a>(files: &[&'a SourceFile], errors: &mut Vec<LibraryError>) -> Vec<Parsed<'a>> {
    let mut parsed = Vec::new();
    for &file in files {
        match tonel::parse(&file.text) {
            Ok(None) => {}
            Ok(Some(definition)) if definition.kind == Kind::Package => {}
            Ok(Some(definition)) => match owner_of(&definition) {
                Ok(class) => parsed.push(Parsed {
                    file,
                    definition,
                    class,
                }),
                Err(e) => errors.push(error_at(file, e.offset, e.message)),
            },
            Err(e) => errors.push(error_at(file, e.offset, e.message)),
        }
    }
    parsed
}

/// The one class that a file is about.
fn owner_of(d: &Definition<'_>) -> Result<String, FormatError> {
    let Some(name) = d.header.text("name")? else {
        return Err(FormatError::new(d.header_at, "the definition has no #name"));
    };
    if let Some(m) = d.methods.iter().find(|m| m.owner != name) {
        let message = format!("a method of {} in the file of {name}", m.owner);
        return Err(FormatError::new(m.source.start, message));
    }
    Ok(name.to_string())
}

/// The classes, each behind its superclass, siblings by name.
struct Order<'a> {
    /// Index into the parsed files.
    classes: Vec<usize>,
    /// Number of the class in `classes`.
    numbers: HashMap<&'a str, usize>,
    /// Files that extend each class.
    extensions: HashMap<&'a str, Vec<usize>>,
}

fn class_order<'a>(parsed: &'a [Parsed<'_>], errors: &mut Vec<LibraryError>) -> Order<'a> {
    let mut defined: HashMap<&str, usize> = HashMap::new();
    let mut extensions: HashMap<&str, Vec<usize>> = HashMap::new();
    for (i, p) in parsed.iter().enumerate() {
        if p.definition.kind == Kind::Extension {
            extensions.entry(&p.class).or_default().push(i);
        } else if let Some(first) = defined.insert(&p.class, i) {
            let message = format!("{} is also defined in {}", p.class, parsed[first].file.path);
            errors.push(error_at(p.file, p.definition.header_at, message));
        }
    }
    for (name, all) in &extensions {
        for &i in all.iter().filter(|_| !defined.contains_key(name)) {
            let p = &parsed[i];
            let message = format!("there is no class {name} to extend");
            errors.push(error_at(p.file, p.definition.header_at, message));
        }
    }
    let mut by_name: Vec<usize> = defined.values().copied().collect();
    by_name.sort_by(|&a, &b| parsed[a].class.cmp(&parsed[b].class));
    let mut subclasses: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut pending: Vec<usize> = Vec::new();
    for &i in &by_name {
        match superclass_of(&parsed[i], &defined) {
            Ok(Some(name)) => subclasses.entry(name).or_default().push(i),
            Ok(None) => pending.push(i),
            Err(e) => errors.push(error_at(parsed[i].file, e.offset, e.message)),
        }
    }
    pending.reverse();
    let mut order = Order {
        classes: Vec::new(),
        numbers: HashMap::new(),
        extensions,
    };
    while let Some(i) = pending.pop() {
        let name = parsed[i].class.as_str();
        order.numbers.insert(name, order.classes.len());
        order.classes.push(i);
        pending.extend(subclasses.remove(name).into_iter().flatten().rev());
    }
    for i in by_name {
        let p = &parsed[i];
        let is_ordered = order.numbers.contains_key(p.class.as_str());
        if !is_ordered && is_in_cycle(p, parsed, &defined) {
            let message = format!("{} is a subclass of itself", p.class);
            errors.push(error_at(p.file, p.definition.header_at, message));
        }
    }
    order
}

/// Does following the superclasses lead back to this class?
fn is_in_cycle(class: &Parsed<'_>, parsed: &[Parsed<'_>], defined: &HashMap<&str, usize>) -> bool {
    let mut p = class;
    for _ in 0..parsed.len() {
        match superclass_of(p, defined) {
            Ok(Some(name)) if name == class.class => return true,
            Ok(Some(name)) => p = &parsed[defined[name]],
            _ => return false,
        }
    }
    false
}

/// The superclass's name as it is spelled in its own file; none for a root.
fn superclass_of<'a>(
    p: &Parsed<'_>,
    defined: &HashMap<&'a str, usize>,
) -> Result<Option<&'a str>, FormatError> {
    let header = &p.definition.header;
    match header.text("superclass")? {
        _ if p.definition.kind == Kind::Trait => Ok(None),
        Some("nil") => Ok(None),
        Some(name) => match defined.get_key_value(name) {
            Some((&name, _)) => Ok(Some(name)),
            None => {
                let offset = header.entry("superclass").map_or(0, |e| e.offset);
                Err(FormatError::new(
                    offset,
                    format!("there is no class {name}"),
                ))
            }
        },
        None => Err(FormatError::new(
            p.definition.header_at,
            format!("{} has no #superclass ('nil' for a root)", p.class),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMENTS: Extras<'_> = Extras {
        comments: true,
        early: "",
        left_out: "",
    };

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.into(),
            text: text.into(),
        }
    }

    fn messages(files: &[SourceFile]) -> Vec<String> {
        build(files, COMMENTS)
            .unwrap_err()
            .iter()
            .map(LibraryError::to_string)
            .collect()
    }

    fn class(name: &str, superclass: &str) -> SourceFile {
        let text = format!("Class {{\n\t#name : '{name}',\n\t#superclass : '{superclass}'\n}}\n");
        file(&format!("K/{name}.class.st"), &text)
    }

    #[test]
    fn the_result_does_not_depend_on_the_order_of_files() {
        let mut files = vec![class("B", "A"), class("A", "nil"), class("C", "B")];
        let library = build(&files, COMMENTS).unwrap();
        files.reverse();
        assert_eq!(build(&files, COMMENTS).unwrap(), library);
        assert_eq!(library.index[..10], [3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let heads = ["A\n\n\nK", "B\n0\n\n", "C\n1\n\n"];
        for (head, begin) in library.pieces[3..].iter().zip(heads) {
            assert!(head.starts_with(&begin[..4]), "{head}");
        }
        assert_eq!(build(&[], COMMENTS).unwrap().index, [0; 6]);
    }

    #[test]
    fn comments_can_be_left_out() {
        let method = "K >> a: b [\n\t\"Adds.\"\n\n\t^ b + 1\n]\n";
        let text = format!("\"\nI add.\n\"\n{}\n{method}", class("K", "nil").text);
        let pieces = |extras| build(&[file("K.st", &text)], extras).unwrap().pieces;
        let method = "a: b\n\t\"Adds.\"\n\n\t^ b + 1";
        assert_eq!(pieces(COMMENTS)[3..], [method, "I add."]);
        assert_eq!(pieces(Extras::default())[3..], ["a: b\n\n\n\t^ b + 1"]);
    }

    /// Where the text of early pieces ends is an entry as well.
    #[test]
    fn early_pieces_are_as_long_as_an_entry_can_tell() {
        let built = |letters: usize| {
            let text = format!(
                "{}\nK >> a [ ^ '{}' ]",
                class("K", "nil").text,
                "x".repeat(letters)
            );
            let early = "K>>a";
            build(&[file("K.st", &text)], Extras { early, ..COMMENTS })
        };
        let besides = built(0).unwrap().early_text.len();
        let library = built(layout::MOST - besides).unwrap();
        let index = layout::Index(&library.index);
        assert_eq!(index.early_range(index.method(0)), Some(0..layout::MOST));
        let errors = built(layout::MOST - besides + 1).unwrap_err();
        assert_eq!(
            errors[0].to_string(),
            "K.st:1:1: the texts that every program needs are too long for the index"
        );
    }

    #[test]
    fn files_that_do_not_fit_together() {
        assert_eq!(
            messages(&[class("B", "A")]),
            ["K/B.class.st:3:16: there is no class A"]
        );
        assert_eq!(
            messages(&[class("A", "B"), class("B", "A")]),
            [
                "K/A.class.st:1:1: A is a subclass of itself",
                "K/B.class.st:1:1: B is a subclass of itself"
            ]
        );
        let below = class("C", "B");
        assert_eq!(
            messages(&[class("A", "X"), class("B", "A"), below]).len(),
            1
        );
        let twice = file("X.class.st", &class("A", "nil").text);
        assert_eq!(
            messages(&[class("A", "nil"), twice]),
            ["X.class.st:1:1: A is also defined in K/A.class.st"]
        );
        let extension = file("A.extension.st", "Extension { #name : 'A' }\nA >> b [ ]");
        assert_eq!(
            messages(std::slice::from_ref(&extension)),
            ["A.extension.st:1:1: there is no class A to extend"]
        );
        let again = SourceFile {
            path: "B.extension.st".into(),
            ..extension.clone()
        };
        assert_eq!(
            messages(&[class("A", "nil"), extension, again]),
            ["B.extension.st:2:6: #b is also defined in A.extension.st"]
        );
    }

    #[test]
    fn all_mistakes_are_listed() {
        let files = [
            file("a.st", "Klass {}"),
            file("b.st", "Class { }"),
            file("c.st", "Class { #name : 'C' }"),
            file("d.st", "Trait { #name : 'D' }"),
            file("e.st", "Extension { #name : 'E' }\nF >> g [ ]"),
        ];
        assert_eq!(
            messages(&files),
            [
                "a.st:1:1: a definition begins with Class, Trait or Extension",
                "b.st:1:1: the definition has no #name",
                "e.st:2:6: a method of F in the file of E",
                "c.st:1:1: C has no #superclass ('nil' for a root)",
            ]
        );
    }
}
