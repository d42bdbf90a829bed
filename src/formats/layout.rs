//! The layout of the library's index and of the texts that go with it, which `index` writes and `loader::image` reads.
//!
//! All texts of the library are pieces with numbers from 0: for each class a list of its methods, then for each class its
//! head, then what was left out (`parts` says how), then the methods, class by class and in the order of the lists, then for
//! each class its comment if comments are kept. Classes are numbered in this order as well, each behind its superclass.
//!
//! The index itself is small, and not packed. It consists of entries of two bytes: the number of classes; for each class,
//! and for the end, the number of its first method; then for each class the hash of its name and its number, in the order
//! of the hashes; then the number of early pieces, which every program needs and which are therefore not packed; then for
//! each of these its number, and where it ends in the text of all of them.
//!
//! A head has a line for each field; a list has lines as `List` reads them.

use std::ops::Range;

/// What stands where a class has its layout, for a trait.
pub const TRAIT: &str = "trait";

/// The lines of a class's head.
pub mod field {
    pub const NAME: usize = 0;
    /// The superclass's number, or nothing.
    pub const SUPERCLASS: usize = 1;
    /// Nothing for `normal`.
    pub const LAYOUT: usize = 2;
    pub const PACKAGE: usize = 3;
    /// Nothing for the same as the package.
    pub const CATEGORY: usize = 4;
    /// Nothing if that is as the class wants it: `path` says how.
    pub const FILE: usize = 5;
    /// Instance, class, class instance variables, pools: each a line with blanks between the names.
    pub const NAMES: usize = 6;
    /// How many there are.
    pub const COUNT: usize = 10;
}

/// The path of the file that defines a class, as it is expected.
pub fn path(package: &str, class: &str, is_trait: bool) -> String {
    let kind = if is_trait { "trait" } else { "class" };
    format!("{package}/{class}.{kind}.st")
}

/// The largest number that an entry holds.
pub const MOST: usize = u16::MAX as usize;

/// Adds an entry to an index.
pub fn push_entry(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend((number as u16).to_le_bytes());
}

/// An entry of an index; 0 behind the end.
pub fn entry(bytes: &[u8], number: usize) -> usize {
    let entry = bytes.get(2 * number..2 * number + 2);
    entry.map_or(0, |entry| {
        usize::from(entry[0]) | usize::from(entry[1]) << 8
    })
}

/// The hash of a class's name.
pub fn hash(name: &str) -> usize {
    let add = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = name.bytes().fold(0x811C_9DC5, add);
    (hash >> 16 ^ hash) as usize & 0xFFFF
}

/// An index, read where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Index<'a>(pub &'a [u8]);

impl Index<'_> {
    pub fn num_classes(self) -> usize {
        entry(self.0, 0)
    }

    pub fn num_methods(self) -> usize {
        self.first_method(self.num_classes())
    }

    /// How many methods there are in front of those of this class.
    pub fn first_method(self, class: usize) -> usize {
        entry(self.0, 1 + class)
    }

    /// The hash at this place of their order, and the number of the class that has it.
    pub fn hash(self, place: usize) -> (usize, usize) {
        let at = self.num_classes() + 2 + 2 * place;
        (entry(self.0, at), entry(self.0, at + 1))
    }

    /// Where the entries of early pieces begin.
    fn early(self) -> usize {
        2 + 3 * self.num_classes()
    }

    /// Where in the text of early pieces this one is, if it is one of them.
    pub fn early_range(self, piece: usize) -> Option<Range<usize>> {
        let at = self.early();
        let (count, number) = (entry(self.0, at), |place| entry(self.0, at + 1 + 2 * place));
        let place = first_where(count, |place| number(place) >= piece);
        if place == count || number(place) != piece {
            return None;
        }
        let end = |place| entry(self.0, at + 2 + 2 * place);
        Some(place.checked_sub(1).map_or(0, end)..end(place))
    }

    /// The class that has this method.
    pub fn class_of(self, method: usize) -> usize {
        first_where(self.num_classes(), |class| {
            self.first_method(class + 1) > method
        })
    }

    /// The numbers of pieces.
    pub fn list(self, class: usize) -> usize {
        class
    }

    pub fn head(self, class: usize) -> usize {
        self.num_classes() + class
    }

    pub fn left_out(self) -> usize {
        2 * self.num_classes()
    }

    pub fn method(self, method: usize) -> usize {
        2 * self.num_classes() + 1 + method
    }

    pub fn comment(self, class: usize) -> usize {
        self.method(self.num_methods()) + class
    }
}

/// The first of `count` places from which on something is so; `count` if it is nowhere.
pub fn first_where(count: usize, is_so: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = (low + high) / 2;
        match is_so(middle) {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    low
}

/// What a list tells of a method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed<'a> {
    pub class_side: bool,
    pub protocol: &'a str,
    /// The path of its file; nothing for that of the class.
    pub file: &'a str,
    /// The line of that file that it begins on.
    pub line: usize,
    /// Where in the list its selector stands.
    pub selector: Range<usize>,
}

