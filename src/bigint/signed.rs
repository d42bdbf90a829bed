//! Arithmetic with signs: sums, products, and what the kinds of division make of quotient and remainder.
//!
//! Owns nothing but the rules of signs. Must never be asked to divide by zero.

use super::limbs::{add, compare, increment, subtract};
use super::{BigInt, divide, multiply};
use std::cmp::Ordering;

impl BigInt {
    pub fn negated(mut self) -> BigInt {
        self.negative = !self.negative && !self.is_zero();
        self
    }

    pub fn abs(mut self) -> BigInt {
        self.negative = false;
        self
    }

    pub fn difference(self, other: BigInt) -> BigInt {
        self.sum(other.negated())
    }

    #[inline(never)]
    pub fn sum(self, other: BigInt) -> BigInt {
        let order = compare(&self.limbs, &other.limbs);
        let (mut large, small) = match order {
            Ordering::Less => (other, self),
            _ => (self, other),
        };
        if large.negative == small.negative {
            if add(&mut large.limbs, &small.limbs) {
                large.limbs.push(1);
            }
            return large;
        }
        subtract(&mut large.limbs, &small.limbs);
        BigInt::new(large.negative, large.limbs)
    }

    pub fn product(&self, other: &BigInt) -> BigInt {
        let limbs = match self.limbs == other.limbs {
            true => multiply::product(&self.limbs, &self.limbs),
            false => multiply::product(&self.limbs, &other.limbs),
        };
        BigInt::new(self.negative != other.negative, limbs)
    }

    /// Quotient and remainder, towards zero.
    #[inline(never)]
    pub fn divided_by(&self, divisor: &BigInt) -> (BigInt, BigInt) {
        let (quotient, rest) = divide::divide(&self.limbs, &divisor.limbs);
        let negative = self.negative != divisor.negative;
        let quotient = BigInt::new(negative, quotient);
        (quotient, BigInt::new(self.negative, rest))
    }

    /// Quotient and remainder, towards negative infinity.
    pub fn floor_divided_by(&self, divisor: &BigInt) -> (BigInt, BigInt) {
        let (mut quotient, rest) = self.divided_by(divisor);
        if rest.is_zero() || self.negative == divisor.negative {
            return (quotient, rest);
        }
        quotient.negative = true;
        if increment(&mut quotient.limbs) {
            quotient.limbs.push(1);
        }
        (quotient, rest.sum(divisor.clone()))
    }
}
