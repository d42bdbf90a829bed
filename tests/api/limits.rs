//! Limits, permissions, streams, and stopping from outside.

use chirp::{
    Block, Buffer, Capabilities, ErrorKind, FromSmalltalk, Obj, Progress, Smalltalk, Stop,
};
use std::time::Duration;
use std::{io, thread};

fn why<T: FromSmalltalk>(st: &mut Smalltalk, source: &str) -> Stop {
    reason(st.eval::<T>(source))
}

fn reason<T>(result: chirp::Result<T>) -> Stop {
    match result {
        Err(e) => match e.kind() {
            ErrorKind::Stopped { why, .. } => *why,
            _ => panic!("{e:#}"),
        },
        Ok(_) => panic!("it has an answer"),
    }
}

#[test]
fn fuel_is_for_each_call() {
    let st = &mut Smalltalk::builder().fuel(200_000).build().unwrap();
    for _ in 0..3 {
        assert_eq!(why::<()>(st, "[ true ] whileTrue: [ ]"), Stop::Fuel);
        assert_eq!(
            why::<()>(
                st,
                "[ [ true ] whileTrue: [ ] ] on: Exception do: [:e | 3 ]"
            ),
            Stop::Fuel
        );
        assert_eq!(
            st.eval::<i64>("(1 to: 1000) inject: 0 into: [:a :b | a + b]")
                .unwrap(),
            500_500
        );
    }
    st.set_fuel(None);
    assert_eq!(
        st.eval::<i64>("| n | n := 0. [ n < 1000000 ] whileTrue: [ n := n + 1 ]. n")
            .unwrap(),
        1_000_000
    );
    assert!(st.fuel_used() > 1_000_000);
}

#[test]
fn time_is_for_each_call() {
    let st = &mut Smalltalk::builder()
        .timeout(Duration::from_millis(80))
        .build()
        .unwrap();
    assert_eq!(why::<()>(st, "[ true ] whileTrue: [ ]"), Stop::Deadline);
    assert_eq!(
        why::<()>(st, "(Delay forSeconds: 100) wait"),
        Stop::Deadline
    );
    st.set_timeout(Some(Duration::from_secs(60)));
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
}

/// What takes the machine seconds in one go is done in parts, and limits are heard in between.
#[test]
fn long_work_is_stopped() {
    let programs = [
        "| n | n := 7 raisedTo: 3000000. [ n * n ] repeat",
        "| n | n := (1 << 20000000) - 1. n // ((1 << 9000001) - 3)",
        "(3 raisedTo: 3000000) gcd: (1 << 4000000) - 3",
        "(1 << 20000000) printString",
        "(String new: 5000000 withAll: $7) asInteger",
        "((1 << 100000000) - 1) sqrtFloor",
        "3 raisedTo: (1 << 400000) modulo: (1 << 400000) - 1",
        "| a | a := (1 to: 300000) asArray. [ a copy reversed sort ] repeat",
        "| s | s := String new: 2000000 withAll: $a. [ s copyReplaceAll: 'a' with: 'bc' ] repeat",
        "| s | s := String new: 1000000 withAll: $a. [ s includesSubstring: 'B' caseSensitive: false ] repeat",
    ];
    let st = &mut Smalltalk::new();
    for program in programs {
        st.set_fuel(Some(10_000_000));
        st.set_timeout(None);
        assert_eq!(why::<()>(st, program), Stop::Fuel, "{program}");
        st.set_fuel(None);
        st.set_timeout(Some(Duration::from_millis(30)));
        assert_eq!(why::<()>(st, program), Stop::Deadline, "{program}");
    }
}

/// Source text is read and compiled within the limits of the call, before any of it runs.
#[test]
fn long_sources_are_stopped() {
    let statements = "x := 3 foo: 4. ".repeat(100_000);
    let mut sources = vec![
        format!("#({}) size", "1 a #b ".repeat(200_000)),
        format!("Object subclass: Foo [ bar [ {statements} ] ]"),
        statements.clone(),
    ];
    if cfg!(feature = "packages") {
        sources.push(format!("!Object methodsFor: 'x'!\nbar {statements}! !\n"));
    }
    let st = &mut Smalltalk::new();
    for source in &sources {
        let shown = &source[..20];
        st.set_fuel(Some(100_000));
        assert_eq!(
            reason(st.run_source::<()>("long.st", source)),
            Stop::Fuel,
            "{shown}"
        );
        st.set_fuel(None);
        st.set_timeout(Some(Duration::from_millis(1)));
        assert_eq!(
            reason(st.run_source::<()>("long.st", source)),
            Stop::Deadline,
            "{shown}"
        );
        st.set_timeout(None);
        st.interrupt_handle().stop();
        assert_eq!(
            reason(st.run_source::<()>("long.st", source)),
            Stop::Interrupt,
            "{shown}"
        );
    }
    // The next call knows nothing of that.
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
    let st = &mut Smalltalk::builder().memory(32 << 20).build().unwrap();
    assert_eq!(why::<()>(st, &sources[0]), Stop::Memory);
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
}

