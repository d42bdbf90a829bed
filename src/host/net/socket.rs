//! One socket: its descriptor, where it stands (the phase), what is armed and what its last error
//! was. The operations live beside this file, by what they do. Must never touch another socket.

use super::super::sys;
use super::address::Address;
use super::connect::Pending;
use super::error::NetError;
use super::listen::Listener;
use super::local::BoundPath;
use super::options::Stored;
use super::reactor::Reactor;
use crate::host::poller::Event;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, setsockopt, socketpair,
    sockopt,
};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, NetError>;

/// How often to look at a descriptor that the poller does not take.
const UNWATCHED_PAUSE: Duration = Duration::from_millis(50);

/// The family of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Not decided: an IPv4 descriptor until the first address says otherwise.
    Any,
    /// AF_UNIX.
    Local,
    /// IPv4.
    Inet4,
    /// IPv6.
    Inet6,
}

impl Family {
    /// The family of a domain argument.
    pub fn from_domain(domain: i64) -> Option<Family> {
        match domain {
            0 => Some(Family::Any),
            1 => Some(Family::Local),
            2 => Some(Family::Inet4),
            3 => Some(Family::Inet6),
            _ => None,
        }
    }

    fn to_system(self) -> AddressFamily {
        match self {
            Family::Local => AddressFamily::Unix,
            Family::Inet6 => AddressFamily::Inet6,
            Family::Any | Family::Inet4 => AddressFamily::Inet,
        }
    }
}

/// The kind of a socket, with the codes of Socket's class variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A stream of bytes.
    Stream,
    /// Datagrams.
    Datagram,
    /// Raw ICMP; needs a privilege.
    Raw,
    /// Connected, with message boundaries.
    Sequenced,
    /// No socket at all: a pipe or a file whose descriptor was received.
    File,
}

impl Kind {
    /// The kind of a type argument.
    pub fn from_code(code: i64) -> Option<Kind> {
        match code {
            0 => Some(Kind::Stream),
            1 => Some(Kind::Datagram),
            2 => Some(Kind::Raw),
            3 => Some(Kind::Sequenced),
            _ => None,
        }
    }

    /// The code as it stands in a handle.
    pub fn code(self) -> u32 {
        match self {
            Kind::Stream => 0,
            Kind::Datagram => 1,
            Kind::Raw => 2,
            Kind::Sequenced => 3,
            Kind::File => 4,
        }
    }

    /// Whether there is a connection that can end.
    pub fn is_connected_kind(self) -> bool {
        matches!(self, Kind::Stream | Kind::Sequenced | Kind::File)
    }

    /// Where a new socket stands: what needs no connection is open at once.
    pub fn first_phase(self) -> Phase {
        if self.is_connected_kind() {
            Phase::Idle
        } else {
            Phase::Open
        }
    }

    fn to_system(self) -> SockType {
        match self {
            // The last is never asked for: a file is not made, but received.
            Kind::Stream | Kind::File => SockType::Stream,
            Kind::Datagram => SockType::Datagram,
            Kind::Raw => SockType::Raw,
            Kind::Sequenced => SockType::SeqPacket,
        }
    }
}

/// The status codes that Smalltalk sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// No socket.
    Invalid = -1,
    /// Fresh, failed or closed.
    Unconnected = 0,
    /// Connecting, or listening with nobody at the door.
    Waiting = 1,
    /// Connected; a datagram socket; a listener with somebody at the door.
    Connected = 2,
    /// The other end closed (at least its output), as far as we noticed.
    OtherEndClosed = 3,
}

/// The indices of the three semaphores of a socket.
#[derive(Clone, Copy, Debug, Default)]
pub struct Semaphores {
    /// Signalled when the connection changes.
    pub connection: u32,
    /// Signalled when reading makes sense again.
    pub read: u32,
    /// Signalled when writing makes sense again.
    pub write: u32,
}

/// Where a socket stands.
pub enum Phase {
    /// Not connected, perhaps bound.
    Idle,
    /// A connect is under way.
    Connecting(Pending),
    /// Accepting connections.
    Listening(Listener),
    /// Connected, or a datagram socket.
    Open,
    /// Closed by us.
    Closed,
    /// A listener that the system broke.
    Broken,
}

