//! The memory limit, collections at every allocation, and what is left when a program is over.

use super::*;

#[test]
fn stacks_count_as_memory() {
    let mut vm = machine();
    vm.limits.memory = 64 << 20;
    check(&mut vm, DEEP, "#n");
    check(&mut vm, "Deep new forever", "error: StackOverflow");
    assert!(vm.memory_used() < 64 << 20);
}

// ---- Memory ----

#[test]
fn memory_ends_in_an_exception_or_a_stop() {
    let mut vm = machine();
    vm.limits.memory = 64 << 20;
    check(
        &mut vm,
        "[ Array new: 100000000 ] on: OutOfMemory do: [ :e | 3 ]",
        "3",
    );
    let all = "c := OrderedCollection new. [ c add: (Array new: 1000) ] repeat";
    let got = show(&mut vm, all);
    assert!(
        got == "stop: Memory" || got == "error: OutOfMemory",
        "{got}"
    );
    check(&mut vm, "c := nil. 3 + 4", "7");
    // What is dead makes room for what is large.
    check(&mut vm, "1 to: 30 do: [ :i | Array new: 4000000 ]. 5", "5");
}

#[test]
fn the_default_limit_is_finite() {
    let vm = machine();
    assert!(vm.memory_limit() <= 4 << 30);
    assert!(vm.memory_limit() >= 256 << 20);
}

#[test]
fn a_collection_at_every_allocation_changes_nothing() {
    for full_every in [1000, 50] {
        let mut vm = machine();
        vm.heap.set_stress(true);
        vm.heap.stress_full_every = full_every;
        for (text, wanted) in PROGRAMS {
            check(&mut vm, text, wanted);
        }
        let scavenges = vm.heap.counters.scavenges;
        assert!(scavenges > 200, "{scavenges}");
        assert_eq!(vm.check_heap(), Ok(()));
    }
}

#[test]
fn the_heap_is_in_order_after_all_that_was_run() {
    let mut vm = machine();
    for (text, wanted) in PROGRAMS {
        check(&mut vm, text, wanted);
        assert_eq!(vm.check_heap(), Ok(()), "{text}");
    }
    check(&mut vm, "Smalltalk garbageCollect. 3", "3");
    assert_eq!(vm.check_heap(), Ok(()));
}

// ---- Sessions ----

#[test]
fn evaluations_in_a_loop_leave_nothing_behind() {
    let mut vm = machine();
    check(&mut vm, "kept := [ :x | x + 1 ]. kept value: 1", "2");
    let before = warm(&mut vm);
    for i in 0..20_000 {
        check(
            &mut vm,
            &format!("| t | t := {i}. [ :x | x + t ] value: 1"),
            &(i + 1).to_string(),
        );
        guard(&mut vm);
    }
    vm.collect_garbage();
    let after = vm.code_count();
    assert!(
        after <= before + 20,
        "{before} code blocks before, {after} after"
    );
    check(&mut vm, "kept value: 2", "3");
}

/// Runs what the loop runs, so that its library methods are compiled; answers the number of code blocks.
fn warm(vm: &mut Vm) -> usize {
    for _ in 0..3 {
        check(vm, "| t | t := 1. [ :x | x + t ] value: 1", "2");
    }
    vm.collect_garbage();
    vm.code_count()
}

/// Makes a class with a method and a block in a class variable, uses it, and takes its name away.
const PASSING: &str =
    "Object subclass: #Passing instanceVariableNames: 'x' classVariableNames: 'B' package: 'T'.
    [ :c | c compile: 'a B := [ self ]. ^ x := 1'. c new a ] value: (Smalltalk at: #Passing).
    Smalltalk removeKey: #Passing. 3 printString";

#[test]
fn indices_of_classes_that_nothing_can_reach_are_used_again() {
    let mut vm = machine();
    check(&mut vm, PASSING, "'3'");
    vm.collect_garbage();
    vm.collect_garbage();
    let before = (vm.classes.in_use(), vm.classes.classes.len());
    for _ in 0..50 {
        check(&mut vm, PASSING, "'3'");
        vm.collect_garbage();
        vm.check_heap().expect("a sound heap");
    }
    assert_eq!((vm.classes.in_use(), vm.classes.classes.len()), before);
}

#[test]
fn a_program_that_makes_classes_for_ever_needs_no_more_of_them_at_once() {
    let mut vm = machine();
    let before = vm.classes.in_use();
    let text = format!("1 to: 6000 do: [ :i | {PASSING} ]. 4");
    check(&mut vm, &text, "4");
    assert!(
        vm.classes.in_use() < before + 6000,
        "{}",
        vm.classes.in_use()
    );
}

#[test]
fn the_examples_of_the_library_under_stress() {
    let mut vm = machine();
    vm.heap.set_stress(true);
    vm.heap.stress_full_every = 20;
    let mut tried = 0;
    // Sockets that nobody holds are closed meanwhile, and their peers see it.
    let image = Image::embedded();
    let files = image.files().into_iter();
    for (name, text) in files.filter(|(n, _)| !n.starts_with("Network")) {
        for example in chirp::tools::examples::examples_in_source(&text) {
            guard(&mut vm);
            let value = vm.evaluate(name.as_str(), &example.code());
            assert!(
                matches!(value, Ok(v) if v.is_nil()),
                "{name}: {} >>> {}: {value:?}",
                example.expression,
                example.expected
            );
            tried += 1;
        }
    }
    let (scavenges, full) = (
        vm.heap.counters.scavenges,
        vm.heap.counters.full_collections,
    );
    assert!(
        tried > 500 && scavenges > 5000 && full > 100,
        "{tried} {scavenges} {full}"
    );
    assert_eq!(vm.check_heap(), Ok(()));
}
