//! Random numbers: the generator xoshiro256** over a state that the Smalltalk object holds.
//!
//! Owns the step of the generator and the spreading of a seed over its state. The state is 32
//! bytes of a ByteArray, so a copied Random goes on with the same numbers. Must never keep state
//! in Rust: a seeded sequence is the same in every interpreter.

use super::integer::big;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("randomSeed", seed),
    ("randomBits", bits),
    ("randomEntropy", entropy),
];

const STATE_BYTES: usize = 32;

/// The state in the argument, which must be a writable object of 32 bytes.
fn state_of(vm: &Vm, v: Value) -> Result<[u64; 4], PrimError> {
    if !vm.heap.is_bytes(v) || vm.heap.bytes(v).len() != STATE_BYTES {
        return Err(PrimError::BadArgument);
    }
    if vm.heap.is_immutable(v) {
        return Err(PrimError::ReadOnly);
    }
    let mut state = [0; 4];
    for (word, bytes) in state.iter_mut().zip(vm.heap.bytes(v).chunks_exact(8)) {
        for (at, &byte) in bytes.iter().enumerate() {
            *word |= u64::from(byte) << (8 * at);
        }
    }
    Ok(state)
}

fn store(vm: &mut Vm, v: Value, state: [u64; 4]) {
    for (bytes, word) in vm.heap.bytes_mut(v).chunks_exact_mut(8).zip(state) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
}

/// On any receiver: fills the state (first argument) from a seed (second argument, an Integer of
/// any size), with splitmix64, so that seeds close to each other give unlike sequences.
fn seed(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let mut state = state_of(vm, super::arg(args, 1)?)?;
    let mut x = 0u64;
    let seed = big(vm, super::arg(args, 2)?)?;
    for limb in seed.limbs() {
        x = x.rotate_left(1) ^ limb;
    }
    if seed.is_negative() {
        x = !x;
    }
    for word in &mut state {
        x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = x;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        *word = z ^ (z >> 31);
    }
    store(vm, super::arg(args, 1)?, state);
    super::arg(args, 1)
}

/// On any receiver: the next bits of the sequence whose state is the first argument, as many as
/// the second argument says, 1 to 60.
fn bits(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let count = super::arg(args, 2)?
        .as_int()
        .and_then(|n| u32::try_from(n).ok())
        .filter(|n| (1..=60).contains(n));
    let count = count.ok_or(PrimError::BadArgument)?;
    let mut state = state_of(vm, super::arg(args, 1)?)?;
    let value = step(&mut state);
    store(vm, super::arg(args, 1)?, state);
    Ok(Value::int((value >> (64 - count)) as i64))
}

/// One step of xoshiro256** (Blackman and Vigna).
fn step(s: &mut [u64; 4]) -> u64 {
    let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
    let t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3].rotate_left(45);
    result
}

/// On any receiver: an unpredictable SmallInteger, to seed a generator.
fn entropy(vm: &mut Vm, _args: &[Value]) -> PrimResult {
    Ok(Value::int((vm.host.seeds.next_seed() >> 4) as i64))
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn the_generator_is_the_published_one() {
        // First outputs for the state 1 2 3 4, as computed from the published algorithm.
        let mut state = [1, 2, 3, 4];
        let outputs: Vec<u64> = (0..4).map(|_| step(&mut state)).collect();
        assert_eq!(outputs, [11520, 0, 1509978240, 1215971899390074240]);
    }
}
