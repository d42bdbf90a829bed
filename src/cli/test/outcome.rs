//! What came of one test or example. Plain data: who shows it, and how, is decided elsewhere.

use crate::vm::Unhandled;
use crate::vm::trace::Frame;
use std::time::Duration;

/// The kinds of ends that a test can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    /// An assertion did not hold.
    Failed,
    /// Something else went wrong.
    Error,
    Skipped,
    /// It failed, as was known.
    Expected,
}

/// One test that was run, or one example that was tried.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The class; for an example, the file.
    pub suite: String,
    /// The selector, with parameters if there are some; for an example, its left side.
    pub name: String,
    pub is_example: bool,
    pub verdict: Verdict,
    pub time: Duration,
    /// Why it did not pass.
    pub failure: Unhandled,
    /// What there was and what there should have been, printed.
    pub values: Option<(String, String)>,
    /// What it wrote to the Transcript.
    pub output: String,
}

impl Outcome {
    /// Nothing came of it yet: an error, until somebody knows better.
    pub fn new(suite: &str, name: &str) -> Outcome {
        Outcome {
            suite: suite.to_string(),
            name: name.to_string(),
            is_example: false,
            verdict: Verdict::Error,
            time: Duration::ZERO,
            failure: Unhandled::default(),
            values: None,
            output: String::new(),
        }
    }

    /// What a person calls it.
    pub fn title(&self) -> String {
        format!("{}>>{}", self.suite, self.name)
    }

    /// Whether it is not as it should be.
    pub fn is_defect(&self) -> bool {
        matches!(self.verdict, Verdict::Failed | Verdict::Error)
    }

    /// File and line where it went wrong, as far as that is known.
    pub fn place(&self) -> Option<(&str, usize)> {
        let mut frames = self.own_frames().iter();
        let frame = frames.find(|f| !f.library && f.line > 0 && f.file.is_some())?;
        Some((frame.file.as_deref()?, frame.line))
    }

    /// The frames above the machinery that runs tests.
    pub fn own_frames(&self) -> &[Frame] {
        let frames = &self.failure.frames;
        let end = frames.iter().position(is_machinery).unwrap_or(frames.len());
        &frames[..end]
    }

    /// What is wrong, in one line.
    pub fn problem(&self) -> String {
        if let Some((actual, expected)) = &self.values {
            return format!(
                "expected {}, got {}",
                short(expected, 200),
                short(actual, 200)
            );
        }
        let message = short(&self.failure.message, 400);
        let class = &self.failure.class;
        match (class.as_str(), message.as_str()) {
            ("" | "TestFailure", _) => message,
            (_, "") => class.clone(),
            _ => format!("{class}: {message}"),
        }
    }

    /// What many tests may have in common that did not pass.
    pub fn reason(&self) -> String {
        let message = &self.failure.message;
        match self.failure.class.as_str() {
            "UndefinedVariable" => message.lines().next().unwrap_or_default().to_string(),
            "MessageNotUnderstood" => match message.split_once("understand #") {
                Some((_, selector)) => {
                    let selector = selector
                        .split(['\n', ' ', ';', ','])
                        .next()
                        .unwrap_or_default();
                    format!("not understood: #{}", selector.trim_end_matches([';', ',']))
                }
                None => "MessageNotUnderstood".to_string(),
            },
            "TestTookTooMuchTime" => "out of time".to_string(),
            "" | "TestFailure" if self.is_example => "example not true".to_string(),
            "TestFailure" => "assertion".to_string(),
            "" => short(message, 60),
            class => class.to_string(),
        }
    }
}

fn is_machinery(frame: &Frame) -> bool {
    let file = frame.file.as_deref().unwrap_or_default();
    frame.library && file.starts_with("SUnit/Test") && !file.starts_with("SUnit/TestAsserter")
}

/// A text on one line, and not too long.
pub fn short(text: &str, most: usize) -> String {
    let text = text.trim();
    let mut line: String = text
        .chars()
        .take(most)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(most).is_some() {
        line.push('…');
    }
    line
}
