//! One machine with the library in it, set up as the options say, and how its endings become
//! messages and exit codes.
//!
//! Evaluates for the other files of the command line. Reads no options and no source files.

use super::app::Register;
use super::args::Args;
use super::entered::{Entered, Failure, Outcome};
use super::progress::Progress;
use super::report::{Style, tells_mistakes};
use super::signals::Received;
use super::{exit, files, streams};
use crate::host::capabilities::FileAccess;
use crate::host::files::Files;
use crate::host::signals::raise_open_files;
use crate::host::stdio::Stdio;
use crate::host::{Host, library_files};
use crate::loader::image::Image;
use crate::loader::package::{self, Report, Sources};
use crate::loader::script::check_file;
use crate::loader::watch::Watcher;
use crate::loader::{LoadError, boot};
use crate::memory::{HeapOptions, Value};
use crate::vm::failures::Failures;
use crate::vm::run::RunError;
use crate::vm::{CompileFailure, Limits, Outlined, Stop, Unhandled, Vm, signal};
use std::fmt::Display;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The class of the exception that Ctrl-C becomes.
const INTERRUPT: &str = "UserInterrupt";

/// A machine, and how to talk about it.
pub struct Session {
    pub vm: Outlined<Vm>,
    pub style: Style,
    pub signals: Received,
    /// Nobody reads standard output any more.
    reader_gone: Arc<AtomicBool>,
    /// Errors that ended other Processes.
    failures: usize,
    /// Somebody sits at the prompt, and was told of them: they say nothing about the exit code. Limits are those of each
    /// entry: one that reaches them is over, and the session is not.
    attended: bool,
    /// The program was stopped, and this is why: nothing of it may run any more but clean-up blocks.
    stopped: Option<Stop>,
    /// The exit code of a wait that was given up.
    given_up: Option<i32>,
    /// The last evaluation was stopped: there is little time left for the end.
    cut: bool,
    /// What was entered since somebody asked for it the last time.
    pub entered: Vec<Entered>,
    /// The limits that the options gave.
    fuel: Option<u64>,
    timeout: Option<Duration>,
}

/// Why an evaluation has no value.
#[derive(Debug)]
pub enum Ending {
    /// Everything is over: the exit code.
    Exit(i32),
    /// What was evaluated is over, and the message is written: the exit code, should that be all.
    Failed(i32),
}

impl Ending {
    /// The exit code.
    pub fn code(self) -> i32 {
        match self {
            Ending::Exit(code) | Ending::Failed(code) => code,
        }
    }
}

impl Session {
    /// Starts a machine; says what is wrong if that fails, and answers the exit code.
    pub fn start(args: &Args, style: Style, registered: Vec<Register>) -> Result<Session, i32> {
        // A scratch channel for messages until there is a machine.
        let fail = |code: i32, message: &dyn Display| {
            super::complain(&style.headline(message));
            code
        };
        let image = image(args.image.as_deref()).map_err(|e| fail(exit::USAGE, &e))?;
        let allowed = args.allowed.capabilities(args.sandbox);
        let mut host = Host::new(allowed, Stdio::none()).map_err(|e| fail(exit::INTERNAL, &e))?;
        host.net.allow_inherited();
        let limit = args.memory.unwrap_or(usize::MAX);
        let mut vm =
            boot(&image, HeapOptions::default(), host).map_err(|e| fail(exit::INTERNAL, &e))?;
        let library = vm.heap.bytes_used();
        if library > limit {
            let message = format!("--memory: the library alone takes {library} bytes");
            return Err(fail(exit::USAGE, &message));
        }
        vm.heap.options.limit = limit;
        vm.limits = Limits {
            fuel: args.fuel,
            memory: limit,
            deadline: args.timeout.map(|t| behind(vm.time_spent(), t)),
            ..Limits::default()
        };
        let will_prompt = args.interactive || args.wants_prompt();
        let signals =
            Received::listen(&mut vm, will_prompt).map_err(|e| fail(exit::INTERNAL, &e))?;
        let reader_gone = Arc::new(AtomicBool::new(false));
        vm.host.stdio = streams::standard(vm.signals.clone(), reader_gone.clone());
        let vm =
            registered_in(vm, registered).map_err(|e| fail(exit::FAILED, &format!("{e:#}")))?;
        // Only servers need it, and they do well with the soft limit if it cannot be raised.
        let _ = raise_open_files();
        Ok(Session {
            vm,
            style,
            signals,
            reader_gone,
            failures: 0,
            attended: false,
            stopped: None,
            given_up: None,
            cut: false,
            entered: Vec::new(),
            fuel: args.fuel,
            timeout: args.timeout,
        })
    }

