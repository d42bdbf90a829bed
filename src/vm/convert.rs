//! Between Rust values and Smalltalk objects: strings, integers, arrays, literals.

use super::known::Known;
use super::{PrimError, Vm};
use crate::bigint::BigInt;
use crate::memory::{ClassIndex, Format, Value};
use chirp_grammar::ast;

impl Vm {
    /// A new instance of any class, by its format, with `indexable` elements.
    pub fn new_object(&mut self, class: ClassIndex, indexable: usize) -> Result<Value, PrimError> {
        let Some(info) = self.classes.get(class) else {
            return Err(PrimError::BadArgument);
        };
        let (format, named) = (info.format, info.inst_size);
        if indexable > 0 && !format.is_indexable() {
            return Err(PrimError::BadReceiver);
        }
        if Vm::is_machine_class(class) {
            return Err(PrimError::Unsupported);
        }
        let unit = match format {
            Format::Bytes => 1,
            Format::Words16 => 2,
            Format::Words32 => 4,
            _ => 8,
        };
        let bytes = indexable.checked_mul(unit).ok_or(PrimError::NoMemory)?;
        if !self.heap.can_allocate(bytes + 64) {
            return Err(PrimError::NoMemory);
        }
        self.charge(bytes >> 6);
        Ok(match format {
            Format::Bytes => self.heap.new_zeroed_bytes(class, indexable, false),
            Format::Words16 => self.heap.new_words16(class, indexable, false),
            Format::Words32 => self.heap.new_words32(class, indexable, false),
            Format::Words64 => self.heap.new_words64(class, indexable, false),
            _ => self.heap.new_pointers(class, format, named + indexable),
        })
    }

    /// An Array of `n` nils.
    pub fn new_array(&mut self, n: usize) -> Value {
        self.heap
            .new_pointers(Known::Array.index(), Format::Indexable, n)
    }

    /// An Array with these elements.
    pub fn new_array_from(&mut self, elements: &[Value]) -> Value {
        let v = self.new_array(elements.len());
        for (i, &e) in elements.iter().enumerate() {
            self.heap.set_slot(v, i, e);
        }
        v
    }

    /// A byte object of a class of format bytes.
    pub fn new_bytes(&mut self, class: ClassIndex, bytes: &[u8]) -> Value {
        self.heap.new_bytes(class, bytes)
    }

    /// A ByteString of these Latin-1 codes.
    pub fn new_byte_string(&mut self, bytes: &[u8]) -> Value {
        self.heap.new_bytes(Known::ByteString.index(), bytes)
    }

    /// A String: byte-sized where all characters allow it, else wide.
    pub fn new_string(&mut self, text: &str) -> Value {
        self.string_in(text, false)
    }

    fn string_in(&mut self, text: &str, old: bool) -> Value {
        if text.is_ascii() {
            return if old {
                self.heap
                    .new_bytes_old(Known::ByteString.index(), text.as_bytes())
            } else {
                self.new_byte_string(text.as_bytes())
            };
        }
        if text.chars().all(|c| (c as u32) < 256) {
            let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
            return if old {
                self.heap.new_bytes_old(Known::ByteString.index(), &bytes)
            } else {
                self.new_byte_string(&bytes)
            };
        }
        let codes: Vec<u32> = text.chars().map(|c| c as u32).collect();
        let v = self
            .heap
            .new_words32(Known::WideString.index(), codes.len(), old);
        self.heap.words32_mut(v).copy_from_slice(&codes);
        v
    }

    /// Whether `v` is a String or a Symbol, byte-sized or wide (subclasses included).
    #[inline(never)]
    pub fn is_string(&self, v: Value) -> bool {
        let class = self.heap.class_of(v);
        let direct = [
            Known::ByteString,
            Known::WideString,
            Known::ByteSymbol,
            Known::WideSymbol,
        ];
        direct.iter().any(|k| k.index() == class)
            || self.classes.inherits(class, Known::ByteString.index())
            || self.classes.inherits(class, Known::WideString.index())
    }

