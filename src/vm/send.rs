//! Sending: activation, primitives, doesNotUnderstand:.
//!
//! Owns the long way of a send. The short way is in `ops`; `find` finds the code, `link` tells the site.

use super::code::{Call, Primitive, code_value, kind};
use super::known::Known;
use super::process::Retry;
use super::symbols::SymbolId;
use super::{Fp, Outcome, Pc, PrimError, PrimFn, PrimResult, Vm, ops};
use crate::compiler::opcode::Op;
use crate::memory::{Format, Value};

/// Most arguments a primitive may have; the compiler allows no more.
pub const MAX_ARGS: usize = 255;

impl Vm {
    /// Does a send the long way: polls, looks up, links the site, activates.
    ///
    /// # Safety
    /// `pc` is behind the send instruction `insn` of the frame at `fp`.
    pub(crate) unsafe fn send(&mut self, pc: Pc, fp: Fp, insn: u32) -> Option<(Pc, Fp)> {
        // SAFETY: the caller's promise; see `ops` for registers and sites.
        unsafe {
            let window = ops::a(insn);
            let ic = Vm::site(pc, insn);
            let mut fp = fp;
            // A primitive that has failed already is not to be run again.
            if self.counter <= 0 && self.failed_primitive.is_none() {
                // Registers up to the arguments are live; the send is done again afterwards.
                let live = window + 3 + (*ic).num_args as usize;
                match self.safepoint(pc.sub(1), fp, live) {
                    super::safepoint::Then::Continue(f) => fp = f,
                    super::safepoint::Then::Go(p, f) => return Some((p, f)),
                    super::safepoint::Then::Exit => return None,
                }
            }
            let receiver = *fp.add(window + 2);
            let class = self.heap.class_of(receiver);
            let selector = (*ic).selector;
            let found = if (*ic).kind & kind::SUPER != 0 {
                self.find_super(fp, selector)
            } else {
                let op = insn as u8;
                if op == Op::SENDPRIM as u8 && (*ic).class == class {
                    Some((*ic).code)
                } else {
                    self.find_code(class, selector)
                }
            };
            let Some(code) = found else {
                return self.not_understood(pc, fp, window, selector, (*ic).num_args as usize);
            };
            if (*code).num_args != (*ic).num_args {
                // Only a method put under a selector of another arity can get here.
                return self.not_understood(pc, fp, window, selector, (*ic).num_args as usize);
            }
            // Where memory was short, the long way makes room and tries again.
            if let Some(error) = self
                .failed_primitive
                .take()
                .filter(|e| *e != PrimError::NoMemory)
            {
                let call = Call {
                    pc,
                    fp,
                    window,
                    num_args: (*code).num_args as usize,
                    code,
                };
                return self.without_answer(call, error);
            }
            if (*ic).class != class || (*ic).code != code {
                self.link(pc, insn, ic, class, code);
            }
            self.activate(Call {
                pc,
                fp,
                window,
                num_args: (*code).num_args as usize,
                code,
            })
        }
    }

    /// Runs `code` with the receiver and arguments in the window: its primitive first.
    ///
    /// # Safety
    /// The window holds the receiver and as many arguments as `code` takes.
    pub(crate) unsafe fn activate(&mut self, call: Call) -> Option<(Pc, Fp)> {
        // SAFETY: the caller's promise.
        unsafe {
            let code = call.code;
            self.live = call.window + 3 + call.num_args;
            let error = match (*code).primitive {
                Primitive::None => return self.enter(call, None),
                Primitive::Plain(function) => {
                    self.pc = call.pc;
                    self.fp = call.fp;
                    let mut result = self.call_function(call, function);
                    if result == Err(PrimError::NoMemory) {
                        if self.make_room(call) {
                            result = self.call_function(call, function);
                        }
                        if result == Err(PrimError::NoMemory) && (*code).error_reg != 0 {
                            // It is told why, and will say so. Others find out by what fails next.
                            self.open_memory_reserve();
                        }
                    }
                    self.counter -= 1;
                    match result {
                        Ok(v) => return self.answer(call, v),
                        Err(e) => e,
                    }
                }
                Primitive::Machine(_, args) if args > call.num_args => PrimError::BadNumArgs,
                Primitive::Machine(function, _) => {
                    self.pc = call.pc;
                    self.fp = call.fp;
                    self.counter -= 1;
                    match function(self, call) {
                        Outcome::Value(v) => return self.answer(call, v),
                        Outcome::Fail(e) => e,
                        Outcome::Jump(pc, fp) => return Some((pc, fp)),
                        Outcome::Exit => return None,
                    }
                }
                Primitive::Host(index) => {
                    self.counter -= 1;
                    return self.call_host_method(call, index);
                }
            };
            self.without_answer(call, error)
        }
    }

