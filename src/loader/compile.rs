//! The hooks by which the machine has text compiled, and the scopes in which names are resolved.

use super::package::model::Origin;
use super::watch::{Tree, Unit};
use crate::compiler::template::{CodeTemplate, Name, Scope, Variable};
use crate::compiler::{self, Variables};
use crate::memory::ClassIndex;
use crate::vm::classes::{ClassInfo, MethodId, Source};
use crate::vm::known::Known;
use crate::vm::symbols::SymbolId;
use crate::vm::{CompileFailure, Hooks, Mistake, Vm};
use chirp_grammar::ast::{DoIt, Ident, Span};
use chirp_grammar::{Diagnostic, Options, Parsed};

/// What every machine is given.
pub const HOOKS: Hooks = Hooks {
    compile: compile_method,
    compile_source,
    compile_loose,
    compile_do_it,
    feature: super::left_out::feature,
};

/// Names visible to methods of a class.
struct ClassScope<'a> {
    vm: &'a Vm,
    class: ClassIndex,
    variables: Vec<String>,
    session: bool,
    /// Code that runs waits for this: it is compiled to its end.
    awaited: bool,
}

impl<'a> ClassScope<'a> {
    fn new(vm: &'a Vm, class: ClassIndex, session: bool) -> ClassScope<'a> {
        ClassScope {
            vm,
            class,
            variables: vm.classes.all_inst_vars(class),
            session,
            awaited: false,
        }
    }

    fn names(&self) -> Vec<String> {
        let mut names = self.variables.clone();
        for class in self.vm.classes.chain(self.class) {
            names.extend(
                self.vm
                    .classes
                    .get(class)
                    .iter()
                    .flat_map(|c| c.class_vars.iter().map(|(n, _)| n.clone())),
            );
        }
        if self.session {
            names.extend(self.vm.session_names());
        }
        names.extend(self.vm.global_names());
        names
    }
}

impl Scope for ClassScope<'_> {
    fn resolve(&self, name: &str) -> Option<Name> {
        if let Some(i) = self.variables.iter().rposition(|v| v == name) {
            return Some(Name::Instance(i as u16));
        }
        if let Some((class, _)) = self.vm.classes.class_var(self.class, name) {
            return Some(Name::Variable(Variable::Class {
                class,
                name: name.to_string(),
            }));
        }
        if self.session && self.vm.has_session_variable(name) {
            return Some(Name::Variable(Variable::Session(name.to_string())));
        }
        self.vm
            .has_global(name)
            .then(|| Name::Variable(Variable::Global(name.to_string())))
    }

    fn is_class(&self, name: &str) -> bool {
        let vm = self.vm;
        match vm.global(name).map(|value| vm.classes.index_of(value)) {
            Some(class) => class.is_some_and(|class| vm.classes.name(class) == name),
            None => vm.is_latent(name),
        }
    }

    fn levels(&self, most: u32) -> u32 {
        self.vm.host.stack.levels(most)
    }

    fn goes_on(&self) -> bool {
        self.awaited || self.vm.goes_on()
    }

    fn class_side(&self) -> Option<Box<dyn Scope + '_>> {
        let side = self.vm.classes.get(self.class)?.meta;
        Some(Box::new(ClassScope {
            awaited: self.awaited,
            ..ClassScope::new(self.vm, side, self.session)
        }))
    }

    fn suggest(&self, name: &str) -> Option<String> {
        let names = self.names();
        let likely = names.iter().filter(|n| compiler::may_name(name, n));
        compiler::nearest(name, likely.map(String::as_str)).map(str::to_string)
    }
}

/// Compiles the method with this number from its source.
fn compile_method(vm: &mut Vm, id: MethodId) -> Result<(), String> {
    let source = &vm.classes.methods[id as usize].source;
    // The library's own are compiled once.
    if !source.library {
        vm.charge(source.text.as_str().len());
    }
    let template = method_code(vm, id)?;
    let code = vm
        .load_code(&template, id)
        .map_err(|_| "the method is too large".to_string())?;
    vm.classes.methods[id as usize].code = code;
    Ok(())
}

/// What a method is compiled to.
pub fn method_code(vm: &Vm, id: MethodId) -> Result<CodeTemplate, String> {
    let Some(method) = vm.classes.methods.get(id as usize) else {
        return Err("no such method".into());
    };
    let (class, source) = (method.class, method.source.clone());
    let text = source.text.as_str();
    let parsed = chirp_grammar::parse_method_with(text, vm.dialect());
    let file = source.file.as_deref().unwrap_or("method");
    let Some(tree) = parsed.tree else {
        return Err(render(&parsed.diagnostics, file, text));
    };
    let mut scope = ClassScope::new(vm, class, false);
    scope.awaited = true;
    compiler::compile_method(&tree, &scope).map_err(|e| render(&e, file, text))
}

