//! The machine: executes code blocks over the object memory.
//!
//! Owns frames, caches, classes, processes and the run loop. It never parses and never does
//! I/O itself: a loader above it compiles (through [`Hooks`]), the host below it talks to the world.

pub mod cache;
pub mod classes;
pub mod code;
pub mod context;
pub mod convert;
pub mod define;
pub mod dispatch;
pub mod error;
pub mod failures;
mod find;
pub mod frame;
pub mod gc;
mod handlers;
pub mod handles;
mod home;
pub mod host_methods;
pub(crate) mod host_things;
mod interrupt;
pub mod known;
pub mod latent;
pub mod limits;
mod link;
pub mod machine_primitives;
pub mod method_dict;
mod numbered;
mod ops;
mod outlined;
mod overflow;
pub mod primitive_table;
pub mod process;
mod process_primitives;
mod reclaim;
mod reclaim_classes;
mod recover;
pub mod run;
mod safepoint;
pub mod scheduler;
pub mod send;
pub mod slices;
mod slow;
mod snapshot;
pub mod stopping;
pub mod symbols;
pub mod trace;
pub mod traits;
pub mod unwind;

use crate::compiler::template;
use crate::host::Host;
use crate::memory::{ClassIndex, Heap, HeapOptions, Value, WordMap};
use cache::GlobalCache;
use classes::{ClassTable, MethodId};
use code::{Code, MachineFn, Primitive};
pub use error::{PrimError, Stop, Unhandled};
use known::Known;
use numbered::Numbered;
pub use outlined::Outlined;
use process::Processes;
use rustc_hash::FxHashMap;
use scheduler::Scheduler;
pub use snapshot::Snapshot;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use symbols::{SymbolId, SymbolTable};

/// Address of an instruction word.
pub type Pc = *const u32;
/// Address of a frame's register 0.
pub type Fp = *mut Value;
/// A primitive that is a function of its arguments; `args[0]` is the receiver.
pub type PrimFn = fn(&mut Vm, &[Value]) -> PrimResult;
pub type PrimResult = Result<Value, PrimError>;
/// A primitive that changes what runs next.
pub type Machine = MachineFn;
pub use host_methods::HostFn;

/// What a machine primitive did.
pub enum Outcome {
    /// The send's answer.
    Value(Value),
    /// The method's body runs, with the error code where it asked for it.
    Fail(PrimError),
    /// Execution goes on here.
    Jump(Pc, Fp),
    /// The run loop ends.
    Exit,
}

/// How the machine asks the layers above it. Plain functions: the state they need is in the [`Vm`].
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Compiles a method on its first send.
    pub compile: fn(&mut Vm, MethodId) -> Result<(), String>,
    /// Compiles source text as a method of a class and installs it; answers the selector.
    pub compile_source: fn(&mut Vm, ClassIndex, &str, &str) -> Result<SymbolId, CompileFailure>,
    /// Compiles source text as a method of a class and does not install it.
    pub compile_loose: fn(&mut Vm, ClassIndex, &str) -> Result<MethodId, CompileFailure>,
    /// Compiles a do-it of the session; answers the method to run on an instance of the class.
    pub compile_do_it: fn(&mut Vm, ClassIndex, &str) -> Result<MethodId, CompileFailure>,
    /// The Cargo feature with which there would be this class, or this `Class>>selector`.
    pub feature: fn(&str) -> Option<&'static str>,
}

/// Why source text was refused: the first mistake.
#[derive(Clone, Debug)]
pub struct CompileFailure {
    pub message: String,
    pub line: usize,
    pub column: usize,
    /// The file that the text is from; none for text typed in.
    pub file: Option<Arc<str>>,
    /// All mistakes, rendered with source and carets.
    pub rendered: String,
    /// Nothing is wrong with it but its size: smaller pieces would do.
    pub too_large: bool,
    /// All mistakes, in the order of the text.
    pub mistakes: Vec<Mistake>,
}

/// One mistake in a source text. There may be more to it one day.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// Its number, for tools and searches: `E0108`.
    pub code: &'static str,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The file, or the name given to the text; none of a single method.
    pub file: Option<Arc<str>>,
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Line in which it ends.
    pub end_line: usize,
    /// Column behind its last character.
    pub end_column: usize,
    /// Its bytes in the text that the host gave or in the file that it named, for [`ErrorKind::Syntax`](crate::ErrorKind::Syntax).
    pub span: Range<usize>,
    /// How to get rid of it, where that is known.
    pub help: Option<String>,
    /// More text could make it right.
    pub incomplete: bool,
}

