//! Rust that calls Smalltalk that calls Rust.

use super::*;

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
