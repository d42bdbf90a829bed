//! Setting a machine up: limits, permissions, streams.

use super::Capabilities;
#[cfg(feature = "net")]
use super::Net;
use super::context::Budget;
use super::error::{Error, Result};
use super::image::Image;
use super::output;
use super::smalltalk::Smalltalk;
#[cfg(feature = "files")]
use super::{Dir, EnvironmentAccess, ProcessAccess};
use crate::host::Host;
use crate::host::clock::Clock;
use crate::host::random::Seeds;
use crate::host::stdio::{Output, Source, Stdio};
use crate::memory::HeapOptions;
use crate::vm::Limits;
use std::io::{Read, Write};
use std::time::Duration;

/// Stack slots for one ordinary call.
const SLOTS_PER_CALL: usize = 24;
/// Fewer slots than this leave no room for the library itself.
const LEAST_SLOTS: usize = 4096;

/// What a machine is to be. Without any option it may use as much as it likes of memory and time, but has
/// no files, no network, no input, and what it writes goes nowhere.
///
/// ```
/// use chirp::{Buffer, ErrorKind, Smalltalk, Stop};
/// use std::time::Duration;
///
/// let output = Buffer::new();
/// let mut st = Smalltalk::builder()
///     .fuel(1_000_000)
///     .memory(64 << 20)
///     .depth(10_000)
///     .timeout(Duration::from_secs(10))
///     .stdout(output.clone())
///     .arguments(["a", "b"])
///     .build()?;
/// st.eval::<()>("Transcript show: 'Hello'")?;
/// assert_eq!(output.text(), "Hello");
/// assert_eq!(st.eval::<Vec<String>>("Smalltalk arguments")?, ["a", "b"]);
///
/// let error = st.eval::<()>("[ true ] whileTrue: [ ]").unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Stopped { why: Stop::Fuel, .. }));
/// # Ok::<(), chirp::Error>(())
/// ```
#[derive(Default)]
#[must_use = "`build` starts the machine"]
pub struct Builder {
    budget: Budget,
    memory: Option<usize>,
    depth: Option<usize>,
    capabilities: Capabilities,
    stdin: Option<Box<dyn Read + Send>>,
    stdout: Option<Output>,
    stderr: Option<Output>,
    arguments: Vec<String>,
    stress: bool,
    pub(super) image: Option<Image>,
    clock: Option<Clock>,
    random_seed: Option<u64>,
}

impl Builder {
    /// Sends and turns of loops that each call from Rust may use, with the conversion of its answer: each element is one.
    pub fn fuel(mut self, fuel: u64) -> Builder {
        self.budget.fuel = Some(fuel);
        self
    }

    /// Time that each call from Rust may take.
    pub fn timeout(mut self, timeout: Duration) -> Builder {
        self.budget.timeout = Some(timeout);
        self
    }

    /// Bytes of object memory, and of what a [`Buffer`](crate::Buffer) keeps. Of the library, what is used takes its
    /// part; where its beginning has no room, [`Builder::build`] fails. What one conversion makes in Rust may be as much
    /// again.
    pub fn memory(mut self, bytes: usize) -> Builder {
        self.memory = Some(bytes);
        self
    }

    /// Nested calls for which there is room for certain, a million at most: then a Process's stack has the 24 million slots
    /// that it may have. Where it ends, Smalltalk may handle a StackOverflow.
    pub fn depth(mut self, calls: usize) -> Builder {
        self.depth = Some(calls);
        self
    }

    /// Everything that the program may do outside, in place of what was said before.
    pub fn capabilities(mut self, capabilities: Capabilities) -> Builder {
        self.capabilities = capabilities;
        self
    }

    /// One more folder, or file, that the program may use. The feature `files`.
    ///
    /// ```
    /// use chirp::{Dir, ErrorKind, Smalltalk};
    ///
    /// let here = env!("CARGO_MANIFEST_DIR");
    /// let mut st = Smalltalk::builder().files(Dir::read_only(here)).build()?;
    /// let file = format!("'{here}/Cargo.toml' asFileReference");
    /// assert!(st.eval::<String>(&format!("{file} contents"))?.contains("chirp"));
    /// let error = st.eval::<()>(&format!("{file} delete")).unwrap_err();
    /// assert!(matches!(error.kind(), ErrorKind::Denied { .. }));
    /// # Ok::<(), chirp::Error>(())
    /// ```
    #[cfg(feature = "files")]
    pub fn files(mut self, dir: Dir) -> Builder {
        self.capabilities.files.add(dir);
        self
    }

    /// Whom the program may connect to, and where it may listen. The feature `net`.
    ///
    /// ```
    /// use chirp::{Net, Smalltalk};
    ///
    /// let net = Net::new().connect("api.example.com:443").listen("127.0.0.1:0");
    /// assert!(Smalltalk::builder().net(net).build().is_ok());
    /// assert!(Smalltalk::builder().net(Net::new().connect("example.com:eighty")).build().is_err());
    /// # Ok::<(), chirp::Error>(())
    /// ```
    #[cfg(feature = "net")]
    pub fn net(mut self, net: Net) -> Builder {
        self.capabilities.net = net;
        self
    }

    /// Which other programs the program may start. They may do what the user may do. The
    /// feature `files`, and `programs` to start one.
    #[cfg(feature = "files")]
    pub fn process(mut self, access: ProcessAccess) -> Builder {
        self.capabilities.process = access;
        self
    }

