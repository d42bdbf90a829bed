//! Code blocks: what the machine executes.
//!
//! A block of memory holds the inline caches, the literals and the instruction words, in this
//! order; instructions reach the first two by their distance. Made from a template; never moves.

mod frozen;

pub use frozen::FrozenCode;

use super::classes::MethodId;
use super::symbols::SymbolId;
use super::{Machine, Outcome, PrimFn, Vm};
use crate::compiler::opcode::{Op, Shape};
use crate::compiler::template::{self, CodeTemplate, Literal};
use crate::memory::{Format, Value};
use std::sync::Arc;

/// An inline cache: what the send site found the last time.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Ic {
    /// Class of the receiver it holds for; 0 matches nothing.
    pub class: u32,
    pub num_args: u8,
    pub kind: u8,
    /// Slots that the target's frame needs.
    pub frame: u16,
    /// First instruction of the target. For a constant, the value itself.
    pub(crate) entry: *const u32,
    pub(crate) code: *const Code,
    pub selector: SymbolId,
    /// Getter: index of the variable. Polymorphic: index of the side table.
    pub extra: u32,
}

/// What a send to super and the site's history need to know.
pub mod kind {
    /// Lookup starts above the method's class.
    pub const SUPER: u8 = 1;
    /// The site owns the side table that `extra` names.
    pub const POLY: u8 = 2;
}

/// Facts that the interpreter tests, as bits of [`Code::flags`].
pub mod flags {
    /// Blocks of this method may return from it: a register holds its Home.
    pub const HOME: u16 = 1;
    /// `<primitive: 198>`: ensure: and ifCurtailed:.
    pub const UNWIND: u16 = 2;
    /// `<primitive: 199>`: on:do:.
    pub const HANDLER: u16 = 4;
    pub const BLOCK: u16 = 8;
    /// The bottom of a Process, or of a call from Rust: walks end here.
    pub const BOUNDARY: u16 = 16;
    /// There is a `^` in it or in a block in it.
    pub const RETURNS: u16 = 32;
    /// It or a block in it names the receiver or one of its variables.
    pub const NAMES_SELF: u16 = 64;
}

/// What runs before a method's own code.
#[derive(Clone, Copy)]
pub enum Primitive {
    None,
    /// A function of its arguments.
    Plain(PrimFn),
    /// One that changes what runs, and the arguments that it needs at least.
    Machine(Machine, usize),
    /// A Rust closure registered by the embedder.
    Host(u32),
}

/// What a pragma with one argument takes.
const PRAGMA: usize = 128;

/// Executable code of a method or a block.
pub struct Code {
    pub(crate) entry: *const u32,
    pub num_args: u8,
    pub home_reg: u8,
    /// Register for the error code of a failed primitive; 0 for none.
    pub error_reg: u8,
    pub flags: u16,
    /// Slots of the frame.
    pub frame: u16,
    pub primitive: Primitive,
    pub method: MethodId,
    /// Words of the whole block; kept for its address.
    block: Box<[u64]>,
    sites: u32,
    literals: u32,
    /// The template's facts about the source.
    pub facts: Arc<Facts>,
    /// Blocks inside this code.
    pub blocks: Vec<*const Code>,
}

/// What tools and traces ask of a code block.
pub struct Facts {
    pub words: usize,
    pub source_map: Vec<(u32, chirp_grammar::ast::Span)>,
    pub temps: Vec<template::Temp>,
    pub span: chirp_grammar::ast::Span,
    pub pragmas: Vec<chirp_grammar::ast::Pragma>,
}

impl Code {
    /// The inline caches.
    pub(crate) fn sites(&self) -> *mut Ic {
        self.block.as_ptr() as *mut Ic
    }

    pub fn site_count(&self) -> usize {
        self.sites as usize
    }

