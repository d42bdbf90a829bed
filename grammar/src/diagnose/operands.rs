//! Values that are missing, and values that are too many.

use super::context::Context;
use super::foreign::receiver;
use super::words;
use crate::diagnostic::Diagnostic;
use crate::lexer::token::Token;

/// A value was needed, and what stands here begins none.
pub fn missing(context: &Context<'_>) -> Option<Diagnostic> {
    if context
        .here()
        .is_some_and(|token| token.starts_operand() && token != Token::Neg)
    {
        return None;
    }
    if context.at_statement_start() {
        return at_start(context);
    }
    let before = context.at - 1;
    let name = context.name(before);
    let span = context.span(before);
    let (code, what) = match context.before(1)? {
        Token::Keyword(_) => ("E0106", format!("{name} needs an argument")),
        Token::Assign => ("E0110", "`:=` needs a value".to_owned()),
        Token::Caret => ("E0110", "`^` needs a value".to_owned()),
        Token::Bar if ends_parameter(context, before) => return Some(parameter(context, before)),
        token if token.is_operator() => ("E0108", format!("nothing on the right of {name}")),
        _ => return None,
    };
    if let Some(comment) = context.comment() {
        let title = format!("{what}, but this is a comment");
        let diagnostic = Diagnostic::new(code, title, comment)
            .label("double quotes delimit a comment")
            .help("write strings in single quotes: 'hello'");
        return Some(if context.at_end() {
            diagnostic.incomplete()
        } else {
            diagnostic
        });
    }
    if context.at_end() {
        let diagnostic = Diagnostic::new(code, what, span)
            .label("expected a value after this")
            .incomplete();
        return Some(match operator_help(context.text(before)) {
            Some(help) => diagnostic.help(help),
            None => diagnostic.help("the text ends here; write the missing value"),
        });
    }
    special(context, code, &what).or_else(|| {
        let here = context.name(context.at);
        let help = match (context.before(1)?, context.here()?) {
            (Token::Keyword(_), Token::Keyword(_)) => {
                "each keyword is followed by an argument: array at: 1 put: 2".to_owned()
            }
            (Token::Keyword(_), _) => "write the argument, or leave out the keyword".to_owned(),
            (Token::Caret, _) => "write the value to return, ^ self if there is none".to_owned(),
            (Token::Assign, _) => "write the value to assign, nil if there is none".to_owned(),
            _ => match operator_help(context.text(before)) {
                Some(help) => help.to_owned(),
                None => "write a value, a variable or something in brackets".to_owned(),
            },
        };
        Some(
            Diagnostic::new(code, what, span)
                .label(format!("expected a value between this and {here}"))
                .help(help),
        )
    })
}

/// `[ x | ]`: does a bar end what is meant as the parameter of a block?
fn ends_parameter(context: &Context<'_>, bar: usize) -> bool {
    let Some(open) = bar.checked_sub(2) else {
        return false;
    };
    context.is_ident(open + 1)
        && context.opens.last() == Some(&open)
        && context.inside(Token::LBracket)
}

fn parameter(context: &Context<'_>, bar: usize) -> Diagnostic {
    let name = context.text(bar - 1);
    let title = format!("the block parameter `{name}` has no colon");
    let mut diagnostic = Diagnostic::new("E0108", title, context.span(bar - 1))
        .label("read as a value, and the bar as an operator")
        .help(format!("write [ :{name} | … ]"));
    diagnostic.incomplete = context.at_end();
    diagnostic
}

/// What to write instead of operators of other languages.
pub fn operator_help(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "&&" => "a condition on two things is written: a and: [ b ]",
        "||" => "a choice of two conditions is written: a or: [ b ]",
        "!=" | "<>" => "“not equal” is written: a ~= b",
        "!==" => "“not the same object” is written: a ~~ b",
        "===" => "“the same object” is written: a == b",
        "++" => "add one with: x := x + 1",
        "--" => "subtract one with: x := x - 1",
        "+=" | "-=" | "*=" | "/=" => "compute and assign separately: x := x + 1",
        "?" => "a choice is written: condition ifTrue: [ a ] ifFalse: [ b ]",
        _ => return None,
    })
}

