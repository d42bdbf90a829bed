//! Looking names up. Owns the results of each requester (a Smalltalk Process): two Processes that
//! resolve at the same time never see each other's answers (R-24). Whatever may take time goes to
//! the pool (R-25); local addresses and numbers are answered at once.

mod pool;

use super::address::{Address, LocalName};
use super::error::NetError;
use crate::host::poller::Waker;
use crate::host::sys::resolve::{RawHints, RawInfo};
use pool::Pool;
pub use pool::{Answer, LookUp, Question};
use rustc_hash::FxHashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, NetError>;

/// Flag: no names, only numbers.
pub const NUMERIC: i64 = 1;
/// Flag: an empty host means "any interface", not "this machine".
pub const PASSIVE: i64 = 2;

/// After this time a look-up counts as failed, whatever its thread does.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Longest name.
const NAME_LIMIT: usize = 256;
/// Requesters whose results are kept; the oldest ones are forgotten.
const MOST_REQUESTERS: usize = 4096;

/// One entry of a look-up's result, in Smalltalk's codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// The address.
    pub address: Address,
    /// 1 stream, 2 datagram.
    pub socket_type: i64,
    /// 0 unspecified, 1 TCP, 2 UDP.
    pub protocol: i64,
}

/// Arguments of a look-up in Smalltalk's codes.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Host name, text of an address, or empty.
    pub host: &'a [u8],
    /// Service name, port, or path of a local socket.
    pub service: &'a [u8],
    /// `NUMERIC`, `PASSIVE`.
    pub flags: i64,
    /// 0 any, 1 local, 2 inet4, 3 inet6.
    pub family: i64,
    /// 0 any, 1 stream, 2 datagram.
    pub socket_type: i64,
    /// 0 any, 1 TCP, 2 UDP.
    pub protocol: i64,
}

/// State of a requester's look-ups, in the codes of the old interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Progress {
    /// Ready; the last look-up, if any, succeeded.
    Ready = 1,
    /// A look-up is under way.
    Busy = 2,
    /// The last look-up failed.
    Failed = 3,
}

impl<'a> Query<'a> {
    /// What the old interface asks: the first IPv4 address of a name.
    pub fn old(name: &'a [u8]) -> Query<'a> {
        Query {
            host: name,
            service: b"",
            flags: 0,
            family: 2,
            socket_type: 1,
            protocol: 0,
        }
    }

    /// Whether somebody may have to be asked for the name of a host.
    pub fn asks_for_name(&self) -> bool {
        self.family != 1
            && !self.host.is_empty()
            && self.flags & NUMERIC == 0
            && !std::str::from_utf8(self.host).is_ok_and(|text| text.parse::<IpAddr>().is_ok())
    }
}

struct Job {
    id: u64,
    /// The name that is looked up; none for the name of an address.
    host: Option<Vec<u8>>,
    /// Semaphores to signal at the end: the resolver's own and those of `notify`.
    signals: Vec<u32>,
}

#[derive(Default)]
struct Requester {
    age: u64,
    job: Option<Job>,
    entries: Vec<Info>,
    cursor: usize,
    names: Option<(Vec<u8>, Vec<u8>)>,
    error: i32,
}

/// Name look-ups of one interpreter.
pub struct Resolver {
    semaphore: u32,
    requesters: FxHashMap<u64, Requester>,
    /// Look-ups under way, by number: whose, and until when. Few, and looked at in every poll.
    running: FxHashMap<u64, (u64, Instant)>,
    pool: Pool,
    jobs: u64,
    session: u32,
    /// Names that were looked up, each with an address it had, for whoever decides by names.
    pub(super) found: Vec<(Vec<u8>, Address)>,
}

impl Resolver {
    /// Nothing looked up yet; no thread is started before one is needed.
    pub fn new(session: u32, waker: Waker) -> Self {
        let pool = Pool::new(waker);
        Resolver {
            semaphore: 0,
            requesters: FxHashMap::default(),
            running: FxHashMap::default(),
            pool,
            jobs: 0,
            session,
            found: Vec::new(),
        }
    }

