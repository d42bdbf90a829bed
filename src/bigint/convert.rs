//! From and to machine integers and Floats.
//!
//! Owns what fits and how a Float is rounded: to the nearest, ties to even. Must never answer a wrong number for one
//! that does not fit.

use super::BigInt;

impl From<i128> for BigInt {
    fn from(n: i128) -> BigInt {
        BigInt::from(n.unsigned_abs()).with_sign(n < 0)
    }
}

impl From<u128> for BigInt {
    #[inline(never)]
    fn from(n: u128) -> BigInt {
        BigInt::new(false, vec![n as u64, (n >> 64) as u64])
    }
}

impl BigInt {
    fn with_sign(mut self, negative: bool) -> BigInt {
        self.negative = negative;
        self
    }

    /// Without the sign.
    pub(super) fn magnitude(&self) -> Option<u128> {
        match *self.limbs {
            [] => Some(0),
            [low] => Some(low.into()),
            [low, high] => Some(u128::from(high) << 64 | u128::from(low)),
            _ => None,
        }
    }

    /// What fits an `i64` as one; more than that through `to_i128`.
    pub fn to_i64(&self) -> Option<i64> {
        i64::try_from(self.to_i128()?).ok()
    }

    pub fn to_u64(&self) -> Option<u64> {
        u64::try_from(self.to_u128()?).ok()
    }

    pub fn to_i128(&self) -> Option<i128> {
        let magnitude = self.magnitude()?;
        match self.negative {
            true => 0i128.checked_sub_unsigned(magnitude),
            false => i128::try_from(magnitude).ok(),
        }
    }

    pub fn to_u128(&self) -> Option<u128> {
        self.magnitude().filter(|_| !self.negative)
    }

    /// The nearest Float, infinite beyond the range.
    pub fn to_f64(&self) -> f64 {
        let Some(&top) = self.limbs.last() else {
            return 0.0;
        };
        let (zeros, length) = (top.leading_zeros(), self.limbs.len());
        let next = if length > 1 {
            self.limbs[length - 2]
        } else {
            0
        };
        let pair = (u128::from(top) << 64 | u128::from(next)) << zeros;
        // 64 leading bits, the last of which remembers whether anything was cut off: more than a Float rounds away.
        let is_cut = pair as u64 != 0
            || self.limbs[..length.saturating_sub(2)]
                .iter()
                .any(|&x| x != 0);
        let leading = (pair >> 64) as u64 | u64::from(is_cut);
        let power = self.bits() as i64 - 64;
        let magnitude = match power {
            ..=960 => leading as f64 * f64::from_bits(((power + 1023) as u64) << 52),
            _ => f64::INFINITY,
        };
        if self.negative { -magnitude } else { magnitude }
    }

    /// The whole part of a Float; none for NaN and the infinities.
    pub fn from_f64(f: f64) -> Option<BigInt> {
        if !f.is_finite() {
            return None;
        }
        let bits = f.to_bits();
        let power = (bits >> 52 & 0x7FF) as i64 - 1075;
        let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
        let magnitude = match power {
            ..=-53 => BigInt::default(),
            -52..0 => BigInt::from(u128::from(mantissa >> -power)),
            _ => BigInt::from(u128::from(mantissa)).shifted_up(power as u64),
        };
        Some(if f < 0.0 {
            magnitude.negated()
        } else {
            magnitude
        })
    }
}
