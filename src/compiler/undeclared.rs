//! Finds the names that a do-it assigns and nothing declares: they declare themselves.
//!
//! Owns one walk over the syntax tree; must never report a mistake.

use chirp_grammar::ast::{Block, DoIt, Expr, ExprKind, Ident, Statement};
use chirp_grammar::sorting::sort_by;
use rustc_hash::FxHashSet;

use super::scope::is_reserved;
use super::template::Scope;

/// Levels of nesting that are followed; what lies deeper is a mistake that resolution reports.
const MAX_DEPTH: u32 = 400;

/// The first assignment of each such name, in the order of the text.
pub fn undeclared_targets<'a>(do_it: &'a DoIt, outside: &dyn Scope) -> Vec<&'a Ident> {
    let mut search = Search {
        outside,
        scopes: Vec::new(),
        found: Vec::new(),
        seen: FxHashSet::default(),
        depth: 0,
    };
    let mut declared: FxHashSet<&str> = names(&do_it.body.temps);
    for statement in &do_it.body.statements {
        if let Statement::Declare(idents) = statement {
            declared.extend(names(idents));
        }
    }
    search.scopes.push(declared);
    search.statements(&do_it.body.statements);
    sort_by(&mut search.found, |a, b| a.span.start.cmp(&b.span.start));
    search.found
}

fn names(idents: &[Ident]) -> FxHashSet<&str> {
    idents.iter().map(|ident| ident.name.as_str()).collect()
}

struct Search<'a, 's> {
    outside: &'s dyn Scope,
    scopes: Vec<FxHashSet<&'a str>>,
    found: Vec<&'a Ident>,
    seen: FxHashSet<&'a str>,
    depth: u32,
}

impl<'a> Search<'a, '_> {
    fn statements(&mut self, statements: &'a [Statement]) {
        for statement in statements {
            match statement {
                Statement::Expr(value) | Statement::Return { value, .. } => self.expr(value),
                Statement::Declare(_) => {}
            }
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        self.depth += 1;
        if self.depth <= MAX_DEPTH {
            self.chain(expr);
        }
        self.depth -= 1;
    }

    /// Follows the receivers of a chain of messages without recursion.
    fn chain(&mut self, expr: &'a Expr) {
        let mut current = expr;
        loop {
            match &current.kind {
                // A computed constant has variables of its own.
                ExprKind::Var(_) | ExprKind::Literal(_) | ExprKind::Computed(_) => return,
                ExprKind::Assign { target, value } => {
                    self.target(target);
                    return self.expr(value);
                }
                ExprKind::Send { receiver, message } => {
                    message.args.iter().for_each(|arg| self.expr(arg));
                    current = receiver;
                }
                ExprKind::Cascade { receiver, messages } => {
                    for message in messages {
                        message.args.iter().for_each(|arg| self.expr(arg));
                    }
                    current = receiver;
                }
                ExprKind::Block(block) => return self.block(block),
                ExprKind::Brace(statements) => return self.statements(statements),
            }
        }
    }

    fn block(&mut self, block: &'a Block) {
        let mut declared = names(&block.params);
        declared.extend(names(&block.body.temps));
        self.scopes.push(declared);
        self.statements(&block.body.statements);
        self.scopes.pop();
    }

    fn target(&mut self, target: &'a Ident) {
        let name = target.name.as_str();
        let known = is_reserved(name)
            || self.scopes.iter().any(|scope| scope.contains(name))
            || self.outside.resolve(name).is_some();
        if !known && self.seen.insert(name) {
            self.found.push(target);
        }
    }
}
