//! Mistakes in literal arrays and byte arrays.

use super::brackets;
use super::context::Context;
use crate::diagnostic::Diagnostic;
use crate::lexer::token::Token;

/// `open` is the index of the array's bracket.
pub fn explain(context: &Context<'_>, open: usize) -> Option<Diagnostic> {
    // A full stop is an element, but for the one that ends an array which has no other end.
    let stop = context.here() == Some(Token::Dot);
    if context.at_end() || stop && (context.ends_at_stop(open)) {
        return brackets::unclosed(context);
    }
    let here = context.here()?;
    if here.closes() {
        return brackets::mismatch(context);
    }
    if context.tokens[open].1 != Token::BytesOpen {
        return None;
    }
    let label = match here {
        Token::Binary(",") => "elements are separated by spaces",
        Token::Ident(_) => "a name",
        Token::Char(_) => "a character",
        Token::String(_) => "a string",
        Token::LParen | Token::LBracket | Token::LBrace => "an expression",
        _ => "not an integer",
    };
    let diagnostic = Diagnostic::new(
        "E0116",
        "a byte array holds only integers from 0 to 255",
        context.span(context.at),
    )
    .label(label)
    .secondary(context.span(open), "the byte array begins here");
    Some(match here {
        Token::Binary(",") => diagnostic.help("write #[1 2 3]"),
        Token::Char(_) | Token::String(_) => {
            diagnostic.help("convert it when the program runs: 'abc' asByteArray")
        }
        _ => diagnostic.help("compute elements in a brace array: { a. 2 + 3 } asByteArray"),
    })
}
