//! Images with what the host program has loaded: taken of one machine, begun with by many.

use chirp::{ClassDef, ErrorKind, HostClass, New, Obj, Shared, Smalltalk, Stop, This};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

const SHAPES: &str = "
Object subclass: Shape [
    | name |
    Known := nil.
    Shape class [ | made | ]
    Shape class >> made [ ^ made ifNil: [ 0 ] ]
    Shape class >> named: aString [ made := self made + 1. ^ self new setName: aString ]
    Shape class >> known [ ^ Known ifNil: [ Known := Dictionary new ] ]
    setName: aString [ name := aString ]
    name [ ^ name ]
    area [ ^ self subclassResponsibility ]
    < aShape [ ^ self area < aShape area ]
]
Shape subclass: Square [
    | side |
    Square class >> side: n [ ^ (self named: 'square') setSide: n ]
    setSide: n [ side := n ]
    area [ ^ side * side ]
]
Shape known at: #unit put: (Square side: 1).
Shape known at: #large put: (Square side: 100).
";

fn loaded() -> Smalltalk {
    let mut st = Smalltalk::new();
    st.run_source::<()>("shapes.st", SHAPES).unwrap();
    st
}

/// A machine from an image of `st`, under stress if `stress`.
fn next(st: &mut Smalltalk, stress: bool) -> Smalltalk {
    let image = st.to_image().unwrap();
    let builder = Smalltalk::builder().image(&image).stress(stress);
    builder.build().unwrap()
}

#[test]
fn everything_is_there_and_is_its_own() {
    let mut st = loaded();
    st.eval::<()>("order := SortedCollection sortBlock: [ :a :b | a area >= b area ]. order addAll: Shape known values.
        text := 'a text' copy. same := text. floats := { 1.5. 1.0e100. 2 raisedTo: 200. 3/4. $x. 2r101 }. wide := 'λ→∀' asSymbol.
        bits := ByteArray new: 5000. bits at: 4999 put: 77. large := Array new: 20000. large at: 20000 put: text.
        counter := 0. tick := [ counter := counter + 1 ]. tick value.
        identities := IdentityDictionary new. identities at: text put: 1; at: large put: 2; at: Square put: 3.
        hash := text identityHash")
        .unwrap();
    let image = st.to_image().unwrap();
    for stress in [false, true] {
        let mut one = Smalltalk::builder()
            .image(&image)
            .stress(stress)
            .build()
            .unwrap();
        let mut two = Smalltalk::from_image(&image);
        for st in [&mut one, &mut two] {
            assert_eq!(
                st.eval::<i64>("(Shape known at: #large) area").unwrap(),
                10_000
            );
            assert_eq!(
                st.eval::<i64>("Shape made + (100 * Square made)").unwrap(),
                200
            );
            assert!(
                st.eval::<bool>("text == same and: [ (large at: 20000) == text ]")
                    .unwrap()
            );
            assert_eq!(st.eval::<i64>("bits at: 4999").unwrap(), 77);
            assert_eq!(
                st.eval::<String>("floats printString").unwrap(),
                "{1.5. 1.0e100. 1606938044258990275541962092341162602522202993782792835301376. (3/4). $x. 5}"
            );
            assert!(st.eval::<bool>("wide == 'λ→∀' asSymbol").unwrap());
            assert_eq!(
                st.eval::<Vec<i64>>(
                    "{ identities at: text. identities at: large. identities at: Square }"
                )
                .unwrap(),
                [1, 2, 3]
            );
            assert!(st.eval::<bool>("text identityHash = hash").unwrap());
            assert_eq!(
                st.eval::<i64>("order add: (Square side: 50). order asArray second area")
                    .unwrap(),
                2500
            );
            // What blocks captured is theirs.
            assert_eq!(
                st.eval::<i64>("tick value. tick value. counter").unwrap(),
                3
            );
            st.eval::<()>(
                "Shape known removeKey: #unit. text at: 1 put: $A. Smalltalk garbageCollect",
            )
            .unwrap();
            assert_eq!(
                st.eval::<String>("same , (large at: 20000)").unwrap(),
                "A textA text"
            );
            assert_eq!(
                st.eval::<i64>("Shape known size + Square allInstances size")
                    .unwrap(),
                4
            );
            st.eval::<()>(
                "Square compile: 'area ^ 7'. Square class compile: 'unit ^ self side: 1'",
            )
            .unwrap();
            assert_eq!(st.eval::<i64>("Square unit area").unwrap(), 7);
        }
    }
    assert_eq!(
        st.eval::<i64>("counter * 10 + Shape known size").unwrap(),
        12
    );
    assert_eq!(st.eval::<i64>("(Shape known at: #unit) area").unwrap(), 1);
}

#[test]
fn traces_reflection_and_latent_classes() {
    let st = &mut next(&mut loaded(), false);
    let error = st.eval::<()>("Shape new area").unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("Shape>>area  shapes.st:11:"), "{text}");
    assert!(
        st.eval::<String>("(Square >> #area) sourceCode")
            .unwrap()
            .contains("side * side")
    );
    assert!(
        st.eval::<bool>("Shape subclasses includes: Square")
            .unwrap()
    );
    // A class of the library that nobody had named.
    assert_eq!(
        st.eval::<i64>("#(7 8 7) asBag occurrencesOf: 7").unwrap(),
        2
    );
    assert_eq!(
        st.eval::<String>("(Duration seconds: 61) humanReadablePrintString")
            .unwrap(),
        "1 minute 1 second"
    );
    assert!(
        st.eval::<bool>(
            "(Smalltalk globals includesKey: #Square) and: [ #Square asSymbol == #Square ]"
        )
        .unwrap()
    );
}

