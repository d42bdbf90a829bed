//! What a send site learns of its receivers: one class, several, or a shorter form of the send.
//!
//! Owns the choice of the form. Must never look beyond the method that was found, nor run anything.

use super::cache::{POLY, PolyEntry};
use super::classes::MethodId;
use super::code::{Code, Ic, Primitive, flags, kind};
use super::known::Known;
use super::{Pc, Vm, ops};
use crate::compiler::opcode::Op;
use crate::memory::{ClassIndex, Format, Value};

impl Vm {
    /// Remembers at the send site what was found.
    pub(super) unsafe fn link(
        &mut self,
        pc: Pc,
        insn: u32,
        ic: *mut Ic,
        class: ClassIndex,
        code: *const Code,
    ) {
        // SAFETY: as for `send`.
        unsafe {
            let current = Op::of(insn);
            let is_super = (*ic).kind & kind::SUPER != 0;
            if current == Some(Op::VALUE) {
                return;
            }
            if (*ic).class != 0 && !is_super && current == Some(Op::SENDPOLY) {
                let table = &mut self.polys[(*ic).extra as usize];
                // Primitives take the long way, where the global cache finds them.
                if !matches!((*code).primitive, Primitive::None)
                    || table.iter().any(|e| e.class == class)
                {
                    return;
                }
                if let Some(free) = table.iter_mut().find(|e| e.class == 0) {
                    *free = PolyEntry {
                        class,
                        frame: (*code).frame,
                        entry: (*code).entry,
                        code,
                    };
                } else {
                    self.drop_poly(ic);
                    Vm::quicken(pc, Op::SENDMEGA);
                }
                return;
            }
            if (*ic).class != 0 && !is_super && (*ic).class != class {
                if current == Some(Op::SENDMEGA) {
                    return;
                }
                let mut table = [PolyEntry::EMPTY; POLY];
                let mut n = 0;
                // A SENDNEW site keeps the code of `initialize`, not of what it sends.
                let before = match current {
                    Some(Op::SENDNEW) => self
                        .find_code((*ic).class, (*ic).selector)
                        .unwrap_or(std::ptr::null()),
                    _ => (*ic).code,
                };
                for (c, k) in [((*ic).class, before), (class, code)] {
                    if !k.is_null() && matches!((*k).primitive, Primitive::None) {
                        table[n] = PolyEntry {
                            class: c,
                            frame: (*k).frame,
                            entry: (*k).entry,
                            code: k,
                        };
                        n += 1;
                    }
                }
                (*ic).extra = self.add_poly(table);
                (*ic).kind |= kind::POLY;
                (*ic).code = std::ptr::null();
                Vm::quicken(pc, Op::SENDPOLY);
                return;
            }
            (*ic).class = class;
            (*ic).code = code;
            (*ic).entry = (*code).entry;
            (*ic).frame = (*code).frame;
            let op = if is_super { Op::SENDSUPER } else { Op::SEND };
            Vm::quicken(pc, op);
            if is_super {
                if !matches!((*code).primitive, Primitive::None) {
                    (*ic).class = 0;
                }
                return;
            }
            match (*code).primitive {
                Primitive::None if self.quicken_new(pc, ic, class, code) => {}
                Primitive::None => self.quicken_simple(pc, ic, code),
                _ => Vm::quicken(pc, Op::SENDPRIM),
            }
        }
    }

    /// Methods that only answer a variable, the receiver or an immediate need no frame.
    unsafe fn quicken_simple(&mut self, pc: Pc, ic: *mut Ic, code: *const Code) {
        // SAFETY: as for `send`; the code block has at least one instruction, and two when the first is no return.
        unsafe {
            let first = *(*code).entry;
            match Op::of(first) {
                Some(Op::RETSELF) => {
                    (*ic).extra = 1;
                    Vm::quicken(pc, Op::SENDCONST);
                }
                Some(Op::GETIV) if ops::b(first) == 0 && returns(code, ops::a(first)) => {
                    (*ic).extra = ops::c(first) as u32;
                    Vm::quicken(pc, Op::SENDGET);
                }
                Some(Op::LOADV) if returns(code, ops::a(first)) => {
                    (*ic).extra = 0;
                    (*ic).entry = ops::d(first) as u64 as *const u32;
                    Vm::quicken(pc, Op::SENDCONST);
                }
                Some(Op::LOADI) if returns(code, ops::a(first)) => {
                    (*ic).extra = 0;
                    (*ic).entry = Value::int(ops::sd(first) as i64).0 as *const u32;
                    Vm::quicken(pc, Op::SENDCONST);
                }
                _ => {}
            }
        }
    }

    /// `Foo new` makes the instance in place, where `Behavior>>new` and `basicNew` are the library's own.
    unsafe fn quicken_new(
        &mut self,
        pc: Pc,
        ic: *mut Ic,
        class: ClassIndex,
        code: *const Code,
    ) -> bool {
        // SAFETY: as for `send`.
        unsafe {
            let Some(new) = self.new_method() else {
                return false;
            };
            if (*code).method != new || (*ic).selector != self.selectors.new {
                return false;
            }
            let Some(instances) = self.classes.get(class).and_then(|c| c.instance_side) else {
                return false;
            };
            let Some(info) = self.classes.get(instances) else {
                return false;
            };
            let slots = info.inst_size;
            if info.format != Format::Fixed
                || info.layout != "normal"
                || slots > 63
                || Vm::is_machine_class(instances)
            {
                return false;
            }
            let basic = self.lookup(class, self.selectors.basic_new);
            if basic
                .and_then(|m| self.classes.methods.get(m as usize))
                .map(|m| m.class)
                != Known::named("Behavior").or(self.behavior())
            {
                return false;
            }
            let Some(initialize) = self.find_code(instances, self.selectors.initialize) else {
                return false;
            };
            if !matches!((*initialize).primitive, Primitive::None) {
                return false;
            }
            let trivial = Op::of(*(*initialize).entry) == Some(Op::RETSELF);
            (*ic).extra = instances | (slots as u32) << 22;
            (*ic).code = initialize;
            (*ic).frame = (*initialize).frame;
            (*ic).entry = if trivial {
                std::ptr::null()
            } else {
                (*initialize).entry
            };
            Vm::quicken(pc, Op::SENDNEW);
            true
        }
    }

    /// Class Behavior.
    fn behavior(&self) -> Option<ClassIndex> {
        self.classes.get(Known::Class.index())?;
        self.classes
            .chain(Known::Class.index())
            .find(|&c| self.classes.get(c).is_some_and(|i| i.name == "Behavior"))
    }

    /// The method `Behavior>>new`.
    fn new_method(&mut self) -> Option<MethodId> {
        let behavior = self.behavior()?;
        self.list_methods(behavior);
        let methods = &self.classes.get(behavior)?.methods;
        methods.get(self.selectors.new)
    }
}

/// Whether the second instruction of `code` returns register `r`, and the method has no block that returns from it.
unsafe fn returns(code: *const Code, r: usize) -> bool {
    // SAFETY: code that does not start with a return has a second word.
    unsafe {
        let second = *(*code).entry.add(1);
        (*code).flags & flags::HOME == 0 && Op::of(second) == Some(Op::RET) && ops::a(second) == r
    }
}