    /// Lets somebody else answer what the C library would have to look up, from now on: an embedder
    /// who has names of its own, or none. Numbers and local paths need no look-up and never get there.
    ///
    /// ```
    /// use chirp::host::net::resolver::Answer;
    /// use chirp::host::{Capabilities, Host, stdio::Stdio};
    /// let mut host = Host::new(Capabilities::all(), Stdio::none())?;
    /// let (resolver, _) = host.net.resolver().expect("the permission");
    /// resolver.ask_instead(std::sync::Arc::new(|_| Answer::Addresses(Ok(Vec::new()))));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn ask_instead(&mut self, look_up: Arc<LookUp>) {
        self.pool.ask_instead(look_up);
    }

    /// The session number that addresses made here carry.
    pub fn session(&self) -> u32 {
        self.session
    }

    /// The semaphore that is signalled whenever a look-up ends.
    pub fn set_semaphore(&mut self, semaphore: u32) {
        self.semaphore = semaphore;
    }

    /// Starts a look-up. Answers whether the result is there already.
    pub fn start(
        &mut self,
        requester: u64,
        query: Query<'_>,
        signals: &mut Vec<u32>,
    ) -> Result<bool> {
        let in_range = (0..=3).contains(&query.family)
            && (0..=2).contains(&query.socket_type)
            && (0..=2).contains(&query.protocol);
        if !in_range || query.host.len() > NAME_LIMIT || query.service.len() > NAME_LIMIT {
            return Err(NetError::BadArgument);
        }
        if query.family == 1 {
            self.reset(requester, signals);
            let entries = local_entries(query)?;
            let error = if entries.is_empty() {
                libc::EAI_NONAME
            } else {
                0
            };
            self.finish(requester, error, signals, |state| state.entries = entries);
            return Ok(true);
        }
        if query.host.contains(&0) || query.service.contains(&0) {
            return Err(NetError::Os(libc::EINVAL));
        }
        let question = Question::Addresses {
            host: query.host.to_vec(),
            service: query.service.to_vec(),
            hints: hints(query),
        };
        Ok(self.run(requester, question, is_numeric(query), signals))
    }

    /// Starts a look-up of the names of an address; answers whether the result is there already.
    pub fn start_names(
        &mut self,
        requester: u64,
        address: &Address,
        flags: i64,
        signals: &mut Vec<u32>,
    ) -> bool {
        let local = matches!(address, Address::Local(_));
        let numeric = flags & NUMERIC != 0;
        let mut flags = libc::NI_NOFQDN;
        if numeric {
            flags |= libc::NI_NUMERICHOST | libc::NI_NUMERICSERV;
        }
        let question = Question::Names {
            address: address.to_raw(),
            flags,
        };
        self.run(requester, question, local || numeric, signals)
    }

    /// The old interface: looks for the first IPv4 address of a name.
    pub fn start_name_lookup(
        &mut self,
        requester: u64,
        name: &[u8],
        signals: &mut Vec<u32>,
    ) -> Result<()> {
        self.start(requester, Query::old(name), signals).map(drop)
    }

    /// The old interface: looks for the name of a host. A number is no name.
    pub fn start_address_lookup(
        &mut self,
        requester: u64,
        address: &Address,
        signals: &mut Vec<u32>,
    ) {
        let question = Question::Names {
            address: address.to_raw(),
            flags: libc::NI_NAMEREQD,
        };
        self.run(requester, question, false, signals);
    }

    /// Asks for a signal of one more semaphore at the end of the requester's look-up, at once if
    /// there is none under way.
    pub fn notify(&mut self, requester: u64, semaphore: u32, signals: &mut Vec<u32>) {
        match self
            .requesters
            .get_mut(&requester)
            .and_then(|state| state.job.as_mut())
        {
            Some(job) => job.signals.push(semaphore),
            None => signals.push(semaphore),
        }
    }

    /// Gives up the requester's look-up. Whoever waits for its end is told.
    pub fn abort(&mut self, requester: u64, signals: &mut Vec<u32>) {
        if let Some(job) = self
            .requesters
            .get_mut(&requester)
            .and_then(|state| state.job.take())
        {
            self.running.remove(&job.id);
            self.pool.withdraw(job.id);
            signals.extend(job.signals);
        }
    }

