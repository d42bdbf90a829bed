//! Numbers: how far one goes in the text, and what it is worth.
//!
//! Exact: radix, exponent and scale are applied to digits, never to floats.

use crate::ast::Literal;

/// No literal makes more decimal digits than this.
pub const MAX_DIGITS: usize = 100_000;

/// What the numbers of one text may cost together: four of so many digits.
pub const MAX_COST: u64 = 4 * (MAX_DIGITS * MAX_DIGITS) as u64;

/// What the value of a number costs at most: digits are multiplied by digits, those that an exponent makes as well.
/// Nothing for what is short, or read by the standard library.
pub fn cost(text: &str) -> u64 {
    let Ok(parts) = split(text) else { return 0 };
    let fraction = parts.fraction.map_or(0, str::len);
    let tail = match parts.tail {
        Some((mark, digits)) if mark != b's' => exponent(digits, text).unwrap_or(0).unsigned_abs(),
        _ => 0,
    };
    let is_float = parts.fraction.is_some() && !matches!(parts.tail, Some((b's', _)));
    let digits = (parts.integer.len() + fraction) as u64;
    match (is_float, parts.base) {
        (true, 10) => 0,
        // As many digits of them matter, and each is worth several.
        (true, _) => 81 * (digits + tail).min(4_000).pow(2),
        // A letter may be worth two, and all that is larger is refused at once.
        (false, _) => (digits + tail).min(2 * MAX_DIGITS as u64).pow(2),
    }
}

/// Where the number that starts at the text's first byte, a digit, ends.
/// Takes along what was surely meant to be part of it, for [`value`] to complain about.
pub fn scan(text: &[u8]) -> usize {
    let mut at = run(text, 0, u8::is_ascii_digit);
    let peek = |at: usize| text.get(at).copied().unwrap_or(b' ');
    // 0x1F, 0b11, 1_000
    if at == 1 && text[0] == b'0' && b"xXbo".contains(&peek(1)) && peek(2).is_ascii_hexdigit() {
        let end = run(text, 2, u8::is_ascii_hexdigit);
        if !is_word(peek(end)) && peek(end) != b':' {
            return end;
        }
    }
    if peek(at) == b'_' && peek(at + 1).is_ascii_digit() {
        return run(text, at, |&b| b == b'_' || b.is_ascii_digit());
    }
    let radix = if peek(at) == b'r' {
        radix_end(text, at)
    } else {
        None
    };
    if let Some(end) = radix {
        at = end;
    }
    if peek(at) == b'.' {
        match radix {
            None if peek(at + 1).is_ascii_digit() => at = run(text, at + 1, u8::is_ascii_digit),
            Some(_) => {
                let base = base_of(text);
                let end = run(text, at + 1, |b| is_digit_in(base, b));
                // `16rFF.Foo bar`: a statement follows.
                if end > at + 1 && (!is_word(peek(end)) || exponent_or_scale(text, end) > end) {
                    at = end;
                }
            }
            None => {}
        }
    }
    exponent_or_scale(text, at)
}

fn exponent_or_scale(text: &[u8], at: usize) -> usize {
    let peek = |at: usize| text.get(at).copied().unwrap_or(b' ');
    match peek(at) {
        b'e' | b'd' | b'q' => {
            let sign = usize::from(matches!(peek(at + 1), b'-' | b'+'));
            if peek(at + 1 + sign).is_ascii_digit() {
                return run(text, at + 1 + sign, u8::is_ascii_digit);
            }
        }
        b's' => {
            let end = run(text, at + 1, u8::is_ascii_digit);
            if !is_word(peek(end)) && (peek(end) != b':' || peek(end + 1) == b'=') {
                return end;
            }
        }
        _ => {}
    }
    at
}

/// The end of the digits behind the `r` at `at`, or None if this `r` begins a message.
fn radix_end(text: &[u8], at: usize) -> Option<usize> {
    let peek = |at: usize| text.get(at).copied().unwrap_or(b' ');
    let first = peek(at + 1);
    // `16r-FF`: Pharo reads a sign behind the base, too.
    let base = base_of(text);
    if first == b'-' && is_digit_in(base, &peek(at + 2)) {
        let end = run(text, at + 2, |b| is_digit_in(base, b));
        return Some(run(text, end, |b| {
            b.is_ascii_digit() || b.is_ascii_uppercase()
        }));
    }
    // Capitals and digits make no selector: whatever they are, they are meant as digits.
    if first.is_ascii_digit() || first.is_ascii_uppercase() {
        let end = run(text, at + 1, |b| is_digit_in(base, b));
        let capitals = run(text, end, |b| b.is_ascii_digit() || b.is_ascii_uppercase());
        return Some(capitals);
    }
    let end = run(text, at + 1, |b| is_digit_in(base, b));
    // `3raisedTo: 4`, but `16rff`, and `16r` too.
    (!is_word(peek(end)) && peek(end) != b':').then_some(end)
}