/// One socket.
pub struct Socket {
    /// Slot and generation, for the poller and the timers.
    pub token: u64,
    /// The descriptor, until it is closed.
    pub fd: Option<OwnedFd>,
    /// Address family.
    pub family: Family,
    /// Stream, datagram, …
    pub kind: Kind,
    /// Where it stands.
    pub phase: Phase,
    /// Whom to signal.
    pub semaphores: Semaphores,
    /// The descriptor is known to the poller.
    pub watched: bool,
    /// And it asks for room to write, too.
    watched_output: bool,
    /// It is not, for want of memory: a timer stands in.
    unwatched_timer: bool,
    /// The next chance to read is signalled.
    pub read_armed: bool,
    /// The poller has reported data that nobody has received yet: no need to ask the kernel again.
    pub data_reported: bool,
    /// The next chance to write is signalled.
    pub write_armed: bool,
    /// The input ended (or failed).
    pub input_ended: bool,
    /// Writing failed for good.
    pub output_dead: bool,
    /// We shut our output down.
    pub output_shut: bool,
    /// A failed connect made the descriptor useless; the next use makes a new one.
    pub spoiled: bool,
    /// A datagram socket was given a fixed peer with connect.
    pub fixed_peer: bool,
    /// The last errno, 0 for none.
    pub error: i32,
    /// An error that the next datagram operation reports.
    pub pending_error: Option<i32>,
    /// A full local datagram queue is tried again at this time.
    pub blocked_until: Option<Instant>,
    /// The peer or last sender, as far as it was needed.
    pub peer: Option<Address>,
    /// Options set before the family was decided, to be set again.
    pub stored_options: Vec<Stored>,
    /// The rest of an element that the system took only a part of; see units.rs.
    pub unsent: Vec<u8>,
    /// The beginning of an element of several bytes whose rest has not come yet.
    pub unread: Vec<u8>,
    /// The file that the socket was bound to.
    pub bound_path: Option<BoundPath>,
    /// Closing removes that file.
    pub unlink_on_close: bool,
}

impl Socket {
    /// A new socket with its own descriptor.
    pub fn open(family: Family, kind: Kind, semaphores: Semaphores) -> Result<Socket> {
        let fd = open_descriptor(family, kind)?;
        let phase = kind.first_phase();
        Ok(Socket::with_descriptor(fd, family, kind, phase, semaphores))
    }

