//! Code for messages: windows, arithmetic with its stubs, cascades.
//!
//! Owns the layout of windows and stubs; must never decide what is inlined.

use chirp_grammar::ast::{Literal, Span};

use super::generate::{Dest, Generator};
use super::opcode::Op;
use super::tree::{Message, Node, NodeId, Range};

/// Chains of messages up to this length are nested in one another's windows; in longer ones
/// the receiver is moved from send to send.
const NESTED_WINDOWS: usize = 4;

/// Where a message's receiver comes from.
#[derive(Clone, Copy)]
pub enum Receiver {
    Node(NodeId),
    /// It is in this register already.
    Register(u16),
}

/// Link words in front of a receiver.
pub const LINKS: u16 = 2;

/// The instruction that does a binary message at once on common types.
fn binary(selector: &str) -> Option<Op> {
    Some(match selector {
        "+" => Op::ADD,
        "-" => Op::SUB,
        "*" => Op::MUL,
        "/" => Op::DIV,
        "//" => Op::IDIV,
        "\\\\" => Op::MOD,
        "bitAnd:" => Op::BAND,
        "bitOr:" => Op::BOR,
        "bitXor:" => Op::BXOR,
        "bitShift:" => Op::SHIFT,
        "<" => Op::LT,
        "<=" => Op::LE,
        ">" => Op::GT,
        ">=" => Op::GE,
        "=" => Op::EQ,
        "~=" => Op::NE,
        "at:" => Op::AT,
        _ => return None,
    })
}

/// The instruction with a number in place of the second operand.
fn immediate(op: Op, literal: Option<&Literal>) -> Option<(Op, u16)> {
    let op = match op {
        Op::ADD => Op::ADDI,
        Op::SUB => Op::SUBI,
        _ => return None,
    };
    match literal {
        Some(Literal::Int(n @ 0..=255)) => Some((op, *n as u16)),
        _ => None,
    }
}

/// `value`, `value:`, … `value:value:value:value:`.
fn is_block_value(selector: &str) -> bool {
    matches!(
        selector,
        "value" | "value:" | "value:value:" | "value:value:value:" | "value:value:value:value:"
    )
}

