//! TLS as a machine of bytes: what the other end sent goes in, what is to be sent to it comes out.
//! Owns the sessions of one interpreter and their handles. Does no I/O but reading the files of
//! certificates and keys that it is told of; must never touch a socket, block, or panic, whatever
//! bytes arrive.
//!
//! The shape, the codes and the numbers of properties below 100 are those of the module SqueakSSL
//! that Smalltalk code knows; those from 100 on are ours.

mod config;
mod reason;
mod session;
mod verify;

pub use session::{Int, MAX_INCOMING, Refusal, Role, Text};

use super::capabilities::FileAccess;
use super::net::Handle;
use config::Configs;
use rustc_hash::FxHashMap;
use session::Session;

/// What a session takes that has not begun.
pub const SESSION_BYTES: usize = size_of::<Session>() + 64;

/// What it takes more then, about: keys, buffers and what both ends have said.
pub const CONNECTION_BYTES: usize = 32 << 10;

/// In the place where the handle of a socket has its kind, so that neither passes for the other.
const KIND: u32 = u32::from_ne_bytes(*b"TLS\0");

type Result<T> = std::result::Result<T, Refusal>;

/// The TLS sessions of one interpreter.
///
/// ```
/// use chirp::host::capabilities::FileAccess;
/// use chirp::host::tls::{Refusal, Role, Text, Tls};
///
/// let mut tls = Tls::new();
/// let session = tls.create();
/// tls.set_text(session, Text::ServerName, b"www.example.com".to_vec())?;
///
/// // The first call needs no input; the greeting is to be sent to the server.
/// tls.handshake(session, Role::Client, &[], &FileAccess::all())?;
/// let mut greeting = [0; 4096];
/// assert!(tls.take_outgoing(session, &mut greeting)? > 100);
///
/// // Nothing came back yet.
/// assert_eq!(tls.decrypt(session, &[]), Err(Refusal::InvalidState));
/// tls.destroy(session);
/// # Ok::<(), Refusal>(())
/// ```
pub struct Tls {
    session: u32,
    next: u64,
    sessions: FxHashMap<u64, Box<Session>>,
    /// Those of them that have begun a handshake.
    begun: usize,
    configs: Configs,
}

impl Tls {
    /// No sessions yet; nothing is loaded before the first one begins.
    pub fn new() -> Self {
        Tls {
            session: 0,
            next: 1,
            sessions: FxHashMap::default(),
            begun: 0,
            configs: Configs::default(),
        }
    }

    /// A new session. Its handle is never used again.
    pub fn create(&mut self) -> Handle {
        if self.session == 0 {
            self.session = (super::random::seed() as u32) | 1;
        }
        let number = self.next;
        self.next += 1;
        self.sessions.insert(number, Box::default());
        Handle {
            session: self.session,
            kind: KIND,
            slot: number as u32,
            generation: (number >> 32) as u32,
        }
    }

    /// About the bytes that sessions take.
    pub fn bytes_used(&self) -> usize {
        self.sessions.len() * SESSION_BYTES + self.begun * CONNECTION_BYTES
    }

    /// Number of sessions that were made and not destroyed.
    pub fn open_count(&self) -> usize {
        self.sessions.len()
    }

    fn number(&self, handle: Handle) -> Option<u64> {
        let ours = handle.session == self.session && handle.kind == KIND;
        ours.then_some(u64::from(handle.generation) << 32 | u64::from(handle.slot))
    }

    fn get(&mut self, handle: Handle) -> Result<&mut Session> {
        let session = self
            .number(handle)
            .and_then(|number| self.sessions.get_mut(&number));
        session.map(Box::as_mut).ok_or(Refusal::BadHandle)
    }

    /// Forgets a session and all its keys; answers whether there was one.
    pub fn destroy(&mut self, handle: Handle) -> bool {
        let number = self.number(handle);
        let session = number.and_then(|number| self.sessions.remove(&number));
        self.begun -= usize::from(session.as_ref().is_some_and(|s| s.has_begun()));
        session.is_some()
    }

    /// Begins or continues a handshake with what came from the other end (nothing, at first).
    /// Whether there is something to send, and whether the handshake is over, are properties.
    pub fn handshake(
        &mut self,
        handle: Handle,
        role: Role,
        input: &[u8],
        files: &FileAccess,
    ) -> Result<()> {
        let number = self.number(handle).ok_or(Refusal::BadHandle)?;
        let session = self.sessions.get_mut(&number).ok_or(Refusal::BadHandle)?;
        let before = session.has_begun();
        let result = session.handshake(role, input, &mut self.configs, files);
        self.begun += usize::from(session.has_begun() && !before);
        result
    }

    /// Moves what is to be sent to the other end; it may be more than fits.
    pub fn take_outgoing(&mut self, handle: Handle, output: &mut [u8]) -> Result<usize> {
        Ok(self.get(handle)?.take_outgoing(output))
    }

    /// How many bytes are to be sent to the other end.
    pub fn outgoing(&mut self, handle: Handle) -> Result<usize> {
        Ok(self.get(handle)?.outgoing())
    }

    /// Encrypts all of the data, to be taken with `take_outgoing`, if what is to be sent then fits
    /// into `room` bytes; else nothing is done.
    pub fn encrypt(&mut self, handle: Handle, data: &[u8], room: usize) -> Result<()> {
        self.get(handle)?.encrypt(data, room)
    }

    /// Takes in what came from the other end; see `take_plain`.
    pub fn decrypt(&mut self, handle: Handle, input: &[u8]) -> Result<()> {
        self.get(handle)?.decrypt(input)
    }

    /// Moves decrypted data, as far as there is any and it fits.
    pub fn take_plain(&mut self, handle: Handle, output: &mut [u8]) -> Result<usize> {
        self.get(handle)?.take_plain(output)
    }

    /// Tells the other end that nothing more will come; that too has to be sent to it.
    pub fn finish(&mut self, handle: Handle) -> Result<()> {
        self.get(handle)?.finish();
        Ok(())
    }

    /// A property that is a number.
    pub fn int(&mut self, handle: Handle, property: Int, files: &FileAccess) -> Result<i64> {
        let number = self.number(handle).ok_or(Refusal::BadHandle)?;
        let session = self.sessions.get_mut(&number).ok_or(Refusal::BadHandle)?;
        Ok(session.int(property, &mut self.configs, files))
    }

    /// Sets a property that is a number.
    pub fn set_int(&mut self, handle: Handle, property: Int, value: i64) -> Result<()> {
        self.get(handle)?.set_int(property, value)
    }

    /// A property that is a text; `None` when there is none (yet).
    pub fn text(&mut self, handle: Handle, property: Text) -> Result<Option<String>> {
        Ok(self.get(handle)?.text(property))
    }

    /// Sets a property that is a text. Certificates and keys are the path of a file or PEM itself.
    pub fn set_text(&mut self, handle: Handle, property: Text, value: Vec<u8>) -> Result<()> {
        self.get(handle)?.set_text(property, value)
    }
}

impl Default for Tls {
    fn default() -> Self {
        Tls::new()
    }
}
