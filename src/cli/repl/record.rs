//! What succeeded in a session, kept as the script that `:save` writes.
//!
//! Owns the rewriting that makes a script of entries: a dot between them, the last value by its name. Runs nothing.

use super::LAST;
use crate::formats::detect::without_interpreter_line;
use chirp_grammar::ast::Statement;
use chirp_grammar::{TokenKind, parse_do_it, tokens};
use std::path::Path;

/// How a saved script begins: by this a file is known that may be saved again.
pub const HEAD: &str = "\"Saved from a session of chirp.\"\n";

/// The entries that succeeded.
#[derive(Debug, Default)]
pub struct Record(Vec<String>);

impl Record {
    /// An entry, or the text of a script that was loaded.
    pub fn smalltalk(&mut self, text: &str) {
        let plain = without_interpreter_line(text);
        self.0.push(plain.trim().to_string());
    }

    /// Something that has to be loaded from where it is.
    pub fn load(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let name = path.to_string_lossy().replace('\'', "''");
        self.0.push(format!("PackageLoader load: '{name}'"));
    }

    /// The script, and how many entries there are in it.
    pub fn script(&self) -> (String, usize) {
        let mut text = format!("{HEAD}\n");
        // What leaves an entry early would leave the script: then each entry is one of its own there as well.
        let apart = self.0.iter().any(|e| returns_early(e));
        for (i, entry) in self.0.iter().enumerate() {
            let next = self.0.get(i + 1);
            let names_value = next.is_some_and(|n| mentions_last(n));
            text.push_str(&if apart {
                evaluation(entry, names_value)
            } else {
                statement(entry, names_value)
            });
            text.push('\n');
        }
        (text, self.0.len())
    }
}

/// An entry as a statement that evaluates it with the variables of the session.
fn evaluation(entry: &str, names_value: bool) -> String {
    let evaluated = |source: &str| format!("Smalltalk evaluate: '{}'", source.replace('\'', "''"));
    if parse_do_it(entry).tree.is_none() {
        return entry.to_string();
    }
    let source = match returns_early(entry) && names_value {
        true => format!("{LAST} := {}", evaluated(entry)),
        false if returns_early(entry) => entry.to_string(),
        false => statement(entry, names_value),
    };
    evaluated(&source) + "."
}

/// Whether there is a `^` that does not begin the last statement.
fn returns_early(entry: &str) -> bool {
    let Some(tree) = parse_do_it(entry).tree else {
        return false;
    };
    let last = matches!(tree.body.statements.last(), Some(Statement::Return { .. }));
    let carets = tokens(entry).filter(|t| t.kind == TokenKind::Caret);
    carets.count() > usize::from(last)
}

/// An entry as statements of a script: no `^` ends the script, and its value has a name if the next one wants it.
fn statement(entry: &str, names_value: bool) -> String {
    let Some(tree) = parse_do_it(entry).tree else {
        // A class in brackets is no statement, and needs no dot.
        return entry.to_string();
    };
    let name = format!("{LAST} := ");
    let text = match tree.body.statements.last() {
        Some(Statement::Return { caret, .. }) => {
            let (start, end) = (caret.start as usize, caret.end as usize);
            let value = entry[end..].trim_start();
            let name = if names_value { name.as_str() } else { "" };
            format!("{}{name}{value}", &entry[..start])
        }
        Some(Statement::Expr(value)) if names_value => {
            let start = value.span.start as usize;
            format!("{}{name}{}", &entry[..start], &entry[start..])
        }
        _ => entry.to_string(),
    };
    // A comment at the end must not swallow the dot.
    let end = tokens(&text)
        .filter(|t| t.kind != TokenKind::Comment)
        .last();
    match end {
        Some(last) if last.kind == TokenKind::Dot => text,
        Some(last) => {
            let end = last.span.end as usize;
            format!("{}.{}", &text[..end], &text[end..])
        }
        None => text,
    }
}

fn mentions_last(text: &str) -> bool {
    tokens(text).any(|t| &text[t.span.start as usize..t.span.end as usize] == LAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_become_statements() {
        assert_eq!(statement("3 + 4", false), "3 + 4.");
        assert_eq!(statement("3 + 4. \"seven\"", false), "3 + 4. \"seven\"");
        assert_eq!(statement("3 + 4 \"seven\"", true), "_ := 3 + 4. \"seven\"");
        assert_eq!(statement("x := 3. ^ x + 1", false), "x := 3. x + 1.");
        assert_eq!(statement("^ x", true), "_ := x.");
        assert_eq!(
            statement("Object subclass: A [ ]", false),
            "Object subclass: A [ ]"
        );
    }

    #[test]
    fn a_value_has_a_name_when_the_next_entry_wants_it() {
        let mut record = Record::default();
        record.smalltalk("3 + 4");
        record.smalltalk("_ * 2");
        let (text, count) = record.script();
        assert!(text.ends_with("\n_ := 3 + 4.\n_ * 2.\n"), "{text}");
        assert_eq!(count, 2);
    }

    #[test]
    fn an_entry_that_is_left_early_leaves_no_script() {
        let mut record = Record::default();
        record.smalltalk("Object subclass: A [ b [ ^ 3 ] ]");
        record.smalltalk("#(1 2) do: [ :x | ^ 'a' ]");
        record.smalltalk("_ size");
        let (text, _) = record.script();
        assert!(
            text.ends_with(
                "\nObject subclass: A [ b [ ^ 3 ] ]\n\
                 Smalltalk evaluate: '_ := Smalltalk evaluate: ''#(1 2) do: [ :x | ^ ''''a'''' ]'''.\n\
                 Smalltalk evaluate: '_ size.'.\n"
            ),
            "{text}"
        );
    }
}
