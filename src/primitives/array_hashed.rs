//! Hashed collections: probing the arrays behind Set, Dictionary and their identity forms.
//!
//! Owns the search for numbers, characters, strings and the three constants, whose equality and
//! hash the machine knows; with anything else it fails and the Smalltalk method searches. So
//! `simple_hash` must agree with what `hash` answers, and the order of probing with `placeOf:` and `scanFor:`.

use super::array::{MAX_WORK, counted_equal, simple_equal};
use super::string::{arg, is_symbol_class, is_text_class, machine_hash};
use crate::memory::Value;
use crate::vm::known::Known;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("setAdd", set_add),
    ("setIncludes", set_includes),
    ("setRemove", set_remove),
    ("dictionaryAt", dictionary_at),
    ("dictionaryAtPut", dictionary_at_put),
    ("dictionaryRemove", dictionary_remove),
    ("dictionaryIncludesKey", dictionary_includes_key),
    ("setScan", |vm, args| scan(vm, args, SET)),
    ("identitySetScan", |vm, args| scan(vm, args, IDENTITY_SET)),
    ("dictionaryScan", |vm, args| scan(vm, args, DICTIONARY)),
    ("identityDictionaryScan", |vm, args| {
        scan(vm, args, IDENTITY_DICTIONARY)
    }),
    ("setRehash", |vm, args| rehash(vm, args, SET)),
    ("identitySetRehash", |vm, args| {
        rehash(vm, args, IDENTITY_SET)
    }),
    ("dictionaryRehash", |vm, args| rehash(vm, args, DICTIONARY)),
    ("identityDictionaryRehash", |vm, args| {
        rehash(vm, args, IDENTITY_DICTIONARY)
    }),
];

/// What the array holds and how it is compared.
#[derive(Clone, Copy)]
struct Kind {
    associations: bool,
    identity: bool,
}

const SET: Kind = Kind {
    associations: false,
    identity: false,
};
const IDENTITY_SET: Kind = Kind {
    associations: false,
    identity: true,
};
const DICTIONARY: Kind = Kind {
    associations: true,
    identity: false,
};
const IDENTITY_DICTIONARY: Kind = Kind {
    associations: true,
    identity: true,
};

/// Arrays with so many places spread the hashes. `placeOf:` has the same number.
const SPREAD_FROM: usize = 100;

/// Texts of so many words are looked at by themselves: they cost fuel.
const LONG: usize = 32;

/// Places that are tried on the average for an object of a collection whose hashes are of any use are fewer.
const USUAL: usize = 8;

/// So many places tried for one object cost fuel.
const MANY: usize = 64;

// Places of a HashedCollection's variables.
const TALLY: usize = 0;
const ARRAY: usize = 1;

/// The array of the receiver, which has elements.
fn table(vm: &Vm, receiver: Value) -> Result<Value, PrimError> {
    let array = *vm
        .heap
        .pointer_slots(receiver)
        .get(ARRAY)
        .ok_or(PrimError::BadReceiver)?;
    if vm.heap.class_of(array) != Known::Array.index() || vm.heap.slots(array) == 0 {
        return Err(PrimError::BadReceiver);
    }
    Ok(array)
}

/// What `hash` answers for it, when the machine knows that.
#[inline(always)]
fn simple_hash(vm: &mut Vm, v: Value) -> Option<u64> {
    if let Some(n) = v.as_int() {
        return Some((n & ((1 << 60) - 1)) as u64);
    }
    if let Some(code) = v.as_char() {
        return Some(u64::from(code));
    }
    if v == Value::NIL || v.as_bool().is_some() {
        return Some(u64::from(vm.heap.identity_hash(v)));
    }
    machine_hash(vm, v).map(|hash| hash as u64)
}

/// The offset at which the search for an object with this hash begins. Over a larger array hashes
/// are spread: neighbours, as of numbers in a row, would take a long run of places, which the
/// search for a number that is not there goes through. A smaller one keeps numbers in their order.
#[inline(always)]
fn home(hash: u64, size: usize) -> usize {
    if size < SPREAD_FROM {
        return (hash % size as u64) as usize;
    }
    // As in `placeOf:`: the high bits count as well, or multiples of 2^28 would all be one.
    let folded = (hash ^ (hash >> 28)) as u32;
    // It has 28 bits, so that it is its own remainder if the size has more than 32.
    let spread = folded.wrapping_mul(1_664_525) & 0xFFF_FFFF;
    (spread % u32::try_from(size).unwrap_or(u32::MAX)) as usize
}

