//! Processes: each owns one growable stack that holds no absolute addresses.
//!
//! Owns the stacks, the saved registers and the notes on unusual frames. Who runs next is the
//! scheduler's business.

use super::code::{Code, code_value};
use super::frame::FrameAt;
use super::known::Known;
use super::{Fp, Pc, Vm};
use crate::memory::{ClassIndex, Format, Value, Visitor};
use rustc_hash::FxHashMap;

/// Slots of the Smalltalk object of a Process.
pub mod field {
    pub const NEXT: usize = 0;
    pub const LIST: usize = 1;
    pub const PRIORITY: usize = 2;
    pub const NAME: usize = 3;
    pub const SLOT: usize = 4;
    pub const ENVIRONMENT: usize = 5;
    /// What an interrupted Process was waiting for, and until when.
    pub const ABANDONED: usize = 6;
    pub const DUE: usize = 7;
    pub const COUNT: usize = 8;
}

/// Slots a new stack has: enough for a Process that waits for its socket some calls deep, of which there may
/// be thousands.
const FIRST_STACK: usize = 96;
/// Stacks of more slots than this are checked against the memory limit when they grow.
const COUNTED: usize = 128 << 10;
/// Slots that the main Process keeps between two runs.
const SHRINK_ABOVE: usize = 64 << 10;
/// Frames that a handler of StackOverflow may use: slots beyond the limit.
pub const RESERVE: usize = 64 << 10;

/// What becomes of the answer of a send that the machine put between two instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Nothing: the sender goes on where it was.
    Drop,
    /// Likewise, and the sender does what is at the link word's address then: that was not begun, or had no room.
    Again,
    /// It goes to a register of the sender.
    Register(u8),
    /// It is what the `^` at the link word's address returns from that register.
    Return(u8),
    /// It decides the conditional jump at the link word's address, in place of what was no Boolean.
    Branch,
}

impl Retry {
    /// Whether the sender is at the instruction at the link word's address, and not at the one in front of that.
    pub fn is_ahead(self) -> bool {
        matches!(self, Retry::Again | Retry::Return(_) | Retry::Branch)
    }
}

/// What is unusual about a frame whose link word has bit 0 set.
#[derive(Clone, Debug)]
pub struct Note {
    /// The Context that stands for the frame, or nil.
    pub context: Value,
    /// For a send between instructions: the sender goes on at the link word's address.
    pub retry: Option<Retry>,
    /// Window of the send, where the instruction in front of the return address does not tell it.
    pub window: Option<u16>,
    /// What was found when handlers were looked for behind the frame.
    pub searched: Option<Box<[Searched; 2]>>,
}

impl Default for Note {
    fn default() -> Note {
        Note {
            context: Value::NIL,
            retry: None,
            window: None,
            searched: None,
        }
    }
}

/// The notes on the frames of a stack.
pub type Notes = FxHashMap<usize, Note>;

/// The nearest handler frame behind a frame that may handle exceptions of a class: while the one lives, the others
/// stay as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Searched {
    pub class: ClassIndex,
    /// The machine's count of flushes at that time: a later one may have changed who handles what.
    pub flushes: u64,
    /// Offset of the handler frame, 0 if there is none.
    pub found: usize,
}

/// What a Process is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Suspended,
    Ready,
    Running,
    /// In a Semaphore's list.
    Waiting,
    /// Waits for a timer only.
    Sleeping,
    /// Is ready, but held: see [`Turn`].
    Parked,
    Terminated,
}

/// When a Process that is ready may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Whenever the scheduler comes to it.
    Any,
    /// The same, in a slice of its own.
    Slice,
    /// Not now: it is parked instead.
    Held,
}

