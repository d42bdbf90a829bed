//! Powers modulo a number.
//!
//! Owns Montgomery's products, which need no division (P. L. Montgomery 1985; Brent and Zimmermann, Modern Computer
//! Arithmetic, 2.4.2), and the windows of bits of the exponent (Knuth, volume 2, 4.6.3). Must never be called with a
//! modulus that is not positive.

use super::limbs::{add, add_product, compare, subtract, trimmed};
use super::{BigInt, divide, multiply};
use std::cmp::Ordering;

/// From so many limbs on, dividing is faster: Montgomery's reduction goes row by row.
pub const DIVIDED: usize = 160;

/// Numbers below a modulus, and how their products are reduced.
struct Ring<'a> {
    modulus: &'a [u64],
    /// The opposite of the inverse of the lowest limb, modulo 2^64, where Montgomery's reduction is to be used: each
    /// number n stands for n 2^(64 limbs) then.
    inverse: Option<u64>,
}

impl BigInt {
    /// The power with an exponent that is not negative, modulo a positive number: not negative.
    pub fn power_modulo(&self, exponent: &BigInt, modulus: &BigInt) -> BigInt {
        let ring = Ring::new(modulus.limbs());
        let n = modulus.limbs.len();
        let bits = exponent.bits();
        let width = match bits {
            0..24 => 1,
            24..96 => 3,
            96..400 => 4,
            _ => 5,
        };
        // The powers that a window of the exponent asks for, one behind the other.
        let mut powers = ring.entered(&[1]);
        powers.extend(ring.entered(self.floor_divided_by(modulus).1.limbs()));
        let mut product = vec![0; 2 * n];
        for last in 1..(1 << width) - 1 {
            ring.multiply(&mut product, &powers[last * n..][..n], &powers[n..2 * n]);
            powers.extend_from_slice(&product[n..]);
        }
        let mut power = powers[..n].to_vec();
        for window in (0..bits.div_ceil(width)).rev() {
            for _ in 0..width {
                ring.multiply(&mut product, &power, &power);
                power.copy_from_slice(&product[n..]);
            }
            let at = |i: u64| usize::from(exponent.bit(window * width + i)) << i;
            let index: usize = (0..width).map(at).sum();
            if index > 0 {
                ring.multiply(&mut product, &power, &powers[index * n..][..n]);
                power.copy_from_slice(&product[n..]);
            }
        }
        BigInt::new(false, ring.left(power))
    }
}

impl Ring<'_> {
    fn new(modulus: &[u64]) -> Ring<'_> {
        let low = modulus[0];
        // Newton's method: each step doubles how many low bits of the inverse are right, three at first.
        let inverse = (0..5).fold(low, |x, _| {
            x.wrapping_mul(2u64.wrapping_sub(low.wrapping_mul(x)))
        });
        let usable = low & 1 == 1 && modulus.len() < DIVIDED;
        Ring {
            modulus,
            inverse: usable.then_some(inverse.wrapping_neg()),
        }
    }

    /// What stands for a number, in as many limbs as the modulus has.
    fn entered(&self, number: &[u64]) -> Vec<u64> {
        let n = self.modulus.len();
        let factor = if self.inverse.is_some() { n } else { 0 };
        let mut shifted = vec![0; factor];
        shifted.extend_from_slice(number);
        let mut rest = divide::divide(trimmed(&shifted), self.modulus).1;
        rest.resize(n, 0);
        rest
    }

    /// The number that this stands for.
    fn left(&self, mut number: Vec<u64>) -> Vec<u64> {
        if self.inverse.is_none() {
            return number;
        }
        let n = number.len();
        number.resize(2 * n, 0);
        self.reduce(&mut number);
        number.split_off(n)
    }

    /// The upper half of `out` becomes the product.
    fn multiply(&self, out: &mut [u64], a: &[u64], b: &[u64]) {
        multiply::multiply(out, a, b);
        self.reduce(out);
    }

    /// The upper half becomes what is left of the whole: modulo the modulus, or likewise divided by 2^(64 limbs). For
    /// that, a multiple of the modulus makes the low limbs zero, one after the other.
    fn reduce(&self, number: &mut [u64]) {
        let n = self.modulus.len();
        let Some(inverse) = self.inverse else {
            let rest = divide::divide(trimmed(number), self.modulus).1;
            let (low, high) = number[n..].split_at_mut(rest.len());
            low.copy_from_slice(&rest[..low.len()]);
            return high.fill(0);
        };
        let mut over = false;
        for i in 0..n {
            let factor = number[i].wrapping_mul(inverse);
            let (low, high) = number[i..].split_at_mut(n);
            let carry = add_product(low, self.modulus, factor);
            over |= add(high, &[carry]);
        }
        let rest = &mut number[n..];
        if over || compare(rest, self.modulus) != Ordering::Less {
            subtract(rest, self.modulus);
        }
    }
}
