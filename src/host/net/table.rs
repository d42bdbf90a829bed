//! The table of sockets: slots that are used again, each with a generation, so that an old handle
//! or a late event never reaches the new owner of a slot.

use super::handle::Handle;
use super::socket::Socket;

struct Slot {
    generation: u32,
    socket: Option<Box<Socket>>,
}

/// All sockets of one interpreter.
#[derive(Default)]
pub struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

fn token(slot: u32, generation: u32) -> u64 {
    (u64::from(generation) << 32) | u64::from(slot)
}

impl Table {
    /// Stores a socket and tells it its token; answers slot and generation.
    pub fn insert(&mut self, mut socket: Socket) -> (u32, u32) {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.slots.push(Slot {
                    generation: 0,
                    socket: None,
                });
                (self.slots.len() - 1) as u32
            }
        };
        let slot = &mut self.slots[index as usize];
        // Never 0: sixteen zero bytes must not be a handle. Never all ones: the poller's own token.
        slot.generation = (slot.generation % (u32::MAX - 1)) + 1;
        socket.token = token(index, slot.generation);
        slot.socket = Some(Box::new(socket));
        (index, slot.generation)
    }

    /// The socket of a handle whose session was checked.
    pub fn get(&mut self, handle: Handle) -> Option<&mut Socket> {
        let slot = self.slots.get_mut(handle.slot as usize)?;
        if slot.generation != handle.generation {
            return None;
        }
        slot.socket
            .as_deref_mut()
            .filter(|socket| socket.kind.code() == handle.kind)
    }

    /// The socket of a token; `None` when it is gone.
    pub fn by_token(&mut self, wanted: u64) -> Option<&mut Socket> {
        let slot = self
            .slots
            .get_mut((wanted & u64::from(u32::MAX)) as usize)?;
        slot.socket
            .as_deref_mut()
            .filter(|socket| socket.token == wanted)
    }

    /// Takes the socket out; its handle is stale from now on.
    pub fn remove(&mut self, handle: Handle) -> Option<Box<Socket>> {
        self.get(handle)?;
        let socket = self.slots[handle.slot as usize].socket.take();
        self.free.push(handle.slot);
        socket
    }

    /// Number of sockets.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}
