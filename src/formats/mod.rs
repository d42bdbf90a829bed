//! Where things begin and end in source files: Tonel, chunk format, the library's index.
//!
//! Scanners that borrow from the text and say what lies where, with places in the file.
//! They never parse expressions, never evaluate, never touch a file, and depend on nothing
//! else in the project: the build script compiles this folder as well.

pub mod bare;
pub mod chunk;
pub mod class_body;
pub mod detect;
pub mod error;
pub mod index;
pub mod layout;
pub mod packed;
pub mod parts;
pub mod pragma;
pub mod scan;
pub mod selector;
pub mod ston;
pub mod tonel;
pub mod translate;

use std::borrow::Cow;

pub use error::{FormatError, Place, place_of};

/// The text with CR as line ends, as Pharo has them in what it loads: that is what a line end inside a
/// literal is at run time.
pub fn with_returns(text: &str) -> Cow<'_, str> {
    match text.contains('\n') {
        true => Cow::Owned(text.replace("\r\n", "\r").replace('\n', "\r")),
        false => Cow::Borrowed(text),
    }
}

/// The text of a source file of a package: UTF-8, or else from the time before it, each byte a character (Latin-1).
pub fn package_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| error.into_bytes().iter().map(|&b| b as char).collect())
}
