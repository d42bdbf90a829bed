//! Rust closures as methods and blocks: arguments, errors, panics, calls back.

use chirp::{Block, Ctx, ErrorKind, Obj, Panicked, Smalltalk};
use std::cell::Cell;
use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Debug)]
struct Full(u32);

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "disk {} is full", self.0)
    }
}

impl std::error::Error for Full {}

#[test]
fn methods_of_every_shape() {
    let st = &mut Smalltalk::new();
    let integer = st.class("Integer").unwrap();
    integer
        .method(st, "squared2", |n: i64| n * n)
        .unwrap()
        .method(st, "plus:", |a: i64, b: i64| a + b)
        .unwrap()
        .method(
            st,
            "a:b:c:",
            |n: i64, a: String, b: Option<char>, c: Vec<f64>| format!("{n} {a} {b:?} {c:?}"),
        )
        .unwrap()
        .method(st, "touch", |_n: i64| ())
        .unwrap()
        .method(st, "half", |n: i64| {
            if n % 2 == 0 {
                Ok(n / 2)
            } else {
                Err(format!("{n} is odd"))
            }
        })
        .unwrap()
        .method(st, "<=>", |a: i64, b: i64| (a - b).signum())
        .unwrap()
        .method(st, "describe", |ctx: &mut Ctx<'_>, me: Obj| {
            ctx.print_string(&me)
        })
        .unwrap();
    assert_eq!(st.eval::<i64>("7 squared2").unwrap(), 49);
    assert_eq!(st.eval::<i64>("7 plus: 4").unwrap(), 11);
    assert_eq!(
        st.eval::<String>("7 a: 'x' b: nil c: #(1 2.5)").unwrap(),
        "7 x None [1.0, 2.5]"
    );
    assert_eq!(st.eval::<i64>("7 touch").unwrap(), 7);
    assert_eq!(st.eval::<i64>("3 <=> 9").unwrap(), -1);
    assert_eq!(st.eval::<i64>("8 half half").unwrap(), 2);
    assert_eq!(st.eval::<String>("8 describe").unwrap(), "8");
    assert_eq!(st.eval::<i64>("8 perform: #plus: with: 4").unwrap(), 12);
    assert_eq!(
        st.eval::<i64>("8 perform: #plus: withArguments: #(5)")
            .unwrap(),
        13
    );
    assert_eq!(
        st.eval::<String>("7 half").unwrap_err().to_string(),
        "7 is odd"
    );
    // A large receiver does not fit i64: that is the method's error.
    let error = st.eval::<i64>("(2 raisedTo: 80) squared2").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("expected an Integer that fits i64"),
        "{error}"
    );
    assert_eq!(
        st.eval::<String>("(Integer >> #plus:) selector").unwrap(),
        "plus:"
    );
    assert!(
        st.eval::<String>("(Integer >> #plus:) sourceCode")
            .unwrap()
            .contains("Written in Rust")
    );
}

#[test]
fn a_method_replaces_another_at_sites_that_have_run() {
    let st = &mut Smalltalk::new();
    let integer = st.class("Integer").unwrap();
    integer.compile(st, "tag ^ 1").unwrap();
    st.eval::<()>(
        "Object compile: 'tag ^ 0'. Object compile: 'tags ^ #(3 $a nil 4) collect: [:e | e tag ]'",
    )
    .unwrap();
    assert_eq!(st.eval::<Vec<i64>>("nil tags").unwrap(), [1, 0, 0, 1]);
    integer.method(st, "tag", |_n: i64| 2).unwrap();
    assert_eq!(st.eval::<Vec<i64>>("nil tags").unwrap(), [2, 0, 0, 2]);
    integer.method(st, "tag", |_n: i64| 3).unwrap();
    assert_eq!(st.eval::<Vec<i64>>("nil tags").unwrap(), [3, 0, 0, 3]);
    integer.compile(st, "tag ^ 4").unwrap();
    assert_eq!(st.eval::<Vec<i64>>("nil tags").unwrap(), [4, 0, 0, 4]);
}