impl Mistake {
    /// `warning` for what can be meant as it stands, else `error`.
    pub fn severity(&self) -> &'static str {
        chirp_grammar::diagnostic::severity(self.code)
    }
}

/// How much a machine may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Sends and back edges, none for no limit.
    pub fuel: Option<u64>,
    /// Bytes of objects and stacks; `usize::MAX` for the default, see [`limits::default_memory`].
    pub memory: usize,
    /// Slots of one Process's stack; a frame takes 6 and more.
    pub stack: usize,
    /// When everything stops, in microseconds of the monotonic clock.
    pub deadline: Option<u64>,
    /// The same for a single test, for hosts that run tests: the test may move it.
    pub cut_off: Option<u64>,
}

impl Limits {
    /// When everything stops, whatever the reason.
    pub fn end(&self) -> Option<u64> {
        [self.deadline, self.cut_off].into_iter().flatten().min()
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            fuel: None,
            memory: usize::MAX,
            stack: 24 << 20,
            deadline: None,
            cut_off: None,
        }
    }
}

/// Bits of [`Vm::signals`], which other threads and signal handlers set.
pub mod signal {
    /// Ctrl-C: a catchable UserInterrupt.
    pub const INTERRUPT: u32 = 1;
    /// Stop now: not catchable.
    pub const STOP: u32 = 2;
    /// Something may have happened outside: poll the host.
    pub const POLL: u32 = 4;
}

/// The machine. One Smalltalk world; several may live in one process.
#[repr(C)]
pub struct Vm {
    /// Dispatch table of the threaded form: first, so that a handler reaches it without an offset.
    table: [dispatch::Handler; 256],
    /// Sends and back edges until the next poll.
    pub(crate) counter: i64,
    /// End of the active stack, less the reserve.
    pub(crate) limit: *mut Value,
    /// First slot of the active stack.
    pub(crate) base: *mut Value,
    /// Where execution stands while the run loop is left.
    pub(crate) pc: Pc,
    pub(crate) fp: Fp,
    /// Registers of the frame at `fp` that matter while a primitive runs: up to its last argument.
    pub(crate) live: usize,
    pub heap: Heap,
    pub(crate) cache: GlobalCache,
    pub classes: ClassTable,
    pub symbols: SymbolTable,
    /// Boxed, since frames, closures and send sites point to them.
    #[allow(clippy::vec_box)]
    pub(crate) codes: Vec<Box<Code>>,
    /// What they take.
    pub(crate) code_bytes: usize,
    /// Number of code blocks at which those that nothing refers to are looked for.
    pub(crate) code_threshold: usize,
    /// Number of classes at which those that nothing refers to are looked for.
    pub(crate) class_threshold: usize,
    /// Both are to be looked for at the next safepoint: everything was just collected.
    pub(crate) reclaim_due: bool,
    pub(crate) globals: WordMap<SymbolId, Value>,
    /// Loads of packages that Smalltalk drives, by number, and what they count for: the loader's.
    pub loads: Vec<(Option<Box<dyn std::any::Any + Send>>, usize)>,
    /// Who is shown what is compiled from files: the loader's.
    pub watcher: Option<Box<dyn std::any::Any + Send>>,
    /// Classes of the library that nobody has named yet.
    pub(crate) latent: Option<Box<dyn latent::Latent>>,
    /// How often caches were flushed. From 1, so that 0 is no time.
    pub(crate) flushes: u64,
    pub(crate) session: WordMap<SymbolId, Value>,
    /// Side tables of polymorphic send sites; the first is always empty.
    pub(crate) polys: Vec<[cache::PolyEntry; cache::POLY]>,
    pub(crate) free_polys: Vec<u32>,
    pub primitives: primitive_table::Primitives,
    /// Closures of the embedder that are methods, by the number in the method's pragma.
    pub(crate) host_functions: Vec<host_methods::HostFunction>,
    /// Rust values that live as long as an object does.
    pub(crate) host_things: host_things::HostThings,
    /// Bytes that the conversions under way have made in Rust.
    pub(crate) converted: usize,
    /// What the embedder keeps in the machine, one value of each type.
    pub host_data: FxHashMap<std::any::TypeId, Box<dyn std::any::Any + Send>>,
    pub(crate) processes: Processes,
    pub(crate) scheduler: Scheduler,
    /// Values that Rust holds on to.
    pub handles: handles::Handles,
    /// Semaphores that the outside signals, by index from 1.
    pub(crate) external: Numbered,
    /// Those that it signals once; see [`Vm::semaphore_for_once`].
    pub(crate) once: Numbered,
    pub host: Host,
    pub hooks: Hooks,
    pub limits: Limits,
    pub(crate) default_memory: usize,
    /// An object had no room, and there is not much more of it yet.
    short_of_memory: bool,
    /// Bytes that small stacks have grown by since the limit was looked at.
    pub(crate) stack_growth: usize,
    pub(crate) fuel_used: u64,
    /// Grant of `counter` at the last poll.
    pub(crate) grant: i64,
    pub signals: Arc<AtomicU32>,
    /// Set by code that wants the run loop to end without an answer.
    pub(crate) stop: Option<Stop>,
    /// Where the program was then.
    stopped_at: Option<stopping::StoppedAt>,
    /// What its clean-up blocks may still use; none before the first of them.
    reserve: Option<stopping::Reserve>,
    /// They run just now.
    cleaning: bool,
    /// Other Processes than the one that was stopped, which ran at that moment: they end with it.
    overrun: Vec<handles::Root>,
    /// Methods that run as a complaint, because the stack was short when they were compiled.
    complaints: Vec<classes::MethodId>,
    /// A collection is under way: objects are in no order.
    collecting: bool,
    pub(crate) levels: Vec<run::Level>,
    /// Where the slice in hand ends, in fuel used; none outside slices.
    pub(crate) slice_end: Option<u64>,
    /// None before the first program in slices.
    pub(crate) dropped_runs: Option<slices::DroppedRuns>,
    /// Why it has ended already.
    pub(crate) pause: Option<slices::Pause>,
    /// Whoever waits outside wants to know when nothing can happen any more: that is no error then.
    pub(crate) watches_for_deadlock: bool,
    /// Meanwhile an interrupt ends nothing but the turn of the other Processes: at a prompt it says that an entry is there.
    pub(crate) interrupts_pause: bool,
    /// The last unhandled exception, for whoever started the Process.
    pub(crate) unhandled: Option<Unhandled>,
    /// Unhandled errors that ended Processes that nobody waits for.
    pub background_failures: failures::Failures,
    /// Exceptions that were handled, and that somebody wants to tell of all the same.
    pub kept_failures: Vec<Unhandled>,
    /// Is told of such an error at once, instead of its being kept.
    pub failure_hook: Option<fn(&mut Vm, Unhandled)>,
    /// Errors that a `failure_hook` has told of.
    pub failures_told: usize,
    pub(crate) selectors: Selectors,
    pub arguments: Vec<String>,
    /// The path of the program's file, if it has one.
    pub script: Option<String>,
    /// Runs the portable loop even where the threaded form is available.
    pub portable: bool,
    pub(crate) probes: Vec<usize>,
    /// What a panic said that went through the machine: nothing may run any more.
    pub(crate) panic: Option<String>,
    /// The primitive of the send in hand was run and failed.
    pub(crate) failed_primitive: Option<PrimError>,
    /// Variables of a class object while class Class is not defined yet.
    pub class_object_size: usize,
}

