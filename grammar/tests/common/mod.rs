//! Trees as compact s-expressions, for tests to compare.
//!
//! `(recv sel arg)` is a send, `{…}` a brace array, `[params | temps | …]` a block.
#![allow(dead_code)]

use chirp_grammar::ast::*;

/// The statements of a do-it, or the first message.
pub fn do_it(source: &str) -> String {
    let parsed = chirp_grammar::parse_do_it(source);
    match parsed.tree {
        Some(tree) => format!("{}{}", pragmas(&tree.pragmas), body(&tree.body)),
        None => format!("ERROR {}", parsed.diagnostics[0].title),
    }
}

/// A method as `selector(params) pragmas body`.
pub fn method(source: &str) -> String {
    let parsed = chirp_grammar::parse_method(source);
    match parsed.tree {
        Some(tree) => {
            let params = names(&tree.params);
            let pragmas = pragmas(&tree.pragmas);
            format!("{}({params}) {pragmas}{}", tree.selector, body(&tree.body))
        }
        None => format!("ERROR {}", parsed.diagnostics[0].title),
    }
}

fn pragmas(pragmas: &[Pragma]) -> String {
    pragmas
        .iter()
        .map(|pragma| {
            let args: String = pragma
                .args
                .iter()
                .map(|arg| format!(" {}", literal(arg)))
                .collect();
            format!("<{}{args}> ", pragma.selector)
        })
        .collect()
}

fn names(names: &[Ident]) -> String {
    names
        .iter()
        .map(|name| name.name.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

fn body(body: &Body) -> String {
    let temps = if body.temps.is_empty() {
        String::new()
    } else {
        format!("|{}| ", names(&body.temps))
    };
    format!("{temps}{}", statements(&body.statements))
}

fn statements(statements: &[Statement]) -> String {
    statements
        .iter()
        .map(statement)
        .collect::<Vec<_>>()
        .join(". ")
}

fn statement(statement: &Statement) -> String {
    match statement {
        Statement::Expr(expr) => expression(expr),
        Statement::Return { value, .. } => format!("^{}", expression(value)),
        Statement::Declare(declared) => format!("|{}|", names(declared)),
    }
}

pub fn expression(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Var(name) => name.clone(),
        ExprKind::Literal(value) => literal(value),
        ExprKind::Assign { target, value } => {
            format!("({} := {})", target.name, expression(value))
        }
        ExprKind::Send {
            receiver,
            message: m,
        } => {
            format!("({}{})", expression(receiver), message(m))
        }
        ExprKind::Cascade { receiver, messages } => {
            let messages: Vec<String> = messages.iter().map(message).collect();
            format!("({}{})", expression(receiver), messages.join(";"))
        }
        ExprKind::Block(block) => {
            let params: String = block
                .params
                .iter()
                .map(|p| format!(":{} ", p.name))
                .collect();
            let bar = if params.is_empty() { "" } else { "| " };
            format!("[{params}{bar}{}]", body(&block.body))
        }
        ExprKind::Computed(do_it) => format!("##({})", body(&do_it.body)),
        ExprKind::Brace(elements) => format!("{{{}}}", statements(elements)),
    }
}

fn message(message: &Message) -> String {
    let args: String = message
        .args
        .iter()
        .map(|arg| format!(" {}", expression(arg)))
        .collect();
    format!(" {}{args}", message.selector)
}

pub fn literal(value: &Literal) -> String {
    match value {
        Literal::Int(n) => n.to_string(),
        Literal::LargeInt(text) => format!("{text}L"),
        Literal::Float(f) => format!("{f:?}f"),
        Literal::Fraction {
            numerator,
            denominator,
        } => format!("{numerator}/{denominator}"),
        Literal::Scaled {
            numerator,
            denominator,
            scale,
        } => {
            format!("{numerator}/{denominator}s{scale}")
        }
        Literal::Char(c) => format!("${c}"),
        Literal::String(text) => format!("'{text}'"),
        Literal::Symbol(text) => format!("#{text}"),
        Literal::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(literal).collect();
            format!("#({})", elements.join(" "))
        }
        Literal::ByteArray(bytes) => format!("#{bytes:?}"),
        Literal::True => "true".to_owned(),
        Literal::False => "false".to_owned(),
        Literal::Nil => "nil".to_owned(),
    }
}
