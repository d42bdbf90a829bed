//! Ten machines on ten threads, each with work of its own: nothing that one does is seen by another, and none of
//! them keeps memory that it does not need. Two rounds; `CHIRP_THREADS=60` goes on for so many seconds.
//!
//! What the thread sanitizer says of this: `tests/thread-sanitizer`.

use chirp::{Buffer, Capabilities, ErrorKind, Image, Obj, Shared, Smalltalk, Stop};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

const THREADS: usize = 10;

/// A round of work for a machine; the number makes its answers its own.
type Work = fn(&mut Smalltalk, i64);

/// As many kinds of work as there are threads.
const WORK: [Work; THREADS] = [
    numbers, strings, objects, exceptions, processes, classes, closures, limits, sockets, streams,
];

fn numbers(st: &mut Smalltalk, n: i64) {
    let digits: i64 = st
        .eval(&format!("({n} + 300) factorial printString size"))
        .unwrap();
    assert!(digits > 600);
    let prime: bool = st.eval("(2 raisedTo: 61) - 1 \\\\ 7 = 1").unwrap();
    assert!(prime);
}

fn strings(st: &mut Smalltalk, n: i64) {
    let source = format!(
        "(String streamContents: [ :out | 1 to: 500 do: [ :i | out << 'größe'; print: i * {n}; space ] ]) \
         substrings size"
    );
    assert_eq!(st.eval::<i64>(&source).unwrap(), 500);
    let symbol = st.eval::<bool>(&format!("('name' , {n} printString) asSymbol == #name{n}"));
    assert!(symbol.unwrap());
}

fn objects(st: &mut Smalltalk, n: i64) {
    let source = format!(
        "| d | d := Dictionary new. 1 to: 3000 do: [ :i | d at: i printString put: i * {n} ]. Smalltalk garbageCollect. \
         d inject: 0 into: [ :a :b | a + b ]"
    );
    assert_eq!(st.eval::<i64>(&source).unwrap(), 4_501_500 * n);
}

fn exceptions(st: &mut Smalltalk, n: i64) {
    let source = "(1 to: 300) inject: 0 into: [ :sum :i | sum + ([ Error signal: i printString ] \
                  on: Error do: [ :e | e return: e messageText asNumber ]) ]";
    assert_eq!(st.eval::<i64>(source).unwrap(), 45_150);
    let error = st
        .eval::<()>(&format!("Error signal: 'number {n}'"))
        .unwrap_err();
    assert_eq!(error.to_string(), format!("Error: number {n}"));
}

fn processes(st: &mut Smalltalk, n: i64) {
    let source = format!(
        "| queue | queue := SharedQueue new. 1 to: 20 do: [ :i | [ (Delay forMilliseconds: i \\\\ 3) wait. \
         queue nextPut: i * {n} ] fork ]. (1 to: 20) inject: 0 into: [ :sum :i | sum + queue next ]"
    );
    assert_eq!(st.eval::<i64>(&source).unwrap(), 210 * n);
}

fn classes(st: &mut Smalltalk, n: i64) {
    let source = format!(
        "Object << #Mine slots: #( a b ); package: 'Mine'; install. Mine compile: 'n ^ {n}'. Mine new n"
    );
    assert_eq!(st.eval::<i64>(&source).unwrap(), n);
}

fn closures(st: &mut Smalltalk, n: i64) {
    let add = st.block(move |m: i64| n + m).unwrap();
    st.set_global("Add", &add).unwrap();
    let sums: Vec<i64> = st.eval("(1 to: 200) collect: Add").unwrap();
    assert_eq!(sums[199], n + 200);
}

/// Stopped by fuel, and by another thread.
fn limits(st: &mut Smalltalk, _n: i64) {
    st.set_fuel(Some(100_000));
    let error = st.eval::<()>("[ true ] whileTrue").unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Stopped {
            why: Stop::Fuel,
            ..
        }
    ));
    st.set_fuel(None);
    let handle = st.interrupt_handle();
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_millis(2));
        handle.stop();
    });
    let error = st
        .eval::<()>("[ (Delay forSeconds: 1) wait ] repeat")
        .unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Stopped {
            why: Stop::Interrupt,
            ..
        }
    ));
    other.join().unwrap();
}

fn sockets(st: &mut Smalltalk, n: i64) {
    // Without sockets in it, this machine has its own numbers to send.
    if cfg!(not(feature = "net")) {
        return numbers(st, n);
    }
    let source = format!(
        "| pair answer | pair := Socket socketPair. pair first sendData: 'message {n}'. \
         pair second waitForDataFor: 30. answer := pair second receiveData. \
         pair do: [ :each | each closeAndDestroy ]. answer"
    );
    let answer: String = st.eval(&source).unwrap();
    assert_eq!(answer, format!("message {n}"));
}

fn streams(st: &mut Smalltalk, n: i64) {
    let source = format!("1 to: 200 do: [ :i | Transcript print: i * {n}; cr ]");
    st.eval::<()>(&source).unwrap();
}

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

