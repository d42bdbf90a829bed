//! Whoever reads the documentation of the embedding API finds each item in an example, which the tests run.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Types that only tell closures apart: nobody writes them.
const MARKERS: [&str; 5] = ["ByHandle", "ByMut", "ByRef", "Sealed", "WithCtx"];

/// Where the items of the API are that it only passes on.
const PASSED_ON: [&str; 2] = ["src/host/capabilities/mod.rs", "src/host/clock.rs"];

/// A public item that has no example of its own.
#[derive(Debug, PartialEq)]
struct Item {
    name: String,
    is_function: bool,
}

impl Item {
    /// Whether the code uses it: as a word where it is a type, called where it is a function.
    fn is_used_in(&self, code: &str) -> bool {
        let mut found = code.match_indices(&self.name);
        found.any(|(at, name)| {
            let (before, after) = (&code[..at], &code[at + name.len()..]);
            let part = |c: char| c.is_alphanumeric() || c == '_';
            !before.ends_with(part)
                && match self.is_function {
                    true => {
                        before.ends_with(['.', ':', ' ']) && after.starts_with(['(', ':'])
                            || before.ends_with("::") && after.starts_with([',', ')'])
                    }
                    false => !after.starts_with(part),
                }
        })
    }
}

/// The code without comments and without what stands in quotes: Smalltalk is no use of Rust.
fn bare(code: &str) -> String {
    let (mut bare, mut quoted, mut escaped) = (String::new(), false, false);
    let mut rest = code.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if !escaped => quoted = !quoted,
            '/' if !quoted && rest.peek() == Some(&'/') => {
                rest.by_ref().take_while(|&c| c != '\n').for_each(drop);
                bare.push('\n');
            }
            c if !quoted => bare.push(c),
            _ => {}
        }
        escaped = quoted && c == '\\' && !escaped;
    }
    bare
}

/// The public items of a source file that have no example of their own, the code in its documentation, and the
/// examples that are not run.
fn read(text: &str) -> (Vec<Item>, String, Vec<String>) {
    let (mut items, mut examples, mut unrun) = (Vec::new(), String::new(), Vec::new());
    let (mut is_code, mut fails, mut hidden, mut shown) = (false, false, false, false);
    for line in text.lines().map(str::trim) {
        if let Some(doc) = line.strip_prefix("///").or(line.strip_prefix("//!")) {
            if let Some(tags) = doc.trim().strip_prefix("```") {
                is_code = !is_code;
                fails = tags.starts_with("compile_fail");
                // What must not compile shows how an item is not used.
                shown |= !fails && is_code;
                if is_code && !fails && !matches!(tags, "" | "should_panic") {
                    unrun.push(line.to_string());
                }
            } else if is_code && !fails {
                examples += doc.trim_start().trim_start_matches("# ");
                examples.push('\n');
            }
            continue;
        }
        is_code = false;
        hidden |= line == "#[doc(hidden)]";
        let words: Vec<&str> = line
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|word| !matches!(*word, "const" | "async" | "unsafe"))
            .collect();
        if let [
            "pub",
            kind @ ("fn" | "struct" | "enum" | "trait" | "type"),
            name,
            ..,
        ] = words[..]
            && !(hidden || shown)
        {
            items.push(Item {
                name: name.to_string(),
                is_function: kind == "fn",
            });
        }
        if !line.is_empty() && !line.starts_with(['#', ')']) && !line.contains(" = \"") {
            (hidden, shown) = (false, false);
        }
    }
    (items, examples, unrun)
}

/// All sources in a folder and in those inside it.
fn sources(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    Ok(found)
}

#[test]
fn every_public_item_is_in_an_example() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("src/lib.rs")];
    files.extend(PASSED_ON.map(|path| root.join(path)));
    files.extend(sources(&root.join("src/api"))?);
    let (mut items, mut examples, mut unrun) = (Vec::new(), String::new(), Vec::new());
    for file in &files {
        let text = fs::read_to_string(file)?;
        // Behind the clock of the API stand those that the machine uses.
        let text = text
            .split("/// This moment, for")
            .next()
            .unwrap_or_default();
        let (some, code, not_run) = read(text);
        items.extend(some);
        examples += &bare(&code);
        unrun.extend(not_run);
    }
    assert!(files.len() > 25 && items.len() > 50, "only {items:?}");
    assert!(unrun.is_empty(), "not run as a test: {unrun:?}");
    items.retain(|i| !i.is_used_in(&examples) && !MARKERS.contains(&i.name.as_str()));
    let names: Vec<&str> = items.iter().map(|i| i.name.as_str()).collect();
    assert!(names.is_empty(), "in no example: {names:?}");
    Ok(())
}

/// What looks like an example, and is none.
#[test]
fn the_check_is_not_fooled() {
    let found = |text: &str| {
        let (items, code, unrun) = read(text);
        let code = bare(&code);
        let unused = items.into_iter().filter(|i| !i.is_used_in(&code));
        (unused.map(|i| i.name).collect::<Vec<_>>(), unrun.len())
    };
    let item = "pub fn load(&self) {}";
    for no_example in [
        "/// Words about load.",
        "/// ```\n/// st.eval(\"x load(3)\");\n/// ```\n}\n",
        "/// ```\n/// st.eval(3); // load(4)\n/// ```\n}\n",
        "/// ```\n/// st.reload(3);\n/// ```\n}\n",
        "/// ```\n/// let load = st.loaded();\n/// ```\n}\n",
        "/// ```compile_fail,E0061\n/// st.load();\n/// ```\n",
        "/// ```\n/// st.load();\n/// ```\n#[doc(hidden)]\npub fn other() {}\n}\n",
    ] {
        let text = format!("{no_example}\n{item}");
        let (unused, _) = found(&text);
        let hidden = text.contains("doc(hidden)");
        assert_eq!(unused.is_empty(), hidden, "{text}");
    }
    let (unused, unrun) = found("/// ```ignore\n/// st.load(3)\n/// ```\npub fn load() {}");
    assert!(unused.is_empty() && unrun == 1);
    for example in [
        "/// ```\n/// st.load(3);\n/// ```\n",
        "/// ```\n/// Smalltalk::load(3)?.load::<u8>(4);\n/// ```\n}\n",
        "/// ```\n/// all.map(Smalltalk::load)\n/// ```\n}\n",
    ] {
        assert_eq!(found(&format!("{example}{item}")), (vec![], 0));
    }
    let (unused, _) =
        found("pub const fn alone() {}\npub struct Lonely;\npub(super) fn inner() {}");
    assert_eq!(unused, ["alone", "Lonely"]);
}
