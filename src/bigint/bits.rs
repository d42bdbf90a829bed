//! Integers as endless rows of bits in two's complement.
//!
//! Owns logic, shifts and single bits. Must never answer bits of the magnitude where the number is negative.

use super::BigInt;
use super::limbs::{decrement, increment, shift_down, shift_up};

impl BigInt {
    pub fn and(self, other: BigInt) -> BigInt {
        self.logic(other, true, false)
    }

    pub fn or(self, other: BigInt) -> BigInt {
        self.logic(other, true, true)
    }

    pub fn xor(self, other: BigInt) -> BigInt {
        self.logic(other, false, true)
    }

    /// The bits that are set in both, if `both` is, and those that are set in one only, if `one` is.
    #[inline(never)]
    fn logic(self, other: BigInt, both: bool, one: bool) -> BigInt {
        let (a, b) = (self.negative, other.negative);
        let negative = a & b & both | (a ^ b) & one;
        let (mut a, b) = complements(self, other);
        let mask = |wanted: bool| u64::from(wanted).wrapping_neg();
        let (both, one) = (mask(both), mask(one));
        for (x, &y) in a.iter_mut().zip(&b) {
            *x = *x & y & both | (*x ^ y) & one;
        }
        if negative {
            complement(&mut a);
        }
        BigInt::new(negative, a)
    }

    /// The bit at a position counted from 0, the lowest.
    pub fn bit(&self, at: u64) -> bool {
        let limb = self.limbs.get((at / 64) as usize).copied().unwrap_or(0);
        let bit = limb >> (at % 64) & 1 == 1;
        // Above the lowest bit that is set, a negative number has the opposite of its magnitude's bits.
        bit != (self.negative && self.trailing_zeros().is_some_and(|zeros| zeros < at))
    }

    /// How many bits below the lowest one that is set; none for zero.
    pub fn trailing_zeros(&self) -> Option<u64> {
        let at = self.limbs.iter().position(|&limb| limb != 0)?;
        Some(at as u64 * 64 + u64::from(self.limbs[at].trailing_zeros()))
    }

    /// Times a power of two.
    #[inline(never)]
    pub fn shifted_up(self, by: u64) -> BigInt {
        if self.is_zero() || by == 0 {
            return self;
        }
        let whole = (by / 64) as usize;
        let mut limbs = vec![0; whole + self.limbs.len() + 1];
        limbs[whole..whole + self.limbs.len()].copy_from_slice(&self.limbs);
        shift_up(&mut limbs[whole..], (by % 64) as u32);
        BigInt::new(self.negative, limbs)
    }

    /// Divided by a power of two, towards negative infinity.
    #[inline(never)]
    pub fn shifted_down(mut self, by: u64) -> BigInt {
        let whole = usize::try_from(by / 64).map_or(self.limbs.len(), |n| n.min(self.limbs.len()));
        let is_cut = self.trailing_zeros().is_some_and(|zeros| zeros < by);
        self.limbs.drain(..whole);
        shift_down(&mut self.limbs, (by % 64) as u32);
        if self.negative && is_cut && increment(&mut self.limbs) {
            self.limbs.push(1);
        }
        BigInt::new(self.negative, self.limbs)
    }
}

/// Both in two's complement, with as many limbs as make the last one all sign.
fn complements(mut a: BigInt, mut b: BigInt) -> (Vec<u64>, Vec<u64>) {
    let length = a.limbs.len().max(b.limbs.len()) + 1;
    for n in [&mut a, &mut b] {
        n.limbs.resize(length, 0);
        if n.negative {
            complement(&mut n.limbs);
        }
    }
    (a.limbs, b.limbs)
}

/// The opposite, in two's complement.
fn complement(limbs: &mut [u64]) {
    decrement(limbs);
    limbs.iter_mut().for_each(|x| *x = !*x);
}
