//! Assignments, cascades, colons and carets in the wrong place.

use super::context::Context;
use super::operands::{full_stop, unclosed_line};
use crate::diagnostic::Diagnostic;
use crate::lexer::token::Token;

pub fn explain(context: &Context<'_>) -> Option<Diagnostic> {
    if context.at > 0 && context.before(1) == Some(Token::Semicolon) {
        return Some(after_semicolon(context));
    }
    match context.here()? {
        Token::Semicolon => Some(semicolon(context)),
        Token::Assign => Some(assignment(context)),
        Token::Colon => colon(context),
        Token::Ident(_) | Token::Keyword(_) => in_cascade(context),
        token if token.is_operator() => in_cascade(context),
        _ => None,
    }
}

fn is_terminator(context: &Context<'_>, semicolon: usize) -> bool {
    let next = semicolon + 1;
    context.on_new_line(next)
        || matches!(
            context.token(next),
            None | Some(Token::RBrace | Token::RBracket | Token::Dot)
        )
        || context.token(next + 1) == Some(Token::Assign)
}

fn terminator(context: &Context<'_>, semicolon: usize) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        "E0124",
        "a statement ends with a full stop, not with a semicolon",
        context.span(semicolon),
    )
    .label("expected `.`");
    let assigns = context
        .same_level()
        .any(|i| context.token(i) == Some(Token::Binary("=")));
    diagnostic.help(if assigns {
        "write `.`; and assign with `:=`, because `=` compares"
    } else {
        "write `.`; a semicolon sends another message to the same receiver: Transcript show: 'a'; cr"
    })
}

/// A semicolon without a message before it.
fn semicolon(context: &Context<'_>) -> Diagnostic {
    let span = context.span(context.at);
    if context.at_statement_start() {
        return Diagnostic::new("E0111", "a cascade needs a message before `;`", span)
            .label("nothing before this")
            .help("begin with a receiver and its first message: Transcript show: 'a'; cr");
    }
    if is_terminator(context, context.at) {
        return terminator(context, context.at);
    }
    let before = context.at - 1;
    let diagnostic = Diagnostic::new("E0111", "a cascade needs a message before `;`", span);
    if context.before(1) == Some(Token::RParen) {
        return diagnostic
            .label("the message in parentheses is complete")
            .help("leave the parentheses out: the receiver of a cascade is that of the last message before it");
    }
    diagnostic
        .label(format!(
            "{} is a value, not a message",
            context.name(before)
        ))
        .help("a cascade repeats the receiver of a message: Transcript show: 'a'; cr")
}

/// What follows a semicolon is no message.
fn after_semicolon(context: &Context<'_>) -> Diagnostic {
    let semicolon = context.at - 1;
    let span = context.span(semicolon);
    let title = "a cascade needs a message after `;`";
    if context.at_end() {
        return Diagnostic::new("E0111", title, span)
            .label("nothing follows this")
            .help("write the next message; a statement ends with a full stop")
            .incomplete();
    }
    let here = context.name(context.at);
    let diagnostic = Diagnostic::new("E0111", title, span);
    match context.here() {
        Some(Token::Semicolon) => diagnostic
            .label("nothing between this and the next `;`")
            .help("delete one of them"),
        Some(Token::Dot) => diagnostic
            .label("nothing follows this")
            .help("write the next message, or leave the semicolon out"),
        Some(token) if token.closes() => diagnostic
            .label(format!("nothing between this and {here}"))
            .help("write the next message, or leave the semicolon out; statements end with a full stop"),
        Some(Token::Caret) => terminator(context, semicolon),
        _ => diagnostic
            .label(format!("{here} is no message"))
            .help("after a semicolon comes a message without its receiver: Transcript show: 'a'; cr"),
    }
}

/// A message after a complete message of a cascade.
fn in_cascade(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    let semicolon = context
        .same_level()
        .find(|&i| context.token(i) == Some(Token::Semicolon))?;
    if !context.before(1)?.ends_operand() {
        return None;
    }
    if context.on_new_line(at) && matches!(context.here(), Some(Token::Ident(_))) {
        return Some(full_stop(context, at, "so this was read as part of it"));
    }
    let again = context.token(at + 1) == Some(Token::Semicolon) && is_terminator(context, at + 1);
    if context.token(at + 1) == Some(Token::Assign)
        || is_terminator(context, semicolon)
            && (again || context.here() == Some(Token::Binary("=")))
    {
        return Some(terminator(context, semicolon));
    }
    Some(
        Diagnostic::new(
            "E0111",
            "a message of a cascade is followed by `;` or the end",
            context.span(at),
        )
        .label("this would be a message to its result")
        .secondary(context.span(semicolon), "the cascade goes on here")
        .help("end the cascade first: put it in parentheses or write a full stop"),
    )
}

