//! What no handler sees: each limit and each stop, what cleans up after it, and what cannot make use of that.

use chirp::{
    AsCtx, Block, Buffer, Builder, Ctx, ErrorKind, InterruptHandle, Obj, Progress, Smalltalk, Stop,
};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Whatever hangs, hangs longer than this.
const GUARD: Duration = Duration::from_secs(60);

fn machine(set: impl FnOnce(Builder) -> Builder) -> (Smalltalk, Buffer) {
    let output = Buffer::new();
    let builder = set(Smalltalk::builder()).stdout(output.clone());
    (builder.build().unwrap(), output)
}

fn why(error: &chirp::Error) -> Stop {
    match error.kind() {
        ErrorKind::Stopped { why, .. } => *why,
        _ => panic!("{error:#}"),
    }
}

#[track_caller]
fn stopped(st: &mut Smalltalk, source: &str) -> Stop {
    match st.eval::<Obj>(source) {
        Err(error) => why(&error),
        Ok(_) => panic!("it has an answer: {source}"),
    }
}

/// Acts on the machine soon, from another thread.
fn soon(st: &Smalltalk, act: fn(&InterruptHandle)) -> JoinHandle<()> {
    let handle = st.interrupt_handle();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(30));
        act(&handle);
    })
}

/// A program that works until it is stopped, in handlers that want to go on, with something to clean up at each level.
fn guarded(work: &str) -> String {
    format!(
        "| tried |
        [ [ [ [ [ {work} ] ensure: [ Transcript show: 'a' ] ]
            ifCurtailed: [ Transcript show: 'b' ] ]
            on: Exception do: [ :e | Transcript show: 'handled'. e retry ] ]
            on: Error, StackOverflow do: [ :e | Transcript show: 'handled'. e resume: 1 ] ]
            ensure: [ Transcript show: 'c' ].
        Transcript show: 'went on'"
    )
}

const ENDLESS: &str = "[ true ] whileTrue";
const CLEANED: &str = "abc";

#[test]
fn fuel_time_and_stops_run_what_cleans_up() {
    let (mut st, output) = machine(|b| b);
    for _ in 0..3 {
        st.set_fuel(Some(100_000));
        assert_eq!(stopped(&mut st, &guarded(ENDLESS)), Stop::Fuel);
        assert_eq!(output.take(), CLEANED.as_bytes());
        st.set_fuel(None);
        st.set_timeout(Some(Duration::from_millis(20)));
        let waits =
            "[ :s | [ (Delay forSeconds: 100) wait. s signal ] fork. s wait ] value: Semaphore new";
        for work in [ENDLESS, "(Delay forSeconds: 100) wait", waits] {
            assert_eq!(stopped(&mut st, &guarded(work)), Stop::Deadline);
            assert_eq!(output.text(), CLEANED);
            output.take();
        }
        st.set_timeout(None);
        for work in [ENDLESS, "(Delay forSeconds: 100) wait"] {
            let thread = soon(&st, |handle| handle.stop());
            assert_eq!(stopped(&mut st, &guarded(work)), Stop::Interrupt);
            thread.join().unwrap();
            assert_eq!(output.text(), CLEANED);
            output.take();
        }
        assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
    }
}

/// What programs that were dropped still do at the begin of a call does not use up the stop that is for the call.
#[test]
fn a_stop_is_not_for_programs_that_were_dropped() {
    let (mut st, output) = machine(|b| b.timeout(GUARD));
    let drop_one = |st: &mut Smalltalk, cleans: &str| {
        let text = format!("[ (Delay forSeconds: 100) wait ] ensure: [ {cleans} ]");
        let mut run = st.start(&text).unwrap();
        assert!(matches!(run.step::<()>(st, 1000), Ok(Progress::Waiting(_))));
    };
    for cleans in [
        "Transcript show: 'a'",
        ENDLESS,
        "1 to: 100000 do: [ :i | i foo: i ] on: Error do: [ :e | ]",
    ] {
        drop_one(&mut st, cleans);
        st.interrupt_handle().stop();
        assert_eq!(stopped(&mut st, "3 + 4"), Stop::Interrupt, "{cleans}");
        assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
    }
    assert!(output.text().starts_with('a'));
    // One that comes while they clean up is for the call as well.
    drop_one(&mut st, ENDLESS);
    let thread = soon(&st, |handle| handle.stop());
    assert_eq!(stopped(&mut st, ENDLESS), Stop::Interrupt);
    thread.join().unwrap();
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
}