    /// An entry begins at the prompt: it has all the fuel and time that the options give.
    pub fn begin_entry(&mut self) {
        self.vm.settle_fuel();
        let (used, spent) = (self.vm.fuel_used, self.vm.time_spent());
        self.vm.limits.fuel = self.fuel.map(|fuel| used.saturating_add(fuel));
        self.vm.limits.deadline = self.timeout.map(|time| behind(spent, time));
    }

    /// The prompt waits, for as long as somebody likes to type: other Processes have the fuel of an entry meanwhile.
    pub fn begin_wait(&mut self) {
        self.begin_entry();
        self.vm.limits.deadline = None;
    }

    /// Loads the packages at these paths, all together; what is in the report is not yet told.
    pub fn load(&mut self, paths: &[PathBuf], progress: &mut Progress) -> Report {
        let sources = self.read_packages(paths, progress);
        self.vm.load_packages(sources)
    }

    fn read_packages(&mut self, paths: &[PathBuf], progress: &mut Progress) -> Sources {
        // The person at the keyboard asked for it: the program's permissions do not matter.
        let access = FileAccess::all();
        let mut is_first = true;
        let mut paths = paths.to_vec();
        let (contents, unreadable) = self.read_pipes(&mut paths);
        let files = Files::new(&access).unbounded(contents);
        let mut sources = package::read_telling(&files, &paths, &mut |known, name| {
            if std::mem::take(&mut is_first) {
                progress.more(known);
            }
            progress.next(self, name);
        });
        progress.clear(self);
        sources.unreadable.extend(unreadable);
        sources
    }

    /// Shows `watcher` what is compiled from files while `act` runs.
    pub fn watched<T>(&mut self, watcher: Watcher, act: impl FnOnce(&mut Session) -> T) -> T {
        self.vm.watcher = Some(Box::new(watcher));
        let result = act(self);
        self.vm.watcher = None;
        result
    }

    /// Looks for mistakes in packages. Nothing of theirs is run but what baselines say, which may do and write nothing.
    pub fn check_packages(&mut self, paths: &[PathBuf]) -> Report {
        let sources = self.read_packages(paths, &mut Progress::late());
        self.vm.host.permit_nothing();
        let stdio = std::mem::replace(&mut self.vm.host.stdio, Stdio::none());
        let report = self.vm.check_packages(sources);
        self.vm.host.stdio = stdio;
        report
    }

    /// Writes what went wrong with an error that ended a call from here.
    pub fn tell_error(&mut self, error: RunError) -> Ending {
        match self.settle::<()>(Err(LoadError::Run(error))) {
            Err(ending) => ending,
            Ok(()) => Ending::Failed(exit::FAILED),
        }
    }

    /// Runs a source file, whatever its format.
    pub fn run_file(&mut self, name: &str, text: &str) -> Result<(), Ending> {
        let result = self.vm.run_file(name, text);
        self.settle(result).map(drop)
    }

    /// Evaluates what somebody entered, and prints its value.
    pub fn print(&mut self, name: &str, text: &str) -> Result<String, Ending> {
        let value = self.enter(name, text)?;
        self.print_string(value)
    }

    /// Evaluates text; its variables stay.
    pub fn evaluate(&mut self, name: &str, text: &str) -> Result<Value, Ending> {
        let result = self.vm.evaluate(name, text);
        self.settle(result)
    }

