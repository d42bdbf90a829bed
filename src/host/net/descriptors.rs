//! Sockets made of descriptors from elsewhere, and sending descriptors along. Owns finding out what
//! a descriptor is; must never take one that nobody gave us.

use super::super::sys;
use super::address::Address;
use super::error::NetError;
use super::gate::Gate;
use super::listen::Listener;
use super::reactor::Reactor;
use super::socket::{Family, Kind, Phase, Semaphores, Socket, retry};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessage, MsgFlags, getsockopt, sendmsg, sockopt};
use std::io::IoSlice;
use std::os::fd::{AsFd, OwnedFd, RawFd};

type Result<T> = std::result::Result<T, NetError>;

/// A descriptor that the process was started with, for it to serve.
pub struct Inherited {
    /// Its number.
    pub number: RawFd,
    /// Its name as the starter calls it; `unknown` if it does not say.
    pub name: String,
    /// The descriptor.
    pub fd: OwnedFd,
}

/// What systemd's protocol says that this process inherits: LISTEN_FDS descriptors from 3 on, meant
/// for process LISTEN_PID, named in LISTEN_FDNAMES.
pub fn inherited() -> Vec<Inherited> {
    const FIRST: RawFd = 3;
    let number = |name: &str| std::env::var(name).ok()?.trim().parse::<u32>().ok();
    if number("LISTEN_PID") != Some(std::process::id()) {
        return Vec::new();
    }
    let count = number("LISTEN_FDS").unwrap_or(0).min(4096) as RawFd;
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':').filter(|name| !name.is_empty());
    let numbers = FIRST..FIRST + count;
    numbers
        .filter_map(|number| {
            let name = names.next().unwrap_or("unknown").to_string();
            let fd = sys::descriptors::inherited(number).ok()?;
            Some(Inherited { number, name, fd })
        })
        .collect()
}

/// Bytes and sockets of one message.
pub struct Parcel {
    /// Number of bytes; 0 if there are none now, or at the end.
    pub size: usize,
    /// What came with them.
    pub sockets: Vec<Socket>,
}

/// What kind of thing a descriptor is.
pub fn kind_of(fd: &OwnedFd) -> Kind {
    use nix::sys::socket::SockType;
    match getsockopt(fd, sockopt::SockType) {
        Ok(SockType::Stream) => Kind::Stream,
        Ok(SockType::Datagram) => Kind::Datagram,
        Ok(SockType::Raw) => Kind::Raw,
        Ok(SockType::SeqPacket) => Kind::Sequenced,
        _ => Kind::File,
    }
}

impl Socket {
    /// A socket around a descriptor, in the state that the descriptor is in. What is no socket (a
    /// pipe, a file) can be read and written.
    pub fn around(fd: OwnedFd, semaphores: Semaphores) -> Result<Socket> {
        sys::descriptors::make_non_blocking(&fd)?;
        let kind = kind_of(&fd);
        let mut family = Family::Local;
        if kind != Kind::File {
            let name = sys::names::local_name(fd.as_fd())?;
            let address = Address::from_raw(&name).ok_or(NetError::Os(libc::EAFNOSUPPORT))?;
            family = address.family();
        }
        let is_open = kind == Kind::File || sys::names::peer_name(fd.as_fd()).is_ok();
        let listens = matches!(getsockopt(&fd, sockopt::AcceptConn), Ok(true));
        let phase = if listens {
            Phase::Listening(Listener::new(false))
        } else if is_open {
            Phase::Open
        } else {
            kind.first_phase()
        };
        let mut socket = Socket::with_descriptor(fd, family, kind, phase, semaphores);
        socket.fixed_peer = is_open;
        Ok(socket)
    }

