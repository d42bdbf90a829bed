//! Scripts with classes in brackets, as GNU Smalltalk has them.
//!
//! The classes are made first, all of them; then the statements run, as those of any script. Nothing
//! runs when anything in the file does not compile.

use super::compile;
use super::definitions::definition_of;
use super::filing::Filing;
use super::package::Load;
use super::package::model::{File, Kind, Method, Origin, Part};
use super::package::{Sources, undefinable};
use super::script::{GOES_ON, LoadError};
use crate::compiler::Variables;
use crate::formats::class_body::{self, Definition};
use crate::formats::translate::translated;
use crate::formats::{Place, place_of};
use crate::memory::{ClassIndex, Value};
use crate::primitives::suggest;
use crate::vm::classes::{MethodId, Source};
use crate::vm::{CompileFailure, Vm};
use chirp_grammar::ast::{Block, DoIt, Expr, ExprKind, Message, Statement};
use chirp_grammar::sorting::sort_by;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// Everything that is wrong with a script. Only its classes are made.
pub fn check(vm: &mut Vm, name: &str, text: &str) -> Vec<CompileFailure> {
    Program::open(vm, name.into(), text, Variables::Script).failures
}

/// Whether a bracket or a quote is open, or a statement is not complete.
pub fn is_unfinished(text: &str) -> bool {
    let parsed = class_body::parse(text, 0);
    parsed.is_open || chirp_grammar::parse_do_it(&visible(text, &parsed.blank)).is_incomplete()
}

/// The statements of a script where they are, and spaces for everything else.
pub fn only_statements(text: &str) -> String {
    visible(text, &class_body::parse(text, 0).blank)
}

/// The first value of a class variable, compiled.
struct Variable {
    class: ClassIndex,
    name: String,
    value: MethodId,
}

/// A script whose classes are there, and whose statements are compiled.
#[derive(Default)]
pub struct Program {
    variables: VecDeque<Variable>,
    statements: VecDeque<MethodId>,
    /// The class variable whose first value is being computed.
    variable: Option<Variable>,
    failures: Vec<CompileFailure>,
}

impl Filing for Program {
    fn next(&mut self, vm: &mut Vm) -> Option<(MethodId, Value)> {
        if !self.failures.is_empty() {
            return None;
        }
        let Some(variable) = self.variables.pop_front() else {
            return Some((self.statements.pop_front()?, Value::NIL));
        };
        let class = vm.classes.get(variable.class).map(|i| i.object);
        let method = variable.value;
        self.variable = Some(variable);
        Some((method, class.unwrap_or(Value::NIL)))
    }

    fn answered(&mut self, vm: &mut Vm, value: Value) -> bool {
        let Some(variable) = self.variable.take() else {
            return value != vm.symbol(GOES_ON);
        };
        if let Some((_, binding)) = vm.classes.class_var(variable.class, &variable.name) {
            vm.heap.set_slot(binding, 1, value);
        }
        false
    }

    fn failures(&mut self) -> Vec<CompileFailure> {
        std::mem::take(&mut self.failures)
    }
}

impl Program {
    /// Makes the classes of a script and compiles its statements, whose undeclared variables live where `variables` says.
    pub fn open(vm: &mut Vm, name: Arc<str>, text: &str, variables: Variables) -> Program {
        let text = &translated(text);
        let mut program = Program::default();
        let file = File {
            name,
            text: text.as_str().into(),
        };
        let mut parsed = class_body::parse(text, 0);
        let mut parts: Vec<(usize, Part)> = parsed
            .definitions
            .iter()
            .map(|d| (d.offset, part(&file, d)))
            .collect();
        // Definitions by messages are definitions as well, and may be in the middle of the others.
        for (range, part) in messages(&file, &visible(text, &parsed.blank), vm) {
            parts.push((range.start, part));
            parsed.blank.push(range);
        }
        sort_by(&mut parts, |(a, _), (b, _)| a.cmp(b));
        let mut sources = Sources {
            parts: parts.into_iter().map(|(_, part)| part).collect(),
            thorough: true,
            ..Sources::default()
        };
        for error in &parsed.errors {
            sources.refuse(&file, error);
        }
        let mut load = Load::new(sources);
        for step in load.begin(vm) {
            vm.run_step(&mut load, &step);
        }
        // `initialize` is sent by those who want it.
        load.finish(vm);
        let help = "classes in brackets are made before any statement of the file runs; the superclass \
                    must be there by then, or be defined in this file, in brackets or by a statement \
                    that does nothing else";
        for skipped in &load.report.skipped {
            let meant = skipped.lacking().and_then(|name| suggest::global(vm, name));
            let meant = meant.map(|name| format!("did you mean {name}?"));
            let failure = skipped.mistake(meant.as_deref().unwrap_or(help));
            program.failures.push(failure);
        }
        program.failures.append(&mut load.report.failures);
        for what in load.report.errors.into_iter().map(|failed| failed.what) {
            let problem = format!("{what} is not possible");
            let failure = undefinable(&file, (1, 1), problem, None);
            program.failures.push(failure);
        }
        for definition in &parsed.definitions {
            program.compile_variables(vm, &file, definition);
        }
        if !parsed.is_open {
            program.compile_statements(vm, &file, &parsed, variables);
        }
        sort_by(&mut program.failures, |a, b| {
            (a.line, a.column).cmp(&(b.line, b.column))
        });
        program
    }

