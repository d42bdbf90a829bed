//! From raw tokens to the parser's: a start token in front, comments gone, literal arrays
//! in their own words, and lexical mistakes reported and replaced by something harmless.
//!
//! Never interprets a literal's text.

use std::cell::{Cell, RefCell};

use logos::{Lexer, Logos};

use super::problem;
use super::raw::{self, Closed, Hash, Raw, Word};
use super::repairs::{Kind, Repairs};
use super::token::Token;
use crate::Options;
use crate::ast::Span;
use crate::diagnostic::Diagnostic;

/// As deep as this may `a := b := c := …` go.
pub const MAX_ASSIGNMENTS: usize = 500;

/// What the source is a text of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Method,
    DoIt,
}

/// What recovery may cost. Each token that the parser drops costs it a look at each open bracket.
const PATIENCE: u64 = 1_000_000;

/// A text with more mistakes is something else: no more of it is read.
const MAX_FOUND: usize = 1000;

/// After so many tokens it is asked whether to go on.
const TURN: u32 = 4096;

/// Where lexer and parser put what they find, and how the parser's recovery is kept in bounds:
/// it counts as lost in a text when many tokens made no node.
#[derive(Default)]
pub struct Sink<'k> {
    pub diagnostics: RefCell<Vec<Diagnostic>>,
    /// Asked now and then while a parser reads along. Else there is nothing to lose patience with.
    goes_on: Option<&'k dyn Fn() -> bool>,
    tokens: Cell<u32>,
    /// Somebody said that it does not.
    stopped: Cell<bool>,
    /// Tokens since the parser last made something.
    idle: Cell<u64>,
    depth: Cell<u64>,
    /// The cost of all recoveries before.
    spent: Cell<u64>,
    /// Where the rest of the text begins, which was not read.
    gave_up: Cell<Option<usize>>,
    /// Where a literal array begins that the text ends in.
    unclosed: Cell<Option<usize>>,
    /// What is read in place of what stands there.
    repairs: Option<&'k Repairs>,
}

impl<'k> Sink<'k> {
    pub fn for_parser(goes_on: &'k dyn Fn() -> bool, repairs: &'k Repairs) -> Sink<'k> {
        Sink {
            goes_on: Some(goes_on),
            ..Sink::for_messages(repairs)
        }
    }

    /// For tokens as they stand in the text, between brackets as the parser sees them.
    pub fn for_messages(repairs: &'k Repairs) -> Sink<'k> {
        Sink {
            repairs: Some(repairs),
            ..Sink::default()
        }
    }

    pub fn push(&self, diagnostic: Diagnostic) {
        let mut diagnostics = self.diagnostics.borrow_mut();
        if diagnostics.len() < MAX_FOUND {
            diagnostics.push(diagnostic);
        }
        self.count(diagnostics.len());
    }

    /// There are so many mistakes of one kind.
    pub fn count(&self, mistakes: usize) {
        if mistakes >= MAX_FOUND {
            self.spent.set(PATIENCE + 1);
        }
    }

    /// The parser made something.
    pub fn progress(&self) {
        self.idle.set(0);
    }

    /// The parser found its way again, after dropping some tokens.
    pub fn recovered(&self, dropped: usize) {
        self.spent
            .set(self.spent.get() + (dropped as u64 + 1) * self.depth.get());
        self.progress();
    }

    /// Did recovery cost too much, or were there too many mistakes? Then the text from here on was not read.
    pub fn gave_up(&self) -> Option<usize> {
        self.gave_up.get()
    }

    /// What all recoveries have cost, in bytes that could have been read instead.
    pub fn cost(&self) -> usize {
        self.spent.get() as usize * 8
    }

    /// The literal array that the text ends in.
    pub fn unclosed_array(&self) -> Option<usize> {
        self.unclosed.get()
    }

    /// Was it not to go on?
    pub fn was_stopped(&self) -> bool {
        self.stopped.get()
    }

    fn is_patient(&self, brackets: usize) -> bool {
        let Some(goes_on) = self.goes_on else {
            return true;
        };
        self.tokens.set(self.tokens.get().wrapping_add(1));
        if self.tokens.get().is_multiple_of(TURN) && !goes_on() {
            self.stopped.set(true);
            return false;
        }
        let depth = brackets as u64 + 1;
        self.depth.set(depth);
        self.idle.set(self.idle.get() + 1);
        self.spent.get() + self.idle.get() * depth <= PATIENCE
    }
}

