//! A command of your own: chirp's options, prompt, messages and exit codes, with your classes in every machine.
//!
//! Owns what distinguishes such a command from `chirp`. Knows nothing of what is registered.

use super::args::{self, Args};
use super::exit;
use crate::host::outside;
use crate::{Result, Smalltalk};
use std::ffi::OsString;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What prepares a machine.
pub(super) type Register = Box<dyn FnOnce(&mut Smalltalk) -> Result<()>>;

/// A command line, to be run once.
///
/// ```
/// use chirp::cli::App;
///
/// let app = App::new("greeter").version("1.0").about("Smalltalk with a Greeting").register(|st| {
///     let greet = st.block(|name: String| format!("Hello, {name}!"))?;
///     st.set_global("Greeting", &greet)
/// });
/// assert_eq!(app.run(["greeter", "-e", "(Greeting value: 'Ada') = 'Hello, Ada!' ifFalse: [ Smalltalk exit: 9 ]"]), 0);
/// ```
pub struct App {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) about: String,
    pub(super) registered: Vec<Register>,
}

impl App {
    /// A command of this name, as help and completions show it.
    pub fn new(name: impl Into<String>) -> App {
        App {
            name: name.into(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            about: "A Smalltalk in one small binary".to_string(),
            registered: Vec::new(),
        }
    }

    /// What `--version` answers behind the name; without this, chirp's own.
    pub fn version(mut self, version: impl Into<String>) -> App {
        self.version = version.into();
        self
    }

    /// The first line of `--help`.
    pub fn about(mut self, about: impl Into<String>) -> App {
        self.about = about.into();
        self
    }

    /// Prepares the machine before anything is loaded or run: defines globals, classes, methods. Those that are
    /// registered run in their order; the first error ends the command, with exit code 1.
    pub fn register(mut self, act: impl FnOnce(&mut Smalltalk) -> Result<()> + 'static) -> App {
        self.registered.push(Box::new(act));
        self
    }

    /// Runs with the arguments of the process; answers the exit code. To be called once, from the main thread, before
    /// there are others: it takes the process's signals.
    pub fn main(self) -> i32 {
        self.run(outside::arguments())
    }

    /// Runs with these arguments, the command's own name first.
    pub fn run(self, command_line: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> i32 {
        let args = match Args::read(args::command(&self), command_line) {
            Ok(args) => args,
            Err(error) => {
                let printed = error.print();
                return match error.use_stderr() {
                    true => exit::USAGE,
                    false => super::written(printed),
                };
            }
        };
        std::panic::set_hook(Box::new(|panic| {
            let own = file!().strip_suffix("cli/app.rs").unwrap_or_default();
            if panic.location().is_some_and(|l| !l.file().starts_with(own)) {
                // Of the program that chirp is in.
                return tell(format_args!("error: {panic}"));
            }
            let address = concat!(env!("CARGO_PKG_REPOSITORY"), "/issues");
            tell(format_args!(
                "error: a mistake in chirp itself: {panic}\nplease report it: {address}"
            ));
        }));
        catch_unwind(AssertUnwindSafe(|| super::dispatch(self, &args))).unwrap_or(exit::INTERNAL)
    }
}

/// Writes to standard error. Where it cannot be written to, there is nothing to do about it, least of all to panic.
fn tell(message: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{message}");
}
