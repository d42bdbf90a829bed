//! The one way into a machine, from the host program as from inside a Rust closure.
//!
//! Owns what happens before and after every call: limits of outer calls, freeing of handles,
//! flushing of output, and the making of errors.

use super::Arguments;
use super::block::Block;
use super::class::Class;
use super::convert::{FromSmalltalk, IntoSmalltalk};
use super::error::{Error, ErrorKind, Result};
use super::function::RustFn;
use super::host_class::is_variable;
use super::key::KEY;
use super::object::Obj;
use crate::loader::LoadError;
use crate::loader::left_out;
use crate::memory::Value;
use crate::vm::host_methods::panic_text;
use crate::vm::run::RunError;
use crate::vm::{Unhandled, Vm, signal};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What one call from outside may use.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Budget {
    pub fuel: Option<u64>,
    pub timeout: Option<Duration>,
}

/// What was before a call began.
struct Before {
    /// An interrupt waited for it.
    interrupted: bool,
    converted: usize,
}

/// A machine while it runs: what a Rust closure gets that wants to call Smalltalk.
///
/// ```
/// use chirp::{Ctx, Obj, Smalltalk};
///
/// let mut st = Smalltalk::new();
/// st.class("Collection")?.method(&mut st, "total", |ctx: &mut Ctx<'_>, all: Obj| -> chirp::Result<i64> {
///     let add = ctx.eval::<Obj>("[:a :b | a + b]")?;
///     all.send(ctx, "inject:into:", (0, add))
/// })?;
/// assert_eq!(st.eval::<i64>("#(1 2 3) total")?, 6);
/// # Ok::<(), chirp::Error>(())
/// ```
pub struct Ctx<'a> {
    pub(super) vm: &'a mut Vm,
    /// For calls from outside; none inside a closure, where the outer call's limits hold.
    budget: Option<Budget>,
    /// Inside a call that has begun: what it may use holds for all that it does.
    begun: bool,
    /// Where the class is pinned whose class-side method runs.
    pub(super) maker: Option<usize>,
    /// Inside a closure whose first parameter is the receiver.
    pub(super) has_receiver: bool,
}

/// A [`Smalltalk`](crate::Smalltalk), or a [`Ctx`] inside a Rust closure: whatever a handle can be used with.
///
/// ```
/// use chirp::{AsCtx, Obj, Smalltalk};
///
/// /// Works from outside and inside of closures.
/// fn shown(on: &mut impl AsCtx, source: &str) -> chirp::Result<String> {
///     let mut ctx = on.as_ctx();
///     let value: Obj = ctx.run_source("shown", source)?;
///     ctx.print_string(&value)
/// }
///
/// let mut st = Smalltalk::new();
/// assert_eq!(shown(&mut st, "3 @ 4")?, "(3@4)");
/// # Ok::<(), chirp::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no machine",
    label = "wants a `Smalltalk`, or the `Ctx` of a closure"
)]
pub trait AsCtx: sealed::Sealed {
    /// The machine.
    fn as_ctx(&mut self) -> Ctx<'_>;
}

pub(super) mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for Ctx<'_> {}
impl AsCtx for Ctx<'_> {
    fn as_ctx(&mut self) -> Ctx<'_> {
        Ctx {
            vm: self.vm,
            budget: self.budget,
            begun: self.begun,
            maker: self.maker,
            has_receiver: self.has_receiver,
        }
    }
}

impl<T: AsCtx> sealed::Sealed for &mut T {}
impl<T: AsCtx> AsCtx for &mut T {
    fn as_ctx(&mut self) -> Ctx<'_> {
        T::as_ctx(self)
    }
}

