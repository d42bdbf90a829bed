//! What may stand at the cursor: the rule that turns the tokens before it into candidates.
//!
//! Decides by tokens alone and never evaluates anything: completing has no side effects.

use super::commands::{COMMANDS, Does, TOPICS, Takes, command_line, find};
use super::words::Words;
use crate::cli::files::completions;
use chirp_grammar::{TokenInfo, TokenKind, tokens};

/// More candidates than this are no help when nothing was typed yet.
const MAX_UNASKED: usize = 60;

/// One candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What takes the place of the word under the cursor.
    pub replacement: String,
    /// What the list of candidates shows: a selector with the class it comes from.
    pub display: String,
}

/// The candidates at byte `position` of `line`, and where the word begins that they replace.
pub fn candidates(line: &str, position: usize, words: &Words) -> (usize, Vec<Candidate>) {
    let Some(before) = line.get(..position) else {
        return (position, Vec::new());
    };
    match command_line(before) {
        Some(command) => in_command(before, command, words),
        None => in_code(before, words),
    }
}

/// The candidates at the end of a command line, of which `command` is what stands behind the colon.
fn in_command(before: &str, command: &str, words: &Words) -> (usize, Vec<Candidate>) {
    let begun = command.trim_start();
    let start = before.len() - begun.len();
    let Some(blank) = begun.find(char::is_whitespace) else {
        let known = COMMANDS
            .iter()
            .map(|c| c.name)
            .filter(|n| n.starts_with(begun));
        return (
            start,
            known.map(|n| candidate(&format!("{n} "), n)).collect(),
        );
    };
    let argument = begun[blank..].trim_start();
    let start = before.len() - argument.len();
    let Ok(command) = find(&begun[..blank]) else {
        return (start, Vec::new());
    };
    match command.takes {
        Takes::Nothing => (start, Vec::new()),
        Takes::File => {
            let found = completions(argument);
            (start, found.iter().map(|f| candidate(f, f)).collect())
        }
        Takes::Selector => (start, selectors_named(argument, words)),
        Takes::Code => {
            let (at, found) = in_code(argument, words);
            (start + at, found)
        }
        Takes::Name => match argument.split_once(">>") {
            Some((class, selector)) => {
                let typed = selector.trim_start();
                let class = class.trim();
                let all = words.selectors_of(class, typed).into_iter();
                let found = all.map(|(s, origin)| candidate(s, &format!("{s}  ({origin})")));
                (before.len() - typed.len(), found.collect())
            }
            None => {
                let classes = words
                    .names(argument)
                    .into_iter()
                    .filter(|n| words.is_class(n));
                let mut found: Vec<_> = classes.map(|n| candidate(n, n)).collect();
                if command.does == Does::Help && !argument.is_empty() {
                    let topics = TOPICS.iter().map(|(n, _)| *n);
                    let all = topics.chain(COMMANDS.iter().map(|c| c.name));
                    found.extend(
                        all.filter(|n| n.starts_with(argument))
                            .map(|n| candidate(n, n)),
                    );
                }
                if found.is_empty() {
                    found = selectors_named(argument, words);
                }
                (start, found)
            }
        },
    }
}

fn selectors_named(prefix: &str, words: &Words) -> Vec<Candidate> {
    if prefix.is_empty() {
        return Vec::new();
    }
    let all = words.all_selectors(prefix).into_iter();
    all.map(|(s, count)| candidate(s, &format!("{s}  ({count})")))
        .collect()
}

/// The candidates at the end of Smalltalk.
fn in_code(before: &str, words: &Words) -> (usize, Vec<Candidate>) {
    let position = before.len();
    let mut all: Vec<TokenInfo> = tokens(before).collect();
    let mut start = position;
    if let Some(last) = all.last().copied() {
        match last.kind {
            TokenKind::UnclosedComment | TokenKind::UnclosedString => return (start, Vec::new()),
            _ if (last.span.end as usize) < position => {}
            TokenKind::Identifier => {
                start = last.span.start as usize;
                all.pop();
            }
            // Nothing can be added to these but by the user.
            TokenKind::Number | TokenKind::Character | TokenKind::Symbol | TokenKind::Colon => {
                return (start, Vec::new());
            }
            _ => {}
        }
    }
    all.retain(|t| t.kind != TokenKind::Comment);
    if all.last().is_some_and(|t| t.kind == TokenKind::Colon) {
        // A block parameter is a name nobody has used yet.
        return (start, Vec::new());
    }
    let context = Context {
        text: before,
        tokens: &all,
        words,
    };
    let prefix = &before[start..];
    if context.begins_operand() {
        let reserved = crate::compiler::reserved_names()
            .filter(|name| !prefix.is_empty() && name.starts_with(prefix))
            .map(|name| candidate(name, name));
        let names = words.names(prefix).into_iter();
        let names = names.map(|name| candidate(name, name));
        return (start, names.chain(reserved).collect());
    }
    (start, context.selectors(prefix))
}