/// The value of the digits that `text` begins with, within limits.
fn base_of(text: &[u8]) -> u32 {
    text.iter()
        .take_while(|b| b.is_ascii_digit())
        .fold(0, |base: u32, b| {
            base.saturating_mul(10).saturating_add(u32::from(b - b'0'))
        })
}

fn run(text: &[u8], from: usize, test: impl Fn(&u8) -> bool) -> usize {
    from + text[from.min(text.len())..]
        .iter()
        .take_while(|b| test(b))
        .count()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Capital and small letters are digits alike: `16rff` and `16rFF`.
fn is_digit_in(base: u32, byte: &u8) -> bool {
    (*byte as char)
        .to_digit(36)
        .is_some_and(|digit| digit < base)
}

/// What is wrong with a number: the sentence, the bytes to blame, the help.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub code: &'static str,
    pub title: String,
    pub range: std::ops::Range<usize>,
    pub label: String,
    pub help: String,
}

/// The parts of a number's text, and where they are.
struct Parts<'s> {
    base: u32,
    /// A sign behind the base: `16r-FF`.
    negative: bool,
    integer: &'s str,
    fraction: Option<&'s str>,
    /// Mark and digits, `e-3`, `s2`.
    tail: Option<(u8, &'s str)>,
}

/// The value of a number that [`scan`] has delimited.
pub fn value(text: &str, negative: bool) -> Result<Literal, Box<Problem>> {
    let parts = split(text)?;
    let negative = negative != parts.negative;
    let fraction = parts.fraction.unwrap_or("");
    match parts.tail {
        Some((b's', scale)) => scaled(&parts, fraction, scale, negative, text),
        tail => {
            let exponent = tail.map_or(Ok(0), |(_, digits)| exponent(digits, text))?;
            if parts.fraction.is_some() {
                float(&parts, fraction, exponent, negative, text).map(Literal::Float)
            } else {
                integer(&parts, exponent, negative, text)
            }
        }
    }
}

fn split(text: &str) -> Result<Parts<'_>, Box<Problem>> {
    let bytes = text.as_bytes();
    let digits = run(bytes, 0, u8::is_ascii_digit);
    if bytes.get(digits) == Some(&b'_') {
        return Err(problem(
            "a number's digits cannot be grouped with `_`",
            digits..digits + 1,
            "",
            &format!("write {}", text.replace('_', "")),
        ));
    }
    if let Some(base) = match bytes.get(1) {
        Some(b'x' | b'X') => Some(16),
        Some(b'b') => Some(2),
        Some(b'o') => Some(8),
        _ => None,
    } && digits == 1
        && bytes[0] == b'0'
    {
        let help = format!(
            "the base stands in decimal before an `r`: {base}r{}",
            text[2..].to_ascii_uppercase()
        );
        return Err(problem(
            "a base is not written like this",
            0..text.len(),
            "",
            &help,
        ));
    }
    let (base, from) = if bytes.get(digits) == Some(&b'r') {
        (base(text, digits)?, digits + 1)
    } else {
        (10, 0)
    };
    let is_digit = |b: &u8| is_digit_in(base, b);
    let negative = bytes.get(from) == Some(&b'-');
    let from = from + usize::from(negative);
    let mut at = run(bytes, from, is_digit);
    let integer = &text[from..at];
    let mut fraction = None;
    if bytes.get(at) == Some(&b'.') {
        let end = run(bytes, at + 1, is_digit);
        fraction = Some(&text[at + 1..end]);
        at = end;
    }
    let tail = bytes.get(at).map(|&mark| (mark, &text[at + 1..]));
    Ok(Parts {
        base,
        negative,
        integer,
        fraction,
        tail,
    })
}

