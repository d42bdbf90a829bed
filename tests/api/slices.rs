//! Programs in slices: several in one machine, limits over all of them, what is dropped half way.

use chirp::{ErrorKind, FromSmalltalk, Obj, Progress, Run, Smalltalk, Stop};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const BUSY: &str = "[ true ] whileTrue: [ ]";

/// Steps to the end; answers the number of slices as well.
fn finish<T: FromSmalltalk>(
    run: &mut Run,
    st: &mut Smalltalk,
    fuel: u64,
) -> (chirp::Result<T>, usize) {
    for slices in 1.. {
        match run.step(st, fuel) {
            Ok(Progress::Done(value)) => return (Ok(value), slices),
            Ok(Progress::OutOfFuel) => {}
            Ok(Progress::Waiting(waiting)) => waiting.wait(Some(Duration::from_secs(60))),
            Err(error) => return (Err(error), slices),
        }
    }
    unreachable!()
}

fn value<T: FromSmalltalk>(source: &str) -> T {
    let st = &mut Smalltalk::new();
    let mut run = st.start(source).unwrap();
    finish(&mut run, st, 1000).0.unwrap()
}

fn stopped<T: std::fmt::Debug>(result: chirp::Result<T>) -> Stop {
    match result.unwrap_err().kind() {
        ErrorKind::Stopped { why, .. } => *why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn many_runs_take_turns() {
    let st = &mut Smalltalk::new();
    let source =
        |n: i64| format!("| sum | sum := 0. 1 to: 5000 do: [:i | sum := sum + (i * {n}) ]. sum");
    let mut runs: Vec<_> = (1..=5)
        .map(|n| (n, st.start(&source(n)).unwrap()))
        .collect();
    let (mut ended, mut slices) = (0, 0);
    while ended < 5 {
        for (n, run) in runs.iter_mut().filter(|(_, run)| !run.has_ended()) {
            slices += 1;
            match run.step::<i64>(st, 700).unwrap() {
                Progress::Done(sum) => {
                    assert_eq!(sum, *n * 12_502_500);
                    ended += 1;
                }
                Progress::OutOfFuel => {}
                Progress::Waiting(_) => panic!("it does not wait"),
            }
            assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
        }
    }
    assert!(slices > 25);
    let error = runs[0].1.step::<i64>(st, 10).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Ended));
    assert_eq!(error.to_string(), "this program has ended already");
}

#[test]
fn slices_are_as_long_as_their_fuel() {
    let st = &mut Smalltalk::new();
    st.eval::<()>("n := 0").unwrap();
    let mut run = st.start("[ true ] whileTrue: [ n := n + 1 ]").unwrap();
    for fuel in [1, 10, 1000, 100_000] {
        let before = st.fuel_used();
        assert!(matches!(run.step::<()>(st, fuel), Ok(Progress::OutOfFuel)));
        let used = st.fuel_used() - before;
        assert!(used >= fuel && used <= fuel + 10, "{used} of {fuel}");
    }
    assert!(st.global::<i64>("n").unwrap() > 50_000);
    assert!(matches!(run.step::<()>(st, 0), Ok(Progress::OutOfFuel)));
}

#[test]
fn answers_of_all_kinds() {
    assert_eq!(value::<i64>("3 + 4"), 7);
    assert_eq!(value::<String>("'a', 'b'"), "ab");
    assert_eq!(value::<Option<i64>>(""), None);
    assert_eq!(value::<i64>("^ 5. 6"), 5);
    assert_eq!(
        value::<i64>("[ 3 foo ] on: MessageNotUnderstood do: [:e | e return: 8 ]"),
        8
    );
    assert_eq!(
        value::<i64>("#(1 2 3) do: [:each | each = 2 ifTrue: [ ^ each ] ]. 9"),
        2
    );
    assert_eq!(
        value::<Vec<i64>>(
            "Object subclass: Sliced [ <comment: 'x'> Sliced class >> two [ ^ 2 ] ]\n{ Sliced two. Sliced two + 1 }"
        ),
        [2, 3]
    );
    assert!(value::<bool>(
        "Processor activeProcess isReady not and: [ Processor activeProcess isActive ]"
    ));
    assert_eq!(value::<Option<i64>>("Processor terminateActive. 3"), None);
}