fn candidate(replacement: &str, display: &str) -> Candidate {
    Candidate {
        replacement: replacement.to_string(),
        display: display.to_string(),
    }
}

/// The tokens before the word under the cursor.
pub(super) struct Context<'a> {
    pub text: &'a str,
    pub tokens: &'a [TokenInfo],
    pub words: &'a Words,
}

impl<'a> Context<'a> {
    fn text_of(&self, token: TokenInfo) -> &'a str {
        &self.text[token.span.start as usize..token.span.end as usize]
    }

    /// Does a value begin here, and not a message to one?
    fn begins_operand(&self) -> bool {
        self.tokens
            .last()
            .is_none_or(|t| !ends_operand(t.kind) && t.kind != TokenKind::Semicolon)
    }

    fn selectors(&self, prefix: &str) -> Vec<Candidate> {
        let mut found = Vec::new();
        // `dict at: 3 p|`: the rest of a selector that was begun.
        let parts = self.keyword_parts();
        if !parts.is_empty() {
            let whole = format!("{parts}{prefix}");
            for (selector, count) in self.words.all_selectors(&whole) {
                let rest = &selector[parts.len()..];
                let next = &rest[..rest.find(':').map_or(rest.len(), |i| i + 1)];
                if !next.is_empty() && !found.iter().any(|c: &Candidate| c.replacement == next) {
                    found.push(candidate(next, &format!("{selector}  ({count})")));
                }
            }
        }
        let message =
            |selector: &str, origin: &str| candidate(selector, &format!("{selector}  ({origin})"));
        match self.receiver_class() {
            Some(class) => {
                let all = self.words.selectors_of(&class, prefix);
                let named = all.into_iter().filter(|(s, _)| is_word(s));
                found.extend(named.map(|(selector, origin)| message(selector, origin)));
            }
            None => {
                let most = if prefix.is_empty() {
                    MAX_UNASKED
                } else {
                    usize::MAX
                };
                let all = self.words.all_selectors(prefix);
                let named = all.into_iter().filter(|(s, _)| is_word(s)).take(most);
                found.extend(named.map(|(selector, count)| message(selector, &count.to_string())));
            }
        }
        found
    }

    /// The keywords of the message that the cursor is in the arguments of: `at:`.
    pub fn keyword_parts(&self) -> String {
        let keywords = self.open_keywords();
        keywords
            .iter()
            .map(|&i| self.text_of(self.tokens[i]))
            .collect()
    }

    /// The class of that message's receiver, if the tokens tell.
    pub fn keyword_receiver_class(&self) -> Option<String> {
        let first = *self.open_keywords().first()?;
        let tokens = &self.tokens[..first];
        Context { tokens, ..*self }.receiver_class()
    }

    /// Which tokens these keywords are.
    fn open_keywords(&self) -> Vec<usize> {
        let mut found = Vec::new();
        let mut depth = 0;
        for (i, token) in self.tokens.iter().enumerate().rev() {
            match token.kind {
                kind if closes(kind) => depth += 1,
                kind if opens(kind) && depth == 0 => break,
                kind if opens(kind) => depth -= 1,
                TokenKind::Dot | TokenKind::Semicolon | TokenKind::Assign | TokenKind::Caret
                    if depth == 0 =>
                {
                    break;
                }
                TokenKind::Keyword if depth == 0 => found.push(i),
                _ => {}
            }
        }
        found.reverse();
        found
    }

    /// The class of the operand that ends before the cursor, if the tokens tell.
    pub fn receiver_class(&self) -> Option<String> {
        let (&last, before) = self.tokens.split_last()?;
        let class = match last.kind {
            TokenKind::Number => number_class(self.text_of(last)),
            TokenKind::String => "ByteString",
            TokenKind::Symbol => "ByteSymbol",
            TokenKind::Character => "Character",
            TokenKind::CloseBrace => "Array",
            TokenKind::CloseBracket | TokenKind::CloseParen => match self.opening()? {
                TokenKind::OpenBracket => "BlockClosure",
                TokenKind::OpenBytes => "ByteArray",
                TokenKind::OpenArray => "Array",
                _ => return None,
            },
            TokenKind::Identifier => {
                let name = self.text_of(last);
                return match before.split_last() {
                    Some((&receiver, rest)) if ends_operand(receiver.kind) => {
                        self.answer_of(receiver, rest, name)
                    }
                    _ => self.class_of_name(name),
                };
            }
            _ => return None,
        };
        Some(class.to_string())
    }

    fn class_of_name(&self, name: &str) -> Option<String> {
        let class = match name {
            "true" => "True",
            "false" => "False",
            "nil" | "self" => "UndefinedObject",
            "thisContext" => "Context",
            "thisProcess" => "Process",
            _ if self.words.is_class(name) => return Some(format!("{name} class")),
            _ => self.words.class_of_variable(name)?,
        };
        Some(class.to_string())
    }

    /// The class of what the unary message `selector` answers: known only for `Foo new`, and for
    /// the few messages whose name says it.
    fn answer_of(
        &self,
        receiver: TokenInfo,
        before: &[TokenInfo],
        selector: &str,
    ) -> Option<String> {
        let class = match selector {
            "printString" | "asString" | "displayString" => "ByteString",
            "asSymbol" => "ByteSymbol",
            "size" | "hash" => "SmallInteger",
            "new" => {
                let name = self.text_of(receiver);
                let is_start = before.last().is_none_or(|t| !ends_operand(t.kind));
                return (is_start && self.words.is_class(name)).then(|| name.to_string());
            }
            _ => return None,
        };
        Some(class.to_string())
    }

    /// What opened the bracket that the last token closes.
    fn opening(&self) -> Option<TokenKind> {
        let mut depth = 0;
        for token in self.tokens.iter().rev() {
            if closes(token.kind) {
                depth += 1;
            } else if opens(token.kind) {
                depth -= 1;
                if depth == 0 {
                    return Some(token.kind);
                }
            }
        }
        None
    }
}