#[test]
fn arity_is_checked_when_a_method_is_registered() {
    let st = &mut Smalltalk::new();
    let class = st.class("Object").unwrap();
    for error in [
        class.method(st, "foo:", |_a: Obj| 1).unwrap_err(),
        class.method(st, "foo", |_a: Obj, _b: i64| 1).unwrap_err(),
        class.method(st, "foo", || 1).unwrap_err(),
    ] {
        assert!(matches!(error.kind(), ErrorKind::Arity { .. }), "{error}");
    }
    let block: Block<(i64, i64), i64> = st.block(|a: i64, b: i64| a - b).unwrap();
    assert_eq!(block.as_obj().send::<usize>(st, "numArgs", ()).unwrap(), 2);
    let error = block.as_obj().get::<Block<(i64,), i64>>(st).unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Arity {
                takes: 2,
                given: 1,
                ..
            }
        ),
        "{error}"
    );
    let error = block.as_obj().send::<i64>(st, "value:", (1,)).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unhandled { class, .. } if class == "ArgumentsCountMismatch"),
        "{error}"
    );
}

#[test]
fn closures_are_ordinary_blocks() {
    let st = &mut Smalltalk::new();
    let count = Arc::new(AtomicU32::new(0));
    let shared = count.clone();
    let next = st
        .block(move || shared.fetch_add(1, Ordering::Relaxed))
        .unwrap();
    st.set_global("Next", &next).unwrap();
    assert_eq!(
        st.eval::<i64>("5 timesRepeat: Next. Next value").unwrap(),
        5
    );
    assert_eq!(next.call(st, ()).unwrap(), 6);
    let state = Cell::new(0);
    let total = st.block(move |n: i64| {
        state.set(state.get() + n);
        state.get()
    });
    st.set_global("Total", total.unwrap()).unwrap();
    assert_eq!(
        st.eval::<Vec<i64>>("#(1 2 3) collect: Total").unwrap(),
        [1, 3, 6]
    );
    assert!(
        st.eval::<bool>("Total isBlock and: [ (Total cull: 1) = 7 ]")
            .unwrap()
    );
    let six = st
        .block(|a: i64, b: i64, c: i64, d: i64, e: i64, f: i64| vec![a, b, c, d, e, f])
        .unwrap();
    assert_eq!(
        six.call(st, (1, 2, 3, 4, 5, 6)).unwrap(),
        [1, 2, 3, 4, 5, 6]
    );
    let sort = st
        .block(|a: String, b: String| a.to_lowercase() <= b.to_lowercase())
        .unwrap();
    st.set_global("Order", &sort).unwrap();
    assert_eq!(
        st.eval::<Vec<String>>("#('b' 'C' 'a') asSortedCollection: Order")
            .unwrap(),
        ["a", "b", "C"]
    );
}