#[test]
fn errors_end_a_run() {
    let st = &mut Smalltalk::new();
    st.eval::<()>("cleaned := 0").unwrap();
    assert!(matches!(
        st.start("3 + ").unwrap_err().kind(),
        ErrorKind::Syntax { .. }
    ));
    let mut run = st
        .start(
            "[ 1 to: 2000 do: [:i | i ]. nil foo ] ensure: [ 1 to: 2000 do: [:i | cleaned := i ] ]",
        )
        .unwrap();
    let (result, slices) = finish::<i64>(&mut run, st, 500);
    let error = result.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unhandled { class, exception: Some(_), .. } if class == "MessageNotUnderstood"),
        "{error:#}"
    );
    assert!(error.place().is_some() && slices > 4);
    assert_eq!(st.global::<i64>("cleaned").unwrap(), 2000);
    assert!(run.has_ended());
    let mut run = st.start("'text'").unwrap();
    let error = finish::<i64>(&mut run, st, 500).0.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Conversion { .. }));
    let mut run = st.start("Smalltalk exit: 3").unwrap();
    let error = finish::<i64>(&mut run, st, 500).0.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Exit(3)));
    let mut run = st.start("Semaphore new wait").unwrap();
    let error = finish::<i64>(&mut run, st, 500).0.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unhandled { class, .. } if class == "Deadlock"),
        "{error:?}"
    );
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
}

#[test]
fn runs_wake_each_other() {
    let st = &mut Smalltalk::new();
    st.eval::<()>("gate := Semaphore new. back := Semaphore new")
        .unwrap();
    let mut waits = st.start("gate wait. back signal. 1").unwrap();
    let mut opens = st
        .start("1 to: 1000 do: [:i | i ]. gate signal. back wait. 2")
        .unwrap();
    assert!(matches!(waits.step::<i64>(st, 1000), Ok(Progress::Waiting(w)) if w.until().is_none()));
    // What a call needs that only a Run could do, it does not get.
    let error = st.eval::<()>("back wait").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unhandled { class, .. } if class == "Deadlock"));
    assert!(matches!(
        opens.step::<i64>(st, 5000),
        Ok(Progress::Waiting(_))
    ));
    assert!(matches!(waits.step::<i64>(st, 1000), Ok(Progress::Done(1))));
    assert!(matches!(opens.step::<i64>(st, 1000), Ok(Progress::Done(2))));
}

#[test]
fn other_processes_go_on() {
    let st = &mut Smalltalk::new();
    st.eval::<()>("ticks := forked := 0. [ [ true ] whileTrue: [ (Delay forMilliseconds: 1) wait. ticks := ticks + 1 ] ] fork")
        .unwrap();
    let mut run = st
        .start("[ ticks < 3 ] whileTrue: [ Processor yield ]. [ forked := ticks ] fork. ticks")
        .unwrap();
    assert!(finish::<i64>(&mut run, st, 1000).0.unwrap() >= 3);
    assert!(matches!(st.run_pending(100), Ok(Progress::Waiting(w)) if w.until().is_some()));
    assert!(st.global::<i64>("forked").unwrap() >= 3);
    st.eval::<()>(&format!("[ {BUSY} ] fork")).unwrap();
    for _ in 0..3 {
        assert!(matches!(st.run_pending(1000), Ok(Progress::OutOfFuel)));
    }
    // It goes first, so that what is busy cannot starve it.
    let mut run = st.start("3 + 4").unwrap();
    assert!(matches!(run.step::<i64>(st, 1000), Ok(Progress::Done(7))));
    let st = &mut Smalltalk::new();
    assert!(matches!(st.run_pending(1000), Ok(Progress::Done(()))));
    st.eval::<()>("[ Error signal: 'late' ] fork").unwrap();
    assert!(matches!(st.run_pending(1000), Ok(Progress::Done(()))));
    assert_eq!(st.take_failures()[0].to_string(), "Error: late");
}

#[test]
fn limits_hold_for_all_slices_together() {
    let st = &mut Smalltalk::builder().fuel(100_000).build().unwrap();
    let mut run = st
        .start(&format!("[ {BUSY} ] on: Exception do: [:e | 3 ]"))
        .unwrap();
    let (result, slices) = finish::<i64>(&mut run, st, 1000);
    assert_eq!(stopped(result), Stop::Fuel);
    assert!((95..=101).contains(&slices), "{slices}");
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);

    let st = &mut Smalltalk::builder()
        .timeout(Duration::from_millis(500))
        .build()
        .unwrap();
    let mut nap = st.start("(Delay forMilliseconds: 700) wait. 5").unwrap();
    assert_eq!(finish::<i64>(&mut nap, st, 1000).0.unwrap(), 5);
    let mut busy = st.start(BUSY).unwrap();
    assert_eq!(
        stopped(finish::<i64>(&mut busy, st, 10_000).0),
        Stop::Deadline
    );

    let st = &mut Smalltalk::builder().memory(24 << 20).build().unwrap();
    let mut eater = st
        .start("| all | all := OrderedCollection new. [ all add: (Array new: 100) ] repeat")
        .unwrap();
    let (result, _) = finish::<i64>(&mut eater, st, 1000);
    let error = result.unwrap_err();
    assert!(error.to_string().contains("memory"), "{error}");
    drop(eater);
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);

    let mut deep = st
        .start("| f | f := nil. f := [ f value + 1 ]. f value")
        .unwrap();
    let error = finish::<i64>(&mut deep, st, 1000).0.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unhandled { class, .. } if class == "StackOverflow"),
        "{error}"
    );
}

