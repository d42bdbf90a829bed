//! Source text through everything that reads it: lexer, parser, compiler, the readers of all formats, what
//! `chirp check` does. Nothing of it runs but the library's own reader of STON.
//!
//! No text may panic or hang; besides: places lie in the text, there is a tree exactly if there are no mistakes,
//! tokens cover the text, every mistake can be rendered, and the verifier accepts what the compiler makes.

use super::panics::Finding;
use super::sandbox::machine;
use chirp::compiler::disassemble::disassemble_with_source;
use chirp::compiler::template::{CodeTemplate, Name, Scope, Variable};
use chirp::compiler::{Variables, compile_do_it, compile_method, verify::verify};
use chirp::formats::index::{self, SourceFile};
use chirp::formats::scan::Scanner;
use chirp::formats::{
    chunk, class_body, detect, package_text, pragma, selector, ston, tonel, translate,
};
use chirp::host::capabilities::FileAccess;
use chirp::host::files::Files;
use chirp::loader::package;
use chirp::loader::script::{check_file, is_unfinished};
use chirp::vm::{Outlined, Vm};
use chirp_grammar::ast::Span;
use chirp_grammar::{Diagnostic, Options, Parsed, parse_do_it_with, parse_method_with, tokens};
use std::cell::RefCell;
use std::ops::Range;
use std::path::PathBuf;

/// Texts after which a new machine is made: each leaves names in its tables.
const BATCH: u32 = 500;

thread_local! {
    static MACHINE: RefCell<Option<(Outlined<Vm>, u32)>> = const { RefCell::new(None) };
}

pub fn run(data: &[u8]) -> Finding {
    let text = package_text(data.to_vec());
    lexed(&text)?;
    for underscore_assignment in [false, true] {
        let options = Options {
            underscore_assignment,
            ..Options::default()
        };
        parsed(&text, options)?;
    }
    formats(&text)?;
    let (mut vm, used) = MACHINE
        .take()
        .filter(|(_, n)| *n < BATCH)
        .unwrap_or_else(|| (machine(), 0));
    let result = checked(&mut vm, &text, data);
    MACHINE.set(Some((vm, used + 1)));
    result
}

fn require(condition: bool, what: impl FnOnce() -> String) -> Finding {
    if condition { Ok(()) } else { Err(what()) }
}

fn inside(text: &str, range: Range<usize>, what: &str) -> Finding {
    require(text.get(range.clone()).is_some(), || {
        format!("{what}: {range:?} is no place in the text")
    })
}

fn placed(text: &str, span: Span, what: &str) -> Finding {
    inside(text, span.start as usize..span.end as usize, what)
}

fn lexed(text: &str) -> Finding {
    let mut last = 0;
    for token in tokens(text) {
        placed(text, token.span, "a token")?;
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        require(start >= last && end > start, || {
            format!("token {token:?} behind {last}")
        })?;
        require(blank(&text[last..start]), || {
            format!("no token covers {:?}", &text[last..start])
        })?;
        last = end;
    }
    require(blank(&text[last..]), || {
        format!("no token covers {:?}", &text[last..])
    })
}

fn blank(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_whitespace() || c.is_control() || c == '\u{FEFF}')
}

fn parsed(text: &str, options: Options) -> Finding {
    let method = parse_method_with(text, options);
    explained(text, &method)?;
    if let Some(method) = &method.tree {
        placed(text, method.span, "a method")?;
        placed(text, method.selector_span, "a selector")?;
        match compile_method(method, &Known) {
            Ok(code) => compiled(text, &code)?,
            Err(errors) => told(text, &errors)?,
        }
    }
    let do_it = parse_do_it_with(text, options);
    explained(text, &do_it)?;
    if let Some(do_it) = &do_it.tree {
        placed(text, do_it.span, "a do-it")?;
        for variables in [Variables::Script, Variables::Session] {
            match compile_do_it(do_it, &Known, variables) {
                Ok(done) => compiled(text, &done.code)?,
                Err(errors) => told(text, &errors)?,
            }
        }
    }
    is_unfinished(text);
    Ok(())
}

fn explained<T>(text: &str, parsed: &Parsed<T>) -> Finding {
    require(
        parsed.tree.is_some() == parsed.diagnostics.is_empty(),
        || {
            format!(
                "a tree: {}, and {:?}",
                parsed.tree.is_some(),
                parsed.diagnostics
            )
        },
    )?;
    told(text, &parsed.diagnostics)
}

fn told(text: &str, diagnostics: &[Diagnostic]) -> Finding {
    for diagnostic in diagnostics {
        placed(text, diagnostic.span, diagnostic.code)?;
        if let Some((span, _)) = &diagnostic.secondary {
            placed(text, *span, diagnostic.code)?;
        }
        let rendered = diagnostic.render("fuzz.st", text);
        require(rendered.contains(diagnostic.code), || {
            format!("rendered without its code: {rendered}")
        })?;
    }
    Ok(())
}

