//! The sixteen bytes by which Smalltalk names a socket. Plain numbers, checked on every use: no
//! pointer ever leaves the host.

/// Size of a handle in bytes.
pub const HANDLE_SIZE: usize = 16;

/// Names one socket of one session; stale as soon as the socket is destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    /// The interpreter that made it.
    pub session: u32,
    /// 0 stream, 1 datagram, 2 raw, 3 sequenced packets.
    pub kind: u32,
    /// Place in the table.
    pub slot: u32,
    /// How often the place was used before.
    pub generation: u32,
}

impl Handle {
    /// Reads a handle; `None` when the size is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Option<Handle> {
        if bytes.len() != HANDLE_SIZE {
            return None;
        }
        let word = |index: usize| {
            let mut part = [0u8; 4];
            part.copy_from_slice(&bytes[index * 4..index * 4 + 4]);
            u32::from_ne_bytes(part)
        };
        Some(Handle {
            session: word(0),
            kind: word(1),
            slot: word(2),
            generation: word(3),
        })
    }

    /// The bytes for the Smalltalk object.
    pub fn to_bytes(self) -> [u8; HANDLE_SIZE] {
        let mut bytes = [0u8; HANDLE_SIZE];
        let words = [self.session, self.kind, self.slot, self.generation];
        for (index, word) in words.into_iter().enumerate() {
            bytes[index * 4..index * 4 + 4].copy_from_slice(&word.to_ne_bytes());
        }
        bytes
    }
}
