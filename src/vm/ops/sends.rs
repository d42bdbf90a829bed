//! Fast paths of sends, blocks and returns, through inline caches.

use super::*;
use crate::vm::cache::{POLY, PolyEntry};
use crate::vm::send;

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
        let answer = send::call_plain(vm, *pc, *fp, i);
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
        let table = (*vm).polys.as_ptr().add((*ic).extra as usize) as *const PolyEntry;
        for k in 0..POLY {
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
