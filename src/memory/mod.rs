//! Object memory: values, headers, spaces, and the collector.
//!
//! The lowest layer: it knows nothing of classes beyond their index, nothing of frames,
//! methods or processes. The machine names its roots through [`collector::Roots`].
//!
//! | file | owns |
//! |---|---|
//! | value, header | the two encodings |
//! | heap, space | the spaces and their memory |
//! | allocate, access | how objects are made, read and written |
//! | collector | the contract with the machine, and which collection to run |
//! | evacuate, weak | copying and tracing; weak references and ephemerons |
//! | scavenge, full | the two collections |
//! | snapshot | objects outside any heap, copied out of one and into many |
//! | exchange, walk, reach, check | become; all objects in a row; those that are alive; the checker |
//! | word_map | tables from numbers to numbers, for the machine as well |

mod access;
mod allocate;
#[cfg(any(test, feature = "tools"))]
mod check;
pub mod collector;
mod evacuate;
mod exchange;
mod full;
pub mod header;
pub mod heap;
mod reach;
mod scavenge;
pub mod snapshot;
mod space;
#[cfg(test)]
mod tests;
pub mod value;
mod walk;
mod weak;
mod word_map;

pub use collector::{Roots, Visitor};
pub use header::{ClassIndex, Format};
pub use heap::{Heap, HeapOptions};
pub use value::Value;
pub use word_map::{WordMap, WordSet};
