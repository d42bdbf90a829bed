//! Sockets of one interpreter. `Net` owns the table of sockets, the signals to deliver and the
//! timers; the files below own one idea each. Nothing here blocks, nothing here knows a
//! Smalltalk object: the primitives translate.

pub mod address;
mod connect;
mod datagram;
mod descriptors;
mod error;
mod gate;
mod handle;
mod listen;
pub mod local;
pub mod options;
mod reactor;
pub mod resolver;
mod socket;
mod stream;
mod table;
mod units;

pub use address::{Address, LocalName};
pub use datagram::Datagram;
pub use error::{NetError, errno_name};
pub use handle::{HANDLE_SIZE, Handle};
pub use socket::{Semaphores, Status};

use super::capabilities::{Denied, Net as Permits};
use super::poller::{Event, Poller};
use descriptors::Inherited;
use gate::Gate;
use reactor::Reactor;
use resolver::{Query, Resolver};
use socket::{Family, Kind, Socket};
use std::os::fd::RawFd;
use std::time::Instant;
use table::Table;

type Result<T> = std::result::Result<T, NetError>;

/// Added to a kind: a socket of that kind that the process inherited.
const INHERITED: i64 = 65536;

/// The sockets of one interpreter.
pub struct Net {
    session: u32,
    table: Table,
    reactor: Reactor,
    resolver: Resolver,
    last_error: i32,
    inherits: bool,
    inherited: Option<Vec<Inherited>>,
}

impl Net {
    /// No sockets yet. `session` distinguishes the handles of this interpreter from all others.
    pub fn new(poller: Poller, permits: Permits) -> Self {
        let session = (super::random::seed() as u32) | 1;
        let resolver = Resolver::new(session, poller.waker());
        Net {
            session,
            table: Table::default(),
            reactor: Reactor::new(poller, Gate::new(permits)),
            resolver,
            last_error: 0,
            inherits: false,
            inherited: None,
        }
    }

    /// The number that handles and addresses of this interpreter begin with.
    pub fn session(&self) -> u32 {
        self.session
    }

    /// Whether sockets may be made.
    pub fn is_allowed(&self) -> bool {
        self.reactor.gate.is_open()
    }

    /// What was denied last, once.
    pub fn take_denied(&mut self) -> Option<Denied> {
        self.reactor.gate.take_denied()
    }

    /// Takes the permission away, for good. Connections stay; no new address is reached or served.
    pub fn disable(&mut self) {
        self.reactor.gate.close();
    }

    /// Errno of the last failure to make a socket; there is no handle to ask then.
    pub fn last_error(&self) -> i32 {
        self.last_error
    }

    /// Number of sockets that were made and not destroyed.
    pub fn open_count(&self) -> usize {
        self.table.len()
    }

    /// A descriptor that the sockets registered reported something.
    pub fn on_event(&mut self, event: Event) {
        if let Some(socket) = self.table.by_token(event.token) {
            socket.on_event(event, &mut self.reactor);
        }
    }

    /// What is due after every poll: timers and finished look-ups.
    pub fn after_poll(&mut self) {
        self.run_timers();
        self.resolver.collect(&mut self.reactor.signals);
        for (name, address) in self.resolver.found.drain(..) {
            self.reactor.gate.learn(&name, &address);
        }
    }

    fn run_timers(&mut self) {
        if self.reactor.timers.next().is_none() {
            return;
        }
        let now = Instant::now();
        while let Some(token) = self.reactor.timers.take_due(now) {
            if let Some(socket) = self.table.by_token(token) {
                socket.on_timer(now, &mut self.reactor);
            }
        }
    }

