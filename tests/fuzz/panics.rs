//! Which panics are the machine's: those that no closure of a test meant.
//!
//! The machine catches panics and goes on as well as it can; a panic of ours is a finding all the same.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// What is wrong with an input's run, if anything is.
pub type Finding = Result<(), String>;

/// What closures say that panic because a test wants them to.
pub const PLANNED: &str = "planned";

thread_local! {
    static UNPLANNED: RefCell<Option<String>> = const { RefCell::new(None) };
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; what it finds wrong, or the first panic in this thread that nobody planned, is the error.
pub fn watched(work: impl FnOnce() -> Finding) -> Finding {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let text = info.to_string();
            if !WATCHED.get() {
                eprintln!("{text}");
            } else if !text.contains(PLANNED) {
                let trace = std::backtrace::Backtrace::capture();
                UNPLANNED.with(|u| {
                    u.borrow_mut()
                        .get_or_insert(format!("{text}\n{trace}"))
                        .len()
                });
            }
        }));
    });
    UNPLANNED.take();
    WATCHED.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    WATCHED.set(false);
    match (UNPLANNED.take(), result) {
        (Some(panic), _) => Err(panic),
        (None, Ok(result)) => result,
        (None, Err(_)) => Err("a planned panic went through everything".to_string()),
    }
}
