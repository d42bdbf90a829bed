//! Filing in chunk files: what is done with each chunk, and what a mistake in one means for the rest.
//!
//! A mistake never hides another one: from the first on nothing is run any more, but classes are
//! still defined and everything is still compiled, so that all mistakes are found.

use super::compile;
use super::filing::{self, Filing};
use super::package;
use super::package::model::Origin;
use super::script::LoadError;
use crate::compiler::{MAX_DIAGNOSTICS, Variables};
use crate::formats::chunk::{self, Chunk, Item, Owner};
use crate::formats::with_returns;
use crate::memory::{ClassIndex, Value};
use crate::vm::classes::{MethodId, Source, SourceText};
use crate::vm::{CompileFailure, Vm};
use chirp_grammar::ast::{Expr, ExprKind, Span, Statement};
use chirp_grammar::{Diagnostic, Options};
use std::sync::Arc;

/// What does nothing but define classes is not nested deeply.
pub const DEFINITION: Options = Options {
    underscore_assignment: true,
    nesting: 20,
};

/// Chunk files may be old: `_` assigns in them.
fn dialect(vm: &Vm) -> Options {
    Options {
        underscore_assignment: true,
        ..vm.dialect()
    }
}

/// Everything that is wrong with a chunk file. Only its classes are defined.
pub fn check(vm: &mut Vm, name: &str, text: &str) -> Vec<CompileFailure> {
    let mut filing = FileIn::open(vm, name.into(), text);
    filing.checking = true;
    match filing::run(vm, &mut filing) {
        Err(LoadError::Source(e)) => e.failures,
        // A definition that fails when it is evaluated says so when the file is run.
        _ => Vec::new(),
    }
}

/// A chunk file that is being filed in.
pub struct FileIn {
    name: Arc<str>,
    text: Arc<str>,
    items: std::vec::IntoIter<Item>,
    failures: Vec<CompileFailure>,
    /// Nothing but definitions is run.
    checking: bool,
    /// It is known already that every chunk parses.
    parsed: bool,
}

impl FileIn {
    /// Nothing will be run when a chunk does not parse.
    pub fn open(vm: &mut Vm, name: Arc<str>, text: &str) -> FileIn {
        vm.charge(text.len());
        let items = chunk::parse(text);
        let mut filing = FileIn {
            name,
            text: text.into(),
            items: Vec::new().into_iter(),
            failures: Vec::new(),
            checking: false,
            parsed: false,
        };
        filing.parsed = items.iter().all(|item| filing.parse(item, vm).is_ok());
        filing.checking = !filing.parsed;
        filing.items = items.into_iter();
        filing
    }

    /// Defines what the item defines; answers the code that it runs.
    fn one(&mut self, vm: &mut Vm, item: &Item) -> Result<Option<MethodId>, CompileFailure> {
        if !self.parsed {
            self.parse(item, vm)?;
        }
        match item {
            Item::DoIt(chunk) => {
                let source = self.source(chunk);
                let runs = !self.checking || defines_class(source.text.as_str());
                let (variables, origin) = (Variables::Session, self.origin(chunk));
                let method = compile::do_it_at(vm, source, variables, dialect(vm), &origin)?;
                return Ok(runs.then_some(method));
            }
            Item::Method {
                owner,
                protocol,
                source,
            } => {
                let class = self.class(vm, owner)?;
                let origin = self.origin(source);
                let source = self.source(source);
                let protocol = protocol.as_deref().unwrap_or("as yet unclassified");
                let overridden = package::overridden_by(vm, class, &source);
                let options = dialect(vm);
                compile::install(vm, class, source, protocol, options, Some(&origin))?;
                package::remember(vm, class, overridden);
            }
            Item::Comment { owner, text: chunk } => {
                let class = self.class(vm, owner)?;
                let comment = with_returns(&chunk.text(&self.text)).into();
                if let Some(info) = vm.classes.get_mut(class) {
                    info.comment = SourceText::Shared(comment);
                }
            }
        }
        Ok(None)
    }

    fn source(&self, chunk: &Chunk) -> Source {
        let place = (chunk.line, chunk.column);
        Source::of_file(
            self.name.clone(),
            &with_returns(&chunk.text(&self.text)),
            place,
        )
    }

    fn origin(&self, chunk: &Chunk) -> Origin {
        Origin {
            in_chunk: true,
            ..Origin::at(&self.text, chunk.range.start)
        }
    }