/// A script that is too long for one method is compiled in parts, and there is only one text of it.
#[test]
fn the_text_of_a_long_script_counts_once() {
    let st = &mut Smalltalk::builder().memory(64 << 20).build().unwrap();
    let rest = "x := x yourself. ".repeat(30_000);
    let source = format!("x := 0. y := Array new: 1000000. {rest} y size");
    assert_eq!(st.eval::<i64>(&source).unwrap(), 1_000_000);
}

#[test]
fn memory_and_depth_are_errors_that_smalltalk_can_handle() {
    let st = &mut Smalltalk::builder()
        .memory(32 << 20)
        .depth(1000)
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    assert!(
        st.eval::<bool>(
            "[ Array new: 1000000000000. false ] on: Error, OutOfMemory do: [:e | true ]"
        )
        .unwrap()
    );
    let error = st
        .eval::<()>("| all | all := nil. [ all := { all. Array new: 10000 } ] repeat")
        .unwrap_err();
    let told = match error.kind() {
        ErrorKind::Stopped { why, .. } => *why == Stop::Memory,
        ErrorKind::Unhandled { class, .. } => class == "OutOfMemory",
        _ => false,
    };
    assert!(told, "{error:#}");
    st.eval::<()>("all := nil. Smalltalk garbageCollect")
        .unwrap();
    assert!(st.memory_used() < 32 << 20);
    let big = vec![0u8; 40 << 20];
    assert!(matches!(
        st.object(big).unwrap_err().kind(),
        ErrorKind::Stopped {
            why: Stop::Memory,
            ..
        }
    ));

    st.eval::<()>(
        "Integer compile: 'deep ^ self = 0 ifTrue: [ 0 ] ifFalse: [ (self - 1) deep + 1 ]'",
    )
    .unwrap();
    assert_eq!(st.eval::<i64>("900 deep").unwrap(), 900);
    assert_eq!(
        st.eval::<i64>("[ 1000000 deep ] on: StackOverflow do: [:e | -1 ]")
            .unwrap(),
        -1
    );
    assert_eq!(st.eval::<i64>("900 deep").unwrap(), 900);
}

#[test]
fn an_interrupt_can_be_handled_a_stop_cannot() {
    let st = &mut Smalltalk::new();
    let after = |st: &Smalltalk, act: fn(&chirp::InterruptHandle)| {
        let handle = st.interrupt_handle();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            act(&handle);
        })
    };
    let thread = after(st, |h| h.interrupt());
    assert_eq!(
        st.eval::<i64>("[ [ true ] whileTrue: [ ]. 0 ] on: UserInterrupt do: [:e | 5 ]")
            .unwrap(),
        5
    );
    thread.join().unwrap();
    let thread = after(st, |h| h.interrupt());
    let error = st.eval::<()>("[ true ] whileTrue: [ ]").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unhandled { class, .. } if class == "UserInterrupt"),
        "{error}"
    );
    thread.join().unwrap();
    for endless in [
        "[ [ true ] whileTrue: [ ] ] on: UserInterrupt do: [:e | 5 ]",
        "(Delay forSeconds: 100) wait",
    ] {
        let thread = after(st, |h| h.stop());
        assert_eq!(why::<()>(st, endless), Stop::Interrupt);
        thread.join().unwrap();
    }
    st.interrupt_handle().stop();
    st.interrupt_handle().clear();
    assert_eq!(
        st.eval::<i64>("| n | n := 0. [ n < 100000 ] whileTrue: [ n := n + 1 ]. n")
            .unwrap(),
        100_000
    );
}

type Call<'a> = &'a mut dyn FnMut(&mut Smalltalk) -> chirp::Result<()>;

