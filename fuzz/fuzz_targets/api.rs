//! The target `api` of tests/fuzz.rs for cargo-fuzz.
#![no_main]

#[path = "../../tests/fuzz/panics.rs"]
mod panics;
#[path = "../../tests/fuzz/api.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Err(problem) = panics::watched(|| target::run(data)) {
        eprintln!("{problem}");
        std::process::abort();
    }
});
