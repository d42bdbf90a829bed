//! What recurses in Rust goes by the stack that is left: nothing overflows a thread's stack, however small it is. In a
//! build without any optimisation (`cargo test` does that) frames are the largest.

use chirp::{Block, Ctx, ErrorKind, FromSmalltalk, IntoSmalltalk, Obj, Result, Smalltalk};
use std::thread;

/// As small as they come. Without optimisation, and with all that a debugger may ask for, a call from Rust into
/// Smalltalk and back takes 44 KB.
const SMALL: usize = if cfg!(debug_assertions) {
    256 << 10
} else {
    128 << 10
};
/// A test's own thread, a small one, and one like the first of a program.
const SIZES: [usize; 3] = [2 << 20, SMALL, 8 << 20];

/// Does the work on threads of these sizes.
fn on_stacks(sizes: &[usize], work: fn(&mut Smalltalk)) {
    for &size in sizes {
        let run = move || work(&mut Smalltalk::new());
        let thread = thread::Builder::new().stack_size(size).spawn(run).unwrap();
        assert!(thread.join().is_ok(), "with a stack of {size} bytes");
    }
}

/// The answer, or the exception's class, or a mistake's number.
fn outcome(result: Result<Obj>, st: &mut Smalltalk) -> String {
    match result {
        Ok(value) => st.print_string(&value).unwrap(),
        Err(error) => {
            // Telling of it must not take much either.
            assert!(!format!("{error:#}").is_empty());
            match error.kind() {
                ErrorKind::Unhandled { class, .. } => class.clone(),
                ErrorKind::Syntax { errors, .. } => errors[0].code.to_string(),
                other => panic!("{other:?}"),
            }
        }
    }
}

fn eval(st: &mut Smalltalk, source: &str) -> String {
    let result = st.eval(source);
    outcome(result, st)
}

#[test]
fn calls_inside_each_other() {
    on_stacks(&SIZES, |st| {
        let evaluate = |ctx: &mut Ctx<'_>, text: String| ctx.eval::<Obj>(&text);
        let evaluate = st.block(evaluate).unwrap();
        st.set_global("Eval", evaluate).unwrap();
        let call = |ctx: &mut Ctx<'_>, block: Block<(), Obj>| block.call(ctx, ());
        let call = st.block(call).unwrap();
        st.set_global("Call", call).unwrap();
        let object = st.class("Object").unwrap();
        let again = |ctx: &mut Ctx<'_>, me: Obj| me.send::<Obj>(ctx, "again", ());
        object.method(st, "again", again).unwrap();
        let file = |ctx: &mut Ctx<'_>, me: Obj| {
            ctx.set_global("Me", &me)?;
            ctx.run_source::<Obj>("again.st", "Object subclass: Again [ a [ ^ 1 ] ]\nMe filed")
        };
        object.method(st, "filed", file).unwrap();
        for source in [
            "Smalltalk at: #Deeper put: [ Call value: Deeper ]. Deeper value",
            "Eval value: (text := 'Eval value: text')",
            "3 again",
            "4 filed",
            "Object compile: 'deep ^ [ Call value: [ self deep ] ] ensure: [ Smalltalk at: #Cleaned put: 1 ]'. 3 deep",
            "Object compile: 'tried ^ [ Call value: [ self tried ] ] on: ZeroDivide do: [ :e | 0 ]'. 3 tried",
            "Object compile: 'printOn: s Call value: [ s print: self ]'. Object new printString",
        ] {
            assert_eq!(eval(st, source), "StackOverflow", "{source}");
            // There is room again.
            let depth = "| n | n := 0. [ n := n + 1. n < 2 ifTrue: [ Call value: [ n := n + 1 ] ] ] value. n";
            assert_eq!(eval(st, depth), "2");
        }
        // It can be handled, and what is not deep goes on below it.
        let source = "[ 3 again ] on: StackOverflow do: [ :e | Call value: [ e messageText ] ]";
        assert_eq!(eval(st, source), "'calls are nested too deeply'");
        let source = "depth := 0. [ 3 again ] on: Error do: [ :e | e class name ]";
        assert_eq!(eval(st, source), "#StackOverflow");
    });
}