/// Combinations with a cause of their own.
fn special(context: &Context<'_>, code: &'static str, what: &str) -> Option<Diagnostic> {
    let (at, before) = (context.at, context.at - 1);
    let both = context.span(before).to(context.span(at));
    let (left, right) = (context.text(before), context.text(at));
    match context.here()? {
        Token::Caret => Some(
            Diagnostic::new(
                "E0126",
                "`^` returns from a method: it can only begin a statement",
                context.span(at),
            )
            .label("not a value")
            .help("write the value without `^`, or return the whole: ^ a foo: b"),
        ),
        Token::Assign if context.before(1) == Some(Token::Assign) => Some(
            Diagnostic::new("E0110", "`:=` twice in a row", context.span(at))
                .label("expected a value before this")
                .secondary(context.span(before), "the first one")
                .help("delete one of them; two variables get one value with: a := b := 3"),
        ),
        Token::Assign if left == "=" => Some(
            Diagnostic::new(
                "E0123",
                "`=` compares, `:=` assigns: both in a row make no sense",
                both,
            )
            .label("one of them is enough")
            .help("write x := 3 to assign"),
        ),
        Token::Colon if context.is_ident(at + 1) && context.glued(at + 1) => {
            let name = context.text(at + 1);
            Some(
                Diagnostic::new(code, what, context.span(at).to(context.span(at + 1)))
                    .label("this is no value")
                    .help(match context.token(at + 2) {
                        Some(Token::Bar | Token::Colon) => {
                            format!("a parameter stands right after `[`: {left} [ :{name} | … ]")
                        }
                        _ => format!("a symbol is written #{name}; `:{name}` declares a parameter right after `[`"),
                    }),
            )
        }
        Token::Dot
            if matches!(context.token(at + 1), Some(Token::Number(_))) && context.glued(at + 1) =>
        {
            Some(
                Diagnostic::new(
                    "E0114",
                    "a number has digits on both sides of its point",
                    context.span(at),
                )
                .label("expected a digit before this")
                .help(format!("write 0.{}", context.text(at + 1))),
            )
        }
        token if token.is_operator() => operators(context, left, right),
        Token::Keyword(_) if matches!(context.before(1), Some(Token::Binary(_))) => Some(
            Diagnostic::new(code, what, context.span(before))
                .label(format!("expected a value between this and `{right}`"))
                .help("keyword messages come last: (a + b) foo: c"),
        ),
        _ => None,
    }
}

/// An operator where a value is needed.
fn operators(context: &Context<'_>, left: &str, right: &str) -> Option<Diagnostic> {
    let (at, before) = (context.at, context.at - 1);
    if right == "\\" && context.on_new_line(at + 1) {
        return Some(
            Diagnostic::new("E0125", "a backslash does not join lines", context.span(at))
                .label("this is an operator")
                .help("delete it: a statement goes on until its full stop"),
        );
    }
    let joined = format!("{left}{right}");
    let known = [
        "==", "~=", "~~", ">=", "<=", "->", "//", "\\\\", "**", "<<", ">>", "=>", "||", "&&",
    ];
    if known.contains(&joined.as_str()) && context.before(1).is_some_and(Token::is_operator) {
        return Some(
            Diagnostic::new(
                "E0108",
                format!("`{joined}` is written without a space"),
                context.span(before).to(context.span(at)),
            )
            .label("two operators in a row")
            .help(format!("write {joined}")),
        );
    }
    if left.ends_with(':') && right.starts_with('=') {
        return Some(
            Diagnostic::new(
                "E0123",
                "`:=` is written without a space",
                context.span(before).to(context.span(at)),
            )
            .label("read as a keyword and an operator")
            .help(format!("write {} := …", left.trim_end_matches(':'))),
        );
    }
    prefix(context, right)
}

