//! Class definitions and methods as other Smalltalks and their tools write them.

use super::context::Context;
use crate::diagnostic::Diagnostic;
use crate::lexer::token::Token;

const CODE: &str = "E0128";

/// `Foo extend [ … ]`, `Object subclass: Foo [ … ]`, `Eval [ … ]`, `Foo >> bar [ … ]`,
/// `Foo class >> bar ^ 3`.
pub fn explain(context: &Context<'_>) -> Option<Diagnostic> {
    let first = context.code_start();
    if context.is_method() || !context.opens.is_empty() || !starts_with_capital(context, first) {
        return None;
    }
    if context.here() == Some(Token::LBracket) {
        return bracketed(context, first).or_else(|| definition(context, first));
    }
    definition(context, first)
}

fn starts_with_capital(context: &Context<'_>, i: usize) -> bool {
    context.is_ident(i) && context.text(i).starts_with(char::is_uppercase)
}

/// The class syntax of GNU Smalltalk.
fn bracketed(context: &Context<'_>, first: usize) -> Option<Diagnostic> {
    let words: Vec<&str> = (first..context.at).map(|i| context.text(i)).collect();
    let (what, help) = match words[..] {
        ["Eval"] => (
            "statements need no brackets in a script",
            "write them as they are, and take away `Eval [` and its `]`",
        ),
        [_, "extend"] | [_, "class", "extend"] => (
            "a class is not extended with brackets",
            "write each method as Foo compile: '…', or use a chunk file: !Foo methodsFor: 'x'!",
        ),
        [_, "subclass:", _] => (
            "a class is not defined with brackets",
            "write Object subclass: #Foo instanceVariableNames: 'a' classVariableNames: '' package: 'x'",
        ),
        _ => return None,
    };
    Some(
        Diagnostic::new(CODE, what, context.span(context.at))
            .label("class syntax of GNU Smalltalk")
            .help(help),
    )
}

/// `Foo >> bar: x ^ x`: a method with its class, as a browser shows it.
fn definition(context: &Context<'_>, first: usize) -> Option<Diagnostic> {
    let arrow = first + 1 + usize::from(matches!(context.text(first + 1), "class" | "classSide"));
    let keyword = matches!(context.here(), Some(Token::Keyword(_)));
    if context.text(arrow) != ">>" || arrow + 1 + usize::from(!keyword) > context.at {
        return None;
    }
    let pattern = (arrow + 1..context.at)
        .all(|i| matches!(context.token(i), Some(Token::Ident(_) | Token::Keyword(_))));
    if !pattern {
        return None;
    }
    let class = context.text(first);
    let (owner, name) = match context.text(first + 1) {
        ">>" => (class.to_string(), context.text(first + 2)),
        _ => (format!("{class} class"), context.text(first + 3)),
    };
    let name = match name.ends_with(':') {
        true => format!("{name} anObject"),
        false => name.to_string(),
    };
    Some(
        Diagnostic::new(
            CODE,
            "a method is not defined like this in a script",
            context.span(arrow),
        )
        .label("this is an operator: it asks a class for its method")
        .help(format!(
            "write brackets around what it does, {owner} >> {name} [ … ], or several in {owner} extend [ … ]"
        )),
    )
}
