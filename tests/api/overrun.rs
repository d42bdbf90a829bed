//! What a Stop ends: the call, and the Process that ran when it came. The others go on.

use chirp::{Block, Ctx, ErrorKind, Obj, Progress, Smalltalk, Stop};
use std::thread;
use std::time::Duration;

const PAUSE: &str = "(Delay forMilliseconds: 1) wait. 7";

fn why(error: &chirp::Error) -> Stop {
    match error.kind() {
        ErrorKind::Stopped { why, .. } => *why,
        other => panic!("{other:?}"),
    }
}

/// Processes that leave nothing to others once they run.
const BUSY: [&str; 5] = [
    "[ [ true ] whileTrue ] fork",
    "[ [ true ] whileTrue ] forkAt: 70",
    "[ [ [ true ] whileTrue ] ensure: [ ended := ended + 1 ] ] forkAt: 60",
    "[ [ [ true ] whileTrue ] ensure: [ [ true ] whileTrue ] ] fork",
    "FinalizationRegistry default add: Object new finalizer: (ObjectFinalizer receiver: [ :x | [ true ] whileTrue ] selector: #value: argument: 7). Smalltalk garbageCollect",
];

#[test]
fn whoever_used_it_up_ends_as_well() {
    for busy in BUSY {
        let mut st = Smalltalk::builder().fuel(100_000).build().unwrap();
        st.eval::<()>("ended := 0. worked := 0. gate := Semaphore new. [ [ gate wait. worked := worked + 1 ] repeat ] fork")
            .unwrap();
        let started = st.eval::<()>(&format!("{busy}. {PAUSE}"));
        assert_eq!(why(&started.unwrap_err()), Stop::Fuel, "{busy}");
        // There is nobody left who would use up what the next ones have; who only waited is there.
        for n in 1..4 {
            let source = format!("gate signal. {PAUSE}. worked");
            assert_eq!(st.eval::<i64>(&source).unwrap(), n, "{busy}");
        }
        let ended = st.eval::<i64>("ended").unwrap();
        assert_eq!(ended, i64::from(busy.contains("ended")), "{busy}");
    }
}

#[test]
fn time_memory_and_interrupts_as_well() {
    let busy = "[ [ true ] whileTrue ] forkAt: 50";
    let mut st = Smalltalk::new();
    st.set_timeout(Some(Duration::from_millis(100)));
    assert_eq!(why(&st.eval::<()>(busy).unwrap_err()), Stop::Deadline);
    st.set_timeout(Some(Duration::from_secs(60)));
    assert_eq!(st.eval::<i64>(PAUSE).unwrap(), 7);
    let handle = st.interrupt_handle();
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        handle.stop();
    });
    assert_eq!(why(&st.eval::<()>(busy).unwrap_err()), Stop::Interrupt);
    other.join().unwrap();
    assert_eq!(st.eval::<i64>(PAUSE).unwrap(), 7);
    // What has no room for more fails by itself.
    let mut st = Smalltalk::builder().memory(24 << 20).build().unwrap();
    let greedy = "[ | all | all := OrderedCollection new. [ all add: (Array new: 1000) ] repeat ] forkAt: 50";
    let _ = st.eval::<()>(greedy);
    assert_eq!(st.eval::<i64>(PAUSE).unwrap(), 7);
}

#[test]
fn a_call_that_is_busy_itself_ends_alone() {
    let mut st = Smalltalk::builder().fuel(100_000).build().unwrap();
    st.eval::<()>("n := 0. [ [ n := n + 1. Processor yield ] repeat ] fork")
        .unwrap();
    let error = st.eval::<()>("[ true ] whileTrue").unwrap_err();
    assert_eq!(why(&error), Stop::Fuel);
    let before = st.eval::<i64>("Processor yield. n").unwrap();
    assert!(
        st.eval::<i64>("Processor yield. Processor yield. n")
            .unwrap()
            > before
    );
}

#[test]
fn in_slices_and_inside_closures() {
    let mut st = Smalltalk::builder().fuel(100_000).build().unwrap();
    st.eval::<()>("[ [ true ] whileTrue ] fork").unwrap();
    let mut turns = 0;
    let error = loop {
        match st.run_pending(10_000) {
            Ok(Progress::OutOfFuel) if turns < 5 => turns += 1,
            Ok(Progress::OutOfFuel) => {
                break st.run_pending(u64::MAX).unwrap_err();
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(why(&error), Stop::Fuel);
    assert!(matches!(st.run_pending(10_000), Ok(Progress::Done(()))));
    // Beside a program in slices.
    let mut run = st
        .start("[ [ true ] whileTrue ] forkAt: 50. 3 + 4")
        .unwrap();
    let error = loop {
        match run.step::<i64>(&mut st, 10_000) {
            Ok(Progress::OutOfFuel) => {}
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(why(&error), Stop::Fuel);
    assert_eq!(st.eval::<i64>(PAUSE).unwrap(), 7);
    let mut run = st.start(PAUSE).unwrap();
    let value = loop {
        match run.step::<i64>(&mut st, 10_000).unwrap() {
            Progress::Done(value) => break value,
            Progress::OutOfFuel => {}
            Progress::Waiting(waiting) => waiting.wait(None),
        }
    };
    assert_eq!(value, 7);
    // Inside a closure that Smalltalk has called, the same.
    let call = st.block(|ctx: &mut Ctx<'_>, block: Block<(), Obj>| block.call(ctx, ()));
    st.set_global("Call", call.unwrap()).unwrap();
    let source = "Call value: [ Call value: [ [ [ true ] whileTrue ] forkAt: 50. 3 ] ]";
    assert_eq!(why(&st.eval::<()>(source).unwrap_err()), Stop::Fuel);
    assert_eq!(
        st.eval::<i64>(&format!("Call value: [ {PAUSE} ]")).unwrap(),
        7
    );
}
