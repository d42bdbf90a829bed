//! Products of thirds: A. L. Toom 1963, S. A. Cook 1966; Brent and Zimmermann, Modern Computer Arithmetic, 1.3.3.
//!
//! The operands are polynomials of second degree. Their values at 0, 1, -1, 2 and infinity, multiplied, are values of
//! the product, and these tell its five coefficients, none of which is negative. Must never be called with operands
//! so short that a third is of less than six limbs.

use super::limbs::{add, compare, shift_down, shift_up, subtract, subtract_product};
use super::multiply::multiply as product;
use std::cmp::Ordering;

/// `out = a * b`, both of the same length.
pub fn multiply(out: &mut [u64], a: &[u64], b: &[u64]) {
    let third = a.len().div_ceil(3);
    let width = third + 1;
    let is_square = std::ptr::eq(a, b);
    let mut memory = vec![0; 12 * width];
    let (points, products) = memory.split_at_mut(6 * width);
    let (p, q) = points.split_at_mut(3 * width);
    let mut negative = evaluate(p, a, third);
    let q = if is_square {
        negative = false;
        &*p
    } else {
        negative ^= evaluate(q, b, third);
        q
    };
    for (i, out) in products.chunks_exact_mut(2 * width).enumerate() {
        let at = i * width..(i + 1) * width;
        product(out, &p[at.clone()], &q[at]);
    }
    let (c0, above) = out.split_at_mut(2 * third);
    let (gap, c4) = above.split_at_mut(2 * third);
    product(c0, &a[..third], &b[..third]);
    gap.fill(0);
    product(c4, &a[2 * third..], &b[2 * third..]);

    let (at_one, others) = products.split_at_mut(2 * width);
    let (at_minus_one, at_two) = others.split_at_mut(2 * width);
    // The difference and the sum of the values at 1 and -1, halved.
    subtract(at_one, at_minus_one);
    shift_up(at_minus_one, 1);
    add(at_minus_one, at_one);
    shift_down(at_one, 1);
    shift_down(at_minus_one, 1);
    let (c2, c1) = match negative {
        true => (at_one, at_minus_one),
        false => (at_minus_one, at_one),
    };
    // c0 + c2 + c4 and c1 + c3 now. Half of the value at 2 without c0 is c1 + 2 c2 + 4 c3 + 8 c4.
    subtract(c2, c0);
    subtract(c2, c4);
    let c3 = at_two;
    subtract(c3, c0);
    shift_down(c3, 1);
    subtract(c3, c1);
    subtract_product(c3, c2, 2);
    let (low, high) = c3.split_at_mut(c4.len());
    let borrow = subtract_product(low, c4, 8);
    subtract(high, &[borrow]);
    divide_by_three(c3);
    subtract(c1, c3);
    for (i, c) in [&*c1, c2, c3].into_iter().enumerate() {
        let target = &mut out[(i + 1) * third..];
        let length = c.len().min(target.len());
        add(target, &c[..length]);
    }
}

/// The values at 1, -1 (its magnitude, and whether it is negative) and 2, one behind the other.
fn evaluate(points: &mut [u64], a: &[u64], third: usize) -> bool {
    let (a0, a1, a2) = (&a[..third], &a[third..2 * third], &a[2 * third..]);
    let width = third + 1;
    let (one, others) = points.split_at_mut(width);
    let (minus_one, two) = others.split_at_mut(width);
    one[..third].copy_from_slice(a0);
    one[third] = 0;
    add(one, a2);
    let negative = one[third] == 0 && compare(&one[..third], a1) == Ordering::Less;
    if negative {
        minus_one[..third].copy_from_slice(a1);
        minus_one[third] = 0;
        subtract(minus_one, one);
    } else {
        minus_one.copy_from_slice(one);
        subtract(minus_one, a1);
    }
    add(one, a1);
    two[..a2.len()].copy_from_slice(a2);
    two[a2.len()..].fill(0);
    shift_up(two, 1);
    add(two, a1);
    shift_up(two, 1);
    add(two, a0);
    negative
}

/// Exact division: each limb of the quotient is one of what is left times the inverse of 3 modulo 2^64 (Jebelean
/// 1993; Brent and Zimmermann, 1.4.5).
fn divide_by_three(a: &mut [u64]) {
    const INVERSE: u64 = u64::MAX / 3 * 2 + 1;
    let mut borrow = 0;
    for x in a {
        let (rest, under) = x.overflowing_sub(borrow);
        *x = rest.wrapping_mul(INVERSE);
        borrow = x.carrying_mul(3, 0).1 + u64::from(under);
    }
}
