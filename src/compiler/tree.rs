//! The resolved tree: the syntax tree after names are bound and inlined messages recognised.
//!
//! Owns its node kinds and the facts that code generation asks for; must never know of
//! registers or instructions. Nodes live in one arena, so that long chains of messages
//! cost no recursion when the tree is dropped.

use chirp_grammar::ast::{Literal, Span};
use rustc_hash::FxHashMap;

use super::template;

/// Index of a node in [`Tree::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeId(pub u32);
/// Index of a variable in [`Tree::locals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LocalId(pub u32);
/// Index of a scope in [`Tree::scopes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeId(pub u32);
/// Index of a method or real block in [`Tree::functions`]; 0 is the method or do-it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionId(pub u32);
/// Index of a loop in [`Tree::loops`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopId(pub u32);

/// A stretch of evaluation order: every node and every assignment has a position in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Range {
    pub start: u32,
    /// The last position that belongs to it.
    pub end: u32,
}

impl Range {
    /// The stretch that covers nothing.
    pub const EMPTY: Range = Range { start: 1, end: 0 };

    /// The smallest stretch that covers both.
    pub fn to(self, other: Range) -> Range {
        if self.start > self.end {
            return other;
        }
        Range {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// The whole of one method or do-it.
#[derive(Default)]
pub struct Tree<'a> {
    pub nodes: Vec<Node<'a>>,
    pub ranges: Vec<Range>,
    pub locals: Vec<Local<'a>>,
    pub scopes: Vec<Scope>,
    pub functions: Vec<Function<'a>>,
    pub loops: Vec<Range>,
    pub outers: Vec<template::Variable>,
}

/// An expression.
pub enum Node<'a> {
    SelfRef,
    ThisContext,
    Constant(&'a Literal),
    /// What answers the value of `##( … )` to `value`.
    Computed(Box<template::CodeTemplate>),
    Local(LocalId),
    Instance(u16),
    /// A global, class or session variable: index in [`Tree::outers`] and its place.
    Outer(u32, Span),
    AssignLocal(LocalId, NodeId),
    AssignInstance(u16, NodeId, Span),
    AssignOuter(u32, NodeId, Span),
    /// A message that is sent, or done by an instruction with a send behind it.
    Send(NodeId, Message<'a>),
    Cascade(NodeId, Vec<Message<'a>>),
    Block(FunctionId),
    Brace(Vec<Statement>, Span),
    If {
        condition: NodeId,
        on_true: Option<Arm>,
        on_false: Option<Arm>,
        span: Span,
    },
    And(NodeId, Arm, Span),
    Or(NodeId, Arm, Span),
    IfNil {
        subject: NodeId,
        on_nil: Option<Arm>,
        on_some: Option<Arm>,
    },
    /// `whileTrue:` and relatives; `sense` is the truth value that keeps it going.
    While {
        condition: Arm,
        body: Option<Arm>,
        sense: bool,
        span: Span,
    },
    Repeat(Arm, Span),
    ToDo {
        start: NodeId,
        limit: NodeId,
        step: Step<'a>,
        body: Arm,
        span: Span,
    },
    TimesRepeat {
        count: NodeId,
        body: Arm,
        span: Span,
    },
}

/// How far a counting loop steps.
#[derive(Clone, Copy)]
pub enum Step<'a> {
    Up(u8),
    Down(u8),
    /// Any other literal number, and whether it is negative.
    Number(&'a Literal, bool),
}

/// Selector and arguments of a message.
pub struct Message<'a> {
    pub selector: &'a str,
    pub args: Vec<NodeId>,
    pub span: Span,
    pub to_super: bool,
}

/// The statements of a block that is compiled in place.
pub struct Arm {
    pub scope: ScopeId,
    pub param: Option<LocalId>,
    pub statements: Vec<Statement>,
    pub range: Range,
}

#[derive(Clone, Copy)]
pub enum Statement {
    Expr(NodeId),
    /// `^ value` with the caret's place.
    Return(NodeId, Span),
    /// A temporary is declared once more: it starts again as nil.
    Reset(LocalId),
}

/// Variables that come into being together.
#[derive(Default)]
pub struct Scope {
    /// Temporaries only: parameters get their registers from the call or the loop.
    pub locals: Vec<LocalId>,
}

/// A parameter or temporary.
pub struct Local<'a> {
    pub name: &'a str,
    pub function: FunctionId,
    pub is_param: bool,
    /// Loops of the function around the declaration.
    pub loop_depth: u32,
    /// Conditionals and loops of the function around the declaration.
    pub branch_depth: u32,
    /// Positions of the assignments in its own function, ascending.
    pub assigned: Vec<u32>,
    /// Assigned by a block that is a real closure.
    pub assigned_by_block: bool,
    /// Where closures that use it come into being, and the outermost loop
    /// around that place and inside the variable's scope.
    pub captures: Vec<(u32, Option<LoopId>)>,
    /// Read, captured or assigned at all so far.
    pub touched: bool,
    /// It may be read before it is assigned.
    pub needs_nil: bool,
}

/// A method, a do-it, or a block that becomes a closure.
pub struct Function<'a> {
    pub is_block: bool,
    pub params: Vec<LocalId>,
    pub scope: ScopeId,
    pub statements: Vec<Statement>,
    /// For a block: it or a block in it returns from the method, or asks for its Context.
    /// For the method: one of its blocks does.
    pub returns_home: bool,
    /// What a block and those in it say outside of inlined code: whether there is a `^`, and whether the
    /// receiver or one of its variables is named.
    pub returns: bool,
    pub names_self: bool,
    /// Variables of enclosing functions that it uses.
    pub free: Vec<(LocalId, Uses)>,
    /// Where each of them is there.
    pub free_index: FxHashMap<LocalId, u32>,
    pub self_uses: Uses,
    pub span: Span,
    /// Names for messages about the whole.
    pub name: &'a str,
}

/// How often a function uses something that it must load from its closure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Uses {
    pub count: u32,
    pub in_loop: bool,
}

