//! The command line: options, running files, the prompt, messages, exit codes.
//!
//! The only part that changes the state of the process: signals, limits, the terminal, the exit
//! code. Owns no rule of the language.

mod app;
mod args;
mod check;
mod completions;
mod dis;
mod doc;
mod entered;
pub mod exit;
mod explain;
mod files;
mod json;
mod load;
mod manual;
mod patience;
mod permissions;
mod progress;
mod quantities;
mod repl;
mod report;
mod run;
mod session;
mod signals;
mod streams;
mod test;
mod visible;

use crate::host::outside;
pub use app::App;
use args::{Args, Command};
use report::Style;
use session::Session;
use std::io::{IsTerminal, Write};

/// Runs the command line; answers the exit code.
pub fn main() -> i32 {
    App::new("chirp").main()
}

fn dispatch(mut app: App, args: &Args) -> i32 {
    let style = Style {
        colour: wants_colour(args, &std::io::stderr()),
        library: args.image.is_some(),
    };
    if let Some(code) = without_machine(&app, args, style) {
        return code;
    }
    let mut session = match Session::start(args, style, std::mem::take(&mut app.registered)) {
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
        Some(Command::Check(options)) => check::check(session, options),
        Some(Command::Dis(options)) => dis::dis(session, options),
        Some(Command::Doc { what }) => doc::doc(session, what),
        Some(Command::Test(options)) => test::test(session, options, args.image.as_deref()),
        // Answered before there was a machine.
        Some(Command::Explain { .. } | Command::Completions { .. } | Command::Man { .. }) => {
            exit::DONE
        }
        None if args.wants_prompt() => prompt(session, args),
        None => match run::run(session, args) {
            _ if args.interactive && !session.is_over() => prompt(session, args),
            code => code,
        },
    }
}

fn prompt(session: &mut Session, args: &Args) -> i32 {
    session.attend();
    repl::repl(session, args)
}

/// Whether what goes to this stream is to be coloured.
fn wants_colour(args: &Args, stream: &impl IsTerminal) -> bool {
    let is_set = |name: &str| outside::variable(name).is_some_and(|v| !v.is_empty());
    let is_dumb = outside::variable("TERM").is_some_and(|term| term == "dumb");
    let plain = is_dumb || is_set("NO_COLOR");
    let force = is_set("CLICOLOR_FORCE");
    args.color.wanted(stream.is_terminal(), plain, force)
}

/// Does what needs no machine; answers the exit code, if that was all.
fn without_machine(app: &App, args: &Args, style: Style) -> Option<i32> {
    Some(match &args.command {
        Some(Command::Explain { code }) => explain::explain(style, code.as_deref()),
        Some(Command::Completions { shell, words }) => {
            completions::completions(args::command(app), *shell, words)
        }
        Some(Command::Man { command }) => manual::manual(args::command(app), command.as_deref()),
        _ => return None,
    })
}

/// Writes to standard error where there is no machine. If that cannot be written to, there is nobody to tell.
fn complain(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Writes to standard output where there is no machine; answers the exit code.
fn put(text: &str) -> i32 {
    written(std::io::stdout().write_all(text.as_bytes()))
}

/// The exit code when this came of writing to standard output. A reader that went away is none of our business.
fn written(result: std::io::Result<()>) -> i32 {
    match result.and_then(|()| std::io::stdout().flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let message = files::told("standard output", &error);
            complain(&format!("error: {message}\n"));
            exit::FAILED
        }
        _ => exit::DONE,
    }
}