impl<'a> Ctx<'a> {
    pub(super) fn outer(vm: &'a mut Vm, budget: Budget) -> Ctx<'a> {
        Ctx {
            vm,
            budget: Some(budget),
            begun: false,
            maker: None,
            has_receiver: false,
        }
    }

    /// For a closure that Smalltalk calls: its arguments and its answer are converted in one call.
    pub(super) fn inner(vm: &'a mut Vm) -> Ctx<'a> {
        Ctx {
            vm,
            budget: None,
            begun: true,
            maker: None,
            has_receiver: false,
        }
    }

    /// The same for the closure's own code, which begins calls. A context of its own: see `convert`.
    pub(super) fn of_closure(&mut self) -> Ctx<'_> {
        Ctx {
            begun: false,
            ..self.as_ctx()
        }
    }

    /// Evaluates source text and converts its last value. Variables that it declares stay.
    pub fn eval<T: FromSmalltalk>(&mut self, source: &str) -> Result<T> {
        let name: Arc<str> = "eval".into();
        self.run(|vm| vm.evaluate(name.clone(), source))
            .map_err(|error| error.locate(&name, source))
    }

    /// Runs the text of a source file, in whichever format it is (workspace script or chunks). The name
    /// is for traces.
    pub fn run_source<T: FromSmalltalk>(&mut self, name: &str, text: &str) -> Result<T> {
        let name: Arc<str> = name.into();
        self.run(|vm| vm.run_file(name.clone(), text))
            .map_err(|error| error.locate(&name, text))
    }

    /// The value of a global, or of a variable that evaluated text has declared.
    pub fn global<T: FromSmalltalk>(&mut self, name: &str) -> Result<T> {
        self.whole(|ctx| {
            let value = match ctx.vm.session_variable(name) {
                Some(v) => v,
                None => {
                    let found = ctx.vm.find_global(name);
                    found.ok_or_else(|| not_found("global", name))?
                }
            };
            T::from_value(ctx, value, KEY)
        })
    }

    /// Defines or changes a global. A variable of this name that evaluated text has declared
    /// gets the value as well.
    pub fn set_global(&mut self, name: &str, value: impl IntoSmalltalk) -> Result<()> {
        if !is_variable(name) {
            return Err(Error::conversion(
                "a name for a global",
                format!("`{name}`"),
            ));
        }
        let value = self.whole(|ctx| value.into_value(ctx, KEY))?;
        self.vm.set_name(name, value);
        Ok(())
    }

    /// The class of this name.
    pub fn class(&mut self, name: &str) -> Result<Class> {
        let value = self
            .vm
            .find_global(name)
            .filter(|&v| self.vm.classes.index_of(v).is_some());
        let value = value.ok_or_else(|| not_found("class", name))?;
        Ok(Class::new(Obj::new(self.vm, value)))
    }

    /// A Rust closure as a block: Smalltalk evaluates it like any other.
    pub fn block<M, F: RustFn<M>>(&mut self, closure: F) -> Result<Block<F::Args, F::Answer>> {
        let function = self
            .vm
            .new_host_function(closure.into_host(false, KEY).0)
            .map_err(|_| not_found("class", "HostFunction"))?;
        let base = self.pin(function);
        self.pin(Value::int(F::COUNT as i64));
        let object = self.send_pinned(base, "asBlockWithArguments:")?;
        Ok(Block::of(Obj::new(self.vm, object)))
    }

    /// Any value as an object.
    pub fn object(&mut self, value: impl IntoSmalltalk) -> Result<Obj> {
        let value = self.whole(|ctx| value.into_value(ctx, KEY))?;
        Ok(Obj::new(self.vm, value))
    }

    /// What `printString` answers.
    pub fn print_string(&mut self, object: &Obj) -> Result<String> {
        object.send(self, "printString", ())
    }

    /// An error that becomes an exception of this class when a Rust closure answers it.
    ///
    /// ```
    /// use chirp::{Ctx, Smalltalk};
    ///
    /// let mut st = Smalltalk::new();
    /// let third = st.block(|ctx: &mut Ctx<'_>, all: Vec<i64>| -> chirp::Result<i64> {
    ///     all.get(2).copied().ok_or_else(|| ctx.exception("SubscriptOutOfBounds", "no third"))
    /// })?;
    /// st.set_global("Third", third)?;
    /// assert_eq!(st.eval::<i64>("Third value: #(1 2 3)")?, 3);
    /// assert!(st.eval::<bool>("[ Third value: #(1 2). false ] on: SubscriptOutOfBounds do: [:e | true ]")?);
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn exception(&mut self, class: &str, message: &str) -> Error {
        match self.new_exception(class, message) {
            Ok(exception) => {
                let unhandled = Unhandled {
                    class: class.into(),
                    message: message.into(),
                    ..Unhandled::default()
                };
                Error::of_unhandled(unhandled, Some(exception), None)
            }
            Err(error) => error,
        }
    }

    /// Signals an exception. What a handler outside of Rust makes of it happens when the error that this
    /// answers is passed on; without one, what the class does by itself: a Notification answers nil and goes on, an Error or
    /// a Warning ends the program.
    ///
    /// ```
    /// use chirp::{Ctx, Smalltalk};
    ///
    /// let mut st = Smalltalk::new();
    /// let find = st.block(|ctx: &mut Ctx<'_>, key: String| -> chirp::Result<i64> {
    ///     if key == "answer" { Ok(42) } else { ctx.signal("KeyNotFound", &format!("no {key} here")) }
    /// })?;
    /// st.set_global("Find", find)?;
    /// assert_eq!(st.eval::<i64>("[ Find value: 'question' ] on: KeyNotFound do: [:e | Find value: 'answer' ]")?, 42);
    /// let error = st.eval::<i64>("Find value: 'peace'").unwrap_err();
    /// assert_eq!(error.to_string(), "KeyNotFound: no peace here");
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn signal<T: FromSmalltalk>(&mut self, class: &str, message: &str) -> Result<T> {
        self.whole(|ctx| {
            let exception = ctx.new_exception(class, message)?;
            exception.send(ctx, "signal", ())
        })
    }

    fn new_exception(&mut self, class: &str, message: &str) -> Result<Obj> {
        let exception: Obj = self.class(class)?.send(self, "new", ())?;
        exception.send::<()>(self, "messageText:", (message,))?;
        Ok(exception)
    }

    /// Does all that one call of the API does, converting included, with what such a call may use: limits that begin
    /// with it, and as much memory for what it makes of objects as the machine has for objects.
    pub(super) fn whole<R>(&mut self, work: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        let outermost = self.begin()?;
        let result = work(self);
        if let Some(before) = outermost {
            self.end(before);
        }
        result
    }

    /// A call begins, unless this is part of one.
    fn begin(&mut self) -> Result<Option<Before>> {
        if self.begun {
            return Ok(None);
        }
        if let Some(budget) = self.budget {
            if let Some(panic) = self.vm.panic.clone() {
                return Err(Error::new(ErrorKind::Broken { panic }));
            }
            self.caught(&mut |vm| {
                vm.end_dropped_runs();
                Ok(())
            })?;
            self.limit(budget);
            self.vm.converted = 0;
        }
        self.begun = true;
        let signals = self.vm.signals.load(Ordering::Acquire);
        Ok(Some(Before {
            interrupted: self.budget.is_some() && signals & signal::INTERRUPT != 0,
            converted: self.vm.converted,
        }))
    }

    fn end(&mut self, before: Before) {
        self.begun = false;
        self.vm.converted = before.converted;
        if before.interrupted {
            // It was for this call, which may have been too short to see it.
            let signals = &self.vm.signals;
            signals.fetch_and(!signal::INTERRUPT, Ordering::AcqRel);
        }
    }

    /// Calls Smalltalk and converts the answer.
    pub(super) fn run<T: FromSmalltalk>(
        &mut self,
        work: impl FnOnce(&mut Vm) -> Result<Value, LoadError>,
    ) -> Result<T> {
        self.whole(|ctx| {
            let value = ctx.call(work)?;
            T::from_value(ctx, value, KEY)
        })
    }

    /// Converts an object.
    pub(super) fn get<T: FromSmalltalk>(&mut self, object: &Obj) -> Result<T> {
        self.whole(|ctx| {
            let value = object.value(ctx.vm)?;
            T::from_value(ctx, value, KEY)
        })
    }

    pub(super) fn call<R>(
        &mut self,
        work: impl FnOnce(&mut Vm) -> Result<R, LoadError>,
    ) -> Result<R> {
        let (mut work, mut answer) = (Some(work), None);
        self.guarded(&mut |vm| {
            answer = work.take().map(|work| work(vm)).transpose()?;
            Ok(())
        })?;
        Ok(answer.expect("the work was done"))
    }

    /// The same, once for all kinds of work.
    fn guarded(&mut self, work: &mut dyn FnMut(&mut Vm) -> Result<(), LoadError>) -> Result<()> {
        self.vm.reclaim_roots();
        self.vm.drop_dead_host_things();
        if self.budget.is_none() {
            return work(self.vm).map_err(|e| Error::of_load(self.vm, e));
        }
        self.whole(|ctx| {
            ctx.caught(&mut |vm| {
                let result = work(vm);
                vm.host.stdio.flush();
                result
            })
        })
    }

    /// Nothing of a panic gets out; the machine is broken then.
    fn caught(&mut self, work: &mut dyn FnMut(&mut Vm) -> Result<(), LoadError>) -> Result<()> {
        let result = catch_unwind(AssertUnwindSafe(|| work(self.vm)));
        match result {
            Ok(result) => result.map_err(|e| Error::of_load(self.vm, e)),
            Err(payload) => {
                // Whatever it was at work on is half done.
                let panic = panic_text(payload.as_ref());
                self.vm.panic = Some(panic.clone());
                Err(Error::new(ErrorKind::Broken { panic }))
            }
        }
    }

    /// Conversions may be nested as far as the thread's stack goes.
    pub(super) fn check_stack(&self) -> Result<()> {
        self.check_stack_within(0)
    }

    /// The same inside so many others.
    pub(super) fn check_stack_within(&self, depth: usize) -> Result<()> {
        match self.vm.host.stack.has_room_for_call(depth, false) {
            true => Ok(()),
            false => Err(Error::of_unhandled(Unhandled::too_deep(), None, None)),
        }
    }

    /// Pays for a step of a conversion, which makes so many bytes in Rust. Nothing that runs would be stopped meanwhile.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<()> {
        self.charge_for(1, bytes)
    }

