//! The code buffer of one function: words, labels, literals, send sites, source map.
//!
//! Owns encoding and jump distances, and leaves out code that cannot be reached;
//! must never know what the code is for.

use chirp_grammar::ast::{self, Span};

use super::opcode::{Op, abc, ad, jump};
use super::template::{Literal, SendSite, Variable};

/// A place in the code that jumps go to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Label(u32);

#[derive(Default)]
struct LabelState {
    position: Option<u32>,
    /// Words that hold a distance to it.
    references: Vec<u32>,
}

/// How many literals are compared before a new one is made.
const SHARED_LITERALS: usize = 128;

/// Code being written.
#[derive(Default)]
pub struct Emitter {
    pub words: Vec<u32>,
    pub literals: Vec<Literal>,
    pub sends: Vec<SendSite>,
    pub source_map: Vec<(u32, Span)>,
    /// What did not fit, if anything.
    pub excess: Option<&'static str>,
    labels: Vec<LabelState>,
    dead: bool,
    /// The last word that a label was bound to.
    last_bound: u32,
}

impl Emitter {
    /// Control can come to the next word.
    pub fn is_reachable(&self) -> bool {
        !self.dead
    }

    pub fn here(&self) -> u32 {
        self.words.len() as u32
    }

    fn word(&mut self, word: u32) {
        if !self.dead {
            self.words.push(word);
        }
    }

    /// A register number as an instruction holds it.
    fn register(&mut self, register: u16) -> u8 {
        u8::try_from(register).unwrap_or_else(|_| {
            self.excess = Some("its expressions need more than 256 registers");
            u8::MAX
        })
    }

    // ---- instructions ----

    #[inline(never)]
    pub fn abc(&mut self, op: Op, a: u16, b: u16, c: u16) {
        let (a, b, c) = (self.register(a), self.register(b), self.register(c));
        self.word(abc(op, a, b, c));
        if matches!(op, Op::RET | Op::RETSELF | Op::RETHOME | Op::NLR) {
            self.dead = true;
        }
    }

    #[inline(never)]
    pub fn ad(&mut self, op: Op, a: u16, d: u16) {
        let a = self.register(a);
        self.word(ad(op, a, d));
    }

    /// The second word of an instruction.
    pub fn extra(&mut self, word: u32) {
        self.word(word);
    }

    /// Marks the next instruction as one that can fail, with its place.
    #[inline(never)]
    pub fn mark(&mut self, span: Span) {
        if self.dead {
            return;
        }
        let here = self.here();
        match self.source_map.last_mut() {
            Some(last) if last.0 == here => last.1 = span,
            Some(last) if last.1 == span => {}
            _ => self.source_map.push((here, span)),
        }
    }

    // ---- labels ----

    #[inline(never)]
    pub fn label(&mut self) -> Label {
        self.labels.push(LabelState::default());
        Label(self.labels.len() as u32 - 1)
    }

    /// The label is here. Jumps to it make this place reachable.
    pub fn bind(&mut self, label: Label) {
        let mut here = self.here();
        let references = std::mem::take(&mut self.labels[label.0 as usize].references);
        // A jump to the very next word says nothing.
        let is_jump = |word: u32| Op::of(word) == Some(Op::JMP);
        let mut kept = references.as_slice();
        if let Some((&last, before)) = references.split_last()
            && last + 1 == here
            && self.dead
            && self.last_bound != here
            && is_jump(self.words[last as usize])
        {
            self.words.pop();
            self.dead = false;
            here -= 1;
            kept = before;
        }
        self.labels[label.0 as usize].position = Some(here);
        self.last_bound = here;
        if !kept.is_empty() {
            self.dead = false;
        }
        for &word in kept {
            self.patch(word, here);
        }
    }

    /// The label is here, and jumps back to it will follow.
    pub fn bind_loop(&mut self, label: Label) {
        self.dead = false;
        self.bind(label);
    }

