//! Converting what a call answers is part of the call: its limits hold for it.

use chirp::{Ctx, ErrorKind, FromSmalltalk, Obj, Result, Smalltalk, Stop};
use std::thread;
use std::time::Duration;

#[track_caller]
fn why<T>(result: Result<T>) -> Stop {
    match result {
        Ok(_) => panic!("it has an answer"),
        Err(error) => match error.kind() {
            ErrorKind::Stopped { why, .. } => *why,
            _ => panic!("{error:#}"),
        },
    }
}

/// Arrays inside Arrays, however deep. Converting them sends no message.
struct Tree(Vec<Tree>);

impl FromSmalltalk for Tree {
    fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Tree> {
        Vec::from_smalltalk(ctx, object).map(Tree)
    }
}

impl Tree {
    fn size(&self) -> usize {
        1 + self.0.iter().map(Tree::size).sum::<usize>()
    }
}

/// Few objects, and more parts than anybody can convert.
const ENDLESS: &str = "| a | a := #(). 60 timesRepeat: [ a := { a. a } ]. a";

/// A collection that takes its time to become an Array, and does not end when others do.
const SLOW: &str = "
    Collection subclass: #Slow.
    Slow compile: 'do: aBlock aBlock value: 1'.
    Slow compile: 'asArray | n | n := 0. [ n < 100000 ] whileTrue: [ n := n + 1 ]. ^ { n }'.
    slow := (1 to: 20) asArray collect: [ :each | Slow new ]";

#[test]
fn what_messages_of_a_conversion_use_is_one_sum() {
    let st = &mut Smalltalk::new();
    st.eval::<()>(SLOW).unwrap();
    let all = st.eval::<Vec<Vec<i64>>>("slow").unwrap();
    assert_eq!((all.len(), all[0][0]), (20, 100_000));
    st.set_fuel(Some(500_000));
    let list: Obj = st.eval("slow").unwrap();
    assert_eq!(why(st.eval::<Vec<Vec<i64>>>("slow")), Stop::Fuel);
    assert_eq!(
        why(list.send::<Vec<Vec<i64>>>(st, "yourself", ())),
        Stop::Fuel
    );
    assert_eq!(why(list.get::<Vec<Vec<i64>>>(st)), Stop::Fuel);
    assert_eq!(why(st.global::<Vec<Vec<i64>>>("slow")), Stop::Fuel);
    assert_eq!(st.eval::<Vec<Vec<i64>>>("slow first: 2").unwrap().len(), 2);
    let mut run = st.start("slow").unwrap();
    assert_eq!(why(run.step::<Vec<Vec<i64>>>(st, 1000)), Stop::Fuel);
}

#[test]
fn conversions_without_messages_end_as_well() {
    let st = &mut Smalltalk::new();
    let few: Tree = st.eval("#(() (() ()))").unwrap();
    assert_eq!(few.size(), 5);
    let endless: Obj = st.eval(ENDLESS).unwrap();
    st.set_fuel(Some(1_000_000));
    assert_eq!(why(st.eval::<Tree>(ENDLESS)), Stop::Fuel);
    assert_eq!(why(endless.get::<Tree>(st)), Stop::Fuel);
    let mut run = st.start(ENDLESS).unwrap();
    assert_eq!(why(run.step::<Tree>(st, 100_000)), Stop::Fuel);
    st.set_fuel(None);
    st.set_timeout(Some(Duration::from_millis(30)));
    assert_eq!(why(endless.get::<Tree>(st)), Stop::Deadline);
    st.set_timeout(None);
    for act in [
        chirp::InterruptHandle::stop,
        chirp::InterruptHandle::interrupt,
    ] {
        let handle = st.interrupt_handle();
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            act(&handle);
        });
        assert_eq!(why(endless.get::<Tree>(st)), Stop::Interrupt);
        thread.join().unwrap();
        // It is over with that.
        assert_eq!(st.eval::<Tree>("#(())").unwrap().size(), 2);
        assert_eq!(endless.send::<i64>(st, "size", ()).unwrap(), 2);
    }
}

#[test]
fn what_a_conversion_makes_counts_against_memory() {
    let st = &mut Smalltalk::builder().memory(16 << 20).build().unwrap();
    st.eval::<()>("text := String new: 4000000 withAll: $x")
        .unwrap();
    let many = "(1 to: 100) asArray collect: [ :i | text ]";
    for _ in 0..3 {
        assert_eq!(why(st.eval::<Vec<String>>(many)), Stop::Memory);
        assert_eq!(st.eval::<Vec<String>>("{ text. text }").unwrap().len(), 2);
    }
    assert_eq!(why(st.eval::<Tree>(ENDLESS)), Stop::Memory);
}

/// Arguments of a closure are converted while Smalltalk runs, and it may handle what can be handled.
#[test]
fn arguments_of_closures_are_no_way_around() {
    let st = &mut Smalltalk::builder().memory(16 << 20).build().unwrap();
    let sizes = st.block(|all: Vec<String>| all.iter().map(String::len).sum::<usize>());
    st.set_global("Sizes", sizes.unwrap()).unwrap();
    st.eval::<()>("text := String new: 4000000 withAll: $x")
        .unwrap();
    let many = "[ Sizes value: ((1 to: 100) asArray collect: [ :i | text ]) ] on: OutOfMemory do: [ :e | 7 ]";
    assert_eq!(st.eval::<usize>(many).unwrap(), 7);
    // Each call begins with what there was before it.
    let often = "(1 to: 20) inject: 0 into: [ :sum :i | sum + (Sizes value: { text }) ]";
    assert_eq!(st.eval::<usize>(often).unwrap(), 80_000_000);
    let asks = st.block(|ctx: &mut Ctx<'_>, n: usize| {
        (0..n).try_fold(0, |sum, _| {
            Ok::<_, chirp::Error>(sum + ctx.eval::<String>("text")?.len())
        })
    });
    st.set_global("Asks", asks.unwrap()).unwrap();
    assert_eq!(st.eval::<usize>("Asks value: 20").unwrap(), 80_000_000);

    let st = &mut Smalltalk::builder().fuel(1_000_000).build().unwrap();
    let size = st.block(|tree: Tree| tree.size()).unwrap();
    st.set_global("Size", size).unwrap();
    assert_eq!(st.eval::<usize>("Size value: #(() (()))").unwrap(), 4);
    let endless = format!("[ Size value: ([ {ENDLESS} ] value) ] on: Exception do: [ :e | 7 ]");
    assert_eq!(why(st.eval::<usize>(&endless)), Stop::Fuel);
}
