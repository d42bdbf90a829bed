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

/// Seeds for the generators of one interpreter's programs: unpredictable, unless the host wants to have the same again.
#[derive(Debug, Default)]
pub struct Seeds(Option<u64>);

impl From<Option<u64>> for Seeds {
    fn from(seed: Option<u64>) -> Seeds {
        Seeds(seed)
    }
}

impl Seeds {
    /// The next seed: SplitMix64 (Steele, Lea and Flood, 2014) from the host's own.
    pub fn next_seed(&mut self) -> u64 {
        let Some(state) = &mut self.0 else {
            return seed();
        };
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
