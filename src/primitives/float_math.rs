//! The elementary functions of Float.
//!
//! Owns nothing but calls of the platform's mathematical library; domains are checked in
//! Smalltalk, and what falls outside answers NaN as IEEE 754 says.

use super::float::receiver;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("floatSqrt", |vm, args| apply(vm, args, f64::sqrt)),
    ("floatExp", |vm, args| apply(vm, args, f64::exp)),
    ("floatLn", |vm, args| apply(vm, args, f64::ln)),
    ("floatLog10", |vm, args| apply(vm, args, f64::log10)),
    ("floatLog2", |vm, args| apply(vm, args, f64::log2)),
    ("floatSin", |vm, args| apply(vm, args, f64::sin)),
    ("floatCos", |vm, args| apply(vm, args, f64::cos)),
    ("floatTan", |vm, args| apply(vm, args, f64::tan)),
    ("floatArcSin", |vm, args| apply(vm, args, f64::asin)),
    ("floatArcCos", |vm, args| apply(vm, args, f64::acos)),
    ("floatArcTan", |vm, args| apply(vm, args, f64::atan)),
    ("floatArcTan2", arc_tan2),
];

fn apply(vm: &mut Vm, args: &[Value], function: fn(f64) -> f64) -> PrimResult {
    let result = function(receiver(vm, args)?);
    Ok(vm.heap.float(result))
}

/// The angle of the point whose ordinate is the receiver and whose abscissa is the argument.
fn arc_tan2(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let x = vm
        .heap
        .as_float(super::arg(args, 1)?)
        .ok_or(PrimError::BadArgument)?;
    let y = receiver(vm, args)?;
    Ok(vm.heap.float(y.atan2(x)))
}
