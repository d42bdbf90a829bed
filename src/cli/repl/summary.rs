//! How a result is printed: so much of it that a person can read it at once, or all.
//!
//! The library's SummaryStream counts elements and levels, and this file characters and lines. Objects that print
//! themselves in a way of their own (`printString`) are asked for that.

use super::super::session::{Ending, Session};
use super::super::visible::visible;
use crate::loader::LoadError;
use crate::memory::Value;

/// How much of a value is printed.
#[derive(Clone, Copy)]
pub struct Bounds {
    elements: i64,
    levels: i64,
    characters: usize,
    lines: usize,
}

/// What stands on the screen after an entry.
pub const RESULT: Bounds = Bounds {
    elements: 100,
    levels: 6,
    characters: 4000,
    lines: 60,
};

/// What `:all` shows: only what contains itself is cut, and what is beyond all measure.
pub const WHOLE: Bounds = Bounds {
    elements: 1 << 40,
    levels: 1 << 40,
    characters: 10_000_000,
    lines: usize::MAX,
};

/// The value printed within the bounds, with a remark if something is missing.
pub fn printed(session: &mut Session, value: Value, bounds: Bounds) -> Result<String, Ending> {
    let (text, reason) = match provider(session, value, "printString").as_str() {
        "Object" => of_parts(session, value, bounds)?,
        "" if provider(session, value, "doesNotUnderstand:") == "ProtoObject" => {
            (unprintable(session, value), String::new())
        }
        _ => (session.print_string(value)?, String::new()),
    };
    Ok(visible(&bounds.applied_to(&text, &reason)).into_owned())
}

/// What is said of a value that does not print itself.
pub fn unprintable(session: &Session, value: Value) -> String {
    let class = session.vm.heap.class_of(value);
    let name = session.vm.classes.name(class);
    format!("(a value of class {name} that does not print itself)")
}

/// The name of the class whose method a value has for a message; empty without one.
fn provider(session: &mut Session, value: Value, selector: &str) -> String {
    let vm = &mut *session.vm;
    let selector = vm.intern(selector);
    let method = vm.lookup(vm.heap.class_of(value), selector);
    let class = method.map(|m| vm.classes.methods[m as usize].class);
    class.map_or(String::new(), |c| vm.classes.name(c))
}

/// The text of a summary, and why something is missing in it.
fn of_parts(
    session: &mut Session,
    value: Value,
    bounds: Bounds,
) -> Result<(String, String), Ending> {
    let vm = &mut session.vm;
    let root = vm.root(value);
    let stream = vm.find_global("SummaryStream").unwrap_or(Value::NIL);
    let selector = vm.intern("on:elements:levels:limit:");
    let value = vm.rooted(&root).unwrap_or(Value::NIL);
    let limit = bounds.characters as i64 + 1;
    let numbers = [bounds.elements, bounds.levels, limit].map(Value::int);
    let arguments = [stream, value, numbers[0], numbers[1], numbers[2]];
    let result = vm.send_message(selector, &arguments);
    let pair = session.settle(result.map_err(LoadError::from))?;
    let vm = &session.vm;
    // Whoever redefines the stream may answer anything.
    let parts = vm.heap.pointer_slots(pair);
    let text = |i: usize| parts.get(i).and_then(|&part| vm.string_value(part));
    Ok((text(0).unwrap_or_default(), text(1).unwrap_or_default()))
}

impl Bounds {
    /// The beginning of a text that would flood the screen, and what is missing: `reason` is why some was before.
    fn applied_to(self, text: &str, reason: &str) -> String {
        let mut end = text.char_indices().nth(self.characters).map(|(end, _)| end);
        let mut unit = format!("after {} characters", self.characters);
        let line_end = text.match_indices('\n').nth(self.lines - 1);
        if let Some((line_end, _)) = line_end
            && end.is_none_or(|e| line_end < e)
            && line_end + 1 < text.len()
        {
            end = Some(line_end);
            unit = format!("after {} lines", self.lines);
        }
        match end {
            Some(end) => format!("{}… {}", &text[..end], self.remark(&unit)),
            None if reason.is_empty() => text.to_string(),
            None => format!("{text} {}", self.remark(reason)),
        }
    }

    fn remark(self, reason: &str) -> String {
        // No way leads to more where all that there is was shown.
        let way = if self.lines == usize::MAX || reason == "where it contains itself" {
            ""
        } else {
            "; :all shows all"
        };
        format!("(cut {reason}{way})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_results_are_cut() {
        let cut = |text: &str| RESULT.applied_to(text, "");
        assert_eq!(cut("#(1 2)"), "#(1 2)");
        let shown = cut(&"é".repeat(RESULT.characters + 5));
        assert!(
            shown.starts_with("éé")
                && shown.ends_with("é… (cut after 4000 characters; :all shows all)")
        );
        let whole = "é".repeat(RESULT.characters);
        assert_eq!(cut(&whole), whole);
        assert_eq!(
            RESULT.applied_to("a Set(…)", "below 6 levels"),
            "a Set(…) (cut below 6 levels; :all shows all)"
        );
        let itself = "where it contains itself";
        assert_eq!(
            WHOLE.applied_to("a Set(…)", itself),
            "a Set(…) (cut where it contains itself)"
        );
    }

    #[test]
    fn results_of_many_lines_are_cut() {
        let shown = RESULT.applied_to(&"a\n".repeat(100), "");
        assert!(
            shown.ends_with("a… (cut after 60 lines; :all shows all)"),
            "{shown}"
        );
        assert_eq!(RESULT.applied_to(&"a\n".repeat(60), ""), "a\n".repeat(60));
    }
}
