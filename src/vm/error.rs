//! Ways in which running can go wrong: failed primitives, unhandled exceptions, stops.
//!
//! Plain data; who reports what is decided above the machine.

use super::Vm;
use super::trace::Frame;
use crate::memory::Value;

/// Why a primitive failed. The method's body runs; `error:` variables see the code.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PrimError {
    BadReceiver,
    BadArgument,
    BadIndex,
    BadNumArgs,
    /// Right arguments at the wrong time.
    Inappropriate,
    Unsupported,
    /// Not enough object memory.
    NoMemory,
    /// The receiver is read-only.
    ReadOnly,
    NotFound,
    /// The host gave no permission; it has noted for what.
    Denied,
    /// A code of the operating system.
    Os(i32),
    /// Any other object as the code.
    Value(Value),
    /// Not a failure: the Process waits in this Semaphore, and then the send answers the receiver.
    /// See [`Vm::semaphore_for_once`].
    Wait(Value),
}

impl PrimError {
    /// What the method's error variable receives.
    pub fn code(self, vm: &mut Vm) -> Value {
        let text = match self {
            PrimError::BadReceiver => "bad receiver",
            PrimError::BadArgument => "bad argument",
            PrimError::BadIndex => "bad index",
            PrimError::BadNumArgs => "bad number of arguments",
            PrimError::Inappropriate => "inappropriate operation",
            PrimError::Unsupported => "unsupported operation",
            PrimError::NoMemory => "insufficient object memory",
            PrimError::ReadOnly => "no modification",
            PrimError::NotFound => "not found",
            PrimError::Denied => "denied",
            PrimError::Os(errno) => return Value::int(errno as i64),
            PrimError::Value(v) | PrimError::Wait(v) => return v,
        };
        vm.symbol(text)
    }
}

/// Why everything stopped. Not an exception: no handler sees it. There may be more reasons one day: the one who asks
/// mostly wants to know whether it is a certain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// Sends and turns of loops are used up.
    Fuel,
    /// There is no room for what is to live.
    Memory,
    /// Calls are nested too deeply, and those of the handlers as well.
    Depth,
    /// Time is over.
    Deadline,
    /// Somebody outside wanted it.
    Interrupt,
    /// `Smalltalk exit: n`.
    Exit(i32),
    /// All Processes wait and nothing can wake them.
    Deadlock,
    /// A signal asked the process to end: its number.
    Signal(i32),
}

/// An exception that nobody handled, as told to whoever started the code.
#[derive(Clone, Debug, Default)]
pub struct Unhandled {
    pub class: String,
    pub message: String,
    pub frames: Vec<Frame>,
    /// Frames left out in the middle of `frames`, which were too many.
    pub omitted: usize,
}

impl Unhandled {
    /// A call that there is no room for, where no exception can be signalled.
    pub fn stack_overflow(message: &str) -> Unhandled {
        Unhandled {
            class: "StackOverflow".into(),
            message: message.into(),
            ..Unhandled::default()
        }
    }

    /// Calls from Rust, or conversions, take some of the thread's own stack, which is used up.
    pub fn too_deep() -> Unhandled {
        Unhandled::stack_overflow("calls between Rust and Smalltalk are nested too deeply")
    }
}
