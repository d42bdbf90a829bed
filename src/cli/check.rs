//! `chirp check`: every mistake in the sources, and nothing is run.

use super::session::Session;
use super::{exit, files};
use crate::formats::detect::{Format, format_of};
use crate::formats::tonel;
use crate::loader::compile::failure;
use crate::vm::classes::Source;
use chirp_grammar::Diagnostic;
use chirp_grammar::ast::Span;
use std::path::PathBuf;

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
    for path in files {
        let name = path.display().to_string();
        let messages = match files::read(&path) {
            Ok(text) => mistakes(session, &name, &text),
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
            let text = session.style.refused(&message);
            session.complain(&(if separate { "\n" } else { "" }.to_string() + &text));
            separate = true;
        }
    }
    code
}

/// Every mistake in a file, rendered.
fn mistakes(session: &mut Session, name: &str, text: &str) -> Vec<String> {
    match format_of(text) {
        Format::Tonel => tonel_mistakes(name, text),
        _ => session
            .check(name, text)
            .into_iter()
            .map(|f| f.rendered)
            .collect(),
    }
}

/// The classes that a Tonel file needs are not known here: only its syntax is checked.
fn tonel_mistakes(name: &str, text: &str) -> Vec<String> {
    let definition = match tonel::parse(text) {
        Ok(definition) => definition,
        Err(error) => {
            let end = (error.offset + 1).min(text.len()).max(error.offset);
            let problem = Diagnostic::new("E0302", error.message, Span::new(error.offset, end));
            return vec![problem.render(name, text)];
        }
    };
    let methods = definition.map_or_else(Vec::new, |d| d.methods);
    methods
        .iter()
        .filter_map(|method| {
            let part = method.text(text);
            let found = chirp_grammar::parse_method(&part).diagnostics;
            let source = Source::of_file(name, &part, (method.line, 1));
            (!found.is_empty()).then(|| failure(&found, &source).rendered)
        })
        .collect()
}
