//! Bytes of the source text in mistakes and in frames.

use chirp::{ErrorKind, Obj, Smalltalk, Trace};
use std::ops::Range;

fn trace(error: &chirp::Error) -> &Trace {
    match error.kind() {
        ErrorKind::Unhandled { trace, .. } | ErrorKind::Stopped { trace, .. } => trace,
        _ => panic!("{error:#}"),
    }
}

/// The marked parts of the text, the innermost first.
fn marked<'t>(text: &'t str, error: &chirp::Error) -> Vec<&'t str> {
    let spans = trace(error).frames().iter().filter_map(|f| f.span.clone());
    spans.map(|span| &text[span]).collect()
}

fn mistakes(st: &mut Smalltalk, text: &str) -> Vec<Range<usize>> {
    match st.run_source::<Obj>("text", text).unwrap_err().kind() {
        ErrorKind::Syntax { errors, .. } => errors.iter().map(|m| m.span.clone()).collect(),
        _ => panic!("{text}"),
    }
}

#[test]
fn of_frames() {
    let mut st = Smalltalk::new();
    for end in ["\n", "\r\n", "\r"] {
        for head in ["", "\u{FEFF}", "#!/usr/bin/env chirp\n"] {
            let lines = [
                "| block |",
                "'Grüße, Ψ' size.\t'😀' size. block := [ :n | 'é'. n zork: 3",
                "  with: 4 ].",
                "'ß'. block value: 3",
            ];
            let text = format!("{head}{}", lines.join(end));
            let error = st.run_source::<Obj>("text", &text).unwrap_err();
            let found = marked(&text, &error);
            assert_eq!(found.len(), 2, "{text:?}: {error:#}");
            assert!(found[0].starts_with("zork:"), "{found:?}");
            assert_eq!(found[1], "value:", "{text:?}");
        }
    }
    let text = "'ü'. nil foo";
    assert_eq!(marked(text, &st.eval::<Obj>(text).unwrap_err()), ["foo"]);
    let mut run = st.start(text).unwrap();
    assert_eq!(
        marked(text, &run.step::<Obj>(&mut st, 1000).unwrap_err()),
        ["foo"]
    );
    st.set_fuel(Some(10_000));
    let text = "'ü'. [ true ] whileTrue: [ 'é' size ]";
    assert_eq!(marked(text, &st.eval::<Obj>(text).unwrap_err()), ["size"]);
}

#[test]
fn of_methods_in_the_same_text_and_elsewhere() {
    let mut st = Smalltalk::new();
    let text = "Object subclass: Shop [\n  'ü'.\n]\n";
    let _ = st.run_source::<Obj>("none", text);
    let text =
        "Object subclass: Shop [\n    sell: thing [ 'Ω'. ^ thing cost ]\n]\nShop new sell: 3";
    let error = st.run_source::<Obj>("shop.st", text).unwrap_err();
    assert_eq!(marked(text, &error), ["cost", "sell:"]);
    // What was defined by an earlier text is none of this one.
    let text = "Shop new sell: 4";
    let error = st.eval::<Obj>(text).unwrap_err();
    assert_eq!(marked(text, &error), ["sell:"]);
    assert!(
        trace(&error)
            .frames()
            .iter()
            .any(|f| f.name == "Shop>>sell:" && f.span.is_none())
    );
}

#[test]
#[cfg(feature = "packages")]
fn in_chunks() {
    let mut st = Smalltalk::new();
    // What is written twice in them does not shift what is marked.
    let text = "!Object methodsFor: 'tests'!\r\nwrong\r\n\t^ 'é' zork! !\r\n'ä!!'. 3 wrong!\r\n";
    let error = st.run_source::<Obj>("old.st", text).unwrap_err();
    let found = marked(text, &error);
    assert_eq!(found[0], "zork", "{found:?}");
}

#[test]
fn of_mistakes() {
    let mut st = Smalltalk::new();
    for end in ["\n", "\r\n", "\r"] {
        let text = format!("\u{FEFF}'Grüße'.{end}a := := 'é'.{end}'ß' foo. unknown bar");
        let spans = mistakes(&mut st, &text);
        assert_eq!(&text[spans[0].clone()], ":=", "{text:?} {spans:?}");
        let text = format!("'ß' size.{end}'😀' size: unknown");
        let spans = mistakes(&mut st, &text);
        assert_eq!(&text[spans[0].clone()], "unknown", "{text:?} {spans:?}");
    }
    // Where the text ends too early, behind its end; in an empty one, nowhere else.
    for text in ["3 +", "'ö' foo: ", "#(1 2", "", "["] {
        if let Err(error) = st.eval::<Obj>(text)
            && let ErrorKind::Syntax { errors, .. } = error.kind()
        {
            assert!(
                errors
                    .iter()
                    .all(|m| m.span.end <= text.len() && text.get(m.span.clone()).is_some())
            );
        }
    }
    let class = st.class("Object").unwrap();
    let text = "größer ^ 'é' , unknown";
    let error = class.compile(&mut st, text).unwrap_err();
    let ErrorKind::Syntax { errors, .. } = error.kind() else {
        panic!("{error:#}")
    };
    assert_eq!(&text[errors[0].span.clone()], "unknown");
}

/// A line that reads the same in another text is no line of that.
#[test]
fn of_the_text_that_the_code_is_from() {
    let mut st = Smalltalk::new();
    let first = "Object subclass: Till [\n    pay: sum [ ^ sum zork ]\n]\n";
    st.run_source::<()>("till.st", first).unwrap();
    let second = "Object subclass: Safe [\n    pay: sum [ ^ sum zork ]\n]\nTill new pay: 3";
    let error = st.run_source::<Obj>("till.st", second).unwrap_err();
    assert_eq!(marked(second, &error), ["pay:"], "{error:#}");
    let again = "\"\"\n\"\npay: sum [ ^ sum zork ] \"\nTill new pay: 3";
    assert_eq!(marked(again, &st.eval::<Obj>(again).unwrap_err()), ["pay:"]);
    // Nor is the text of an earlier call, though it be the very same.
    let block = "[ :n |\n  n zork ]";
    let kept: Obj = st.eval(block).unwrap();
    st.set_global("Kept", &kept).unwrap();
    let text = "[ :n |\n  n zork ]. Kept value: 3";
    assert_eq!(marked(text, &st.eval::<Obj>(text).unwrap_err()), ["value:"]);
    let text = "[ :n |\n  n zork ] value: 3";
    assert_eq!(
        marked(text, &st.eval::<Obj>(text).unwrap_err()),
        ["zork", "value:"]
    );
}
