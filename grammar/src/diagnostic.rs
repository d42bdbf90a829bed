//! What is wrong with a text: one cause, one place, one sentence, one line of help.
//!
//! Plain data; `render` turns it into text. Never looks at the source itself.

use crate::ast::Span;
use std::ops::{Deref, DerefMut};

/// One mistake; one word, for it is handed on through many hands.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic(Box<Details>);

/// What is said of a mistake.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// Stable code, `E0104`; that of a warning begins with W.
    pub code: &'static str,
    /// Lower-case sentence without a full stop: what was found and what is needed.
    pub title: String,
    /// The smallest culprit.
    pub span: Span,
    /// Text beside the carets; may be empty.
    pub label: String,
    /// The other end, where there is one: the opening bracket, the previous statement.
    pub secondary: Option<(Span, String)>,
    /// The fix, with code where possible.
    pub help: Option<String>,
    /// More input could make this text right: a REPL reads on.
    pub incomplete: bool,
}

impl Deref for Diagnostic {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Diagnostic {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl Diagnostic {
    /// A mistake with its code, sentence and place; the rest is added with the methods below.
    #[inline(never)]
    pub fn new(code: &'static str, title: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic(Box::new(Details {
            code,
            title: title.into(),
            span,
            label: String::new(),
            secondary: None,
            help: None,
            incomplete: false,
        }))
    }

    /// What is said of a text that was not read or compiled to its end.
    pub fn stopped() -> Diagnostic {
        let title =
            "this text was not read to its end: there was no time or fuel left, or it was stopped";
        Diagnostic::new("E0122", title, Span::default())
    }

    /// Sets the text beside the carets.
    #[inline(never)]
    pub fn label(mut self, text: impl Into<String>) -> Diagnostic {
        self.label = text.into();
        self
    }

    /// Sets the second place and its text.
    #[inline(never)]
    pub fn secondary(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.secondary = Some((span, text.into()));
        self
    }

    /// Sets the line of help.
    #[inline(never)]
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }

    /// `warning` or `error`.
    pub fn severity(&self) -> &'static str {
        severity(self.code)
    }

    /// More input could make the text right.
    pub fn incomplete(mut self) -> Diagnostic {
        self.incomplete = true;
        self
    }
}

/// `warning` for a code of what can be meant as it stands, else `error`.
///
/// ```
/// assert_eq!(chirp_grammar::diagnostic::severity("W0101"), "warning");
/// ```
pub fn severity(code: &str) -> &'static str {
    match code.starts_with('W') {
        true => "warning",
        false => "error",
    }
}
