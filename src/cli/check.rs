//! `chirp check`: every mistake in the sources, and what is probably one; nothing is run.

use super::progress::Progress;
use super::session::Session;
use super::{exit, files, json, load, test};
use crate::loader::package::{Report, Skipped};
use crate::tools::lint::Lint;
use crate::vm::{CompileFailure, Mistake};
use std::path::{Path, PathBuf};

/// What to check, and how to tell.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Files, and folders with .st files; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Write a line of JSON for each finding to standard output
    #[arg(long)]
    pub json: bool,

    /// Exit with 65 for warnings as well
    #[arg(long)]
    pub deny_warnings: bool,

    /// Tell only of mistakes
    #[arg(long, conflicts_with = "deny_warnings")]
    pub no_warnings: bool,
}

/// Lists what is wrong in the files that the options name; answers the exit code.
pub fn check(session: &mut Session, options: &Options) -> i32 {
    let mut telling = Telling {
        json: options.json,
        separate: false,
        unreadable: Vec::new(),
        code: exit::DONE,
    };
    let (files, unreadable) = files::source_files(&options.paths);
    all(session, options, &files, &mut telling);
    for (name, message) in unreadable {
        telling.unreadable(session, &name, &message);
    }
    telling.code
}

fn all(session: &mut Session, options: &Options, files: &[PathBuf], telling: &mut Telling) {
    let mut sources = Vec::new();
    let mut unreadable = Vec::new();
    let mut progress = Progress::late();
    progress.more(files.len());
    for path in files {
        let name = files::called(path);
        progress.next(session, &name);
        match session.read_source(path).and_then(files::as_text) {
            Ok(text) => match files::lacks_a_package(path, &text) {
                Some(message) => unreadable.push((message, name)),
                None => sources.push(test::Source {
                    name,
                    path: path.clone(),
                    text,
                }),
            },
            Err(error) => unreadable.push((files::told(&name, &error), name)),
        }
    }
    progress.clear(session);
    let lint = Lint::new(&mut session.vm);
    session.watched(lint.watcher(), |session| {
        mistakes(session, options, &sources, telling);
    });
    for (message, name) in unreadable {
        telling.unreadable(session, &name, &message);
    }
    if options.no_warnings {
        return;
    }
    for warning in lint.finish(&session.vm) {
        let file = warning.file.as_deref().map(Path::new);
        let names = options.paths.iter().map(|p| files::called(p));
        let asked = |file| names.clone().any(|p| files::is_within(file, Path::new(&p)));
        if file.is_none_or(asked) {
            telling.failure(session, &warning);
            if options.deny_warnings {
                telling.worsen(exit::DOES_NOT_COMPILE);
            }
        }
    }
}

fn mistakes(
    session: &mut Session,
    options: &Options,
    sources: &[test::Source],
    telling: &mut Telling,
) {
    let paths = &options.paths;
    let packages = homes(paths, sources);
    if !packages.is_empty() {
        let report = of_packages(session, paths, &packages);
        telling.report(session, report);
    }
    let is_inside = |path: &Path| packages.iter().any(|p| files::is_within(path, p));
    let alone = sources.iter().filter(|s| !is_inside(&s.path));
    let mut progress = Progress::late();
    progress.more(alone.clone().count());
    for source in alone {
        progress.next(session, &source.name);
        for failure in session.check(&source.name, &source.text) {
            progress.clear(session);
            telling.failure(session, &failure);
        }
    }
    progress.clear(session);
}

