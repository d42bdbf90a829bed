//! Where the text is to be trusted again behind a mistake, what of it is read differently to get there, and which
//! mistakes are none of their own.
//!
//! Must never explain anything.

use super::context::{Context, Item, Region};
use super::{MAX_LOOKED, Text, brackets};
use crate::diagnostic::Diagnostic;
use crate::lexer::repairs::{Edit, Kind, Repairs};
use crate::lexer::token::Token;

impl Text<'_> {
    /// Finds the first mistake that may have led the parser astray, and what to read instead of it. `array` is where
    /// a literal array begins that has no end. False when there is nothing more to find.
    pub fn repair(
        &self,
        errors: &[Option<usize>],
        array: Option<usize>,
        repairs: &mut Repairs,
    ) -> bool {
        let last = repairs.edits.last().map_or(0, |edit| match edit.kind {
            Kind::Skip(to) => to + 1,
            Kind::Close(_) => edit.at + 1,
        });
        let mut errors: Vec<usize> = errors.iter().flatten().copied().collect();
        errors.retain(|&place| place >= last);
        errors.sort_unstable();
        let tokens = match errors[..] {
            [] => Vec::new(),
            _ => self.tokens(repairs),
        };
        let lost = brackets::never_closed(&tokens);
        let (mut trusted, mut looked) = (0, 0);
        for place in errors {
            if place < trusted {
                continue;
            }
            looked += place;
            if looked > MAX_LOOKED {
                return false;
            }
            let at = tokens.partition_point(|item| item.2 <= place);
            let context = Context::new(self.source, self.start, &tokens, &lost, at);
            if let Some(token) = context.replaced() {
                let kind = Kind::Close(token);
                repairs.edits.push(Edit { at: place, kind });
                return true;
            }
            let end = statement_end(&context);
            let rest = &tokens[at.min(end)..end];
            if context.region() == Region::Code
                && rest.iter().any(|item| item.1.opens() || item.1.closes())
            {
                let to = tokens.get(end).map_or(self.source.len(), |item| item.0);
                let kind = Kind::Skip(to);
                repairs.edits.push(Edit { at: place, kind });
                return true;
            }
            trusted = trusted_from(&tokens, end);
        }
        let anew = array.is_some() && repairs.arrays.is_none();
        if anew {
            repairs.arrays = array;
        }
        anew
    }
}

/// Does a mistake come of those before it: a bracket without its other half where one was too many or missing, or
/// something that nothing explains? Adds to the brackets that are doubtful for what follows, with the places where.
pub fn follows<'s>(
    context: &Context<'s>,
    cause: &Diagnostic,
    before: &[Diagnostic],
    doubtful: &mut Vec<(Token<'s>, usize)>,
) -> bool {
    let here = context.here();
    let open = context.opens.last().map(|&open| context.tokens[open]);
    let alone = match cause.code {
        "E0100" => return !before.is_empty(),
        // The bar that parameters which ended too early were to end with.
        "E0113" if here == Some(Token::Bar) => {
            return before.last().is_some_and(|last| last.code == "E0112");
        }
        "E0105" => open.and_then(|(start, open, _)| {
            let same = |&(bracket, place): &(Token<'_>, usize)| match context.at_end() {
                true => bracket == open,
                // Inside of it a block began or ended too early.
                false => bracket == Token::LBracket && start < place,
            };
            doubtful.iter().position(same)
        }),
        "E0104" | "E0107" => here.and_then(|closer| {
            let mut brackets = doubtful.iter();
            brackets.position(|(bracket, _)| bracket.is_closed_by(closer))
        }),
        _ => None,
    };
    if let Some(i) = alone {
        if here != Some(Token::Dot) {
            doubtful.remove(i);
        }
        return true;
    }
    let place = context.span(context.at).start as usize;
    let mut doubt = |bracket| doubtful.push((bracket, place));
    match here {
        Some(Token::Colon) => doubt(Token::LBracket),
        Some(bracket) if bracket.opens() => doubt(bracket),
        Some(closer) if closer.closes() && context.replaced().is_none() => {
            [Token::LParen, Token::LBracket, Token::LBrace]
                .into_iter()
                .filter(|open| open.is_closed_by(closer))
                .for_each(&mut doubt);
            if let Some((_, open, _)) = open {
                doubt(open);
            }
        }
        _ => {}
    }
    false
}

/// The index of what ends the statement that a mistake is in: a full stop, or the bracket around the statements.
pub fn statement_end(context: &Context<'_>) -> usize {
    let tokens = context.tokens;
    let mut opens = context.opens.clone();
    let mut enclosing = opens.len();
    for i in context.at.min(tokens.len())..tokens.len() {
        let token = tokens[i].1;
        if token.opens() {
            opens.push(i);
        } else if token.closes() {
            let Some(depth) = context.closes(&opens, i) else {
                continue;
            };
            if depth < enclosing {
                // A block or brace array is complete: its other statements are another matter.
                if matches!(tokens[opens[depth]].1, Token::LBracket | Token::LBrace)
                    && depth + 1 == enclosing
                {
                    return i;
                }
                enclosing = depth;
            }
            opens.truncate(depth);
        } else if token == Token::Dot {
            while opens.last().is_some_and(|&open| context.ends_at_stop(open)) {
                opens.pop();
            }
            enclosing = enclosing.min(opens.len());
            if opens.len() == enclosing
                && !matches!(
                    opens.last().map(|&open| tokens[open].1),
                    Some(Token::LParen | Token::ArrayOpen | Token::BytesOpen | Token::ComputedOpen)
                )
            {
                return i;
            }
        }
    }
    tokens.len()
}

/// Where the text is to be trusted again behind a statement that ends at this token.
pub fn trusted_from(tokens: &[Item<'_>], end: usize) -> usize {
    match tokens.get(end) {
        Some(&(_, Token::Dot, end)) => end,
        Some(&(start, ..)) => start,
        None => usize::MAX,
    }
}
