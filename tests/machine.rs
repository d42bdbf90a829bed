//! The rules of the machine that need Rust to be seen: limits, stops, several machines, nested calls,
//! both dispatch forms, collections at every allocation, code that is given back.

use chirp::host::stdio::Stdio;
use chirp::host::{Capabilities, Host};
use chirp::loader::image::Image;
use chirp::loader::{LoadError, boot};
use chirp::memory::{HeapOptions, Value};
use chirp::vm::primitive_table::Table;
use chirp::vm::run::RunError;
use chirp::vm::{HostFn, PrimError, Stop, Vm, signal};
use std::rc::Rc;
use std::sync::atomic::Ordering;

fn machine() -> Box<Vm> {
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

#[test]
fn fuel_stops_and_no_handler_sees_it() {
    let mut vm = machine();
    vm.limits.fuel = Some(200_000);
    check(
        &mut vm,
        "[ [ true ] whileTrue ] on: Exception do: [ :e | 3 ]",
        "stop: Fuel",
    );
    check(&mut vm, "3 + 4", "stop: Fuel");
    vm.limits.fuel = None;
    check(&mut vm, "3 + 4", "7");
}

#[test]
fn any_amount_of_fuel_is_an_amount() {
    let mut vm = machine();
    vm.limits.fuel = Some(u64::MAX);
    check(
        &mut vm,
        "(1 to: 100000) inject: 0 into: [ :a :b | a + b ]",
        "5000050000",
    );
}

#[test]
fn fuel_stops_every_kind_of_loop() {
    for text in [
        "[ true ] whileTrue",
        "[ 3 ] repeat",
        "b := nil. b := [ b value ]. b value",
        "1 to: 1 by: 0 do: [ :i | ]",
        "[ [ true ] whileTrue: [ Processor yield ] ] fork. [ true ] whileTrue: [ Processor yield ]",
        "[ [ 1 / 0 ] on: ZeroDivide do: [ :e | e retry ] ] value",
        "[ ^ 3 ] ensure: [ [ true ] whileTrue ]",
    ] {
        let mut vm = machine();
        vm.limits.fuel = Some(300_000);
        vm.limits.stack = 100_000;
        let got = show(&mut vm, text);
        assert!(
            got == "stop: Fuel" || got == "error: StackOverflow" || got.starts_with("error"),
            "{text}: {got}"
        );
    }
}

#[test]
fn the_deadline_stops_and_no_handler_sees_it() {
    let mut vm = machine();
    vm.limits.deadline = Some(vm.now() + 20_000);
    check(
        &mut vm,
        "[ [ true ] whileTrue ] on: Exception do: [ :e | 3 ]",
        "stop: Deadline",
    );
    vm.limits.deadline = Some(vm.now() + 20_000);
    check(
        &mut vm,
        "[ (Delay forSeconds: 100) wait ] ensure: [ 3 ]",
        "stop: Deadline",
    );
    guard(&mut vm);
    check(&mut vm, "3 + 4", "7");
}

#[test]
fn an_interrupt_is_an_exception_and_a_stop_is_none() {
    let mut vm = machine();
    vm.signals.fetch_or(signal::INTERRUPT, Ordering::Release);
    check(
        &mut vm,
        "[ [ true ] whileTrue ] on: UserInterrupt do: [ :e | 3 ]",
        "3",
    );
    vm.signals.fetch_or(signal::INTERRUPT, Ordering::Release);
    check(&mut vm, "[ true ] whileTrue", "error: UserInterrupt");
    vm.signals.fetch_or(signal::INTERRUPT, Ordering::Release);
    check(
        &mut vm,
        "[ Semaphore new wait ] on: UserInterrupt do: [ :e | 4 ]",
        "4",
    );
    vm.signals.fetch_or(signal::INTERRUPT, Ordering::Release);
    let resumed = "n := 0. [ [ n < 100000 ] whileTrue: [ n := n + 1 ] ] on: UserInterrupt do: [ :e | e resume: 3 ]. n";
    check(&mut vm, resumed, "100000");
    vm.signals.fetch_or(signal::STOP, Ordering::Release);
    check(
        &mut vm,
        "[ [ true ] whileTrue ] on: Exception do: [ :e | 3 ]",
        "stop: Interrupt",
    );
    check(&mut vm, "3 + 4", "7");
}

#[test]
fn exit_leaves_everything() {
    let mut vm = machine();
    check(
        &mut vm,
        "[ Smalltalk exit: 3 ] ensure: [ 4 ]",
        "stop: Exit(3)",
    );
    check(
        &mut vm,
        "[ Smalltalk exit: 5 ] fork. Processor yield. 1",
        "stop: Exit(5)",
    );
    check(&mut vm, "3 + 4", "7");
}

#[test]
fn a_cycle_of_waits_is_told() {
    let mut vm = machine();
    check(&mut vm, "Semaphore new wait", "error: Deadlock");
    check(
        &mut vm,
        "s := Semaphore new. [ s wait ] fork. s wait",
        "error: Deadlock",
    );
    check(
        &mut vm,
        "Processor activeProcess suspend",
        "error: Deadlock",
    );
    // The main Process is in no list any more.
    check(&mut vm, "s signal; signal; signal. s isSignaled", "true");
    check(
        &mut vm,
        "s := Semaphore new. s wait: 10 milliSeconds. 5",
        "5",
    );
}

#[test]
fn a_stop_in_one_process_leaves_the_others_in_order() {
    let mut vm = machine();
    vm.limits.fuel = Some(vm_fuel());
    check(
        &mut vm,
        "n := 0. [ [ true ] whileTrue: [ n := n + 1. Processor yield ] ] fork. [ true ] whileTrue: [ Processor yield ]",
        "stop: Fuel",
    );
    vm.limits.fuel = None;
    check(
        &mut vm,
        "m := n. Processor yield. Processor yield. n > m",
        "true",
    );
}

fn vm_fuel() -> u64 {
    100_000
}

// ---- Depth ----

#[test]
fn overflow_can_be_handled_again_and_again() {
    let mut vm = machine();
    vm.limits.stack = 300_000;
    check(&mut vm, DEEP, "#n");
    check(
        &mut vm,
        "(1 to: 5) collect: [ :i | [ Deep new forever ] on: StackOverflow do: [ :e | i ] ]",
        "#(1 2 3 4 5)",
    );
    check(&mut vm, "Deep new forever", "error: StackOverflow");
    check(
        &mut vm,
        "[ Deep new forever ] on: Error do: [ :e | e class ]",
        "StackOverflow",
    );
    check(
        &mut vm,
        "[ [ Deep new forever ] on: StackOverflow do: [ :e | 1 / 0 ] ] on: ZeroDivide do: [ :e | 2 ]",
        "2",
    );
    check(
        &mut vm,
        "[ Deep new forever ] on: StackOverflow do: [ :e | e retryUsing: [ Deep new down: 1000 ] ]",
        "1000",
    );
    let pass = "[ [ Deep new forever ] on: StackOverflow do: [ :e | e pass ] ] on: StackOverflow do: [ :e | 3 ]";
    check(&mut vm, pass, "3");
    let inside = "[ [ 1 ] ensure: [ Deep new forever ] ] on: StackOverflow do: [ :e | 4 ]";
    check(&mut vm, inside, "4");
    let process = "r := nil. [ r := [ Deep new forever ] on: StackOverflow do: [ :e | 5 ] ] fork. Processor yield. r";
    check(&mut vm, process, "5");
    let outer = "[ Deep new forever ] ensure: [ r := 6 ]";
    check(&mut vm, outer, "error: StackOverflow");
    check(&mut vm, "r", "6");
}

#[test]
fn clean_up_blocks_run_after_an_overflow() {
    let mut vm = machine();
    vm.limits.stack = 100_000;
    check(&mut vm, DEEP, "#n");
    check(
        &mut vm,
        "d := Deep new. [ d foreverEnsure ] on: StackOverflow do: [ :e | 3 ]",
        "3",
    );
    check(&mut vm, "d n > 1000", "true");
}

#[test]
fn sends_of_the_machine_itself_overflow_like_others() {
    let mut vm = machine();
    vm.limits.stack = 100_000;
    check(
        &mut vm,
        "Object subclass: #Edge instanceVariableNames: '' classVariableNames: '' package: 'Tests'.
        Edge compile: 'down: n
            n = 0 ifTrue: [ ^ nil ifTrue: [ 1 ] ifFalse: [ 2 ] ].
            ^ self down: n - 1'.
        Edge compile: 'at: n
            ^ [ [ self down: n ] on: NonBooleanReceiver do: [ :e | e return: 5 ] ]
                on: StackOverflow do: [ :e | e return: 6 ]'.
        3",
        "3",
    );
    // At some depth there is room for the test, but none for telling that it is no Boolean.
    let mut fits = |depth: usize| match show(&mut vm, &format!("Edge new at: {depth}")).as_str() {
        "5" => true,
        "6" => false,
        other => panic!("{depth}: {other}"),
    };
    let (mut low, mut high) = (1, 100_000);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if fits(middle) {
            low = middle
        } else {
            high = middle
        }
    }
    for depth in low - 20..low + 20 {
        fits(depth);
    }
}

