//! Quotient and remainder: by a limb, and row by row.
//!
//! Owns the reciprocals that stand for the machine's slow division, and algorithm D of Knuth, volume 2, 4.3.1; long
//! quotients are found by `recursive`. Must never be called with a divisor that is zero.

use super::limbs::{add, compare, shift_down, shift_up, subtract, subtract_product};
use super::recursive;
use std::cmp::Ordering;

/// A divisor of one limb, shifted so that its top bit is set, with `(2^128 - 1) / divisor - 2^64` (N. Möller and
/// T. Granlund, Improved division by invariant integers, 2011).
pub struct Limb {
    divisor: u64,
    shift: u32,
    reciprocal: u64,
}

impl Limb {
    pub fn new(divisor: u64) -> Limb {
        let shift = divisor.leading_zeros();
        let divisor = divisor << shift;
        let reciprocal = (u128::MAX / u128::from(divisor)) as u64;
        Limb {
            divisor,
            shift,
            reciprocal,
        }
    }

    /// `a = a / divisor`: the remainder.
    #[inline(never)]
    pub fn divide(&self, a: &mut [u64]) -> u64 {
        let mut rest = shift_up(a, self.shift);
        for x in a.iter_mut().rev() {
            (*x, rest) = self.quotient(rest, *x);
        }
        rest >> self.shift
    }

    /// Quotient and remainder of two limbs, the higher one below the divisor: their algorithm 4.
    #[inline(always)]
    fn quotient(&self, high: u64, low: u64) -> (u64, u64) {
        let (fraction, estimate) = self.reciprocal.carrying_mul(high, low);
        let mut quotient = estimate.wrapping_add(high).wrapping_add(1);
        let mut rest = low.wrapping_sub(quotient.wrapping_mul(self.divisor));
        if rest > fraction {
            quotient = quotient.wrapping_sub(1);
            rest = rest.wrapping_add(self.divisor);
        }
        if rest >= self.divisor {
            quotient = quotient.wrapping_add(1);
            rest -= self.divisor;
        }
        (quotient, rest)
    }
}

/// Quotient and remainder of trimmed numbers; the quotient may have a leading zero, the remainder many.
pub fn divide(a: &[u64], b: &[u64]) -> (Vec<u64>, Vec<u64>) {
    let n = b.len();
    if a.len() < n || compare(a, b) == Ordering::Less {
        return (Vec::new(), a.to_vec());
    }
    if let &[divisor] = b {
        let mut quotient = a.to_vec();
        let rest = Limb::new(divisor).divide(&mut quotient);
        return (quotient, vec![rest]);
    }
    // The divisor's top bit is set now, so its leading limbs tell the quotient's to a few units.
    let shift = b[n - 1].leading_zeros();
    let mut divisor = b.to_vec();
    shift_up(&mut divisor, shift);
    let mut rest = vec![0; a.len() + 1];
    rest[..a.len()].copy_from_slice(a);
    shift_up(&mut rest, shift);
    let mut quotient = vec![0; rest.len() - n];
    recursive::divide(&mut quotient, &mut rest, &divisor);
    rest.truncate(n);
    shift_down(&mut rest, shift);
    (quotient, rest)
}

/// Row by row: fills `quotient`, and leaves the remainder in the low limbs of `a`, which has as many limbs as quotient
/// and divisor. True if the quotient has another bit. The divisor has two limbs or more, and its top bit is set.
pub fn rows(quotient: &mut [u64], a: &mut [u64], divisor: &[u64]) -> bool {
    let n = divisor.len();
    let extra = compare(&a[quotient.len()..], divisor) != Ordering::Less;
    if extra {
        subtract(&mut a[quotient.len()..], divisor);
    }
    let lead = Lead::new(divisor[n - 1], divisor[n - 2]);
    for (j, place) in quotient.iter_mut().enumerate().rev() {
        let row = &mut a[j..=j + n];
        let mut limb = lead.estimate(row[n], row[n - 1], row[n - 2]);
        let borrow = subtract_product(&mut row[..n], divisor, limb);
        let (top, under) = row[n].overflowing_sub(borrow);
        row[n] = top;
        if under {
            limb -= 1;
            add(row, divisor);
        }
        *place = limb;
    }
    extra
}

/// The two leading limbs of a divisor, and `(2^192 - 1) / them - 2^64`.
pub struct Lead {
    high: u64,
    low: u64,
    reciprocal: u64,
}

impl Lead {
    /// Algorithm 6 of Möller and Granlund: from the reciprocal of the higher limb.
    pub fn new(high: u64, low: u64) -> Lead {
        let mut reciprocal = Limb::new(high).reciprocal;
        let (mut p, over) = high.wrapping_mul(reciprocal).overflowing_add(low);
        if over {
            reciprocal = reciprocal.wrapping_sub(1);
            if p >= high {
                reciprocal = reciprocal.wrapping_sub(1);
                p -= high;
            }
            p = p.wrapping_sub(high);
        }
        let (t0, t1) = reciprocal.carrying_mul(low, 0);
        let (p, over) = p.overflowing_add(t1);
        if over {
            reciprocal = reciprocal.wrapping_sub(1);
            if (p, t0) >= (high, low) {
                reciprocal = reciprocal.wrapping_sub(1);
            }
        }
        Lead {
            high,
            low,
            reciprocal,
        }
    }

    /// Their algorithm 5: the quotient of three limbs, and so that of the row, or one more.
    #[inline(always)]
    pub fn estimate(&self, a2: u64, a1: u64, a0: u64) -> u64 {
        if (a2, a1) >= (self.high, self.low) {
            return u64::MAX;
        }
        let two = |high: u64, low: u64| u128::from(high) << 64 | u128::from(low);
        let (fraction, estimate) = {
            let sum = (u128::from(self.reciprocal) * u128::from(a2)).wrapping_add(two(a2, a1));
            (sum as u64, (sum >> 64) as u64)
        };
        let top = a1.wrapping_sub(estimate.wrapping_mul(self.high));
        let divisor = two(self.high, self.low);
        let product = u128::from(self.low) * u128::from(estimate);
        let mut rest = two(top, a0).wrapping_sub(product).wrapping_sub(divisor);
        let mut quotient = estimate.wrapping_add(1);
        if (rest >> 64) as u64 >= fraction {
            quotient = quotient.wrapping_sub(1);
            rest = rest.wrapping_add(divisor);
        }
        if rest >= divisor {
            quotient = quotient.wrapping_add(1);
        }
        quotient
    }
}
