//! Values: 64-bit words that are either immediate objects or references.
//!
//! Owns the encoding and its one-bit tests; must never touch the heap.
//!
//! ```text
//! v & 7 == 0   reference to a heap object (8-aligned)
//! v & 2 != 0   SmallInteger: value << 3 | 2                    (61 bits)
//! v & 4 != 0   Float with a common exponent (tags 4 and 5)
//! v & 7 == 1   other immediates: kind in bits 3..8, payload from bit 8 on
//!              kind 0 Character, 1 nil, 2 false, 3 true, 4 the undefined marker
//! ```

use std::fmt;

/// An object or a reference to one. Valid until the next safepoint of its machine. Nobody outside makes one of a number:
///
/// ```compile_fail
/// let forged = chirp::memory::Value(8);
/// ```
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value(pub(crate) u64);

/// Largest SmallInteger, 2^60 - 1, as in 64-bit Pharo.
pub const MAX_INT: i64 = (1 << 60) - 1;
/// Smallest SmallInteger, -2^60.
pub const MIN_INT: i64 = -(1 << 60);

impl Value {
    pub const NIL: Value = Value(0x09);
    pub const FALSE: Value = Value(0x11);
    pub const TRUE: Value = Value(0x19);
    /// Fills the value of a global that nobody has defined. Never visible to Smalltalk.
    pub const UNDEFINED: Value = Value(0x21);

    /// The SmallInteger `n`, which must lie between [`MIN_INT`] and [`MAX_INT`].
    #[inline(always)]
    pub const fn int(n: i64) -> Value {
        Value(((n as u64) << 3) | 2)
    }

    /// The SmallInteger `n`, or none when it needs a LargeInteger.
    #[inline(always)]
    pub fn try_int(n: i64) -> Option<Value> {
        (MIN_INT..=MAX_INT).contains(&n).then(|| Value::int(n))
    }

    #[inline(always)]
    pub const fn bool(b: bool) -> Value {
        Value(0x11 | (b as u64) << 3)
    }

    /// The Character with code point `c`.
    #[inline(always)]
    pub const fn char(c: u32) -> Value {
        Value((c as u64) << 8 | 1)
    }

    #[inline(always)]
    pub const fn is_object(self) -> bool {
        self.0 & 7 == 0
    }

    #[inline(always)]
    pub const fn is_int(self) -> bool {
        self.0 & 2 != 0
    }

    /// True for a Float that needs no object. A boxed Float is an object of class Float.
    #[inline(always)]
    pub const fn is_immediate_float(self) -> bool {
        self.0 & 4 != 0
    }

    #[inline(always)]
    pub const fn is_char(self) -> bool {
        self.0 as u8 == 1
    }

    #[inline(always)]
    pub const fn is_nil(self) -> bool {
        self.0 == Value::NIL.0
    }

    #[inline(always)]
    pub const fn is_bool(self) -> bool {
        self.0 | 8 == Value::TRUE.0
    }

    #[inline(always)]
    pub const fn as_int(self) -> Option<i64> {
        if self.is_int() {
            Some(self.int_unchecked())
        } else {
            None
        }
    }

    /// The number of a SmallInteger; of anything else, nonsense.
    #[inline(always)]
    pub const fn int_unchecked(self) -> i64 {
        self.0 as i64 >> 3
    }

    #[inline(always)]
    pub const fn as_char(self) -> Option<u32> {
        if self.is_char() {
            Some((self.0 >> 8) as u32)
        } else {
            None
        }
    }

    #[inline(always)]
    pub const fn as_bool(self) -> Option<bool> {
        if self.is_bool() {
            Some(self.0 == Value::TRUE.0)
        } else {
            None
        }
    }

    /// The immediate form of `f`, where it has one: zero, denormals and all magnitudes
    /// below 3.8e-270, from 5.9e-39 to 6.8e38 and above 1.1e270, infinities, NaN.
    #[inline(always)]
    pub fn immediate_float(f: f64) -> Option<Value> {
        let r = f.to_bits().rotate_left(5).wrapping_sub(3);
        (r & 6 == 4).then_some(Value(r))
    }

    /// The number of an immediate Float; of anything else, nonsense.
    #[inline(always)]
    pub const fn float_unchecked(self) -> f64 {
        f64::from_bits(self.0.wrapping_add(3).rotate_right(5))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Value::NIL => f.write_str("nil"),
            Value::TRUE => f.write_str("true"),
            Value::FALSE => f.write_str("false"),
            v if v.is_int() => write!(f, "{}", v.int_unchecked()),
            v if v.is_immediate_float() => write!(f, "{:?}", v.float_unchecked()),
            v => write!(f, "@{:x}", v.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_keep_their_value_and_order() {
        for n in [0, 1, -1, 42, MAX_INT, MIN_INT] {
            let v = Value::try_int(n).unwrap();
            assert!(v.is_int() && !v.is_object() && !v.is_immediate_float() && !v.is_char());
            assert_eq!(v.as_int(), Some(n));
        }
        assert_eq!(Value::try_int(MAX_INT + 1), None);
        assert!((Value::int(-3).0 as i64) < (Value::int(2).0 as i64));
    }

    #[test]
    fn common_floats_are_immediate_and_come_back() {
        let common = [
            0.0,
            -0.0,
            1.0,
            -1.5,
            1e-30,
            1e30,
            f64::INFINITY,
            f64::MAX,
            5e-324,
            f64::NAN,
        ];
        for f in common {
            let v = Value::immediate_float(f).unwrap();
            assert!(v.is_immediate_float() && !v.is_int() && !v.is_object());
            assert_eq!(v.float_unchecked().to_bits(), f.to_bits());
        }
        assert_eq!(Value::immediate_float(1e100), None);
        assert_eq!(Value::immediate_float(1e-100), None);
    }

    #[test]
    fn one_byte_tells_the_other_immediates() {
        assert!(Value::char('x' as u32).is_char() && !Value::NIL.is_char());
        assert_eq!(Value::char(0x10FFFF).as_char(), Some(0x10FFFF));
        assert_eq!(Value::bool(true), Value::TRUE);
        assert_eq!(Value::bool(false), Value::FALSE);
        assert!(!Value::NIL.is_bool() && !Value::UNDEFINED.is_bool());
    }
}