#[test]
fn there_is_room_for_many_calls() {
    let mut st = Smalltalk::new();
    let call = |ctx: &mut Ctx<'_>, block: Block<(i64,), i64>, n: i64| block.call(ctx, (n,));
    let call = st.block(call).unwrap();
    st.set_global("Call", call).unwrap();
    let source = "Smalltalk at: #Down put: nil.
        Down := [ :n | n = 0 ifTrue: [ 0 ] ifFalse: [ 1 + (Call value: Down value: n - 1) ] ]. Down value: 30";
    assert_eq!(st.eval::<i64>(source).unwrap(), 30);
    // A larger stack has room for more.
    let thread = thread::Builder::new().stack_size(32 << 20);
    let more = thread.spawn(move || st.eval::<i64>("Down value: 600").unwrap());
    assert_eq!(more.unwrap().join().unwrap(), 600);
}

/// Texts whose parts are nested so deeply, or a chain so long.
fn nested(n: usize) -> Vec<String> {
    let around = |open: &str, close: &str| format!("{}1{}", open.repeat(n), close.repeat(n));
    vec![
        around("(1 + ", ")"),
        around("[ ", " ]"),
        around("1 = 1 ifTrue: [ ", " ]"),
        around("true or: [ ", " ]"),
        around("[ false ] whileTrue: [ ", " ]"),
        around("1 to: 0 do: [ :i | ", " ]"),
        around("{ ", " }"),
        around("#( ", " )"),
        around("##( ", " )"),
        around("(1 foo: ", "; bar)"),
        around("(", " foo; bar)"),
        around("a := ", ""),
        around("a := (b := ", ")"),
        around("", " printString"),
        around("", " + 1"),
        "(".repeat(n),
        "##(".repeat(n),
        around("[ ", " )"),
        around("##( { #( ", " ) } )"),
    ]
}

