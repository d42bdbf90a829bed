//! Moving bytes over connections, half-closing them, and asking who is at the other end. Must never
//! say that the other end closed while it still has bytes for us, nor because of a mere FIN
//! that nobody looked at.

use super::super::sys;
use super::address::Address;
use super::error::NetError;
use super::reactor::Reactor;
use super::socket::{Family, Kind, Phase, Socket, retry};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, Shutdown, getsockopt, recv, send, shutdown, sockopt};

type Result<T> = std::result::Result<T, NetError>;

impl Socket {
    /// Whether a receive would bring something. If not, arms the read semaphore.
    pub fn data_available(&mut self, reactor: &mut Reactor) -> Result<bool> {
        self.become_connection(reactor);
        if !matches!(self.phase, Phase::Open) {
            self.read_armed = true;
            return Ok(false);
        }
        if !self.kind.is_connected_kind() {
            return self.datagram_available(reactor);
        }
        if !self.unread.is_empty() {
            return Ok(true);
        }
        if self.input_ended {
            return Ok(false);
        }
        // Believed once: should somebody else read from the descriptor, the next answer is the kernel's.
        if std::mem::take(&mut self.data_reported) {
            return Ok(true);
        }
        match self.peek() {
            Ok(0) => self.end_input(None, reactor),
            Ok(_) => return Ok(true),
            Err(Errno::EAGAIN) => self.arm_read(reactor),
            Err(errno) => self.end_input(Some(errno), reactor),
        }
        Ok(false)
    }

    /// Reads what is there, 0 if that is nothing; the status tells an end from a pause.
    pub fn receive(&mut self, buffer: &mut [u8], reactor: &mut Reactor) -> Result<usize> {
        self.become_connection(reactor);
        match self.phase {
            Phase::Open => {}
            Phase::Closed => return Ok(0),
            _ => return Err(NetError::Os(libc::ENOTCONN)),
        }
        if !self.kind.is_connected_kind() {
            let message = self.receive_datagram(buffer)?;
            return Ok(message.map_or(0, |message| message.size));
        }
        if !self.unread.is_empty() {
            return Ok(self.take_unread(buffer));
        }
        if buffer.is_empty() || self.input_ended {
            return Ok(0);
        }
        let fd = self.raw()?;
        self.data_reported = false;
        let is_file = self.kind == Kind::File;
        match retry(|| match is_file {
            true => nix::unistd::read(self.borrow().map_err(|_| Errno::EBADF)?, buffer),
            false => recv(fd, buffer, MsgFlags::empty()),
        }) {
            Ok(0) => {
                self.end_input(None, reactor);
                Ok(0)
            }
            Ok(count) => Ok(count),
            Err(Errno::EAGAIN) => Ok(0),
            Err(errno) => {
                self.end_input(Some(errno), reactor);
                Ok(0)
            }
        }
    }

    /// Whether a send would take something (or say at once why not). If not, arms the write
    /// semaphore. The other end's half-close does not count: it may well read our answer.
    pub fn send_done(&mut self, reactor: &mut Reactor) -> Result<bool> {
        self.become_connection(reactor);
        match self.phase {
            Phase::Open if self.output_dead || self.output_shut => return Ok(false),
            Phase::Open => {}
            _ => {
                self.write_armed = true;
                return Ok(false);
            }
        }
        if self.blocked_until.is_none() {
            let mut wanted = [PollFd::new(self.borrow()?, PollFlags::POLLOUT)];
            if retry(|| poll(&mut wanted, PollTimeout::ZERO))? > 0 {
                return Ok(true);
            }
        }
        self.arm_write(reactor);
        Ok(false)
    }

    /// Writes a part of the data. 0: no room now, or the connection is gone (status and error).
    pub fn send(&mut self, data: &[u8], reactor: &mut Reactor) -> Result<usize> {
        self.become_connection(reactor);
        match self.phase {
            Phase::Open => {}
            // No room yet: there will be a connection.
            _ if !self.is_output_closed() => return Ok(0),
            _ => return Err(NetError::Os(libc::ENOTCONN)),
        }
        if !self.kind.is_connected_kind() {
            return self.send_to_peer(data, reactor);
        }
        if self.output_shut {
            return Err(NetError::Os(libc::EPIPE));
        }
        if !self.unsent.is_empty() && !self.send_rest(reactor)? {
            return Ok(0);
        }
        if data.is_empty() && self.kind == Kind::Stream {
            return Ok(0);
        }
        let fd = self.raw()?;
        let is_file = self.kind == Kind::File;
        match retry(|| match is_file {
            true => nix::unistd::write(self.borrow().map_err(|_| Errno::EBADF)?, data),
            false => send(fd, data, MsgFlags::MSG_NOSIGNAL),
        }) {
            Ok(count) => Ok(count),
            Err(Errno::EAGAIN) => Ok(0),
            // The message is too long for one packet: the connection lives on.
            Err(Errno::EMSGSIZE) => Err(NetError::Os(libc::EMSGSIZE)),
            Err(errno) => {
                self.error = errno as i32;
                self.output_dead = true;
                self.signal_all(reactor);
                Ok(0)
            }
        }
    }

    /// Half-closes: 0 input, 1 output, 2 both.
    pub fn shutdown(&mut self, direction: i64, reactor: &mut Reactor) -> Result<()> {
        let how = match direction {
            0 => Shutdown::Read,
            1 => Shutdown::Write,
            2 => Shutdown::Both,
            _ => return Err(NetError::BadArgument),
        };
        self.become_connection(reactor);
        if !matches!(self.phase, Phase::Open) {
            return Err(NetError::Os(libc::ENOTCONN));
        }
        if direction != 0 && !self.send_rest(reactor)? {
            return Err(NetError::Os(libc::EAGAIN));
        }
        shutdown(self.raw()?, how)?;
        if direction != 0 {
            self.output_shut = true;
        }
        self.signal_all(reactor);
        Ok(())
    }

    /// The address the socket is bound to, as far as it has one.
    pub fn local_address(&self) -> Option<Address> {
        let raw = sys::names::local_name(self.borrow().ok()?).ok()?;
        let address = Address::from_raw(&raw)?;
        // An undecided socket has no address, whatever its provisional descriptor says.
        (self.family != Family::Any).then_some(address)
    }

    /// The address of the other end; for datagrams, of the last sender or the fixed peer.
    pub fn remote_address(&mut self, reactor: &mut Reactor) -> Option<Address> {
        self.become_connection(reactor);
        if matches!(self.phase, Phase::Open)
            && self.kind.is_connected_kind()
            && let Ok(raw) = sys::names::peer_name(self.borrow().ok()?)
        {
            self.peer = Address::from_raw(&raw);
        }
        self.peer.clone()
    }

    /// Process, user and group of the other end of a local socket.
    pub fn peer_credentials(&mut self, reactor: &mut Reactor) -> Result<(i64, i64, i64)> {
        self.become_connection(reactor);
        if self.family != Family::Local {
            return Err(NetError::Os(libc::EOPNOTSUPP));
        }
        let credentials = getsockopt(&self.borrow()?, sockopt::PeerCredentials)?;
        Ok((
            credentials.pid().into(),
            credentials.uid().into(),
            credentials.gid().into(),
        ))
    }
}
