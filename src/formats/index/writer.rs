//! The growing pieces of a library and their index. Lays out what `layout` describes; checks nothing but that no method
//! occurs twice, and that there is room in the index.

use super::super::bare::without_comments;
use super::super::error::FormatError;
use super::super::layout::{self, Index, ListWriter, Listed, TRAIT, field, push_entry};
use super::super::ston::Map;
use super::super::tonel::{self, Kind};
use super::{Extras, Library, LibraryError, Order, Parsed, error_at};
use std::collections::{HashMap, HashSet};

pub struct Writer<'a> {
    extras: Extras<'a>,
    wanted_early: HashSet<&'a str>,
    lists: Vec<String>,
    heads: Vec<String>,
    methods: Vec<String>,
    comments: Vec<String>,
    selectors: Vec<String>,
    /// How many methods there are in front of those of each class.
    first_methods: Vec<usize>,
    /// By what numbers are counted: class or method.
    early_lists: Vec<usize>,
    early_heads: Vec<usize>,
    early_methods: Vec<usize>,
}

impl<'a> Writer<'a> {
    pub fn new(extras: Extras<'a>) -> Writer<'a> {
        Writer {
            extras,
            wanted_early: extras.early.lines().collect(),
            lists: Vec::new(),
            heads: Vec::new(),
            methods: Vec::new(),
            comments: Vec::new(),
            selectors: Vec::new(),
            first_methods: vec![0],
            early_lists: Vec::new(),
            early_heads: Vec::new(),
            early_methods: Vec::new(),
        }
    }

    /// Whether there is more than the index can tell.
    pub fn is_full(&self) -> bool {
        3 * self.heads.len() + self.methods.len() > layout::MOST
    }

    fn is_early(&self, name: &str) -> bool {
        self.wanted_early.contains(name)
    }

    pub fn class(
        &mut self,
        class: usize,
        parsed: &[Parsed<'_>],
        order: &Order<'_>,
        errors: &mut Vec<LibraryError>,
    ) {
        let p = &parsed[class];
        let (head, path) = head(p, order).unwrap_or_else(|e| {
            errors.push(error_at(p.file, e.offset, e.message));
            Default::default()
        });
        let number = self.heads.len();
        if self.is_early(&p.class) {
            self.early_heads.push(number);
        }
        if self.is_early(&format!("{}>>", p.class)) {
            self.early_lists.push(number);
        }
        self.heads.push(head);
        let comment = p.definition.comment.as_ref();
        let comment = comment.map_or("", |range| &p.file.text[range.clone()]);
        self.comments.push(comment.to_string());
        let extensions = order.extensions.get(p.class.as_str());
        let sources = || std::iter::once(&class).chain(extensions.into_iter().flatten());
        let mut seen = HashMap::new();
        let mut list = ListWriter::default();
        for class_side in [false, true] {
            for &source in sources() {
                let p = &parsed[source];
                let all = p.definition.methods.iter();
                for m in all.filter(|m| m.class_side == class_side) {
                    if let Some(other) = seen.insert((class_side, &*m.selector), p.file) {
                        let message = format!("#{} is also defined in {}", m.selector, other.path);
                        errors.push(error_at(p.file, m.source.start, message));
                    }
                    let listed = Listed {
                        class_side,
                        protocol: m.protocol.as_deref().unwrap_or("as yet unclassified"),
                        file: Some(&*p.file.path)
                            .filter(|&file| file != path)
                            .unwrap_or(""),
                        line: m.line as usize,
                        selector: 0..0,
                    };
                    list.add(listed, &m.selector);
                    self.method(p, m);
                }
            }
        }
        self.lists.push(list.text);
        self.first_methods.push(self.methods.len());
    }

    fn method(&mut self, p: &Parsed<'_>, m: &tonel::Method<'_>) {
        let side = if m.class_side { " class" } else { "" };
        if self.is_early(&format!("{}{side}>>{}", p.class, m.selector)) {
            self.early_methods.push(self.methods.len());
        }
        self.selectors.push(m.selector.to_string());
        self.methods.push(text(p, m, self.extras.comments));
    }

    pub fn finish(self, order: &Order<'_>) -> Library {
        let mut index = Vec::new();
        push_entry(&mut index, self.heads.len());
        for &first in &self.first_methods {
            push_entry(&mut index, first);
        }
        let names = order.numbers.iter();
        let mut hashes: Vec<_> = names.map(|(name, &n)| (layout::hash(name), n)).collect();
        hashes.sort_unstable();
        for (hash, number) in hashes {
            push_entry(&mut index, hash);
            push_entry(&mut index, number);
        }
        let numbers = Index(&index);
        let lists = self.early_lists.iter().map(|&class| numbers.list(class));
        let heads = self.early_heads.iter().map(|&class| numbers.head(class));
        let methods = self.early_methods.iter().map(|&m| numbers.method(m));
        let early: Vec<usize> = lists.chain(heads).chain(methods).collect();
        let sections = vec![0, numbers.method(0), numbers.comment(0)];
        let comments = self.comments.into_iter().filter(|_| self.extras.comments);
        let classes = self.lists.into_iter().chain(self.heads);
        let pieces = classes.chain([self.extras.left_out.to_string()]);
        let pieces: Vec<String> = pieces.chain(self.methods).chain(comments).collect();
        let mut early_text = String::new();
        push_entry(&mut index, early.len());
        for &piece in &early {
            early_text.push_str(&pieces[piece]);
            push_entry(&mut index, piece);
            push_entry(&mut index, early_text.len());
        }
        Library {
            pieces,
            selectors: self.selectors,
            sections,
            early,
            early_text,
            index,
        }
    }
}

/// The head of a class, and the path of the file where it is expected.
fn head(p: &Parsed<'_>, order: &Order<'_>) -> Result<(String, String), FormatError> {
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
    let mut lines = vec![String::new(); field::COUNT];
    lines[field::NAME] = p.class.clone();
    lines[field::SUPERCLASS] = superclass.map_or(String::new(), usize::to_string);
    let unless = |usual: &str, text: &str| if text == usual { "" } else { text }.to_string();
    lines[field::LAYOUT] = unless("normal", layout);
    lines[field::PACKAGE] = package.to_string();
    lines[field::CATEGORY] = unless(package, category);
    lines[field::FILE] = unless(&path, &p.file.path);
    let lists = ["instVars", "classVars", "classInstVars", "pools"];
    for (line, key) in lines[field::NAMES..].iter_mut().zip(lists) {
        *line = names(header, key)?;
    }
    Ok((lines.join("\n"), path))
}

/// A list of names. A slot expression, `#a => WeakSlot`, is its name.
fn names(header: &Map<'_>, key: &str) -> Result<String, FormatError> {
    let name = |text: &str| {
        let name = text.split("=>").next().unwrap_or(text).trim();
        name.trim_start_matches('#').to_string()
    };
    let names: Vec<String> = header.texts(key)?.into_iter().map(name).collect();
    Ok(names.join(" "))
}

/// The method as a reader should see it, on the lines where it is in its file.
fn text(p: &Parsed<'_>, m: &tonel::Method<'_>, keeps_comments: bool) -> String {
    let file = &p.file.text;
    let pattern = file[m.source.start..m.bracket].trim_end_matches([' ', '\t']);
    let body = &file[m.bracket + 1..m.source.end];
    let gap = match body.is_empty() || body.starts_with(char::is_whitespace) {
        true => "",
        false => " ",
    };
    let text = format!("{pattern}{gap}{body}");
    // `END` stands behind texts, and is white space in them.
    let text = text.replace('\0', " ");
    match keeps_comments {
        true => text,
        false => without_comments(&text),
    }
}
