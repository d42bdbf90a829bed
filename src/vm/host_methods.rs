//! Rust closures of the embedder as methods and blocks, and Rust errors as exceptions.
//!
//! Owns the way from a send into a closure and back. Never knows the types of the embedding API.

use super::code::Call;
use super::host_things::Thing;
use super::known::Known;
use super::primitive_table::MachineTable;
use super::{Fp, Outcome, Pc, PrimError, PrimResult, Vm};
use crate::memory::{ClassIndex, Value};
use crate::vm::CompileFailure;
use crate::vm::classes::{MethodId, SourceText};
use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;

/// A closure of the embedder. It finds the receiver (of a method) and the arguments in this range
/// of the machine's pinned values, where they stay valid while it runs Smalltalk code.
#[derive(Clone)]
pub enum HostFn {
    /// Goes where its one machine goes.
    Own(OwnFn),
    Shared(SharedFn),
}

/// A closure that is a method.
pub(crate) struct HostFunction {
    pub call: HostFn,
    /// The very text that was made for it: whatever method has this is the closure.
    pub source: SourceText,
}

/// A closure of one machine.
pub type OwnFn = Rc<dyn Fn(&mut Vm, Range<usize>) -> PrimResult + Send>;

/// A closure that many machines may call at the same time.
pub type SharedFn = Arc<dyn Fn(&mut Vm, Range<usize>) -> PrimResult + Send + Sync>;

impl HostFn {
    fn call(&self, vm: &mut Vm, args: Range<usize>) -> PrimResult {
        match self {
            HostFn::Own(function) => function(vm, args),
            HostFn::Shared(function) => function(vm, args),
        }
    }
}

/// An error of the embedder's own type.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Module name in the pragma of a method that is a Rust closure.
pub(super) const MODULE: &str = "host";

/// A Rust closure panicked; the text of the panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panicked(pub String);

impl std::fmt::Display for Panicked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a Rust closure panicked: {}", self.0)
    }
}

impl std::error::Error for Panicked {}

/// The primitive of this file.
pub(super) const MACHINE: MachineTable = &[("hostFunctionValue", 0, host_function_value)];

/// `valueWithArguments: anArray` of a HostFunction.
unsafe fn host_function_value(vm: &mut Vm, call: Call) -> Outcome {
    // SAFETY: the window holds the receiver and the arguments.
    unsafe {
        let (receiver, array) = (call.arg(0), call.arg(1));
        let Some(function) = vm.host_function(receiver) else {
            return Outcome::Fail(PrimError::BadReceiver);
        };
        if vm.heap.class_of(array) != Known::Array.index() {
            return Outcome::Fail(PrimError::BadArgument);
        }
        let args = vm.heap.pointer_slots(array).to_vec();
        match vm.call_host(call, &function, Some(&args)) {
            Some((pc, fp)) => Outcome::Jump(pc, fp),
            None => Outcome::Exit,
        }
    }
}

impl Vm {
    /// Makes a closure a method of a class. The selector's arguments must be as many as it takes.
    pub fn install_host_method(
        &mut self,
        class: ClassIndex,
        selector: &str,
        function: HostFn,
    ) -> Result<(), CompileFailure> {
        let number = self.host_functions.len();
        let source = method_source(selector, number);
        self.host_functions.push(HostFunction {
            call: function,
            source: SourceText::Static(""),
        });
        let compiled = (self.hooks.compile_source)(self, class, &source, "host");
        let id = compiled.inspect_err(|_| self.host_functions.truncate(number))?;
        if let Some(method) = self.lookup(class, id)
            && let Some(method) = self.classes.methods.get_mut(method as usize)
        {
            // Its frames are of no interest to readers of a trace: there is nothing to see.
            method.source.library = true;
            self.host_functions[number].source = method.source.text.clone();
        }
        Ok(())
    }

    /// How many closures there are: the number of the next one.
    pub fn host_function_count(&self) -> u32 {
        self.host_functions.len() as u32
    }

    /// Puts a closure in the place of the one with this number.
    pub fn set_host_function(&mut self, number: u32, function: HostFn) {
        if let Some(place) = self.host_functions.get_mut(number as usize) {
            place.call = function;
        }
    }

    /// The number of the closure that a method is, if it is one.
    pub(super) fn function_of(&self, method: MethodId) -> Option<usize> {
        let source = &self.classes.methods.get(method as usize)?.source.text;
        let mut functions = self.host_functions.iter();
        functions.position(|f| f.source.is(source))
    }

    /// A HostFunction for a closure that takes arguments, but no receiver.
    pub fn new_host_function(&mut self, function: HostFn) -> Result<Value, PrimError> {
        let class = self
            .find_global("HostFunction")
            .and_then(|c| self.classes.index_of(c))
            .ok_or(PrimError::NotFound)?;
        let object = self.new_object(class, 0)?;
        self.hold_thing(object, Thing::Function(function));
        Ok(object)
    }