/// Many small objects are a stop, or one too many an exception, which may be handled as ever. What cleans up has some
/// memory to do it in.
#[test]
fn memory_runs_what_cleans_up() {
    let (mut st, output) = machine(|b| b.memory(24 << 20).timeout(GUARD));
    for _ in 0..5 {
        let text = "| all | [ [ all := { all. String new: 100 } ] repeat ]
            ensure: [ Transcript show: (String new: 100000) size printString ]";
        match st.eval::<Obj>(text).unwrap_err().kind() {
            ErrorKind::Stopped { why, .. } => assert_eq!(*why, Stop::Memory),
            ErrorKind::Unhandled { class, .. } => assert_eq!(class, "OutOfMemory"),
            other => panic!("{other:?}"),
        }
        assert_eq!(output.text(), "100000");
        output.take();
        st.eval::<()>("all := nil").unwrap();
    }
    st.eval::<()>("Smalltalk garbageCollect").unwrap();
    assert!(st.memory_used() < 16 << 20);
}

/// The memory to clean up in is not given once more to whoever is stopped once more.
#[test]
fn memory_to_clean_up_in_does_not_grow() {
    let limit = 24 << 20;
    let (mut st, _) = machine(|b| b.memory(limit).fuel(100_000).timeout(GUARD));
    st.eval::<()>("kept := OrderedCollection new").unwrap();
    let text =
        "[ [ true ] whileTrue: [ ] ] ensure: [ [ kept add: (ByteArray new: 100000) ] repeat ]";
    for _ in 0..10 {
        assert!(st.eval::<()>(text).is_err());
        assert!(st.memory_used() < limit + (3 << 20), "{}", st.memory_used());
    }
    assert_eq!(
        st.eval::<i64>("kept := nil. Smalltalk garbageCollect. 3")
            .unwrap(),
        3
    );
}

/// A handler of the overflow that recurses, with handlers outside that do so as well.
#[test]
fn hard_depth_is_a_stop() {
    let (mut st, output) = machine(|b| b.depth(2000).timeout(GUARD));
    st.eval::<()>(
        "Object compile: 'down ^ [ self down + 1 ] on: StackOverflow do: [ :e | self down ]'",
    )
    .unwrap();
    let text = "[ 3 down ] ensure: [ Transcript show: 'cleaned' ]. Transcript show: 'went on'";
    let error = st.eval::<Obj>(text).unwrap_err();
    assert_eq!(why(&error), Stop::Depth);
    assert_eq!(output.text(), "cleaned");
    assert!(format!("{error:#}").contains("nested"), "{error:#}");
    // A Process that nobody waits for just fails.
    st.eval::<()>("[ 3 down ] fork. Processor yield").unwrap();
    assert_eq!(st.take_failures().len(), 1);
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
}

#[test]
fn the_first_interrupt_is_an_exception_and_the_second_a_stop() {
    let (mut st, output) = machine(|b| b);
    let hung = "[ [ true ] whileTrue ] on: UserInterrupt do: [ :e | Transcript show: 'again '. [ true ] whileTrue ]";
    let text = format!("[ {hung} ] ensure: [ Transcript show: 'cleaned' ]");
    let handle = st.interrupt_handle();
    let thread = thread::spawn(move || {
        thread::sleep(Duration::from_millis(30));
        handle.interrupt();
        thread::sleep(Duration::from_millis(50));
        handle.stop();
    });
    assert_eq!(stopped(&mut st, &text), Stop::Interrupt);
    thread.join().unwrap();
    assert_eq!(output.text(), "again cleaned");
    output.take();
    // Not handled, it ends the program as any exception does.
    let thread = soon(&st, |handle| handle.interrupt());
    let error = st.eval::<Obj>("[ [ true ] whileTrue ] ensure: [ Transcript show: 'c' ]");
    let error = error.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unhandled { class, .. } if class == "UserInterrupt"));
    thread.join().unwrap();
    assert_eq!(output.text(), "c");
}