/// While nothing runs, it is the next call that is meant, however short, and no other.
#[test]
fn a_stop_of_nothing_is_for_the_next_call() {
    let st = &mut Smalltalk::new();
    let handle = st.interrupt_handle();
    let three: Obj = st.eval("3").unwrap();
    let same: Block<(i64,), i64> = st.eval("[ :n | n ]").unwrap();
    let mut run = st.start("3 + 4").unwrap();
    let mut again = st.start("3 + 4").unwrap();
    let calls: &mut [Call<'_>] = &mut [
        &mut |st| st.eval::<()>("3 + 4"),
        &mut |st| st.run_source::<()>("short.st", "3"),
        &mut |st| three.send(st, "yourself", ()),
        &mut |st| three.send(st, "+", (4,)),
        &mut |st| same.call(st, (3,)).map(drop),
        &mut |st| run.step::<()>(st, 1000).map(drop),
        &mut |st| st.run_pending(1000).map(drop),
    ];
    for (i, call) in calls.iter_mut().enumerate() {
        handle.stop();
        let error = call(st).unwrap_err();
        assert!(
            matches!(
                error.kind(),
                ErrorKind::Stopped {
                    why: Stop::Interrupt,
                    ..
                }
            ),
            "{i}: {error}"
        );
        assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7, "{i}");
    }
    assert!(run.has_ended());
    // An interrupt is over with a call that is too short for it.
    handle.interrupt();
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
    assert_eq!(st.eval::<i64>("1 to: 100000 do: [ :i | i ]. 5").unwrap(), 5);
    handle.interrupt();
    assert!(matches!(again.step::<i64>(st, 1000), Ok(Progress::Done(7))));
    assert_eq!(st.eval::<i64>("1 to: 100000 do: [ :i | i ]. 5").unwrap(), 5);
    // What was dropped before cleans up all the same.
    st.eval::<()>("ended := false").unwrap();
    let mut run = st
        .start("[ (Delay forSeconds: 100) wait ] ensure: [ ended := true ]")
        .unwrap();
    let _ = run.step::<()>(st, 1000).unwrap();
    drop(run);
    handle.stop();
    assert_eq!(why::<()>(st, "3 + 4"), Stop::Interrupt);
    assert!(st.global::<bool>("ended").unwrap());
}

#[test]
fn streams_are_the_hosts() {
    let (out, err) = (Buffer::new(), Buffer::new());
    let st = &mut Smalltalk::builder()
        .stdout(out.clone())
        .stderr(err.clone())
        .stdin(io::Cursor::new("first\nsecond\n"))
        .build()
        .unwrap();
    st.eval::<()>("Transcript show: 'Grüße'; cr").unwrap();
    assert_eq!(out.text(), "Grüße\n");
    assert_eq!(out.take(), "Grüße\n".as_bytes());
    assert_eq!(out.text(), "");
    assert_eq!(err.text(), "");
    // Without sinks nothing happens.
    Smalltalk::new()
        .eval::<()>("Transcript show: 'lost'")
        .unwrap();
}

/// Instances are moved where their shape changes, which takes as much memory again; another superclass alone is no reason.
#[test]
fn another_superclass_moves_no_instances() {
    let mut st = Smalltalk::builder().memory(18 << 20).build().unwrap();
    st.eval::<()>(
        "Object subclass: #Above. Object subclass: #Below slots: { #a } classVariables: {} package: 'P'.
        all := (1 to: 400000) collect: [ :i | Below new ]. all last instVarNamed: #a put: 7",
    )
    .unwrap();
    let into = |superclass: &str, slots: &str| {
        format!("{superclass} subclass: #Below slots: {slots} classVariables: {{}} package: 'P'")
    };
    st.eval::<()>(&into("Above", "{ #a }")).unwrap();
    let answer = "{ all last class superclass name. all last instVarNamed: #a }";
    assert_eq!(
        st.eval::<(String, i64)>(answer).unwrap(),
        ("Above".to_string(), 7)
    );
    let error = st.eval::<()>(&into("Above", "{ #b. #a }")).unwrap_err();
    assert!(error.to_string().starts_with("OutOfMemory"), "{error}");
    st.eval::<()>("all := all last: 10. Smalltalk garbageCollect")
        .unwrap();
    st.eval::<()>(&into("Above", "{ #b. #a }")).unwrap();
    assert_eq!(st.eval::<i64>("all last instVarNamed: #a").unwrap(), 7);
}

