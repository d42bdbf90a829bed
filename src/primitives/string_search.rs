//! Finding things in strings.
//!
//! Owns searching for characters, substrings, line ends and delimiters. Indices are from 1 and
//! 0 means absent, as the Smalltalk side wants them. Must never allocate except for a result.

use super::character::lower;
use super::string::{Builder, Text, arg, text, text_arg};
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};
use chirp_grammar::sorting::sort_by;

/// The primitives of this file.
pub const TABLE: Table = table![
    ("stringIndexOf", index_of),
    ("stringFind", find),
    ("stringBeginsWith", begins_with),
    ("stringEndsWith", ends_with),
    ("stringReplaceAll", replace_all),
    ("stringFindLineEnd", find_line_end),
    ("stringFindAny", find_any),
    ("stringSkipAny", skip_any),
    ("stringTokens", tokens),
    ("stringLines", lines),
];

/// Where a search begins, as an offset; an index below 1 counts as 1.
fn start(v: Value) -> Result<usize, PrimError> {
    let index = v.as_int().ok_or(PrimError::BadArgument)?;
    Ok(usize::try_from(index.max(1) - 1).unwrap_or(usize::MAX))
}

fn answer(found: Option<usize>) -> PrimResult {
    Ok(Value::int(found.map_or(0, |i| i as i64 + 1)))
}

/// The first offset from `from` on whose code satisfies `test`.
fn first(text: Text<'_>, from: usize, test: impl Fn(u32) -> bool) -> Option<usize> {
    (from..text.len()).find(|&i| test(text.at(i)))
}

/// receiver, Character, start. Absent what is no Character.
fn index_of(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let from = start(arg(args, 2)?)?;
    let Some(code) = arg(args, 1)?.as_char() else {
        return Ok(Value::int(0));
    };
    let text = text(vm, args[0]).ok_or(PrimError::BadReceiver)?;
    let size = text.len();
    let found = match text {
        Text::Bytes(b) => match (u8::try_from(code), b.get(from..)) {
            (Ok(byte), Some(rest)) => memchr::memchr(byte, rest).map(|i| i + from),
            _ => None,
        },
        Text::Wide(w) => w
            .get(from..)
            .and_then(|rest| rest.iter().position(|&x| x == code))
            .map(|i| i + from),
    };
    vm.charge(found.unwrap_or(size).saturating_sub(from) >> 6);
    answer(found)
}

/// The first offset from `from` on at which `pattern` stands.
fn find_text(text: Text<'_>, pattern: Text<'_>, from: usize) -> Option<usize> {
    if let (Text::Bytes(t), Text::Bytes(p)) = (text, pattern) {
        return memchr::memmem::find(t.get(from..)?, p).map(|at| at + from);
    }
    find_mapped(text, pattern, from, |c| c)
}

/// The same for characters that are equal when `map` makes them so. Every character is looked at twice at most,
/// however the pattern repeats itself (Knuth, Morris and Pratt 1977).
fn find_mapped(
    text: Text<'_>,
    pattern: Text<'_>,
    from: usize,
    map: impl Fn(u32) -> u32,
) -> Option<usize> {
    let last = text.len().checked_sub(pattern.len())?;
    if from > last {
        return None;
    }
    let pattern: Vec<u32> = pattern.codes().map(&map).collect();
    // How much of the pattern still stands when what follows so much of it differs.
    let mut borders = vec![0; pattern.len()];
    let mut fits = 0;
    for at in 1..pattern.len() {
        while fits > 0 && pattern[at] != pattern[fits] {
            fits = borders[fits - 1];
        }
        fits += usize::from(pattern[at] == pattern[fits]);
        borders[at] = fits;
    }
    fits = 0;
    for at in from..text.len() {
        let code = map(text.at(at));
        while fits > 0 && code != pattern[fits] {
            fits = borders[fits - 1];
        }
        fits += usize::from(code == pattern[fits]);
        if fits == pattern.len() {
            return Some(at + 1 - fits);
        }
    }
    None
}

/// receiver, string, start, case-sensitive. An empty string is found nowhere.
fn find(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (text, pattern) = (text_arg(vm, args[0])?, text_arg(vm, arg(args, 1)?)?);
    let from = start(arg(args, 2)?)?;
    let exact = arg(args, 3)?.as_bool().ok_or(PrimError::BadArgument)?;
    let size = text.len();
    let found = if pattern.len() == 0 {
        None
    } else if exact {
        find_text(text, pattern, from)
    } else {
        find_mapped(text, pattern, from, lower)
    };
    let end = found.unwrap_or(size);
    vm.charge(end.saturating_sub(from) >> if exact { 6 } else { 4 });
    answer(found)
}

fn begins_with(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (text, prefix) = (text_arg(vm, args[0])?, text_arg(vm, arg(args, 1)?)?);
    let size = prefix.len();
    let fits = size <= text.len() && text.part(0, size).same(prefix);
    vm.charge(size >> 6);
    Ok(Value::bool(fits))
}

fn ends_with(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (text, suffix) = (text_arg(vm, args[0])?, text_arg(vm, arg(args, 1)?)?);
    let Some(at) = text.len().checked_sub(suffix.len()) else {
        return Ok(Value::FALSE);
    };
    let (size, fits) = (suffix.len(), text.part(at, text.len()).same(suffix));
    vm.charge(size >> 6);
    Ok(Value::bool(fits))
}

