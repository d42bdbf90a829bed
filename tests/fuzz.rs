//! Fuzzing: source text, call sequences of the embedding API, mutated programs. A few hundred inputs of each here,
//! the same ones each time; as long as you like with `fuzz/run`, which sets the variables below.
//!
//! | variable | means |
//! |---|---|
//! | `CHIRP_FUZZ_SECONDS=60` | inputs are made until this time has passed |
//! | `CHIRP_FUZZ_SEED=7` | other ones |
//! | `CHIRP_FUZZ_FINDINGS=DIR` | where an input is kept while it runs, and for good if something is wrong with it |
//! | `CHIRP_FUZZ_INPUT=FILE` | only this input |
//! | `CHIRP_FUZZ_WRITE=DIR` | inputs are written there, and none is run: seeds for cargo-fuzz |
//!
//! `tests/fuzz/found/TARGET/` has the inputs that once found something. They run first.

#![cfg(all(feature = "library", feature = "packages"))]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[path = "fuzz/api.rs"]
mod api;
#[path = "fuzz/bytecode.rs"]
mod bytecode;
#[path = "fuzz/corpus.rs"]
mod corpus;
#[path = "fuzz/mutate.rs"]
mod mutate;
#[path = "fuzz/panics.rs"]
mod panics;
#[path = "fuzz/random.rs"]
mod random;
#[path = "fuzz/sandbox.rs"]
mod sandbox;
#[path = "fuzz/source.rs"]
mod source;

use corpus::Corpus;
use panics::Finding;
use random::Random;

/// Inputs of an ordinary run, and what none of them may take.
const INPUTS: u64 = 300;
const HANG: Duration = Duration::from_secs(60);

/// Makes an input.
type Make = Box<dyn FnMut(&mut Random) -> Vec<u8>>;

struct Target {
    name: &'static str,
    run: fn(&[u8]) -> Finding,
    make: Make,
}

#[test]
fn source() {
    let corpus = Corpus::all();
    let make = move |random: &mut Random| {
        let text = corpus.text(random);
        let other = corpus.text(random);
        mutate::bytes(random, text, &other)
    };
    fuzz(Target {
        name: "source",
        run: source::run,
        make: Box::new(make),
    });
}

/// Calls within calls take much stack in a build that is not optimised, more than the 2 MB that tests have.
#[test]
fn api() {
    let inputs = std::thread::Builder::new().stack_size(32 << 20);
    inputs.spawn(api_inputs).expect("a thread").join().unwrap();
}

fn api_inputs() {
    let make = |random: &mut Random| {
        (0..20 + random.below(400))
            .map(|_| random.next() as u8)
            .collect()
    };
    fuzz(Target {
        name: "api",
        run: api::run,
        make: Box::new(make),
    });
}

#[test]
fn bytecode() {
    let corpus = Corpus::programs();
    let make = move |random: &mut Random| {
        let text = corpus.text(random);
        let other = corpus.text(random);
        let stress = if random.once_in(8) {
            bytecode::STRESS
        } else {
            ""
        };
        (stress.to_string() + &mutate::program(random, text, &other)).into_bytes()
    };
    fuzz(Target {
        name: "bytecode",
        run: bytecode::run,
        make: Box::new(make),
    });
}

fn variable(name: &str) -> Option<String> {
    std::env::var(format!("CHIRP_FUZZ_{name}")).ok()
}

fn number(name: &str) -> Option<u64> {
    variable(name).map(|text| {
        text.parse()
            .unwrap_or_else(|_| panic!("CHIRP_FUZZ_{name} is a number, not {text}"))
    })
}

fn fuzz(mut target: Target) {
    let run = target.run;
    if let Some(path) = variable("INPUT") {
        let data = std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        return panics::watched(|| run(&data))
            .unwrap_or_else(|problem| panic!("{path}: {problem}"));
    }
    if let Some(folder) = variable("WRITE") {
        return write(&mut target, Path::new(&folder));
    }
    let mut problems = Vec::new();
    for path in found(target.name) {
        let data = std::fs::read(&path).expect("an input");
        if let Err(problem) = panics::watched(|| run(&data)) {
            problems.push(format!("{}: {problem}", path.display()));
        }
    }
    let keep = Keep::new(target.name);
    let end = number("SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let seed = number("SEED").unwrap_or(1);
    let mut executions = 0;
    while end.map_or(executions < INPUTS, |end| Instant::now() < end) {
        let number = (seed << 32) + executions;
        let data = (target.make)(&mut Random(number));
        keep.begin(number, &data);
        let result = panics::watched(|| run(&data));
        keep.end();
        if let Err(problem) = result {
            let place = keep.finding(number, &data);
            // A log that is read while it grows.
            eprintln!("{place}: {problem}");
            problems.push(format!("{place}: {problem}"));
        }
        executions += 1;
        if end.is_some() && executions % 1000 == 0 {
            eprintln!(
                "{}: {executions} inputs, {} findings",
                target.name,
                problems.len()
            );
        }
    }
    eprintln!(
        "{}: {executions} inputs of seed {seed}, {} findings",
        target.name,
        problems.len()
    );
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

fn found(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/found")
        .join(name);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn write(target: &mut Target, folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder for the seeds");
    let seed = number("SEED").unwrap_or(1);
    for number in (seed << 32)..(seed << 32) + INPUTS {
        let data = (target.make)(&mut Random(number));
        std::fs::write(folder.join(format!("{number:x}")), data).expect("a seed");
    }
}

/// Keeps the input that runs where it survives a crash, and ends the process when it hangs.
struct Keep {
    name: &'static str,
    folder: Option<PathBuf>,
    began: Arc<Mutex<Option<Instant>>>,
}

impl Keep {
    fn new(name: &'static str) -> Keep {
        let began = Arc::new(Mutex::new(None::<Instant>));
        let watched = Arc::downgrade(&began);
        std::thread::spawn(move || {
            while let Some(began) = watched.upgrade() {
                if began
                    .lock()
                    .expect("nobody panics with it")
                    .is_some_and(|began| began.elapsed() > HANG)
                {
                    eprintln!("{name}: an input has run for {HANG:?}");
                    std::process::abort();
                }
                drop(began);
                std::thread::sleep(Duration::from_millis(500));
            }
        });
        Keep {
            name,
            folder: variable("FINDINGS").map(PathBuf::from),
            began,
        }
    }

    fn path(&self, end: &str) -> Option<PathBuf> {
        self.folder
            .as_ref()
            .map(|folder| folder.join(format!("{}-{end}", self.name)))
    }

    fn begin(&self, number: u64, data: &[u8]) {
        if let Some(path) = self.path(&format!("{}.running", std::process::id())) {
            std::fs::write(path, data).unwrap_or_else(|e| panic!("input {number:x}: {e}"));
        }
        *self.began.lock().expect("nobody panics with it") = Some(Instant::now());
    }

    fn end(&self) {
        *self.began.lock().expect("nobody panics with it") = None;
    }

    /// Where the input is kept now; its number, if nowhere.
    fn finding(&self, number: u64, data: &[u8]) -> String {
        let Some(path) = self.path(&format!("{number:x}")) else {
            let (seed, index) = (number >> 32, number & 0xFFFF_FFFF);
            return format!("input {index} of CHIRP_FUZZ_SEED={seed}");
        };
        std::fs::write(&path, data).expect("a finding");
        format!("fuzz/run {} {}", self.name, path.display())
    }
}

impl Drop for Keep {
    fn drop(&mut self) {
        if let Some(path) = self.path(&format!("{}.running", std::process::id())) {
            let _ = std::fs::remove_file(path);
        }
    }
}