impl<'a> Generator<'_, 'a> {
    /// A message, whose receiver may be a message, and so on.
    pub fn chain(&mut self, id: NodeId, dest: Dest) {
        let tree = self.tree;
        let mut pending: Vec<&Message> = Vec::new();
        let mut innermost = id;
        while let Node::Send(receiver, message) = tree.node(innermost) {
            pending.push(message);
            innermost = *receiver;
        }
        let Some(last) = pending.first().copied() else {
            return;
        };
        if pending.len() <= NESTED_WINDOWS {
            let receiver = match tree.node(id) {
                Node::Send(receiver, _) => *receiver,
                _ => id,
            };
            return self.message(Receiver::Node(receiver), last, dest);
        }
        let base = self.f.top;
        let mut receiver = Receiver::Node(innermost);
        for message in pending[1..].iter().rev() {
            self.message(receiver, message, Dest::Push);
            self.f.top = base;
            receiver = Receiver::Register(base);
        }
        self.message(receiver, last, dest);
    }

    /// One message: an instruction with a stub, or a send.
    pub fn message(&mut self, receiver: Receiver, message: &Message<'a>, dest: Dest) {
        if !message.to_super {
            match (message.selector, message.args.as_slice()) {
                ("==", &[arg]) => return self.identity(receiver, arg, true, dest),
                ("~~", &[arg]) => return self.identity(receiver, arg, false, dest),
                ("size", &[]) => return self.size(receiver, message.span, dest),
                ("at:put:", &[index, value]) => {
                    return self.at_put(receiver, index, value, message.span, dest);
                }
                (selector, &[arg]) => {
                    if let Some(op) = binary(selector) {
                        return self.operator(op, receiver, arg, message, dest);
                    }
                }
                _ => {}
            }
        }
        self.send(receiver, message, dest);
    }

    /// A send with all operands in its window.
    pub fn send(&mut self, receiver: Receiver, message: &Message<'a>, dest: Dest) {
        let window = self.f.top;
        // A receiver that waits in the window's first register is not overwritten before it is moved.
        self.f.set_top(window.saturating_add(LINKS));
        match receiver {
            Receiver::Node(id) => self.value(id, Dest::Push),
            Receiver::Register(register) => self.deliver(register, Dest::Push),
        }
        for &arg in &message.args {
            self.value(arg, Dest::Push);
        }
        let count = message.args.len();
        let op = match () {
            () if message.to_super => Op::SENDSUPER,
            () if is_block_value(message.selector) => Op::VALUE,
            () => Op::SEND,
        };
        self.emit_send(op, window, message.selector, count, message.span);
        self.f.top = window;
        self.deliver(window, dest);
    }

    fn emit_send(&mut self, op: Op, window: u16, selector: &str, count: usize, span: Span) {
        let site = self.f.code.site(selector, count, op == Op::SENDSUPER);
        self.f.code.mark(span);
        self.f.code.ad(op, window, site);
    }

    /// The send in a stub, with room for its window.
    pub fn stub_send(&mut self, window: u16, selector: &str, count: u16) {
        self.f.touch(window.saturating_add(LINKS + 1 + count));
        let site = self.f.code.site(selector, usize::from(count), false);
        self.f.code.ad(Op::SEND, window, site);
    }

    /// An instruction with a value, and its stub.
    pub fn with_stub(&mut self, op: Op, fields: [u16; 3], window: u16, selector: &str, span: Span) {
        let [a, b, c] = fields;
        self.mark(span);
        self.f.code.abc(op, a, b, c);
        self.stub_send(window, selector, if op == Op::SIZE { 0 } else { 1 });
        self.f.code.abc(Op::MOVE, a, window, 0);
    }

    /// Evaluates a receiver that an instruction reads after `later` was evaluated.
    pub fn receiver(&mut self, receiver: Receiver, later: Range) -> u16 {
        match receiver {
            Receiver::Node(id) => self.operand(id, later),
            Receiver::Register(register) => {
                self.f.set_top(self.f.top.max(register.saturating_add(1)));
                register
            }
        }
    }

    fn operator(&mut self, op: Op, receiver: Receiver, arg: NodeId, message: &Message, dest: Dest) {
        let window = self.f.top;
        let left = self.receiver(receiver, self.tree.range(arg));
        let (op, right) = match immediate(op, self.tree.constant(arg)) {
            Some(short) => short,
            None => (op, self.operand(arg, Range::EMPTY)),
        };
        self.f.top = window;
        self.compute(dest, |this, target| {
            this.with_stub(
                op,
                [target, left, right],
                window,
                message.selector,
                message.span,
            );
        });
    }

    fn size(&mut self, receiver: Receiver, span: Span, dest: Dest) {
        let window = self.f.top;
        let object = self.receiver(receiver, Range::EMPTY);
        self.f.top = window;
        self.compute(dest, |this, target| {
            this.with_stub(Op::SIZE, [target, object, 0], window, "size", span);
        });
    }

    fn at_put(&mut self, receiver: Receiver, index: NodeId, value: NodeId, span: Span, dest: Dest) {
        let base = self.f.top;
        let later = self.tree.range(value);
        let object = self.receiver(receiver, self.tree.range(index).to(later));
        let index = self.operand(index, later);
        let value = self.operand(value, Range::EMPTY);
        if dest == Dest::Effect {
            self.f.top = base;
            self.mark(span);
            self.f.code.abc(Op::ATPUT, object, index, value);
            return self.stub_send(base, "at:put:", 2);
        }
        // The answer is in the window's first register either way: the value from the start, or what
        // the send leaves there. The window lies behind the operands, which it must not overwrite.
        let window = self.f.top;
        self.f.touch(window + 1);
        self.copy(window, value);
        self.mark(span);
        self.f.code.abc(Op::ATPUT, object, index, value);
        self.stub_send(window, "at:put:", 2);
        self.f.top = base;
        self.deliver(window, dest);
    }

    /// `==` and `~~` as values.
    fn identity(&mut self, receiver: Receiver, arg: NodeId, same: bool, dest: Dest) {
        let base = self.f.top;
        let left = self.receiver(receiver, self.tree.range(arg));
        let right = self.operand(arg, Range::EMPTY);
        self.f.top = base;
        if same {
            self.compute(dest, |this, target| {
                this.f.code.abc(Op::IDENT, target, left, right)
            });
            return;
        }
        let (identical, end) = (self.f.code.label(), self.f.code.label());
        self.f.code.abc(Op::SKIPNIDENT, left, right, 0);
        self.f.code.jump_over(identical);
        self.compute(dest, |this, target| {
            this.load_constant(&Literal::True, target)
        });
        self.rejoin(base, end);
        self.f.code.bind(identical);
        self.compute(dest, |this, target| {
            this.load_constant(&Literal::False, target)
        });
        self.f.code.bind(end);
    }

    /// The first of two alternatives is complete: go to `end`, with the registers as before it.
    pub fn rejoin(&mut self, base: u16, end: super::emit::Label) {
        self.f.code.jump(Op::JMP, end);
        self.f.top = base;
    }

    /// A cascade: all messages go to one receiver.
    pub fn cascade(&mut self, receiver: NodeId, messages: &[Message<'a>], dest: Dest) {
        let base = self.f.top;
        let all = messages.iter().flat_map(|m| &m.args);
        let later = all.fold(Range::EMPTY, |range, &arg| range.to(self.tree.range(arg)));
        let register = self.operand(receiver, later);
        let Some((last, before)) = messages.split_last() else {
            return;
        };
        for message in before {
            self.send(Receiver::Register(register), message, Dest::Effect);
        }
        // The last message may use up the receiver.
        self.f.top = base;
        self.send(Receiver::Register(register), last, dest);
    }
}
