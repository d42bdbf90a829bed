//! What ran in a session, kept as the script that `:save` writes.
//!
//! Owns the rewriting that makes a script of entries: a dot between them, the last value by its name, what failed as a
//! comment. Runs nothing.

use super::super::entered::Failure;
use super::{ERROR, LAST};
use crate::api::convert::with_article;
use crate::formats::class_body;
use crate::formats::detect::without_interpreter_line;
use crate::loader::class_body::only_statements;
use chirp_grammar::ast::{DoIt, Statement};
use chirp_grammar::{TokenInfo, TokenKind, parse_do_it, tokens};
use std::ops::Range;
use std::path::Path;

/// How a saved script begins: by this a file is known that may be saved again.
pub const HEAD: &str = "\"Saved from a session of chirp.\"\n";

/// The classes whose instances are printed as what is read.
pub const LITERALS: &[&str] = &[
    "SmallInteger",
    "LargePositiveInteger",
    "LargeNegativeInteger",
    "SmallFloat64",
    "BoxedFloat64",
    "Float",
    "Fraction",
    "ByteString",
    "WideString",
    "ByteSymbol",
    "WideSymbol",
    "Character",
    "True",
    "False",
    "UndefinedObject",
];

/// A variable by its name, and what it has.
pub type Variable = (String, Content);

/// What a failed entry has left in a variable.
#[derive(Debug)]
pub enum Content {
    /// The source of the value.
    Literal(String),
    /// An instance of this class, of which there is no literal.
    Instance(String),
    /// What it had before.
    Unchanged,
}

/// The entries that ran, or began to.
#[derive(Debug, Default)]
pub struct Record(Vec<Entry>);

#[derive(Debug)]
enum Entry {
    /// Ran to its end, which the last value shows: maybe a class of this name.
    Done { text: String, class: Option<String> },
    /// What of it ran to its end, what is to be said of the rest, and what that has left in variables.
    Failed {
        done: String,
        remark: String,
        variables: Vec<Variable>,
        /// What makes its error once more, for whoever asks the last error about itself.
        again: Option<String>,
    },
    /// Something that has to be loaded from where it is.
    Load(String),
}

impl Record {
    /// An entry, or the text of a script that was loaded; if its value was a class: the name of that.
    pub fn done(&mut self, text: &str, class: Option<String>) {
        let text = without_interpreter_line(text).trim().to_string();
        self.0.push(Entry::Done { text, class });
    }

    /// Likewise, of one that failed; with the variables that it assigns.
    pub fn failed(&mut self, text: &str, failure: &Failure, mut variables: Vec<Variable>) {
        let failing = failing_statement(text, offset(text, failure));
        let rest = text[failing.start..].trim_end();
        // What comes behind the statement has not run.
        let changed = assigned(&text[failing.clone()]);
        for (name, value) in &mut variables {
            if !changed.contains(&name.as_str()) {
                *value = Content::Unchanged;
            }
        }
        let assigned_here = assigned(rest);
        variables.retain(|(name, _)| assigned_here.contains(&name.as_str()));
        let remark = format!("This failed: {}\n{rest}", failure.message);
        self.0.push(Entry::Failed {
            done: text[..failing.start].trim().to_string(),
            // Comments that touch are one.
            remark: format!("\"{}\"", remark.replace('"', "\"\"")),
            variables,
            again: failing_again(&text[failing], &failure.message),
        });
    }

    /// Something that has to be loaded from where it is.
    pub fn load(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let name = path.to_string_lossy().replace('\'', "''");
        self.0
            .push(Entry::Load(format!("PackageLoader load: '{name}'.")));
    }

    /// What was loaded once and cannot be loaded again: standard input, or a pipe.
    pub fn lost(&mut self, name: &str) {
        let remark = format!(
            "{name} was loaded here: it is no file on disk, and what came from it is gone."
        );
        let remark = remark.replace('"', "\"\"");
        self.0.push(Entry::Load(format!("\"{remark}\"")));
    }

