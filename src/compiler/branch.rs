//! Code for conditions: tests that jump, `ifTrue:` and `ifNil:` families, `and:` and `or:`.
//!
//! Owns the choice of compare-and-branch instructions; must never leave a value half made:
//! a destination is written by the last instruction of each alternative.

use chirp_grammar::ast::{Literal, Span};

use super::emit::Label;
use super::generate::{Dest, Generator};
use super::opcode::Op;
use super::send::Receiver;
use super::tree::{Arm, Message, Node, NodeId, Range, Statement};

/// A comparison's instructions: jump if it holds, unless it holds, and both with a number.
struct Comparison {
    holds: Op,
    fails: Op,
    holds_number: Op,
    fails_number: Op,
}

fn comparison(selector: &str) -> Option<Comparison> {
    let (holds, fails, holds_number, fails_number) = match selector {
        "<" => (Op::JLT, Op::JNLT, Op::JLTI, Op::JNLTI),
        "<=" => (Op::JLE, Op::JNLE, Op::JLEI, Op::JNLEI),
        ">" => (Op::JGT, Op::JNGT, Op::JGTI, Op::JNGTI),
        ">=" => (Op::JGE, Op::JNGE, Op::JGEI, Op::JNGEI),
        "=" => (Op::JEQ, Op::JNEQ, Op::JEQI, Op::JNEQI),
        "~=" => (Op::JNE, Op::JNNE, Op::JNEI, Op::JNNEI),
        _ => return None,
    };
    Some(Comparison {
        holds,
        fails,
        holds_number,
        fails_number,
    })
}

/// The arm has an effect.
fn does_something(arm: &&Arm) -> bool {
    !arm.statements.is_empty()
}

/// The right side of a comparison.
#[derive(Clone, Copy)]
pub enum Right {
    Register(u16),
    Number(i8),
}

/// The number, if a comparing instruction can hold it.
pub fn small_number(literal: Option<&Literal>) -> Option<i8> {
    match literal {
        Some(Literal::Int(n)) => i8::try_from(*n).ok(),
        _ => None,
    }
}

