//! The library as one text and one index: how it is written by the build script, or at run time
//! for a library that is read from a folder.
//!
//! Checks that the files fit together: every class has its superclass, no method occurs twice.
//! Only writes; `loader::image` reads. The contract between the two is `layout`.

use super::error::{FormatError, Place, place_of};
use super::layout::{self, HEADER, LISTS, MAGIC, TRAIT, field, push, push_entry};
use super::ston::Map;
use super::tonel::{self, Definition, Kind};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;

/// The methods that every program needs, one a line. A test compares them with what a machine compiles.
const EARLY: &str = include_str!("early.txt");

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
    /// All files one after the other.
    pub text: String,
    /// All strings that the index needs, likewise.
    pub strings: String,
    /// Where each file ends in the text.
    pub file_ends: Vec<usize>,
    /// Where the methods lie that every program needs.
    pub early: Vec<Range<usize>>,
    pub index: Vec<u8>,
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
    /// Where the file lies in the joined text.
    base: u32,
}

/// Joins the files and indexes them; all mistakes, or the library.
/// The result depends only on the files' contents, not on their order.
pub fn build(files: &[SourceFile]) -> Result<Library, Vec<LibraryError>> {
    let mut files: Vec<&SourceFile> = files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut errors = Vec::new();
    let parsed = parse_all(&files, &mut errors);
    let order = class_order(&parsed, &mut errors);
    let mut writer = Writer::new(&files);
    for &class in &order.classes {
        writer.class(class, &parsed, &order, &mut errors);
    }
    if let Some(p) = parsed.last().filter(|_| writer.is_full()) {
        errors.push(error_at(p.file, 0, "there are too many names and methods"));
    }
    if errors.is_empty() {
        Ok(writer.finish(&order))
    } else {
        Err(errors)
    }
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
    let mut base = 0u32;
    for &file in files {
        match tonel::parse(&file.text) {
            Ok(None) => {}
            Ok(Some(definition)) if definition.kind == Kind::Package => {}
            Ok(Some(definition)) => match owner_of(&definition) {
                Ok(class) => parsed.push(Parsed {
                    file,
                    definition,
                    class,
                    base,
                }),
                Err(e) => errors.push(error_at(file, e.offset, e.message)),
            },
            Err(e) => errors.push(error_at(file, e.offset, e.message)),
        }
        base += file.text.len() as u32;
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
    /// These numbers in the order of the names.
    by_name: Vec<usize>,
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
        by_name: Vec::new(),
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
        if let Some(&number) = order.numbers.get(p.class.as_str()) {
            order.by_name.push(number);
        } else if is_in_cycle(p, parsed, &defined) {
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

/// The growing index.
struct Writer {
    text: String,
    string_numbers: HashMap<String, usize>,
    strings: Vec<String>,
    file_numbers: HashMap<String, usize>,
    file_ends: Vec<usize>,
    /// Where each record begins.
    classes: Vec<usize>,
    records: Vec<u8>,
    num_methods: usize,
    wanted_early: HashSet<&'static str>,
    early: Vec<Range<usize>>,
}

/// What the next method's record refers to.
#[derive(Default)]
struct Before {
    protocol: usize,
    /// Number and one.
    file: usize,
    end: usize,
    line: usize,
}

impl Writer {
    fn new(files: &[&SourceFile]) -> Writer {
        let mut writer = Writer {
            text: String::new(),
            string_numbers: HashMap::new(),
            strings: Vec::new(),
            file_numbers: HashMap::new(),
            file_ends: Vec::new(),
            classes: Vec::new(),
            records: Vec::new(),
            num_methods: 0,
            wanted_early: EARLY.lines().collect(),
            early: Vec::new(),
        };
        for file in files {
            writer.text.push_str(&file.text);
            let number = writer.string(&file.path);
            writer.file_numbers.insert(file.path.clone(), number);
            writer.file_ends.push(writer.text.len());
        }
        writer
    }

    /// The number of `text`.
    fn string(&mut self, text: &str) -> usize {
        if let Some(&number) = self.string_numbers.get(text) {
            return number;
        }
        let number = self.strings.len();
        self.strings.push(text.to_string());
        self.string_numbers.insert(text.to_string(), number);
        number
    }

    /// Whether there is more than the index can tell.
    fn is_full(&self) -> bool {
        let strings: usize = self.strings.iter().map(String::len).sum();
        self.records.len().max(strings) >= 1 << (8 * layout::STRING.min(layout::CLASS))
    }

    /// A list of names. A slot expression, `#a => WeakSlot`, is its name.
    fn list(&mut self, header: &Map<'_>, key: &str) -> Result<Vec<usize>, FormatError> {
        let name = |text: &str| {
            let name = text.split("=>").next().unwrap_or(text).trim();
            self.string(name.trim_start_matches('#'))
        };
        Ok(header.texts(key)?.into_iter().map(name).collect())
    }

    fn class(
        &mut self,
        class: usize,
        parsed: &[Parsed<'_>],
        order: &Order<'_>,
        errors: &mut Vec<LibraryError>,
    ) {
        let p = &parsed[class];
        let (mut fields, lists) = self.fields(p, order).unwrap_or_else(|e| {
            errors.push(error_at(p.file, e.offset, e.message));
            Default::default()
        });
        let extensions = order.extensions.get(p.class.as_str());
        let sources = || std::iter::once(&class).chain(extensions.into_iter().flatten());
        let mut seen = HashMap::new();
        let mut methods = Vec::new();
        for class_side in [false, true] {
            let mut before = Before::default();
            for &source in sources() {
                let p = &parsed[source];
                let all = p.definition.methods.iter();
                for m in all.filter(|m| m.class_side == class_side) {
                    if let Some(other) = seen.insert((class_side, m.selector.clone()), p.file) {
                        let message = format!("#{} is also defined in {}", m.selector, other.path);
                        errors.push(error_at(p.file, m.source.start, message));
                    }
                    self.method(&mut methods, &mut before, p, m);
                    fields[field::INSTANCE_METHODS + usize::from(class_side)] += 1;
                }
            }
        }
        self.num_methods += seen.len();
        self.classes.push(self.records.len());
        for number in fields {
            push(&mut self.records, number);
        }
        for list in lists {
            push(&mut self.records, list.len());
            for number in list {
                push(&mut self.records, number);
            }
        }
        self.records.append(&mut methods);
    }

    /// The fields of a class record, without methods, and its lists.
    #[allow(clippy::type_complexity)]
    fn fields(
        &mut self,
        p: &Parsed<'_>,
        order: &Order<'_>,
    ) -> Result<([usize; field::COUNT], [Vec<usize>; LISTS]), FormatError> {
        let header = &p.definition.header;
        let superclass = header.text("superclass")?;
        let superclass = superclass.and_then(|s| order.numbers.get(s));
        let layout = match p.definition.kind {
            Kind::Trait => TRAIT,
            _ => header.text("type")?.unwrap_or("normal"),
        };
        let category = header.text("category")?.unwrap_or_default();
        let package = header.text("package")?.unwrap_or(category);
        let comment = p.definition.comment.as_ref();
        let mut fields = [0; field::COUNT];
        fields[field::NAME] = self.string(&p.class);
        fields[field::SUPERCLASS] = superclass.map_or(0, |&s| s + 1);
        fields[field::LAYOUT] = self.string(layout);
        fields[field::CATEGORY] = self.string(category);
        fields[field::PACKAGE] = self.string(package);
        fields[field::FILE] = self.file_numbers[&p.file.path];
        fields[field::DEFINITION] = p.definition.header_at;
        fields[field::COMMENT] = comment.map_or(0, |c| c.start + 1);
        fields[field::COMMENT_LENGTH] = comment.map_or(0, |c| c.len());
        let lists = [
            self.list(header, "instVars")?,
            self.list(header, "classVars")?,
            self.list(header, "classInstVars")?,
            self.list(header, "pools")?,
        ];
        Ok((fields, lists))
    }

    fn method(
        &mut self,
        bytes: &mut Vec<u8>,
        before: &mut Before,
        p: &Parsed<'_>,
        m: &tonel::Method<'_>,
    ) {
        let protocol = self.string(m.protocol.as_deref().unwrap_or("as yet unclassified")) + 1;
        let file = self.file_numbers[&p.file.path] + 1;
        let same = file == before.file;
        let (from, line) = if same {
            (before.end, before.line)
        } else {
            (0, 0)
        };
        push(bytes, self.string(&m.selector));
        push(
            bytes,
            if protocol == before.protocol {
                0
            } else {
                protocol
            },
        );
        push(bytes, if same { 0 } else { file });
        push(bytes, m.source.start - from);
        push(bytes, m.source.len());
        push(bytes, m.bracket - m.source.start);
        push(bytes, m.line as usize - line);
        *before = Before {
            protocol,
            file,
            end: m.source.end,
            line: m.line as usize,
        };
        let side = if m.class_side { " class" } else { "" };
        let name = format!("{}{side}>>{}", p.class, m.selector);
        if self.wanted_early.contains(name.as_str()) {
            let base = p.base as usize;
            self.early.push(base + m.source.start..base + m.source.end);
        }
        // In the joined text the bracket is a space: a method's source is one slice of it.
        let bracket = p.base as usize + m.bracket;
        self.text.replace_range(bracket..bracket + 1, " ");
    }

    fn finish(mut self, order: &Order<'_>) -> Library {
        self.early.sort_by_key(|range| range.start);
        let strings = self.strings.concat();
        let mut index = Vec::new();
        let counts = [
            self.strings.len(),
            self.file_ends.len(),
            self.classes.len(),
            self.num_methods,
        ];
        for word in [MAGIC].into_iter().chain(counts.map(|n| n as u32)) {
            index.extend(word.to_le_bytes());
        }
        debug_assert_eq!(index.len(), 4 * HEADER);
        let mut start = 0;
        for length in self.strings.iter().map(String::len).chain([0]) {
            push_entry(&mut index, start, layout::STRING);
            start += length;
        }
        for &end in &self.file_ends {
            push_entry(&mut index, end, layout::FILE);
        }
        for &start in &self.classes {
            push_entry(&mut index, start, layout::CLASS);
        }
        for &number in &order.by_name {
            push_entry(&mut index, number, layout::ORDER);
        }
        index.extend(self.records);
        Library {
            text: self.text,
            strings,
            file_ends: self.file_ends,
            early: self.early,
            index,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.into(),
            text: text.into(),
        }
    }

    fn messages(files: &[SourceFile]) -> Vec<String> {
        build(files)
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
        let library = build(&files).unwrap();
        files.reverse();
        assert_eq!(build(&files).unwrap(), library);
        let header: Vec<u32> = [MAGIC, 8, 3, 3, 0].into();
        let bytes: Vec<u8> = header.iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(library.index[..4 * HEADER], bytes);
        assert_eq!(build(&[]).unwrap().index.len(), 4 * HEADER + layout::STRING);
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