    /// Where the requester's last look-up stands.
    pub fn progress(&self, requester: u64) -> Progress {
        match self.requesters.get(&requester) {
            Some(Requester { job: Some(_), .. }) => Progress::Busy,
            Some(state) if state.error != 0 => Progress::Failed,
            _ => Progress::Ready,
        }
    }

    /// The `EAI_…` code of the requester's last look-up, 0 for success.
    pub fn error(&self, requester: u64) -> i32 {
        self.requesters
            .get(&requester)
            .map_or(0, |state| state.error)
    }

    /// The entry at the requester's cursor.
    pub fn current(&self, requester: u64) -> Option<&Info> {
        let state = self.requesters.get(&requester)?;
        state.entries.get(state.cursor)
    }

    /// Moves the requester's cursor; answers whether there is an entry now.
    pub fn advance(&mut self, requester: u64) -> bool {
        let Some(state) = self.requesters.get_mut(&requester) else {
            return false;
        };
        state.cursor = (state.cursor + 1).min(state.entries.len());
        state.cursor < state.entries.len()
    }

    /// Host and service of the requester's last look-up of an address.
    pub fn names(&self, requester: u64) -> Option<(&[u8], &[u8])> {
        let (host, service) = self.requesters.get(&requester)?.names.as_ref()?;
        Some((host, service))
    }

    /// Takes the answers that arrived, and gives up on those that did not.
    pub fn collect(&mut self, signals: &mut Vec<u32>) {
        if self.running.is_empty() {
            return;
        }
        for (id, answer) in self.pool.take_finished() {
            // Nobody: the look-up was aborted or replaced by a newer one.
            let Some(&(requester, _)) = self.running.get(&id) else {
                continue;
            };
            self.answer(requester, answer, signals);
        }
        let now = Instant::now();
        let late = self
            .running
            .values()
            .filter(|(_, deadline)| *deadline <= now);
        let late: Vec<u64> = late.map(|(requester, _)| *requester).collect();
        for requester in late {
            self.finish(requester, libc::EAI_AGAIN, signals, |_| {});
        }
    }

    /// When the next look-up is given up.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.running.values().map(|(_, deadline)| *deadline).min()
    }

    /// Forgets the requester's earlier look-up.
    fn reset(&mut self, requester: u64, signals: &mut Vec<u32>) {
        self.abort(requester, signals);
        if self.requesters.len() >= MOST_REQUESTERS && !self.requesters.contains_key(&requester) {
            let idle = self
                .requesters
                .iter()
                .filter(|(_, state)| state.job.is_none());
            if let Some(oldest) = idle.min_by_key(|(_, state)| state.age).map(|(key, _)| *key) {
                self.requesters.remove(&oldest);
            }
        }
        self.jobs += 1;
        let state = Requester {
            age: self.jobs,
            ..Requester::default()
        };
        self.requesters.insert(requester, state);
    }

    fn run(
        &mut self,
        requester: u64,
        question: Question,
        inline: bool,
        signals: &mut Vec<u32>,
    ) -> bool {
        self.reset(requester, signals);
        if inline {
            self.answer(requester, question.ask(), signals);
            return true;
        }
        let id = self.jobs;
        let host = match &question {
            Question::Addresses { host, .. } => Some(host.clone()),
            Question::Names { .. } => None,
        };
        if let Some(state) = self.requesters.get_mut(&requester) {
            state.job = Some(Job {
                id,
                host,
                signals: Vec::new(),
            });
        }
        self.running
            .insert(id, (requester, Instant::now() + TIME_LIMIT));
        self.pool.submit(id, question);
        false
    }

    fn answer(&mut self, requester: u64, answer: Answer, signals: &mut Vec<u32>) {
        match answer {
            Answer::Addresses(Ok(found)) => {
                let entries: Vec<Info> = found.iter().filter_map(info_of).collect();
                let job = self.requesters.get(&requester).and_then(|s| s.job.as_ref());
                if let Some(host) = job.and_then(|job| job.host.as_ref()) {
                    let addresses = entries.iter().map(|info| info.address.clone());
                    self.found.extend(addresses.map(|a| (host.clone(), a)));
                }
                let error = if entries.is_empty() {
                    libc::EAI_NONAME
                } else {
                    0
                };
                self.finish(requester, error, signals, |state| state.entries = entries);
            }
            Answer::Names(Ok(names)) => {
                self.finish(requester, 0, signals, |state| state.names = Some(names));
            }
            Answer::Addresses(Err(code)) | Answer::Names(Err(code)) => {
                self.finish(requester, code, signals, |_| {});
            }
        }
    }

    fn finish(
        &mut self,
        requester: u64,
        error: i32,
        signals: &mut Vec<u32>,
        store: impl FnOnce(&mut Requester),
    ) {
        let Some(state) = self.requesters.get_mut(&requester) else {
            return;
        };
        let job = state.job.take();
        if let Some(job) = &job {
            self.running.remove(&job.id);
        }
        state.error = error;
        store(state);
        if self.semaphore != 0 {
            signals.push(self.semaphore);
        }
        signals.extend(job.into_iter().flat_map(|job| job.signals));
    }
}

