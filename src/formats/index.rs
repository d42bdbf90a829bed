//! The library as one text and one index: how it is written by the build script, or at run time
//! for a library that is read from a folder.
//!
//! Checks that the files fit together: every class has its superclass, no method occurs twice.
//! Only writes; `loader::image` reads. The layout below is the contract between the two.
//!
//! The index is a sequence of little-endian 32-bit words, so that a start-up walks it as it lies in
//! the executable: no parsing, no relocation, no allocation. First `HEADER` words: `MAGIC`, then
//! the numbers of strings, files, classes, methods, pragmas and list words. Then the records of
//! these, in this order, each a fixed number of words. A string record is where its bytes lie in
//! the text; every other record names strings by their number, so that a reader makes one Symbol
//! for each. Lists (of string numbers) are runs of list words.

use super::error::{FormatError, Place, place_of};
use super::pragma::pragmas_of;
use super::ston::Map;
use super::tonel::{self, Definition, Kind};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

pub const MAGIC: u32 = 0x0143_4849; // "IHC" and the layout's version, 1
/// What stands where a class has its layout, for a trait.
pub const TRAIT: &str = "trait";
pub const HEADER: usize = 7;
/// No class, no comment.
pub const NONE: u32 = u32::MAX;

/// Words of each kind of record.
pub const STRING_WORDS: usize = 2;
pub const FILE_WORDS: usize = 3;
pub const CLASS_WORDS: usize = 20;
pub const METHOD_WORDS: usize = 10;
pub const PRAGMA_WORDS: usize = 3;

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
    /// All files one after the other, then all strings that the index needs.
    pub text: String,
    /// Where the strings begin.
    pub strings: usize,
    pub words: Vec<u32>,
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

impl Library {
    /// The index as bytes.
    pub fn index_bytes(&self) -> Vec<u8> {
        self.words.iter().flat_map(|w| w.to_le_bytes()).collect()
    }

    /// Where each file ends in the text.
    pub fn file_ends(&self) -> impl Iterator<Item = usize> {
        let first = HEADER + STRING_WORDS * self.words[1] as usize;
        let files = &self.words[first..first + FILE_WORDS * self.words[2] as usize];
        files.chunks(FILE_WORDS).map(|file| file[2] as usize)
    }
}

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
    for (number, &class) in order.classes.iter().enumerate() {
        writer.class(number, class, &parsed, &order, &mut errors);
    }
    if errors.is_empty() {
        Ok(writer.finish())
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
    numbers: HashMap<&'a str, u32>,
    /// Files that extend each class.
    extensions: HashMap<&'a str, Vec<usize>>,
}

fn class_order<'a>(parsed: &'a [Parsed<'_>], errors: &mut Vec<LibraryError>) -> Order<'a> {
    let mut defined: BTreeMap<&str, usize> = BTreeMap::new();
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
    let mut subclasses: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut pending: Vec<usize> = Vec::new();
    for &i in defined.values() {
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
        order.numbers.insert(name, order.classes.len() as u32);
        order.classes.push(i);
        pending.extend(subclasses.remove(name).into_iter().flatten().rev());
    }
    for &i in defined
        .values()
        .filter(|&&i| !order.numbers.contains_key(parsed[i].class.as_str()))
    {
        if is_in_cycle(&parsed[i], parsed, &defined) {
            let p = &parsed[i];
            let message = format!("{} is a subclass of itself", p.class);
            errors.push(error_at(p.file, p.definition.header_at, message));
        }
    }
    order
}

/// Does following the superclasses lead back to this class?
fn is_in_cycle(class: &Parsed<'_>, parsed: &[Parsed<'_>], defined: &BTreeMap<&str, usize>) -> bool {
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
    defined: &BTreeMap<&'a str, usize>,
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
    string_numbers: HashMap<String, u32>,
    strings: Vec<String>,
    file_numbers: HashMap<String, u32>,
    files: Vec<u32>,
    classes: Vec<u32>,
    methods: Vec<u32>,
    pragmas: Vec<u32>,
    lists: Vec<u32>,
}

impl Writer {
    fn new(files: &[&SourceFile]) -> Writer {
        let mut writer = Writer {
            text: String::new(),
            string_numbers: HashMap::new(),
            strings: Vec::new(),
            file_numbers: HashMap::new(),
            files: Vec::new(),
            classes: Vec::new(),
            methods: Vec::new(),
            pragmas: Vec::new(),
            lists: Vec::new(),
        };
        for (number, file) in files.iter().enumerate() {
            let start = writer.text.len() as u32;
            writer.text.push_str(&file.text);
            let name = writer.string(&file.path);
            writer.file_numbers.insert(file.path.clone(), number as u32);
            writer.files.extend([name, start, writer.text.len() as u32]);
        }
        writer
    }

    /// The number of `text`.
    fn string(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.string_numbers.get(text) {
            return number;
        }
        let number = self.strings.len() as u32;
        self.strings.push(text.to_string());
        self.string_numbers.insert(text.to_string(), number);
        number
    }

    /// Start and length of a list of names. A slot expression, `#a => WeakSlot`, is its name.
    fn list(&mut self, header: &Map<'_>, key: &str) -> Result<[u32; 2], FormatError> {
        let names = header.texts(key)?;
        let start = self.lists.len() as u32;
        for name in &names {
            let name = name.split("=>").next().unwrap_or(name).trim();
            let number = self.string(name.trim_start_matches('#'));
            self.lists.push(number);
        }
        Ok([start, names.len() as u32])
    }

