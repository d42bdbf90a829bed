//! Hashed collections: probing the arrays behind Set, Dictionary and their identity forms.
//!
//! Owns the search for numbers, characters, strings and the three constants, whose equality and
//! hash the machine knows; with anything else it fails and the Smalltalk method searches. So
//! `simple_hash` must agree with what `hash` answers, and the order of probing with `scanFor:`.

use super::array::simple_equal;
use super::string::{hash_of, is_text_class, text};
use crate::memory::{Format, Value};
use crate::vm::known::Known;
use crate::vm::{PrimError, PrimFn, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: &[(&str, PrimFn)] = &[
    ("setAdd", set_add),
    ("setIncludes", set_includes),
    ("dictionaryAt", dictionary_at),
    ("dictionaryAtPut", dictionary_at_put),
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
    if v.is_object() && is_text_class(vm.heap.class_of(v)) {
        return text(vm, v).map(|t| hash_of(t) as u64);
    }
    None
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
fn key_of(vm: &Vm, element: Value, kind: Kind) -> Result<Value, PrimError> {
    if !kind.associations {
        return Ok(element);
    }
    if vm.heap.class_of(element) != Known::Association.index() {
        return Err(PrimError::Unsupported);
    }
    Ok(vm.heap.slot(element, 0))
}

/// The offset of the element equal to `key` and true, or of the free place for it and false.
fn find(vm: &mut Vm, array: Value, key: Value, kind: Kind) -> Result<(usize, bool), PrimError> {
    let hash = hash(vm, key, kind)?;
    let slots = vm.heap.pointer_slots(array);
    let size = slots.len();
    let mut at = (hash % size as u64) as usize;
    for _ in 0..size {
        let element = slots[at];
        if element == Value::NIL {
            return Ok((at, false));
        }
        let own = key_of(vm, element, kind)?;
        let equal = if kind.identity {
            own == key
        } else {
            simple_equal(vm, own, key).ok_or(PrimError::Unsupported)?
        };
        if equal {
            return Ok((at, true));
        }
        at = if at + 1 == size { 0 } else { at + 1 };
    }
    Err(PrimError::Inappropriate)
}

/// receiver, object: the index of the element equal to the object, or of the free place for it.
fn scan(vm: &mut Vm, args: &[Value], kind: Kind) -> PrimResult {
    let array = table(vm, args[0])?;
    let (at, _) = find(vm, array, args[1], kind)?;
    Ok(Value::int(at as i64 + 1))
}

/// The kind of an instance of the library's own class. Subclasses may place their elements
/// differently: for them the Smalltalk methods run, which send scanFor:.
fn plain_kind(vm: &Vm, receiver: Value) -> Result<Kind, PrimError> {
    let info = vm
        .classes
        .get(vm.heap.class_of(receiver))
        .ok_or(PrimError::BadReceiver)?;
    match info.name.as_str() {
        "Dictionary" => Ok(DICTIONARY),
        "IdentityDictionary" => Ok(IDENTITY_DICTIONARY),
        "Set" => Ok(SET),
        "IdentitySet" => Ok(IDENTITY_SET),
        _ => Err(PrimError::Unsupported),
    }
}

/// receiver, key: the value. Fails when there is none.
fn dictionary_at(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let kind = plain_kind(vm, args[0])?;
    let array = table(vm, args[0])?;
    match find(vm, array, args[1], kind)? {
        (at, true) => Ok(vm.heap.slot(vm.heap.slot(array, at), 1)),
        _ => Err(PrimError::NotFound),
    }
}

fn dictionary_includes_key(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let kind = plain_kind(vm, args[0])?;
    let array = table(vm, args[0])?;
    Ok(Value::bool(find(vm, array, args[1], kind)?.1))
}

/// receiver, key, value. Fails when the array would have to grow.
fn dictionary_at_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let kind = plain_kind(vm, args[0])?;
    let array = table(vm, args[0])?;
    let (at, found) = find(vm, array, args[1], kind)?;
    if found {
        let association = vm.heap.slot(array, at);
        if vm.heap.is_immutable(association) {
            return Err(PrimError::ReadOnly);
        }
        vm.heap.set_slot(association, 1, args[2]);
        return Ok(args[2]);
    }
    let tally = room_for_one(vm, args[0], array)?;
    let association = vm
        .heap
        .new_pointers(Known::Association.index(), Format::Fixed, 2);
    vm.heap.set_slot(association, 0, args[1]);
    vm.heap.set_slot(association, 1, args[2]);
    insert(vm, args[0], array, (at, association), tally);
    Ok(args[2])
}

/// receiver, object other than nil. Fails when the array would have to grow.
fn set_add(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let kind = plain_kind(vm, args[0])?;
    if args[1] == Value::NIL {
        return Err(PrimError::BadArgument);
    }
    let array = table(vm, args[0])?;
    let (at, found) = find(vm, array, args[1], kind)?;
    if !found {
        let tally = room_for_one(vm, args[0], array)?;
        insert(vm, args[0], array, (at, args[1]), tally);
    }
    Ok(args[1])
}

fn set_includes(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let kind = plain_kind(vm, args[0])?;
    if args[1] == Value::NIL {
        return Err(PrimError::BadArgument);
    }
    let array = table(vm, args[0])?;
    Ok(Value::bool(find(vm, array, args[1], kind)?.1))
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

/// receiver, old array: puts the elements of the old array into the receiver's, which is empty.
/// After a failure that holds some of them.
fn rehash(vm: &mut Vm, args: &[Value], kind: Kind) -> PrimResult {
    let array = table(vm, args[0])?;
    if vm.heap.class_of(args[1]) != Known::Array.index() {
        return Err(PrimError::BadArgument);
    }
    let elements: Vec<Value> = vm
        .heap
        .pointer_slots(args[1])
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
        let mut at = (hash(vm, key, kind)? % size as u64) as usize;
        while vm.heap.slot(array, at) != Value::NIL {
            at = (at + 1) % size;
        }
        vm.heap.set_slot(array, at, element);
    }
    Ok(args[0])
}
