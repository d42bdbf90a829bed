//! What is told of a run of tests: how many there were, and what came of them.

use std::fmt::Write;

/// How many tests and examples there were.
#[derive(Default)]
pub struct Tally {
    pub passed: usize,
    /// Assertions that did not hold.
    pub failed: usize,
    /// Tests that ended by an error, or were ended.
    pub errors: usize,
    pub skipped: usize,
    /// Tests that failed, as was known.
    pub expected: usize,
    pub examples: usize,
    /// Examples that are not true.
    pub wrong: usize,
}

impl Tally {
    /// Whether everything is as it should be.
    pub fn is_good(&self) -> bool {
        self.failed + self.errors + self.wrong == 0
    }

    /// The lines that a run ends with.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        let tests = self.passed + self.failed + self.errors + self.skipped + self.expected;
        // Writing to a String cannot fail.
        if tests > 0 {
            let _ = write!(text, "{}: {} passed", counted(tests, "test"), self.passed);
            let more = [
                (self.failed, "failed"),
                (
                    self.errors,
                    if self.errors == 1 { "error" } else { "errors" },
                ),
                (self.skipped, "skipped"),
                (self.expected, "failed as expected"),
            ];
            for (count, what) in more.into_iter().filter(|m| m.0 > 0) {
                let _ = write!(text, ", {count} {what}");
            }
            text.push('\n');
        }
        if self.examples > 0 {
            let verdict = match self.wrong {
                0 => "all true".to_string(),
                n => format!("{n} not true"),
            };
            let _ = writeln!(text, "{}, {verdict}", counted(self.examples, "example"));
        }
        if text.is_empty() {
            text.push_str("no tests and no examples found\n");
        }
        text
    }
}

/// `1 test`, `2 tests`.
fn counted(count: usize, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}
