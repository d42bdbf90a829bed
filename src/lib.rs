//! Chirp: a Smalltalk in one small binary, and in your own program.
//!
//! Only names the modules; every module says in its first lines what it owns.

#![deny(unsafe_code)]

pub mod api;
#[cfg(feature = "cli")]
pub mod cli;
pub mod compiler;
pub mod formats;
#[allow(unsafe_code)]
pub mod host;
pub mod loader;
#[allow(unsafe_code)]
pub mod memory;
pub mod primitives;
pub mod tools;
#[allow(unsafe_code)]
pub mod vm;

pub use api::{
    Arguments, AsCtx, Block, Buffer, Builder, Capabilities, Class, Ctx, Error, ErrorKind, Frame, FromSmalltalk,
    InterruptHandle, IntoSmalltalk, Mistake, Obj, Panicked, Place, Result, RustFn, Smalltalk, Stop, Symbol, Trace, WithCtx,
};
