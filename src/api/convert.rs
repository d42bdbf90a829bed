//! Between Rust values and objects: the two traits, and the types that are no numbers.
//!
//! Conversions of built-in types run no Smalltalk code, except that of other collections to Arrays. Code of the host's
//! gets a `Ctx` of its own each time: whoever puts another machine's in its place has changed nothing but that.

use super::collections::is_listable;
use super::context::{AsCtx, Ctx};
use super::error::{Error, Result};
use super::key::{KEY, Key};
use super::object::Obj;
use crate::memory::Value;
use crate::vm::known::Known;

/// What an object can become in Rust.
///
/// | Rust | Smalltalk |
/// |---|---|
/// | `i8` … `i128`, `u8` … `u128`, `isize`, `usize` | Integer; one that does not fit is an error |
/// | `f64` | Float, an Integer where it is exact, and the nearest to a Fraction or ScaledDecimal |
/// | `f32` | the same, rounded |
/// | `bool`, `char`, `()` | Boolean, Character, anything |
/// | `String`, `Box<str>`, `Arc<str>`, `Cow<str>`, `PathBuf`, [`Symbol`] | String or Symbol |
/// | `Option<T>`, `Box<T>` | nil is `None`; as `T` |
/// | `Vec<T>`, `VecDeque<T>` | Array and other collections except Dictionaries and Strings |
/// | tuples of up to six, `[T; N]` | the same, of as many elements; a pair also from an Association |
/// | `HashMap`, `BTreeMap` | Dictionary and its kin: what answers true to `isDictionary` |
/// | `HashSet`, `BTreeSet` | as `Vec<T>`; equal elements are one |
/// | [`Duration`](std::time::Duration) | a Duration that is not negative |
/// | [`Obj`](crate::Obj), [`Block<A, R>`](crate::Block) | anything, a block of as many arguments |
///
/// ```
/// use chirp::{Ctx, FromSmalltalk, IntoSmalltalk, Obj, Smalltalk};
///
/// #[derive(Debug, PartialEq)]
/// struct Size { width: f64, height: f64 }
///
/// impl FromSmalltalk for Size {
///     fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> chirp::Result<Self> {
///         Ok(Size { width: object.send(ctx, "x", ())?, height: object.send(ctx, "y", ())? })
///     }
/// }
///
/// impl IntoSmalltalk for Size {
///     fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> chirp::Result<Obj> {
///         ctx.class("Point")?.send(ctx, "x:y:", (self.width, self.height))
///     }
/// }
///
/// let mut st = Smalltalk::new();
/// assert_eq!(st.eval::<Size>("3 @ 4.5")?, Size { width: 3.0, height: 4.5 });
/// st.set_global("Paper", Size { width: 210.0, height: 297.0 })?;
/// assert_eq!(st.eval::<String>("Paper printString")?, "(210.0@297.0)");
/// # Ok::<(), chirp::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "no object can become a `{Self}`",
    label = "does not implement `FromSmalltalk`",
    note = "take an `Obj` and send it messages, or implement `FromSmalltalk`"
)]
pub trait FromSmalltalk: Sized {
    /// Converts an object.
    fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self>;

    /// The same without a handle, for built-in types.
    #[doc(hidden)]
    fn from_value(ctx: &mut Ctx<'_>, value: Value, _: Key) -> Result<Self> {
        // An object may be part of itself.
        ctx.check_stack()?;
        ctx.charge(HANDLE)?;
        let object = Obj::new(ctx.vm, value);
        Self::from_smalltalk(&mut ctx.as_ctx(), &object)
    }
}

