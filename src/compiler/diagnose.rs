//! The compiler's messages: one function for each mistake that only the compiler can see.
//!
//! Codes E0201 to E0299. Must never decide whether something is a mistake.

use chirp_grammar::ast::{Ident, Span};
use chirp_grammar::diagnostic::Diagnostic;
use chirp_grammar::{TokenInfo, TokenKind};

#[inline(never)]
fn error(code: &'static str, title: String, span: Span, label: &str, help: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(code, title, span).label(label);
    match help {
        "" => diagnostic,
        _ => diagnostic.help(help),
    }
}

/// Code of the diagnostic for code that is right but does not fit in one method.
pub const TOO_LARGE: &str = "E0209";

/// The name, or as much of it as fits in a sentence.
fn shown(name: &str) -> String {
    match name.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_string(),
    }
}

/// A lower-case name that nothing declares is read.
pub fn unknown_variable(
    name: &str,
    span: Span,
    suggestion: Option<String>,
    in_method: bool,
) -> Diagnostic {
    let name = shown(name);
    let help = match (chirp_grammar::foreign_word(&name), suggestion) {
        (Some(help), _) => help.to_string(),
        (None, Some(other)) => format!("did you mean `{other}`?"),
        (None, None) if in_method => undeclared_in_method(&name),
        (None, None) => format!("declare it with `| {name} |`, or assign it before it is used"),
    };
    error(
        "E0201",
        format!("there is no variable `{name}`"),
        span,
        "not declared",
        &help,
    )
}

/// What to do about a name that a method uses; there nothing declares itself.
fn undeclared_in_method(name: &str) -> String {
    let declare = match name.starts_with(char::is_uppercase) {
        true => "declare it as a class variable".to_string(),
        false => format!(
            "declare it at the method's start with `| {name} |`, or as an instance variable of the class"
        ),
    };
    declare + "; methods do not see a script's variables"
}

/// The help for `name = 3` where there is no such variable; none if no assignment is meant.
pub fn meant_assignment(name: &str, operator: &str) -> Option<String> {
    let name = shown(name);
    match operator {
        "=" => Some(format!("to assign, write {name} := …")),
        "+=" | "-=" | "*=" | "/=" => {
            let operator = &operator[..1];
            Some(format!("write {name} := {name} {operator} …"))
        }
        _ => None,
    }
}

/// Explains variables that are unknown by what stands in front of them in the text: a comment that is meant to be a
/// string, a full stop that is meant to send a message, the brace of a list of names without their marks.
pub fn with_neighbours(mut diagnostics: Vec<Diagnostic>, text: &str) -> Vec<Diagnostic> {
    let unknown = diagnostics.iter_mut().filter(|d| d.code == "E0201");
    let mut unknown: Vec<&mut Diagnostic> = unknown.collect();
    if unknown.is_empty() {
        return diagnostics;
    }
    let mut last: [Option<TokenInfo>; 2] = [None, None];
    let mut in_names = false;
    for token in chirp_grammar::tokens(text) {
        let (span, name) = (token.span, text_of(text, token.span));
        match token.kind {
            TokenKind::Identifier => {
                if let Some(diagnostic) = unknown.iter_mut().find(|d| d.span == span) {
                    match last {
                        [_, Some(comment)] if comment.kind == TokenKind::Comment => {
                            let between = &text[comment.span.end as usize..span.start as usize];
                            if between.trim_start_matches([' ', '\t']).is_empty() {
                                let label = "this is a comment".to_string();
                                diagnostic.secondary = Some((comment.span, label));
                                diagnostic.help =
                                    Some("write strings in single quotes: 'hello'".to_string());
                            }
                        }
                        [Some(receiver), Some(stop)] if touch(receiver, stop, span) => {
                            diagnostic.secondary =
                                Some((stop.span, "this ends a statement".to_string()));
                            diagnostic.help = Some(sent_with_stop(text, receiver, name));
                        }
                        _ if in_names => diagnostic.help = Some(format!("write #{name}")),
                        _ => {}
                    }
                }
            }
            TokenKind::OpenBrace => {
                let names = ["slots:", "classSlots:", "sharedVariables:", "sharedPools:"];
                let keyword = last[1].map_or("", |token| text_of(text, token.span));
                in_names = names.contains(&keyword);
            }
            TokenKind::CloseBrace => in_names = false,
            _ => {}
        }
        last = [last[1], Some(token)];
    }
    diagnostics
}

