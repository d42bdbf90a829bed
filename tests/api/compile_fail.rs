//! What must not compile: for which reason, and with which words. The examples in the documentation prove only that
//! something is wrong with them, for a stable rustdoc does not look at the code of the error.

use std::path::{Path, PathBuf};
use std::process::Command;

const HEAD: &str = "#![allow(dead_code, unused)]
use chirp::{Arguments, AsCtx, Block, ClassDef, Ctx, HostClass, IntoSmalltalk, FromSmalltalk, Image, New, Obj, Run, Shared, Smalltalk, This};
struct Name(String);
impl HostClass for Name {
    const NAME: &'static str = \"Name\";
    fn define(_: &mut ClassDef<'_, Self>) -> chirp::Result<()> { Ok(()) }
}
struct Plain;
fn send<T: Send>(_: T) {}
";

/// Bodies of functions, what the compiler finds wrong with each, and words of the message and its notes. Here types do not fit.
const TYPES: [(&str, &str, &[&str]); 17] = [
    (
        "let n = std::rc::Rc::new(std::cell::Cell::new(0)); let _ = st.block(move |i: i64| { n.set(i); i });",
        "E0277",
        &["cannot be sent between threads safely"],
    ),
    (
        "let _ = st.block(|text: &str| text.len() as i64);",
        "E0277",
        &[
            "Smalltalk cannot call",
            "not a closure that Smalltalk can call",
            "`Fn + Send + 'static`",
        ],
    ),
    (
        "let _ = st.block(|n: i64| Plain);",
        "E0277",
        &["Smalltalk cannot call"],
    ),
    (
        "let cell = std::cell::Cell::new(0); let _ = st.block(Shared(move |n: i64| { cell.set(n); n }));",
        "E0277",
        &["cannot be shared between threads safely"],
    ),
    ("let _ = st.set_global(\"X\", Plain);", "E0277", &["Plain"]),
    ("let _ = st.eval::<Plain>(\"3\");", "E0277", &["Plain"]),
    (
        "let _ = st.register::<Plain>();",
        "E0277",
        &[
            "`Plain` is no class of Smalltalk",
            "implement `HostClass` for your type, and `register` it",
        ],
    ),
    (
        "let o: Obj = st.eval(\"3\").unwrap(); let _ = o.send::<i64>(st, \"+\", 4);",
        "E0277",
        &[
            "is no list of arguments",
            "write `()` for no argument and `(x,)` for one",
        ],
    ),
    (
        "let o: Obj = st.eval(\"3\").unwrap(); let _ = o.send::<i64>(&mut 3, \"foo\", ());",
        "E0277",
        &[
            "is no machine",
            "wants a `Smalltalk`, or the `Ctx` of a closure",
        ],
    ),
    (
        "let o: Obj = st.eval(\"'text'\").unwrap(); let _: i64 = o.send(\"size\", ()).unwrap();",
        "E0061",
        &["takes 3 arguments but 2 arguments were supplied"],
    ),
    (
        "fn define(c: &mut ClassDef<'_, Name>) { c.method(\"size\", |n: &String| n.len() as i64); }",
        "E0277",
        &[
            "is no method of the class of `Name`",
            "first `&Name`, `&mut Name`, or `&mut Ctx<'_>` and `This<Name>`",
        ],
    ),
    (
        "let b: Block<(i64,), i64> = st.eval(\"[ :x | x ]\").unwrap(); let _ = b.call(st, (3, 4));",
        "E0308",
        &["mismatched types"],
    ),
    (
        "fn take(ctx: Ctx<'_>) { send(std::rc::Rc::new(ctx)); }",
        "E0277",
        &["cannot be sent between threads safely"],
    ),
    (
        "let all: Vec<Plain> = vec![]; let _ = st.object(all);",
        "E0277",
        &["Plain"],
    ),
    // What deals in bare values is the crate's own business.
    (
        "let _ = vec![3].into_value(&mut st.as_ctx());",
        "E0061",
        &["takes 2 arguments but 1 argument was supplied"],
    ),
    (
        "let _ = Vec::<String>::from_value(&mut st.as_ctx(), todo!(), todo!(), todo!());",
        "E0061",
        &["takes 3 arguments but 4 arguments were supplied"],
    ),
    (
        "impl Arguments for Plain { const COUNT: usize = 1; fn push(self, ctx: &mut Ctx<'_>) -> chirp::Result<()> { Ok(()) } }",
        "E0050",
        &["has 2 parameters but the declaration in trait"],
    ),
];

/// The same where it is loans that do not.
const LOANS: [(&str, &str, &[&str]); 6] = [
    (
        "let step = 3; let _ = st.block(|n: i64| n + step);",
        "E0373",
        &["closure may outlive the current function, but it borrows `step`"],
    ),
    (
        "let name: This<Name> = st.eval(\"1\").unwrap(); let text: &str = name.with(st, |n| n.0.as_str()).unwrap(); drop(text);",
        "",
        &["lifetime may not live long enough"],
    ),
    (
        "fn define(c: &mut ClassDef<'_, Name>) { c.method(\"text\", |n: &Name| n.0.as_str()); }",
        "",
        &["lifetime may not live long enough"],
    ),
    (
        "let mut inner = || st.eval::<i64>(\"3\"); st.eval::<i64>(\"4\").unwrap(); inner().unwrap();",
        "E0501",
        &["cannot borrow `*st` as mutable because previous closure requires unique access"],
    ),
    (
        "let name: This<Name> = st.eval(\"1\").unwrap(); name.clone().with_mut(st, |n| name.with(st, |m| 3)).unwrap();",
        "E0500",
        &["closure requires unique access to `*st` but it is already borrowed"],
    ),
    (
        "let mut kept: Option<&Name> = None; let name: This<Name> = st.eval(\"1\").unwrap(); name.with(st, |n| kept = Some(n)).unwrap();",
        "E0521",
        &["borrowed data escapes outside of closure"],
    ),
];

/// A compiler that knows the crate under test.
struct Compiler {
    deps: PathBuf,
    library: PathBuf,
    scratch: PathBuf,
}

impl Compiler {
    /// With the newest library beside this test of those that compile.
    fn new() -> Compiler {
        let deps = std::env::current_exe().expect("a path");
        let deps = deps.parent().expect("a folder").to_path_buf();
        let entries = std::fs::read_dir(&deps).expect("a folder");
        let mut found: Vec<_> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with("libchirp-") && name.ends_with(".rlib")
            })
            .collect();
        found.sort_by_key(|path| std::fs::metadata(path).and_then(|m| m.modified()).ok());
        for library in found.into_iter().rev() {
            let scratch =
                std::env::temp_dir().join(format!("chirp-compile-{}", std::process::id()));
            std::fs::create_dir_all(&scratch).expect("a folder");
            let compiler = Compiler {
                deps: deps.clone(),
                library,
                scratch,
            };
            let good = format!(
                "{HEAD}fn good(st: &mut Smalltalk) {{ let _ = st.eval::<i64>(\"3\"); st.register::<Name>().unwrap(); }}"
            );
            if compiler.errors(&good).is_empty() {
                return compiler;
            }
        }
        panic!("no library of this crate in {}", deps.display());
    }

    /// The errors of a source text: line, code, and all that is said.
    fn errors(&self, source: &str) -> Vec<(usize, String, String)> {
        let path = self.scratch.join("source.rs");
        std::fs::write(&path, source).expect("a file");
        let output = Command::new(std::env::var("RUSTC").unwrap_or("rustc".into()))
            .args([
                "--edition",
                "2024",
                "--crate-type",
                "lib",
                "--emit",
                "metadata",
            ])
            .args(["--error-format", "json", "--out-dir"])
            .arg(&self.scratch)
            .arg("--extern")
            .arg(format!("chirp={}", self.library.display()))
            .arg("-L")
            .arg(format!("dependency={}", self.deps.display()))
            .arg(&path)
            .output()
            .expect("rustc runs");
        let text = String::from_utf8_lossy(&output.stderr);
        let errors = text
            .lines()
            .filter(|line| line.contains("\"level\":\"error\",\"spans\":[{"));
        errors
            .map(|line| {
                // Of several places, the one that the message is about.
                let place = line.split("\"is_primary\":true").next().unwrap_or_default();
                let place = place.rsplit("\"line_end\":").next().unwrap_or_default();
                let number: String = place.chars().take_while(char::is_ascii_digit).collect();
                // What people see; before it stands what `rustc --explain` says.
                let (_, told) = line.rsplit_once("\"rendered\":\"error").unwrap_or_default();
                let code = told.strip_prefix('[').and_then(|t| t.split(']').next());
                let code = code.unwrap_or_default().to_string();
                (number.parse().unwrap_or(0), code, told.replace("\\n", "\n"))
            })
            .collect()
    }
}

