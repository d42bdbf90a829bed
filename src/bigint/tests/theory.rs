//! Divisors, powers and roots.

use super::*;

/// Euclid's algorithm, as the other library does not show its own.
fn euclid(mut a: Oracle, mut b: Oracle) -> Oracle {
    while b != Oracle::ZERO {
        let rest = &a % &b;
        (a, b) = (b, rest);
    }
    a.magnitude().clone().into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn common_divisors(a in number(), b in number(), common in short()) {
        let (a, b) = (a.product(&common), b.product(&common));
        let divisor = euclid(oracle(&a), oracle(&b));
        assert_same(&a.gcd(b), &divisor);
    }

    #[test]
    fn steps_keep_the_divisor(a in number(), b in number()) {
        let (a, b) = (a.abs(), b.abs());
        let (mut large, mut small) = if a < b { (b, a) } else { (a, b) };
        if small.is_zero() {
            return Ok(());
        }
        let before = (oracle(&large), oracle(&small));
        large.euclid(&mut small);
        prop_assert!(small < large && oracle(&small) < before.1);
        prop_assert_eq!(euclid(oracle(&large), oracle(&small)), euclid(before.0, before.1));
    }

    #[test]
    fn powers(base in short(), exponent in 1..200u32) {
        assert_same(&base.power(exponent.into()), &oracle(&base).pow(exponent));
    }

    #[test]
    fn powers_modulo(base in number(), exponent in short(), modulus in number(), odd in any::<bool>()) {
        let modulus = modulus.abs().or(BigInt::from(i128::from(odd)));
        if modulus.is_zero() {
            return Ok(());
        }
        let exponent = exponent.abs();
        let expected = oracle(&base).modpow(&oracle(&exponent), &oracle(&modulus));
        assert_same(&base.power_modulo(&exponent, &modulus), &expected);
    }

    #[test]
    fn powers_modulo_with_long_exponents(base in short(), exponent in (6..16usize).prop_flat_map(number_of), modulus in short()) {
        if modulus.is_zero() {
            return Ok(());
        }
        let (exponent, modulus) = (exponent.abs(), modulus.abs());
        let expected = oracle(&base).modpow(&oracle(&exponent), &oracle(&modulus));
        assert_same(&base.power_modulo(&exponent, &modulus), &expected);
    }

    #[test]
    fn roots(n in number(), degree in prop_oneof![1..5u32, 1..2000u32]) {
        let n = if degree % 2 == 0 { n.abs() } else { n };
        let expected = oracle(&n).nth_root(degree);
        assert_same(&n.root(degree), &expected);
    }

    #[test]
    fn roots_of_powers(root in short(), degree in 1..60u32) {
        let power = root.clone().abs().power(degree.into());
        let one = BigInt::from(1i128);
        prop_assert_eq!(&power.clone().root(degree), &root.clone().abs());
        let less = power.difference(one.clone());
        if less.is_positive() && degree > 1 {
            prop_assert_eq!(less.root(degree), root.abs().difference(one));
        }
    }
}