    /// Evaluates what somebody entered; its variables stay, and what came of it is noted if it began to run.
    pub fn enter(&mut self, name: &str, text: &str) -> Result<Value, Ending> {
        let result = self.vm.evaluate(name, text);
        let outcome = match &result {
            Ok(value) => {
                let class = self.vm.classes.index_of(*value);
                Some(Outcome::Done(class.map(|c| self.vm.classes.name(c))))
            }
            Err(LoadError::Source(_)) => None,
            Err(LoadError::Run(error)) => Some(Outcome::Failed(Failure::of(&self.vm, error, name))),
        };
        self.entered.extend(outcome.map(|outcome| Entered::Text {
            text: text.to_string(),
            outcome,
        }));
        self.settle(result)
    }

    /// Runs a workspace script as if it were typed in: its variables stay.
    pub fn run_in_session(&mut self, name: &str, text: &str) -> Result<(), Ending> {
        let plain = crate::formats::detect::without_interpreter_line(text);
        self.enter(name, &plain).map(drop)
    }

    /// Gives a variable of the session this value.
    pub fn remember(&mut self, name: &str, value: Value) {
        let name = self.vm.intern(name);
        let binding = self.vm.session_binding(name);
        self.vm.heap.set_slot(binding, 1, value);
    }

    /// Lets other Processes run until the machine is stopped from outside: true then, false if
    /// none can run any more.
    pub fn run_others(&mut self) -> Result<bool, Ending> {
        let result = self.vm.run_others();
        if let Some(number) = self.signals.ended_by() {
            return Err(Ending::Exit(exit::SIGNAL + number));
        }
        self.tell_failures();
        match result {
            Ok(()) => Ok(false),
            Err(LoadError::Run(RunError::Stopped(stop))) if stop != Stop::Interrupt => {
                Err(self.stopped(stop))
            }
            // An interrupt at the prompt ends nothing.
            Err(_) => Ok(true),
        }
    }

    /// Waits until something happens outside.
    pub fn wait(&mut self) -> Result<(), Ending> {
        self.vm.host.poll(None);
        match self.signals.ended_by() {
            Some(number) => Err(Ending::Exit(exit::SIGNAL + number)),
            None => Ok(()),
        }
    }

    /// Does something, and outlives a mistake of our own in it if the machine does: what ran is lost then.
    pub fn surviving<T>(
        &mut self,
        act: impl FnOnce(&mut Session) -> Result<T, Ending>,
    ) -> Result<T, Ending> {
        let done = catch_unwind(AssertUnwindSafe(|| act(&mut *self)));
        done.unwrap_or_else(|_| match self.vm.recover() {
            // The panic hook has told of it.
            true => Err(Ending::Failed(exit::INTERNAL)),
            false => Err(Ending::Exit(exit::INTERNAL)),
        })
    }

    /// What `printString` answers.
    pub fn print_string(&mut self, value: Value) -> Result<String, Ending> {
        let selector = self.vm.intern("printString");
        let result = self.vm.send_message(selector, &[value]);
        let printed = self.settle(result.map_err(LoadError::from))?;
        // A class may answer anything; then there is nothing to print.
        Ok(self
            .vm
            .string_value(printed)
            .unwrap_or_else(|| "(printString answers no String)".into()))
    }

    /// What `printString` answers, or why it does not, and nothing is written about that: for the parts of a whole.
    pub fn print_quietly(&mut self, value: Value) -> Result<String, Ending> {
        let selector = self.vm.intern("printString");
        match self.vm.send_message(selector, &[value]) {
            Ok(printed) => {
                let text = self.vm.string_value(printed);
                Ok(text.unwrap_or_else(|| "(printString answers no String)".into()))
            }
            Err(RunError::Unhandled(error)) if error.class != INTERRUPT => {
                let message = error.message.lines().next().unwrap_or_default();
                Ok(format!("(cannot be printed: {}: {message})", error.class))
            }
            Err(error) => Err(self.tell_error(error)),
        }
    }

    /// Whether everything was stopped, so that nothing may run any more.
    pub fn is_over(&self) -> bool {
        self.stopped.is_some() || self.signals.ended_by().is_some()
    }

    /// What is wrong with a source file, without running it.
    pub fn check(&mut self, name: &str, text: &str) -> Vec<CompileFailure> {
        check_file(&mut self.vm, name, text)
    }

    /// Writes to standard output.
    pub fn say(&mut self, text: &str) {
        self.vm.host.stdio.output.write(text.as_bytes());
    }