#[test]
fn a_block_lives_as_long_as_smalltalk_has_it() {
    struct Noisy(Arc<AtomicU32>);
    impl Drop for Noisy {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let st = &mut Smalltalk::new();
    let drops = Arc::new(AtomicU32::new(0));
    for i in 0..10 {
        let noisy = Noisy(drops.clone());
        let block = st.block(move || noisy.0.load(Ordering::Relaxed)).unwrap();
        if i == 0 {
            st.set_global("Kept", &block).unwrap();
        }
    }
    st.eval::<()>("Smalltalk garbageCollect").unwrap();
    st.eval::<()>("Smalltalk garbageCollect").unwrap();
    st.eval::<()>("3").unwrap();
    assert_eq!(drops.load(Ordering::Relaxed), 9);
    assert_eq!(st.eval::<u32>("Kept value").unwrap(), 9);
}

#[test]
fn errors_go_through_smalltalk_and_come_back_whole() {
    let st = &mut Smalltalk::new();
    let write = st
        .block(|disk: u32| -> Result<(), Full> { Err(Full(disk)) })
        .unwrap();
    st.set_global("Write", &write).unwrap();
    assert_eq!(
        st.eval::<String>("[ Write value: 3 ] on: Error do: [:e | e messageText ]")
            .unwrap(),
        "disk 3 is full"
    );
    assert!(
        st.eval::<bool>("[ Write value: 3 ] on: HostError do: [:e | e class == HostError ]")
            .unwrap()
    );
    let error = st
        .run_source::<()>(
            "main.st",
            "done := 0.\n[ Write value: 4 ] ensure: [ done := 1 ]",
        )
        .unwrap_err();
    let ErrorKind::Host { message, trace } = error.kind() else {
        panic!("{error:?}")
    };
    assert_eq!(message, "disk 4 is full");
    assert!(
        trace
            .frames()
            .iter()
            .any(|f| f.file.as_deref() == Some("main.st") && f.line == 2),
        "{error:#}"
    );
    assert_eq!(error.place().map(|p| p.line), Some(2));
    assert_eq!(error.host_error::<Full>().unwrap().0, 4);
    assert!(error.source().unwrap().is::<Full>());
    // Signalled again by a handler, it still is the same error.
    let error = st
        .eval::<()>("[ Write value: 5 ] on: HostError do: [:e | e pass ]")
        .unwrap_err();
    assert_eq!(error.host_error::<Full>().unwrap().0, 5);
    let error = st
        .eval::<()>("[ Write value: 6 ] on: HostError do: [:e | e signal ]")
        .unwrap_err();
    assert_eq!(error.host_error::<Full>().unwrap().0, 6);
    // A wrong argument is an error of the call.
    let error = st.eval::<()>("Write value: 'x'").unwrap_err();
    assert_eq!(error.to_string(), "expected an Integer, found a ByteString");
    let inner = error.host_error::<chirp::Error>().unwrap();
    assert!(matches!(inner.kind(), ErrorKind::Conversion { .. }));
    // Of several, it is said which one.
    let put = st
        .block(|n: i64, text: String| text.repeat(n as usize))
        .unwrap();
    st.set_global("Put", put).unwrap();
    let class = st.class("Integer").unwrap();
    class
        .method(st, "from:to:", |a: i64, b: i64, c: i64| a + b + c)
        .unwrap();
    for (source, place) in [
        (
            "Put value: 'x' value: 'y'",
            "found a ByteString in argument 1",
        ),
        (
            "Put value: 3 value: 4",
            "found a SmallInteger in argument 2",
        ),
        ("3 from: 4 to: 5.5", "found a Float in argument 2"),
        ("3 from: nil to: 5", "found nil in argument 1"),
    ] {
        let told = st.eval::<()>(source).unwrap_err().to_string();
        assert!(told.ends_with(place), "{source}: {told}");
    }
    // Many handled ones leave nothing behind.
    st.eval::<()>("1 to: 10000 do: [:i | [ Write value: i ] on: Error do: [:e | ] ]")
        .unwrap();
}

#[test]
fn smalltalk_exceptions_go_through_rust() {
    let st = &mut Smalltalk::new();
    let run = st.block(
        |ctx: &mut Ctx<'_>, block: Block<(), i64>| -> chirp::Result<i64> {
            Ok(block.call(ctx, ())? + 1)
        },
    );
    st.set_global("Run", run.unwrap()).unwrap();
    assert_eq!(st.eval::<i64>("Run value: [ 41 ]").unwrap(), 42);
    let handled = "[ Run value: [ Run value: [ 7 / 0 ] ] ] on: ZeroDivide do: [:e | e dividend ]";
    assert_eq!(st.eval::<i64>(handled).unwrap(), 7);
    let error = st.eval::<i64>("Run value: [ 7 / 0 ]").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unhandled { class, .. } if class == "ZeroDivide"),
        "{error:?}"
    );
    // The inner call's trace is not lost.
    let inner = error.host_error::<chirp::Error>().unwrap();
    assert!(matches!(inner.kind(), ErrorKind::Unhandled { class, .. } if class == "ZeroDivide"));
    // Clean-up inside and outside.
    st.eval::<()>("log := OrderedCollection new").unwrap();
    st.eval::<()>(
        "[ Run value: [ [ 1/0 ] ensure: [ log add: 1 ] ] ] ensure: [ log add: (Run value: [ 1 ]) ]",
    )
    .unwrap_err();
    assert_eq!(st.eval::<Vec<i64>>("log").unwrap(), [1, 2]);
    let error = st
        .eval::<i64>("[ 1/0 ] ensure: [ Run value: [ 1 ] ]")
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unhandled { class, .. } if class == "ZeroDivide"),
        "{error:?}"
    );
    // A return out of the block crosses the Rust code, which sees an error.
    let leave = "Object compile: 'leave Run value: [ ^ 3 ]. ^ 4'. nil leave";
    assert_eq!(st.eval::<i64>(leave).unwrap(), 3);
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
    // The end of everything does.
    assert!(matches!(
        st.eval::<i64>("Run value: [ Smalltalk exit: 3 ]")
            .unwrap_err()
            .kind(),
        ErrorKind::Exit(3)
    ));
}

