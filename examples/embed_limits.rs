//! Running code that nobody has read: limits, permissions, and a way to stop it.
//! `cargo run --example embed_limits`.

use chirp::{Buffer, ErrorKind, Smalltalk, Stop};
use std::thread;
use std::time::Duration;

/// Programs, and how they end.
const PROGRAMS: [(&str, &str); 6] = [
    ("Transcript show: 'hello'. 3 + 4", "7"),
    ("[ true ] whileTrue", "stopped: Fuel"),
    (
        "[ [ true ] whileTrue ] on: Exception do: [:e | 0 ]",
        "stopped: Fuel",
    ),
    ("Array new: 1 << 40", "OutOfMemory"),
    (
        "| f | f := nil. f := [ f value + 1 ]. f value",
        "StackOverflow",
    ),
    ("Smalltalk exit: 3", "exit 3"),
];

pub fn main() -> chirp::Result<()> {
    let output = Buffer::new();
    // A machine can do nothing outside unless it is told otherwise.
    let mut st = Smalltalk::builder()
        .fuel(3_000_000)
        .memory(64 << 20)
        .depth(10_000)
        .timeout(Duration::from_secs(60))
        .stdout(output.clone())
        .build()?;
    for (source, expected) in PROGRAMS {
        let end = match st.eval::<i64>(source) {
            Ok(value) => value.to_string(),
            Err(error) => match error.kind() {
                ErrorKind::Stopped { why, .. } => format!("stopped: {why:?}"),
                ErrorKind::Unhandled { class, .. } => class.clone(),
                ErrorKind::Exit(code) => format!("exit {code}"),
                _ => return Err(error),
            },
        };
        println!("{source}  ->  {end}");
        assert_eq!(end, expected);
    }
    assert_eq!(output.text(), "hello");

    // Another thread may stop it, whatever it does; afterwards the machine goes on.
    st.set_fuel(None);
    let handle = st.interrupt_handle();
    let watchdog = thread::spawn(move || handle.stop());
    let error = st.eval::<()>("[ true ] whileTrue").unwrap_err();
    let interrupted = Stop::Interrupt;
    assert!(matches!(error.kind(), ErrorKind::Stopped { why, .. } if *why == interrupted));
    watchdog.join().expect("the watchdog ends");
    assert_eq!(st.eval::<i64>("3 + 4")?, 7);
    Ok(())
}
