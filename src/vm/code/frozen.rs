//! Code blocks without addresses: copied out of one machine, and into others.
//!
//! Owns that form. Caches are copied empty, values as places in a snapshot, blocks inside the code by number.

use super::{Code, Facts, Ic, Primitive, code_value, kind};
use crate::memory::Value;
use crate::vm::classes::MethodId;
use std::sync::Arc;

/// A code block as it is kept outside any machine.
pub struct FrozenCode {
    /// Caches that know nothing, literals, instructions.
    block: Box<[u64]>,
    sites: u32,
    literals: u32,
    num_args: u8,
    home_reg: u8,
    error_reg: u8,
    flags: u16,
    frame: u16,
    primitive: Primitive,
    method: MethodId,
    facts: Arc<Facts>,
    /// The blocks inside it: which literal stands for it, and its number.
    blocks: Vec<(u32, u32)>,
}

impl FrozenCode {
    /// A copy of `code`, whose blocks have these numbers.
    pub fn of(code: &Code, numbers: &[u32], mut place: impl FnMut(Value) -> Value) -> FrozenCode {
        let mut block = code.block.clone();
        let first = code.sites as usize * (size_of::<Ic>() / 8);
        for site in 0..code.sites as usize {
            // SAFETY: the caches lie at the block's front.
            let ic = unsafe { &mut *(block.as_mut_ptr() as *mut Ic).add(site) };
            ic.class = 0;
            ic.kind &= !kind::POLY;
            ic.extra = 0;
            (ic.entry, ic.code) = (std::ptr::null(), std::ptr::null());
        }
        let mut inner = code.blocks.iter().zip(numbers).peekable();
        let mut blocks = Vec::new();
        for (i, word) in block[first..][..code.literals as usize]
            .iter_mut()
            .enumerate()
        {
            match inner.next_if(|(b, _)| code_value(**b).0 == *word) {
                Some((_, &number)) => blocks.push((i as u32, number)),
                None => *word = place(Value(*word)).0,
            }
        }
        FrozenCode {
            block,
            sites: code.sites,
            literals: code.literals,
            num_args: code.num_args,
            home_reg: code.home_reg,
            error_reg: code.error_reg,
            flags: code.flags,
            frame: code.frame,
            primitive: code.primitive,
            method: code.method,
            facts: code.facts.clone(),
            blocks,
        }
    }

    /// The code for a machine: its blocks are missing.
    pub fn thaw(&self, object: impl Fn(Value) -> Value) -> Box<Code> {
        let mut block = self.block.clone();
        let first = self.sites as usize * (size_of::<Ic>() / 8);
        let (literals, instructions) = block[first..].split_at_mut(self.literals as usize);
        for word in literals {
            *word = object(Value(*word)).0;
        }
        Box::new(Code {
            entry: instructions.as_ptr() as *const u32,
            num_args: self.num_args,
            home_reg: self.home_reg,
            error_reg: self.error_reg,
            flags: self.flags,
            frame: self.frame,
            primitive: self.primitive,
            method: self.method,
            block,
            sites: self.sites,
            literals: self.literals,
            facts: self.facts.clone(),
            blocks: Vec::new(),
        })
    }

    /// Gives thawed code its blocks, which are among `all` by their numbers.
    pub fn link(&self, all: &mut [Box<Code>], own: usize) {
        for &(literal, number) in &self.blocks {
            let inner: *const Code = &*all[number as usize];
            let code = &mut all[own];
            // SAFETY: nothing runs yet, and nobody else looks at the block.
            let literals = unsafe { code.literals() };
            literals[literal as usize] = code_value(inner);
            code.blocks.push(inner);
        }
    }
}