/// The hash by which an object of this kind of collection is placed.
#[inline(always)]
fn hash(vm: &mut Vm, v: Value, kind: Kind) -> Result<u64, PrimError> {
    if kind.identity {
        return Ok(u64::from(vm.heap.identity_hash(v)));
    }
    simple_hash(vm, v).ok_or(PrimError::Unsupported)
}

/// What of an element is compared. Only plain associations are looked into: others may compute
/// their key.
#[inline(always)]
fn key_of(vm: &Vm, element: Value, kind: Kind) -> Result<Value, PrimError> {
    if !kind.associations {
        return Ok(element);
    }
    match vm.heap.pair(element, Known::Association.index()) {
        Some([key, _]) => Ok(key),
        None => Err(PrimError::Unsupported),
    }
}

/// The offset of the element equal to `key` and true, or of the free place for it and false.
fn find(vm: &mut Vm, array: Value, key: Value, kind: Kind) -> Result<(usize, bool), PrimError> {
    find_inline(vm, array, key, kind)
}

/// `find` as part of the caller: for the accesses that programs make most.
#[inline(always)]
fn find_inline(
    vm: &mut Vm,
    array: Value,
    key: Value,
    kind: Kind,
) -> Result<(usize, bool), PrimError> {
    let hash = hash(vm, key, kind)?;
    if kind.identity {
        return probe(vm, array, hash, kind, |_, own| Some(own == key));
    }
    // Nothing that has a simple hash differs from itself, as not-a-number does.
    if key.is_int() {
        return probe(vm, array, hash, kind, |vm, own| match own.is_int() {
            true => Some(own == key),
            false => simple_equal(vm, own, key),
        });
    }
    if is_bytes(vm, key) && vm.heap.slots(key) < LONG {
        let symbol = is_symbol_class(vm.heap.class_of(key));
        let shape = vm.heap.shape(key);
        return probe(vm, array, hash, kind, |vm, own| {
            if own == key {
                Some(true)
            } else if is_bytes(vm, own) {
                let symbols = symbol && is_symbol_class(vm.heap.class_of(own));
                Some(!symbols && vm.heap.shape(own) == shape && vm.heap.same_words(own, key))
            } else {
                simple_equal(vm, own, key)
            }
        });
    }
    find_long(vm, array, key, hash, kind)
}

/// `find` for all the others, of which texts may be long.
#[inline(never)]
fn find_long(
    vm: &mut Vm,
    array: Value,
    key: Value,
    hash: u64,
    kind: Kind,
) -> Result<(usize, bool), PrimError> {
    let mut work = 0;
    let found = probe(vm, array, hash, kind, |vm, own| match own == key {
        true => Some(true),
        false if work > MAX_WORK => None,
        false => counted_equal(vm, own, key, &mut work),
    });
    // The hash has looked at all of it as well.
    vm.charge(work + (vm.heap.slots(key) >> 3));
    found
}

/// Whether it is a string or symbol of the machine's own narrow classes.
#[inline(always)]
fn is_bytes(vm: &Vm, v: Value) -> bool {
    v.is_object() && is_text_class(vm.heap.class_of(v)) && vm.heap.is_bytes(v)
}

/// Goes through the places from that of `hash` on; `same` compares what an element is found by. Many places cost fuel.
#[inline(always)]
fn probe(
    vm: &mut Vm,
    array: Value,
    hash: u64,
    kind: Kind,
    same: impl FnMut(&Vm, Value) -> Option<bool>,
) -> Result<(usize, bool), PrimError> {
    let mut tried = 0;
    let found = walk(vm, array, hash, kind, same, &mut tried);
    if tried >= MANY {
        vm.charge(tried >> 3);
    }
    found
}

#[inline(always)]
fn walk(
    vm: &Vm,
    array: Value,
    hash: u64,
    kind: Kind,
    mut same: impl FnMut(&Vm, Value) -> Option<bool>,
    tried: &mut usize,
) -> Result<(usize, bool), PrimError> {
    let slots = vm.heap.pointer_slots(array);
    let size = slots.len();
    let mut at = home(hash, size);
    while *tried < size {
        let element = slots[at];
        if element == Value::NIL {
            return Ok((at, false));
        }
        if same(vm, key_of(vm, element, kind)?).ok_or(PrimError::Unsupported)? {
            return Ok((at, true));
        }
        at = if at + 1 == size { 0 } else { at + 1 };
        *tried += 1;
    }
    Err(PrimError::Inappropriate)
}

/// receiver, object: the index of the element equal to the object, or of the free place for it.
fn scan(vm: &mut Vm, args: &[Value], kind: Kind) -> PrimResult {
    let array = table(vm, args[0])?;
    let (at, _) = find(vm, array, arg(args, 1)?, kind)?;
    Ok(Value::int(at as i64 + 1))
}

