//! Mistakes in what stands before statements: patterns, pragmas, declarations, parameters.

use super::brackets;
use super::context::Context;
use crate::diagnostic::Diagnostic;
use crate::lexer::token::Token;

/// In a method's pattern.
pub fn pattern(context: &Context<'_>) -> Option<Diagnostic> {
    let span = context.span(context.at);
    if context.at == 0 {
        let help = "name the method first: `foo`, `+ other` or `at: index put: value`";
        if context.at_end() {
            return Some(
                Diagnostic::new("E0121", "the method is missing", span)
                    .label("expected its name")
                    .help(help)
                    .incomplete(),
            );
        }
        let title = format!(
            "a method begins with its name, not with {}",
            context.name(0)
        );
        return Some(
            Diagnostic::new("E0121", title, span)
                .label("expected a name before this")
                .help(help),
        );
    }
    let before = context.name(context.at - 1);
    let title = format!("{before} needs the name of a parameter");
    if context.at_end() {
        return Some(
            Diagnostic::new("E0121", title, context.span(context.at - 1))
                .label("expected a name after this")
                .help("write the parameter: `at: index`")
                .incomplete(),
        );
    }
    let label = format!("expected a name before {}", context.name(context.at));
    let help = match context.here() {
        Some(Token::Keyword(_)) => {
            "each keyword has a parameter of its own: `at: index put: value`"
        }
        Some(Token::LParen | Token::Less | Token::Colon) => {
            "parameters are plain names: `at: index`"
        }
        _ => "the pattern of a method has names where a message has arguments: `at: index`",
    };
    Some(
        Diagnostic::new("E0121", title, span)
            .label(label)
            .help(help),
    )
}

/// Behind the `<` at `open`.
pub fn pragma(context: &Context<'_>, open: usize) -> Option<Diagnostic> {
    let behind = context.token(open + 1);
    // `< 3`: an operator without its left side, unless a name follows.
    if !matches!(
        behind,
        Some(Token::Ident(_) | Token::Keyword(_) | Token::Greater)
    ) && context.at > open
    {
        let spot = context.span(open);
        if context.at == open + 1 && context.at_end() {
            return Some(
                Diagnostic::new("E0120", "a pragma is not closed", spot)
                    .label("opened here")
                    .help("write a message with literal arguments: <primitive: 60>")
                    .incomplete(),
            );
        }
        return Some(
            Diagnostic::new("E0110", "nothing on the left of `<`", spot)
                .label("expected a value before this")
                .help("a comparison needs two values, a pragma a name: <primitive: 60>"),
        );
    }
    let span = context.span(context.at);
    let opened = (context.span(open), "the pragma begins here");
    let before = context.at - 1;
    if context.at_end() {
        return Some(
            Diagnostic::new("E0120", "a pragma is not closed", context.span(open))
                .label("opened here")
                .help("end it with `>`")
                .incomplete(),
        );
    }
    let at = |title: String, label: &str| {
        Diagnostic::new("E0120", title, span)
            .label(label)
            .secondary(opened.0, opened.1)
    };
    Some(match (context.before(1), context.here()) {
        (Some(Token::Less), Some(Token::Greater)) => at(
            "a pragma is empty".to_owned(),
            "expected a name before this",
        )
        .help("write a message with literal arguments: <primitive: 60>"),
        (Some(Token::Keyword(_)), Some(Token::Greater | Token::Keyword(_))) => at(
            format!("{} needs an argument", context.name(before)),
            "expected a literal before this",
        )
        .help("write a literal: <primitive: 60> or <category: 'printing'>"),
        (Some(Token::Keyword(_)), _) => at(
            "the arguments of a pragma are literals".to_owned(),
            "not a literal",
        )
        .help("write a number, string, symbol, character or literal array"),
        (Some(Token::Ident(name)), Some(token)) if before == open + 1 && token.starts_operand() => {
            at(
                format!("`{name}` has no argument"),
                "an argument follows a keyword",
            )
            .help(format!(
                "write the colon: <{name}: {}>",
                context.text(context.at)
            ))
        }
        (_, Some(Token::Dot)) => at(
            "a pragma is not closed".to_owned(),
            "expected `>` before this",
        )
        .help("a pragma ends with `>` and has no full stop"),
        (_, Some(Token::Binary(text))) if text.starts_with('>') => {
            at(format!("`{text}` is one operator"), "expected `>` alone")
                .help("leave a space behind the `>` that ends the pragma")
        }
        (_, Some(token)) if token.is_operator() => at(
            "the arguments of a pragma are literals".to_owned(),
            "an expression",
        )
        .help("write the value itself"),
        _ => at(
            "a pragma is not closed".to_owned(),
            "expected `>` before this",
        )
        .help("a pragma is a message with literal arguments: <primitive: 60>"),
    })
}

