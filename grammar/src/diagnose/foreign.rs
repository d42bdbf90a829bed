//! Habits from other languages, recognised by their shape.

use super::context::Context;
use super::words::{WORDS, meaning};
use crate::diagnostic::Diagnostic;
use crate::lexer::token::Token;

const CODE: &str = "E0125";

pub fn explain(context: &Context<'_>) -> Option<Diagnostic> {
    comment(context)
        .or_else(|| prefixed_string(context))
        .or_else(|| backward_assignment(context))
        .or_else(|| leading_word(context))
        .or_else(|| call(context))
        .or_else(|| braces(context))
        .or_else(|| index(context))
        .or_else(|| safe_navigation(context))
        .or_else(|| parameters(context))
        .or_else(|| conditional(context))
        .or_else(|| step(context))
        .or_else(|| range(context))
        .or_else(|| qualified(context))
}

/// `f'{x}'`, `r'…'`: a letter that touches a string.
fn prefixed_string(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    let (Some(Token::String(_)), Some(Token::Ident(letter))) = (context.here(), context.before(1))
    else {
        return None;
    };
    if !context.glued(at) || letter.len() > 2 {
        return None;
    }
    Some(
        Diagnostic::new(
            CODE,
            "a string has no letter in front",
            context.span(at - 1),
        )
        .label("read as a variable")
        .help("join values with commas: 'x = ' , x printString; or write 'x = {1}' format: { x }"),
    )
}

/// `a =: 3`
fn backward_assignment(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    let meant = context.here() == Some(Token::Colon)
        && context.before(1) == Some(Token::Binary("="))
        && context.glued(at);
    meant.then(|| {
        Diagnostic::new(
            "E0123",
            "an assignment has its colon first",
            context.span(at - 1).to(context.span(at)),
        )
        .label("an operator and a colon")
        .help("write x := 3")
    })
}

/// `(1..5)`
fn range(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    let dots = context.here() == Some(Token::Dot)
        && context.token(at + 1) == Some(Token::Dot)
        && context.glued(at + 1);
    let (Some(Token::Number(_)), true) = (context.before(1), dots) else {
        return None;
    };
    Some(
        Diagnostic::new(
            CODE,
            "a range is made by a message",
            context.span(at).to(context.span(at + 1)),
        )
        .label("these end statements")
        .help(format!("write ({} to: 5)", context.text(at - 1))),
    )
}

/// `Foo::Bar`
fn qualified(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    let keyword = if context.here() == Some(Token::Colon) {
        at.checked_sub(1)?
    } else {
        at
    };
    let Some(Token::Keyword(_)) = context.token(keyword) else {
        return None;
    };
    if context.token(keyword + 1) != Some(Token::Colon)
        || !context.glued(keyword + 1)
        || !context.is_ident(keyword + 2)
        || !context.glued(keyword + 2)
    {
        return None;
    }
    let end = context.span(keyword + 1);
    Some(
        Diagnostic::new(
            "E0127",
            "two colons in a row",
            crate::ast::Span {
                start: end.start - 1,
                end: end.end,
            },
        )
        .label("names are not qualified like this")
        .help(format!(
            "all global names are known everywhere: write {}",
            context.text(keyword + 2)
        )),
    )
}

/// Comments of other languages.
fn comment(context: &Context<'_>) -> Option<Diagnostic> {
    let starts = ["//", "/*", "--", "///", "/**", "*/", "%", "<!--"];
    let is_comment = |i: usize| {
        matches!(context.token(i), Some(Token::Binary(text)) if starts.contains(&text))
            && !context
                .token(i + 1)
                .is_none_or(|t| matches!(t, Token::Number(_)))
    };
    let at = context.at;
    let i = if is_comment(at)
        && context.at_statement_start()
        && !(context.text(at) == "--" && context.glued(at + 1))
    {
        at
    } else {
        // `x := 3 // and now y.`: an operator on the same line, with words behind it.
        let found = context.same_level().find(|&i| context.text(i) == "//")?;
        let same_line =
            (found + 1..=at).all(|i| !context.on_new_line(i)) && context.is_ident(found + 1);
        (same_line && context.is_ident(found + 2)).then_some(found)?
    };
    Some(
        Diagnostic::new(
            CODE,
            format!("`{}` begins no comment", context.text(i)),
            context.span(i),
        )
        .label("this is an operator")
        .help("comments stand in double quotes: \"like this\""),
    )
}