/// The kind of an instance of the library's own dictionary or set classes. Subclasses may place
/// their elements differently: for them the Smalltalk methods run, which send scanFor:.
fn plain_kind(vm: &Vm, receiver: Value, associations: bool) -> Result<Kind, PrimError> {
    let class = vm.heap.class_of(receiver);
    let kind = match class {
        c if c == Known::Dictionary.index() => DICTIONARY,
        c if c == Known::IdentityDictionary.index() => IDENTITY_DICTIONARY,
        c if c == Known::Set.index() => SET,
        c if c == Known::IdentitySet.index() => IDENTITY_SET,
        _ => return Err(PrimError::Unsupported),
    };
    if kind.associations == associations {
        Ok(kind)
    } else {
        Err(PrimError::BadReceiver)
    }
}

/// receiver, key: the value. Fails when there is none, with true as the code.
fn dictionary_at(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let kind = plain_kind(vm, args[0], true)?;
    let array = table(vm, args[0])?;
    match find_inline(vm, array, arg(args, 1)?, kind)? {
        (at, true) => {
            let element = vm.heap.slot(array, at);
            let pair = vm.heap.pair(element, Known::Association.index());
            pair.map(|[_, value]| value).ok_or(PrimError::Unsupported)
        }
        _ => Err(PrimError::Value(Value::TRUE)),
    }
}

fn dictionary_includes_key(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let kind = plain_kind(vm, args[0], true)?;
    let array = table(vm, args[0])?;
    Ok(Value::bool(find(vm, array, arg(args, 1)?, kind)?.1))
}

/// receiver, key, value. Fails when the array would have to grow.
fn dictionary_at_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let kind = plain_kind(vm, args[0], true)?;
    let array = table(vm, args[0])?;
    let (at, found) = find_inline(vm, array, arg(args, 1)?, kind)?;
    if found {
        let association = vm.heap.slot(array, at);
        if vm.heap.is_immutable(association) || vm.heap.slots(association) < 2 {
            return Err(PrimError::ReadOnly);
        }
        vm.heap.set_slot(association, 1, arg(args, 2)?);
        return arg(args, 2);
    }
    let tally = room_for_one(vm, args[0], array)?;
    let association = vm
        .heap
        .new_pair(Known::Association.index(), [arg(args, 1)?, arg(args, 2)?]);
    insert(vm, args[0], array, (at, association), tally);
    arg(args, 2)
}

/// receiver, object other than nil. Fails when the array would have to grow.
fn set_add(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let kind = plain_kind(vm, args[0], false)?;
    if arg(args, 1)? == Value::NIL {
        return Err(PrimError::BadArgument);
    }
    let array = table(vm, args[0])?;
    let (at, found) = find(vm, array, arg(args, 1)?, kind)?;
    if !found {
        let tally = room_for_one(vm, args[0], array)?;
        insert(vm, args[0], array, (at, arg(args, 1)?), tally);
    }
    arg(args, 1)
}

fn set_includes(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let kind = plain_kind(vm, args[0], false)?;
    if arg(args, 1)? == Value::NIL {
        return Err(PrimError::BadArgument);
    }
    let array = table(vm, args[0])?;
    Ok(Value::bool(find(vm, array, arg(args, 1)?, kind)?.1))
}

/// The new tally when one more element leaves a quarter of the array free; else fails.
fn room_for_one(vm: &Vm, receiver: Value, array: Value) -> Result<i64, PrimError> {
    if vm.heap.is_immutable(receiver) || vm.heap.is_immutable(array) {
        return Err(PrimError::ReadOnly);
    }
    let tally = vm
        .heap
        .slot(receiver, TALLY)
        .as_int()
        .ok_or(PrimError::BadReceiver)?
        + 1;
    let size = vm.heap.slots(array) as i64;
    if size - tally < (size / 4).max(1) {
        Err(PrimError::Inappropriate)
    } else {
        Ok(tally)
    }
}

fn insert(vm: &mut Vm, receiver: Value, array: Value, (at, element): (usize, Value), tally: i64) {
    vm.heap.set_slot(array, at, element);
    vm.heap.set_slot(receiver, TALLY, Value::int(tally));
}

/// receiver, key: takes the entry away and answers its value. Fails when there is none.
fn dictionary_remove(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let association = remove(vm, args, true)?;
    let value = vm.heap.pointer_slots(association).get(1).copied();
    Ok(value.unwrap_or(Value::NIL))
}

/// receiver, object other than nil: takes the element away. Fails when there is none.
fn set_remove(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if arg(args, 1)? == Value::NIL {
        return Err(PrimError::BadArgument);
    }
    remove(vm, args, false)?;
    arg(args, 1)
}