/// What is wrong in these of the packages' files. What lies beside a package in its repository is there as well.
pub fn of_packages(session: &mut Session, paths: &[PathBuf], packages: &[PathBuf]) -> Report {
    let beside = test::packages::beside(packages);
    let all = packages.iter().chain(beside.iter().map(|p| &p.path));
    let mut report = session.check_packages(&all.cloned().collect::<Vec<_>>());
    // What a load leaves out is a mistake here.
    let wrong = |s: &mut Skipped| !s.is_script() && !s.is_for_others();
    for skipped in report.skipped.extract_if(.., wrong) {
        report.failures.push(skipped.mistake(load::HELP));
    }
    // Whoever names one file of a package does not ask for the others.
    let names: Vec<String> = paths.iter().map(|p| files::called(p)).collect();
    let named = |file: &str| {
        let mut names = names.iter().map(Path::new);
        names.any(|name| files::is_within(Path::new(file), name))
    };
    report
        .failures
        .retain(|f| f.file.as_deref().is_none_or(named));
    report.skipped.retain(|s| named(&s.file));
    let own = |(package, _): &(String, String)| beside.iter().all(|p| p.name != *package);
    report.replaced.retain(own);
    report.joined.retain(own);
    report
}

/// The packages that the sources belong to: one file of a package is understood only with the others.
pub fn homes(paths: &[PathBuf], sources: &[test::Source]) -> Vec<PathBuf> {
    let home = |path: &PathBuf| match path.parent() {
        Some(parent) if path.is_file() => files::folder(parent),
        _ => path.clone(),
    };
    let paths: Vec<PathBuf> = paths.iter().map(home).collect();
    test::packages::packages(&paths, sources)
}

/// How findings are told, and what they come to.
struct Telling {
    json: bool,
    /// Something was told already: an empty line comes before the next.
    separate: bool,
    /// What was told of paths that cannot be read: the folder knows of it, and so does the package.
    unreadable: Vec<String>,
    code: i32,
}

impl Telling {
    /// What the check of packages has found.
    fn report(&mut self, session: &mut Session, mut report: Report) {
        if self.json {
            for failure in std::mem::take(&mut report.failures) {
                self.failure(session, &failure);
            }
        }
        let unreadable = std::mem::take(&mut report.unreadable);
        self.separate |= !report.failures.is_empty();
        let code = load::tell(session, report);
        self.worsen(code);
        for message in unreadable {
            self.unreadable(session, "", &message);
        }
    }

    fn failure(&mut self, session: &mut Session, failure: &CompileFailure) {
        if self.json {
            let file = failure.file.as_deref().unwrap_or_default();
            for mistake in &failure.mistakes {
                session.say(&line(file, mistake));
            }
        } else {
            let text = session.style.refused(&failure.rendered);
            session.complain(&(if self.separate { "\n" } else { "" }.to_string() + &text));
            self.separate = true;
        }
        if failure.mistakes.iter().any(|m| m.severity() == "error") {
            self.worsen(exit::DOES_NOT_COMPILE);
        }
    }

    fn unreadable(&mut self, session: &mut Session, file: &str, message: &str) {
        if self.unreadable.iter().any(|told| told == message) {
            return;
        }
        self.unreadable.push(message.to_string());
        if self.json {
            let fields = [
                ("file", json::text(file)),
                ("severity", json::text("error")),
                ("message", json::text(message)),
            ];
            session.say(&(json::object(&fields) + "\n"));
        } else {
            let text = session.style.headline(message);
            session.complain(&text);
        }
        self.code = exit::USAGE;
    }

    /// What cannot be read counts more than what does not compile.
    fn worsen(&mut self, code: i32) {
        if self.code != exit::USAGE && code != exit::DONE {
            self.code = code;
        }
    }
}

/// A finding for other programs: lines and columns from 1, columns in characters, the end behind the last one.
fn line(file: &str, mistake: &Mistake) -> String {
    let help = mistake.help.as_deref();
    json::object(&[
        ("file", json::text(file)),
        ("line", mistake.line.to_string()),
        ("column", mistake.column.to_string()),
        ("endLine", mistake.end_line.to_string()),
        ("endColumn", mistake.end_column.to_string()),
        ("severity", json::text(mistake.severity())),
        ("code", json::text(mistake.code)),
        ("message", json::text(&mistake.message)),
        ("help", help.map_or("null".into(), json::text)),
    ]) + "\n"
}
