//! Texts of either width: looking at them, comparing, hashing and putting them together.
//!
//! Owns [`Text`], through which all string primitives see ByteString, WideString and symbols
//! alike, and the rule that a result is as narrow as its characters allow. Must never hand out
//! a slice across an allocation.

pub(super) use super::arg;
use std::cmp::Ordering;

use crate::memory::{ClassIndex, Value};
use crate::vm::known::Known;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("stringEqual", equal),
    ("stringHash", hash),
    ("stringCompare", compare),
    ("stringCompareFolded", compare_folded),
    ("stringConcat", concat),
    ("stringFromCharacters", from_characters),
    ("stringRepeatCharacter", repeat_character),
    ("stringAt", at),
    ("stringAtPut", at_put),
];

/// Texts of so many characters cost fuel when they are compared.
const LONG: usize = 256;

/// The characters of a string object, in place.
#[derive(Clone, Copy)]
pub enum Text<'a> {
    /// Latin-1 codes.
    Bytes(&'a [u8]),
    /// Code points.
    Wide(&'a [u32]),
}

impl Text<'_> {
    /// How many characters there are.
    pub fn len(self) -> usize {
        match self {
            Text::Bytes(b) => b.len(),
            Text::Wide(w) => w.len(),
        }
    }

    /// Code of the character at `i`, from 0.
    pub fn at(self, i: usize) -> u32 {
        match self {
            Text::Bytes(b) => u32::from(b[i]),
            Text::Wide(w) => w[i],
        }
    }

    /// The codes of all characters.
    pub fn codes(self) -> impl Iterator<Item = u32> {
        (0..self.len()).map(move |i| self.at(i))
    }

    /// The codes of the characters `from..to`.
    pub fn part(&self, from: usize, to: usize) -> Text<'_> {
        match self {
            Text::Bytes(b) => Text::Bytes(&b[from..to]),
            Text::Wide(w) => Text::Wide(&w[from..to]),
        }
    }

    /// Whether the characters are the same.
    pub fn same(self, other: Text<'_>) -> bool {
        match (self, other) {
            (Text::Bytes(a), Text::Bytes(b)) => a == b,
            (Text::Wide(a), Text::Wide(b)) => a == b,
            _ => self.len() == other.len() && self.codes().eq(other.codes()),
        }
    }
}

/// Whether instances of the class are strings or symbols of the four machine classes.
#[inline]
pub fn is_text_class(class: ClassIndex) -> bool {
    (Known::ByteString.index()..=Known::WideSymbol.index()).contains(&class)
}

/// Whether instances of the class are symbols.
#[inline]
pub fn is_symbol_class(class: ClassIndex) -> bool {
    class == Known::ByteSymbol.index() || class == Known::WideSymbol.index()
}

/// The characters of a string or symbol of any class; none for anything else.
#[inline]
pub fn text(vm: &Vm, v: Value) -> Option<Text<'_>> {
    if !v.is_object() || !(is_text_class(vm.heap.class_of(v)) || vm.is_string(v)) {
        return None;
    }
    Some(if vm.heap.is_bytes(v) {
        Text::Bytes(vm.heap.bytes(v))
    } else {
        Text::Wide(vm.heap.words32(v))
    })
}

/// `text` of an argument, or the failure.
pub fn text_arg(vm: &Vm, v: Value) -> Result<Text<'_>, PrimError> {
    text(vm, v).ok_or(PrimError::BadArgument)
}

/// Characters on their way into a new string.
#[derive(Default)]
pub struct Builder {
    bytes: Vec<u8>,
    wide: Vec<u32>,
    is_wide: bool,
}

impl Builder {
    /// Room for `n` characters, if the machine may have that much.
    pub fn of_size(vm: &Vm, n: usize) -> Result<Builder, PrimError> {
        if !vm.heap.can_allocate(n.saturating_add(64)) {
            return Err(PrimError::NoMemory);
        }
        Ok(Builder::with_capacity(n))
    }

    /// Room for `n` characters.
    pub fn with_capacity(n: usize) -> Builder {
        Builder {
            bytes: Vec::with_capacity(n),
            ..Builder::default()
        }
    }

    fn widen(&mut self) {
        if !self.is_wide {
            self.wide = self.bytes.iter().map(|&b| u32::from(b)).collect();
            self.is_wide = true;
        }
    }

    /// Appends one character.
    pub fn push(&mut self, code: u32) {
        match u8::try_from(code) {
            Ok(byte) if !self.is_wide => self.bytes.push(byte),
            _ => {
                self.widen();
                self.wide.push(code);
            }
        }
    }

