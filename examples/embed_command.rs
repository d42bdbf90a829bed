//! A command line of your own, with your own words in it: `cargo run --example embed_command -- -p '3 loud'`.
//!
//! It has all that `chirp` has: files and arguments, the prompt, check and test, limits, exit codes.

use chirp::cli::App;
use chirp::{Ctx, Obj};

pub fn main() {
    std::process::exit(command().main())
}

pub fn command() -> App {
    App::new("shout")
        .version("1.0")
        .about("Smalltalk with a loud voice")
        .register(|st| {
            let shout = st.block(|text: String| text.to_uppercase() + "!")?;
            st.set_global("Shout", &shout)?;
            let loud = |ctx: &mut Ctx<'_>, me: Obj| -> chirp::Result<String> {
                let printed: String = me.send(ctx, "printString", ())?;
                Ok(printed.to_uppercase() + "!")
            };
            st.class("Object")?.method(st, "loud", loud)?;
            Ok(())
        })
}