#[test]
fn panics_become_errors() {
    let st = &mut Smalltalk::new();
    let bad = st
        .block(|n: i64| -> i64 {
            if n > 2 { panic!("too many: {n}") } else { n }
        })
        .unwrap();
    st.set_global("Bad", &bad).unwrap();
    assert_eq!(
        st.eval::<i64>("[ Bad value: 3 ] on: Error do: [:e | -1 ]")
            .unwrap(),
        -1
    );
    let error = st.eval::<i64>("Bad value: 4").unwrap_err();
    assert_eq!(error.to_string(), "a Rust closure panicked: too many: 4");
    assert_eq!(error.host_error::<Panicked>().unwrap().0, "too many: 4");
    assert_eq!(bad.call(st, (1,)).unwrap(), 1);
    // Inside a call back as well.
    let call = st
        .block(|ctx: &mut Ctx<'_>| -> chirp::Result<i64> { ctx.eval("(Bad value: 5) + 1") })
        .unwrap();
    st.set_global("Call", &call).unwrap();
    assert_eq!(
        st.eval::<i64>("[ Call value ] on: Error do: [:e | -2 ]")
            .unwrap(),
        -2
    );
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
}

#[test]
fn closures_call_back_while_they_run_and_everything_moves() {
    for stress in [false, true] {
        let st = &mut Smalltalk::builder().stress(stress).build().unwrap();
        st.class("Integer")
            .unwrap()
            .method(
                st,
                "fibo",
                |ctx: &mut Ctx<'_>, n: i64| -> chirp::Result<i64> {
                    if n < 2 {
                        return Ok(n);
                    }
                    let a: i64 = ctx.object(n - 1)?.send(ctx, "fibo", ())?;
                    let b: i64 = ctx.eval(&format!("{} fibo", n - 2))?;
                    Ok(a + b)
                },
            )
            .unwrap();
        assert_eq!(st.eval::<i64>("8 fibo").unwrap(), 21);
        // Receiver and later arguments survive the conversion of the first and the call back.
        let keep = st.block(
            |ctx: &mut Ctx<'_>,
             list: Vec<i64>,
             text: String,
             object: Obj|
             -> chirp::Result<String> {
                ctx.eval::<()>("1 to: 50 do: [:i | Array new: i ]. Smalltalk garbageCollect")?;
                let shown = ctx.print_string(&object)?;
                Ok(format!("{list:?} {text} {shown}"))
            },
        );
        st.set_global("Keep", keep.unwrap()).unwrap();
        let source = "Keep value: (OrderedCollection with: 1 with: 2) value: 'a' , 'b' value: (Array with: 3 with: 'c' copy)";
        assert_eq!(st.eval::<String>(source).unwrap(), "[1, 2] ab #(3 'c')");
        // A unit method answers its receiver, wherever that is now.
        st.class("Object")
            .unwrap()
            .method(st, "shake", |ctx: &mut Ctx<'_>, _me: Obj| {
                ctx.eval::<()>("Smalltalk garbageCollect")
            })
            .unwrap();
        assert_eq!(
            st.eval::<String>("(Array with: 'x' copy) shake shake printString")
                .unwrap(),
            "#('x')"
        );
        // A failing one with more arguments than its caller has registers.
        st.class("Object")
            .unwrap()
            .method(
                st,
                "p:q:r:s:t:",
                |ctx: &mut Ctx<'_>, _me: Obj, _p: Obj, _q: Obj, _r: Obj, _s: Obj, _t: Obj| {
                    ctx.eval::<()>("Smalltalk garbageCollect")?;
                    Err::<(), _>(ctx.exception("ZeroDivide", "no"))
                },
            )
            .unwrap();
        let source = "[ 'me' copy perform: #p:q:r:s:t: withArguments: (#(1 2 3 4 5) collect: [:i | i printString ]) ] \
                      on: ZeroDivide do: [:e | Smalltalk garbageCollect. e messageText , e signalerContext receiver ]";
        assert_eq!(st.eval::<String>(source).unwrap(), "nome");
    }
}

