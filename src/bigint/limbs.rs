//! Loops over limbs, the least significant first: all that other files do is made of these.
//!
//! Owns addition, subtraction, shifts and products by one limb, in place. Must never allocate. Algorithms A, S and M
//! of Knuth, The Art of Computer Programming, volume 2, 4.3.1.

use std::cmp::Ordering;

/// Without leading zeros.
#[inline]
pub fn trimmed(a: &[u64]) -> &[u64] {
    let length = a.iter().rposition(|&limb| limb != 0).map_or(0, |i| i + 1);
    &a[..length]
}

/// Bits without leading zeros; `a` is trimmed.
pub fn bits(a: &[u64]) -> u64 {
    match a.last() {
        Some(top) => a.len() as u64 * 64 - u64::from(top.leading_zeros()),
        None => 0,
    }
}

/// Both of the same length, or both trimmed.
pub fn compare(a: &[u64], b: &[u64]) -> Ordering {
    let by_length = a.len().cmp(&b.len());
    by_length.then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

/// `a += b`, which is not longer: the carry out of `a`.
#[inline(never)]
pub fn add(a: &mut [u64], b: &[u64]) -> bool {
    let (low, high) = a.split_at_mut(b.len());
    let mut carry = false;
    for (x, &y) in low.iter_mut().zip(b) {
        (*x, carry) = x.carrying_add(y, carry);
    }
    carry && increment(high)
}

/// `a += 1`: the carry.
pub fn increment(a: &mut [u64]) -> bool {
    for x in a {
        *x = x.wrapping_add(1);
        if *x != 0 {
            return false;
        }
    }
    true
}

/// `a -= b`, which is not longer: the borrow out of `a`.
#[inline(never)]
pub fn subtract(a: &mut [u64], b: &[u64]) -> bool {
    let (low, high) = a.split_at_mut(b.len());
    let mut borrow = false;
    for (x, &y) in low.iter_mut().zip(b) {
        (*x, borrow) = x.borrowing_sub(y, borrow);
    }
    borrow && decrement(high)
}

/// `a -= 1`: the borrow.
pub fn decrement(a: &mut [u64]) -> bool {
    for x in a {
        *x = x.wrapping_sub(1);
        if *x != u64::MAX {
            return false;
        }
    }
    true
}

/// `a = a * w + carry`: the limb that does not fit.
#[inline(never)]
pub fn scale(a: &mut [u64], w: u64, mut carry: u64) -> u64 {
    for x in a {
        (*x, carry) = x.carrying_mul(w, carry);
    }
    carry
}

/// `out += a * w`, in as many limbs: the limb that does not fit.
#[inline(never)]
pub fn add_product(out: &mut [u64], a: &[u64], w: u64) -> u64 {
    let mut carry = 0;
    for (x, &y) in out.iter_mut().zip(a) {
        (*x, carry) = y.carrying_mul_add(w, *x, carry);
    }
    carry
}

/// `out -= a * w`, in as many limbs: what the limb above is to lose.
#[inline(never)]
pub fn subtract_product(out: &mut [u64], a: &[u64], w: u64) -> u64 {
    let mut carry = 0;
    for (x, &y) in out.iter_mut().zip(a) {
        // The opposite of a difference is a sum with the opposite, and needs one carry instead of two.
        let (opposite, high) = y.carrying_mul_add(w, !*x, carry);
        (*x, carry) = (!opposite, high);
    }
    carry
}

/// Towards the high end, by less than a limb: the bits that do not fit.
#[inline(never)]
pub fn shift_up(a: &mut [u64], by: u32) -> u64 {
    if by == 0 {
        return 0;
    }
    let mut carry = 0;
    for x in a {
        let next = *x >> (64 - by);
        *x = *x << by | carry;
        carry = next;
    }
    carry
}

/// Towards the low end, by less than a limb. What falls out is lost.
#[inline(never)]
pub fn shift_down(a: &mut [u64], by: u32) {
    if by == 0 {
        return;
    }
    let mut carry = 0;
    for x in a.iter_mut().rev() {
        let next = *x << (64 - by);
        *x = *x >> by | carry;
        carry = next;
    }
}