/// A Rust type whose class is in the image; each machine has closures of its own.
struct Meter(i64);

impl HostClass for Meter {
    const NAME: &'static str = "Meter";

    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.class_method("of:", |n: i64| New(Meter(n)))
            .method("cm", |m: &Meter| m.0 * 100)
            .method("grow:", |m: &mut Meter, by: i64| m.0 += by)
            .source("isLong ^ self cm > 1000");
        Ok(())
    }

    fn shallow_copy(&self) -> Option<Self> {
        Some(Meter(self.0))
    }
}

#[test]
fn rust_types_and_closures() {
    let mut st = Smalltalk::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let add = Shared(move |a: i64, b: i64| {
        counted.fetch_add(1, Ordering::Relaxed);
        a + b
    });
    let block = st.block(add.clone()).unwrap();
    st.set_global("Add", &block).unwrap();
    st.class("Integer")
        .unwrap()
        .method(&mut st, "plus:", add)
        .unwrap();
    let square = Shared(|ctx: &mut chirp::Ctx<'_>, n: Obj| n.send::<i64>(ctx, "squared", ()));
    st.class("Integer")
        .unwrap()
        .method(&mut st, "sq", square)
        .unwrap();
    st.class("Integer")
        .unwrap()
        .class_method(&mut st, "six", Shared(|_class: Obj| 6))
        .unwrap();
    st.register::<Meter>().unwrap();
    st.eval::<()>("Meter subclass: #Yard. Yard compile: 'inch ^ self cm * 100 // 254'")
        .unwrap();
    assert_eq!(
        st.eval::<i64>("Add value: 1 value: (2 plus: 3 sq)")
            .unwrap(),
        12
    );
    let first = st.to_image().unwrap();
    drop((st, block));
    // An image of a machine that came from an image is as good as the first.
    let second = Smalltalk::from_image(&first).to_image().unwrap();
    drop(first);
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let image = second.clone();
            thread::spawn(move || {
                let mut st = Smalltalk::builder()
                    .image(&image)
                    .stress(n == 0)
                    .build()
                    .unwrap();
                for _ in 0..20 {
                    assert_eq!(
                        st.eval::<i64>("Add value: Integer six value: (2 plus: 3 sq)")
                            .unwrap(),
                        17
                    );
                }
                assert!(
                    st.eval::<bool>("(Meter of: 11) copy isLong and: [ (Yard of: 1) inch = 39 ]")
                        .unwrap()
                );
                let meter: This<Meter> = st.eval("Kept := (Yard of: 2) grow: 5").unwrap();
                assert_eq!(meter.with(&mut st, |m| m.0).unwrap(), 7);
                st.set_global("Host", New(Meter(3))).unwrap();
                assert_eq!(st.eval::<i64>("Host cm").unwrap(), 300);
                // It is registered, and not twice.
                let class = st.register::<Meter>().unwrap();
                assert!(
                    st.eval::<bool>(
                        "Meter allInstances size = 1 and: [ Yard superclass == Meter ]"
                    )
                    .unwrap()
                );
                assert_eq!(class.send::<String>(&mut st, "name", ()).unwrap(), "Meter");
                st.class("Integer")
                    .unwrap()
                    .method(&mut st, "own", |n: i64| n + 1)
                    .unwrap();
                assert_eq!(st.eval::<i64>("6 own plus: 1").unwrap(), 8);
                st
            })
        })
        .collect();
    let machines: Vec<Smalltalk> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    assert!(calls.load(Ordering::Relaxed) > 160);
    drop(machines);
    assert_eq!(Arc::strong_count(&calls), 3);
    drop(second);
    assert_eq!(Arc::strong_count(&calls), 1);
}

