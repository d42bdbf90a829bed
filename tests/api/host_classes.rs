//! Rust types as classes: values stay with their objects, whatever Smalltalk does to these, and die with them.

use chirp::{AsCtx, Block, ClassDef, Ctx, ErrorKind, HostClass, New, Obj, Smalltalk, This};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Counts those that live.
struct Token(Arc<AtomicUsize>);

impl Token {
    fn new(count: &Arc<AtomicUsize>) -> Token {
        count.fetch_add(1, SeqCst);
        Token(count.clone())
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl HostClass for Token {
    const NAME: &'static str = "Token";
    fn define(_: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Cell3(i64);

impl HostClass for Cell3 {
    const NAME: &'static str = "Cell3";
    const PACKAGE: &'static str = "Cells";
    const COMMENT: &'static str = "I hold a number.";

    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.variable("label")
            .class_method("of:", |n: i64| New(Cell3(n)))
            .class_method("checked:", |n: i64| {
                u8::try_from(n).map(|n| New(Cell3(n.into())))
            })
            .class_method("many:", |n: i64| {
                (0..n).map(|i| New(Cell3(i))).collect::<Vec<_>>()
            })
            .class_method("touch", || ())
            .class_method("viaClass:", |ctx: &mut Ctx<'_>, n: i64| {
                ctx.eval::<Obj>(&format!("Cell3 of: {n}"))
            })
            .method("n", |c: &Cell3| c.0)
            .method("n:", |c: &mut Cell3, n: i64| c.0 = n)
            .method("+", |a: &Cell3, b: &Cell3| New(Cell3(a.0 + b.0)))
            .method("take:", |a: &mut Cell3, b: &Cell3| a.0 += b.0)
            .method("add:times:", |a: &Cell3, b: &Cell3, n: i64| a.0 + b.0 * n)
            .method("half", |c: &Cell3| match c.0 % 2 {
                0 => Ok(c.0 / 2),
                _ => Err(format!("{} is odd", c.0)),
            })
            .method("panic", |c: &mut Cell3| -> i64 { panic!("with {}", c.0) })
            .method("same", |this: This<Cell3>| this)
            .method(
                "times:",
                |ctx: &mut Ctx<'_>,
                 this: This<Cell3>,
                 each: Block<(i64,), Obj>|
                 -> chirp::Result<()> {
                    let mut i = 0;
                    while i < this.with(ctx, |c| c.0)? {
                        each.call(ctx, (i,))?;
                        i += 1;
                    }
                    Ok(())
                },
            )
            .source("double ^ self + self")
            .source("label ^ label")
            .source("label: aString label := aString")
            .class_source("zero ^ self of: 0")
            .print(|c| format!("Cell3<{}>", c.0));
        Ok(())
    }

    fn shallow_copy(&self) -> Option<Self> {
        Some(self.clone())
    }
}

/// Holds bytes elsewhere, and cannot be copied.
struct Bulk(Vec<u8>);

impl HostClass for Bulk {
    const NAME: &'static str = "Bulk";
    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.class_method("size:", |n: usize| New(Bulk(vec![0; n])))
            .class_method("new", || New(Bulk(Vec::new())))
            .method("size", |b: &Bulk| b.0.len())
            .method("grow:", |b: &mut Bulk, n: usize| b.0.resize(n, 0));
        Ok(())
    }

    fn heap_size(&self) -> usize {
        self.0.capacity()
    }
}

fn machine() -> Smalltalk {
    let mut st = Smalltalk::new();
    st.register::<Cell3>().unwrap();
    st.register::<Bulk>().unwrap();
    st
}

#[track_caller]
fn says(st: &mut Smalltalk, source: &str, expected: &str) {
    let object: Obj = match st.eval(source) {
        Ok(object) => object,
        Err(error) => panic!("{source}: {error:#}"),
    };
    assert_eq!(st.print_string(&object).unwrap(), expected, "#(source)");
}

#[track_caller]
fn fails(st: &mut Smalltalk, source: &str, expected: &str) {
    match st.eval::<Obj>(source) {
        Ok(object) => panic!("{source}: {:?}", st.print_string(&object)),
        Err(error) => assert!(error.to_string().contains(expected), "{source}: {error:#}"),
    }
}

#[test]
fn methods_of_all_shapes() {
    let st = &mut machine();
    for (source, expected) in [
        ("(Cell3 of: 7) n", "7"),
        ("Cell3 of: 7", "Cell3<7>"),
        ("(Cell3 of: 7) n: 8; n", "8"),
        ("(Cell3 of: 7) n: 8", "Cell3<8>"),
        ("(Cell3 of: 7) + (Cell3 of: 1)", "Cell3<8>"),
        ("| c | c := Cell3 of: 4. c + c", "Cell3<8>"),
        ("(Cell3 of: 7) take: (Cell3 of: 1)", "Cell3<8>"),
        ("(Cell3 of: 7) add: (Cell3 of: 2) times: 3", "13"),
        ("(Cell3 of: 8) half", "4"),
        ("Cell3 zero double", "Cell3<0>"),
        ("Cell3 touch", "Cell3"),
        ("Cell3 many: 3", "an Array(Cell3<0> Cell3<1> Cell3<2>)"),
        ("Cell3 viaClass: 3", "Cell3<3>"),
        ("Cell3 checked: 255", "Cell3<255>"),
        ("| c | c := Cell3 of: 7. c same == c", "true"),
        ("((Cell3 of: 7) label: 'seven'; yourself) label", "'seven'"),
        ("Cell3 comment", "'I hold a number.'"),
        ("Cell3 package name asString", "'Cells'"),
        (
            "(Cell3 of: 2) perform: #add:times: with: (Cell3 of: 1) with: 5",
            "7",
        ),
        (
            "| s c | s := 0. c := Cell3 of: 4. c times: [:i | s := s + i. c n: 3]. s",
            "3",
        ),
    ] {
        says(st, source, expected);
    }
    fails(st, "(Cell3 of: 7) half", "7 is odd");
    fails(st, "Cell3 checked: 256", "out of range");
    fails(st, "(Cell3 of: 7) n: 'x'", "expected an Integer, found a ");
    says(
        st,
        "[ (Cell3 of: 7) half ] on: HostError do: [:e | e messageText ]",
        "'7 is odd'",
    );
}

#[test]
fn wrong_receivers_and_arguments_are_told() {
    let st = &mut machine();
    fails(
        st,
        "Cell3 basicNew n",
        "expected a Cell3, found one without its Rust value",
    );
    fails(
        st,
        "Cell3 new",
        "Cell3 cannot be made by new: send of: or checked:",
    );
    fails(
        st,
        "(Cell3 of: 1) + 3",
        "expected a Cell3, found a SmallInteger",
    );
    fails(
        st,
        "(Cell3 of: 1) + Bulk new",
        "expected a Cell3, found a Bulk",
    );
    fails(st, "(Cell3 of: 1) + nil", "expected a Cell3, found nil");
    fails(st, "(Cell3 of: 1) + Cell3", "expected a Cell3, found");
    fails(
        st,
        "(Cell3 >> #n) valueWithReceiver: 3 arguments: #()",
        "found a SmallInteger",
    );
    fails(
        st,
        "(Cell3 >> #n) valueWithReceiver: Bulk new arguments: #()",
        "expected a Cell3, found a Bulk",
    );
    fails(
        st,
        "(Cell3 class >> #of:) valueWithReceiver: nil arguments: #('x')",
        "expected an Integer",
    );
    says(
        st,
        "(Cell3 class >> #of:) valueWithReceiver: nil arguments: #(5)",
        "Cell3<5>",
    );
    // Receiver and argument in one, where one of them is to change.
    fails(
        st,
        "| c | c := Cell3 of: 4. c take: c",
        "in use: it is receiver and argument in one",
    );
    says(st, "(Cell3 of: 4) n", "4");
    fails(st, "(Cell3 of: 4) panic", "a Rust closure panicked: with 4");
    says(
        st,
        "| c | c := Cell3 of: 4. [ c panic ] on: HostError do: [:e | ]. c n",
        "4",
    );
    says(st, "Bulk new size", "0");
    // The source of a method of this class means nothing elsewhere.
    fails(
        st,
        "Object compile: (Cell3 >> #n) sourceCode. 3 n",
        "expected a Cell3",
    );
    let error = st.eval::<This<Bulk>>("Cell3 of: 3").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Conversion { .. }),
        "{error}"
    );
}

