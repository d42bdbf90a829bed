//! `chirp test`: the SUnit tests of the classes in files and folders, and the examples in their comments.
//!
//! Loads, runs, tells. What a test is, `image/SUnit` decides; what an example is, `tools::examples`.

mod capture;
mod examples;
mod junit;
mod outcome;
pub mod packages;
mod runner;
mod sources;
mod tell;

use super::progress::Progress;
use super::session::{Ending, Session};
use super::{exit, files, load};
use crate::formats::detect::{Format, format_of};
use crate::formats::package_text;
use crate::host::{library_files, outside};
use crate::loader::LoadError;
use crate::loader::image::Image;
use crate::loader::package::Skipped;
use crate::loader::script::SourceError;
use runner::Runner;
use std::path::{Path, PathBuf};
use tell::Tally;

/// What to test, and how.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Packages, folders of packages, and files, `-` for standard input; without any, the class library's examples
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Only what has TEXT in its name, as --list shows it; repeatable, then one of them
    #[arg(long, value_name = "TEXT")]
    pub filter: Vec<String>,

    /// Show what there is to run, and run nothing
    #[arg(long)]
    pub list: bool,

    /// Write a report for build servers to FILE
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

impl Options {
    /// Whether what has this name is to be run.
    fn wants(&self, name: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|text| name.contains(text))
    }
}

/// A source text, what it is called, and where it is: not every path is text.
pub struct Source {
    pub name: String,
    pub path: PathBuf,
    pub text: String,
}

/// Runs the tests and tries the examples in the files and folders that the options name, or in the whole
/// library (that in `folder`, if one is given); answers the exit code.
pub fn test(session: &mut Session, options: &Options, folder: Option<&Path>) -> i32 {
    let sources = if options.paths.is_empty() {
        library(folder)
    } else {
        named(session, &options.paths)
    };
    let sources = match sources {
        Ok(sources) => sources,
        Err(reasons) => {
            for reason in reasons {
                refuse(session, reason);
            }
            return exit::USAGE;
        }
    };
    let mut runner = Runner {
        session,
        options,
        tally: Tally::default(),
        progress: Progress::new(),
        found: false,
    };
    let result = run(&mut runner, &sources);
    let Runner {
        session,
        tally,
        mut progress,
        found,
        ..
    } = runner;
    progress.clear(session);
    if !options.list {
        session.say(&tally.summary());
    }
    if let Some(file) = &options.junit
        && let Err(error) = outside::write(file, junit::document(&tally.all()).as_bytes())
    {
        return refuse(session, files::unwritten(file, &error));
    }
    match result {
        Ok(exit::DONE) if !tally.is_good() => exit::FAILED,
        Ok(exit::DONE) if !found => nothing_found(session, options),
        Ok(code) => code,
        Err(ending) => ending.code(),
    }
}

/// There is nothing to run. That is an error only if somebody has named something: a name that is spelled wrong must not
/// pass for a test that does.
fn nothing_found(session: &mut Session, options: &Options) -> i32 {
    if options.filter.is_empty() {
        session.say("no tests and no examples found\n");
        return exit::DONE;
    }
    let texts: Vec<String> = options.filter.iter().map(|f| format!("'{f}'")).collect();
    let texts = texts.join(" or ");
    let message = format!("--filter: no test and no example has {texts} in its name");
    let text = session.style.headline(message);
    session.complain(&text);
    exit::FAILED
}

/// Runs the tests of one class, or of all that there are, in a session that goes on; answers how many there were.
pub fn in_session(session: &mut Session, class: Option<&str>) -> Result<String, Ending> {
    let options = Options::default();
    let mut runner = Runner {
        session,
        options: &options,
        tally: Tally::default(),
        progress: Progress::none(),
        found: false,
    };
    runner.start_with_all()?;
    let result = runner.run(|name| class.is_none_or(|wanted| wanted == name));
    let Runner { session, tally, .. } = runner;
    match result {
        // Whoever interrupts a test at the prompt wants the prompt.
        Err(Ending::Exit(code)) if !session.is_over() => Err(Ending::Failed(code)),
        Err(ending) => Err(ending),
        Ok(()) if tally.outcomes.is_empty() => {
            let who = class.map_or("this session".to_string(), |c| c.to_string());
            Ok(format!("{who} has no tests\n"))
        }
        Ok(()) => Ok(tally.summary()),
    }
}

