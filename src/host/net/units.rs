//! Moving elements of several bytes over connections. Owns the rest of an element that the system
//! took or brought only a part of; must never hand out a part, nor forget one. Only a close
//! for which there is no room cuts the last element.

use super::error::NetError;
use super::reactor::Reactor;
use super::socket::{Kind, Phase, Socket};

type Result<T> = std::result::Result<T, NetError>;

impl Socket {
    /// Like `receive`, but answers only whole elements of `unit` bytes. The beginning of an element
    /// is kept here until the rest comes: left with the system, it can hold the whole receive buffer,
    /// so that nothing would ever come. At the end of the input, where no rest will come, it is
    /// EBADMSG, and the bytes can still be had as bytes.
    pub fn receive_units(
        &mut self,
        buffer: &mut [u8],
        unit: usize,
        reactor: &mut Reactor,
    ) -> Result<usize> {
        self.become_connection(reactor);
        if self.kind != Kind::Stream || !matches!(self.phase, Phase::Open) || buffer.len() < unit {
            return Ok(self.receive(buffer, reactor)? / unit * unit);
        }
        let mut there = self.take_unread(buffer);
        let mut came = 1;
        while came > 0 && there < unit {
            came = self.receive(&mut buffer[there..], reactor)?;
            there += came;
        }
        let whole = there / unit * unit;
        self.unread = buffer[whole..there].to_vec();
        if came == 0 && self.input_ended && !self.unread.is_empty() {
            return Err(NetError::Os(libc::EBADMSG));
        }
        Ok(whole)
    }

    /// Takes what is left of an element, for those who want bytes.
    pub fn take_unread(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.unread.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.unread[..count]);
        self.unread.drain(..count);
        count
    }

    /// Like `send`, but counts only whole elements of `unit` bytes. An element that was taken in
    /// part counts; its rest goes out before anything else.
    pub fn send_units(&mut self, data: &[u8], unit: usize, reactor: &mut Reactor) -> Result<usize> {
        let taken = self.send(data, reactor)?;
        let whole = taken.next_multiple_of(unit);
        self.unsent.extend_from_slice(&data[taken..whole]);
        self.send_rest(reactor)?;
        Ok(whole)
    }

    /// Sends what is left of the last element; answers whether nothing is.
    pub fn send_rest(&mut self, reactor: &mut Reactor) -> Result<bool> {
        while !self.unsent.is_empty() {
            let rest = std::mem::take(&mut self.unsent);
            let taken = self.send(&rest, reactor)?;
            if taken == 0 && !self.output_dead {
                self.unsent = rest;
                // The poller tells when there is room.
                self.watch_output(reactor);
                return Ok(false);
            }
            self.unsent = rest[taken..].to_vec();
            if self.output_dead {
                self.unsent.clear();
            }
        }
        Ok(true)
    }
}
