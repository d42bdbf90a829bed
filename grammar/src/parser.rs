//! The generated parser. Nothing outside this module knows of LALRPOP.

use lalrpop_util::ParseError;

use crate::build::{Builder, Tree};
use crate::lexer::stream::Stream;

/// What LALRPOP made of `smalltalk.lalrpop`; `tests/generated.rs` makes it anew.
#[allow(clippy::all, clippy::pedantic, unused, missing_docs)]
#[rustfmt::skip]
mod smalltalk {
    include!("../generated/smalltalk.rs");
}

/// The error that the generated code reports.
pub type Error<'s> = ParseError<usize, crate::lexer::token::Token<'s>, &'static str>;

/// Parses all tokens. What cannot be recovered from ends up where the rest does, in the builder.
pub fn parse(tokens: Stream<'_, '_>, builder: &Builder<'_>) -> Option<Tree> {
    match smalltalk::TreeParser::new().parse(builder, tokens) {
        Ok(tree) => Some(tree),
        Err(error) => {
            builder.failed(place(&error));
            None
        }
    }
}

/// Where the parser stopped; None at the end of the text.
pub fn place(error: &Error<'_>) -> Option<usize> {
    match error {
        ParseError::UnrecognizedToken { token, .. } | ParseError::ExtraToken { token } => {
            Some(token.0)
        }
        ParseError::InvalidToken { location } => Some(*location),
        ParseError::UnrecognizedEof { .. } | ParseError::User { .. } => None,
    }
}