#[test]
fn an_overflow_in_the_handler_of_one_goes_to_handlers_further_out() {
    let mut vm = machine();
    vm.limits.stack = 100_000;
    check(&mut vm, DEEP, "#n");
    let twice = "[ Deep new forever ] on: StackOverflow do: [ :e | Deep new forever ]";
    check(&mut vm, twice, "error: StackOverflow");
    check(
        &mut vm,
        &format!("[ {twice} ] on: StackOverflow do: [ :e | 1 ]"),
        "1",
    );
    check(
        &mut vm,
        "Deep compile: 'handled ^ [ self handled. 1 ] on: Error do: [ :e | self handled ]'.
        Deep compile: 'cleaned ^ [ self cleaned. 1 ] ensure: [ self cleaned ]'.
        2",
        "2",
    );
    let mut ends = |source: &str| {
        let shown = show(&mut vm, source);
        let expected = ["3", "error: StackOverflow", "stop: Depth"];
        assert!(expected.contains(&shown.as_str()), "{source}: {shown}");
    };
    for selector in ["handled", "cleaned"] {
        ends(&format!("Deep new {selector}"));
        ends(&format!(
            "[ Deep new {selector} ] on: StackOverflow do: [ :e | 3 ]"
        ));
        ends(&format!(
            "[ [ Deep new {selector} ] on: StackOverflow do: [ :e | 3 ] ] fork. Processor yield. 3"
        ));
    }
    check(
        &mut vm,
        "[ Deep new forever ] on: StackOverflow do: [ :e | 1 ]",
        "1",
    );
}

