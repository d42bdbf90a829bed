//! Variables that nobody uses, and names that hide others.

use super::warning;
use crate::compiler::template::Name;
use crate::compiler::{nearest, undeclared_targets};
use crate::loader::watch::{Tree, Unit};
use chirp_grammar::Diagnostic;
use chirp_grammar::ast::{Block, Body, Expr, ExprKind, Ident, Message, Span, Statement};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Temporary,
    Parameter,
    /// Declared by its first assignment, in a script.
    Script,
}

struct Variable<'a> {
    name: &'a str,
    span: Span,
    kind: Kind,
    read: bool,
    /// Where it is assigned first.
    assigned: Option<Span>,
}

struct Walk<'a, 'u> {
    unit: &'u Unit<'u>,
    variables: Vec<Variable<'a>>,
    /// Indices of the variables that are visible, innermost last.
    visible: Vec<usize>,
    found: Vec<Diagnostic>,
}

pub fn warnings(unit: &Unit<'_>) -> Vec<Diagnostic> {
    let mut walk = Walk {
        unit,
        variables: Vec::new(),
        visible: Vec::new(),
        found: Vec::new(),
    };
    match unit.tree {
        Tree::Method(method) => {
            walk.declare(&method.params, Kind::Parameter);
            walk.body(&method.body);
        }
        Tree::DoIt(do_it) => {
            // The variables of a session live on: other texts may read them.
            if unit.is_session {
                walk.statements(&do_it.body.statements);
            } else {
                for ident in undeclared_targets(do_it, unit.scope) {
                    walk.declare(std::slice::from_ref(ident), Kind::Script);
                }
                walk.body(&do_it.body);
            }
        }
    }
    walk.unused();
    walk.found
}

impl<'a> Walk<'a, '_> {
    fn declare(&mut self, names: &'a [Ident], kind: Kind) {
        for ident in names {
            self.hides(ident);
            self.visible.push(self.variables.len());
            self.variables.push(Variable {
                name: &ident.name,
                span: ident.span,
                kind,
                read: false,
                assigned: None,
            });
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        let mut visible = self.visible.iter().rev().copied();
        visible.find(|&i| self.variables[i].name == name)
    }

    fn hides(&mut self, ident: &Ident) {
        let name = ident.name.as_str();
        let title = |what: &str| format!("`{name}` hides {what} of the same name");
        let diagnostic = if let Some(outer) = self.find(name) {
            warning("W0103", title("a variable"), ident.span)
                .label("declared again here")
                .secondary(self.variables[outer].span, "the other one")
        } else if matches!(self.unit.scope.resolve(name), Some(Name::Instance(_))) {
            warning("W0103", title("an instance variable"), ident.span)
                .label("the instance variable cannot be reached here")
        } else {
            return;
        };
        self.found.push(diagnostic.help("choose another name"));
    }

    fn body(&mut self, body: &'a Body) {
        self.declare(&body.temps, Kind::Temporary);
        self.statements(&body.statements);
    }

    fn statements(&mut self, statements: &'a [Statement]) {
        for statement in statements {
            match statement {
                Statement::Expr(value) | Statement::Return { value, .. } => self.expr(value),
                Statement::Declare(_) if self.unit.is_session => {}
                Statement::Declare(names) => self.declare(names, Kind::Temporary),
            }
        }
    }

    fn message(&mut self, message: &'a Message) {
        message.args.iter().for_each(|arg| self.expr(arg));
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Var(name) => {
                if let Some(i) = self.find(name) {
                    self.variables[i].read = true;
                }
            }
            ExprKind::Literal(_) => {}
            // It has variables of its own.
            ExprKind::Computed(_) => {}
            ExprKind::Assign { target, value } => {
                self.expr(value);
                if let Some(i) = self.find(&target.name) {
                    self.variables[i].assigned.get_or_insert(target.span);
                }
            }
            ExprKind::Send { receiver, message } => {
                self.expr(receiver);
                self.message(message);
            }
            ExprKind::Cascade { receiver, messages } => {
                self.expr(receiver);
                messages.iter().for_each(|m| self.message(m));
            }
            ExprKind::Block(block) => self.block(block),
            ExprKind::Brace(statements) => self.statements(statements),
        }
    }

    fn block(&mut self, block: &'a Block) {
        let outside = self.visible.len();
        self.declare(&block.params, Kind::Parameter);
        self.body(&block.body);
        self.visible.truncate(outside);
    }

    fn unused(&mut self) {
        let mut found = Vec::new();
        for variable in &self.variables {
            if variable.read || variable.kind == Kind::Parameter {
                continue;
            }
            let name = variable.name;
            // Names that are read, and that somebody may have meant.
            let others = self.variables.iter().filter(|v| v.read).map(|v| v.name);
            let meant = nearest(name, others);
            let help = |otherwise: &str| match meant {
                Some(other) => format!("did you mean `{other}`?"),
                None => otherwise.to_string(),
            };
            found.push(match (variable.assigned, variable.kind) {
                (None, _) => warning("W0101", format!("`{name}` is never used"), variable.span)
                    .label("declared here")
                    .help(help("delete it")),
                // A script may well end by naming a value; only a slip is worth a word.
                (Some(_), Kind::Script) if meant.is_none() => continue,
                (Some(span), _) => warning(
                    "W0102",
                    format!("`{name}` is assigned and never read"),
                    span,
                )
                .label("this value gets lost")
                .help(help("delete the variable, or use it")),
            });
        }
        self.found.extend(found);
    }
}
