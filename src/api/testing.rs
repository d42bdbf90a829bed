//! For tests of host programs: what an expression prints, or how it fails.
//!
//! Panics on purpose, as assertions do, and for nothing else.

use super::object::Obj;
use super::smalltalk::Smalltalk;

/// Asserts what an expression's value prints as.
///
/// ```
/// use chirp::{Smalltalk, testing::assert_eval};
///
/// let mut st = Smalltalk::new();
/// assert_eval(&mut st, "3 + 4", "7");
/// assert_eval(&mut st, "#(1 2) reversed", "#(2 1)");
/// assert_eval(&mut st, "'it''s'", "'it''s'");
/// ```
///
/// # Panics
/// When it prints something else, or fails.
#[track_caller]
pub fn assert_eval(st: &mut Smalltalk, source: &str, printed: &str) {
    match st
        .eval(source)
        .and_then(|value: Obj| st.print_string(&value))
    {
        Ok(text) => assert!(
            text == printed,
            "{source}\n  should print {printed}\n  but prints   {text}"
        ),
        Err(error) => panic!("{source}\n  should print {printed}\n  but fails: {error:#}"),
    }
}

/// Asserts that an expression fails, with an error whose one-line text contains `text`.
///
/// ```
/// use chirp::{Smalltalk, testing::assert_error};
///
/// let mut st = Smalltalk::new();
/// assert_error(&mut st, "3 / 0", "ZeroDivide");
/// assert_error(&mut st, "3 + ", "");
/// ```
///
/// # Panics
/// When it has a value, or fails in another way.
#[track_caller]
pub fn assert_error(st: &mut Smalltalk, source: &str, text: &str) {
    match st
        .eval(source)
        .and_then(|value: Obj| st.print_string(&value))
    {
        Ok(printed) => panic!("{source}\n  should fail with {text}\n  but prints {printed}"),
        Err(error) => assert!(
            error.to_string().contains(text),
            "{source}\n  should fail with {text}\n  but fails with {error:#}"
        ),
    }
}