/// A statement that begins with such a word, and goes on as no message would.
fn leading_word(context: &Context<'_>) -> Option<Diagnostic> {
    let first = context.code_start();
    // `} else {`: the word stands behind a bracket.
    let inner = context.at.checked_sub(1).filter(|&i| {
        matches!(context.text(i), "else" | "catch" | "finally")
            && i > first
            && context.token(i - 1).is_some_and(Token::closes)
    });
    let i = inner.unwrap_or(first);
    let Some(Token::Ident(word)) = context.token(i) else {
        return None;
    };
    if i >= context.at
        || matches!(context.token(i + 1), Some(Token::Assign))
        || context.on_new_line(i + 1)
    {
        return None;
    }
    let word = if word == "finally" { "try" } else { word };
    let (_, help) = WORDS.iter().find(|(known, _)| *known == word)?;
    // `print (` and `if (` are calls; a name and another name are a declaration.
    let suspicious = context.is_ident(i + 1)
        || matches!(
            context.token(i + 1),
            Some(Token::LParen | Token::LBrace | Token::String(_) | Token::Number(_))
        );
    if !suspicious && context.at != i + 1 {
        return None;
    }
    let title = if matches!(word, "print" | "println" | "puts" | "echo") {
        "two values in a row".to_owned()
    } else {
        format!("`{}` is an ordinary name here", context.text(i))
    };
    if title.starts_with("two") {
        return Some(
            Diagnostic::new("E0109", title, context.span(context.at))
                .label("a message or `.` is expected before this")
                .help(*help),
        );
    }
    Some(
        Diagnostic::new(CODE, title, context.span(i))
            .label("no statement begins with it")
            .help(*help),
    )
}

/// Who is meant by the name in front of a full stop, or what to write instead of the whole.
pub fn receiver(name: &str) -> Result<&str, &'static str> {
    match (name, meaning(name)) {
        ("this", _) => Ok("self"),
        (_, Some(help)) => Err(help),
        _ => Ok(name),
    }
}

/// `a.b(c)`, `foo(c)`, `new Foo()`, `function(x)`.
fn call(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    let opens_here = context.here() == Some(Token::LParen);
    let open = if opens_here {
        at
    } else if context.here() == Some(Token::RParen) && context.before(1) == Some(Token::LParen) {
        at - 1
    } else {
        return None;
    };
    let name = open.checked_sub(1)?;
    let Some(Token::Ident(word)) = context.token(name) else {
        return None;
    };
    if context.on_new_line(open) {
        return None;
    }
    let dotted = name >= 2
        && context.token(name - 1) == Some(Token::Dot)
        && context.glued(name)
        && context.glued(name - 1)
        && context.is_ident(name - 2);
    let empty = context.token(open + 1) == Some(Token::RParen);
    if dotted {
        let help = match receiver(context.text(name - 2)) {
            Ok(receiver) if empty => format!("write {receiver} {word}"),
            Ok(receiver) => format!("write {receiver} {word}: …"),
            Err(help) => help.to_owned(),
        };
        return Some(
            Diagnostic::new(
                CODE,
                "a message is sent with a space, not with a full stop",
                context.span(name - 1),
            )
            .label("this ends a statement")
            .help(help),
        );
    }
    if name >= 1 && context.text(name - 1) == "new" {
        return Some(
            Diagnostic::new(
                CODE,
                "`new` is a message to the class",
                context.span(name - 1),
            )
            .label("read as a variable")
            .help(format!("write {word} new")),
        );
    }
    let (_, help) = WORDS
        .iter()
        .find(|(known, _)| {
            *known == word && matches!(word, "function" | "fn" | "if" | "while" | "for")
        })
        .copied()
        .unwrap_or(("", ""));
    if !help.is_empty() {
        return Some(
            Diagnostic::new(
                CODE,
                format!("`{word}` is an ordinary name here"),
                context.span(name),
            )
            .label("nothing can be called with parentheses")
            .help(help),
        );
    }
    if !context.glued(open) {
        return None;
    }
    let help = if empty {
        format!("a message without arguments is just a name behind its receiver: receiver {word}")
    } else {
        format!("an argument follows a keyword: receiver {word}: …")
    };
    Some(
        Diagnostic::new("E0109", "two values in a row", context.span(open))
            .label(format!("`{word}` is not called like this"))
            .help(help),
    )
}

