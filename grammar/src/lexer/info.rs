//! Tokens for people who colour, complete and cut texts: every token of a text, comments
//! included, whether the text is right or not.
//!
//! Knows nothing of literal arrays or statements: `#(foo)` has an identifier in it here.

use logos::{Logos, SpannedIter};

use super::raw::{Closed, Hash, Raw, Word};
use crate::ast::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    Comment,
    /// A comment up to the end of the text.
    UnclosedComment,
    Identifier,
    /// A word with its colon.
    Keyword,
    /// `+`, `>=`, `|`.
    Operator,
    Number,
    Character,
    String,
    /// A string (or a quoted symbol) up to the end of the text.
    UnclosedString,
    Symbol,
    /// `:=`, and the arrow of old sources.
    Assign,
    /// `^`
    Caret,
    Semicolon,
    Dot,
    Colon,
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `#(`
    OpenArray,
    /// `#[`
    OpenBytes,
    /// `##(`
    OpenComputed,
    /// A character that no token begins with, a `#` or `$` with nothing behind it.
    Unknown,
}

/// A token and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    pub kind: TokenKind,
    pub span: Span,
}

/// Iterator over all tokens of a text. See [`crate::tokens`].
pub struct Tokens<'s>(SpannedIter<'s, Raw>);

impl<'s> Tokens<'s> {
    pub(crate) fn new(source: &'s str) -> Tokens<'s> {
        Tokens(Raw::lexer(source).spanned())
    }
}

impl Iterator for Tokens<'_> {
    type Item = TokenInfo;

    fn next(&mut self) -> Option<TokenInfo> {
        let (raw, range) = self.0.next()?;
        let kind = raw.map_or(TokenKind::Unknown, kind);
        Some(TokenInfo {
            kind,
            span: Span::new(range.start, range.end),
        })
    }
}

fn kind(raw: Raw) -> TokenKind {
    match raw {
        Raw::Word(Word::Ident) => TokenKind::Identifier,
        Raw::Word(Word::Keyword) => TokenKind::Keyword,
        Raw::Number => TokenKind::Number,
        Raw::String(Closed::Yes) => TokenKind::String,
        Raw::String(Closed::No) | Raw::Hash(Hash::UnclosedSymbol) => TokenKind::UnclosedString,
        Raw::Comment(Closed::Yes) => TokenKind::Comment,
        Raw::Comment(Closed::No) => TokenKind::UnclosedComment,
        Raw::Char(Closed::Yes) => TokenKind::Character,
        Raw::Char(Closed::No) | Raw::Hash(Hash::Alone) => TokenKind::Unknown,
        Raw::Hash(Hash::Symbol | Hash::Binding) => TokenKind::Symbol,
        Raw::Hash(Hash::Array) => TokenKind::OpenArray,
        Raw::Hash(Hash::Computed) => TokenKind::OpenComputed,
        Raw::Hash(Hash::Bytes) => TokenKind::OpenBytes,
        Raw::Operator => TokenKind::Operator,
        Raw::Assign | Raw::LeftArrow => TokenKind::Assign,
        Raw::Caret | Raw::UpArrow => TokenKind::Caret,
        Raw::Semicolon => TokenKind::Semicolon,
        Raw::Dot => TokenKind::Dot,
        Raw::Colon => TokenKind::Colon,
        Raw::LParen => TokenKind::OpenParen,
        Raw::RParen => TokenKind::CloseParen,
        Raw::LBracket => TokenKind::OpenBracket,
        Raw::RBracket => TokenKind::CloseBracket,
        Raw::LBrace => TokenKind::OpenBrace,
        Raw::RBrace => TokenKind::CloseBrace,
    }
}