#[test]
fn texts_with_many_levels() {
    on_stacks(&SIZES[..2], |st| {
        let evaluate = |ctx: &mut Ctx<'_>, text: String| ctx.eval::<Obj>(&text);
        let evaluate = st.block(evaluate).unwrap();
        st.set_global("Eval", evaluate).unwrap();
        for n in [60, 499, 1100] {
            for text in nested(n) {
                let found = eval(st, &text);
                let refused = found.starts_with("E0") || found == "MessageNotUnderstood";
                assert!(
                    refused || n < 1100 || text.starts_with('1'),
                    "{n}: {found}: {text:.40}"
                );
                let quoted = text.replace('\'', "''");
                for source in [
                    format!(
                        "[ Object compile: 'deep ^ {quoted}' ] on: Error do: [ :e | e return: 0 ]"
                    ),
                    format!("[ Eval value: '{quoted}' ] on: Error do: [ :e | e return: 0 ]"),
                    format!(
                        "[ OpalCompiler new evaluate: '{quoted}' ] on: Error do: [ :e | e return: 0 ]"
                    ),
                ] {
                    let _ = st.eval::<Obj>(&source);
                }
                let _ = st.run_source::<Obj>(
                    "deep.st",
                    &format!("Object subclass: Deep [ a [ ^ {text} ] ]\n{text}"),
                );
                let _ = st.run_source::<Obj>(
                    "old.st",
                    &format!("!Object methodsFor: 'x'!\ndeep\n\t^ {text}! !\n{text}!\n"),
                );
            }
            // What a method's text is asked for.
            let asked = "(Object includesSelector: #deep) ifTrue: [ | m | m := Object >> #deep.
                { m tempNames. m pragmas. m sendsSelector: #foo. m literals } ]. 3";
            assert_eq!(eval(st, asked), "3");
        }
    });
}

/// At the innermost call that there is room for, texts find what is left.
#[test]
fn texts_with_many_levels_where_little_is_left() {
    on_stacks(&SIZES[..2], |st| {
        let call = |ctx: &mut Ctx<'_>, block: Block<(), Obj>| block.call(ctx, ());
        let call = st.block(call).unwrap();
        st.set_global("Call", call).unwrap();
        for n in [30, 400] {
            for text in nested(n) {
                let quoted = text.replace('\'', "''");
                let source = format!(
                    "| down | down := nil. tried := 0.
                    down := [ [ Call value: down ] ensure: [ tried < 2 ifTrue: [ tried := tried + 1.
                        [ Object compile: 'deep ^ {quoted}'. 3 deep ] on: Error do: [ :e | e return: 0 ] ] ] ].
                    [ down value ] on: StackOverflow do: [ :e | e return: 7 ]"
                );
                assert_eq!(eval(st, &source), "7", "{text:.40}");
                assert_eq!(eval(st, "tried"), "2", "{text:.40}");
            }
        }
    });
}

/// What a large stack has room for is no burden to a small one.
#[test]
fn a_machine_that_goes_to_a_smaller_stack() {
    let make = || {
        let mut st = Smalltalk::new();
        for (i, text) in nested(390).iter().enumerate() {
            let text = text.replace('\'', "''");
            let source = format!("[ Object compile: 'deep{i} ^ {text}' ] on: Error do: [ :e | ]");
            st.eval::<()>(&source).unwrap();
        }
        assert!(
            st.eval::<i64>("(Object selectors select: [ :s | s beginsWith: 'deep' ]) size")
                .unwrap()
                > 7
        );
        st.eval::<()>("nest := OrderedCollection new. 1 to: 100000 do: [ :i | nest := OrderedCollection with: nest ].
            chain := nil. 1 to: 100000 do: [ :i | chain := i -> chain ].
            copy := #(1). 1 to: 1000 do: [ :i | copy := Array with: copy ]")
            .unwrap();
        st
    };
    let st = thread::Builder::new().stack_size(8 << 20).spawn(make);
    let mut st = st.unwrap().join().unwrap();
    let use_it = move || {
        for source in [
            "Object selectors do: [ :s | (s beginsWith: 'deep') ifTrue: [
                [ (Object >> s) literals. (Object >> s) tempNames. (Object >> s) sourceCode ] on: Error do: [ :e | ].
                [ 3 perform: s ] on: Error do: [ :e | ] ] ]",
            "Smalltalk garbageCollect. chain hash. copy hash. copy = copy deepCopy",
            "[ nest printString ] on: StackOverflow do: [ :e | ]",
            "[ nest deepCopy ] on: StackOverflow do: [ :e | ]",
            "[ chain printString ] on: StackOverflow do: [ :e | ]",
            #[cfg(feature = "library")]
            "[ STON toString: copy ] on: StackOverflow do: [ :e | ]",
        ] {
            st.eval::<()>(source).unwrap();
        }
        let image = st.to_image().unwrap();
        drop(st);
        Smalltalk::from_image(&image)
            .eval::<i64>("copy size")
            .unwrap()
    };
    let small = thread::Builder::new().stack_size(SIZES[1]).spawn(use_it);
    assert_eq!(small.unwrap().join().unwrap(), 1);
}

