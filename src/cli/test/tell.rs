//! What a person is told of a run of tests: one line for each that did not pass, with a short trace for
//! errors; what the reasons have in common; how many there were.

use super::outcome::{Outcome, Verdict, short};
use crate::cli::report::Style;
use std::fmt::Write;

/// Defects from which on their reasons are counted.
const MANY: usize = 10;
/// Errors whose traces are shown; with more, the first ones.
const TRACES: usize = 20;
/// Frames of a trace that are shown.
const FRAMES: usize = 6;
/// Lines of a test's output that are shown.
const LINES: usize = 20;

/// Everything that has come out so far.
#[derive(Default)]
pub struct Tally {
    pub outcomes: Vec<Outcome>,
    /// What is wrong with the sources, which is told before anything runs.
    pub sources: Vec<Outcome>,
    /// Classes of the packages that could not be defined.
    pub left_out: Vec<Outcome>,
    traces: usize,
}

impl Tally {
    /// Keeps an outcome; answers what is to be told of it.
    pub fn add(&mut self, outcome: Outcome, style: Style) -> Option<String> {
        let text = outcome.is_defect().then(|| self.told(&outcome, style));
        self.outcomes.push(outcome);
        text
    }

    /// What is wrong with the sources, then what has come out, for a report.
    pub fn all(&self) -> Vec<Outcome> {
        let before = self.sources.iter().chain(&self.left_out);
        before.chain(&self.outcomes).cloned().collect()
    }

    /// Whether everything is as it should be.
    pub fn is_good(&self) -> bool {
        self.left_out.is_empty() && !self.outcomes.iter().any(Outcome::is_defect)
    }

    fn told(&mut self, outcome: &Outcome, style: Style) -> String {
        let place = match outcome.place() {
            Some((file, line)) => format!("{file}:{line}: "),
            None => String::new(),
        };
        let title = if outcome.is_example {
            String::new()
        } else {
            format!("{}: ", outcome.title())
        };
        let mut text = style.headline(format_args!("{place}{title}{}", outcome.problem()));
        if outcome.verdict == Verdict::Error && !outcome.is_example && self.traces < TRACES {
            self.traces += 1;
            text.push_str(&style.frames(outcome.own_frames(), FRAMES));
        }
        if !outcome.output.is_empty() {
            text.push_str("  output:\n");
            let mut lines = outcome.output.lines();
            for line in lines.by_ref().take(LINES) {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "    {line}");
            }
            let left = lines.count();
            if left > 0 {
                let _ = writeln!(text, "    … {}", counted(left, "line"));
            }
        }
        text
    }

    /// The lines that a run ends with.
    pub fn summary(&self) -> String {
        let mut text = self.reasons();
        if !self.sources.is_empty() {
            let count = counted(self.sources.len(), "mistake");
            let _ = writeln!(text, "{count} in the sources");
        }
        match self.left_out.len() {
            0 => {}
            1 => text.push_str("1 class is left out: its tests did not run\n"),
            n => {
                let _ = writeln!(text, "{n} classes are left out: their tests did not run");
            }
        }
        let (examples, tests): (Vec<&Outcome>, Vec<&Outcome>) =
            self.outcomes.iter().partition(|o| o.is_example);
        let count = |verdict| tests.iter().filter(|o| o.verdict == verdict).count();
        if !tests.is_empty() {
            let passed = count(Verdict::Passed);
            let _ = write!(text, "{}: {passed} passed", counted(tests.len(), "test"));
            let errors = count(Verdict::Error);
            let more = [
                (count(Verdict::Failed), "failed"),
                (errors, if errors == 1 { "error" } else { "errors" }),
                (count(Verdict::Skipped), "skipped"),
                (count(Verdict::Expected), "failed as expected"),
            ];
            for (count, what) in more.into_iter().filter(|m| m.0 > 0) {
                let _ = write!(text, ", {count} {what}");
            }
            text.push('\n');
        }
        if !examples.is_empty() {
            let verdict = match examples.iter().filter(|o| o.is_defect()).count() {
                0 => "all true".to_string(),
                n => format!("{n} not true"),
            };
            let _ = writeln!(text, "{}, {verdict}", counted(examples.len(), "example"));
        }
        text
    }

    /// The most frequent reasons, if there are many defects.
    fn reasons(&self) -> String {
        let mut reasons: Vec<(usize, String)> = Vec::new();
        let defects: Vec<&Outcome> = self.outcomes.iter().filter(|o| o.is_defect()).collect();
        if defects.len() <= MANY {
            return String::new();
        }
        for reason in defects.iter().map(|o| short(&o.reason(), 80)) {
            match reasons.iter_mut().find(|r| r.1 == reason) {
                Some(known) => known.0 += 1,
                None => reasons.push((1, reason)),
            }
        }
        reasons.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let mut text = String::from("reasons:\n");
        for (count, reason) in reasons.iter().take(MANY) {
            let _ = writeln!(text, "{count:6}  {reason}");
        }
        let rest: usize = reasons.iter().skip(MANY).map(|r| r.0).sum();
        if rest > 0 {
            let _ = writeln!(text, "{rest:6}  others");
        }
        text
    }
}

/// `1 test`, `2 tests`.
pub fn counted(count: usize, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}
