//! The compiler's output: listings of every construct, and what the code does.

#![cfg(feature = "tools")]

#[path = "bytecode/behaviour.rs"]
mod behaviour;
#[path = "bytecode/listings.rs"]
mod listings;
#[path = "bytecode/machine.rs"]
mod machine;
#[path = "bytecode/mistakes.rs"]
mod mistakes;
#[path = "bytecode/oracle.rs"]
mod oracle;
#[path = "bytecode/random.rs"]
mod random;
