//! Fast paths of `at:`, `at:put:` and `size` on Arrays, ByteStrings and ByteArrays.

use super::*;

op! {
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

/// Whether a class is one whose bytes have an indexing instruction of their own.
#[inline(always)]
fn has_bytes(class: ClassIndex) -> bool {
    class == Known::ByteString.index() || class == Known::ByteArray.index()
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