/// What a Rust value becomes in Smalltalk: the way back of [`FromSmalltalk`].
///
/// `&str` and `&Path` become Strings, `()` nil, a `Vec<u8>` a ByteArray and any other `Vec` an Array, as do tuples, arrays
/// and slices; maps become Dictionaries, sets Sets. References to numbers, lists and maps become what these do. A
/// `Result` is its value, or an error where it is used.
///
/// ```
/// use std::collections::BTreeMap;
///
/// let mut st = chirp::Smalltalk::new();
/// st.set_global("Ages", BTreeMap::from([("Ada", 36), ("Alan", 41)]))?;
/// let (oldest, age): (String, u32) = st.eval("| k | k := Ages keyAtValue: Ages values max. { k. Ages at: k }")?;
/// assert_eq!((oldest.as_str(), age), ("Alan", 41));
/// let older: BTreeMap<String, u32> = st.eval("Ages collect: [ :each | each + 1 ]")?;
/// assert_eq!(older["Ada"], 37);
/// # Ok::<(), chirp::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot become an object",
    label = "does not implement `IntoSmalltalk`",
    note = "the error of a `Result` must convert into `Box<dyn Error + Send + Sync>`"
)]
pub trait IntoSmalltalk: Sized {
    /// `()`, which a method answers as its receiver.
    #[doc(hidden)]
    const IS_UNIT: bool = false;

    /// Converts the value.
    fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj>;

    /// The same without a handle, for built-in types. Valid until Smalltalk code runs.
    #[doc(hidden)]
    fn into_value(self, ctx: &mut Ctx<'_>, _: Key) -> Result<Value> {
        ctx.check_stack()?;
        let object = self.into_smalltalk(&mut ctx.as_ctx())?;
        object.value(ctx.vm)
    }

    /// Many of them.
    #[doc(hidden)]
    fn vec_into_value(items: Vec<Self>, ctx: &mut Ctx<'_>, _: Key) -> Result<Value> {
        room(ctx, items.len().saturating_mul(8))?;
        let base = ctx.vm.handles.pinned.len();
        for item in items {
            match item.into_value(ctx, KEY) {
                Ok(value) => _ = ctx.pin(value),
                Err(error) => {
                    ctx.unpin(base);
                    return Err(error);
                }
            }
        }
        let values = ctx.vm.handles.pinned.split_off(base);
        Ok(ctx.vm.new_array_from(&values))
    }
}

/// A Symbol, where a `String` or `&str` would become a String.
///
/// ```
/// use chirp::{Smalltalk, Symbol};
///
/// let mut st = Smalltalk::new();
/// st.set_global("Key", Symbol::from("red"))?;
/// assert!(st.eval::<bool>("Key == #red")?);
/// assert_eq!(st.eval::<Symbol>("#blue")?.0, "blue");
/// # Ok::<(), chirp::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(pub String);

impl From<&str> for Symbol {
    fn from(text: &str) -> Symbol {
        Symbol(text.into())
    }
}

/// Bytes that a handle takes, roughly.
const HANDLE: usize = 64;

/// Refuses what does not fit into the machine's memory.
pub(super) fn room(ctx: &Ctx<'_>, bytes: usize) -> Result<()> {
    if ctx.vm.heap.can_allocate(bytes.saturating_add(64)) {
        return Ok(());
    }
    Err(Error::no_memory())
}

/// Names an instance of a class.
pub(crate) fn with_article(name: &str) -> String {
    let vowel = name.starts_with(['A', 'E', 'I', 'O', 'U']);
    format!("{} {name}", if vowel { "an" } else { "a" })
}

/// `value` is not what was expected.
pub(super) fn mismatch(ctx: &Ctx<'_>, expected: &str, value: Value) -> Error {
    let found = match value {
        Value::NIL => "nil".to_string(),
        Value::TRUE => "true".to_string(),
        Value::FALSE => "false".to_string(),
        _ => {
            let class = ctx.vm.heap.class_of(value);
            let name = ctx.vm.classes.name(class);
            match ctx.vm.classes.get(class) {
                Some(_) => with_article(&name),
                None => name,
            }
        }
    };
    Error::conversion(expected, found)
}

