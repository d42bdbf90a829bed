//! Rust code of the host that panics: the machine tells of it, and goes on.

use chirp::{
    AsCtx, Block, Buffer, ClassDef, Ctx, ErrorKind, HostClass, New, Obj, Panicked, Smalltalk, This,
};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

struct Bomb(i64);

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(self.0 != 13, "it went off");
    }
}

impl HostClass for Bomb {
    const NAME: &'static str = "Bomb";
    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.class_method("of:", |n: i64| New(Bomb(n)))
            .method("n", |bomb: &Bomb| bomb.0)
            .method("n:", |bomb: &mut Bomb, n: i64| {
                bomb.0 = n;
                assert!(n < 100, "too much");
            })
            .method(
                "tell:",
                |ctx: &mut Ctx<'_>, this: This<Bomb>, block: Block<(i64,), Obj>| {
                    let n = this.with(ctx, |bomb| bomb.0)?;
                    block.call(ctx, (n,))
                },
            );
        Ok(())
    }
}

fn machine() -> (Smalltalk, Buffer) {
    let output = Buffer::new();
    let mut st = Smalltalk::builder().stdout(output.clone()).build().unwrap();
    st.register::<Bomb>().unwrap();
    (st, output)
}

#[test]
fn closures_that_panic_are_exceptions() {
    let (mut st, output) = machine();
    let fail = st
        .block(|n: i64| -> i64 { std::panic::panic_any(n) })
        .unwrap();
    st.set_global("Fail", fail).unwrap();
    let deep = st.block(|ctx: &mut Ctx<'_>, block: Block<(), i64>| block.call(ctx, ()));
    st.set_global("Deep", deep.unwrap()).unwrap();
    let text = "[ [ Deep value: [ Deep value: [ Fail value: 3 ] ] ] ensure: [ Transcript show: 'c' ] ] on: HostError do: [ :e | 5 ]";
    assert_eq!(st.eval::<i64>(text).unwrap(), 5);
    let error = st
        .eval::<i64>("[ Fail value: 3 ] ensure: [ Transcript show: 'd' ]")
        .unwrap_err();
    assert!(error.host_error::<Panicked>().is_some(), "{error:#}");
    assert_eq!(output.text(), "cd");
    // The value is as it was left, and lent to nobody any more.
    let text =
        "| b | b := Bomb of: 3. [ b n: 200 ] on: HostError do: [ :e | ]. b n: b n - 150. b n";
    assert_eq!(st.eval::<i64>(text).unwrap(), 50);
    let text = "| b | b := Bomb of: 3. [ b tell: [ :n | Fail value: n ] ] on: HostError do: [ :e | ]. b n: 4. b tell: [ :n | b n: n + 1. b n ]";
    assert_eq!(st.eval::<i64>(text).unwrap(), 5);
}

#[test]
fn a_panic_of_the_host_goes_through_what_it_borrowed() {
    let (mut st, _) = machine();
    let bomb: This<Bomb> = st.eval("Bomb of: 3").unwrap();
    for _ in 0..3 {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            bomb.with_mut(&mut st, |_| panic!("the host's own"))
        }));
        assert!(panicked.is_err());
        assert_eq!(bomb.with(&mut st, |b| b.0).unwrap(), 3);
        bomb.with_mut(&mut st, |b| b.0 = 3).unwrap();
        assert_eq!(st.as_ctx().eval::<i64>("3 + 4").unwrap(), 7);
    }
}

#[test]
fn values_that_panic_when_they_go() {
    let (mut st, _) = machine();
    for _ in 0..3 {
        st.eval::<()>("(1 to: 100) do: [ :i | Bomb of: i ]. Smalltalk garbageCollect")
            .unwrap();
        assert_eq!(st.eval::<i64>("(Bomb of: 7) n").unwrap(), 7);
    }
    let one: Obj = st.eval("Bomb of: 13").unwrap();
    drop(st);
    drop(one);
}

/// A sink that panics breaks the machine, and is not asked again when that is dropped.
#[test]
fn sinks_that_panic() {
    struct Sink;
    impl Write for Sink {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            panic!("the sink's own")
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut st = Smalltalk::builder().stdout(Sink).build().unwrap();
    for source in ["Transcript show: 'x'; flush. 3", "3 + 4"] {
        let error = st.eval::<i64>(source).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Broken { .. }), "{error}");
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(st))).is_ok());
}