// SAFETY: all pointers in a Vm point to memory that the Vm owns; it is used from one thread at a time.
// The reference-counted closures of `host_functions` and `host_things` never leave it.
unsafe impl Send for Vm {}

/// Selectors that the machine itself sends.
pub(crate) struct Selectors {
    pub does_not_understand: SymbolId,
    pub must_be_boolean: SymbolId,
    pub about_to_return: SymbolId,
    pub cannot_return: SymbolId,
    pub signal_overflow: SymbolId,
    pub signal_out_of_memory: SymbolId,
    pub signal_interrupt: SymbolId,
    pub interrupted_by: SymbolId,
    pub handles: SymbolId,
    pub signal_for: SymbolId,
    pub attempt_to_assign: SymbolId,
    pub run_finalizers: SymbolId,
    pub new: SymbolId,
    pub basic_new: SymbolId,
    pub initialize: SymbolId,
}

impl Vm {
    /// A machine with empty memory: no classes yet. The loader fills it.
    pub fn new(heap: HeapOptions, host: Host, hooks: Hooks) -> Outlined<Vm> {
        let mut heap = Heap::new(heap);
        for (tag, class) in heap.immediate_class.iter_mut().enumerate() {
            *class = match tag {
                t if t & 2 != 0 => Known::SmallInteger,
                t if t & 4 != 0 => Known::Float,
                0x01 => Known::Character,
                0x09 => Known::UndefinedObject,
                0x11 => Known::False,
                0x19 => Known::True,
                _ => Known::UndefinedObject,
            }
            .index();
        }
        let mut symbols = SymbolTable::default();
        let mut sel = |text: &str| symbols.intern(&mut heap, text);
        let selectors = Selectors {
            does_not_understand: sel("doesNotUnderstand:"),
            must_be_boolean: sel("mustBeBoolean"),
            about_to_return: sel("aboutToReturn:through:"),
            cannot_return: sel("cannotReturn:"),
            signal_overflow: sel("signalOverflow"),
            signal_out_of_memory: sel("signalOutOfMemory"),
            signal_interrupt: sel("signalInterrupt"),
            interrupted_by: sel("interruptedBy:"),
            handles: sel("handles:"),
            signal_for: sel("signalFor:"),
            attempt_to_assign: sel("attemptToAssign:withIndex:"),
            run_finalizers: sel("runFinalizers"),
            new: sel("new"),
            basic_new: sel("basicNew"),
            initialize: sel("initialize"),
        };
        Outlined::new(Vm {
            table: dispatch::table(),
            counter: 0,
            limit: std::ptr::null_mut(),
            base: std::ptr::null_mut(),
            pc: std::ptr::null(),
            fp: std::ptr::null_mut(),
            live: 0,
            heap,
            cache: GlobalCache::default(),
            classes: ClassTable::new(Known::Count as usize),
            symbols,
            codes: Vec::new(),
            code_bytes: 0,
            code_threshold: 4096,
            class_threshold: reclaim_classes::FIRST_LOOK,
            reclaim_due: false,
            globals: WordMap::default(),
            loads: Vec::new(),
            watcher: None,
            latent: None,
            flushes: 1,
            session: WordMap::default(),
            polys: vec![[cache::PolyEntry::EMPTY; cache::POLY]],
            free_polys: Vec::new(),
            primitives: Default::default(),
            host_functions: Vec::new(),
            host_things: Default::default(),
            converted: 0,
            host_data: FxHashMap::default(),
            processes: Processes::default(),
            scheduler: Scheduler::default(),
            handles: handles::Handles::default(),
            external: Numbered::default(),
            once: Numbered::default(),
            host,
            hooks,
            limits: Limits::default(),
            default_memory: limits::default_memory(),
            short_of_memory: false,
            stack_growth: 0,
            fuel_used: 0,
            grant: 0,
            signals: Arc::new(AtomicU32::new(0)),
            stop: None,
            stopped_at: None,
            reserve: None,
            cleaning: false,
            overrun: Vec::new(),
            complaints: Vec::new(),
            collecting: false,
            levels: Vec::new(),
            slice_end: None,
            dropped_runs: None,
            pause: None,
            watches_for_deadlock: false,
            interrupts_pause: false,
            unhandled: None,
            background_failures: failures::Failures::default(),
            kept_failures: Vec::new(),
            failure_hook: None,
            failures_told: 0,
            selectors,
            arguments: Vec::new(),
            script: None,
            portable: !dispatch::THREADED,
            probes: Vec::new(),
            panic: None,
            failed_primitive: None,
            class_object_size: 2,
        })
    }