/// `-x` and `!x`: operators in front of a value.
fn prefix(context: &Context<'_>, operator: &str) -> Option<Diagnostic> {
    let span = context.span(context.at);
    let next = context.at + 1;
    let operand = if context.is_ident(next) {
        context.text(next)
    } else {
        "(…)"
    };
    let follows = context.token(next).is_some_and(Token::starts_operand);
    match operator {
        "-" if follows => Some(
            Diagnostic::new("E0108", "`-` is a sign only right before a number", span)
                .label("nothing on its left")
                .help(format!("write {operand} negated")),
        ),
        "!" | "~" if follows => Some(
            Diagnostic::new("E0108", format!("`{operator}` is no prefix"), span)
                .label("nothing on its left")
                .help(format!("write {operand} not")),
        ),
        "@" | "&" | "*" | "%" | "++" | "--" if follows && context.glued(next) => Some(
            Diagnostic::new("E0108", format!("`{operator}` is no prefix"), span)
                .label("nothing on its left")
                .help("operators stand between two values; names have no mark in front"),
        ),
        _ => None,
    }
}

/// A keyword begins a statement: a word of another language, or a message that a full stop cut off.
fn no_receiver(context: &Context<'_>, diagnostic: Diagnostic, text: &str) -> Diagnostic {
    let at = context.at;
    let cut = at >= 2
        && context.before(1) == Some(Token::Dot)
        && context.before(2).is_some_and(Token::ends_operand);
    if let Some(help) = words::statement(text.trim_end_matches(':')).filter(|_| !cut) {
        return diagnostic.help(help);
    }
    let receiver_of = if text == "show:" {
        "Transcript"
    } else {
        "self"
    };
    let written = format!("write who gets the message: {receiver_of} {text} …");
    if !cut {
        return diagnostic.help(written);
    }
    let stop = context.span(at - 1);
    if context.glued(at) && context.glued(at - 1) {
        let diagnostic = diagnostic.secondary(stop, "this ends a statement");
        return match (context.before(2), receiver(context.text(at - 2))) {
            (Some(token), _) if token.closes() => {
                diagnostic.help(format!("a message is sent with a space: (…) {text} …"))
            }
            (_, Ok(receiver)) => diagnostic.help(format!(
                "a message is sent with a space: {receiver} {text} …"
            )),
            (_, Err(help)) => diagnostic.help(help),
        };
    }
    diagnostic
        .secondary(stop, "the statement before it ends here")
        .help(match text {
            "ifTrue:" | "ifFalse:" => {
                "take the full stop away: condition ifTrue: [ a ] ifFalse: [ b ]".to_owned()
            }
            _ => format!("take the full stop away, or {written}"),
        })
}

