//! Write streams on arrays, strings and ByteArrays: putting elements, growing and widening.
//!
//! Owns the fast path of nextPut: and nextPutAll:. A string that is too narrow is replaced by a
//! wide copy in the stream, which costs no search for references as become: does. Must never
//! write past the collection or into a read-only one.

use super::array_copy::move_elements;
use super::string::{arg, is_text_class, text};
use crate::memory::Value;
use crate::vm::known::Known;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("streamNextPut", next_put),
    ("streamNextPutAll", next_put_all),
];

// Places of a WriteStream's variables.
const COLLECTION: usize = 0;
const POSITION: usize = 1;
const WRITE_LIMIT: usize = 3;

/// What a write stream writes to.
struct Target {
    stream: Value,
    collection: Value,
    position: usize,
    limit: usize,
}

impl Target {
    fn of(vm: &Vm, stream: Value) -> Result<Target, PrimError> {
        let slots = vm.heap.pointer_slots(stream);
        if Vm::is_machine_class(vm.heap.class_of(stream)) {
            return Err(PrimError::BadReceiver);
        }
        if slots.len() <= WRITE_LIMIT || vm.heap.is_immutable(stream) {
            return Err(PrimError::BadReceiver);
        }
        let collection = slots[COLLECTION];
        let number = |v: Value| v.as_int().and_then(|n| usize::try_from(n).ok());
        let (Some(position), Some(limit)) = (number(slots[POSITION]), number(slots[WRITE_LIMIT]))
        else {
            return Err(PrimError::BadReceiver);
        };
        let size = capacity(vm, collection).ok_or(PrimError::Unsupported)?;
        if limit > size || position > size {
            return Err(PrimError::BadReceiver);
        }
        Ok(Target {
            stream,
            collection,
            position,
            limit,
        })
    }

    /// Makes sure that `count` more elements fit, and can be wide when `wide` says so.
    fn make_room(&mut self, vm: &mut Vm, count: usize, wide: bool) -> Result<(), PrimError> {
        let end = self
            .position
            .checked_add(count)
            .ok_or(PrimError::NoMemory)?;
        let class = vm.heap.class_of(self.collection);
        let widen = wide && class == Known::ByteString.index();
        let size = capacity(vm, self.collection).ok_or(PrimError::Unsupported)?;
        if end <= self.limit && !widen {
            return if vm.heap.is_immutable(self.collection) {
                Err(PrimError::ReadOnly)
            } else {
                Ok(())
            };
        }
        let room = if end <= self.limit {
            size
        } else {
            end + end.max(20)
        };
        let class = if widen {
            Known::WideString.index()
        } else {
            class
        };
        let larger = vm.new_object(class, room)?;
        move_elements(vm, (larger, 0), (self.collection, 0), size.min(room))?;
        vm.heap.set_slot(self.stream, COLLECTION, larger);
        vm.heap
            .set_slot(self.stream, WRITE_LIMIT, Value::int(room as i64));
        self.collection = larger;
        self.limit = room;
        Ok(())
    }

    fn advance(&mut self, vm: &mut Vm, count: usize) {
        vm.heap.set_slot(
            self.stream,
            POSITION,
            Value::int((self.position + count) as i64),
        );
    }
}

/// Elements of a collection that streams write to here; none for other classes.
fn capacity(vm: &Vm, collection: Value) -> Option<usize> {
    let class = vm.heap.class_of(collection);
    if class == Known::ByteString.index() || class == Known::ByteArray.index() {
        Some(vm.heap.bytes(collection).len())
    } else if class == Known::WideString.index() {
        Some(vm.heap.words32(collection).len())
    } else if class == Known::Array.index() {
        Some(vm.heap.slots(collection))
    } else {
        None
    }
}

/// stream, element.
fn next_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let mut target = Target::of(vm, args[0])?;
    let class = vm.heap.class_of(target.collection);
    let code = arg(args, 1)?.as_char();
    if class == Known::Array.index() {
        target.make_room(vm, 1, false)?;
        vm.heap
            .set_slot(target.collection, target.position, arg(args, 1)?);
    } else if class == Known::ByteArray.index() {
        let byte = arg(args, 1)?
            .as_int()
            .and_then(|n| u8::try_from(n).ok())
            .ok_or(PrimError::BadArgument)?;
        target.make_room(vm, 1, false)?;
        vm.heap.bytes_mut(target.collection)[target.position] = byte;
    } else {
        let code = code.ok_or(PrimError::BadArgument)?;
        target.make_room(vm, 1, code > 0xFF)?;
        let at = target.position;
        match u8::try_from(code) {
            Ok(byte) if vm.heap.is_bytes(target.collection) => {
                vm.heap.bytes_mut(target.collection)[at] = byte
            }
            _ => vm.heap.words32_mut(target.collection)[at] = code,
        }
    }
    target.advance(vm, 1);
    arg(args, 1)
}

/// stream, collection: of the kind that the stream writes to, strings and symbols being one kind.
fn next_put_all(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let mut target = Target::of(vm, args[0])?;
    let (class, other) = (
        vm.heap.class_of(target.collection),
        vm.heap.class_of(arg(args, 1)?),
    );
    let count = if is_text_class(class) {
        if !is_text_class(other) {
            return Err(PrimError::Unsupported);
        }
        text(vm, arg(args, 1)?).map_or(0, |t| t.len())
    } else if class == other {
        capacity(vm, arg(args, 1)?).ok_or(PrimError::Unsupported)?
    } else {
        return Err(PrimError::Unsupported);
    };
    let wide = is_text_class(other) && !vm.heap.is_bytes(arg(args, 1)?);
    target.make_room(vm, count, wide)?;
    vm.charge(count >> 6);
    move_elements(
        vm,
        (target.collection, target.position),
        (arg(args, 1)?, 0),
        count,
    )?;
    target.advance(vm, count);
    arg(args, 1)
}
