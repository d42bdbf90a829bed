//! Conversions of maps, sets, tuples and arrays. Those of maps and sets run the Smalltalk code of the collections.

use super::arguments::Arguments;
use super::context::{AsCtx, Ctx};
use super::convert::{FromSmalltalk, IntoSmalltalk, by_value, is_kind_of, mismatch};
use super::error::{Error, Result};
use super::key::{KEY, Key};
use super::object::Obj;
use crate::memory::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

/// A new Dictionary of these pairs.
fn dictionary<K: IntoSmalltalk, V: IntoSmalltalk>(
    pairs: impl IntoIterator<Item = (K, V)>,
    ctx: &mut Ctx<'_>,
) -> Result<Obj> {
    let (keys, values): (Vec<K>, Vec<V>) = pairs.into_iter().unzip();
    let (keys, values) = (ctx.object(keys)?, ctx.object(values)?);
    let class = ctx.class("Dictionary")?;
    class.send(ctx, "newFromKeys:andValues:", (&keys, &values))
}

/// Whether it is a collection that says it is a Dictionary: an OrderedDictionary does not inherit from one. The question
/// may move everything.
pub(super) fn is_dictionary(ctx: &mut Ctx<'_>, object: &Obj) -> Result<bool> {
    let value = object.value(ctx.vm)?;
    Ok(is_kind_of(ctx, value, "Collection") && ctx.send_message(object, "isDictionary", ())?)
}

/// Whether it is a collection that a list holds without losing anything.
pub(super) fn is_listable(ctx: &mut Ctx<'_>, object: &Obj) -> Result<bool> {
    let value = object.value(ctx.vm)?;
    Ok(is_kind_of(ctx, value, "Collection")
        && !ctx.vm.is_string(value)
        && !is_dictionary(ctx, object)?)
}

/// What is in a Dictionary, or in a collection that says it is one.
fn pairs<K: FromSmalltalk, V: FromSmalltalk>(
    ctx: &mut Ctx<'_>,
    object: &Obj,
) -> Result<impl Iterator<Item = (K, V)> + use<K, V>> {
    if !is_dictionary(ctx, object)? {
        let value = object.value(ctx.vm)?;
        return Err(mismatch(ctx, "a Dictionary", value));
    }
    let keys: Vec<K> = ctx.send_message(object, "keys", ())?;
    let values: Vec<V> = ctx.send_message(object, "values", ())?;
    if keys.len() != values.len() {
        let found = format!("one of {} keys and {} values", keys.len(), values.len());
        return Err(Error::conversion("a Dictionary", found));
    }
    Ok(keys.into_iter().zip(values))
}

/// Implements the traits for a type of maps.
macro_rules! map {
    ($map:ident<K, V $(, $hasher:ident)?>, $($bound:tt)+) => {
        impl<K: FromSmalltalk + $($bound)+, V: FromSmalltalk $(, $hasher: BuildHasher + Default)?> FromSmalltalk
            for $map<K, V $(, $hasher)?>
        {
            fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
                Ok(pairs(ctx, object)?.collect())
            }
        }

        impl<K: IntoSmalltalk, V: IntoSmalltalk $(, $hasher)?> IntoSmalltalk for $map<K, V $(, $hasher)?> {
            fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
                dictionary(self, ctx)
            }
        }

        impl<K: IntoSmalltalk + Clone, V: IntoSmalltalk + Clone $(, $hasher)?> IntoSmalltalk
            for &$map<K, V $(, $hasher)?>
        {
            fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
                dictionary(self.iter().map(|(k, v)| (k.clone(), v.clone())), ctx)
            }
        }
    };
}

map!(HashMap<K, V, S>, Eq + Hash);
map!(BTreeMap<K, V>, Ord);