    /// The script, and how many entries there are in it.
    pub fn script(&self) -> (String, usize) {
        let mut text = format!("{HEAD}\n");
        let mut count = 0;
        let (errors, is_asked_first) = self.errors_asked_for();
        // What leaves an entry early would leave the script: then each entry is one of its own there as well.
        let sources = self.0.iter().map(Entry::source);
        let apart = sources
            .chain(errors.iter().flatten().copied())
            .any(returns_early);
        let rewritten = if apart { evaluation } else { statement };
        // At the prompt they are nil before there is any.
        let firsts = [
            (LAST, names_value(&self.0, &errors)),
            (ERROR, is_asked_first),
        ];
        for (name, _) in firsts.into_iter().filter(|(_, is_asked)| *is_asked) {
            text += &rewritten(&format!("{name} := nil"), false);
            text.push('\n');
        }
        for (i, entry) in self.0.iter().enumerate() {
            if !entry.source().is_empty() {
                count += 1;
            }
            match entry {
                Entry::Done {
                    text: source,
                    class,
                } => {
                    let named = names_value(&self.0[i + 1..], &errors[i + 1..]);
                    text += &rewritten(source, named);
                    if named && !has_value(source) {
                        let value = class.as_deref().unwrap_or("nil");
                        text.push('\n');
                        text += &rewritten(&format!("{LAST} := {value}"), false);
                    }
                }
                Entry::Load(statement) => text += statement,
                Entry::Failed {
                    done,
                    remark,
                    variables,
                    ..
                } => {
                    if !done.is_empty() {
                        text += &rewritten(done, false);
                        text.push('\n');
                    }
                    text += remark;
                    if let Some(again) = errors[i] {
                        text.push('\n');
                        text += &rewritten(again, false);
                    }
                    for (name, value) in variables {
                        let source = match value {
                            Content::Literal(source) => source,
                            // Maybe what it had before is what it has.
                            _ if mentions(&text[HEAD.len()..], name) => continue,
                            Content::Instance(class) => {
                                &format!("nil \"it was {}\"", with_article(class))
                            }
                            Content::Unchanged => "nil",
                        };
                        text.push('\n');
                        text += &rewritten(&format!("{name} := {source}"), false);
                    }
                }
            }
            text.push('\n');
        }
        (text, count)
    }

    /// For each entry what makes its error once more, if somebody asks for that; and whether one does before all errors.
    fn errors_asked_for(&self) -> (Vec<Option<&str>>, bool) {
        let mut asked = false;
        let mut errors = vec![None; self.0.len()];
        for (entry, error) in self.0.iter().zip(&mut errors).rev() {
            if let Entry::Failed {
                again: Some(again), ..
            } = entry
                && asked
            {
                *error = Some(again.as_str());
                // Beside being assigned there.
                asked = count(again, ERROR) > 1;
            }
            asked |= mentions(entry.source(), ERROR);
        }
        (errors, asked)
    }
}

impl Entry {
    /// What of it runs once more.
    fn source(&self) -> &str {
        match self {
            Entry::Done { text, .. } | Entry::Load(text) => text,
            Entry::Failed { done, .. } => done,
        }
    }
}

/// Whether one of the entries wants the value that the one before them had: the last value stays what it is until
/// an entry has another.
fn names_value(next: &[Entry], errors: &[Option<&str>]) -> bool {
    let end = next.iter().position(|e| matches!(e, Entry::Done { .. }));
    let until = end.map_or(next.len(), |end| end + 1);
    let sources = next[..until].iter().map(Entry::source);
    let mut all = sources.chain(errors[..until].iter().flatten().copied());
    all.any(|source| mentions(source, LAST))
}

