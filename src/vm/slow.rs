//! The long way of every instruction that has one.
//!
//! `step` does the whole instruction `insn`, whose fast path changed nothing; it answers where to
//! go on, or none when the run loop is to end.

use super::code::{flags, value_code};
use super::frame::FrameAt;
use super::known::Known;
use super::process::Retry;
use super::safepoint::Then;
use super::{Fp, Pc, Vm, ops};
use crate::compiler::opcode::Op;
use crate::memory::heap::slot_ptr;
use crate::memory::{Format, Value};

/// Does one instruction; `pc` is behind its first word. Answers where to go on: a null pc ends the run.
///
/// Two words, so that they come back in registers: an answer in memory would take the address of a
/// local in `dispatch::slow_handler`, and its jump to the next handler would become a call.
///
/// # Safety
/// As for `ops`.
#[cold]
#[inline(never)]
pub unsafe fn step(vm: &mut Vm, pc: Pc, fp: Fp, insn: u32) -> (Pc, Fp) {
    // SAFETY: the caller's promise.
    unsafe { instruction(vm, pc, fp, insn) }.unwrap_or((std::ptr::null(), fp))
}

unsafe fn instruction(vm: &mut Vm, pc: Pc, fp: Fp, insn: u32) -> Option<(Pc, Fp)> {
    use Op::*;
    // SAFETY: see `ops`.
    unsafe {
        let op = Op::of(insn)?;
        vm.pc = pc;
        vm.fp = fp;
        match op {
            SEND | SENDPRIM | SENDNEW | SENDGET | SENDCONST | SENDPOLY | SENDMEGA | SENDSUPER
            | VALUE => vm.send(pc, fp, insn),
            RET | RETSELF | RETHOME => {
                let value = *fp.add(if op == RETSELF { 0 } else { ops::a(insn) });
                if op == RETHOME {
                    vm.clear_home(vm.offset(fp));
                }
                vm.return_slowly(pc, fp, value)
            }
            NLR => vm.non_local_return(
                pc,
                fp,
                *fp.add(ops::a(insn)),
                *fp.add(ops::b(insn)),
                ops::a(insn),
            ),
            ADD | SUB | MUL | DIV | IDIV | MOD | BAND | BOR | BXOR | SHIFT | LT | LE | GT | GE
            | EQ | NE => {
                let (x, y) = (*fp.add(ops::b(insn)), *fp.add(ops::c(insn)));
                match vm.arithmetic(op, x, y) {
                    Some(v) => {
                        *fp.add(ops::a(insn)) = v;
                        Some((pc.add(2), fp))
                    }
                    None => stub(vm, pc, fp, &[x, y]),
                }
            }
            ADDI | SUBI | UPTO | DOWNTO => {
                let steps = matches!(op, UPTO | DOWNTO);
                let x = *fp.add(if steps { ops::a(insn) } else { ops::b(insn) });
                let y = Value::int(ops::c(insn) as i64);
                let adds = matches!(op, ADDI | UPTO);
                match vm.arithmetic(if adds { ADD } else { SUB }, x, y) {
                    Some(v) => {
                        *fp.add(ops::a(insn)) = v;
                        Some((pc.add(2), fp))
                    }
                    None => stub(vm, pc, fp, &[x, y]),
                }
            }
            JLT | JLE | JGT | JGE | JEQ | JNE | JNLT | JNLE | JNGT | JNGE | JNEQ | JNNE => {
                compare_and_branch(vm, pc, fp, op, *fp.add(ops::a(insn)), *fp.add(ops::b(insn)))
            }
            JLTI | JLEI | JGTI | JGEI | JEQI | JNEI | JNLTI | JNLEI | JNGTI | JNGEI | JNEQI
            | JNNEI => compare_and_branch(
                vm,
                pc,
                fp,
                op,
                *fp.add(ops::a(insn)),
                Value::int(ops::b(insn) as i8 as i64),
            ),
            LOOP => {
                let target = pc.offset(ops::e(insn));
                poll(vm, target, fp)
            }
            JT | JF => vm.branch_on(pc.sub(1), fp, *fp.add(ops::a(insn))),
            AT | ATBYTES | ATANY => {
                let (o, k) = (*fp.add(ops::b(insn)), *fp.add(ops::c(insn)));
                if let Some(other) = at_form(op, vm.heap.class_of(o), AT, ATBYTES, ATANY) {
                    Vm::quicken(pc, other);
                }
                if let Some(v) = element(vm, o, k) {
                    *fp.add(ops::a(insn)) = v;
                    return Some((pc.add(2), fp));
                }
                stub(vm, pc, fp, &[o, k])
            }
            ATPUT | ATPUTBYTES | ATPUTANY => {
                let (o, k, v) = (
                    *fp.add(ops::a(insn)),
                    *fp.add(ops::b(insn)),
                    *fp.add(ops::c(insn)),
                );
                if let Some(other) = at_form(op, vm.heap.class_of(o), ATPUT, ATPUTBYTES, ATPUTANY) {
                    Vm::quicken(pc, other);
                }
                if vm.heap.class_of(o) == Known::Array.index()
                    && !vm.heap.is_immutable(o)
                    && let Some(n) = k.as_int().map(|n| (n as usize).wrapping_sub(1))
                    && n < vm.heap.slots(o)
                {
                    vm.heap.set_slot(o, n, v);
                    return Some((pc.add(1), fp));
                }
                stub(vm, pc, fp, &[o, k, v])
            }
            SIZE => stub(vm, pc, fp, &[*fp.add(ops::b(insn))]),
            GETIV => {
                let o = *fp.add(ops::b(insn));
                let n = ops::c(insn);
                let inside = vm.heap.is_pointers(o) && n < vm.heap.slots(o);
                *fp.add(ops::a(insn)) = if inside { *slot_ptr(o, n) } else { Value::NIL };
                Some((pc, fp))
            }
            SETIV => {
                let (o, n, v) = (*fp.add(ops::a(insn)), ops::b(insn), *fp.add(ops::c(insn)));
                if vm.heap.is_immutable(o) {
                    return refuse_assignment(vm, pc, fp, [o, v], n);
                }
                if vm.heap.is_pointers(o) && n < vm.heap.slots(o) {
                    vm.heap.set_slot(o, n, v);
                }
                Some((pc, fp))
            }
            GETG => {
                let binding = *(pc.sub(ops::d(insn)) as *const Value);
                let name = vm.heap.slot(binding, 0);
                let class = vm.known(Known::UndefinedVariable);
                let selector = vm.selectors.signal_for;
                // The answer becomes the value of the expression.
                vm.send_aside(
                    pc,
                    fp,
                    Retry::Register(ops::a(insn) as u8),
                    selector,
                    &[class, name],
                )
            }
            SETG => {
                let binding = *(pc.sub(ops::d(insn)) as *const Value);
                let v = *fp.add(ops::a(insn));
                if vm.heap.is_immutable(binding) {
                    return refuse_assignment(vm, pc, fp, [binding, v], 1);
                }
                vm.heap.set_slot(binding, 1, v);
                Some((pc, fp))
            }
            SETBOX => {
                vm.heap
                    .set_slot(*fp.add(ops::a(insn)), ops::b(insn), *fp.add(ops::c(insn)));
                Some((pc, fp))
            }
            SETELT => {
                let (o, n) = (*fp.add(ops::a(insn)), *pc as usize);
                if vm.heap.is_pointers(o) && n < vm.heap.slots(o) {
                    vm.heap.set_slot(o, n, *fp.add(ops::b(insn)));
                }
                Some((pc.add(1), fp))
            }
            MKBOX | CLOSURE | HOME | ARRAY | ARRAYN => allocate(vm, pc, fp, insn, op),
            THISCTX => {
                let slot = vm.processes.active_slot;
                vm.pc = pc;
                vm.fp = fp;
                let frame = vm.top_frame();
                let context = vm.marry(slot, frame);
                *fp.add(ops::a(insn)) = context;
                Some((pc, fp))
            }
            PROCEND => {
                vm.end_active_process();
                vm.next_process()
            }
            EXITRUN => vm.exit_run(pc, fp, *fp.add(ops::a(insn))),
            PROBE => {
                let here = 0u8;
                vm.probes.push(&raw const here as usize);
                // With B set it ends the run: see `dispatch::canary`.
                if ops::b(insn) == 1 {
                    None
                } else {
                    Some((pc, fp))
                }
            }
            // These have no slow path: their fast path always succeeds.
            MOVE | LOADI | LOADV | LOADK | NILS | GETBOX | GETCLO | IDENT | SKIPIDENT
            | SKIPNIDENT | JNIL | JNNIL | JINT | JMP => Some((pc, fp)),
        }
    }
}