/// Reads and checks base and digits of a radix number whose `r` is at `r`.
fn base(text: &str, r: usize) -> Result<u32, Box<Problem>> {
    let digits = &text[r + 1..];
    let base = match text[..r].parse::<u32>() {
        Ok(base @ 2..=36) => base,
        _ => {
            return Err(problem(
                "a base is between 2 and 36",
                0..r,
                &format!("`{}` is not", &text[..r]),
                "write the base in decimal before the `r`: 16rFF, 2r1010",
            ));
        }
    };
    let first = digits.bytes().next();
    if first.is_none() {
        return Err(problem(
            &format!("no digits after `{text}`"),
            r..r + 1,
            "expected digits after this",
            "write the digits right behind it: 16rFF, 2r1010",
        ));
    }
    let sign = usize::from(first == Some(b'-'));
    let good = run(digits.as_bytes(), sign, |b| is_digit_in(base, b));
    if let Some(bad) = digits[good..]
        .chars()
        .next()
        .filter(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
    {
        let highest = char::from_digit(base - 1, 36)
            .unwrap_or('9')
            .to_ascii_uppercase();
        return Err(problem(
            &format!("`{bad}` is not a digit in base {base}"),
            r + 1 + good..r + 2 + good,
            "",
            &format!("digits in base {base} go from 0 to {highest}"),
        ));
    }
    Ok(base)
}

fn exponent(digits: &str, text: &str) -> Result<i64, Box<Problem>> {
    if digits.starts_with('+') {
        let at = text.len() - digits.len();
        return Err(problem(
            "an exponent has no plus sign",
            at..at + 1,
            "",
            &format!("write {}", text.replace('+', "")),
        ));
    }
    // What does not fit is far beyond every limit.
    Ok(digits.parse::<i64>().unwrap_or(if digits.starts_with('-') {
        i64::MIN / 4
    } else {
        i64::MAX / 4
    }))
}

fn integer(
    parts: &Parts,
    exponent: i64,
    negative: bool,
    text: &str,
) -> Result<Literal, Box<Problem>> {
    if exponent == 0 && parts.base == 10 && parts.integer.len() <= 18 {
        let n: i64 = parts.integer.parse().unwrap_or(0);
        return Ok(Literal::Int(if negative { -n } else { n }));
    }
    let mut big = Big::parse(parts.base, &[parts.integer], text)?;
    if big.is_zero() {
        return Ok(Literal::Int(0));
    }
    if exponent >= 0 {
        big.scale_up(parts.base, exponent, text)?;
        return Ok(big.literal(negative));
    }
    let mut rest = exponent;
    while rest < 0 && big.divides(parts.base) {
        big.divide(parts.base);
        rest += 1;
    }
    if rest == 0 {
        return Ok(big.literal(negative));
    }
    let mut denominator = Big::one();
    denominator.scale_up(parts.base, -rest, text)?;
    Ok(Literal::Fraction {
        numerator: big.text(negative),
        denominator: denominator.text(false),
    })
}

fn scaled(
    parts: &Parts,
    fraction: &str,
    scale: &str,
    negative: bool,
    text: &str,
) -> Result<Literal, Box<Problem>> {
    let scale = if scale.is_empty() {
        fraction.len() as u32
    } else {
        match scale.parse::<u32>() {
            Ok(scale) if scale as usize <= MAX_DIGITS => scale,
            _ => return Err(too_big(text)),
        }
    };
    let numerator = Big::parse(parts.base, &[parts.integer, fraction], text)?;
    let mut denominator = Big::one();
    denominator.scale_up(parts.base, fraction.len() as i64, text)?;
    Ok(Literal::Scaled {
        numerator: numerator.text(negative),
        denominator: denominator.text(false),
        scale,
    })
}

fn float(
    parts: &Parts,
    fraction: &str,
    exponent: i64,
    negative: bool,
    text: &str,
) -> Result<f64, Box<Problem>> {
    let sign = if negative { -1.0 } else { 1.0 };
    // The standard library rounds decimal text correctly.
    if parts.base == 10 {
        let text = format!("{}.{}e{exponent}", parts.integer, fraction);
        return Ok(sign * text.parse::<f64>().unwrap_or(f64::INFINITY));
    }
    // The longest exact float has some 1,100 binary digits.
    if parts.integer.len() + fraction.len() > 1_200 {
        return Err(too_big(text));
    }
    let mut big = Big::parse(parts.base, &[parts.integer, fraction], text)?;
    if big.is_zero() {
        return Ok(sign * 0.0);
    }
    let exponent = exponent.saturating_sub(fraction.len() as i64);
    if exponent >= 0 {
        // Beyond 1,100 binary digits everything is infinite.
        big.scale_up(parts.base, exponent.min(1_100), text)?;
        return Ok(sign * big.text(false).parse::<f64>().unwrap_or(f64::INFINITY));
    }
    // digits / base^n as decimal text: enough places for bases that divide a power of ten to be
    // exact, and a last digit that stands for the remainder of the others.
    let n = -exponent;
    if n > 2_300 {
        return Ok(sign * 0.0);
    }
    let places = n * 6 + 30;
    big.scale_up(10, places, "")?;
    let mut inexact = false;
    for _ in 0..n {
        inexact |= !big.divides(parts.base);
        big.divide(parts.base);
    }
    let digits = big.text(false);
    let text = format!("{digits}{}e{}", u8::from(inexact), -places - 1);
    Ok(sign * text.parse::<f64>().unwrap_or(0.0))
}

/// An unsigned integer in limbs of nine decimal digits, lowest first: all that literals need.
struct Big(Vec<u32>);

const LIMB: u64 = 1_000_000_000;

impl Big {
    fn one() -> Big {
        Big(vec![1])
    }

    /// The digits of all `pieces` in a row.
    fn parse(base: u32, pieces: &[&str], text: &str) -> Result<Big, Box<Problem>> {
        if pieces.iter().map(|piece| piece.len()).sum::<usize>() > MAX_DIGITS * 4 {
            return Err(too_big(text));
        }
        let mut big = Big(Vec::new());
        let (mut chunk, mut factor) = (0u64, 1u64);
        for digit in pieces.iter().flat_map(|piece| piece.chars()) {
            chunk = chunk * u64::from(base) + u64::from(digit.to_digit(36).unwrap_or(0));
            factor *= u64::from(base);
            if factor * u64::from(base) > LIMB {
                big.times_plus(factor, chunk);
                big = big.check(text)?;
                (chunk, factor) = (0, 1);
            }
        }
        big.times_plus(factor, chunk);
        big.check(text)
    }

    fn check(self, text: &str) -> Result<Big, Box<Problem>> {
        if self.0.len() * 9 > MAX_DIGITS + 9 {
            Err(too_big(text))
        } else {
            Ok(self)
        }
    }

    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    fn times_plus(&mut self, factor: u64, add: u64) {
        let mut carry = add;
        for limb in &mut self.0 {
            let product = u64::from(*limb) * factor + carry;
            *limb = (product % LIMB) as u32;
            carry = product / LIMB;
        }
        while carry > 0 {
            self.0.push((carry % LIMB) as u32);
            carry /= LIMB;
        }
    }

    /// Multiplies by `base` to the power of `exponent`. An empty `text` lifts the limit a little.
    fn scale_up(&mut self, base: u32, exponent: i64, text: &str) -> Result<(), Box<Problem>> {
        let digits = f64::from(base).log10() * exponent as f64 + self.0.len() as f64 * 9.0;
        let limit = if text.is_empty() {
            MAX_DIGITS * 5
        } else {
            MAX_DIGITS + 9
        };
        if digits > limit as f64 {
            return Err(too_big(text));
        }
        let mut rest = exponent;
        while rest > 0 {
            let (mut factor, mut n) = (1u64, 0);
            while n < rest && factor * u64::from(base) <= LIMB {
                factor *= u64::from(base);
                n += 1;
            }
            self.times_plus(factor, 0);
            rest -= n;
        }
        Ok(())
    }

    fn remainder(&self, by: u32) -> u64 {
        let by = u64::from(by);
        self.0
            .iter()
            .rev()
            .fold(0, |rest, &limb| (rest * LIMB + u64::from(limb)) % by)
    }

    fn divides(&self, by: u32) -> bool {
        self.remainder(by) == 0
    }

    /// Divides, and forgets the remainder.
    fn divide(&mut self, by: u32) {
        let mut rest = 0;
        for limb in self.0.iter_mut().rev() {
            let value = rest * LIMB + u64::from(*limb);
            *limb = (value / u64::from(by)) as u32;
            rest = value % u64::from(by);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn text(&self, negative: bool) -> String {
        let mut out = String::with_capacity(self.0.len() * 9 + 1);
        let Some((top, rest)) = self.0.split_last() else {
            return "0".to_owned();
        };
        if negative {
            out.push('-');
        }
        out.push_str(&top.to_string());
        for limb in rest.iter().rev() {
            out.push_str(&format!("{limb:09}"));
        }
        out
    }

    fn literal(&self, negative: bool) -> Literal {
        let text = self.text(negative);
        match text.parse::<i64>() {
            Ok(n) if (-(1 << 60)..1 << 60).contains(&n) => Literal::Int(n),
            _ => Literal::LargeInt(text),
        }
    }
}

fn problem(title: &str, range: std::ops::Range<usize>, label: &str, help: &str) -> Box<Problem> {
    Box::new(Problem {
        code: "E0114",
        title: title.to_owned(),
        range,
        label: label.to_owned(),
        help: help.to_owned(),
    })
}

fn too_big(text: &str) -> Box<Problem> {
    Box::new(Problem {
        code: "E0115",
        title: "a literal number makes at most 100,000 digits".to_owned(),
        range: 0..text.len(),
        label: "more than that".to_owned(),
        help: "compute it when the program runs: 10 raisedTo: 200000".to_owned(),
    })
}

/// The numbers before this one cost all that they may.
pub fn too_many(text: &str) -> Box<Problem> {
    Box::new(Problem {
        code: "E0115",
        title: "the literal numbers of one text make too many digits together".to_owned(),
        range: 0..text.len(),
        label: "too many with those of this one".to_owned(),
        help: "compute them when the program runs, or read them from a file".to_owned(),
    })
}
