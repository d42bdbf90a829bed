//! What is known of errors in Processes that the host did not start itself.

use chirp::{ErrorKind, Smalltalk, Stop};
use std::num::ParseIntError;

/// Runs this in a Process of its own; what became of it.
fn failure_of(st: &mut Smalltalk, source: &str) -> chirp::Error {
    st.eval::<()>(&format!("[ {source} ] fork. Processor yield"))
        .unwrap();
    st.take_failures().remove(0)
}

#[test]
#[cfg(feature = "files")]
fn what_was_denied_is_denied_in_other_processes_too() {
    let st = &mut Smalltalk::new();
    let error = failure_of(st, "'/etc/passwd' asFileReference contents");
    let ErrorKind::Denied {
        what, exception, ..
    } = error.kind()
    else {
        panic!("{error}")
    };
    assert_eq!(what, "read /etc/passwd");
    let exception = exception.as_ref().unwrap();
    assert_eq!(exception.class_name(st).unwrap(), "PermissionDenied");
}

#[test]
fn errors_of_closures_come_whole_out_of_other_processes() {
    let st = &mut Smalltalk::new();
    let parse = st.block(|text: String| text.parse::<i64>()).unwrap();
    st.set_global("Parse", parse).unwrap();
    let error = failure_of(st, "Parse value: 'x'");
    assert!(matches!(error.kind(), ErrorKind::Host { .. }), "{error}");
    assert!(error.host_error::<ParseIntError>().is_some());
    let error = failure_of(st, "(Array new: 3) at: 7");
    let ErrorKind::Unhandled { exception, .. } = error.kind() else {
        panic!("{error}")
    };
    let exception = exception.as_ref().unwrap();
    assert_eq!(exception.class_name(st).unwrap(), "SubscriptOutOfBounds");
}

#[test]
fn a_hundred_are_kept_and_the_others_counted() {
    let st = &mut Smalltalk::builder().memory(32 << 20).build().unwrap();
    st.eval::<()>(
        "1 to: 300 do: [ :i | [ Error signal: (String new: 1000000 withAll: $x) ] fork. Processor yield ]",
    )
    .unwrap();
    let failures = st.take_failures();
    assert_eq!(failures.len(), 101);
    let texts = failures.iter().map(|e| e.to_string().len());
    assert!(texts.sum::<usize>() < 1_000_000);
    assert!(failures[0].to_string().ends_with("xx…"));
    assert!(
        matches!(failures[100].kind(), ErrorKind::Omitted { count: 200 }),
        "{}",
        failures[100]
    );
    assert_eq!(
        failures[100].to_string(),
        "200 more Processes ended with errors"
    );
    assert!(st.take_failures().is_empty());
    assert_eq!(st.eval::<i64>("3 + 4").unwrap(), 7);
}

#[test]
fn where_other_processes_were_stopped() {
    let source = "[ [ true ] whileTrue: [ 3 foo ] ] fork";
    let st = &mut Smalltalk::builder().fuel(100_000).build().unwrap();
    st.class("Integer")
        .unwrap()
        .compile(st, "foo ^ self")
        .unwrap();
    st.eval::<()>(source).unwrap();
    let of = |error: &chirp::Error| match error.kind() {
        ErrorKind::Stopped {
            why: Stop::Fuel,
            trace,
        } => trace.frames().iter().any(|f| f.name == "[] in script"),
        other => panic!("{other:?}"),
    };
    assert!(of(&st.run_processes().unwrap_err()));
    // Where all of them wait, nobody is anywhere.
    let st = &mut Smalltalk::builder()
        .timeout(std::time::Duration::from_millis(20))
        .build()
        .unwrap();
    st.eval::<()>("[ (Delay forSeconds: 3600) wait ] fork")
        .unwrap();
    let error = st.run_processes().unwrap_err();
    let ErrorKind::Stopped {
        why: Stop::Deadline,
        trace,
    } = error.kind()
    else {
        panic!("{error}")
    };
    assert!(trace.frames().is_empty(), "{error:#}");
}
