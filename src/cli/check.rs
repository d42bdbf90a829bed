//! `chirp check`: every mistake in the sources, and nothing is run.

use super::session::Session;
use super::{exit, files, load, test};
use crate::vm::CompileFailure;
use std::path::{Path, PathBuf};

/// Lists the mistakes in the files that `paths` name; answers the exit code.
pub fn check(session: &mut Session, paths: &[PathBuf]) -> i32 {
    let files = match files::source_files(paths) {
        Ok(files) => files,
        Err(message) => {
            let text = session.style.headline(message);
            session.complain(&text);
            return exit::USAGE;
        }
    };
    let mut code = exit::DONE;
    let mut separate = false;
    let mut sources = Vec::new();
    let mut unreadable = Vec::new();
    for path in files {
        let name = path.display().to_string();
        match files::read(&path) {
            Ok(text) => sources.push(test::Source { name, text }),
            Err(error) => unreadable.push(files::told(&name, &error)),
        }
    }
    let packages = test::packages::packages(paths, &sources);
    if !packages.is_empty() {
        let mut report = session.check_packages(&packages);
        // Whoever names one file of a package does not ask for the others.
        let named = |f: &CompileFailure| {
            let file = f.file.as_deref().map(Path::new);
            file.is_none_or(|file| paths.iter().any(|p| file.starts_with(p)))
        };
        report.failures.retain(named);
        separate = !report.failures.is_empty();
        code = load::tell(session, report);
    }
    let is_inside = |name: &str| packages.iter().any(|p| Path::new(name).starts_with(p));
    for source in sources.iter().filter(|s| !is_inside(&s.name)) {
        let messages = session.check(&source.name, &source.text);
        if !messages.is_empty() && code == exit::DONE {
            code = exit::DOES_NOT_COMPILE;
        }
        for message in messages {
            let text = session.style.refused(&message.rendered);
            session.complain(&(if separate { "\n" } else { "" }.to_string() + &text));
            separate = true;
        }
    }
    for message in unreadable {
        let text = session.style.headline(message);
        session.complain(&text);
        code = exit::USAGE;
    }
    code
}