#[test]
#[cfg(not(feature = "net"))]
fn a_build_without_sockets_says_so_and_can_wait() {
    let st = &mut Smalltalk::builder()
        .capabilities(Capabilities::all())
        .build()
        .unwrap();
    let error = st.eval::<()>("Socket newTCP").unwrap_err().to_string();
    assert_eq!(
        error,
        "UndefinedVariable: Socket is not defined: this Chirp was built without the feature net"
    );
    let error = st.eval::<()>("'::1' asSocketAddress").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("was built without the feature net"),
        "{error}"
    );
    let error = st.class("Socket").err().map(|e| e.to_string());
    assert_eq!(
        error.as_deref(),
        Some("there is no class `Socket` without the feature `net`")
    );
    let waited =
        "| s | s := Semaphore new. [ (Delay forMilliseconds: 5) wait. s signal ] fork. s wait. 7";
    assert_eq!(st.eval::<i64>(waited).unwrap(), 7);
}

#[test]
#[cfg(feature = "net")]
fn nothing_outside_without_permission() {
    let connect = "Socket newTCP connectTo: #[127 0 0 1] port: 1";
    let st = &mut Smalltalk::builder()
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    assert!(
        st.eval::<bool>(&format!("[ {connect}. false ] on: Error do: [:e | true ]"))
            .unwrap()
    );
    let denied = st.eval::<()>(connect).unwrap_err().to_string();
    let st = &mut Smalltalk::builder()
        .capabilities(Capabilities::all())
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    let refused = st.eval::<()>(connect).unwrap_err().to_string();
    assert_ne!(denied, refused);
}

#[test]
fn a_limit_goes_through_closures_that_ignore_it() {
    let st = &mut Smalltalk::builder().fuel(200_000).build().unwrap();
    let deaf = st.block(|ctx: &mut chirp::Ctx<'_>, block: chirp::Block<(), i64>| {
        block.call(ctx, ()).unwrap_or(3)
    });
    st.set_global("Deaf", deaf.unwrap()).unwrap();
    assert_eq!(st.eval::<i64>("Deaf value: [ nil foo ]").unwrap(), 3);
    assert_eq!(
        why::<()>(st, "Deaf value: [ [ true ] whileTrue: [ ] ]"),
        Stop::Fuel
    );
    assert_eq!(
        why::<()>(
            st,
            "[ (Deaf value: [ [ true ] whileTrue ]) + 1 ] on: Error do: [:e | 3 ]"
        ),
        Stop::Fuel
    );
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
}

#[test]
fn what_a_buffer_keeps_counts_as_memory() {
    let limit = 8 << 20;
    let (out, err) = (Buffer::new(), Buffer::new());
    let limits = Smalltalk::builder().memory(limit);
    let sinks = limits.stdout(out.clone()).stderr(err.clone());
    let st = &mut sinks.build().unwrap();
    for (endless, buffer) in [
        ("[ Transcript show: 'words of no end, ' ] repeat", &out),
        #[cfg(feature = "files")]
        ("[ Stdio stdout nextPutAll: 'words, words' ] repeat", &out),
        #[cfg(feature = "files")]
        (
            "[ Stdio stderr nextPutAll: 'errors and more of them, ' ] repeat",
            &err,
        ),
        (
            "| s | s := String new: 50000. [ Transcript show: s ] repeat",
            &out,
        ),
    ] {
        assert_eq!(why::<()>(st, endless), Stop::Memory);
        let kept = buffer.take().len();
        assert!(
            (limit / 4..limit * 5 / 4).contains(&kept),
            "{endless}: {kept}"
        );
        assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
    }
    // What was taken makes room.
    for _ in 0..4 {
        st.eval::<()>("| s | s := String new: 50000. 60 timesRepeat: [ Transcript show: s ]")
            .unwrap();
        assert_eq!(out.take().len(), 3_000_000);
    }
}

/// What a value says of itself is no reason for the account to overflow.
#[test]
fn a_value_may_say_that_it_weighs_everything() {
    struct Heavy(usize);
    impl chirp::HostClass for Heavy {
        const NAME: &'static str = "Heavy";
        fn define(c: &mut chirp::ClassDef<'_, Self>) -> chirp::Result<()> {
            c.class_method("of:", |n: usize| chirp::New(Heavy(n)))
                .method("be:", |heavy: &mut Heavy, n: usize| heavy.0 = n);
            Ok(())
        }
        fn heap_size(&self) -> usize {
            self.0
        }
    }
    let st = &mut Smalltalk::builder().memory(32 << 20).build().unwrap();
    st.register::<Heavy>().unwrap();
    st.set_global("Most", usize::MAX).unwrap();
    let refused = "[ Heavy of: Most. false ] on: OutOfMemory do: [ :e | true ]";
    assert!(st.eval::<bool>(refused).unwrap());
    st.eval::<()>("light := Heavy of: 3").unwrap();
    let grows = "light be: Most. Smalltalk garbageCollect. [ true ] whileTrue: [ ]";
    assert_eq!(why::<()>(st, grows), Stop::Memory);
    st.eval::<()>("light be: 3").unwrap();
    st.eval::<()>("light := nil. Smalltalk garbageCollect")
        .unwrap();
    assert_eq!(st.eval::<i64>("(Array new: 100000) size").unwrap(), 100_000);
}