/// Compiles `text` as a method of `class` and installs it.
fn compile_source(
    vm: &mut Vm,
    class: ClassIndex,
    text: &str,
    protocol: &str,
) -> Result<SymbolId, CompileFailure> {
    let options = vm.dialect();
    install(vm, class, Source::typed(text), protocol, options, None)
}

/// Compiles `text` as a method of `class`, for somebody who may install it later.
fn compile_loose(vm: &mut Vm, class: ClassIndex, text: &str) -> Result<MethodId, CompileFailure> {
    let source = Source::typed(text);
    let template = template(vm, class, &source, vm.dialect(), None)?;
    let selector = vm.intern(&template.selector);
    let id = vm.add_do_it(class, selector, source);
    load(vm, &template, id)?;
    Ok(id)
}

/// Reads a text with one of the grammar's functions. It costs fuel for its length, and ends when everything stops.
fn read<T>(
    vm: &mut Vm,
    text: &str,
    options: Options,
    parse: fn(&str, Options, &dyn Fn() -> bool) -> Parsed<T>,
) -> Result<T, Vec<Diagnostic>> {
    if !vm.begin_to_compile(text.len()) {
        return Err(vec![Diagnostic::stopped()]);
    }
    let parsed = parse(text, options, &|| vm.goes_on());
    parsed.tree.ok_or(parsed.diagnostics)
}

fn template(
    vm: &mut Vm,
    class: ClassIndex,
    source: &Source,
    options: Options,
    origin: Option<&Origin>,
) -> Result<CodeTemplate, CompileFailure> {
    diagnosed(vm, class, source, options, origin).map_err(|e| explained(e, source, origin))
}

fn diagnosed(
    vm: &mut Vm,
    class: ClassIndex,
    source: &Source,
    options: Options,
    origin: Option<&Origin>,
) -> Result<CodeTemplate, Vec<Diagnostic>> {
    let text = source.text.as_str();
    let tree = read(vm, text, options, chirp_grammar::parse_method_while)?;
    vm.shown(|vm, show| {
        let scope = ClassScope::new(vm, class, false);
        let code = compiler::compile_method(&tree, &scope)?;
        show(&Unit {
            class,
            tree: Tree::Method(&tree),
            code: &code,
            scope: &scope,
            is_session: false,
            source,
            origin,
        });
        Ok(code)
    })
}

/// What the parser says of a method that belongs to no class.
pub fn syntax(source: &Source, origin: &Origin) -> Option<CompileFailure> {
    let found = chirp_grammar::parse_method(source.text.as_str()).diagnostics;
    (!found.is_empty()).then(|| failure_in(&found, source, origin))
}

/// Compiles a method from its source, which may have its place in a file, and puts it into its class.
pub fn install(
    vm: &mut Vm,
    class: ClassIndex,
    source: Source,
    protocol: &str,
    options: Options,
    origin: Option<&Origin>,
) -> Result<SymbolId, CompileFailure> {
    let template = template(vm, class, &source, options, origin)?;
    let selector = add_compiled(vm, class, &template, source, protocol)?;
    vm.method_changed(selector);
    Ok(selector)
}

/// Likewise, a method from a file: mistakes are shown as they stand there. For those who add many and say so once, with
/// [`Vm::methods_changed`].
pub fn add_from(
    vm: &mut Vm,
    class: ClassIndex,
    source: Source,
    protocol: &str,
    origin: &Origin,
) -> Result<SymbolId, CompileFailure> {
    let template = template(vm, class, &source, vm.dialect(), Some(origin))?;
    add_compiled(vm, class, &template, source, protocol)
}

fn add_compiled(
    vm: &mut Vm,
    class: ClassIndex,
    template: &CodeTemplate,
    source: Source,
    protocol: &str,
) -> Result<SymbolId, CompileFailure> {
    let selector = vm.intern(&template.selector);
    let id = vm.add_method(class, selector, source, protocol.into());
    load(vm, template, id)?;
    Ok(selector)
}

/// Makes a template the code of a method.
pub fn load(vm: &mut Vm, template: &CodeTemplate, id: MethodId) -> Result<(), CompileFailure> {
    let code = vm.load_code(template, id).map_err(|_| {
        let what = compiler::too_large(&template.selector, template.span);
        failure(&[what], &vm.classes.methods[id as usize].source)
    })?;
    vm.classes.methods[id as usize].code = code;
    Ok(())
}

