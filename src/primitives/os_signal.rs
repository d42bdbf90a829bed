//! Primitives for signals of the process. Owns the translation between objects and `host::signals`.

use super::arg;
use super::part::int_arg;
use crate::host::signals::Watched;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![("osSignalWatch", watch), ("osSignalForget", forget)];

fn watched(vm: &mut Vm) -> Result<Watched, PrimError> {
    match vm.host.watched_signals() {
        Ok(Some(watched)) => Ok(watched.clone()),
        Ok(None) => Err(PrimError::Value(vm.symbol("elsewhere"))),
        Err(denied) => {
            vm.host.denied = Some(denied);
            Err(PrimError::Denied)
        }
    }
}

fn name(vm: &Vm, args: &[Value]) -> Result<String, PrimError> {
    vm.string_value(arg(args, 1)?).ok_or(PrimError::BadArgument)
}

/// The signal's name, and the number of the semaphore that it signals from now on.
fn watch(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let name = name(vm, args)?;
    let semaphore = u32::try_from(int_arg(args, 2)?).map_err(|_| PrimError::BadArgument)?;
    let found = watched(vm)?.watch(&name, semaphore);
    found.map(|()| args[0]).ok_or(PrimError::NotFound)
}

/// The signal's name; answers the number of the semaphore that it signals no more, or nil.
fn forget(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let name = name(vm, args)?;
    let semaphore = watched(vm)?.forget(&name);
    Ok(semaphore.map_or(Value::NIL, |n| Value::int(n.into())))
}