    fn compile_variables(&mut self, vm: &mut Vm, file: &File, definition: &Definition<'_>) {
        let class = vm
            .find_global(definition.name)
            .and_then(|v| vm.classes.index_of(v));
        let Some(class) = class else { return };
        for (name, value) in &definition.body.class_vars {
            let Some(range) = value else { continue };
            let origin = Origin::at(&file.text, range.start);
            let source = source(file, range.clone());
            match compile::in_class(vm, class, source, &origin) {
                Ok(value) => self.variables.push_back(Variable {
                    class,
                    name: name.to_string(),
                    value,
                }),
                Err(failure) => self.failures.push(failure),
            }
        }
    }

    /// One method, unless there is an `Eval [ … ]`: that one has variables of its own.
    fn compile_statements(
        &mut self,
        vm: &mut Vm,
        file: &File,
        parsed: &class_body::Program<'_>,
        variables: Variables,
    ) {
        let text = visible(&file.text, &parsed.blank);
        if parsed.evals.is_empty() && variables == Variables::Session {
            let (shown, code) = match (text.trim(), parsed.definitions.last()) {
                // The class itself is what somebody at the prompt wants to see.
                ("", Some(last)) => (last.name, last.name),
                _ => (&*file.text, &*text),
            };
            let source = Source::of_file(file.name.clone(), shown, (1, 1));
            match compile::do_it_in(vm, source, code, variables, vm.dialect()) {
                Ok(method) => return self.statements.push_back(method),
                // The parts of a long script have their variables in the session anyway.
                Err(failure) if failure.too_large => {}
                Err(failure) => return self.failures.push(failure),
            }
        }
        if parsed.evals.is_empty() {
            let source = Source::of_file(file.name.clone(), &file.text, (1, 1));
            match vm.load_statements(source, &text) {
                Ok(methods) => self.statements = methods.into(),
                Err(LoadError::Source(e)) => self.failures.extend(e.failures),
                Err(LoadError::Run(_)) => {}
            }
            return;
        }
        let mut units: Vec<(Range<usize>, bool)> = Vec::new();
        let mut at = 0;
        let mut evals = parsed.evals.clone();
        sort_by(&mut evals, |a, b| a.start.cmp(&b.start));
        for eval in evals {
            units.push((at..eval.start.max(at), false));
            at = eval.end;
            units.push((eval, true));
        }
        units.push((at..text.len(), false));
        let mut trees: Vec<(Source, DoIt, Origin)> = Vec::new();
        for (range, own) in units {
            // What is between brackets was made invisible, brackets and all.
            let from: &str = if own { &file.text } else { &text };
            if from[range.clone()].trim().is_empty() {
                continue;
            }
            let origin = Origin::at(&file.text, range.start);
            let source = source(file, range.clone());
            let (text, dialect) = (&from[range], vm.dialect());
            let read = compile::do_it_tree(vm, &source, text, dialect, Some(&origin));
            let mut tree = match read {
                Ok(tree) => tree,
                Err(failure) => {
                    self.failures.push(failure);
                    continue;
                }
            };
            if own {
                keep_variables(&mut tree);
            } else {
                share_variables(vm, &mut tree);
            }
            for ident in compile::undeclared(vm, &tree) {
                let name = vm.intern(&ident.name);
                vm.session_binding(name);
            }
            trees.push((source, tree, origin));
        }
        for (source, tree, origin) in trees {
            match compile::part(vm, source, &tree, Some(&origin)) {
                Ok(method) => self.statements.push_back(method),
                Err(failure) => self.failures.push(failure),
            }
        }
    }
}