#[test]
fn endless_recursion_through_rust_ends() {
    let st = &mut Smalltalk::new();
    st.class("Object")
        .unwrap()
        .method(st, "again", |ctx: &mut Ctx<'_>, me: Obj| {
            me.send::<Obj>(ctx, "again", ())
        })
        .unwrap();
    let error = st.eval::<()>("nil again").unwrap_err();
    assert!(error.to_string().contains("nested too deeply"), "{error}");
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
}

#[test]
fn processes_and_closures() {
    let st = &mut Smalltalk::new();
    let wait = st.block(|ctx: &mut Ctx<'_>, n: i64| -> chirp::Result<i64> {
        ctx.eval::<()>(&format!("(Delay forMilliseconds: {n}) wait"))?;
        Ok(n)
    });
    st.set_global("Wait", wait.unwrap()).unwrap();
    st.eval::<()>(
        "log := OrderedCollection new. [ log add: (Wait value: 20) ] fork. [ log add: 1 ] fork",
    )
    .unwrap();
    st.run_processes().unwrap();
    assert_eq!(st.eval::<Vec<i64>>("log").unwrap(), [1, 20]);
}

#[test]
fn a_process_inside_a_closure_can_be_terminated() {
    let st = &mut Smalltalk::builder()
        .timeout(std::time::Duration::from_secs(20))
        .build()
        .unwrap();
    let wait = st.block(|ctx: &mut Ctx<'_>| {
        ctx.eval::<i64>("[ (Delay forSeconds: 100) wait. 3 ] ensure: [ log add: 1 ]")
    });
    st.set_global("Wait", wait.unwrap()).unwrap();
    st.eval::<()>("log := OrderedCollection new").unwrap();
    st.eval::<()>(
        "p := [ [ Wait value ] ensure: [ log add: 2 ] ] fork. Processor yield. p terminate",
    )
    .unwrap();
    assert_eq!(st.eval::<Vec<i64>>("log").unwrap(), [1, 2]);
    assert!(st.eval::<bool>("p isTerminated").unwrap());
}

#[test]
fn an_error_of_another_machine_is_a_host_error() {
    let st = &mut Smalltalk::new();
    let other = std::cell::RefCell::new(Smalltalk::new());
    let ask = st
        .block(move |source: String| other.borrow_mut().eval::<i64>(&source))
        .unwrap();
    st.set_global("Ask", &ask).unwrap();
    assert_eq!(st.eval::<i64>("Ask value: '3 + 4'").unwrap(), 7);
    let error = st.eval::<i64>("Ask value: 'nil foo'").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Host { .. }), "{error:?}");
    let inner = error.host_error::<chirp::Error>().unwrap();
    assert!(
        matches!(inner.kind(), ErrorKind::Unhandled { class, .. } if class == "MessageNotUnderstood")
    );
    assert_eq!(
        st.eval::<i64>("[ Ask value: 'nil foo' ] on: HostError do: [:e | 5 ]")
            .unwrap(),
        5
    );
}

#[test]
fn what_nobody_handles_does_what_its_class_says() {
    let st = &mut Smalltalk::new();
    let signal = st.block(|ctx: &mut Ctx<'_>, class: String| {
        let answer = ctx.signal::<Option<i64>>(&class, "so")?;
        Ok::<_, chirp::Error>(answer.unwrap_or(5))
    });
    let signal = signal.unwrap();
    assert_eq!(signal.call(st, ("Notification".into(),)).unwrap(), 5);
    for class in ["Warning", "Error"] {
        let error = signal.call(st, (class.into(),)).unwrap_err();
        assert_eq!(error.to_string(), format!("{class}: so"));
    }
    st.set_global("Signal", &signal).unwrap();
    let resumed = "[ Signal value: 'Warning' ] on: Warning do: [ :e | e resume: 7 ]";
    assert_eq!(st.eval::<i64>(resumed).unwrap(), 7);
}
