//! `chirp test`: the examples in comments, tried one by one.

use super::session::Session;
use super::{exit, files};
use crate::formats::chunk::{self, Item};
use crate::formats::detect::{Format, format_of};
use crate::formats::place_of;
use crate::host::library_files;
use crate::loader::image::Image;
use crate::tools::examples::{Example, examples_in_comment, examples_in_source};
use std::path::{Path, PathBuf};

/// How many examples were tried, and how many were not true.
#[derive(Default)]
struct Count {
    tried: usize,
    failed: usize,
}

/// Tries the examples in the files that `paths` name, or in the whole library (that in `folder`,
/// if one is given); answers the exit code.
pub fn test(session: &mut Session, paths: &[PathBuf], folder: Option<&Path>) -> i32 {
    let sources = if paths.is_empty() {
        library(folder)
    } else {
        named(paths)
    };
    let sources = match sources {
        Ok(sources) => sources,
        Err(message) => {
            let text = session.style.headline(message);
            session.complain(&text);
            return exit::USAGE;
        }
    };
    let mut count = Count::default();
    for (name, text) in sources {
        if let Err(code) = try_source(session, &name, &text, &mut count) {
            return code;
        }
    }
    let Count { tried, failed } = count;
    let s = if tried == 1 { "" } else { "s" };
    let verdict = if failed == 0 {
        "all true".to_string()
    } else {
        format!("{failed} not true")
    };
    session.say(&format!("{tried} example{s}, {verdict}\n"));
    if failed == 0 {
        exit::DONE
    } else {
        exit::FAILED
    }
}

type Sources = Result<Vec<(String, String)>, String>;

fn named(paths: &[PathBuf]) -> Sources {
    let read = |path: PathBuf| {
        let name = path.display().to_string();
        let text = files::read(&path).map_err(|e| files::told(&name, &e))?;
        Ok((name, text))
    };
    files::source_files(paths)?.into_iter().map(read).collect()
}

fn library(folder: Option<&Path>) -> Sources {
    match folder {
        Some(folder) => {
            let files = library_files::read(folder).map_err(|e| e.to_string())?;
            Ok(files.into_iter().map(|f| (f.path, f.text)).collect())
        }
        None => Ok(Image::embedded()
            .files()
            .map(|(n, t)| (n.to_string(), t.to_string()))
            .collect()),
    }
}

/// Tries the examples of one file; an exit code if the session cannot go on.
fn try_source(session: &mut Session, name: &str, text: &str, count: &mut Count) -> Result<(), i32> {
    let examples = match format_of(text) {
        Format::Chunk => {
            // Its examples are about the classes that it defines.
            session
                .run_file(name, text)
                .map_err(|ending| ending.code())?;
            chunk_examples(text)
        }
        _ => examples_in_source(text),
    };
    for example in examples {
        count.tried += 1;
        let place = place_of(text, example.offset);
        let problem = match session.vm.evaluate(name, &example.code()) {
            Ok(value) if value.is_nil() => continue,
            Ok(value) => {
                let found = session.vm.string_value(value).unwrap_or_default();
                format!(
                    "{} is {found}, not {}",
                    example.expression, example.expected
                )
            }
            Err(error) => {
                use crate::loader::LoadError;
                use crate::vm::run::RunError;
                match error {
                    LoadError::Run(RunError::Unhandled(e)) => {
                        format!("{} signals {}: {}", example.expression, e.class, e.message)
                    }
                    LoadError::Run(RunError::Stopped(stop)) => {
                        format!("{} stops: {stop:?}", example.expression)
                    }
                    LoadError::Source(_) => format!("{} does not compile", example.expression),
                }
            }
        };
        count.failed += 1;
        let message = session
            .style
            .headline(format_args!("{name}:{}: {problem}", place.line));
        session.complain(&message);
    }
    Ok(())
}

/// The examples in the comments of a chunk file's classes and methods.
fn chunk_examples(text: &str) -> Vec<Example> {
    let mut found = Vec::new();
    for item in chunk::parse(text) {
        let (part, is_comment) = match item {
            Item::Comment { text, .. } => (text, true),
            Item::Method { source, .. } | Item::DoIt(source) => (source, false),
        };
        let inside = part.text(text);
        let mut examples = if is_comment {
            examples_in_comment(&inside, 0)
        } else {
            examples_in_source(&inside)
        };
        for example in &mut examples {
            example.offset = part.file_offset(text, example.offset);
        }
        found.append(&mut examples);
    }
    found
}
