//! The classes that the machine itself knows, with fixed places in the class table.
//!
//! Owns the list; everything else about these classes stands in `image/`.

use crate::memory::ClassIndex;

macro_rules! known {
    ($($name:ident),* $(,)?) => {
        /// A class with a fixed index.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Known { Unused, $($name),*, Count }

        /// Names in index order, from index 1 on.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

known! {
    SmallInteger, Character, UndefinedObject, True, False, Float,
    LargePositiveInteger, LargeNegativeInteger, Fraction, ScaledDecimal,
    Array, ByteArray, ByteString, WideString, ByteSymbol, WideSymbol,
    BlockClosure, Context, CompiledMethod, Message, Association,
    Process, Semaphore, ProcessorScheduler, Metaclass, Class,
    MethodHome, WeakArray, Ephemeron,
    StackOverflow, OutOfMemory, UserInterrupt, Deadlock, UndefinedVariable, HostObject, WordArray, SocketAddress,
    Dictionary, IdentityDictionary, Set, IdentitySet,
}

impl Known {
    /// Its index in the class table.
    #[inline(always)]
    pub const fn index(self) -> ClassIndex {
        self as u32
    }

    /// The known class with this name.
    pub fn named(name: &str) -> Option<ClassIndex> {
        NAMES.iter().position(|n| *n == name).map(|i| i as u32 + 1)
    }
}
