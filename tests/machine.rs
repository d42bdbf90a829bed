//! The rules of the machine that need Rust to be seen: limits, stops, several machines, nested calls,
//! both dispatch forms, collections at every allocation, code that is given back.

#![cfg(feature = "tools")]

use chirp::host::stdio::Stdio;
use chirp::host::{Capabilities, Host};
use chirp::loader::image::Image;
use chirp::loader::{LoadError, boot};
use chirp::memory::{HeapOptions, Value};
use chirp::vm::primitive_table::Table;
use chirp::vm::run::RunError;
use chirp::vm::{HostFn, Outlined, PrimError, Stop, Vm, signal};
use std::rc::Rc;
use std::sync::atomic::Ordering;

#[path = "machine/memory.rs"]
mod memory;
#[path = "machine/overflow.rs"]
mod overflow;
#[path = "machine/rust.rs"]
mod rust;
#[path = "machine/stops.rs"]
mod stops;

fn machine() -> Outlined<Vm> {
    let host = Host::new(Capabilities::all(), Stdio::none()).expect("a host");
    let mut vm = boot(&Image::embedded(), HeapOptions::default(), host).expect("the library");
    guard(&mut vm);
    vm
}

/// Nothing here may hang.
fn guard(vm: &mut Vm) {
    vm.limits.deadline = Some(vm.now() + 60_000_000);
}

/// What `text` prints, or how it failed.
fn show(vm: &mut Vm, text: &str) -> String {
    match vm.evaluate("test", text) {
        Ok(v) => {
            let selector = vm.intern("printString");
            let printed = vm.send_message(selector, &[v]).expect("printString");
            vm.string_value(printed).expect("a String")
        }
        Err(LoadError::Source(e)) => format!("mistake: {}", e.failures[0].message),
        Err(LoadError::Run(RunError::Unhandled(u))) => format!("error: {}", u.class),
        Err(LoadError::Run(RunError::Stopped(stop))) => format!("stop: {stop:?}"),
    }
}

#[track_caller]
fn check(vm: &mut Vm, text: &str, wanted: &str) {
    assert_eq!(show(vm, text), wanted, "{text}");
}

const DEEP: &str =
    "Object subclass: #Deep instanceVariableNames: 'n' classVariableNames: '' package: 'Tests'.
    Deep compile: 'down: k
        ^ k = 0 ifTrue: [ 0 ] ifFalse: [ (self down: k - 1) + 1 ]'.
    Deep compile: 'forever
        ^ self forever + 1'.
    Deep compile: 'foreverEnsure
        ^ [ self foreverEnsure + 1 ] ensure: [ n := (n ifNil: [ 0 ]) + 1 ]'.
    Deep compile: 'n
        ^ n'";

// ---- Stopping: fuel, deadline, interrupts ----

// ---- Several machines ----

#[test]
fn machines_know_nothing_of_each_other() {
    let mut a = machine();
    let mut b = machine();
    check(&mut a, "x := 3. Object compile: 'zork ^ 1'. nil zork", "1");
    check(&mut b, "nil zork", "error: MessageNotUnderstood");
    check(&mut a, "x", "3");
    let threads: Vec<_> = (1..=3)
        .map(|i| {
            std::thread::spawn(move || {
                let mut vm = machine();
                show(
                    &mut vm,
                    &format!("(1 to: {i}000) inject: 0 into: [ :a :b | a + b ]"),
                )
            })
        })
        .collect();
    let sums: Vec<String> = threads
        .into_iter()
        .map(|t| t.join().expect("no panic"))
        .collect();
    assert_eq!(sums, ["500500", "2001000", "4501500"]);
}

// ---- Both dispatch forms, and stress ----

/// Programs that visit most of the machine, with what they print.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "(1 to: 20) inject: 1 into: [ :a :b | a * b ]",
        "2432902008176640000",
    ),
    ("([ :x | [ :y | x + y ] ] value: 3) value: 4", "7"),
    (
        "| a | a := OrderedCollection new. 1 to: 200 do: [ :i | a addFirst: i printString ]. a size -> a last",
        "200->'1'",
    ),
    (
        "[ [ 1 / 0 ] ensure: [ 3 ] ] on: ZeroDivide do: [ :e | e return: e class ]",
        "ZeroDivide",
    ),
    (
        "[ (Warning signal: 'x') + 1 ] on: Warning do: [ :e | e resume: 4 ]",
        "5",
    ),
    (
        "| s | s := Semaphore new. [ (Delay forMilliseconds: 1) wait. s signal ] fork. s wait. 7",
        "7",
    ),
    ("#(3 1 2) asSortedCollection asArray", "#(1 2 3)"),
    ("(1 to: 30) detect: [ :i | i * i > 200 ]", "15"),
    ("thisContext printString size > 3", "true"),
    (
        "1000000000 * 1000000000 * 1000000000 // 7",
        "142857142857142857142857142",
    ),
    (
        "| d | d := Dictionary new. 1 to: 100 do: [ :i | d at: i put: i * i ]. d at: 50",
        "2500",
    ),
    (
        "[ nil foo ] on: MessageNotUnderstood do: [ :e | e message selector ]",
        "#foo",
    ),
    (
        "| p | p := [ [ Semaphore new wait ] ensure: [ 3 ] ] fork. Processor yield. p terminate. p isTerminated",
        "true",
    ),
    (
        "[ 3 ifTrue: [ 4 ] ] on: NonBooleanReceiver do: [ :e | e resume: true ]",
        "4",
    ),
];

#[test]
fn both_dispatch_forms_agree() {
    for portable in [false, true] {
        let mut vm = machine();
        vm.portable |= portable;
        for (text, wanted) in PROGRAMS {
            check(&mut vm, text, wanted);
        }
    }
}

#[test]
fn the_end_of_the_main_process_is_the_end_of_the_evaluation() {
    let mut vm = machine();
    check(&mut vm, "Processor activeProcess terminate. 3", "nil");
    check(
        &mut vm,
        "r := 0. [ Processor activeProcess terminate ] ensure: [ r := 1 ]",
        "nil",
    );
    check(&mut vm, "r", "1");
}

#[test]
fn failures_of_other_processes_are_noted() {
    let mut vm = machine();
    check(&mut vm, "[ nil zork ] fork. Processor yield. 3", "3");
    let classes: Vec<_> = vm
        .background_failures
        .kept
        .iter()
        .map(|f| f.told.class.as_str())
        .collect();
    assert_eq!(classes, ["MessageNotUnderstood"]);
    assert_eq!(
        vm.background_failures.kept[0]
            .told
            .frames
            .last()
            .map(|f| f.line),
        Some(1)
    );
}