/// What a clean-up block may try. None of it goes on for long, nothing of the program goes on behind it, and what
/// stands further out is still cleaned up.
#[test]
fn hostile_clean_up_blocks() {
    let blocks = [
        "[ true ] whileTrue",
        "[ [ true ] whileTrue ] ensure: [ [ true ] whileTrue ]",
        "[ [ true ] whileTrue ] on: Exception do: [ :e | e retry ]",
        "(Delay forSeconds: 1000) wait",
        "Semaphore new wait",
        "Semaphore new waitTimeoutSeconds: 1000",
        "[ [ true ] whileTrue ] forkAt: 80. [ true ] whileTrue",
        "[ [ true ] whileTrue ] forkAt: 80",
        "1000 timesRepeat: [ [ (Delay forSeconds: 1000) wait ] fork ]. Processor yield",
        "Error signal: 'dropped'",
        "nil foo",
        "Warning signal",
        "Exception signal",
        "Object new halt",
        "^ 3",
        "home value: 3",
        "Processor terminateActive",
        "Processor activeProcess terminate",
        "Processor activeProcess suspend",
        "[ :p | [ p terminate ] fork. (Delay forSeconds: 1000) wait ] value: Processor activeProcess",
        "thisContext sender restart",
        "thisContext home restart",
        "thisContext home return: 3",
        "caught return: 3",
        "caught retry",
        "caught resume: 3",
        "Processor activeProcess priority: 10. [ [ true ] whileTrue ] fork. Processor yield",
        "Object compile: 'deeper ^ self deeper + 1'. 3 deeper",
        "Object compile: 'deeper ^ [ self deeper + 1 ] ensure: [ self deeper ]'. 3 deeper",
        "| all | [ all := { all. String new: 1000 } ] repeat",
        "Array new: 1000000000",
        "[ :b | [ b value: b ] ensure: [ b value: b ] ] in: [ :b | b value: b ]",
        "Smalltalk at: #Kept put: [ Transcript show: 'kept' ]. Kept fork",
        "deaf value: [ [ true ] whileTrue ]",
        "deaf value: [ nil foo ]",
        "deaf value: [ ^ 3 ]",
        "(7 raisedTo: 300000) * (7 raisedTo: 300000)",
        "Smalltalk garbageCollect. [ true ] whileTrue",
        "Processor activeProcess signalException: Error new",
        "BlockClosure compile: 'valueTwice ^ self value; value'. [ [ true ] whileTrue ] valueTwice",
    ];
    for block in blocks {
        let (mut st, output) = machine(|b| b.memory(48 << 20).depth(5000));
        let deaf =
            st.block(|ctx: &mut Ctx<'_>, block: Block<(), i64>| block.call(ctx, ()).unwrap_or(3));
        st.set_global("deaf", deaf.unwrap()).unwrap();
        let text = format!(
            "| home caught |
            home := [ :v | ^ v ].
            [ Error signal ] on: Error do: [ :e | caught := e ].
            [ [ [ [ true ] whileTrue ] ensure: [ {block}. Transcript show: ' end' ] ]
                ensure: [ Transcript show: ' outer' ] ]
                on: Exception do: [ :e | Transcript show: ' handled'. e return: 3 ].
            Transcript show: ' went on'"
        );
        for stop in [Stop::Fuel, Stop::Deadline] {
            st.set_fuel((stop == Stop::Fuel).then_some(100_000));
            st.set_timeout((stop == Stop::Deadline).then_some(Duration::from_millis(10)));
            // Where nobody gets the processor for a while, the time may be over before the last block's turn.
            let said = (0..10).find_map(|_| {
                output.take();
                assert_eq!(stopped(&mut st, &text), stop, "{block}");
                let said = output.text();
                assert!(
                    !said.contains("handled") && !said.contains("went on"),
                    "{block}: {said}"
                );
                said.ends_with(" outer").then_some(said)
            });
            assert!(said.is_some(), "{block}: what is further out did not run");
            st.set_fuel(None);
            st.set_timeout(None);
            assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7, "{block}");
        }
    }
}

/// The reserve is one for all: thousands that hang do not add up.
#[test]
fn many_clean_up_blocks_share_one_reserve() {
    let (mut st, _) = machine(|b| b.fuel(100_000));
    st.eval::<()>("Object compile: 'nest: n ^ [ n = 0 ifTrue: [ [ true ] whileTrue ] ifFalse: [ self nest: n - 1 ] ] ensure: [ [ true ] whileTrue ]'")
        .unwrap();
    let before = st.fuel_used();
    assert_eq!(
        stopped(&mut st, "[ 3 nest: 1000 ] ensure: [ Transcript show: 'x' ]"),
        Stop::Fuel
    );
    assert!(
        st.fuel_used() - before < 1_500_000,
        "{}",
        st.fuel_used() - before
    );
    // A thousand that do not hang all run, unless nobody gets the processor for a while.
    st.eval::<()>("Smalltalk at: #Count put: 0. Object compile: 'nest: n ^ [ n = 0 ifTrue: [ [ true ] whileTrue ] ifFalse: [ self nest: n - 1 ] ] ensure: [ Count := Count + 1 ]'")
        .unwrap();
    let all = (0..10).any(|_| {
        st.set_global("Count", 0).unwrap();
        assert_eq!(stopped(&mut st, "3 nest: 1000"), Stop::Fuel);
        st.global::<i64>("Count").unwrap() == 1001
    });
    assert!(all);
}