#[test]
fn traits_composed_of_traits() {
    on_stacks(&SIZES, |st| {
        let source = "Trait << #TDeep package: 'T'; install. TDeep compile: 'a ^ 1'.
            all := TDeep. 1 to: 20000 do: [ :i | all := all - { #b } ].
            [ Object << #Composed traits: all; package: 'T'; install ] on: Error do: [ :e | ].
            sum := TDeep. 1 to: 3000 do: [ :i | sum := sum @ { #c -> #a } ].
            [ Object << #Composed traits: sum; package: 'T'; install ] on: Error do: [ :e | ]. 3";
        assert_eq!(eval(st, source), "3");
    });
}

/// A type of the host's that is a list of itself.
#[derive(Debug)]
struct Tree(Vec<Tree>);

impl FromSmalltalk for Tree {
    fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
        Vec::from_smalltalk(ctx, object).map(Tree)
    }
}

/// The same that asks its object.
struct Asking(#[allow(dead_code)] Vec<Asking>);

impl FromSmalltalk for Asking {
    fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
        let parts: Vec<Obj> = object.send(ctx, "asArray", ())?;
        let parts = parts.iter().map(|part| part.get(ctx));
        parts.collect::<Result<_>>().map(Asking)
    }
}

#[test]
fn conversions_of_what_is_part_of_itself() {
    on_stacks(&SIZES, |st| {
        st.eval::<()>("a := Array new: 1. a at: 1 put: a").unwrap();
        let error = st.eval::<Tree>("a").unwrap_err();
        assert!(error.to_string().contains("StackOverflow"), "{error}");
        let error = st.eval::<Asking>("a").map(drop).unwrap_err();
        assert!(error.to_string().contains("StackOverflow"), "{error}");
        let took = st.block(|tree: Tree| tree.0.len()).unwrap();
        st.set_global("Took", took).unwrap();
        assert_eq!(
            eval(st, "[ Took value: a ] on: StackOverflow do: [ :e | 7 ]"),
            "7"
        );
        assert_eq!(st.eval::<Tree>("#(#() #(#()))").unwrap().0.len(), 2);
        let deep = (0..200_000).fold(Tree(Vec::new()), |inner, _| Tree(vec![inner]));
        let error = st.set_global("Deep", Flat(Some(deep))).unwrap_err();
        assert!(error.to_string().contains("StackOverflow"), "{error}");
        #[cfg(feature = "serde")]
        {
            let array: Obj = st.eval("a").unwrap();
            let error = array.deserialize::<Nested>(st).unwrap_err();
            assert!(error.to_string().contains("StackOverflow"), "{error}");
            let mut deep = Wrapped::Nothing;
            for _ in 0..100_000 {
                deep = Wrapped::Again(Box::new(deep));
            }
            let error = st.to_object(&deep).unwrap_err();
            assert!(error.to_string().contains("StackOverflow"), "{error}");
            while let Wrapped::Again(inner) = deep {
                deep = *inner;
            }
        }
    });
}

/// Dropping it takes no stack.
struct Flat(Option<Tree>);

impl Drop for Flat {
    fn drop(&mut self) {
        let mut rest: Vec<Tree> = self.0.take().into_iter().collect();
        while let Some(mut tree) = rest.pop() {
            rest.append(&mut tree.0);
        }
    }
}

impl IntoSmalltalk for Flat {
    fn into_smalltalk(mut self, ctx: &mut Ctx<'_>) -> Result<Obj> {
        let mut tree = self.0.take().unwrap();
        let parts = tree.0.drain(..).map(|part| Flat(Some(part)));
        parts.collect::<Vec<_>>().into_smalltalk(ctx)
    }
}

#[cfg(feature = "serde")]
#[derive(Debug, serde::Deserialize)]
struct Nested(#[allow(dead_code)] Vec<Nested>);

#[cfg(feature = "serde")]
#[derive(serde::Serialize)]
enum Wrapped {
    Nothing,
    Again(Box<Wrapped>),
}

/// What did not compile where the stack ended compiles where there is more of it.
#[test]
fn a_method_that_was_first_sent_on_a_small_stack() {
    let mut st = Smalltalk::new();
    let nested = format!("nested [ ^ {}7{} ]", "[ ".repeat(90), " ] value".repeat(90));
    let text = format!("Object subclass: Deep [ {nested} ]");
    st.run_source::<Obj>("deep.st", &text).unwrap();
    // Its methods are compiled again when they are sent.
    st.eval::<Obj>("Deep addInstVarNamed: 'more'").unwrap();
    let first = move || {
        let result = st.eval::<i64>("Deep new nested");
        (st, result.map_err(|error| error.to_string()))
    };
    let thread = thread::Builder::new().stack_size(SMALL);
    let (mut st, result) = thread.spawn(first).unwrap().join().unwrap();
    let text = result.unwrap_err();
    assert!(text.contains("nested too deeply"), "{text}");
    let again = move || st.eval::<i64>("Deep new nested").unwrap();
    let thread = thread::Builder::new().stack_size(8 << 20);
    assert_eq!(thread.spawn(again).unwrap().join().unwrap(), 7);
}
