//! Digits in a base from 2 to 36.
//!
//! Owns both directions: bits where the base is a power of two, else limb by limb for short numbers and half by half for
//! long ones (Knuth, volume 2, 4.4; Brent and Zimmermann, Modern Computer Arithmetic, 1.7). Must never be called with
//! anything but digits of the base.

use super::BigInt;
use super::divide::{Limb, divide};
use super::limbs::{add, scale, trimmed};
use super::multiply::product;

/// Up to so many limbs, numbers are written limb by limb.
pub const WRITTEN: usize = 18;

/// Up to so many limbs, they are read so.
pub const READ: usize = 60;

/// How many digits fit a limb, and the power of the base that has one more.
struct Base {
    base: u64,
    digits: usize,
    power: u64,
}

impl Base {
    fn new(base: u32) -> Base {
        let (mut digits, mut power) = (1, u64::from(base));
        while let Some(next) = power.checked_mul(base.into()) {
            (digits, power) = (digits + 1, next);
        }
        Base {
            base: base.into(),
            digits,
            power,
        }
    }

    /// The power of the base with as many zeros as fit a limb, its square, the square of that, until they have more than
    /// so many limbs.
    fn powers(&self, limbs: usize) -> Vec<Vec<u64>> {
        let mut powers = vec![vec![self.power]];
        loop {
            let last = &powers[powers.len() - 1];
            if last.len() > limbs {
                return powers;
            }
            let square = product(last, last);
            powers.push(trimmed(&square).to_vec());
        }
    }

    /// What is before the last two digits, and these.
    #[inline(always)]
    fn last_pair(&self, n: u64) -> (u64, (u8, u8)) {
        // By a constant there is no division.
        let pair = match self.base {
            10 => (n / 100, n % 100 / 10, n % 10),
            base => (n / base / base, n / base % base, n % base),
        };
        (pair.0, (pair.1 as u8, pair.2 as u8))
    }

    /// Fills `out` with digits, the last ones of `n` and zeros before them, which is all that `n` has.
    fn write(&self, out: &mut [u8], n: &[u64], powers: &[Vec<u64>]) {
        let n = trimmed(n);
        if let [powers @ .., power] = powers
            && n.len() > WRITTEN
        {
            let low = self.digits << powers.len();
            let Some(high) = out.len().checked_sub(low) else {
                return self.write(out, n, powers);
            };
            let (upper, lower) = divide(n, power);
            let (first, last) = out.split_at_mut(high);
            self.write(first, &upper, powers);
            return self.write(last, &lower, powers);
        }
        let mut n = n.to_vec();
        let divisor = Limb::new(self.power);
        for piece in out.rchunks_mut(self.digits) {
            let mut rest = divisor.divide(&mut n);
            if n.last() == Some(&0) {
                n.pop();
            }
            for places in piece.rchunks_mut(2) {
                let pair;
                (rest, pair) = self.last_pair(rest);
                if let [place, _] = places {
                    *place = digit(pair.0);
                }
                places[places.len() - 1] = digit(pair.1);
            }
        }
    }

    fn read(&self, text: &[u8], powers: &[Vec<u64>]) -> Vec<u64> {
        if let [powers @ .., power] = powers
            && text.len() > self.digits * READ
        {
            let low = self.digits << powers.len();
            let Some(high) = text.len().checked_sub(low) else {
                return self.read(text, powers);
            };
            let (upper, lower) = text.split_at(high);
            let mut n = product(&self.read(upper, powers), power);
            let lower = self.read(lower, powers);
            n.push(0);
            add(&mut n, trimmed(&lower));
            return n;
        }
        let mut n = Vec::with_capacity(text.len() / self.digits + 1);
        for piece in text.rchunks(self.digits).rev() {
            let (mut value, mut power) = (0, 1);
            for &c in piece {
                value = value * self.base + u64::from(value_of(c));
                power *= self.base;
            }
            let carry = scale(&mut n, power, value);
            n.push(carry);
        }
        n
    }
}

fn digit(value: u8) -> u8 {
    match value {
        0..10 => b'0' + value,
        _ => b'A' + value - 10,
    }
}

fn value_of(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

impl BigInt {
    /// The digits, capitals where they are letters, after a minus sign where there is one.
    pub fn to_digits(&self, base: u32) -> String {
        let bits = self.bits();
        let mut out = match base.is_power_of_two() {
            true => self.bits_as_digits(base.ilog2()),
            false => {
                // A few more than there are: a digit has at least so many thousandths of a bit.
                let each = (f64::from(base).log2() * 1000.0) as u64;
                let mut out = vec![b'0'; (bits * 1000 / each + 2) as usize];
                let base = Base::new(base);
                let powers = match self.limbs.len() {
                    0..=WRITTEN => Vec::new(),
                    n => base.powers(n / 2),
                };
                base.write(&mut out, &self.limbs, &powers);
                out
            }
        };
        let zeros = out.iter().take_while(|&&c| c == b'0').count();
        out.drain(..zeros.min(out.len() - 1));
        if self.negative {
            out.insert(0, b'-');
        }
        String::from_utf8(out).unwrap_or_default()
    }

    fn bits_as_digits(&self, width: u32) -> Vec<u8> {
        let mask = (1 << width) - 1;
        let mut out = vec![b'0'; self.bits().div_ceil(width.into()).max(1) as usize];
        let mut places = out.iter_mut().rev();
        let mut write = |value: u64| {
            if let Some(place) = places.next() {
                *place = digit((value & mask) as u8);
            }
        };
        // Bits of a limb that are less than a digit belong to the lowest one of the next.
        let (mut rest, mut left) = (0, 0);
        for &limb in &self.limbs {
            write(rest | limb << left);
            rest = limb >> (width - left);
            left += 64 - width;
            while left >= width {
                write(rest);
                rest >>= width;
                left -= width;
            }
        }
        write(rest);
        out
    }

    /// The number that digits spell, letters of both cases among them, after a minus sign or without one.
    pub fn from_digits(text: &[u8], base: u32) -> BigInt {
        let (negative, text) = match text {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        if base.is_power_of_two() {
            return BigInt::new(negative, digits_as_bits(text, base.ilog2()));
        }
        let base = Base::new(base);
        let limbs = text.len() / base.digits;
        let powers = match limbs {
            0..=READ => Vec::new(),
            _ => base.powers(limbs / 2),
        };
        BigInt::new(negative, base.read(text, &powers))
    }
}

fn digits_as_bits(text: &[u8], width: u32) -> Vec<u64> {
    let mut limbs = Vec::with_capacity(text.len() * width as usize / 64 + 1);
    let (mut limb, mut filled) = (0u64, 0);
    for &c in text.iter().rev() {
        let value = u64::from(value_of(c));
        limb |= value << filled;
        filled += width;
        if filled >= 64 {
            limbs.push(limb);
            filled -= 64;
            limb = value.unbounded_shr(width - filled);
        }
    }
    limbs.push(limb);
    limbs
}
