//! The integer part of roots.
//!
//! Owns Newton's method, each step with twice as many right bits as the one before (Brent and Zimmermann, Modern
//! Computer Arithmetic, 1.5). Must never be asked for an even root of a negative number.

use super::BigInt;

/// Roots of so many bits come from Floats, whose logarithms have more.
const SHORT: u64 = 44;

impl BigInt {
    /// The root of a positive degree, towards zero.
    pub fn root(self, degree: u32) -> BigInt {
        let negative = self.negative;
        let n = self.abs();
        if n.is_zero() || degree == 1 {
            return n.signed(negative);
        }
        if n.bits() <= u64::from(degree) {
            return BigInt::from(1u128).signed(negative);
        }
        if degree == 2
            && let Some(n) = n.to_u128()
        {
            return BigInt::from(n.isqrt());
        }
        let degree = u64::from(degree);
        let less = BigInt::from(u128::from(degree - 1));
        let whole = BigInt::from(u128::from(degree));
        let mut guess = above(&n, degree);
        loop {
            let next = match degree {
                2 => guess.clone().sum(n.divided_by(&guess).0).shifted_down(1),
                _ => {
                    let quotient = n.divided_by(&guess.power(degree - 1)).0;
                    less.product(&guess).sum(quotient).divided_by(&whole).0
                }
            };
            if next >= guess {
                return guess.signed(negative);
            }
            guess = next;
        }
    }

    fn signed(self, negative: bool) -> BigInt {
        if negative { self.negated() } else { self }
    }
}

/// A number that is not below the root, and close to it.
fn above(n: &BigInt, degree: u64) -> BigInt {
    let root_bits = n.bits() / degree + 1;
    let one = BigInt::from(1u128);
    if root_bits > SHORT {
        // The leading half of the root's bits is the root of the leading bits.
        let half = root_bits / 2;
        let upper = n.clone().shifted_down(half * degree);
        return upper.root(degree as u32).sum(one).shifted_up(half);
    }
    let shift = n.bits().saturating_sub(64);
    let leading = n.clone().shifted_down(shift).to_f64();
    let root = ((leading.log2() + shift as f64) / degree as f64).exp2();
    BigInt::from_f64(root).unwrap_or_default().sum(one)
}
