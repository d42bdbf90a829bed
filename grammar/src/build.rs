//! What the grammar's rules do: put nodes together, read literals, note mistakes.
//!
//! Holds no grammar. Guards the depth of trees, because they are dropped and compiled recursively.

use std::cell::{Cell, RefCell};

use crate::Options;
use crate::ast::*;
use crate::diagnostic::Diagnostic;
use crate::lexer::number;
use crate::lexer::stream::Sink;
use crate::parser;

/// What was parsed.
pub enum Tree {
    Method(Method),
    DoIt(DoIt),
}

impl Tree {
    pub fn method(self) -> Option<Method> {
        match self {
            Tree::Method(method) => Some(method),
            Tree::DoIt(_) => None,
        }
    }

    pub fn do_it(self) -> Option<DoIt> {
        match self {
            Tree::DoIt(do_it) => Some(do_it),
            Tree::Method(_) => None,
        }
    }
}

/// An expression, and how many levels it has.
pub struct Node {
    pub expr: Expr,
    pub depth: u32,
}

impl Node {
    fn new(kind: ExprKind, l: usize, r: usize, depth: u32) -> Node {
        Node {
            expr: Expr {
                kind,
                span: Span::new(l, r),
            },
            depth,
        }
    }

    pub fn variable(name: &str, l: usize, r: usize) -> Node {
        Node::new(ExprKind::Var(name.to_owned()), l, r, 1)
    }

    pub fn constant(literal: Literal, l: usize, r: usize) -> Node {
        Node::new(ExprKind::Literal(literal), l, r, 1)
    }

    /// The same with a wider span: brackets belong to what they enclose.
    pub fn at(mut self, l: usize, r: usize) -> Node {
        self.expr.span = Span::new(l, r);
        self
    }
}

/// Statements, and how many levels the deepest has.
#[derive(Default)]
pub struct Code {
    statements: Vec<Statement>,
    depth: u32,
}

impl Code {
    pub fn new(statement: Statement, depth: u32) -> Code {
        Code {
            statements: vec![statement],
            depth,
        }
    }

    /// `^ value`, with the caret at `l..r`.
    pub fn returning(value: Node, l: usize, r: usize) -> Code {
        let statement = Statement::Return {
            value: value.expr,
            caret: Span::new(l, r),
        };
        Code::new(statement, value.depth)
    }

    pub fn then(mut self, next: Code) -> Code {
        self.statements.extend(next.statements);
        self.depth = self.depth.max(next.depth);
        self
    }
}

/// Parameters, temporaries and statements of a block.
pub struct Scope(pub Vec<Ident>, pub Vec<Ident>, pub Code);

/// Pragmas and temporaries of a method.
pub struct Head {
    pub pragmas: Vec<Pragma>,
    pub temps: Vec<Ident>,
}

/// A selector with parameters (`A` = Ident), arguments (Node) or literals.
pub struct Parts<A> {
    selector: String,
    span: Span,
    args: Vec<A>,
}

impl<A> Parts<A> {
    pub fn unary(name: &str, l: usize, r: usize) -> Parts<A> {
        Parts {
            selector: name.to_owned(),
            span: Span::new(l, r),
            args: Vec::new(),
        }
    }

    pub fn new(name: &str, l: usize, r: usize, arg: A) -> Parts<A> {
        Parts {
            selector: name.to_owned(),
            span: Span::new(l, r),
            args: vec![arg],
        }
    }

    pub fn and(mut self, name: &str, arg: A) -> Parts<A> {
        self.selector.push_str(name);
        self.args.push(arg);
        self
    }
}

impl Parts<Literal> {
    pub fn pragma(self, l: usize, r: usize) -> Pragma {
        Pragma {
            selector: self.selector,
            args: self.args,
            span: Span::new(l, r),
        }
    }
}

/// Collects mistakes while the parser runs.
pub struct Builder<'b> {
    source: &'b str,
    sink: &'b Sink<'b>,
    /// Where the parser met something unexpected; None is the end of the text.
    errors: RefCell<Vec<Option<usize>>>,
    too_deep: Cell<bool>,
    /// No tree is deeper than this.
    deepest: u32,
    /// What its numbers have cost.
    spent: Cell<u64>,
}