/// Loads, runs, tries, and looks over what is not run. Answers the exit code that the loading would give.
fn run(runner: &mut Runner<'_>, sources: &[Source]) -> Result<i32, Ending> {
    let mut code = exit::DONE;
    let mut filed_in = Vec::new();
    let mut packages = Vec::new();
    let library = runner.options.paths.is_empty();
    if !library {
        runner.start()?;
        packages = packages::packages(&runner.options.paths, sources);
        if !packages.is_empty() {
            let mut report = runner.session.load(&packages, &mut runner.progress);
            // Scripts with tests are left out of packages: here they run.
            let runs = |name: &str| sources.iter().any(|s| s.name == name && defines_tests(s));
            report.skipped.retain(|s| !s.is_script() || !runs(&s.what));
            filed_in = std::mem::take(&mut report.files);
            runner.tally.sources = sources::of_packages(runner.session, &report);
            let left_out: Vec<Skipped> = report
                .skipped
                .extract_if(.., |s| s.is_definition())
                .collect();
            code = load::tell(runner.session, report);
            runner.tell_left_out(&left_out);
            if runner.session.is_over() {
                return Err(Ending::Exit(code));
            }
        }
        for source in sources {
            if !defines_tests(source) || filed_in.contains(&source.name) {
                continue;
            }
            let result = runner.session.vm.run_file(&*source.name, &source.text);
            note(runner, source, result.map(drop), &mut code)?;
        }
        runner.run(|_| true)?;
    }
    for source in sources {
        runner.try_examples(source)?;
    }
    // The last, since it makes the classes of programs.
    for source in sources.iter().filter(|s| !library && is_program(s)) {
        if packages.iter().any(|p| files::is_within(&source.path, p)) {
            continue;
        }
        let failures = runner.session.check(&source.name, &source.text);
        if !failures.is_empty() {
            let error = LoadError::Source(SourceError { failures });
            note(runner, source, Err(error), &mut code)?;
        }
    }
    Ok(code)
}

/// Tells what came of a file, and keeps it for the report. Err if nothing can go on.
fn note(
    runner: &mut Runner<'_>,
    source: &Source,
    result: Result<(), LoadError>,
    code: &mut i32,
) -> Result<(), Ending> {
    if let Err(error) = &result {
        let wrong = sources::of_file(runner.session, &source.name, error);
        runner.tally.sources.extend(wrong);
    }
    match runner.session.settle(result) {
        Err(Ending::Failed(failed)) => *code = failed,
        result => result?,
    }
    Ok(())
}

fn refuse(session: &mut Session, message: String) -> i32 {
    let text = session.style.headline(message);
    session.complain(&text);
    exit::USAGE
}

/// Whether the file is to be run before its tests are: a file-in, or a script that speaks of test cases. Other
/// scripts are programs, and the files in a package of filetree are methods, and what Monticello keeps.
fn defines_tests(source: &Source) -> bool {
    if packages::of_filetree(source).is_some() {
        return false;
    }
    match format_of(&source.text) {
        Format::Chunk => true,
        Format::Script | Format::ClassBody => source.text.contains("TestCase"),
        Format::Tonel => false,
    }
}

/// Whether the file is a program without tests. It is not run, but a mistake in it may be what hides them.
fn is_program(source: &Source) -> bool {
    let is_part =
        packages::of_filetree(source).is_some() || format_of(&source.text) == Format::Tonel;
    !is_part && !defines_tests(source)
}

/// The sources, or all reasons why there are none.
type Sources = Result<Vec<Source>, Vec<String>>;

fn named(session: &mut Session, paths: &[PathBuf]) -> Sources {
    let mut read = |path: PathBuf| {
        let name = files::called(&path);
        let bytes = session
            .read_source(&path)
            .map_err(|e| files::told(&name, &e))?;
        let text = package_text(bytes);
        match files::lacks_a_package(&path, &text) {
            Some(message) => Err(message),
            None => Ok(Source { name, path, text }),
        }
    };
    let (files, unreadable) = files::source_files(paths);
    let mut reasons: Vec<String> = unreadable.into_iter().map(|(_, reason)| reason).collect();
    let mut sources = Vec::new();
    for path in files {
        match read(path) {
            Ok(source) => sources.push(source),
            Err(reason) => reasons.push(reason),
        }
    }
    match reasons.is_empty() {
        true => Ok(sources),
        false => Err(reasons),
    }
}

fn library(folder: Option<&Path>) -> Sources {
    let source = |name: &str, text: &str| Source {
        name: name.to_string(),
        path: name.into(),
        text: text.to_string(),
    };
    match folder {
        Some(folder) => {
            let files = library_files::read(folder).map_err(|e| vec![e.to_string()])?;
            Ok(files.iter().map(|f| source(&f.path, &f.text)).collect())
        }
        None => Ok(Image::embedded()
            .files()
            .into_iter()
            .map(|(name, text)| source(&name, &text))
            .collect()),
    }
}