/// `if (x) { … }`: braces around statements.
fn braces(context: &Context<'_>) -> Option<Diagnostic> {
    if context.here() != Some(Token::LBrace)
        || !context.before(1)?.ends_operand()
        || context.on_new_line(context.at)
    {
        return None;
    }
    if context.inside(Token::LBrace)
        && !matches!(context.before(1), Some(Token::Ident(_) | Token::RParen))
    {
        return None;
    }
    Some(
        Diagnostic::new(
            CODE,
            "blocks have square brackets",
            context.span(context.at),
        )
        .label("braces build an array")
        .help("a block is an argument of a keyword: condition ifTrue: [ … ]"),
    )
}

/// `a[1]`
fn index(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    if context.here() != Some(Token::LBracket)
        || !context.glued(at)
        || !context.before(1)?.ends_operand()
    {
        return None;
    }
    Some(
        Diagnostic::new(
            CODE,
            "elements are read by a message, not with brackets",
            context.span(at),
        )
        .label("this begins a block")
        .help(format!(
            "write {} at: 1, and at: 1 put: x to change it",
            context.text(at - 1)
        )),
    )
}

/// `x?.foo`
fn safe_navigation(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    if context.here() != Some(Token::Dot)
        || context.before(1) != Some(Token::Binary("?"))
        || !context.glued(at)
        || !context.glued(at + 1)
        || !context.is_ident(at + 1)
    {
        return None;
    }
    let message = context.text(at + 1);
    Some(
        Diagnostic::new(
            CODE,
            "a message that nil is not to get is sent in a block",
            context.span(at - 1).to(context.span(at)),
        )
        .label("an operator, and the end of a statement")
        .help(format!("write x ifNotNil: [ :value | value {message} ]")),
    )
}

/// `do |i| …`: parameters of a block that has no brackets.
fn parameters(context: &Context<'_>) -> Option<Diagnostic> {
    let bar = context.at.checked_sub(1)?;
    let word = bar.checked_sub(3)?;
    let shape = context.token(bar) == Some(Token::Bar)
        && context.is_ident(bar - 1)
        && context.token(bar - 2) == Some(Token::Bar)
        && context.text(word) == "do";
    shape.then(|| {
        let name = context.text(bar - 1);
        Diagnostic::new(
            "E0108",
            "blocks have square brackets",
            context.span(word).to(context.span(bar)),
        )
        .label("read as a message and two operators")
        .help(format!(
            "write 1 to: 5 do: [ :{name} | … ], or list do: [ :{name} | … ]"
        ))
    })
}

/// `a ? b : c`
fn conditional(context: &Context<'_>) -> Option<Diagnostic> {
    let colon = context.here() == Some(Token::Colon)
        || matches!(context.here(), Some(Token::Keyword(_)))
        || context
            .before(1)
            .is_some_and(|t| matches!(t, Token::Keyword(_)));
    let question = context.same_level().find(|&i| context.text(i) == "?")?;
    if !colon && context.before(1) != context.token(question) {
        return None;
    }
    let diagnostic = Diagnostic::new(
        CODE,
        "a choice is written with words",
        context.span(question),
    )
    .label("this is an operator like any other")
    .help("write condition ifTrue: [ a ] ifFalse: [ b ]");
    Some(if context.at_end() {
        diagnostic.incomplete()
    } else {
        diagnostic
    })
}

/// `i++`, `i--`
fn step(context: &Context<'_>) -> Option<Diagnostic> {
    let before = context.at.checked_sub(1)?;
    let operator = context.text(before);
    if !matches!(operator, "++" | "--") || !context.is_ident(before.checked_sub(1)?) {
        return None;
    }
    if context.here().is_some_and(Token::starts_operand) {
        return None;
    }
    let name = context.text(before - 1);
    let diagnostic = Diagnostic::new(
        "E0108",
        format!("nothing on the right of `{operator}`"),
        context.span(before),
    )
    .label("expected a value after this")
    .help(format!("write {name} := {name} {} 1", &operator[1..]));
    Some(if context.at_end() {
        diagnostic.incomplete()
    } else {
        diagnostic
    })
}
