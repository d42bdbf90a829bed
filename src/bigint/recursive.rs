//! Long quotients, half by half, so that most of the work is products (Burnikel and Ziegler, Fast recursive division,
//! 1998; Brent and Zimmermann, Modern Computer Arithmetic, 1.4.3).
//!
//! A quotient depends, but for a few units, on as many leading limbs of the divisor as it has itself: those divide
//! first, and what the others contribute is subtracted afterwards. Must never be called with a divisor of one limb, or
//! one whose top bit is not set.

use super::divide::rows;
use super::limbs::{add, decrement, subtract};
use super::multiply::product;

/// From so many limbs of the quotient on, and of the divisor, this is faster than row by row.
pub const RECURSIVE: usize = 40;

/// Fills `quotient`, and leaves the remainder in the low limbs of `a`, which has as many limbs as quotient and divisor;
/// the others become zero. True if the quotient has another bit.
pub fn divide(quotient: &mut [u64], a: &mut [u64], divisor: &[u64]) -> bool {
    let (m, n) = (quotient.len(), divisor.len());
    if m.min(n) < RECURSIVE {
        return rows(quotient, a, divisor);
    }
    if m < n {
        return by_leading_limbs(quotient, a, divisor);
    }
    // Upper limbs first: all but the last n, or half if there are no more than those. What is left is below the
    // divisor, so the rest of the quotient has no extra bit.
    let lower = if m > n { (m - 1) / n * n } else { m / 2 };
    let (low, high) = quotient.split_at_mut(lower);
    let extra = divide(high, &mut a[lower..], divisor);
    let block = if m > n { n } else { lower };
    let mut end = lower;
    while end > 0 {
        let start = end - block;
        divide(&mut low[start..end], &mut a[start..end + n], divisor);
        end = start;
    }
    extra
}

/// A quotient shorter than the divisor.
fn by_leading_limbs(quotient: &mut [u64], a: &mut [u64], divisor: &[u64]) -> bool {
    let (m, n) = (quotient.len(), divisor.len());
    let cut = n - m;
    let (rest, leading) = divisor.split_at(cut);
    let mut extra = divide(quotient, &mut a[cut..], leading);
    let mut owed = i32::from(subtract(&mut a[..n], &product(quotient, rest)));
    if extra {
        owed += i32::from(subtract(&mut a[m..n], rest));
    }
    // The quotient was too large by as much, two at most.
    while owed > 0 {
        owed -= i32::from(add(&mut a[..n], divisor));
        if decrement(quotient) {
            extra = false;
        }
    }
    extra
}