    /// What the parser says of a chunk.
    fn parse(&self, item: &Item, vm: &Vm) -> Result<(), CompileFailure> {
        let (chunk, is_method) = match item {
            Item::DoIt(c) => (c, false),
            Item::Method { source, .. } => (source, true),
            Item::Comment { .. } => return Ok(()),
        };
        let part = chunk.text(&self.text);
        let (dialect, goes_on) = (dialect(vm), || vm.goes_on());
        let mut diagnostics = if !goes_on() {
            vec![Diagnostic::stopped()]
        } else if is_method {
            chirp_grammar::parse_method_while(&part, dialect, &goes_on).diagnostics
        } else {
            chirp_grammar::parse_do_it_while(&part, dialect, &goes_on).diagnostics
        };
        if diagnostics.is_empty() {
            return Ok(());
        }
        for diagnostic in diagnostics.iter_mut().filter(|d| d.incomplete) {
            self.explain_end(diagnostic, chunk);
        }
        let origin = self.origin(chunk);
        Err(compile::failure_in(
            &diagnostics,
            &self.source(chunk),
            &origin,
        ))
    }

    /// Says of something unfinished that a bang ended it, and perhaps by mistake.
    fn explain_end(&self, diagnostic: &mut Diagnostic, chunk: &Chunk) {
        if !chunk.ended {
            return;
        }
        diagnostic.incomplete = false;
        let behind = self.text[chunk.range.end..].trim_start().chars().nth(1);
        if behind.is_some_and(|c| c != '!' && !c.is_whitespace()) {
            let help = "`!` ends a chunk wherever it stands; a literal one is written twice: !!";
            diagnostic.help = Some(help.to_string());
        } else if let Some(help) = &mut diagnostic.help {
            *help = help.replace("the text ends here", "the chunk ends here");
        }
    }

    /// The class that a chunk's header names.
    fn class(&self, vm: &mut Vm, owner: &Owner) -> Result<ClassIndex, CompileFailure> {
        let found = vm
            .find_global(&owner.name)
            .and_then(|v| vm.classes.index_of(v));
        let found = match found {
            Some(c) if owner.class_side => vm.classes.get(c).map(|i| i.meta),
            other => other,
        };
        found.ok_or_else(|| {
            let span = Span::new(owner.offset, owner.offset + owner.name.len());
            let problem =
                Diagnostic::new("E0301", format!("there is no class `{}`", owner.name), span)
                    .label("methods of an unknown class")
                    .help("define the class first, or load the file that does");
            let file = Source::of_file(self.name.clone(), &self.text, (1, 1));
            compile::failure(&[problem], &file)
        })
    }
}

impl Filing for FileIn {
    fn next(&mut self, vm: &mut Vm) -> Option<(MethodId, Value)> {
        loop {
            let found: usize = self.failures.iter().map(|f| f.mistakes.len()).sum();
            if found >= MAX_DIAGNOSTICS {
                return None;
            }
            let item = self.items.next()?;
            match self.one(vm, &item) {
                Ok(Some(method)) => return Some((method, Value::NIL)),
                Ok(None) => {}
                Err(failure) => {
                    self.failures.push(failure);
                    self.checking = true;
                }
            }
        }
    }

    fn passes_over_errors(&self) -> bool {
        self.checking
    }

    fn failures(&mut self) -> Vec<CompileFailure> {
        std::mem::take(&mut self.failures)
    }
}

/// Is this a do-it that does nothing but define classes and traits?
fn defines_class(text: &str) -> bool {
    let Some(tree) = chirp_grammar::parse_do_it_with(text, DEFINITION).tree else {
        return false;
    };
    let statements = &tree.body.statements;
    !statements.is_empty()
        && statements
            .iter()
            .all(|s| matches!(s, Statement::Expr(e) if is_definition(e)))
}

fn is_definition(expr: &Expr) -> bool {
    let mut part = expr;
    loop {
        let (receiver, selector) = match &part.kind {
            ExprKind::Send { receiver, message } => (receiver, message.selector.as_str()),
            ExprKind::Cascade { receiver, messages } => (receiver, messages[0].selector.as_str()),
            _ => return false,
        };
        let first = selector.split(':').next().unwrap_or_default();
        let of_trait = matches!(&receiver.kind, ExprKind::Var(name) if name == "Trait");
        if first.ends_with("ubclass")
            || selector == "<<"
            || first == "instanceVariableNames"
            || first == "named" && of_trait
        {
            return true;
        }
        part = receiver;
    }
}