impl Uses {
    /// One more use.
    pub fn add(&mut self, in_loop: bool) {
        self.count += 1;
        self.in_loop |= in_loop;
    }

    /// A register of its own pays.
    pub fn is_frequent(self) -> bool {
        self.count > 1 || self.in_loop
    }
}

impl<'a> Tree<'a> {
    pub fn node(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id.0 as usize]
    }

    pub fn range(&self, id: NodeId) -> Range {
        self.ranges[id.0 as usize]
    }

    pub fn local(&self, id: LocalId) -> &Local<'a> {
        &self.locals[id.0 as usize]
    }

    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    pub fn function(&self, id: FunctionId) -> &Function<'a> {
        &self.functions[id.0 as usize]
    }

    /// Some assignment to the variable lies in the range.
    pub fn assigned_in(&self, id: LocalId, range: Range) -> bool {
        let assigned = &self.local(id).assigned;
        let first = assigned.partition_point(|&position| position < range.start);
        assigned
            .get(first)
            .is_some_and(|&position| position <= range.end)
    }

    /// The variable changes after a closure has copied it: it must live in a temp vector.
    pub fn is_shared(&self, id: LocalId) -> bool {
        let local = self.local(id);
        if local.captures.is_empty() {
            return false;
        }
        local.assigned_by_block
            || local.captures.iter().any(|&(position, around)| {
                local.assigned.last().is_some_and(|&last| last > position)
                    || around.is_some_and(|l| self.assigned_in(id, self.loops[l.0 as usize]))
            })
    }

    /// The constant that the node is, if it is one.
    pub fn constant(&self, id: NodeId) -> Option<&'a Literal> {
        match self.node(id) {
            Node::Constant(literal) => Some(literal),
            _ => None,
        }
    }
}
