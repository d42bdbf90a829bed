//! Rust closures of any shape as code that Smalltalk can run.
//!
//! Owns the conversion of arguments and answers of such closures, and the way their errors take.

use super::context::Ctx;
use super::convert::{FromSmalltalk, IntoSmalltalk};
use super::error::{Error, ErrorKind, Result};
use super::host_method::HostMethod;
use super::key::{KEY, Key};
use crate::memory::Value;
use crate::vm::host_methods::HostFn;
use crate::vm::known::Known;
use crate::vm::{PrimError, PrimResult, Stop, Vm};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// A Rust closure that Smalltalk can call: up to six parameters that implement
/// [`FromSmalltalk`](crate::FromSmalltalk), with a `&mut Ctx<'_>` in front of them if it wants to call Smalltalk
/// itself. It answers something that implements [`IntoSmalltalk`](crate::IntoSmalltalk), or a `Result` of it.
/// As a method, its first parameter is the receiver, and `()` answers that.
///
/// What ends a call of Smalltalk in the middle comes to the closure as an `Err`, which it passes on: exceptions that
/// handlers outside of it may take, and a `^` in a block that it has called, which then returns from where the block
/// was written.
///
/// A closure may be called again while it runs, so it is `Fn`: what it changes belongs into a `Cell`,
/// a `Mutex` or the like. `M` only tells the shapes apart.
///
/// ```
/// use chirp::{Ctx, Obj, Smalltalk};
///
/// let mut st = Smalltalk::new();
/// let plain = st.block(|a: i64, b: i64| a.pow(2) + b)?;
/// let calling = st.block(|ctx: &mut Ctx<'_>, x: Obj| x.send::<i64>(ctx, "size", ()))?;
/// assert_eq!(plain.call(&mut st, (3, 1))?, 10);
/// st.set_global("Size", calling)?;
/// assert_eq!(st.eval::<i64>("Size value: 'four'")?, 4);
/// # Ok::<(), chirp::Error>(())
/// ```
///
/// It must be free to go where its machine goes:
///
/// ```compile_fail,E0277
/// let count = std::rc::Rc::new(std::cell::Cell::new(0));
/// let mut st = chirp::Smalltalk::new();
/// let _ = st.block(move |n: i64| { count.set(n); n });
/// ```
///
/// and may borrow nothing:
///
/// ```compile_fail,E0373
/// let mut st = chirp::Smalltalk::new();
/// let step = 3;
/// let _ = st.block(|n: i64| n + step);
/// ```
///
/// Parameters are types that objects can become:
///
/// ```compile_fail,E0277
/// let mut st = chirp::Smalltalk::new();
/// let _ = st.block(|text: &str| text.len() as i64);
/// ```
#[diagnostic::on_unimplemented(
    message = "Smalltalk cannot call `{Self}`",
    label = "not a closure that Smalltalk can call",
    note = "it must be `Fn + Send + 'static`, with types written out for all parameters,",
    note = "each a value that implements `FromSmalltalk`; `&mut Ctx<'_>` may come first"
)]
pub trait RustFn<M>: Send + 'static {
    /// The parameters as a tuple.
    type Args;
    /// What it answers.
    type Answer;
    /// How many parameters it has, the receiver of a method included.
    const COUNT: usize;

    /// Runs it with the pinned values in `args`; none answers the receiver.
    #[doc(hidden)]
    fn call(&self, ctx: &mut Ctx<'_>, args: Range<usize>, _: Key) -> Result<Option<Value>>;

    /// As the machine calls it. `()` answers the receiver where there is one.
    #[doc(hidden)]
    fn into_host(self, is_method: bool, _: Key) -> Native
    where
        Self: Sized,
    {
        Native(HostFn::Own(Rc::new(move |vm, args| {
            let call = |ctx: &mut Ctx<'_>, args| self.call(ctx, args, KEY);
            called(vm, args, Self::COUNT, is_method, &call)
        })))
    }
}

/// A closure as the machine calls it. Opaque: were the machine named in a type of a public trait, its own public functions
/// would be compiled for every embedder, whether something calls them or not; and so they would if it were part of what a
/// function answers as `impl Trait`, even a private one.
#[doc(hidden)]
pub struct Native(pub(super) HostFn);