    /// The function that a primitive pragma names; an unknown one always fails.
    pub(crate) fn find_primitive(&self, p: &template::Primitive) -> Primitive {
        let module = p.module.as_deref().unwrap_or("");
        if module == host_methods::MODULE {
            // A closure of the embedder, by its number.
            let number = p.name.as_deref().and_then(|n| n.parse::<u32>().ok());
            if let Some(number) = number.filter(|&n| (n as usize) < self.host_functions.len()) {
                return Primitive::Host(number);
            }
        }
        let name = p.name.as_deref();
        let found = name.and_then(|name| self.primitives.find(module, name));
        found.unwrap_or(Primitive::Plain(|_, _| Err(PrimError::NotFound)))
    }

    /// How a text is parsed: as deep as the stack that is left allows.
    pub fn dialect(&self) -> chirp_grammar::Options {
        chirp_grammar::Options {
            nesting: self.host.stack.brackets(chirp_grammar::Options::DEEPEST),
            ..chirp_grammar::Options::default()
        }
    }

    /// Number of the symbol spelled `text`.
    pub fn intern(&mut self, text: &str) -> SymbolId {
        self.symbols.intern(&mut self.heap, text)
    }

    /// The symbol spelled `text`.
    pub fn symbol(&mut self, text: &str) -> Value {
        let id = self.intern(text);
        self.symbols.object(id)
    }

    /// The class object of a known class.
    pub fn known(&self, class: Known) -> Value {
        self.classes
            .get(class.index())
            .map_or(Value::NIL, |c| c.object)
    }

