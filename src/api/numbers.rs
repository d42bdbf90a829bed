//! Conversions of numbers, and of references to what is copied as they are. What does not fit is an error, never a wrong
//! number; a Fraction is the nearest Float.

use super::context::Ctx;
use super::convert::{FromSmalltalk, IntoSmalltalk, by_value, is_kind_of, mismatch, room};
use super::error::{Error, Result};
use super::key::{KEY, Key};
use super::object::Obj;
use crate::bigint::BigInt;
use crate::memory::Value;
use crate::vm::known::Known;

/// Integers with more bits are not written out in messages.
const SHOWN_BITS: u64 = 256;

fn integer<T>(ctx: &Ctx<'_>, v: Value, name: &str) -> Result<T>
where
    T: TryFrom<i64> + TryFrom<i128> + TryFrom<u128>,
{
    if let Some(Ok(n)) = v.as_int().map(T::try_from) {
        return Ok(n);
    }
    let n = big(ctx, v)?;
    let signed = n.to_i128().and_then(|n| T::try_from(n).ok());
    let found = signed.or_else(|| T::try_from(n.to_u128()?).ok());
    found.ok_or_else(|| unfit(&n, name))
}

fn big(ctx: &Ctx<'_>, v: Value) -> Result<BigInt> {
    let n = ctx.vm.bigint_value(v);
    n.ok_or_else(|| mismatch(ctx, "an Integer", v))
}

fn unfit(n: &BigInt, name: &str) -> Error {
    let found = if n.bits() > SHOWN_BITS {
        format!("one of {} bits", n.bits())
    } else {
        n.to_digits(10)
    };
    Error::conversion(format!("an Integer that fits {name}"), found)
}

fn object<T>(ctx: &mut Ctx<'_>, n: T) -> Value
where
    T: Copy + TryInto<i64> + TryInto<i128> + TryInto<u128>,
{
    if let Some(v) = n.try_into().ok().and_then(Value::try_int) {
        return v;
    }
    let n: BigInt = match (n.try_into(), n.try_into()) {
        (Ok(n), _) => i128::into(n),
        (_, Ok(n)) => u128::into(n),
        _ => BigInt::default(),
    };
    ctx.vm.integer_from_bigint(n)
}

macro_rules! integers {
    ($($type:ident)*) => {$(
        by_value!(from $type, |ctx, v| integer(ctx, v, stringify!($type)));
        by_value!(into $type, |x, ctx| Ok(object(ctx, x)));
        by_value!(into &$type, |x, ctx| (*x).into_value(ctx, KEY));
    )*};
}

integers!(i8 i16 i32 i64 i128 isize u16 u32 u64 u128 usize);

by_value!(from u8, |ctx, v| integer(ctx, v, "u8"));
by_value!(
    into u8,
    |x, _ctx| Ok(Value::int(x.into())),
    fn vec_into_value(bytes: Vec<u8>, ctx: &mut Ctx<'_>, _: Key) -> Result<Value> {
        room(ctx, bytes.len())?;
        Ok(ctx.vm.new_bytes(Known::ByteArray.index(), &bytes))
    }
);

by_value!(from f64, |ctx, v| {
    if let Some(f) = ctx.vm.heap.as_float(v) {
        return Ok(f);
    }
    let Some(n) = ctx.vm.bigint_value(v) else {
        return nearest(ctx, v);
    };
    let exact = Some(n.to_f64()).filter(|&f| BigInt::from_f64(f).as_ref() == Some(&n));
    exact.ok_or_else(|| Error::conversion("a number that fits f64 exactly", format!("an Integer of {} bits", n.bits())))
});
by_value!(into f64, |x, ctx| Ok(ctx.vm.heap.float(x)));

by_value!(into & u8, |x, ctx| (*x).into_value(ctx, KEY));
by_value!(into & f64, |x, ctx| (*x).into_value(ctx, KEY));
by_value!(into & f32, |x, ctx| (*x).into_value(ctx, KEY));
by_value!(into & bool, |x, ctx| (*x).into_value(ctx, KEY));
by_value!(into & char, |x, ctx| (*x).into_value(ctx, KEY));

/// The Float nearest to a number that is neither a Float nor an Integer.
fn nearest(ctx: &mut Ctx<'_>, v: Value) -> Result<f64> {
    if !is_kind_of(ctx, v, "Number") {
        return Err(mismatch(ctx, "a Float", v));
    }
    let number = Obj::new(ctx.vm, v);
    let float: Obj = ctx.send_message(&number, "asFloat", ())?;
    let float = ctx.vm.heap.as_float(float.value(ctx.vm)?);
    // Infinity is another number.
    let finite = float.filter(|f| f.is_finite());
    let number = number.value(ctx.vm)?;
    finite.ok_or_else(|| mismatch(ctx, "a number that fits f64", number))
}