    /// Appends a text.
    pub fn extend(&mut self, text: Text<'_>) {
        match text {
            Text::Bytes(b) if !self.is_wide => self.bytes.extend_from_slice(b),
            _ => text.codes().for_each(|c| self.push(c)),
        }
    }

    /// The new ByteString or WideString.
    pub fn finish(self, vm: &mut Vm) -> PrimResult {
        let size = if self.is_wide {
            self.wide.len() * 4
        } else {
            self.bytes.len()
        };
        if !vm.heap.can_allocate(size + 64) {
            return Err(PrimError::NoMemory);
        }
        vm.charge(size >> 6);
        if !self.is_wide {
            return Ok(vm.new_byte_string(&self.bytes));
        }
        Ok(new_wide(vm, &self.wide))
    }
}

/// A new WideString of these codes.
pub fn new_wide(vm: &mut Vm, codes: &[u32]) -> Value {
    let v = vm
        .heap
        .new_words32(Known::WideString.index(), codes.len(), false);
    vm.heap.words32_mut(v).copy_from_slice(codes);
    v
}

/// The index argument as an offset below `size`.
pub fn offset(v: Value, size: usize) -> Result<usize, PrimError> {
    let index = v.as_int().ok_or(PrimError::BadArgument)?;
    match usize::try_from(index) {
        Ok(i) if i >= 1 && i <= size => Ok(i - 1),
        _ => Err(PrimError::BadIndex),
    }
}

/// Equal characters, whatever the widths; two symbols are equal only when identical.
fn equal(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if args[0] == arg(args, 1)? {
        return Ok(Value::TRUE);
    }
    let mine = text(vm, args[0]).ok_or(PrimError::BadReceiver)?;
    let Some(other) = text(vm, arg(args, 1)?) else {
        return Ok(Value::FALSE);
    };
    let symbols = is_symbol_class(vm.heap.class_of(args[0]))
        && is_symbol_class(vm.heap.class_of(arg(args, 1)?));
    let (same, size) = (!symbols && mine.same(other), mine.len().min(other.len()));
    if size >= LONG {
        vm.charge(size >> 6);
    }
    Ok(Value::bool(same))
}

/// The hash of an empty string, before its length has gone into it.
const START: u64 = 0x9E37_79B9_7F4A_7C15;

/// Depends on the characters alone, not on their width.
pub fn hash_of(text: Text<'_>) -> i64 {
    let start = text.len() as u64 ^ START;
    let hash = match text {
        Text::Bytes(b) => {
            let (words, rest) = b.as_chunks::<8>();
            let hash = words
                .iter()
                .fold(start, |h, &w| mix(h, u64::from_le_bytes(w)));
            if rest.is_empty() {
                hash
            } else {
                mix(hash, packed(rest.iter().copied()))
            }
        }
        Text::Wide(w) if w.iter().all(|&c| c < 256) => w.chunks(8).fold(start, |h, part| {
            mix(h, packed(part.iter().map(|&c| c as u8)))
        }),
        Text::Wide(w) => w.iter().fold(start, |h, &c| mix(h, u64::from(c))),
    };
    (hash >> 4) as i64
}

/// `hash_of` a string or symbol of the four machine classes; none for anything else.
#[inline]
pub fn machine_hash(vm: &Vm, v: Value) -> Option<i64> {
    if !v.is_object() || !is_text_class(vm.heap.class_of(v)) {
        return None;
    }
    if vm.heap.is_bytes(v) {
        // The unused bytes of the last word are zero, as `packed` would make them.
        let start = vm.heap.bytes(v).len() as u64 ^ START;
        let words = vm.heap.byte_words(v).iter();
        return Some((words.fold(start, |h, &w| mix(h, u64::from_le(w))) >> 4) as i64);
    }
    Some(hash_of(Text::Wide(vm.heap.words32(v))))
}

/// Eight bytes or fewer as a number, the first one lowest.
#[inline]
fn packed(bytes: impl DoubleEndedIterator<Item = u8>) -> u64 {
    bytes
        .rev()
        .fold(0, |word, byte| word << 8 | u64::from(byte))
}

/// One more word in a hash: the halves of a product with 128 bits hold a bit of every bit.
#[inline]
fn mix(hash: u64, word: u64) -> u64 {
    const SPREAD: u64 = 0x517C_C1B7_2722_0A95;
    let product = u128::from(hash ^ word) * u128::from(SPREAD);
    (product >> 64) as u64 ^ product as u64
}