/// The parser's view of a text.
pub struct Stream<'s, 'b> {
    source: &'s str,
    lexer: Lexer<'s, Raw>,
    options: Options,
    sink: &'b Sink<'b>,
    /// Not yet delivered.
    start: Option<Start>,
    /// Second half of a token that was split.
    pending: Option<(usize, Token<'s>, usize)>,
    open: Vec<Token<'s>>,
    /// Where the outermost literal array began, if one is open.
    array: usize,
    /// How many of the repairs were made.
    repaired: usize,
    /// Nothing is delivered up to here.
    skipped: usize,
    /// The two tokens before, for `[:x|-x]`.
    last: [Option<Token<'s>>; 2],
    assignments: usize,
    /// The nesting was too deep: no more tokens.
    stopped: bool,
}

impl<'s, 'b> Stream<'s, 'b> {
    pub fn new(source: &'s str, start: Start, options: Options, sink: &'b Sink<'b>) -> Self {
        Stream {
            source,
            lexer: Raw::lexer(source),
            options,
            sink,
            start: Some(start),
            pending: None,
            open: Vec::new(),
            array: 0,
            repaired: 0,
            skipped: 0,
            last: [None, None],
            assignments: 0,
            stopped: false,
        }
    }

    /// Brackets deeper than this are refused: trees are dropped and compiled recursively.
    fn deepest(&self) -> usize {
        self.options.nesting.min(Options::DEEPEST) as usize
    }

    fn report(&self, diagnostic: Diagnostic) {
        self.sink.push(diagnostic);
    }

    /// Is the innermost open bracket that of a literal array?
    fn in_literal(&self) -> bool {
        self.open.last() == Some(&Token::ArrayOpen)
    }

    fn next_token(&mut self) -> Option<Token<'s>> {
        loop {
            let Some(raw) = self.lexer.next() else {
                if self.in_literal() {
                    self.sink.unclosed.set(Some(self.array));
                }
                return None;
            };
            let range = self.lexer.span();
            let span = Span::new(range.start, range.end);
            let text = self.lexer.slice();
            let token = match raw {
                Ok(Raw::Comment(Closed::Yes)) => continue,
                Ok(Raw::Comment(Closed::No)) => {
                    self.report(problem::unclosed_comment(self.source, span));
                    continue;
                }
                Err(()) => match self.unknown(span) {
                    Some(token) => token,
                    None => continue,
                },
                Ok(raw) => self.known(raw, text, span),
            };
            if token == Token::Dot && self.in_literal() && self.ends_arrays(&range) {
                while self
                    .open
                    .last()
                    .is_some_and(|open| matches!(open, Token::ArrayOpen | Token::BytesOpen))
                {
                    self.open.pop();
                }
            }
            return Some(if self.in_literal() {
                self.as_element(token, text)
            } else {
                token
            });
        }
    }

    fn known(&mut self, raw: Raw, text: &'s str, span: Span) -> Token<'s> {
        match raw {
            Raw::Word(Word::Ident) => match text {
                "_" if self.options.underscore_assignment => Token::Assign,
                _ => Token::Ident(text),
            },
            Raw::Word(Word::Keyword) if self.in_literal() => self.whole_selector(span),
            Raw::Word(Word::Keyword) => Token::Keyword(text),
            Raw::Number => Token::Number(text),
            Raw::String(Closed::Yes) => Token::String(text),
            Raw::String(Closed::No) => {
                self.report(problem::unclosed_string(self.source, span));
                Token::String("''")
            }
            Raw::Char(Closed::Yes) => Token::Char(text.chars().nth(1).unwrap_or(' ')),
            Raw::Char(Closed::No) => {
                self.report(problem::unfinished_character(span));
                Token::Char(' ')
            }
            Raw::Hash(Hash::Symbol) => Token::Symbol(text.trim_start_matches('#')),
            Raw::Hash(Hash::UnclosedSymbol) => {
                self.report(problem::unclosed_string(self.source, span));
                Token::Symbol("x")
            }
            Raw::Hash(Hash::Array) => Token::ArrayOpen,
            Raw::Hash(Hash::Computed) => Token::ComputedOpen,
            Raw::Hash(Hash::Bytes) => Token::BytesOpen,
            Raw::Hash(Hash::Binding) => Token::Binding(text),
            Raw::Hash(Hash::Alone) => {
                self.report(problem::lonely_hash(self.source, span));
                Token::Symbol("x")
            }
            Raw::Operator => self.operator(text, span),
            Raw::Assign => Token::Assign,
            Raw::LeftArrow => {
                if !self.options.underscore_assignment && !self.in_literal() {
                    self.report(problem::arrow(span, "assignment", ":="));
                }
                Token::Assign
            }
            Raw::Caret => Token::Caret,
            Raw::UpArrow => {
                if !self.options.underscore_assignment && !self.in_literal() {
                    self.report(problem::arrow(span, "return", "^"));
                }
                Token::Caret
            }
            Raw::Semicolon => Token::Semicolon,
            Raw::Dot => Token::Dot,
            Raw::Colon => Token::Colon,
            Raw::LParen => Token::LParen,
            Raw::RParen => Token::RParen,
            Raw::LBracket => Token::LBracket,
            Raw::RBracket => Token::RBracket,
            Raw::LBrace => Token::LBrace,
            Raw::RBrace => Token::RBrace,
            // Both were dealt with before.
            Raw::Comment(_) => Token::Dot,
        }
    }

    fn operator(&mut self, text: &'s str, span: Span) -> Token<'s> {
        match text {
            "|" => return Token::Bar,
            "||" => return Token::BarBar,
            "<" => return Token::Less,
            ">" => return Token::Greater,
            "-" => {
                let next = self.lexer.remainder().as_bytes().first();
                return if next.is_some_and(u8::is_ascii_digit) {
                    Token::Neg
                } else {
                    Token::Binary(text)
                };
            }
            _ => {}
        }
        // `[:x|-x]`: the bar that ends the parameters is not part of an operator.
        if text.starts_with('|') && matches!(self.last, [Some(Token::Colon), Some(Token::Ident(_))])
        {
            let (start, end) = (span.start as usize, span.end as usize);
            self.pending = Some((start + 1, Token::Binary(&text[1..]), end));
            return Token::Bar;
        }
        Token::Binary(text)
    }

    /// In a literal array `at:put:` is one symbol. Moves the lexer behind it.
    fn whole_selector(&mut self, span: Span) -> Token<'s> {
        let end = raw::joined(self.lexer.clone(), Word::Keyword);
        self.lexer.bump(end - span.end as usize);
        Token::Symbol(&self.source[span.start as usize..end])
    }

    /// What stands in a literal array stands for itself.
    fn as_element(&mut self, token: Token<'s>, text: &'s str) -> Token<'s> {
        use Token::*;
        match token {
            Ident(_) => Word(text),
            LParen | ComputedOpen => ArrayOpen,
            LBracket => BytesOpen,
            Binary(_) | Bar | BarBar | Less | Greater | Assign | Caret | Semicolon | Dot
            | Colon => Symbol(text),
            LBrace | RBrace => {
                let range = self.lexer.span();
                self.report(problem::brace_in_array(Span::new(range.start, range.end)));
                Symbol(text)
            }
            other => other,
        }
    }

    /// A character that no token begins with. Typographic quotes take their text with them.
    fn unknown(&mut self, span: Span) -> Option<Token<'s>> {
        let (diagnostic, length) = problem::unknown_character(self.source, span);
        self.report(diagnostic);
        self.lexer.bump(length);
        (length > 0).then_some(Token::String("''"))
    }

