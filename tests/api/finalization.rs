//! Where values of the host go when their objects die.

use chirp::{ClassDef, HostClass, New, Obj, Smalltalk};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

type Log = Arc<Mutex<Vec<(u32, ThreadId)>>>;

/// Tells when it is dropped, and by which thread.
struct Guest(u32, Log);

impl Drop for Guest {
    fn drop(&mut self) {
        let entry = (self.0, thread::current().id());
        self.1.lock().unwrap().push(entry);
    }
}

impl HostClass for Guest {
    const NAME: &'static str = "Guest";

    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.variable("other")
            .method("n", |guest: &Guest| guest.0)
            .source("other: anObject other := anObject");
        Ok(())
    }
}

fn machine(log: &Log, count: u32) -> Smalltalk {
    let mut st = Smalltalk::new();
    st.register::<Guest>().unwrap();
    st.eval::<()>("guests := OrderedCollection new").unwrap();
    let guests: Obj = st.eval("guests").unwrap();
    for n in 0..count {
        let guest = New(Guest(n, log.clone()));
        guests.send::<()>(&mut st, "add:", (guest,)).unwrap();
    }
    st
}

fn numbers(log: &Log) -> Vec<u32> {
    let mut numbers: Vec<u32> = log.lock().unwrap().iter().map(|e| e.0).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn values_go_once_in_the_thread_that_uses_the_machine() {
    let log = Log::default();
    let mut st = machine(&log, 100);
    // Rings die as well, and what became or was copied is no second value.
    st.eval::<()>(
        "guests do: [ :each | each other: guests ].
        (guests at: 1) become: (guests at: 2). (guests at: 3) other: (guests at: 4) basicAt: 1",
    )
    .unwrap_or_default();
    st.eval::<()>("guests removeFirst: 60. Smalltalk garbageCollect; garbageCollect")
        .unwrap();
    st.eval::<()>("guests removeFirst: 35. guests do: [ :each | each other: nil ]. Smalltalk garbageCollect; garbageCollect")
        .unwrap_or_default();
    st.eval::<()>("3").unwrap();
    let here = thread::current().id();
    assert!(log.lock().unwrap().iter().all(|e| e.1 == here));
    // The rest goes with the machine, in the thread that drops it.
    let before = numbers(&log).len();
    let other = thread::spawn(move || {
        drop(st);
        thread::current().id()
    });
    let there = other.join().unwrap();
    assert_eq!(numbers(&log), (0..100).collect::<Vec<_>>());
    assert!(log.lock().unwrap()[before..].iter().all(|e| e.1 == there));
}

#[test]
fn handles_keep_values() {
    let log = Log::default();
    let mut st = machine(&log, 3);
    let kept: Obj = st.eval("guests second").unwrap();
    st.eval::<()>("guests := nil. Smalltalk garbageCollect")
        .unwrap();
    st.eval::<()>("3").unwrap();
    assert_eq!(numbers(&log), [0, 2]);
    assert_eq!(kept.send::<u32>(&mut st, "n", ()).unwrap(), 1);
    let away = thread::spawn(move || drop(kept));
    away.join().unwrap();
    // A handle that is dropped elsewhere only lets go: the machine's thread drops the value.
    assert_eq!(numbers(&log), [0, 2]);
    st.eval::<()>("Smalltalk garbageCollect").unwrap();
    st.eval::<()>("3").unwrap();
    assert_eq!(numbers(&log), [0, 1, 2]);
    assert_eq!(log.lock().unwrap()[2].1, thread::current().id());
    drop(st);
    assert_eq!(numbers(&log), [0, 1, 2]);
}
