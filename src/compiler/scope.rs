//! Names: what is declared where, what each name means, and which variables closures capture.
//!
//! Owns the environment during resolution; must never look at expressions.

use chirp_grammar::ast::{DoIt, Ident, Span};
use chirp_grammar::diagnostic::Diagnostic;
use rustc_hash::{FxHashMap, FxHashSet};

use super::spelling::{closest, distance};
use super::template::{self, Name, Variable};
use super::tree::{
    Function, FunctionId, Local, LocalId, LoopId, Range, Scope, ScopeId, Tree, Uses,
};
use super::{CompiledDoIt, Variables, diagnose};

/// What a name stands for.
pub enum Meaning {
    Reserved(Reserved),
    Local(LocalId),
    Instance(u16),
    Outer(Variable),
    Unknown,
}

/// The names that the language defines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    SelfRef,
    Super,
    ThisContext,
    ThisProcess,
    Nil,
    True,
    False,
}

/// How they are spelled.
const RESERVED: [(&str, Reserved); 7] = [
    ("self", Reserved::SelfRef),
    ("super", Reserved::Super),
    ("nil", Reserved::Nil),
    ("true", Reserved::True),
    ("false", Reserved::False),
    ("thisContext", Reserved::ThisContext),
    ("thisProcess", Reserved::ThisProcess),
];

/// The reserved name with this spelling.
pub fn reserved(name: &str) -> Option<Reserved> {
    let found = RESERVED.iter().find(|(spelling, _)| *spelling == name);
    found.map(|&(_, meaning)| meaning)
}

/// The spellings of all reserved names.
pub fn reserved_names() -> impl Iterator<Item = &'static str> {
    RESERVED.iter().map(|&(spelling, _)| spelling)
}

/// Whether a name is reserved: nothing may be declared by it.
pub fn is_reserved(name: &str) -> bool {
    reserved(name).is_some()
}

/// The names of one scope.
struct Environment<'a> {
    function: FunctionId,
    names: FxHashMap<&'a str, (LocalId, Span)>,
}

/// The function whose body is being resolved, or one around it.
struct Activation {
    function: FunctionId,
    loops: Vec<LoopId>,
    branch_depth: u32,
    /// Something that may run other code came already.
    has_sent: bool,
}

/// The environment, and the part of the tree that records variables.
pub struct Names<'a> {
    pub tree: Tree<'a>,
    pub errors: Vec<Diagnostic>,
    /// Where evaluation order has come to.
    pub position: u32,
    outside: &'a dyn template::Scope,
    environments: Vec<Environment<'a>>,
    activations: Vec<Activation>,
    /// Variables of the session that this unit declares or assigns.
    pub session: FxHashSet<&'a str>,
    outer_index: FxHashMap<Variable, u32>,
    /// Unknown names that have been reported: each is one mistake, however often it occurs.
    unknown: FxHashSet<&'a str>,
    /// This is a method: nothing declares itself.
    pub in_method: bool,
}

