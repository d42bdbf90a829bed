//! One machine, as its host program sees it.

use super::block::Block;
use super::builder::Builder;
use super::class::Class;
use super::context::{AsCtx, Budget, Ctx, sealed};
use super::convert::{FromSmalltalk, IntoSmalltalk};
use super::error::{Error, Result};
use super::function::RustFn;
use super::host_class::HostClass;
use super::interrupt::InterruptHandle;
use super::machine::Machine;
use super::object::Obj;
use crate::host::outside;
use crate::vm::{Outlined, Vm};
use std::path::Path;
use std::time::Duration;

/// A Smalltalk world of its own: classes, globals, Processes. A program may have many of them, and may move
/// them between threads.
///
/// Dropped, it ends its Processes, those of [`Run`](crate::Run)s included: their clean-up blocks (`ensure:`,
/// `ifCurtailed:`) run, for a quarter of a second all together.
///
/// ```
/// use chirp::Smalltalk;
///
/// let mut st = Smalltalk::new();
/// let answer: i64 = st.eval("6 * 7")?;
/// assert_eq!(answer, 42);
///
/// st.eval::<()>("| count | count := 10")?;
/// st.set_global("Step", 5)?;
/// assert_eq!(st.eval::<i64>("count := count + Step")?, 15);
/// assert_eq!(st.global::<i64>("count")?, 15);
/// # Ok::<(), chirp::Error>(())
/// ```
///
/// What it uses, and how that is changed while it lives:
///
/// ```
/// use chirp::Smalltalk;
/// use std::time::Duration;
///
/// let mut st = Smalltalk::builder().fuel(1_000_000).build()?;
/// st.set_fuel(None);
/// st.set_timeout(Some(Duration::from_secs(30)));
/// st.set_arguments(["-v"]);
/// let list = st.run_source::<chirp::Obj>("start.st", "OrderedCollection new add: 3; yourself")?;
/// assert_eq!(st.print_string(&list)?, "an OrderedCollection(3)");
/// assert_eq!(st.handle_count(), 1);
/// assert!(st.fuel_used() > 0 && st.memory_used() > 0);
///
/// let handle = st.interrupt_handle();
/// handle.stop();
/// handle.clear();
/// assert_eq!(st.eval::<i64>("3 + 4")?, 7);
/// assert!(st.run_file::<()>("no such file.st").is_err());
/// # Ok::<(), chirp::Error>(())
/// ```
pub struct Smalltalk {
    vm: Machine,
    budget: Budget,
}

impl Smalltalk {
    /// A machine without limits, and without permission for anything outside: see [`Builder`].
    ///
    /// # Panics
    /// When the process has no file descriptors left. [`Builder::build`] tells that by an error.
    pub fn new() -> Smalltalk {
        match Smalltalk::builder().build() {
            Ok(machine) => machine,
            Err(error) => panic!("{error}"),
        }
    }

