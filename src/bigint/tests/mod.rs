//! What num-bigint says, our numbers say, too.
//!
//! Lengths lie around the thresholds of all algorithms; limbs are often those at which carries go wrong.

mod arithmetic;
mod divisions;
mod text;
mod theory;

use super::{BigInt, modular, multiply, radix, recursive};
use num_bigint::{BigInt as Oracle, BigUint, Sign};
use proptest::collection::vec;
use proptest::prelude::*;

/// The same number, in the other library.
fn oracle(n: &BigInt) -> Oracle {
    let bytes: Vec<u8> = n.limbs().iter().flat_map(|x| x.to_le_bytes()).collect();
    let sign = if n.is_negative() {
        Sign::Minus
    } else {
        Sign::Plus
    };
    Oracle::from_biguint(sign, BigUint::from_bytes_le(&bytes))
}

/// Equal, and in the only form that a number has.
#[track_caller]
fn assert_same(ours: &BigInt, theirs: &Oracle) {
    assert_eq!(ours.limbs, theirs.magnitude().to_u64_digits());
    assert_eq!(ours.negative, theirs.sign() == Sign::Minus);
}

fn limb() -> impl Strategy<Value = u64> {
    let power = (0..64u32).prop_map(|i| 1u64 << i);
    prop_oneof![
        4 => any::<u64>(),
        2 => Just(0),
        2 => Just(u64::MAX),
        1 => power.clone(),
        1 => power.clone().prop_map(|n| n - 1),
        1 => power.prop_map(|n| n.wrapping_add(1)),
    ]
}

/// So many limbs: all of them by chance, or runs of the same one.
fn limbs(length: usize) -> impl Strategy<Value = Vec<u64>> {
    let runs = vec((limb(), 1..=length.max(4) / 2), 1..8).prop_map(move |runs| {
        let all = runs
            .into_iter()
            .flat_map(|(limb, n)| std::iter::repeat_n(limb, n));
        let mut limbs: Vec<u64> = all.take(length).collect();
        limbs.resize(length, u64::MAX);
        limbs
    });
    prop_oneof![vec(any::<u64>(), length), vec(limb(), length), runs]
}

/// A few limbs, or about as many as make another algorithm run.
fn length() -> impl Strategy<Value = usize> {
    const THRESHOLDS: &[usize] = &[
        multiply::KARATSUBA,
        multiply::KARATSUBA_SQUARE,
        multiply::TOOM,
        recursive::RECURSIVE,
        modular::DIVIDED,
        radix::WRITTEN,
        radix::READ,
    ];
    let near = (prop::sample::select(THRESHOLDS), 1..=3usize, 0..5usize);
    prop_oneof![
        4 => 0..6usize,
        4 => near.prop_map(|(threshold, times, more)| threshold * times + more - 2),
        1 => 0..700usize,
    ]
}

/// Numbers of some length.
fn number_of(length: usize) -> impl Strategy<Value = BigInt> {
    (any::<bool>(), limbs(length)).prop_map(|(negative, limbs)| BigInt::new(negative, limbs))
}

fn number() -> impl Strategy<Value = BigInt> {
    length().prop_flat_map(number_of)
}

/// A few limbs at most.
fn short() -> impl Strategy<Value = BigInt> {
    (0..5usize).prop_flat_map(number_of)
}