    /// The text of a String or Symbol. Code points that are no characters become U+FFFD.
    pub fn string_value(&self, v: Value) -> Option<String> {
        if !self.is_string(v) {
            return None;
        }
        if self.heap.is_bytes(v) {
            let bytes = self.heap.bytes(v);
            return Some(match std::str::from_utf8(bytes) {
                Ok(s) if s.is_ascii() => s.to_string(),
                _ => bytes.iter().map(|&b| b as char).collect(),
            });
        }
        let codes = self.heap.words32(v);
        Some(
            codes
                .iter()
                .map(|&c| char::from_u32(c).unwrap_or('\u{FFFD}'))
                .collect(),
        )
    }

    /// An integer of any size.
    pub fn integer_from_i128(&mut self, n: i128) -> Value {
        if let Ok(small) = i64::try_from(n)
            && let Some(v) = Value::try_int(small)
        {
            return v;
        }
        let negative = n < 0;
        let n = n.unsigned_abs();
        let (low, high) = (n as u64, (n >> 64) as u64);
        let length = if high == 0 { 1 } else { 2 };
        self.large_integer(negative, &[low, high][..length])
    }

    /// An integer of any size.
    pub(crate) fn integer_from_bigint(&mut self, n: BigInt) -> Value {
        match n.to_i64().and_then(Value::try_int) {
            Some(v) => v,
            None => self.large_integer(n.is_negative(), n.limbs()),
        }
    }

    /// The magnitude has no leading zero.
    #[inline(never)]
    fn large_integer(&mut self, negative: bool, magnitude: &[u64]) -> Value {
        let class = if negative {
            Known::LargeNegativeInteger
        } else {
            Known::LargePositiveInteger
        };
        let unused = magnitude.last().map_or(0, |top| top.leading_zeros() / 8) as usize;
        let length = magnitude.len() * 8 - unused;
        let v = self.heap.new_zeroed_bytes(class.index(), length, false);
        let mut bytes = self.heap.bytes_mut(v).chunks_exact_mut(8);
        for (bytes, limb) in bytes.by_ref().zip(magnitude) {
            bytes.copy_from_slice(&limb.to_le_bytes());
        }
        if let Some(top) = magnitude.last() {
            let rest = bytes.into_remainder();
            let length = rest.len();
            rest.copy_from_slice(&top.to_le_bytes()[..length]);
        }
        self.heap.set_immutable(v, true);
        v
    }

    /// The number of a SmallInteger or LargeInteger.
    #[inline(never)]
    pub(crate) fn bigint_value(&self, v: Value) -> Option<BigInt> {
        if let Some(n) = v.as_int() {
            return Some(BigInt::from(i128::from(n)));
        }
        let (negative, words) = self.large_value(v)?;
        let limbs = words.iter().map(|&word| u64::from_le(word)).collect();
        Some(BigInt::new(negative, limbs))
    }

    /// The number of an integer of two words at most.
    #[inline(never)]
    pub(crate) fn wide_value(&self, v: Value) -> Option<i128> {
        if let Some(n) = v.as_int() {
            return Some(n.into());
        }
        let (negative, words) = self.large_value(v)?;
        let magnitude = match *words {
            [low] => u64::from_le(low).into(),
            [low, high] => u128::from(u64::from_le(high)) << 64 | u128::from(u64::from_le(low)),
            _ => return None,
        };
        let n = i128::try_from(magnitude).ok()?;
        Some(if negative { -n } else { n })
    }

    /// Whether a LargeInteger is negative, and its magnitude.
    fn large_value(&self, v: Value) -> Option<(bool, &[u64])> {
        let class = self.heap.class_of(v);
        let negative = class == Known::LargeNegativeInteger.index();
        let is_large = negative || class == Known::LargePositiveInteger.index();
        is_large.then(|| (negative, self.heap.byte_words(v)))
    }

    /// Named variables of instances of a class.
    pub fn inst_size(&self, class: ClassIndex) -> usize {
        self.classes.get(class).map_or(0, |c| c.inst_size)
    }

