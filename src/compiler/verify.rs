//! Checks that a template is well-formed: what the machine relies on without looking.
//!
//! Runs after each compilation in debug builds and in the tests, and before code from
//! elsewhere is loaded. Must never repair anything.

use std::fmt;

use super::opcode::{Op, Shape};
use super::template::{CodeTemplate, Literal, Place, SendSite};

/// The first thing found to be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Index of the instruction's word.
    pub word: usize,
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "word {}: {}", self.word, self.text)
    }
}

/// Link words in front of the receiver in a window.
const LINKS: usize = 2;

/// The words behind an instruction that belong to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stub {
    None,
    /// SEND w, MOVE A w.
    Value,
    /// SEND w, JT w.
    JumpTrue,
    /// SEND w, JF w.
    JumpFalse,
    /// SEND w.
    Send,
    /// JMP.
    Jump,
}

/// The stub that follows an instruction.
pub fn stub_of(op: Op) -> Stub {
    match op {
        Op::ADD
        | Op::SUB
        | Op::MUL
        | Op::DIV
        | Op::IDIV
        | Op::MOD
        | Op::BAND
        | Op::BOR
        | Op::BXOR
        | Op::SHIFT
        | Op::ADDI
        | Op::SUBI
        | Op::UPTO
        | Op::DOWNTO
        | Op::LT
        | Op::LE
        | Op::GT
        | Op::GE
        | Op::EQ
        | Op::NE
        | Op::AT
        | Op::SIZE => Stub::Value,
        Op::JLT
        | Op::JLE
        | Op::JGT
        | Op::JGE
        | Op::JEQ
        | Op::JNE
        | Op::JLTI
        | Op::JLEI
        | Op::JGTI
        | Op::JGEI
        | Op::JEQI
        | Op::JNEI => Stub::JumpTrue,
        Op::JNLT
        | Op::JNLE
        | Op::JNGT
        | Op::JNGE
        | Op::JNEQ
        | Op::JNNE
        | Op::JNLTI
        | Op::JNLEI
        | Op::JNGTI
        | Op::JNGEI
        | Op::JNEQI
        | Op::JNNEI => Stub::JumpFalse,
        Op::ATPUT => Stub::Send,
        Op::SKIPIDENT | Op::SKIPNIDENT => Stub::Jump,
        _ => Stub::None,
    }
}

/// Checks the code and all blocks in it.
pub fn verify(code: &CodeTemplate) -> Result<(), Problem> {
    let mut pending = vec![code];
    while let Some(code) = pending.pop() {
        Checker {
            code,
            starts: Vec::new(),
            stubs: Vec::new(),
            at: 0,
        }
        .run()?;
        pending.extend(code.literals.iter().filter_map(|literal| match literal {
            Literal::Block(code) | Literal::Computed(code) => Some(code.as_ref()),
            _ => None,
        }));
    }
    Ok(())
}

struct Checker<'c> {
    code: &'c CodeTemplate,
    /// The word is the first of an instruction.
    starts: Vec<bool>,
    /// The word is a SEND, MOVE, JT, JF or JMP that belongs to the instruction before it.
    stubs: Vec<bool>,
    at: usize,
}