    /// Fails for a socket that came over another one and leads where nothing made here could lead.
    pub fn check_received(&self, gate: &mut Gate) -> Result<()> {
        let fd = self.borrow()?;
        if self.kind == Kind::File {
            // A pipe is between two programs; anything else may be any file.
            let data = nix::sys::stat::fstat(fd)?;
            return match data.st_mode & libc::S_IFMT {
                libc::S_IFIFO => Ok(()),
                _ => gate.check_all("receive an open file"),
            };
        }
        let address = |name: nix::Result<Vec<u8>>| Address::from_raw(&name.ok()?);
        let ours = address(sys::names::local_name(fd));
        let theirs = address(sys::names::peer_name(fd));
        gate.check_received(ours.as_ref(), theirs.as_ref())
    }

    /// Begins to look for what a socket from elsewhere waits for.
    pub fn start(&mut self, reactor: &mut Reactor) {
        if matches!(self.phase, Phase::Listening(_)) {
            self.watch(reactor);
            self.park(reactor);
        }
    }

    /// Sends bytes, and descriptors with the first of them. 0: no room now, and nothing went.
    pub fn send_descriptors(
        &mut self,
        data: &[u8],
        descriptors: &[RawFd],
        reactor: &mut Reactor,
    ) -> Result<usize> {
        if self.family != Family::Local || self.kind == Kind::File {
            return Err(NetError::Os(libc::EOPNOTSUPP));
        }
        if data.is_empty() {
            return Err(NetError::BadArgument);
        }
        if !matches!(self.phase, Phase::Open) {
            return Err(NetError::Os(libc::ENOTCONN));
        }
        if !self.send_rest(reactor)? {
            return Ok(0);
        }
        let fd = self.raw()?;
        let rights = [ControlMessage::ScmRights(descriptors)];
        let parts = [IoSlice::new(data)];
        match retry(|| sendmsg::<()>(fd, &parts, &rights, MsgFlags::MSG_NOSIGNAL, None)) {
            Ok(count) => Ok(count),
            Err(Errno::EAGAIN) => Ok(0),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Receives bytes and the descriptors that came with them. EMFILE when there were more than
    /// this process may have open: then nothing is taken.
    pub fn receive_descriptors(
        &mut self,
        buffer: &mut [u8],
        reactor: &mut Reactor,
    ) -> Result<Parcel> {
        if self.family != Family::Local || self.kind == Kind::File {
            return Err(NetError::Os(libc::EOPNOTSUPP));
        }
        if buffer.is_empty() {
            return Err(NetError::BadArgument);
        }
        if !matches!(self.phase, Phase::Open) {
            return Err(NetError::Os(libc::ENOTCONN));
        }
        let mut parcel = Parcel {
            size: 0,
            sockets: Vec::new(),
        };
        parcel.size = self.take_unread(buffer);
        if parcel.size > 0 || self.input_ended {
            return Ok(parcel);
        }
        self.data_reported = false;
        let fd = self.borrow()?;
        let mut take = |peek| retry(|| sys::descriptors::receive(fd, buffer, peek));
        if take(true).is_ok_and(|seen| seen.cut) {
            return Err(NetError::Os(libc::EMFILE));
        }
        match take(false) {
            Ok(received) => {
                parcel.size = received.size;
                for descriptor in received.descriptors {
                    let socket = Socket::around(descriptor, Semaphores::default())?;
                    parcel.sockets.push(socket);
                }
                if parcel.size == 0 && self.kind.is_connected_kind() {
                    self.end_input(None, reactor);
                }
            }
            Err(Errno::EAGAIN) => {}
            Err(errno) if self.kind.is_connected_kind() => self.end_input(Some(errno), reactor),
            Err(errno) => return Err(errno.into()),
        }
        Ok(parcel)
    }

    /// Whether a pipe or file has something to say: 1 for yes, as if that were the next byte.
    pub fn peek_file(&self) -> nix::Result<usize> {
        let fd = self.borrow().map_err(|_| Errno::EBADF)?;
        let mut wanted = [PollFd::new(fd, PollFlags::POLLIN)];
        match retry(|| poll(&mut wanted, PollTimeout::ZERO))? {
            0 => Err(Errno::EAGAIN),
            _ => Ok(1),
        }
    }
}