impl<'a> Names<'a> {
    pub fn new(outside: &'a dyn template::Scope) -> Names<'a> {
        Names {
            tree: Tree::default(),
            errors: Vec::new(),
            position: 0,
            outside,
            environments: Vec::new(),
            activations: Vec::new(),
            session: FxHashSet::default(),
            outer_index: FxHashMap::default(),
            unknown: FxHashSet::default(),
            in_method: false,
        }
    }

    /// Whether to go on; to be asked now and then.
    pub fn goes_on(&self) -> bool {
        self.outside.goes_on()
    }

    /// Levels of nesting that there is room for, of so many.
    pub fn levels(&self, most: u32) -> u32 {
        self.outside.levels(most)
    }

    /// Compiles a do-it on whose class side this method or do-it is.
    pub fn compile_on_class_side(&self, do_it: &DoIt) -> Result<CompiledDoIt, Vec<Diagnostic>> {
        let side = self.outside.class_side();
        let scope = side.as_deref().unwrap_or(self.outside);
        super::compile_do_it(do_it, scope, Variables::Script)
    }

    // ---- functions and scopes ----

    /// Begins a method, do-it or real block, with a scope of its own for parameters and temporaries.
    pub fn enter_function(&mut self, name: &'a str, is_block: bool, span: Span) -> FunctionId {
        if is_block {
            // The closure's slot 2 always holds the receiver.
            self.load_self_here();
        }
        let id = FunctionId(self.tree.functions.len() as u32);
        self.activations.push(Activation {
            function: id,
            loops: Vec::new(),
            branch_depth: 0,
            has_sent: false,
        });
        let scope = self.enter_scope();
        self.tree.functions.push(Function {
            is_block,
            params: Vec::new(),
            scope,
            statements: Vec::new(),
            returns_home: false,
            returns: false,
            names_self: false,
            free: Vec::new(),
            free_index: FxHashMap::default(),
            self_uses: Uses::default(),
            span,
            name,
        });
        id
    }

    pub fn leave_function(&mut self) {
        self.leave_scope();
        self.activations.pop();
    }

    pub fn enter_scope(&mut self) -> ScopeId {
        let function = self.here().function;
        self.environments.push(Environment {
            function,
            names: FxHashMap::default(),
        });
        self.tree.scopes.push(Scope::default());
        ScopeId(self.tree.scopes.len() as u32 - 1)
    }

    pub fn leave_scope(&mut self) {
        self.environments.pop();
    }

    fn here(&mut self) -> &mut Activation {
        self.activations.last_mut().expect("a function is open")
    }

    /// A region that may be left out.
    pub fn enter_branch(&mut self) {
        self.here().branch_depth += 1;
    }

    pub fn leave_branch(&mut self) {
        self.here().branch_depth -= 1;
    }

    /// A region that may run again.
    pub fn enter_loop(&mut self) -> LoopId {
        let id = LoopId(self.tree.loops.len() as u32);
        self.tree.loops.push(Range {
            start: self.position,
            end: u32::MAX,
        });
        let here = self.here();
        here.loops.push(id);
        here.branch_depth += 1;
        id
    }

    pub fn leave_loop(&mut self, id: LoopId) {
        self.tree.loops[id.0 as usize].end = self.position;
        let here = self.here();
        here.loops.pop();
        here.branch_depth -= 1;
    }

    /// Something may run other code from here on.
    pub fn note_send(&mut self) {
        self.here().has_sent = true;
    }

    /// `^` was met.
    pub fn note_return(&mut self) {
        for activation in &self.activations {
            self.tree.functions[activation.function.0 as usize].returns = true;
        }
        self.note_home();
    }

    /// `^` or `thisContext` was met: a real block needs the home of its method for it.
    pub fn note_home(&mut self) {
        if self.activations.len() > 1 {
            for activation in &self.activations {
                self.tree.functions[activation.function.0 as usize].returns_home = true;
            }
        }
    }

    // ---- declaring ----

    /// Declares a parameter or temporary in the innermost scope; none if the name is taken or reserved.
    pub fn declare(&mut self, ident: &'a Ident, is_param: bool) -> Option<LocalId> {
        if is_reserved(&ident.name) {
            self.report(|| diagnose::declared_reserved(ident));
            return None;
        }
        let names = &self.environments.last().expect("a scope is open").names;
        if let Some(&(_, first)) = names.get(ident.name.as_str()) {
            self.report(|| diagnose::declared_twice(ident, first));
            return None;
        }
        Some(self.add_local(&ident.name, ident.span, is_param))
    }

    /// A mistake, unless there are more already than anybody reads.
    pub fn report(&mut self, mistake: impl FnOnce() -> Diagnostic) {
        if self.errors.len() < super::MAX_DIAGNOSTICS {
            self.errors.push(mistake());
        }
    }

    /// The variable of the innermost scope with this name.
    pub fn declared_here(&self, name: &str) -> Option<LocalId> {
        self.environments.last()?.names.get(name).map(|&(id, _)| id)
    }

    /// Declares a name that is known to be free.
    pub fn add_local(&mut self, name: &'a str, span: Span, is_param: bool) -> LocalId {
        let id = LocalId(self.tree.locals.len() as u32);
        let here = self.activations.last().expect("a function is open");
        self.tree.locals.push(Local {
            name,
            function: here.function,
            is_param,
            loop_depth: here.loops.len() as u32,
            branch_depth: here.branch_depth,
            assigned: Vec::new(),
            assigned_by_block: false,
            captures: Vec::new(),
            touched: false,
            needs_nil: !is_param,
        });
        self.environments
            .last_mut()
            .expect("a scope is open")
            .names
            .insert(name, (id, span));
        id
    }

    // ---- looking up ----

    pub fn meaning(&self, name: &str) -> Meaning {
        if let Some(reserved) = reserved(name) {
            return Meaning::Reserved(reserved);
        }
        for environment in self.environments.iter().rev() {
            if let Some(&(id, _)) = environment.names.get(name) {
                return Meaning::Local(id);
            }
        }
        if self.session.contains(name) {
            return Meaning::Outer(Variable::Session(name.to_string()));
        }
        match self.outside.resolve(name) {
            Some(Name::Instance(index)) => Meaning::Instance(index),
            Some(Name::Variable(variable)) => Meaning::Outer(variable),
            None => Meaning::Unknown,
        }
    }

    /// Whether this global holds the class of its name.
    pub fn is_class(&self, name: &str) -> bool {
        self.outside.is_class(name)
    }

    /// Place of the declaration.
    pub fn declaration(&self, id: LocalId) -> Span {
        let name = self.tree.local(id).name;
        let found = self
            .environments
            .iter()
            .rev()
            .find_map(|e| e.names.get(name));
        found.map_or(Span::default(), |&(_, span)| span)
    }

    /// Index of the variable among the tree's outer variables.
    pub fn outer(&mut self, variable: Variable) -> u32 {
        let outers = &mut self.tree.outers;
        *self
            .outer_index
            .entry(variable)
            .or_insert_with_key(|variable| {
                outers.push(variable.clone());
                outers.len() as u32 - 1
            })
    }

    /// Notes that the name is unknown. False if that is no news, or there are more mistakes than
    /// anybody reads already.
    pub fn is_first_unknown(&mut self, name: &'a str) -> bool {
        self.unknown.insert(name) && self.errors.len() < super::MAX_DIAGNOSTICS
    }

    /// The known name that is spelled most like `name`.
    pub fn suggestion(&self, name: &str) -> Option<String> {
        let locals = self
            .environments
            .iter()
            .flat_map(|e| e.names.keys().copied());
        let near = closest(name, locals.chain(self.session.iter().copied()));
        let outside = self.outside.suggest(name);
        let outside = outside.and_then(|other| Some((distance(name, &other)?, other)));
        let near = near.map(|(d, other)| (d, other.to_string()));
        match (near, outside) {
            (Some(a), Some(b)) => Some(if a.0 <= b.0 { a.1 } else { b.1 }),
            (a, b) => a.or(b).map(|(_, other)| other),
        }
    }

    // ---- using ----

    /// The function being resolved names the receiver or one of its variables.
    pub fn use_self_here(&mut self) {
        for activation in &self.activations {
            self.tree.functions[activation.function.0 as usize].names_self = true;
        }
        self.load_self_here();
    }

    /// The function being resolved needs the receiver, perhaps only to hand it on.
    fn load_self_here(&mut self) {
        let Some(here) = self.activations.last() else {
            return;
        };
        let in_loop = !here.loops.is_empty();
        self.tree.functions[here.function.0 as usize]
            .self_uses
            .add(in_loop);
    }

    /// The variable is read.
    pub fn note_read(&mut self, id: LocalId) {
        if !self.note_capture(id) {
            self.tree.locals[id.0 as usize].touched = true;
        }
    }

    /// The variable is assigned; its value has been resolved before.
    pub fn note_assign(&mut self, id: LocalId) {
        if self.note_capture(id) {
            self.tree.locals[id.0 as usize].assigned_by_block = true;
            return;
        }
        self.position += 1;
        let here = self.activations.last().expect("a function is open");
        let local = &mut self.tree.locals[id.0 as usize];
        local.assigned.push(self.position);
        // Temporaries of the whole function are nil while other code may look at them.
        let exposed = here.has_sent && local.branch_depth == 0;
        if !local.touched && here.branch_depth == local.branch_depth && !exposed {
            local.needs_nil = false;
        }
        local.touched = true;
    }

    /// Records the use of a variable of an enclosing function; false if it is one of this function.
    fn note_capture(&mut self, id: LocalId) -> bool {
        let local = &mut self.tree.locals[id.0 as usize];
        let owner = self
            .activations
            .iter()
            .rposition(|a| a.function == local.function);
        let Some(owner) = owner else { return false };
        if owner + 1 == self.activations.len() {
            return false;
        }
        let around = self.activations[owner]
            .loops
            .get(local.loop_depth as usize)
            .copied();
        local.captures.push((self.position, around));
        local.touched = true;
        for activation in self.activations[owner + 1..].iter().rev() {
            let in_loop = !activation.loops.is_empty();
            let function = &mut self.tree.functions[activation.function.0 as usize];
            let next = function.free.len() as u32;
            match *function.free_index.entry(id).or_insert(next) {
                known if known < next => {
                    function.free[known as usize].1.add(in_loop);
                    // The functions around it have counted it when it was captured first.
                    break;
                }
                _ => function.free.push((id, Uses { count: 1, in_loop })),
            }
        }
        true
    }

    /// Function of the innermost scope that declares names of its own; for messages.
    pub fn is_block_parameter(&self, id: LocalId) -> bool {
        let name = self.tree.local(id).name;
        let outermost = self.environments.first();
        let of_method = outermost.and_then(|e| e.names.get(name).filter(|_| e.function.0 == 0));
        of_method.is_none_or(|&(other, _)| other != id)
    }
}

/// A name that starts with a capital letter.
pub fn is_capitalised(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}
