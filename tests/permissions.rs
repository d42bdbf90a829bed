//! What `--sandbox` and the `--allow-…` options permit and deny: the real command with real files, links,
//! sockets and programs.

#![cfg(feature = "cli")]

mod peers;

#[path = "permissions/files.rs"]
mod files;
#[path = "permissions/network.rs"]
mod network;
#[path = "permissions/others.rs"]
mod others;

use peers::{Scratch, chirp};
use std::os::unix::fs::symlink;

/// What each expression answers, printed; what was denied, with the option; or the class of another error.
fn answers(options: &[&str], expressions: &[&str]) -> Vec<String> {
    let code: String = expressions
        .iter()
        .map(|each| {
            format!(
                "Transcript show: ([ [ [ {each} ] value printString ] on: PermissionDenied
                    do: [ :e | 'denied: ' , e what , ' | ' , e option ] ]
                    on: Error do: [ :e | e class name asString ]); cr.\n"
            )
        })
        .collect();
    let arguments: Vec<&str> = ["--timeout", "60"]
        .iter()
        .chain(options)
        .copied()
        .chain(["-e", &code])
        .collect();
    let run = chirp(&arguments);
    assert_eq!(run.code, Some(0), "{}", run.error);
    let lines: Vec<String> = run.output.lines().map(String::from).collect();
    assert_eq!(lines.len(), expressions.len(), "{}", run.output);
    lines
}

/// A folder with `data` (a file, links in it and out of it), `out` and `secret`; and its path without links.
fn folders(name: &str) -> (Scratch, String) {
    let scratch = Scratch::new(name);
    for folder in ["data/sub", "out", "secret"] {
        std::fs::create_dir_all(scratch.path(folder)).expect("a folder");
    }
    std::fs::write(scratch.path("data/a.txt"), "hello").expect("a file");
    std::fs::write(scratch.path("secret/s.txt"), "secret").expect("a file");
    let links = [
        ("a.txt", "data/inner"),
        ("../secret/s.txt", "data/file"),
        ("../secret", "data/folder"),
        ("nowhere", "data/dangling"),
        ("loop", "data/loop"),
        ("../secret/new.txt", "data/new"),
    ];
    for (target, path) in links {
        symlink(target, scratch.path(path)).expect("a link");
    }
    let root = std::fs::canonicalize(scratch.path("")).expect("a folder");
    let root = root.to_string_lossy().trim_end_matches('/').to_string();
    symlink(format!("{root}/data/a.txt"), scratch.path("data/absolute")).expect("a link");
    symlink(format!("{root}/data"), scratch.path("alias")).expect("a link");
    (scratch, root)
}

/// The expressions with the root in place of `@`.
fn at(root: &str, expressions: &[&str]) -> Vec<String> {
    expressions.iter().map(|e| e.replace('@', root)).collect()
}

/// Checks expressions (with the root in place of `@`) and their answers.
fn check(root: &str, options: &[String], pairs: &[(&str, &str)]) {
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let (expressions, wanted): (Vec<&str>, Vec<&str>) = pairs.iter().copied().unzip();
    let expressions = at(root, &expressions);
    let expressions: Vec<&str> = expressions.iter().map(String::as_str).collect();
    let told = answers(&options, &expressions);
    for ((expression, told), wanted) in expressions.iter().zip(told).zip(wanted) {
        assert_eq!(told, wanted.replace('@', root), "{expression}");
    }
}