    /// Is this the full stop that ends literal arrays which nothing else ends?
    fn ends_arrays(&self, stop: &std::ops::Range<usize>) -> bool {
        let from = self.sink.repairs.and_then(|repairs| repairs.arrays);
        let rest = self.source[stop.end..].trim_start_matches([' ', '\t']);
        from.is_some_and(|from| from <= self.array) && rest.starts_with(['\r', '\n'])
    }

    /// The token as it is to be read at its place.
    fn repaired(&mut self, item: (usize, Token<'s>, usize)) -> Token<'s> {
        let edits = self.sink.repairs.map_or(&[][..], |repairs| &repairs.edits);
        match edits.get(self.repaired) {
            Some(edit) if edit.at <= item.0 => {
                self.repaired += 1;
                match edit.kind {
                    Kind::Close(token) => return token,
                    Kind::Skip(to) => self.skipped = to,
                }
            }
            _ => {}
        }
        item.1
    }

    /// Keeps the stack of brackets. False when it is too high.
    fn track(&mut self, token: Token<'s>, start: usize) -> bool {
        if token.opens() {
            if token == Token::ArrayOpen && !self.in_literal() {
                self.array = start;
            }
            self.open.push(token);
        } else if token.closes()
            && let Some(at) = self.open.iter().rposition(|open| open.is_closed_by(token))
        {
            self.open.truncate(at);
        }
        match token {
            Token::Assign => self.assignments += 1,
            Token::Ident(_) => {}
            _ => self.assignments = 0,
        }
        self.last = [self.last[1], Some(token)];
        self.open.len() <= self.deepest() && self.assignments <= MAX_ASSIGNMENTS
    }
}

impl<'s> Iterator for Stream<'s, '_> {
    type Item = (usize, Token<'s>, usize);

    fn next(&mut self) -> Option<Self::Item> {
        match self.start.take() {
            Some(Start::Method) => return Some((0, Token::StartMethod, 0)),
            Some(Start::DoIt) => return Some((0, Token::StartDoIt, 0)),
            None => {}
        }
        if self.stopped {
            return None;
        }
        loop {
            if !self.sink.is_patient(self.open.len()) {
                self.stopped = true;
                self.sink.gave_up.set(Some(self.lexer.span().end));
                return None;
            }
            let mut item = match self.pending.take() {
                Some(item) => item,
                None => {
                    let token = self.next_token()?;
                    // A split token ends where its second half begins.
                    let range = self.lexer.span();
                    (
                        range.start,
                        token,
                        self.pending.map_or(range.end, |(start, ..)| start),
                    )
                }
            };
            let read = self.repaired(item);
            if !self.track(read, item.0) {
                self.stopped = true;
                let span = Span::new(item.0, item.2);
                self.report(if self.open.len() > self.deepest() {
                    problem::too_deep(span, self.deepest())
                } else {
                    problem::too_many_assignments(span)
                });
                return None;
            }
            if self.sink.goes_on.is_some() {
                item.1 = read;
                if item.0 < self.skipped {
                    continue;
                }
            }
            return Some(item);
        }
    }
}
