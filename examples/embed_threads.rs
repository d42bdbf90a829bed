//! A machine for each thread, all from one image: `cargo run --example embed_threads`.

use chirp::{Image, Smalltalk};
use std::sync::mpsc;
use std::thread;

/// What each worker knows besides the library.
const SOURCE: &str = "
Object subclass: Collatz [
    Collatz class >> stepsFrom: start [
        | n steps |
        n := start. steps := 0.
        [ n = 1 ] whileFalse: [
            n := n even ifTrue: [ n // 2 ] ifFalse: [ 3 * n + 1 ].
            steps := steps + 1 ].
        ^ steps
    ]
]";

pub fn main() -> chirp::Result<()> {
    // Read and indexed once; a machine of it takes a fraction of a millisecond.
    let image = Image::standard();
    let (answers, received) = mpsc::channel();
    let workers: Vec<_> = (0..4)
        .map(|number| {
            let (image, answers) = (image.clone(), answers.clone());
            thread::spawn(move || -> chirp::Result<()> {
                let mut st = Smalltalk::from_image(&image);
                st.run_source::<()>("collatz.st", SOURCE)?;
                let class = st.class("Collatz")?;
                for start in (number * 250 + 1)..=(number * 250 + 250) {
                    let steps: i64 = class.send(&mut st, "stepsFrom:", (start,))?;
                    answers.send((steps, start)).map_err(chirp::Error::host)?;
                }
                Ok(())
            })
        })
        .collect();
    drop(answers);
    let longest = received.iter().max();
    for worker in workers {
        worker.join().expect("no worker panics")?;
    }
    assert_eq!(longest, Some((178, 871)));
    println!("the longest way to 1 below 1000, {longest:?}");

    // A machine may as well move from thread to thread, with all its objects.
    let mut st = Smalltalk::from_image(&image);
    st.eval::<()>("count := 41")?;
    let moved = thread::spawn(move || st.eval::<i64>("count + 1"));
    assert_eq!(moved.join().expect("it does not panic")?, 42);
    Ok(())
}
