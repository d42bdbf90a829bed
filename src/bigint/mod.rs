//! Integers of any length.
//!
//! Plain arithmetic, below all else: it knows nothing of the machine, its memory or its fuel. A number is a sign and
//! limbs of 64 bits; nearly all code works on slices of limbs, so that there is one copy of each algorithm.
//!
//! | file | owns |
//! |---|---|
//! | limbs | the loops over limbs |
//! | multiply, toom | products |
//! | divide, recursive | quotients and remainders |
//! | signed | what depends on the sign: sums, products, the kinds of division |
//! | bits | two's complement: logic, shifts, single bits |
//! | convert | from and to machine integers and Floats |
//! | gcd, power, modular, root | the theory of numbers |
//! | radix | digits in any base |

mod bits;
mod convert;
mod divide;
mod gcd;
mod limbs;
mod modular;
mod multiply;
mod power;
mod radix;
mod recursive;
mod root;
mod signed;
#[cfg(test)]
mod tests;
mod toom;

use std::cmp::Ordering;

pub use gcd::gcd_of_words;
pub use root::root_of_words;

/// An integer: its sign, and its magnitude without leading zeros. Zero is not negative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BigInt {
    negative: bool,
    limbs: Vec<u64>,
}

impl BigInt {
    /// The number of this magnitude, least significant limb first.
    #[inline(never)]
    pub fn new(negative: bool, mut limbs: Vec<u64>) -> BigInt {
        limbs.truncate(limbs::trimmed(&limbs).len());
        let negative = negative && !limbs.is_empty();
        BigInt { negative, limbs }
    }

    /// The magnitude, least significant limb first, without leading zeros.
    pub fn limbs(&self) -> &[u64] {
        &self.limbs
    }

    pub fn is_zero(&self) -> bool {
        self.limbs.is_empty()
    }

    pub fn is_negative(&self) -> bool {
        self.negative
    }

    pub fn is_positive(&self) -> bool {
        !self.negative && !self.limbs.is_empty()
    }

    /// The length of the magnitude.
    pub fn bits(&self) -> u64 {
        limbs::bits(&self.limbs)
    }
}

impl Ord for BigInt {
    fn cmp(&self, other: &BigInt) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => limbs::compare(&self.limbs, &other.limbs),
            (true, true) => limbs::compare(&other.limbs, &self.limbs),
            (negative, _) => match negative {
                true => Ordering::Less,
                false => Ordering::Greater,
            },
        }
    }
}

impl PartialOrd for BigInt {
    fn partial_cmp(&self, other: &BigInt) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