/// What is declared in `Eval [ … ]` nobody else knows: it becomes a block that is evaluated at once.
fn keep_variables(tree: &mut DoIt) {
    let mut body = std::mem::take(&mut tree.body);
    let declared = |statement: &mut Statement| match statement {
        Statement::Declare(names) => Some(std::mem::take(names)),
        _ => None,
    };
    let more: Vec<_> = body.statements.iter_mut().filter_map(declared).collect();
    body.statements
        .retain(|s| !matches!(s, Statement::Declare(_)));
    body.temps.extend(more.into_iter().flatten());
    let block = Expr {
        kind: ExprKind::Block(Block {
            params: Vec::new(),
            body,
        }),
        span: tree.span,
    };
    let message = Message {
        selector: "value".to_string(),
        selector_span: tree.span,
        args: Vec::new(),
    };
    let kind = ExprKind::Send {
        receiver: Box::new(block),
        message,
    };
    tree.body.statements = vec![Statement::Expr(Expr {
        kind,
        span: tree.span,
    })];
}

/// What one part of a script declares, all the others know.
fn share_variables(vm: &mut Vm, tree: &mut DoIt) {
    let mut names = std::mem::take(&mut tree.body.temps);
    tree.body
        .statements
        .retain_mut(|statement| match statement {
            Statement::Declare(declared) => {
                names.append(declared);
                false
            }
            _ => true,
        });
    for ident in names {
        let name = vm.intern(&ident.name);
        vm.session_binding(name);
    }
}

fn source(file: &File, range: Range<usize>) -> Source {
    let place = place_of(&file.text, range.start);
    Source::of_file(
        file.name.clone(),
        &file.text[range],
        (place.line, place.column),
    )
}

/// The text with everything in `blank` made spaces, line by line.
fn visible(text: &str, blank: &[Range<usize>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for range in blank {
        for byte in &mut bytes[range.clone()] {
            if *byte != b'\n' && *byte != b'\r' {
                *byte = b' ';
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Statements of a script that do nothing but define a class, and what they define.
fn messages(file: &File, text: &str, vm: &Vm) -> Vec<(Range<usize>, Part)> {
    let parsed = chirp_grammar::parse_do_it_while(text, vm.dialect(), &|| vm.goes_on());
    let Some(tree) = parsed.tree else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for statement in &tree.body.statements {
        if let Statement::Expr(e) = statement
            && let Some(mut part) = definition_of(e, file)
        {
            let range = e.span.start as usize..e.span.end as usize;
            part.place = place_of(text, range.start);
            found.push((range, part));
        }
    }
    found
}

fn part(file: &File, definition: &Definition<'_>) -> Part {
    let body = &definition.body;
    let kind = match definition.superclass {
        Some(_) => Kind::Class,
        None => Kind::Extension,
    };
    let place = file.place(definition.offset);
    let owned = |names: &[&str]| names.iter().map(|n| n.to_string()).collect::<Vec<_>>();
    let package = body.category.as_deref().unwrap_or("Unpackaged");
    let mut part = Part::new(kind, definition.name, package, file, place);
    part.superclass = definition
        .superclass
        .map(|(name, _)| name.to_string())
        .filter(|name| name != "nil");
    part.inst_vars = owned(&body.inst_vars);
    part.class_inst_vars = owned(&body.class_inst_vars);
    part.class_vars = body.class_vars.iter().map(|(n, _)| n.to_string()).collect();
    part.pools = owned(&body.pools);
    part.layout = match body.shape {
        None | Some("inherit") => "",
        Some("pointer") => "variable",
        Some("word" | "uint" | "int" | "ushort" | "short") => "words",
        Some("uint64" | "int64") => "doubleWords",
        Some("byte" | "character" | "int8") => "bytes",
        Some(other) => other,
    }
    .to_string();
    part.traits = body.traits.as_deref().unwrap_or_default().to_string();
    part.comment = body.comment.as_deref().unwrap_or_default().to_string();
    part.methods = body
        .methods
        .iter()
        .map(|m| {
            let start = m.source.start;
            let Place { line, column } = file.place(start);
            let (text, bracket) = match m.bracket < m.source.end {
                true => (m.text(&file.text), m.bracket - start),
                false => (file.text[m.source.clone()].to_string(), 0),
            };
            let mut source = Source::of_file(file.name.clone(), &text, (line, column));
            source.bracket = bracket as u32;
            Method {
                owner: m.owner.to_string(),
                class_side: m.class_side,
                selector: m.selector.to_string(),
                protocol: m.protocol.as_deref().map(str::to_string),
                source,
                origin: Origin::at(&file.text, start),
            }
        })
        .collect();
    part
}