/// A code point that is not one of Rust's.
fn no_char(what: &str, code: u32) -> Error {
    let kind = if code < 0xE000 {
        "a surrogate"
    } else {
        "beyond Unicode"
    };
    Error::conversion(
        format!("{what} that `char` can be"),
        format!("16r{code:X}, {kind}"),
    )
}

/// Implements the traits for a type whose conversions need no handle. `inline`: compiled where they are used, and not all
/// of them in each program.
macro_rules! by_value {
    (from $type:ty, |$ctx:ident, $v:ident| $body:expr) => {
        impl FromSmalltalk for $type {
            #[inline]
            fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
                ctx.get(object)
            }

            #[inline]
            fn from_value($ctx: &mut Ctx<'_>, $v: Value, _: Key) -> Result<Self> {
                $body
            }
        }
    };
    (into $type:ty, |$x:ident, $ctx:ident| $body:expr $(, $extra:item)*) => {
        impl IntoSmalltalk for $type {
            $($extra)*

            #[inline]
            fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
                let value = self.into_value(ctx, KEY)?;
                Ok(Obj::new(ctx.vm, value))
            }

            #[inline]
            fn into_value(self, $ctx: &mut Ctx<'_>, _: Key) -> Result<Value> {
                let $x = self;
                $body
            }
        }
    };
}
pub(super) use by_value;

by_value!(from bool, |ctx, v| v.as_bool().ok_or_else(|| mismatch(ctx, "a Boolean", v)));
by_value!(into bool, |x, _ctx| Ok(Value::bool(x)));

by_value!(from(), |_ctx, _v| Ok(()));
by_value!(
    into(),
    |_x, _ctx| Ok(Value::NIL),
    const IS_UNIT: bool = true;
);

by_value!(from char, |ctx, v| {
    let code = v.as_char().ok_or_else(|| mismatch(ctx, "a Character", v))?;
    char::from_u32(code).ok_or_else(|| no_char("a Character", code))
});
by_value!(into char, |x, _ctx| Ok(Value::char(x as u32)));

by_value!(from String, |ctx, v| {
    let text = ctx.vm.string_value(v).ok_or_else(|| mismatch(ctx, "a String", v))?;
    ctx.charge(text.len())?;
    // What is no `char` has become one of these; Strings that have them are wide.
    let strange = text.contains(char::REPLACEMENT_CHARACTER);
    let codes = if strange { ctx.vm.heap.words32(v) } else { &[] };
    match codes.iter().find(|&&code| char::from_u32(code).is_none()) {
        Some(&code) => Err(no_char("a String of Characters", code)),
        None => Ok(text),
    }
});
by_value!(into String, |x, ctx| x.as_str().into_value(ctx, KEY));
by_value!(into & String, |x, ctx| x.as_str().into_value(ctx, KEY));
by_value!(into & str, |x, ctx| {
    // Wide characters take four bytes.
    room(ctx, x.len().saturating_mul(4))?;
    Ok(ctx.vm.new_string(x))
});

by_value!(from Symbol, |ctx, v| String::from_value(ctx, v, KEY).map(Symbol));
by_value!(into Symbol, |x, ctx| Ok(ctx.vm.symbol(&x.0)));

impl FromSmalltalk for Obj {
    fn from_smalltalk(_ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
        Ok(object.clone())
    }
}

impl IntoSmalltalk for Obj {
    fn into_smalltalk(self, _ctx: &mut Ctx<'_>) -> Result<Obj> {
        Ok(self)
    }
}

by_value!(into & Obj, |x, ctx| x.value(ctx.vm));

impl<T: FromSmalltalk> FromSmalltalk for Option<T> {
    fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
        ctx.get(object)
    }

    fn from_value(ctx: &mut Ctx<'_>, value: Value, _: Key) -> Result<Self> {
        if value.is_nil() {
            Ok(None)
        } else {
            T::from_value(ctx, value, KEY).map(Some)
        }
    }
}

