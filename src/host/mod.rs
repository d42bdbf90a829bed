//! The only door to the outside: time, randomness, standard streams, files, signals, sockets. Owns
//! every descriptor and every thread of one interpreter; must never know a Smalltalk object. Several
//! hosts live side by side in one process: there is no static and no thread-local state.

pub mod capabilities;
#[cfg(feature = "programs")]
pub mod children;
pub mod clock;
#[cfg(feature = "files")]
pub mod environment;
#[cfg(feature = "files")]
pub mod files;
pub mod library_files;
pub mod memory;
#[cfg(feature = "net")]
pub mod net;
pub mod outside;
pub mod poller;
pub mod random;
#[cfg(feature = "files")]
pub mod signals;
pub mod stack;
pub mod stdio;
pub mod sys;
#[cfg(feature = "tls")]
pub mod tls;

pub use capabilities::{Capabilities, Denied};
#[cfg(feature = "programs")]
use children::Children;
use clock::Clocks;
#[cfg(feature = "files")]
use environment::Environment;
#[cfg(feature = "files")]
use files::open::OpenFiles;
use poller::{Event, Poller, Waker};
use std::time::{Duration, Instant};
use stdio::Stdio;

/// The token under which standard input is watched; no socket has it.
#[cfg(feature = "net")]
const STDIN: u64 = u64::MAX - 1;

/// The token under which standard output is watched.
#[cfg(feature = "net")]
const STDOUT: u64 = u64::MAX - 2;

/// The bit that marks the number of a semaphore which is signalled once and then forgotten. No
/// program can name such a number.
pub const ONCE: u32 = 1 << 31;

/// The outside of one interpreter.
pub struct Host {
    /// Clocks.
    pub clock: Clocks,
    /// Where generators get their seeds.
    pub seeds: random::Seeds,
    /// The stack of the thread.
    pub stack: stack::Stack,
    /// Standard input, output and error.
    pub stdio: Stdio,
    /// Sockets and names.
    #[cfg(feature = "net")]
    pub net: net::Net,
    /// TLS sessions.
    #[cfg(feature = "tls")]
    pub tls: tls::Tls,
    /// Open files.
    #[cfg(feature = "files")]
    pub open_files: OpenFiles,
    /// Programs that were started.
    #[cfg(feature = "programs")]
    pub children: Children,
    /// The variables that those get.
    #[cfg(feature = "files")]
    pub environment: Environment,
    /// What the program may do.
    pub capabilities: Capabilities,
    /// What was denied last, except by the network, which keeps that for itself.
    #[cfg(feature = "files")]
    pub denied: Option<Denied>,
    poller: Poller,
    events: Vec<Event>,
    #[cfg(feature = "net")]
    waiting_for_stdin: Vec<u32>,
    waiting_for_stdout: Vec<u32>,
    signals: Vec<u32>,
    /// Signals of the process; none where nobody takes them for this program.
    #[cfg(feature = "files")]
    watched: Option<signals::Watched>,
}

impl Host {
    /// The number by which the system knows this process. Only other programs can do something with it.
    #[cfg(feature = "files")]
    pub fn process_id(&self) -> Result<u32, Denied> {
        match self.capabilities.process {
            capabilities::ProcessAccess::Deny => {
                Err(Denied::new("see the number of this process", "--allow-run"))
            }
            _ => Ok(std::process::id()),
        }
    }

    /// Bytes that it keeps for the program, as long as that wants: output, variables, TLS sessions.
    pub fn bytes_used(&self) -> usize {
        let used = self.stdio.kept();
        #[cfg(feature = "files")]
        let used = used + self.environment.bytes_used();
        #[cfg(feature = "tls")]
        let used = used + self.tls.bytes_used();
        used
    }

    /// A host with the given permissions and streams. Fails only when the process is out of
    /// descriptors.
    pub fn new(capabilities: Capabilities, stdio: Stdio) -> std::io::Result<Self> {
        let poller = Poller::new()?;
        Ok(Host {
            clock: Clocks::default(),
            seeds: random::Seeds::default(),
            stack: stack::Stack::default(),
            stdio,
            #[cfg(feature = "net")]
            net: net::Net::new(poller.clone(), capabilities.net.clone()),
            #[cfg(feature = "tls")]
            tls: tls::Tls::new(),
            #[cfg(feature = "files")]
            open_files: OpenFiles::new(poller.clone()),
            #[cfg(feature = "programs")]
            children: Children::default(),
            #[cfg(feature = "files")]
            environment: Environment::new(
                capabilities.environment.clone(),
                capabilities.process.clone(),
            ),
            capabilities,
            #[cfg(feature = "files")]
            denied: None,
            poller,
            events: Vec::new(),
            #[cfg(feature = "net")]
            waiting_for_stdin: Vec::new(),
            waiting_for_stdout: Vec::new(),
            signals: Vec::new(),
            #[cfg(feature = "files")]
            watched: None,
        })
    }