    /// Writes to standard error.
    pub fn complain(&mut self, text: &str) {
        self.vm.host.stdio.write_error(text.as_bytes());
    }

    /// Writes what went wrong, with the errors of other Processes before it.
    pub fn settle<T>(&mut self, result: Result<T, LoadError>) -> Result<T, Ending> {
        self.tell_failures();
        self.cut = false;
        result.map_err(|error| match error {
            LoadError::Source(error) => {
                let style = self.style;
                let each = error.failures.iter().map(|f| style.refused(&f.rendered));
                let text = each.collect::<Vec<_>>().join("\n");
                self.complain(&text);
                Ending::Failed(exit::DOES_NOT_COMPILE)
            }
            LoadError::Run(RunError::Unhandled(error)) => {
                self.tell(&error);
                Ending::Failed(match error.class.as_str() {
                    _ if tells_mistakes(&error) => exit::DOES_NOT_COMPILE,
                    INTERRUPT => exit::SIGNAL + 2,
                    // Which of the two comes first, the exception or the stop, is chance.
                    "OutOfMemory" if self.vm.limits.memory != usize::MAX => exit::LIMIT,
                    _ => exit::FAILED,
                })
            }
            LoadError::Run(RunError::Stopped(stop)) => self.stopped(stop),
        })
    }

    /// Writes the errors that ended other Processes since the last time.
    pub fn tell_failures(&mut self) {
        self.failures += std::mem::take(&mut self.vm.failures_told);
        let Failures { kept, omitted } = std::mem::take(&mut self.vm.background_failures);
        self.failures += kept.len() + omitted;
        for failure in kept {
            self.tell(&failure.told);
        }
        if omitted > 0 {
            let text = format!("{omitted} more Processes ended with errors");
            self.complain(&self.style.headline(text));
        }
    }

    /// From now on errors of other Processes are told when they happen: a server may run for ever.
    pub fn tell_at_once(&mut self) {
        // Plain functions, since the hook has no state: one for each style.
        self.vm.failure_hook = Some(match (self.style.colour, self.style.library) {
            (false, false) => tell_now::<false, false>,
            (false, true) => tell_now::<false, true>,
            (true, false) => tell_now::<true, false>,
            (true, true) => tell_now::<true, true>,
        });
    }

    /// From now on somebody at the prompt sees what goes wrong.
    pub fn attend(&mut self) {
        self.attended = true;
    }

    fn tell(&mut self, error: &Unhandled) {
        if error.class == INTERRUPT && self.signals.ended_by().is_some() {
            // That is how the program ends, and nothing went wrong.
            return;
        }
        let text = self.style.unhandled(error);
        self.complain(&text);
    }

    /// Whether the time that the options gave is not over yet.
    pub fn is_in_time(&self) -> bool {
        !self.time_left().is_zero()
    }

    /// The time that the options gave and that is left, or for ever.
    pub fn time_left(&self) -> Duration {
        self.vm.limits.deadline.map_or(Duration::MAX, |deadline| {
            Duration::from_micros(deadline.saturating_sub(self.vm.time_spent()))
        })
    }

    /// The session ends before anything more is run; the exit code is this one.
    pub fn give_up(&mut self, stop: Stop, code: i32) {
        self.stopped = Some(stop);
        self.given_up = Some(code);
        self.cut = true;
        self.vm
            .signals
            .fetch_and(!(signal::INTERRUPT | signal::STOP), Ordering::AcqRel);
    }

