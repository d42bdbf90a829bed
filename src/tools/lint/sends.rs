//! Messages that nobody implements, and global names that nothing has.
//!
//! What the sources define themselves may come later, in another file: judged at the end.

use super::warning;
use crate::loader::compile;
use crate::loader::package::model::Origin;
use crate::loader::watch::{Tree, Unit};
use crate::memory::ClassIndex;
use crate::primitives::suggest::{self, Hint};
use crate::vm::classes::Source;
use crate::vm::known::Known;
use crate::vm::symbols::SymbolId;
use crate::vm::{CompileFailure, Vm};
use chirp_grammar::Diagnostic;
use chirp_grammar::ast::{Block, Body, Expr, ExprKind, Ident, Literal, Message, Span, Statement};
use rustc_hash::FxHashSet;

const STOP_ABOVE: &str = "a full stop is missing at the end of the line above";

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
    /// What to do if what is meant can be seen.
    help: Option<String>,
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
            let mut diagnostic = match &doubtful.what {
                // A symbol may name a method that is made in another way, and the class that a statement begins with.
                what if self.mentioned.contains(what.name()) && !doubtful.begins_with_global() => {
                    None
                }
                What::Name(name) => unknown_name(vm, name, doubtful.span),
                What::Message(selector, receiver) => {
                    let id = vm.symbols.find(selector);
                    let known = id.is_some_and(|id| implemented.contains(&id));
                    judged(vm, selector, known, receiver, doubtful.span)
                }
            }?;
            if doubtful.help.is_some() {
                diagnostic.help = doubtful.help;
            }
            Some(match &doubtful.origin {
                Some(origin) => compile::failure_in(&[diagnostic], &doubtful.source, origin),
                None => compile::failure(&[diagnostic], &doubtful.source),
            })
        };
        self.doubtful.into_iter().filter_map(judge).collect()
    }
}

impl Doubtful {
    /// Is it a unary message like a class, which would begin a statement?
    fn begins_with_global(&self) -> bool {
        let What::Message(selector, _) = &self.what else {
            return false;
        };
        self.help.as_deref() == Some(STOP_ABOVE) && selector.starts_with(char::is_uppercase)
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
        Some(Hint::Selector(other)) => diagnostic.help(format!("did you mean `{other}`?")),
        Some(Hint::Advice(advice)) => diagnostic.help(advice),
        None if selector.ends_with("else:") => {
            diagnostic.help("a choice is a message: condition ifTrue: [ a ] ifFalse: [ b ]")
        }
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
    /// The variables that were seen: what hides a global name, or begins a statement of its own.
    local: Vec<&'a str>,
}

impl<'a> Walk<'a, '_> {
    fn bind(&mut self, names: &'a [Ident]) {
        self.local.extend(names.iter().map(|n| n.name.as_str()));
    }

    fn doubt(&mut self, what: What, help: Option<String>, span: Span) {
        self.sends.doubtful.push(Doubtful {
            what,
            help,
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
            ExprKind::Var(name) => self.name(name, None, expr.span),
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

    fn name(&mut self, name: &'a str, help: Option<String>, span: Span) {
        let is_global = name.starts_with(char::is_uppercase) && !self.local.contains(&name);
        if is_global && self.unit.scope.resolve(name).is_none() {
            self.doubt(What::Name(name.to_string()), help, span);
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
        let selector = message.selector.as_str();
        let defines = self.defines(receiver, selector);
        for (i, arg) in message.args.iter().enumerate() {
            match &arg.kind {
                ExprKind::Var(name) if defines && i == 0 => {
                    let help = format!("a new class is named by a symbol: write #{name}");
                    self.name(name, Some(help), arg.span);
                }
                _ => self.expr(arg),
            }
            // The text of a method, for compile: and its like.
            if message.selector.contains("ompile")
                && let ExprKind::Literal(Literal::String(text)) = &arg.kind
                && let Some(method) = chirp_grammar::parse_method(text).tree
            {
                self.sends.mentioned.insert(method.selector);
            }
        }
        let receiver = self.receiver(receiver);
        let found = match receiver.class(self.vm) {
            Some(class) => understands(self.vm, class, selector),
            None => {
                let id = self.vm.symbols.find(selector);
                id.is_some_and(|id| self.sends.implemented.contains(&id))
            }
        };
        // What goes on behind the end of a statement is told of there.
        let goes_on = |arg: &Expr| match &arg.kind {
            ExprKind::Send { message, .. } => self.begins_statement(message).is_some(),
            _ => false,
        };
        if !found && !message.args.iter().any(goes_on) {
            let what = What::Message(selector.to_string(), receiver);
            let help = self.begins_statement(message).map(str::to_string);
            self.doubt(what, help, message.selector_span);
        }
    }

    /// Whether this is a message that defines a class, and its first argument the name.
    fn defines(&self, receiver: &Expr, selector: &str) -> bool {
        let ExprKind::Var(name) = &receiver.kind else {
            return false;
        };
        let part = selector.split(':').next().unwrap_or_default();
        let class = self.vm.global(name);
        (selector == "<<" || part.ends_with("ubclass"))
            && class.is_some_and(|class| self.vm.classes.index_of(class).is_some())
    }

    /// The help for a unary message that nobody understands, where it is meant as the receiver of the next statement:
    /// a global name, or a variable at the beginning of a line.
    fn begins_statement(&self, message: &Message) -> Option<&'static str> {
        let name = message.selector.as_str();
        if !message.args.is_empty() {
            return None;
        }
        let is_global = name.starts_with(char::is_uppercase);
        let text = self.unit.source.text.as_str();
        let before = text.get(..message.selector_span.start as usize)?;
        let begins_line = before.trim_end_matches([' ', '\t']).ends_with(['\n', '\r']);
        match begins_line {
            true if is_global || self.local.contains(&name) || self.resolves(name) => {
                Some(STOP_ABOVE)
            }
            false if is_global => Some("is a full stop missing in front of it?"),
            _ => None,
        }
    }

    fn resolves(&self, name: &str) -> bool {
        self.unit.scope.resolve(name).is_some()
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