    /// The Association of a global; made, undefined, when nobody has named it yet.
    pub fn global_binding(&mut self, name: SymbolId) -> Value {
        if let Some(v) = self.globals.get(name) {
            return v;
        }
        if self.is_latent(self.symbols.text(name)) {
            let text = self.symbols.text(name).to_owned();
            self.make_latent(&text);
            if let Some(v) = self.globals.get(name) {
                return v;
            }
        }
        let v = self.new_binding(name, Value::UNDEFINED);
        self.globals.insert(name, v);
        v
    }

    /// The Association of a session variable; made, nil, when it is new.
    pub fn session_binding(&mut self, name: SymbolId) -> Value {
        if let Some(v) = self.session.get(name) {
            return v;
        }
        let v = self.new_binding(name, Value::NIL);
        self.session.insert(name, v);
        v
    }

    /// The value of a session variable, if there is one of this name.
    pub fn session_variable(&self, name: &str) -> Option<Value> {
        let binding = self.session.get(self.symbols.find(name)?)?;
        Some(self.heap.slot(binding, 1))
    }

    /// Names of the session's variables.
    pub fn session_names(&self) -> Vec<String> {
        self.session
            .keys()
            .map(|id| self.symbols.text(id).to_string())
            .collect()
    }

    /// Names of the defined globals.
    pub fn global_names(&self) -> Vec<String> {
        let defined = self
            .globals
            .iter()
            .filter(|&(_, b)| self.heap.slot(b, 1) != Value::UNDEFINED);
        defined
            .map(|(id, _)| self.symbols.text(id).to_string())
            .chain(self.latent.iter().flat_map(|l| l.names()))
            .collect()
    }

    pub(crate) fn new_binding(&mut self, name: SymbolId, value: Value) -> Value {
        let key = self.symbols.object(name);
        let v =
            self.heap
                .new_pointers_old(Known::Association.index(), crate::memory::Format::Fixed, 2);
        self.heap.set_slot(v, 0, key);
        self.heap.set_slot(v, 1, value);
        v
    }

    /// The value of a global, if it is defined; a class of the library that nobody has named before is made.
    pub fn find_global(&mut self, name: &str) -> Option<Value> {
        self.make_latent(name);
        self.global(name)
    }

    /// The value of a global, if it is defined and was named before.
    pub fn global(&self, name: &str) -> Option<Value> {
        let id = self.symbols.find(name)?;
        let binding = self.globals.get(id)?;
        let v = self.heap.slot(binding, 1);
        (v != Value::UNDEFINED).then_some(v)
    }

    /// The Association of a global that is defined.
    pub fn defined_global(&self, name: &str) -> Option<Value> {
        let binding = self.globals.get(self.symbols.find(name)?)?;
        (self.heap.slot(binding, 1) != Value::UNDEFINED).then_some(binding)
    }

    /// Whether code refers to this Association as a global, a class variable or a variable of the session.
    pub fn is_binding(&self, v: Value) -> bool {
        if self.heap.class_of(v) != Known::Association.index() {
            return false;
        }
        self.globals
            .values()
            .chain(self.session.values())
            .any(|b| b == v)
            || self
                .classes
                .classes
                .iter()
                .flatten()
                .any(|c| c.class_vars.iter().any(|(_, b)| *b == v))
            // Code may outlive the variable that it names: its class was defined anew without it.
            || self.codes.iter().any(|code| code.has_literal(v))
    }

    /// Whether the session has a variable of this name.
    pub fn has_session_variable(&self, name: &str) -> bool {
        self.symbols
            .find(name)
            .is_some_and(|id| self.session.contains(id))
    }

    /// Defines or changes a global.
    pub fn set_global(&mut self, name: &str, value: Value) {
        let id = self.intern(name);
        let binding = self.global_binding(id);
        self.keep_what_latent_needs(self.heap.slot(binding, 1));
        self.heap.set_slot(binding, 1, value);
    }

    /// Takes a global away; whether there was one.
    pub fn forget_global(&mut self, name: &str) -> bool {
        self.make_latent(name);
        let Some(binding) = self.defined_global(name) else {
            return false;
        };
        self.keep_what_latent_needs(self.heap.slot(binding, 1));
        self.heap.set_slot(binding, 1, Value::UNDEFINED);
        true
    }

    /// Sets a global and whatever else code sees by this name: a variable of the session would hide the global.
    pub fn set_name(&mut self, name: &str, value: Value) {
        self.set_global(name, value);
        if self.has_session_variable(name) {
            let name = self.intern(name);
            let binding = self.session_binding(name);
            self.heap.set_slot(binding, 1, value);
        }
    }

    /// Counts work of a primitive against fuel: `n` units of about a send each.
    pub fn charge(&mut self, n: usize) {
        self.counter = self.counter.saturating_sub(n.min(1 << 40) as i64);
    }
}
