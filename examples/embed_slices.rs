//! Two programs and an event loop that stays in charge: `cargo run --example embed_slices`.

use chirp::{Buffer, Progress, Smalltalk};
use std::time::Duration;

/// A program that works, and one that mostly waits.
const PROGRAMS: [(&str, &str); 2] = [
    (
        "primes",
        "| count | count := 0. 1 to: 2000 do: [:n | n isPrime ifTrue: [ count := count + 1 ] ]. count",
    ),
    (
        "clock",
        "| ticks | ticks := 0.
         3 timesRepeat: [
             (Delay forMilliseconds: 10) wait.
             Transcript show: 'tick '.
             ticks := ticks + 1 ].
         ticks",
    ),
];

pub fn main() -> chirp::Result<()> {
    let output = Buffer::new();
    // Fuel and time are for each program as a whole, and only its own steps count.
    let mut st = Smalltalk::builder()
        .fuel(10_000_000)
        .timeout(Duration::from_secs(60))
        .stdout(output.clone())
        .build()?;
    let mut runs = Vec::new();
    for (name, source) in PROGRAMS {
        runs.push((name, st.start(source)?));
    }
    let (mut frames, mut answers) = (0, Vec::new());
    while answers.len() < PROGRAMS.len() {
        frames += 1; // Here the host draws, reads its own sockets, …
        let (mut busy, mut waits) = (false, None);
        for (name, run) in runs.iter_mut().filter(|(_, run)| !run.has_ended()) {
            match run.step::<i64>(&mut st, 5_000)? {
                Progress::Done(answer) => answers.push((*name, answer)),
                Progress::OutOfFuel => busy = true,
                // It is a descriptor as well, for hosts that wait for other things too.
                Progress::Waiting(waiting) => waits = Some(waiting),
            }
        }
        if let (false, Some(waiting)) = (busy, waits) {
            waiting.wait(Some(Duration::from_millis(16)));
        }
    }
    assert_eq!(answers.len(), 2);
    assert_eq!(output.text(), "tick tick tick ");
    println!("{answers:?} after {frames} frames");
    Ok(())
}
