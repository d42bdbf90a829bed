//! Inlined control flow: which messages are compiled in place, and into which nodes.
//!
//! A message is inlined when its blocks are literal and take as many arguments as the
//! construct gives them; every other form is sent like any message. Must never choose instructions.

use chirp_grammar::ast::{Block, Expr, ExprKind, Ident, Literal, Message};

use super::resolve::Resolver;
use super::tree::{Arm, Node, NodeId, Range, Statement, Step};

/// The message is compiled in place when `receiver` receives it.
pub fn is_inlined(receiver: &Expr, message: &Message) -> bool {
    if matches!(&receiver.kind, ExprKind::Var(name) if name == "super") {
        return false;
    }
    let args = &message.args;
    match message.selector.as_str() {
        "ifTrue:" | "ifFalse:" | "ifTrue:ifFalse:" | "ifFalse:ifTrue:" | "ifNil:" => {
            args.iter().all(is_arm)
        }
        "and:" | "or:" | "timesRepeat:" => args.iter().all(|arg| takes(arg, 0)),
        "ifNotNil:" => args.iter().all(takes_up_to_one),
        "ifNil:ifNotNil:" => args.len() == 2 && is_arm(&args[0]) && takes_up_to_one(&args[1]),
        "ifNotNil:ifNil:" => args.len() == 2 && takes_up_to_one(&args[0]) && is_arm(&args[1]),
        "whileTrue:" | "whileFalse:" | "whileTrue" | "whileFalse" | "repeat" => {
            takes(receiver, 0) && args.iter().all(|arg| takes(arg, 0))
        }
        "to:do:" => args.len() == 2 && takes(&args[1], 1),
        "to:by:do:" => args.len() == 3 && step(&args[1]).is_some() && takes(&args[2], 1),
        _ => false,
    }
}

fn as_block(expr: &Expr) -> Option<&Block> {
    match &expr.kind {
        ExprKind::Block(block) => Some(block),
        _ => None,
    }
}

fn takes(expr: &Expr, count: usize) -> bool {
    as_block(expr).is_some_and(|block| block.params.len() == count)
}

fn takes_up_to_one(expr: &Expr) -> bool {
    as_block(expr).is_some_and(|block| block.params.len() <= 1)
}

/// A block without parameters, or a constant that is its own value.
fn is_arm(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Block(block) => block.params.is_empty(),
        ExprKind::Literal(_) => true,
        ExprKind::Var(name) => matches!(name.as_str(), "nil" | "true" | "false"),
        _ => false,
    }
}

/// The step of `to:by:do:`, when it is a literal number other than zero.
fn step(expr: &Expr) -> Option<Step<'_>> {
    let ExprKind::Literal(literal) = &expr.kind else {
        return None;
    };
    match literal {
        Literal::Int(0) => None,
        Literal::Int(n @ 1..=255) => Some(Step::Up(*n as u8)),
        Literal::Int(n @ -255..=-1) => Some(Step::Down(n.unsigned_abs() as u8)),
        Literal::Int(n) => Some(Step::Number(literal, *n < 0)),
        Literal::LargeInt(digits) => Some(Step::Number(literal, digits.starts_with('-'))),
        Literal::Float(x) if *x != 0.0 && !x.is_nan() => Some(Step::Number(literal, *x < 0.0)),
        Literal::Fraction { numerator, .. } => {
            Some(Step::Number(literal, numerator.starts_with('-')))
        }
        Literal::Scaled { numerator, .. } if numerator.chars().any(|c| matches!(c, '1'..='9')) => {
            Some(Step::Number(literal, numerator.starts_with('-')))
        }
        _ => None,
    }
}

