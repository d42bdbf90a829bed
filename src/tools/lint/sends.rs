//! Messages that nobody implements, and global names that nothing has.
//!
//! What the sources define themselves may come later, in another file: judged at the end.

use super::warning;
use crate::loader::compile;
use crate::loader::package::model::Origin;
use crate::loader::watch::{Tree, Unit};
use crate::memory::ClassIndex;
use crate::primitives::suggest;
use crate::vm::classes::Source;
use crate::vm::known::Known;
use crate::vm::symbols::SymbolId;
use crate::vm::{CompileFailure, Vm};
use chirp_grammar::Diagnostic;
use chirp_grammar::ast::{Block, Body, Expr, ExprKind, Ident, Literal, Message, Span, Statement};
use rustc_hash::FxHashSet;

/// Messages and names that were unknown when they were seen.
#[derive(Default)]
pub struct Sends {
    implemented: FxHashSet<SymbolId>,
    /// Selectors of texts that the sources compile, and whatever they name by a symbol.
    mentioned: FxHashSet<String>,
    doubtful: Vec<Doubtful>,
}

/// Something that is a mistake unless it turns out to be defined.
struct Doubtful {
    what: What,
    span: Span,
    source: Source,
    origin: Option<Origin>,
}

enum What {
    Message(String, Receiver),
    Name(String),
}

/// What the text says of who gets a message.
enum Receiver {
    Any,
    Instance(ClassIndex),
    Global(String),
}

impl Sends {
    pub fn new(vm: &Vm) -> Sends {
        Sends {
            implemented: implemented(vm),
            ..Sends::default()
        }
    }

    pub fn look(&mut self, vm: &Vm, unit: &Unit<'_>) {
        let mut walk = Walk {
            vm,
            unit,
            sends: self,
            local: Vec::new(),
        };
        match unit.tree {
            Tree::Method(method) => {
                walk.bind(&method.params);
                walk.body(&method.body);
            }
            Tree::DoIt(do_it) => walk.body(&do_it.body),
        }
    }

    /// What is undefined now that everything was seen.
    pub fn judged(self, vm: &Vm) -> Vec<CompileFailure> {
        let implemented = implemented(vm);
        let judge = |doubtful: Doubtful| {
            let diagnostic = match &doubtful.what {
                _ if self.mentioned.contains(doubtful.what.name()) => None,
                What::Name(name) => unknown_name(vm, name, doubtful.span),
                What::Message(selector, receiver) => {
                    let id = vm.symbols.find(selector);
                    let known = id.is_some_and(|id| implemented.contains(&id));
                    judged(vm, selector, known, receiver, doubtful.span)
                }
            }?;
            Some(match &doubtful.origin {
                Some(origin) => compile::failure_in(&[diagnostic], &doubtful.source, origin),
                None => compile::failure(&[diagnostic], &doubtful.source),
            })
        };
        self.doubtful.into_iter().filter_map(judge).collect()
    }
}

impl What {
    fn name(&self) -> &str {
        match self {
            What::Message(name, _) | What::Name(name) => name,
        }
    }
}

/// The selectors of all methods there are.
fn implemented(vm: &Vm) -> FxHashSet<SymbolId> {
    let classes = vm.classes.all();
    classes.flat_map(|info| info.methods.selectors()).collect()
}

fn unknown_name(vm: &Vm, name: &str, span: Span) -> Option<Diagnostic> {
    if vm.defined_global(name).is_some() {
        return None;
    }
    let diagnostic =
        warning("W0203", format!("nothing is called `{name}`"), span).label("not defined");
    Some(match suggest::global(vm, name) {
        Some(other) => diagnostic.help(format!("did you mean `{other}`?")),
        None => diagnostic.help("define it first, or load what defines it: --load PATH"),
    })
}

fn judged(
    vm: &Vm,
    selector: &str,
    is_known: bool,
    receiver: &Receiver,
    span: Span,
) -> Option<Diagnostic> {
    let class = receiver.class(vm);
    let (diagnostic, other) = match class {
        Some(class) if !understands(vm, class, selector) => {
            let title = format!(
                "{} does not understand `{selector}`",
                receiver.told(vm, class)
            );
            (
                warning("W0202", title, span),
                suggest::selector(vm, class, selector),
            )
        }
        None if !is_known => {
            let title = format!("nobody implements `{selector}`");
            (
                warning("W0201", title, span),
                suggest::anywhere(vm, selector),
            )
        }
        _ => return None,
    };
    let diagnostic = diagnostic.label("no such method");
    Some(match other {
        Some(other) => diagnostic.help(format!("did you mean `{other}`?")),
        None => diagnostic,
    })
}

/// Whether there is a method; classes that answer what they do not understand count as well.
fn understands(vm: &Vm, class: ClassIndex, selector: &str) -> bool {
    let has = |name: &str| {
        let id = vm.symbols.find(name)?;
        vm.classes.lookup(class, id)
    };
    if has(selector).is_some() {
        return true;
    }
    let Some(method) = has("doesNotUnderstand:") else {
        return false;
    };
    let owner = vm.classes.name(vm.classes.methods[method as usize].class);
    !matches!(owner.as_str(), "Object" | "ProtoObject")
}

impl Receiver {
    fn class(&self, vm: &Vm) -> Option<ClassIndex> {
        match self {
            Receiver::Any => None,
            Receiver::Instance(class) => Some(*class),
            Receiver::Global(name) => {
                let value = vm.global(name)?;
                match vm.classes.index_of(value) {
                    Some(class) => vm.classes.get(class).map(|info| info.meta),
                    None => Some(vm.heap.class_of(value)),
                }
            }
        }
    }

