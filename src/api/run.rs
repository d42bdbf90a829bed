//! Programs that run in slices, so that an event loop or a game stays in charge.
//!
//! Owns a program between its slices, and what its host may do meanwhile. How a slice pauses is the machine's business.

use super::context::{Budget, Ctx};
use super::convert::FromSmalltalk;
use super::error::{Error, ErrorKind, Result};
use super::object::Obj;
use super::smalltalk::Smalltalk;
use crate::host::clock::now;
use crate::host::poller::Poller;
use crate::loader::LoadError;
use crate::loader::filing::Filing;
use crate::loader::script::SourceError;
use crate::vm::Vm;
use crate::vm::slices::{DroppedRuns, Pause, Slice, Sliced};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A program that runs in slices, in a Process of its own. [`Smalltalk::start`] makes one.
///
/// Several may take turns in one machine, and between their slices the machine can be used as ever: they share classes,
/// globals, and the variables that evaluated text has declared before; what a program itself declares is its own. A program's own Process runs in its own slices only; Processes that it
/// forks belong to the machine, and run in any slice or call. A slice pauses between two instructions, but never inside
/// a Rust closure that Smalltalk has called: there it goes on until that has returned.
///
/// The limits of [`Builder::fuel`](crate::Builder::fuel) and [`timeout`](crate::Builder::timeout), as they were at the
/// start, hold for all slices together; time between slices does not count. Reaching one is an error, and the end.
///
/// Dropped before its end it is terminated with the next call of the machine, or when that is dropped: its clean-up
/// blocks (`ensure:`, `ifCurtailed:`) get a million sends and a quarter of a second. [`Run::terminate`] does that at
/// once.
///
/// ```
/// use chirp::{Progress, Smalltalk};
///
/// let mut st = Smalltalk::new();
/// let mut sum = st.start("(1 to: 100000) inject: 0 into: [:a :b | a + b]")?;
/// let mut nap = st.start("(Delay forMilliseconds: 5) wait. #rested")?;
/// let mut slices = 0;
/// let total = loop {
///     slices += 1;
///     match sum.step::<i64>(&mut st, 10_000)? {
///         Progress::Done(total) => break total,
///         Progress::OutOfFuel => assert_eq!(st.eval::<i64>("3 + 4")?, 7),
///         Progress::Waiting(_) => unreachable!("it waits for nothing"),
///     }
/// };
/// assert!(total == 5_000_050_000 && slices > 5);
/// let word = loop {
///     match nap.step::<String>(&mut st, 10_000)? {
///         Progress::Done(word) => break word,
///         Progress::OutOfFuel => {}
///         Progress::Waiting(waiting) => waiting.wait(None),
///     }
/// };
/// assert_eq!(word, "rested");
/// # Ok::<(), chirp::Error>(())
/// ```
#[must_use = "nothing of it has run yet: `step` does that"]
pub struct Run {
    /// None at the end.
    sliced: Option<Sliced>,
    filing: Box<dyn Filing + Send>,
    last: Option<Obj>,
    /// What its code is from.
    name: Arc<str>,
    source: Box<str>,
    /// What is left of it.
    budget: Budget,
    dropped: DroppedRuns,
}

/// How far a slice has come. Whoever drives a program must have an answer to each of these: another one would be a
/// change that the compiler should tell of, so the list is closed.
#[derive(Debug)]
#[must_use]
pub enum Progress<T> {
    /// To the end, with this value.
    Done(T),
    /// It has used up its fuel: there is more to do.
    OutOfFuel,
    /// Nothing can go on before some time has passed or something happens outside.
    Waiting(Waiting),
}

/// What everything waits for. Steps taken before it happens do no harm: they say the same again.
///
/// With the feature `net` it is something to poll (`AsFd`): the descriptor becomes readable when a socket, a
/// pipe or another thread (an [`InterruptHandle`](crate::InterruptHandle)) has something for the machine. The descriptor
/// stays the same, and is good for an event loop's registration, level-triggered.
///
/// ```
/// use chirp::{Progress, Smalltalk};
/// use std::time::{Duration, Instant};
///
/// let mut st = Smalltalk::new();
/// let mut run = st.start("(Delay forSeconds: 3600) wait")?;
/// let Progress::Waiting(waiting) = run.step::<()>(&mut st, 1000)? else { panic!() };
/// assert!(waiting.until().unwrap() > Instant::now() + Duration::from_secs(3000));
/// waiting.wait(Some(Duration::from_millis(1)));
/// # Ok::<(), chirp::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Waiting {
    until: Option<Instant>,
    poller: Poller,
}

