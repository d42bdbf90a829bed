//! From source text to running code: the library at start, methods when they are first sent,
//! scripts and file-ins.
//!
//! Owns the way from text through parser and compiler into a machine. The machine reaches back
//! only through the hooks that `compile` provides.

pub mod boot;
#[cfg(feature = "packages")]
mod chunks;
pub mod class_body;
pub mod compile;
mod definitions;
pub mod filing;
pub mod image;
mod latent;
pub mod left_out;
mod library;
pub mod package;
mod packed;
pub mod script;
pub mod watch;

pub use boot::boot;
pub use script::{LoadError, SourceError};
