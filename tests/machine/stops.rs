//! What ends a program from outside of it: fuel, deadlines, interrupts, `exit:`, and cycles of waits.

use super::*;

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
    check(
        &mut vm,
        "n := 0. gate := Semaphore new. [ [ gate wait. n := n + 1 ] repeat ] fork. Processor yield. n",
        "0",
    );
    vm.limits.fuel = Some(100_000);
    check(
        &mut vm,
        "gate signal. Processor yield. [ true ] whileTrue",
        "stop: Fuel",
    );
    vm.limits.fuel = None;
    check(&mut vm, "gate signal. Processor yield. n", "2");
}