/// The machine's side of one Process.
pub struct Proc {
    pub stack: Vec<Value>,
    /// Offset of the top frame, and where it goes on; valid while it does not run.
    pub(crate) fp: usize,
    pub(crate) pc: Pc,
    /// It was taken off at a poll, before what stands at `pc`.
    pub(crate) polled: bool,
    /// By the frames' offsets from the stack's base.
    pub notes: Notes,
    pub object: Value,
    pub state: State,
    /// Counts waits, so that a late timer does not wake the next one.
    pub wait: u64,
    /// Where the answer of a timed wait is put: offset in the stack.
    pub answer: usize,
    /// Waits in a Semaphore's list for a limited time.
    pub timed: bool,
    /// When a timed wait or a sleep ends: microseconds of the monotonic clock.
    pub due: u64,
    /// Runs in the reserve behind the depth limit.
    pub overflowed: bool,
    /// Where an overflow inside the reserve cuts the stack: an offset, or 0 as long as there was none.
    pub cut_at: usize,
    /// Where memory for a larger stack was refused: the depth limit until there is some again. 0 if it was not.
    pub short_at: usize,
    /// Has run since the last scavenge.
    pub ran: bool,
    /// The collection under way has seen its stack.
    pub shown: bool,
    pub main: bool,
    pub turn: Turn,
}

impl Proc {
    /// The top frame of one that does not run.
    pub(crate) fn top(&self) -> FrameAt {
        FrameAt::at(self.fp, self.pc, self.polled)
    }
}

/// All Processes of a machine.
pub struct Processes {
    pub slots: Vec<Option<Box<Proc>>>,
    free: Vec<usize>,
    /// Where the next Process begins to count its waits: a late timer of one that had its slot before is none of its own.
    first_wait: u64,
    /// The Process that runs: its object and its slot.
    pub active: Value,
    pub active_slot: usize,
    /// Code of the frame at the bottom of every Process.
    pub(crate) bottom: *const Code,
    /// Code of the frame at the bottom of every call from Rust.
    pub(crate) exit: *const Code,
}

impl Default for Processes {
    fn default() -> Processes {
        Processes {
            slots: Vec::new(),
            free: Vec::new(),
            first_wait: 0,
            active: Value::NIL,
            active_slot: usize::MAX,
            bottom: std::ptr::null(),
            exit: std::ptr::null(),
        }
    }
}

impl Processes {
    pub fn get(&self, slot: usize) -> Option<&Proc> {
        self.slots.get(slot)?.as_deref()
    }

    pub fn get_mut(&mut self, slot: usize) -> Option<&mut Proc> {
        self.slots.get_mut(slot)?.as_deref_mut()
    }

    /// The running Process. There always is one while code runs.
    pub fn running(&mut self) -> &mut Proc {
        self.slots[self.active_slot]
            .as_deref_mut()
            .expect("a Process is running")
    }

    pub fn free(&mut self, slot: usize) {
        if self.slots[slot].take().is_some() {
            self.free.push(slot);
        }
    }

    /// Shows the stack of one Process that does not run.
    pub fn visit_stack(proc: &mut Proc, visitor: &mut dyn Visitor) {
        for note in proc.notes.values_mut() {
            visitor.value(&mut note.context);
        }
        let end = match proc.state {
            State::Terminated => 0,
            // SAFETY: the frame at fp is live, so its code word is a live code block.
            _ => {
                proc.fp
                    + unsafe { (*super::code::value_code(proc.stack[proc.fp - 2])).frame as usize }
            }
        };
        let end = end.min(proc.stack.len());
        visitor.slice(&mut proc.stack[..end]);
        wipe(&mut proc.stack[end..]);
    }
}

/// Clears what earlier frames left above the top. Stops at a long run of nils: a frame in
/// between would have left its link words.
pub fn wipe(rest: &mut [Value]) {
    let mut run = 0;
    for v in rest {
        if *v == Value::NIL {
            run += 1;
            if run > 1024 {
                return;
            }
        } else {
            run = 0;
            *v = Value::NIL;
        }
    }
}

