//! Hashed collections: probing the arrays behind Set, Dictionary and their identity forms.
//!
//! Owns the search for numbers, characters, strings and the three constants, whose equality and
//! hash the machine knows; with anything else it fails and the Smalltalk method searches. So
//! `simple_hash` must agree with what `hash` answers, and the order of probing with `scanFor:`.

use super::array::simple_equal;
use super::string::{hash_of, is_text_class, text};
use crate::memory::Value;
use crate::vm::known::Known;
use crate::vm::{PrimError, PrimFn, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: &[(&str, PrimFn)] = &[
    ("setScan", |vm, args| scan(vm, args, SET)),
    ("identitySetScan", |vm, args| scan(vm, args, IDENTITY_SET)),
    ("dictionaryScan", |vm, args| scan(vm, args, DICTIONARY)),
    ("identityDictionaryScan", |vm, args| scan(vm, args, IDENTITY_DICTIONARY)),
    ("setRehash", |vm, args| rehash(vm, args, SET)),
    ("identitySetRehash", |vm, args| rehash(vm, args, IDENTITY_SET)),
    ("dictionaryRehash", |vm, args| rehash(vm, args, DICTIONARY)),
    ("identityDictionaryRehash", |vm, args| rehash(vm, args, IDENTITY_DICTIONARY)),
];

/// What the array holds and how it is compared.
#[derive(Clone, Copy)]
struct Kind {
    associations: bool,
    identity: bool,
}

const SET: Kind = Kind { associations: false, identity: false };
const IDENTITY_SET: Kind = Kind { associations: false, identity: true };
const DICTIONARY: Kind = Kind { associations: true, identity: false };
const IDENTITY_DICTIONARY: Kind = Kind { associations: true, identity: true };

/// Where a HashedCollection keeps its array; `tally` is before it.
const ARRAY: usize = 1;

/// The array of the receiver, which has elements.
fn table(vm: &Vm, receiver: Value) -> Result<Value, PrimError> {
    let array = *vm.heap.pointer_slots(receiver).get(ARRAY).ok_or(PrimError::BadReceiver)?;
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

/// receiver, object: the index of the element equal to the object, or of the free place for it.
fn scan(vm: &mut Vm, args: &[Value], kind: Kind) -> PrimResult {
    let array = table(vm, args[0])?;
    let key = args[1];
    let hash = hash(vm, key, kind)?;
    let slots = vm.heap.pointer_slots(array);
    let size = slots.len();
    let mut at = (hash % size as u64) as usize;
    for _ in 0..size {
        let element = slots[at];
        if element == Value::NIL {
            return Ok(Value::int(at as i64 + 1));
        }
        let own = key_of(vm, element, kind)?;
        let equal = own == key && kind.identity || !kind.identity && simple_equal(vm, own, key).ok_or(PrimError::Unsupported)?;
        if equal {
            return Ok(Value::int(at as i64 + 1));
        }
        at += 1;
        if at == size {
            at = 0;
        }
    }
    Err(PrimError::Inappropriate)
}

/// receiver, old array: puts the elements of the old array into the receiver's, which is empty.
/// After a failure that holds some of them.
fn rehash(vm: &mut Vm, args: &[Value], kind: Kind) -> PrimResult {
    let array = table(vm, args[0])?;
    if vm.heap.class_of(args[1]) != Known::Array.index() {
        return Err(PrimError::BadArgument);
    }
    let elements: Vec<Value> =
        vm.heap.pointer_slots(args[1]).iter().copied().filter(|&v| v != Value::NIL).collect();
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
