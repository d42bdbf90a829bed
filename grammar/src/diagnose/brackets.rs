//! Brackets that are not closed, not opened, or closed by another.

use super::context::{Context, Item};
use crate::diagnostic::Diagnostic;
use crate::lexer::token::Token;

/// Of each token, whether it is an opening bracket that nothing closes.
pub fn never_closed(tokens: &[Item<'_>]) -> Vec<bool> {
    let mut lost = vec![false; tokens.len()];
    let mut opens: Vec<usize> = Vec::new();
    for (i, &(_, token, _)) in tokens.iter().enumerate() {
        if token.opens() {
            lost[i] = true;
            opens.push(i);
        } else if token.closes()
            && let Some(depth) = opens
                .iter()
                .rposition(|&open| tokens[open].1.is_closed_by(token))
        {
            lost[opens[depth]] = false;
            opens.truncate(depth);
        }
    }
    lost
}

/// A closing bracket that does not belong to the innermost open one.
pub fn mismatch(context: &Context<'_>) -> Option<Diagnostic> {
    let closer = context.here().filter(|token| token.closes())?;
    let span = context.span(context.at);
    let found = context.text(context.at);
    let Some(&open) = context.opens.last() else {
        return Some(
            Diagnostic::new("E0107", format!("`{found}` closes nothing"), span)
                .label("no bracket is open here")
                .help(format!(
                    "delete it, or write the missing `{}`",
                    opener(closer)
                )),
        );
    };
    let opened = context.tokens[open].1;
    if opened.is_closed_by(closer) {
        return None;
    }
    let wanted = closing(opened);
    Some(
        Diagnostic::new(
            "E0104",
            format!("`{}` is closed by `{found}`", shown(context, open)),
            span,
        )
        .label(format!("expected `{wanted}`"))
        .secondary(
            context.span(open),
            format!("`{}` opened here", shown(context, open)),
        )
        .help(
            if context
                .token(context.at + 1)
                .is_some_and(|next| opened.is_closed_by(next))
            {
                format!("delete it, or write the missing `{}`", opener(closer))
            } else {
                match context
                    .opens
                    .iter()
                    .rev()
                    .any(|&i| context.tokens[i].1.is_closed_by(closer))
                {
                    true => format!("a `{wanted}` is missing before it"),
                    false => format!("write `{wanted}` instead"),
                }
            },
        ),
    )
}

/// The innermost open bracket at the end of the text, or at the end of a statement in parentheses.
pub fn unclosed(context: &Context<'_>) -> Option<Diagnostic> {
    let &open = context.opens.last()?;
    let text = shown(context, open);
    let wanted = closing(context.tokens[open].1);
    let span = context.span(open);
    if context.at_end() || !context.inside(Token::LParen) && context.ends_at_stop(open) {
        let mut diagnostic = Diagnostic::new("E0105", format!("`{text}` is never closed"), span);
        // A byte array does not go on behind a full stop.
        diagnostic.incomplete = context.at_end() || context.inside(Token::ArrayOpen);
        return Some(match context.opens.len() {
            1 => diagnostic
                .label("opened here")
                .help(format!("write the missing `{wanted}`")),
            n => diagnostic
                .label(format!("opened here, the innermost of {n} open brackets"))
                .help(format!(
                    "write the missing `{wanted}`, and look at the brackets around it"
                )),
        });
    }
    if context.here() == Some(Token::Dot) && context.inside(Token::LParen) {
        let title = format!("`{text}` is not closed before the full stop");
        let diagnostic = Diagnostic::new("E0105", title, context.span(context.at))
            .label(format!("expected `{wanted}` before this"))
            .secondary(span, format!("`{text}` opened here"));
        return Some(match context.token(context.at + 1) {
            Some(Token::Dot) if context.glued(context.at + 1) => {
                diagnostic.help("a range of numbers is an interval: (1 to: 5)")
            }
            _ => diagnostic
                .help("round brackets hold one expression; statements stand in a block: [ a. b ]"),
        });
    }
    None
}

/// An opening bracket as it stands in the text.
fn shown<'s>(context: &Context<'s>, open: usize) -> &'s str {
    context.text(open)
}

/// The bracket that closes `open`.
pub fn closing(open: Token<'_>) -> &'static str {
    match open {
        Token::LBracket | Token::BytesOpen => "]",
        Token::LBrace => "}",
        _ => ")",
    }
}

fn opener(close: Token<'_>) -> &'static str {
    match close {
        Token::RBracket => "[",
        Token::RBrace => "{",
        _ => "(",
    }
}