fn text_of(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

/// `receiver.name`: nothing is between the three.
fn touch(receiver: TokenInfo, stop: TokenInfo, name: Span) -> bool {
    stop.kind == TokenKind::Dot
        && receiver.span.end == stop.span.start
        && stop.span.end == name.start
}

fn sent_with_stop(text: &str, receiver: TokenInfo, name: &str) -> String {
    let what = "a message is sent with a space";
    let shown = text_of(text, receiver.span);
    let plain = match receiver.kind {
        TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseBrace => false,
        TokenKind::Identifier => chirp_grammar::foreign_word(shown).is_none(),
        _ => shown.len() < 40 && !shown.contains('\n'),
    };
    match (name, plain) {
        ("times", true) => format!("a loop is a message: {shown} timesRepeat: [ … ]"),
        (_, true) => format!("{what}: {shown} {name}"),
        (_, false) => format!("{what}, not with a full stop: … {name}"),
    }
}

/// `[ x | … ]`: the name in front of the bar is not known.
pub fn parameter_without_colon(name: &str, span: Span) -> Diagnostic {
    let name = shown(name);
    error(
        "E0212",
        format!("the block parameter `{name}` has no colon"),
        span,
        "read as a variable, which is not declared",
        &format!("write [ :{name} | … ]"),
    )
}

/// A method assigns a name that nothing declares.
pub fn unknown_target(target: &Ident, suggestion: Option<String>) -> Diagnostic {
    let name = shown(&target.name);
    let help = match suggestion {
        Some(other) => format!("did you mean `{other}`?"),
        None => undeclared_in_method(&name),
    };
    error(
        "E0202",
        format!("there is no variable `{name}` to assign"),
        target.span,
        "not declared",
        &help,
    )
}

/// An argument of the method or a parameter of a block is assigned.
pub fn assigned_parameter(target: &Ident, declared: Span, of_block: bool) -> Diagnostic {
    let kind = if of_block {
        "a block parameter"
    } else {
        "an argument of the method"
    };
    let mut diagnostic = error(
        "E0203",
        format!("`{}` is {kind} and cannot be assigned", target.name),
        target.span,
        "assigned here",
        "assign the value to a temporary instead",
    );
    diagnostic.secondary = Some((declared, "declared here".to_string()));
    diagnostic
}

/// `self`, `nil`, `thisContext` or another reserved name is assigned.
pub fn assigned_reserved(target: &Ident) -> Diagnostic {
    error(
        "E0204",
        format!("`{}` cannot be assigned", target.name),
        target.span,
        "the language defines this name",
        "choose another name for the variable",
    )
}

/// The name of a class is assigned: all code that names the class would find something else.
pub fn assigned_class(target: &Ident) -> Diagnostic {
    let name = &target.name;
    error(
        "E0204",
        format!("`{name}` is a class and cannot be assigned"),
        target.span,
        "assigned here",
        &format!(
            "choose another name for the variable; one that is declared, | {name} |, hides the class"
        ),
    )
}

/// One of the reserved names is declared.
pub fn declared_reserved(ident: &Ident) -> Diagnostic {
    error(
        "E0205",
        format!("`{}` cannot be declared", ident.name),
        ident.span,
        "the language defines this name",
        "choose another name for the variable",
    )
}

/// A name occurs twice among the variables of one scope.
pub fn declared_twice(ident: &Ident, first: Span) -> Diagnostic {
    let mut diagnostic = error(
        "E0206",
        format!("`{}` is declared twice", ident.name),
        ident.span,
        "declared again here",
        "remove one of the two, or choose another name",
    );
    diagnostic.secondary = Some((first, "first declared here".to_string()));
    diagnostic
}

/// `super` is used as a value.
pub fn super_as_value(span: Span) -> Diagnostic {
    error(
        "E0207",
        "`super` can only receive a message".to_string(),
        span,
        "used as a value here",
        "write `self`: it is the same object",
    )
}

/// A message or a block has more arguments than an instruction can say.
pub fn too_many_arguments(what: &str, count: usize, span: Span) -> Diagnostic {
    error(
        "E0208",
        format!(
            "{what} has {count} arguments, and at most {} are possible",
            super::MAX_ARGUMENTS
        ),
        span,
        "",
        "pass the values in an Array",
    )
}

/// Registers, words or a jump do not suffice.
pub fn too_large(what: &str, span: Span, limit: &str) -> Diagnostic {
    error(
        TOO_LARGE,
        format!("{what} is too large: {limit}"),
        span,
        "",
        "split it into several methods",
    )
}

/// Expressions are nested more deeply than the compiler follows.
pub fn too_deep(span: Span) -> Diagnostic {
    error(
        "E0210",
        "this is nested too deeply".to_string(),
        span,
        "",
        "assign the inner parts to temporaries, or move them into methods",
    )
}

/// `<primitive: …>` with arguments that mean nothing.
pub fn bad_primitive(span: Span, title: &str) -> Diagnostic {
    error(
        "E0211",
        title.to_string(),
        span,
        "",
        "write `<primitive: 60>` or `<primitive: 'name' module: 'Module' error: code>`",
    )
}

/// The compiler made code that its own verifier refuses.
#[cfg(debug_assertions)]
pub fn faulty_code(problem: &str, span: Span) -> Diagnostic {
    error(
        "E0299",
        format!("the compiler made faulty code: {problem}"),
        span,
        "",
        "please report this",
    )
}