impl Waiting {
    /// When the first of those is due that wait for time to pass; none if none does, or if they go by a
    /// [`Clock`](crate::Clock) of the host's own.
    pub fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Blocks the thread until it is time for another step, or until this much time has passed.
    pub fn wait(&self, at_most: Option<Duration>) {
        let left = self.until.map(|t| t.saturating_duration_since(now()));
        self.poller
            .wait([left, at_most].into_iter().flatten().min());
    }

    fn of(vm: &Vm, due: Option<u64>) -> Waiting {
        let moment = now();
        let due = due.map(|due| Duration::from_micros(due.saturating_sub(vm.now())));
        let due = due.filter(|_| vm.host.clock.runs());
        let due = due.and_then(|left| moment.checked_add(left));
        Waiting {
            until: [due, vm.host.next_deadline()].into_iter().flatten().min(),
            poller: vm.host.poller(),
        }
    }
}

#[cfg(feature = "net")]
impl std::os::fd::AsFd for Waiting {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.poller.as_fd()
    }
}

impl<T> Progress<T> {
    fn of(vm: &Vm, pause: Pause) -> Progress<T> {
        match pause {
            Pause::Fuel => Progress::OutOfFuel,
            Pause::Waiting(due) => Progress::Waiting(Waiting::of(vm, due)),
        }
    }
}

impl Run {
    pub(super) fn start(ctx: &mut Ctx<'_>, budget: Budget, source: &str) -> Result<Run> {
        let name: Arc<str> = "start".into();
        let started = ctx.call(|vm| {
            let mut filing = vm.open_program(name.clone(), source)?;
            let mut sliced = Some(vm.begin_sliced());
            load_next(vm, &mut sliced, &mut *filing)?;
            Ok((sliced, filing))
        });
        let (sliced, filing) = started.map_err(|error| error.locate(&name, source))?;
        Ok(Run {
            sliced,
            filing,
            last: None,
            name,
            source: source.into(),
            budget,
            dropped: ctx.vm.dropped_runs(),
        })
    }

    /// Runs for so many sends and turns of loops, those of other Processes included, and converts the answer if that is
    /// reached. Ready Processes of the same priority get their turn when the program waits or yields.
    ///
    /// # Errors
    /// What [`Smalltalk::eval`] may answer; the program has ended then. After its end every step answers
    /// [`ErrorKind::Ended`], and with another machine than its own [`ErrorKind::ForeignHandle`]. That everything waits for
    /// ever is a `Deadlock`, unless another `Run` of the machine could go on.
    pub fn step<T: FromSmalltalk>(&mut self, st: &mut Smalltalk, fuel: u64) -> Result<Progress<T>> {
        let mut ctx = st.with_budget(self.budget);
        self.check(ctx.vm)?;
        ctx.whole(|ctx| self.step_in(ctx, fuel))
    }

    fn step_in<T: FromSmalltalk>(&mut self, ctx: &mut Ctx<'_>, fuel: u64) -> Result<Progress<T>> {
        let (fuel_before, time_before) = (ctx.vm.fuel_used, ctx.vm.time_spent());
        let result = ctx.call(|vm| self.advance(vm, fuel));
        let used = ctx.vm.fuel_used.saturating_sub(fuel_before);
        let time = ctx.vm.time_spent().saturating_sub(time_before);
        self.budget.fuel = self.budget.fuel.map(|fuel| fuel.saturating_sub(used));
        let left = |t: Duration| t.saturating_sub(Duration::from_micros(time));
        self.budget.timeout = self.budget.timeout.map(left);
        match result {
            Ok(Some(pause)) => Ok(Progress::of(ctx.vm, pause)),
            Ok(None) => match self.last.take() {
                Some(last) => last.get(ctx).map(Progress::Done),
                None => ctx.object(())?.get(ctx).map(Progress::Done),
            },
            Err(error) => {
                self.give_up(ctx.vm);
                Err(error.locate(&self.name, &self.source))
            }
        }
    }

    /// Whether it has given its answer or failed.
    ///
    /// ```
    /// let mut st = chirp::Smalltalk::new();
    /// let run = st.start("3 + 4")?;
    /// assert!(!run.has_ended());
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn has_ended(&self) -> bool {
        self.sliced.is_none()
    }

