//! Where things begin and end in source files: Tonel, chunk format, the library's index.
//!
//! Scanners that borrow from the text and say what lies where, with places in the file.
//! They never parse expressions, never evaluate, never touch a file, and depend on nothing
//! else in the project: the build script compiles this folder as well.

pub mod chunk;
pub mod class_body;
pub mod detect;
pub mod error;
pub mod index;
pub mod pragma;
pub mod scan;
pub mod selector;
pub mod ston;
pub mod tonel;

pub use error::{FormatError, Place, place_of};