/// The names that a text assigns or declares.
pub fn assigned(text: &str) -> Vec<&str> {
    let all: Vec<TokenInfo> = significant(text);
    let name = |t: &TokenInfo| &text[range(t)];
    let mut found: Vec<&str> = all
        .windows(2)
        .filter(|pair| pair[0].kind == TokenKind::Identifier && pair[1].kind == TokenKind::Assign)
        .map(|pair| name(&pair[0]))
        .collect();
    if let Some(tree) = parse_do_it(text).tree {
        let inner = tree.body.statements.iter().filter_map(|s| match s {
            Statement::Declare(names) => Some(names),
            _ => None,
        });
        let declared = std::iter::once(&tree.body.temps).chain(inner).flatten();
        found.extend(
            declared.map(|ident| &text[ident.span.start as usize..ident.span.end as usize]),
        );
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Where in its text something failed.
fn offset(text: &str, failure: &Failure) -> usize {
    let mut lines = text.split_inclusive('\n');
    let before = lines.by_ref().take(failure.line.saturating_sub(1));
    let before: usize = before.map(str::len).sum();
    let line = lines.next().unwrap_or_default();
    let column = line.char_indices().nth(failure.column.saturating_sub(1));
    before + column.map_or(line.len(), |(at, _)| at)
}

/// The outermost statement at this place.
fn failing_statement(text: &str, offset: usize) -> Range<usize> {
    let starts: Vec<usize> = match parse_do_it(text).tree {
        Some(tree) => tree.body.statements.iter().filter_map(start).collect(),
        None => starts_by_tokens(text),
    };
    let next = starts.iter().position(|&s| s > offset);
    let first = next.unwrap_or(starts.len()).saturating_sub(1);
    let start = starts.get(first).copied().unwrap_or(0);
    let end = starts.get(first + 1).copied().unwrap_or(text.len());
    start..end
}

/// A statement that signals the error with this message, in such a way that the last error is there afterwards. None if
/// nothing was signalled.
fn failing_again(text: &str, message: &str) -> Option<String> {
    let class = message
        .split(':')
        .next()
        .filter(|c| c.starts_with(char::is_uppercase))?;
    if class == "UserInterrupt" {
        // Nobody is there to press the keys.
        return Some(format!("{ERROR} := {class} new"));
    }
    let tree = parse_do_it(text).tree?;
    let (Statement::Expr(value) | Statement::Return { value, .. }) =
        tree.body.statements.first()?
    else {
        return None;
    };
    let value = &text[value.span.start as usize..value.span.end as usize];
    Some(format!(
        "[ {value} ] on: {class} do: [ :error | {ERROR} := error ]"
    ))
}

fn start(statement: &Statement) -> Option<usize> {
    match statement {
        Statement::Expr(value) => Some(value.span.start as usize),
        Statement::Return { caret, .. } => Some(caret.start as usize),
        Statement::Declare(_) => None,
    }
}

/// Where statements may begin in a text with classes in brackets: behind a dot, or a bracket that ends its line.
fn starts_by_tokens(text: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut depth = 0_usize;
    let mut begins = true;
    let all = significant(text);
    for (i, token) in all.iter().enumerate() {
        if std::mem::take(&mut begins) {
            starts.push(token.span.start as usize);
        }
        match token.kind {
            TokenKind::OpenParen
            | TokenKind::OpenBracket
            | TokenKind::OpenBrace
            | TokenKind::OpenArray
            | TokenKind::OpenBytes
            | TokenKind::OpenComputed => depth += 1,
            TokenKind::CloseParen | TokenKind::CloseBrace => depth = depth.saturating_sub(1),
            TokenKind::CloseBracket => {
                depth = depth.saturating_sub(1);
                let end = token.span.end as usize;
                let next = all.get(i + 1).map_or(text.len(), |t| t.span.start as usize);
                begins = depth == 0 && text[end..next].contains('\n');
            }
            TokenKind::Dot => begins = depth == 0,
            _ => {}
        }
    }
    starts
}

fn significant(text: &str) -> Vec<TokenInfo> {
    tokens(text)
        .filter(|t| t.kind != TokenKind::Comment)
        .collect()
}

fn range(token: &TokenInfo) -> Range<usize> {
    token.span.start as usize..token.span.end as usize
}

/// An entry as a statement that evaluates it with the variables of the session.
fn evaluation(entry: &str, names_value: bool) -> String {
    let evaluated = |source: &str| format!("Smalltalk evaluate: '{}'", source.replace('\'', "''"));
    if parse_do_it(entry).tree.is_none() {
        return apart(entry, names_value);
    }
    let source = match returns_early(entry) && names_value {
        true => format!("{LAST} := {}", evaluated(entry)),
        false if returns_early(entry) => entry.to_string(),
        false => statement(entry, names_value),
    };
    evaluated(&source) + "."
}

/// Classes in brackets as they are, and the statements between them evaluated.
fn apart(entry: &str, names_value: bool) -> String {
    let statements = only_statements(entry);
    let statements = statements.trim();
    if significant(statements).is_empty() || parse_do_it(statements).tree.is_none() {
        return entry.to_string();
    }
    let classes = class_body::parse(entry, 0).blank;
    let mut text: String = classes
        .into_iter()
        .map(|range| format!("{}\n", &entry[range]))
        .collect();
    text += &evaluation(statements, names_value);
    text
}

/// Whether there is a `^` that does not begin the last statement.
fn returns_early(entry: &str) -> bool {
    let Some(tree) = tree_of(entry) else {
        return false;
    };
    let last = matches!(tree.body.statements.last(), Some(Statement::Return { .. }));
    let statements = only_statements(entry);
    let carets = tokens(&statements).filter(|t| t.kind == TokenKind::Caret);
    carets.count() > usize::from(last)
}

/// An entry as statements of a script: no `^` ends the script, and its value has a name if the next one wants it.
fn statement(entry: &str, names_value: bool) -> String {
    let Some(tree) = tree_of(entry) else {
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
    // A comment at the end must not swallow the dot, and a class in brackets needs none.
    match significant(&only_statements(&text)).last() {
        Some(last) if last.kind == TokenKind::Dot => text,
        Some(last) => {
            let end = last.span.end as usize;
            format!("{}.{}", &text[..end], &text[end..])
        }
        None => text,
    }
}

/// The statements of an entry, between whatever classes in brackets it has.
fn tree_of(entry: &str) -> Option<DoIt> {
    let whole = parse_do_it(entry).tree;
    whole.or_else(|| parse_do_it(&only_statements(entry)).tree)
}

/// Whether an entry has an expression at its end: without one its value is nil, or a class in brackets.
fn has_value(entry: &str) -> bool {
    let tree = tree_of(entry);
    tree.is_some_and(|t| !matches!(t.body.statements.last(), None | Some(Statement::Declare(_))))
}

fn mentions(text: &str, name: &str) -> bool {
    count(text, name) > 0
}

fn count(text: &str, name: &str) -> usize {
    tokens(text).filter(|t| &text[range(t)] == name).count()
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
        record.done("3 + 4", None);
        record.done("_ * 2", None);
        let (text, count) = record.script();
        assert!(text.ends_with("\n_ := 3 + 4.\n_ * 2.\n"), "{text}");
        assert_eq!(count, 2);
    }

    #[test]
    fn an_entry_that_is_left_early_leaves_no_script() {
        let mut record = Record::default();
        record.done("Object subclass: A [ b [ ^ 3 ] ]", Some("A".into()));
        record.done("#(1 2) do: [ :x | ^ 'a' ]", None);
        record.done("_ size", None);
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

    fn at(column: usize) -> Failure {
        Failure {
            message: "ZeroDivide".into(),
            line: 1,
            column,
        }
    }

    #[test]
    fn what_failed_stays_as_a_comment_behind_what_did_not() {
        let mut record = Record::default();
        record.done("3 + 4", None);
        record.failed("x := _. y := \"!\" 1/0. z := 9", &at(18), {
            let nil = || Content::Literal("nil".to_string());
            vec![
                ("x".into(), Content::Literal("7".into())),
                ("y".into(), nil()),
                ("z".into(), nil()),
            ]
        });
        record.failed("nil foo", &at(5), Vec::new());
        record.load(Path::new("/a/b"));
        record.done("_ + x", None);
        let (text, count) = record.script();
        assert!(
            text.ends_with(
                "\n_ := 3 + 4.\nx := _.\n\"This failed: ZeroDivide\ny := \"\"!\"\" 1/0. z := 9\"\n\
                 y := nil.\nz := nil.\n\"This failed: ZeroDivide\nnil foo\"\n\
                 PackageLoader load: '/a/b'.\n_ + x.\n"
            ),
            "{text}"
        );
        assert_eq!(count, 4);
    }

    #[test]
    fn a_class_in_brackets_may_be_the_last_value() {
        let mut record = Record::default();
        record.done("Object subclass: A [ ]", Some("A".into()));
        record.done("_ new", None);
        let (text, _) = record.script();
        assert!(
            text.ends_with("\nObject subclass: A [ ]\n_ := A.\n_ new.\n"),
            "{text}"
        );
        let failing = |text: &str, offset| text[failing_statement(text, offset)].to_string();
        let text = "Object subclass: A [\n b [ ^ 1. 2 ] ]\nx := 3. 1/0";
        assert_eq!(failing(text, 49), "1/0");
        assert_eq!(failing(text, 41), "x := 3. ");
        assert_eq!(failing("", 0), "");
    }
}
