//! Code for loops: `whileTrue:` family, `repeat`, `to:do:`, `timesRepeat:`.
//!
//! Owns the shape of loops: every way back is a LOOP or a compare-and-branch, the two
//! instructions at which a running loop can be interrupted.

use chirp_grammar::ast::{Literal, Span};

use super::branch::Right;
use super::emit::Label;
use super::generate::{Dest, Generator};
use super::opcode::Op;
use super::send::LINKS;
use super::tree::{Arm, Node, NodeId, Statement, Step};

impl Generator<'_, '_> {
    /// `whileTrue:`, `whileFalse:`, `whileTrue`, `whileFalse`, for effect.
    pub fn while_loop(&mut self, condition: &Arm, body: Option<&Arm>, sense: bool, span: Span) {
        let again = self.f.code.label();
        let Some(body) = body else {
            self.f.code.bind_loop(again);
            return self.loop_while(condition, sense, again, span);
        };
        if self.ends_in_comparison(condition, sense) {
            let test = self.f.code.label();
            self.f.code.jump(Op::JMP, test);
            self.f.code.bind_loop(again);
            self.arm_value(Some(body), Dest::Effect);
            self.f.code.bind(test);
            return self.loop_while(condition, sense, again, span);
        }
        let exit = self.f.code.label();
        self.f.code.bind_loop(again);
        self.arm_test(condition, !sense, exit, span);
        self.arm_value(Some(body), Dest::Effect);
        self.back(again, span);
        self.f.code.bind(exit);
    }

    /// `repeat`.
    pub fn repeat(&mut self, body: &Arm, span: Span) {
        let again = self.f.code.label();
        self.f.code.bind_loop(again);
        self.arm_value(Some(body), Dest::Effect);
        self.back(again, span);
    }

    fn back(&mut self, label: Label, span: Span) {
        self.mark(span);
        self.f.code.jump(Op::LOOP, label);
    }

    /// The condition's last test can itself be the way back.
    fn ends_in_comparison(&self, condition: &Arm, sense: bool) -> bool {
        match condition.statements.last() {
            Some(&Statement::Expr(last)) => self.jumps_back(last, sense),
            _ => false,
        }
    }

    fn jumps_back(&self, id: NodeId, sense: bool) -> bool {
        match self.tree.node(id) {
            Node::Send(_, message) => sense && self.is_comparison(message),
            Node::And(_, right, _) => sense && self.ends_in_comparison(right, sense),
            Node::Or(_, right, _) => sense && self.ends_in_comparison(right, sense),
            _ => false,
        }
    }

    /// Evaluates a condition and jumps back to `again` if its truth is `sense`.
    fn loop_while(&mut self, condition: &Arm, sense: bool, again: Label, span: Span) {
        let scope = self.open_scope(condition.scope, None);
        match condition.statements.split_last() {
            Some((&Statement::Expr(last), before)) => {
                self.effect_statements(before);
                if self.f.code.is_reachable() {
                    self.jump_back_if(last, sense, again, span);
                }
            }
            _ => {
                self.effect_statements(&condition.statements);
                let exit = self.f.code.label();
                let nil = self.f.top;
                self.nil(Dest::Push);
                self.mark(span);
                self.f
                    .code
                    .branch(if sense { Op::JF } else { Op::JT }, nil, exit);
                self.back(again, span);
                self.f.code.bind(exit);
            }
        }
        self.close_scope(scope);
    }

    fn jump_back_if(&mut self, id: NodeId, sense: bool, again: Label, span: Span) {
        let tree = self.tree;
        let exit = self.f.code.label();
        match tree.node(id) {
            Node::Send(_, message) if sense && self.is_comparison(message) => {
                self.jump_if(id, true, again, span);
            }
            Node::And(left, right, inner) if self.jumps_back(id, sense) => {
                self.jump_if(*left, false, exit, *inner);
                self.loop_while(right, true, again, span);
            }
            Node::Or(left, right, inner) if self.jumps_back(id, sense) => {
                self.jump_back_if(*left, true, again, *inner);
                self.loop_while(right, true, again, span);
            }
            _ => {
                self.jump_if(id, !sense, exit, span);
                self.back(again, span);
            }
        }
        self.f.code.bind(exit);
    }

