//! Numbers with units in options: counts, sizes in bytes, times. Owns how they are written, and the words for
//! what is none.

use std::time::Duration;

/// `1000000`, `1e6`, `1.5M`: a count, where k, M, G are powers of 1000.
pub fn parse_count(text: &str) -> Result<u64, String> {
    let wrong = |why| format!("{why}; a count is a whole number such as 1000000, 1e6 or 10M");
    parse(text, |unit| {
        Some(match unit.to_ascii_lowercase().as_str() {
            "" => 1,
            "k" => 1_000,
            "m" => 1_000_000,
            "g" => 1_000_000_000,
            _ => return None,
        })
    })
    .map_err(wrong)
}

/// `500k`, `64M`, `1.5G`, `1e8` or a number of bytes, where k, M, G are powers of 1024.
pub fn parse_size(text: &str) -> Result<usize, String> {
    let wrong = |why| {
        format!("{why}; a size is a number of bytes, or one with k, M or G behind it, such as 64M")
    };
    let bytes = parse(text, |unit| {
        Some(match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" | "kib" => 1 << 10,
            "m" | "mb" | "mib" => 1 << 20,
            "g" | "gb" | "gib" => 1 << 30,
            _ => return None,
        })
    });
    let bytes = bytes.map_err(wrong)?;
    usize::try_from(bytes).map_err(|_| wrong("too large"))
}

/// `10`, `0.5`, `2s`, `250ms`, `5m`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = |why: &str| {
        format!("{why}; a time is a number of seconds, or a number with ms, s or m behind it")
    };
    let (digits, unit) = split_unit(text);
    if is_negative(digits) {
        return Err(wrong("it must not be negative"));
    }
    let unit = match unit.to_ascii_lowercase().as_str() {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        _ => return Err(wrong("no such unit")),
    };
    // Nothing else that Rust reads as a number: inf, nan.
    let plain = |c: char| c.is_ascii_digit() || ".eE_+-".contains(c);
    let number = digits.replace('_', "").parse::<f64>();
    let number = number.ok().filter(|_| digits.chars().all(plain));
    let number = number.ok_or_else(|| wrong("not a number"))?;
    Duration::try_from_secs_f64(number * unit).map_err(|_| wrong("too large"))
}

/// A number, and the letters behind it.
fn split_unit(text: &str) -> (&str, &str) {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    text.split_at(number.len())
}

/// A minus without a digit behind it is what an option begins with.
fn is_negative(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or_default();
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
}

/// Digits with a point and a power of ten, times a unit: exact, and whole in the end.
fn parse(text: &str, unit: impl Fn(&str) -> Option<u64>) -> Result<u64, &'static str> {
    let (number, letters) = split_unit(text);
    if is_negative(number) {
        return Err("it must not be negative");
    }
    let unit = unit(letters).ok_or(if number.is_empty() {
        "not a number"
    } else {
        "no such unit"
    })?;
    let (number, power) = match number.split_once(['e', 'E']) {
        Some((number, power)) => (number, power.parse::<u32>().map_err(|_| "not a number")?),
        None => (number, 0),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let (whole, part) = (whole.replace('_', ""), part.replace('_', ""));
    let part = part.trim_end_matches('0');
    let digits = format!("{whole}{part}");
    if whole.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("not a number");
    }
    let value: u128 = digits.parse().map_err(|_| "too large")?;
    let scale = |n: u32| 10u128.checked_pow(n).ok_or("too large");
    let value = value.checked_mul(u128::from(unit)).ok_or("too large")?;
    let value = value.checked_mul(scale(power)?).ok_or("too large")?;
    let divisor = scale(part.len() as u32)?;
    if value % divisor != 0 {
        return Err("not whole");
    }
    u64::try_from(value / divisor).map_err(|_| "too large")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        for (text, count) in [
            ("0", 0),
            ("1_000", 1000),
            ("1e8", 100_000_000),
            ("1E8", 100_000_000),
            ("10M", 10_000_000),
            ("500k", 500_000),
            ("1.5G", 1_500_000_000),
            ("1.25e2", 125),
            ("0.5k", 500),
            ("2.0", 2),
            ("18446744073709551615", u64::MAX),
            ("0e30", 0),
            ("1e3k", 1_000_000),
        ] {
            assert_eq!(parse_count(text), Ok(count), "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, size) in [
            ("0", 0),
            ("500", 500),
            ("500b", 500),
            ("64M", 64 << 20),
            ("64mib", 64 << 20),
            ("1e8", 100_000_000),
            ("500k", 500 << 10),
            ("1.5G", 3 << 29),
            ("1.5k", 1536),
            ("2GB", 2 << 30),
        ] {
            assert_eq!(parse_size(text), Ok(size), "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_told() {
        for (text, why) in [
            ("-1", "it must not be negative"),
            ("-5k", "it must not be negative"),
            ("-p", "no such unit"),
            ("--fuel", "no such unit"),
            ("1.5", "not whole"),
            ("1e30", "too large"),
            ("18446744073709551616", "too large"),
            ("99999999999999G", "too large"),
            ("64X", "no such unit"),
            ("", "not a number"),
            ("M", "not a number"),
            ("e8", "not a number"),
            ("1e", "no such unit"),
            ("1e-3", "not a number"),
            ("1.2.3", "not a number"),
            (".5k", "not a number"),
            ("+1", "not a number"),
            ("1 M", "not a number"),
            ("0x10", "not a number"),
            ("1e99999999999", "not a number"),
            ("1e4000000000", "too large"),
            ("_", "not a number"),
            ("99999999999999999999999999999999999999999999", "too large"),
            ("٣", "not a number"),
        ] {
            for error in [parse_count(text).err(), parse_size(text).err()] {
                assert!(
                    error.as_ref().is_some_and(|e| e.starts_with(why)),
                    "{text}: {error:?}"
                );
            }
        }
    }

    #[test]
    fn times() {
        for (text, milliseconds) in [
            ("0", 0),
            ("10", 10_000),
            ("0.5", 500),
            ("2s", 2000),
            ("250ms", 250),
            ("5m", 300_000),
            ("1e3", 1_000_000),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
        for (text, why) in [
            ("-1", "it must not be negative"),
            ("soon", "no such unit"),
            ("inf", "no such unit"),
            ("1h", "no such unit"),
            ("1e300", "too large"),
            ("", "not a number"),
            ("1..2", "not a number"),
        ] {
            let error = parse_duration(text).unwrap_err();
            assert!(error.starts_with(why), "{text}: {error}");
        }
    }
}
