//! Conversions of numbers. What does not fit is an error, never a wrong number.

use super::context::Ctx;
use super::convert::{FromSmalltalk, IntoSmalltalk, by_value, mismatch, room};
use super::error::{Error, Result};
use super::object::Obj;
use crate::memory::Value;
use crate::vm::known::Known;
use num_bigint::BigInt;
use num_traits::{FromPrimitive, ToPrimitive};

/// Integers with more bits are not written out in messages.
const SHOWN_BITS: u64 = 256;

fn integer<T>(ctx: &Ctx<'_>, v: Value, name: &str) -> Result<T>
where
    T: TryFrom<i64> + for<'a> TryFrom<&'a BigInt>,
{
    if let Some(Ok(n)) = v.as_int().map(T::try_from) {
        return Ok(n);
    }
    let n = big(ctx, v)?;
    T::try_from(&n).map_err(|_| unfit(&n, name))
}

fn big(ctx: &Ctx<'_>, v: Value) -> Result<BigInt> {
    let n = ctx.vm.bigint_value(v);
    n.ok_or_else(|| mismatch(ctx, "an Integer", v))
}

fn unfit(n: &BigInt, name: &str) -> Error {
    let found = if n.bits() > SHOWN_BITS {
        format!("one of {} bits", n.bits())
    } else {
        n.to_string()
    };
    Error::conversion(format!("an Integer that fits {name}"), found)
}

fn object<T>(ctx: &mut Ctx<'_>, n: T) -> Value
where
    T: Copy + Into<BigInt>,
    i64: TryFrom<T>,
{
    match i64::try_from(n).ok().and_then(Value::try_int) {
        Some(v) => v,
        None => ctx.vm.integer_from_bigint(n.into()),
    }
}

macro_rules! integers {
    ($($type:ident)*) => {$(
        by_value!(from $type, |ctx, v| integer(ctx, v, stringify!($type)));
        by_value!(into $type, |x, ctx| Ok(object(ctx, x)));
    )*};
}

integers!(i8 i16 i32 i64 i128 isize u16 u32 u64 u128 usize);

by_value!(from u8, |ctx, v| integer(ctx, v, "u8"));
by_value!(
    into u8,
    |x, _ctx| Ok(Value::int(x.into())),
    fn vec_into_value(bytes: Vec<u8>, ctx: &mut Ctx<'_>) -> Result<Value> {
        room(ctx, bytes.len())?;
        Ok(ctx.vm.new_bytes(Known::ByteArray.index(), &bytes))
    }
);

by_value!(from f64, |ctx, v| {
    if let Some(f) = ctx.vm.heap.as_float(v) {
        return Ok(f);
    }
    let n = ctx.vm.bigint_value(v).ok_or_else(|| mismatch(ctx, "a Float", v))?;
    let exact = n.to_f64().filter(|&f| BigInt::from_f64(f).as_ref() == Some(&n));
    exact.ok_or_else(|| Error::conversion("a number that fits f64 exactly", format!("an Integer of {} bits", n.bits())))
});
by_value!(into f64, |x, ctx| Ok(ctx.vm.heap.float(x)));
