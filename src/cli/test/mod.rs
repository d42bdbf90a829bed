//! `chirp test`: the SUnit tests of the classes in files and folders, and the examples in their comments.
//!
//! Loads, runs, tells. What a test is, `image/SUnit` decides; what an example is, `tools::examples`.

mod examples;
mod packages;
mod runner;
mod tell;

use super::session::{Ending, Session};
use super::{exit, files, load};
use crate::formats::detect::{Format, format_of};
use crate::host::library_files;
use crate::loader::image::Image;
use std::path::{Path, PathBuf};

/// A source text and what it is called.
struct Source {
    name: String,
    text: String,
}

/// Runs the tests and tries the examples in the files that `paths` name, or in the whole library (that in
/// `folder`, if one is given); answers the exit code.
pub fn test(session: &mut Session, paths: &[PathBuf], folder: Option<&Path>) -> i32 {
    let (sources, own) = if paths.is_empty() {
        (library(folder), false)
    } else {
        (named(paths), true)
    };
    let sources = match sources {
        Ok(sources) => sources,
        Err(message) => {
            let text = session.style.headline(message);
            session.complain(&text);
            return exit::USAGE;
        }
    };
    let mut code = exit::DONE;
    let mut tally = tell::Tally::default();
    if own {
        let mut runner = match runner::Runner::start(session) {
            Ok(runner) => runner,
            Err(ending) => return ending.code(),
        };
        let packages = packages::packages(paths, &sources);
        if !packages.is_empty() {
            let report = session.load(&packages);
            code = load::tell(session, report);
        }
        for source in sources.iter().filter(|s| defines_tests(&s.text)) {
            match session.run_file(&source.name, &source.text) {
                Ok(()) => {}
                Err(Ending::Exit(code)) => return code,
                Err(Ending::Failed(failed)) => code = failed,
            }
        }
        if let Err(ending) = runner.run(session, &mut tally) {
            return ending.code();
        }
    }
    for source in &sources {
        examples::try_source(session, &source.name, &source.text, &mut tally);
    }
    session.say(&tally.summary());
    match code {
        exit::DONE if !tally.is_good() => exit::FAILED,
        code => code,
    }
}

/// Whether the file is to be run before its tests are: a file-in, or a script that speaks of test cases. Other
/// scripts are programs.
fn defines_tests(text: &str) -> bool {
    match format_of(text) {
        Format::Chunk => true,
        Format::Script => text.contains("TestCase"),
        Format::Tonel => false,
    }
}

type Sources = Result<Vec<Source>, String>;

fn named(paths: &[PathBuf]) -> Sources {
    let read = |path: PathBuf| {
        let name = path.display().to_string();
        let text = files::read(&path).map_err(|e| files::told(&name, &e))?;
        Ok(Source { name, text })
    };
    files::source_files(paths)?.into_iter().map(read).collect()
}

fn library(folder: Option<&Path>) -> Sources {
    let source = |name: &str, text: &str| Source {
        name: name.to_string(),
        text: text.to_string(),
    };
    match folder {
        Some(folder) => {
            let files = library_files::read(folder).map_err(|e| e.to_string())?;
            Ok(files.iter().map(|f| source(&f.path, &f.text)).collect())
        }
        None => Ok(Image::embedded()
            .files()
            .map(|(name, text)| source(name, text))
            .collect()),
    }
}
