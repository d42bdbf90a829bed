//! Running source files, and single evaluations. Owns workspace scripts; `chunks` has the others.

use super::class_body::Program;
use super::filing::{self, Filing};
use super::{class_body, compile};
use crate::compiler::Variables;
use crate::formats::class_body::is_class_body;
use crate::formats::detect::{self, Format};
use crate::memory::Value;
use crate::vm::classes::{MethodId, Source};
use crate::vm::run::RunError;
use crate::vm::{CompileFailure, Stop, Vm};
use chirp_grammar::ast::{Body, DoIt, Expr, ExprKind, Literal, Statement};
use std::collections::VecDeque;
use std::sync::Arc;

/// Source text that was refused: every mistake, rendered.
#[derive(Clone, Debug)]
pub struct SourceError {
    pub failures: Vec<CompileFailure>,
}

/// Why a file or a text did not run to its end.
#[derive(Debug)]
pub enum LoadError {
    Source(SourceError),
    Run(RunError),
}

impl From<RunError> for LoadError {
    fn from(e: RunError) -> LoadError {
        LoadError::Run(e)
    }
}

impl From<CompileFailure> for LoadError {
    fn from(e: CompileFailure) -> LoadError {
        LoadError::Source(SourceError { failures: vec![e] })
    }
}

/// Statements in one part of a script that is too large for one method.
const STATEMENTS: usize = 200;

/// What a part of a script answers that was not left by `^`. No source text can make this symbol.
pub const GOES_ON: &str = "\0the script goes on";

/// A workspace script that is being run.
#[derive(Default)]
pub struct Script {
    parts: VecDeque<MethodId>,
    failures: Vec<CompileFailure>,
}

impl Script {
    /// Compiles all of it.
    pub fn open(vm: &mut Vm, name: Arc<str>, text: &str) -> Script {
        let mut script = Script::default();
        match vm.load_script(name, text) {
            Ok(parts) => script.parts = parts.into(),
            Err(LoadError::Source(e)) => script.failures = e.failures,
            // Nothing was run yet.
            Err(LoadError::Run(_)) => {}
        }
        script
    }

    /// Nothing is to be run, for this reason.
    #[cfg(not(feature = "packages"))]
    pub fn refused(failure: CompileFailure) -> Script {
        Script {
            parts: VecDeque::new(),
            failures: vec![failure],
        }
    }
}

impl Filing for Script {
    fn next(&mut self, _: &mut Vm) -> Option<(MethodId, Value)> {
        Some((self.parts.pop_front()?, Value::NIL))
    }

    fn answered(&mut self, vm: &mut Vm, value: Value) -> bool {
        let goes_on = value == vm.symbol(GOES_ON);
        if !goes_on {
            self.parts.clear();
        }
        !goes_on
    }

    fn failures(&mut self) -> Vec<CompileFailure> {
        std::mem::take(&mut self.failures)
    }
}

impl Vm {
    /// Runs the text of a file, in whichever format it is; answers the value of a script's last statement.
    pub fn run_file(&mut self, name: impl Into<Arc<str>>, text: &str) -> Result<Value, LoadError> {
        self.reading(|vm| {
            let mut filing = filing::open(vm, name, text);
            filing::run(vm, &mut *filing)
        })
    }

    /// Reads source text, or fails with the stop that came on the way.
    fn reading<T>(
        &mut self,
        work: impl FnOnce(&mut Vm) -> Result<T, LoadError>,
    ) -> Result<T, LoadError> {
        self.begin_to_read();
        match work(self) {
            Err(LoadError::Source(mistakes)) => Err(match self.look_for_stop() {
                Some(stop) => RunError::Stopped(stop).into(),
                None => LoadError::Source(mistakes),
            }),
            other => other,
        }
    }

    /// Compiles a workspace script; nothing runs yet. It is one method, or several to be run one after
    /// the other when it is too large for one: then its variables live in the session.
    pub fn load_script(
        &mut self,
        name: impl Into<Arc<str>>,
        text: &str,
    ) -> Result<Vec<MethodId>, LoadError> {
        self.load_statements(Source::of_file(name, text, (1, 1)), text)
    }

    /// Likewise, the statements in a text that has blanks in the place of whatever else is in the source's.
    pub fn load_statements(
        &mut self,
        source: Source,
        text: &str,
    ) -> Result<Vec<MethodId>, LoadError> {
        let (variables, dialect) = (Variables::Script, self.dialect());
        match compile::do_it_in(self, source.clone(), text, variables, dialect) {
            Err(e) if e.too_large => self.load_in_parts(&source, text),
            other => Ok(vec![other?]),
        }
    }

