//! What the parser reads. Small and `Copy`, because error recovery clones tokens.

/// One token of the grammar; texts are slices of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'s> {
    /// Zero-width first token: a method follows.
    StartMethod,
    /// Zero-width first token: a do-it follows.
    StartDoIt,
    Ident(&'s str),
    /// With its colon.
    Keyword(&'s str),
    /// Every operator that is none of the special ones below.
    Binary(&'s str),
    /// A minus that touches a digit: operator or sign, the grammar knows.
    Neg,
    Bar,
    BarBar,
    Less,
    Greater,
    Number(&'s str),
    Char(char),
    /// With its quotes.
    String(&'s str),
    /// Without `#`; with quotes if it has them. Also keywords and operators in literal arrays.
    Symbol(&'s str),
    /// `#{Foo}`, as it stands.
    Binding(&'s str),
    /// A bare word in a literal array.
    Word(&'s str),
    Assign,
    Caret,
    Semicolon,
    Dot,
    Colon,
    LParen,
    RParen,
    LBracket,
    RBracket,
    LBrace,
    RBrace,
    /// `#(`, and `(` in a literal array.
    ArrayOpen,
    /// `#[`, and `[` in a literal array.
    BytesOpen,
    /// `##(`, but not in a literal array.
    ComputedOpen,
}

impl Token<'_> {
    /// Can a value start with this?
    pub fn starts_operand(self) -> bool {
        use Token::*;
        matches!(
            self,
            Ident(_)
                | Number(_)
                | Neg
                | Char(_)
                | String(_)
                | Symbol(_)
                | Binding(_)
                | LParen
                | LBracket
                | LBrace
                | ArrayOpen
                | BytesOpen
                | ComputedOpen
        )
    }

    /// Can a value end with this?
    pub fn ends_operand(self) -> bool {
        use Token::*;
        matches!(
            self,
            Ident(_)
                | Number(_)
                | Char(_)
                | String(_)
                | Symbol(_)
                | Binding(_)
                | RParen
                | RBracket
                | RBrace
        )
    }

    /// Can this be a binary selector?
    pub fn is_operator(self) -> bool {
        use Token::*;
        matches!(self, Binary(_) | Neg | Bar | BarBar | Less | Greater)
    }

    /// Is this an opening bracket of any kind?
    pub fn opens(self) -> bool {
        use Token::*;
        matches!(
            self,
            LParen | LBracket | LBrace | ArrayOpen | BytesOpen | ComputedOpen
        )
    }

    /// Is this a closing bracket of any kind?
    pub fn closes(self) -> bool {
        matches!(self, Token::RParen | Token::RBracket | Token::RBrace)
    }

    /// Does `closer` close this opening bracket?
    pub fn is_closed_by(self, closer: Token<'_>) -> bool {
        use Token::*;
        matches!(
            (self, closer),
            (LParen | ArrayOpen | ComputedOpen, RParen)
                | (LBracket | BytesOpen, RBracket)
                | (LBrace, RBrace)
        )
    }
}
