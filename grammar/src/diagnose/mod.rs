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
mod recovery;
pub mod words;

use crate::Options;
use crate::diagnostic::Diagnostic;
use crate::lexer::repairs::Repairs;
use crate::lexer::stream::{Sink, Start, Stream};
use crate::sorting::sort_by;
use context::{Context, Item, Region};
use recovery::{follows, statement_end, trusted_from};

/// No more messages than this: a text with more is no Smalltalk.
const MAX_DIAGNOSTICS: usize = 100;

/// Bytes that all of them may have in front of them, which are looked through for lines and columns: far behind in a
/// long text, fewer are told.
const MAX_LOOKED: usize = 1 << 24;

/// A text, and how much of it was read.
pub struct Text<'s> {
    pub source: &'s str,
    pub start: Start,
    pub options: Options,
    pub read: usize,
}

impl<'s> Text<'s> {
    fn tokens(&self, repairs: &Repairs) -> Vec<Item<'s>> {
        let sink = Sink::for_messages(repairs);
        let tokens = Stream::new(self.source, self.start, self.options, &sink).skip(1);
        tokens.take_while(|item| item.0 <= self.read).collect()
    }

    /// All diagnostics of the text in its order. `found` are those of lexer and builder; `errors` are
    /// the places where the parser met something unexpected, None for the end of the text. None when it was not to
    /// go on.
    pub fn explain(
        &self,
        found: Vec<Diagnostic>,
        errors: Vec<Option<usize>>,
        repairs: &Repairs,
        goes_on: &dyn Fn() -> bool,
    ) -> Option<Vec<Diagnostic>> {
        let (source, tokens) = (self.source, self.tokens(repairs));
        let lost = brackets::never_closed(&tokens);
        let context = |at| Context::new(source, self.start, &tokens, &lost, at);
        // A mistake that is known already, or a place to explain.
        let mut mistakes: Vec<(usize, Option<Diagnostic>)> = found
            .into_iter()
            .map(|d| (d.span.start as usize, Some(d)))
            .collect();
        let errors = errors
            .into_iter()
            .map(|place| place.unwrap_or(source.len()));
        // What follows a part that was skipped was no mistake before.
        let errors = errors.filter(|&place| !repairs.skips_to(place));
        let errors = errors.chain(repairs.edits.iter().map(|edit| edit.at));
        mistakes.extend(errors.map(|place| (place, None)));
        sort_by(&mut mistakes, |(a, known), (b, other)| {
            (a, known.is_none()).cmp(&(b, other.is_none()))
        });
        let mut out: Vec<Diagnostic> = Vec::new();
        let (mut trusted, mut looked, mut before) = (0, 0, None);
        let mut doubtful = Vec::new();
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
            if known.is_none() && before == Some(place) {
                continue;
            }
            before = Some(place);
            if !goes_on() {
                return None;
            }
            looked += place;
            let at = tokens.partition_point(|item| item.2 <= place);
            let context = context(at);
            trusted = trusted_from(&tokens, statement_end(&context));
            let mut diagnostic = match known {
                Some(known) => known,
                None => {
                    let cause = cause(&context);
                    if follows(&context, &cause, &out, &mut doubtful) {
                        continue;
                    }
                    cause
                }
            };
            // The array may go on behind the text, and all that follows be in it.
            diagnostic.incomplete |= repairs.arrays.is_some_and(|array| array <= place);
            out.push(diagnostic);
        }
        Some(out)
    }
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
