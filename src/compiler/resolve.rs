//! From the syntax tree to the resolved tree: names bound, inlined messages recognised.
//!
//! Owns the walk and reports every mistake it meets; must never choose instructions.

use chirp_grammar::ast::{self, Expr, ExprKind, Ident, Literal, Span};
use chirp_grammar::diagnostic::Diagnostic;

use super::diagnose;
use super::scope::{Meaning, Names, Reserved, is_capitalised};
use super::template::Variable;
use super::tree::{FunctionId, Message, Node, NodeId, Range, Statement};

/// Levels of nesting that the walk follows: the native stack is finite.
const MAX_DEPTH: u32 = 400;
/// As many are followed without asking how much of it is left.
const FREE_DEPTH: u32 = 8;
/// After so many nodes it is asked whether to go on.
const TURN: usize = 4096;

/// Resolves one method or do-it.
pub struct Resolver<'a> {
    pub names: Names<'a>,
    depth: u32,
    /// Levels that there is room for.
    deepest: u32,
    too_deep: bool,
}

impl<'a> Resolver<'a> {
    pub fn new(names: Names<'a>) -> Resolver<'a> {
        Resolver {
            names,
            depth: 0,
            deepest: FREE_DEPTH,
            too_deep: false,
        }
    }

    /// Adds a node whose evaluation began at position `start`.
    #[inline(never)]
    pub fn add(&mut self, node: Node<'a>, start: u32) -> NodeId {
        self.names.position += 1;
        let id = NodeId(self.names.tree.nodes.len() as u32);
        self.names.tree.nodes.push(node);
        self.names.tree.ranges.push(Range {
            start,
            end: self.names.position,
        });
        if self.names.tree.nodes.len().is_multiple_of(TURN) && !self.names.goes_on() {
            self.stop();
        }
        id
    }

    /// Nothing more is followed: there is no room for another level.
    fn stop(&mut self) {
        self.names.errors = vec![Diagnostic::stopped()];
        (self.deepest, self.too_deep) = (0, true);
    }

    /// The place in evaluation order where the next node begins.
    pub fn begin(&mut self) -> u32 {
        self.names.position += 1;
        self.names.position
    }

    /// A node for a constant that the compiler supplies.
    pub fn constant(&mut self, literal: &'a Literal) -> NodeId {
        let start = self.begin();
        self.add(Node::Constant(literal), start)
    }

    // ---- functions and statements ----

    /// Declares the temporaries of the function or scope that was just entered.
    pub fn declare_temps(&mut self, scope: super::tree::ScopeId, temps: &'a [Ident]) {
        for ident in temps {
            if let Some(id) = self.names.declare(ident, false) {
                self.names.tree.scopes[scope.0 as usize].locals.push(id);
            }
        }
    }

    /// Resolves statements one after the other.
    pub fn statements(&mut self, statements: &'a [ast::Statement]) -> Vec<Statement> {
        let mut resolved = Vec::with_capacity(statements.len());
        for statement in statements {
            if self.deepest == 0 {
                break;
            }
            match statement {
                ast::Statement::Expr(expr) => {
                    let known = self.names.errors.len();
                    resolved.push(Statement::Expr(self.expr(expr)));
                    self.meant_assignment(expr, known);
                }
                ast::Statement::Return { value, caret } => {
                    self.names.note_return();
                    resolved.push(Statement::Return(self.expr(value), *caret));
                }
                ast::Statement::Declare(idents) => self.declare_again(idents, &mut resolved),
            }
            // More than anybody reads: they are larger than the text that they are about.
            self.names.errors.truncate(super::MAX_DIAGNOSTICS);
        }
        resolved
    }

    /// `x = 3` to an unknown `x` is meant to assign; the mistakes before this statement are `known`.
    fn meant_assignment(&mut self, expr: &'a Expr, known: usize) {
        let Some(mistake) = self.names.errors.get_mut(known) else {
            return;
        };
        if let ExprKind::Send { receiver, message } = &expr.kind
            && let ExprKind::Var(name) = &receiver.kind
            && mistake.span == receiver.span
            && let Some(help) = diagnose::meant_assignment(name, &message.selector)
        {
            mistake.help = Some(help);
        }
    }

    /// `| a b |` in the middle of a do-it: the variables exist already and start again as nil.
    fn declare_again(&mut self, idents: &'a [Ident], resolved: &mut Vec<Statement>) {
        for ident in idents {
            match self.names.meaning(&ident.name) {
                Meaning::Local(id) => {
                    self.names.note_assign(id);
                    resolved.push(Statement::Reset(id));
                }
                Meaning::Outer(variable @ Variable::Session(_)) => {
                    resolved.push(Statement::Expr(self.clear_session(variable, ident.span)));
                }
                _ => {}
            }
        }
    }

    /// An assignment of nil to a variable of the session.
    pub fn clear_session(&mut self, variable: Variable, span: Span) -> NodeId {
        let start = self.begin();
        let nil = self.constant(&Literal::Nil);
        let index = self.names.outer(variable);
        self.add(Node::AssignOuter(index, nil, span), start)
    }

    /// A block that becomes a closure.
    fn block(&mut self, block: &'a ast::Block, span: Span) -> NodeId {
        let start = self.begin();
        if block.params.len() > super::MAX_ARGUMENTS {
            let count = block.params.len();
            self.names
                .errors
                .push(diagnose::too_many_arguments("this block", count, span));
        }
        self.missing_colons(block);
        let function = self.names.enter_function("block", true, span);
        self.function_body(function, &block.params, &block.body);
        self.names.leave_function();
        self.add(Node::Block(function), start)
    }

    /// `[ x | x + 1 ]` is a message `|` to an unknown `x`, but means a parameter.
    pub fn missing_colons(&mut self, block: &'a ast::Block) {
        let Some(ast::Statement::Expr(first)) = block.body.statements.first() else {
            return;
        };
        if !block.params.is_empty() || !block.body.temps.is_empty() {
            return;
        }
        let mut left = first;
        let mut behind_bar = false;
        while let ExprKind::Send { receiver, message } = &left.kind {
            behind_bar = message.selector == "|" || behind_bar && message.args.is_empty();
            left = receiver;
        }
        let ExprKind::Var(name) = &left.kind else {
            return;
        };
        if behind_bar
            && !is_capitalised(name)
            && matches!(self.names.meaning(name), Meaning::Unknown)
            && self.names.is_first_unknown(name)
        {
            let problem = diagnose::parameter_without_colon(name, left.span);
            self.names.errors.push(problem);
        }
    }

    /// Parameters, temporaries and statements of the function that was just entered.
    pub fn function_body(&mut self, id: FunctionId, params: &'a [Ident], body: &'a ast::Body) {
        for ident in params {
            if let Some(param) = self.names.declare(ident, true) {
                self.names.tree.functions[id.0 as usize].params.push(param);
            }
        }
        let scope = self.names.tree.function(id).scope;
        self.declare_temps(scope, &body.temps);
        let statements = self.statements(&body.statements);
        self.names.tree.functions[id.0 as usize].statements = statements;
    }

    // ---- expressions ----

    /// Resolves an expression. Chains of messages are followed without recursion.
    pub fn expr(&mut self, expr: &'a Expr) -> NodeId {
        self.depth += 1;
        if self.depth > FREE_DEPTH && self.deepest == FREE_DEPTH {
            self.deepest += self.names.levels(MAX_DEPTH - FREE_DEPTH);
        }
        let id = if self.depth > self.deepest {
            self.refuse(expr.span)
        } else {
            self.chain(expr)
        };
        self.depth -= 1;
        id
    }

    /// There is no room for this.
    fn refuse(&mut self, span: Span) -> NodeId {
        if !std::mem::replace(&mut self.too_deep, true) {
            self.names.errors.push(diagnose::too_deep(span));
        }
        self.constant(&Literal::Nil)
    }

    fn chain(&mut self, expr: &'a Expr) -> NodeId {
        let start = self.begin();
        let mut pending = Vec::new();
        let mut innermost = expr;
        while let ExprKind::Send { receiver, message } = &innermost.kind {
            if super::inline::is_inlined(receiver, message) {
                break;
            }
            pending.push(message);
            innermost = receiver;
        }
        let mut to_super = !pending.is_empty() && is_super(innermost);
        let mut id = if to_super {
            self.self_ref()
        } else {
            self.leaf(innermost)
        };
        for message in pending.into_iter().rev() {
            let message = self.message(message, to_super);
            id = self.add(Node::Send(id, message), start);
            to_super = false;
        }
        id
    }

    fn message(&mut self, message: &'a ast::Message, to_super: bool) -> Message<'a> {
        let args: Vec<NodeId> = message.args.iter().map(|arg| self.expr(arg)).collect();
        if args.len() > super::MAX_ARGUMENTS {
            let first = message
                .selector
                .split_inclusive(':')
                .next()
                .unwrap_or_default();
            let what = format!("the message `{first}…`");
            let problem = diagnose::too_many_arguments(&what, args.len(), message.selector_span);
            self.names.errors.push(problem);
        }
        self.names.note_send();
        Message {
            selector: &message.selector,
            args,
            span: message.selector_span,
            to_super,
        }
    }

    /// Anything but a message that is sent.
    fn leaf(&mut self, expr: &'a Expr) -> NodeId {
        let start = self.begin();
        match &expr.kind {
            ExprKind::Var(name) => self.variable(name, expr.span),
            ExprKind::Literal(literal) => self.add(Node::Constant(literal), start),
            ExprKind::Assign { target, value } => self.assignment(target, value),
            ExprKind::Send { receiver, message } => self.inlined(receiver, message),
            ExprKind::Cascade { receiver, messages } => {
                let to_super = is_super(receiver);
                let receiver = if to_super {
                    self.self_ref()
                } else {
                    self.expr(receiver)
                };
                let messages = messages.iter().map(|m| self.message(m, to_super)).collect();
                self.add(Node::Cascade(receiver, messages), start)
            }
            ExprKind::Block(block) => self.block(block, expr.span),
            ExprKind::Computed(do_it) => self.computed(do_it, expr.span),
            ExprKind::Brace(statements) => {
                let statements = self.statements(statements);
                self.names.note_send();
                self.add(Node::Brace(statements, expr.span), start)
            }
        }
    }

    /// `##( … )`: a do-it of its own, in which the class is the receiver and no temporary is known.
    fn computed(&mut self, do_it: &'a ast::DoIt, span: Span) -> NodeId {
        // It may go as deep as this has without asking.
        if self.names.levels(2 * FREE_DEPTH) < 2 * FREE_DEPTH {
            return self.refuse(span);
        }
        let start = self.begin();
        self.names.note_send();
        let code = match self.names.compile_on_class_side(do_it) {
            Ok(compiled) => compiled.code,
            Err(mut errors) => {
                self.names.errors.append(&mut errors);
                return self.constant(&Literal::Nil);
            }
        };
        let constant = self.add(Node::Computed(Box::new(code)), start);
        let message = Message {
            selector: "value",
            args: Vec::new(),
            span: do_it.span,
            to_super: false,
        };
        self.add(Node::Send(constant, message), start)
    }

    fn self_ref(&mut self) -> NodeId {
        let start = self.begin();
        self.names.use_self_here();
        self.add(Node::SelfRef, start)
    }

    fn variable(&mut self, name: &'a str, span: Span) -> NodeId {
        let start = self.begin();
        let node = match self.names.meaning(name) {
            Meaning::Reserved(reserved) => match reserved {
                Reserved::SelfRef => return self.self_ref(),
                Reserved::Super => {
                    self.names.errors.push(diagnose::super_as_value(span));
                    return self.self_ref();
                }
                Reserved::ThisContext => {
                    self.names.note_send();
                    // `thisContext home` is asked for in blocks, mostly.
                    self.names.note_home();
                    Node::ThisContext
                }
                // Pharo's own meaning of the word.
                Reserved::ThisProcess => {
                    let index = self.names.outer(Variable::Global("Processor".to_string()));
                    let scheduler = self.add(Node::Outer(index, span), start);
                    self.names.note_send();
                    let message = Message {
                        selector: "activeProcess",
                        args: Vec::new(),
                        span,
                        to_super: false,
                    };
                    Node::Send(scheduler, message)
                }
                Reserved::Nil => Node::Constant(&Literal::Nil),
                Reserved::True => Node::Constant(&Literal::True),
                Reserved::False => Node::Constant(&Literal::False),
            },
            Meaning::Local(id) => {
                self.names.note_read(id);
                Node::Local(id)
            }
            Meaning::Instance(index) => {
                self.names.use_self_here();
                Node::Instance(index)
            }
            Meaning::Outer(variable) => Node::Outer(self.names.outer(variable), span),
            Meaning::Unknown if is_capitalised(name) => {
                let index = self.names.outer(Variable::Global(name.to_string()));
                Node::Outer(index, span)
            }
            Meaning::Unknown => {
                if self.names.is_first_unknown(name) {
                    let suggestion = self.names.suggestion(name);
                    self.names.errors.push(diagnose::unknown_variable(
                        name,
                        span,
                        suggestion,
                        self.names.in_method,
                    ));
                }
                Node::Constant(&Literal::Nil)
            }
        };
        self.add(node, start)
    }

    fn assignment(&mut self, target: &'a Ident, value: &'a Expr) -> NodeId {
        let start = self.begin();
        let value = self.expr(value);
        let node = match self.names.meaning(&target.name) {
            Meaning::Reserved(_) => {
                self.names.errors.push(diagnose::assigned_reserved(target));
                return value;
            }
            Meaning::Local(id) if self.names.tree.local(id).is_param => {
                let declared = self.names.declaration(id);
                let of_block = self.names.is_block_parameter(id);
                let problem = diagnose::assigned_parameter(target, declared, of_block);
                self.names.errors.push(problem);
                return value;
            }
            Meaning::Local(id) => {
                self.names.note_assign(id);
                Node::AssignLocal(id, value)
            }
            Meaning::Instance(index) => {
                self.names.use_self_here();
                Node::AssignInstance(index, value, target.span)
            }
            Meaning::Outer(Variable::Global(name)) if self.names.is_class(&name) => {
                self.names.errors.push(diagnose::assigned_class(target));
                return value;
            }
            Meaning::Outer(variable) => {
                let index = self.names.outer(variable);
                Node::AssignOuter(index, value, target.span)
            }
            // In a do-it every such name has been declared before.
            Meaning::Unknown => {
                if self.names.is_first_unknown(&target.name) {
                    let suggestion = self.names.suggestion(&target.name);
                    self.names
                        .errors
                        .push(diagnose::unknown_target(target, suggestion));
                }
                return value;
            }
        };
        self.add(node, start)
    }
}

fn is_super(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Var(name) if name == "super")
}