    /// A HostError with this text, to which the Rust error belongs.
    pub fn new_host_error(&mut self, text: &str, error: BoxError) -> Result<Value, PrimError> {
        let class = self
            .find_global("HostError")
            .and_then(|c| self.classes.index_of(c))
            .ok_or(PrimError::NotFound)?;
        let exception = self.new_object(class, 0)?;
        let message = self.new_string(text);
        let place = self
            .classes
            .all_inst_vars(class)
            .iter()
            .position(|v| v == "messageText");
        self.heap
            .set_slot(exception, place.ok_or(PrimError::NotFound)?, message);
        self.hold_thing(exception, Thing::Error(error));
        Ok(exception)
    }

    /// Arguments that a block takes; none when `v` is no block.
    pub fn block_num_args(&self, v: Value) -> Option<usize> {
        if self.heap.class_of(v) != Known::BlockClosure.index() {
            return None;
        }
        // SAFETY: only CLOSURE writes slot 0 of a closure, and code lives as long as the machine.
        Some(unsafe { (*super::code::value_code(self.heap.slot(v, 0))).num_args } as usize)
    }

    /// A send has found a method that is a Rust closure.
    ///
    /// # Safety
    /// As for `activate`.
    pub(super) unsafe fn call_host_method(&mut self, call: Call, number: u32) -> Option<(Pc, Fp)> {
        // SAFETY: the caller's promise.
        unsafe {
            let function = self.host_functions.get(number as usize);
            match function.map(|f| f.call.clone()) {
                Some(function) => self.call_host(call, &function, None),
                None => self.enter(call, Some(Value::NIL)),
            }
        }
    }

    /// Calls a closure with the window's values, or with `args`. When it fails, or panics, the method's own
    /// code runs, with the exception in its error variable.
    ///
    /// # Safety
    /// As for `activate`.
    unsafe fn call_host(
        &mut self,
        call: Call,
        function: &HostFn,
        args: Option<&[Value]>,
    ) -> Option<(Pc, Fp)> {
        // SAFETY: the window holds the receiver and the arguments; the caller's frame is live.
        unsafe {
            self.pc = call.pc;
            self.fp = call.fp;
            let (offset, depth) = (self.offset(call.fp), self.levels.len());
            let window = call.window + 2;
            let base = self.handles.pinned.len();
            let words = std::slice::from_raw_parts(call.fp.add(window), call.num_args + 1);
            self.handles.pinned.extend_from_slice(words);
            let mut range = base..self.handles.pinned.len();
            if let Some(args) = args {
                self.handles.pinned.extend_from_slice(args);
                range = range.end..self.handles.pinned.len();
            }
            let result = catch_unwind(AssertUnwindSafe(|| {
                self.drop_dead_host_things();
                function.call(self, range)
            }));
            if self.levels.len() != depth {
                // The machine itself panicked, in code that the closure ran: that is no error of the closure.
                resume_unwind(
                    result
                        .err()
                        .unwrap_or_else(|| Box::new("calls from Rust ended out of order")),
                );
            }
            // The stack may have moved, and what lay above the frame may be gone.
            let call = Call {
                fp: self.address(offset),
                ..call
            };
            for (i, &v) in self.handles.pinned[base..]
                .iter()
                .take(call.num_args + 1)
                .enumerate()
            {
                *call.fp.add(window + i) = v;
            }
            self.handles.pinned.truncate(base);
            if self.stop.is_some() {
                return None;
            }
            let failure = match result {
                Ok(Ok(v)) => return self.answer(call, v),
                Ok(Err(e)) => e,
                Err(payload) => self.panic_exception(payload.as_ref()),
            };
            let code = failure.code(self);
            self.enter(call, Some(code))
        }
    }

    fn panic_exception(&mut self, payload: &(dyn Any + Send)) -> PrimError {
        let error = Panicked(panic_text(payload));
        match self.new_host_error(&error.to_string(), Box::new(error)) {
            Ok(exception) => PrimError::Value(exception),
            Err(e) => e,
        }
    }
}

/// What a panic said.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|s| s.to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

/// What people see when they ask for the source of a method that is a Rust closure.
fn method_source(selector: &str, number: usize) -> String {
    let mut pattern = String::new();
    if selector.contains(':') {
        for (i, part) in selector.split_inclusive(':').enumerate() {
            let space = if i == 0 { "" } else { " " };
            pattern += &format!("{space}{part} argument{}", i + 1);
        }
    } else if selector.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        pattern += selector;
    } else {
        pattern += &format!("{selector} argument1");
    }
    format!(
        "{pattern}\n\t\"Written in Rust by the host program.\"\n\n\t<primitive: '{number}' module: '{MODULE}' error: failure>\n\t^ (HostError for: failure) signal\n"
    )
}
