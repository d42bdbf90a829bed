//! Tools over source texts, for the command line and for hosts. They never run anything themselves.

pub mod examples;
