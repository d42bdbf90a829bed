//! The exit codes of the command line: a contract with shells and scripts.

/// Done.
pub const DONE: i32 = 0;
/// An error that nobody handled, or a test that failed.
pub const FAILED: i32 = 1;
/// Wrong usage, or a file that cannot be read.
pub const USAGE: i32 = 2;
/// Source that does not compile.
pub const DOES_NOT_COMPILE: i32 = 65;
/// A mistake in chirp itself.
pub const INTERNAL: i32 = 70;
/// A limit was reached.
pub const LIMIT: i32 = 124;
/// Ended by a signal: this and the signal's number. Ctrl-C is 130.
pub const SIGNAL: i32 = 128;