/// A closure that goes into [images](crate::Image): every machine of them has it, whatever thread it is in. So it must be `Sync` as
/// well. Closures of a [`HostClass`](crate::HostClass) need no such wrapper: each machine has its own ones.
///
/// ```
/// use chirp::{Shared, Smalltalk};
///
/// let mut st = Smalltalk::new();
/// st.class("Integer")?.method(&mut st, "twice", Shared(|n: i64| n * 2))?;
/// let image = st.to_image()?;
/// assert_eq!(Smalltalk::from_image(&image).eval::<i64>("21 twice")?, 42);
///
/// st.class("Integer")?.method(&mut st, "thrice", |n: i64| n * 3)?;
/// assert_eq!(st.to_image().unwrap_err().to_string(), "no image: Integer>>#thrice is a closure of this machine only: wrap it in `Shared`");
/// # Ok::<(), chirp::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Shared<F>(pub F);

impl<M, F: RustFn<M> + Sync> RustFn<Shared<M>> for Shared<F> {
    type Args = F::Args;
    type Answer = F::Answer;
    const COUNT: usize = F::COUNT;

    fn call(&self, ctx: &mut Ctx<'_>, args: Range<usize>, _: Key) -> Result<Option<Value>> {
        self.0.call(ctx, args, KEY)
    }

    fn into_host(self, is_method: bool, _: Key) -> Native {
        Native(HostFn::Shared(Arc::new(move |vm, args| {
            let call = |ctx: &mut Ctx<'_>, args| self.0.call(ctx, args, KEY);
            called(vm, args, F::COUNT, is_method, &call)
        })))
    }
}

/// Marks closures that take a [`Ctx`] first.
#[derive(Debug)]
pub struct WithCtx;

macro_rules! functions {
    ($count:literal $($name:ident $i:literal)*) => {
        impl<Func, Ret, $($name),*> RustFn<fn($($name),*) -> Ret> for Func
        where
            Func: Fn($($name),*) -> Ret + Send + 'static,
            Ret: IntoSmalltalk,
            $($name: FromSmalltalk,)*
        {
            type Args = ($($name,)*);
            type Answer = Ret;
            const COUNT: usize = $count;

            #[allow(non_snake_case)]
            fn call(&self, ctx: &mut Ctx<'_>, args: Range<usize>, _: Key) -> Result<Option<Value>> {
                $(let $name = argument::<$name>(ctx, &args, $i)?;)*
                let _ = args;
                answer(ctx, self($($name),*))
            }
        }

        impl<Func, Ret, $($name),*> RustFn<fn(WithCtx, $($name),*) -> Ret> for Func
        where
            Func: Fn(&mut Ctx<'_>, $($name),*) -> Ret + Send + 'static,
            Ret: IntoSmalltalk,
            $($name: FromSmalltalk,)*
        {
            type Args = ($($name,)*);
            type Answer = Ret;
            const COUNT: usize = $count;

            #[allow(non_snake_case)]
            fn call(&self, ctx: &mut Ctx<'_>, args: Range<usize>, _: Key) -> Result<Option<Value>> {
                $(let $name = argument::<$name>(ctx, &args, $i)?;)*
                let _ = args;
                let result = self(&mut ctx.of_closure(), $($name),*);
                answer(ctx, result)
            }
        }
    };
}

functions!(0);
functions!(1 A 0);
functions!(2 A 0 B 1);
functions!(3 A 0 B 1 C 2);
functions!(4 A 0 B 1 C 2 D 3);
functions!(5 A 0 B 1 C 2 D 3 E 4);
functions!(6 A 0 B 1 C 2 D 3 E 4 G 5);

pub(super) fn argument<T: FromSmalltalk>(
    ctx: &mut Ctx<'_>,
    args: &Range<usize>,
    i: usize,
) -> Result<T> {
    // Converting one argument may move the others: each is fetched when it is its turn.
    let value = ctx.pinned(args.start + i);
    T::from_value(ctx, value, KEY).map_err(|error| in_argument(ctx, error, i, args.len()))
}

/// Says which one of several arguments does not fit.
#[cold]
fn in_argument(ctx: &Ctx<'_>, error: Error, i: usize, count: usize) -> Error {
    let receiver = usize::from(ctx.has_receiver);
    let number = i + 1 - receiver;
    match error.kind() {
        ErrorKind::Conversion { expected, found } if number > 0 && count - receiver > 1 => {
            Error::conversion(expected.clone(), format!("{found} in argument {number}"))
        }
        _ => error,
    }
}

pub(super) fn answer<R: IntoSmalltalk>(ctx: &mut Ctx<'_>, result: R) -> Result<Option<Value>> {
    let value = result.into_value(ctx, KEY)?;
    Ok((!R::IS_UNIT).then_some(value))
}

/// A closure as the machine calls it, for a method of the class of `T`. What compares takes any argument.
pub(super) fn host_method<T, M, F: HostMethod<T, M>>(closure: F, compares: bool) -> HostFn {
    HostFn::Own(Rc::new(move |vm, args| {
        let call = |ctx: &mut Ctx<'_>, args: Range<usize>| {
            if compares && !F::takes(ctx, args.start + 1, KEY) {
                return Ok(Some(Value::FALSE));
            }
            closure.call(ctx, args, KEY)
        };
        called(vm, args, F::COUNT, true, &call)
    }))
}

