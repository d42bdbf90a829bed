//! Handles: they keep objects alive through collections, know their machine, and go to other threads.

use chirp::{Block, ErrorKind, Obj, Smalltalk};
use std::thread;

#[test]
fn handles_survive_collections() {
    let st = &mut Smalltalk::builder().stress(true).build().unwrap();
    let list: Obj = st.eval("OrderedCollection new").unwrap();
    let texts: Vec<Obj> = (0..50)
        .map(|i| st.object(format!("text {i}")).unwrap())
        .collect();
    for text in &texts {
        list.send::<()>(st, "add:", (text,)).unwrap();
    }
    st.eval::<()>("1 to: 100 do: [:i | Array new: i]. Smalltalk garbageCollect")
        .unwrap();
    for (i, text) in texts.iter().enumerate() {
        assert_eq!(text.get::<String>(st).unwrap(), format!("text {i}"));
        let same: Obj = list.send(st, "at:", (i + 1,)).unwrap();
        assert!(same.is_same(text, st).unwrap());
    }
    let block: Block<(String,), usize> = st
        .eval("| n | n := 1. [:s | n := n + 1. s size + n]")
        .unwrap();
    st.eval::<()>("Smalltalk garbageCollect").unwrap();
    assert_eq!(block.call(st, ("abc".into(),)).unwrap(), 5);
    assert_eq!(block.clone().call(st, ("abc".into(),)).unwrap(), 6);
}

#[test]
fn dropped_handles_are_forgotten() {
    let st = &mut Smalltalk::new();
    let before = st.handle_count();
    let kept: Obj = st.eval("Object new").unwrap();
    for _ in 0..1000 {
        let copy = kept.clone();
        st.object("x").unwrap().send::<Obj>(st, "size", ()).unwrap();
        drop(copy);
    }
    assert_eq!(st.handle_count(), before + 1);
    drop(kept);
    assert_eq!(st.handle_count(), before);
    st.eval::<()>("Weak := WeakArray new: 1").unwrap();
    let object = st.eval::<Obj>("Weak at: 1 put: Object new").unwrap();
    assert!(
        !st.eval::<bool>("Smalltalk garbageCollect. (Weak at: 1) isNil")
            .unwrap()
    );
    drop(object);
    st.eval::<()>("3").unwrap();
    assert!(
        st.eval::<bool>("Smalltalk garbageCollect. (Weak at: 1) isNil")
            .unwrap()
    );
}

#[test]
fn foreign_handles_are_refused() {
    let (a, b) = (&mut Smalltalk::new(), &mut Smalltalk::new());
    let of_a: Obj = a.eval("'mine'").unwrap();
    let of_b: Obj = b.eval("Dictionary new").unwrap();
    let block: Block<(), i64> = a.eval("[ 3 ]").unwrap();
    let class = a.class("Integer").unwrap();
    let refusals = [
        of_a.send::<()>(b, "size", ()).unwrap_err(),
        of_a.get::<String>(b).unwrap_err(),
        of_b.send::<()>(b, "at:put:", (1, &of_a)).unwrap_err(),
        b.set_global("Theirs", &of_a).unwrap_err(),
        b.set_global("Theirs", vec![of_a.clone()]).unwrap_err(),
        b.print_string(&of_a).unwrap_err(),
        block.call(b, ()).unwrap_err(),
        of_a.is_same(&of_b, a).unwrap_err(),
        class.method(b, "foo", |n: i64| n).unwrap_err(),
        class.compile(b, "foo ^ 3").unwrap_err(),
    ];
    for error in refusals {
        assert!(matches!(error.kind(), ErrorKind::ForeignHandle), "{error}");
        assert_eq!(error.to_string(), "this object belongs to another machine");
    }
    assert_eq!(of_a.get::<String>(a).unwrap(), "mine");
}

#[test]
fn machines_are_independent_and_move_between_threads() {
    let threads: Vec<_> = (0..4)
        .map(|n: i64| {
            let mut st = Smalltalk::new();
            st.set_global("N", n).unwrap();
            let list: Obj = st.eval("OrderedCollection new").unwrap();
            thread::spawn(move || {
                for i in 0..20 {
                    list.send::<()>(&mut st, "add:", (i * n,)).unwrap();
                }
                st.eval::<()>(&format!("Object compile: 'mine ^ {n}'"))
                    .unwrap();
                (st, list)
            })
        })
        .collect();
    for (n, thread) in (0..).zip(threads) {
        let (mut st, list) = thread.join().unwrap();
        assert_eq!(list.send::<i64>(&mut st, "sum", ()).unwrap(), 190 * n);
        assert_eq!(st.eval::<i64>("nil mine + N").unwrap(), 2 * n);
    }
}

#[test]
fn handles_may_outlive_their_machine_and_die_elsewhere() {
    let mut st = Smalltalk::new();
    let object: Obj = st.eval("Object new").unwrap();
    let error = st.eval::<()>("Error signal: 'gone'").unwrap_err();
    let other = object.clone();
    thread::spawn(move || drop(other)).join().unwrap();
    assert_eq!(st.print_string(&object).unwrap(), "an Object");
    drop(st);
    assert!(matches!(
        object
            .send::<()>(&mut Smalltalk::new(), "foo", ())
            .unwrap_err()
            .kind(),
        ErrorKind::ForeignHandle
    ));
    assert_eq!(error.to_string(), "Error: gone");
}
