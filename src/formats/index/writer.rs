//! The growing index and text of a library. Lays out what `layout` describes; checks nothing but that no method occurs twice.

use super::super::bare::without_comments;
use super::super::error::FormatError;
use super::super::layout::{self, HEADER, LISTS, MAGIC, SEGMENTS, TRAIT, field, push, push_entry};
use super::super::ston::Map;
use super::super::tonel::{self, Kind};
use super::{Library, LibraryError, Order, Parsed, error_at};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// The methods that every program needs, one a line. A test compares them with what a machine compiles.
const EARLY: &str = include_str!("../early.txt");

pub struct Writer {
    text: String,
    ends: Vec<usize>,
    string_numbers: HashMap<String, usize>,
    strings: Vec<String>,
    /// Where each record begins.
    classes: Vec<usize>,
    records: Vec<u8>,
    num_methods: usize,
    /// How long all comments are so far.
    comments: usize,
    /// Whether comments are kept.
    keeps_comments: bool,
    wanted_early: HashSet<&'static str>,
    early: Vec<Range<usize>>,
}

/// What the next method's record refers to.
#[derive(Default)]
struct Before {
    protocol: usize,
    file: usize,
    line: usize,
}

impl Writer {
    pub fn new(keeps_comments: bool) -> Writer {
        Writer {
            text: String::new(),
            ends: Vec::new(),
            string_numbers: HashMap::new(),
            strings: Vec::new(),
            classes: Vec::new(),
            records: Vec::new(),
            num_methods: 0,
            comments: 0,
            keeps_comments,
            wanted_early: EARLY.lines().collect(),
            early: Vec::new(),
        }
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
    pub fn is_full(&self) -> bool {
        let strings: usize = self.strings.iter().map(String::len).sum();
        strings >> 16 >= SEGMENTS
            || self.records.len() >> (8 * layout::CLASS) > 0
            || self.classes.len() >> (8 * layout::ORDER) > 0
    }

    /// A list of names. A slot expression, `#a => WeakSlot`, is its name.
    fn list(&mut self, header: &Map<'_>, key: &str) -> Result<Vec<usize>, FormatError> {
        let name = |text: &str| {
            let name = text.split("=>").next().unwrap_or(text).trim();
            self.string(name.trim_start_matches('#'))
        };
        Ok(header.texts(key)?.into_iter().map(name).collect())
    }

    /// The number of a file's path and one, or 0 for where the class is expected.
    fn file(&mut self, p: &Parsed<'_>, expected: &str) -> usize {
        match p.file.path == expected {
            true => 0,
            false => self.string(&p.file.path) + 1,
        }
    }

    pub fn class(
        &mut self,
        class: usize,
        parsed: &[Parsed<'_>],
        order: &Order<'_>,
        errors: &mut Vec<LibraryError>,
    ) {
        let p = &parsed[class];
        let (mut fields, lists, path) = self.fields(p, order).unwrap_or_else(|e| {
            errors.push(error_at(p.file, e.offset, e.message));
            Default::default()
        });
        fields[field::TEXT] = self.text.len();
        let extensions = order.extensions.get(p.class.as_str());
        let sources = || std::iter::once(&class).chain(extensions.into_iter().flatten());
        let mut seen = HashMap::new();
        let mut methods = Vec::new();
        for class_side in [false, true] {
            let mut before = Before::default();
            for &source in sources() {
                let p = &parsed[source];
                let file = self.file(p, &path);
                let all = p.definition.methods.iter();
                for m in all.filter(|m| m.class_side == class_side) {
                    if let Some(other) = seen.insert((class_side, m.selector.clone()), p.file) {
                        let message = format!("#{} is also defined in {}", m.selector, other.path);
                        errors.push(error_at(p.file, m.source.start, message));
                    }
                    self.method(&mut methods, &mut before, (p, file), m);
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

    /// The fields of a class record, without methods, its lists, and the path of the file where it is expected.
    #[allow(clippy::type_complexity)]
    fn fields(
        &mut self,
        p: &Parsed<'_>,
        order: &Order<'_>,
    ) -> Result<([usize; field::COUNT], [Vec<usize>; LISTS], String), FormatError> {
        let header = &p.definition.header;
        let superclass = header.text("superclass")?;
        let superclass = superclass.and_then(|s| order.numbers.get(s));
        let layout = match p.definition.kind {
            Kind::Trait => TRAIT,
            _ => header.text("type")?.unwrap_or("normal"),
        };
        let category = header.text("category")?.unwrap_or_default();
        let package = header.text("package")?.unwrap_or(category);
        let path = layout::path(package, &p.class, layout == TRAIT);
        let comment = p.definition.comment.as_ref();
        let comment = comment.filter(|_| self.keeps_comments);
        let mut fields = [0; field::COUNT];
        fields[field::NAME] = self.string(&p.class);
        fields[field::SUPERCLASS] = superclass.map_or(0, |&s| s + 1);
        fields[field::LAYOUT] = self.string(layout);
        fields[field::CATEGORY] = self.string(category);
        fields[field::PACKAGE] = self.string(package);
        fields[field::FILE] = self.file(p, &path);
        fields[field::COMMENT] = self.comments;
        fields[field::COMMENT_LENGTH] = comment.map_or(0, |c| c.len() + 1);
        self.comments += comment.map_or(0, |c| c.len());
        let lists = [
            self.list(header, "instVars")?,
            self.list(header, "classVars")?,
            self.list(header, "classInstVars")?,
            self.list(header, "pools")?,
        ];
        Ok((fields, lists, path))
    }

    fn method(
        &mut self,
        bytes: &mut Vec<u8>,
        before: &mut Before,
        (p, file): (&Parsed<'_>, usize),
        m: &tonel::Method<'_>,
    ) {
        let protocol = self.string(m.protocol.as_deref().unwrap_or("as yet unclassified")) + 1;
        let moves = (protocol, file) != (before.protocol, before.file);
        push(bytes, 2 * self.string(&m.selector) + usize::from(moves));
        if moves {
            push(bytes, protocol);
            push(bytes, file);
        }
        let line = if file == before.file { before.line } else { 0 };
        let mut text = m.text(&p.file.text);
        if !self.keeps_comments {
            let body = text.split_off(m.bracket + 1 - m.source.start);
            text.push_str(&without_comments(&body));
        }
        push(bytes, text.len());
        push(bytes, m.bracket - m.source.start);
        push(bytes, m.line as usize - line);
        *before = Before {
            protocol,
            file,
            line: m.line as usize,
        };
        let start = self.text.len();
        self.text.push_str(&text);
        self.ends.push(self.text.len());
        let side = if m.class_side { " class" } else { "" };
        let name = format!("{}{side}>>{}", p.class, m.selector);
        if self.wanted_early.contains(name.as_str()) {
            self.early.push(start..self.text.len());
        }
    }

    pub fn finish(mut self, parsed: &[Parsed<'_>], order: &Order<'_>) -> Library {
        let comments = self.text.len();
        for p in order.classes.iter().map(|&class| &parsed[class]) {
            if let Some(range) = p
                .definition
                .comment
                .as_ref()
                .filter(|_| self.keeps_comments)
            {
                self.text.push_str(&p.file.text[range.clone()]);
                self.ends.push(self.text.len());
            }
        }
        let mut index = Vec::new();
        let counts = [
            self.strings.len(),
            self.classes.len(),
            self.num_methods,
            comments,
        ];
        for word in [MAGIC].into_iter().chain(counts.map(|n| n as u32)) {
            index.extend(word.to_le_bytes());
        }
        let mut starts = vec![0];
        for string in &self.strings {
            starts.push(starts[starts.len() - 1] + string.len());
        }
        for segment in 1..SEGMENTS {
            let first = starts.iter().position(|start| start >> 16 >= segment);
            push_entry(&mut index, first.unwrap_or(starts.len()), 4);
        }
        debug_assert_eq!(index.len(), 4 * HEADER);
        for start in starts {
            push_entry(&mut index, start & 0xFFFF, layout::STRING);
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
            strings: self.strings.concat(),
            ends: self.ends,
            early: self.early,
            index,
        }
    }
}