const PROTOCOL: char = '\t';
const FILE: char = '\r';
const CLASS_SIDE: char = ' ';
/// A number of lines up to `MORE` is a character from here on; for more, `MORE` stands for so many of them.
const LINES: u8 = b'0';
const MORE: u8 = b'~';

/// Reads a list of methods, those of the instance side first. Most lines stand for a method: how many lines behind the one
/// before it begins, in the same file, and its selector. Others tell what is so from now on: the protocol, the file, or
/// that all the rest is of the class side, where protocol and file are to be told anew.
#[derive(Clone, Debug)]
pub struct List<'a> {
    text: &'a str,
    at: usize,
    now: Listed<'a>,
}

impl<'a> List<'a> {
    pub fn new(text: &'a str) -> List<'a> {
        List {
            text,
            at: 0,
            now: Listed::default(),
        }
    }
}

impl<'a> Iterator for List<'a> {
    type Item = Listed<'a>;

    fn next(&mut self) -> Option<Listed<'a>> {
        loop {
            let rest = self.text.get(self.at..)?;
            // Lines are short: a search for a character would take longer.
            let end = rest.bytes().position(|byte| byte == b'\n')?;
            let (line, start) = (&rest[..end], self.at);
            self.at += end + 1;
            if let Some(protocol) = line.strip_prefix(PROTOCOL) {
                self.now.protocol = protocol;
            } else if let Some(file) = line.strip_prefix(FILE) {
                self.now.file = file;
                self.now.line = 0;
            } else if line.starts_with(CLASS_SIDE) {
                self.now = Listed {
                    class_side: true,
                    ..Listed::default()
                };
            } else {
                let more = line.bytes().take_while(|&byte| byte == MORE).count();
                let lines = line
                    .as_bytes()
                    .get(more)
                    .map_or(0, |byte| byte.wrapping_sub(LINES));
                self.now.line += more * usize::from(MORE - LINES) + usize::from(lines);
                self.now.selector = (start + more + 1).min(self.at - 1)..self.at - 1;
                return Some(self.now.clone());
            }
        }
    }
}

/// Writes what `List` reads.
#[derive(Default)]
pub struct ListWriter<'a> {
    pub text: String,
    now: Listed<'a>,
}

impl<'a> ListWriter<'a> {
    /// Adds a method; where its selector stands is found out here.
    pub fn add(&mut self, method: Listed<'a>, selector: &str) {
        if method.class_side != self.now.class_side {
            self.now = Listed::default();
            self.line(CLASS_SIDE, "");
        }
        if method.file != self.now.file {
            self.now.line = 0;
            self.line(FILE, method.file);
        }
        if method.protocol != self.now.protocol {
            self.line(PROTOCOL, method.protocol);
        }
        let lines = method.line - self.now.line;
        let most = usize::from(MORE - LINES);
        self.text
            .extend(std::iter::repeat_n(char::from(MORE), lines / most));
        self.line(char::from(LINES + (lines % most) as u8), selector);
        self.now = method;
    }

    fn line(&mut self, first: char, rest: &str) {
        self.text.extend([first]);
        self.text.extend([rest, "\n"]);
    }
}

/// Adds a number, in as many bytes as it needs, of seven bits, the lowest first.
pub fn push(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads such numbers, one after the other; zeros behind the end.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<'a>(pub &'a [u8]);

impl Numbers<'_> {
    pub fn number(&mut self) -> usize {
        let (mut number, mut shift) = (0, 0);
        while let Some((&byte, rest)) = self.0.split_first() {
            self.0 = rest;
            number |= (byte as usize & 0x7F) << shift;
            shift += 7;
            if byte < 0x80 || shift >= usize::BITS {
                break;
            }
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let numbers = [0, 1, 127, 128, 16_383, 16_384, 5_000_000];
        let mut bytes = Vec::new();
        for number in numbers {
            push(&mut bytes, number);
        }
        let mut read = Numbers(&bytes);
        assert_eq!(numbers.map(|_| read.number()), numbers);
        assert_eq!(read.number(), 0);
    }

    #[test]
    fn a_list_comes_back() {
        let methods = [
            (false, "arithmetic", "", 12, "+"),
            (false, "arithmetic", "", 16, "~="),
            (false, "accessing", "", 400, "x"),
            (false, "*Later", "Later/P.extension.st", 3, "a:b:"),
            (true, "*Later", "Later/P.extension.st", 7, "~"),
            (true, "", "", 2_000, "new"),
        ];
        let mut writer = ListWriter::default();
        for (class_side, protocol, file, line, selector) in methods {
            let method = Listed {
                class_side,
                protocol,
                file,
                line,
                selector: 0..0,
            };
            writer.add(method, selector);
        }
        let text = &writer.text;
        let read: Vec<_> = List::new(text)
            .map(|m| (m.class_side, m.protocol, m.file, m.line, &text[m.selector]))
            .collect();
        assert_eq!(read, methods);
    }

    #[test]
    fn damaged_lists_do_no_harm() {
        for text in ["", "\n", "~\n", "~", "\u{e9}\n", "\t\n\r\n \n\n"] {
            for method in List::new(text) {
                let _ = text.get(method.selector);
            }
        }
    }
}
