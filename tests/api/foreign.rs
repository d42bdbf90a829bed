//! Machines side by side in one program: nothing of one gets into another.

use chirp::{
    AsCtx, Block, ClassDef, Ctx, ErrorKind, FromSmalltalk, HostClass, IntoSmalltalk, New, Obj,
    Result, Smalltalk, This,
};

struct Fuse(u8);

impl HostClass for Fuse {
    const NAME: &'static str = "Fuse";

    fn define(c: &mut ClassDef<'_, Self>) -> Result<()> {
        c.class_method("of:", |n: u8| New(Fuse(n)));
        Ok(())
    }
}

fn works(st: &mut Smalltalk) {
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
    st.eval::<()>("Smalltalk garbageCollect").unwrap();
}

#[test]
fn machines_that_change_places() {
    // A host that puts another machine's context into its closure's gets no object from there into the machine.
    let mut st = Smalltalk::new();
    let swap = |ctx: &mut Ctx<'_>, text: String| -> Result<Obj> {
        let other: &'static mut Smalltalk = Box::leak(Box::new(Smalltalk::new()));
        let mut other = other.as_ctx();
        std::mem::swap(ctx, &mut other);
        ctx.eval::<Obj>(&text)
    };
    let block = st.block(swap).unwrap();
    st.set_global("Swap", block).unwrap();
    let error = st.eval::<Obj>("Swap value: 'Object new'").unwrap_err();
    assert!(error.to_string().contains("another machine"), "{error}");
    let text = |ctx: &mut Ctx<'_>| -> String {
        let other: &'static mut Smalltalk = Box::leak(Box::new(Smalltalk::new()));
        *ctx = other.as_ctx();
        "text".repeat(100)
    };
    let block = st.block(text).unwrap();
    st.set_global("Text", block).unwrap();
    assert_eq!(
        st.eval::<usize>("| t | t := Text value. Smalltalk garbageCollect. t size")
            .unwrap(),
        400
    );
    // Nor do conversions.
    struct Thief;
    impl IntoSmalltalk for Thief {
        fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
            let other: &'static mut Smalltalk = Box::leak(Box::new(Smalltalk::new()));
            *ctx = other.as_ctx();
            ctx.object("stolen")
        }
    }
    impl FromSmalltalk for Thief {
        fn from_smalltalk(ctx: &mut Ctx<'_>, _: &Obj) -> Result<Self> {
            let other: &'static mut Smalltalk = Box::leak(Box::new(Smalltalk::new()));
            *ctx = other.as_ctx();
            Ok(Thief)
        }
    }
    assert!(st.set_global("Stolen", Thief).is_err());
    assert!(st.set_global("Stolen", vec![Thief]).is_err());
    assert!(st.set_global("Stolen", (1, Thief, 2)).is_err());
    assert!(
        st.eval::<(i64, Thief, String)>("{ 1. 2. 'x' copy }")
            .is_ok()
    );
    assert!(st.eval::<Vec<Thief>>("{ 1. 2. 'x' copy }").is_ok());
    let both = st
        .block(|_a: Thief, b: String, _c: Thief, d: Obj| (b, d))
        .unwrap();
    st.set_global("Both", both).unwrap();
    let pair = st.eval::<(String, Vec<i64>)>(
        "Both value: 1 value: 'b' copy value: 3 value: (Array with: 4)",
    );
    assert_eq!(pair.unwrap(), ("b".into(), vec![4]));
    works(&mut st);
}

#[test]
fn handles_of_another_machine() {
    let mut st = Smalltalk::new();
    st.register::<Fuse>().unwrap();
    let object: Obj = st.eval("Object new").unwrap();
    let block: Block<(i64,), i64> = st.eval("[ :x | x ]").unwrap();
    let fuse: This<Fuse> = st.eval("Fuse of: 9").unwrap();
    let class = st.class("Object").unwrap();
    let mut run = st.start("(Delay forSeconds: 9) wait").unwrap();
    let error = st.eval::<()>("Error signal").unwrap_err();
    let handle = st.interrupt_handle();
    let image = {
        let source = "Smalltalk at: #F put: nil";
        st.eval::<()>(source).unwrap();
        let mut copy = Smalltalk::new();
        copy.register::<Fuse>().unwrap();
        copy.to_image().unwrap()
    };
    let mut others = vec![Smalltalk::new(), Smalltalk::from_image(&image)];
    for round in 0..2 {
        for other in &mut others {
            let foreign =
                |e: chirp::Error| assert!(matches!(e.kind(), ErrorKind::ForeignHandle), "{e}");
            foreign(object.send::<Obj>(other, "yourself", ()).unwrap_err());
            foreign(object.get::<i64>(other).unwrap_err());
            foreign(object.class_name(other).unwrap_err());
            foreign(object.is_same(&object, other).unwrap_err());
            foreign(other.set_global("X", &object).unwrap_err());
            foreign(other.object(vec![object.clone()]).unwrap_err());
            foreign(other.print_string(&object).unwrap_err());
            foreign(block.call(other, (3,)).unwrap_err());
            foreign(fuse.with(other, |f| f.0).unwrap_err());
            foreign(fuse.with_mut(other, |f| f.0).unwrap_err());
            foreign(
                class
                    .method(other, "x", |_me: Obj| 1)
                    .map(drop)
                    .unwrap_err(),
            );
            foreign(class.compile(other, "x ^ 1").map(drop).unwrap_err());
            foreign(run.step::<()>(other, 10).map(drop).unwrap_err());
            let three: Obj = other.eval("3").unwrap();
            foreign(three.send::<Obj>(other, "->", (&object,)).unwrap_err());
            // An answer or an error of a closure.
            let (kept, wrong) = (object.clone(), error.to_string());
            let give = other
                .block(move |n: i64| {
                    if n > 0 {
                        Ok(kept.clone())
                    } else {
                        Err(wrong.clone())
                    }
                })
                .unwrap();
            assert!(give.as_obj().send::<Obj>(other, "value:", (1,)).is_err());
            assert!(give.as_obj().send::<Obj>(other, "value:", (0,)).is_err());
            works(other);
        }
        if round == 0 {
            // Without its machine it is good for no other, either.
            drop(std::mem::replace(&mut st, Smalltalk::new()));
            handle.stop();
            handle.interrupt();
            handle.clear();
        }
    }
    drop((object, block, fuse, class, error));
    run.terminate(&mut st).unwrap_err();
    works(&mut st);
}