fn hash(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = text(vm, args[0]).ok_or(PrimError::BadReceiver)?;
    let hash = machine_hash(vm, args[0]).unwrap_or_else(|| hash_of(text));
    let size = text.len();
    vm.charge(size >> 6);
    Ok(Value::int(hash))
}

/// -1, 0 or 1.
fn order(order: Ordering) -> Value {
    Value::int(order as i64)
}

/// Lexicographic by code points.
pub fn compare_texts(a: Text<'_>, b: Text<'_>) -> Ordering {
    match (a, b) {
        (Text::Bytes(a), Text::Bytes(b)) => a.cmp(b),
        _ => a.codes().cmp(b.codes()),
    }
}

fn compare(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (a, b) = (text_arg(vm, args[0])?, text_arg(vm, arg(args, 1)?)?);
    let (found, size) = (compare_texts(a, b), a.len().min(b.len()));
    vm.charge(size >> 6);
    Ok(order(found))
}

fn compare_folded(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (a, b) = (text_arg(vm, args[0])?, text_arg(vm, arg(args, 1)?)?);
    let fold = super::character::lower;
    let found = a.codes().map(fold).cmp(b.codes().map(fold));
    let size = a.len().min(b.len());
    vm.charge(size >> 4);
    Ok(order(found))
}

fn concat(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (a, b) = (text_arg(vm, args[0])?, text_arg(vm, arg(args, 1)?)?);
    let mut result = Builder::of_size(vm, a.len() + b.len())?;
    result.extend(a);
    result.extend(b);
    result.finish(vm)
}

/// The receiver is a class: String itself, ByteString or WideString.
fn string_class(vm: &Vm, v: Value) -> Result<(), PrimError> {
    let class = vm.classes.index_of(v).ok_or(PrimError::BadReceiver)?;
    let byte = Known::ByteString.index();
    let root = vm.classes.get(byte).and_then(|c| c.superclass);
    if class == byte || Some(class) == root {
        return Ok(());
    }
    Err(PrimError::Unsupported)
}

/// On a string class: a string of the Characters in an Array.
fn from_characters(vm: &mut Vm, args: &[Value]) -> PrimResult {
    string_class(vm, args[0])?;
    if vm.heap.class_of(arg(args, 1)?) != Known::Array.index() {
        return Err(PrimError::BadArgument);
    }
    let slots = vm.heap.pointer_slots(arg(args, 1)?);
    let mut result = Builder::of_size(vm, slots.len())?;
    for v in slots {
        result.push(v.as_char().ok_or(PrimError::BadArgument)?);
    }
    result.finish(vm)
}

/// On a string class: one Character so many times.
fn repeat_character(vm: &mut Vm, args: &[Value]) -> PrimResult {
    string_class(vm, args[0])?;
    let code = arg(args, 1)?.as_char().ok_or(PrimError::BadArgument)?;
    let count = arg(args, 2)?
        .as_int()
        .and_then(|n| usize::try_from(n).ok())
        .ok_or(PrimError::BadArgument)?;
    let bytes = count.checked_mul(4).ok_or(PrimError::NoMemory)?;
    if !vm.heap.can_allocate(bytes) {
        return Err(PrimError::NoMemory);
    }
    vm.charge(bytes >> 6);
    if let Ok(byte) = u8::try_from(code) {
        let v = vm
            .heap
            .new_zeroed_bytes(Known::ByteString.index(), count, false);
        vm.heap.bytes_mut(v).fill(byte);
        return Ok(v);
    }
    let v = vm.heap.new_words32(Known::WideString.index(), count, false);
    vm.heap.words32_mut(v).fill(code);
    Ok(v)
}

fn at(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = text(vm, args[0]).ok_or(PrimError::BadReceiver)?;
    let i = offset(arg(args, 1)?, text.len())?;
    Ok(Value::char(text.at(i)))
}

/// Fails with a bad argument when the Character is too wide for the string.
fn at_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = text(vm, args[0]).ok_or(PrimError::BadReceiver)?;
    let i = offset(arg(args, 1)?, text.len())?;
    let code = arg(args, 2)?.as_char().ok_or(PrimError::BadArgument)?;
    if vm.heap.is_immutable(args[0]) {
        return Err(PrimError::ReadOnly);
    }
    if vm.heap.is_bytes(args[0]) {
        vm.heap.bytes_mut(args[0])[i] = u8::try_from(code).map_err(|_| PrimError::BadArgument)?;
    } else {
        vm.heap.words32_mut(args[0])[i] = code;
    }
    arg(args, 2)
}
