//! What belongs to an image besides objects: numbers of the outside, loads, closures by their methods, code that is in
//! no dictionary, types under other names.

use chirp::{Block, ClassDef, Ctx, HostClass, New, Obj, Shared, Smalltalk};

fn next(st: &mut Smalltalk) -> Smalltalk {
    Smalltalk::from_image(&st.to_image().unwrap())
}

#[test]
fn numbers_that_the_outside_knows() {
    let mut st = Smalltalk::new();
    st.eval::<()>(
        "gone := Semaphore new. Smalltalk registerExternalObject: gone.
        door := Semaphore new. number := Smalltalk registerExternalObject: door.
        Smalltalk unregisterExternalObject: gone",
    )
    .unwrap();
    let mut copy = next(&mut st);
    for st in [&mut st, &mut copy] {
        // The number is still that of the Semaphore, and the free one is given to the next.
        let source = "Smalltalk unregisterExternalObject: door.
            { number. Smalltalk registerExternalObject: door. Smalltalk registerExternalObject: Semaphore new }";
        assert_eq!(st.eval::<Vec<i64>>(source).unwrap(), [2, 2, 1]);
    }
}

/// A type that is renamed, or taken out.
struct Meter(i64);

impl HostClass for Meter {
    const NAME: &'static str = "Meter";

    fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
        c.class_method("of:", |n: i64| New(Meter(n)))
            .method("cm", |m: &Meter| m.0 * 100);
        Ok(())
    }
}

#[test]
fn types_under_other_names() {
    let mut st = Smalltalk::new();
    st.register::<Meter>().unwrap();
    st.eval::<()>("Meter rename: #Metre").unwrap();
    let mut copy = next(&mut st);
    assert_eq!(copy.eval::<i64>("(Metre of: 3) cm").unwrap(), 300);
    let class = copy.register::<Meter>().unwrap();
    assert_eq!(
        class.send::<String>(&mut copy, "name", ()).unwrap(),
        "Metre"
    );
    copy.set_global("Host", New(Meter(2))).unwrap();
    assert_eq!(copy.eval::<i64>("Host cm").unwrap(), 200);
    // Taken out, another class may have the name.
    let mut st = Smalltalk::new();
    st.register::<Meter>().unwrap();
    st.eval::<()>("Meter removeFromSystem. Object subclass: #Meter. Meter compile: 'cm ^ 7'")
        .unwrap();
    let mut copy = next(&mut st);
    assert_eq!(copy.eval::<i64>("Meter new cm").unwrap(), 7);
    assert!(copy.register::<Meter>().is_err());
    // The same, where the type has got a class again.
    let mut st = Smalltalk::new();
    st.register::<Meter>().unwrap();
    st.eval::<()>("Meter removeFromSystem. Smalltalk garbageCollect")
        .unwrap();
    st.register::<Meter>().unwrap();
    let mut copy = next(&mut st);
    assert_eq!(copy.eval::<i64>("(Meter of: 5) cm").unwrap(), 500);
}

#[test]
fn a_closure_belongs_to_its_method() {
    let mut st = Smalltalk::new();
    let integer = st.class("Integer").unwrap();
    integer.method(&mut st, "twice", |n: i64| n * 2).unwrap();
    let error = st.to_image().unwrap_err().to_string();
    assert!(error.contains("Integer>>#twice"), "{error}");
    // A method in its place is none, whatever its text says.
    st.eval::<()>("Integer compile: 'twice \"<primitive: ''0'' module: ''host''>\" ^ self + self'")
        .unwrap();
    let mut copy = next(&mut st);
    assert_eq!(copy.eval::<i64>("4 twice").unwrap(), 8);
    // Classes that change their shape, or are defined anew, keep theirs.
    st.eval::<()>(
        "Object subclass: #Shop instanceVariableNames: 'a' classVariableNames: '' package: 'Shops'",
    )
    .unwrap();
    let shop = st.class("Shop").unwrap();
    shop.method(&mut st, "open", Shared(|_me: Obj| 9)).unwrap();
    shop.method(&mut st, "close", |_me: Obj| 17).unwrap();
    for change in [
        "Shop addInstVarNamed: 'b'",
        "Shop removeInstVarNamed: 'a'",
        "Object subclass: #Shop instanceVariableNames: 'c d' classVariableNames: '' package: 'Shops'",
    ] {
        st.eval::<()>(change).unwrap();
        let error = st.to_image().unwrap_err().to_string();
        assert!(
            error.contains("Shop>>#close is a closure") && !error.contains("#open"),
            "{change}: {error}"
        );
    }
    st.eval::<()>("Shop removeSelector: #close").unwrap();
    let mut copy = next(&mut st);
    assert_eq!(copy.eval::<i64>("Shop new open").unwrap(), 9);
    // From an image, an image.
    let mut again = next(&mut copy);
    assert_eq!(again.eval::<i64>("Shop new open + 4 twice").unwrap(), 17);
    // A text that somebody copied is no closure of the copy.
    st.eval::<()>("Object compile: (Shop >> #open) sourceCode")
        .unwrap();
    assert_eq!(st.eval::<i64>("3 open").unwrap(), 9);
    assert_eq!(next(&mut st).eval::<i64>("3 open").unwrap(), 9);
}

#[test]
fn code_in_no_dictionary() {
    let mut st = Smalltalk::new();
    // Later methods lead to earlier ones, and blocks to methods that were taken out.
    st.eval::<()>(
        "Object subclass: #Loose instanceVariableNames: 'n' classVariableNames: '' package: 'Loose'.
        Loose compile: 'first ^ [ :x | x + 1 ]'.
        first := Loose >> #first. blocks := { Loose new first }.
        Loose compile: 'second ^ thisContext method literals size + ([ :x | x * 2 ] value: 4)'.
        second := Loose >> #second. held := Array with: first with: second.
        Loose compile: 'third ^ [ [ :x | x + 100 ] ]'. blocks := blocks copyWith: Loose new third.
        #( #first #second #third ) do: [ :each | Loose removeSelector: each ].
        first := second := nil",
    )
    .unwrap();
    let mut st = next(&mut st);
    for _ in 0..2 {
        let source = "{ blocks first value: 4. blocks second value value: 4.
            ((held first valueWithReceiver: Loose new arguments: #()) value: 10).
            (held second valueWithReceiver: Loose new arguments: #()) >= 8.
            held first selector }";
        let answer: Obj = st.eval(source).unwrap();
        assert_eq!(st.print_string(&answer).unwrap(), "#(5 104 11 true #first)");
        st = next(&mut st);
        st.eval::<()>("Smalltalk garbageCollect").unwrap();
    }
}

#[test]
fn what_is_under_way() {
    // Asked from inside, the machine is not standing still.
    let mut st = Smalltalk::new();
    let call = |ctx: &mut Ctx<'_>, block: Block<(), Obj>| block.call(ctx, ());
    let call = st.block(Shared(call)).unwrap();
    st.set_global("Call", &call).unwrap();
    let mut copy = next(&mut st);
    assert_eq!(copy.eval::<i64>("Call value: [ 3 + 4 ]").unwrap(), 7);
    // A host's value that Smalltalk waits to finalise is dropped with the machine it is of.
    st.eval::<()>("filing := nil").unwrap();
    assert!(st.to_image().is_ok());
}