    /// What follows a primitive that gave no answer: the method's body, or waiting.
    unsafe fn without_answer(&mut self, call: Call, error: PrimError) -> Option<(Pc, Fp)> {
        // SAFETY: as for `activate`.
        unsafe {
            if let PrimError::Wait(semaphore) = error {
                return self.wait_within(call, semaphore);
            }
            let error = ((*call.code).error_reg != 0).then(|| error.code(self));
            self.enter(call, error)
        }
    }

    /// Calls a primitive with copies of what is in the window.
    unsafe fn call_function(&mut self, call: Call, function: PrimFn) -> PrimResult {
        // SAFETY: the window holds the receiver and the arguments.
        unsafe {
            let mut args = [Value::NIL; 12];
            let n = call.num_args + 1;
            if n <= args.len() {
                std::ptr::copy_nonoverlapping(call.fp.add(call.window + 2), args.as_mut_ptr(), n);
                function(self, &args[..n])
            } else {
                let many = std::slice::from_raw_parts(call.fp.add(call.window + 2), n).to_vec();
                function(self, &many)
            }
        }
    }

    /// Puts the answer of a primitive where the sender expects it.
    #[inline(always)]
    pub(super) unsafe fn answer(&mut self, call: Call, v: Value) -> Option<(Pc, Fp)> {
        // SAFETY: the window's first word receives the answer.
        unsafe { *call.fp.add(call.window) = v };
        if self.heap.collection_wanted {
            self.poll_soon();
        }
        Some((call.pc, call.fp))
    }

    /// Makes the frame of `code` and goes to its first instruction, the primitive left out.
    pub(crate) unsafe fn enter(&mut self, call: Call, error: Option<Value>) -> Option<(Pc, Fp)> {
        // SAFETY: as for `activate`.
        unsafe {
            let code = call.code;
            let mut fp = call.fp;
            let frame = (*code).frame as usize;
            if fp.add(call.window + 2 + frame) > self.limit {
                match self.grow_stack(fp, call.window + 2 + frame) {
                    Some(f) => fp = f,
                    None => return self.overflow(Call { fp, ..call }),
                }
            }
            let new = fp.add(call.window + 2);
            *new.sub(1) = Value(call.pc as u64 | 2);
            *new.sub(2) = code_value(code);
            if let Some(e) = error
                && (*code).error_reg != 0
            {
                *new.add((*code).error_reg as usize) = e;
            }
            self.counter -= 1;
            // A failed primitive's error code must survive the clearing of temporaries: the compiler leaves its register out.
            Some(((*code).entry, new))
        }
    }

    /// Nobody understands `selector`: the arguments become a Message.
    pub(crate) unsafe fn not_understood(
        &mut self,
        pc: Pc,
        fp: Fp,
        window: usize,
        selector: SymbolId,
        num_args: usize,
    ) -> Option<(Pc, Fp)> {
        // SAFETY: the window holds the receiver and the arguments; every frame has room for one argument more.
        unsafe {
            let receiver = *fp.add(window + 2);
            let args = std::slice::from_raw_parts(fp.add(window + 3), num_args).to_vec();
            let array = self.new_array_from(&args);
            let size = self
                .classes
                .get(Known::Message.index())
                .map_or(2, |c| c.inst_size.max(2));
            let message = self
                .heap
                .new_pointers(Known::Message.index(), Format::Fixed, size);
            let symbol = self.symbols.object(selector);
            self.heap.set_slot(message, 0, symbol);
            self.heap.set_slot(message, 1, array);
            let class = self.heap.class_of(receiver);
            let dnu = self.selectors.does_not_understand;
            let Some(code) = self.find_code(class, dnu) else {
                let class = self.classes.name(class);
                let text = self.symbols.text(selector).to_string();
                let text = format!("{class} does not understand #{text}, nor doesNotUnderstand:");
                return self.fail_send(pc, fp, window, text);
            };
            *fp.add(window + 3) = message;
            self.activate(Call {
                pc,
                fp,
                window,
                num_args: 1,
                code,
            })
        }
    }

