//! Fast paths of arithmetic on SmallIntegers and immediate Floats.

use super::*;

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
}
