//! Servers: listening and accepting. A listener looks one connection ahead (the parked one) and
//! then leaves the rest in the kernel's queue until Smalltalk accepts: that is the backpressure.
//! Must never lose a connection, nor die of a shortage that may pass.

use super::super::sys;
use super::address::Address;
use super::error::NetError;
use super::reactor::Reactor;
use super::socket::{Family, Phase, Semaphores, Socket};
use nix::errno::Errno;
use nix::sys::socket::Backlog;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, NetError>;

/// How long to wait for descriptors or memory to come free.
const SHORTAGE_PAUSE: Duration = Duration::from_millis(50);

/// What a listening socket knows.
pub struct Listener {
    /// A connection that waits to be accepted.
    pub parked: Option<OwnedFd>,
    /// Backlog 0 or 1: if Smalltalk treats the listener as the connection instead of accepting,
    /// it becomes the connection.
    pub one_shot: bool,
    /// When to try again after a shortage; one timer is enough.
    retry_at: Option<Instant>,
}

impl Listener {
    /// Nobody at the door yet.
    pub fn new(one_shot: bool) -> Self {
        Listener {
            parked: None,
            one_shot,
            retry_at: None,
        }
    }
}

impl Socket {
    /// The address of whoever is at the door, or at the other end.
    pub fn visitor_address(&mut self, reactor: &mut Reactor) -> Option<Address> {
        let Phase::Listening(listener) = &self.phase else {
            return self.remote_address(reactor);
        };
        let raw = sys::names::peer_name(listener.parked.as_ref()?.as_fd()).ok()?;
        Address::from_raw(&raw)
    }

    /// Starts to listen.
    pub fn listen(&mut self, backlog: i64, reactor: &mut Reactor) -> Result<()> {
        if !self.kind.is_connected_kind() {
            return if backlog > 1 {
                Err(NetError::BadArgument)
            } else {
                Ok(())
            };
        }
        self.renew();
        if !matches!(self.phase, Phase::Idle) {
            return Err(NetError::Os(libc::EINVAL));
        }
        // Without an address the system chooses a port, of IPv4 if nothing else was said.
        self.prepare(Family::Inet4, reactor)?;
        if let Some(address) = self.local_address()
            && address.port() == Some(0)
        {
            reactor.gate.check_listen(&address)?;
        }
        let one_shot = backlog <= 1;
        let length = i32::try_from(backlog.max(1)).unwrap_or(i32::MAX);
        // More than the system's maximum means the maximum.
        let length = Backlog::new(length).unwrap_or(Backlog::MAXCONN);
        nix::sys::socket::listen(&self.borrow()?, length)?;
        self.error = 0;
        self.phase = Phase::Listening(Listener::new(one_shot));
        self.watch(reactor);
        self.park(reactor);
        Ok(())
    }

    /// The old way: binds to a port of one interface or of all, and listens if it is a stream.
    pub fn listen_on_port(
        &mut self,
        port: u16,
        backlog: i64,
        interface: Option<&Address>,
        reactor: &mut Reactor,
    ) -> Result<()> {
        if !self.kind.is_connected_kind() && backlog > 1 {
            return Err(NetError::BadArgument);
        }
        let everywhere = match self.family {
            Family::Inet6 => Address::inet6(Ipv6Addr::UNSPECIFIED, port),
            _ => Address::inet4(Ipv4Addr::UNSPECIFIED, port),
        };
        let address = match interface {
            None => everywhere,
            Some(interface) => interface.with_port(port).ok_or(NetError::BadArgument)?,
        };
        self.bind(&address, None, reactor)?;
        self.listen(backlog, reactor)
    }

    /// Takes a connection from the kernel if none is parked.
    pub fn park(&mut self, reactor: &mut Reactor) {
        let result = match (&self.phase, self.borrow()) {
            (Phase::Listening(Listener { parked: None, .. }), Ok(fd)) => take_connection(fd),
            _ => return,
        };
        match result {
            Ok(connection) => {
                self.error = 0;
                if let Phase::Listening(listener) = &mut self.phase {
                    listener.parked = Some(connection);
                }
                reactor.signal(self.semaphores.connection);
                if std::mem::take(&mut self.read_armed)
                    && self.semaphores.read != self.semaphores.connection
                {
                    reactor.signal(self.semaphores.read);
                }
            }
            Err(Errno::EAGAIN) => {}
            Err(errno @ (Errno::EBADF | Errno::EINVAL | Errno::ENOTSOCK)) => {
                self.error = errno as i32;
                self.phase = Phase::Broken;
                self.signal_all(reactor);
            }
            Err(errno) => {
                // Out of descriptors or memory, or the network's trouble: it passes. Whoever
                // waits for a connection is told, for forgotten sockets may give descriptors back.
                let news = self.error != errno as i32;
                self.error = errno as i32;
                if news {
                    reactor.signal(self.semaphores.connection);
                }
                let at = Instant::now() + SHORTAGE_PAUSE;
                if let Phase::Listening(listener) = &mut self.phase
                    && listener
                        .retry_at
                        .is_none_or(|planned| planned <= Instant::now())
                {
                    listener.retry_at = Some(at);
                    reactor.timers.add(at, self.token);
                }
            }
        }
    }

    /// A new socket for the parked connection; EAGAIN when there is none.
    pub fn accept(&mut self, semaphores: Semaphores, reactor: &mut Reactor) -> Result<Socket> {
        let Phase::Listening(listener) = &mut self.phase else {
            return Err(NetError::Os(libc::EINVAL));
        };
        let parked = listener.parked.take();
        let connection = match parked {
            Some(connection) => connection,
            // Perhaps it came just now, before the poller told us.
            None => take_connection(self.borrow()?)?,
        };
        let family = self.family;
        let kind = self.kind;
        let accepted = Socket::with_descriptor(connection, family, kind, Phase::Open, semaphores);
        self.park(reactor);
        Ok(accepted)
    }

    /// A data operation on a one-shot listener: the parked connection takes the listener's place.
    pub fn become_connection(&mut self, reactor: &mut Reactor) {
        if let Phase::Listening(Listener {
            parked,
            one_shot: true,
            ..
        }) = &mut self.phase
            && let Some(connection) = parked.take()
        {
            self.phase = Phase::Open;
            self.replace_descriptor(connection, reactor);
        }
    }
}

/// Accepts one connection, passing over those that ended while they waited.
fn take_connection(fd: std::os::fd::BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    loop {
        match sys::socket::accept(fd) {
            Err(Errno::EINTR | Errno::ECONNABORTED | Errno::EPROTO) => {}
            result => return result,
        }
    }
}