    /// From now on nothing is permitted any more, for good.
    #[cfg(feature = "cli")]
    pub fn permit_nothing(&mut self) {
        let none = Capabilities::none();
        self.net.disable();
        self.environment = Environment::new(none.environment.clone(), none.process.clone());
        self.capabilities = none;
    }

    /// From now on the program may watch for signals of the process: whoever calls this takes them.
    #[cfg(feature = "files")]
    pub fn watch_signals(&mut self) -> signals::Watched {
        self.watched.get_or_insert_default().clone()
    }

    /// What the program watches for; none where nobody takes signals for it. They concern the whole process, as other
    /// programs do.
    #[cfg(feature = "files")]
    pub fn watched_signals(&self) -> Result<Option<&signals::Watched>, Denied> {
        match self.capabilities.process {
            capabilities::ProcessAccess::Any => Ok(self.watched.as_ref()),
            _ => Err(Denied::new("watch for signals", "--allow-run")),
        }
    }

    /// Wakes this host's `poll` from other threads.
    pub fn waker(&self) -> Waker {
        self.poller.waker()
    }

    /// What a thread that has nothing else to do can wait with.
    pub fn poller(&self) -> Poller {
        self.poller.clone()
    }

    /// Files, within the permissions.
    #[cfg(feature = "files")]
    pub fn files(&self) -> files::Files<'_> {
        files::Files::new(&self.capabilities.files)
    }

    /// Starts another program; answers its number, and those of the pipes to it.
    #[cfg(feature = "programs")]
    pub fn start(
        &mut self,
        wanted: &children::Wanted,
    ) -> Result<children::Started, files::FileError> {
        let process = &self.capabilities.process;
        let program = process.check(&wanted.program, wanted.directory.as_deref())?;
        let variables = wanted.environment.iter().flatten();
        for (name, _) in variables {
            process.check_variable(name)?;
        }
        self.stdio.flush();
        let (environment, files) = (&self.environment, &mut self.open_files);
        self.children.start(&program, wanted, environment, files)
    }

    /// Opens a file, within the permissions; answers its number.
    #[cfg(feature = "files")]
    pub fn open_file(
        &mut self,
        path: &std::path::Path,
        mode: files::open::Mode,
    ) -> Result<u32, files::FileError> {
        let files = files::Files::new(&self.capabilities.files);
        self.open_files.open(&files, path, mode)
    }

    /// What was denied last, in the network or elsewhere, once.
    #[cfg(feature = "files")]
    pub fn take_denied(&mut self, network: bool) -> Option<Denied> {
        #[cfg(feature = "net")]
        if network {
            return self.net.take_denied();
        }
        let _ = network;
        self.denied.take()
    }

    /// The end of the program: output is written, every socket is closed, and with it the files of
    /// local servers. Call it before a process ends without dropping its interpreters.
    pub fn close(&mut self) {
        self.stdio.flush();
        #[cfg(feature = "programs")]
        self.children.end();
        #[cfg(feature = "net")]
        self.net.close_all();
    }

    /// Waits until a socket, a look-up, standard input or another thread reports something, or the
    /// time is over (`None`: no limit; zero: only looks). May return early. Semaphores to signal
    /// are ready afterwards. Output is flushed before a wait.
    pub fn poll(&mut self, timeout: Option<Duration>) {
        let timeout = self.shortened(timeout);
        if timeout != Some(Duration::ZERO) {
            self.stdio.error.flush();
            if !self.stdio.output.flush_ready() && !self.watch_output() {
                self.stdio.flush();
            }
        }
        let mut events = std::mem::take(&mut self.events);
        self.poller.poll(timeout, &mut events);
        #[cfg(feature = "net")]
        {
            for event in &events {
                match u32::try_from(event.token) {
                    Ok(number) => {
                        self.open_files.on_event(number);
                        #[cfg(feature = "programs")]
                        self.children.on_event(number, &mut self.open_files);
                    }
                    Err(_) if event.token == STDIN => {
                        self.signals.append(&mut self.waiting_for_stdin);
                    }
                    Err(_) if event.token == STDOUT => {
                        self.stdio.output.flush_ready();
                        self.signals.append(&mut self.waiting_for_stdout);
                    }
                    Err(_) => self.net.on_event(*event),
                }
            }
            self.net.after_poll();
        }
        events.clear();
        self.events = events;
    }

    /// The timeout within which the host's own deadlines are met.
    fn shortened(&self, timeout: Option<Duration>) -> Option<Duration> {
        if self.has_signals() {
            return Some(Duration::ZERO);
        }
        let Some(deadline) = self.next_deadline() else {
            return timeout;
        };
        let own = deadline.saturating_duration_since(Instant::now());
        Some(timeout.map_or(own, |wanted| wanted.min(own)))
    }

    /// When the host itself has something to do although nothing is reported.
    pub fn next_deadline(&self) -> Option<Instant> {
        #[cfg(feature = "net")]
        return self.net.next_deadline();
        #[cfg(not(feature = "net"))]
        None
    }

    /// What a copy of the program would miss: a sentence for each kind of things that are open.
    pub fn what_is_open(&self) -> Vec<String> {
        #[cfg(feature = "net")]
        let sockets = self.net.open_count();
        #[cfg(not(feature = "net"))]
        let sockets = 0;
        #[cfg(feature = "programs")]
        let programs = self.children.count();
        #[cfg(not(feature = "programs"))]
        let programs = 0;
        #[cfg(feature = "files")]
        let files = self.open_files.len();
        #[cfg(not(feature = "files"))]
        let files = 0;
        let kinds = [
            (sockets, "socket is open", "sockets are open"),
            (files, "file is open", "files are open"),
            (
                programs,
                "program that was started is known",
                "programs that were started are known",
            ),
        ];
        let open = kinds.into_iter().filter(|(count, ..)| *count > 0);
        open.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
            .collect()
    }

    /// Whether semaphores wait to be signalled.
    pub fn has_signals(&self) -> bool {
        #[cfg(feature = "net")]
        let sockets = self.net.has_signals();
        #[cfg(not(feature = "net"))]
        let sockets = false;
        #[cfg(feature = "files")]
        let files = !self.open_files.signals.is_empty()
            || self.watched.as_ref().is_some_and(|w| w.has_arrived());
        #[cfg(not(feature = "files"))]
        let files = false;
        sockets || files || !self.signals.is_empty()
    }

    /// The indices of the semaphores to signal now, each as often as it occurs.
    pub fn take_signals(&mut self) -> Vec<u32> {
        let signals = std::mem::take(&mut self.signals);
        #[cfg(feature = "files")]
        let signals = {
            let of_files = std::mem::take(&mut self.open_files.signals);
            let watched = self.watched.as_ref().map(signals::Watched::take);
            [signals, of_files, watched.unwrap_or_default()].concat()
        };
        #[cfg(feature = "net")]
        let signals = if signals.is_empty() {
            self.net.take_signals()
        } else {
            [signals, self.net.take_signals()].concat()
        };
        signals
    }

    /// Has the poller report standard output once there is room. False if it cannot.
    fn watch_output(&self) -> bool {
        #[cfg(feature = "net")]
        return self.poller.arm_for(std::io::stdout(), STDOUT, false, true);
        #[cfg(not(feature = "net"))]
        false
    }

    /// Signals the semaphore once there is room in standard output again.
    pub fn arm_stdout(&mut self, semaphore: u32) {
        if self.watch_output() {
            self.waiting_for_stdout.push(semaphore);
        } else {
            self.stdio.flush();
            self.signals.push(semaphore);
        }
    }

    /// Asks for a signal of the semaphore when standard input can be read. Answers false when that
    /// cannot be watched (a build without sockets, an embedder's reader): then just read.
    #[cfg(feature = "files")]
    pub fn arm_stdin(&mut self, semaphore: u32) -> bool {
        #[cfg(feature = "net")]
        if self.stdio.reads_process() && self.poller.arm_once(std::io::stdin(), STDIN).is_ok() {
            self.waiting_for_stdin.push(semaphore);
            return true;
        }
        let _ = semaphore;
        false
    }
}

#[cfg(all(test, feature = "net"))]
mod tests;
