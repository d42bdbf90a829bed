//! CompiledMethod: which selectors, names and literals its text mentions.
//!
//! Owns the walk over a method's syntax tree. Must never compile or change the method.

use super::method::method;
use crate::memory::Value;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimResult, Vm};
use chirp_grammar::ast::{Body, Expr, ExprKind, Ident, Literal, Message, Method, Statement};

/// The primitives of this file.
pub const TABLE: Table = table![("methodUses", uses)];

/// What is mentioned, in the order of the text, each thing as often as it occurs.
#[derive(Default)]
struct Uses {
    selectors: Vec<String>,
    read: Vec<String>,
    written: Vec<String>,
    literals: Vec<Literal>,
    /// Names bound inside the method: they mean no instance variable and no global.
    local: Vec<String>,
}

/// Four Arrays: selectors sent, names read, names assigned (both without the method's own), literals.
fn uses(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = method(vm, args)?.source.text.clone();
    vm.charge(text.as_str().len());
    let mut found = Uses::default();
    if let Some(tree) = chirp_grammar::parse_method_with(text.as_str(), vm.dialect()).tree {
        found.method(&tree);
    }
    let local = std::mem::take(&mut found.local);
    found.read.retain(|n| !local.contains(n));
    found.written.retain(|n| !local.contains(n));
    let mut parts = Vec::new();
    for names in [&found.selectors, &found.read, &found.written] {
        let symbols: Vec<Value> = names.iter().map(|n| vm.symbol(n)).collect();
        parts.push(vm.new_array_from(&symbols));
    }
    let literals: Vec<Value> = found.literals.iter().map(|l| vm.literal_value(l)).collect();
    parts.push(vm.new_array_from(&literals));
    Ok(vm.new_array_from(&parts))
}

/// Whether a method's text sends a message or mentions its name: as a symbol, also inside literal Arrays.
#[cfg(feature = "tools")]
pub(crate) fn mentions(text: &str, selector: &str) -> bool {
    let first = selector.split_inclusive(':').next().unwrap_or(selector);
    // Most methods are told apart by a look at the letters.
    if memchr::memmem::find(text.as_bytes(), first.as_bytes()).is_none() {
        return false;
    }
    let Some(tree) = chirp_grammar::parse_method(text).tree else {
        return false;
    };
    let mut found = Uses::default();
    found.method(&tree);
    found.selectors.iter().any(|s| s == selector)
        || found.literals.iter().any(|l| names(l, selector))
}

#[cfg(feature = "tools")]
fn names(literal: &Literal, selector: &str) -> bool {
    match literal {
        Literal::Symbol(symbol) => symbol == selector,
        Literal::Array(elements) => elements.iter().any(|l| names(l, selector)),
        _ => false,
    }
}

impl Uses {
    fn method(&mut self, method: &Method) {
        self.bind(&method.params);
        for pragma in &method.pragmas {
            self.literals.extend(pragma.args.iter().cloned());
        }
        self.body(&method.body);
    }

    fn bind(&mut self, names: &[Ident]) {
        self.local.extend(names.iter().map(|n| n.name.clone()));
    }

    #[inline(never)]
    fn body(&mut self, body: &Body) {
        self.bind(&body.temps);
        self.statements(&body.statements);
    }

    fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            match statement {
                Statement::Expr(e) | Statement::Return { value: e, .. } => self.expr(e),
                Statement::Declare(names) => self.bind(names),
            }
        }
    }

    fn message(&mut self, message: &Message) {
        self.selectors.push(message.selector.clone());
        message.args.iter().for_each(|a| self.expr(a));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Var(name) => self.read.push(name.clone()),
            ExprKind::Literal(literal) => self.literals.push(literal.clone()),
            ExprKind::Assign { target, value } => {
                self.written.push(target.name.clone());
                self.expr(value);
            }
            ExprKind::Send { receiver, message } => {
                self.expr(receiver);
                self.message(message);
            }
            ExprKind::Cascade { receiver, messages } => {
                self.expr(receiver);
                messages.iter().for_each(|m| self.message(m));
            }
            ExprKind::Block(block) => {
                self.bind(&block.params);
                self.body(&block.body);
            }
            ExprKind::Brace(statements) => self.statements(statements),
            ExprKind::Computed(do_it) => self.body(&do_it.body),
        }
    }
}
