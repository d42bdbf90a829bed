//! The report that build servers read: JUnit's XML, one test suite for each class.
//!
//! Makes text; whoever asked for it writes the file.

use super::outcome::{Outcome, Verdict};
use std::fmt::Write;

/// All outcomes as one document. Those of one suite stand one behind the other.
pub fn document(outcomes: &[Outcome]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "<testsuites{}>", counts(outcomes));
    for suite in outcomes.chunk_by(|a, b| a.suite == b.suite) {
        let name = escaped(&suite[0].suite);
        let _ = writeln!(text, "  <testsuite name=\"{name}\"{}>", counts(suite));
        for outcome in suite {
            test_case(&mut text, outcome);
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn counts(outcomes: &[Outcome]) -> String {
    let count = |verdict| outcomes.iter().filter(|o| o.verdict == verdict).count();
    let time: f64 = outcomes.iter().map(|o| o.time.as_secs_f64()).sum();
    format!(
        " tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{time:.6}\"",
        outcomes.len(),
        count(Verdict::Failed),
        count(Verdict::Error),
        count(Verdict::Skipped),
    )
}

fn test_case(text: &mut String, outcome: &Outcome) {
    let (class, name) = (escaped(&outcome.suite), escaped(&outcome.name));
    let time = outcome.time.as_secs_f64();
    let _ = write!(
        text,
        "    <testcase classname=\"{class}\" name=\"{name}\" time=\"{time:.6}\""
    );
    if let Some((file, line)) = outcome.place() {
        let _ = write!(text, " file=\"{}\" line=\"{line}\"", escaped(file));
    }
    text.push_str(">\n");
    let kind = match outcome.verdict {
        Verdict::Failed => "failure",
        Verdict::Error => "error",
        _ => "",
    };
    if !kind.is_empty() {
        let class = match outcome.failure.class.as_str() {
            "" => "TestFailure",
            class => class,
        };
        let message = escaped(&outcome.problem());
        let _ = writeln!(
            text,
            "      <{kind} type=\"{}\" message=\"{message}\">{}</{kind}>",
            escaped(class),
            escaped(&account(outcome))
        );
    }
    if outcome.verdict == Verdict::Skipped {
        let message = escaped(&outcome.failure.message);
        let _ = writeln!(text, "      <skipped message=\"{message}\"/>");
    }
    if !outcome.output.is_empty() {
        let output = escaped(&outcome.output);
        let _ = writeln!(text, "      <system-out>{output}</system-out>");
    }
    text.push_str("    </testcase>\n");
}

/// The whole message, and the trace.
fn account(outcome: &Outcome) -> String {
    let mut text = outcome.failure.message.clone();
    for frame in outcome.own_frames().iter().filter(|f| !f.name.is_empty()) {
        let _ = match &frame.file {
            Some(file) => write!(
                text,
                "\n{}  {file}:{}:{}",
                frame.name, frame.line, frame.column
            ),
            None => write!(text, "\n{}", frame.name),
        };
    }
    text
}

/// Text as it may stand in XML, between quotes as well. Characters that XML has no way to write become `\u{…}`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            c if (c as u32) < 0x20 || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {
                out.extend(c.escape_unicode());
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::Unhandled;
    use std::time::Duration;

    fn outcome(verdict: Verdict, message: &str) -> Outcome {
        Outcome {
            suite: "BankTest".into(),
            name: "testAverage(#a->'<b>')".into(),
            is_example: false,
            verdict,
            time: Duration::from_micros(1500),
            failure: Unhandled {
                class: "ZeroDivide".into(),
                message: message.into(),
                ..Unhandled::default()
            },
            values: None,
            output: String::new(),
        }
    }

    #[test]
    fn everything_is_escaped() {
        let text = document(&[outcome(Verdict::Error, "a < \"b\" & c\n\u{1}")]);
        assert!(
            text.contains("name=\"testAverage(#a-&gt;'&lt;b&gt;')\" time=\"0.001500\""),
            "{text}"
        );
        assert!(text.contains("<error type=\"ZeroDivide\""), "{text}");
        assert!(
            text.contains(">a &lt; &quot;b&quot; &amp; c&#10;\\u{1}</error>"),
            "{text}"
        );
    }

    #[test]
    fn suites_are_counted() {
        let outcomes = [
            outcome(Verdict::Passed, ""),
            outcome(Verdict::Failed, "no"),
            outcome(Verdict::Skipped, "later"),
        ];
        let text = document(&outcomes);
        let counts = "tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"0.004500\"";
        assert!(
            text.contains(&format!("<testsuite name=\"BankTest\" {counts}>")),
            "{text}"
        );
        assert!(text.contains("<skipped message=\"later\"/>"), "{text}");
        assert_eq!(text.matches("<testcase").count(), 3);
    }
}
