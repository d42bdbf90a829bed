//! Mutated programs, run under limits by both forms of the machine, which must agree.
//!
//! A text is cut behind each comment that tells what to expect (`"=> 7"`), as the language tests do, and the pieces
//! are evaluated one after the other. One that begins with the comment `"stress"` has a collection at every
//! allocation. Without an optimised build both forms are the same one.

use super::panics::Finding;
use super::sandbox::machine;
use chirp::loader::LoadError;
use chirp::vm::run::RunError;
use chirp::vm::{Stop, Vm};

/// Sends and turns of loops of a whole program; with a collection at every allocation.
const FUEL: u64 = 2_000_000;
const FUEL_STRESSED: u64 = 20_000;
/// Microseconds: a program that waits is not worth waiting for.
const TIME: u64 = 2_000_000;
const MEMORY: usize = 64 << 20;

/// The comment that a stressed program begins with.
pub const STRESS: &str = "\"stress\"";

pub fn run(data: &[u8]) -> Finding {
    let Ok(text) = std::str::from_utf8(data) else {
        return Ok(());
    };
    let portable = outcomes(text, true)?;
    let threaded = outcomes(text, false)?;
    let Some(difference) = difference(&portable, &threaded) else {
        return Ok(());
    };
    // A program that asks the clock, or for a random number, differs from itself; one that sleeps does so seldom.
    for _ in 0..8 {
        let again = [outcomes(text, true)?, outcomes(text, false)?];
        if self::difference(&again[0], &again[1]).is_none() {
            return Ok(());
        }
        if self::difference(&portable, &again[0]).is_some() {
            return Ok(());
        }
    }
    Err(format!(
        "the portable loop and the threaded form differ: {difference}"
    ))
}

/// What each piece has led to; nothing more once a limit was reached, since that is not the same place for all.
fn outcomes(text: &str, portable: bool) -> Result<Vec<String>, String> {
    let mut vm = machine();
    vm.portable |= portable;
    let stressed = text.starts_with(STRESS);
    vm.heap.set_stress(stressed);
    vm.limits.memory = MEMORY;
    vm.limits.fuel = Some(if stressed { FUEL_STRESSED } else { FUEL });
    vm.limits.deadline = Some(vm.now() + TIME);
    let mut found = Vec::new();
    for piece in pieces(text) {
        match outcome(&mut vm, piece) {
            Some(text) => found.push(text),
            None => break,
        }
    }
    vm.check_heap()
        .map_err(|problem| format!("the heap is in disorder: {problem}"))?;
    Ok(found)
}

/// The pieces that both have come to.
fn difference(one: &[String], other: &[String]) -> Option<String> {
    let (number, (one, other)) = one
        .iter()
        .zip(other)
        .enumerate()
        .find(|(_, (a, b))| a != b)?;
    Some(format!("piece {}\n{one}\n--- and\n{other}", number + 1))
}

fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = ["\"=> ", "\"! ", "\"!! "]
        .iter()
        .filter_map(|mark| rest.find(mark))
        .min()
        && let Some(length) = rest[at + 1..].find('"')
    {
        pieces.push(&rest[..at]);
        rest = &rest[at + length + 2..];
    }
    pieces.push(rest);
    pieces
}

fn outcome(vm: &mut Vm, text: &str) -> Option<String> {
    match vm.evaluate("fuzz", text) {
        Ok(value) => {
            let selector = vm.intern("printString");
            match vm.send_message(selector, &[value]) {
                Ok(printed) => Some(format!("{:?}", vm.string_value(printed))),
                Err(error) => failure(error),
            }
        }
        Err(LoadError::Source(error)) => {
            Some(error.failures.iter().map(|f| f.rendered.as_str()).collect())
        }
        Err(LoadError::Run(error)) => failure(error),
    }
}

fn failure(error: RunError) -> Option<String> {
    match error {
        RunError::Stopped(stop @ (Stop::Exit(_) | Stop::Deadlock)) => Some(format!("{stop:?}")),
        RunError::Stopped(_) => None,
        // How much fits depends on when collections happen.
        RunError::Unhandled(u) if u.class == "OutOfMemory" || u.class == "StackOverflow" => None,
        RunError::Unhandled(u) => {
            let frames: Vec<String> = u
                .frames
                .iter()
                .map(|f| format!("\n  {} {}", f.name, f.line))
                .collect();
            Some(format!("{}: {}{}", u.class, u.message, frames.concat()))
        }
    }
}
