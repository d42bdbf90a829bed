//! Rust and Smalltalk call each other: errors go through both, and a host type becomes an object.
//! `cargo run --example embed_blocks`.

use chirp::{Block, Ctx, FromSmalltalk, IntoSmalltalk, Obj, Smalltalk, Symbol};

/// A place of the host program; Smalltalk has Points.
#[derive(Debug, PartialEq)]
struct Place(i64, i64);

impl IntoSmalltalk for Place {
    fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> chirp::Result<Obj> {
        ctx.class("Point")?.send(ctx, "x:y:", (self.0, self.1))
    }
}

impl FromSmalltalk for Place {
    fn from_smalltalk(ctx: &mut Ctx<'_>, point: &Obj) -> chirp::Result<Self> {
        Ok(Place(point.send(ctx, "x", ())?, point.send(ctx, "y", ())?))
    }
}

pub fn main() -> chirp::Result<()> {
    let mut st = Smalltalk::new();
    st.set_global("Route", vec![Place(0, 0), Place(3, 4), Place(6, 0)])?;
    let middle: Place = st.eval("Route detectMax: [:each | each y]")?;
    assert_eq!(middle, Place(3, 4));

    // A Rust closure is a block. Its error is an exception that Smalltalk may handle …
    let parse = st.block(|text: String| text.parse::<i64>())?;
    st.set_global("Parse", &parse)?;
    let sum = "(#('1' 'x' '3') collect: [:s | [ Parse value: s ] on: HostError do: [:e | 0 ]]) sum";
    assert_eq!(st.eval::<i64>(sum)?, 4);
    // … and comes back whole where nobody does.
    let error = st.eval::<i64>("Parse value: 'x'").unwrap_err();
    assert!(error.host_error::<std::num::ParseIntError>().is_some());
    println!("{error:#}");

    // A Rust closure is a method, here of all collections, and calls the block that it is given.
    st.class("Collection")?.method(
        &mut st,
        "sumOf:",
        |ctx: &mut Ctx<'_>, all: Vec<Obj>, number: Block<(Obj,), i64>| -> chirp::Result<i64> {
            all.into_iter().map(|each| number.call(ctx, (each,))).sum()
        },
    )?;
    assert_eq!(st.eval::<i64>("Route sumOf: [:each | each x]")?, 9);

    // Smalltalk's exceptions pass through Rust as what they are.
    let trapped: Symbol =
        st.eval("[ Route sumOf: [:each | each x / 0] ] on: ZeroDivide do: [:e | #trapped ]")?;
    println!("{}", trapped.0);
    Ok(())
}