    fn class(
        &mut self,
        number: usize,
        class: usize,
        parsed: &[Parsed<'_>],
        order: &Order<'_>,
        errors: &mut Vec<LibraryError>,
    ) {
        let p = &parsed[class];
        match self.class_record(p, order) {
            Ok(record) => self.classes.extend(record),
            Err(e) => errors.push(error_at(p.file, e.offset, e.message)),
        }
        let extensions = order
            .extensions
            .get(p.class.as_str())
            .map_or(&[][..], Vec::as_slice);
        let sources = || std::iter::once(class).chain(extensions.iter().copied());
        let mut seen = HashMap::new();
        let mut counts = [0u32; 2];
        let first = (self.methods.len() / METHOD_WORDS) as u32;
        for class_side in [false, true] {
            for source in sources() {
                let p = &parsed[source];
                for m in p
                    .definition
                    .methods
                    .iter()
                    .filter(|m| m.class_side == class_side)
                {
                    if let Some(other) = seen.insert((class_side, m.selector.clone()), p.file) {
                        let message = format!("#{} is also defined in {}", m.selector, other.path);
                        errors.push(error_at(p.file, m.source.start, message));
                    }
                    self.method(number as u32, p, m);
                    counts[usize::from(class_side)] += 1;
                }
            }
        }
        self.classes.extend([first, counts[0], counts[1]]);
    }

    /// All of a class record but the last three words, its methods.
    fn class_record(
        &mut self,
        p: &Parsed<'_>,
        order: &Order<'_>,
    ) -> Result<[u32; CLASS_WORDS - 3], FormatError> {
        let header = &p.definition.header;
        let superclass = header
            .text("superclass")?
            .and_then(|s| order.numbers.get(s));
        let layout = match p.definition.kind {
            Kind::Trait => TRAIT,
            _ => header.text("type")?.unwrap_or("normal"),
        };
        let category = header.text("category")?.unwrap_or_default();
        let package = header.text("package")?.unwrap_or(category);
        let comment = p.definition.comment.as_ref().map_or([NONE; 2], |c| {
            [p.base + c.start as u32, p.base + c.end as u32]
        });
        let inst_vars = self.list(header, "instVars")?;
        let class_vars = self.list(header, "classVars")?;
        let class_inst_vars = self.list(header, "classInstVars")?;
        let pools = self.list(header, "pools")?;
        Ok([
            self.string(&p.class),
            superclass.copied().unwrap_or(NONE),
            self.string(layout),
            self.string(category),
            self.string(package),
            self.file_numbers[&p.file.path],
            p.base + p.definition.header_at as u32,
            comment[0],
            comment[1],
            inst_vars[0],
            inst_vars[1],
            class_vars[0],
            class_vars[1],
            class_inst_vars[0],
            class_inst_vars[1],
            pools[0],
            pools[1],
        ])
    }

    fn method(&mut self, class: u32, p: &Parsed<'_>, m: &tonel::Method<'_>) {
        let selector = self.string(&m.selector);
        let protocol = self.string(m.protocol.as_deref().unwrap_or("as yet unclassified"));
        let text = m.text(&p.file.text);
        let first_pragma = (self.pragmas.len() / PRAGMA_WORDS) as u32;
        let start = p.base + m.source.start as u32;
        for pragma in pragmas_of(&text, m.pattern_end - m.source.start) {
            let selector = self.string(&pragma.selector);
            let range = [
                start + pragma.range.start as u32,
                start + pragma.range.end as u32,
            ];
            self.pragmas.extend([selector, range[0], range[1]]);
        }
        let num_pragmas = (self.pragmas.len() / PRAGMA_WORDS) as u32 - first_pragma;
        // In the joined text the bracket is a space: a method's source is one slice of it.
        let bracket = p.base as usize + m.bracket;
        self.text.replace_range(bracket..bracket + 1, " ");
        self.methods.extend([
            selector,
            class,
            protocol,
            start,
            p.base + m.source.end as u32,
            bracket as u32,
            m.line,
            self.file_numbers[&p.file.path],
            first_pragma,
            num_pragmas,
        ]);
    }

    fn finish(mut self) -> Library {
        let mut words = vec![
            MAGIC,
            self.strings.len() as u32,
            (self.files.len() / FILE_WORDS) as u32,
            (self.classes.len() / CLASS_WORDS) as u32,
            (self.methods.len() / METHOD_WORDS) as u32,
            (self.pragmas.len() / PRAGMA_WORDS) as u32,
            self.lists.len() as u32,
        ];
        let strings = self.text.len();
        for string in &self.strings {
            words.extend([self.text.len() as u32, string.len() as u32]);
            self.text.push_str(string);
        }
        for part in [
            &self.files,
            &self.classes,
            &self.methods,
            &self.pragmas,
            &self.lists,
        ] {
            words.extend(part);
        }
        Library {
            text: self.text,
            strings,
            words,
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
        assert_eq!(library.words[..HEADER], [MAGIC, 8, 3, 3, 0, 0, 0]);
        assert_eq!(build(&[]).unwrap().words.len(), HEADER);
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
