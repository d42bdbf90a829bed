//! Blocks with known types.

use super::arguments::Arguments;
use super::context::{AsCtx, Ctx};
use super::convert::{FromSmalltalk, IntoSmalltalk};
use super::error::{Error, ErrorKind, Result};
use super::host_class::HostClass;
use super::instance::{New, This};
use super::key::{KEY, Key};
use super::object::Obj;
use crate::memory::Value;
use std::marker::PhantomData;

/// A block that takes the values of the tuple `A` and answers an `R`.
///
/// ```
/// use chirp::{Block, Smalltalk};
///
/// let mut st = Smalltalk::new();
/// let add: Block<(i64, i64), i64> = st.eval("[:a :b | a + b]")?;
/// assert_eq!(add.call(&mut st, (3, 4))?, 7);
/// assert!(st.eval::<Block<(i64,), i64>>("[:a :b | a + b]").is_err());
///
/// let twice = st.block(|n: i64| n * 2)?;
/// st.set_global("Twice", &twice)?;
/// assert_eq!(st.eval::<Vec<i64>>("#(1 2 3) collect: Twice")?, [2, 4, 6]);
/// # Ok::<(), chirp::Error>(())
/// ```
pub struct Block<A, R> {
    object: Obj,
    types: PhantomData<fn(A) -> R>,
}

impl<A, R> Block<A, R> {
    pub(super) fn of(object: Obj) -> Self {
        Block {
            object,
            types: PhantomData,
        }
    }

    /// The block as an object of unknown type.
    pub fn as_obj(&self) -> &Obj {
        &self.object
    }
}

/// What a block that is to answer such a value answers in Rust: of a closure's `Result` its value, of a `&str` a
/// `String`, of a [`New`] a [`This`], of all else the same.
///
/// ```
/// use chirp::{Answer, Block, Smalltalk};
///
/// let mut st = Smalltalk::new();
/// let parse = st.block(|text: String| text.parse::<i64>())?;
/// let sign = st.block(|n: i64| if n < 0 { "-" } else { "+" })?;
/// assert_eq!(parse.call(&mut st, ("42".into(),))?, 42);
/// assert!(parse.call(&mut st, ("x".into(),)).unwrap_err().host_error::<std::num::ParseIntError>().is_some());
/// assert_eq!(sign.call(&mut st, (3,))?, "+");
///
/// fn first<R: Answer>(st: &mut Smalltalk, block: &Block<(i64,), R>) -> chirp::Result<R::Value> {
///     block.call(st, (1,))
/// }
/// assert_eq!(first(&mut st, &sign)?, "+");
/// # Ok::<(), chirp::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "no block can answer a `{Self}` to Rust",
    label = "does not implement `FromSmalltalk`",
    note = "let the block answer an `Obj`, or implement `FromSmalltalk`"
)]
pub trait Answer {
    /// What comes back.
    type Value: FromSmalltalk;
}

impl<R: FromSmalltalk> Answer for R {
    type Value = R;
}

impl<T: Answer, E> Answer for Result<T, E> {
    type Value = T::Value;
}

impl Answer for &str {
    type Value = String;
}

impl<T: HostClass> Answer for New<T> {
    type Value = This<T>;
}

impl<A: Arguments, R: Answer> Block<A, R> {
    /// Evaluates the block.
    pub fn call(&self, on: &mut impl AsCtx, args: A) -> Result<R::Value> {
        let selector = match A::COUNT {
            0 => "value",
            1 => "value:",
            2 => "value:value:",
            3 => "value:value:value:",
            4 => "value:value:value:value:",
            _ => return on.as_ctx().whole(|ctx| self.call_with_array(ctx, args)),
        };
        on.as_ctx().send_message(&self.object, selector, args)
    }

    /// Blocks of more arguments have no message of their own.
    fn call_with_array(&self, ctx: &mut Ctx<'_>, args: A) -> Result<R::Value> {
        let base = ctx.vm.handles.pinned.len();
        let pushed = args.push(ctx, KEY);
        let values = ctx.vm.handles.pinned.split_off(base);
        pushed?;
        let array = ctx.vm.new_array_from(&values);
        let array = Obj::new(ctx.vm, array);
        self.object.send(ctx, "valueWithArguments:", (array,))
    }
}

impl<A, R> Clone for Block<A, R> {
    fn clone(&self) -> Self {
        Block::of(self.object.clone())
    }
}

impl<A, R> std::fmt::Debug for Block<A, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Block").field(&self.object).finish()
    }
}

impl<A: Arguments, R> FromSmalltalk for Block<A, R> {
    fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
        let value = object.value(ctx.vm)?;
        match ctx.vm.block_num_args(value) {
            Some(takes) if takes == A::COUNT => Ok(Block::of(object.clone())),
            Some(takes) => Err(Error::new(ErrorKind::Arity {
                what: "the block".into(),
                takes,
                given: A::COUNT,
            })),
            None => Err(super::convert::mismatch(ctx, "a block", value)),
        }
    }
}

impl<A, R> IntoSmalltalk for Block<A, R> {
    fn into_smalltalk(self, _ctx: &mut Ctx<'_>) -> Result<Obj> {
        Ok(self.object)
    }
}

impl<A, R> IntoSmalltalk for &Block<A, R> {
    fn into_smalltalk(self, _ctx: &mut Ctx<'_>) -> Result<Obj> {
        Ok(self.object.clone())
    }

    fn into_value(self, ctx: &mut Ctx<'_>, _: Key) -> Result<Value> {
        self.object.value(ctx.vm)
    }
}