impl<T: IntoSmalltalk> IntoSmalltalk for Option<T> {
    fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
        let value = self.into_value(ctx, KEY)?;
        Ok(Obj::new(ctx.vm, value))
    }

    fn into_value(self, ctx: &mut Ctx<'_>, _: Key) -> Result<Value> {
        match self {
            Some(x) => x.into_value(ctx, KEY),
            None => Ok(Value::NIL),
        }
    }
}

impl<T, E> IntoSmalltalk for Result<T, E>
where
    T: IntoSmalltalk,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    const IS_UNIT: bool = T::IS_UNIT;

    fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
        self.map_err(Error::host)?.into_smalltalk(&mut ctx.as_ctx())
    }

    fn into_value(self, ctx: &mut Ctx<'_>, _: Key) -> Result<Value> {
        self.map_err(Error::host)?.into_value(ctx, KEY)
    }
}

impl<T: IntoSmalltalk> IntoSmalltalk for Vec<T> {
    fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
        let value = self.into_value(ctx, KEY)?;
        Ok(Obj::new(ctx.vm, value))
    }

    fn into_value(self, ctx: &mut Ctx<'_>, _: Key) -> Result<Value> {
        T::vec_into_value(self, ctx, KEY)
    }
}

impl<T: FromSmalltalk> FromSmalltalk for Vec<T> {
    fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
        ctx.get(object)
    }

    fn from_value(ctx: &mut Ctx<'_>, value: Value, _: Key) -> Result<Self> {
        let class = ctx.vm.heap.class_of(value);
        if class == Known::ByteArray.index() {
            let bytes = ctx.vm.heap.bytes(value).to_vec();
            ctx.charge(bytes.len().saturating_mul(size_of::<T>()))?;
            return bytes
                .into_iter()
                .map(|b| T::from_value(ctx, Value::int(b.into()), KEY))
                .collect();
        }
        if class == Known::Array.index() {
            return elements(ctx, value);
        }
        let object = Obj::new(ctx.vm, value);
        if !is_listable(ctx, &object)? {
            let value = object.value(ctx.vm)?;
            return Err(mismatch(ctx, "an Array", value));
        }
        let array: Obj = ctx.send_message(&object, "asArray", ())?;
        let value = array.value(ctx.vm)?;
        if ctx.vm.heap.class_of(value) != Known::Array.index() {
            return Err(mismatch(ctx, "an Array", value));
        }
        elements(ctx, value)
    }
}

/// The elements of an Array. Converting one may move all of them.
fn elements<T: FromSmalltalk>(ctx: &mut Ctx<'_>, array: Value) -> Result<Vec<T>> {
    let count = ctx.vm.heap.slots(array);
    // A unit for each, at once: asked for one by one, it would take as long as to convert them.
    ctx.charge_for(count, count.saturating_mul(size_of::<T>()))?;
    let place = ctx.pin(array);
    let mut items = Vec::with_capacity(count);
    while let Some(&value) = ctx
        .vm
        .heap
        .pointer_slots(ctx.pinned(place))
        .get(items.len())
    {
        match T::from_value(ctx, value, KEY) {
            Ok(item) => items.push(item),
            Err(error) => {
                ctx.unpin(place);
                return Err(error);
            }
        }
    }
    ctx.unpin(place);
    Ok(items)
}

/// Whether `value` is an instance of the class of this name or of one that inherits from it.
pub(super) fn is_kind_of(ctx: &Ctx<'_>, value: Value, name: &str) -> bool {
    let ancestor = ctx
        .vm
        .defined_global(name)
        .and_then(|b| ctx.vm.classes.index_of(ctx.vm.heap.slot(b, 1)));
    let class = ctx.vm.heap.class_of(value);
    ancestor.is_some_and(|a| ctx.vm.classes.inherits(class, a))
}
