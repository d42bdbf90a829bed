//! Values of Rust types among Smalltalk objects: who borrows what when both sides call each other, how such objects
//! compare and print, when they end.

use chirp::{Block, ClassDef, Ctx, ErrorKind, HostClass, New, Obj, Smalltalk, This};
use std::sync::{Arc, Mutex};

type Log = Arc<Mutex<Vec<String>>>;

/// A purse that tells of its end.
#[derive(Clone)]
struct Purse(i64, Log);

impl Drop for Purse {
    fn drop(&mut self) {
        if self.0 == -1 {
            panic!("an empty purse");
        }
        self.1.lock().unwrap().push(self.0.to_string());
    }
}

impl HostClass for Purse {
    const NAME: &'static str = "Purse";

    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.method("sum", |p: &Purse| p.0)
            .method("put:", |p: &mut Purse, n: i64| p.0 += n)
            .method("into:", |from: &mut Purse, to: &Purse| from.0 += to.0)
            .method(
                "visit:",
                |ctx: &mut Ctx<'_>, this: This<Purse>, each: Block<(Obj,), i64>| {
                    let before = this.with(ctx, |p| p.0)?;
                    let answer = each.call(ctx, (this.as_obj().clone(),))?;
                    let after = this.with_mut(ctx, |p| {
                        p.0 += 1;
                        p.0
                    })?;
                    Ok::<_, chirp::Error>(vec![before, answer, after])
                },
            )
            .source("= other ^ self class = other class and: [ self sum = other sum ]")
            .source("hash ^ self sum hash")
            .print(|p| format!("a Purse of {}", p.0));
        Ok(())
    }

    fn shallow_copy(&self) -> Option<Purse> {
        Some(self.clone())
    }
}

fn machine(log: &Log) -> Smalltalk {
    let mut st = Smalltalk::new();
    st.register::<Purse>().unwrap();
    for n in [1, 2, 3] {
        st.set_global(&format!("P{n}"), New(Purse(n, log.clone())))
            .unwrap();
    }
    st
}

#[test]
fn calls_in_both_directions_find_the_value_free() {
    let log = Log::default();
    let st = &mut machine(&log);
    // The block sends messages to the very object whose method runs, changes it, and comes back into that method.
    let answer: Vec<i64> = st
        .eval("P1 visit: [ :p | p put: 10. (p visit: [ :q | q put: 100. q sum ]) sum ]")
        .unwrap();
    assert_eq!(answer, [1, 11 + 111 + 112, 113]);
    // Receiver and argument in one, for changes: an exception like any other.
    assert_eq!(
        st.eval::<i64>("[ P1 into: P1 ] on: HostError do: [ :e | 7 ]")
            .unwrap(),
        7
    );
    let error = st.eval::<()>("P1 into: P1").unwrap_err();
    let text = format!("{error:#}");
    assert!(
        text.starts_with("the Rust value of this Purse is in use") && text.contains("P1 into: P1"),
        "{text}"
    );
    assert_eq!(st.eval::<i64>("(P1 put: 1) sum").unwrap(), 114);
    // A return out of the block, an error in it, a Process that ends in it: nobody has the value afterwards.
    for way_out in [
        "[ P2 visit: [ :p | p foo ] ] on: MessageNotUnderstood do: [ :e | e return: 3 ]",
        "[ P2 visit: [ :p | Processor terminateActive ] ] fork. (Delay forMilliseconds: 1) wait",
    ] {
        st.eval::<()>(way_out).unwrap();
        assert_eq!(st.eval::<i64>("P2 put: 0. P2 sum").unwrap(), 2, "{way_out}");
    }
}

/// `^` in a block that Rust calls returns from the method that the block is in, if the closure passes the error on.
#[test]
fn returns_go_through_rust() {
    let log = Log::default();
    let st = &mut machine(&log);
    st.eval::<()>("Object subclass: #Finder instanceVariableNames: 'left' classVariableNames: '' package: 'P'.
        Finder compile: 'left ^ left'.
        Finder compile: 'through: aPurse aPurse visit: [ :p | ^ p sum * 10 ]. ^ 0'.
        Finder compile: 'twice: aPurse aPurse visit: [ :p | aPurse visit: [ :q | ^ 77 ] ]. ^ 0'.
        Finder compile: 'careful: aPurse [ aPurse visit: [ :p | [ ^ 8 ] ensure: [ left := p sum ] ] ] ensure: [ left := left + 100 ]. ^ 0'.
        Finder compile: 'deaf: aPurse [ ^ self through: aPurse ] on: Error do: [ :e | ^ -1 ]'.
        Finder compile: 'late ^ [ :p | ^ 3 ]'")
        .unwrap();
    for (source, expected) in [
        ("Finder new through: P2", 20),
        ("Finder new twice: P2", 77),
        ("Finder new deaf: P3", 30),
        ("| f | f := Finder new. (f careful: P1) + f left", 109),
        ("P2 visit: [ :p | ^ 5 ]. 6", 5),
        (
            "(Array with: P1 with: P2) do: [ :each | each visit: [ :p | p sum = 2 ifTrue: [ ^ 9 ]. 0 ] ]. 0",
            9,
        ),
    ] {
        assert_eq!(st.eval::<i64>(source).unwrap(), expected, "{source}");
    }
    let error = st.eval::<()>("P2 visit: Finder new late").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unhandled { class, .. } if class == "BlockCannotReturn"),
        "{error}"
    );
    assert_eq!(st.eval::<i64>("P2 put: 0. P2 sum").unwrap(), 2);
}

