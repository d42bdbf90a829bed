//! Sums, products, bits, and machine numbers.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn sums(a in number(), b in number()) {
        let (x, y) = (oracle(&a), oracle(&b));
        prop_assert_eq!(a.cmp(&b), x.cmp(&y));
        assert_same(&a.clone().sum(b.clone()), &(&x + &y));
        assert_same(&a.clone().difference(b.clone()), &(&x - &y));
        assert_same(&a.clone().difference(a.clone()), &Oracle::ZERO);
        assert_same(&a.clone().sum(a.clone()), &(&x + &x));
        assert_same(&a.clone().negated(), &-&x);
        prop_assert_eq!(a.bits(), x.bits());
    }

    #[test]
    fn carries_through_all_limbs(length in length(), b in limb()) {
        let a = BigInt::new(false, vec![u64::MAX; length]);
        let b = BigInt::new(false, vec![b]);
        let (x, y) = (oracle(&a), oracle(&b));
        assert_same(&a.clone().sum(b.clone()), &(&x + &y));
        assert_same(&a.clone().sum(b.clone()).difference(b.clone()), &x);
        assert_same(&a.product(&b), &(x * y));
    }

    #[test]
    fn products(a in number(), b in number()) {
        let (x, y) = (oracle(&a), oracle(&b));
        assert_same(&a.product(&b), &(&x * &y));
        assert_same(&a.product(&a), &(&x * &x));
    }

    #[test]
    fn products_of_the_same_length((a, b) in length().prop_flat_map(|n| (number_of(n), number_of(n)))) {
        assert_same(&a.product(&b), &(oracle(&a) * oracle(&b)));
    }

    #[test]
    fn logic(a in number(), b in number()) {
        let (x, y) = (oracle(&a), oracle(&b));
        assert_same(&a.clone().and(b.clone()), &(&x & &y));
        assert_same(&a.clone().or(b.clone()), &(&x | &y));
        assert_same(&a.xor(b), &(x ^ y));
    }

    #[test]
    fn shifts(a in number(), by in prop_oneof![0..260u64, 0..50_000u64]) {
        let x = oracle(&a);
        assert_same(&a.clone().shifted_up(by), &(&x << by));
        assert_same(&a.clone().shifted_down(by), &(&x >> by));
        prop_assert_eq!(a.trailing_zeros(), x.trailing_zeros());
        // By no more than the zeros at the end, nothing is cut off.
        assert_same(&a.shifted_up(by).shifted_down(by), &x);
    }

    #[test]
    fn single_bits(a in short()) {
        let x = oracle(&a);
        for at in 0..400 {
            prop_assert_eq!(a.bit(at), x.bit(at));
        }
    }

    #[test]
    fn machine_integers(a in short()) {
        let x = oracle(&a);
        prop_assert_eq!(a.to_i64(), i64::try_from(&x).ok());
        prop_assert_eq!(a.to_u64(), u64::try_from(&x).ok());
        prop_assert_eq!(a.to_i128(), i128::try_from(&x).ok());
        prop_assert_eq!(a.to_u128(), u128::try_from(&x).ok());
    }

    #[test]
    fn from_machine_integers(n in any::<i128>(), places in 0..128u32) {
        assert_same(&BigInt::from(n >> places), &Oracle::from(n >> places));
        let n = n as u128 >> places;
        assert_same(&BigInt::from(n), &Oracle::from(n));
    }

    #[test]
    fn floats_are_the_nearest(a in prop_oneof![short(), (14..18usize).prop_flat_map(number_of)]) {
        let text = oracle(&a).to_string();
        let nearest: f64 = text.parse().unwrap();
        prop_assert_eq!(a.to_f64(), nearest, "{}", text);
    }

    #[test]
    fn half_way_between_floats(mantissa in 0..1u64 << 54, places in 0..200u64, more in -1..=1i128) {
        // Half a unit of the last place, with a little more or less.
        let half = BigInt::from(u128::from(mantissa) | 1 | 1 << 53).shifted_up(places);
        let n = half.sum(BigInt::from(more));
        let nearest: f64 = oracle(&n).to_string().parse().unwrap();
        prop_assert_eq!(n.to_f64(), nearest);
    }

    #[test]
    fn whole_parts_of_floats(f in prop_oneof![any::<f64>(), -1e19..1e19f64, -3.0..3.0f64]) {
        match BigInt::from_f64(f) {
            Some(n) => assert_same(&n, &format!("{:.0}", f.trunc()).parse().unwrap()),
            None => prop_assert!(!f.is_finite()),
        }
    }
}

#[test]
fn the_extremes_of_machine_numbers() {
    for n in [
        i128::MIN,
        i128::MAX,
        i64::MIN.into(),
        i64::MAX.into(),
        0,
        -1,
        1,
    ] {
        assert_same(&BigInt::from(n), &Oracle::from(n));
        assert_eq!(BigInt::from(n).to_i128(), Some(n));
    }
    let past = BigInt::from(u128::MAX).sum(BigInt::from(1i128));
    assert_eq!((past.to_u128(), past.to_i128()), (None, None));
    let largest = BigInt::from_f64(f64::MAX).unwrap();
    assert_eq!(largest.to_f64(), f64::MAX);
    // Half a unit above the largest Float is the first that is rounded up, to infinity.
    let half = BigInt::from(1i128).shifted_up(1024 - 54);
    assert_eq!(largest.clone().sum(half.clone()).to_f64(), f64::INFINITY);
    let below = largest.sum(half).difference(BigInt::from(1i128));
    assert_eq!(below.negated().to_f64(), -f64::MAX);
}

#[test]
fn some_thousands_of_limbs() {
    let mut x = 1u64;
    let mut number = |length: usize| {
        let limbs = std::iter::repeat_with(|| {
            x = x.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            x ^ x >> 32
        });
        BigInt::new(false, limbs.take(length).collect())
    };
    let (a, b) = (number(3001), number(2500));
    let (x, y) = (oracle(&a), oracle(&b));
    let product = a.product(&b);
    assert_same(&product, &(&x * &y));
    assert_same(&a.product(&a), &(&x * &x));
    let (quotient, rest) = product.sum(b.clone()).divided_by(&a);
    assert_same(&quotient, &y);
    assert_same(&rest, &y);
}