impl Vm {
    /// A new suspended Process whose stack holds its bottom frame only.
    pub fn new_process(&mut self, priority: i64) -> (Value, usize) {
        let object =
            self.heap
                .new_pointers(Known::Process.index(), Format::Fixed, self.process_slots());
        let mut stack = vec![Value::NIL; FIRST_STACK];
        self.processes.first_wait = self.processes.first_wait.wrapping_add(1 << 32);
        // SAFETY: `bottom` is made with the machine's first classes.
        let pc = unsafe { (*self.processes.bottom).entry.add(1) };
        stack[0] = code_value(self.processes.bottom);
        stack[1] = Value(2);
        let proc = Box::new(Proc {
            stack,
            fp: 2,
            pc,
            polled: false,
            notes: Notes::default(),
            object,
            state: State::Suspended,
            wait: self.processes.first_wait,
            answer: 0,
            timed: false,
            due: 0,
            overflowed: false,
            cut_at: 0,
            short_at: 0,
            ran: true,
            shown: false,
            main: false,
            turn: Turn::Any,
        });
        let slot = match self.processes.free.pop() {
            Some(slot) => {
                self.processes.slots[slot] = Some(proc);
                slot
            }
            None => {
                self.processes.slots.push(Some(proc));
                self.processes.slots.len() - 1
            }
        };
        self.heap
            .set_slot(object, field::PRIORITY, Value::int(priority));
        self.heap
            .set_slot(object, field::SLOT, Value::int(slot as i64));
        (object, slot)
    }

    fn process_slots(&self) -> usize {
        self.classes
            .get(Known::Process.index())
            .map_or(field::COUNT, |c| c.inst_size.max(field::COUNT))
    }

    /// The machine slot of a Process object that has not ended.
    pub fn process_slot(&self, v: Value) -> Option<usize> {
        if self.heap.class_of(v) != Known::Process.index() && !self.is_process(v) {
            return None;
        }
        if self.heap.slots(v) <= field::SLOT {
            return None;
        }
        let slot = self.heap.slot(v, field::SLOT).as_int()? as usize;
        let proc = self.processes.get(slot)?;
        (proc.object == v && proc.state != State::Terminated).then_some(slot)
    }

    fn is_process(&self, v: Value) -> bool {
        v.is_object()
            && self.heap.is_pointers(v)
            && self
                .classes
                .inherits(self.heap.class_of(v), Known::Process.index())
    }

    /// Priority of a Process, between 1 and 80.
    pub fn priority(&self, process: Value) -> usize {
        self.heap
            .slot(process, field::PRIORITY)
            .as_int()
            .unwrap_or(40)
            .clamp(1, 80) as usize
    }

    /// Stores the registers of the running Process.
    pub(crate) fn save_active(&mut self, pc: Pc, fp: Fp) {
        let base = self.base;
        let proc = self.processes.running();
        // SAFETY: fp points into the running stack.
        proc.fp = unsafe { fp.offset_from(base) } as usize;
        proc.pc = pc;
        proc.polled = false;
        proc.ran = true;
    }

    /// Makes a Process the running one; answers its registers.
    pub(crate) fn load_process(&mut self, slot: usize) -> (Pc, Fp) {
        let max = self.limits.stack;
        let proc = self.processes.slots[slot]
            .as_deref_mut()
            .expect("a live Process");
        proc.state = State::Running;
        proc.timed = false;
        proc.ran = true;
        let usable = if proc.overflowed {
            proc.stack.len()
        } else {
            proc.stack.len().min(proc.depth_limit(max))
        };
        self.base = proc.stack.as_mut_ptr();
        // SAFETY: both offsets lie within the stack.
        let (limit, fp) = unsafe { (self.base.add(usable), self.base.add(proc.fp)) };
        let pc = proc.pc;
        self.processes.active = proc.object;
        self.processes.active_slot = slot;
        self.limit = limit;
        self.fp = fp;
        self.pc = pc;
        (pc, fp)
    }

