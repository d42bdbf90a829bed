//! Chirp in a Rust program: machines, typed evaluation, handles, Rust closures as methods and blocks.
//!
//! Owns the types that a host program sees, and every conversion between them and objects. Safe
//! code only; never looks into frames or object memory except through the machine's own functions.
//!
//! | file | owns |
//! |---|---|
//! | smalltalk, builder, image | one machine, how it is set up, and what with |
//! | context | the same machine seen from inside a closure; the one way into it |
//! | object, block, class | handles |
//! | host_class, host_method, instance | Rust types as classes: definition, methods, values |
//! | testing | assertions for tests of host programs |
//! | data | the host program's own values in a machine |
//! | function, arguments | Rust closures of any shape, argument lists |
//! | convert, numbers, collections | between Rust values and objects |
//! | key | what is none of the host program's business |
//! | error, report | everything that can go wrong, and how it is told |
//! | run | programs in slices |
//! | serial | whatever serde knows, as objects |
//! | interrupt, output | stopping from outside; a sink for what programs write |

#![deny(missing_docs)]

mod arguments;
mod block;
mod builder;
mod class;
mod collections;
mod context;
pub(crate) mod convert;
mod data;
mod error;
mod function;
mod host_class;
mod host_method;
mod image;
mod instance;
mod interrupt;
mod key;
#[cfg(feature = "packages")]
mod load;
mod machine;
mod numbers;
mod object;
mod output;
mod report;
mod run;
#[cfg(feature = "serde")]
mod serial;
mod smalltalk;
mod spans;
pub mod testing;
mod wrappers;

pub use crate::host::capabilities::Capabilities;
#[cfg(feature = "files")]
pub use crate::host::capabilities::{Dir, EnvironmentAccess, FileAccess, ProcessAccess, Want};
#[cfg(feature = "net")]
pub use crate::host::capabilities::{Net, Target};
pub use crate::host::clock::Clock;
pub use crate::vm::host_methods::Panicked;
pub use crate::vm::trace::Frame;
pub use crate::vm::{Mistake, Stop};
pub use arguments::Arguments;
pub use block::{Answer, Block};
pub use builder::Builder;
pub use class::Class;
pub use context::{AsCtx, Ctx};
pub use convert::{FromSmalltalk, IntoSmalltalk, Symbol};
pub use error::{Error, ErrorKind, Place, Result, Trace};
pub use function::{RustFn, Shared, WithCtx};
pub use host_class::{ClassDef, HostClass};
pub use host_method::{ByHandle, ByMut, ByRef, HostMethod};
pub use image::Image;
pub use instance::{New, This};
pub use interrupt::InterruptHandle;
pub use object::Obj;
pub use output::Buffer;
pub use run::{Progress, Run, Waiting};
pub use smalltalk::Smalltalk;

/// What the API promises of its types, checked by the compiler.
const _: () = {
    const fn send<T: Send>() {}
    const fn send_sync<T: Send + Sync + 'static>() {}
    send::<Smalltalk>();
    send::<Builder>();
    send_sync::<Obj>();
    send_sync::<Block<(i64,), i64>>();
    send_sync::<Class>();
    send_sync::<Error>();
    send::<Run>();
    send_sync::<Waiting>();
    send_sync::<Image>();
    send_sync::<Clock>();
    send_sync::<This<()>>();
    send_sync::<InterruptHandle>();
    send_sync::<Buffer>();
    assert!(size_of::<Error>() == size_of::<usize>());
};