#[test]
fn they_compare_print_and_are_found() {
    let log = Log::default();
    let st = &mut machine(&log);
    assert_eq!(
        st.eval::<String>("{ P1. P2 } printString").unwrap(),
        "an Array(a Purse of 1 a Purse of 2)"
    );
    assert_eq!(
        st.eval::<String>("P3 displayString , P3 asString").unwrap(),
        "a Purse of 3a Purse of 3"
    );
    assert!(
        st.eval::<bool>("P1 copy = P1 and: [ P1 copy ~~ P1 and: [ P1 ~= P2 ] ]")
            .unwrap()
    );
    assert_eq!(
        st.eval::<i64>("(Set withAll: { P1. P1 copy. P2 }) size")
            .unwrap(),
        2
    );
    assert_eq!(
        st.eval::<i64>("(Dictionary new at: P1 put: 8; yourself) at: P1 copy")
            .unwrap(),
        8
    );
    assert_eq!(
        st.eval::<i64>("(IdentitySet withAll: { P1. P1 copy. P2 }) size")
            .unwrap(),
        3
    );
    assert_eq!(
        st.eval::<Vec<i64>>(
            "({ P3. P1. P2 } sorted: [ :a :b | a sum < b sum ]) collect: [ :p | p sum ]"
        )
        .unwrap(),
        [1, 2, 3]
    );
    st.eval::<()>("Purse subclass: #Wallet. Wallet compile: 'printOn: s super printOn: s. s nextPutAll: ''!'''").unwrap();
    let wallet = "Wallet adoptInstance: P3. P3 printString";
    assert_eq!(st.eval::<String>(wallet).unwrap(), "a Purse of 3!");
    let value: This<Purse> = st.global("P3").unwrap();
    assert_eq!(value.with(st, |p| p.0).unwrap(), 3);
}

#[test]
fn each_machine_has_the_class_for_itself() {
    let (one, two) = (Log::default(), Log::default());
    let (mut a, mut b) = (machine(&one), machine(&two));
    a.eval::<()>("Purse compile: 'sum ^ 77'").unwrap();
    assert_eq!(a.eval::<i64>("P1 sum").unwrap(), 77);
    assert_eq!(b.eval::<i64>("P1 sum").unwrap(), 1);
    let purse: This<Purse> = a.global("P1").unwrap();
    let error = b.set_global("Q", &purse).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ForeignHandle));
    drop(a);
    // Handles that are left do no harm, and keep nothing.
    assert_eq!(one.lock().unwrap().len(), 3);
    drop(purse);
    assert_eq!(b.eval::<i64>("P2 sum").unwrap(), 2);
    drop(b);
    assert_eq!(two.lock().unwrap().len(), 3);
}

#[test]
fn they_end_when_nothing_refers_to_them() {
    let log = Log::default();
    let st = &mut machine(&log);
    let ends = |log: &Log| std::mem::take(&mut *log.lock().unwrap());
    // Kept by Smalltalk alone, in turn: by a global, by an object behind it, by a block, by a waiting Process.
    st.eval::<()>("Smalltalk at: #Kept put: { P1 }; at: #Gate put: Semaphore new. P1 := nil")
        .unwrap();
    st.eval::<()>("| p | p := P2. P2 := nil. Smalltalk at: #Block put: [ p sum ]")
        .unwrap();
    st.eval::<()>(
        "| q | q := P3. P3 := nil. [ Gate wait. q sum ] fork. (Delay forMilliseconds: 1) wait",
    )
    .unwrap();
    st.eval::<()>("Smalltalk garbageCollect").unwrap();
    assert_eq!(ends(&log), [""; 0]);
    assert_eq!(st.eval::<i64>("Kept first sum + Block value").unwrap(), 3);
    for (source, expected) in [
        ("Kept := nil", "1"),
        ("Block := p := nil", "2"),
        (
            "Gate signal. (Delay forMilliseconds: 1) wait. q := nil",
            "3",
        ),
    ] {
        st.eval::<()>(source).unwrap();
        st.eval::<()>("Smalltalk garbageCollect").unwrap();
        st.eval::<()>("nil").unwrap();
        assert_eq!(ends(&log), [expected], "{source}");
    }
    // One that panics while it ends takes neither the others nor the machine along.
    for n in [5, -1, 6] {
        st.object(New(Purse(n, log.clone()))).unwrap();
    }
    st.eval::<()>("Smalltalk garbageCollect").unwrap();
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
    let mut left = ends(&log);
    left.sort();
    assert_eq!(left, ["5", "6"]);
}