/// Compiles a do-it of the session that runs on instances of the class; it answers its last value.
fn compile_do_it(vm: &mut Vm, class: ClassIndex, text: &str) -> Result<MethodId, CompileFailure> {
    let source = Source::typed(text);
    let tree = do_it_tree(vm, &source, text, vm.dialect(), None)?;
    add_do_it(vm, class, source, &tree, Variables::Session, None)
}

/// Compiles a do-it in any way.
pub fn do_it(
    vm: &mut Vm,
    source: Source,
    variables: Variables,
    dialect: Options,
) -> Result<MethodId, CompileFailure> {
    let text = source.text.clone();
    do_it_in(vm, source, text.as_str(), variables, dialect)
}

/// Likewise, one that stands there in a file.
pub fn do_it_at(
    vm: &mut Vm,
    source: Source,
    variables: Variables,
    dialect: Options,
    origin: &Origin,
) -> Result<MethodId, CompileFailure> {
    let (nil, origin) = (Known::UndefinedObject.index(), Some(origin));
    let tree = do_it_tree(vm, &source, source.text.as_str(), dialect, origin)?;
    add_do_it(vm, nil, source, &tree, variables, origin)
}

/// Likewise, `text` of it: that of the source with blanks in the place of what is no statement.
pub fn do_it_in(
    vm: &mut Vm,
    source: Source,
    text: &str,
    variables: Variables,
    dialect: Options,
) -> Result<MethodId, CompileFailure> {
    let nil = Known::UndefinedObject.index();
    let tree = do_it_tree(vm, &source, text, dialect, None)?;
    add_do_it(vm, nil, source, &tree, variables, None)
}

/// The tree of a text whose mistakes are shown in the source's.
pub fn do_it_tree(
    vm: &mut Vm,
    source: &Source,
    text: &str,
    dialect: Options,
    origin: Option<&Origin>,
) -> Result<DoIt, CompileFailure> {
    read(vm, text, dialect, chirp_grammar::parse_do_it_while)
        .map_err(|d| failure_at(&d, source, origin))
}

/// The names that a script assigns and nothing declares, in the order of the text.
pub fn undeclared(vm: &Vm, tree: &DoIt) -> Vec<Ident> {
    let scope = ClassScope::new(vm, Known::UndefinedObject.index(), true);
    let found = compiler::undeclared_targets(tree, &scope);
    found.into_iter().cloned().collect()
}

/// Compiles some statements of a script whose variables live in the session.
pub fn part(
    vm: &mut Vm,
    source: Source,
    tree: &DoIt,
    origin: Option<&Origin>,
) -> Result<MethodId, CompileFailure> {
    let class = Known::UndefinedObject.index();
    add_do_it(vm, class, source, tree, Variables::Session, origin)
}

/// Compiles an expression that a class is to evaluate: it sees the variables of its class side and of the class.
pub fn in_class(
    vm: &mut Vm,
    class: ClassIndex,
    source: Source,
    origin: &Origin,
) -> Result<MethodId, CompileFailure> {
    let (text, origin) = (source.text.as_str(), Some(origin));
    let tree = do_it_tree(vm, &source, text, vm.dialect(), origin)?;
    let side = vm.classes.get(class).map_or(class, |i| i.meta);
    add_do_it(vm, side, source, &tree, Variables::Script, origin)
}

/// Compiles a program beside others: what it declares is its own, and it sees the variables of the session.
pub fn program(vm: &mut Vm, source: Source) -> Result<MethodId, CompileFailure> {
    let tree = do_it_tree(vm, &source, source.text.as_str(), vm.dialect(), None)?;
    let scope = ClassScope::new(vm, Known::UndefinedObject.index(), true);
    let compiled = compiler::compile_do_it(&tree, &scope, Variables::Script)
        .map_err(|e| explained(e, &source, None))?;
    load_do_it(vm, Known::UndefinedObject.index(), source, &compiled.code)
}

fn add_do_it(
    vm: &mut Vm,
    class: ClassIndex,
    source: Source,
    tree: &DoIt,
    variables: Variables,
    origin: Option<&Origin>,
) -> Result<MethodId, CompileFailure> {
    let session = variables == Variables::Session;
    let code = vm.shown(|vm, show| {
        let scope = ClassScope::new(vm, class, session);
        let compiled = compiler::compile_do_it(tree, &scope, variables)?;
        show(&Unit {
            class,
            tree: Tree::DoIt(tree),
            code: &compiled.code,
            scope: &scope,
            is_session: session,
            source: &source,
            origin,
        });
        Ok(compiled.code)
    });
    let code = code.map_err(|e| explained(e, &source, origin))?;
    load_do_it(vm, class, source, &code)
}