#[test]
fn a_million_calls_are_nothing_unusual() {
    let mut vm = machine();
    check(&mut vm, DEEP, "#n");
    check(&mut vm, "Deep new down: 1000000", "1000000");
    assert!(vm.memory_used() < 64 << 20, "the stack is given back");
}

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
        .iter()
        .map(|f| f.class.as_str())
        .collect();
    assert_eq!(classes, ["MessageNotUnderstood"]);
    assert_eq!(
        vm.background_failures[0].frames.last().map(|f| f.line),
        Some(1)
    );
}

#[test]
fn traces_of_endless_recursion_are_short() {
    let mut vm = machine();
    vm.limits.stack = 200_000;
    check(&mut vm, DEEP, "#n");
    match vm.evaluate("test", "Deep new forever") {
        Err(LoadError::Run(RunError::Unhandled(u))) => {
            assert!(
                u.frames.len() <= 40 && u.omitted > 1000,
                "{} frames, {} omitted",
                u.frames.len(),
                u.omitted
            );
            assert_eq!(u.frames.last().map(|f| f.name.as_str()), Some("script"));
        }
        _ => panic!("no overflow"),
    }
}

#[test]
fn overflow_through_handlers_and_clean_up_is_found_and_left() {
    let mut vm = machine();
    vm.limits.stack = 1_000_000;
    for level in [
        "[ b value ] on: ZeroDivide do: [ :e | 3 ]",
        "[ b value ] ensure: [ ]",
        "[ 1 / 0 ] on: ZeroDivide do: [ :e | b value ]",
    ] {
        guard(&mut vm);
        let text = format!(
            "b := nil. b := [ {level} ]. [ b value ] on: StackOverflow do: [ :e | e class ]"
        );
        check(&mut vm, &text, "StackOverflow");
    }
}

#[test]
fn messages_from_rust_are_answered_and_understood_or_not() {
    let mut vm = machine();
    let plus = vm.intern("+");
    let four = vm.send_message(plus, &[Value::int(1), Value::int(3)]).ok();
    assert_eq!(four, Some(Value::int(4)));
    let zork = vm.intern("zork");
    match vm.send_message(zork, &[Value::int(1)]) {
        Err(RunError::Unhandled(u)) => assert_eq!(u.class, "MessageNotUnderstood"),
        _ => panic!("understood"),
    }
    assert!(!matches!(
        vm.send_message(plus, &[Value::NIL, Value::NIL]),
        Err(RunError::Stopped(Stop::Deadlock))
    ));
}

// ---- Calls from Rust inside each other ----

