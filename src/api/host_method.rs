//! The shapes that methods of a Rust type's class may have.
//!
//! Owns the borrow of the receiver: it begins when all arguments are converted and ends before the answer is, so
//! that no Smalltalk code runs in between.

use super::context::Ctx;
use super::convert::{FromSmalltalk, IntoSmalltalk};
use super::error::Result;
use super::function::{RustFn, answer, argument};
use super::host_class::HostClass;
use super::instance::{cell, read, write};
use super::key::{KEY, Key};
use crate::memory::Value;
use std::ops::Range;

/// A Rust closure as a method of the class of `T`. Three shapes there are:
///
/// | shape | for |
/// |---|---|
/// | `\|this: &T, …\|` | looking |
/// | `\|this: &mut T, …\|` | changing |
/// | `\|ctx: &mut Ctx<'_>, this: This<T>, …\|` | calling Smalltalk; the value is borrowed for moments only |
///
/// Up to five more parameters implement [`FromSmalltalk`]; in the first two shapes the next one may be a reference to
/// a value of a registered type as well: `|a: &Point, b: &Point|`.
///
/// ```
/// use chirp::{ClassDef, Ctx, HostClass, New, Smalltalk, This};
///
/// struct Money(i64);
///
/// impl HostClass for Money {
///     const NAME: &'static str = "Money";
///     fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
///         c.class_method("cents:", |n: i64| New(Money(n)))
///             .method("cents", |m: &Money| m.0)
///             .method("+", |a: &Money, b: &Money| New(Money(a.0 + b.0)))
///             .method("double", |m: &mut Money| m.0 *= 2) // `()` answers the receiver
///             .method("shown", |ctx: &mut Ctx<'_>, this: This<Money>| ctx.print_string(this.as_obj()));
///         Ok(())
///     }
/// }
///
/// let mut st = Smalltalk::new();
/// st.register::<Money>()?;
/// assert_eq!(st.eval::<i64>("((Money cents: 5) double + (Money cents: 7)) cents")?, 17);
/// assert_eq!(st.eval::<String>("(Money cents: 5) shown")?, "a Money");
/// # Ok::<(), chirp::Error>(())
/// ```
///
/// An answer cannot borrow from the value: clone it.
///
/// ```compile_fail
/// # use chirp::{ClassDef, HostClass};
/// struct Name(String);
/// impl HostClass for Name {
///     const NAME: &'static str = "Name";
///     fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
///         c.method("text", |n: &Name| n.0.as_str());
///         Ok(())
///     }
/// }
/// ```
///
/// The receiver is the type's own, or a handle of it.
///
/// ```compile_fail,E0277
/// # use chirp::{ClassDef, HostClass};
/// struct Name(String);
/// impl HostClass for Name {
///     const NAME: &'static str = "Name";
///     fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
///         c.method("size", |n: &String| n.len() as i64);
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no method of the class of `{T}`",
    label = "not a closure that can be a method of `{T}`",
    note = "it must be `Fn + Send + 'static`, with types written out for all parameters: first `&{T}`, `&mut {T}`, or `&mut Ctx<'_>` and `This<{T}>`,",
    note = "then values that implement `FromSmalltalk`; its answer implements `IntoSmalltalk` and borrows nothing"
)]
pub trait HostMethod<T, M>: Send + 'static {
    /// How many parameters it has, the receiver included.
    const COUNT: usize;

    /// Runs it with the pinned values in `args`; none answers the receiver.
    #[doc(hidden)]
    fn call(&self, ctx: &mut Ctx<'_>, args: Range<usize>, _: Key) -> Result<Option<Value>>;

    /// Whether the pinned value at this place holds a Rust value such as the second parameter borrows, if it does.
    #[doc(hidden)]
    fn takes(_ctx: &mut Ctx<'_>, _place: usize, _: Key) -> bool {
        true
    }
}

/// Marks methods that borrow their receiver.
#[derive(Debug)]
pub struct ByRef;
/// Marks methods that change their receiver.
#[derive(Debug)]
pub struct ByMut;
/// Marks methods that get their receiver as a handle.
#[derive(Debug)]
pub struct ByHandle;

impl<T, M, F: RustFn<M>> HostMethod<T, (ByHandle, M)> for F {
    const COUNT: usize = <F as RustFn<M>>::COUNT;

    fn call(&self, ctx: &mut Ctx<'_>, args: Range<usize>, _: Key) -> Result<Option<Value>> {
        RustFn::call(self, ctx, args, KEY)
    }
}