    /// The same for several steps.
    pub(super) fn charge_for(&mut self, steps: usize, bytes: usize) -> Result<()> {
        let vm = &mut *self.vm;
        vm.converted = vm.converted.saturating_add(bytes);
        if vm.converted > vm.memory_limit() {
            return Err(Error::no_memory());
        }
        match vm.charge_or_stop(steps.saturating_add(bytes >> 6)) {
            Some(stop) => Err(Error::of_run(vm, RunError::Stopped(stop))),
            None => Ok(()),
        }
    }

    /// The limits of the call that begins.
    fn limit(&mut self, budget: Budget) {
        self.vm.settle_fuel();
        self.vm.limits.fuel = budget
            .fuel
            .map(|fuel| self.vm.fuel_used.saturating_add(fuel));
        self.vm.limits.deadline = budget.timeout.map(|t| {
            let microseconds = u64::try_from(t.as_micros()).unwrap_or(u64::MAX);
            self.vm.time_spent().saturating_add(microseconds)
        });
        self.vm.settle_fuel();
        self.vm.forget_stop();
    }

    /// Sends a message with arguments whose number is known to fit.
    pub(super) fn send_message<R: FromSmalltalk>(
        &mut self,
        receiver: &Obj,
        selector: &str,
        args: impl Arguments,
    ) -> Result<R> {
        self.whole(|ctx| {
            let base = ctx.vm.handles.pinned.len();
            let pushed = receiver.value(ctx.vm).and_then(|v| {
                ctx.pin(v);
                args.push(ctx, KEY)
            });
            if let Err(error) = pushed {
                ctx.unpin(base);
                return Err(error);
            }
            let value = ctx.send_pinned(base, selector)?;
            R::from_value(ctx, value, KEY)
        })
    }

