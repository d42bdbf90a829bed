//! Running code that nobody has read: limits, permissions, and a way to stop it.
//! `cargo run --example embed_limits`.

use chirp::{Buffer, ErrorKind, Smalltalk, Stop};
use std::thread;
use std::time::Duration;

pub fn main() -> chirp::Result<()> {
    let output = Buffer::new();
    // A machine can do nothing outside unless it is told otherwise.
    let mut st = Smalltalk::builder()
        .fuel(3_000_000)
        .memory(64 << 20)
        .depth(10_000)
        .timeout(Duration::from_secs(20))
        .stdout(output.clone())
        .build()?;

    let programs = [
        ("polite", "Transcript show: 'hello'. 3 + 4"),
        ("endless", "[ true ] whileTrue: [ ]"),
        (
            "catches everything",
            "[ [ true ] whileTrue: [ ] ] on: Exception do: [:e | 0 ]",
        ),
        (
            "hungry",
            "| all | all := OrderedCollection new. [ all add: (Array new: 100000) ] repeat",
        ),
        ("enormous", "Array new: 1000000000000"),
        (
            "deep",
            "| f | f := nil. f := [:n | (f value: n + 1) + 1 ]. f value: 0",
        ),
        ("gives up", "Smalltalk exit: 3"),
        ("does not compile", "3 + ) 4"),
    ];
    for (name, source) in programs {
        let told = match st.eval::<i64>(source) {
            Ok(value) => format!("answers {value}"),
            Err(error) => match error.kind() {
                ErrorKind::Stopped { why: Stop::Fuel } => "used up its fuel".into(),
                ErrorKind::Stopped { why } => format!("was stopped: {why:?}"),
                ErrorKind::Unhandled { class, .. } => format!("failed with {class}"),
                ErrorKind::Exit(code) => format!("wants to exit with {code}"),
                ErrorKind::Syntax { .. } => format!("is wrong:\n{error:#}"),
                _ => format!("{error}"),
            },
        };
        println!("{name}: {told}");
    }
    println!("written: {}", output.text());

    // Another thread may stop it, whatever it does.
    st.set_fuel(None);
    let handle = st.interrupt_handle();
    let watchdog = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        handle.stop();
    });
    let error = st
        .eval::<()>("[ [ true ] whileTrue: [ ] ] ensure: [ [ true ] whileTrue: [ ] ]")
        .unwrap_err();
    println!("{error}");
    if watchdog.join().is_err() {
        println!("the watchdog failed");
    }

    // And the machine goes on.
    println!("3 + 4 is still {}", st.eval::<i64>("3 + 4")?);
    Ok(())
}