/// In the declaration that the bar at `bar` opens.
pub fn temps(context: &Context<'_>, bar: usize) -> Option<Diagnostic> {
    let span = context.span(context.at);
    let opened = context.span(bar);
    if context.at_end() {
        return Some(
            Diagnostic::new(
                "E0113",
                "a declaration of temporaries is not closed",
                opened,
            )
            .label("opened here")
            .help("end it with a bar: | a b |")
            .incomplete(),
        );
    }
    let diagnostic = |title: &str, label: &str| {
        Diagnostic::new("E0113", title, span)
            .label(label)
            .secondary(opened, "the declaration begins here")
    };
    // The names of the line above were declared; the first one of this line was not.
    let next_line = (bar + 1..context.at).find(|&i| context.on_new_line(i));
    if let Some(name) = next_line
        && !matches!(context.here(), Some(Token::Binary(",")))
    {
        return Some(
            Diagnostic::new(
                "E0113",
                "a declaration of temporaries is not closed",
                context.span(name - 1),
            )
            .label("expected `|` after this")
            .secondary(opened, "the declaration begins here")
            .help("end it with a bar: | a b |"),
        );
    }
    Some(match context.here()? {
        Token::Binary(",") => {
            diagnostic("names are separated by spaces", "not by commas").help("write | a b |")
        }
        Token::Assign | Token::Binary("=") => {
            diagnostic("a declaration gives no values", "expected a name or `|`")
                .help("declare first, then assign: | a | a := 3")
        }
        Token::Colon | Token::Keyword(_) => diagnostic(
            "a temporary has neither colon nor type",
            "expected a name or `|`",
        )
        .help("write | a b |; parameters of blocks have colons: [ :x | x ]"),
        Token::Dot | Token::Semicolon => diagnostic(
            "a declaration of temporaries is not closed",
            "expected `|` before this",
        )
        .help("end it with a bar: | a b |"),
        token if token.closes() || token == Token::Caret => diagnostic(
            "a declaration of temporaries is not closed",
            "expected `|` before this",
        )
        .help("end it with a bar: | a b |"),
        Token::BarBar => diagnostic("one bar ends a declaration", "two bars make an operator")
            .help("leave a space between the bars of two declarations: | a | | b |"),
        _ => diagnostic(
            "only names stand between the bars of a declaration",
            "not a name",
        )
        .help("write | a b |, then the statements"),
    })
}

/// Among the parameters of the block that the bracket at `open` opens.
pub fn parameters(context: &Context<'_>, open: usize) -> Option<Diagnostic> {
    let span = context.span(context.at);
    let block = (context.span(open), "the block begins here");
    if context.before(1) == Some(Token::Colon) {
        let title = "`:` needs the name of a parameter";
        let help = "write [ :each | … ], or [ … ] for a block without parameters";
        if context.at_end() {
            return Some(
                Diagnostic::new("E0112", title, context.span(context.at - 1))
                    .label("expected a name after this")
                    .help(help)
                    .incomplete(),
            );
        }
        return Some(
            Diagnostic::new("E0112", title, span)
                .label("expected a name before this")
                .secondary(block.0, block.1)
                .help(help),
        );
    }
    let title = "block parameters end with `|`";
    if context.at_end() {
        return Some(
            Diagnostic::new("E0112", title, context.span(context.at - 1))
                .label("expected `|` after this")
                .help("write [ :each | … ]")
                .incomplete(),
        );
    }
    let at = |title: &str, label: &str| Diagnostic::new("E0112", title, span).label(label);
    let name = context.text(context.at - 1);
    Some(match context.here()? {
        Token::Binary(",") => at("block parameters are separated by spaces", "not by commas")
            .help("each one has a colon of its own: [ :a :b | … ]"),
        Token::Ident(next) if context.token(context.at + 1) == Some(Token::Bar) => at(
            "each parameter of a block has a colon",
            "expected `:` before this",
        )
        .help(format!("write [ :{name} :{next} | … ]")),
        Token::Binary("->" | "=>") => {
            at(title, "expected `|` instead of the arrow").help(format!("write [ :{name} | … ]"))
        }
        Token::Assign | Token::Binary("=") => at(
            "a parameter of a block has no default value",
            "expected `|` or another parameter",
        )
        .help(format!("write [ :{name} | … ]")),
        Token::RParen | Token::RBrace => return brackets::mismatch(context),
        _ => at(title, "expected `|` before this").help(format!("write [ :{name} | … ]")),
    })
}