/// Takes the element found by the first argument out of the receiver's array and answers it. The
/// elements behind it move up that had to give way, as `fixCollisionsFrom:` does it.
fn remove(vm: &mut Vm, args: &[Value], associations: bool) -> PrimResult {
    let kind = plain_kind(vm, args[0], associations)?;
    let array = table(vm, args[0])?;
    let (found_at, found) = find(vm, array, arg(args, 1)?, kind)?;
    if !found {
        return Err(PrimError::NotFound);
    }
    let tally = vm.heap.slot(args[0], TALLY).as_int();
    let tally = tally.ok_or(PrimError::BadReceiver)? - 1;
    if vm.heap.is_immutable(args[0]) || vm.heap.is_immutable(array) {
        return Err(PrimError::ReadOnly);
    }
    // That all hashes behind are known is found out before anything moves.
    let size = vm.heap.slots(array);
    let mut end = (found_at + 1) % size;
    let mut words = 0;
    while end != found_at && vm.heap.slot(array, end) != Value::NIL {
        let (key, _) = element_hash(vm, vm.heap.slot(array, end), kind)?;
        words += long_words(vm, key);
        if words > MAX_WORK << 3 {
            vm.charge(MAX_WORK);
            return Err(PrimError::Unsupported);
        }
        end = (end + 1) % size;
    }
    vm.charge((((end + size - found_at) % size) >> 3) + (words >> 2));
    let removed = vm.heap.slot(array, found_at);
    let (mut free, mut at) = (found_at, (found_at + 1) % size);
    while at != end {
        let home = element_home(vm, array, at, kind)?;
        // It may move to the free place unless it belongs behind that.
        let (from_home, from_free) = ((at + size - home) % size, (at + size - free) % size);
        if from_home >= from_free {
            let element = vm.heap.slot(array, at);
            vm.heap.set_slot(array, free, element);
            free = at;
        }
        at = (at + 1) % size;
    }
    vm.heap.set_slot(array, free, Value::NIL);
    vm.heap.set_slot(args[0], TALLY, Value::int(tally));
    Ok(removed)
}

/// Where the search for the element at an offset begins.
fn element_home(vm: &mut Vm, array: Value, at: usize, kind: Kind) -> Result<usize, PrimError> {
    let (_, hash) = element_hash(vm, vm.heap.slot(array, at), kind)?;
    Ok(home(hash, vm.heap.slots(array)))
}

/// What of an element is compared, and the hash by which it is placed.
fn element_hash(vm: &mut Vm, element: Value, kind: Kind) -> Result<(Value, u64), PrimError> {
    let key = key_of(vm, element, kind)?;
    Ok((key, hash(vm, key, kind)?))
}

/// Words of a long text, all of which its hash looks at; 0 for everything else.
fn long_words(vm: &Vm, v: Value) -> usize {
    let words = vm.heap.slots(v);
    match words >= LONG && is_text_class(vm.heap.class_of(v)) {
        true => words,
        false => 0,
    }
}

/// receiver, old array: puts the elements of the old array into the receiver's, which is empty.
/// After a failure that holds some of them.
fn rehash(vm: &mut Vm, args: &[Value], kind: Kind) -> PrimResult {
    let array = table(vm, args[0])?;
    if vm.heap.class_of(arg(args, 1)?) != Known::Array.index() {
        return Err(PrimError::BadArgument);
    }
    if vm.heap.is_immutable(array) {
        return Err(PrimError::ReadOnly);
    }
    let elements: Vec<Value> = vm
        .heap
        .pointer_slots(arg(args, 1)?)
        .iter()
        .copied()
        .filter(|&v| v != Value::NIL)
        .collect();
    let size = vm.heap.slots(array);
    if elements.len() >= size {
        return Err(PrimError::BadArgument);
    }
    // Places that were taken, and characters of long texts that were hashed.
    let (mut taken, most) = (0, size.saturating_mul(USUAL) + (MAX_WORK << 3));
    let mut result = Ok(args[0]);
    for &element in &elements {
        let (key, mut at) = match element_hash(vm, element, kind) {
            Ok((key, hash)) => (key, home(hash, size)),
            Err(error) => {
                result = Err(error);
                break;
            }
        };
        taken += long_words(vm, key);
        while taken <= most && vm.heap.slot(array, at) != Value::NIL {
            at = if at + 1 == size { 0 } else { at + 1 };
            taken += 1;
        }
        if taken > most {
            result = Err(PrimError::Unsupported);
            break;
        }
        vm.heap.set_slot(array, at, element);
    }
    vm.charge((elements.len() + taken) >> 3);
    result
}