fn refusal(source: &str) -> String {
    let mut st = Smalltalk::builder()
        .capabilities(chirp::Capabilities::all())
        .build()
        .unwrap();
    st.register::<Meter>().unwrap();
    let parse = st.block(|text: String| text.parse::<i64>()).unwrap();
    st.set_global("Parse", parse).unwrap();
    st.eval::<()>("Smalltalk at: #Keep put: nil").unwrap();
    st.eval::<()>(source).unwrap();
    let error = st.to_image().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Image { .. }), "{error}");
    // It goes on as if nothing had been asked.
    assert_eq!(st.eval::<i64>("(Meter of: 3) cm").unwrap(), 300);
    error.to_string()
}

#[test]
fn what_no_image_can_hold() {
    for (source, expected) in [
        (
            "Keep := Meter of: 3",
            "the global Keep refers to a Meter, which holds a Rust value",
        ),
        (
            "held := { 1. { Meter of: 3 } }",
            "the variable held refers to a Meter, which holds a Rust value",
        ),
        (
            "| m | m := Meter of: 3. Keep := [ m cm ]",
            "the global Keep refers to a Meter",
        ),
        (
            "Object subclass: #Holder. Holder class instanceVariableNames: 'own'. Holder class compile: 'own: x own := x'. Holder own: (Meter of: 1)",
            "class Holder",
        ),
        (
            "Keep := [ Parse value: 'x' ] on: HostError do: [ :e | e ]",
            "to which a Rust error belongs",
        ),
        (
            "3",
            "the global Parse refers to a HostFunction, which is a closure of this machine only: wrap it in `Shared`",
        ),
        (
            "[ (Delay forSeconds: 1000) wait ] fork",
            "1 Process has not ended",
        ),
        (
            "Keep := Semaphore new. 5 timesRepeat: [ [ Keep wait ] fork ]. (Delay forMilliseconds: 1) wait",
            "5 Processes have not ended",
        ),
        #[cfg(feature = "files")]
        (
            "Keep := '/dev/null' asFileReference writeStream",
            "1 file is open",
        ),
    ] {
        let text = refusal(source);
        assert!(
            text.starts_with("no image: ") && text.contains(expected),
            "{source}: {text}"
        );
    }
    #[cfg(feature = "net")]
    {
        let text = refusal(
            "Keep := Socket newTCP. Keep listenOn: 0 backlogSize: 1 interface: #[127 0 0 1]",
        );
        assert!(text.contains("1 socket is open"), "{text}");
    }
    // What was let go is none of the image's business.
    let mut st = Smalltalk::new();
    st.register::<Meter>().unwrap();
    let held: Obj = st.eval("Meter of: 3").unwrap();
    st.eval::<()>("gone := Meter of: 4. gone := nil").unwrap();
    let image = st.to_image().unwrap();
    assert_eq!(
        Smalltalk::from_image(&image)
            .eval::<i64>("Meter allInstances size")
            .unwrap(),
        0
    );
    assert_eq!(held.with_host(&mut st, |m: &Meter| m.0).unwrap(), 3);
}

#[test]
fn a_sliced_program_is_no_part_of_it() {
    let mut st = Smalltalk::new();
    let mut run = st.start("[ true ] whileTrue").unwrap();
    let _ = run.step::<()>(&mut st, 100).unwrap();
    assert!(
        st.to_image()
            .unwrap_err()
            .to_string()
            .contains("has not ended")
    );
    run.terminate(&mut st).unwrap();
    assert!(st.to_image().is_ok());
    // One that was dropped half-way is cleaned up first.
    let mut run = st
        .start("[ [ true ] whileTrue ] ensure: [ Smalltalk at: #Cleaned put: 1 ]")
        .unwrap();
    let _ = run.step::<()>(&mut st, 100).unwrap();
    drop(run);
    let image = st.to_image().unwrap();
    assert_eq!(
        Smalltalk::from_image(&image)
            .global::<i64>("Cleaned")
            .unwrap(),
        1
    );
}

