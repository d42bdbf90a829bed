//! Whatever the host gives, and in whatever order it calls: an answer or an error, and a machine that goes on.

use chirp::{
    AsCtx, Buffer, Builder, Capabilities, ClassDef, Clock, Ctx, ErrorKind, HostClass, New, Obj,
    Progress, Result, Smalltalk, Stop, Symbol,
};
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

/// Texts that are no names, or odd ones.
fn odd_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "\0",
        "a\0b",
        "a b",
        "a:b",
        ":",
        "é",
        "😀",
        "\u{FEFF}",
        "\u{202E}x",
        "nil",
        "self",
        "1",
        "'",
        "\"",
        "#(",
        "[",
        "<primitive: 1>",
        "Object class",
        "\n",
        "\r\n",
    ]
    .map(String::from)
    .into();
    texts.push("x".repeat(1 << 20));
    texts.push("a:".repeat(10_000));
    texts
}

fn works(st: &mut Smalltalk) {
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
    st.eval::<()>("Smalltalk garbageCollect").unwrap();
}

#[test]
fn odd_names_and_texts() {
    let mut st = Smalltalk::new();
    let three = st.object(3).unwrap();
    let class = st.class("Object").unwrap();
    for text in &odd_texts() {
        let _ = st.eval::<Obj>(text);
        let _ = st.run_source::<Obj>(text, text);
        let _ = st.run_source::<Obj>(text, "nil foo").unwrap_err().place();
        let _ = st.start(text);
        let _ = st.global::<Obj>(text);
        let _ = st.class(text);
        let _ = st.run_file::<Obj>(text);
        let _ = three.send::<Obj>(&mut st, text, ());
        let _ = three.send::<Obj>(&mut st, text, (1,));
        let _ = class.method(&mut st, text, |_me: Obj| 1);
        let _ = class.class_method(&mut st, text, |_me: Obj, _n: i64| 1);
        let _ = class.compile(&mut st, text);
        let error = st.as_ctx().exception(text, text);
        assert!(!format!("{error} {error:#} {error:?}").is_empty());
        let _ = st.as_ctx().signal::<Obj>(text, text);
        // What is stored comes back, as a text, a Symbol, an argument.
        st.set_arguments([text]);
        assert_eq!(
            st.eval::<Vec<String>>("Smalltalk arguments").unwrap(),
            [text.as_str()]
        );
        st.set_global("Kept", text).unwrap();
        assert_eq!(&st.global::<String>("Kept").unwrap(), text);
        st.set_global("Kept", Symbol(text.clone())).unwrap();
        assert_eq!(&st.global::<Symbol>("Kept").unwrap().0, text);
        // What code can name is a global, and all else is refused.
        match st.set_global(text, 5) {
            Ok(()) => assert_eq!(st.eval::<i64>(text).unwrap(), 5),
            Err(_) => assert!(st.global::<i64>(text).is_err()),
        }
        assert!(!format!("{:?}", chirp::Error::conversion(text, text)).is_empty());
    }
    st.eval::<()>("Smalltalk globals keys printString size")
        .unwrap();
    let _ = st
        .to_image()
        .map(|image| works(&mut Smalltalk::from_image(&image)));
    works(&mut st);
}

