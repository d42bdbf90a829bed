//! Runs `tests/language/**/*.st`, and the Smalltalk in `docs/*.md`: one test a file, expectations in
//! comments.
//!
//! The text between two expectations is evaluated in the file's session; the value of its last
//! statement is compared by its `printString`.
//!
//! ```text
//! 3 + 4 "=> 7"            the printed value
//! nil foo "! MessageNotUnderstood"    the class of the unhandled exception
//! x := := 3 "!! E0101"    the code of a mistake in the source
//! ```
//! In the documentation, everything between fences of `smalltalk` counts, as one session a file; `/tmp/`
//! there means a folder of the test's own. A file that expects nothing fails. `CHIRP_STRESS=1` collects at every allocation,
//! `CHIRP_PORTABLE=1` uses the portable loop, `CHIRP_IMAGE=image` reads the library from that folder.

use chirp::host::stdio::Stdio;
use chirp::host::{Capabilities, Host};
use chirp::loader::{LoadError, boot};
use chirp::memory::HeapOptions;
use chirp::vm::run::RunError;
use chirp::vm::{Outlined, Vm};
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};

mod image;
use image::image;

fn main() {
    let mut args = Arguments::from_args();
    // Scripts that wait share the processor badly with many others.
    args.test_threads = args.test_threads.or(Some(2));
    // The folder that the tests are started in, which is the package's: a built test serves every checkout.
    let root = Path::new("tests/language");
    let mut files = Vec::new();
    collect(root, "st", &mut files);
    assert!(!files.is_empty(), "no scripts in {}", root.display());
    files.sort();
    let scripts = files.into_iter().map(|path| {
        let name = path.strip_prefix(root).unwrap_or(&path);
        Trial::test(name.display().to_string(), move || {
            run(&path, &std::fs::read_to_string(&path)?)
        })
    });
    let mut pages = Vec::new();
    collect(Path::new("docs"), "md", &mut pages);
    let pages = pages.into_iter().filter_map(|path| {
        let text = smalltalk_of(&std::fs::read_to_string(&path).ok()?);
        let name = format!("docs/{}", path.file_name()?.display());
        (!text.trim().is_empty()).then(|| Trial::test(name, move || run_page(&path, &text)))
    });
    let trials = scripts.chain(pages).collect();
    libtest_mimic::run(&args, trials).exit();
}

fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, extension, files);
        } else if path.extension().is_some_and(|e| e == extension) {
            files.push(path);
        }
    }
}

/// What a piece of text should lead to.
enum Expected {
    Value(String),
    Exception(String),
    Mistake(String),
}

/// A piece of the file with its expectation and the line it ends on.
struct Piece<'a> {
    text: &'a str,
    expected: Expected,
    line: usize,
}

fn pieces(text: &str) -> (Vec<Piece<'_>>, &str) {
    let mut pieces = Vec::new();
    let mut start = 0;
    // Found by hand, since a piece with a mistake would lead the lexer astray.
    for (at, _) in text.match_indices('"') {
        if at < start {
            continue;
        }
        let body = &text[at + 1..];
        let kind = ["=> ", "!! ", "! "]
            .into_iter()
            .find(|k| body.starts_with(k));
        let Some(kind) = kind else { continue };
        let Some(length) = body.find('"') else {
            continue;
        };
        let wanted = body[kind.len()..length].to_string();
        let expected = match kind {
            "=> " => Expected::Value(wanted),
            "! " => Expected::Exception(wanted),
            _ => Expected::Mistake(wanted),
        };
        let line = text[..at].matches('\n').count() + 1;
        pieces.push(Piece {
            text: &text[start..at],
            expected,
            line,
        });
        start = at + 1 + length + 1;
    }
    (pieces, &text[start..])
}

fn machine() -> Result<Outlined<Vm>, Failed> {
    let host = Host::new(Capabilities::all(), Stdio::none()).map_err(|e| e.to_string())?;
    let mut vm = boot(&image(), HeapOptions::default(), host)?;
    if std::env::var_os("CHIRP_STRESS").is_some() {
        vm.heap.set_stress(true);
    }
    vm.portable |= std::env::var_os("CHIRP_PORTABLE").is_some();
    // Only a guard against hanging; stress and sanitizers are slow.
    vm.limits.deadline = Some(vm.now() + 60_000_000 * if vm.heap.options.stress { 20 } else { 1 });
    Ok(vm)
}

