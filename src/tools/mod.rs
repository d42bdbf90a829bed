//! Tools over source texts and over what a machine has loaded, for the command line and for hosts. They never run
//! anything themselves.

pub mod describe;
pub mod examples;
pub mod explain;
pub mod lint;
pub mod lookup;