#[test]
fn odd_numbers_and_characters() {
    let mut st = Smalltalk::new();
    let same = st.block(|x: Obj| x).unwrap();
    st.set_global("Same", same).unwrap();
    macro_rules! round {
        ($($type:ident)*) => {$(
            for n in [$type::MIN, $type::MAX, 0, 1, $type::MAX / 2 + 1] {
                st.set_global("N", n).unwrap();
                assert_eq!(st.eval::<$type>("Same value: N + 1 - 1").unwrap(), n);
            }
            st.set_global("N", $type::MAX).unwrap();
            assert!(st.eval::<$type>("N + 1").is_err());
        )*};
    }
    round!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);
    for f in [
        f64::NAN,
        -f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.0,
        f64::MIN_POSITIVE / 2.0,
        f64::MAX,
        f64::MIN,
        f64::from_bits(0x7FF0_0000_0000_0001),
        f64::from_bits(1),
    ] {
        st.set_global("F", f).unwrap();
        let back = st.eval::<f64>("Same value: F").unwrap();
        assert!(
            back.to_bits() == f.to_bits() || (back.is_nan() && f.is_nan()),
            "{f}"
        );
        st.eval::<String>("F printString").unwrap();
        st.set_global("F", f as f32).unwrap();
        let _ = st.eval::<f32>("F");
        let _ = st.eval::<f32>("F * F");
        let _ = st.eval::<i64>("F");
    }
    // Half a character is no `char`, and no part of a `String`.
    let lone = "Character value: 16rD800";
    assert!(st.eval::<char>(lone).is_err());
    for text in [
        "String with: (Character value: 16rD800)",
        "(String with: (Character value: 16rDFFF) with: $a) asSymbol",
    ] {
        let found = st.eval::<String>(text);
        assert!(
            found.is_err() || found.unwrap().contains('\u{FFFD}'),
            "{text}"
        );
        let _ = st.eval::<Symbol>(text);
        let texts = st.eval::<Vec<String>>(&format!("{{ {text} }}"));
        st.set_arguments(texts.unwrap_or_default());
        let error = st
            .eval::<()>(&format!("Error signal: ({text})"))
            .unwrap_err();
        assert!(!format!("{error:#}").is_empty());
        let _ = st.eval::<Obj>(&format!("Smalltalk at: ({text}) asSymbol put: 3"));
        let _ = st.eval::<Obj>(&format!("Transcript show: ({text})"));
        let object: Obj = st.eval(text).unwrap();
        let _ = st.print_string(&object);
    }
    for c in ['\0', '\u{10FFFF}', '\u{D7FF}', '\u{E000}'] {
        st.set_global("C", c).unwrap();
        assert_eq!(st.eval::<char>("Same value: C").unwrap(), c);
    }
    // Of nothing, as many as one likes; of something, as many as there is room for.
    let error = st.set_global("Many", vec![(); usize::MAX]).unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Stopped {
                why: Stop::Memory,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(st.eval::<[i64; 0]>("#()").unwrap(), [0_i64; 0]);
    assert!(st.eval::<[i64; 1000]>("#()").is_err());
    works(&mut st);
}

fn built(set: impl FnOnce(Builder) -> Builder) -> Result<Smalltalk> {
    set(Smalltalk::builder()).build()
}

#[test]
fn odd_limits() {
    let waits = "(Delay forMilliseconds: 1) wait. 7";
    for build in [
        |b: Builder| b.fuel(u64::MAX),
        |b: Builder| b.timeout(Duration::MAX),
        |b: Builder| b.memory(usize::MAX),
        |b: Builder| b.memory(usize::MAX - 1),
        |b: Builder| b.depth(usize::MAX),
        |b: Builder| b.random_seed(u64::MAX),
        |b: Builder| b.random_seed(0),
    ] {
        let mut st = built(build).unwrap();
        assert_eq!(st.eval::<i64>(waits).unwrap(), 7);
        let mut run = st.start(waits).unwrap();
        while !run.has_ended() {
            if let Progress::Waiting(waiting) = run.step::<i64>(&mut st, u64::MAX).unwrap() {
                waiting.wait(Some(Duration::MAX));
                waiting.wait(Some(Duration::ZERO));
            }
        }
        assert!(matches!(st.run_pending(u64::MAX), Ok(Progress::Done(()))));
        assert!(st.run_pending(0).is_ok());
    }
    assert!(built(|b| b.memory(0)).is_err());
    for build in [
        |b: Builder| b.fuel(0),
        |b: Builder| b.timeout(Duration::ZERO),
    ] {
        let mut st = built(build).unwrap();
        assert!(st.eval::<i64>("3 + 4").is_err());
        let mut run = st.start("3 + 4").unwrap();
        assert!(run.step::<i64>(&mut st, u64::MAX).is_err());
        st.set_fuel(None);
        st.set_timeout(None);
        works(&mut st);
    }
    let mut st = built(|b| b.depth(0)).unwrap();
    works(&mut st);
    let mut run = st.start("3 + 4").unwrap();
    for _ in 0..100 {
        if let Ok(Progress::Done(seven)) = run.step::<i64>(&mut st, 0) {
            assert_eq!(seven, 7);
        }
    }
    st.set_timeout(Some(Duration::MAX));
    st.set_fuel(Some(u64::MAX));
    works(&mut st);
}