/// Copies the operands of the instruction in front of `pc` into the window of the send in its stub, and goes on there.
unsafe fn stub(vm: &mut Vm, pc: Pc, fp: Fp, operands: &[Value]) -> Option<(Pc, Fp)> {
    // SAFETY: the verifier has checked that a send stands at `pc`.
    unsafe {
        let insn = *pc;
        let window = ops::a(insn);
        for (i, &v) in operands.iter().enumerate() {
            *fp.add(window + 2 + i) = v;
        }
        debug_assert!(vm.counter < i64::MAX);
        Some((pc, fp))
    }
}

/// The form of an indexing instruction for a receiver of `class`, if it is not the one that `op` has.
fn at_form(op: Op, class: u32, array: Op, bytes: Op, any: Op) -> Option<Op> {
    let wanted = if class == Known::Array.index() {
        array
    } else if class == Known::ByteString.index() || class == Known::ByteArray.index() {
        bytes
    } else {
        return None;
    };
    // A site starts out as the form for Arrays; one that has seen bytes and then an Array is for both.
    match op {
        _ if op == wanted || op == any => None,
        _ if op == array => Some(bytes),
        _ => Some(any),
    }
}

/// What `at:` answers for the classes that the fast paths know.
fn element(vm: &Vm, o: Value, k: Value) -> Option<Value> {
    let n = usize::try_from(k.as_int()?).ok()?.checked_sub(1)?;
    let class = vm.heap.class_of(o);
    if class == Known::Array.index() {
        return vm.heap.pointer_slots(o).get(n).copied();
    }
    let byte = |v: Value| vm.heap.bytes(v).get(n).copied();
    if class == Known::ByteString.index() {
        byte(o).map(|b| Value::char(b as u32))
    } else if class == Known::ByteArray.index() {
        byte(o).map(|b| Value::int(b as i64))
    } else {
        None
    }
}