#[test]
fn copies_have_their_own_value_or_are_refused() {
    let st = &mut machine();
    says(
        st,
        "| a b | a := Cell3 of: 4. a label: 'x'. b := a copy. a n: 5. { a. b. b label }",
        "an Array(Cell3<5> Cell3<4> 'x')",
    );
    fails(
        st,
        "(Bulk size: 3) copy",
        "Bulk cannot be copied: its Rust value belongs to one object",
    );
    fails(st, "Cell3 basicNew copy", "without its Rust value");
    fails(
        st,
        "| c | c := Cell3 of: 4. (Object >> #shallowCopy valueWithReceiver: c arguments: #()) n",
        "Rust value",
    );
}

#[test]
fn subclasses_in_smalltalk() {
    let st = &mut machine();
    st.eval::<()>(
        "Cell3 subclass: #Named instanceVariableNames: 'name' classVariableNames: '' package: 'Cells'.
        Named compile: 'name ^ name'. Named compile: 'name: aString name := aString'.
        Named compile: 'n ^ super n * 100'.
        Named class compile: 'of: n name: aString ^ (self of: n) name: aString; yourself'",
    )
    .unwrap();
    says(st, "(Named of: 3 name: 'three') name", "'three'");
    says(st, "(Named of: 3 name: 'three') n", "300");
    says(st, "(Named of: 3) class", "Named");
    says(st, "((Named of: 3) + (Named of: 4)) class", "Cell3");
    says(st, "(Named of: 3 name: 'three') copy name", "'three'");
    // A new variable above: instances are made anew under live references.
    says(
        st,
        "| a | a := Named of: 3 name: 'x'. Object subclass: #Filler.
        Cell3 addInstVarNamed: 'extra'. { a name. a n. (a instVarNamed: 'extra') }",
        "#('x' 300 nil)",
    );
}

