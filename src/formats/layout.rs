//! The layout of the library's index, which `index` writes and `loader::image` reads.
//!
//! Small, for it lies in every program that embeds Chirp; and walked as it lies there, without being unpacked. First
//! `HEADER` words (little-endian, 32 bits): `MAGIC`, the numbers of strings, classes and methods, where in the joined text
//! the comments begin, and for each 64 KB of the strings but the first the number of the first string that begins there.
//! Then tables, each with entries of so many bytes: where each string begins, within its 64 KB, and where the last one ends
//! (2); where each class's record begins behind these tables (3); the classes' numbers in the order of their names (2).
//!
//! A record is a sequence of numbers, each in as many bytes as it needs, of seven bits, the lowest first. The first
//! are the fields below, then follow the four lists of variables, each with its length; then the methods, those of the
//! instance side first. Of a method: twice its selector, and one if two numbers follow, its protocol and its file, which
//! are those of the one before otherwise; its length; where in it Tonel's bracket was; how many lines behind the one
//! before, if that is of the same file, it begins. In the joined text methods lie in this order, without anything between.
//!
//! A file is the number of its path and one, or 0 if that is as the class wants it: `path` says how.

/// "IHC" and the layout's version.
pub const MAGIC: u32 = 0x0343_4849;
pub const HEADER: usize = 5 + SEGMENTS - 1;
/// How many times 64 KB of strings there may be.
pub const SEGMENTS: usize = 4;
/// What stands where a class has its layout, for a trait.
pub const TRAIT: &str = "trait";

/// Bytes of an entry of each table.
pub const STRING: usize = 2;
pub const CLASS: usize = 3;
pub const ORDER: usize = 2;

/// Fields of a class's record. Names are numbers of strings; what may be missing is one more than the number, or 0.
pub mod field {
    pub const NAME: usize = 0;
    /// May be missing.
    pub const SUPERCLASS: usize = 1;
    pub const LAYOUT: usize = 2;
    pub const CATEGORY: usize = 3;
    pub const PACKAGE: usize = 4;
    pub const FILE: usize = 5;
    /// Where in the joined text the methods begin.
    pub const TEXT: usize = 6;
    /// Where behind the beginning of all comments its own begins.
    pub const COMMENT: usize = 7;
    /// May be missing.
    pub const COMMENT_LENGTH: usize = 8;
    pub const INSTANCE_METHODS: usize = 9;
    pub const CLASS_METHODS: usize = 10;
    /// How many there are; the first list begins here.
    pub const COUNT: usize = 11;
}
/// The lists of variables: instance, class, class instance variables, pools.
pub const LISTS: usize = 4;

/// The path of the file that defines a class, as it is expected.
pub fn path(package: &str, class: &str, is_trait: bool) -> String {
    let kind = if is_trait { "trait" } else { "class" };
    format!("{package}/{class}.{kind}.st")
}

/// Adds a number to a record.
pub fn push(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Adds an entry of a table.
pub fn push_entry(bytes: &mut Vec<u8>, number: usize, size: usize) {
    bytes.extend(&(number as u64).to_le_bytes()[..size]);
}

/// An entry of a table that begins at `base`; 0 behind the end.
pub fn entry(bytes: &[u8], base: usize, number: usize, size: usize) -> usize {
    let at = base + number * size;
    let entry = bytes.get(at..at + size).unwrap_or_default();
    entry
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | byte as usize)
}

/// Reads the numbers of a record, one after the other; zeros behind the end.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Record<'a> {
    /// The record that begins at byte `at`.
    pub fn new(bytes: &'a [u8], at: usize) -> Record<'a> {
        Record { bytes, at }
    }

    pub fn number(&mut self) -> usize {
        let (mut number, mut shift) = (0, 0);
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            number |= (byte as usize & 0x7F) << shift;
            shift += 7;
            if byte < 0x80 || shift >= usize::BITS {
                break;
            }
        }
        number
    }

    pub fn skip(mut self, count: usize) -> Record<'a> {
        for _ in 0..count {
            self.number();
        }
        self
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
        let mut record = Record::new(&bytes, 0);
        assert_eq!(numbers.map(|_| record.number()), numbers);
        assert_eq!(record.number(), 0);
        let mut table = Vec::new();
        push_entry(&mut table, 0x12_3456, 3);
        push_entry(&mut table, 7, 3);
        assert_eq!(entry(&table, 0, 0, 3), 0x12_3456);
        assert_eq!(entry(&table, 0, 1, 3), 7);
        assert_eq!(entry(&table, 0, 2, 3), 0);
    }
}
