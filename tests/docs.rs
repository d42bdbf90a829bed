//! The pages of `docs/` and the README show what happens: blocks fenced as `console` are run in a folder of their page's
//! own. A line `$ command` is run by a shell, in which `chirp` is the one that was built; what follows is what it writes
//! (on both of its channels), where a line of `…` stands for any lines, and `[3]` for its exit code if that is not 0. Blocks
//! fenced as `smalltalk NAME` or `sh NAME` are files there. Smalltalk without a name is run by `tests/language.rs`,
//! Rust by the tests of documentation, the chat of the README by `tests/chat.rs`. Not run are `sh` without a name (building and
//! installing, benchmarks), `toml`, and `text` (pictures, and what needs the internet).

#![cfg(feature = "cli")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A fenced part of a page.
struct Block<'a> {
    language: &'a str,
    /// What stands behind the language.
    name: &'a str,
    text: String,
    line: usize,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(fence), None) => {
                let (language, name) = fence.split_once(' ').unwrap_or((fence, ""));
                open = Some(Block {
                    language,
                    name: name.trim(),
                    text: String::new(),
                    line: number + 2,
                });
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// The commands of a block: line, command, expected output.
fn commands(block: &Block) -> Vec<(usize, String, String)> {
    let mut all: Vec<(usize, String, String)> = Vec::new();
    for (number, line) in block.text.lines().enumerate() {
        if let Some(command) = line.strip_prefix("$ ") {
            all.push((block.line + number, command.to_string(), String::new()));
        } else if let Some((_, _, expected)) = all.last_mut() {
            expected.push_str(line.trim_end());
            expected.push('\n');
        }
    }
    all
}

fn run(command: &str, folder: &Path) -> String {
    let built = Path::new(env!("CARGO_BIN_EXE_chirp"))
        .parent()
        .expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("timeout")
        .args(["60", "sh", "-c", &format!("exec 2>&1; {command}")])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", built.display()))
        .env("NO_COLOR", "1")
        .env("HOME", folder)
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    let code = output.status.code();
    if code != Some(0) {
        text.push_str(&format!("[{}]\n", code.unwrap_or(-1)));
    }
    let lines = text.lines().map(|l| format!("{}\n", l.trim_end()));
    lines.collect()
}

/// Whether the lines are those that are expected; `…` stands for any number of them.
fn fits(lines: &[&str], expected: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((&"…", rest)) => (0..=lines.len()).any(|n| fits(&lines[n..], rest)),
        Some((first, rest)) => lines
            .split_first()
            .is_some_and(|(line, lines)| line == first && fits(lines, rest)),
    }
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = std::fs::read_dir(root.join("docs")).expect("the folder of pages");
    let mut pages: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    pages.retain(|p| p.extension().is_some_and(|e| e == "md"));
    pages.push(root.join("README.md"));
    pages.sort();
    pages
}

#[test]
fn what_the_pages_show_is_what_happens() {
    let mut tried = 0;
    let mut wrong = String::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page");
        let name = page.file_name().expect("a name").display().to_string();
        let folder = std::env::temp_dir().join(format!("chirp-docs-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        for block in blocks(&text) {
            if !block.name.is_empty() && matches!(block.language, "smalltalk" | "sh") {
                let file = folder.join(block.name);
                std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
                std::fs::write(file, &block.text).expect("a file");
            }
            if block.language != "console" {
                continue;
            }
            for (line, command, expected) in commands(&block) {
                tried += 1;
                let got = run(&command, &folder);
                let lines: Vec<&str> = got.lines().collect();
                if !fits(&lines, &expected.lines().collect::<Vec<_>>()) {
                    wrong +=
                        &format!("{name}:{line}: $ {command}\nexpected\n{expected}got\n{got}\n");
                }
            }
        }
        std::fs::remove_dir_all(&folder).expect("a folder to remove");
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(tried > 3, "only {tried} commands");
}

/// Nothing on a page looks as if it were run, and is not.
#[test]
fn every_block_says_what_it_is() {
    let mut wrong = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page");
        let name = page.file_name().expect("a name").display().to_string();
        for block in blocks(&text) {
            let known = match block.language {
                "console" | "smalltalk" | "rust" | "toml" => true,
                "text" => !block.text.contains("chirp "),
                "python" => name == "README.md",
                "sh" => !block.name.is_empty() || matches!(&*name, "README.md" | "benchmarks.md"),
                _ => false,
            };
            if !known {
                wrong.push(format!("{name}:{}: {}", block.line, block.language));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Pages link to files that are there.
#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page");
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap_or_default();
            let folder = page.parent().expect("a folder");
            if !target.is_empty() && !target.contains("://") && !folder.join(target).exists() {
                wrong.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Who opens the README sees it whole.
#[test]
fn the_readme_is_short() {
    let lines = include_str!("../README.md").lines().count();
    assert!(lines <= 150, "{lines} lines");
}

/// The picture of a session shows what the prompt does.
#[test]
fn the_picture_is_true() {
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/picture");
    let output = Command::new("timeout")
        .args(["60", "python3"])
        .arg(picture)
        .args([env!("CARGO_BIN_EXE_chirp"), "--check"])
        .output()
        .expect("python3 runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
}