/// What is cut on the way through Rust closures is cleaned up, from the inside out.
#[test]
fn levels_of_rust_are_left_one_by_one() {
    let (mut st, output) = machine(|b| b.fuel(100_000));
    let deaf =
        st.block(|ctx: &mut Ctx<'_>, block: Block<(), i64>| block.call(ctx, ()).unwrap_or(3));
    st.set_global("Deaf", deaf.unwrap()).unwrap();
    let text = "[ Deaf value: [ [ Deaf value: [ [ [ true ] whileTrue ] ensure: [ Transcript show: '1' ] ] ]
        ensure: [ Deaf value: [ Transcript show: '2'. 5 ] ] ] ] ensure: [ Transcript show: '3' ]";
    assert_eq!(stopped(&mut st, text), Stop::Fuel);
    assert_eq!(output.text(), "123");
    assert_eq!(st.eval::<i64>("Deaf value: [ 7 ]").unwrap(), 7);
}

/// `Smalltalk exit:` ends a program at once, as in Pharo; in a clean-up block it ends that, and the limit is what is told.
#[test]
fn exit_in_a_clean_up_block() {
    let (mut st, output) = machine(|b| b.fuel(100_000));
    let error = st
        .eval::<Obj>("[ Smalltalk exit: 3 ] ensure: [ Transcript show: 'no' ]")
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Exit(3)), "{error}");
    let text = "[ [ [ true ] whileTrue ] ensure: [ Transcript show: 'a'. Smalltalk exit: 3 ] ] ensure: [ Transcript show: 'no' ]";
    assert_eq!(stopped(&mut st, text), Stop::Fuel);
    assert_eq!(output.text(), "a");
}

#[test]
fn a_stop_within_the_reserve_ends_it() {
    let (mut st, output) = machine(|b| b);
    let text = "[ [ [ true ] whileTrue ] ensure: [ Transcript show: 'a'. (Delay forSeconds: 100) wait ] ] ensure: [ Transcript show: 'no' ]";
    for second in [InterruptHandle::stop, InterruptHandle::interrupt] {
        let handle = st.interrupt_handle();
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            handle.stop();
            thread::sleep(Duration::from_millis(20));
            second(&handle);
        });
        assert_eq!(stopped(&mut st, text), Stop::Interrupt);
        thread.join().unwrap();
        st.interrupt_handle().clear();
        output.take();
    }
}