#[test]
fn stops_and_interrupts_reach_a_slice() {
    let st = &mut Smalltalk::new();
    let handle = st.interrupt_handle();
    for source in [BUSY, "(Delay forSeconds: 100) wait"] {
        let mut run = st.start(source).unwrap();
        let _ = run.step::<()>(st, 1000).unwrap();
        handle.stop();
        assert_eq!(stopped(finish::<()>(&mut run, st, 1000).0), Stop::Interrupt);
        assert!(run.has_ended());
        let mut run = st
            .start(&format!("[ {source} ] on: UserInterrupt do: [:e | 5 ]"))
            .unwrap();
        let _ = run.step::<()>(st, 1000).unwrap();
        handle.interrupt();
        assert_eq!(finish::<i64>(&mut run, st, 1000).0.unwrap(), 5);
    }
    // It ends the wait for the next step.
    let mut run = st.start("Semaphore new waitTimeoutSeconds: 100").unwrap();
    let Ok(Progress::Waiting(waiting)) = run.step::<()>(st, 1000) else {
        panic!("it waits")
    };
    let stopper = std::thread::spawn(move || handle.stop());
    waiting.wait(Some(Duration::from_secs(60)));
    assert_eq!(stopped(run.step::<()>(st, 1000)), Stop::Interrupt);
    stopper.join().unwrap();
}

#[test]
fn what_is_dropped_half_way_is_cleaned_up() {
    let st = &mut Smalltalk::new();
    for source in [BUSY, "(Delay forSeconds: 100) wait", "Semaphore new wait"] {
        st.eval::<()>("cleaned := 0. [ [ true ] whileTrue: [ (Delay forSeconds: 1) wait ] ] fork")
            .unwrap();
        let mut run = st
            .start(&format!(
                "[ {source} ] ensure: [ 1 to: 1000 do: [:i | cleaned := i ] ]"
            ))
            .unwrap();
        let _ = run.step::<()>(st, 1000).unwrap();
        drop(run);
        assert_eq!(st.eval::<i64>("cleaned").unwrap(), 1000, "{source}");
    }
    // Clean-up has its limits.
    for source in [
        BUSY,
        "(Delay forSeconds: 100) wait",
        "[ [ true ] whileTrue: [ [ true ] whileTrue: [ ] ] ] ensure: [ [ true ] whileTrue: [ ] ]",
    ] {
        let mut run = st
            .start(&format!("[ {BUSY} ] ensure: [ {source} ]"))
            .unwrap();
        let _ = run.step::<()>(st, 1000).unwrap();
        run.terminate(st).unwrap();
        assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
    }
    st.eval::<()>("begun := nil").unwrap();
    let run = st
        .start("[ begun := true ] ensure: [ begun := true ]")
        .unwrap();
    run.terminate(st).unwrap();
    assert_eq!(st.global::<Option<bool>>("begun").unwrap(), None);
    let handles = st.handle_count();
    for _ in 0..100 {
        let mut run = st.start("| a | a := Array new: 10. [ a ] value").unwrap();
        let _ = run.step::<Obj>(st, 5).unwrap();
    }
    st.eval::<()>("3").unwrap();
    assert_eq!(st.handle_count(), handles);
}

#[test]
fn a_closure_is_not_left_in_the_middle() {
    let st = &mut Smalltalk::new();
    let each = st
        .block(|ctx: &mut chirp::Ctx<'_>, n: i64| -> chirp::Result<i64> {
            ctx.eval::<i64>(&format!(
                "| n | n := 0. 1 to: {n} do: [:i | n := n + i ]. (Delay forMilliseconds: 1) wait. n"
            ))
        })
        .unwrap();
    st.set_global("Each", each).unwrap();
    let mut run = st
        .start("(1 to: 5) collect: [:i | Each value: i * 1000 ]")
        .unwrap();
    let (sums, slices) = finish::<Vec<i64>>(&mut run, st, 100);
    assert_eq!(
        sums.unwrap(),
        [500_500, 2_001_000, 4_501_500, 8_002_000, 12_502_500]
    );
    assert!((2..20).contains(&slices), "{slices}");
}