#[test]
fn each_machine_has_its_own_limits_and_permissions() {
    let mut st = Smalltalk::builder()
        .capabilities(chirp::Capabilities::all())
        .arguments(["first"])
        .build()
        .unwrap();
    st.run_source::<()>("shapes.st", SHAPES).unwrap();
    st.set_data(5_u8);
    let image = st.to_image().unwrap();
    let mut plain = Smalltalk::from_image(&image);
    #[cfg(feature = "files")]
    {
        let source = "'/etc/hostname' asFileReference readStream";
        let error = plain.eval::<()>(source).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Denied { .. }),
            "{error:?}"
        );
    }
    assert!(
        plain
            .eval::<Vec<String>>("Smalltalk arguments")
            .unwrap()
            .is_empty()
    );
    assert!(plain.data::<u8>().is_err());
    let mut tight = Smalltalk::builder()
        .image(&image)
        .fuel(10_000)
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    let error = tight.eval::<()>("[ true ] whileTrue").unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Stopped {
            why: Stop::Fuel,
            ..
        }
    ));
    assert_eq!(tight.eval::<i64>("(Square side: 3) area").unwrap(), 9);
    let small = Smalltalk::builder().image(&image).memory(10_000).build();
    assert!(matches!(
        small.unwrap_err().kind(),
        ErrorKind::Stopped {
            why: Stop::Memory,
            ..
        }
    ));
    let mut small = Smalltalk::builder()
        .image(&image)
        .memory(24 << 20)
        .build()
        .unwrap();
    let error = small
        .eval::<()>(
            "[ | all | all := OrderedCollection new. [ all add: (Array new: 1000) ] repeat ] value",
        )
        .unwrap_err();
    assert!(
        error.to_string().contains("memory") || error.to_string().contains("OutOfMemory"),
        "{error}"
    );
    drop(error);
    assert_eq!(small.eval::<i64>("(Square side: 3) area").unwrap(), 9);
    // Chance is not the same for all.
    st.eval::<()>("6 atRandom. UUID new").unwrap();
    let image = st.to_image().unwrap();
    let dice = || {
        Smalltalk::from_image(&image)
            .eval::<Vec<i64>>("(1 to: 20) collect: [ :i | 1000 atRandom ]")
            .unwrap()
    };
    assert_ne!(dice(), dice());
    let seeded = || {
        let mut st = Smalltalk::builder()
            .image(&image)
            .random_seed(3)
            .build()
            .unwrap();
        st.eval::<Vec<i64>>("(1 to: 20) collect: [ :i | 1000 atRandom ]")
            .unwrap()
    };
    assert_eq!(seeded(), seeded());
}

#[test]
fn weak_references_and_finalization() {
    let mut st = loaded();
    st.eval::<()>("kept := Object new. weak := WeakArray with: kept with: Object new.
        table := WeakSet new. table add: kept. died := OrderedCollection new. guarded := Object new.
        FinalizationRegistry default add: guarded finalizer: (ObjectFinalizer receiver: died selector: #add: argument: 7)")
        .unwrap();
    let _handle: Obj = st.eval("weak at: 2 put: Object new. weak at: 2").unwrap();
    // What dies before the image is taken is finalised in front of it.
    st.eval::<()>("FinalizationRegistry default add: Object new finalizer: (ObjectFinalizer receiver: died selector: #add: argument: 6)").unwrap();
    let st = &mut next(&mut st, false);
    assert!(st.eval::<bool>("died asArray = #(6)").unwrap());
    assert!(
        st.eval::<bool>(
            "(weak at: 1) == kept and: [ (weak at: 2) isNil and: [ table includes: kept ] ]"
        )
        .unwrap()
    );
    st.eval::<()>(
        "kept := nil. guarded := nil. Smalltalk garbageCollect. (Delay forMilliseconds: 1) wait",
    )
    .unwrap();
    assert!(
        st.eval::<bool>("(weak at: 1) isNil and: [ died asArray = #(6 7) ]")
            .unwrap()
    );
}

#[test]
fn many_objects_and_collections() {
    let mut st = loaded();
    #[cfg(all(feature = "packages", feature = "sunit"))]
    st.load(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/packages/tonel"))
        .unwrap();
    st.eval::<()>("all := (1 to: 30000) collect: [ :i | Square side: i ]")
        .unwrap();
    let image = st.to_image().unwrap();
    drop(st);
    let mut machines: Vec<_> = (0..3).map(|_| Smalltalk::from_image(&image)).collect();
    drop(image);
    for st in &mut machines {
        for _ in 0..3 {
            st.eval::<()>("1 to: 100000 do: [ :i | all at: i \\\\ 30000 + 1 put: (Square side: i) ]. Smalltalk garbageCollect").unwrap();
        }
        assert_eq!(
            st.eval::<i64>("(all detect: [ :each | each area = (99999 * 99999) ]) area")
                .unwrap(),
            99_999 * 99_999
        );
        assert_eq!(st.eval::<i64>("all size").unwrap(), 30_000);
        #[cfg(all(feature = "packages", feature = "sunit"))]
        assert_eq!(st.eval::<i64>("5 article price").unwrap(), 5);
    }
}