#[test]
fn endless_calls_through_rust_end_in_an_error() {
    let mut vm = machine();
    let class = vm
        .global("Object")
        .and_then(|v| vm.classes.index_of(v))
        .expect("Object");
    let again = Rc::new(|vm: &mut Vm, _: std::ops::Range<usize>| {
        let selector = vm.intern("through");
        vm.send_message(selector, &[Value::int(1)])
            .map_err(|_| PrimError::Inappropriate)
    });
    assert!(
        vm.install_host_method(class, "through", HostFn::Own(again))
            .is_ok()
    );
    let got = show(&mut vm, "[ 3 through ] on: Error do: [ :e | #refused ]");
    assert_eq!(got, "#refused");
    let got = show(&mut vm, "3 through");
    assert!(got.starts_with("error"), "{got}");
    check(&mut vm, "3 + 4", "7");
}

#[test]
fn processes_go_on_while_rust_waits_for_smalltalk() {
    let mut vm = machine();
    let class = vm
        .global("Object")
        .and_then(|v| vm.classes.index_of(v))
        .expect("Object");
    let wait = Rc::new(|vm: &mut Vm, _: std::ops::Range<usize>| {
        vm.evaluate("inner", "s wait. Smalltalk garbageCollect. n")
            .map_err(|_| PrimError::Inappropriate)
    });
    assert!(
        vm.install_host_method(class, "inner", HostFn::Own(wait))
            .is_ok()
    );
    check(
        &mut vm,
        "s := Semaphore new. n := 0. [ n := 5. s signal ] fork. nil inner",
        "5",
    );
    // Two Processes are inside calls from Rust, and the outer call can return first only when the inner has.
    check(
        &mut vm,
        "r := OrderedCollection new. t := Semaphore new. [ r add: nil inner. t signal ] fork. [ r add: nil inner. t signal ] fork. Processor yield. s signal; signal. t wait. t wait. r asArray",
        "#(5 5)",
    );
    check(
        &mut vm,
        "[ nil inner ] ensure: [ n := 6 ]",
        "error: HostError",
    );
    check(&mut vm, "3 + 4", "7");
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

// ---- Mistakes of our own ----

/// A primitive that panics, wherever it is called from: what ran is lost, and nothing else.
#[test]
fn a_machine_outlives_a_panic() {
    let mut vm = machine();
    let table = Table {
        names: " testPanic ",
        functions: &[|_, _| panic!("a primitive")],
    };
    vm.primitives.add("", table);
    check(
        &mut vm,
        "Smalltalk at: #Kept put: 5. Object compile: 'panic <primitive: ''testPanic''>'. Object compile: 'sink: n ^ n = 0 ifTrue: [ self panic ] ifFalse: [ [ self sink: n - 1 ] ensure: [ Kept := 0 ] ]'. 3",
        "3",
    );
    check(
        &mut vm,
        "Waiter := Semaphore new. Woken := 0. [ Waiter wait. Woken := 7 ] fork. Processor yield. 3",
        "3",
    );
    let fuel = vm.limits.fuel;
    for text in [
        "3 panic",
        "Context1 := nil. Block1 := nil. [ :x | Context1 := thisContext. Block1 := [ ^ x ]. 3 sink: 10 ] value: 3",
        "[ 3 panic ] fork. Processor yield",
        "[ 3 panic ] on: Error do: [ :e | 3 ]",
        "[ nil foo ] ensure: [ 3 panic ]",
        "#(3 1 2) sort: [ :a :b | 3 panic ]",
        "3 sink: 100000",
    ] {
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            vm.evaluate("test", text).is_ok()
        }));
        assert!(panicked.is_err(), "{text}");
        assert!(vm.recover(), "{text}");
        assert_eq!(vm.limits.fuel, fuel);
        check(
            &mut vm,
            "Smalltalk garbageCollect. (1 to: 10000) inject: Kept into: [ :a :b | a + b ]",
            "50005005",
        );
        check(
            &mut vm,
            "[ nil foo ] on: Error do: [ :e | e return: Kept ]",
            "5",
        );
    }
    check(
        &mut vm,
        "{ Context1 sender. Context1 isDead. (Context1 tempAt: 1) isNil }",
        "#(nil true true)",
    );
    check(
        &mut vm,
        "[ Block1 value ] on: BlockCannotReturn do: [ :e | 4 ]",
        "4",
    );
    check(&mut vm, "Waiter signal. Processor yield. Woken", "7");
}
