//! The examples in comments, tried one by one.

use super::tell::Tally;
use crate::cli::session::Session;
use crate::formats::chunk::{self, Item};
use crate::formats::detect::{Format, format_of};
use crate::formats::place_of;
use crate::loader::LoadError;
use crate::tools::examples::{Example, examples_in_comment, examples_in_source};
use crate::vm::run::RunError;

/// Tries the examples of one file.
pub fn try_source(session: &mut Session, name: &str, text: &str, tally: &mut Tally) {
    let examples = match format_of(text) {
        Format::Chunk => chunk_examples(text),
        _ => examples_in_source(text),
    };
    for example in examples {
        tally.examples += 1;
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
            Err(LoadError::Run(RunError::Unhandled(e))) => {
                format!("{} signals {}: {}", example.expression, e.class, e.message)
            }
            Err(LoadError::Run(RunError::Stopped(stop))) => {
                format!("{} stops: {stop:?}", example.expression)
            }
            Err(LoadError::Source(_)) => format!("{} does not compile", example.expression),
        };
        tally.wrong += 1;
        let message = session
            .style
            .headline(format_args!("{name}:{}: {problem}", place.line));
        session.complain(&message);
    }
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