/// A call has its answer, but one that another Process made inside it has not returned: it waits for that as for
/// anything else.
#[test]
fn a_call_waits_for_the_one_inside_it_within_its_limits() {
    let limits = Smalltalk::builder().timeout(Duration::from_millis(80));
    let st = &mut limits.build().unwrap();
    let call =
        st.block(|ctx: &mut chirp::Ctx<'_>, block: chirp::Block<(), i64>| block.call(ctx, ()));
    st.set_global("Call", call.unwrap()).unwrap();
    let mut inside = |wait: &str| {
        let source = format!(
            "x := 0. [ x := [ Call value: [ {wait}. 5 ] ] on: Deadlock do: [:e | -1 ] ] fork. Processor yield. 4"
        );
        let result = st.eval::<i64>(&source);
        (result, st.global::<i64>("x").unwrap())
    };
    let (result, x) = inside("(Delay forMilliseconds: 3) wait");
    assert_eq!(result.unwrap(), 4);
    assert!(x == 0 || x == 5, "{x}");
    // Nobody will ever signal it: that ends the inner call, and so the outer one goes on.
    assert_eq!(inside("Semaphore new wait").0.unwrap(), 4);
    let (result, _) = inside("(Delay forSeconds: 1000) wait");
    let error = result.unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Stopped {
                why: Stop::Deadline,
                ..
            }
        ),
        "{error}"
    );
    let stop = st.interrupt_handle();
    st.set_timeout(None);
    let stopping = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        stop.stop();
    });
    let source = "[ Call value: [ (Delay forSeconds: 1000) wait. 5 ] ] fork. Processor yield. 4";
    assert_eq!(why::<i64>(st, source), Stop::Interrupt);
    stopping.join().unwrap();
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
}

#[test]
fn a_machine_in_which_the_host_panicked_is_not_used_again() {
    struct Fragile(bool);
    impl io::Write for Fragile {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !std::mem::replace(&mut self.0, true) {
                panic!("the sink panicked");
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut st = Smalltalk::builder().stdout(Fragile(false)).build().unwrap();
    for text in [
        "Transcript show: (String new: 100000 withAll: $x); flush",
        "3 + 4",
    ] {
        let error = st.eval::<i64>(text).unwrap_err();
        let said = "the machine panicked and cannot go on: the sink panicked";
        assert!(matches!(error.kind(), ErrorKind::Broken { .. }), "{error}");
        assert_eq!(error.to_string(), said);
    }
}

/// A Stop in the middle of a step is the end of that step as well: nothing is left of it for the next call.
#[test]
fn a_stop_in_the_middle_of_a_step() {
    let st = &mut Smalltalk::builder().fuel(300_000).build().unwrap();
    let steps = "p := [ [ true ] whileTrue: [ ] ] newProcess. [ true ] whileTrue: [ p step ]";
    for fuel in 299_990..300_010 {
        st.set_fuel(Some(fuel));
        assert_eq!(why::<()>(st, steps), Stop::Fuel);
        st.set_fuel(None);
        let work = "(1 to: 1000) inject: 0 into: [ :a :b | a + b ]";
        assert_eq!(st.eval::<i64>(work).unwrap(), 500_500);
    }
}

#[test]
fn what_filled_the_memory_does_not_stay_on_the_stack() {
    let st = &mut Smalltalk::builder().memory(24 << 20).build().unwrap();
    st.eval::<()>("Object subclass: #Deep. Deep class compile: 'named: x ^ self new -> x'")
        .unwrap();
    for source in [
        "[ | all | all := OrderedCollection new. [ all add: (Array new: 1000) ] repeat ] value",
        "[ | all | all := OrderedCollection new. 2900 timesRepeat: [ all add: (Array new: 1000) ]. 3 ] value",
    ] {
        let _ = st.eval::<()>(source);
        // The next frames come to lie where those of the last call were.
        st.eval::<()>("(1 to: 20) do: [ :i | (Deep named: 'x') hash. Array new: 100000 ]")
            .unwrap();
    }
}
