//! The header word of a heap object, and the formats.
//!
//! Owns the bit layout; must never allocate or trace.
//!
//! ```text
//! bits  0..22 class index      22..27 format     27 OLD   28 REMEMBERED   29 MARK   30 AGE   31 READ-ONLY
//! bits 32..56 identity hash (0: not yet given)   56..64 slots (255: the word before the header holds the size)
//! ```
//! A slot is a 64-bit word; every object has at least one, so that a forwarding address fits.

/// Index of a class in the class table.
pub type ClassIndex = u32;

pub const CLASS_MASK: u64 = (1 << 22) - 1;
pub const FORMAT_SHIFT: u32 = 22;
pub const OLD: u64 = 1 << 27;
pub const REMEMBERED: u64 = 1 << 28;
pub const MARK: u64 = 1 << 29;
pub const AGE: u64 = 1 << 30;
pub const READ_ONLY: u64 = 1 << 31;
pub const HASH_SHIFT: u32 = 32;
pub const HASH_MASK: u64 = (1 << 24) - 1;
pub const SLOTS_SHIFT: u32 = 56;
/// Slot count that says: the real one stands in the word before the header.
pub const LARGE_SLOTS: u64 = 255;
/// Class index of an object that has moved; its first slot holds the new address.
pub const FORWARDED: ClassIndex = 0;
/// Class index of words without meaning, left where become has taken an object away.
pub const FILLER: ClassIndex = CLASS_MASK as ClassIndex;

/// What the body of an object consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Format {
    /// Named variables only.
    Fixed = 1,
    /// Named variables, then indexable ones.
    Indexable = 3,
    /// Likewise, the indexable ones weak.
    Weak = 4,
    /// Named variables only; the first is the key.
    Ephemeron = 5,
    /// 64-bit numbers.
    Words64 = 9,
    /// 32-bit numbers (10 or 11: the lowest bit tells whether the last half word is unused).
    Words32 = 10,
    /// 16-bit numbers (12 to 15: the lowest two bits count the unused numbers of the last word).
    Words16 = 12,
    /// Bytes (16 to 23: the lowest three bits count the unused bytes of the last word).
    Bytes = 16,
}

impl Format {
    /// Reads the format bits of a header, unused-element bits dropped.
    #[inline(always)]
    pub fn of(header: u64) -> Format {
        match (header >> FORMAT_SHIFT) & 31 {
            0 | 1 => Format::Fixed,
            2 | 3 => Format::Indexable,
            4 => Format::Weak,
            5 => Format::Ephemeron,
            9 => Format::Words64,
            10 | 11 => Format::Words32,
            12..=15 => Format::Words16,
            _ => Format::Bytes,
        }
    }

    /// Whether the slots are references.
    #[inline(always)]
    pub fn is_pointers(self) -> bool {
        (self as u8) < 9
    }

    /// Whether objects of this format have indexable elements.
    pub fn is_indexable(self) -> bool {
        !matches!(self, Format::Fixed | Format::Ephemeron)
    }
}

/// Whether a header belongs to an object of references.
#[inline(always)]
pub fn is_pointers(header: u64) -> bool {
    header & (31 << FORMAT_SHIFT) < 9 << FORMAT_SHIFT
}

/// Whether a header belongs to a byte object.
#[inline(always)]
pub fn is_bytes(header: u64) -> bool {
    header & (31 << FORMAT_SHIFT) >= 16 << FORMAT_SHIFT
}

/// Class index of a header.
#[inline(always)]
pub fn class_of(header: u64) -> ClassIndex {
    (header & CLASS_MASK) as ClassIndex
}

/// A fresh header; `format` may carry unused-element bits.
#[inline(always)]
pub fn make(class: ClassIndex, format: u64, slots: usize) -> u64 {
    let count = if slots < LARGE_SLOTS as usize {
        slots as u64
    } else {
        LARGE_SLOTS
    };
    class as u64 | format << FORMAT_SHIFT | count << SLOTS_SHIFT
}
