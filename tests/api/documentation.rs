//! Whoever reads the documentation of the embedding API finds each item in an example, which the tests run.

use std::path::Path;
use std::{fs, io};

/// Types that only tell closures apart: nobody writes them.
const MARKERS: [&str; 5] = ["ByHandle", "ByMut", "ByRef", "Sealed", "WithCtx"];

/// The public items of a source file that have no example of their own, and the code in its documentation.
fn read(text: &str) -> (Vec<String>, String) {
    let (mut items, mut examples, mut is_code, mut hidden, mut shown) =
        (Vec::new(), String::new(), false, false, false);
    for line in text.lines().map(str::trim) {
        if let Some(doc) = line.strip_prefix("///").or(line.strip_prefix("//!")) {
            if doc.trim().starts_with("```") {
                is_code = !is_code;
                shown = true;
            } else if is_code {
                examples += doc;
                examples.push('\n');
            }
            continue;
        }
        is_code = false;
        hidden |= line == "#[doc(hidden)]";
        let words: Vec<&str> = line
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .collect();
        if let ["pub", "fn" | "struct" | "enum" | "trait", name, ..] = words[..]
            && !(hidden || shown)
        {
            items.push(name.to_string());
        }
        if !line.is_empty() && !line.starts_with(['#', ')']) && !line.contains(" = \"") {
            (hidden, shown) = (false, false);
        }
    }
    (items, examples)
}

#[test]
fn every_public_item_is_in_an_example() -> io::Result<()> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![source.join("lib.rs")];
    files.extend(
        fs::read_dir(source.join("api"))?
            .map(|f| f.map(|f| f.path()))
            .collect::<Result<Vec<_>, _>>()?,
    );
    let (mut items, mut examples) = (Vec::new(), String::new());
    for file in files
        .iter()
        .filter(|f| f.extension().is_some_and(|e| e == "rs"))
    {
        let (some, code) = read(&fs::read_to_string(file)?);
        items.extend(some);
        examples += &code;
    }
    assert!(items.len() > 50, "only {items:?}");
    let words: Vec<&str> = examples
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .collect();
    items.retain(|i| !words.contains(&i.as_str()) && !MARKERS.contains(&i.as_str()));
    assert!(items.is_empty(), "in no example: {items:?}");
    Ok(())
}