    /// `to:do:` and `to:by:do:`. The counter is the block's parameter: nobody else can assign it,
    /// and closures copy it.
    pub fn counting_loop(
        &mut self,
        start: NodeId,
        limit: NodeId,
        step: Step,
        body: &Arm,
        span: Span,
        dest: Dest,
    ) {
        let base = self.f.top;
        let first = self.f.top;
        let starts_inside = self.starts_inside(start, limit, step);
        self.value(start, Dest::Push);
        let counter = match dest {
            Dest::Effect => first,
            _ => {
                let counter = self.f.top;
                self.deliver(first, Dest::Push);
                counter
            }
        };
        let limit = self.operand(limit, body.range);
        let (op, fields, selector) = match step {
            Step::Up(n) => (Op::UPTO, [counter, limit, u16::from(n)], "+"),
            Step::Down(n) => (Op::DOWNTO, [counter, limit, u16::from(n)], "-"),
            Step::Number(literal, _) => {
                let register = self.f.push();
                self.load_constant(literal, register);
                (Op::ADD, [counter, counter, register], "+")
            }
        };
        let again = self.f.code.label();
        let test = self.f.code.label();
        if !starts_inside {
            self.f.code.jump(Op::JMP, test);
        }
        self.f.code.bind_loop(again);
        if let Some(param) = body.param {
            self.bind_register(param, counter);
        }
        self.arm_value(Some(body), Dest::Effect);
        let window = self.f.top;
        if self.f.code.is_reachable() {
            self.with_stub(op, fields, window, selector, span);
        }
        self.f.code.bind(test);
        let down = matches!(step, Step::Down(_) | Step::Number(_, true));
        let selector = if down { ">=" } else { "<=" };
        self.compare(selector, counter, Right::Register(limit), true, again, span);
        self.f.top = base;
        self.deliver(first, dest);
    }

    /// Both ends are numbers in the text, and the body runs at least once.
    fn starts_inside(&self, start: NodeId, limit: NodeId, step: Step) -> bool {
        match (self.tree.constant(start), self.tree.constant(limit), step) {
            (Some(Literal::Int(start)), Some(Literal::Int(limit)), Step::Up(_)) => start <= limit,
            (Some(Literal::Int(start)), Some(Literal::Int(limit)), Step::Down(_)) => start >= limit,
            _ => false,
        }
    }

    /// `timesRepeat:`, counted down to one.
    pub fn times_repeat(&mut self, count: NodeId, body: &Arm, span: Span, dest: Dest) {
        let base = self.f.top;
        let literal = self.tree.constant(count);
        self.value(count, Dest::Push);
        if !matches!(literal, Some(Literal::Int(_))) {
            let is_integer = self.f.code.label();
            self.f.code.branch(Op::JINT, base, is_integer);
            let window = self.f.top;
            self.f.touch(window.saturating_add(LINKS + 1));
            self.copy(window.saturating_add(LINKS), base);
            self.mark(span);
            let site = self.f.code.site("mustBeIntegerForTimesRepeat", 0, false);
            self.f.code.ad(Op::SEND, window, site);
            self.copy(base, window);
            self.f.code.bind(is_integer);
        }
        let counter = match dest {
            Dest::Effect => base,
            _ => {
                let counter = self.f.top;
                self.deliver(base, Dest::Push);
                counter
            }
        };
        let one = self.f.push();
        self.load_constant(&Literal::Int(1), one);
        let again = self.f.code.label();
        let test = self.f.code.label();
        if !matches!(literal, Some(Literal::Int(n)) if *n > 0) {
            self.f.code.jump(Op::JMP, test);
        }
        self.f.code.bind_loop(again);
        self.arm_value(Some(body), Dest::Effect);
        let window = self.f.top;
        if self.f.code.is_reachable() {
            self.with_stub(Op::DOWNTO, [counter, one, 1], window, "-", span);
        }
        self.f.code.bind(test);
        self.compare(">=", counter, Right::Register(one), true, again, span);
        self.f.top = base;
        self.deliver(base, dest);
    }
}
