//! Primitives of hash functions: what a block does to the state. Owns the arithmetic of 32 bits, of
//! which a megabyte needs a hundred million steps; padding, lengths and texts are Smalltalk.

use super::arg;
use super::part::part;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: Table = table![
    ("hashMD5", |vm, args| blocks(vm, args, md5)),
    ("hashSHA1", |vm, args| blocks(vm, args, sha1)),
    ("hashSHA256", |vm, args| blocks(vm, args, sha256)),
];

/// What one block of 64 bytes does to a state of `N` words.
type Step<const N: usize> = fn(&mut [u32; N], &[u8; 64]);

/// State (an Array of words), bytes, start, count. Answers the state after the whole blocks there.
fn blocks<const N: usize>(vm: &mut Vm, args: &[Value], step: Step<N>) -> PrimResult {
    let object = arg(args, 1)?;
    if !vm.heap.is_pointers(object) || vm.heap.pointer_slots(object).len() != N {
        return Err(PrimError::BadArgument);
    }
    let mut state = [0u32; N];
    for (word, value) in state.iter_mut().zip(vm.heap.pointer_slots(object)) {
        let number = value.as_int().and_then(|number| u32::try_from(number).ok());
        *word = number.ok_or(PrimError::BadArgument)?;
    }
    let (bytes, range) = part(vm, args, 2)?;
    vm.charge(range.len() >> 3);
    for block in vm.heap.bytes(bytes)[range].as_chunks::<64>().0 {
        step(&mut state, block);
    }
    let words = state.map(|word| Value::int(word.into()));
    Ok(vm.new_array_from(&words))
}

fn words(block: &[u8; 64], read: fn([u8; 4]) -> u32) -> [u32; 16] {
    let mut words = [0; 16];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = read(*bytes);
    }
    words
}

fn add<const N: usize>(state: &mut [u32; N], changes: [u32; N]) {
    for (word, change) in state.iter_mut().zip(changes) {
        *word = word.wrapping_add(change);
    }
}

/// FIPS 180-4, 6.1.2.
fn sha1(state: &mut [u32; 5], block: &[u8; 64]) {
    let mut w = [0u32; 80];
    w[..16].copy_from_slice(&words(block, u32::from_be_bytes));
    for i in 16..80 {
        w[i] = (w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]).rotate_left(1);
    }
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for (i, word) in w.into_iter().enumerate() {
        let (f, k) = match i {
            0..20 => ((b & c) | (!b & d), 0x5A82_7999),
            20..40 => (b ^ c ^ d, 0x6ED9_EBA1),
            40..60 => ((b & c) | (b & d) | (c & d), 0x8F1B_BCDC),
            _ => (b ^ c ^ d, 0xCA62_C1D6_u32),
        };
        let sum = a.rotate_left(5).wrapping_add(f).wrapping_add(e);
        let next = sum.wrapping_add(k).wrapping_add(word);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
    }
    add(state, [a, b, c, d, e]);
}

/// The first 32 bits of the fractions of the cube roots of the first 64 primes.
const fn sha256_constants() -> [u32; 64] {
    let mut constants = [0; 64];
    let mut found = 0;
    let mut candidate: u128 = 2;
    while found < 64 {
        let mut divisor = 2;
        while divisor * divisor <= candidate && !candidate.is_multiple_of(divisor) {
            divisor += 1;
        }
        if divisor * divisor > candidate {
            // The root of candidate * 2^96 is the root of candidate, with 32 bits behind the point.
            let wanted = candidate << 96;
            let (mut low, mut high) = (0u128, 1 << 36);
            while high - low > 1 {
                let middle = (low + high) / 2;
                if middle * middle * middle <= wanted {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            constants[found] = low as u32;
            found += 1;
        }
        candidate += 1;
    }
    constants
}

const SHA256: [u32; 64] = sha256_constants();

/// FIPS 180-4, 6.2.2.
fn sha256(state: &mut [u32; 8], block: &[u8; 64]) {
    let mut w = [0u32; 64];
    w[..16].copy_from_slice(&words(block, u32::from_be_bytes));
    for i in 16..64 {
        let (x, y) = (w[i - 15], w[i - 2]);
        let one = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
        let two = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
        w[i] = w[i - 16]
            .wrapping_add(one)
            .wrapping_add(w[i - 7])
            .wrapping_add(two);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (constant, word) in SHA256.into_iter().zip(w) {
        let one = h
            .wrapping_add(e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25))
            .wrapping_add((e & f) ^ (!e & g))
            .wrapping_add(constant)
            .wrapping_add(word);
        let two = (a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22))
            .wrapping_add((a & b) ^ (a & c) ^ (b & c));
        (h, g, f, e) = (g, f, e, d.wrapping_add(one));
        (d, c, b, a) = (c, b, a, one.wrapping_add(two));
    }
    add(state, [a, b, c, d, e, f, g, h]);
}

/// How far each round of MD5 turns, four steps a round by turns.
const TURNS: [[u32; 4]; 4] = [
    [7, 12, 17, 22],
    [5, 9, 14, 20],
    [4, 11, 16, 23],
    [6, 10, 15, 21],
];

/// RFC 1321, 3.4.
fn md5(state: &mut [u32; 4], block: &[u8; 64]) {
    let w = words(block, u32::from_le_bytes);
    let [mut a, mut b, mut c, mut d] = *state;
    for i in 0..64 {
        let (f, at) = match i {
            0..16 => ((b & c) | (!b & d), i),
            16..32 => ((d & b) | (!d & c), 5 * i + 1),
            32..48 => (b ^ c ^ d, 3 * i + 5),
            _ => (c ^ (b | !d), 7 * i),
        };
        // The sine of so many radians, 32 bits behind the point.
        let constant = (((i + 1) as f64).sin().abs() * 4_294_967_296.0) as u32;
        let sum = a.wrapping_add(f).wrapping_add(constant);
        let turned = sum
            .wrapping_add(w[at % 16])
            .rotate_left(TURNS[i / 16][i % 4]);
        (a, d, c, b) = (d, c, b, b.wrapping_add(turned));
    }
    add(state, [a, b, c, d]);
}