fn machine(output: &Buffer) -> Smalltalk {
    let builder = Smalltalk::builder().capabilities(Capabilities::all());
    builder.stdout(output.clone()).build().unwrap()
}

/// Each thread does its kind of work until the time is over, at least twice; it has a new machine now and then.
fn round(end: Option<Instant>) {
    thread::scope(|scope| {
        for (number, work) in WORK.into_iter().enumerate() {
            scope.spawn(move || {
                let output = Buffer::new();
                let mut st = machine(&output);
                let mut turn = 0;
                while turn < 2 || end.is_some_and(|end| Instant::now() < end) {
                    if turn % 20 == 19 {
                        st = machine(&output);
                    }
                    let n = number as i64 * 1000 + turn;
                    work(&mut st, n);
                    let told = output.take();
                    let wanted = if number == 9 {
                        format!("{n}\n")
                    } else {
                        String::new()
                    };
                    assert!(told.starts_with(wanted.as_bytes()), "machine {number}");
                    turn += 1;
                }
            });
        }
    });
}

#[test]
fn ten_machines_on_ten_threads() {
    let seconds = std::env::var("CHIRP_THREADS")
        .ok()
        .and_then(|s| s.parse().ok());
    let part =
        |share: f64| seconds.map(|s: f64| Instant::now() + Duration::from_secs_f64(s * share));
    round(part(0.3));
    let before = resident();
    round(part(0.7));
    let after = resident();
    // A machine holds some megabytes, and which of them the allocator has given back is chance.
    assert!(
        after < before + before / 2 + THREADS * (8 << 20),
        "{before} bytes in memory after the first part, {after} after the second"
    );
}

/// A machine goes from thread to thread, and its objects with it.
#[test]
fn a_machine_on_the_move() {
    let mut st = Smalltalk::new();
    st.eval::<()>("sum := 0").unwrap();
    let add: chirp::Obj = st.eval("[ :n | sum := sum + n ]").unwrap();
    for n in 1..=10 {
        let handle = add.clone();
        st = thread::spawn(move || {
            handle.send::<()>(&mut st, "value:", (n,)).unwrap();
            st
        })
        .join()
        .unwrap();
    }
    assert_eq!(st.eval::<i64>("sum").unwrap(), 55);
}

/// What machines share: an image, a closure in it, a sink. Others interrupt them, and drop them and their handles.
#[test]
fn ten_machines_that_share() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let mut st = Smalltalk::new();
    let integer = st.class("Integer").unwrap();
    let twice = Shared(move |n: i64| {
        counted.fetch_add(1, Ordering::Relaxed);
        n * 2
    });
    integer.method(&mut st, "twice", twice).unwrap();
    st.eval::<()>(
        "Smalltalk at: #Words put: #('a' 'b'). Object compile: 'deep ^ [ :x | x twice ]'",
    )
    .unwrap();
    let image = st.to_image().unwrap();
    let output = Buffer::new();
    let (send, gone) = mpsc::channel::<(Smalltalk, Obj)>();
    let undertaker = thread::spawn(move || gone.into_iter().map(drop).count());
    thread::scope(|scope| {
        for n in 0..THREADS as i64 {
            let (image, output, send): (Image, _, _) =
                (image.clone(), output.clone(), send.clone());
            scope.spawn(move || {
                for turn in 0..4 {
                    let builder = Smalltalk::builder().image(&image).stdout(output.clone());
                    let mut st = builder.build().unwrap();
                    let handle = st.interrupt_handle();
                    let other = thread::spawn(move || {
                        for _ in 0..20 {
                            handle.interrupt();
                            thread::yield_now();
                        }
                        handle.stop();
                    });
                    let _ = st.eval::<()>(
                        "[ [ 3 deep value: 4 ] repeat ] on: UserInterrupt do: [ :e | e retry ]",
                    );
                    other.join().unwrap();
                    st.interrupt_handle().clear();
                    assert_eq!(
                        st.eval::<i64>(&format!("3 deep value: {n}")).unwrap(),
                        n * 2
                    );
                    st.eval::<()>("Transcript show: 'x'").unwrap();
                    // An image of it, from this thread while others begin with the first one.
                    let mut next = Smalltalk::from_image(&st.to_image().unwrap());
                    assert_eq!(next.eval::<usize>("Words size").unwrap(), 2);
                    let kept = st.eval::<Obj>("Words copy").unwrap();
                    let of_next = next.eval::<Obj>("Words").unwrap();
                    send.send((st, of_next)).unwrap();
                    if turn % 2 == 0 {
                        send.send((next, kept)).unwrap();
                    }
                }
            });
        }
    });
    drop(send);
    assert_eq!(undertaker.join().unwrap(), THREADS * 6);
    assert_eq!(output.take().len(), THREADS * 4);
    assert!(calls.load(Ordering::Relaxed) > THREADS * 4);
    drop((st, image));
    assert_eq!(Arc::strong_count(&calls), 1);
}