    /// A conditional jump: JT, JF, JNIL, JNNIL, JINT.
    pub fn branch(&mut self, op: Op, register: u16, label: Label) {
        self.ad(op, register, 0);
        self.refer(label);
    }

    /// JMP or LOOP.
    pub fn jump(&mut self, op: Op, label: Label) {
        self.word(jump(op, 0));
        self.refer(label);
        self.dead = true;
    }

    /// The JMP behind a skip: what follows is reachable by skipping it.
    pub fn jump_over(&mut self, label: Label) {
        self.word(jump(Op::JMP, 0));
        self.refer(label);
    }

    fn refer(&mut self, label: Label) {
        if self.dead {
            return;
        }
        let word = self.here() - 1;
        match self.labels[label.0 as usize].position {
            Some(position) => self.patch(word, position),
            None => self.labels[label.0 as usize].references.push(word),
        }
    }

    fn patch(&mut self, word: u32, target: u32) {
        let distance = i64::from(target) - i64::from(word) - 1;
        let old = self.words[word as usize];
        let is_long = matches!(Op::of(old), Some(Op::JMP | Op::LOOP));
        let limit = if is_long { 1 << 23 } else { 1 << 15 };
        if distance < -limit || distance >= limit {
            self.excess = Some("a conditional jump in it is too far");
            return;
        }
        let distance = distance as i32;
        self.words[word as usize] = if is_long {
            (old & 0xff) | (distance as u32) << 8
        } else {
            (old & 0xffff) | (distance as u32) << 16
        };
    }

    // ---- literals and sends ----

    /// Index of a new send site.
    pub fn site(&mut self, selector: &str, num_args: usize, to_super: bool) -> u16 {
        if self.dead {
            return 0;
        }
        let num_args = num_args as u8;
        self.sends.push(SendSite {
            selector: selector.to_string(),
            num_args,
            to_super,
        });
        self.index(self.sends.len() - 1, "it sends more than 65536 messages")
    }

    fn index(&mut self, index: usize, excess: &'static str) -> u16 {
        u16::try_from(index).unwrap_or_else(|_| {
            self.excess = Some(excess);
            0
        })
    }

    fn add(&mut self, literal: Literal) -> u16 {
        self.literals.push(literal);
        self.index(self.literals.len() - 1, "it has more than 65536 literals")
    }

    fn known(&self, same: impl Fn(&Literal) -> bool) -> Option<u16> {
        let from = self.literals.len().saturating_sub(SHARED_LITERALS);
        let found = self.literals[from..].iter().position(same)?;
        u16::try_from(from + found).ok()
    }

    pub fn constant(&mut self, constant: &ast::Literal) -> u16 {
        if self.dead {
            return 0;
        }
        let same =
            |other: &Literal| matches!(other, Literal::Constant(other) if is_same(other, constant));
        match self.known(same) {
            Some(index) => index,
            None => self.add(Literal::Constant(constant.clone())),
        }
    }

    pub fn variable(&mut self, variable: &Variable) -> u16 {
        if self.dead {
            return 0;
        }
        match self.known(|other| matches!(other, Literal::Variable(other) if other == variable)) {
            Some(index) => index,
            None => self.add(Literal::Variable(variable.clone())),
        }
    }

    pub fn block(&mut self, code: super::template::CodeTemplate) -> u16 {
        self.add(Literal::Block(Box::new(code)))
    }

    pub fn computed(&mut self, code: &super::template::CodeTemplate) -> u16 {
        if self.dead {
            return 0;
        }
        self.add(Literal::Computed(Box::new(code.clone())))
    }
}

/// The two can be one object. Arrays are kept apart: each occurrence is an object of its own.
fn is_same(a: &ast::Literal, b: &ast::Literal) -> bool {
    match (a, b) {
        (ast::Literal::Float(a), ast::Literal::Float(b)) => a.to_bits() == b.to_bits(),
        (ast::Literal::Array(_) | ast::Literal::ByteArray(_), _) => false,
        _ => a == b,
    }
}