/// A comparison that the fast path could not decide, or a backward branch at the end of its grant.
unsafe fn compare_and_branch(
    vm: &mut Vm,
    pc: Pc,
    fp: Fp,
    op: Op,
    x: Value,
    y: Value,
) -> Option<(Pc, Fp)> {
    use Op::*;
    // SAFETY: the stub's second word holds the offset.
    unsafe {
        let (value, jumps_when) = match op {
            JLT | JLTI => (LT, true),
            JLE | JLEI => (LE, true),
            JGT | JGTI => (GT, true),
            JGE | JGEI => (GE, true),
            JEQ | JEQI => (EQ, true),
            JNE | JNEI => (NE, true),
            JNLT | JNLTI => (LT, false),
            JNLE | JNLEI => (LE, false),
            JNGT | JNGTI => (GT, false),
            JNGE | JNGEI => (GE, false),
            JNEQ | JNEQI => (EQ, false),
            _ => (NE, false),
        };
        match vm.arithmetic(value, x, y) {
            Some(v) => {
                let behind = pc.add(2);
                if (v == Value::TRUE) != jumps_when {
                    return Some((behind, fp));
                }
                let target = behind.offset(ops::sd(*pc.add(1)));
                if jumps_when {
                    // The fast path has counted where it could decide; where it could not, nothing else may be counted
                    // in the whole loop.
                    if vm.counter > 0 {
                        vm.counter -= 1;
                    }
                    if vm.counter <= 0 {
                        return poll(vm, target, fp);
                    }
                }
                Some((target, fp))
            }
            None => stub(vm, pc, fp, &[x, y]),
        }
    }
}

