//! Every kind of error, with its place and its text.

use chirp::{ErrorKind, Obj, Smalltalk};

#[test]
fn mistakes_in_the_source() {
    let st = &mut Smalltalk::new();
    let error = st.eval::<i64>("| a |\na := := 3.\nb + ) c").unwrap_err();
    let ErrorKind::Syntax { errors, incomplete } = error.kind() else {
        panic!("{error}")
    };
    assert!(!incomplete);
    assert_eq!((errors[0].line, errors[0].column), (2, 6));
    assert!(errors.len() >= 2, "{errors:?}");
    assert!(errors[0].code.starts_with('E'));
    assert!(error.to_string().ends_with("at eval:2:6"), "{error}");
    let long = format!("{error:#}");
    assert!(long.contains("a := := 3.") && long.contains('^'), "{long}");
    for unfinished in ["3 + ", "[:x | x", "#(1 2", "'abc"] {
        let error = st.eval::<i64>(unfinished).unwrap_err();
        assert!(
            matches!(
                error.kind(),
                ErrorKind::Syntax {
                    incomplete: true,
                    ..
                }
            ),
            "{unfinished}: {error:#}"
        );
    }
    let error = st
        .class("Integer")
        .unwrap()
        .compile(st, "foo ^ bar +")
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Syntax { .. }), "{error}");
}

#[test]
fn exceptions_that_nobody_handles() {
    let st = &mut Smalltalk::new();
    let error = st
        .run_source::<i64>("shop.st", "| total |\ntotal := 7.\n^ total / 0")
        .unwrap_err();
    let ErrorKind::Unhandled {
        class,
        message,
        trace,
        exception,
    } = error.kind()
    else {
        panic!("{error}")
    };
    assert_eq!(class, "ZeroDivide");
    assert!(error.to_string().starts_with(class) && error.to_string().ends_with(message));
    assert!(trace.frames().iter().any(|f| f.library) && trace.omitted() == 0);
    let place = error.place().unwrap();
    assert_eq!(
        (place.file, place.line, place.column),
        (Some("shop.st"), 3, 9)
    );
    let exception: &Obj = exception.as_ref().unwrap();
    assert_eq!(exception.send::<i64>(st, "dividend", ()).unwrap(), 7);
    let long = format!("{error:#}");
    assert!(long.starts_with(&format!("{error}\n")), "{long}");
    assert!(
        long.contains("script  shop.st:3:9\n      ^ total / 0\n              ^"),
        "{long}"
    );

    let error = st.eval::<()>("nil foo: 3").unwrap_err();
    assert!(
        error.to_string().contains("#foo:") && error.to_string().contains("UndefinedObject"),
        "{error}"
    );
    let error = st
        .object(3)
        .unwrap()
        .send::<()>(st, "zork", ())
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unhandled { class, .. } if class == "MessageNotUnderstood"),
        "{error}"
    );
    // The machine goes on, and clean-up blocks have run.
    st.eval::<()>("done := 0").unwrap();
    st.eval::<()>("[ 1/0 ] ensure: [ done := done + 1 ]")
        .unwrap_err();
    assert_eq!(st.eval::<i64>("done").unwrap(), 1);
}

#[test]
fn long_traces_lose_their_middle() {
    let st = &mut Smalltalk::builder().depth(2000).build().unwrap();
    st.eval::<()>("Object compile: 'dig ^ self dig + 1'")
        .unwrap();
    let error = st.eval::<()>("3 dig").unwrap_err();
    let ErrorKind::Unhandled { class, trace, .. } = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(class, "StackOverflow");
    assert!(trace.omitted() > 1000 && trace.frames().len() < 100);
    assert!(format!("{error:#}").contains(&format!("… {} frames", trace.omitted())));
    assert_eq!(
        st.eval::<i64>("[ 3 dig ] on: StackOverflow do: [:e | 0 ]")
            .unwrap(),
        0
    );
}

#[test]
fn the_other_kinds() {
    let st = &mut Smalltalk::new();
    let error = st.eval::<()>("Smalltalk exit: 7").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Exit(7)), "{error}");
    let error = st.eval::<()>("Semaphore new wait").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unhandled { class, .. } if class == "Deadlock"),
        "{error}"
    );

    let object = st.object("text").unwrap();
    let error = object.send::<()>(st, "at:put:", (1,)).unwrap_err();
    let arity =
        matches!(error.kind(), ErrorKind::Arity { what, takes: 2, given: 1 } if what == "#at:put:");
    assert!(arity, "{error}");
    assert_eq!(error.to_string(), "#at:put: takes 2 arguments, not 1");
    assert_eq!(
        object
            .send::<()>(st, "size", (1, 2))
            .unwrap_err()
            .to_string(),
        "#size takes 0 arguments, not 2"
    );
    for wrong in ["", "at:put", "with space", "1+"] {
        let error = object.send::<()>(st, wrong, ()).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::NotFound { .. }),
            "{error}"
        );
    }
    let error = st.run_file::<()>("no/such/file.st").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Host { .. }));
    let io = error.host_error::<std::io::Error>().unwrap();
    assert_eq!(io.kind(), std::io::ErrorKind::NotFound);
    let text = error.to_string();
    assert!(text.starts_with("no/such/file.st: No such file"), "{text}");
    let error = st.run_file::<()>(std::env::temp_dir()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains(&*std::env::temp_dir().to_string_lossy()),
        "{text}"
    );
}

#[test]
fn errors_of_other_processes_are_kept() {
    let st = &mut Smalltalk::new();
    st.eval::<()>("[ nil foo ] fork. Processor yield").unwrap();
    let failures = st.take_failures();
    assert_eq!(failures.len(), 1);
    assert!(
        matches!(failures[0].kind(), ErrorKind::Unhandled { class, .. } if class == "MessageNotUnderstood")
    );
    assert!(st.take_failures().is_empty());
}

#[test]
#[cfg(feature = "packages")]
fn chunk_files_report_their_own_lines() {
    let st = &mut Smalltalk::new();
    let text = "Object subclass: #Till instanceVariableNames: 'sum' classVariableNames: '' package: 'Shop'!\n\n\
                !Till methodsFor: 'adding'!\nadd: n\n\tsum := (sum ifNil: [ 0 ]) + n.\n\t^ sum! !\n\nTill new add: 3!\n";
    assert_eq!(st.run_source::<i64>("till.st", text).unwrap(), 3);
    let error = st.eval::<i64>("Till new add: nil").unwrap_err();
    let place = error.place().unwrap();
    assert_eq!((place.file, place.line), (Some("till.st"), 5), "{error:#}");
    let error = st
        .run_source::<()>("bad.st", "3 + 4!\n\n5 + !\n")
        .unwrap_err();
    let ErrorKind::Syntax { errors, .. } = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(errors[0].line, 3);
}

#[test]
fn mistakes_tell_their_file() {
    let st = &mut Smalltalk::new();
    let error = st.run_source::<()>("plan.st", "3 +\n +").unwrap_err();
    let place = error.place().unwrap();
    assert_eq!(
        (place.file, place.line, place.column),
        (Some("plan.st"), 1, 3)
    );
    assert!(error.to_string().ends_with(" at plan.st:1:3"), "{error}");
    let class = st.class("Object").unwrap();
    let error = class.compile(st, "foo ^ ]").unwrap_err();
    assert_eq!(error.place().unwrap().file, None);
}
