//! Hashed collections: probing the arrays behind Set, Dictionary and their identity forms.
//!
//! Owns the search for numbers, characters, strings and the three constants, whose equality and
//! hash the machine knows; with anything else it fails and the Smalltalk method searches. So
//! `simple_hash` must agree with what `hash` answers, and the order of probing with `scanFor:`.

use super::array::{machine_text, simple_equal};
use super::string::{Text, arg, hash_of, is_symbol_class};
use crate::memory::{Format, Value};
use crate::vm::known::Known;
use crate::vm::{PrimError, PrimFn, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: &[(&str, PrimFn)] = &[
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
    machine_text(vm, v).map(|t| hash_of(t) as u64)
}

/// The hash by which an object of this kind of collection is placed.
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
    if vm.heap.class_of(element) != Known::Association.index() {
        return Err(PrimError::Unsupported);
    }
    vm.heap
        .pointer_slots(element)
        .first()
        .copied()
        .ok_or(PrimError::Unsupported)
}

/// The offset of the element equal to `key` and true, or of the free place for it and false.
fn find(vm: &mut Vm, array: Value, key: Value, kind: Kind) -> Result<(usize, bool), PrimError> {
    let hash = hash(vm, key, kind)?;
    if kind.identity {
        return probe(vm, array, hash, kind, |own| Some(own == key));
    }
    // Nothing that has a simple hash differs from itself, as not-a-number does.
    if key.is_int() {
        return probe(vm, array, hash, kind, |own| match own.is_int() {
            true => Some(own == key),
            false => simple_equal(vm, own, key),
        });
    }
    if let Some(Text::Bytes(bytes)) = machine_text(vm, key) {
        let symbol = is_symbol_class(vm.heap.class_of(key));
        return probe(vm, array, hash, kind, |own| match machine_text(vm, own) {
            Some(Text::Bytes(b)) => {
                let symbols = symbol && is_symbol_class(vm.heap.class_of(own));
                Some(own == key || !symbols && b == bytes)
            }
            _ => simple_equal(vm, own, key),
        });
    }
    probe(vm, array, hash, kind, |own| {
        (own == key)
            .then_some(true)
            .or_else(|| simple_equal(vm, own, key))
    })
}

/// Goes through the places from that of `hash` on; `same` compares what an element is found by.
#[inline(always)]
fn probe(
    vm: &Vm,
    array: Value,
    hash: u64,
    kind: Kind,
    same: impl Fn(Value) -> Option<bool>,
) -> Result<(usize, bool), PrimError> {
    let slots = vm.heap.pointer_slots(array);
    let size = slots.len();
    let mut at = (hash % size as u64) as usize;
    for _ in 0..size {
        let element = slots[at];
        if element == Value::NIL {
            return Ok((at, false));
        }
        if same(key_of(vm, element, kind)?).ok_or(PrimError::Unsupported)? {
            return Ok((at, true));
        }
        at = if at + 1 == size { 0 } else { at + 1 };
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
    let kinds = [
        (Known::Dictionary, DICTIONARY),
        (Known::IdentityDictionary, IDENTITY_DICTIONARY),
        (Known::Set, SET),
        (Known::IdentitySet, IDENTITY_SET),
    ];
    let found = kinds.into_iter().find(|(known, _)| known.index() == class);
    let (_, kind) = found.ok_or(PrimError::Unsupported)?;
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
    match find(vm, array, arg(args, 1)?, kind)? {
        (at, true) => {
            let association = vm.heap.slot(array, at);
            vm.heap
                .pointer_slots(association)
                .get(1)
                .copied()
                .ok_or(PrimError::Unsupported)
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
    let (at, found) = find(vm, array, arg(args, 1)?, kind)?;
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
        .new_pointers(Known::Association.index(), Format::Fixed, 2);
    vm.heap.set_slot(association, 0, arg(args, 1)?);
    vm.heap.set_slot(association, 1, arg(args, 2)?);
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
    // Where the elements behind belong is all found out before anything moves: it may fail.
    let size = vm.heap.slots(array);
    let mut behind = Vec::new();
    let mut at = (found_at + 1) % size;
    while at != found_at && vm.heap.slot(array, at) != Value::NIL {
        let element = vm.heap.slot(array, at);
        let key = key_of(vm, element, kind)?;
        behind.push((element, (hash(vm, key, kind)? % size as u64) as usize));
        at = (at + 1) % size;
    }
    vm.charge(behind.len() >> 3);
    let removed = vm.heap.slot(array, found_at);
    let (mut free, mut at) = (found_at, found_at);
    for (element, home) in behind {
        at = (at + 1) % size;
        // It may move to the free place unless it belongs behind that.
        let (from_home, from_free) = ((at + size - home) % size, (at + size - free) % size);
        if from_home >= from_free {
            vm.heap.set_slot(array, free, element);
            free = at;
        }
    }
    vm.heap.set_slot(array, free, Value::NIL);
    vm.heap.set_slot(args[0], TALLY, Value::int(tally));
    Ok(removed)
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
    vm.charge(elements.len() >> 3);
    for element in elements {
        let key = key_of(vm, element, kind)?;
        let start = (hash(vm, key, kind)? % size as u64) as usize;
        let mut places = (start..size).chain(0..start);
        let free = places.find(|&at| vm.heap.slot(array, at) == Value::NIL);
        let at = free.ok_or(PrimError::BadReceiver)?;
        vm.heap.set_slot(array, at, element);
    }
    Ok(args[0])
}
