//! Conversions of what is another type in other clothes: boxes, shared text, paths, deques; and of durations.

use super::context::Ctx;
use super::convert::{FromSmalltalk, IntoSmalltalk, by_value, is_kind_of, mismatch};
use super::error::{Error, Result};
use super::key::{KEY, Key};
use super::object::Obj;
use crate::memory::Value;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Nanoseconds.
const SECOND: i128 = 1_000_000_000;

/// Implements the traits for a type of text.
macro_rules! text {
    ($($type:ty)*) => {$(
        by_value!(from $type, |ctx, v| Ok(String::from_value(ctx, v, KEY)?.into()));
        by_value!(into $type, |x, ctx| (&*x).into_value(ctx, KEY));
    )*};
}

text!(Box<str> Arc<str> Cow<'_, str> PathBuf);

by_value!(into & Path, |x, ctx| {
    let text = x
        .to_str()
        .ok_or_else(|| Error::conversion("a path in UTF-8", x.display().to_string()))?;
    text.into_value(ctx, KEY)
});

impl<T: FromSmalltalk> FromSmalltalk for Box<T> {
    fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
        T::from_smalltalk(ctx, object).map(Box::new)
    }

    fn from_value(ctx: &mut Ctx<'_>, value: Value, _: Key) -> Result<Self> {
        // A type that contains itself does so in a box.
        ctx.check_stack()?;
        T::from_value(ctx, value, KEY).map(Box::new)
    }
}

impl<T: IntoSmalltalk> IntoSmalltalk for Box<T> {
    fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
        (*self).into_smalltalk(ctx)
    }

    fn into_value(self, ctx: &mut Ctx<'_>, _: Key) -> Result<Value> {
        ctx.check_stack()?;
        (*self).into_value(ctx, KEY)
    }
}

impl<T: FromSmalltalk> FromSmalltalk for VecDeque<T> {
    fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
        Vec::from_smalltalk(ctx, object).map(Into::into)
    }
}

impl<T: IntoSmalltalk> IntoSmalltalk for VecDeque<T> {
    fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
        Vec::from(self).into_smalltalk(ctx)
    }
}

impl FromSmalltalk for Duration {
    fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
        let value = object.value(ctx.vm)?;
        if !is_kind_of(ctx, value, "Duration") {
            return Err(mismatch(ctx, "a Duration", value));
        }
        let nanos: i128 = ctx.send_message(object, "asNanoSeconds", ())?;
        match u64::try_from(nanos.div_euclid(SECOND)) {
            Ok(seconds) => Ok(Duration::new(seconds, nanos.rem_euclid(SECOND) as u32)),
            Err(_) => {
                let found = format!("one of {nanos} ns");
                Err(Error::conversion("a Duration from 0 on that fits", found))
            }
        }
    }
}

impl IntoSmalltalk for Duration {
    fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
        let class = ctx.class("Duration")?;
        class.send(
            ctx,
            "seconds:nanoSeconds:",
            (self.as_secs(), self.subsec_nanos()),
        )
    }
}