#[test]
fn runs_belong_to_their_machine() {
    let (st, other) = (&mut Smalltalk::new(), &mut Smalltalk::new());
    let mut run = st.start("3 + 4").unwrap();
    let error = run.step::<i64>(other, 1000).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ForeignHandle));
    assert!(matches!(run.step::<i64>(st, 1000), Ok(Progress::Done(7))));
    let run = st.start("3 + 4").unwrap();
    let error = run.terminate(other).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ForeignHandle));
    assert_eq!(other.eval::<i64>("1").unwrap(), 1);
    assert_eq!(st.eval::<i64>("1").unwrap(), 1);
}

/// What programs can do to each other's Processes, and to that of calls from Rust, between slices.
#[test]
fn held_processes_cannot_be_run_by_others() {
    for deed in [
        "P resume",
        "P suspend. P resume",
        "P priority: 70",
        "P signalException: Error new",
        "P suspend. P step",
        "P terminate",
        "P primInterruptWith: [ 3 ]",
    ] {
        for which in ["main", "run"] {
            let st = &mut Smalltalk::new();
            if which == "main" {
                st.eval::<()>("Smalltalk at: #P put: Processor activeProcess")
                    .unwrap();
            }
            let mut victim = st.start("Smalltalk at: #P ifAbsentPut: [ Processor activeProcess ]. 1 to: 3000 do: [:i | i ]. 5").unwrap();
            let _ = victim.step::<i64>(st, 1000).unwrap();
            let mut run = st
                .start(&format!(
                    "[ {deed} ] on: Error do: [:e | e return: nil ]. 9"
                ))
                .unwrap();
            for _ in 0..20 {
                if run.has_ended() {
                    break;
                }
                match run.step::<i64>(st, 1000) {
                    Ok(_) | Err(_) => {}
                }
            }
            for _ in 0..20 {
                if victim.has_ended() {
                    break;
                }
                match victim.step::<Option<i64>>(st, 1000) {
                    Ok(_) | Err(_) => {}
                }
            }
            assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7, "{deed} {which}");
            drop((run, victim));
            assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7, "{deed} {which}");
        }
    }
}

#[test]
fn collections_between_and_in_slices() {
    let st = &mut Smalltalk::builder().stress(true).build().unwrap();
    let mut runs: Vec<_> = (0..3)
        .map(|n| {
            st.start(&format!("| all | all := OrderedCollection new. 1 to: 50 do: [:i | all add: i printString, '{n}' ]. all last"))
                .unwrap()
        })
        .collect();
    let mut answers = Vec::new();
    while answers.len() < 3 {
        for run in runs.iter_mut().filter(|run| !run.has_ended()) {
            if let Progress::Done(last) = run.step::<String>(st, 50).unwrap() {
                answers.push(last);
            }
        }
        st.eval::<()>("Smalltalk garbageCollect").unwrap();
    }
    answers.sort();
    assert_eq!(answers, ["500", "501", "502"]);
}

/// The next call ends what was dropped, and that moves the objects that the call was given.
#[test]
fn what_a_call_is_given_outlives_the_end_of_dropped_programs() {
    let st = &mut Smalltalk::builder().stress(true).build().unwrap();
    fn drop_one(st: &mut Smalltalk) {
        let mut run = st
            .start(
                "[ [ true ] whileTrue: [ ] ] ensure: [ (1 to: 9) collect: [:n | n printString ] ]",
            )
            .unwrap();
        let _ = run.step::<()>(st, 1000).unwrap();
    }
    let set = BTreeSet::from([5, i64::MAX]);
    drop_one(st);
    let object = st.object(set.clone()).unwrap();
    drop_one(st);
    assert_eq!(object.get::<BTreeSet<i64>>(st).unwrap(), set);
    let map = BTreeMap::from([("a".to_string(), vec![i64::MAX])]);
    drop_one(st);
    let object = st.object(map.clone()).unwrap();
    assert_eq!(object.get::<BTreeMap<String, Vec<i64>>>(st).unwrap(), map);
    drop_one(st);
    let twice = st.block(|text: String| text.repeat(2)).unwrap();
    drop_one(st);
    assert_eq!(twice.call(st, ("ab".to_string(),)).unwrap(), "abab");
    drop_one(st);
    let object = st.object("text").unwrap();
    assert_eq!(object.send::<String>(st, ",", ("ual",)).unwrap(), "textual");
}