    /// All parts are compiled before the first one runs. Each but the last ends by saying that the
    /// next one follows: `^` ends the whole script.
    fn load_in_parts(&mut self, source: &Source, text: &str) -> Result<Vec<MethodId>, LoadError> {
        let mut tree = compile::do_it_tree(self, source, text, self.dialect(), None)?;
        for ident in compile::undeclared(self, &tree) {
            let name = self.intern(&ident.name);
            self.session_binding(name);
        }
        let mut temps = std::mem::take(&mut tree.body.temps);
        let mut rest = std::mem::take(&mut tree.body.statements).into_iter();
        let mut source = source.clone();
        source.text = source.text.in_parts(rest.len() / STATEMENTS + 1);
        let mut methods = Vec::new();
        while rest.len() > 0 || methods.is_empty() {
            let mut statements: Vec<Statement> = rest.by_ref().take(STATEMENTS).collect();
            if rest.len() > 0 {
                let kind = ExprKind::Literal(Literal::Symbol(GOES_ON.to_string()));
                let span = tree.span;
                statements.push(Statement::Expr(Expr { kind, span }));
            }
            let body = Body {
                temps: std::mem::take(&mut temps),
                statements,
            };
            let part = DoIt {
                pragmas: Vec::new(),
                body,
                span: tree.span,
            };
            methods.push(compile::part(self, source.clone(), &part, None)?);
        }
        Ok(methods)
    }

    /// Evaluates text in the session: its variables stay. Answers the last value, or the last class when the text does
    /// nothing but define some in brackets.
    pub fn evaluate(&mut self, name: impl Into<Arc<str>>, text: &str) -> Result<Value, LoadError> {
        let name = name.into();
        self.reading(|vm| vm.evaluate_named(name, text))
    }

    fn evaluate_named(&mut self, name: Arc<str>, text: &str) -> Result<Value, LoadError> {
        if is_class_body(text, 0) {
            let mut program = Program::open(self, name, text, Variables::Session);
            return filing::run(self, &mut program);
        }
        let source = Source::of_file(name, text, (1, 1));
        let options = self.dialect();
        match compile::do_it(self, source.clone(), Variables::Session, options) {
            Err(e) if e.too_large => {
                let mut script = Script {
                    parts: self.load_in_parts(&source, text)?.into(),
                    failures: Vec::new(),
                };
                filing::run(self, &mut script)
            }
            method => Ok(self.run_method(method?, &[Value::NIL])?),
        }
    }

    /// Begins with a program that runs beside others: its variables are its own, and it sees those of the session.
    /// Nothing runs yet.
    pub fn open_program(
        &mut self,
        name: impl Into<Arc<str>>,
        text: &str,
    ) -> Result<Box<dyn Filing + Send>, LoadError> {
        let name = name.into();
        if is_class_body(text, 0) {
            let program = Program::open(self, name, text, Variables::Script);
            return Ok(Box::new(program));
        }
        let source = Source::of_file(name, text, (1, 1));
        let parts = self.reading(|vm| match compile::program(vm, source.clone()) {
            Err(e) if e.too_large => vm.load_in_parts(&source, text),
            other => Ok(vec![other?]),
        })?;
        Ok(Box::new(Script {
            parts: parts.into(),
            failures: Vec::new(),
        }))
    }

    /// Lets other Processes run until nothing can happen any more. Err says why it ended before that.
    pub fn run_others(&mut self) -> Result<(), LoadError> {
        self.watches_for_deadlock = true;
        let result = self.evaluate("idle", "Semaphore new wait");
        self.watches_for_deadlock = false;
        match result {
            Ok(_) | Err(LoadError::Run(RunError::Stopped(Stop::Deadlock))) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Everything that is wrong with the text of a file, without running any of it.
pub fn check_file(vm: &mut Vm, name: &str, text: &str) -> Vec<CompileFailure> {
    vm.begin_to_read();
    let text = detect::without_interpreter_line(text.strip_prefix('\u{FEFF}').unwrap_or(text));
    match detect::format_of(&text) {
        #[cfg(feature = "packages")]
        Format::Chunk => super::chunks::check(vm, name, &text),
        #[cfg(not(feature = "packages"))]
        Format::Chunk => vec![filing::no_chunks(name, &text)],
        Format::ClassBody => class_body::check(vm, name, &text),
        _ => match vm.load_script(name, &text) {
            Err(LoadError::Source(e)) => e.failures,
            _ => Vec::new(),
        },
    }
}

/// Whether somebody who has typed this goes on typing: the text stops where it cannot end.
pub fn is_unfinished(text: &str) -> bool {
    match is_class_body(text, 0) {
        true => class_body::is_unfinished(text),
        false => chirp_grammar::parse_do_it(text).is_incomplete(),
    }
}
