//! Digits in all bases.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn digits(n in number(), base in 2..=36u32) {
        let text = oracle(&n).to_str_radix(base);
        prop_assert_eq!(n.to_digits(base).to_ascii_lowercase(), text.as_str());
        prop_assert_eq!(&BigInt::from_digits(text.as_bytes(), base), &n);
        prop_assert_eq!(BigInt::from_digits(text.to_ascii_uppercase().as_bytes(), base), n);
    }

    #[test]
    fn zeros_and_nines(count in 1..4000usize, base in 2..=36u32) {
        let power = BigInt::from(u128::from(base)).power(count as u64);
        let below = power.clone().difference(BigInt::from(1i128));
        prop_assert_eq!(power.to_digits(base), format!("1{}", "0".repeat(count)));
        let last = char::from_digit(base - 1, base).unwrap().to_ascii_uppercase();
        let text = last.to_string().repeat(count);
        prop_assert_eq!(&below.to_digits(base), &text);
        prop_assert_eq!(BigInt::from_digits(text.as_bytes(), base), below);
    }

    #[test]
    fn zeros_before_a_number(n in short(), count in 0..3000usize, base in 2..=36u32) {
        let text = "0".repeat(count) + &n.clone().abs().to_digits(base);
        prop_assert_eq!(BigInt::from_digits(text.as_bytes(), base), n.abs());
    }
}
