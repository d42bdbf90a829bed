//! Running the automaton of a regular expression over a text.
//!
//! Owns the inner loop only: following the rows of a table that `RxAutomaton` (image/Regex) makes in
//! Smalltalk as it goes. Must never decide what a row says: where one is missing it stops and tells why.

use super::string::{arg, text_arg};
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![("regexRun", run)];

/// Why a run stops; the numbers that RxAutomaton>>step: knows.
mod reason {
    pub const DONE: i64 = 0;
    pub const NEEDS_CLASS: i64 = 1;
    pub const NEEDS_ENTRY: i64 = 2;
    pub const END_OF_TEXT: i64 = 3;
    pub const NEEDS_START: i64 = 4;
    pub const LONG: i64 = 5;
    pub const BUDGET: i64 = 6;
}

/// Characters looked at before the machine gets a chance to do something else.
const SLICE: usize = 1 << 18;

/// The slots of the registers, in this order; the accepted position is -1 while there is none.
struct Registers {
    row: Value,
    position: usize,
    accepted: i64,
    start: usize,
    budget: i64,
}

fn load(vm: &Vm, v: Value) -> Result<Registers, PrimError> {
    if !vm.heap.is_pointers(v) || Vm::is_machine_class(vm.heap.class_of(v)) {
        return Err(PrimError::BadArgument);
    }
    let [row, position, accepted, start, budget, ..] = vm.heap.pointer_slots(v) else {
        return Err(PrimError::BadArgument);
    };
    let int = |v: &Value| v.as_int().ok_or(PrimError::BadArgument);
    let index = |v: &Value| usize::try_from(int(v)?).map_err(|_| PrimError::BadArgument);
    Ok(Registers {
        row: *row,
        position: index(position)?,
        accepted: int(accepted)?,
        start: index(start)?,
        budget: int(budget)?,
    })
}

/// text, registers, classes of the codes below 256 (0 where not yet known), rows to start with by kind of the
/// character before, kinds by class or nil, whether to go on with later starts. Answers why it stopped.
fn run(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let (registers, classes, starts, kinds) =
        (arg(args, 2)?, arg(args, 3)?, arg(args, 4)?, arg(args, 5)?);
    let searching = arg(args, 6)?.as_bool().ok_or(PrimError::BadArgument)?;
    let mut r = load(vm, registers)?;
    let text = text_arg(vm, arg(args, 1)?)?;
    let classes = vm.heap.bytes(classes);
    let starts = vm.heap.pointer_slots(starts);
    let kinds = vm.heap.pointer_slots(kinds);
    if classes.len() != 256 || r.start > text.len() || r.position > text.len() {
        return Err(PrimError::BadArgument);
    }
    // The class of the character before an offset, and 1 before the first: what ends a text begins it.
    let class_at = |i: usize| match text.at(i) {
        code @ 0..=255 => usize::from(classes[code as usize]),
        _ => 0,
    };
    let start_row = |at: usize| {
        let kind = match (kinds.is_empty(), at) {
            (true, _) | (_, 0) => 1,
            _ => kinds
                .get(class_at(at - 1).checked_sub(1)?)?
                .as_int()
                .and_then(|k| usize::try_from(k).ok())?,
        };
        let row = *starts.get(kind.checked_sub(1)?)?;
        vm.heap.is_pointers(row).then_some(row)
    };
    let mut looked = 0;
    let why = loop {
        if !vm.heap.is_pointers(r.row) {
            match start_row(r.start) {
                Some(row) => r.row = row,
                None => break reason::NEEDS_START,
            }
        }
        if r.position == text.len() {
            break reason::END_OF_TEXT;
        }
        looked += 1;
        if looked > SLICE {
            break reason::LONG;
        }
        let class = class_at(r.position);
        if class == 0 {
            break reason::NEEDS_CLASS;
        }
        let row = vm.heap.pointer_slots(r.row);
        let (Some(&next), Some(&accepts)) = (row.get(2 * class), row.get(2 * class + 1)) else {
            break reason::NEEDS_ENTRY;
        };
        if accepts == Value::TRUE {
            r.accepted = r.position as i64;
        }
        if vm.heap.is_pointers(next) {
            r.row = next;
            r.position += 1;
        } else if next != Value::FALSE {
            break reason::NEEDS_ENTRY;
        } else if r.accepted >= 0 || !searching || r.start == text.len() {
            break reason::DONE;
        } else {
            r.budget -= (r.position - r.start) as i64;
            r.start += 1;
            r.position = r.start;
            r.row = Value::NIL;
            if r.budget < 0 {
                break reason::BUDGET;
            }
        }
    };
    vm.charge(looked >> 5);
    let values = [
        r.row,
        Value::int(r.position as i64),
        Value::int(r.accepted),
        Value::int(r.start as i64),
        Value::int(r.budget.max(-1)),
    ];
    for (i, value) in values.into_iter().enumerate() {
        vm.heap.set_slot(registers, i, value);
    }
    Ok(Value::int(why))
}
