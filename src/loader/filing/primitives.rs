//! What `CodeImporter` asks of the machine: the steps of a file that is being run. And what is kept between the steps of any
//! load that Smalltalk drives.

use super::{Filing, open};
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};
use std::any::Any;

/// The primitives of this file.
pub const TABLE: Table = table![
    ("filingBegin", begin),
    ("filingNext", next),
    ("filingAnswered", answered),
    ("filingEnd", end),
];

type Open = Box<dyn Filing + Send>;

/// A file's name, or nil, and its text; answers the number of the filing.
fn begin(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [_, name, text] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    vm.ask_to_compile(text)?;
    let text = vm.string_value(text).ok_or(PrimError::BadArgument)?;
    let name = vm.string_value(name).ok_or(PrimError::BadArgument)?;
    let filing: Open = open(vm, name, &text);
    let number = vm.keep_load(Box::new(filing), text.len())?;
    Ok(Value::int(number as i64))
}

/// The filing's number; answers the next method with its receiver, and whether an error of it is of no interest; nil
/// at the end.
fn next(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [_, number] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    let mut filing: Box<Open> = vm.take_load(number)?;
    let found = filing.next(vm);
    let passes_over = Value::bool(filing.passes_over_errors());
    vm.put_load(number, filing)?;
    let Some((method, receiver)) = found else {
        return Ok(Value::NIL);
    };
    let method = vm.method_object(method);
    Ok(vm.new_array_from(&[method, receiver, passes_over]))
}

/// What a method has answered, and the number of its filing; answers whether that is a value of the file.
fn answered(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [_, value, number] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    let mut filing: Box<Open> = vm.take_load(number)?;
    let is_value = filing.answered(vm, value);
    vm.put_load(number, filing)?;
    Ok(Value::bool(is_value))
}

/// The filing's number; answers what is wrong with the file. It is over then.
fn end(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [_, number] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    let mut filing: Box<Open> = vm.take_load(number)?;
    let mut texts = Vec::new();
    for failure in filing.failures() {
        texts.push(vm.new_string(failure.rendered.trim_end()));
    }
    Ok(vm.new_array_from(&texts))
}

impl Vm {
    /// Keeps what is being loaded until the next step, from texts of so many bytes; answers its number. They count
    /// as memory for as long as nobody has ended the load.
    pub fn keep_load(
        &mut self,
        load: Box<dyn Any + Send>,
        bytes: usize,
    ) -> Result<usize, PrimError> {
        // The texts, and what was made of them.
        let bytes = bytes.saturating_mul(2);
        if bytes > self.room() {
            return Err(PrimError::NoMemory);
        }
        let free = self.loads.iter().position(|kept| kept.0.is_none());
        let number = free.unwrap_or_else(|| {
            self.loads.push((None, 0));
            self.loads.len() - 1
        });
        self.loads[number] = (Some(load), bytes);
        Ok(number)
    }

    /// What is being loaded under this number, out of its place. Fails with what is of another kind left there.
    pub fn take_load<T: Any>(&mut self, number: Value) -> Result<Box<T>, PrimError> {
        let place = number.as_int().and_then(|n| usize::try_from(n).ok());
        let place = place.ok_or(PrimError::BadArgument)?;
        let slot = self.loads.get_mut(place).ok_or(PrimError::NotFound)?;
        match slot.0.take_if(|l| l.is::<T>()).map(|l| l.downcast::<T>()) {
            Some(Ok(load)) => Ok(load),
            _ => Err(PrimError::NotFound),
        }
    }

    /// Puts it back.
    pub fn put_load(&mut self, number: Value, load: Box<dyn Any + Send>) -> Result<(), PrimError> {
        let place = number.as_int().and_then(|n| usize::try_from(n).ok());
        let slot = place.and_then(|n| self.loads.get_mut(n));
        slot.ok_or(PrimError::BadArgument)?.0 = Some(load);
        Ok(())
    }
}