    /// When a poll has to run although no descriptor reports anything.
    pub fn next_deadline(&self) -> Option<Instant> {
        let timer = self.reactor.timers.next();
        match (timer, self.resolver.next_deadline()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Whether semaphores wait to be signalled.
    pub fn has_signals(&self) -> bool {
        !self.reactor.signals.is_empty()
    }

    /// The indices of the semaphores to signal now, in order, each as often as it stands there.
    pub fn take_signals(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.reactor.signals)
    }

    /// Makes a socket: domain 0 to 3 (0: decided by the first address), kind 0 stream, 1 datagram,
    /// 2 raw, 3 sequenced packets; 65536 more means an inherited one instead of a new one.
    pub fn create(&mut self, domain: i64, kind: i64, semaphores: Semaphores) -> Result<Handle> {
        let result = self.try_create(domain, kind, semaphores);
        if let Err(error) = &result {
            self.last_error = error.errno();
        }
        result
    }

    fn try_create(&mut self, domain: i64, kind: i64, semaphores: Semaphores) -> Result<Handle> {
        self.check_allowed()?;
        if kind >= INHERITED {
            return self.adopt_first_inherited(kind - INHERITED, semaphores);
        }
        let family = Family::from_domain(domain).ok_or(NetError::BadArgument)?;
        let kind = Kind::from_code(kind).ok_or(NetError::BadArgument)?;
        if kind == Kind::Raw {
            self.reactor.gate.check_all("make a raw socket")?;
        }
        let socket = Socket::open(family, kind, semaphores)?;
        Ok(self.adopt(socket))
    }

    /// Two connected sockets of the local family.
    pub fn pair(
        &mut self,
        kind: i64,
        first: Semaphores,
        second: Semaphores,
    ) -> Result<(Handle, Handle)> {
        self.check_allowed()?;
        let kind = Kind::from_code(kind).ok_or(NetError::BadArgument)?;
        let (one, other) = Socket::open_pair(kind, first, second).inspect_err(|error| {
            self.last_error = error.errno();
        })?;
        Ok((self.adopt(one), self.adopt(other)))
    }

    /// Takes the connection that waits at a listener.
    pub fn accept(&mut self, listener: Handle, semaphores: Semaphores) -> Result<Handle> {
        self.check_allowed()?;
        let accepted = self.with(listener, |socket, reactor| {
            socket.accept(semaphores, reactor)
        })?;
        Ok(self.adopt(accepted))
    }

    /// The process's inherited descriptors are for the programs of this interpreter: what the
    /// command line says, for it owns the process.
    pub fn allow_inherited(&mut self) {
        self.inherits = true;
    }

    /// Number and name of each descriptor that the process inherited to serve (systemd's
    /// LISTEN_FDS) and that is not in use yet.
    pub fn inherited(&mut self) -> Result<Vec<(RawFd, String)>> {
        let unused = self.unused()?;
        Ok(unused
            .iter()
            .map(|each| (each.number, each.name.clone()))
            .collect())
    }

    fn unused(&mut self) -> Result<&mut Vec<Inherited>> {
        self.check_allowed()?;
        if !self.inherits {
            self.inherited = Some(Vec::new());
        }
        Ok(self.inherited.get_or_insert_with(descriptors::inherited))
    }

    /// Makes a socket of an inherited descriptor. Each can be had once; EBADF for any other number.
    pub fn adopt_inherited(&mut self, number: RawFd, semaphores: Semaphores) -> Result<Handle> {
        self.adopt_where(|each| each.number == number, semaphores)
    }

    fn adopt_first_inherited(&mut self, kind: i64, semaphores: Semaphores) -> Result<Handle> {
        let kind = Kind::from_code(kind).ok_or(NetError::BadArgument)?;
        self.adopt_where(|each| descriptors::kind_of(&each.fd) == kind, semaphores)
    }

    fn adopt_where(
        &mut self,
        wanted: impl Fn(&Inherited) -> bool,
        semaphores: Semaphores,
    ) -> Result<Handle> {
        let unused = self.unused()?;
        let index = unused.iter().position(wanted);
        let found = unused.remove(index.ok_or(NetError::Os(libc::EBADF))?);
        let socket = Socket::around(found.fd, semaphores)?;
        Ok(self.start(socket))
    }

    /// Takes a socket from elsewhere into the table.
    fn start(&mut self, socket: Socket) -> Handle {
        let handle = self.adopt(socket);
        let started = self.with(handle, |socket, reactor| {
            socket.start(reactor);
            Ok(())
        });
        debug_assert!(started.is_ok(), "it is in the table");
        handle
    }

    /// The number of a socket's descriptor.
    pub fn descriptor(&mut self, handle: Handle) -> Result<RawFd> {
        self.with(handle, |socket, _| socket.raw())
    }

    /// Whom to signal from now on. Everything is signalled once, for it may be so already.
    pub fn set_semaphores(&mut self, handle: Handle, semaphores: Semaphores) -> Result<()> {
        self.with(handle, |socket, reactor| {
            socket.semaphores = semaphores;
            socket.signal_all(reactor);
            Ok(())
        })
    }

    /// Sends bytes over a local socket, with the descriptors of other sockets.
    pub fn send_descriptors(
        &mut self,
        handle: Handle,
        data: &[u8],
        passed: &[Handle],
    ) -> Result<usize> {
        let mut numbers = Vec::with_capacity(passed.len());
        for each in passed {
            numbers.push(self.descriptor(*each)?);
        }
        self.with(handle, |socket, reactor| {
            socket.send_descriptors(data, &numbers, reactor)
        })
    }

    /// Receives bytes over a local socket, and what came with them: number of bytes, handles of new
    /// sockets (that signal nobody yet). EMFILE when there is no room for all of them.
    pub fn receive_descriptors(
        &mut self,
        handle: Handle,
        buffer: &mut [u8],
    ) -> Result<(usize, Vec<Handle>)> {
        self.check_allowed()?;
        let parcel = self.with(handle, |socket, reactor| {
            socket.receive_descriptors(buffer, reactor)
        })?;
        // All are taken out of the message; those that are not permitted are closed again.
        let gate = &mut self.reactor.gate;
        for socket in &parcel.sockets {
            socket.check_received(gate)?;
        }
        let sockets = parcel.sockets.into_iter();
        let handles = sockets.map(|socket| self.start(socket)).collect();
        Ok((parcel.size, handles))
    }

    /// The resolver together with the list of signals that its functions add to.
    pub fn resolver(&mut self) -> Result<(&mut Resolver, &mut Vec<u32>)> {
        self.check_allowed()?;
        Ok((&mut self.resolver, &mut self.reactor.signals))
    }

    /// Starts a look-up for a requester; answers whether the result is there already.
    pub fn start_addresses(&mut self, requester: u64, query: Query<'_>) -> Result<bool> {
        self.check_allowed()?;
        if query.asks_for_name() {
            self.reactor.gate.check_name(query.host)?;
        }
        let signals = &mut self.reactor.signals;
        self.resolver.start(requester, query, signals)
    }

    /// The old interface: looks for the first IPv4 address of a name.
    pub fn start_name_lookup(&mut self, requester: u64, name: &[u8]) -> Result<()> {
        self.start_addresses(requester, Query::old(name)).map(drop)
    }

    /// Starts a look-up of the names of an address; answers whether the result is there already.
    pub fn start_names(&mut self, requester: u64, address: &Address, flags: i64) -> Result<bool> {
        self.check_allowed()?;
        if flags & resolver::NUMERIC == 0 {
            self.reactor.gate.check_host(address)?;
        }
        let signals = &mut self.reactor.signals;
        Ok(self
            .resolver
            .start_names(requester, address, flags, signals))
    }

    /// The old interface: looks for the name of a host.
    pub fn start_address_lookup(&mut self, requester: u64, address: &Address) -> Result<()> {
        self.check_allowed()?;
        self.reactor.gate.check_host(address)?;
        let signals = &mut self.reactor.signals;
        self.resolver
            .start_address_lookup(requester, address, signals);
        Ok(())
    }

    /// Removes a socket file at which nobody listens any more; answers whether it did.
    pub fn remove_stale(&mut self, address: &Address) -> Result<bool> {
        self.check_allowed()?;
        self.reactor.gate.check_listen(address)?;
        local::remove_stale(address)
    }

    /// Name of this machine.
    pub fn host_name(&mut self) -> Result<Vec<u8>> {
        self.check_allowed()?;
        resolver::host_name()
    }

    /// Fails where there is no network at all.
    pub fn check_allowed(&mut self) -> Result<()> {
        self.reactor.gate.check_any()
    }

    fn adopt(&mut self, socket: Socket) -> Handle {
        let kind = socket.kind.code();
        let (slot, generation) = self.table.insert(socket);
        Handle {
            session: self.session,
            kind,
            slot,
            generation,
        }
    }

    /// Runs an operation on the socket of a handle; fails when the handle is stale or forged.
    fn with<T>(
        &mut self,
        handle: Handle,
        operation: impl FnOnce(&mut Socket, &mut Reactor) -> Result<T>,
    ) -> Result<T> {
        if handle.session != self.session {
            return Err(NetError::BadHandle);
        }
        let socket = self.table.get(handle).ok_or(NetError::BadHandle)?;
        operation(socket, &mut self.reactor).inspect_err(|error| socket.error = error.errno())
    }

    /// Status code of a socket; -1 for a handle that is none.
    pub fn status(&mut self, handle: Handle) -> Status {
        self.with(handle, |socket, _| Ok(socket.status()))
            .unwrap_or(Status::Invalid)
    }

    /// Last errno of a socket, 0 for none.
    pub fn error(&mut self, handle: Handle) -> Result<i32> {
        self.with(handle, |socket, _| Ok(socket.error))
    }

    /// Binds to an address; for local paths `mode` are the permissions of the file.
    pub fn bind(&mut self, handle: Handle, address: &Address, mode: Option<u32>) -> Result<()> {
        self.check_allowed()?;
        self.with(handle, |socket, reactor| {
            socket.bind(address, mode, reactor)
        })
    }

    /// Starts to accept connections.
    pub fn listen(&mut self, handle: Handle, backlog: i64) -> Result<()> {
        self.check_allowed()?;
        self.with(handle, |socket, reactor| socket.listen(backlog, reactor))
    }

    /// Binds to a port (of one interface or all) and, for streams, listens.
    pub fn listen_on_port(
        &mut self,
        handle: Handle,
        port: i64,
        backlog: i64,
        interface: Option<&Address>,
    ) -> Result<()> {
        self.check_allowed()?;
        let port = u16::try_from(port).map_err(|_| NetError::BadArgument)?;
        self.with(handle, |socket, reactor| {
            socket.listen_on_port(port, backlog, interface, reactor)
        })
    }

    /// Starts to connect. A refused connection is no failure: see the status and the error.
    pub fn connect(&mut self, handle: Handle, address: &Address) -> Result<()> {
        self.check_allowed()?;
        self.with(handle, |socket, reactor| socket.connect(address, reactor))
    }

    /// The address the socket is bound to.
    pub fn local_address(&mut self, handle: Handle) -> Result<Option<Address>> {
        self.with(handle, |socket, _| Ok(socket.local_address()))
    }

    /// The address of the other end, or of the last sender.
    pub fn remote_address(&mut self, handle: Handle) -> Result<Option<Address>> {
        self.with(handle, |socket, reactor| Ok(socket.remote_address(reactor)))
    }

    /// The address of whoever waits at a listener, or is at the other end of a connection.
    pub fn visitor_address(&mut self, handle: Handle) -> Result<Option<Address>> {
        self.with(
            handle,
            |socket, reactor| Ok(socket.visitor_address(reactor)),
        )
    }

    /// Whether something can be read; if not, the read semaphore is signalled once there is.
    pub fn data_available(&mut self, handle: Handle) -> Result<bool> {
        self.with(handle, |socket, reactor| socket.data_available(reactor))
    }

    /// Reads what is there; 0 when nothing is, or never will be again.
    pub fn receive(&mut self, handle: Handle, buffer: &mut [u8]) -> Result<usize> {
        self.with(handle, |socket, reactor| socket.receive(buffer, reactor))
    }

    /// Reads whole elements of `unit` bytes; answers the number of bytes.
    pub fn receive_units(
        &mut self,
        handle: Handle,
        buffer: &mut [u8],
        unit: usize,
    ) -> Result<usize> {
        self.with(handle, |socket, reactor| {
            socket.receive_units(buffer, unit, reactor)
        })
    }

    /// Writes whole elements of `unit` bytes; answers the number of bytes.
    pub fn send_units(&mut self, handle: Handle, data: &[u8], unit: usize) -> Result<usize> {
        self.with(handle, |socket, reactor| {
            socket.send_units(data, unit, reactor)
        })
    }

    /// Takes one datagram with its sender; `None` when there is none.
    pub fn receive_datagram(
        &mut self,
        handle: Handle,
        buffer: &mut [u8],
    ) -> Result<Option<Datagram>> {
        self.with(handle, |socket, _| socket.receive_datagram(buffer))
    }

    /// Whether nothing can be sent any more, now or later.
    pub fn is_output_closed(&mut self, handle: Handle) -> Result<bool> {
        self.with(handle, |socket, _| Ok(socket.is_output_closed()))
    }

    /// Whether nothing can be received any more, now or later.
    pub fn is_input_closed(&mut self, handle: Handle) -> Result<bool> {
        self.with(handle, |socket, _| Ok(socket.is_input_closed()))
    }

    /// Whether writing can make progress; if not, the write semaphore is signalled once it can.
    pub fn send_done(&mut self, handle: Handle) -> Result<bool> {
        self.with(handle, |socket, reactor| socket.send_done(reactor))
    }

    /// Writes a part of the data; 0 when nothing could be taken now (or ever: see the status).
    pub fn send(&mut self, handle: Handle, data: &[u8]) -> Result<usize> {
        self.with(handle, |socket, reactor| socket.send(data, reactor))
    }

    /// Sends one datagram to an address; 0 when it could not be taken now.
    pub fn send_datagram(&mut self, handle: Handle, data: &[u8], to: &Address) -> Result<usize> {
        self.check_allowed()?;
        self.with(handle, |socket, reactor| {
            socket.send_datagram(data, to, reactor)
        })
    }

    /// Reads an option by name.
    pub fn get_option(&mut self, handle: Handle, name: &[u8]) -> Result<options::Value> {
        self.with(handle, |socket, _| socket.get_option(name))
    }

    /// Sets an option by name; answers the value that the kernel made of it.
    pub fn set_option(
        &mut self,
        handle: Handle,
        name: &[u8],
        value: &options::Value,
    ) -> Result<options::Value> {
        self.with(handle, |socket, _| socket.set_option(name, value))
    }

    /// Half-close: 0 the reading, 1 the writing, 2 both directions.
    pub fn shutdown(&mut self, handle: Handle, direction: i64) -> Result<()> {
        self.with(handle, |socket, reactor| {
            socket.shutdown(direction, reactor)
        })
    }

    /// Process, user and group of the other end of a local socket.
    pub fn peer_credentials(&mut self, handle: Handle) -> Result<(i64, i64, i64)> {
        self.with(handle, |socket, reactor| socket.peer_credentials(reactor))
    }

    /// Whether closing removes the file that the socket was bound to.
    pub fn set_unlink_on_close(&mut self, handle: Handle, wanted: bool) -> Result<()> {
        self.with(handle, |socket, _| {
            socket.unlink_on_close = wanted;
            Ok(())
        })
    }

    /// Whether it does.
    pub fn unlinks_on_close(&mut self, handle: Handle) -> Result<bool> {
        self.with(handle, |socket, _| Ok(socket.unlink_on_close))
    }

    /// Gives a socket the options that were set on another one before that was connected.
    pub fn copy_options(&mut self, model: Handle, handle: Handle) -> Result<()> {
        let options = self.with(model, |socket, _| Ok(socket.stored_options.clone()))?;
        self.with(handle, |socket, _| {
            socket.take_options(options);
            Ok(())
        })
    }

    /// Closes; what was sent still arrives. The handle stays, as an unconnected socket.
    pub fn close(&mut self, handle: Handle) -> Result<()> {
        self.with(handle, |socket, reactor| {
            socket.close(false, reactor);
            Ok(())
        })
    }

    /// Closes at once; the peer sees a reset.
    pub fn abort(&mut self, handle: Handle) -> Result<()> {
        self.with(handle, |socket, reactor| {
            socket.close(true, reactor);
            Ok(())
        })
    }

    /// Closes every socket and makes no new ones.
    pub fn close_all(&mut self) {
        self.reactor.gate.close();
        self.table = Table::default();
    }

    /// Closes and invalidates the handle. Says nothing when that has happened already.
    pub fn destroy(&mut self, handle: Handle) {
        if handle.session != self.session {
            return;
        }
        // Out of the table first: a late event must not find it.
        if let Some(mut socket) = self.table.remove(handle) {
            socket.close(false, &mut self.reactor);
        }
    }
}
