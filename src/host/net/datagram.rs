//! Datagrams: one message, one address. A datagram socket never "ends": an error is kept
//! and reported by the next operation, an empty datagram is a datagram.

use super::super::sys;
use super::address::{Address, LocalName};
use super::error::NetError;
use super::reactor::Reactor;
use super::socket::{Family, Phase, Socket, retry};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send, sendto};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, NetError>;

/// When to look again whether a full local queue has room: the kernel does not tell.
const QUEUE_PAUSE: Duration = Duration::from_millis(2);

/// One received datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Bytes in the buffer.
    pub size: usize,
    /// Who sent it; `LocalName::Unnamed` for a local sender without a name.
    pub sender: Address,
    /// It was longer than the buffer.
    pub truncated: bool,
}

impl Socket {
    /// Whether a datagram or an error waits; if not, arms the read semaphore.
    pub fn datagram_available(&mut self, reactor: &mut Reactor) -> Result<bool> {
        if self.pending_error.is_some() {
            return Ok(true);
        }
        match self.peek() {
            Ok(_) => Ok(true),
            Err(Errno::EAGAIN) => {
                self.arm_read(reactor);
                Ok(false)
            }
            Err(errno) => {
                self.pending_error = Some(errno as i32);
                Ok(true)
            }
        }
    }

    fn expect_datagrams(&self) -> Result<()> {
        match self.phase {
            Phase::Open if !self.kind.is_connected_kind() => Ok(()),
            Phase::Closed => Err(NetError::Os(libc::EBADF)),
            _ => Err(NetError::Os(libc::EOPNOTSUPP)),
        }
    }

    /// Takes one datagram and remembers its sender, so that a plain send answers it.
    pub fn receive_datagram(&mut self, buffer: &mut [u8]) -> Result<Option<Datagram>> {
        self.expect_datagrams()?;
        if let Some(errno) = self.pending_error.take() {
            return Err(NetError::Os(errno));
        }
        let fd = self.borrow()?;
        let message = match retry(|| sys::names::receive_message(fd, buffer)) {
            Ok(message) => message,
            Err(Errno::EAGAIN) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        let sender =
            Address::from_raw(&message.sender).unwrap_or(Address::Local(LocalName::Unnamed));
        if !self.fixed_peer {
            self.peer = Some(sender.clone());
        }
        Ok(Some(Datagram {
            size: message.size,
            sender,
            truncated: message.truncated,
        }))
    }

    /// Sends to the fixed peer or the last sender.
    pub fn send_to_peer(&mut self, data: &[u8], reactor: &mut Reactor) -> Result<usize> {
        if self.fixed_peer {
            let fd = self.raw()?;
            return self.sent(retry(|| send(fd, data, MsgFlags::MSG_NOSIGNAL)), reactor);
        }
        match self.peer.clone() {
            Some(peer) => self.send_datagram(data, &peer, reactor),
            None => Err(NetError::Os(libc::EDESTADDRREQ)),
        }
    }

    /// Sends one datagram to an address; 0 when there is no room now.
    pub fn send_datagram(
        &mut self,
        data: &[u8],
        to: &Address,
        reactor: &mut Reactor,
    ) -> Result<usize> {
        self.expect_datagrams()?;
        self.prepare(to.family(), reactor)?;
        // Whoever sent the last one gets an answer.
        if self.peer.as_ref() != Some(to) {
            reactor.gate.check_connect(to)?;
        }
        let to = self.fitting(to);
        let system = to.to_system()?;
        let fd = self.raw()?;
        let result = retry(|| sendto(fd, data, system.as_dyn(), MsgFlags::MSG_NOSIGNAL));
        self.sent(result, reactor)
    }

    fn sent(&mut self, result: nix::Result<usize>, reactor: &mut Reactor) -> Result<usize> {
        match result {
            Ok(count) => Ok(count),
            Err(Errno::EAGAIN) => {
                if self.family == Family::Local {
                    let until = Instant::now() + QUEUE_PAUSE;
                    self.blocked_until = Some(until);
                    reactor.timers.add(until, self.token);
                }
                Ok(0)
            }
            Err(errno) => Err(errno.into()),
        }
    }
}
