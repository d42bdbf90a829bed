//! The fast path of every instruction: written once, used by both dispatch forms.
//!
//! Each function does the common case and answers true, or changes nothing and answers false:
//! then `slow` does the whole instruction. No function here calls anything that is not inlined,
//! so that a handler of the threaded form needs no frame of its own.

#![allow(non_snake_case, unused_unsafe)]

use super::code::{self, Code, Ic, value_code};
use super::known::Known;
use super::{Fp, Pc, Vm};
use crate::memory::header;
use crate::memory::heap::slot_ptr;
use crate::memory::{ClassIndex, Format, Value};

/// Field A of an instruction.
#[inline(always)]
pub fn a(insn: u32) -> usize {
    (insn >> 8 & 0xff) as usize
}

/// Field B.
#[inline(always)]
pub fn b(insn: u32) -> usize {
    (insn >> 16 & 0xff) as usize
}

/// Field C.
#[inline(always)]
pub fn c(insn: u32) -> usize {
    (insn >> 24) as usize
}

/// Field D, unsigned.
#[inline(always)]
pub fn d(insn: u32) -> usize {
    (insn >> 16) as usize
}

/// Field D, signed.
#[inline(always)]
pub fn sd(insn: u32) -> isize {
    (insn as i32 >> 16) as isize
}

/// Field E, signed.
#[inline(always)]
pub fn e(insn: u32) -> isize {
    (insn as i32 >> 8) as isize
}

/// The word of a heap object's header.
///
/// # Safety
/// `v` must be a reference.
#[inline(always)]
pub unsafe fn header_of(v: Value) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { *(v.0 as *const u64) }
}

/// Class of any value.
///
/// # Safety
/// `v` must be valid.
#[inline(always)]
pub unsafe fn class_of(vm: *mut Vm, v: Value) -> ClassIndex {
    // SAFETY: a reference points at a header.
    unsafe {
        if v.is_object() {
            header::class_of(header_of(v))
        } else {
            (*vm).heap.immediate_class[v.0 as u8 as usize]
        }
    }
}

/// Slots of an object as its header has them. An object with more says 255, which is more than any
/// index in an instruction, so that what it has is at least not less.
#[inline(always)]
fn small_slots(word: u64) -> usize {
    (word >> header::SLOTS_SHIFT) as usize
}

/// Slots of any object.
///
/// # Safety
/// `v` must be a reference and `word` its header.
#[inline(always)]
pub unsafe fn slots_of(v: Value, word: u64) -> usize {
    let count = (word >> header::SLOTS_SHIFT) as usize;
    if count == header::LARGE_SLOTS as usize {
        // SAFETY: a large object has its size in front of the header.
        unsafe { (*(v.0 as *const u64).sub(1) & !crate::memory::heap::LARGE_MARK) as usize }
    } else {
        count
    }
}

/// Whether storing `value` into an object with header `word` needs the remembered set.
#[inline(always)]
unsafe fn needs_barrier(vm: *mut Vm, word: u64, value: Value) -> bool {
    // SAFETY: `vm` is the running machine.
    unsafe {
        word & (header::OLD | header::REMEMBERED) == header::OLD && (*vm).heap.is_young(value)
    }
}

/// Takes `words` words of eden; null when they are not there.
#[inline(always)]
unsafe fn bump(vm: *mut Vm, words: usize) -> *mut u64 {
    // SAFETY: `vm` is the running machine.
    unsafe {
        let at = (*vm).heap.alloc_ptr;
        let free = (*vm).heap.alloc_end as usize - at as usize;
        if words * 8 > free {
            return std::ptr::null_mut();
        }
        (*vm).heap.alloc_ptr = at.add(words);
        at
    }
}

