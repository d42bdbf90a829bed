//! Why the parser stopped: from a place in the text to a cause, a label and a line of help.
//!
//! Reads tokens only; knows neither the grammar's tables nor the tree. The most specific cause
//! comes first, and a statement has one mistake at a time: the rest of it is not to be trusted.

mod arrays;
mod brackets;
mod context;
mod dialects;
mod foreign;
mod head;
mod marks;
mod operands;
pub mod words;

use crate::Options;
use crate::diagnostic::Diagnostic;
use crate::lexer::stream::{Sink, Start, Stream};
use crate::lexer::token::Token;
use crate::sorting::sort_by;
use context::{Context, Item, Region};

/// No more messages than this: a text with more is no Smalltalk.
const MAX_DIAGNOSTICS: usize = 100;

/// Bytes that all of them may have in front of them, which are looked through for lines and columns: far behind in a
/// long text, fewer are told.
const MAX_LOOKED: usize = 1 << 24;

/// All diagnostics of a text in its order. `found` are those of lexer and builder; `errors` are
/// the places where the parser met something unexpected, None for the end of the text. Of the text, `read` bytes were
/// read. None when it was not to go on.
pub fn explain(
    source: &str,
    start: Start,
    options: Options,
    found: Vec<Diagnostic>,
    errors: Vec<Option<usize>>,
    read: usize,
    goes_on: &dyn Fn() -> bool,
) -> Option<Vec<Diagnostic>> {
    let sink = Sink::default();
    let tokens = Stream::new(source, start, options, &sink).skip(1);
    let tokens: Vec<Item> = tokens.take_while(|item| item.0 <= read).collect();
    // A mistake that is known already, or a place to explain.
    let mut mistakes: Vec<(usize, Option<Diagnostic>)> = found
        .into_iter()
        .map(|d| (d.span.start as usize, Some(d)))
        .collect();
    mistakes.extend(
        errors
            .into_iter()
            .map(|place| (place.unwrap_or(source.len()), None)),
    );
    sort_by(&mut mistakes, |(a, known), (b, other)| {
        (a, known.is_none()).cmp(&(b, other.is_none()))
    });
    let mut out: Vec<Diagnostic> = Vec::new();
    let (mut trusted, mut looked) = (0, 0);
    for (place, known) in mistakes {
        if out.len() == MAX_DIAGNOSTICS || looked > MAX_LOOKED {
            break;
        }
        if place < trusted {
            // What swallows the rest of the text explains everything before it in its statement.
            if let (Some(last), Some(d)) = (out.last_mut(), known)
                && matches!(d.code, "E0101" | "E0102")
                && !matches!(last.code, "E0101" | "E0102" | "E0103")
            {
                *last = d;
            }
            continue;
        }
        if !goes_on() {
            return None;
        }
        looked += place;
        let at = tokens.partition_point(|item| item.2 <= place);
        trusted = statement_end(&tokens, &Context::new(source, start, &tokens, at));
        out.push(known.unwrap_or_else(|| cause(&Context::new(source, start, &tokens, at))));
    }
    Some(out)
}

/// Where the statement ends that a mistake is in: the next place to trust the text again.
fn statement_end(tokens: &[Item<'_>], context: &Context<'_>) -> usize {
    let mut opens: Vec<Token> = context.opens.iter().map(|&i| tokens[i].1).collect();
    let outer = opens.len();
    let mut enclosing = outer;
    for &(start, token, end) in &tokens[context.at.min(tokens.len())..] {
        if token.opens() {
            opens.push(token);
        } else if token.closes() {
            let Some(depth) = opens.iter().rposition(|open| open.is_closed_by(token)) else {
                continue;
            };
            if depth < enclosing {
                // A block or brace array is complete: its other statements are another matter.
                if matches!(opens[depth], Token::LBracket | Token::LBrace) && depth + 1 == enclosing
                {
                    return start;
                }
                enclosing = depth;
            }
            opens.truncate(depth);
        } else if token == Token::Dot
            && opens.len() == enclosing
            && !matches!(
                opens.last(),
                Some(Token::LParen | Token::ArrayOpen | Token::BytesOpen | Token::ComputedOpen)
            )
        {
            return end;
        }
    }
    usize::MAX
}

/// The most specific thing to say.
fn cause(context: &Context<'_>) -> Diagnostic {
    let special = match context.region() {
        Region::Array(open) => arrays::explain(context, open),
        Region::Pattern => head::pattern(context),
        Region::Pragma(open) => head::pragma(context, open),
        Region::Temps(bar) => head::temps(context, bar),
        Region::Parameters(open) => head::parameters(context, open),
        Region::Code => None,
    };
    special
        .or_else(|| dialects::explain(context))
        .or_else(|| foreign::explain(context))
        .or_else(|| brackets::mismatch(context))
        .or_else(|| operands::missing(context))
        .or_else(|| marks::explain(context))
        .or_else(|| operands::surplus(context))
        .or_else(|| brackets::unclosed(context))
        .unwrap_or_else(|| fallback(context))
}

/// Tests see to it that no known mistake ends here.
fn fallback(context: &Context<'_>) -> Diagnostic {
    let span = context.span(context.at);
    if context.at_end() {
        let title = "the text ends too early";
        return Diagnostic::new("E0100", title, span)
            .label("something is missing here")
            .incomplete();
    }
    Diagnostic::new(
        "E0100",
        format!("unexpected {}", context.name(context.at)),
        span,
    )
    .label("this does not fit here")
}
