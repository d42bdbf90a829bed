//! The syntax tree: what the parser makes and the compiler reads.
//!
//! Plain data. It owns its strings, knows its spans, and must never
//! know anything about classes, scopes or bytecode.

/// A half-open range of byte offsets into the source text that was parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end`.
    pub fn new(start: usize, end: usize) -> Span {
        Span {
            start: start as u32,
            end: end as u32,
        }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// A name with its place: a temporary, a parameter, the target of an assignment.
#[derive(Clone, Debug, PartialEq)]
pub struct Ident {
    pub name: String,
    pub span: Span,
}

/// A method: pattern, pragmas, temporaries, statements.
#[derive(Clone, Debug, PartialEq)]
pub struct Method {
    /// The whole selector, `at:put:`.
    pub selector: String,
    /// Place of the selector's first part.
    pub selector_span: Span,
    pub params: Vec<Ident>,
    pub pragmas: Vec<Pragma>,
    pub body: Body,
    pub span: Span,
}

/// A do-it: what a script, a chunk or a REPL line consists of.
#[derive(Clone, Debug, PartialEq)]
pub struct DoIt {
    /// Pragmas are legal in a do-it, and have no effect there.
    pub pragmas: Vec<Pragma>,
    pub body: Body,
    pub span: Span,
}

/// Temporaries and statements of a method, a do-it or a block.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Body {
    pub temps: Vec<Ident>,
    pub statements: Vec<Statement>,
}

/// `<primitive: 60>`, `<category: 'x'>`, `<expectedFailure>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pragma {
    pub selector: String,
    pub args: Vec<Literal>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    Expr(Expr),
    /// `^ value`; the span is the caret's.
    Return {
        value: Expr,
        caret: Span,
    },
    /// `| a b |` in the middle of a do-it. Never occurs in a method or a block.
    Declare(Vec<Ident>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// Any identifier in an operand position, also `self super thisContext nil true false`:
    /// the compiler tells them apart.
    Var(String),
    Literal(Literal),
    Assign {
        target: Ident,
        value: Box<Expr>,
    },
    Send {
        receiver: Box<Expr>,
        message: Message,
    },
    /// `receiver first; second; third`: every message goes to the one receiver. At least two messages.
    Cascade {
        receiver: Box<Expr>,
        messages: Vec<Message>,
    },
    Block(Block),
    /// `{ a. b. ^c }`
    Brace(Vec<Statement>),
    /// `##( … )`: computed once for this place in the source.
    Computed(Box<DoIt>),
}

/// Selector and arguments of one message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub selector: String,
    /// Place of the selector's first part: where run-time traces point.
    pub selector_span: Span,
    pub args: Vec<Expr>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub params: Vec<Ident>,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// An integer that fits in 60 bits and a sign (SmallInteger's range, -2^60 to 2^60 - 1).
    Int(i64),
    /// A larger integer: decimal digits, after radix and exponent were applied, sign in front if negative.
    /// The parser refuses exponents that would make more than 100,000 digits.
    LargeInt(String),
    Float(f64),
    /// `1e-3`: an integer with a negative exponent. Not in lowest terms; decimal digits, sign in
    /// the numerator.
    Fraction {
        numerator: String,
        denominator: String,
    },
    /// `3.14s2`: value numerator/denominator, not in lowest terms (decimal digits, sign in the numerator), printed with `scale` digits.
    Scaled {
        numerator: String,
        denominator: String,
        scale: u32,
    },
    Char(char),
    String(String),
    Symbol(String),
    Array(Vec<Literal>),
    ByteArray(Vec<u8>),
    True,
    False,
    Nil,
}