macro_rules! methods {
    ($count:literal $($name:ident $i:literal)*) => {
        impl<Func, T, Ret, $($name),*> HostMethod<T, (ByRef, fn($($name),*) -> Ret)> for Func
        where
            Func: Fn(&T, $($name),*) -> Ret + Send + 'static,
            T: HostClass,
            Ret: IntoSmalltalk,
            $($name: FromSmalltalk,)*
        {
            const COUNT: usize = 1 + $count;

            #[allow(non_snake_case)]
            fn call(&self, ctx: &mut Ctx<'_>, args: Range<usize>, _: Key) -> Result<Option<Value>> {
                $(let $name = argument::<$name>(ctx, &args, $i)?;)*
                let this = ctx.pinned(args.start);
                let cell = cell::<T>(ctx, this)?;
                let result = read(&cell, |this| self(this, $($name),*))?;
                answer(ctx, result)
            }
        }

        impl<Func, T, Ret, $($name),*> HostMethod<T, (ByMut, fn($($name),*) -> Ret)> for Func
        where
            Func: Fn(&mut T, $($name),*) -> Ret + Send + 'static,
            T: HostClass,
            Ret: IntoSmalltalk,
            $($name: FromSmalltalk,)*
        {
            const COUNT: usize = 1 + $count;

            #[allow(non_snake_case)]
            fn call(&self, ctx: &mut Ctx<'_>, args: Range<usize>, _: Key) -> Result<Option<Value>> {
                $(let $name = argument::<$name>(ctx, &args, $i)?;)*
                let this = ctx.pinned(args.start);
                let cell = cell::<T>(ctx, this)?;
                let result = write(ctx, args.start, &cell, |this| self(this, $($name),*))?;
                answer(ctx, result)
            }
        }
    };
}

methods!(0);
methods!(1 A 1);
methods!(2 A 1 B 2);
methods!(3 A 1 B 2 C 3);
methods!(4 A 1 B 2 C 3 D 4);
methods!(5 A 1 B 2 C 3 D 4 E 5);

/// The same with a second value of a Rust type.
macro_rules! methods_of_two {
    ($count:literal $($name:ident $i:literal)*) => {
        impl<Func, T, U, Ret, $($name),*> HostMethod<T, (ByRef, ByRef, fn(U, $($name),*) -> Ret)> for Func
        where
            Func: Fn(&T, &U, $($name),*) -> Ret + Send + 'static,
            T: HostClass,
            U: HostClass,
            Ret: IntoSmalltalk,
            $($name: FromSmalltalk,)*
        {
            const COUNT: usize = 2 + $count;

            fn takes(ctx: &mut Ctx<'_>, place: usize, _: Key) -> bool {
                let other = ctx.pinned(place);
                cell::<U>(ctx, other).is_ok()
            }

            #[allow(non_snake_case)]
            fn call(&self, ctx: &mut Ctx<'_>, args: Range<usize>, _: Key) -> Result<Option<Value>> {
                $(let $name = argument::<$name>(ctx, &args, $i)?;)*
                let (this, other) = (ctx.pinned(args.start), ctx.pinned(args.start + 1));
                let (this, other) = (cell::<T>(ctx, this)?, cell::<U>(ctx, other)?);
                let result = read(&this, |this| read(&other, |other| self(this, other, $($name),*)))??;
                answer(ctx, result)
            }
        }

        impl<Func, T, U, Ret, $($name),*> HostMethod<T, (ByMut, ByRef, fn(U, $($name),*) -> Ret)> for Func
        where
            Func: Fn(&mut T, &U, $($name),*) -> Ret + Send + 'static,
            T: HostClass,
            U: HostClass,
            Ret: IntoSmalltalk,
            $($name: FromSmalltalk,)*
        {
            const COUNT: usize = 2 + $count;

            #[allow(non_snake_case)]
            fn call(&self, ctx: &mut Ctx<'_>, args: Range<usize>, _: Key) -> Result<Option<Value>> {
                $(let $name = argument::<$name>(ctx, &args, $i)?;)*
                let (this, other) = (ctx.pinned(args.start), ctx.pinned(args.start + 1));
                let (this, other) = (cell::<T>(ctx, this)?, cell::<U>(ctx, other)?);
                // Of one object, there are no two.
                let result = write(ctx, args.start, &this, |this| {
                    read(&other, |other| self(this, other, $($name),*))
                })??;
                answer(ctx, result)
            }
        }
    };
}

methods_of_two!(0);
methods_of_two!(1 A 2);
methods_of_two!(2 A 2 B 3);