/// Likewise, for a method of the class side, which does not get to see its receiver; what it makes becomes an
/// instance of that.
pub(super) fn class_fn<M, F: RustFn<M>>(closure: F) -> HostFn {
    HostFn::Own(Rc::new(move |vm, args| {
        let call = |ctx: &mut Ctx<'_>, args: Range<usize>| {
            ctx.maker = Some(args.start);
            ctx.has_receiver = false;
            closure.call(ctx, args.start + 1..args.end, KEY)
        };
        called(vm, args, F::COUNT + 1, true, &call)
    }))
}

type Call<'a> = dyn Fn(&mut Ctx<'_>, Range<usize>) -> Result<Option<Value>> + 'a;

/// What the machine gets from a closure with `count` parameters.
fn called(
    vm: &mut Vm,
    args: Range<usize>,
    count: usize,
    is_method: bool,
    call: &Call<'_>,
) -> PrimResult {
    let receiver = args.start;
    if args.len() != count {
        // Only a method whose source somebody copied elsewhere gets here.
        return Err(PrimError::BadNumArgs);
    }
    let converted = vm.converted;
    let mut ctx = Ctx::inner(vm);
    ctx.has_receiver = is_method;
    let result = call(&mut ctx, args);
    ctx.vm.converted = converted;
    match result {
        Ok(Some(value)) => Ok(value),
        Ok(None) if is_method => Ok(ctx.pinned(receiver)),
        Ok(None) => Ok(Value::NIL),
        Err(error) => Err(failure(ctx.vm, error)),
    }
}

/// The exception that an error becomes: the one that it came from, if it came out of Smalltalk, else a
/// HostError.
fn failure(vm: &mut Vm, mut error: Error) -> PrimError {
    let of_machine = match error.kind() {
        // Only this value found no room.
        ErrorKind::Stopped {
            why: Stop::Memory, ..
        } if vm.stop_reason().is_none() => Some(Known::OutOfMemory),
        ErrorKind::Unhandled {
            class,
            exception: None,
            ..
        } if class == "StackOverflow" => Some(Known::StackOverflow),
        _ => None,
    };
    if let Some(class) = of_machine
        && let Ok(exception) = vm.new_object(class.index(), 0)
    {
        return PrimError::Value(exception);
    }
    if let Some(exception) = error.take_exception() {
        match exception.value(vm) {
            Ok(value) => {
                vm.hold_host_error(value, error.into_held());
                return PrimError::Value(value);
            }
            // It belongs to another machine, which is no business of this one.
            Err(_foreign) => {}
        }
    }
    let text = error.to_string();
    match vm.new_host_error(&text, error.into_held()) {
        Ok(value) => PrimError::Value(value),
        Err(e) => e,
    }
}
