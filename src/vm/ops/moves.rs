//! Fast paths of what moves values and makes objects: registers, instance variables, globals, boxes, blocks, Arrays.

use super::*;

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