#[test]
fn values_go_where_become_takes_the_contents() {
    let st = &mut machine();
    says(
        st,
        "| a b | a := Cell3 of: 1. b := Cell3 of: 2. a become: b. { a. b }",
        "an Array(Cell3<2> Cell3<1>)",
    );
    says(
        st,
        "| a b | a := Cell3 of: 1. b := 'text' copy. a become: b. { a. b }",
        "an Array('text' Cell3<1>)",
    );
    says(
        st,
        "| a b | a := Cell3 of: 1. b := Array new: 300. a become: b. { a size. b n }",
        "#(300 1)",
    );
    says(
        st,
        "| a b | a := Cell3 of: 1. b := Cell3 of: 2. a becomeForward: b. { a. b }",
        "an Array(Cell3<2> Cell3<2>)",
    );
    says(
        st,
        "| a b | a := Cell3 of: 1. b := Cell3 of: 2. a becomeForward: b copyHash: false. { a. b }",
        "an Array(Cell3<2> Cell3<2>)",
    );
    says(
        st,
        "| a b | a := Object new. b := Cell3 of: 2. a hash. a becomeForward: b copyHash: true. { a. b }",
        "an Array(Cell3<2> Cell3<2>)",
    );
    says(
        st,
        "| a b | a := Cell3 of: 1. b := Cell3 of: 2. { a } elementsForwardIdentityTo: { b }. a + b",
        "Cell3<4>",
    );
    says(
        st,
        "| all | all := Cell3 many: 100. 1 to: 99 by: 2 do: [:i | (all at: i) become: (all at: i + 1) ].
        Smalltalk garbageCollect. (1 to: 100) allSatisfy: [:i | (all at: i) n = (i odd ifTrue: [ i ] ifFalse: [ i - 2 ]) ]",
        "true",
    );
    // A class of the same shape: the value stays, and its methods are those of another class.
    st.eval::<()>("Object subclass: #Other instanceVariableNames: 'a' classVariableNames: '' package: 'Cells'")
        .unwrap();
    says(
        st,
        "| a | a := Cell3 of: 1. a primitiveChangeClassTo: Other new. a class",
        "Other",
    );
    fails(
        st,
        "| a | a := Other new. a primitiveChangeClassTo: Cell3 basicNew. a n",
        "without its Rust value",
    );
}

