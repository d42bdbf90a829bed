//! Binding and connecting, and what follows from a connect that takes its time. Must never report
//! a connection that the system does not confirm.

use super::super::sys;
use super::address::Address;
use super::error::NetError;
use super::local::BoundPath;
use super::reactor::Reactor;
use super::socket::{Family, Kind, Phase, Socket, retry};
use nix::errno::Errno;
use nix::sys::socket::{connect, getsockopt, setsockopt, sockopt};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, NetError>;

const FIRST_RETRY: Duration = Duration::from_millis(1);
const LAST_RETRY: Duration = Duration::from_millis(50);

/// A connect under way.
pub struct Pending {
    /// Where to.
    to: Address,
    /// The listener's queue was full (local family only): when to try again, and how long to wait
    /// after that. The descriptor reports itself writable then, which must not be believed.
    retry: Option<(Instant, Duration)>,
}

impl Socket {
    /// Fails unless the socket is fresh; `busy` is the errno for one that is not.
    fn expect_idle(&mut self, busy: i32) -> Result<()> {
        self.renew();
        match self.phase {
            Phase::Idle => Ok(()),
            Phase::Open if !self.kind.is_connected_kind() => Ok(()),
            _ => Err(NetError::Os(busy)),
        }
    }

    /// A closed socket calls itself unconnected, and so it can be bound and connected again: with
    /// another descriptor, which it gets when its family is clear.
    pub fn renew(&mut self) {
        if self.kind == Kind::File || !matches!(self.phase, Phase::Closed | Phase::Broken) {
            return;
        }
        self.phase = self.kind.first_phase();
        self.data_reported = false;
        self.input_ended = false;
        self.output_dead = false;
        self.output_shut = false;
        self.fixed_peer = false;
        self.pending_error = None;
        self.blocked_until = None;
        self.peer = None;
        self.unlink_on_close = false;
        self.spoiled = true;
    }

    /// The address in the form that this socket's family takes.
    pub fn fitting(&self, address: &Address) -> Address {
        if self.family == Family::Inet6 {
            address.to_inet6()
        } else {
            address.clone()
        }
    }

    /// Binds to an address. `mode` gives the permissions of a local socket's file.
    pub fn bind(
        &mut self,
        address: &Address,
        mode: Option<u32>,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.expect_idle(libc::EINVAL)?;
        self.prepare(address.family(), reactor)?;
        let address = self.fitting(address);
        reactor.gate.check_listen(&address)?;
        let system = address.to_system()?;
        if self.kind == Kind::Stream && self.family != Family::Local {
            // A restarted server must get its port back while old connections fade out.
            let _ = setsockopt(&self.borrow()?, sockopt::ReuseAddr, &true);
        }
        if let (Some(mode), true) = (mode, address.path().is_some()) {
            let mode = nix::sys::stat::Mode::from_bits_truncate(mode as libc::mode_t);
            nix::sys::stat::fchmod(self.borrow()?, mode)?;
        }
        // Relative paths are made absolute now: the directory may change before the unlink.
        let path = address.path().map(BoundPath::absolute).transpose()?;
        nix::sys::socket::bind(self.raw()?, system.as_dyn())?;
        self.bound_path = path.and_then(BoundPath::remember);
        self.error = 0;
        Ok(())
    }

    /// Starts to connect. Failures of the connection itself show in status and error only.
    pub fn connect(&mut self, address: &Address, reactor: &mut Reactor) -> Result<()> {
        let busy = match self.phase {
            Phase::Connecting(_) => libc::EALREADY,
            Phase::Listening(_) => libc::EINVAL,
            _ => libc::EISCONN,
        };
        reactor.gate.check_connect(address)?;
        self.expect_idle(busy)?;
        address.to_system()?;
        self.error = 0;
        if let Err(error) = self.prepare(address.family(), reactor) {
            self.fail_connect(error.errno(), reactor);
            return Ok(());
        }
        let address = self.fitting(address);
        if !self.kind.is_connected_kind() {
            return self.fix_peer(address, reactor);
        }
        self.attempt(address, FIRST_RETRY, reactor);
        Ok(())
    }

    /// Gives a datagram socket its default peer.
    fn fix_peer(&mut self, address: Address, reactor: &mut Reactor) -> Result<()> {
        reactor.gate.check_connect(&address)?;
        let system = address.to_system()?;
        let fd = self.raw()?;
        retry(|| connect(fd, system.as_dyn()))?;
        self.fixed_peer = true;
        self.peer = Some(address);
        Ok(())
    }

    fn attempt(&mut self, to: Address, pause: Duration, reactor: &mut Reactor) {
        // Each time: what lies at a local path may be another one by now.
        if let Err(error) = reactor.gate.check_connect(&to) {
            return self.fail_connect(error.errno(), reactor);
        }
        let result = match (to.to_system(), self.raw()) {
            (Ok(system), Ok(fd)) => connect(fd, system.as_dyn()),
            _ => Err(Errno::EINVAL),
        };
        match result {
            Ok(()) => {
                self.peer = Some(to);
                self.succeed(reactor);
            }
            Err(Errno::EINPROGRESS | Errno::EINTR | Errno::EALREADY) => {
                self.phase = Phase::Connecting(Pending { to, retry: None });
                self.watch_output(reactor);
            }
            Err(Errno::EAGAIN) if self.family == Family::Local => {
                let at = Instant::now() + pause;
                let next = (pause * 2).min(LAST_RETRY);
                self.phase = Phase::Connecting(Pending {
                    to,
                    retry: Some((at, next)),
                });
                reactor.timers.add(at, self.token);
            }
            Err(errno) => self.fail_connect(errno as i32, reactor),
        }
    }

    /// Tries again to get into the queue of a busy local listener.
    pub fn retry_connect(&mut self, now: Instant, reactor: &mut Reactor) {
        let Phase::Connecting(Pending {
            to,
            retry: Some((at, pause)),
        }) = &self.phase
        else {
            return;
        };
        if *at <= now {
            let (to, pause) = (to.clone(), *pause);
            self.attempt(to, pause, reactor);
        }
    }

    /// The descriptor of a connecting socket reported something.
    pub fn check_connected(&mut self, reactor: &mut Reactor) {
        let Phase::Connecting(Pending { to, retry: None }) = &self.phase else {
            return;
        };
        let to = to.clone();
        let Ok(fd) = self.borrow() else { return };
        match getsockopt(&fd, sockopt::SocketError) {
            Ok(0) => match sys::names::peer_name(fd) {
                Ok(_) => {
                    self.peer = Some(to);
                    self.succeed(reactor);
                }
                // An event from before the connect began.
                Err(Errno::ENOTCONN) => {}
                Err(errno) => self.fail_connect(errno as i32, reactor),
            },
            Ok(errno) => self.fail_connect(errno, reactor),
            Err(errno) => self.fail_connect(errno as i32, reactor),
        }
    }

    fn succeed(&mut self, reactor: &mut Reactor) {
        let armed = (self.read_armed, self.write_armed);
        self.phase = Phase::Open;
        self.error = 0;
        self.signal_all(reactor);
        // Somebody waits already: keep the promise of a signal when there is data.
        if armed.0 {
            self.arm_read(reactor);
        }
        if armed.1 {
            self.arm_write(reactor);
        }
    }

    fn fail_connect(&mut self, errno: i32, reactor: &mut Reactor) {
        self.error = errno;
        if self.kind.is_connected_kind() {
            self.phase = Phase::Idle;
            // The system refuses a second connect on such a descriptor, except in the local family.
            self.spoiled = self.family != Family::Local;
        }
        self.signal_all(reactor);
    }
}
