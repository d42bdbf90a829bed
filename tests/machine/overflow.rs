//! Stacks that grow without end.

use super::*;

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