/// A safepoint at a jump to `target`.
unsafe fn poll(vm: &mut Vm, target: Pc, fp: Fp) -> Option<(Pc, Fp)> {
    // SAFETY: the frame's code tells its size.
    unsafe {
        let live = (*value_code(*fp.sub(2))).frame as usize;
        match vm.safepoint(target, fp, live) {
            Then::Continue(fp) => Some((target, fp)),
            Then::Go(pc, fp) => Some((pc, fp)),
            Then::Exit => None,
        }
    }
}

/// A read-only object is told that `value` was to become its variable `n`, counted from 0.
unsafe fn refuse_assignment(
    vm: &mut Vm,
    pc: Pc,
    fp: Fp,
    [object, value]: [Value; 2],
    n: usize,
) -> Option<(Pc, Fp)> {
    let arguments = [object, value, Value::int(n as i64 + 1)];
    let selector = vm.selectors.attempt_to_assign;
    // SAFETY: the caller's frame.
    unsafe { vm.send_aside(pc, fp, Retry::Drop, selector, &arguments) }
}

/// Allocation when eden is full, or of something large: collect, then allocate.
unsafe fn allocate(vm: &mut Vm, pc: Pc, fp: Fp, insn: u32, op: Op) -> Option<(Pc, Fp)> {
    // SAFETY: see `ops`.
    unsafe {
        let live = (*value_code(*fp.sub(2))).frame as usize;
        vm.pc = pc;
        vm.fp = fp;
        vm.collect_if_wanted(fp, live, true);
        if vm.stop.is_some() {
            vm.note_stop_at(pc.sub(1));
            return None;
        }
        let slots = match op {
            Op::MKBOX => ops::b(insn),
            Op::ARRAYN => ops::d(insn),
            Op::ARRAY => ops::c(insn),
            Op::HOME => 2,
            _ => ops::c(insn) + 1,
        };
        if !vm.heap.can_allocate(slots * 8 + 16) {
            vm.collect_all(fp, live);
        }
        if !vm.heap.can_allocate(slots * 8 + 16) {
            return vm.out_of_memory(pc.sub(1), fp);
        }
        let r = ops::a(insn);
        match op {
            Op::MKBOX | Op::ARRAYN => {
                // Temporaries shared with blocks are no Array that anybody could find and change.
                let class = if op == Op::MKBOX {
                    Known::MethodHome
                } else {
                    Known::Array
                };
                let v = vm
                    .heap
                    .new_pointers(class.index(), Format::Indexable, slots);
                vm.heap.set_immutable(v, op == Op::MKBOX);
                *fp.add(r) = v;
                Some((pc, fp))
            }
            Op::ARRAY => {
                let v = vm
                    .heap
                    .new_pointers(Known::Array.index(), Format::Indexable, slots);
                for k in 0..slots {
                    vm.heap.set_slot(v, k, *fp.add(ops::b(insn) + k));
                }
                *fp.add(r) = v;
                Some((pc, fp))
            }
            Op::HOME => {
                if *fp.add(r) == Value::NIL {
                    let v = vm
                        .heap
                        .new_pointers(Known::MethodHome.index(), Format::Fixed, 2);
                    vm.heap.set_slot(v, 0, Value::int(vm.offset(fp) as i64));
                    vm.heap.set_slot(v, 1, vm.processes.active);
                    vm.heap.set_immutable(v, true);
                    *fp.add(r) = v;
                }
                Some((pc, fp))
            }
            _ => {
                let v = vm
                    .heap
                    .new_pointers(Known::BlockClosure.index(), Format::Indexable, slots);
                vm.heap
                    .set_slot(v, 0, *(pc.sub(*pc as usize) as *const Value));
                for k in 1..slots {
                    vm.heap.set_slot(v, k, *fp.add(ops::b(insn) + k - 1));
                }
                vm.heap.set_immutable(v, true);
                *fp.add(r) = v;
                Some((pc.add(1), fp))
            }
        }
    }
}

