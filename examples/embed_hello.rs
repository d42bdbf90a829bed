//! The shortest tour of Smalltalk in a Rust program: `cargo run --example embed_hello`.

use chirp::{Block, ErrorKind, Obj, Smalltalk};

pub fn main() -> chirp::Result<()> {
    // Typed evaluation: two lines.
    let mut st = Smalltalk::new();
    let seven: i64 = st.eval("3 + 4")?;
    println!("3 + 4 is {seven}");

    // Values go in as globals and come out as Rust types.
    st.set_global("Names", vec!["Ada", "Alan", "Adele"])?;
    let sorted: Vec<String> = st.eval("Names sorted: [:a :b | a size > b size]")?;
    println!("the longest name is {}", sorted[0]);

    // Objects are handles; they get messages.
    let dictionary: Obj = st.eval("Dictionary new")?;
    dictionary.send::<()>(&mut st, "at:put:", ("answer", 42))?;
    println!("{}", st.print_string(&dictionary)?);

    // Blocks are typed functions, in both directions.
    let add: Block<(i64, i64), i64> = st.eval("[:a :b | a + b]")?;
    println!("add says {}", add.call(&mut st, (20, 22))?);
    let shout = st.block(|text: String| text.to_uppercase())?;
    st.set_global("Shout", &shout)?;
    println!("{}", st.eval::<String>("Shout value: 'hello'")?);

    // Rust closures are methods.
    st.class("Integer")?
        .method(&mut st, "isPerfect", |n: i64| {
            n > 1 && (1..n).filter(|d| n % d == 0).sum::<i64>() == n
        })?;
    println!(
        "perfect: {:?}",
        st.eval::<Vec<i64>>("(1 to: 500) select: [:n | n isPerfect]")?
    );

    // Errors tell what, and where.
    let error = st
        .eval::<Obj>("| total |\ntotal := 7.\ntotal / 0")
        .unwrap_err();
    if let ErrorKind::Unhandled { class, .. } = error.kind() {
        println!("{class}, as expected:\n{error:#}");
    }
    Ok(())
}