    /// The literal slots, which are roots.
    ///
    /// # Safety
    /// No other reference into the block may be alive.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn literals(&self) -> &mut [Value] {
        // SAFETY: the literals lie behind the caches, inside the block; they are only reached by raw pointers.
        unsafe {
            let start = (self.block.as_ptr() as *mut Value).add(self.sites as usize * 4);
            std::slice::from_raw_parts_mut(start, self.literals as usize)
        }
    }

    /// Whether `v` is one of the literals.
    pub fn has_literal(&self, v: Value) -> bool {
        // SAFETY: read at once; nobody writes literals but the collector.
        unsafe { self.literals() }.contains(&v)
    }

    /// A block of instruction words without sites and literals.
    pub(super) fn raw(
        block: Box<[u64]>,
        flags: u16,
        frame: u16,
        method: MethodId,
        primitive: Primitive,
        facts: Facts,
    ) -> Box<Code> {
        let entry = block.as_ptr() as *const u32;
        Box::new(Code {
            entry,
            num_args: 0,
            home_reg: 0,
            error_reg: 0,
            flags,
            frame,
            primitive,
            method,
            block,
            sites: 0,
            literals: 0,
            facts: Arc::new(facts),
            blocks: Vec::new(),
        })
    }

    /// What all of it takes.
    pub(super) fn bytes(&self) -> usize {
        let facts = &*self.facts;
        let names = facts.temps.iter().map(|t| t.name.len());
        size_of::<Code>()
            + size_of::<Facts>()
            + self.block.len() * 8
            + size_of_val(&*facts.source_map)
            + size_of_val(&*facts.temps)
            + names.sum::<usize>()
            + facts.pragmas.len() * PRAGMA
    }

    /// Index of the instruction word in front of a return address or at a pc.
    pub(crate) fn word_index(&self, pc: *const u32) -> usize {
        (pc as usize).wrapping_sub(self.entry as usize) / 4
    }

    /// Behind the instruction that tells where `frame` is in its source. Where it is at what comes next, and that has no
    /// place, it is the next one that has: in front of it stands something else after a jump.
    pub(crate) fn shown_pc(&self, frame: super::frame::FrameAt) -> *const u32 {
        let pc = frame.pc();
        let index = self.word_index(pc);
        if !frame.is_ahead() || index >= self.facts.words {
            return pc;
        }
        // SAFETY: it is one of the code's words, of which the machine changes only opcodes.
        if Op::of(unsafe { *pc }).is_some_and(Op::has_place) {
            return pc.wrapping_add(1);
        }
        let map = &self.facts.source_map;
        let next = map.partition_point(|(w, _)| (*w as usize) < index);
        map.get(next)
            .map_or(pc, |(w, _)| self.entry.wrapping_add(*w as usize + 1))
    }

    /// Place in the source of the instruction in front of `pc`.
    pub(crate) fn span_before(&self, pc: *const u32) -> chirp_grammar::ast::Span {
        let index = self.word_index(pc) as u32;
        let map = &self.facts.source_map;
        match map.partition_point(|(w, _)| *w < index) {
            0 => self.facts.span,
            n => map[n - 1].1,
        }
    }
}

/// Why a template could not be made into code.
#[derive(Debug)]
pub struct TooLarge;

impl Vm {
    /// Makes a code block, literals and all, and keeps it.
    pub fn load_code(
        &mut self,
        t: &CodeTemplate,
        method: MethodId,
    ) -> Result<*const Code, TooLarge> {
        let site_words = t.sends.len() * 4;
        let lit_words = t.literals.len();
        let head = site_words + lit_words;
        let mut block = vec![0u64; head + t.words.len().div_ceil(2)].into_boxed_slice();
        let mut blocks = Vec::new();
        for (i, literal) in t.literals.iter().enumerate() {
            let v = match literal {
                Literal::Constant(c) => self.literal_value(c),
                Literal::Variable(v) => self.variable_binding(v, method),
                Literal::Computed(c) => self.computed_constant(c, method)?,
                Literal::Block(b) => {
                    let code = self.load_code(b, method)?;
                    blocks.push(code);
                    code_value(code)
                }
            };
            block[site_words + i] = v.0;
        }
        for (i, site) in t.sends.iter().enumerate() {
            let selector = self.intern(&site.selector);
            let ic = Ic {
                class: 0,
                num_args: site.num_args,
                kind: if site.to_super { kind::SUPER } else { 0 },
                frame: 0,
                entry: std::ptr::null(),
                code: std::ptr::null(),
                selector,
                extra: 0,
            };
            // SAFETY: the block has room for all caches at its front, and 8-byte alignment is Ic's.
            unsafe { (block.as_mut_ptr() as *mut Ic).add(i).write(ic) };
        }
        // Operands become distances: index of the word behind the instruction, less the target's, in 32-bit words.
        let mut words = t.words.clone();
        let mut at = 0;
        while at < words.len() {
            let Some(op) = Op::of(words[at]) else {
                return Err(TooLarge);
            };
            let d = (words[at] >> 16) as usize;
            let here = head * 2 + at + 1;
            match op.shape() {
                Shape::ALit => {
                    words[at] = words[at] & 0xffff | distance(here, (site_words + d) * 2)? << 16
                }
                Shape::ASite => words[at] = words[at] & 0xffff | distance(here, d * 8)? << 16,
                Shape::ABCLit => {
                    let index = words[at + 1] as usize;
                    words[at + 1] = (here - (site_words + index) * 2) as u32;
                }
                _ => {}
            }
            at += op.length();
        }
        let entry = block[head..].as_mut_ptr() as *mut u32;
        // SAFETY: the block ends behind the words.
        unsafe { std::ptr::copy_nonoverlapping(words.as_ptr(), entry, words.len()) };
        let mut flag_bits = if t.is_block { flags::BLOCK } else { 0 };
        if t.home.is_some() && !t.is_block {
            flag_bits |= flags::HOME;
        }
        if t.returns {
            flag_bits |= flags::RETURNS;
        }
        if t.names_self {
            flag_bits |= flags::NAMES_SELF;
        }
        let mut primitive = Primitive::None;
        if let Some(p) = &t.primitive {
            match (p.number, &p.name) {
                (198, None) => flag_bits |= flags::UNWIND,
                (199, None) => flag_bits |= flags::HANDLER,
                _ => primitive = self.find_primitive(p),
            }
        }
        let code = Box::new(Code {
            entry,
            num_args: t.num_args,
            home_reg: t.home.unwrap_or(0),
            error_reg: t.primitive.as_ref().and_then(|p| p.error).unwrap_or(0),
            flags: flag_bits,
            frame: t.frame_size.max(t.num_args as u16 + 1) + 4,
            primitive,
            method,
            block,
            sites: t.sends.len() as u32,
            literals: lit_words as u32,
            facts: Arc::new(Facts {
                words: t.words.len(),
                source_map: t.source_map.clone(),
                temps: t.temps.clone(),
                span: t.span,
                pragmas: t.pragmas.clone(),
            }),
            blocks,
        });
        let pointer: *const Code = &*code;
        let bytes = code.bytes();
        self.code_bytes += bytes;
        self.note_kept(bytes);
        self.codes.push(code);
        Ok(pointer)
    }

