//! Exact powers.
//!
//! Owns the order of squares and products: Knuth, volume 2, 4.6.3, from the exponent's highest bit on, so that each
//! product is one with the short base. Must never be asked for more than memory holds.

use super::BigInt;

impl BigInt {
    /// The power with a positive exponent.
    pub fn power(&self, exponent: u64) -> BigInt {
        let Some(zeros) = self.trailing_zeros() else {
            return BigInt::default();
        };
        // Zeros at the end are not carried along.
        let odd = self.clone().abs().shifted_down(zeros);
        let mut power = odd.clone();
        for at in (0..exponent.ilog2()).rev() {
            power = power.product(&power);
            if exponent >> at & 1 == 1 {
                power = power.product(&odd);
            }
        }
        power.negative = self.negative && exponent & 1 == 1;
        power.shifted_up(zeros * exponent)
    }
}
