//! Where variables live: registers, temp vectors, slots of closures; and the making of closures.
//!
//! Owns the layout of scopes and closures; must never decide which variables are shared.

use super::generate::Generator;
use super::opcode::Op;
use super::template::{Place, Temp};
use super::tree::{FunctionId, LocalId, ScopeId, Uses};

/// Where a variable lives.
#[derive(Clone, Copy, Debug)]
pub enum Storage {
    Register(u16),
    /// Element of a temp vector.
    Boxed(BoxId, u8),
}

/// A temp vector, by the order of its making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxId(u32);

/// What a closure holds from slot 3 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Captured {
    Value(LocalId),
    Box(BoxId),
}

/// Something captured, as the closure's own code sees it.
pub struct Slot {
    pub what: Captured,
    /// The register that holds it all the time, if it pays.
    pub register: Option<u16>,
}

/// Temp vectors have at most this many elements.
const MAX_BOX: usize = 255;
/// A closure holds at most so many values and vectors.
const MAX_CAPTURED: usize = 200;
/// Variables from this register on live in temp vectors.
const MAX_VARIABLE: u16 = 120;

/// What a scope has added to the frame.
pub struct OpenScope {
    top: u16,
    first_temp: usize,
}

impl Generator<'_, '_> {
    /// Gives the variable its register.
    pub fn bind_register(&mut self, id: LocalId, register: u16) {
        self.storage[id.0 as usize] = Some(Storage::Register(register));
        self.name_temp(id, register);
    }

    pub fn name_temp(&mut self, id: LocalId, register: u16) {
        if let Ok(register) = u8::try_from(register) {
            self.add_temp(id, Place::Register(register));
        }
    }

    fn add_temp(&mut self, id: LocalId, place: Place) {
        let name = self.tree.local(id).name.to_string();
        let start = self.f.code.here();
        self.f.temps.push(Temp {
            name,
            place,
            visible: start..u32::MAX,
        });
    }

    /// Gives the temporaries of a scope their places, as nil where that matters.
    /// `extra` is a register just below `top` that must be nil as well.
    pub fn open_scope(&mut self, id: ScopeId, extra: Option<u16>) -> OpenScope {
        let mark = OpenScope {
            top: self.f.top,
            first_temp: self.f.temps.len(),
        };
        let mut boxed = Vec::new();
        let mut nils = Vec::new();
        let mut plain = Vec::new();
        for &local in &self.tree.scope(id).locals {
            if self.storage[local.0 as usize].is_some() {
                continue;
            }
            let count = nils.len() + plain.len();
            if self.tree.is_shared(local) || self.f.top as usize + count >= MAX_VARIABLE as usize {
                boxed.push(local);
            } else if self.tree.local(local).needs_nil {
                nils.push(local);
            } else {
                plain.push(local);
            }
        }
        let first = extra.unwrap_or(self.f.top);
        for local in nils {
            let register = self.f.push();
            self.bind_register(local, register);
        }
        let count = self.f.top - first;
        if count > 0 {
            self.f.code.abc(Op::NILS, first, count, 0);
        }
        for local in plain {
            let register = self.f.push();
            self.bind_register(local, register);
        }
        for chunk in boxed.chunks(MAX_BOX) {
            self.open_box(chunk);
        }
        mark
    }

    fn open_box(&mut self, locals: &[LocalId]) {
        let register = self.f.push();
        let id = BoxId(self.boxes.len() as u32);
        self.boxes.push((self.f.id, register));
        self.f.code.abc(Op::MKBOX, register, locals.len() as u16, 0);
        for (index, &local) in locals.iter().enumerate() {
            let index = index as u8;
            self.storage[local.0 as usize] = Some(Storage::Boxed(id, index));
            if let Ok(register) = u8::try_from(register) {
                self.add_temp(local, Place::Box { register, index });
            }
        }
    }

    pub fn close_scope(&mut self, mark: OpenScope) {
        self.f.top = mark.top;
        let end = self.f.code.here();
        for temp in &mut self.f.temps[mark.first_temp..] {
            temp.visible.end = temp.visible.end.min(end);
        }
    }

    /// The register in which the variable lives in this function, if it does.
    pub fn register_of(&self, id: LocalId) -> Option<u16> {
        match self.storage[id.0 as usize]? {
            Storage::Register(register) if self.tree.local(id).function == self.f.id => {
                Some(register)
            }
            Storage::Register(_) => self
                .slot(Captured::Value(id))
                .and_then(|(_, register)| register),
            Storage::Boxed(..) => None,
        }
    }

    fn slot(&self, what: Captured) -> Option<(u16, Option<u16>)> {
        let index = self.f.slots.iter().position(|slot| slot.what == what)?;
        Some((index as u16 + 3, self.f.slots[index].register))
    }