impl<'b> Builder<'b> {
    pub fn new(source: &'b str, options: Options, sink: &'b Sink<'b>) -> Builder<'b> {
        Builder {
            source,
            sink,
            errors: RefCell::default(),
            too_deep: Cell::new(false),
            deepest: 2 * options.nesting.clamp(1, Options::DEEPEST),
            spent: Cell::new(0),
        }
    }

    /// Where the parser met something unexpected, in the order of the text.
    pub fn into_errors(self) -> Vec<Option<usize>> {
        self.errors.into_inner()
    }

    /// The parser skipped a statement because of `error`.
    pub fn recovered(&self, error: parser::Error<'_>, dropped: usize) {
        self.sink.recovered(dropped);
        self.failed(parser::place(&error));
    }

    /// Passes something on that the parser has made, so that it does not count as lost.
    pub fn step<T>(&self, made: T) -> T {
        self.sink.progress();
        made
    }

    /// The parser stopped here.
    pub fn failed(&self, place: Option<usize>) {
        let mut errors = self.errors.borrow_mut();
        errors.push(place);
        self.sink.count(errors.len());
    }

    pub fn method(
        &self,
        pattern: Parts<Ident>,
        head: Head,
        code: Code,
        l: usize,
        r: usize,
    ) -> Tree {
        Tree::Method(Method {
            selector: pattern.selector,
            selector_span: pattern.span,
            params: pattern.args,
            pragmas: head.pragmas,
            body: Body {
                temps: head.temps,
                statements: code.statements,
            },
            span: Span::new(l, r),
        })
    }

    /// Declarations that open a do-it are its temporaries.
    pub fn do_it(&self, pragmas: Vec<Pragma>, code: Code, l: usize, r: usize) -> Tree {
        let mut body = Body {
            temps: Vec::new(),
            statements: code.statements,
        };
        let leading = body
            .statements
            .iter()
            .take_while(|s| matches!(s, Statement::Declare(_)))
            .count();
        for statement in body.statements.drain(..leading) {
            if let Statement::Declare(names) = statement {
                body.temps.extend(names);
            }
        }
        Tree::DoIt(DoIt {
            pragmas,
            body,
            span: Span::new(l, r),
        })
    }

    /// Cuts off what is too deep, after saying so once. Levels count up to the limit in each part,
    /// so that no part is ever deeper than that.
    fn node(&self, kind: ExprKind, l: usize, r: usize, below: u32) -> Node {
        if below < self.deepest {
            return Node::new(kind, l, r, below + 1);
        }
        if !self.too_deep.replace(true) {
            let before = self.source.get(..r).unwrap_or("");
            let last = before.char_indices().next_back().map(|(at, _)| at);
            let diagnostic = Diagnostic::new(
                "E0122",
                "an expression has too many levels",
                Span::new(last.unwrap_or(r), r),
            )
            .label(format!("level {}", self.deepest + 1))
            .help("split the chain: give its first part a variable of its own");
            self.sink.push(diagnostic);
        }
        Node::variable("nil", l, r)
    }

    pub fn assign(&self, target: Ident, value: Node) -> Node {
        let (l, r) = (target.span.start as usize, value.expr.span.end as usize);
        let kind = ExprKind::Assign {
            target,
            value: Box::new(value.expr),
        };
        self.node(kind, l, r, value.depth)
    }

    pub fn send(&self, receiver: Node, parts: Parts<Node>, l: usize, r: usize) -> Node {
        let (message, depth) = message(parts);
        let depth = depth.max(receiver.depth);
        let kind = ExprKind::Send {
            receiver: Box::new(receiver.expr),
            message,
        };
        self.node(kind, l, r, depth)
    }

    /// The receiver of `first`'s last message gets all the messages.
    pub fn cascade(&self, first: Node, rest: Vec<Parts<Node>>, l: usize, r: usize) -> Node {
        let mut depth = first.depth;
        let ExprKind::Send {
            receiver,
            message: first,
        } = first.expr.kind
        else {
            // The send was cut off because it is too deep; that has been said.
            return first;
        };
        let mut messages = vec![first];
        for parts in rest {
            let (message, levels) = message(parts);
            depth = depth.max(levels + 1);
            messages.push(message);
        }
        self.node(ExprKind::Cascade { receiver, messages }, l, r, depth - 1)
    }

    pub fn brace(&self, code: Code, l: usize, r: usize) -> Node {
        self.node(ExprKind::Brace(code.statements), l, r, code.depth)
    }

    /// A constant that an expression, or several, compute.
    pub fn computed(&self, temps: Vec<Ident>, code: Code, l: usize, r: usize) -> Node {
        let do_it = DoIt {
            pragmas: Vec::new(),
            body: Body {
                temps,
                statements: code.statements,
            },
            span: Span::new(l, r),
        };
        self.node(ExprKind::Computed(Box::new(do_it)), l, r, code.depth)
    }

    pub fn block(&self, Scope(params, temps, code): Scope, l: usize, r: usize) -> Node {
        let body = Body {
            temps,
            statements: code.statements,
        };
        self.node(ExprKind::Block(Block { params, body }), l, r, code.depth)
    }

    /// The number that ends at `r`.
    pub fn number(&self, (negative, text): (bool, &str), r: usize) -> Literal {
        let spent = self.spent.get();
        let cost = number::cost(text);
        self.spent.set(spent.saturating_add(cost));
        let value = match spent + cost > number::MAX_COST {
            // Said once.
            true if spent > number::MAX_COST => Ok(Literal::Int(0)),
            true => Err(number::too_many(text)),
            false => number::value(text, negative),
        };
        value.unwrap_or_else(|problem| {
            let start = r - text.len();
            let span = Span::new(start + problem.range.start, start + problem.range.end);
            let diagnostic = Diagnostic::new(problem.code, problem.title, span)
                .label(problem.label)
                .help(problem.help);
            self.sink.push(diagnostic);
            Literal::Int(0)
        })
    }

    /// `#{Foo}`, the Association of a global: a message like another one.
    pub fn binding(&self, text: &str, l: usize, r: usize) -> Node {
        let argument = Node::constant(Literal::Symbol(bound_name(text)), l, r);
        let parts = Parts::new("associationAt:", l, r, argument);
        self.send(Node::variable("Smalltalk", l, r), parts, l, r)
    }

    /// An element of a byte array.
    pub fn byte(&self, number: (bool, &str), l: usize, r: usize) -> u8 {
        let value = self.number(number, r);
        if let Literal::Int(n) = value
            && let Ok(byte) = u8::try_from(n)
        {
            return byte;
        }
        let label = match value {
            Literal::Int(n) if n < 0 => "negative",
            Literal::Int(_) | Literal::LargeInt(_) => "too large",
            _ => "not an integer",
        };
        let diagnostic = Diagnostic::new(
            "E0116",
            "a byte is an integer from 0 to 255",
            Span::new(l, r),
        )
        .label(label)
        .help("an array of any literals has round brackets: #(1 256 -3)");
        self.sink.push(diagnostic);
        0
    }
}

/// A message, and how many levels its deepest argument has.
fn message(parts: Parts<Node>) -> (Message, u32) {
    let depth = parts.args.iter().map(|arg| arg.depth).max().unwrap_or(0);
    let args = parts.args.into_iter().map(|arg| arg.expr).collect();
    (
        Message {
            selector: parts.selector,
            selector_span: parts.span,
            args,
        },
        depth,
    )
}

pub fn name(name: &str, l: usize, r: usize) -> Ident {
    Ident {
        name: name.to_owned(),
        span: Span::new(l, r),
    }
}

/// The text between the quotes, doubled quotes made single.
pub fn unquoted(text: &str) -> String {
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or("");
    if inner.contains('\'') {
        inner.replace("''", "'")
    } else {
        inner.to_owned()
    }
}

/// A symbol from its text without the number sign.
pub fn symbol(text: &str) -> Literal {
    Literal::Symbol(if text.starts_with('\'') {
        unquoted(text)
    } else {
        text.to_owned()
    })
}

/// The name in `#{Smalltalk.Foo}`, without namespaces. In a pragma, whose arguments are literals, it is all that stays.
pub fn bound_name(text: &str) -> String {
    let name = text.trim_matches(['#', '{', '}']);
    name.rsplit('.').next().unwrap_or(name).to_owned()
}

/// What a bare word stands for in a literal array or a pragma.
pub fn word(text: &str) -> Literal {
    match text {
        "true" => Literal::True,
        "false" => Literal::False,
        "nil" => Literal::Nil,
        _ => Literal::Symbol(text.to_owned()),
    }
}
