//! Smalltalk source text in, syntax tree or diagnostics out.
//!
//! The facade: lexer, generated parser and the art of explaining mistakes stand behind these
//! functions. It must never know classes, files or the machine.
#![deny(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

pub mod ast;
mod build;
mod diagnose;
pub mod diagnostic;
mod lexer;
mod line;
mod parser;
mod render;
pub mod sorting;
pub mod unicode;

pub use diagnostic::Diagnostic;
pub use lexer::info::{TokenInfo, TokenKind, Tokens};
pub use line::Line;
pub use render::shown_line;

use build::{Builder, Tree};
use lexer::repairs::Repairs;
use lexer::stream::{Sink, Start, Stream};

/// What came of a text: the tree if it is right, else what is wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed<T> {
    /// There is a tree exactly if there are no diagnostics.
    pub tree: Option<T>,
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl<T> Parsed<T> {
    /// Is the text the beginning of something right? Then a REPL reads on.
    pub fn is_incomplete(&self) -> bool {
        !self.diagnostics.is_empty() && self.diagnostics.iter().all(|d| d.incomplete)
    }
}

/// Dialect of the text, and how deep its tree may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// `_` and `←` assign, `↑` returns: old sources in chunk files.
    pub underscore_assignment: bool,
    /// Brackets inside each other, at most [`Options::DEEPEST`]. Trees are walked and dropped recursively: whoever has
    /// little stack left wants fewer. Of other levels there are at most twice as many.
    pub nesting: u32,
}

impl Options {
    /// No tree is of more brackets inside each other.
    pub const DEEPEST: u32 = 500;
}

impl Default for Options {
    fn default() -> Options {
        Options {
            underscore_assignment: false,
            nesting: Options::DEEPEST,
        }
    }
}

/// Parses a method: its pattern and its body.
pub fn parse_method(source: &str) -> Parsed<ast::Method> {
    parse_method_with(source, Options::default())
}

/// The same in another dialect.
pub fn parse_method_with(source: &str, options: Options) -> Parsed<ast::Method> {
    parse_method_while(source, options, &|| true)
}

/// The same for as long as `goes_on`, which is asked now and then. A text that was not read to its end has one mistake,
/// that of [`Diagnostic::stopped`].
pub fn parse_method_while(
    source: &str,
    options: Options,
    goes_on: &dyn Fn() -> bool,
) -> Parsed<ast::Method> {
    let read = run(source, Start::Method, options, goes_on);
    Parsed {
        tree: read.tree.and_then(Tree::method),
        diagnostics: read.diagnostics,
    }
}

/// Parses statements, with declarations of temporaries in between.
pub fn parse_do_it(source: &str) -> Parsed<ast::DoIt> {
    parse_do_it_with(source, Options::default())
}

/// The same in another dialect.
pub fn parse_do_it_with(source: &str, options: Options) -> Parsed<ast::DoIt> {
    parse_do_it_while(source, options, &|| true)
}

/// The same for as long as `goes_on`, see [`parse_method_while`].
///
/// ```
/// use chirp_grammar::{Options, parse_do_it_while};
/// let text = "a foo. ".repeat(10_000);
/// assert!(parse_do_it_while(&text, Options::default(), &|| true).tree.is_some());
/// assert!(parse_do_it_while(&text, Options::default(), &|| false).tree.is_none());
/// ```
pub fn parse_do_it_while(
    source: &str,
    options: Options,
    goes_on: &dyn Fn() -> bool,
) -> Parsed<ast::DoIt> {
    let read = run(source, Start::DoIt, options, goes_on);
    Parsed {
        tree: read.tree.and_then(Tree::do_it),
        diagnostics: read.diagnostics,
    }
}

/// What to write instead of a word that means something in other languages: the help for an
/// unknown variable of that name.
///
/// ```
/// assert_eq!(chirp_grammar::foreign_word("null"), Some("nothing is called nil"));
/// assert_eq!(chirp_grammar::foreign_word("total"), None);
/// ```
pub fn foreign_word(name: &str) -> Option<&'static str> {
    diagnose::words::meaning(name)
}

/// Every token of a text, comments included. Never fails; what is no token is
/// [`TokenKind::Unknown`].
pub fn tokens(source: &str) -> Tokens<'_> {
    Tokens::new(source)
}

/// So many bytes of a text with mistakes are read, over and over again; what recovery costs counts as well.
const MOST_REREAD: usize = 1 << 21;

/// And so often.
const MOST_READINGS: usize = 32;

fn run(source: &str, start: Start, options: Options, goes_on: &dyn Fn() -> bool) -> Parsed<Tree> {
    if u32::try_from(source.len()).is_err() {
        let title = "a source text is at most 4 gigabytes long";
        let diagnostic = Diagnostic::new("E0122", title, ast::Span::default());
        return Parsed {
            tree: None,
            diagnostics: vec![diagnostic],
        };
    }
    let mut repairs = Repairs::default();
    let mut read = 0;
    loop {
        let sink = Sink::for_parser(goes_on, &repairs);
        let builder = Builder::new(source, options, &sink);
        let tree = parser::parse(Stream::new(source, start, options, &sink), &builder);
        let mut errors = builder.into_errors();
        let end = sink.gave_up();
        if end.is_some() {
            // The parser saw the end of the text where there is none.
            errors.retain(Option::is_some);
        }
        let (stopped, array) = (sink.was_stopped(), sink.unclosed_array());
        read += source.len().max(MOST_REREAD / MOST_READINGS) + sink.cost();
        let found = sink.diagnostics.into_inner();
        if let Some(tree) = tree.filter(|_| !stopped && repairs.is_empty())
            && errors.is_empty()
            && found.is_empty()
        {
            return Parsed {
                tree: Some(tree),
                diagnostics: Vec::new(),
            };
        }
        let text = diagnose::Text {
            source,
            start,
            options,
            read: end.unwrap_or(source.len()),
        };
        if !stopped
            && end.is_none()
            && read < MOST_REREAD
            && text.repair(&errors, array, &mut repairs)
        {
            continue;
        }
        let explained = match stopped {
            true => None,
            false => text.explain(found, errors, &repairs, goes_on),
        };
        return Parsed {
            tree: None,
            diagnostics: explained.unwrap_or_else(|| vec![Diagnostic::stopped()]),
        };
    }
}
