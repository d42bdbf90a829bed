//! Argument lists: tuples of Rust values on their way to Smalltalk.

use super::context::Ctx;
use super::convert::IntoSmalltalk;
use super::error::Result;
use super::key::{KEY, Key};

/// The arguments of a message or a block: a tuple of up to six values, `()` for none, `(x,)` for one.
///
/// ```
/// let mut st = chirp::Smalltalk::new();
/// let list: chirp::Obj = st.eval("OrderedCollection new")?;
/// list.send::<()>(&mut st, "add:", ("one",))?;
/// list.send::<()>(&mut st, "add:beforeIndex:", (0, 1))?;
/// assert_eq!(list.send::<usize>(&mut st, "size", ())?, 2);
/// # Ok::<(), chirp::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of arguments",
    label = "wants a tuple of values that Smalltalk can hold",
    note = "write `()` for no argument and `(x,)` for one"
)]
pub trait Arguments {
    /// How many there are.
    const COUNT: usize;

    /// Converts all, and leaves them on the stack of pinned values.
    #[doc(hidden)]
    fn push(self, ctx: &mut Ctx<'_>, _: Key) -> Result<()>;
}

macro_rules! arguments {
    ($count:literal $($name:ident)*) => {
        impl<$($name: IntoSmalltalk),*> Arguments for ($($name,)*) {
            const COUNT: usize = $count;

            #[allow(non_snake_case)]
            fn push(self, ctx: &mut Ctx<'_>, _: Key) -> Result<()> {
                let ($($name,)*) = self;
                $(
                    let value = $name.into_value(ctx, KEY)?;
                    ctx.pin(value);
                )*
                let _ = ctx;
                Ok(())
            }
        }
    };
}

arguments!(0);
arguments!(1 A);
arguments!(2 A B);
arguments!(3 A B C);
arguments!(4 A B C D);
arguments!(5 A B C D E);
arguments!(6 A B C D E G);