    /// Makes room for `slots` more above `fp`. None when the depth limit is reached.
    pub(crate) fn grow_stack(&mut self, fp: Fp, slots: usize) -> Option<Fp> {
        let max = self.limits.stack;
        let base = self.base;
        let proc = self.processes.running();
        // SAFETY: fp points into the running stack.
        let offset = unsafe { fp.offset_from(base) } as usize;
        let needed = offset + slots;
        let overflowed = proc.overflowed;
        let before = proc.stack.len();
        if proc.short_at != 0 && !overflowed {
            // There may be more memory than when it was refused.
            let short_at = std::mem::take(&mut proc.short_at);
            let more = before.min(proc.depth_limit(max).saturating_sub(before));
            if more == 0 || !self.can_grow(more) {
                self.processes.running().short_at = short_at;
            }
        }
        let proc = self.processes.running();
        let deepest = proc.depth_limit(max) + RESERVE;
        let ceiling = if overflowed {
            deepest
        } else {
            deepest - RESERVE
        };
        if needed > ceiling {
            return None;
        }
        if needed > before {
            let size = (before * 2).max(needed).min(deepest);
            // Small stacks are bounded by the objects that they belong to. The reserve is always granted.
            if size > COUNTED && !overflowed && !self.can_grow(size - before) {
                self.processes.running().short_at = before;
                return None;
            }
            self.processes.running().stack.resize(size, Value::NIL);
            self.note_growth(size - before);
        }
        let proc = self.processes.running();
        let usable = proc.stack.len().min(ceiling);
        self.base = proc.stack.as_mut_ptr();
        // SAFETY: both lie within the stack.
        unsafe {
            self.limit = self.base.add(usable);
            self.fp = self.base.add(offset);
            Some(self.fp)
        }
    }

    /// Clears what ended calls have left on the stack: the registers of the next ones come to lie there, and until they
    /// are written they would keep it alive. Nothing must run.
    pub(crate) fn forget_dead_frames(&mut self) {
        let offset = self.offset(self.fp);
        let live = self.live;
        let proc = self.processes.running();
        // SAFETY: the frame at fp is live, so its code word is a live code block.
        let frame = unsafe { (*super::code::value_code(proc.stack[offset - 2])).frame as usize };
        let end = (offset + frame.max(live)).min(proc.stack.len());
        wipe(&mut proc.stack[end..]);
    }

    /// Gives back most of a stack that was deep once. Nothing must run.
    pub(crate) fn shrink_stack(&mut self) {
        let (pc, fp) = (self.pc, self.fp);
        let slot = self.processes.active_slot;
        let offset = self.offset(fp);
        let proc = self.processes.running();
        proc.notes.shrink_to_fit();
        if proc.stack.len() <= SHRINK_ABOVE || offset > SHRINK_ABOVE / 2 {
            return;
        }
        proc.stack.truncate(SHRINK_ABOVE);
        proc.stack.shrink_to_fit();
        proc.overflowed = false;
        proc.short_at = 0;
        (proc.fp, proc.pc) = (offset, pc);
        self.load_process(slot);
    }

    /// Puts a frame for `code` on the stack of a Process that does not run; its receiver is `receiver`.
    /// The frame's answer goes to the window `answer` of the frame below; without one it is dropped.
    pub(crate) fn push_frame(
        &mut self,
        slot: usize,
        code: *const Code,
        receiver: Value,
        answer: Option<usize>,
    ) {
        let max = self.limits.stack + RESERVE;
        let Some(proc) = self.processes.get_mut(slot) else {
            return;
        };
        // SAFETY: the top frame and `code` are live code blocks.
        unsafe {
            let top = super::code::value_code(proc.stack[proc.fp - 2]);
            let window = answer.unwrap_or((*top).frame as usize);
            let new = proc.fp + window + 2;
            let needed = new + (*code).frame as usize;
            if needed > proc.stack.len() {
                proc.stack
                    .resize((needed * 2).min(max.max(needed)), Value::NIL);
            }
            proc.stack[new - 2] = code_value(code);
            proc.stack[new - 1] = Value(proc.pc as u64 | 2 | answer.is_none() as u64);
            if answer.is_none() {
                let note = Note {
                    retry: Some(if proc.polled {
                        Retry::Again
                    } else {
                        Retry::Drop
                    }),
                    window: Some(window as u16),
                    ..Note::default()
                };
                proc.notes.insert(new, note);
            }
            proc.stack[new] = receiver;
            proc.fp = new;
            proc.pc = (*code).entry;
            proc.polled = false;
            proc.ran = true;
        }
    }
}
