//! Running programs: a file, standard input, `-e` and `-p`.

use super::args::Args;
use super::session::{Ending, Session};
use super::{exit, files};
use crate::formats::detect::{Format, format_of};
use std::io::IsTerminal;

/// Nothing to run was given, and somebody sits at the terminal.
pub fn wants_prompt(args: &Args) -> bool {
    args.eval.is_empty()
        && args.print.is_none()
        && args.rest.is_empty()
        && std::io::stdin().is_terminal()
}

/// Runs what the options ask for; answers the exit code.
pub fn run(session: &mut Session, args: &Args) -> i32 {
    session.tell_at_once();
    match try_run(session, args) {
        Ok(()) => exit::DONE,
        Err(ending) => ending.code(),
    }
}

fn try_run(session: &mut Session, args: &Args) -> Result<(), Ending> {
    if let Some(code) = &args.print {
        session.vm.arguments = args.rest.clone();
        let printed = session.print("-p", code)?;
        session.say(&format!("{printed}\n"));
        return Ok(());
    }
    if !args.eval.is_empty() {
        session.vm.arguments = args.rest.clone();
        return args
            .eval
            .iter()
            .try_for_each(|code| session.evaluate("-e", code).map(drop));
    }
    let (path, arguments) = match args.rest.split_first() {
        Some((path, arguments)) => (path.as_str(), arguments),
        None => ("-", &[][..]),
    };
    session.vm.arguments = arguments.to_vec();
    let (name, text) = if path == "-" {
        ("stdin", files::read_standard_input())
    } else {
        (path, files::read(path.as_ref()))
    };
    match text {
        Ok(text) if format_of(&text) == Format::Tonel => {
            let message = format!("{name} defines a class, in Tonel: it is not a program");
            Err(refuse(session, &message, exit::DOES_NOT_COMPILE))
        }
        Ok(text) => session.run_file(name, &text),
        Err(error) => Err(refuse(session, &format!("{name}: {error}"), exit::USAGE)),
    }
}

fn refuse(session: &mut Session, message: &str, code: i32) -> Ending {
    let text = session.style.headline(message);
    session.complain(&text);
    Ending::Failed(code)
}
