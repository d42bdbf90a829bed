//! From text to tokens, in two steps: `raw` cuts the text, `stream` prepares it for the parser.
//!
//! Owns every rule about characters. Must never decide what a sequence of tokens means.

pub mod info;
pub mod number;
mod problem;
pub mod raw;
pub mod repairs;
pub mod stream;
pub mod token;
mod unicode;
