//! The epoll form of the poller. Each descriptor is registered once, edge-triggered; arming happens
//! in the socket's own bits, never in the kernel (so a poll costs the same with ten sockets and with
//! ten thousand, and a hung-up descriptor cannot spin). Room to write is asked for when it is
//! missing for the first time: a local socket reports it whenever its peer has read something, which
//! would wake a program that never waits to write once more for each of its messages.

use super::Event;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

const WAKE: u64 = u64::MAX;
const BATCH: usize = 256;

/// Wakes a sleeping poller from any thread. Keeps its descriptor alive on its own.
#[derive(Clone, Debug)]
pub struct Waker {
    event: Arc<EventFd>,
}

impl Waker {
    /// Whether nobody else has it any more.
    pub fn is_forgotten(&self) -> bool {
        Arc::strong_count(&self.event) == 1
    }

    /// Ends the current or the next sleep.
    pub fn wake(&self) {
        // The only failure is a full counter, which wakes as well.
        let _ = self.event.write(1);
    }
}

/// What a socket is registered for.
fn events(output: bool) -> EpollFlags {
    let input = EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLET;
    if output {
        input | EpollFlags::EPOLLOUT
    } else {
        input
    }
}

/// One epoll instance, shared by the parts of the host of one interpreter.
#[derive(Clone, Debug)]
pub struct Poller {
    epoll: Arc<Epoll>,
    waker: Waker,
}

impl AsFd for Poller {
    /// Readable while there is something to report.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }
}

impl Poller {
    /// A poller that knows no descriptor yet.
    pub fn new() -> std::io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let event =
            EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK).map(Arc::new)?;
        let wanted = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
        epoll.add(event.as_fd(), EpollEvent::new(wanted, WAKE))?;
        Ok(Poller {
            epoll: Arc::new(epoll),
            waker: Waker { event },
        })
    }

    /// The handle that other threads wake this poller with.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Registers a descriptor for good: for what comes in, and if wanted for room to write as well.
    /// If something is ready already, it is reported.
    pub fn add(&self, fd: impl AsFd, token: u64, output: bool) -> nix::Result<()> {
        self.epoll.add(fd, EpollEvent::new(events(output), token))
    }

    /// Asks for room to write as well, of a descriptor that is registered. What is ready is reported.
    pub fn add_output(&self, fd: impl AsFd, token: u64) -> nix::Result<()> {
        self.epoll
            .modify(fd, &mut EpollEvent::new(events(true), token))
    }

    /// Asks for one report when the descriptor can be read, now or later.
    pub fn arm_once(&self, fd: impl AsFd, token: u64) -> nix::Result<()> {
        self.arm(fd, token, EpollFlags::EPOLLIN)
    }

    /// Asks for one report when the descriptor can be read or written, now or later. False for
    /// what cannot be watched, as files on disk cannot.
    pub fn arm_for(&self, fd: impl AsFd, token: u64, input: bool, output: bool) -> bool {
        let mut wanted = EpollFlags::empty();
        wanted.set(EpollFlags::EPOLLIN, input);
        wanted.set(EpollFlags::EPOLLOUT, output);
        self.arm(fd, token, wanted).is_ok()
    }

    fn arm(&self, fd: impl AsFd, token: u64, wanted: EpollFlags) -> nix::Result<()> {
        let mut event = EpollEvent::new(wanted | EpollFlags::EPOLLONESHOT, token);
        match self.epoll.modify(fd.as_fd(), &mut event) {
            Err(Errno::ENOENT) => self.epoll.add(fd.as_fd(), event),
            result => result,
        }
    }

    /// Forgets a descriptor; call it before closing.
    pub fn remove(&self, fd: impl AsFd) {
        // It fails only for a descriptor that is not registered, which is what we want.
        let _ = self.epoll.delete(fd);
    }

    /// `remove`, under the name that both forms of the poller have.
    pub fn forget(&self, fd: impl AsFd) {
        self.remove(fd);
    }

    /// Waits until there is something to report, or the time is over; reports nothing.
    pub fn wait(&self, timeout: Option<Duration>) {
        let timeout = timeout.map(|t| t.as_micros().div_ceil(1000).min(i32::MAX as u128) as i32);
        let timeout = timeout.map_or(PollTimeout::NONE, |t| {
            PollTimeout::try_from(t).unwrap_or(PollTimeout::MAX)
        });
        // An interrupted wait is an end of waiting.
        let _ = poll(&mut [PollFd::new(self.as_fd(), PollFlags::POLLIN)], timeout);
    }

    /// Waits until something happens, `wake` is called or the time is over (`None`: no limit;
    /// zero: does not wait at all), and appends what happened. An interrupted wait is an end of
    /// waiting: the caller looks at its clock anyway.
    pub fn poll(&self, timeout: Option<Duration>, events: &mut Vec<Event>) {
        let timeout = match timeout {
            None => EpollTimeout::NONE,
            // Rounded up, or a wait for half a millisecond would spin.
            Some(time) => {
                let milliseconds = time.as_micros().div_ceil(1000).min(i32::MAX as u128) as i32;
                EpollTimeout::try_from(milliseconds).unwrap_or(EpollTimeout::MAX)
            }
        };
        let mut batch = [EpollEvent::empty(); BATCH];
        let mut timeout = timeout;
        loop {
            let count = match self.epoll.wait(&mut batch, timeout) {
                Ok(count) => count,
                Err(Errno::EINTR) => 0,
                // Nothing else can happen to a valid epoll descriptor.
                Err(_) => 0,
            };
            for event in &batch[..count] {
                if event.data() == WAKE {
                    let _ = self.waker.event.read();
                    continue;
                }
                let flags = event.events();
                let closed = flags.intersects(EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR);
                let half_closed = flags.contains(EpollFlags::EPOLLRDHUP);
                events.push(Event {
                    token: event.data(),
                    readable: half_closed || flags.contains(EpollFlags::EPOLLIN),
                    ended: half_closed || closed,
                    writable: flags.contains(EpollFlags::EPOLLOUT),
                    closed,
                });
            }
            if count < BATCH {
                return;
            }
            timeout = EpollTimeout::ZERO;
        }
    }
}