    /// Two sockets of the local family that are connected with each other.
    pub fn open_pair(
        kind: Kind,
        first: Semaphores,
        second: Semaphores,
    ) -> Result<(Socket, Socket)> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let (one, other) = socketpair(AddressFamily::Unix, kind.to_system(), None, flags)?;
        let make = |fd, semaphores| {
            let mut socket =
                Socket::with_descriptor(fd, Family::Local, kind, Phase::Open, semaphores);
            socket.fixed_peer = true;
            socket
        };
        Ok((make(one, first), make(other, second)))
    }

    /// A socket around a descriptor that is open already.
    pub fn with_descriptor(
        fd: OwnedFd,
        family: Family,
        kind: Kind,
        phase: Phase,
        semaphores: Semaphores,
    ) -> Socket {
        Socket {
            token: 0,
            fd: Some(fd),
            family,
            kind,
            phase,
            semaphores,
            watched: false,
            watched_output: false,
            unwatched_timer: false,
            read_armed: false,
            data_reported: false,
            write_armed: false,
            input_ended: false,
            output_dead: false,
            output_shut: false,
            spoiled: false,
            fixed_peer: false,
            error: 0,
            pending_error: None,
            blocked_until: None,
            peer: None,
            stored_options: Vec::new(),
            unsent: Vec::new(),
            unread: Vec::new(),
            bound_path: None,
            unlink_on_close: false,
        }
    }

    /// The status that Smalltalk sees.
    pub fn status(&self) -> Status {
        match &self.phase {
            Phase::Idle | Phase::Closed => Status::Unconnected,
            Phase::Connecting(_) => Status::Waiting,
            Phase::Listening(listener) if listener.parked.is_some() => Status::Connected,
            Phase::Listening(_) => Status::Waiting,
            Phase::Open if self.input_ended || self.output_dead => Status::OtherEndClosed,
            Phase::Open => Status::Connected,
            Phase::Broken => Status::Invalid,
        }
    }

    /// Whether nothing can be sent any more, now or later.
    pub fn is_output_closed(&self) -> bool {
        match &self.phase {
            Phase::Open => self.output_dead || self.output_shut,
            Phase::Connecting(_) => false,
            Phase::Listening(listener) => !listener.one_shot,
            Phase::Idle | Phase::Closed | Phase::Broken => true,
        }
    }

    /// Whether nothing can be received any more, now or later.
    pub fn is_input_closed(&self) -> bool {
        match &self.phase {
            Phase::Open => self.input_ended && self.unread.is_empty(),
            Phase::Connecting(_) => false,
            Phase::Listening(listener) => !listener.one_shot,
            Phase::Idle | Phase::Closed | Phase::Broken => true,
        }
    }

    /// Whether a signal is still to come: something is armed, being connected or listening.
    pub fn is_waiting(&self) -> bool {
        match &self.phase {
            Phase::Connecting(_) => true,
            Phase::Listening(listener) => listener.parked.is_none(),
            Phase::Open => self.read_armed || self.write_armed,
            Phase::Idle | Phase::Closed | Phase::Broken => false,
        }
    }

    /// The descriptor for calls that want a number.
    pub fn raw(&self) -> Result<RawFd> {
        self.fd
            .as_ref()
            .map(AsRawFd::as_raw_fd)
            .ok_or(NetError::Os(libc::EBADF))
    }

    /// The descriptor for calls that want a borrow.
    pub fn borrow(&self) -> Result<BorrowedFd<'_>> {
        self.fd
            .as_ref()
            .map(AsFd::as_fd)
            .ok_or(NetError::Os(libc::EBADF))
    }

    /// Makes the descriptor fit an address of the given family: decides an undecided family and
    /// replaces a descriptor that a failed connect has spoiled.
    pub fn prepare(&mut self, wanted: Family, reactor: &mut Reactor) -> Result<()> {
        let family = if self.family == Family::Any {
            wanted
        } else {
            self.family
        };
        let differs = family.to_system() != self.family.to_system();
        if differs || self.spoiled {
            let fresh = open_descriptor(family, self.kind)?;
            for option in &self.stored_options {
                // Best effort: an option of the other family has no meaning here.
                let _ = sys::socket::set_option(
                    fresh.as_fd(),
                    option.level,
                    option.name,
                    &option.value,
                );
            }
            self.replace_descriptor(fresh, reactor);
            self.spoiled = false;
        }
        self.family = family;
        Ok(())
    }

    /// Puts another descriptor in the place of the present one, which is closed.
    pub fn replace_descriptor(&mut self, fresh: OwnedFd, reactor: &mut Reactor) {
        self.unwatch(reactor);
        self.data_reported = false;
        self.fd = Some(fresh);
        if self.write_armed {
            self.watch_output(reactor);
        } else if self.read_armed {
            self.watch(reactor);
        }
    }

    /// Tells the poller about the descriptor, once.
    pub fn watch(&mut self, reactor: &mut Reactor) {
        if !self.watched
            && let Some(fd) = &self.fd
        {
            let result = reactor.poller.add(fd, self.token, false);
            self.note_watched(result, false, reactor);
        }
    }

    /// Tells the poller, once, that room to write matters, too.
    pub fn watch_output(&mut self, reactor: &mut Reactor) {
        if self.watched_output {
            return;
        }
        let Some(fd) = &self.fd else { return };
        let result = if self.watched {
            reactor.poller.add_output(fd, self.token)
        } else {
            reactor.poller.add(fd, self.token, true)
        };
        self.note_watched(result, true, reactor);
    }

    fn note_watched(&mut self, result: nix::Result<()>, output: bool, reactor: &mut Reactor) {
        match result {
            Ok(()) => {
                self.watched = true;
                self.watched_output = output;
            }
            Err(errno) => {
                // The kernel is out of memory or watches: until it takes the descriptor, a timer
                // stands in for its events.
                self.error = errno as i32;
                if !std::mem::replace(&mut self.unwatched_timer, true) {
                    let at = Instant::now() + UNWATCHED_PAUSE;
                    reactor.timers.add(at, self.token);
                }
            }
        }
    }

    /// Makes the poller forget the descriptor.
    pub fn unwatch(&mut self, reactor: &mut Reactor) {
        if let Some(fd) = self.fd.as_ref().filter(|_| self.watched) {
            reactor.poller.remove(fd);
        }
        self.watched = false;
        self.watched_output = false;
    }

    /// Asks for one signal when reading makes sense.
    pub fn arm_read(&mut self, reactor: &mut Reactor) {
        self.read_armed = true;
        self.watch(reactor);
    }

    /// Asks for one signal when writing makes sense.
    pub fn arm_write(&mut self, reactor: &mut Reactor) {
        self.write_armed = true;
        self.watch_output(reactor);
    }

    /// Signals all three semaphores (once, if they are one) and disarms: whoever waits looks again.
    pub fn signal_all(&mut self, reactor: &mut Reactor) {
        let Semaphores {
            connection,
            read,
            write,
        } = self.semaphores;
        self.read_armed = false;
        self.write_armed = false;
        reactor.signal(connection);
        if read != connection {
            reactor.signal(read);
        }
        if write != connection && write != read {
            reactor.signal(write);
        }
    }

    /// Something happened to the descriptor.
    pub fn on_event(&mut self, event: Event, reactor: &mut Reactor) {
        match &self.phase {
            Phase::Connecting(_) => self.check_connected(reactor),
            Phase::Listening(_) => self.park(reactor),
            Phase::Open => {
                let connected = self.kind.is_connected_kind();
                // Of an end the kernel is asked: there may be data in front of it.
                self.data_reported = connected && event.readable && !event.ended;
                if event.writable && !self.unsent.is_empty() {
                    // Its failure shows in the status.
                    let _ = self.send_rest(reactor);
                }
                if (event.readable || event.closed) && self.read_armed {
                    self.read_armed = false;
                    if connected && event.ended {
                        self.notice_end(reactor);
                    }
                    reactor.signal(self.semaphores.read);
                }
                if (event.writable || event.closed)
                    && self.write_armed
                    && self.blocked_until.is_none()
                {
                    self.write_armed = false;
                    reactor.signal(self.semaphores.write);
                }
            }
            Phase::Idle | Phase::Closed | Phase::Broken => {}
        }
    }

    /// A deadline that this socket asked for has come.
    pub fn on_timer(&mut self, now: Instant, reactor: &mut Reactor) {
        self.watch_again(reactor);
        match &self.phase {
            Phase::Connecting(_) => self.retry_connect(now, reactor),
            Phase::Listening(_) => self.park(reactor),
            _ => {
                if self.blocked_until.is_some_and(|until| until <= now) {
                    self.blocked_until = None;
                    if std::mem::take(&mut self.write_armed) {
                        reactor.signal(self.semaphores.write);
                    }
                }
            }
        }
    }

    /// The poller refused the descriptor earlier: looks without it, and offers it again.
    fn watch_again(&mut self, reactor: &mut Reactor) {
        if !std::mem::take(&mut self.unwatched_timer) {
            return;
        }
        let anything = Event {
            token: self.token,
            readable: true,
            ended: true,
            writable: true,
            closed: false,
        };
        self.on_event(anything, reactor);
        if self.write_armed || matches!(self.phase, Phase::Connecting(_)) {
            self.watch_output(reactor);
        } else if self.is_waiting() {
            self.watch(reactor);
        }
    }

    /// Looks whether the input has ended, without taking anything.
    fn notice_end(&mut self, reactor: &mut Reactor) {
        match self.peek() {
            Ok(0) => self.end_input(None, reactor),
            Ok(_) | Err(Errno::EAGAIN) => {}
            Err(errno) => self.end_input(Some(errno), reactor),
        }
    }

    /// Looks at the next byte; 0 is the end.
    pub fn peek(&self) -> nix::Result<usize> {
        if self.kind == Kind::File {
            return self.peek_file();
        }
        let fd = self.fd.as_ref().ok_or(Errno::EBADF)?;
        let mut byte = [0u8; 1];
        retry(|| recv(fd.as_raw_fd(), &mut byte, MsgFlags::MSG_PEEK))
    }

    /// Notes the end of the input, cleanly or by an error.
    pub fn end_input(&mut self, errno: Option<Errno>, reactor: &mut Reactor) {
        if let Some(errno) = errno {
            self.error = errno as i32;
        }
        if !self.input_ended {
            self.input_ended = true;
            self.signal_all(reactor);
        }
    }

    /// Closes the descriptor; `reset` throws away what is under way.
    pub fn close(&mut self, reset: bool, reactor: &mut Reactor) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        if reset
            && self.kind == Kind::Stream
            && self.family != Family::Local
            && let Some(fd) = &self.fd
        {
            let linger = libc::linger {
                l_onoff: 1,
                l_linger: 0,
            };
            // Without it the close is merely an orderly one.
            let _ = setsockopt(fd, sockopt::Linger, &linger);
        }
        if !reset {
            // Best effort, as for everything that is under way.
            let _ = self.send_rest(reactor);
        }
        self.unwatch(reactor);
        self.remove_bound_path();
        // Drops the parked connection of a listener as well.
        self.phase = Phase::Closed;
        self.fd = None;
        self.unsent.clear();
        self.unread.clear();
        self.signal_all(reactor);
    }
}

/// Repeats a call for as long as a signal handler interrupts it.
pub fn retry<T>(mut call: impl FnMut() -> nix::Result<T>) -> nix::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}

fn open_descriptor(family: Family, kind: Kind) -> Result<OwnedFd> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let protocol = match (kind, family) {
        (Kind::Raw, Family::Inet6) => Some(SockProtocol::IcmpV6),
        (Kind::Raw, _) => Some(SockProtocol::Icmp),
        _ => None,
    };
    let fd = nix::sys::socket::socket(family.to_system(), kind.to_system(), flags, protocol)?;
    if family == Family::Inet6 {
        // Both families on one listener, whatever the system's default is.
        let _ = setsockopt(&fd, sockopt::Ipv6V6Only, &false);
    }
    Ok(fd)
}