/// The one entry for a local path, whether there is such a file or not (R-07, R-23).
fn local_entries(query: Query<'_>) -> Result<Vec<Info>> {
    let known_host = query.host.is_empty() || query.host == b"localhost";
    let name = match query.service {
        [] if query.flags & PASSIVE == 0 => return Ok(Vec::new()),
        // The kernel chooses a name at bind.
        [] => Address::Local(LocalName::Unnamed),
        [0, name @ ..] => Address::local_abstract(name)?,
        path => Address::local_path(path)?,
    };
    if !known_host {
        return Ok(Vec::new());
    }
    let socket_type = if query.socket_type == 2 { 2 } else { 1 };
    Ok(vec![Info {
        address: name,
        socket_type,
        protocol: 0,
    }])
}

fn hints(query: Query<'_>) -> RawHints {
    let mut flags = 0;
    if query.flags & NUMERIC != 0 {
        flags |= libc::AI_NUMERICHOST | libc::AI_NUMERICSERV;
    }
    if query.flags & PASSIVE != 0 {
        flags |= libc::AI_PASSIVE;
    }
    RawHints {
        flags,
        family: match query.family {
            2 => libc::AF_INET,
            3 => libc::AF_INET6,
            _ => libc::AF_UNSPEC,
        },
        socket_type: match query.socket_type {
            1 => libc::SOCK_STREAM,
            2 => libc::SOCK_DGRAM,
            _ => 0,
        },
        protocol: match query.protocol {
            1 => libc::IPPROTO_TCP,
            2 => libc::IPPROTO_UDP,
            _ => 0,
        },
    }
}

/// Whether the C library needs nothing but arithmetic for the answer.
fn is_numeric(query: Query<'_>) -> bool {
    let host = query.host.is_empty()
        || query.flags & NUMERIC != 0
        || std::str::from_utf8(query.host).is_ok_and(|text| text.parse::<IpAddr>().is_ok());
    let service = query.flags & NUMERIC != 0 || query.service.iter().all(u8::is_ascii_digit);
    host && service
}

fn info_of(raw: &RawInfo) -> Option<Info> {
    let address = Address::from_raw(&raw.address)?;
    let socket_type = match raw.socket_type {
        libc::SOCK_STREAM => 1,
        libc::SOCK_DGRAM => 2,
        // Raw sockets are nothing that a name look-up is made for.
        _ => return None,
    };
    let protocol = match raw.protocol {
        libc::IPPROTO_TCP => 1,
        libc::IPPROTO_UDP => 2,
        _ => 0,
    };
    Some(Info {
        address,
        socket_type,
        protocol,
    })
}

/// Name of this machine.
pub fn host_name() -> Result<Vec<u8>> {
    use std::os::unix::ffi::OsStringExt;
    Ok(nix::unistd::gethostname()?.into_vec())
}

/// The IPv4 address of the first interface that is up and not the loopback, else 0.0.0.0.
pub fn local_host_address() -> [u8; 4] {
    use nix::net::if_::InterfaceFlags;
    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else {
        return [0; 4];
    };
    for interface in interfaces {
        let up = interface.flags.contains(InterfaceFlags::IFF_UP)
            && !interface.flags.contains(InterfaceFlags::IFF_LOOPBACK);
        if !up {
            continue;
        }
        let address = interface
            .address
            .as_ref()
            .and_then(|address| address.as_sockaddr_in());
        if let Some(address) = address {
            return address.ip().octets();
        }
    }
    [0; 4]
}