/// The statement begins with something that needs a value before it.
fn at_start(context: &Context<'_>) -> Option<Diagnostic> {
    let (at, span, name) = (
        context.at,
        context.span(context.at),
        context.name(context.at),
    );
    let here = context.here()?;
    match here {
        Token::Keyword(text) => {
            let diagnostic = Diagnostic::new("E0110", format!("{name} has no receiver"), span)
                .label("expected a value before this");
            if context.token(at + 1) == Some(Token::Binary("=")) {
                return Some(
                    Diagnostic::new(
                        "E0123",
                        "`:=` is written without a space",
                        span.to(context.span(at + 1)),
                    )
                    .label("read as a keyword and an operator")
                    .help(format!("write {} := …", text.trim_end_matches(':'))),
                );
            }
            Some(if context.inside(Token::LBrace) {
                diagnostic.help(format!(
                    "pairs are associations: {{ #{} -> 1 }}",
                    text.trim_end_matches(':')
                ))
            } else if let Some(comment) = context.comment() {
                diagnostic
                    .secondary(comment, "this is a comment")
                    .help("write strings in single quotes: 'hello'")
            } else {
                no_receiver(context, diagnostic, text)
            })
        }
        Token::Caret => Some(
            Diagnostic::new(
                "E0126",
                "`^` returns from a method: it can only begin a statement",
                span,
            )
            .label("not in round brackets")
            .help("write the value without `^`, or return the whole: ^ a foo: b"),
        ),
        Token::Bar if !context.opens.is_empty() || context.is_method() => {
            let round = context.inside(Token::LParen);
            let diagnostic = Diagnostic::new(
                "E0113",
                "temporaries are declared once, before the first statement",
                span,
            )
            .label("a declaration begins here");
            Some(if round {
                diagnostic
                    .help("round brackets hold an expression; a block has temporaries: [ | t | … ]")
            } else {
                diagnostic.help("move the names to the declaration at the top")
            })
        }
        Token::Less
            if context.is_method()
                && context
                    .token(at + 1)
                    .is_some_and(|t| matches!(t, Token::Keyword(_) | Token::Ident(_))) =>
        {
            Some(
                Diagnostic::new("E0120", "pragmas stand before the first statement", span)
                    .label("a pragma, or a comparison without its left side")
                    .help("move it up, right below the method's name"),
            )
        }
        Token::Binary("<>") if context.is_method() => Some(
            Diagnostic::new("E0120", "a pragma is empty", span)
                .label("expected a name inside")
                .help("write a message with literal arguments: <primitive: 60>"),
        ),
        Token::Binary(",") if context.is_method() && context.is_first() => Some(
            Diagnostic::new(
                "E0121",
                "the parameters of a method are not separated by commas",
                span,
            )
            .label("expected the next keyword or the body")
            .help("each parameter has a keyword of its own: `at: index put: value`"),
        ),
        Token::Binary("=") | Token::Assign if context.is_method() && context.is_first() => Some(
            Diagnostic::new("E0121", "a method is not assigned", span)
                .label("expected the body")
                .help("the body follows the name: `size ^ 3`"),
        ),
        Token::Binary(">>") if context.is_method() && at == 1 => Some(
            Diagnostic::new(
                "E0121",
                "a method's pattern does not name the class",
                context.span(0).to(span),
            )
            .label("leave this out")
            .help("the class is known from where the method stands: begin with the selector"),
        ),
        token if token.is_operator() => prefix(context, context.text(at)).or_else(|| {
            let diagnostic =
                Diagnostic::new("E0110", format!("nothing on the left of {name}"), span)
                    .label("expected a value before this");
            Some(match context.comment() {
                Some(comment) => diagnostic
                    .secondary(comment, "this is a comment")
                    .help("write strings in single quotes: 'hello'"),
                None if at > 0 && context.before(1) == Some(Token::Dot) => diagnostic
                    .help("a full stop ends a statement: is the one before this too early?"),
                None => diagnostic.help("write the value that gets this message"),
            })
        }),
        Token::Assign => Some(
            Diagnostic::new("E0123", "`:=` needs a variable on its left", span)
                .label("nothing before this")
                .help("write x := 3"),
        ),
        Token::RParen
            if context.inside(Token::LParen) && matches!(context.text(at + 1), "=>" | "->") =>
        {
            Some(
                Diagnostic::new(
                    "E0125",
                    "a function is written with square brackets",
                    span.to(context.span(at + 1)),
                )
                .label("an empty pair of parentheses and an operator")
                .help("write a block: [ 3 ], or with parameters [ :x | x + 1 ]"),
            )
        }
        token if token.closes() && context.inside(Token::LParen) => Some(
            Diagnostic::new(
                "E0110",
                "the parentheses are empty",
                context.span(at.saturating_sub(1)).to(span),
            )
            .label("expected an expression inside")
            .help("a message without arguments is just a name: foo bar"),
        ),
        Token::Dot if context.inside(Token::LParen) => Some(
            Diagnostic::new("E0110", "round brackets hold one expression", span)
                .label("expected a value before this")
                .help("statements stand in a block: [ a. b ]"),
        ),
        _ => None,
    }
}