    fn told(&self, vm: &Vm, class: ClassIndex) -> String {
        match self {
            Receiver::Global(name) => name.clone(),
            _ => {
                let name = vm.classes.name(class);
                let name = name
                    .strip_prefix("Byte")
                    .filter(|n| *n != "Array")
                    .unwrap_or(&name);
                let article = if name.starts_with(['A', 'E', 'I', 'O', 'U']) {
                    "an"
                } else {
                    "a"
                };
                match name {
                    "UndefinedObject" => "nil".to_string(),
                    "True" | "False" => name.to_lowercase(),
                    _ => format!("{article} {name}"),
                }
            }
        }
    }
}

struct Walk<'a, 'w> {
    vm: &'w Vm,
    unit: &'w Unit<'w>,
    sends: &'w mut Sends,
    /// What hides a global name: variables whose names begin like one.
    local: Vec<&'a str>,
}

impl<'a> Walk<'a, '_> {
    fn bind(&mut self, names: &'a [Ident]) {
        let names = names.iter().map(|n| n.name.as_str());
        self.local
            .extend(names.filter(|name| name.starts_with(char::is_uppercase)));
    }

    fn doubt(&mut self, what: What, span: Span) {
        self.sends.doubtful.push(Doubtful {
            what,
            span,
            source: self.unit.source.clone(),
            origin: self.unit.origin.cloned(),
        });
    }

    fn body(&mut self, body: &'a Body) {
        self.bind(&body.temps);
        self.statements(&body.statements);
    }

    fn statements(&mut self, statements: &'a [Statement]) {
        for statement in statements {
            match statement {
                Statement::Expr(value) | Statement::Return { value, .. } => self.expr(value),
                Statement::Declare(names) => self.bind(names),
            }
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Var(name) => self.name(name, expr.span),
            ExprKind::Literal(literal) => self.literal(literal),
            ExprKind::Assign { target, value } => {
                self.bind(std::slice::from_ref(target));
                self.expr(value);
            }
            ExprKind::Send { receiver, message } => {
                self.message(receiver, message);
                self.expr(receiver);
            }
            ExprKind::Cascade { receiver, messages } => {
                self.expr(receiver);
                messages.iter().for_each(|m| self.message(receiver, m));
            }
            ExprKind::Block(block) => self.block(block),
            ExprKind::Brace(statements) => self.statements(statements),
            ExprKind::Computed(do_it) => self.body(&do_it.body),
        }
    }

    fn block(&mut self, block: &'a Block) {
        let outside = self.local.len();
        self.bind(&block.params);
        self.body(&block.body);
        self.local.truncate(outside);
    }

    fn name(&mut self, name: &'a str, span: Span) {
        let is_global = name.starts_with(char::is_uppercase) && !self.local.contains(&name);
        if is_global && self.unit.scope.resolve(name).is_none() {
            self.doubt(What::Name(name.to_string()), span);
        }
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Symbol(name) => {
                self.sends.mentioned.insert(name.clone());
            }
            Literal::Array(elements) => elements.iter().for_each(|e| self.literal(e)),
            _ => {}
        }
    }

    fn message(&mut self, receiver: &Expr, message: &'a Message) {
        for arg in &message.args {
            self.expr(arg);
            // The text of a method, for compile: and its like.
            if message.selector.contains("ompile")
                && let ExprKind::Literal(Literal::String(text)) = &arg.kind
                && let Some(method) = chirp_grammar::parse_method(text).tree
            {
                self.sends.mentioned.insert(method.selector);
            }
        }
        let receiver = self.receiver(receiver);
        let selector = message.selector.as_str();
        let found = match receiver.class(self.vm) {
            Some(class) => understands(self.vm, class, selector),
            None => {
                let id = self.vm.symbols.find(selector);
                id.is_some_and(|id| self.sends.implemented.contains(&id))
            }
        };
        if !found {
            let what = What::Message(selector.to_string(), receiver);
            self.doubt(what, message.selector_span);
        }
    }

    fn receiver(&self, receiver: &Expr) -> Receiver {
        let known = match &receiver.kind {
            ExprKind::Var(name) => match name.as_str() {
                "nil" => Known::UndefinedObject,
                "true" => Known::True,
                "false" => Known::False,
                name if name.starts_with(char::is_uppercase) && !self.local.contains(&name) => {
                    return Receiver::Global(name.to_string());
                }
                _ => return Receiver::Any,
            },
            ExprKind::Literal(literal) => match literal {
                Literal::Int(_) => Known::SmallInteger,
                Literal::LargeInt(_) => Known::LargePositiveInteger,
                Literal::Float(_) => Known::Float,
                Literal::Fraction { .. } => Known::Fraction,
                Literal::Scaled { .. } => Known::ScaledDecimal,
                Literal::Char(_) => Known::Character,
                Literal::String(_) => Known::ByteString,
                Literal::Symbol(_) => Known::ByteSymbol,
                Literal::Array(_) => Known::Array,
                Literal::ByteArray(_) => Known::ByteArray,
                Literal::True => Known::True,
                Literal::False => Known::False,
                Literal::Nil => Known::UndefinedObject,
            },
            ExprKind::Block(_) => Known::BlockClosure,
            ExprKind::Brace(_) => Known::Array,
            _ => return Receiver::Any,
        };
        Receiver::Instance(known.index())
    }
}
