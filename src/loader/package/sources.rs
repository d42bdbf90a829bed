//! What a load begins with: definitions, wherever they come from, and what is wrong with their sources.

use super::model::{File, Part};
use super::report::Skipped;
use crate::formats::FormatError;
use crate::loader::compile;
use crate::vm::CompileFailure;
use crate::vm::classes::Source;
use chirp_grammar::Diagnostic;
use chirp_grammar::ast::Span;

/// What a load consists of, and what could not be read.
#[derive(Default)]
pub struct Sources {
    /// Names of the packages, in order.
    pub packages: Vec<String>,
    pub parts: Vec<Part>,
    /// Chunk files, classes in brackets and scripts: those to be run before the packages' classes are made, and those
    /// to be run when they are there.
    pub files_before: Vec<File>,
    pub files_after: Vec<File>,
    /// Files that are left out.
    pub skipped: Vec<Skipped>,
    /// Paths that could not be read, each with the reason.
    pub unreadable: Vec<String>,
    /// Files whose format is wrong.
    pub failures: Vec<CompileFailure>,
    /// Look for mistakes in what is left out as well.
    pub thorough: bool,
}

/// A definition that is not possible, at this line and column of its file.
pub fn undefinable(
    file: &File,
    (line, column): (u32, u32),
    problem: String,
    help: Option<&str>,
) -> CompileFailure {
    let start = file
        .text
        .split_inclusive('\n')
        .take(line as usize - 1)
        .map(str::len)
        .sum::<usize>();
    let within = file.text[start..].chars().take(column as usize - 1);
    let at = start + within.map(char::len_utf8).sum::<usize>();
    let word = file.text[at..]
        .find(|c: char| !c.is_alphanumeric())
        .unwrap_or(0);
    let span = Span::new(at, at + word.max(1));
    let mut diagnostic = Diagnostic::new("E0301", problem, span);
    diagnostic.help = help.map(str::to_string);
    let source = Source::of_file(file.name.clone(), &file.text, (1, 1));
    compile::failure(&[diagnostic], &source)
}

impl Sources {
    /// Says that a file is not as its format wants it.
    pub fn refuse(&mut self, file: &File, error: &FormatError) {
        let end = (error.offset + 1).min(file.text.len()).max(error.offset);
        let span = Span::new(error.offset, end);
        let (label, help) = match error.help.as_str() {
            "" => (
                "not expected here",
                "a class begins: Class { #name : 'Thing', #superclass : 'Object', #package : 'Things' }",
            ),
            help => (error.label, help),
        };
        let problem = Diagnostic::new("E0302", error.message.clone(), span)
            .label(label)
            .help(help);
        let source = Source::of_file(file.name.clone(), &file.text, (1, 1));
        self.failures.push(compile::failure(&[problem], &source));
    }
}
