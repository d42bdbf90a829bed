//! Clocks: what time it is and how far local time is from UTC.
//!
//! Owns the numbers only; calendars are Smalltalk. Must never sleep.

use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![("clockLocalOffset", local_offset)];

/// On any receiver: how many seconds local time is ahead of UTC at the moment that the argument
/// gives in seconds since 1970.
fn local_offset(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let seconds = super::arg(args, 1)?
        .as_int()
        .ok_or(PrimError::BadArgument)?;
    let moment = seconds
        .checked_mul(1_000_000)
        .ok_or(PrimError::BadArgument)?;
    Ok(Value::int(vm.host.clock.local_offset_seconds(moment)))
}
