//! The integer part of roots.
//!
//! Owns Newton's method, each step with twice as many right bits as the one before (Brent and Zimmermann, Modern
//! Computer Arithmetic, 1.5). Must never be asked for an even root of a negative number.

use super::BigInt;
use super::divide::Limb;
use super::limbs::scale;

/// Shorter roots begin as Floats, longer ones with half of their bits.
const SHORT: u64 = 90;

/// What logarithms in Floats do not tell of a root, as a part of it.
const UNCERTAIN: f64 = 1.0 / (1u64 << 43) as f64;

impl BigInt {
    /// The root of a positive degree, towards zero.
    pub fn root(self, degree: u32) -> BigInt {
        let negative = self.negative;
        let n = self.abs();
        if let Some(n) = n.to_u128() {
            return BigInt::from(root_of_words(n, degree)).signed(negative);
        }
        if degree == 1 {
            return n.signed(negative);
        }
        if n.bits() <= u64::from(degree) {
            return BigInt::from(1u128).signed(negative);
        }
        let degree = u64::from(degree);
        let divisor = Limb::new(degree);
        let mut guess = above(&n, degree);
        let mut power = guess.power(degree - 1);
        loop {
            let quotient = n.divided_by(&power).0;
            let carry = scale(&mut guess.limbs, degree - 1, 0);
            if carry > 0 {
                guess.limbs.push(carry);
            }
            let mut sum = BigInt::new(false, guess.limbs).sum(quotient);
            divisor.divide(&mut sum.limbs);
            guess = BigInt::new(false, sum.limbs);
            power = guess.power(degree - 1);
            if power.product(&guess) <= n {
                return guess.signed(negative);
            }
        }
    }

    fn signed(self, negative: bool) -> BigInt {
        if negative { self.negated() } else { self }
    }
}

/// The root of a machine integer. Cube roots, the longest of those that come from Floats, have fewer bits than these
/// tell.
pub fn root_of_words(n: u128, degree: u32) -> u128 {
    match degree {
        1 => return n,
        2 => return n.isqrt(),
        _ => {}
    }
    let root = (n as f64).powf(1.0 / f64::from(degree));
    let mut root = (root * (1.0 + UNCERTAIN)) as u128;
    while root.checked_pow(degree).is_none_or(|power| power > n) {
        root -= 1;
    }
    root
}

/// A number above the root, and close to it. What Newton's method makes of it is never below the root.
fn above(n: &BigInt, degree: u64) -> BigInt {
    let root_bits = n.bits() / degree + 1;
    if root_bits > SHORT {
        // The leading half of the root's bits is the root of the leading bits.
        let half = root_bits / 2;
        let upper = n.clone().shifted_down(half * degree);
        let one = BigInt::from(1u128);
        return upper.root(degree as u32).sum(one).shifted_up(half);
    }
    let shift = n.bits().saturating_sub(64);
    let leading = n.clone().shifted_down(shift).to_f64();
    let root = ((leading.log2() + shift as f64) / degree as f64).exp2();
    BigInt::from_f64(root * (1.0 + UNCERTAIN) + 1.0).unwrap_or_default()
}