    /// A send has no method at all: it becomes `Error signal: text`, so that handlers and clean-up blocks see it.
    unsafe fn fail_send(
        &mut self,
        pc: Pc,
        fp: Fp,
        window: usize,
        text: String,
    ) -> Option<(Pc, Fp)> {
        let class = self.global("Error").unwrap_or(Value::NIL);
        let (of, signal) = (self.heap.class_of(class), self.intern("signal:"));
        let found = self.find_code(of, signal);
        // SAFETY: the window has room for a receiver and an argument, as in `not_understood`.
        unsafe {
            // A method of one argument, whatever the class is that somebody named Error.
            match found.filter(|&code| (*code).num_args == 1) {
                Some(code) => {
                    *fp.add(window + 2) = class;
                    *fp.add(window + 3) = self.new_string(&text);
                    self.activate(Call {
                        pc,
                        fp,
                        window,
                        num_args: 1,
                        code,
                    })
                }
                None => self.fail_run("Error", text),
            }
        }
    }

    /// Sends a message from the frame at `fp`, with a window behind its registers; `retry` tells what its
    /// answer is for, and execution goes on at `pc`. At the depth limit it becomes `StackOverflow signalOverflow`.
    pub(crate) unsafe fn send_aside(
        &mut self,
        pc: Pc,
        fp: Fp,
        retry: Retry,
        selector: SymbolId,
        args: &[Value],
    ) -> Option<(Pc, Fp)> {
        // SAFETY: room for the window is made first; the note tells walkers the window's place.
        unsafe {
            let frame = (*super::code::value_code(*fp.sub(2))).frame as usize;
            let window = frame;
            let class = self.heap.class_of(args[0]);
            let (code, message) = match self.find_code(class, selector) {
                Some(code) => (code, None),
                None => {
                    let dnu = self.selectors.does_not_understand;
                    let array = self.new_array_from(&args[1..]);
                    let message = self
                        .heap
                        .new_pointers(Known::Message.index(), Format::Fixed, 2);
                    let symbol = self.symbols.object(selector);
                    self.heap.set_slot(message, 0, symbol);
                    self.heap.set_slot(message, 1, array);
                    let Some(code) = self.find_code(class, dnu) else {
                        let class = self.classes.name(class);
                        return self.fail_run(
                            "Error",
                            format!("{class} does not understand doesNotUnderstand:"),
                        );
                    };
                    (code, Some(message))
                }
            };
            let need = window + 2 + (*code).frame as usize;
            let fp = if fp.add(need) > self.limit {
                match self.grow_stack(fp, need) {
                    Some(f) => f,
                    None => return self.overflow_aside(pc, fp, retry),
                }
            } else {
                fp
            };
            let new = fp.add(window + 2);
            match message {
                Some(m) => {
                    *new = args[0];
                    *new.add(1) = m;
                }
                None => std::ptr::copy_nonoverlapping(args.as_ptr(), new, args.len()),
            }
            *new.sub(1) = Value(pc as u64 | 3);
            *new.sub(2) = code_value(code);
            let offset = self.offset(new);
            let slot = self.processes.active_slot;
            if let Some(note) = self.note_mut(slot, offset) {
                note.retry = Some(retry);
                note.window = Some(window as u16);
            }
            Some(((*code).entry, new))
        }
    }
}

/// The fast way of a primitive that is a function of its arguments: its answer, or 0 when the long way
/// is needed. When it was run and failed, `failed_primitive` says so.
///
/// # Safety
/// `pc` is behind the SENDPRIM instruction `insn` of the frame at `fp`, whose site holds for the receiver.
#[inline(never)]
pub(super) unsafe fn call_plain(vm: *mut Vm, pc: Pc, fp: Fp, insn: u32) -> Value {
    // SAFETY: the caller's promise.
    unsafe {
        let ic = Vm::site(pc, insn);
        let Primitive::Plain(function) = (*(*ic).code).primitive else {
            return Value(0);
        };
        let n = (*ic).num_args as usize + 1;
        let window = fp.add(ops::a(insn) + 2);
        let vm = &mut *vm;
        vm.pc = pc;
        vm.fp = fp;
        vm.live = ops::a(insn) + 2 + n;
        // Copies, since a primitive may run Smalltalk, which may move the stack.
        let result = match n {
            // Read one by one (hence volatile): they were stored so just now, and a wider load would wait for the stores.
            1 => function(vm, &[window.read_volatile()]),
            2 => function(vm, &[window.read_volatile(), window.add(1).read_volatile()]),
            3 => {
                let [x, y, z] = [0, 1, 2].map(|i| window.add(i).read_volatile());
                function(vm, &[x, y, z])
            }
            _ => return Value(0),
        };
        match result {
            Ok(v) => {
                if vm.heap.collection_wanted {
                    vm.poll_soon();
                }
                v
            }
            Err(e) => {
                vm.failed_primitive = Some(e);
                Value(0)
            }
        }
    }
}