/// The page with blank lines where there is no Smalltalk, so that the numbers of lines stay. A block
/// ends its last statement.
fn smalltalk_of(page: &str) -> String {
    let mut inside = false;
    let mut text = String::new();
    for line in page.lines() {
        match (inside, line) {
            (false, "```smalltalk") => inside = true,
            (true, "```") => {
                inside = false;
                text.push('.');
            }
            (true, _) => text.push_str(line),
            (false, _) => (),
        }
        text.push('\n');
    }
    text
}

fn run_page(path: &Path, text: &str) -> Result<(), Failed> {
    let name = path.file_stem().unwrap_or_default().display();
    let folder = std::env::temp_dir().join(format!("chirp-{name}-{}/", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = run(path, &text.replace("/tmp/", &folder.to_string_lossy()));
    let _ = std::fs::remove_dir_all(&folder);
    result
}

fn run(path: &Path, text: &str) -> Result<(), Failed> {
    let (pieces, rest) = pieces(text);
    if pieces.is_empty() {
        return Err("this file expects nothing".into());
    }
    let mut vm = machine()?;
    let mut problems = Vec::new();
    for piece in &pieces {
        let got = outcome(&mut vm, piece.text);
        let (fits, wanted) = match (&piece.expected, &got) {
            (Expected::Value(w), Got::Value(g)) => (w == g, w.clone()),
            (Expected::Exception(w), Got::Exception(g, _)) => (w == g, format!("exception {w}")),
            (Expected::Mistake(w), Got::Mistake(g)) => {
                (g.contains(&format!("[{w}]")), format!("mistake {w}"))
            }
            (Expected::Value(w), _) => (false, w.clone()),
            (Expected::Exception(w), _) => (false, format!("exception {w}")),
            (Expected::Mistake(w), _) => (false, format!("mistake {w}")),
        };
        if !fits {
            problems.push(format!(
                "{}:{}: expected {wanted}\n    got {got}",
                path.display(),
                piece.line
            ));
        }
    }
    if !rest.trim().is_empty()
        && let Got::Exception(_, text) | Got::Mistake(text) = outcome(&mut vm, rest)
    {
        problems.push(format!(
            "{}: behind the last expectation: {text}",
            path.display()
        ));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("\n").into())
    }
}

enum Got {
    Value(String),
    Exception(String, String),
    Mistake(String),
    Other(String),
}

impl std::fmt::Display for Got {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Got::Value(v) => write!(f, "{v}"),
            Got::Exception(class, text) => write!(f, "exception {class}: {text}"),
            Got::Mistake(text) => write!(f, "a mistake in the source:\n{text}"),
            Got::Other(text) => write!(f, "{text}"),
        }
    }
}

fn outcome(vm: &mut Vm, text: &str) -> Got {
    match vm.evaluate("test", text) {
        Ok(value) => {
            let selector = vm.intern("printString");
            match vm.send_message(selector, &[value]) {
                Ok(s) => Got::Value(
                    vm.string_value(s)
                        .unwrap_or_else(|| "printString answered no string".into()),
                ),
                Err(e) => failure(e),
            }
        }
        Err(LoadError::Source(e)) => {
            Got::Mistake(e.failures.iter().map(|f| f.rendered.as_str()).collect())
        }
        Err(LoadError::Run(e)) => failure(e),
    }
}

fn failure(e: RunError) -> Got {
    match e {
        RunError::Unhandled(u) => {
            let place = u.frames.iter().take(6).map(|f| {
                format!(
                    "\n      {} {}:{}",
                    f.name,
                    f.file.as_deref().unwrap_or(""),
                    f.line
                )
            });
            let text = format!("{}{}", u.message, place.collect::<String>());
            Got::Exception(u.class, text)
        }
        RunError::Stopped(stop) => Got::Other(format!("stopped: {stop:?}")),
    }
}