impl Checker<'_> {
    fn fail<T>(&self, text: impl Into<String>) -> Result<T, Problem> {
        Err(Problem {
            word: self.at,
            text: text.into(),
        })
    }

    fn require(&self, condition: bool, text: &str) -> Result<(), Problem> {
        if condition { Ok(()) } else { self.fail(text) }
    }

    fn run(mut self) -> Result<(), Problem> {
        self.header()?;
        self.find_starts()?;
        let mut at = 0;
        let mut last = Op::MOVE;
        while at < self.code.words.len() {
            self.at = at;
            let word = self.code.words[at];
            let Some(op) = Op::of(word) else {
                return self.fail("no such instruction");
            };
            self.registers(op, word)?;
            self.indices(op, word)?;
            self.jump(op, word)?;
            self.stub(op, word)?;
            at += op.length();
            last = op;
        }
        let ends = matches!(
            last,
            Op::RET | Op::RETSELF | Op::RETHOME | Op::NLR | Op::JMP | Op::LOOP
        );
        self.require(ends, "control runs off the end")
    }

    fn header(&self) -> Result<(), Problem> {
        let code = self.code;
        let size = usize::from(code.frame_size);
        self.require(!code.words.is_empty(), "there is no code")?;
        self.require(size <= 256 + LINKS + 3, "the frame is too large")?;
        self.require(
            usize::from(code.num_args) < size,
            "the arguments do not fit in the frame",
        )?;
        let in_frame = |register: u8| usize::from(register) < size;
        self.require(
            code.home.is_none_or(in_frame),
            "the home's register lies outside the frame",
        )?;
        let error = code.primitive.as_ref().and_then(|p| p.error);
        self.require(
            error.is_none_or(in_frame),
            "the error code's register lies outside the frame",
        )?;
        for temp in &code.temps {
            let (Place::Register(register) | Place::Box { register, .. }) = temp.place;
            self.require(in_frame(register), "a variable lies outside the frame")?;
        }
        let map = &code.source_map;
        let ascending = map.windows(2).all(|pair| pair[0].0 < pair[1].0);
        self.require(ascending, "the source map is not in order")?;
        let inside = map
            .last()
            .is_none_or(|&(word, _)| (word as usize) < code.words.len());
        self.require(inside, "the source map goes beyond the code")
    }

    fn find_starts(&mut self) -> Result<(), Problem> {
        let words = &self.code.words;
        self.starts = vec![false; words.len()];
        self.stubs = vec![false; words.len()];
        while self.at < words.len() {
            let Some(op) = Op::of(words[self.at]) else {
                return self.fail("no such instruction");
            };
            self.require(
                op as u8 <= Op::NLR as u8,
                "the instruction is the machine's own",
            )?;
            self.starts[self.at] = true;
            let length = op.length();
            self.require(
                self.at + length <= words.len(),
                "the instruction is cut off",
            )?;
            let stub_words = match stub_of(op) {
                Stub::None => 0,
                Stub::Send | Stub::Jump => 1,
                Stub::Value | Stub::JumpTrue | Stub::JumpFalse => 2,
            };
            let behind = self.at + length;
            self.require(behind + stub_words <= words.len(), "the stub is cut off")?;
            self.stubs[behind..behind + stub_words].fill(true);
            self.at += length;
        }
        self.at = 0;
        Ok(())
    }

    /// Every register that the instruction names lies in the frame.
    fn registers(&self, op: Op, word: u32) -> Result<(), Problem> {
        let [_, a, b, c] = word.to_le_bytes().map(usize::from);
        let end = match op {
            Op::RETSELF | Op::JMP | Op::LOOP | Op::PROBE => 0,
            Op::NILS => a + b,
            Op::GETIV | Op::GETBOX | Op::ADDI | Op::SUBI | Op::UPTO | Op::DOWNTO => a.max(b) + 1,
            Op::SETIV | Op::SETBOX => a.max(c) + 1,
            Op::CLOSURE => (a + 1).max(b + c),
            Op::ARRAY => (a + 1).max(b + c),
            Op::MKBOX | Op::GETCLO => a + 1,
            Op::SEND | Op::SENDSUPER | Op::VALUE => {
                let args = self.site(word)?.num_args;
                a + LINKS + 1 + usize::from(args)
            }
            _ => match op.shape() {
                Shape::ABC | Shape::ABCLit => a.max(b).max(c) + 1,
                Shape::AB | Shape::ABWord if !is_immediate(op) => a.max(b) + 1,
                _ => a + 1,
            },
        };
        self.require(
            end <= usize::from(self.code.frame_size),
            "a register lies outside the frame",
        )?;
        match op {
            Op::CLOSURE => self.require(c >= 2, "a closure has fewer than two slots"),
            Op::MKBOX | Op::NILS => self.require(b > 0, "nothing is made nil"),
            Op::GETCLO => self.require(
                self.code.is_block && b > 0,
                "a closure's slot outside a block",
            ),
            Op::RETSELF | Op::HOME => {
                self.require(!self.code.is_block, "a method's instruction in a block")
            }
            _ => Ok(()),
        }
    }

    fn site(&self, word: u32) -> Result<&SendSite, Problem> {
        match self.code.sends.get((word >> 16) as usize) {
            Some(site) => Ok(site),
            None => self.fail("no such send site"),
        }
    }

    /// Literals and send sites exist, and are of the right kind.
    fn indices(&self, op: Op, word: u32) -> Result<(), Problem> {
        let literal = match op.shape() {
            Shape::ALit => self.code.literals.get((word >> 16) as usize),
            Shape::ABCLit => self
                .code
                .literals
                .get(self.code.words[self.at + 1] as usize),
            Shape::ASite => {
                let to_super = self.site(word)?.to_super;
                return self.require(
                    to_super == (op == Op::SENDSUPER),
                    "a site for the other kind of send",
                );
            }
            _ => return Ok(()),
        };
        let fits = match op {
            Op::LOADK => matches!(literal, Some(Literal::Constant(_) | Literal::Computed(_))),
            Op::GETG | Op::SETG => matches!(literal, Some(Literal::Variable(_))),
            Op::CLOSURE => matches!(literal, Some(Literal::Block(block)) if block.is_block),
            _ => literal.is_some(),
        };
        self.require(fits, "the literal does not exist or is of another kind")
    }

    fn jump(&self, op: Op, word: u32) -> Result<(), Problem> {
        let distance = match op.shape() {
            Shape::Jump => i64::from(word as i32 >> 8),
            Shape::AJump => i64::from((word as i32) >> 16),
            _ => return Ok(()),
        };
        let target = self.at as i64 + 1 + distance;
        let Ok(target) = usize::try_from(target) else {
            return self.fail("a jump goes before the code");
        };
        self.require(
            self.starts.get(target) == Some(&true),
            "a jump does not end at an instruction",
        )?;
        self.require(!self.stubs[target], "a jump ends in a stub")?;
        let backward = distance < 0;
        self.require(op != Op::LOOP || backward, "LOOP jumps forward")?;
        let may = op == Op::LOOP || op == Op::JMP || self.stubs[self.at];
        self.require(
            !backward || may,
            "a conditional jump without a safepoint goes back",
        )
    }

    fn stub(&self, op: Op, word: u32) -> Result<(), Problem> {
        let stub = stub_of(op);
        if stub == Stub::None {
            return Ok(());
        }
        let next = self.code.words[self.at + 1];
        let next_op = Op::of(next);
        if stub == Stub::Jump {
            return self.require(next_op == Some(Op::JMP), "a skip without JMP behind it");
        }
        self.require(next_op == Some(Op::SEND), "a stub without SEND")?;
        let args = match op {
            Op::SIZE => 0,
            Op::ATPUT => 2,
            _ => 1,
        };
        self.require(
            self.site(next)?.num_args == args,
            "a stub's site has another number of arguments",
        )?;
        if stub == Stub::Send {
            return Ok(());
        }
        let last = self.code.words[self.at + 2];
        let [_, window, ..] = next.to_le_bytes();
        let [_, a, b, _] = last.to_le_bytes();
        let fits = match stub {
            Stub::Value => {
                Op::of(last) == Some(Op::MOVE) && a == word.to_le_bytes()[1] && b == window
            }
            Stub::JumpTrue => Op::of(last) == Some(Op::JT) && a == window,
            // Forward only: this form is no safepoint.
            _ => Op::of(last) == Some(Op::JF) && a == window && last as i32 >= 0,
        };
        self.require(fits, "the stub's last word does not fit")?;
        self.step(op, word)
    }

    /// Behind the stub of a counting loop's step stands the comparison that it can do as well.
    fn step(&self, op: Op, word: u32) -> Result<(), Problem> {
        let test = match op {
            Op::UPTO => Op::JLE,
            Op::DOWNTO => Op::JGE,
            _ => return Ok(()),
        };
        let [_, counter, limit, _] = word.to_le_bytes();
        let next = self.code.words.get(self.at + 3).copied().unwrap_or(0);
        let [_, a, b, _] = next.to_le_bytes();
        let same = Op::of(next) == Some(test) && (a, b) == (counter, limit);
        self.require(same && a != b, "a step without its comparison")
    }
}

/// Field B is a number.
fn is_immediate(op: Op) -> bool {
    let range = |first: Op, last: Op| (first as u8..=last as u8).contains(&(op as u8));
    range(Op::JLTI, Op::JNEI) || range(Op::JNLTI, Op::JNNEI)
}