/// A value is complete, and another one follows.
pub fn surplus(context: &Context<'_>) -> Option<Diagnostic> {
    let (at, before) = (context.at, context.at.checked_sub(1)?);
    let (left, right) = (context.before(1)?, context.here()?);
    if !left.ends_operand()
        || !(right.starts_operand() || matches!(right, Token::Keyword(_) | Token::Caret))
    {
        return None;
    }
    if context.on_new_line(at) && !context.inside(Token::LParen) {
        return Some(full_stop(context, at, "so this was read as part of it"));
    }
    let span = context.span(at);
    let diagnostic = Diagnostic::new("E0109", "two values in a row", span);
    if context.inside(Token::LBrace) {
        return Some(
            diagnostic
                .label("expected a message or `.` before this")
                .help("the elements of a brace array are separated by full stops: { 1. 2. 3 }"),
        );
    }
    if context.on_new_line(at) {
        return Some(unclosed_line(context, at));
    }
    if right == Token::Caret {
        return Some(
            Diagnostic::new("E0109", "a full stop is missing before `^`", span)
                .label("expected `.` before this")
                .help("`^` begins a statement: end the one before it with a full stop"),
        );
    }
    let diagnostic = diagnostic.label(match context.opens.last() {
        Some(&open) if context.tokens[open].1 == Token::LParen => {
            "expected a message or `)` before this"
        }
        _ => "expected a message or `.` before this",
    });
    Some(match (left, right) {
        (Token::String(_), Token::String(_)) => diagnostic.help("join strings with a comma: 'a' , 'b'"),
        (Token::RBracket, Token::LBracket) => {
            diagnostic.help("a keyword is missing between the blocks: ifTrue: [ … ] ifFalse: [ … ]")
        }
        (Token::Ident("_"), _) => diagnostic.help("an assignment is written x := 3"),
        (_, Token::Number(_) | Token::String(_) | Token::Symbol(_) | Token::Char(_) | Token::ArrayOpen)
            if !matches!(left, Token::Ident(name) if !name.starts_with(char::is_uppercase)) =>
        {
            diagnostic.help("write a message between them, or a full stop; an argument follows a keyword: receiver keyword: argument")
        }
        (Token::Ident(_), Token::Number(_) | Token::String(_) | Token::Symbol(_) | Token::Char(_)) => {
            diagnostic.help(format!("an argument follows a keyword: {}: {}", context.text(before), context.text(at)))
        }
        (Token::Ident(_), Token::LParen) => {
            diagnostic.help("arguments follow a keyword, as in `object at: (…)`; a message without arguments is just a name")
        }
        (_, Token::LBracket) if context.before(2).is_some_and(Token::is_operator) => {
            diagnostic.help("a block is an argument of a keyword: condition ifTrue: [ … ]")
        }
        (Token::Ident(_), Token::LBracket) => {
            diagnostic.help(format!("a block is an argument of a keyword: {}: [ … ]", context.text(before)))
        }
        (_, Token::LParen | Token::LBracket | Token::LBrace) => {
            diagnostic.help("write the message that takes this as its argument, or a full stop")
        }
        _ => diagnostic.help("write a message between them, or a full stop"),
    })
}

/// A line ends in parentheses, and token `next` in the line below begins something new.
pub fn unclosed_line(context: &Context<'_>, next: usize) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        "E0105",
        "`(` is not closed at the end of its line",
        context.span(next - 1),
    )
    .label("expected `)` after this")
    .help("close it, or write a message between the two lines");
    match context.opens.last() {
        Some(&open) => diagnostic.secondary(context.span(open), "`(` opened here"),
        None => diagnostic,
    }
}

/// The full stop in front of token `next`, which stands in another line, is missing.
pub fn full_stop(context: &Context<'_>, next: usize, label: &str) -> Diagnostic {
    Diagnostic::new(
        "E0109",
        "a full stop is missing between two statements",
        context.span(next - 1),
    )
    .label("the statement above ends here")
    .secondary(context.span(next), label)
    .help("end it with a full stop")
}