impl Drop for Compiler {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.scratch);
    }
}

#[test]
fn reasons() {
    let compiler = Compiler::new();
    let path = Path::new(&compiler.library);
    assert!(path.exists());
    for cases in [&TYPES[..], &LOANS[..]] {
        let mut source = HEAD.to_string();
        let first = source.lines().count() + 1;
        for (i, (body, ..)) in cases.iter().enumerate() {
            source += &format!("fn case_{i}(st: &mut Smalltalk) {{ {body} }}\n");
        }
        let errors = compiler.errors(&source);
        for (i, (body, code, words)) in cases.iter().enumerate() {
            let mut own = errors
                .iter()
                .filter(|(line, ..)| *line == first + i)
                .peekable();
            assert!(own.peek().is_some(), "this compiles: {body}");
            let fits = |(_, found, text): &(usize, String, String)| {
                found == code && words.iter().all(|w| text.contains(w))
            };
            let told: Vec<_> = own.clone().map(|(_, code, text)| (code, text)).collect();
            assert!(
                own.any(fits),
                "{body}\n  should fail with {code}: {words:?}\n  but: {told:?}"
            );
        }
        let strays = errors.iter().filter(|(line, ..)| *line < first);
        assert_eq!(strays.count(), 0, "{errors:#?}");
    }
}