#[test]
fn values_die_with_their_objects() {
    let count = Arc::new(AtomicUsize::new(0));
    let mut st = Smalltalk::new();
    st.register::<Token>().unwrap();
    for _ in 0..1000 {
        st.object(New(Token::new(&count))).unwrap();
    }
    st.set_global("Kept", New(Token::new(&count))).unwrap();
    let held = st.object(New(Token::new(&count))).unwrap();
    st.eval::<()>("Smalltalk garbageCollect").unwrap();
    st.eval::<()>("nil").unwrap();
    assert_eq!(count.load(SeqCst), 2);
    drop(held);
    st.eval::<()>("Kept := nil. 3 timesRepeat: [ Smalltalk garbageCollect ]. 100000 timesRepeat: [ Object new ]")
        .unwrap();
    assert_eq!(count.load(SeqCst), 0);
    // What become replaces is gone; and with the machine, everything.
    st.set_global("A", New(Token::new(&count))).unwrap();
    st.set_global("B", New(Token::new(&count))).unwrap();
    st.eval::<()>("A becomeForward: B").unwrap();
    st.eval::<()>("nil").unwrap();
    assert_eq!(count.load(SeqCst), 1);
    std::thread::spawn(move || drop(st)).join().unwrap();
    assert_eq!(count.load(SeqCst), 0);
}

#[test]
fn values_outlive_collections_of_all_kinds() {
    let mut st = Smalltalk::builder().stress(true).build().unwrap();
    st.register::<Cell3>().unwrap();
    says(
        &mut st,
        "| all | all := (1 to: 60) collect: [:i | Cell3 of: i]. 1 to: 60 by: 2 do: [:i | all at: i put: nil].
        20 timesRepeat: [ (Cell3 of: 1) + (Cell3 of: 2) ]. Smalltalk garbageCollect.
        all inject: 0 into: [:sum :c | sum + (c ifNil: [ 0 ] ifNotNil: [ c n ])]",
        "930",
    );
}

#[test]
fn what_values_hold_counts_as_memory() {
    let mut st = Smalltalk::builder().memory(64 << 20).build().unwrap();
    st.register::<Bulk>().unwrap();
    let before = st.memory_used();
    let kept: This<Bulk> = st.eval("Bulk size: 10000000").unwrap();
    assert!(st.memory_used() > before + 10_000_000);
    // Garbage makes room; what lives does not, and Smalltalk may handle that.
    says(
        &mut st,
        "200 timesRepeat: [ Bulk size: 10000000 ]. #done",
        "#done",
    );
    says(
        &mut st,
        "| all | all := OrderedCollection new. [ [ all add: (Bulk size: 10000000) ] repeat ] on: OutOfMemory do: [:e | ].
        all size between: 3 and: 5",
        "true",
    );
    kept.with_mut(&mut st, |b| b.0 = Vec::new()).unwrap();
    st.eval::<()>("all := nil. Smalltalk garbageCollect")
        .unwrap();
    assert!(st.memory_used() < before + 10_000_000);
    // Growth is seen when it has happened.
    let error = st.eval::<()>("| b | b := Bulk new. 1 to: 100 do: [:i | b grow: i * 1000000. Array new: 10 ]. 1000000 timesRepeat: [ Object new ]");
    assert!(matches!(
        error.unwrap_err().kind(),
        ErrorKind::Stopped {
            why: chirp::Stop::Memory,
            ..
        }
    ));
    says(&mut st, "3 + 4", "7");
}

#[test]
fn values_and_handles_from_outside() {
    let (st, other) = (&mut machine(), &mut machine());
    let cell: This<Cell3> = st.eval("Cell3 of: 4").unwrap();
    assert_eq!(cell.get(st).unwrap(), Cell3(4));
    cell.with_mut(st, |c| c.0 = 5).unwrap();
    assert_eq!(cell.as_obj().send::<i64>(st, "n", ()).unwrap(), 5);
    let sum: This<Cell3> = cell.as_obj().send(st, "+", (New(Cell3(1)),)).unwrap();
    assert_eq!(sum.with(st, |c| c.0).unwrap(), 6);
    let doubled: Obj = sum.as_obj().send(st, "+", (&sum,)).unwrap();
    assert_eq!(doubled.with_host(st, |c: &Cell3| c.0).unwrap(), 12);
    doubled.with_host_mut(st, |c: &mut Cell3| c.0 = 1).unwrap();
    for error in [
        cell.with(other, |c| c.0).unwrap_err(),
        cell.with_mut(other, |c| c.0 = 1).unwrap_err(),
        doubled.with_host(other, |c: &Cell3| c.0).unwrap_err(),
        other.set_global("C", &cell).unwrap_err(),
    ] {
        assert!(matches!(error.kind(), ErrorKind::ForeignHandle), "{error}");
    }
    let error = doubled.with_host(st, |b: &Bulk| b.0.len()).unwrap_err();
    assert_eq!(error.to_string(), "expected a Bulk, found a Cell3");
    let error = Smalltalk::new().object(New(Cell3(1))).unwrap_err();
    assert!(
        error.to_string().ends_with("Cell3: it needs `register`"),
        "{error}"
    );
}