    /// Loads a variable into a register.
    pub fn load_local(&mut self, id: LocalId, target: u16) {
        match self.storage[id.0 as usize] {
            Some(Storage::Boxed(vector, index)) => {
                let vector = self.box_register(vector, target);
                self.f
                    .code
                    .abc(Op::GETBOX, target, vector, u16::from(index));
            }
            Some(Storage::Register(_)) => self.load_captured(Captured::Value(id), target),
            None => self.f.code.abc(Op::NILS, target, 1, 0),
        }
    }

    /// Stores a register into a variable that has no register of its own.
    pub fn store(&mut self, id: LocalId, value: u16) {
        if let Some(Storage::Boxed(vector, index)) = self.storage[id.0 as usize] {
            let free = self.f.top.max(value.saturating_add(1));
            let vector = self.box_register(vector, free);
            self.f.touch(free.saturating_add(1));
            self.f.code.abc(Op::SETBOX, vector, u16::from(index), value);
        }
    }

    /// The register that holds a temp vector; it is loaded into `free` if none does.
    fn box_register(&mut self, id: BoxId, free: u16) -> u16 {
        let (function, register) = self.boxes[id.0 as usize];
        if function == self.f.id {
            return register;
        }
        match self.slot(Captured::Box(id)) {
            Some((_, Some(register))) => register,
            _ => {
                self.load_captured(Captured::Box(id), free);
                free
            }
        }
    }

    /// Loads something captured, from wherever this function has it.
    fn load_captured(&mut self, what: Captured, target: u16) {
        let own = match what {
            Captured::Value(id) => self.register_of(id),
            Captured::Box(id) => {
                let (function, register) = self.boxes[id.0 as usize];
                (function == self.f.id).then_some(register)
            }
        };
        match (own, self.slot(what)) {
            (Some(register), _) | (None, Some((_, Some(register)))) => self.copy(target, register),
            (None, Some((slot, None))) => self.f.code.abc(Op::GETCLO, target, slot, 0),
            (None, None) => self.f.code.abc(Op::NILS, target, 1, 0),
        }
    }

    /// The register that holds the receiver, if one does.
    pub fn self_register(&self) -> Option<u16> {
        if self.f.is_block {
            self.f.self_register
        } else {
            Some(0)
        }
    }

    /// Loads the receiver into a register.
    pub fn load_self(&mut self, target: u16) {
        match self.self_register() {
            Some(register) => self.copy(target, register),
            None => self.f.code.abc(Op::GETCLO, target, 2, 0),
        }
    }

    pub fn copy(&mut self, target: u16, source: u16) {
        if target != source {
            self.f.code.abc(Op::MOVE, target, source, 0);
        }
    }

    // ---- closures ----

    /// What the block needs from here: values and temp vectors, with their uses in the block.
    fn captures(&self, id: FunctionId) -> Vec<(Captured, Uses)> {
        let mut captured: Vec<(Captured, Uses)> = Vec::new();
        for &(local, uses) in &self.tree.function(id).free {
            if captured.len() > MAX_CAPTURED {
                break;
            }
            let what = match self.storage[local.0 as usize] {
                Some(Storage::Boxed(vector, _)) => Captured::Box(vector),
                _ => Captured::Value(local),
            };
            match captured.iter_mut().find(|(other, _)| *other == what) {
                Some((_, all)) => {
                    all.count += uses.count;
                    all.in_loop |= uses.in_loop;
                }
                None => captured.push((what, uses)),
            }
        }
        captured
    }

    /// Makes a closure in `target`; operands from `top` on are used and given back.
    pub fn closure(&mut self, id: FunctionId, target: u16) {
        if !self.f.code.is_reachable() {
            return;
        }
        let base = self.f.top;
        let captured = self.captures(id);
        if captured.len() > MAX_CAPTURED {
            self.f.code.excess = Some("one of its blocks uses more than 200 outer variables");
            return;
        }
        let home = self.f.push();
        if !self.tree.function(id).returns_home {
            self.f.code.abc(Op::NILS, home, 1, 0);
        } else if let Some(register) = self.f.home {
            self.f.code.abc(Op::HOME, register, 0, 0);
            self.copy(home, register);
        } else {
            self.f.code.abc(Op::GETCLO, home, 1, 0);
        }
        let receiver = self.f.push();
        self.load_self(receiver);
        for &(what, _) in &captured {
            let register = self.f.push();
            self.load_captured(what, register);
        }
        let code = self.block_code(id, &captured);
        let literal = self.f.code.block(code);
        self.mark(self.tree.function(id).span);
        self.f
            .code
            .abc(Op::CLOSURE, target, base, captured.len() as u16 + 2);
        self.f.code.extra(u32::from(literal));
        self.f.top = base;
    }
}
