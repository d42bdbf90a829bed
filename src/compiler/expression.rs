//! Code for expressions: operands, variables, assignments, constants, brace arrays.
//!
//! Owns evaluation order: an operand that is used in place must not be assigned
//! by a later operand of the same instruction.

use chirp_grammar::ast::{Literal, Span};

use super::generate::{Dest, Generator};
use super::opcode::Op;
use super::tree::{Node, NodeId, Range, Statement};

/// Brace arrays up to this size are built from consecutive registers.
const SMALL_BRACE: usize = 100;

impl Generator<'_, '_> {
    /// Evaluates a node. With [`Dest::Push`] the value is in the register that was `top`,
    /// and `top` is one higher; otherwise `top` is as before.
    pub fn value(&mut self, id: NodeId, dest: Dest) {
        if !self.f.code.is_reachable() {
            return self.unreachable(dest);
        }
        let tree = self.tree;
        match tree.node(id) {
            Node::SelfRef => match self.self_register() {
                Some(register) => self.deliver(register, dest),
                None if dest == Dest::Effect => {}
                None => self.compute(dest, |this, target| this.load_self(target)),
            },
            Node::ThisContext => {
                self.compute(dest, |this, target| {
                    this.f.code.abc(Op::THISCTX, target, 0, 0)
                });
            }
            Node::Constant(literal) => self.constant(literal, dest),
            Node::Computed(code) => self.compute(dest, |this, target| {
                let index = this.f.code.computed(code);
                this.f.code.ad(Op::LOADK, target, index);
            }),
            Node::Local(local) => match self.register_of(*local) {
                Some(register) => self.deliver(register, dest),
                None if dest == Dest::Effect => {}
                None => self.compute(dest, |this, target| this.load_local(*local, target)),
            },
            Node::Instance(index) => {
                if dest != Dest::Effect {
                    self.load_instance(*index, dest);
                }
            }
            Node::Outer(index, span) => {
                let variable = &tree.outers[*index as usize];
                self.compute(dest, |this, target| {
                    let literal = this.f.code.variable(variable);
                    this.f.code.mark(*span);
                    this.f.code.ad(Op::GETG, target, literal);
                });
            }
            Node::AssignLocal(..) | Node::AssignInstance(..) | Node::AssignOuter(..) => {
                let base = self.f.top;
                let register = self.assign(id);
                self.f.top = base;
                self.deliver(register, dest);
            }
            Node::Send(..) => self.chain(id, dest),
            Node::Cascade(receiver, messages) => self.cascade(*receiver, messages, dest),
            Node::Block(function) => {
                if dest != Dest::Effect {
                    self.compute(dest, |this, target| this.closure(*function, target));
                }
            }
            Node::Brace(elements, span) => self.brace(elements, *span, dest),
            Node::If {
                condition,
                on_true,
                on_false,
                span,
            } => {
                self.conditional(*condition, on_true.as_ref(), on_false.as_ref(), *span, dest);
            }
            Node::And(left, right, span) => self.and_or(*left, right, false, *span, dest),
            Node::Or(left, right, span) => self.and_or(*left, right, true, *span, dest),
            Node::IfNil {
                subject,
                on_nil,
                on_some,
            } => {
                self.nil_test(*subject, on_nil.as_ref(), on_some.as_ref(), dest);
            }
            Node::While {
                condition,
                body,
                sense,
                span,
            } => {
                self.while_loop(condition, body.as_ref(), *sense, *span);
                self.nil(dest);
            }
            Node::Repeat(body, span) => {
                self.repeat(body, *span);
                self.unreachable(dest);
            }
            Node::ToDo {
                start,
                limit,
                step,
                body,
                span,
            } => {
                self.counting_loop(*start, *limit, *step, body, *span, dest);
            }
            Node::TimesRepeat { count, body, span } => {
                self.times_repeat(*count, body, *span, dest);
            }
        }
    }

    fn unreachable(&mut self, dest: Dest) {
        if dest == Dest::Push {
            self.f.push();
        }
    }

    /// The register in which a value for `dest` is best computed.
    pub fn target(&mut self, dest: Dest) -> u16 {
        match dest {
            Dest::Into(register) => register,
            _ => {
                self.f.touch(self.f.top.saturating_add(1));
                self.f.top
            }
        }
    }

    /// Computes a value right where it is wanted.
    pub fn compute(&mut self, dest: Dest, code: impl FnOnce(&mut Self, u16)) {
        let target = self.target(dest);
        code(self, target);
        self.deliver(target, dest);
    }

    /// Brings a value from a register to where it is wanted.
    pub fn deliver(&mut self, register: u16, dest: Dest) {
        match dest {
            Dest::Effect => {}
            Dest::Push => {
                let target = self.f.push();
                self.copy(target, register);
            }
            Dest::Into(target) => self.copy(target, register),
            Dest::Return => self.return_register(register),
        }
    }

