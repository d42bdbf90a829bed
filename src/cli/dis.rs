//! `chirp dis`: the bytecode of a file, of code, or of one method. Nothing of it is run.

use super::session::Session;
use super::{check, exit, files, load, test};
use crate::compiler::disassemble::disassemble_with_source;
use crate::formats::detect::{Format, format_of};
use crate::loader::compile;
use crate::loader::watch::{Tree, Unit, Watcher};
use crate::tools::lookup::{self, Subject};
use crate::vm::Vm;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What to show.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// A file (`-` is standard input), or a method: Class>>selector, Class class>>selector
    #[arg(
        value_name = "FILE | METHOD",
        value_hint = clap::ValueHint::AnyPath,
        required_unless_present = "given",
        conflicts_with = "given"
    )]
    pub what: Option<OsString>,

    /// This code
    #[arg(
        short = 'e',
        value_name = "CODE",
        id = "given",
        allow_hyphen_values = true
    )]
    pub code: Option<String>,
}

/// Shows what the options name; answers the exit code.
pub fn dis(session: &mut Session, options: &Options) -> i32 {
    if let Some(code) = &options.code {
        return listed(session, "-e", code);
    }
    let path = Path::new(options.what.as_deref().unwrap_or_default());
    let what = path.to_string_lossy();
    if what.contains(">>") && !path.exists() {
        return method(session, &what);
    }
    let name = files::called(path);
    match session.read_source(path).and_then(files::as_text) {
        Ok(text) => match files::lacks_a_package(path, &text) {
            Some(message) => refuse(session, &message),
            None if format_of(&text) == Format::Tonel => packaged(session, path, text),
            None => listed(session, &name, &text),
        },
        Err(error) => refuse(session, &files::told(&name, &error)),
    }
}

fn method(session: &mut Session, what: &str) -> i32 {
    match code_of(&mut session.vm, what) {
        Ok(text) => {
            session.say(&text);
            exit::DONE
        }
        Err(message) => refuse(session, &message),
    }
}

/// The listing of a method, or why there is none.
fn code_of(vm: &mut Vm, what: &str) -> Result<String, String> {
    let Subject::Method(id) = lookup::subject(vm, what)? else {
        return Err(format!("{what} is no method"));
    };
    let code = compile::method_code(vm, id)?;
    let method = &vm.classes.methods[id as usize];
    let name = vm.classes.name(method.class);
    let listing = disassemble_with_source(&code, method.source.text.as_str());
    Ok(format!("{name}>>{listing}"))
}

/// A script or chunk file.
fn listed(session: &mut Session, name: &str, text: &str) -> i32 {
    let (watcher, listing) = lister(None);
    let failures = session.watched(watcher, |session| session.check(name, text));
    for failure in &failures {
        let text = session.style.refused(&failure.rendered);
        session.complain(&text);
    }
    if !failures.is_empty() {
        return exit::DOES_NOT_COMPILE;
    }
    session.say(&taken(&listing));
    exit::DONE
}

/// A file of a package: its methods, with the rest of the package there.
fn packaged(session: &mut Session, path: &Path, text: String) -> i32 {
    let name = files::called(path);
    let source = test::Source {
        name: name.clone(),
        path: path.to_path_buf(),
        text,
    };
    let paths = [PathBuf::from(path)];
    let packages = check::homes(&paths, &[source]);
    let (watcher, listing) = lister(Some(name));
    let report = session.watched(watcher, |session| {
        check::of_packages(session, &paths, &packages)
    });
    let code = load::tell(session, report);
    if code == exit::DONE {
        session.say(&taken(&listing));
    }
    code
}

/// Writes a listing of all that is compiled, or of what is from `file`.
fn lister(file: Option<String>) -> (Watcher, Arc<Mutex<String>>) {
    let listing = Arc::new(Mutex::new(String::new()));
    let out = listing.clone();
    let watcher = move |vm: &Vm, unit: &Unit<'_>| {
        let from = unit.source.file.as_deref().unwrap_or_default();
        let wanted = |file: &String| files::is_within(Path::new(from), Path::new(file));
        if !file.as_ref().is_none_or(wanted) {
            return;
        }
        let mut out = out.lock().unwrap_or_else(|e| e.into_inner());
        if !out.is_empty() {
            out.push('\n');
        }
        if matches!(unit.tree, Tree::Method(_)) {
            out.push_str(&vm.classes.name(unit.class));
            out.push_str(">>");
        }
        out.push_str(&disassemble_with_source(
            unit.code,
            unit.source.text.as_str(),
        ));
    };
    (Box::new(watcher), listing)
}

fn taken(listing: &Mutex<String>) -> String {
    std::mem::take(&mut listing.lock().unwrap_or_else(|e| e.into_inner()))
}

fn refuse(session: &mut Session, message: &str) -> i32 {
    let text = session.style.headline(message);
    session.complain(&text);
    exit::USAGE
}