/// In a longer text the library replaces piece by piece, where it can be interrupted.
const MAX_REPLACED: usize = 1 << 20;

/// A copy with every occurrence of one string replaced by another, from left to right.
fn replace_all(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (text, old, new) = (
        text_arg(vm, args[0])?,
        text_arg(vm, arg(args, 1)?)?,
        text_arg(vm, arg(args, 2)?)?,
    );
    if old.len() == 0 {
        return Err(PrimError::BadArgument);
    }
    if text.len() > MAX_REPLACED {
        return Err(PrimError::Unsupported);
    }
    let size = text.len();
    // Counted first, so that a result that is too large fails before it takes memory.
    let (mut count, mut at) = (0usize, 0);
    while let Some(found) = find_text(text, old, at) {
        count += 1;
        at = found + old.len();
    }
    let added = count.checked_mul(new.len()).ok_or(PrimError::NoMemory)?;
    let mut result = Builder::of_size(vm, text.len().saturating_add(added))?;
    at = 0;
    while let Some(found) = find_text(text, old, at) {
        result.extend(text.part(at, found));
        result.extend(new);
        at = found + old.len();
    }
    result.extend(text.part(at, text.len()));
    vm.charge(size >> 4);
    result.finish(vm)
}

/// receiver, start: the next carriage return or line feed.
fn find_line_end(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let from = start(arg(args, 1)?)?;
    let text = text(vm, args[0]).ok_or(PrimError::BadReceiver)?;
    let size = text.len();
    let found = first(text, from, |c| c == 10 || c == 13);
    vm.charge(found.unwrap_or(size).saturating_sub(from) >> 5);
    answer(found)
}

/// A set of characters that is quick to ask.
struct Delimiters {
    narrow: [bool; 256],
    /// Those beyond, in order.
    wide: Vec<u32>,
}

impl Delimiters {
    fn new(all: Text<'_>) -> Self {
        let mut narrow = [false; 256];
        let mut wide = Vec::new();
        for code in all.codes() {
            match narrow.get_mut(code as usize) {
                Some(known) => *known = true,
                None => wide.push(code),
            }
        }
        sort_by(&mut wide, Ord::cmp);
        Delimiters { narrow, wide }
    }

    fn includes(&self, code: u32) -> bool {
        match self.narrow.get(code as usize) {
            Some(&known) => known,
            None => self.wide.binary_search(&code).is_ok(),
        }
    }
}

/// receiver, string of characters, start: the first of them, or the size + 1.
fn find_any(vm: &mut Vm, args: &[Value]) -> PrimResult {
    delimiter(vm, args, true)
}

/// receiver, string of characters, start: the first other character, or the size + 1.
fn skip_any(vm: &mut Vm, args: &[Value]) -> PrimResult {
    delimiter(vm, args, false)
}

fn delimiter(vm: &mut Vm, args: &[Value], wanted: bool) -> PrimResult {
    let (text, set) = (text_arg(vm, args[0])?, text_arg(vm, arg(args, 1)?)?);
    let from = start(arg(args, 2)?)?;
    let size = text.len();
    let set = Delimiters::new(set);
    let found = first(text, from, |c| set.includes(c) == wanted).unwrap_or(size);
    vm.charge(found.saturating_sub(from) >> 5);
    Ok(Value::int(found as i64 + 1))
}

/// More pieces than this are collected in Smalltalk, where memory is watched at every step.
const MAX_PIECES: usize = 1 << 20;

/// A new Array of the parts of the receiver between the given offsets, as strings.
fn parts(vm: &mut Vm, receiver: Value, ranges: &[(usize, usize)]) -> PrimResult {
    let read = ranges.last().map_or(0, |&(_, end)| end);
    vm.charge(ranges.len() * 2 + (read >> 5));
    if !vm.heap.can_allocate(ranges.len() * 32) {
        return Err(PrimError::NoMemory);
    }
    let result = vm.new_array(ranges.len());
    for (i, &(from, to)) in ranges.iter().enumerate() {
        let mut part = Builder::with_capacity(to - from);
        part.extend(text_arg(vm, receiver)?.part(from, to));
        let part = part.finish(vm)?;
        vm.heap.set_slot(result, i, part);
    }
    Ok(result)
}

/// receiver, string of delimiters: an Array of the non-empty pieces between delimiters.
fn tokens(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (text, set) = (text_arg(vm, args[0])?, text_arg(vm, arg(args, 1)?)?);
    let set = Delimiters::new(set);
    let is_delimiter = |c: u32| set.includes(c);
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(from) = first(text, at, |c| !is_delimiter(c)) {
        at = first(text, from, is_delimiter).unwrap_or(text.len());
        ranges.push((from, at));
        if ranges.len() > MAX_PIECES {
            return Err(PrimError::Unsupported);
        }
    }
    parts(vm, args[0], &ranges)
}

/// An Array of the lines, which end with CR, LF or both; the last one may lack an end.
fn lines(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = text_arg(vm, args[0])?;
    let mut ranges = Vec::new();
    let mut from = 0;
    while from < text.len() {
        let end = first(text, from, |c| c == 10 || c == 13).unwrap_or(text.len());
        ranges.push((from, end));
        if ranges.len() > MAX_PIECES {
            return Err(PrimError::Unsupported);
        }
        let pair = end + 1 < text.len() && text.at(end) == 13 && text.at(end + 1) == 10;
        from = end + if pair { 2 } else { 1 };
    }
    parts(vm, args[0], &ranges)
}
