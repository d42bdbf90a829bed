//! Running programs: a file, standard input, `-e` and `-p`.

use super::args::{self, Args, Code};
use super::entered::Entered;
use super::session::{Ending, Session};
use super::{exit, files, permissions};
use crate::compiler::nearest;
use crate::formats::detect::{Format, format_of};
use clap::CommandFactory;
use std::ffi::OsString;
use std::path::Path;

/// Runs what the options ask for; answers the exit code.
pub fn run(session: &mut Session, args: &Args) -> i32 {
    session.tell_at_once();
    let result = if args.code.is_empty() {
        run_file(session, &args.rest, args.interactive)
    } else {
        run_code(session, &args.code, &args.rest)
    };
    match result {
        Ok(()) => exit::DONE,
        Err(ending) => ending.code(),
    }
}

fn run_code(session: &mut Session, code: &[Code], arguments: &[OsString]) -> Result<(), Ending> {
    pass(session, arguments)?;
    for Code { text, print, name } in code {
        if *print {
            let printed = session.print(name, text)?;
            session.say(&format!("{printed}\n"));
        } else {
            session.enter(name, text)?;
        }
    }
    Ok(())
}

/// Runs the file that the first word names, or standard input; if `stays`, the variables of a script are there afterwards.
fn run_file(session: &mut Session, words: &[OsString], stays: bool) -> Result<(), Ending> {
    let (path, arguments) = match words.split_first() {
        Some((path, arguments)) => (path.as_os_str(), arguments),
        None => ("-".as_ref(), &[][..]),
    };
    if let Some(warning) = permissions::misplaced(path, arguments) {
        session.complain(&format!("warning: {warning}\n"));
    }
    pass(session, arguments)?;
    let source = Path::new(path);
    let name = files::called(source);
    if !files::is_standard_input(source) {
        session.vm.script = Some(name.clone());
    }
    match session.read_source(source).and_then(files::as_text) {
        Ok(text) if format_of(&text) == Format::Tonel => {
            let message = format!("{name} defines a class, in Tonel: it is not a program");
            Err(refuse(session, &message, exit::DOES_NOT_COMPILE))
        }
        Ok(text) if stays && format_of(&text) != Format::Chunk => {
            session.run_in_session(&name, &text)
        }
        Ok(text) => {
            session.run_file(&name, &text)?;
            session.entered.push(Entered::Loaded(path.into()));
            Ok(())
        }
        Err(error) => {
            let mut message = files::told(&name, &error);
            if error.kind() == std::io::ErrorKind::NotFound
                && let Some(meant) = meant_command(&name)
            {
                message += &format!("; {meant}");
            }
            Err(refuse(session, &message, exit::USAGE))
        }
    }
}

/// What somebody may have meant who gave a command that there is not, which was taken for a file.
fn meant_command(word: &str) -> Option<String> {
    let way = match word {
        "run" => "a program needs no command, only its file",
        "eval" => "code is evaluated with -e CODE, and printed with -p CODE",
        "repl" | "shell" | "console" => "the prompt needs no command",
        _ => {
            let commands = args::Args::command();
            let names = commands.get_subcommands().map(clap::Command::get_name);
            return nearest(word, names).map(|near| format!("did you mean the command {near}?"));
        }
    };
    Some(way.to_string())
}

/// Gives the program its arguments.
fn pass(session: &mut Session, arguments: &[OsString]) -> Result<(), Ending> {
    let mut texts = Vec::new();
    for (i, argument) in arguments.iter().enumerate() {
        let Some(text) = argument.to_str() else {
            let shown = argument.to_string_lossy();
            let message = format!("argument {} of the program is not UTF-8: {shown}", i + 1);
            return Err(refuse(session, &message, exit::USAGE));
        };
        texts.push(text.to_string());
    }
    session.vm.arguments = texts;
    Ok(())
}

fn refuse(session: &mut Session, message: &str, code: i32) -> Ending {
    let text = session.style.headline(message);
    session.complain(&text);
    Ending::Failed(code)
}