impl<'a> Resolver<'a> {
    /// Resolves a message that [`is_inlined`].
    pub fn inlined(&mut self, receiver: &'a Expr, message: &'a Message) -> NodeId {
        let start = self.begin();
        let span = message.selector_span;
        let args = &message.args;
        let node = match message.selector.as_str() {
            "ifTrue:" | "ifTrue:ifFalse:" => {
                let condition = self.expr(receiver);
                let on_true = Some(self.branch(&args[0]));
                let on_false = args.get(1).map(|arg| self.branch(arg));
                Node::If {
                    condition,
                    on_true,
                    on_false,
                    span,
                }
            }
            "ifFalse:" | "ifFalse:ifTrue:" => {
                let condition = self.expr(receiver);
                let on_false = Some(self.branch(&args[0]));
                let on_true = args.get(1).map(|arg| self.branch(arg));
                Node::If {
                    condition,
                    on_true,
                    on_false,
                    span,
                }
            }
            "and:" => {
                let left = self.expr(receiver);
                Node::And(left, self.branch(&args[0]), span)
            }
            "or:" => {
                let left = self.expr(receiver);
                Node::Or(left, self.branch(&args[0]), span)
            }
            "ifNil:" | "ifNil:ifNotNil:" => {
                let subject = self.expr(receiver);
                let on_nil = Some(self.branch(&args[0]));
                let on_some = args.get(1).map(|arg| self.branch(arg));
                Node::IfNil {
                    subject,
                    on_nil,
                    on_some,
                }
            }
            "ifNotNil:" | "ifNotNil:ifNil:" => {
                let subject = self.expr(receiver);
                let on_some = Some(self.branch(&args[0]));
                let on_nil = args.get(1).map(|arg| self.branch(arg));
                Node::IfNil {
                    subject,
                    on_nil,
                    on_some,
                }
            }
            "to:do:" | "to:by:do:" => return self.counting(receiver, message, start),
            "timesRepeat:" => {
                let count = self.expr(receiver);
                self.names.note_send();
                let id = self.names.enter_loop();
                let body = self.arm(&args[0]);
                self.names.leave_loop(id);
                Node::TimesRepeat { count, body, span }
            }
            selector => {
                self.names.note_send();
                let id = self.names.enter_loop();
                let condition = self.arm(receiver);
                let body = args.first().map(|arg| self.arm(arg));
                self.names.leave_loop(id);
                match selector {
                    "repeat" => Node::Repeat(condition, span),
                    _ => {
                        let sense = selector.starts_with("whileTrue");
                        Node::While {
                            condition,
                            body,
                            sense,
                            span,
                        }
                    }
                }
            }
        };
        self.add(node, start)
    }

    fn counting(&mut self, receiver: &'a Expr, message: &'a Message, start: u32) -> NodeId {
        let args = &message.args;
        let span = message.selector_span;
        let first = self.expr(receiver);
        let limit = self.expr(&args[0]);
        let (step, block) = match args.get(2) {
            Some(block) => (step(&args[1]).unwrap_or(Step::Up(1)), block),
            None => (Step::Up(1), &args[1]),
        };
        self.names.note_send();
        let id = self.names.enter_loop();
        let body = self.arm(block);
        self.names.leave_loop(id);
        self.add(
            Node::ToDo {
                start: first,
                limit,
                step,
                body,
                span,
            },
            start,
        )
    }

    /// An arm that may be left out.
    fn branch(&mut self, expr: &'a Expr) -> Arm {
        // A condition that is not a Boolean runs code of its own.
        self.names.note_send();
        self.names.enter_branch();
        let arm = self.arm(expr);
        self.names.leave_branch();
        arm
    }

    /// The statements of a literal block, or a constant in its place.
    fn arm(&mut self, expr: &'a Expr) -> Arm {
        let start = self.begin();
        let scope = self.names.enter_scope();
        let mut param = None;
        let statements = match &expr.kind {
            ExprKind::Block(block) => {
                param = self.parameter(&block.params);
                self.declare_temps(scope, &block.body.temps);
                self.statements(&block.body.statements)
            }
            _ => vec![Statement::Expr(self.expr(expr))],
        };
        self.names.leave_scope();
        Arm {
            scope,
            param,
            statements,
            range: Range {
                start,
                end: self.names.position,
            },
        }
    }

    fn parameter(&mut self, params: &'a [Ident]) -> Option<super::tree::LocalId> {
        params
            .first()
            .and_then(|ident| self.names.declare(ident, true))
    }
}