#[test]
fn odd_clocks() {
    let long = Duration::from_secs(1 << 40);
    let far = SystemTime::UNIX_EPOCH.checked_add(long);
    let early = SystemTime::UNIX_EPOCH.checked_sub(long);
    for moment in [Some(SystemTime::UNIX_EPOCH), far, early]
        .into_iter()
        .flatten()
    {
        for clock in [Clock::manual(moment), Clock::skipping(moment)] {
            let mut st = built(|b| b.clock(clock.clone())).unwrap();
            for source in [
                "DateAndTime now printString",
                "Time millisecondClockValue",
                "Date today printString",
                "[ 3 ] timeToRun printString",
                "(Delay forMilliseconds: 0) wait",
                "Random new next",
            ] {
                let _ = st.eval::<Obj>(source);
            }
            // Very far, as often as one likes.
            let _ = st.eval::<Obj>("DateAndTime now - (DateAndTime fromUnixTime: 5)");
            clock.advance(Duration::MAX);
            clock.advance(Duration::MAX);
            let _ = st.eval::<Obj>("DateAndTime now printString. Time microsecondClockValue");
            let mut run = st.start("(Delay forSeconds: 10) wait").unwrap();
            let _ = run.step::<()>(&mut st, 1000).unwrap();
            drop(run);
            works(&mut st);
        }
    }
}

/// A stream that does as it is told.
struct Odd(fn() -> io::Result<usize>);

impl Write for Odd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.0)().map(|n| n.min(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        (self.0)().map(drop)
    }
}

impl Read for Odd {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        (self.0)().map(|n| n.min(bytes.len()))
    }
}

#[test]
fn streams_that_fail() {
    let ways: [fn() -> io::Result<usize>; 5] = [
        || Ok(0),
        || Ok(1),
        || Err(io::ErrorKind::BrokenPipe.into()),
        || Err(io::ErrorKind::WouldBlock.into()),
        || Err(io::Error::other("the disk is full")),
    ];
    for way in ways {
        let build = |b: Builder| {
            b.capabilities(Capabilities::all())
                .stdout(Odd(way))
                .stderr(Odd(way))
                .stdin(Odd(way))
        };
        let mut st = built(build).unwrap();
        for source in [
            "Transcript show: 'a text'; cr; flush",
            "Stdio stdout nextPutAll: 'a text'; flush",
            "Stdio stderr nextPutAll: (String new: 100000); flush",
            "Stdio stdout close. Transcript show: 'x'",
        ] {
            if let Err(error) = st.eval::<Obj>(source) {
                assert!(
                    matches!(error.kind(), ErrorKind::Unhandled { .. }),
                    "{error:?}"
                );
            }
        }
        works(&mut st);
    }
    // One that is not ready is asked again; the others have an end, or fail.
    for way in [ways[0], ways[1], ways[2], ways[4]] {
        let mut st = built(|b| b.stdin(Odd(way))).unwrap();
        let _ = st.eval::<Obj>("Stdio stdin next: 10");
        works(&mut st);
    }
}

/// Types whose parts panic, each at its time.
struct Fuse(u8);

impl Drop for Fuse {
    fn drop(&mut self) {
        assert!(self.0 != 1, "dropped");
    }
}

impl HostClass for Fuse {
    const NAME: &'static str = "Fuse";

    fn define(c: &mut ClassDef<'_, Self>) -> Result<()> {
        c.class_method("of:", |n: u8| New(Fuse(n)))
            .method("n", |fuse: &Fuse| fuse.0)
            .method("n:", |fuse: &mut Fuse, n: u8| fuse.0 = n)
            .method("n", |fuse: &Fuse| fuse.0)
            .print(|fuse| match fuse.0 {
                4 => panic!("printed"),
                n => n.to_string(),
            });
        Ok(())
    }

    fn heap_size(&self) -> usize {
        assert!(self.0 != 2, "weighed");
        usize::from(self.0)
    }

    fn shallow_copy(&self) -> Option<Self> {
        assert!(self.0 != 3, "copied");
        Some(Fuse(self.0))
    }
}

