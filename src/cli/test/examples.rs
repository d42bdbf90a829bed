//! The examples in comments, tried one by one.

use super::Source;
use super::outcome::{Outcome, Verdict};
use super::runner::Runner;
use crate::cli::session::Ending;
use crate::formats::chunk::{self, Item};
use crate::formats::detect::{Format, format_of};
use crate::formats::place_of;
use crate::tools::examples::{Example, examples_in_comment, examples_in_source};
use crate::vm::trace::Frame;

impl Runner<'_> {
    /// Tries the examples of one file; Err if the session cannot go on.
    pub fn try_examples(&mut self, source: &Source) -> Result<(), Ending> {
        let (name, text) = (source.name.as_str(), source.text.as_str());
        let examples = match format_of(text) {
            Format::Chunk => chunk_examples(text),
            _ => examples_in_source(text),
        };
        for example in examples {
            let line = place_of(text, example.offset).line as usize;
            if !self
                .options
                .wants(&format!("{name}:{line} {}", example.title()))
            {
                continue;
            }
            self.found = true;
            if self.options.list {
                let (title, expected) = (example.title(), &example.expected);
                self.session
                    .say(&format!("{name}:{line}: {title} >>> {expected}\n"));
                continue;
            }
            self.try_example(name, line, &example)?;
        }
        Ok(())
    }

    fn try_example(&mut self, name: &str, line: usize, example: &Example) -> Result<(), Ending> {
        let expression = example.title();
        let of = Outcome {
            is_example: true,
            ..Outcome::new(name, &expression)
        };
        let (value, mut outcome) = self.watched(of, &example.code())?;
        match value {
            Some(value) if value.is_nil() => outcome.verdict = Verdict::Passed,
            Some(value) => {
                outcome.verdict = Verdict::Failed;
                let found = self.session.vm.string_value(value).unwrap_or_default();
                outcome.failure.message =
                    format!("{expression} is {found}, not {}", example.expected);
            }
            None => {
                let problem = outcome.problem();
                outcome.failure.class.clear();
                outcome.failure.message = format!("{expression} signals {problem}");
            }
        }
        outcome.failure.frames = vec![Frame {
            file: Some(name.into()),
            line,
            ..Frame::default()
        }];
        self.tell(outcome)
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