    /// Ends it now; its clean-up blocks run, within their reserve. What goes wrong in them is among
    /// [`Smalltalk::take_failures`].
    ///
    /// ```
    /// let mut st = chirp::Smalltalk::new();
    /// st.eval::<()>("ended := false")?;
    /// let mut run = st.start("[ (Delay forSeconds: 100) wait ] ensure: [ ended := true ]")?;
    /// let _ = run.step::<()>(&mut st, 1000)?;
    /// run.terminate(&mut st)?;
    /// assert!(st.global::<bool>("ended")?);
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn terminate(mut self, st: &mut Smalltalk) -> Result<()> {
        let mut ctx = st.with_budget(Budget::default());
        match self.check(ctx.vm) {
            Err(error) if matches!(error.kind(), ErrorKind::Ended) => return Ok(()),
            checked => checked?,
        }
        if let Some(sliced) = self.sliced.take() {
            ctx.call(|vm| {
                vm.terminate_sliced(&sliced.process);
                Ok(())
            })?;
        }
        Ok(())
    }

    fn check(&self, vm: &Vm) -> Result<()> {
        let sliced = self.sliced.as_ref();
        let sliced = sliced.ok_or_else(|| Error::new(ErrorKind::Ended))?;
        match vm.rooted(&sliced.process) {
            Some(_) => Ok(()),
            None => Err(Error::new(ErrorKind::ForeignHandle)),
        }
    }

    /// Goes on until the fuel is used up, everything waits, or nothing is left to do.
    fn advance(&mut self, vm: &mut Vm, fuel: u64) -> Result<Option<Pause>, LoadError> {
        let end = vm.fuel_used.saturating_add(fuel);
        loop {
            let left = end.saturating_sub(vm.fuel_used);
            match vm.slice(self.sliced.as_mut(), left) {
                Ok(Slice::Paused(pause)) => return Ok(Some(pause)),
                Ok(Slice::Done(value)) => {
                    if self.filing.answered(vm, value) {
                        self.last = Some(Obj::new(vm, value));
                    }
                }
                Err(error) if !self.filing.passes_over_errors() => return Err(error.into()),
                Err(_) => self.sliced = Some(vm.begin_sliced()),
            }
            if !load_next(vm, &mut self.sliced, &mut *self.filing)? {
                return Ok(None);
            }
        }
    }

    /// Whatever is left of it must not run.
    fn give_up(&mut self, vm: &mut Vm) {
        if let Some(sliced) = self.sliced.take()
            && vm.panic.is_none()
        {
            vm.end_sliced(&sliced);
        }
    }
}

/// Loads what is to be run next; whether there is anything. At the end it says what does not compile.
fn load_next(
    vm: &mut Vm,
    sliced: &mut Option<Sliced>,
    filing: &mut dyn Filing,
) -> Result<bool, LoadError> {
    let next = filing.next(vm);
    match (&sliced, next) {
        (Some(sliced), Some((method, receiver))) => {
            vm.load_sliced(sliced, method, receiver)?;
            Ok(true)
        }
        _ => {
            if let Some(sliced) = sliced.take() {
                vm.end_sliced(&sliced);
            }
            match filing.failures() {
                failures if failures.is_empty() => Ok(false),
                failures => Err(LoadError::Source(SourceError { failures })),
            }
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(sliced) = self.sliced.take() {
            self.dropped.push(sliced.process);
        }
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("has_ended", &self.has_ended())
            .finish_non_exhaustive()
    }
}

impl Smalltalk {
    /// Compiles a program that is to run in slices; none of it runs yet. Variables that it declares are its own, unlike
    /// those of [`Smalltalk::eval`]. See [`Run`].
    pub fn start(&mut self, source: &str) -> Result<Run> {
        let budget = self.budget();
        Run::start(&mut self.with_budget(budget), budget, source)
    }

    /// Runs Processes that evaluated text has forked, for so many sends and turns of loops: `Done` when all have ended or
    /// wait for ever. [`Run`]s go on in their own steps only.
    ///
    /// ```
    /// use chirp::{Progress, Smalltalk};
    ///
    /// let mut st = Smalltalk::new();
    /// st.eval::<()>("ticks := 0. [ 3 timesRepeat: [ (Delay forMilliseconds: 2) wait. ticks := ticks + 1 ] ] fork")?;
    /// while let Progress::Waiting(waiting) = st.run_pending(10_000)? {
    ///     waiting.wait(None); // or draw a frame, answer other clients, …
    /// }
    /// assert_eq!(st.global::<i64>("ticks")?, 3);
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn run_pending(&mut self, fuel: u64) -> Result<Progress<()>> {
        let budget = self.budget();
        let mut ctx = self.with_budget(budget);
        let slice = ctx.call(|vm| Ok(vm.slice(None, fuel)?))?;
        Ok(match slice {
            Slice::Done(_) => Progress::Done(()),
            Slice::Paused(pause) => Progress::of(ctx.vm, pause),
        })
    }
}