    /// A machine with options.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(super) fn vm(&self) -> &Vm {
        &self.vm
    }

    pub(super) fn of(vm: Outlined<Vm>, budget: Budget) -> Smalltalk {
        let vm = Machine::new(vm);
        Smalltalk { vm, budget }
    }

    pub(super) fn budget(&self) -> Budget {
        self.budget
    }

    /// The machine for a call with limits of its own.
    pub(super) fn with_budget(&mut self, budget: Budget) -> Ctx<'_> {
        Ctx::outer(&mut self.vm, budget)
    }

    /// A machine that the command line has made.
    #[cfg(feature = "cli")]
    pub(crate) fn around(vm: Outlined<Vm>) -> Smalltalk {
        let budget = Budget {
            fuel: vm.limits.fuel,
            timeout: None,
        };
        Smalltalk::of(vm, budget)
    }

    /// Gives it back.
    #[cfg(feature = "cli")]
    pub(crate) fn into_vm(self) -> Outlined<Vm> {
        self.vm.into_vm()
    }

    /// Evaluates source text and converts its last value. Variables that it declares stay.
    pub fn eval<T: FromSmalltalk>(&mut self, source: &str) -> Result<T> {
        self.as_ctx().eval(source)
    }

    /// Runs the text of a source file, in whichever format it is (workspace script or chunks). The name
    /// is for traces.
    pub fn run_source<T: FromSmalltalk>(&mut self, name: &str, text: &str) -> Result<T> {
        self.as_ctx().run_source(name, text)
    }

    /// Reads a source file and runs it. The program's permissions do not matter: the host wants it.
    ///
    /// ```
    /// use chirp::Smalltalk;
    ///
    /// let path = std::env::temp_dir().join(format!("chirp-doc-{}.st", std::process::id()));
    /// std::fs::write(&path, "| a | a := 3. a * a").unwrap();
    /// let mut st = Smalltalk::new();
    /// assert_eq!(st.run_file::<i64>(&path)?, 9);
    /// std::fs::remove_file(&path).unwrap();
    /// assert!(st.run_file::<i64>(&path).is_err());
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn run_file<T: FromSmalltalk>(&mut self, path: impl AsRef<Path>) -> Result<T> {
        let path = path.as_ref();
        let text = outside::read_text(path).map_err(|e| Error::of_file(path, &e))?;
        self.run_source(&path.to_string_lossy(), &text)
    }

    /// The value of a global, or of a variable that evaluated text has declared.
    pub fn global<T: FromSmalltalk>(&mut self, name: &str) -> Result<T> {
        self.as_ctx().global(name)
    }

    /// Defines or changes a global. A variable of this name that evaluated text has declared
    /// gets the value as well.
    pub fn set_global(&mut self, name: &str, value: impl IntoSmalltalk) -> Result<()> {
        self.as_ctx().set_global(name, value)
    }

    /// The class of this name, to send it messages or to give it methods.
    pub fn class(&mut self, name: &str) -> Result<Class> {
        self.as_ctx().class(name)
    }

    /// Makes a Rust type a class of this machine; answers the class that it is already, if so. A class of this name
    /// that is another one's stays, and the type is refused.
    ///
    /// ```
    /// use chirp::{ClassDef, HostClass, New, Smalltalk};
    ///
    /// struct Seconds(u64);
    ///
    /// impl HostClass for Seconds {
    ///     const NAME: &'static str = "Seconds";
    ///     const SUPERCLASS: &'static str = "Magnitude";
    ///     fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
    ///         c.class_method("of:", |n: u64| New(Seconds(n)))
    ///             .method("<", |a: &Seconds, b: &Seconds| a.0 < b.0);
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let mut st = Smalltalk::new();
    /// st.register::<Seconds>()?;
    /// assert!(st.eval::<bool>("(Seconds of: 9) >= (Seconds of: 3)")?);
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn register<T: HostClass>(&mut self) -> Result<Class> {
        self.as_ctx().register::<T>()
    }

    /// A Rust closure as a block: Smalltalk evaluates it like any other. It lives as long as the block.
    pub fn block<M, F: RustFn<M>>(&mut self, closure: F) -> Result<Block<F::Args, F::Answer>> {
        self.as_ctx().block(closure)
    }

    /// Any value as an object.
    pub fn object(&mut self, value: impl IntoSmalltalk) -> Result<Obj> {
        self.as_ctx().object(value)
    }

    /// What `printString` answers.
    pub fn print_string(&mut self, object: &Obj) -> Result<String> {
        self.as_ctx().print_string(object)
    }

    /// What `Smalltalk arguments` answers.
    pub fn arguments(&self) -> &[String] {
        &self.vm.arguments
    }

    /// Changes what `Smalltalk arguments` answers.
    pub fn set_arguments<S: Into<String>>(&mut self, arguments: impl IntoIterator<Item = S>) {
        self.vm.arguments = arguments.into_iter().map(Into::into).collect();
    }

    /// Stops or interrupts this machine from other threads.
    pub fn interrupt_handle(&self) -> InterruptHandle {
        InterruptHandle {
            signals: self.vm.signals.clone(),
            waker: self.vm.host.waker(),
        }
    }

    /// Sends and turns of loops that each call from Rust may use from now on; none for no limit.
    pub fn set_fuel(&mut self, fuel: Option<u64>) {
        self.budget.fuel = fuel;
    }

    /// Time that each call from Rust may take from now on; none for no limit.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.budget.timeout = timeout;
    }

    /// Sends and turns of loops that this machine has used so far, roughly.
    pub fn fuel_used(&self) -> u64 {
        self.vm.fuel_used
    }

    /// Bytes that objects take now, garbage included.
    pub fn memory_used(&self) -> usize {
        self.vm.heap.bytes_used()
    }

    /// How many objects are kept alive by handles.
    pub fn handle_count(&mut self) -> usize {
        self.vm.root_count()
    }

    /// Lets other Processes run until all have ended or wait for ever. Between calls from Rust
    /// they stand still.
    ///
    /// ```
    /// let mut st = chirp::Smalltalk::new();
    /// st.eval::<()>("done := 0. 1 to: 3 do: [:i | [ (Delay forMilliseconds: i) wait. done := done + i ] fork ]")?;
    /// st.run_processes()?;
    /// assert_eq!(st.global::<i64>("done")?, 6);
    ///
    /// st.eval::<()>("[ Error signal: 'late' ] fork")?;
    /// st.run_processes()?;
    /// assert_eq!(st.take_failures()[0].to_string(), "Error: late");
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn run_processes(&mut self) -> Result<()> {
        self.as_ctx().run_processes()
    }

    /// Errors that ended Processes for whose answer nobody waited, since the last time. The first hundred are kept,
    /// with the beginning of a long message; if there were more, the last error says how many
    /// ([`ErrorKind::Omitted`](crate::ErrorKind::Omitted)). Where memory is short the exceptions themselves are let go.
    pub fn take_failures(&mut self) -> Vec<Error> {
        self.as_ctx().failures()
    }
}

impl Default for Smalltalk {
    fn default() -> Self {
        Smalltalk::new()
    }
}

impl sealed::Sealed for Smalltalk {}
impl AsCtx for Smalltalk {
    fn as_ctx(&mut self) -> Ctx<'_> {
        Ctx::outer(&mut self.vm, self.budget)
    }
}

impl std::fmt::Debug for Smalltalk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smalltalk")
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}