fn compiled(text: &str, code: &CodeTemplate) -> Finding {
    verify(code).map_err(|problem| format!("the compiler made this: {problem}"))?;
    disassemble_with_source(code, text);
    Ok(())
}

fn formats(text: &str) -> Finding {
    detect::format_of(text);
    require(
        detect::without_interpreter_line(text).len() == text.len(),
        || "the first line moved".into(),
    )?;
    let shared = translate::translated(text);
    require(shared.len() == text.len(), || {
        format!("translated to another length: {shared:?}")
    })?;
    for item in chunk::parse(text) {
        let (chunk::Item::DoIt(chunk)
        | chunk::Item::Method { source: chunk, .. }
        | chunk::Item::Comment { text: chunk, .. }) = item;
        inside(text, chunk.range.clone(), "a chunk")?;
        for offset in [0, 1, chunk.text(text).len() / 2, chunk.text(text).len()] {
            let place = chunk.file_offset(text, offset);
            require(
                chunk.range.start <= place && place <= chunk.range.end,
                || format!("a chunk's {offset}"),
            )?;
        }
    }
    if let Ok(Some(definition)) = tonel::parse(text) {
        definition
            .comment
            .map_or(Ok(()), |range| inside(text, range, "a comment"))?;
        definition
            .methods
            .iter()
            .try_for_each(|m| method(text, m))?;
    }
    class_body::is_class_body(text, 0);
    let program = class_body::parse(text, 0);
    for range in program.blank.iter().chain(&program.evals) {
        inside(text, range.clone(), "what is no statement")?;
    }
    program
        .definitions
        .iter()
        .flat_map(|d| &d.body.methods)
        .try_for_each(|m| method(text, m))?;
    if let Err(error) = ston::map(&mut Scanner::new(text, 0)) {
        inside(text, error.offset..error.offset, "STON")?;
    }
    let behind = text.find(['\n', '\r']).unwrap_or(0);
    for fact in pragma::pragmas_of(text, behind) {
        inside(text, fact.range, "a pragma")?;
    }
    let _ = selector::pattern_at(text, 0);
    let path = "Fuzz/Fuzz.class.st".to_string();
    let text = text.to_string();
    let _ = index::build(&[SourceFile { path, text }], index::Extras::default());
    Ok(())
}

fn method(text: &str, method: &tonel::Method<'_>) -> Finding {
    inside(text, method.source.clone(), "a method")?;
    // One between bangs has none.
    if method.bracket >= method.source.end {
        return Ok(());
    }
    require(method.text(text).len() == method.source.len(), || {
        "a method changed its length".into()
    })
}

/// What `chirp check` does with a file, and with a package that consists of it; the library's reader of STON.
fn checked(vm: &mut Vm, text: &str, data: &[u8]) -> Finding {
    for failure in check_file(vm, "fuzz.st", text) {
        require(!failure.rendered.is_empty() && failure.line > 0, || {
            format!("{failure:?}")
        })?;
    }
    let is_tonel = tonel::is_tonel(text);
    let is_map = text.trim_start().starts_with('{');
    if is_tonel || is_map {
        let folder = Folder::new();
        folder.write(
            if is_tonel {
                "Fuzz/Fuzz.class.st"
            } else {
                "Fuzz.package/Fuzz.class/properties.json"
            },
            data,
        );
        if is_map {
            folder.write("Fuzz.package/Fuzz.class/instance/foo.st", data);
        }
        let sources = package::read(
            &Files::new(&FileAccess::all()),
            std::slice::from_ref(&folder.0),
        );
        vm.check_packages(sources);
    }
    if text.len() < 2000 {
        vm.limits.deadline = Some(vm.now() + 5_000_000);
        let text = vm.new_string(text);
        vm.set_global("FuzzText", text);
        let _ = vm.evaluate(
            "fuzz",
            "[ (STON fromString: FuzzText) printString size ] on: Error do: [:e | e messageText ]",
        );
    }
    Ok(())
}

/// A folder of this process's own, which goes when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let name = format!(
            "chirp-fuzz-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        );
        Folder(std::env::temp_dir().join(name))
    }

    fn write(&self, path: &str, data: &[u8]) {
        let path = self.0.join(path);
        let folder = path.parent().expect("a file in a folder");
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, data))
            .expect("a temporary file");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A class with a few names in it.
struct Known;

impl Scope for Known {
    fn resolve(&self, name: &str) -> Option<Name> {
        Some(match name {
            "x" => Name::Instance(0),
            "y" => Name::Instance(300),
            "Default" => Name::Variable(Variable::Class {
                class: 7,
                name: name.to_string(),
            }),
            "a" => Name::Variable(Variable::Session(name.to_string())),
            _ => return None,
        })
    }

    fn suggest(&self, name: &str) -> Option<String> {
        (name.len() == 3).then(|| "yourself".to_string())
    }

    fn class_side(&self) -> Option<Box<dyn Scope + '_>> {
        Some(Box::new(Known))
    }
}