    /// Which environment variables the program may read. The feature `files`.
    ///
    /// ```
    /// use chirp::{EnvironmentAccess, ErrorKind, Smalltalk};
    ///
    /// let path = "OSEnvironment current at: 'PATH'";
    /// let mut st = Smalltalk::builder().environment(EnvironmentAccess::All).build()?;
    /// assert_eq!(st.eval::<String>(path)?, std::env::var("PATH").unwrap());
    /// let error = Smalltalk::new().eval::<String>(path).unwrap_err();
    /// assert!(matches!(error.kind(), ErrorKind::Denied { .. }));
    /// # Ok::<(), chirp::Error>(())
    /// ```
    #[cfg(feature = "files")]
    pub fn environment(mut self, access: EnvironmentAccess) -> Builder {
        self.capabilities.environment = access;
        self
    }

    /// Where standard input comes from: with the feature `files` there is `Stdio stdin`.
    ///
    /// ```
    /// use chirp::{Buffer, Capabilities, Smalltalk};
    ///
    /// let errors = Buffer::new();
    /// let mut st = Smalltalk::builder()
    ///     .capabilities(Capabilities::all())
    ///     .stdin(&b"first\nsecond\n"[..])
    ///     .stderr(errors.clone())
    ///     .build()?;
    /// assert_eq!(st.eval::<String>("Stdio stdin upTo: Character lf")?, "first");
    /// st.eval::<()>("Stdio stderr nextPutAll: 'oh'; flush")?;
    /// assert_eq!(errors.text(), "oh");
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn stdin(mut self, source: impl Read + Send + 'static) -> Builder {
        self.stdin = Some(Box::new(source));
        self
    }

    /// Where the Transcript and standard output go. It has everything at the end of each call. What a
    /// [`Buffer`](crate::Buffer) keeps counts against [`memory`](Builder::memory); a sink of your own must see to its
    /// limits itself.
    pub fn stdout(mut self, sink: impl Write + Send + 'static) -> Builder {
        self.stdout = Some(output::to(sink));
        self
    }

    /// Where standard error goes: with the feature `files` there is `Stdio stderr`.
    pub fn stderr(mut self, sink: impl Write + Send + 'static) -> Builder {
        self.stderr = Some(output::to(sink));
        self
    }

    /// What `Smalltalk arguments` answers.
    pub fn arguments<S: Into<String>>(mut self, arguments: impl IntoIterator<Item = S>) -> Builder {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Collects garbage at every opportunity: slow, for tests of code that holds on to objects.
    ///
    /// ```
    /// let mut st = chirp::Smalltalk::builder().stress(true).build()?;
    /// let list: chirp::Obj = st.eval("(1 to: 9) asOrderedCollection")?;
    /// assert_eq!(list.send::<i64>(&mut st, "sum", ())?, 45);
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn stress(mut self, on: bool) -> Builder {
        self.stress = on;
        self
    }

    /// The time that programs see, in place of the computer's: see [`Clock`].
    ///
    /// ```
    /// use chirp::{Clock, Smalltalk};
    /// use std::time::SystemTime;
    ///
    /// let mut st = Smalltalk::builder().clock(Clock::skipping(SystemTime::UNIX_EPOCH)).build()?;
    /// assert_eq!(st.eval::<i64>("(Delay forSeconds: 3600) wait. DateAndTime now asUnixTime")?, 3600);
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn clock(mut self, clock: Clock) -> Builder {
        self.clock = Some(clock);
        self
    }

    /// Makes random generators that are not given a seed (`Random new`) the same in every run: for tests and replays, not
    /// for secrets. What the network needs stays unpredictable.
    ///
    /// ```
    /// use chirp::Smalltalk;
    ///
    /// let dice = |seed| {
    ///     let mut st = Smalltalk::builder().random_seed(seed).build().unwrap();
    ///     st.eval::<Vec<i64>>("(1 to: 20) collect: [:i | 6 atRandom ]").unwrap()
    /// };
    /// assert_eq!(dice(1), dice(1));
    /// assert_ne!(dice(1), dice(2));
    /// ```
    pub fn random_seed(mut self, seed: u64) -> Builder {
        self.random_seed = Some(seed);
        self
    }

    /// Starts the machine.
    pub fn build(self) -> Result<Smalltalk> {
        let [stdout, stderr] = [self.stdout, self.stderr]
            .map(|to| to.unwrap_or_else(|| Output::new(Box::new(std::io::sink()))));
        let input = self.stdin.unwrap_or_else(|| Box::new(std::io::empty()));
        let stdio = Stdio::new(stdout, stderr, Source::Reader(input));
        #[cfg(feature = "net")]
        if let Some(fault) = self.capabilities.net.fault() {
            return Err(Error::host(fault));
        }
        let mut host = Host::new(self.capabilities, stdio).map_err(Error::host)?;
        if let Some(clock) = self.clock {
            host.clock.replace(clock, host.waker());
        }
        host.seeds = Seeds::from(self.random_seed);
        let memory = self.memory.unwrap_or(usize::MAX);
        let heap = HeapOptions {
            limit: memory,
            ..HeapOptions::default()
        };
        let image = self.image.unwrap_or_else(Image::standard);
        let mut vm = image.start(heap, host)?;
        let mut limits = Limits {
            memory,
            ..Limits::default()
        };
        if let Some(depth) = self.depth {
            limits.stack = depth
                .saturating_mul(SLOTS_PER_CALL)
                .clamp(LEAST_SLOTS, limits.stack);
        }
        vm.limits = limits;
        vm.arguments = self.arguments;
        vm.heap.set_stress(self.stress);
        Ok(Smalltalk::of(vm, self.budget))
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("budget", &self.budget)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}