#[test]
fn types_that_panic() {
    let mut st = Smalltalk::new();
    st.register::<Fuse>().unwrap();
    for source in [
        "Fuse of: 1. Smalltalk garbageCollect",
        "Fuse of: 2",
        "(Fuse of: 5) n: 2",
        "(Fuse of: 3) copy",
        "(Fuse of: 4) printString",
        "(Fuse of: 1) copy. Smalltalk garbageCollect",
        "Fuse new",
        "Fuse basicNew n",
        "Fuse of: 300",
        "(Fuse of: 6) instVarAt: 1",
        "(Fuse of: 6) become: (Fuse of: 7)",
        "Fuse of: nil",
    ] {
        let _ = st.eval::<Obj>(source);
        works(&mut st);
    }
    // What the host drops or makes itself panics in its own hands.
    let made = catch_unwind(AssertUnwindSafe(|| st.set_global("Fuse2", New(Fuse(2)))));
    assert!(made.is_err() || made.unwrap().is_err());
    works(&mut st);
    st.set_data(Fuse(1));
    let replaced = catch_unwind(AssertUnwindSafe(|| drop(st.set_data(Fuse(0)))));
    assert!(replaced.is_err());
    std::mem::forget(st.set_data(Fuse(1)));
    works(&mut st);
    let image = st.to_image().unwrap();
    works(&mut Smalltalk::from_image(&image));
}

/// A type that panics where an image's class is defined again.
struct Once;

impl HostClass for Once {
    const NAME: &'static str = "Once";

    fn define(c: &mut ClassDef<'_, Self>) -> Result<()> {
        let first = c.as_ctx().global::<Obj>("OnceDefined").is_err();
        assert!(first, "defined again");
        c.as_ctx().set_global("OnceDefined", 1)?;
        c.method("one", |_: &Once| 1);
        Ok(())
    }
}

#[test]
fn definitions_that_panic() {
    let mut st = Smalltalk::new();
    st.register::<Once>().unwrap();
    let image = st.to_image().unwrap();
    let started = catch_unwind(AssertUnwindSafe(|| {
        Smalltalk::builder().image(&image).build()
    }));
    assert!(started.is_err());
    works(&mut st);
    let mut other = Smalltalk::new();
    other.set_global("OnceDefined", 1).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| other.register::<Once>())).is_err());
    works(&mut other);
}

#[test]
fn programs_that_are_forgotten() {
    let mut st = Smalltalk::new();
    for n in 0..20 {
        let mut run = st
            .start("[ (Delay forSeconds: 100) wait ] ensure: [ Smalltalk at: #E put: 1 ]")
            .unwrap();
        if n % 2 == 0 {
            let _ = run.step::<()>(&mut st, 1000).unwrap();
        }
        std::mem::forget(run);
    }
    works(&mut st);
    let run = st.start("3").unwrap();
    drop(st);
    assert!(!run.has_ended());
    drop(run);
}

#[test]
fn closures_that_pull_the_rug() {
    let output = Buffer::new();
    let mut st = Smalltalk::builder().stdout(output.clone()).build().unwrap();
    let object = st.class("Object").unwrap();
    let own = |ctx: &mut Ctx<'_>, me: Obj| -> Result<Obj> {
        // It takes away its own method, its variable, and lets everything be collected.
        ctx.eval::<()>("Object removeSelector: #own. Smalltalk garbageCollect; garbageCollect")?;
        let class = ctx.class("Object")?;
        class.method(ctx, "own", |_me: Obj| 2)?;
        ctx.eval::<()>("Smalltalk garbageCollect")?;
        Ok(me)
    };
    object.method(&mut st, "own", own).unwrap();
    assert_eq!(st.eval::<i64>("'text' copy own size + 3 own").unwrap(), 6);
    // It goes on although it was told to stop.
    let deaf = |ctx: &mut Ctx<'_>, text: String| -> i64 {
        for _ in 0..3 {
            let _ = ctx.eval::<Obj>(&text);
        }
        3
    };
    let deaf = st.block(deaf).unwrap();
    st.set_global("Deaf", deaf).unwrap();
    st.set_fuel(Some(100_000));
    let error = st
        .eval::<i64>("Deaf value: '[ true ] whileTrue'")
        .unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Stopped {
            why: Stop::Fuel,
            ..
        }
    ));
    st.set_fuel(None);
    let error = st
        .eval::<i64>("Deaf value: 'Smalltalk exit: 5'")
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Exit(5)), "{error:?}");
    assert_eq!(
        st.eval::<i64>("Deaf value: 'Processor activeProcess terminate'")
            .unwrap_or(3),
        3
    );
    works(&mut st);
    for source in [
        "thisContext sender",
        "Processor activeProcess suspend",
        "Processor terminateActive",
        "^ 3",
        "Smalltalk at: #Deaf put: nil",
        "Object become: Array",
    ] {
        let source = source.replace('\'', "''");
        let _ = st.eval::<Obj>(&format!("Deaf value: '{source}'"));
    }
}
