//! Exact powers.
//!
//! Owns the order of squares and products: Knuth, volume 2, 4.6.3, from the exponent's highest bit on, so that each
//! product is one with the short base. Must never be asked for more than memory holds.

use super::BigInt;

impl BigInt {
    /// The power with a positive exponent.
    pub fn power(&self, exponent: u64) -> BigInt {
        let Some(zeros) = self.trailing_zeros().filter(|_| exponent > 1) else {
            return self.clone();
        };
        // Zeros at the end are not carried along.
        let shifted;
        let odd = match zeros {
            0 => self,
            _ => {
                shifted = self.clone().abs().shifted_down(zeros);
                &shifted
            }
        };
        let next_bit = |at: u32| exponent >> at & 1 == 1;
        let mut at = exponent.ilog2();
        let mut power = match odd.magnitude() {
            None => odd.clone(),
            Some(small) => {
                // As long as it fits, the power is a machine integer.
                let mut first = small;
                while at > 0
                    && let Some(square) = first.checked_mul(first)
                    && let Some(next) = square.checked_mul(if next_bit(at - 1) { small } else { 1 })
                {
                    (first, at) = (next, at - 1);
                }
                BigInt::from(first)
            }
        };
        for at in (0..at).rev() {
            power = power.product(&power);
            if next_bit(at) {
                power = power.product(odd);
            }
        }
        power.negative = self.negative && exponent & 1 == 1;
        power.shifted_up(zeros * exponent)
    }
}
