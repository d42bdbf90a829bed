//! The automaton: cuts a text into words, numbers, quotes and marks, whatever they mean together.
//!
//! Knows no context. Never fails: what is not closed or not known is a token too.

use logos::{FilterResult, Lexer, Logos};

use super::{number, unicode};

/// Was the closing quote found?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    Yes,
    No,
}

/// What a word turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Ident,
    /// The colon belongs to the span.
    Keyword,
}

/// What follows a number sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// `#foo`, `#at:put:`, `#+`, `##foo`, `#'x y'`.
    Symbol,
    /// `#'x y` up to the end of the text.
    UnclosedSymbol,
    /// `#(`
    Array,
    /// `##(`
    Computed,
    /// `#[`
    Bytes,
    /// `#{Foo}`, `#{Smalltalk.Foo}`
    Binding,
    /// `#` and nothing that it could belong to.
    Alone,
}

/// What Logos made of `raw.logos`; `tests/generated.rs` makes it anew.
#[allow(clippy::all, clippy::pedantic, unused)]
#[rustfmt::skip]
mod automaton {
    use super::*;
    include!("../../generated/raw.rs");
}
pub use automaton::Raw;

/// What a character beyond ASCII begins.
fn beyond_ascii(lexer: &mut Lexer<Raw>) -> FilterResult<Raw, ()> {
    let Some(c) = lexer.slice().chars().next() else {
        return FilterResult::Error(());
    };
    FilterResult::Emit(match c {
        '←' => Raw::LeftArrow,
        '↑' => Raw::UpArrow,
        c if unicode::begins_name(c) => {
            take(lexer, unicode::continues_name);
            Raw::Word(colon(lexer))
        }
        c if unicode::is_operator(c) => {
            take(lexer, unicode::is_operator);
            operator(lexer);
            Raw::Operator
        }
        c if unicode::is_white(c) => {
            // All of it at once: the automaton calls itself for what comes behind something that it skips.
            take(lexer, |c| c.is_whitespace() || unicode::is_white(c));
            return FilterResult::Skip;
        }
        _ => return FilterResult::Error(()),
    })
}

/// Takes the characters of this kind that follow.
fn take(lexer: &mut Lexer<Raw>, kind: fn(char) -> bool) {
    let rest = lexer.remainder();
    let end = rest.find(|c| !kind(c)).unwrap_or(rest.len());
    lexer.bump(end);
}

/// Takes the rest of a word that goes on beyond ASCII, and what makes it a keyword.
fn word(lexer: &mut Lexer<Raw>) -> Word {
    if lexer
        .remainder()
        .as_bytes()
        .first()
        .is_some_and(|b| !b.is_ascii())
    {
        take(lexer, unicode::continues_name);
    }
    colon(lexer)
}

/// Takes the colon of a keyword, but not of `x:=3`: a regex cannot look ahead.
fn colon(lexer: &mut Lexer<Raw>) -> Word {
    let rest = lexer.remainder().as_bytes();
    if rest.first() == Some(&b':') && rest.get(1) != Some(&b'=') {
        lexer.bump(1);
        Word::Keyword
    } else {
        Word::Ident
    }
}

fn digits(lexer: &mut Lexer<Raw>) {
    let text = &lexer.source()[lexer.span().start..];
    lexer.bump(number::scan(text.as_bytes()) - 1);
}

/// Takes the quoted text whose opening quote was read. A doubled quote goes on.
fn string(lexer: &mut Lexer<Raw>) -> Closed {
    let rest = lexer.remainder().as_bytes();
    let mut i = 0;
    while let Some(at) = rest[i..].iter().position(|&b| b == b'\'') {
        i += at + 1;
        if rest.get(i) != Some(&b'\'') {
            lexer.bump(i);
            return Closed::Yes;
        }
        i += 1;
    }
    lexer.bump(rest.len());
    Closed::No
}

fn comment(lexer: &mut Lexer<Raw>) -> Closed {
    let rest = lexer.remainder();
    let end = rest.bytes().position(|b| b == b'"');
    lexer.bump(end.map_or(rest.len(), |at| at + 1));
    if end.is_some() {
        Closed::Yes
    } else {
        Closed::No
    }
}

fn character(lexer: &mut Lexer<Raw>) -> Closed {
    match lexer.remainder().chars().next() {
        Some(c) => {
            lexer.bump(c.len_utf8());
            Closed::Yes
        }
        None => Closed::No,
    }
}

/// Takes the rest of an operator. `3--4` is `3 - -4`: the last minus belongs to the digit.
fn operator(lexer: &mut Lexer<Raw>) {
    let rest = lexer.remainder().as_bytes();
    let in_operator = |b: &u8| b"!%&*+,/<=>?@\\~|-".contains(b);
    let mut n = rest.iter().take_while(|b| in_operator(b)).count();
    if n > 0 && rest[n - 1] == b'-' && rest.get(n).is_some_and(u8::is_ascii_digit) {
        n -= 1;
    }
    lexer.bump(n);
}

/// Takes what belongs to a number sign. A lexer of its own looks at the text behind it, but never
/// at another number sign: each would look further in its turn.
fn hash(lexer: &mut Lexer<Raw>) -> Hash {
    let rest = lexer.remainder();
    let first = rest.chars().next().map_or(0, char::len_utf8);
    if Raw::lexer(&rest[..first]).next().is_none() {
        // White space, or the end.
        return Hash::Alone;
    }
    let mut inner = Raw::lexer(rest);
    let (kind, length) = match inner.next() {
        Some(Ok(Raw::LParen)) if lexer.slice() == "##" => (Hash::Computed, 1),
        Some(Ok(Raw::LParen)) => (Hash::Array, 1),
        Some(Ok(Raw::LBracket)) => (Hash::Bytes, 1),
        Some(Ok(Raw::LBrace)) => match binding(rest) {
            Some(length) => (Hash::Binding, length),
            None => (Hash::Alone, 0),
        },
        Some(Ok(Raw::Operator)) => (Hash::Symbol, inner.span().end),
        Some(Ok(Raw::String(Closed::Yes))) => (Hash::Symbol, inner.span().end),
        Some(Ok(Raw::String(Closed::No))) => (Hash::UnclosedSymbol, inner.span().end),
        Some(Ok(Raw::Word(word))) => {
            let rest = rest.as_bytes();
            let mut end = joined(inner, word);
            // `#x::` is a symbol too, odd as it is.
            while rest[end - 1] == b':'
                && rest.get(end) == Some(&b':')
                && rest.get(end + 1) != Some(&b'=')
            {
                end += 1;
            }
            (Hash::Symbol, end)
        }
        _ => (Hash::Alone, 0),
    };
    lexer.bump(length);
    kind
}

/// The length of `{Foo}` or `{Smalltalk.Foo}`.
fn binding(text: &str) -> Option<usize> {
    let end = text.find('}')?;
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    text[1..end].split('.').all(is_name).then_some(end + 1)
}

/// The end of the selector whose first word `lexer` has just read: `at:put:` is one.
pub fn joined<'s>(mut lexer: Lexer<'s, Raw>, mut last: Word) -> usize {
    loop {
        let end = lexer.span().end;
        let next = lexer.remainder().chars().next();
        if last != Word::Keyword || !next.is_some_and(|c| c == '_' || c.is_alphabetic()) {
            return end;
        }
        match lexer.next() {
            Some(Ok(Raw::Word(word))) => last = word,
            _ => return end,
        }
    }
}