struct Bad<const N: usize>;

impl<const N: usize> HostClass for Bad<N> {
    const NAME: &'static str = [
        "Integer",
        "lower",
        "Two Words",
        "BadSuper",
        "BadArity",
        "BadSource",
        "BadVar",
        "OfInt",
        "BadSelf",
    ][N];
    const SUPERCLASS: &'static str = [
        "Object",
        "Object",
        "Object",
        "NoSuch",
        "Object",
        "Object",
        "Point",
        "SmallInteger",
        "Object",
    ][N];
    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        match N {
            4 => c.method("at:put:", |_: &Self, _: i64| 3),
            5 => c.source("foo ^ ").method("bar", |_: &Self| 3),
            6 => c.variable("x"),
            8 => c.variable("self"),
            _ => c,
        };
        Ok(())
    }
}

/// A definition that wants code to run while the class is made.
struct Eager;

impl HostClass for Eager {
    const NAME: &'static str = "Eager";

    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        let step: i64 = c
            .as_ctx()
            .eval("(1 to: 100) inject: 0 into: [ :a :b | a + b ]")?;
        c.variable("step").method("step", move |_: &Self| step);
        Ok(())
    }
}

/// Without fuel, or when it ends in the middle, there is all of the class or nothing.
#[test]
fn a_definition_that_is_stopped_leaves_nothing() {
    let mut done = 0;
    for fuel in (0..400).step_by(10) {
        let st = &mut Smalltalk::new();
        st.eval::<()>("Eager := 7").unwrap();
        st.set_fuel(Some(fuel));
        let registered = st.register::<Eager>();
        st.set_fuel(None);
        match registered {
            Ok(_) => {
                done += 1;
                st.set_global("One", New(Eager)).unwrap();
                assert_eq!(st.eval::<i64>("One step").unwrap(), 5050);
            }
            Err(error) => {
                assert!(error.to_string().contains("fuel"), "{error}");
                assert!(st.class("Eager").is_err());
                assert!(!st.eval::<bool>("Smalltalk includesKey: #Eager").unwrap());
                assert!(st.object(New(Eager)).is_err());
                st.register::<Eager>().unwrap();
                assert_eq!(st.eval::<String>("Eager name").unwrap(), "Eager");
            }
        }
    }
    assert!((1..40).contains(&done), "{done} of 40");
}

#[test]
fn mistakes_in_definitions_are_told() {
    let st = &mut Smalltalk::new();
    for (error, expected) in [
        (
            st.register::<Bad<0>>(),
            "no class: the name `Integer` is taken",
        ),
        (
            st.register::<Bad<1>>(),
            "no class: `lower` is no name for a class",
        ),
        (
            st.register::<Bad<2>>(),
            "no class: `Two Words` is no name for a class",
        ),
        (st.register::<Bad<3>>(), "there is no class `NoSuch`"),
        (
            st.register::<Bad<4>>(),
            "#at:put:, with its receiver, takes 3 arguments, not 2",
        ),
        (st.register::<Bad<5>>(), "`^` needs a value"),
        (
            st.register::<Bad<6>>(),
            "no class: BadVar would have two variables `x`",
        ),
        (
            st.register::<Bad<7>>(),
            "no class: SmallInteger cannot have",
        ),
        (
            st.register::<Bad<8>>(),
            "no class: `self` is no name for a variable",
        ),
    ] {
        let error = error.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    // Nothing half made stays behind.
    for n in ["BadArity", "BadSource"] {
        assert!(st.class(n).is_err(), "{n}");
    }
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
    // Once more is no mistake.
    let first = st.register::<Cell3>().unwrap();
    let second = st.register::<Cell3>().unwrap();
    assert!(first.as_obj().is_same(second.as_obj(), st).unwrap());
    // A class that was removed is made again.
    st.eval::<()>("Cell3 removeFromSystem").unwrap();
    st.register::<Cell3>().unwrap();
    says(st, "(Cell3 of: 3) n", "3");
}
