//! A part of an object of bytes, as a primitive's arguments tell it: the object, where it begins, how many.

use super::arg;
use crate::memory::Value;
use crate::vm::{PrimError, Vm};
use std::ops::Range;

/// A small integer argument.
pub fn int_arg(args: &[Value], index: usize) -> Result<i64, PrimError> {
    arg(args, index)?.as_int().ok_or(PrimError::BadArgument)
}

/// The object and the part of it.
pub fn part(vm: &Vm, args: &[Value], index: usize) -> Result<(Value, Range<usize>), PrimError> {
    let object = arg(args, index)?;
    if !vm.heap.is_bytes(object) {
        return Err(PrimError::BadArgument);
    }
    let start = usize::try_from(int_arg(args, index + 1)? - 1).map_err(|_| PrimError::BadIndex)?;
    let count = usize::try_from(int_arg(args, index + 2)?).map_err(|_| PrimError::BadIndex)?;
    match start.checked_add(count) {
        Some(end) if end <= vm.heap.bytes(object).len() => Ok((object, start..end)),
        _ => Err(PrimError::BadIndex),
    }
}