    /// Sends a message to the value that is pinned at `base`, with those behind it as arguments, and unpins them.
    /// They stay pinned until the call begins: it first ends programs that were dropped, which may move everything.
    pub(super) fn send_pinned(&mut self, base: usize, selector: &str) -> Result<Value> {
        let selector = self.vm.intern(selector);
        let answer = self.call(|vm| {
            let values = vm.handles.pinned.split_off(base);
            Ok(vm.send_message(selector, &values)?)
        });
        self.unpin(base);
        answer
    }

    /// Keeps a value valid until the pinned ones are cut back; answers its place.
    pub(super) fn pin(&mut self, v: Value) -> usize {
        self.vm.handles.pinned.push(v);
        self.vm.handles.pinned.len() - 1
    }

    /// A pinned value, where it is now.
    pub(super) fn pinned(&self, place: usize) -> Value {
        self.vm
            .handles
            .pinned
            .get(place)
            .copied()
            .unwrap_or(Value::NIL)
    }

    /// Cuts the pinned values back to as many as there were.
    pub(super) fn unpin(&mut self, count: usize) {
        self.vm.handles.pinned.truncate(count);
    }

    /// Errors of Processes that ended with them while nobody waited for their answer.
    pub(super) fn failures(&mut self) -> Vec<Error> {
        let failures = std::mem::take(&mut self.vm.background_failures);
        let kept = failures.kept.into_iter();
        let mut errors: Vec<Error> = kept.map(|f| Error::of_failure(self.vm, f)).collect();
        if failures.omitted > 0 {
            let count = failures.omitted;
            errors.push(Error::new(ErrorKind::Omitted { count }));
        }
        errors
    }

    /// Lets other Processes run until all have ended or wait for ever.
    pub(super) fn run_processes(&mut self) -> Result<()> {
        self.run(|vm| vm.run_others().map(|()| Value::NIL))
    }
}

fn not_found(what: &str, name: &str) -> Error {
    let what = match left_out::feature(name) {
        Some(feature) => format!("{what} `{name}` without the feature `{feature}`"),
        None => format!("{what} `{name}`"),
    };
    Error::new(ErrorKind::NotFound { what })
}