/// A selector that can be completed as a word: not a binary one.
fn is_word(selector: &str) -> bool {
    selector.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn number_class(text: &str) -> &'static str {
    if text.contains('r') {
        "SmallInteger"
    } else if text.contains('s') {
        "ScaledDecimal"
    } else if text.contains('.') {
        "Float"
    } else {
        "SmallInteger"
    }
}

pub(super) fn ends_operand(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Identifier
            | TokenKind::Number
            | TokenKind::Character
            | TokenKind::String
            | TokenKind::Symbol
    ) || closes(kind)
}

fn opens(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::OpenParen
            | TokenKind::OpenBracket
            | TokenKind::OpenBrace
            | TokenKind::OpenArray
            | TokenKind::OpenBytes
    )
}

pub(super) fn closes(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseBrace
    )
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::sample;
    use super::*;

    /// The replacements at the end of `line`.
    fn at_end(line: &str) -> Vec<String> {
        let (start, all) = candidates(line, line.len(), &sample());
        assert!(line[start..].chars().all(char::is_alphanumeric), "{line}");
        all.into_iter().map(|c| c.replacement).collect()
    }

    #[test]
    fn names_where_a_value_begins() {
        assert_eq!(at_end("Dic"), ["Dictionary"]);
        assert_eq!(at_end("x := di"), ["dict"]);
        for line in [
            "^ Dic",
            "(Dic",
            "3 + Dic",
            "3 max: Dic",
            "[:x | Dic",
            "3. Dic",
            "{ Dic",
        ] {
            assert_eq!(at_end(line), ["Dictionary"], "{line}");
        }
        assert_eq!(at_end("sel"), ["self"]);
    }

    #[test]
    fn selectors_of_what_is_known() {
        assert_eq!(at_end("3 fac"), ["factorial"]);
        assert_eq!(at_end("'abc' si"), ["size"]);
        assert_eq!(at_end("dict at:if"), Vec::<String>::new());
        assert_eq!(at_end("dict y"), ["yourself"]);
        assert_eq!(at_end("Dictionary ne"), ["new"]);
        assert_eq!(
            at_end("Dictionary new at"),
            ["at:", "at:ifAbsent:", "at:put:"]
        );
        assert_eq!(at_end("[3] va"), ["value", "value:", "value:value:"]);
        assert_eq!(at_end("3 printString asU"), ["asUppercase"]);
        assert_eq!(at_end("SmallInteger max"), ["maxVal"]);
    }

    #[test]
    fn all_selectors_where_nothing_is_known() {
        assert_eq!(at_end("(3 + 4) pr"), ["printString"]);
        assert_eq!(at_end("it fac"), ["factorial"]);
        assert_eq!(at_end("dict foo; ma"), ["max:", "maxVal"]);
    }

    #[test]
    fn the_rest_of_a_keyword_message() {
        assert_eq!(at_end("dict at: 3 pu"), ["put:"]);
        assert_eq!(at_end("dict at: (3 max: 4) if"), ["ifAbsent:"]);
        assert_eq!(at_end("dict at: 3. 4 pu"), Vec::<String>::new());
    }

    #[test]
    fn no_candidates_inside_literals_and_comments() {
        for line in ["'Dic", "\"Dic", "#Dic", "$D", "[:Dic", "12"] {
            assert_eq!(at_end(line), Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn a_position_inside_a_character_is_nowhere() {
        assert_eq!(candidates("é", 1, &sample()), (1, Vec::new()));
    }
}
