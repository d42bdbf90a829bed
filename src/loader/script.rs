//! Running source files: workspace scripts and chunk files, and single evaluations.

use super::compile;
use crate::compiler::{DoItOptions, Variables};
use crate::formats::chunk::{self, Item, Owner};
use crate::formats::detect::{self, Format};
use crate::memory::Value;
use crate::vm::classes::{MethodId, Source, SourceText};
use crate::vm::run::RunError;
use crate::vm::{CompileFailure, Vm};
use chirp_grammar::Options;
use chirp_grammar::ast::{Body, DoIt};

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

/// Chunk files may be old: `_` assigns in them.
const CHUNK_DIALECT: Options = Options {
    underscore_assignment: true,
};

impl Vm {
    /// Runs the text of a file, in whichever format it is; answers the value of a script's last statement.
    pub fn run_file(&mut self, name: &str, text: &str) -> Result<Value, LoadError> {
        let text = detect::without_interpreter_line(text.strip_prefix('\u{FEFF}').unwrap_or(text));
        match detect::format_of(&text) {
            Format::Chunk => self.run_chunks(name, &text),
            _ => {
                let mut last = Value::NIL;
                for method in self.load_script(name, &text)? {
                    last = self.run_method(method, &[Value::NIL])?;
                }
                Ok(last)
            }
        }
    }

    /// Compiles a workspace script; nothing runs yet. It is one method, or several to be run one after
    /// the other when it is too large for one: then its variables live in the session.
    pub fn load_script(&mut self, name: &str, text: &str) -> Result<Vec<MethodId>, LoadError> {
        let options = DoItOptions {
            return_last: true,
            variables: Variables::Script,
        };
        match compile::do_it(self, source(name, text, 1), &options, Options::default()) {
            Err(e) if e.too_large => self.load_in_parts(name, text),
            other => Ok(vec![other?]),
        }
    }

    fn load_in_parts(&mut self, name: &str, text: &str) -> Result<Vec<MethodId>, LoadError> {
        let Some(tree) = chirp_grammar::parse_do_it(text).tree else {
            return Ok(Vec::new());
        };
        let mut methods = Vec::new();
        let mut temps = tree.body.temps;
        let mut statements = tree.body.statements;
        while !statements.is_empty() || methods.is_empty() {
            let rest = statements.split_off(statements.len().min(STATEMENTS));
            let body = Body {
                temps: std::mem::take(&mut temps),
                statements,
            };
            let part = DoIt {
                pragmas: Vec::new(),
                body,
                span: tree.span,
            };
            methods.push(compile::part(self, source(name, text, 1), &part)?);
            statements = rest;
        }
        Ok(methods)
    }

    /// Evaluates text in the session: its variables stay. Answers the last value.
    pub fn evaluate(&mut self, name: &str, text: &str) -> Result<Value, LoadError> {
        let options = DoItOptions {
            return_last: true,
            variables: Variables::Session,
        };
        let method = compile::do_it(self, source(name, text, 1), &options, Options::default())?;
        Ok(self.run_method(method, &[Value::NIL])?)
    }

    /// Files in a chunk file. Its do-its are evaluated in order; nothing is when a chunk does not parse.
    fn run_chunks(&mut self, name: &str, text: &str) -> Result<Value, LoadError> {
        let items = chunk::parse(text);
        let failures: Vec<CompileFailure> = items
            .iter()
            .filter_map(|i| syntax_failure(name, text, i))
            .collect();
        if !failures.is_empty() {
            return Err(LoadError::Source(SourceError { failures }));
        }
        let mut last = Value::NIL;
        for item in items {
            match item {
                Item::DoIt(chunk) => {
                    let source = source(name, &chunk.text(text), chunk.line);
                    let options = DoItOptions {
                        return_last: true,
                        variables: Variables::Session,
                    };
                    let method = compile::do_it(self, source, &options, CHUNK_DIALECT)?;
                    last = self.run_method(method, &[Value::NIL])?;
                }
                Item::Method {
                    owner,
                    protocol,
                    source: chunk,
                } => {
                    let class = self.owner(name, text, &owner)?;
                    let source = source(name, &chunk.text(text), chunk.line);
                    let protocol = protocol.as_deref().unwrap_or("as yet unclassified");
                    compile::install(self, class, source, protocol, CHUNK_DIALECT)?;
                }
                Item::Comment { owner, text: chunk } => {
                    let class = self.owner(name, text, &owner)?;
                    let comment = chunk.text(text).into_owned();
                    if let Some(info) = self.classes.get_mut(class) {
                        info.comment = comment;
                    }
                }
            }
        }
        Ok(last)
    }

    /// The class that a chunk's header names.
    fn owner(&mut self, name: &str, text: &str, owner: &Owner<'_>) -> Result<u32, LoadError> {
        let found = self
            .global(owner.name)
            .and_then(|v| self.classes.index_of(v));
        let found = match found {
            Some(c) if owner.class_side => self.classes.get(c).map(|i| i.meta),
            other => other,
        };
        found.ok_or_else(|| {
            let span = chirp_grammar::ast::Span::new(owner.offset, owner.offset + owner.name.len());
            let problem = chirp_grammar::Diagnostic::new(
                "E0301",
                format!("there is no class `{}`", owner.name),
                span,
            )
            .label("methods of an unknown class")
            .help("define the class first, or load the file that does");
            compile::failure(&[problem], &source(name, text, 1)).into()
        })
    }
}

/// Everything that is wrong with the text of a file, without running any of it.
pub fn check_file(vm: &mut Vm, name: &str, text: &str) -> Vec<CompileFailure> {
    let text = detect::without_interpreter_line(text.strip_prefix('\u{FEFF}').unwrap_or(text));
    match detect::format_of(&text) {
        Format::Chunk => chunk::parse(&text)
            .iter()
            .filter_map(|i| syntax_failure(name, &text, i))
            .collect(),
        _ => match vm.load_script(name, &text) {
            Err(LoadError::Source(e)) => e.failures,
            _ => Vec::new(),
        },
    }
}

fn source(name: &str, text: &str, line: u32) -> Source {
    Source {
        text: SourceText::Shared(text.into()),
        file: Some(name.into()),
        line,
        library: false,
    }
}

/// What the parser says of a chunk.
fn syntax_failure(name: &str, text: &str, item: &Item<'_>) -> Option<CompileFailure> {
    let (chunk, is_method) = match item {
        Item::DoIt(c) => (c, false),
        Item::Method { source, .. } => (source, true),
        Item::Comment { .. } => return None,
    };
    let part = chunk.text(text);
    let diagnostics = if is_method {
        chirp_grammar::parse_method_with(&part, CHUNK_DIALECT).diagnostics
    } else {
        chirp_grammar::parse_do_it_with(&part, CHUNK_DIALECT).diagnostics
    };
    (!diagnostics.is_empty())
        .then(|| compile::failure(&diagnostics, &source(name, &part, chunk.line)))
}