impl Vm {
    /// A return from a frame with bit 0 set in its link word.
    unsafe fn return_slowly(&mut self, pc: Pc, fp: Fp, value: Value) -> Option<(Pc, Fp)> {
        // SAFETY: see `ops`.
        unsafe {
            debug_assert!((*value_code(*fp.sub(2))).flags & flags::BOUNDARY == 0);
            let note = self.drop_note(FrameAt::behind(self.offset(fp), pc));
            self.answer_from(fp, note, value)
        }
    }

    /// Goes on behind the JT or JF at `at`, or where it jumps to, by an answer to mustBeBoolean. The tested
    /// register, which may be a variable, stays as it is.
    pub(crate) unsafe fn branch_on(&mut self, at: Pc, fp: Fp, value: Value) -> Option<(Pc, Fp)> {
        // SAFETY: only sends in place of such an instruction come back to it.
        unsafe {
            let insn = *at;
            let behind = at.add(1);
            (self.pc, self.fp) = (behind, fp);
            match value.as_bool() {
                Some(yes) if yes == (Op::of(insn) == Some(Op::JT)) => {
                    Some((behind.offset(ops::sd(insn)), fp))
                }
                Some(_) => Some((behind, fp)),
                None => {
                    // An answer that is no Boolean either comes back here without a send that counts. What the
                    // register holds is asked once more then.
                    self.charge(1);
                    if self.counter <= 0 {
                        return poll(self, at, fp);
                    }
                    let selector = self.selectors.must_be_boolean;
                    self.send_aside(at, fp, Retry::Branch, selector, &[value])
                }
            }
        }
    }

    /// Arithmetic and comparison of numbers that the fast path leaves out: overflow, boxed and mixed Floats.
    fn arithmetic(&mut self, op: Op, x: Value, y: Value) -> Option<Value> {
        use Op::*;
        if let (Some(p), Some(q)) = (x.as_int(), y.as_int()) {
            let (p, q) = (p as i128, q as i128);
            return match op {
                ADD => Some(self.integer_from_i128(p + q)),
                SUB => Some(self.integer_from_i128(p - q)),
                MUL => Some(self.integer_from_i128(p * q)),
                IDIV if q != 0 => {
                    Some(self.integer_from_i128(
                        p.div_euclid(q) - (q < 0 && p.rem_euclid(q) != 0) as i128,
                    ))
                }
                DIV if q != 0 && p % q == 0 => Some(self.integer_from_i128(p / q)),
                SHIFT if (0..64).contains(&q) => Some(self.integer_from_i128(p << q)),
                LT => Some(Value::bool(p < q)),
                LE => Some(Value::bool(p <= q)),
                GT => Some(Value::bool(p > q)),
                GE => Some(Value::bool(p >= q)),
                EQ => Some(Value::bool(p == q)),
                NE => Some(Value::bool(p != q)),
                _ => None,
            };
        }
        let (p, q) = (self.small_as_float(x)?, self.small_as_float(y)?);
        Some(match op {
            ADD => self.heap.float(p + q),
            SUB => self.heap.float(p - q),
            MUL => self.heap.float(p * q),
            DIV if q != 0.0 => self.heap.float(p / q),
            LT => Value::bool(p < q),
            LE => Value::bool(p <= q),
            GT => Value::bool(p > q),
            GE => Value::bool(p >= q),
            EQ => Value::bool(p == q),
            NE => Value::bool(p != q),
            _ => return None,
        })
    }

    /// A Float, or a SmallInteger that a Float represents exactly.
    fn small_as_float(&self, v: Value) -> Option<f64> {
        match v.as_int() {
            Some(n) if n.unsigned_abs() < 1 << 53 => Some(n as f64),
            Some(_) => None,
            None => self.heap.as_float(v),
        }
    }
}