impl<'a> Generator<'_, 'a> {
    // ---- tests ----

    /// Jumps to `label` if the truth of the node is `sense`, and goes on here otherwise.
    pub fn jump_if(&mut self, id: NodeId, sense: bool, label: Label, span: Span) {
        let tree = self.tree;
        let (id, sense) = self.without_not(id, sense);
        match tree.node(id) {
            Node::Constant(Literal::True) if !sense => {}
            Node::Constant(Literal::False) if sense => {}
            Node::Constant(Literal::True | Literal::False) => self.f.code.jump(Op::JMP, label),
            Node::And(left, right, inner) => {
                if sense {
                    let skip = self.f.code.label();
                    self.jump_if(*left, false, skip, *inner);
                    self.arm_test(right, true, label, *inner);
                    self.f.code.bind(skip);
                } else {
                    self.jump_if(*left, false, label, *inner);
                    self.arm_test(right, false, label, *inner);
                }
            }
            Node::Or(left, right, inner) => {
                if sense {
                    self.jump_if(*left, true, label, *inner);
                    self.arm_test(right, true, label, *inner);
                } else {
                    let skip = self.f.code.label();
                    self.jump_if(*left, true, skip, *inner);
                    self.arm_test(right, false, label, *inner);
                    self.f.code.bind(skip);
                }
            }
            Node::Send(receiver, message) if self.is_test(message) => {
                self.test(*receiver, message, sense, label);
            }
            _ => {
                let base = self.f.top;
                let register = self.operand(id, Range::EMPTY);
                self.mark(span);
                self.f
                    .code
                    .branch(if sense { Op::JT } else { Op::JF }, register, label);
                self.f.top = base;
            }
        }
    }

    /// Strips `not` from nodes that are certainly tests: others may understand it in their own way.
    fn without_not(&self, mut id: NodeId, mut sense: bool) -> (NodeId, bool) {
        let mut stripped = (id, sense);
        while let Node::Send(receiver, message) = self.tree.node(id) {
            if message.selector != "not" || message.to_super {
                break;
            }
            id = *receiver;
            sense = !sense;
            let certain = match self.tree.node(id) {
                Node::And(..) | Node::Or(..) => true,
                Node::Send(_, inner) => self.is_test(inner),
                _ => false,
            };
            if certain {
                stripped = (id, sense);
            }
        }
        stripped
    }

    /// The message is a comparison that an instruction does.
    pub fn is_test(&self, message: &Message) -> bool {
        !message.to_super
            && message.args.len() == 1
            && (matches!(message.selector, "==" | "~~") || comparison(message.selector).is_some())
    }

    /// The message is a comparison for which there is a jump with a safepoint.
    pub fn is_comparison(&self, message: &Message) -> bool {
        !message.to_super && message.args.len() == 1 && comparison(message.selector).is_some()
    }

    /// The statements of a condition that is a block, and the test of its value.
    pub fn arm_test(&mut self, arm: &Arm, sense: bool, label: Label, span: Span) {
        let scope = self.open_scope(arm.scope, None);
        match arm.statements.split_last() {
            Some((&Statement::Expr(last), before)) => {
                self.effect_statements(before);
                if self.f.code.is_reachable() {
                    self.jump_if(last, sense, label, span);
                }
            }
            _ => {
                self.effect_statements(&arm.statements);
                let nil = self.f.top;
                self.nil(Dest::Push);
                self.mark(span);
                self.f
                    .code
                    .branch(if sense { Op::JT } else { Op::JF }, nil, label);
            }
        }
        self.close_scope(scope);
    }

    fn test(&mut self, receiver: NodeId, message: &Message, sense: bool, label: Label) {
        let base = self.f.top;
        let arg = message.args[0];
        match message.selector {
            "==" => self.identity_test(receiver, arg, sense, label),
            "~~" => self.identity_test(receiver, arg, !sense, label),
            selector => {
                let left = self.receiver(Receiver::Node(receiver), self.tree.range(arg));
                let right = match small_number(self.tree.constant(arg)) {
                    Some(number) => Right::Number(number),
                    None => Right::Register(self.operand(arg, Range::EMPTY)),
                };
                self.f.top = base;
                self.compare(selector, left, right, sense, label, message.span);
            }
        }
        self.f.top = base;
    }

    /// Compares and jumps if the outcome is `sense`.
    pub fn compare(
        &mut self,
        selector: &str,
        left: u16,
        right: Right,
        sense: bool,
        label: Label,
        span: Span,
    ) {
        let Some(ops) = comparison(selector) else {
            return;
        };
        let window = self.f.top;
        self.mark(span);
        match right {
            Right::Register(right) => {
                let op = if sense { ops.holds } else { ops.fails };
                self.f.code.abc(op, left, right, 0);
            }
            Right::Number(number) => {
                let op = if sense {
                    ops.holds_number
                } else {
                    ops.fails_number
                };
                self.f.code.abc(op, left, u16::from(number as u8), 0);
            }
        }
        self.stub_send(window, selector, 1);
        self.f
            .code
            .branch(if sense { Op::JT } else { Op::JF }, window, label);
    }

    fn identity_test(&mut self, receiver: NodeId, arg: NodeId, sense: bool, label: Label) {
        let tree = self.tree;
        let is_nil = |id| matches!(tree.constant(id), Some(Literal::Nil));
        let tested = if is_nil(arg) {
            Some(receiver)
        } else if is_nil(receiver) {
            Some(arg)
        } else {
            None
        };
        if let Some(tested) = tested {
            let register = self.operand(tested, Range::EMPTY);
            self.f
                .code
                .branch(if sense { Op::JNIL } else { Op::JNNIL }, register, label);
            return;
        }
        let left = self.operand(receiver, tree.range(arg));
        let right = self.operand(arg, Range::EMPTY);
        let skip = if sense { Op::SKIPNIDENT } else { Op::SKIPIDENT };
        self.f.code.abc(skip, left, right, 0);
        self.f.code.jump_over(label);
    }

    // ---- values ----

    /// The value of an arm. Its own variables may lie where the value is wanted: they are dead by then.
    pub fn arm_value(&mut self, arm: Option<&Arm>, dest: Dest) {
        let Some(arm) = arm else {
            return self.nil(dest);
        };
        let base = self.f.top;
        let scope = self.open_scope(arm.scope, None);
        match dest {
            Dest::Effect => self.effect_statements(&arm.statements),
            Dest::Push if self.f.top != base => {
                self.value_statements(&arm.statements, Dest::Into(base));
            }
            _ => self.value_statements(&arm.statements, dest),
        }
        self.close_scope(scope);
        if dest == Dest::Push {
            self.f.push();
        }
    }

    /// `ifTrue:ifFalse:` and its three relatives.
    pub fn conditional(
        &mut self,
        condition: NodeId,
        on_true: Option<&Arm>,
        on_false: Option<&Arm>,
        span: Span,
        dest: Dest,
    ) {
        let base = self.f.top;
        let other = self.f.code.label();
        let end = self.f.code.label();
        let (on_true, on_false) = match dest {
            Dest::Effect => (
                on_true.filter(does_something),
                on_false.filter(does_something),
            ),
            _ => (on_true, on_false),
        };
        // With nothing to do when it is true, one jump is enough.
        let first_sense = !(dest == Dest::Effect && on_true.is_none());
        let (first, second) = if first_sense {
            (on_true, on_false)
        } else {
            (on_false, on_true)
        };
        self.jump_if(condition, !first_sense, other, span);
        self.arm_value(first, dest);
        if dest == Dest::Effect && second.is_none() {
            self.f.code.bind(other);
            return;
        }
        self.rejoin(base, end);
        self.f.code.bind(other);
        self.arm_value(second, dest);
        self.f.code.bind(end);
    }

    /// `and:` and `or:` as values: `short` is the value that the left side alone decides.
    pub fn and_or(&mut self, left: NodeId, right: &Arm, short: bool, span: Span, dest: Dest) {
        let base = self.f.top;
        let decided = self.f.code.label();
        let end = self.f.code.label();
        self.jump_if(left, short, decided, span);
        self.arm_value(Some(right), dest);
        if dest == Dest::Effect {
            self.f.code.bind(decided);
            return;
        }
        self.rejoin(base, end);
        self.f.code.bind(decided);
        let literal = if short {
            &Literal::True
        } else {
            &Literal::False
        };
        self.compute(dest, |this, target| this.load_constant(literal, target));
        self.f.code.bind(end);
    }

    /// The `ifNil:` family.
    pub fn nil_test(
        &mut self,
        subject: NodeId,
        on_nil: Option<&Arm>,
        on_some: Option<&Arm>,
        dest: Dest,
    ) {
        let base = self.f.top;
        let param = on_some.and_then(|arm| arm.param);
        let later = match on_some {
            Some(arm) if param.is_some() => arm.range,
            _ => Range::EMPTY,
        };
        let register = self.operand(subject, later);
        // Only a parameter keeps the subject alive.
        let kept = if param.is_some() { self.f.top } else { base };
        if let Some(param) = param {
            self.bind_register(param, register);
        }
        let other = self.f.code.label();
        let end = self.f.code.label();
        let second = match (on_nil, on_some) {
            (Some(_), _) => {
                self.f.code.branch(Op::JNNIL, register, other);
                self.nil_arm(on_nil, dest, base, base);
                on_some
            }
            (None, _) => {
                self.f.code.branch(Op::JNIL, register, other);
                self.nil_arm(on_some, dest, base, kept);
                None
            }
        };
        // What is not asked for gives the subject itself: nil, or the object.
        let in_place = match dest {
            Dest::Effect => true,
            Dest::Push => register == base,
            Dest::Into(target) => register == target,
            Dest::Return => false,
        };
        if second.is_none() && in_place {
            return self.f.code.bind(other);
        }
        self.rejoin(base, end);
        self.f.code.bind(other);
        match second {
            Some(_) => self.nil_arm(second, dest, base, kept),
            None => self.deliver(register, dest),
        }
        self.f.code.bind(end);
    }

    /// One arm of a test for nil, with its registers from `top` on; its value goes where the subject was.
    fn nil_arm(&mut self, arm: Option<&Arm>, dest: Dest, base: u16, top: u16) {
        self.f.top = top;
        if dest == Dest::Push && top != base {
            self.arm_value(arm, Dest::Into(base));
            self.f.top = base;
            self.f.push();
        } else {
            self.arm_value(arm, dest);
            if dest != Dest::Push {
                self.f.top = base;
            }
        }
    }
}
