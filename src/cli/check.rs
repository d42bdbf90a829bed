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
    let (packages, files) = divide(paths, files);
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
    for path in files {
        let name = path.display().to_string();
        let messages = match files::read(&path) {
            Ok(text) => session.check(&name, &text),
            Err(error) => {
                let text = session.style.headline(files::told(&name, &error));
                session.complain(&text);
                code = exit::USAGE;
                continue;
            }
        };
        if !messages.is_empty() && code == exit::DONE {
            code = exit::DOES_NOT_COMPILE;
        }
        for message in messages {
            let text = session.style.refused(&message.rendered);
            session.complain(&(if separate { "\n" } else { "" }.to_string() + &text));
            separate = true;
        }
    }
    code
}

/// The packages at these paths, and the files that belong to none.
fn divide(paths: &[PathBuf], files: Vec<PathBuf>) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let source = |path: &PathBuf| {
        let name = path.display().to_string();
        // What cannot be read is told about later.
        let text = files::read(path).unwrap_or_default();
        test::Source { name, text }
    };
    let sources: Vec<test::Source> = files.iter().map(source).collect();
    let packages = test::packages::packages(paths, &sources);
    let is_inside = |path: &PathBuf| packages.iter().any(|p| path.starts_with(p));
    let others = files.into_iter().filter(|f| !is_inside(f)).collect();
    (packages, others)
}