fn explained(
    diagnostics: Vec<Diagnostic>,
    source: &Source,
    origin: Option<&Origin>,
) -> CompileFailure {
    let told = compiler::with_neighbours(diagnostics, source.text.as_str());
    failure_at(&told, source, origin)
}

fn load_do_it(
    vm: &mut Vm,
    class: ClassIndex,
    source: Source,
    code: &CodeTemplate,
) -> Result<MethodId, CompileFailure> {
    let selector = vm.intern("DoIt");
    let id = vm.add_do_it(class, selector, source);
    load(vm, code, id)?;
    Ok(id)
}

fn render(diagnostics: &[Diagnostic], file: &str, text: &str) -> String {
    diagnostics
        .iter()
        .map(|d| d.render(file, text))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The first mistake, and all of them rendered, with lines counted as in the file.
pub fn failure(diagnostics: &[Diagnostic], source: &Source) -> CompileFailure {
    let text = source.text.as_str();
    let file = source.file.as_deref().unwrap_or("input");
    // Blank lines and spaces in front bring the renderer's places to those of the file.
    let shift = source.line.saturating_sub(1);
    let indent = source.column.saturating_sub(1);
    let rendered = if shift + indent == 0 {
        render(diagnostics, file, text)
    } else {
        let padding = "\n".repeat(shift as usize) + &" ".repeat(indent as usize);
        let moved: Vec<Diagnostic> = diagnostics
            .iter()
            .map(|d| moved(d, |offset| offset + shift + indent))
            .collect();
        render(&moved, file, &(padding + text))
    };
    let mistakes: Vec<Mistake> = diagnostics
        .iter()
        .map(|d| mistake(d, text, shift, indent))
        .collect();
    account(mistakes, rendered, source)
}

/// Likewise, in the text of the whole file if that is at hand.
pub fn failure_at(
    diagnostics: &[Diagnostic],
    source: &Source,
    origin: Option<&Origin>,
) -> CompileFailure {
    match origin {
        Some(origin) => failure_in(diagnostics, source, origin),
        None => failure(diagnostics, source),
    }
}

/// Likewise, with the text of the whole file at hand.
pub fn failure_in(diagnostics: &[Diagnostic], source: &Source, origin: &Origin) -> CompileFailure {
    let moved: Vec<Diagnostic> = diagnostics
        .iter()
        .map(|d| moved(d, |offset| origin.in_file(offset as usize) as u32))
        .collect();
    let file = source.file.as_deref().unwrap_or("input");
    let mistakes = moved.iter().map(|d| mistake(d, &origin.text, 0, 0));
    account(
        mistakes.collect(),
        render(&moved, file, &origin.text),
        source,
    )
}

fn account(mut mistakes: Vec<Mistake>, rendered: String, source: &Source) -> CompileFailure {
    for mistake in &mut mistakes {
        mistake.file.clone_from(&source.file);
    }
    let first = mistakes.first();
    CompileFailure {
        message: first.map_or_else(String::new, |m| m.message.clone()),
        line: first.map_or(source.line as usize, |m| m.line),
        column: first.map_or(source.column as usize, |m| m.column),
        file: source.file.clone(),
        rendered,
        too_large: first.is_some_and(|m| m.code == compiler::TOO_LARGE),
        mistakes,
    }
}

/// A mistake with its place in the file, whose text begins so many lines and columns further on.
fn mistake(d: &Diagnostic, text: &str, shift: u32, indent: u32) -> Mistake {
    let in_file = |(line, column): (usize, usize)| {
        let indent = if line == 1 { indent as usize } else { 0 };
        (line + shift as usize, column + indent)
    };
    let (line, column) = in_file(d.position(text));
    let (end_line, end_column) = in_file(d.end_position(text));
    Mistake {
        code: d.code,
        message: d.title.clone(),
        file: None,
        line,
        column,
        end_line,
        end_column,
        span: 0..0,
        help: d.help.clone(),
        incomplete: d.incomplete,
    }
}

fn moved(d: &Diagnostic, to: impl Fn(u32) -> u32) -> Diagnostic {
    let shift = |s: Span| Span {
        start: to(s.start),
        end: to(s.end),
    };
    let mut d = d.clone();
    d.span = shift(d.span);
    if let Some((span, _)) = &mut d.secondary {
        *span = shift(*span);
    }
    d
}

impl Vm {
    /// Whether a global of this name is defined.
    fn has_global(&self, name: &str) -> bool {
        self.defined_global(name).is_some() || self.is_latent(name)
    }

    /// The class on whose instances a do-it runs.
    pub fn do_it_class(&self) -> Option<&ClassInfo> {
        self.classes.get(Known::UndefinedObject.index())
    }
}
