//! Any type that serde knows, as an object and back: the feature `serde`.
//!
//! Owns the two entrances and how an error tells where in the value it happened.

mod read;
mod write;

use super::context::{AsCtx, Ctx};
use super::error::{Error, ErrorKind, Result};
use super::object::Obj;
use super::smalltalk::Smalltalk;
use serde::Serialize;
use serde::de::{DeserializeOwned, Expected, Unexpected};
use std::fmt::Display;

impl Smalltalk {
    /// A value of any type that serde can serialise, as an object.
    ///
    /// | serde | Smalltalk |
    /// |---|---|
    /// | structs | Dictionary with Symbols as keys |
    /// | maps | Dictionary; text as keys is Strings |
    /// | sequences, tuples | Array |
    /// | bytes | ByteArray |
    /// | text, `char` | String, Character |
    /// | integers, floats, `bool` | Integer of any size, Float, Boolean |
    /// | `None`, `()` | nil |
    /// | enums | `#Name`, or `#Name -> value` where a variant has something inside |
    ///
    /// [`Obj::deserialize`] is the way back. It takes more: any collection as a sequence, Symbols as text, a Dictionary of
    /// one pair as a variant, and any object as a struct whose fields are its instance variables. A number that does not fit
    /// is an error, with one exception: in `flatten`, `untagged` and `tag = "…"` serde itself makes an `f32` of what was read
    /// as a Float before its type was known, and infinity of one that is too large. An `f64` there is exact.
    ///
    /// ```
    /// use chirp::{Obj, Smalltalk};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize, PartialEq, Debug)]
    /// struct Server { name: String, port: u16, tags: Vec<String> }
    ///
    /// let mut st = Smalltalk::new();
    /// let server = Server { name: "a".into(), port: 80, tags: vec!["x".into()] };
    /// let object = st.to_object(&server)?;
    /// st.set_global("Server", &object)?;
    /// assert_eq!(st.eval::<i64>("Server at: #port put: (Server at: #port) + 8000")?, 8080);
    /// assert_eq!(object.deserialize::<Server>(&mut st)?.port, 8080);
    ///
    /// #[derive(Deserialize)]
    /// struct Place { x: i64, y: i64 }
    /// let place: Place = st.eval::<Obj>("3 @ 4")?.deserialize(&mut st)?;
    /// assert_eq!(place.x + place.y, 7);
    ///
    /// let object: Obj = st.eval("Server at: #port put: 70000; yourself")?;
    /// let error = object.deserialize::<Server>(&mut st).err().unwrap();
    /// assert_eq!(error.to_string(), "expected u16, found integer `70000` in `port`");
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn to_object<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<Obj> {
        self.as_ctx().to_object(value)
    }
}

impl Ctx<'_> {
    /// A value of any type that serde can serialise, as an object: see [`Smalltalk::to_object`].
    pub fn to_object<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<Obj> {
        self.whole(|ctx| {
            let base = ctx.vm.handles.pinned.len();
            let written = value.serialize(&mut write::Writer::new(ctx));
            ctx.unpin(base);
            let value = written.map_err(Problem::told)?;
            Ok(Obj::new(ctx.vm, value))
        })
    }
}

impl Obj {
    /// Converts the object to any type that serde can deserialise: see [`Smalltalk::to_object`]. Errors tell the field.
    pub fn deserialize<T: DeserializeOwned>(&self, on: &mut impl AsCtx) -> Result<T> {
        on.as_ctx().whole(|ctx| {
            let value = self.value(ctx.vm)?;
            let base = ctx.pin(value);
            let read = T::deserialize(read::Reader::new(ctx, base));
            ctx.unpin(base);
            read.map_err(Problem::told)
        })
    }
}

/// An error on its way out of a value.
#[derive(Debug)]
pub(super) struct Problem {
    error: Error,
    /// Fields and indices, the innermost first.
    path: Vec<String>,
}

impl Problem {
    fn at(mut self, place: impl Into<String>) -> Problem {
        self.path.push(place.into());
        self
    }

    fn told(self) -> Error {
        let mut path = String::new();
        for place in self.path.iter().rev() {
            if !path.is_empty() && !place.starts_with('[') {
                path.push('.');
            }
            path.push_str(place);
        }
        match self.error.kind() {
            _ if path.is_empty() => self.error,
            ErrorKind::Conversion { expected, found } => {
                Error::conversion(expected.clone(), format!("{found} in `{path}`"))
            }
            ErrorKind::Host { message, .. } => Error::host(format!("{message} in `{path}`")),
            _ => self.error,
        }
    }

    fn conversion(expected: impl Display, found: impl Display) -> Problem {
        Error::conversion(expected.to_string(), found.to_string()).into()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        let path = Vec::new();
        Problem { error, path }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Problem {}

impl serde::ser::Error for Problem {
    fn custom<T: Display>(message: T) -> Problem {
        Error::host(message.to_string()).into()
    }
}

impl serde::de::Error for Problem {
    fn custom<T: Display>(message: T) -> Problem {
        Error::host(message.to_string()).into()
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Problem {
        Problem::conversion(expected, found)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Problem {
        Problem::conversion(expected, found)
    }

    fn missing_field(field: &'static str) -> Problem {
        Problem::conversion(format!("the field `{field}`"), "none")
    }
}