    /// What a person calls a stop: nothing, if the program wanted it, or nobody reads what it writes.
    pub fn called(&self, stop: Stop) -> &'static str {
        match stop {
            Stop::Exit(_) | Stop::Signal(_) => "",
            Stop::Interrupt if self.reader_gone.load(Ordering::Acquire) => "",
            Stop::Interrupt => "interrupted",
            Stop::Fuel => "out of fuel (--fuel)",
            Stop::Memory => "out of memory (--memory)",
            Stop::Depth => "too many nested calls",
            Stop::Deadline => "out of time (--timeout)",
            Stop::Deadlock => "deadlock: every Process waits for something that cannot happen",
        }
    }

    /// Everything was stopped: says why.
    pub fn stopped(&mut self, stop: Stop) -> Ending {
        let at_limit = match self.attended {
            true => Ending::Failed(exit::LIMIT),
            false => Ending::Exit(exit::LIMIT),
        };
        let message = self.called(stop);
        let ending = match stop {
            Stop::Exit(code) => Ending::Exit(code),
            Stop::Signal(number) => Ending::Exit(exit::SIGNAL + number),
            Stop::Interrupt if message.is_empty() => Ending::Exit(exit::DONE),
            Stop::Interrupt => Ending::Failed(exit::SIGNAL + 2),
            Stop::Fuel | Stop::Memory | Stop::Deadline => at_limit,
            Stop::Depth => Ending::Failed(exit::LIMIT),
            Stop::Deadlock => Ending::Failed(exit::FAILED),
        };
        if !message.is_empty() && self.signals.ended_by().is_none() {
            let text = self.style.stopped(message, &self.vm.stopped_at());
            self.complain(&text);
        }
        self.cut = true;
        if matches!(ending, Ending::Exit(_)) {
            self.stopped = Some(stop);
        }
        ending
    }

    /// The session is over: other Processes end, output is written, and an error in any of them
    /// makes the exit code 1, unless the program itself said another.
    pub fn finish(mut self, code: i32) -> i32 {
        let said = matches!(self.stopped, Some(Stop::Exit(_)));
        match self.cut {
            // As in Pharo: the program itself wants to end at once.
            _ if said => {}
            // After a stop there is little time left for their clean-up blocks.
            true => self.vm.in_reserve(Vm::terminate_others),
            false => self.vm.terminate_others(),
        }
        self.tell_failures();
        self.vm.host.close();
        let counts = self.failures > 0 && !self.attended && !said;
        let mut code = match code {
            exit::DONE if counts => exit::FAILED,
            code => code,
        };
        if let Some(errno) = self.vm.host.stdio.output.error() {
            let error = std::io::Error::from_raw_os_error(errno);
            let text = self.style.headline(files::told("standard output", &error));
            self.complain(&text);
            code = exit::FAILED;
        }
        if let Some(given_up) = self.given_up {
            code = given_up;
        }
        if let Some(number) = self.signals.ended_by() {
            code = exit::SIGNAL + number;
        }
        // The process ends now, and its memory with it.
        std::mem::forget(self);
        code
    }
}

/// So much time behind a moment, both in microseconds of the machine.
fn behind(moment: u64, time: Duration) -> u64 {
    moment.saturating_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

/// The machine with what a host program gives it.
fn registered_in(vm: Outlined<Vm>, registered: Vec<Register>) -> crate::Result<Outlined<Vm>> {
    if registered.is_empty() {
        return Ok(vm);
    }
    let mut st = crate::Smalltalk::around(vm);
    registered.into_iter().try_for_each(|act| act(&mut st))?;
    Ok(st.into_vm())
}

/// The library: that in `folder`, or the one in the executable.
fn image(folder: Option<&Path>) -> Result<Image, String> {
    let Some(folder) = folder else {
        return Ok(Image::embedded());
    };
    let place = folder.display();
    let files = library_files::read(folder).map_err(|e| match e.kind() {
        ErrorKind::NotADirectory => format!("{place} is no folder with a class library in it"),
        _ => files::told(&place.to_string(), &e),
    })?;
    if files.is_empty() {
        return Err(format!("{place} has no class library in it: no .st file"));
    }
    Image::from_files(&files).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(|e| format!("{place}/{e}")).collect();
        lines.join("\n")
    })
}

/// Writes the report of an error in a Process that nobody waits for.
fn tell_now<const COLOUR: bool, const LIBRARY: bool>(vm: &mut Vm, error: Unhandled) {
    if error.class == INTERRUPT {
        // The program is about to end; the session knows how to put it.
        let failure = vm.failure(error, Value::NIL);
        return vm.background_failures.keep(failure);
    }
    vm.failures_told += 1;
    let style = Style {
        colour: COLOUR,
        library: LIBRARY,
    };
    let text = style.unhandled(&error);
    vm.host.stdio.write_error(text.as_bytes());
}
