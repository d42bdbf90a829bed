//! `--load`: packages that are there before anything runs, and what is said about them.

use super::args::Args;
use super::entered::Entered;
use super::exit;
use super::progress::Progress;
use super::session::Session;
use crate::loader::package::Report;

/// For definitions that lack a class.
pub const HELP: &str = "a package is nothing without those it stands on: name the package of that class as well, \
                        or load it before, --load PATH";

/// Loads what the options ask for; answers the exit code that this would give.
pub fn before(session: &mut Session, args: &Args) -> i32 {
    if args.load.is_empty() {
        return exit::DONE;
    }
    let report = session.load(&args.load, &mut Progress::late());
    let loaded = args.load.iter().cloned().map(Entered::Loaded);
    session.entered.extend(loaded);
    tell(session, report)
}

/// Writes what a load has left out, and what is wrong; answers the exit code that this would give.
pub fn tell(session: &mut Session, report: Report) -> i32 {
    let mut code = exit::DONE;
    for sentence in report.taken_over() {
        session.complain(&format!("note: {sentence}\n"));
    }
    for skipped in &report.skipped {
        let text = format!(
            "note: {} is left out: {}\n  {}:{}:{}\n",
            skipped.what, skipped.reason, skipped.file, skipped.line, skipped.column
        );
        session.complain(&text);
    }
    for failed in report.errors {
        let text = format!("note: {} failed\n", failed.what);
        session.complain(&text);
        let error = failed.again(&mut session.vm);
        code = session.tell_error(error).code();
    }
    let mut separate = false;
    for failure in &report.failures {
        let text = session.style.refused(&failure.rendered);
        session.complain(&(if separate { "\n" } else { "" }.to_string() + &text));
        separate = true;
        code = exit::DOES_NOT_COMPILE;
    }
    for message in &report.unreadable {
        let text = session.style.headline(message);
        session.complain(&text);
        code = exit::USAGE;
    }
    code
}