/// Implements the traits for a type of sets.
macro_rules! set {
    ($set:ident<T $(, $hasher:ident)?>, $($bound:tt)+) => {
        impl<T: FromSmalltalk + $($bound)+ $(, $hasher: BuildHasher + Default)?> FromSmalltalk
            for $set<T $(, $hasher)?>
        {
            fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
                Ok(Vec::<T>::from_smalltalk(ctx, object)?.into_iter().collect())
            }
        }

        impl<T: IntoSmalltalk $(, $hasher)?> IntoSmalltalk for $set<T $(, $hasher)?> {
            fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
                let items = ctx.object(self.into_iter().collect::<Vec<T>>())?;
                items.send(ctx, "asSet", ())
            }
        }
    };
}

set!(HashSet<T, S>, Eq + Hash);
set!(BTreeSet<T>, Ord);

/// The elements of a list of so many.
fn counted<T: FromSmalltalk, const N: usize>(ctx: &mut Ctx<'_>, object: &Obj) -> Result<[T; N]> {
    let items = Vec::<T>::from_smalltalk(ctx, object)?;
    items.try_into().map_err(|items: Vec<T>| {
        let found = format!("one of {}", items.len());
        Error::conversion(format!("an Array of {N}"), found)
    })
}

/// The parts of a tuple: a list of so many, or key and value of an Association.
fn parts<const N: usize>(ctx: &mut Ctx<'_>, object: &Obj) -> Result<[Obj; N]> {
    let value = object.value(ctx.vm)?;
    if N == 2 && is_kind_of(ctx, value, "Association") && ctx.vm.heap.is_pointers(value) {
        let pair: Vec<Value> = ctx
            .vm
            .heap
            .pointer_slots(value)
            .iter()
            .take(N)
            .copied()
            .collect();
        let pair: Vec<Obj> = pair.into_iter().map(|v| Obj::new(ctx.vm, v)).collect();
        if let Ok(pair) = pair.try_into() {
            return Ok(pair);
        }
    }
    counted(ctx, object)
}

/// Implements the traits for tuples.
macro_rules! tuple {
    ($count:literal $($name:ident)+) => {
        impl<$($name: FromSmalltalk),+> FromSmalltalk for ($($name,)+) {
            #[allow(non_snake_case)]
            fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
                let [$($name),+] = parts::<$count>(ctx, object)?;
                Ok(($($name::from_smalltalk(&mut ctx.as_ctx(), &$name)?,)+))
            }
        }

        impl<$($name: IntoSmalltalk),+> IntoSmalltalk for ($($name,)+) {
            fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
                let value = self.into_value(ctx, KEY)?;
                Ok(Obj::new(ctx.vm, value))
            }

            fn into_value(self, ctx: &mut Ctx<'_>, _: Key) -> Result<Value> {
                let base = ctx.vm.handles.pinned.len();
                let pushed = self.push(ctx, KEY);
                let values = ctx.vm.handles.pinned.split_off(base);
                pushed?;
                Ok(ctx.vm.new_array_from(&values))
            }
        }
    };
}

tuple!(1 A);
tuple!(2 A B);
tuple!(3 A B C);
tuple!(4 A B C D);
tuple!(5 A B C D E);
tuple!(6 A B C D E G);

impl<T: FromSmalltalk, const N: usize> FromSmalltalk for [T; N] {
    fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
        counted(ctx, object)
    }
}

impl<T: IntoSmalltalk, const N: usize> IntoSmalltalk for [T; N] {
    fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
        Vec::from(self).into_smalltalk(ctx)
    }
}

impl<T: IntoSmalltalk + Clone> IntoSmalltalk for &[T] {
    fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
        self.to_vec().into_smalltalk(ctx)
    }
}

impl<T: IntoSmalltalk + Clone> IntoSmalltalk for &Vec<T> {
    fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
        self.clone().into_smalltalk(ctx)
    }
}

// The nearest one; a Float that is none is told, since infinity is another number.
by_value!(from f32, |ctx, v| {
    let wide = f64::from_value(ctx, v, KEY)?;
    let narrow = wide as f32;
    if narrow.is_infinite() && wide.is_finite() {
        return Err(Error::conversion("a Float that fits f32", format!("{wide:e}")));
    }
    Ok(narrow)
});
by_value!(into f32, |x, ctx| f64::from(x).into_value(ctx, KEY));
