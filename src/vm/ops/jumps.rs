//! Fast paths of comparisons, jumps and counting loops.

use super::*;

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
    IDENT(_vm, _pc, fp, i) {
        reg!(fp, a(i)) = Value::bool(reg!(fp, b(i)) == reg!(fp, c(i)));
        true
    }
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
