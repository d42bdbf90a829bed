//! Quotients and remainders.

use super::super::divide::Lead;
use super::*;

fn check(a: &BigInt, b: &BigInt) {
    let (x, y) = (oracle(a), oracle(b));
    let (quotient, rest) = a.divided_by(b);
    assert_same(&quotient, &(&x / &y));
    assert_same(&rest, &(&x % &y));
    let (floor, modulo) = a.floor_divided_by(b);
    let up = rest.negative != b.negative && !rest.is_zero();
    assert_same(&floor, &(&x / &y - i32::from(up)));
    assert_same(&modulo, &(&x - oracle(&floor) * &y));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn quotients(a in number(), b in number()) {
        if !b.is_zero() {
            check(&a, &b);
            check(&b, &b);
        }
    }

    #[test]
    fn exact_and_almost(quotient in number(), b in number(), rest in number()) {
        if b.is_zero() {
            return Ok(());
        }
        let one = BigInt::from(1i128);
        let exact = quotient.product(&b);
        check(&exact, &b);
        check(&exact.clone().sum(one.clone()), &b);
        check(&exact.clone().difference(one), &b);
        check(&exact.sum(rest.divided_by(&b).1), &b);
    }

    #[test]
    fn long_quotients(b in (60..90usize).prop_flat_map(number_of), a in (400..700usize).prop_flat_map(number_of)) {
        if !b.is_zero() {
            check(&a, &b);
        }
    }

    /// The leading limbs of the divisor are the least there are, and the others the largest: estimates are too high.
    #[test]
    fn divisors_that_mislead(ones in 1..200usize, zeros in 0..3usize, quotient in number(), low in limb()) {
        let mut divisor = vec![u64::MAX; ones];
        divisor[0] = low;
        divisor.resize(ones + zeros, 0);
        divisor.push(1 << 63);
        let divisor = BigInt::new(false, divisor);
        let almost = quotient.abs().product(&divisor).difference(BigInt::from(1i128));
        check(&almost, &divisor);
    }
}

#[test]
fn an_estimate_is_one_too_many_and_added_back() {
    let divisor = BigInt::new(false, vec![u64::MAX, 0, 1 << 63]);
    let quotient = BigInt::from(u128::from(u64::MAX));
    let a = quotient.product(&divisor).difference(BigInt::from(1i128));
    let [_, a0, a1, a2] = *a.limbs() else {
        panic!("four limbs")
    };
    assert_eq!(Lead::new(1 << 63, 0).estimate(a2, a1, a0), u64::MAX);
    assert_eq!(a.divided_by(&divisor).0.to_u64(), Some(u64::MAX - 1));
    check(&a, &divisor);
}

#[test]
fn leading_limbs_equal_the_divisors() {
    let divisor = BigInt::new(false, vec![u64::MAX, u64::MAX, 5, 1 << 63]);
    let a = BigInt::new(false, vec![0, 0, u64::MAX, u64::MAX - 1, 5, 1 << 63]);
    check(&a, &divisor);
}