    /// The object of a literal: read-only where it has parts, and old, since code keeps it.
    pub(crate) fn literal_value(&mut self, literal: &ast::Literal) -> Value {
        use ast::Literal::*;
        let v = match literal {
            Int(n) => {
                return Value::try_int(*n).unwrap_or_else(|| self.integer_from_i128(*n as i128));
            }
            LargeInt(digits) => {
                let n = BigInt::from_digits(digits.as_bytes(), 10);
                let v = self.integer_from_bigint(n);
                return self.tenured(v);
            }
            Float(f) => {
                let v = self.heap.float(*f);
                return self.tenured(v);
            }
            Fraction {
                numerator,
                denominator,
            } => return self.ratio_literal(numerator, denominator),
            Scaled {
                numerator,
                denominator,
                scale,
            } => self.scaled_literal(numerator, denominator, *scale),
            Char(c) => return Value::char(*c as u32),
            String(s) => self.string_in(s, true),
            Symbol(s) => return self.symbol(s),
            Array(elements) => {
                let v = self.heap.new_pointers_old(
                    Known::Array.index(),
                    Format::Indexable,
                    elements.len(),
                );
                for (i, e) in elements.iter().enumerate() {
                    let e = self.literal_value(e);
                    self.heap.set_slot(v, i, e);
                }
                v
            }
            ByteArray(bytes) => self.heap.new_bytes_old(Known::ByteArray.index(), bytes),
            True => return Value::TRUE,
            False => return Value::FALSE,
            Nil => return Value::NIL,
        };
        self.heap.set_immutable(v, true);
        v
    }

    /// A copy of a byte or word object in old space; immediates are themselves.
    fn tenured(&mut self, v: Value) -> Value {
        if !self.heap.is_young(v) {
            return v;
        }
        let class = self.heap.class_of(v);
        let copy = if self.heap.is_words64(v) {
            let words = self.heap.words64(v).to_vec();
            let copy = self.heap.new_words64(class, words.len(), true);
            self.heap.words64_mut(copy).copy_from_slice(&words);
            copy
        } else {
            let bytes = self.heap.bytes(v).to_vec();
            self.heap.new_bytes_old(class, &bytes)
        };
        self.heap.set_immutable(copy, true);
        copy
    }

    /// The quotient of two integers in decimal digits, in lowest terms: a Fraction or an Integer.
    fn ratio_literal(&mut self, numerator: &str, denominator: &str) -> Value {
        let n = BigInt::from_digits(numerator.as_bytes(), 10);
        let d = BigInt::from_digits(denominator.as_bytes(), 10);
        let g = n.clone().gcd(d.clone());
        let (n, d) = if g.is_zero() {
            (n, d)
        } else {
            (n.divided_by(&g).0, d.divided_by(&g).0)
        };
        let whole = d.to_i64() == Some(1);
        let n = self.integer_from_bigint(n);
        let n = self.tenured(n);
        if whole {
            return n;
        }
        let d = self.integer_from_bigint(d);
        let d = self.tenured(d);
        let v = self
            .heap
            .new_pointers_old(Known::Fraction.index(), Format::Fixed, 2);
        self.heap.set_slot(v, 0, n);
        self.heap.set_slot(v, 1, d);
        self.heap.set_immutable(v, true);
        v
    }

    fn scaled_literal(&mut self, numerator: &str, denominator: &str, scale: u32) -> Value {
        let value = self.ratio_literal(numerator, denominator);
        let v = self
            .heap
            .new_pointers_old(Known::ScaledDecimal.index(), Format::Fixed, 2);
        self.heap.set_slot(v, 0, value);
        self.heap.set_slot(v, 1, Value::int(scale as i64));
        v
    }

    /// The Association of a variable named in code of `method`.
    pub(crate) fn variable_binding(
        &mut self,
        variable: &crate::compiler::template::Variable,
        _method: super::classes::MethodId,
    ) -> Value {
        use crate::compiler::template::Variable::*;
        match variable {
            Global(name) => {
                let id = self.intern(name);
                self.global_binding(id)
            }
            Session(name) => {
                let id = self.intern(name);
                self.session_binding(id)
            }
            Class { class, name } => match self.classes.class_var(*class, name) {
                Some((_, v)) => v,
                None => {
                    let id = self.intern(name);
                    self.global_binding(id)
                }
            },
        }
    }
}
