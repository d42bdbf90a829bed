//! Products: row by row, and of halves (Karatsuba and Ofman 1962); of thirds in `toom`.
//!
//! Owns the choice of the algorithm. Squares, which are told by both operands being one slice, take half the rows.
//! Must never write outside of `out`, which is as long as both operands together.

use super::limbs::{add, add_product, compare, subtract};
use super::toom;
use std::cmp::Ordering;

/// From so many limbs on, three products of halves are faster than four.
pub const KARATSUBA: usize = 28;

/// Squares row by row are faster, and stay so for longer.
pub const KARATSUBA_SQUARE: usize = 44;

/// From so many limbs on, five products of thirds are faster than nine.
pub const TOOM: usize = 200;

/// The product of two trimmed or untrimmed numbers.
#[inline(never)]
pub fn product(a: &[u64], b: &[u64]) -> Vec<u64> {
    let mut out = vec![0; a.len() + b.len()];
    multiply(&mut out, a, b);
    out
}

/// `out = a * b`.
pub fn multiply(out: &mut [u64], a: &[u64], b: &[u64]) {
    let (a, b) = if a.len() < b.len() { (b, a) } else { (a, b) };
    let n = b.len();
    if n < KARATSUBA {
        return match is_square(a, b) {
            true => square(out, a),
            false => rows(out, a, b),
        };
    }
    if a.len() == n {
        return balanced(out, a, b, &mut vec![0; scratch(n)]);
    }
    // Pieces of the long one, as long as the short one.
    out.fill(0);
    let mut product = vec![0; 2 * n + scratch(n)];
    for (i, piece) in a.chunks(n).enumerate() {
        let (product, scratch) = product.split_at_mut(n + piece.len());
        match piece.len() == n {
            true => balanced(product, piece, b, scratch),
            false => multiply(product, b, piece),
        }
        add(&mut out[i * n..], product);
    }
}

fn is_square(a: &[u64], b: &[u64]) -> bool {
    std::ptr::eq(a, b)
}

/// What `balanced` wants for operands of `n` limbs: twice their length, and what rounding up adds at each level.
fn scratch(n: usize) -> usize {
    match n {
        TOOM.. => 0,
        _ => 2 * n + 64,
    }
}

/// Operands of equal length.
fn balanced(out: &mut [u64], a: &[u64], b: &[u64], scratch: &mut [u64]) {
    let n = a.len();
    match is_square(a, b) {
        true if n < KARATSUBA_SQUARE => square(out, a),
        false if n < KARATSUBA => rows(out, a, b),
        _ if n < TOOM => karatsuba(out, a, b, scratch),
        _ => toom::multiply(out, a, b),
    }
}

/// Row by row: algorithm M of Knuth, volume 2, 4.3.1. The first operand is not the shorter one.
fn rows(out: &mut [u64], a: &[u64], b: &[u64]) {
    out[..a.len()].fill(0);
    for (i, &w) in b.iter().enumerate() {
        out[i + a.len()] = add_product(&mut out[i..i + a.len()], a, w);
    }
}

/// Each product of different limbs once, all of them doubled, and the squares of the limbs.
fn square(out: &mut [u64], a: &[u64]) {
    let n = a.len();
    out.fill(0);
    for (i, &w) in a.iter().enumerate() {
        out[i + n] = add_product(&mut out[2 * i + 1..i + n], &a[i + 1..], w);
    }
    let (mut shifted, mut carry) = (0, false);
    for (pair, &w) in out.chunks_exact_mut(2).zip(a) {
        let (low, high) = w.carrying_mul(w, 0);
        let doubled = [pair[0] << 1 | shifted, pair[1] << 1 | pair[0] >> 63];
        shifted = pair[1] >> 63;
        (pair[0], carry) = doubled[0].carrying_add(low, carry);
        (pair[1], carry) = doubled[1].carrying_add(high, carry);
    }
}

/// With `a = a1 B + a0` and `b` alike, the middle is `a0 b0 + a1 b1 - (a0 - a1)(b0 - b1)`: three products of halves.
fn karatsuba(out: &mut [u64], a: &[u64], b: &[u64], scratch: &mut [u64]) {
    let half = a.len().div_ceil(2);
    let ((a0, a1), (b0, b1)) = (a.split_at(half), b.split_at(half));
    let (middle, rest) = scratch.split_at_mut(2 * half);
    // The differences stand where the outer products will.
    let (x, y) = out.split_at_mut(half);
    let mut negative = difference(x, a0, a1);
    if is_square(a, b) {
        negative = false;
        balanced(middle, x, x, rest);
    } else {
        negative ^= difference(&mut y[..half], b0, b1);
        balanced(middle, x, &y[..half], rest);
    }
    let (low, high) = out.split_at_mut(2 * half);
    balanced(low, a0, b0, rest);
    balanced(high, a1, b1, rest);
    let sum = &mut rest[..2 * half + 1];
    sum[..2 * half].copy_from_slice(low);
    sum[2 * half] = 0;
    add(sum, high);
    match negative {
        true => add(sum, middle),
        false => subtract(sum, middle),
    };
    // The last limb is zero where there is no room for it.
    let target = &mut out[half..];
    let length = sum.len().min(target.len());
    add(target, &sum[..length]);
}

/// `out = |a - b|`, and whether `a` is the smaller one; `b` may be shorter by a limb.
fn difference(out: &mut [u64], a: &[u64], b: &[u64]) -> bool {
    let above = a.len() > b.len() && a[b.len()] != 0;
    let smaller = !above && compare(&a[..b.len()], b) == Ordering::Less;
    let (larger, other) = if smaller { (b, &a[..b.len()]) } else { (a, b) };
    out[..larger.len()].copy_from_slice(larger);
    out[larger.len()..].fill(0);
    subtract(out, other);
    smaller
}
