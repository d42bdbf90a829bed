//! Greatest common divisors.
//!
//! Owns Lehmer's algorithm: the leading bits of two numbers tell several steps of Euclid's at once (D. H. Lehmer 1938,
//! in the form of Knuth, volume 2, 4.5.2, algorithm L). Must never take a step that the leading bits do not prove.

use super::BigInt;
use super::divide::Limb;
use super::limbs::{add, add_product, subtract, subtract_product};

/// So many leading bits tell the quotients of the next steps.
const LEADING: u64 = 62;

impl BigInt {
    /// The greatest common divisor, never negative; zero when both are.
    pub fn gcd(self, other: BigInt) -> BigInt {
        let (mut a, mut b) = (self.abs(), other.abs());
        if a < b {
            (a, b) = (b, a);
        }
        while b.limbs.len() > 1 {
            a.euclid(&mut b);
        }
        if let &[small] = b.limbs() {
            let rest = Limb::new(small).divide(&mut a.limbs);
            return BigInt::from(u128::from(gcd_of_words(small, rest)));
        }
        a
    }

    /// One step of Euclid's algorithm, or many at once: two smaller numbers with the same divisor. Both are positive,
    /// and the argument is not the larger one.
    pub fn euclid(&mut self, other: &mut BigInt) {
        if let Some([[p, q], [r, s]]) = leading_steps(self, other) {
            let larger = combined(self, other, p, q);
            *other = combined(self, other, r, s);
            *self = larger;
        } else {
            let rest = self.divided_by(other).1;
            *self = std::mem::replace(other, rest);
        }
    }
}

/// Euclid's algorithm in machine words.
pub fn gcd_of_words(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Several steps of Euclid's algorithm, as the matrix that does them; none if the leading bits do not tell even one.
fn leading_steps(a: &BigInt, b: &BigInt) -> Option<[[i64; 2]; 2]> {
    let shift = a.bits().checked_sub(LEADING)?;
    let (mut x, mut y) = (leading(a, shift), leading(b, shift));
    let mut matrix = [[1, 0], [0, 1]];
    loop {
        let [[p, q], [r, s]] = matrix;
        if y + r == 0 || y + s == 0 {
            break;
        }
        let quotient = (x + p) / (y + r);
        if quotient != (x + q) / (y + s) {
            break;
        }
        matrix = [[r, s], [p - quotient * r, q - quotient * s]];
        (x, y) = (y, x - quotient * y);
    }
    (matrix[0][1] != 0).then_some(matrix)
}

/// The bits from a position on: no more than `LEADING`.
fn leading(n: &BigInt, shift: u64) -> i64 {
    let at = (shift / 64) as usize;
    let limb = |i: usize| u128::from(n.limbs.get(i).copied().unwrap_or(0));
    ((limb(at + 1) << 64 | limb(at)) >> (shift % 64)) as i64
}

/// `a p + b q`, which is not negative; one of the factors is not positive, the other not negative.
fn combined(a: &BigInt, b: &BigInt, p: i64, q: i64) -> BigInt {
    let (plus, minus) = if p > 0 {
        ((a, p), (b, q))
    } else {
        ((b, q), (a, p))
    };
    let mut limbs = vec![0; a.limbs.len().max(b.limbs.len()) + 1];
    let (low, high) = limbs.split_at_mut(plus.0.limbs.len());
    let carry = add_product(low, &plus.0.limbs, plus.1.unsigned_abs());
    add(high, &[carry]);
    let (low, high) = limbs.split_at_mut(minus.0.limbs.len());
    let borrow = subtract_product(low, &minus.0.limbs, minus.1.unsigned_abs());
    subtract(high, &[borrow]);
    BigInt::new(false, limbs)
}