    /// Evaluates a node into any register: in place if it is there already and nothing in `later`,
    /// which is evaluated before the value is used, assigns it. May raise `top`.
    pub fn operand(&mut self, id: NodeId, later: Range) -> u16 {
        let tree = self.tree;
        let stable = match tree.node(id) {
            Node::SelfRef => self.self_register(),
            Node::Local(local) if !tree.assigned_in(*local, later) => self.register_of(*local),
            Node::AssignLocal(local, _) if !tree.assigned_in(*local, later) => {
                if self.register_of(*local).is_some() && self.f.code.is_reachable() {
                    return self.assign(id);
                }
                None
            }
            _ => None,
        };
        match stable {
            Some(register) => register,
            None => {
                let register = self.f.top;
                self.value(id, Dest::Push);
                register
            }
        }
    }

    /// Does an assignment; answers a register that holds the value. May raise `top`.
    fn assign(&mut self, id: NodeId) -> u16 {
        let tree = self.tree;
        match tree.node(id) {
            Node::AssignLocal(local, value) => match self.register_of(*local) {
                Some(register) => {
                    self.value(*value, Dest::Into(register));
                    register
                }
                None => {
                    let register = self.operand(*value, Range::EMPTY);
                    self.store(*local, register);
                    register
                }
            },
            Node::AssignInstance(index, value, span) => {
                let register = self.operand(*value, Range::EMPTY);
                let base = self.f.top.max(register.saturating_add(1));
                let receiver = match self.self_register() {
                    Some(receiver) => receiver,
                    None => {
                        self.load_self(base);
                        self.f.touch(base.saturating_add(1));
                        base
                    }
                };
                let index = self.instance_index(*index);
                self.f.code.mark(*span);
                self.f.code.abc(Op::SETIV, receiver, index, register);
                register
            }
            Node::AssignOuter(index, value, span) => {
                let register = self.operand(*value, Range::EMPTY);
                let literal = self.f.code.variable(&tree.outers[*index as usize]);
                self.f.code.mark(*span);
                self.f.code.ad(Op::SETG, register, literal);
                register
            }
            _ => self.operand(id, Range::EMPTY),
        }
    }

    fn load_instance(&mut self, index: u16, dest: Dest) {
        let index = self.instance_index(index);
        self.compute(dest, |this, target| {
            let receiver = match this.self_register() {
                Some(register) => register,
                None => {
                    this.load_self(target);
                    target
                }
            };
            this.f.code.abc(Op::GETIV, target, receiver, index);
        });
    }

    fn instance_index(&mut self, index: u16) -> u16 {
        if index > 255 {
            self.f.code.excess = Some("its class has more than 256 instance variables");
            return 0;
        }
        index
    }

    // ---- constants ----

    fn constant(&mut self, literal: &Literal, dest: Dest) {
        if dest != Dest::Effect {
            self.compute(dest, |this, target| this.load_constant(literal, target));
        }
    }

    pub fn nil(&mut self, dest: Dest) {
        self.constant(&Literal::Nil, dest);
    }

    /// Loads a constant by the shortest instruction.
    pub fn load_constant(&mut self, literal: &Literal, target: u16) {
        let code = &mut self.f.code;
        match literal {
            Literal::Nil => code.ad(Op::LOADV, target, 0x09),
            Literal::False => code.ad(Op::LOADV, target, 0x11),
            Literal::True => code.ad(Op::LOADV, target, 0x19),
            Literal::Char(c) if (*c as u32) < 256 => {
                code.ad(Op::LOADV, target, (*c as u16) << 8 | 1);
            }
            Literal::Int(n) if i16::try_from(*n).is_ok() => {
                code.ad(Op::LOADI, target, *n as i16 as u16);
            }
            _ => {
                let index = code.constant(literal);
                code.ad(Op::LOADK, target, index);
            }
        }
    }

    // ---- brace arrays ----

    fn brace(&mut self, elements: &[Statement], span: Span, dest: Dest) {
        if elements.len() > SMALL_BRACE {
            return self.large_brace(elements, span, dest);
        }
        let base = self.f.top;
        for &element in elements {
            self.element(element);
        }
        self.f.top = base;
        let count = elements.len() as u16;
        self.compute(dest, |this, target| {
            this.mark(span);
            this.f.code.abc(Op::ARRAY, target, base, count)
        });
    }

    fn element(&mut self, element: Statement) -> u16 {
        match element {
            Statement::Expr(id) => {
                let register = self.f.top;
                self.value(id, Dest::Push);
                register
            }
            other => {
                self.effect_statements(&[other]);
                self.f.push()
            }
        }
    }

    fn large_brace(&mut self, elements: &[Statement], span: Span, dest: Dest) {
        let Ok(count) = u16::try_from(elements.len()) else {
            self.f.code.excess = Some("a brace array in it has more than 65535 elements");
            return self.unreachable(dest);
        };
        let array = self.f.push();
        self.mark(span);
        self.f.code.ad(Op::ARRAYN, array, count);
        for (index, &element) in elements.iter().enumerate() {
            let base = self.f.top;
            let register = match element {
                Statement::Expr(id) => self.operand(id, Range::EMPTY),
                other => self.element(other),
            };
            self.f.code.abc(Op::SETELT, array, register, 0);
            self.f.code.extra(index as u32);
            self.f.top = base;
        }
        self.f.top = array;
        self.deliver(array, dest);
    }

    /// Marks the place of what follows.
    pub fn mark(&mut self, span: Span) {
        self.f.code.mark(span);
    }
}