#[test]
fn a_program_in_slices_cleans_up() {
    let (mut st, output) = machine(|b| b);
    let work = guarded(ENDLESS);
    st.set_fuel(Some(100_000));
    let mut run = st.start(&work).unwrap();
    let error = loop {
        match run.step::<Obj>(&mut st, 10_000) {
            Ok(Progress::Done(_)) => panic!("it has an end"),
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(why(&error), Stop::Fuel);
    assert_eq!(output.text(), CLEANED);
    assert!(run.has_ended());
    assert!(error.place().is_some(), "{error:#}");
    output.take();
    st.set_fuel(None);
    let mut run = st.start(&guarded("(Delay forSeconds: 100) wait")).unwrap();
    let _ = run.step::<Obj>(&mut st, 10_000).unwrap();
    st.interrupt_handle().stop();
    assert_eq!(
        why(&run.step::<Obj>(&mut st, 10_000).unwrap_err()),
        Stop::Interrupt
    );
    assert_eq!(output.text(), CLEANED);
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
}

/// A machine that goes takes its Processes with it.
#[test]
fn a_machine_that_is_dropped_ends_its_programs() {
    let (mut st, output) = machine(|b| b);
    let mut runs = Vec::new();
    for block in [
        "Transcript show: 'a'",
        "[ true ] whileTrue",
        "(Delay forSeconds: 100) wait",
        "nil foo",
        "Transcript show: 'a'",
    ] {
        let mut run = st
            .start(&format!(
                "[ (Delay forSeconds: 100) wait ] ensure: [ {block} ]"
            ))
            .unwrap();
        let _ = run.step::<Obj>(&mut st, 1000).unwrap();
        runs.push(run);
    }
    // One that has not begun has nothing to clean up, and one that is dropped before is no other.
    runs.push(st.start("[ 3 ] ensure: [ Transcript show: 'no' ]").unwrap());
    drop(runs.remove(0));
    st.eval::<()>(
        "[ [ Semaphore new wait ] ensure: [ Transcript show: 'f' ] ] fork. Processor yield",
    )
    .unwrap();
    drop(st);
    let mut said = output.text().into_bytes();
    said.sort();
    assert_eq!(String::from_utf8(said).unwrap(), "aaf");
    for mut run in runs {
        let other = &mut Smalltalk::new();
        assert!(matches!(
            run.step::<Obj>(other, 10).unwrap_err().kind(),
            ErrorKind::ForeignHandle
        ));
    }
}

#[test]
fn nothing_is_enough() {
    let (mut st, output) = machine(|b| b.fuel(0));
    let text = "Transcript show: 'ran'. 3 + 4";
    assert_eq!(stopped(&mut st, text), Stop::Fuel);
    st.set_fuel(None);
    st.set_timeout(Some(Duration::ZERO));
    assert_eq!(stopped(&mut st, text), Stop::Deadline);
    assert_eq!(
        why(&st
            .start(text)
            .unwrap()
            .step::<Obj>(&mut st, 1000)
            .unwrap_err()),
        Stop::Deadline
    );
    st.set_timeout(None);
    assert_eq!(output.text(), "");
    assert_eq!(st.eval::<i64>(text).unwrap(), 7);
    let error = Smalltalk::builder().memory(0).build().unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("memory: the library alone takes "),
        "{error}"
    );
}

#[test]
fn a_stop_tells_where_it_was() {
    let (mut st, _) = machine(|b| b.fuel(100_000));
    let text = "| n |\nn := 0.\n[ n < 1000000000 ]\n    whileTrue: [ n := n + 1 ]";
    let error = st.run_source::<Obj>("count.st", text).unwrap_err();
    let place = error.place().unwrap();
    assert!(
        place.file == Some("count.st") && (3..=4).contains(&place.line),
        "{error:#}"
    );
    assert_eq!(error.to_string(), "stopped: out of fuel");
    let ErrorKind::Stopped { trace, .. } = error.kind() else {
        panic!()
    };
    assert_eq!(trace.frames()[0].name, "script");

    // That of the Process that ran, innermost first, and its middle left out where it is long.
    st.eval::<()>("Object compile: 'nest: n ^ n = 0 ifTrue: [ [ true ] whileTrue ] ifFalse: [ self nest: n - 1 ]'").unwrap();
    let error = st
        .eval::<Obj>("[ 3 nest: 1000 ] forkAt: 50. (Delay forSeconds: 100) wait")
        .unwrap_err();
    let ErrorKind::Stopped { trace, .. } = error.kind() else {
        panic!("{error:#}")
    };
    assert_eq!(trace.frames()[0].name, "SmallInteger(Object)>>nest:");
    assert!(trace.omitted() > 900 && trace.frames().len() <= 40);
    let mut st = Smalltalk::new();
    st.set_timeout(Some(Duration::from_millis(20)));
    let error = st
        .as_ctx()
        .eval::<Obj>("3 + 4.\n(Delay forSeconds: 100) wait")
        .unwrap_err();
    assert_eq!(
        error.place().map(|p| (p.line, p.column)),
        Some((2, 25)),
        "{error:#}"
    );
}

static HANDLE: OnceLock<InterruptHandle> = OnceLock::new();
static SIGNALS: AtomicU32 = AtomicU32::new(0);

extern "C" fn interrupt(_: libc::c_int) {
    if let Some(handle) = HANDLE.get() {
        handle.interrupt();
        handle.clear();
    }
    SIGNALS.fetch_add(1, Ordering::Relaxed);
}

/// A handler runs on the thread of the machine, in the middle of whatever that does: also of waiting.
#[test]
fn a_signal_handler_may_interrupt_its_own_thread() {
    let (mut st, _) = machine(|b| b.timeout(GUARD));
    HANDLE.set(st.interrupt_handle()).expect("nobody else");
    // SAFETY: the handler sets atomics and writes to a pipe, and both are allowed to it.
    let this = unsafe {
        libc::signal(libc::SIGUSR2, interrupt as *const () as libc::sighandler_t);
        libc::pthread_self()
    };
    let sender = thread::spawn(move || {
        while SIGNALS.load(Ordering::Relaxed) < 20_000 {
            // SAFETY: the thread lives until this one has ended: it is joined.
            unsafe { libc::pthread_kill(this, libc::SIGUSR2) };
        }
    });
    // What has been asked for before it was taken back may happen.
    while !sender.is_finished() {
        match st.eval::<()>("1000 timesRepeat: [ Processor yield ]") {
            Ok(()) => {}
            Err(error) => assert!(error.to_string().starts_with("UserInterrupt"), "{error:#}"),
        }
    }
    sender.join().unwrap();
    st.interrupt_handle().clear();
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
}