    /// The object that computes a constant of `method` when it is first asked for it.
    pub(crate) fn computed_constant(
        &mut self,
        template: &CodeTemplate,
        method: MethodId,
    ) -> Result<Value, TooLarge> {
        let Some(m) = self.classes.methods.get(method as usize) else {
            return Ok(Value::NIL);
        };
        let (class, source) = (m.class, m.source.clone());
        let side = self.classes.get(class).map_or(class, |i| i.meta);
        let receiver = self.classes.get(class).map_or(Value::NIL, |i| i.object);
        let selector = self.intern(&template.selector);
        let id = self.add_do_it(side, selector, source);
        let code = self.load_code(template, id)?;
        self.classes.methods[id as usize].code = code;
        let holder = self
            .find_global("ComputedConstant")
            .and_then(|v| self.classes.index_of(v));
        let Some(holder) = holder else {
            return Ok(Value::NIL);
        };
        let computes = self.method_object(id);
        let v = self.heap.new_pointers_old(holder, Format::Fixed, 3);
        self.heap.set_slot(v, 0, computes);
        self.heap.set_slot(v, 1, receiver);
        Ok(v)
    }
}

fn distance(here: usize, target: usize) -> Result<u32, TooLarge> {
    let d = here - target;
    if d > 0xffff {
        Err(TooLarge)
    } else {
        Ok(d as u32)
    }
}

/// A code pointer as the SmallInteger that stands for it in closures and link words.
#[inline(always)]
pub(crate) fn code_value(code: *const Code) -> Value {
    Value(code as u64 | 2)
}

/// The pointer behind [`code_value`].
#[inline(always)]
pub(crate) fn value_code(v: Value) -> *const Code {
    (v.0 & !3) as *const Code
}

/// A primitive that the machine executes with access to the frames.
pub type MachineFn = unsafe fn(&mut Vm, Call) -> Outcome;

/// The send that called a machine primitive.
#[derive(Clone, Copy)]
pub struct Call {
    /// Where execution goes on after the send.
    pub(crate) pc: *const u32,
    /// The sender's frame.
    pub(crate) fp: *mut Value,
    /// Window of the send: the receiver is in register `window + 2`.
    pub window: usize,
    pub num_args: usize,
    /// The method whose primitive this is.
    pub(crate) code: *const Code,
}

impl Call {
    /// Argument `i`; 0 is the receiver.
    ///
    /// # Safety
    /// `i` must not exceed `num_args`.
    #[inline(always)]
    pub unsafe fn arg(&self, i: usize) -> Value {
        // SAFETY: the window holds the receiver and `num_args` arguments.
        unsafe { *self.fp.add(self.window + 2 + i) }
    }

    /// Clears the window's first two words, where a frame has its links and an earlier send left its answer.
    ///
    /// # Safety
    /// No frame has been made for this call.
    pub unsafe fn forget_earlier_answer(&self) {
        // SAFETY: the window lies in the sender's frame.
        unsafe {
            *self.fp.add(self.window) = Value::NIL;
            *self.fp.add(self.window + 1) = Value::NIL;
        }
    }
}