macro_rules! op {
    ($($(#[$m:meta])* $name:ident ($vm:ident, $pc:ident, $fp:ident, $i:ident) $body:block)*) => {
        $($(#[$m])* #[inline(always)]
        pub unsafe fn $name($vm: *mut Vm, $pc: &mut Pc, $fp: &mut Fp, $i: u32) -> bool {
            // SAFETY (all instructions): the compiler and its verifier keep register numbers inside the
            // frame and jumps inside the code; `vm` is the running machine; values are valid until the next safepoint.
            unsafe { $body }
        })*
    };
}

macro_rules! reg {
    ($fp:expr, $i:expr) => {
        *(*$fp).add($i)
    };
}

op! {
    MOVE(_vm, _pc, fp, i) { reg!(fp, a(i)) = reg!(fp, b(i)); true }
    LOADI(_vm, _pc, fp, i) { reg!(fp, a(i)) = Value::int(sd(i) as i64); true }
    LOADV(_vm, _pc, fp, i) { reg!(fp, a(i)) = Value(d(i) as u64); true }
    LOADK(_vm, pc, fp, i) { reg!(fp, a(i)) = *(pc.sub(d(i)) as *const Value); true }
    NILS(_vm, _pc, fp, i) {
        for r in a(i)..a(i) + b(i) { reg!(fp, r) = Value::NIL; }
        true
    }
    GETIV(_vm, _pc, fp, i) {
        let o = reg!(fp, b(i));
        if !o.is_object() { return false; }
        let word = header_of(o);
        if c(i) >= small_slots(word) || !header::is_pointers(word) { return false; }
        reg!(fp, a(i)) = *slot_ptr(o, c(i));
        true
    }
    SETIV(vm, _pc, fp, i) {
        let o = reg!(fp, a(i));
        if !o.is_object() { return false; }
        let word = header_of(o);
        let v = reg!(fp, c(i));
        if b(i) >= small_slots(word) || word & header::READ_ONLY != 0 || !header::is_pointers(word)
            || needs_barrier(vm, word, v) { return false; }
        *slot_ptr(o, b(i)) = v;
        true
    }
    GETG(_vm, pc, fp, i) {
        let v = *slot_ptr(*(pc.sub(d(i)) as *const Value), 1);
        if v == Value::UNDEFINED { return false; }
        reg!(fp, a(i)) = v;
        true
    }
    SETG(vm, pc, fp, i) {
        let binding = *(pc.sub(d(i)) as *const Value);
        let v = reg!(fp, a(i));
        let word = header_of(binding);
        if needs_barrier(vm, word, v) || word & header::READ_ONLY != 0 { return false; }
        *slot_ptr(binding, 1) = v;
        true
    }
    MKBOX(vm, _pc, fp, i) {
        let n = b(i);
        if n >= header::LARGE_SLOTS as usize { return false; }
        let at = bump(vm, n.max(1) + 1);
        if at.is_null() { return false; }
        // Read-only, as Homes and closures are: only instructions of its own scope write to it.
        *at = header::make(Known::MethodHome.index(), Format::Indexable as u64, n) | header::READ_ONLY;
        let v = Value(at as u64);
        for k in 0..n.max(1) { *slot_ptr(v, k) = Value::NIL; }
        reg!(fp, a(i)) = v;
        true
    }
    GETBOX(_vm, _pc, fp, i) { reg!(fp, a(i)) = *slot_ptr(reg!(fp, b(i)), c(i)); true }
    SETBOX(vm, _pc, fp, i) {
        let o = reg!(fp, a(i));
        let v = reg!(fp, c(i));
        if needs_barrier(vm, header_of(o), v) { return false; }
        *slot_ptr(o, b(i)) = v;
        true
    }
    CLOSURE(vm, pc, fp, i) {
        let n = c(i);
        if n >= header::LARGE_SLOTS as usize - 1 { return false; }
        let at = bump(vm, n + 2);
        if at.is_null() { return false; }
        // Read-only: methods must not reach its code through an instance variable.
        *at = header::make(Known::BlockClosure.index(), Format::Indexable as u64, n + 1) | header::READ_ONLY;
        let v = Value(at as u64);
        *slot_ptr(v, 0) = *(pc.sub(**pc as usize) as *const Value);
        for k in 0..n { *slot_ptr(v, k + 1) = reg!(fp, b(i) + k); }
        reg!(fp, a(i)) = v;
        *pc = pc.add(1);
        true
    }
    GETCLO(_vm, _pc, fp, i) { reg!(fp, a(i)) = *slot_ptr(reg!(fp, 0), b(i)); true }
    HOME(vm, _pc, fp, i) {
        if reg!(fp, a(i)) != Value::NIL { return true; }
        let at = bump(vm, 3);
        if at.is_null() { return false; }
        // Read-only: walks take the offset in it on trust.
        *at = header::make(Known::MethodHome.index(), Format::Fixed as u64, 2) | header::READ_ONLY;
        let v = Value(at as u64);
        *slot_ptr(v, 0) = Value::int(fp.offset_from((*vm).base) as i64);
        *slot_ptr(v, 1) = (*vm).processes.active;
        reg!(fp, a(i)) = v;
        true
    }
    ARRAY(vm, _pc, fp, i) {
        let n = c(i);
        if n >= header::LARGE_SLOTS as usize { return false; }
        let at = bump(vm, n.max(1) + 1);
        if at.is_null() { return false; }
        *at = header::make(Known::Array.index(), Format::Indexable as u64, n);
        let v = Value(at as u64);
        *slot_ptr(v, 0) = Value::NIL;
        for k in 0..n { *slot_ptr(v, k) = reg!(fp, b(i) + k); }
        reg!(fp, a(i)) = v;
        true
    }
    ARRAYN(_vm, _pc, _fp, _i) { false }
    SETELT(vm, pc, fp, i) {
        let o = reg!(fp, a(i));
        let v = reg!(fp, b(i));
        // Code among the elements may have found the Array, and changed what it is.
        if !o.is_object() { return false; }
        let word = header_of(o);
        if word & header::CLASS_MASK != Known::Array.index() as u64 || **pc as usize >= slots_of(o, word)
            || needs_barrier(vm, word, v) { return false; }
        *slot_ptr(o, **pc as usize) = v;
        *pc = pc.add(1);
        true
    }
    THISCTX(_vm, _pc, _fp, _i) { false }
}

macro_rules! arithmetic {
    ($($name:ident, $b:ident, $c:ident, $int:expr, $float:expr;)*) => {
        op! { $($name(_vm, pc, fp, i) {
            let $b = reg!(fp, b(i));
            let $c = reg!(fp, c(i));
            let result = if $b.0 & $c.0 & 2 != 0 {
                $int
            } else if $b.0 & $c.0 & 4 != 0 {
                let f: Option<f64> = $float($b.float_unchecked(), $c.float_unchecked());
                f.and_then(Value::immediate_float)
            } else {
                None
            };
            match result {
                Some(v) => { reg!(fp, a(i)) = v; *pc = pc.add(2); true }
                None => really_sent(*pc, *fp, $b, $c),
            }
        })* }
    };
}

/// No result on Floats: the message is really sent.
fn none(_: f64, _: f64) -> Option<f64> {
    None
}

#[inline(always)]
fn tagged(n: Option<i64>) -> Option<Value> {
    n.map(|n| Value(n as u64))
}

arithmetic! {
    ADD, x, y, tagged((x.0 as i64 - 2).checked_add(y.0 as i64)), |p: f64, q: f64| Some(p + q);
    SUB, x, y, tagged((x.0 as i64).checked_sub(y.0 as i64 - 2)), |p: f64, q: f64| Some(p - q);
    MUL, x, y, tagged(x.int_unchecked().checked_mul(y.0 as i64 - 2).map(|n| n + 2)), |p: f64, q: f64| Some(p * q);
    DIV, x, y, {
        let (p, q) = (x.int_unchecked(), y.int_unchecked());
        if q != 0 && p % q == 0 { Value::try_int(p / q) } else { None }
    }, |p: f64, q: f64| (q != 0.0).then(|| p / q);
    IDIV, x, y, {
        let (p, q) = (x.int_unchecked(), y.int_unchecked());
        if q != 0 { Value::try_int(floor_div(p, q)) } else { None }
    }, none;
    MOD, x, y, {
        let (p, q) = (x.int_unchecked(), y.int_unchecked());
        if q != 0 { Some(Value::int(p - floor_div(p, q) * q)) } else { None }
    }, none;
    BAND, x, y, Some(Value(x.0 & y.0)), none;
    BOR, x, y, Some(Value(x.0 | y.0)), none;
    BXOR, x, y, Some(Value(x.0 ^ y.0 | 2)), none;
    SHIFT, x, y, {
        let (p, q) = (x.int_unchecked(), y.int_unchecked());
        if q <= 0 {
            Some(Value::int(p >> (-q).min(63)))
        } else if q < 60 && (p << q) >> q == p {
            Value::try_int(p << q)
        } else {
            None
        }
    }, none;
}

/// Quotient rounded towards negative infinity. `q` is not 0, and the operands have 61 bits.
#[inline(always)]
pub fn floor_div(p: i64, q: i64) -> i64 {
    let r = p / q;
    if p % q != 0 && (p < 0) != (q < 0) {
        r - 1
    } else {
        r
    }
}

op! {
    ADDI(_vm, pc, fp, i) {
        let x = reg!(fp, b(i));
        if x.0 & 2 == 0 { return false; }
        match (x.0 as i64).checked_add((c(i) as i64) << 3) {
            Some(n) => { reg!(fp, a(i)) = Value(n as u64); *pc = pc.add(2); true }
            None => false,
        }
    }
    SUBI(_vm, pc, fp, i) {
        let x = reg!(fp, b(i));
        if x.0 & 2 == 0 { return false; }
        match (x.0 as i64).checked_sub((c(i) as i64) << 3) {
            Some(n) => { reg!(fp, a(i)) = Value(n as u64); *pc = pc.add(2); true }
            None => false,
        }
    }
    UPTO(vm, pc, fp, i) {
        let (x, limit) = (reg!(fp, a(i)), reg!(fp, b(i)));
        if x.0 & limit.0 & 2 == 0 { return false; }
        let Some(n) = (x.0 as i64).checked_add((c(i) as i64) << 3) else { return false };
        go_on_counting(vm, pc, fp, i, n, n <= limit.0 as i64)
    }
    DOWNTO(vm, pc, fp, i) {
        let (x, limit) = (reg!(fp, a(i)), reg!(fp, b(i)));
        if x.0 & limit.0 & 2 == 0 { return false; }
        let Some(n) = (x.0 as i64).checked_sub((c(i) as i64) << 3) else { return false };
        go_on_counting(vm, pc, fp, i, n, n >= limit.0 as i64)
    }
    IDENT(_vm, _pc, fp, i) {
        reg!(fp, a(i)) = Value::bool(reg!(fp, b(i)) == reg!(fp, c(i)));
        true
    }
}

/// Over the stub of a counting loop's step and the comparison behind it, or backward by the offset in
/// that; a safepoint when it jumps.
#[inline(always)]
unsafe fn go_on_counting(
    vm: *mut Vm,
    pc: &mut Pc,
    fp: &mut Fp,
    insn: u32,
    n: i64,
    again: bool,
) -> bool {
    // SAFETY: the verifier has checked that the stub and the comparison stand at `pc`.
    unsafe {
        if again {
            // The long way only steps, and the comparison polls.
            (*vm).counter -= 1;
            if (*vm).counter < 0 {
                return false;
            }
            *pc = pc.offset(5 + sd(*pc.add(4)));
        } else {
            *pc = pc.add(5);
        }
        reg!(fp, a(insn)) = Value(n as u64);
        true
    }
}

/// The answer of a comparison of two SmallIntegers or two immediate Floats; none for others.
macro_rules! decide {
    ($x:expr, $y:expr, $op:tt) => {{
        let (x, y) = ($x, $y);
        if x.0 & y.0 & 2 != 0 {
            Some((x.0 as i64) $op (y.0 as i64))
        } else if x.0 & y.0 & 4 != 0 {
            Some(x.float_unchecked() $op y.float_unchecked())
        } else {
            None
        }
    }};
}

/// The same for equality, which Characters, nil and Booleans decide as well.
macro_rules! decide_equal {
    ($x:expr, $y:expr, $op:tt) => {{
        let (x, y) = ($x, $y);
        if x.0 & y.0 & 2 != 0 || (x.0 & 7 == 1 && y.0 & 7 == 1) {
            Some(x.0 $op y.0)
        } else if x.0 & y.0 & 4 != 0 {
            Some(x.float_unchecked() $op y.float_unchecked())
        } else {
            None
        }
    }};
}

macro_rules! comparisons {
    ($($value:ident $jt:ident $jti:ident $jf:ident $jfi:ident $how:ident $op:tt;)*) => {
        op! { $(
            $value(_vm, pc, fp, i) {
                let (x, y) = (reg!(fp, b(i)), reg!(fp, c(i)));
                let Some(yes) = $how!(x, y, $op) else { return really_sent(*pc, *fp, x, y) };
                reg!(fp, a(i)) = Value::bool(yes);
                *pc = pc.add(2);
                true
            }
            $jt(vm, pc, fp, i) {
                let (x, y) = (reg!(fp, a(i)), reg!(fp, b(i)));
                let Some(yes) = $how!(x, y, $op) else { return really_sent(*pc, *fp, x, y) };
                jump_if_true(vm, pc, yes)
            }
            $jti(vm, pc, fp, i) {
                let x = reg!(fp, a(i));
                if x.0 & 2 == 0 { return false; }
                let yes = (x.0 as i64) $op (Value::int(b(i) as i8 as i64).0 as i64);
                jump_if_true(vm, pc, yes)
            }
            $jf(_vm, pc, fp, i) {
                let (x, y) = (reg!(fp, a(i)), reg!(fp, b(i)));
                let Some(yes) = $how!(x, y, $op) else { return really_sent(*pc, *fp, x, y) };
                jump_if_false(pc, yes)
            }
            $jfi(_vm, pc, fp, i) {
                let x = reg!(fp, a(i));
                if x.0 & 2 == 0 { return false; }
                let yes = (x.0 as i64) $op (Value::int(b(i) as i8 as i64).0 as i64);
                jump_if_false(pc, yes)
            }
        )* }
    };
}

/// Arithmetic with an ordinary object as its receiver is sent, by the stub at `pc`, without a detour:
/// the operands go into its window, and execution goes on there. False for numbers, which the slow path knows.
#[inline(always)]
unsafe fn really_sent(pc: Pc, fp: Fp, x: Value, y: Value) -> bool {
    // SAFETY: the verifier has checked that a send stands at `pc`.
    unsafe {
        if !x.is_object() || header::class_of(header_of(x)) == Known::Float.index() {
            return false;
        }
        let window = fp.add(a(*pc) + 2);
        *window = x;
        *window.add(1) = y;
        true
    }
}

/// Whether a class is one whose bytes have an indexing instruction of their own.
#[inline(always)]
fn has_bytes(class: ClassIndex) -> bool {
    class == Known::ByteString.index() || class == Known::ByteArray.index()
}

/// Over the stub, or backward by the offset in it; a safepoint when it jumps.
#[inline(always)]
unsafe fn jump_if_true(vm: *mut Vm, pc: &mut Pc, yes: bool) -> bool {
    // SAFETY: the stub's second word is a JT with the offset.
    unsafe {
        if yes {
            (*vm).counter -= 1;
            if (*vm).counter < 0 {
                return false;
            }
            *pc = pc.add(2).offset(sd(*pc.add(1)));
        } else {
            *pc = pc.add(2);
        }
        true
    }
}

#[inline(always)]
unsafe fn jump_if_false(pc: &mut Pc, yes: bool) -> bool {
    // SAFETY: the stub's second word is a JF with the offset.
    unsafe {
        *pc = if yes {
            pc.add(2)
        } else {
            pc.add(2).offset(sd(*pc.add(1)))
        };
        true
    }
}

comparisons! {
    LT JLT JLTI JNLT JNLTI decide <;
    LE JLE JLEI JNLE JNLEI decide <=;
    GT JGT JGTI JNGT JNGTI decide >;
    GE JGE JGEI JNGE JNGEI decide >=;
    EQ JEQ JEQI JNEQ JNEQI decide_equal ==;
    NE JNE JNEI JNNE JNNEI decide_equal !=;
}

op! {
    SKIPIDENT(_vm, pc, fp, i) {
        if reg!(fp, a(i)) == reg!(fp, b(i)) { *pc = pc.add(1); }
        true
    }
    SKIPNIDENT(_vm, pc, fp, i) {
        if reg!(fp, a(i)) != reg!(fp, b(i)) { *pc = pc.add(1); }
        true
    }
    JNIL(_vm, pc, fp, i) {
        if reg!(fp, a(i)) == Value::NIL { *pc = pc.offset(sd(i)); }
        true
    }
    JNNIL(_vm, pc, fp, i) {
        if reg!(fp, a(i)) != Value::NIL { *pc = pc.offset(sd(i)); }
        true
    }
    JINT(_vm, pc, fp, i) {
        if reg!(fp, a(i)).is_int() { *pc = pc.offset(sd(i)); }
        true
    }
    JT(_vm, pc, fp, i) {
        let v = reg!(fp, a(i));
        if v == Value::TRUE { *pc = pc.offset(sd(i)); true } else { v == Value::FALSE }
    }
    JF(_vm, pc, fp, i) {
        let v = reg!(fp, a(i));
        if v == Value::FALSE { *pc = pc.offset(sd(i)); true } else { v == Value::TRUE }
    }
    JMP(_vm, pc, _fp, i) { *pc = pc.offset(e(i)); true }
    LOOP(vm, pc, _fp, i) {
        (*vm).counter -= 1;
        if (*vm).counter < 0 { return false; }
        *pc = pc.offset(e(i));
        true
    }
    AT(_vm, pc, fp, i) {
        let o = reg!(fp, b(i));
        let k = reg!(fp, c(i));
        if !o.is_object() { return false; }
        let word = header_of(o);
        let n = (k.int_unchecked() as usize).wrapping_sub(1);
        if header::class_of(word) != Known::Array.index() {
            return !has_bytes(header::class_of(word)) && really_sent(*pc, *fp, o, k);
        }
        if !k.is_int() || n >= slots_of(o, word) { return false; }
        reg!(fp, a(i)) = *slot_ptr(o, n);
        *pc = pc.add(2);
        true
    }
    ATBYTES(_vm, pc, fp, i) {
        let Some(v) = at_bytes(reg!(fp, b(i)), reg!(fp, c(i))) else { return false };
        reg!(fp, a(i)) = v;
        *pc = pc.add(2);
        true
    }
    ATANY(vm, pc, fp, i) { AT(vm, pc, fp, i) || ATBYTES(vm, pc, fp, i) }
    ATPUT(vm, pc, fp, i) {
        let o = reg!(fp, a(i));
        let k = reg!(fp, b(i));
        if !o.is_object() { return false; }
        let word = header_of(o);
        if word & (header::CLASS_MASK | header::READ_ONLY) != Known::Array.index() as u64 {
            let class = header::class_of(word);
            if class == Known::Array.index() || has_bytes(class) { return false; }
            // As in `really_sent`; the value may lie where the window is.
            let v = reg!(fp, c(i));
            let window = fp.add(a(**pc) + 2);
            *window = o;
            *window.add(1) = k;
            *window.add(2) = v;
            return true;
        }
        let n = (k.int_unchecked() as usize).wrapping_sub(1);
        if !k.is_int() || n >= slots_of(o, word) { return false; }
        let v = reg!(fp, c(i));
        if needs_barrier(vm, word, v) { return false; }
        *slot_ptr(o, n) = v;
        *pc = pc.add(1);
        true
    }
    ATPUTBYTES(_vm, pc, fp, i) {
        let o = reg!(fp, a(i));
        let k = reg!(fp, b(i));
        let v = reg!(fp, c(i));
        if !o.is_object() || !k.is_int() { return false; }
        let word = header_of(o);
        let n = (k.int_unchecked() as usize).wrapping_sub(1);
        let class = header::class_of(word);
        let byte = if class == Known::ByteArray.index() && v.is_int() {
            v.int_unchecked() as u64
        } else if class == Known::ByteString.index() && v.is_char() {
            v.0 >> 8
        } else {
            return false;
        };
        if byte > 255 || word & header::READ_ONLY != 0 || n >= byte_size(o, word) { return false; }
        *((o.0 + 8) as *mut u8).add(n) = byte as u8;
        *pc = pc.add(1);
        true
    }
    ATPUTANY(vm, pc, fp, i) { ATPUT(vm, pc, fp, i) || ATPUTBYTES(vm, pc, fp, i) }
    SIZE(_vm, pc, fp, i) {
        let o = reg!(fp, b(i));
        if !o.is_object() { return false; }
        let word = header_of(o);
        let class = header::class_of(word);
        let n = if class == Known::Array.index() {
            slots_of(o, word)
        } else if has_bytes(class) {
            byte_size(o, word)
        } else {
            *fp.add(a(**pc) + 2) = o;
            return true;
        };
        reg!(fp, a(i)) = Value::int(n as i64);
        *pc = pc.add(2);
        true
    }
}

/// Element `k` of a ByteString or ByteArray.
#[inline(always)]
unsafe fn at_bytes(o: Value, k: Value) -> Option<Value> {
    if !o.is_object() || !k.is_int() {
        return None;
    }
    // SAFETY: the class says that the object holds bytes, and the index is checked.
    unsafe {
        let word = header_of(o);
        let class = header::class_of(word);
        let is_string = class == Known::ByteString.index();
        let n = (k.int_unchecked() as usize).wrapping_sub(1);
        if !is_string && class != Known::ByteArray.index() || n >= byte_size(o, word) {
            return None;
        }
        let byte = *((o.0 + 8) as *const u8).add(n);
        Some(if is_string {
            Value::char(byte as u32)
        } else {
            Value::int(byte as i64)
        })
    }
}

/// Bytes of a byte object with header `word`.
#[inline(always)]
unsafe fn byte_size(o: Value, word: u64) -> usize {
    // SAFETY: the caller has checked the format by the class.
    unsafe { slots_of(o, word) * 8 - (word >> header::FORMAT_SHIFT & 7) as usize }
}

/// Enters `code` with its first instruction at `entry`: the window's two words become its links.
#[inline(always)]
unsafe fn enter(
    vm: *mut Vm,
    pc: &mut Pc,
    fp: &mut Fp,
    w: usize,
    frame: u16,
    code: *const Code,
    entry: Pc,
) -> bool {
    // SAFETY: the limit leaves room for the frame.
    unsafe {
        let new = fp.add(w + 2);
        if new.add(frame as usize) > (*vm).limit {
            return false;
        }
        (*vm).counter -= 1;
        if (*vm).counter < 0 {
            return false;
        }
        // Volatile, so that the two stores stay two: the return reads one of them at once.
        new.sub(1).write_volatile(Value(*pc as u64 + 2));
        *new.sub(2) = Value(code as u64 + 2);
        *fp = new;
        *pc = entry;
        true
    }
}

#[inline(always)]
unsafe fn site(pc: Pc, insn: u32) -> *mut Ic {
    // SAFETY: the loader put the distance of the cache into D.
    unsafe { pc.sub(d(insn)) as *mut Ic }
}

op! {
    SEND(vm, pc, fp, i) {
        let ic = site(*pc, i);
        if class_of(vm, reg!(fp, a(i) + 2)) != (*ic).class { return false; }
        enter(vm, pc, fp, a(i), (*ic).frame, (*ic).code, (*ic).entry)
    }
    SENDSUPER(vm, pc, fp, i) {
        let ic = site(*pc, i);
        if class_of(vm, reg!(fp, a(i) + 2)) != (*ic).class { return false; }
        enter(vm, pc, fp, a(i), (*ic).frame, (*ic).code, (*ic).entry)
    }
    VALUE(vm, pc, fp, i) {
        let v = reg!(fp, a(i) + 2);
        if !v.is_object() || header::class_of(header_of(v)) != Known::BlockClosure.index() { return false; }
        let code = value_code(*slot_ptr(v, 0));
        if (*code).num_args != (*site(*pc, i)).num_args { return false; }
        enter(vm, pc, fp, a(i), (*code).frame, code, (*code).entry)
    }
    RET(_vm, pc, fp, i) { leave(pc, fp, a(i)) }
    RETSELF(_vm, pc, fp, _i) { leave(pc, fp, 0) }
    RETHOME(_vm, pc, fp, i) {
        let home = reg!(fp, b(i));
        if !leave(pc, fp, a(i)) { return false; }
        if home != Value::NIL { *slot_ptr(home, 0) = Value::NIL; }
        true
    }
    NLR(_vm, _pc, _fp, _i) { false }
    SENDGET(vm, pc, fp, i) {
        let ic = site(*pc, i);
        let o = reg!(fp, a(i) + 2);
        if !o.is_object() { return false; }
        let word = header_of(o);
        if header::class_of(word) != (*ic).class || (*ic).extra as usize >= small_slots(word)
            || !header::is_pointers(word) { return false; }
        (*vm).counter -= 1;
        if (*vm).counter < 0 { return false; }
        reg!(fp, a(i)) = *slot_ptr(o, (*ic).extra as usize);
        true
    }
    SENDCONST(vm, pc, fp, i) {
        let ic = site(*pc, i);
        let v = reg!(fp, a(i) + 2);
        if class_of(vm, v) != (*ic).class { return false; }
        (*vm).counter -= 1;
        if (*vm).counter < 0 { return false; }
        reg!(fp, a(i)) = if (*ic).extra == 1 { v } else { Value((*ic).entry as u64) };
        true
    }
    SENDPRIM(vm, pc, fp, i) {
        let ic = site(*pc, i);
        if class_of(vm, reg!(fp, a(i) + 2)) != (*ic).class || (*vm).counter <= 0 { return false; }
        let answer = super::send::call_plain(vm, *pc, *fp, i);
        // The long way counts what it does itself: counted twice, a step would end before its only send.
        if answer.0 == 0 { return false; }
        (*vm).counter -= 1;
        reg!(fp, a(i)) = answer;
        true
    }
    SENDNEW(vm, pc, fp, i) {
        let ic = site(*pc, i);
        let class = reg!(fp, a(i) + 2);
        if class_of(vm, class) != (*ic).class { return false; }
        let slots = ((*ic).extra >> 22) as usize;
        let at = bump(vm, slots.max(1) + 1);
        if at.is_null() { return false; }
        *at = header::make((*ic).extra & header::CLASS_MASK as u32, Format::Fixed as u64, slots);
        let v = Value(at as u64);
        for k in 0..slots.max(1) { *slot_ptr(v, k) = Value::NIL; }
        if (*ic).entry.is_null() {
            (*vm).counter -= 1;
            if (*vm).counter < 0 { return false; }
            reg!(fp, a(i)) = v;
            return true;
        }
        reg!(fp, a(i) + 2) = v;
        if enter(vm, pc, fp, a(i), (*ic).frame, (*ic).code, (*ic).entry) { return true; }
        reg!(fp, a(i) + 2) = class;
        false
    }
    SENDPOLY(vm, pc, fp, i) {
        let ic = site(*pc, i);
        let class = class_of(vm, reg!(fp, a(i) + 2));
        let table = (*vm).polys.as_ptr().add((*ic).extra as usize) as *const super::cache::PolyEntry;
        for k in 0..super::cache::POLY {
            let entry = table.add(k);
            if (*entry).class == class {
                return enter(vm, pc, fp, a(i), (*entry).frame, (*entry).code, (*entry).entry);
            }
        }
        false
    }
    SENDMEGA(vm, pc, fp, i) {
        let ic = site(*pc, i);
        let code = (*vm).cache.get(class_of(vm, reg!(fp, a(i) + 2)), (*ic).selector);
        if code.is_null() || (*code).num_args != (*ic).num_args
            || !matches!((*code).primitive, code::Primitive::None) { return false; }
        enter(vm, pc, fp, a(i), (*code).frame, code, (*code).entry)
    }
    PROCEND(_vm, _pc, _fp, _i) { false }
    EXITRUN(_vm, _pc, _fp, _i) { false }
    PROBE(_vm, _pc, _fp, _i) { false }
}

/// Returns register `r` to the sender, whose send tells how far down its frame is.
#[inline(always)]
unsafe fn leave(pc: &mut Pc, fp: &mut Fp, r: usize) -> bool {
    // SAFETY: the link word holds the address behind the sender's send, with bit 1 set; bit 0 asks for the slow way.
    unsafe {
        let link = *fp.sub(1);
        if link.0 & 1 != 0 {
            return false;
        }
        let back = (link.0 - 2) as Pc;
        *fp.sub(2) = reg!(fp, r);
        *fp = fp.sub(2 + a(*back.sub(1)));
        *pc = back;
        true
    }
}

const _: () = assert!(code::flags::BLOCK != 0);
