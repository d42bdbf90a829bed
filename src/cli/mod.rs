//! The command line: options, running files, the prompt, messages, exit codes.
//!
//! The only part that changes the state of the process: signals, limits, the terminal, the exit
//! code. Owns no rule of the language.

pub mod args;
mod check;
pub mod exit;
mod files;
mod load;
mod repl;
mod report;
mod run;
mod session;
mod signals;
mod streams;
mod test;

use args::{Args, Command};
use report::Style;
use session::Session;
use std::io::IsTerminal;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the command line; answers the exit code.
pub fn main() -> i32 {
    let args = match Args::read(std::env::args_os()) {
        Ok(args) => args,
        Err(error) => {
            // Where nobody reads help, there is nothing to do about it.
            let _ = error.print();
            return if error.use_stderr() {
                exit::USAGE
            } else {
                exit::DONE
            };
        }
    };
    std::panic::set_hook(Box::new(|panic| {
        let address = concat!(env!("CARGO_PKG_REPOSITORY"), "/issues");
        eprintln!("error: a mistake in chirp itself: {panic}\nplease report it: {address}");
    }));
    catch_unwind(AssertUnwindSafe(|| dispatch(&args))).unwrap_or(exit::INTERNAL)
}

fn dispatch(args: &Args) -> i32 {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    let (no_color, force) = (is_set("NO_COLOR"), is_set("CLICOLOR_FORCE"));
    let colour = args
        .color
        .wanted(std::io::stderr().is_terminal(), no_color, force);
    let style = Style {
        colour,
        library: args.image.is_some(),
    };
    let mut session = match Session::start(args, style) {
        Ok(session) => session,
        Err(code) => return code,
    };
    let code = match load::before(&mut session, args) {
        exit::DONE => dispatch_in(&mut session, args),
        // What could be loaded has its tests all the same.
        code if matches!(args.command, Some(Command::Test(_))) => {
            dispatch_in(&mut session, args).max(code)
        }
        code => code,
    };
    session.finish(code)
}

fn dispatch_in(session: &mut Session, args: &Args) -> i32 {
    match &args.command {
        Some(Command::Check { paths }) => check::check(session, paths),
        Some(Command::Test(options)) => test::test(session, options, args.image.as_deref()),
        None if run::wants_prompt(args) => repl::repl(session, args.color),
        None => run::run(session, args),
    }
}