/// `:=` behind something that is no variable.
fn assignment(context: &Context<'_>) -> Diagnostic {
    let (at, before) = (context.at, context.at - 1);
    let span = context.span(at);
    if let Some(Token::Ident(_)) = context.before(1) {
        if context.on_new_line(before) && context.inside(Token::LParen) && before > context.first {
            return unclosed_line(context, before);
        }
        // The variable begins a line: the statement above it has no end.
        if before > context.code_start()
            && context.on_new_line(before)
            && !context.inside(Token::LParen)
        {
            let whole = context.span(before).to(span);
            let mut diagnostic =
                full_stop(context, before, "so this assignment was read as part of it");
            if let Some(secondary) = &mut diagnostic.secondary {
                secondary.0 = whole;
            }
            return diagnostic;
        }
        match context.before(2) {
            Some(Token::Semicolon) => return terminator(context, before - 1),
            Some(Token::Keyword(_)) => {
                return Diagnostic::new(
                    "E0123",
                    "an assignment among arguments needs parentheses",
                    context.span(before).to(span),
                )
                .label("not a value as it stands")
                .help(format!(
                    "write {} ({} := …)",
                    context.text(before - 1),
                    context.text(before)
                ));
            }
            Some(Token::Binary(","))
                if !context
                    .same_level()
                    .any(|i| context.token(i) == Some(Token::Assign)) =>
            {
                return Diagnostic::new(
                    "E0123",
                    "one variable is assigned at a time",
                    context.span(before - 1),
                )
                .label("this joins two collections")
                .help("write each assignment as a statement of its own: x := 3. y := 4");
            }
            Some(token) if token.is_operator() => {
                return Diagnostic::new(
                    "E0123",
                    "an assignment inside an expression needs parentheses",
                    context.span(before).to(span),
                )
                .label("not a value as it stands")
                .help(format!(
                    "write {} ({} := …)",
                    context.text(before - 1),
                    context.text(before)
                ));
            }
            // The value before the variable is complete: that of another assignment, or no name.
            Some(token)
                if token.ends_operand()
                    && (!matches!(token, Token::Ident(_))
                        || context
                            .same_level()
                            .any(|i| context.token(i) == Some(Token::Assign))) =>
            {
                let end = context.span(before - 1).end as usize;
                return Diagnostic::new(
                    "E0123",
                    "a full stop is missing between two statements",
                    crate::ast::Span::new(end, end),
                )
                .label("expected `.` here")
                .secondary(context.span(before).to(span), "this begins a statement")
                .help(format!(
                    "write {}. {} := …",
                    context.text(before - 1),
                    context.text(before)
                ));
            }
            Some(token) if token.ends_operand() => {
                let start = context.span(context.code_start());
                return Diagnostic::new(
                    "E0123",
                    "`:=` needs a variable on its left",
                    start.to(context.span(before)),
                )
                .label("this is a message")
                .help("a variable is one word; is a full stop missing before it?");
            }
            _ => {}
        }
    }
    let target = context
        .span(context.code_start().min(before))
        .to(context.span(before));
    let diagnostic = Diagnostic::new("E0123", "`:=` needs a variable on its left", target);
    let keyword = context.same_level().find_map(|i| match context.token(i) {
        Some(Token::Keyword(text)) => Some(text),
        _ => None,
    });
    match (keyword, context.before(1)) {
        (Some(text), _) => diagnostic.label("this is a message").help(format!(
            "objects are changed by messages: {text} … put: value"
        )),
        (None, Some(Token::RParen)) => diagnostic
            .label("this is an expression")
            .help("leave the parentheses out: x := 3"),
        (None, Some(Token::RBracket)) => diagnostic
            .label("this is a message to a block")
            .help("elements are changed by messages: array at: 1 put: 3"),
        _ => diagnostic
            .label("this is a value")
            .help("write x := 3, or compare with `=`"),
    }
}

/// A colon outside the parameters of a block.
fn colon(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    let span = context.span(at);
    if context.token(at + 1) == Some(Token::Binary("=")) {
        return Some(
            Diagnostic::new(
                "E0123",
                "`:=` is written without a space",
                span.to(context.span(at + 1)),
            )
            .label("a colon and an operator")
            .help("write x := 3"),
        );
    }
    if context.token(at + 1) == Some(Token::Assign) && context.glued(at + 1) {
        return Some(
            Diagnostic::new(
                "E0123",
                "an assignment has one colon",
                span.to(context.span(at + 1)),
            )
            .label("expected `:=`")
            .help("write x := 3"),
        );
    }
    if context.at_statement_start() {
        let diagnostic = Diagnostic::new(
            "E0127",
            "`:` declares a parameter, and only right after `[`",
            span,
        );
        return Some(if context.inside(Token::LParen) {
            diagnostic
                .label("not in round brackets")
                .help("a block has square brackets: [ :x | x + 1 ]")
        } else {
            diagnostic
                .label("nothing to declare here")
                .help("temporaries stand between bars: | x y |")
        });
    }
    let before = at - 1;
    match context.before(1)? {
        Token::Ident(name) if !context.on_new_line(at) => Some(
            Diagnostic::new("E0127", "a keyword and its colon stand together", span)
                .label("this colon stands alone")
                .help(format!("write {name}: without a space before the colon")),
        ),
        token if token.ends_operand() => Some(
            Diagnostic::new(
                "E0127",
                format!("a colon after {}", context.name(before)),
                span,
            )
            .label("only a keyword or a parameter has a colon")
            .help(
                "write a word with its colon, as in ifTrue: [ … ]; statements end with a full stop",
            ),
        ),
        _ => Some(
            Diagnostic::new("E0127", "a colon alone means nothing", span)
                .label("no word before it")
                .help("keywords end with a colon, at: 3; parameters begin with one, [ :x | x ]"),
        ),
    }
}
