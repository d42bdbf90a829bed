//! Moving elements of several bytes over connections. Owns the rest of an element that the system
//! took only a part of; must never hand out a part, nor forget one. Only a close for which
//! there is no room cuts the last element.

use super::super::sys;
use super::error::NetError;
use super::reactor::Reactor;
use super::socket::{Kind, Phase, Socket, retry};
use nix::sys::socket::{MsgFlags, recv};

type Result<T> = std::result::Result<T, NetError>;

impl Socket {
    /// Like `receive`, but takes only whole elements of `unit` bytes. The beginning of an element
    /// waits for the rest; at the end of the input, where none will come, that is EBADMSG, and the
    /// bytes can still be had as bytes.
    pub fn receive_units(
        &mut self,
        buffer: &mut [u8],
        unit: usize,
        reactor: &mut Reactor,
    ) -> Result<usize> {
        self.become_connection(reactor);
        if self.kind != Kind::Stream || self.input_ended || !matches!(self.phase, Phase::Open) {
            return Ok(self.receive(buffer, reactor)? / unit * unit);
        }
        let fd = self.raw()?;
        let there = match retry(|| recv(fd, buffer, MsgFlags::MSG_PEEK)) {
            Ok(there) if there > 0 => there,
            // An end, an error or nothing: the same for all elements.
            _ => return self.receive(buffer, reactor),
        };
        let whole = there / unit * unit;
        if whole == 0 {
            return if there < buffer.len() && sys::socket::peer_has_ended(self.borrow()?) {
                Err(NetError::Os(libc::EBADMSG))
            } else {
                Ok(0)
            };
        }
        self.receive(&mut buffer[..whole], reactor)
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
