//! Unpredictable bits from the kernel, to seed generators and make identifiers. Must never be the
//! generator that programs draw from: that one is Smalltalk's and can be repeated from its seed.

use super::sys;
use std::hash::{BuildHasher, Hasher, RandomState};

/// 64 unpredictable bits.
pub fn seed() -> u64 {
    let mut bytes = [0u8; 8];
    match sys::random_bytes(&mut bytes) {
        Ok(()) => u64::from_ne_bytes(bytes),
        // A kernel without getrandom: the standard library's hash keys are random as well.
        Err(_) => RandomState::new().build_hasher().finish(),
    }
}

/// Fills the buffer with unpredictable bytes; an errno when the kernel has none.
pub fn fill(buffer: &mut [u8]) -> Result<(), i32> {
    sys::random_bytes(buffer).map_err(|errno| errno as i32)
}
