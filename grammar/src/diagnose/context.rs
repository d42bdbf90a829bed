//! What is known about the place where the parser stopped: tokens around it, open brackets,
//! the statement it is in, comments and line ends in the gaps.

use crate::ast::Span;
use crate::lexer::stream::Start;
use crate::lexer::token::Token;

/// A token with its place.
pub type Item<'s> = (usize, Token<'s>, usize);

/// The part of the syntax that a place belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// In the pattern of a method.
    Pattern,
    /// Behind the `<` with this index.
    Pragma(usize),
    /// Behind the bar with this index that opens a declaration.
    Temps(usize),
    /// Between the `[` with this index and the bar that ends its parameters.
    Parameters(usize),
    /// In the literal or byte array that the token with this index opens.
    Array(usize),
    Code,
}

pub struct Context<'s> {
    pub source: &'s str,
    pub tokens: &'s [Item<'s>],
    start: Start,
    /// Index of the token that the parser could not use; the number of tokens at the end.
    pub at: usize,
    /// Indices of the brackets that are open there, outermost first.
    pub opens: Vec<usize>,
    /// Index of the first token of the statement.
    pub first: usize,
    /// Of each token, whether it is a bracket that nothing closes.
    lost: &'s [bool],
}

impl<'s> Context<'s> {
    pub fn new(
        source: &'s str,
        start: Start,
        tokens: &'s [Item<'s>],
        lost: &'s [bool],
        at: usize,
    ) -> Context<'s> {
        let mut context = Context {
            source,
            tokens,
            start,
            at,
            opens: Vec::new(),
            first: 0,
            lost,
        };
        context.first = context.pattern_end();
        let mut starts = Vec::new();
        for (i, &(_, token, _)) in tokens[..at].iter().enumerate().skip(context.first) {
            if token.opens() {
                context.opens.push(i);
                starts.push(context.first);
                context.first = i + 1;
            } else if token.closes() {
                if let Some(depth) = context.closes(&context.opens, i) {
                    context.opens.truncate(depth);
                    context.first = starts[depth];
                    starts.truncate(depth);
                }
            } else if token == Token::Dot {
                while let Some(&open) = context.opens.last()
                    && context.ends_at_stop(open)
                {
                    context.opens.pop();
                    starts.pop();
                }
                if !context.inside(Token::LParen) {
                    context.first = i + 1;
                }
            }
        }
        context
    }

    /// Which of the open brackets token `i` closes: the innermost of its kind, or the innermost of another that
    /// nothing else closes.
    pub fn closes(&self, opens: &[usize], i: usize) -> Option<usize> {
        let token = self.tokens[i].1;
        let matching = |&open: &usize| self.tokens[open].1.is_closed_by(token);
        opens.iter().rposition(matching).or_else(|| {
            let last = opens.len().checked_sub(1)?;
            self.lost[opens[last]].then_some(last)
        })
    }

    /// The bracket that is meant by the unusable token, which is one of another kind.
    pub fn replaced(&self) -> Option<Token<'static>> {
        let here = self.here().filter(|token| token.closes())?;
        let depth = self.closes(&self.opens, self.at)?;
        let open = self.tokens[self.opens[depth]].1;
        if open.is_closed_by(here) {
            return None;
        }
        [Token::RParen, Token::RBracket, Token::RBrace]
            .into_iter()
            .find(|closer| open.is_closed_by(*closer))
    }

    /// Is this a bracket around one expression which nothing closes? It ends where the statement does.
    pub fn ends_at_stop(&self, open: usize) -> bool {
        let one = matches!(
            self.tokens[open].1,
            Token::LParen | Token::ArrayOpen | Token::BytesOpen
        );
        one && self.lost[open]
    }

    /// The index behind the pattern, or as much of it as there is.
    fn pattern_end(&self) -> usize {
        if self.start == Start::DoIt {
            return 0;
        }
        match self.token(0) {
            Some(Token::Ident(_)) => 1,
            Some(token) if token.is_operator() => 1 + usize::from(self.is_ident(1)),
            _ => {
                let mut i = 0;
                while matches!(self.token(i), Some(Token::Keyword(_))) {
                    i += 1 + usize::from(self.is_ident(i + 1));
                    if !self.is_ident(i - 1) {
                        break;
                    }
                }
                i
            }
        }
    }

    #[inline(never)]
    pub fn token(&self, i: usize) -> Option<Token<'s>> {
        self.tokens.get(i).map(|item| item.1)
    }

    /// The token that the parser could not use.
    pub fn here(&self) -> Option<Token<'s>> {
        self.token(self.at)
    }

    /// The token `n` before it.
    pub fn before(&self, n: usize) -> Option<Token<'s>> {
        self.at.checked_sub(n).and_then(|i| self.token(i))
    }

    pub fn is_ident(&self, i: usize) -> bool {
        matches!(self.token(i), Some(Token::Ident(_)))
    }

    pub fn is_method(&self) -> bool {
        self.start == Start::Method
    }

    pub fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The place of token `i`; behind the last one, the end of the text.
    #[inline(never)]
    pub fn span(&self, i: usize) -> Span {
        match self.tokens.get(i) {
            Some(item) => Span::new(item.0, item.2),
            None => Span::new(self.source.len(), self.source.len()),
        }
    }

    #[inline(never)]
    pub fn text(&self, i: usize) -> &'s str {
        self.tokens
            .get(i)
            .map_or("", |item| &self.source[item.0..item.2])
    }

    /// Token `i` as messages name it.
    pub fn name(&self, i: usize) -> String {
        let text = self.text(i);
        match self.token(i) {
            None => "the end".to_owned(),
            Some(Token::String(_)) if text.len() > 20 || text.contains('\n') => {
                "this string".to_owned()
            }
            _ if text.chars().count() > 40 => "this".to_owned(),
            _ => format!("`{text}`"),
        }
    }

    /// The text between token `i` and the one before it.
    #[inline(never)]
    fn gap(&self, i: usize) -> &'s str {
        let from = i.checked_sub(1).map_or(0, |before| self.tokens[before].2);
        let to = self.tokens.get(i).map_or(self.source.len(), |item| item.0);
        self.source.get(from..to).unwrap_or("")
    }

    /// Does token `i` touch the one before it?
    pub fn glued(&self, i: usize) -> bool {
        i > 0 && self.gap(i).is_empty() && i < self.tokens.len()
    }

    /// Does a line end in front of token `i`?
    pub fn on_new_line(&self, i: usize) -> bool {
        self.gap(i).contains(['\n', '\r'])
    }

    /// The comment in front of the unusable token, if there is one.
    pub fn comment(&self) -> Option<Span> {
        let from = self
            .at
            .checked_sub(1)
            .map_or(0, |before| self.tokens[before].2);
        let gap = self.gap(self.at);
        let open = gap.find('"')?;
        let close = gap[open + 1..].find('"')? + open + 1;
        Some(Span::new(from + open, from + close + 1))
    }

    /// Is the innermost open bracket this one?
    pub fn inside(&self, bracket: Token<'_>) -> bool {
        self.opens
            .last()
            .is_some_and(|&open| self.tokens[open].1 == bracket)
    }

    /// Does the statement begin with the unusable token?
    pub fn at_statement_start(&self) -> bool {
        self.at <= self.code_start()
    }

    /// Does the unusable token come right behind the pattern of a method?
    pub fn is_first(&self) -> bool {
        self.at == self.pattern_end()
    }

    /// Where the statement's expression begins: behind parameters, declarations and pragmas.
    pub fn code_start(&self) -> usize {
        let mut i = self.first;
        let scope = i == 0 || self.opens.last() == Some(&(i - 1));
        if scope && self.token(i) == Some(Token::Colon) {
            while self.token(i) == Some(Token::Colon) && self.is_ident(i + 1) {
                i += 2;
            }
            if self.token(i) == Some(Token::BarBar) {
                return self.behind_bar(i + 1);
            }
            i += usize::from(self.token(i) == Some(Token::Bar));
        }
        loop {
            match self.token(i) {
                Some(Token::Bar) => i = self.behind_bar(i + 1),
                Some(Token::BarBar) => i += 1,
                Some(Token::Less) => {
                    let close = (i..self.at).find(|&j| self.token(j) == Some(Token::Greater));
                    match close {
                        Some(close) => i = close + 1,
                        None => return i,
                    }
                }
                _ => return i,
            }
        }
    }

    /// The index behind the bar that closes a declaration whose first name is at `i`.
    fn behind_bar(&self, mut i: usize) -> usize {
        while self.is_ident(i) {
            i += 1;
        }
        i + usize::from(self.token(i) == Some(Token::Bar))
    }

    pub fn region(&self) -> Region {
        if let Some(&open) = self.opens.last()
            && matches!(self.tokens[open].1, Token::ArrayOpen | Token::BytesOpen)
        {
            return Region::Array(open);
        }
        if self.is_method() && self.opens.is_empty() && self.in_pattern() {
            return Region::Pattern;
        }
        let mut i = self.first;
        if let Some(&open) = self.opens.last()
            && open + 1 == i
            && self.inside(Token::LBracket)
            && self.token(i) == Some(Token::Colon)
        {
            while self.token(i) == Some(Token::Colon) && i < self.at {
                i += 1 + usize::from(self.is_ident(i + 1) && i + 1 < self.at);
                if i == self.at {
                    return Region::Parameters(open);
                }
            }
            if self.token(i) == Some(Token::BarBar) {
                return self.temps(i).unwrap_or(Region::Code);
            }
            i += usize::from(self.token(i) == Some(Token::Bar));
        }
        while i < self.at {
            match self.token(i) {
                Some(Token::Bar) => match self.temps(i) {
                    Some(region) => return region,
                    None => i = self.behind_bar(i + 1),
                },
                Some(Token::BarBar) => i += 1,
                Some(Token::Less) => {
                    let close = (i..self.at).find(|&j| self.token(j) == Some(Token::Greater));
                    match close {
                        Some(close) => i = close + 1,
                        None => return Region::Pragma(i),
                    }
                }
                _ => break,
            }
        }
        Region::Code
    }

    /// Is the declaration that the bar at `bar` opens still open?
    fn temps(&self, bar: usize) -> Option<Region> {
        let names = (bar + 1..self.at).take_while(|&i| self.is_ident(i)).count();
        (bar + 1 + names == self.at).then_some(Region::Temps(bar))
    }

    fn in_pattern(&self) -> bool {
        match self.before(1) {
            None => true,
            Some(Token::Keyword(_)) => self.at <= self.pattern_end(),
            Some(token) => self.at == 1 && token.is_operator(),
        }
    }

    /// The indices of the statement's tokens up to the unusable one that are in no inner bracket,
    /// last first.
    pub fn same_level(&self) -> impl Iterator<Item = usize> + '_ {
        let mut depth = 0usize;
        (self.code_start()..self.at).rev().filter(move |&i| {
            let token = self.tokens[i].1;
            if token.closes() {
                depth += 1;
            } else if token.opens() && depth > 0 {
                depth -= 1;
                return depth == 0;
            }
            depth == 0
        })
    }
}
