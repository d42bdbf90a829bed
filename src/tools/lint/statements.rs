//! Statements that nothing comes of, and expressions that hardly ever mean what they say.

use super::warning;
use crate::loader::watch::{Tree, Unit};
use chirp_grammar::Diagnostic;
use chirp_grammar::ast::{Expr, ExprKind, Literal, Message, Statement};

const COMPARISONS: &[&str] = &["=", "==", "~=", "~~", "<", ">", "<=", ">="];

pub fn warnings(unit: &Unit<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    match unit.tree {
        Tree::Method(method) => statements(&method.body.statements, false, &mut found),
        Tree::DoIt(do_it) => statements(&do_it.body.statements, true, &mut found),
    }
    found
}

/// `has_value` says whether the last statement's value is that of the whole.
fn statements(statements: &[Statement], has_value: bool, found: &mut Vec<Diagnostic>) {
    for (i, statement) in statements.iter().enumerate() {
        match statement {
            Statement::Declare(_) => {}
            Statement::Return { value, caret } => {
                expr(value, found);
                if let Some(Statement::Expr(next)) = statements.get(i + 1) {
                    found.push(
                        warning("W0104", "this statement is never reached".into(), next.span)
                            .label("never reached")
                            .secondary(*caret, "this returns")
                            .help("delete it, or return later"),
                    );
                }
            }
            Statement::Expr(value) => {
                expr(value, found);
                let is_last = i + 1 == statements.len();
                if !(has_value && is_last) {
                    found.extend(without_effect(value));
                }
            }
        }
    }
}

fn without_effect(value: &Expr) -> Option<Diagnostic> {
    let (title, help) = match &value.kind {
        ExprKind::Send { receiver, message } if COMPARISONS.contains(&&*message.selector) => {
            let help = match &receiver.kind {
                ExprKind::Var(name) if message.selector == "=" => {
                    format!("to assign, write {name} := …")
                }
                _ => "use its value, or delete it".to_string(),
            };
            let title = "a comparison whose value nobody uses";
            return Some(
                warning("W0106", title.into(), message.selector_span)
                    .label("this compares")
                    .help(help),
            );
        }
        ExprKind::Var(_) => ("a variable alone does nothing", "delete it"),
        ExprKind::Literal(_) => ("a value alone does nothing", "delete it"),
        ExprKind::Block(_) => (
            "a block that nobody evaluates does nothing",
            "send it value to evaluate it",
        ),
        _ => return None,
    };
    Some(
        warning("W0106", title.into(), value.span)
            .label("without effect")
            .help(help),
    )
}

fn expr(value: &Expr, found: &mut Vec<Diagnostic>) {
    match &value.kind {
        ExprKind::Var(_) | ExprKind::Literal(_) => {}
        ExprKind::Assign { target, value } => {
            found.extend(kept(&target.name, value));
            expr(value, found);
        }
        ExprKind::Send { receiver, message } => {
            found.extend(identity(receiver, message));
            found.extend(condition(receiver, message));
            found.extend(arguments(receiver, message));
            expr(receiver, found);
            message.args.iter().for_each(|a| expr(a, found));
        }
        ExprKind::Cascade { receiver, messages } => {
            expr(receiver, found);
            let arguments = messages.iter().flat_map(|m| &m.args);
            arguments.for_each(|a| expr(a, found));
        }
        ExprKind::Block(block) => statements(&block.body.statements, true, found),
        ExprKind::Brace(elements) => {
            for element in elements {
                if let Statement::Expr(value) | Statement::Return { value, .. } = element {
                    expr(value, found);
                }
            }
        }
        ExprKind::Computed(do_it) => statements(&do_it.body.statements, true, found),
    }
}

/// `name == 'Ada'`
fn identity(receiver: &Expr, message: &Message) -> Option<Diagnostic> {
    let equal = match message.selector.as_str() {
        "==" => "=",
        "~~" => "~=",
        _ => return None,
    };
    let kind = [Some(receiver), message.args.first()]
        .into_iter()
        .flatten()
        .find_map(|side| match &side.kind {
            ExprKind::Literal(Literal::String(_)) => Some("strings"),
            ExprKind::Literal(
                Literal::LargeInt(_)
                | Literal::Float(_)
                | Literal::Fraction { .. }
                | Literal::Scaled { .. },
            ) => Some("such numbers"),
            ExprKind::Literal(Literal::Array(_) | Literal::ByteArray(_)) | ExprKind::Brace(_) => {
                Some("arrays")
            }
            _ => None,
        })?;
    let title = format!("equal {kind} may be different objects");
    Some(
        warning("W0105", title, message.selector_span)
            .label("compares identity")
            .help(format!("compare with `{equal}`")),
    )
}

/// `(i < 3) whileTrue: [ … ]`
fn condition(receiver: &Expr, message: &Message) -> Option<Diagnostic> {
    let loops = ["whileTrue:", "whileFalse:", "whileTrue", "whileFalse"];
    let is_value = match &receiver.kind {
        ExprKind::Send { message, .. } => {
            COMPARISONS.contains(&&*message.selector)
                || matches!(
                    message.selector.as_str(),
                    "not" | "and:" | "or:" | "isNil" | "notNil"
                )
        }
        ExprKind::Var(name) => matches!(name.as_str(), "true" | "false"),
        _ => false,
    };
    (is_value && loops.contains(&&*message.selector)).then(|| {
        warning(
            "W0107",
            "the condition of a loop is a block".into(),
            receiver.span,
        )
        .label("evaluated once, before the loop")
        .help("write it in square brackets: [ condition ] whileTrue: [ … ]")
    })
}

/// `[ :a :b | a ] value: 3`
fn arguments(receiver: &Expr, message: &Message) -> Option<Diagnostic> {
    let ExprKind::Block(block) = &receiver.kind else {
        return None;
    };
    let (wanted, given) = (block.params.len(), message.args.len());
    let evaluates = match message.selector.as_str() {
        "value" => true,
        selector => given > 0 && selector.split_terminator(':').all(|part| part == "value"),
    };
    (evaluates && wanted != given).then(|| {
        let title = match wanted {
            0 => "this block has no parameters".to_string(),
            1 => "this block has one parameter".to_string(),
            _ => format!("this block has {wanted} parameters"),
        };
        let selector = match wanted {
            0 => "value".to_string(),
            _ => vec!["value: …"; wanted].join(" "),
        };
        warning("W0109", title, message.selector_span)
            .label(match given {
                0 => "evaluated without a value".to_string(),
                1 => "evaluated with one value".to_string(),
                _ => format!("evaluated with {given} values"),
            })
            .help(format!("write {selector}"))
    })
}

/// `list := OrderedCollection new add: 3; add: 4`
fn kept(name: &str, value: &Expr) -> Option<Diagnostic> {
    let ExprKind::Cascade { receiver, messages } = &value.kind else {
        return None;
    };
    let ExprKind::Send { message: made, .. } = &receiver.kind else {
        return None;
    };
    let last = messages.last()?;
    let answers_argument = ["add:", "addFirst:", "addLast:", "addAll:", "at:put:"];
    let doubtful = matches!(made.selector.as_str(), "new" | "new:")
        && answers_argument.contains(&&*last.selector);
    doubtful.then(|| {
        let title = format!("`{name}` gets the value of the last message");
        warning("W0110", title, last.selector_span)
            .label("answers its argument, not the collection")
            .help("end the cascade with the collection itself: …; yourself")
    })
}
