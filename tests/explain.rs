//! `chirp explain`: every code has a text, and examples that are what they say.

#![cfg(feature = "cli")]

mod common;

use common::{Folder, chirp, code, err, out, prints};

/// A mistake where the example in the texts is cut short: nobody reads two hundred parameters.
fn whole(code: &str, source: &str) -> String {
    let names = |last: usize, front: &str| {
        let names = (1..=last).map(|i| format!("{front}a{i}"));
        names.collect::<Vec<_>>().join(" ")
    };
    match code {
        "E0122" => source.replace('…', &["a"; 600].join(" := ")),
        "E0208" => source.replace(":a1 :a2 … :a201", &names(201, ":")),
        "E0209" => source.replace(
            '…',
            &("(self d + ".repeat(300) + "4" + &")".repeat(300) + " +"),
        ),
        "E0210" => source.replace('…', &("[".repeat(420) + &"]".repeat(420))),
        _ => source.to_string(),
    }
}

/// The example in a file that it fits in.
fn file(folder: &Folder, kind: &str, source: &str) -> String {
    let (name, text) = match kind {
        "" => ("example.st", source.to_string()),
        "method" => (
            "example.st",
            format!("Object subclass: #Thing\n!\n!Thing methodsFor: 'x'!\n{source}! !\n"),
        ),
        file => (file, source.to_string()),
    };
    if name != "example.st" {
        folder.file("package.st", "Package { #name : 'Things' }\n");
    }
    folder.file(name, &text)
}

/// The codes that `chirp check` gives to an example.
fn codes(kind: &str, source: &str) -> Vec<String> {
    let folder = Folder::new();
    let path = file(&folder, kind, source);
    let output = chirp(&["check", "--json", &path]);
    assert!(
        matches!(code(&output), 0 | 65),
        "{source}\n{}",
        err(&output)
    );
    let field = |line: &str| {
        line.split("\"code\":\"")
            .nth(1)
            .map(|rest| rest[..5].to_string())
    };
    out(&output)
        .lines()
        .map(|line| field(line).expect("a code"))
        .collect()
}

#[test]
fn every_code_is_explained_with_examples_that_are_what_they_say() {
    let mut wrong_ones = Vec::new();
    for each in chirp::tools::explain::all() {
        let Some((wrong, right)) = each.examples else {
            assert!(matches!(each.code, "E0100" | "E0299"), "{}", each.code);
            continue;
        };
        let found = (
            codes(wrong.kind, &whole(each.code, wrong.source)),
            codes(right.kind, right.source),
        );
        if found.0 != [each.code] || !found.1.is_empty() {
            wrong_ones.push((each.code, found));
        }
    }
    assert!(wrong_ones.is_empty(), "{wrong_ones:#?}");
}

/// Every code in the sources of grammar, compiler and loader.
#[test]
fn no_code_is_without_an_explanation() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![
        root.join("grammar/src"),
        root.join("src/compiler"),
        root.join("src/loader"),
        root.join("src/tools/lint"),
    ];
    let mut found = std::collections::BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a source file");
            let words = text.split('"').filter(|word| {
                word.len() == 5
                    && word.starts_with(['E', 'W'])
                    && word[1..].bytes().all(|b| b.is_ascii_digit())
            });
            found.extend(words.map(str::to_string));
        }
    }
    assert!(found.len() > 40, "{found:?}");
    for code in found {
        assert!(chirp::tools::explain::of(&code).is_some(), "{code}");
    }
}

#[test]
fn explain_tells_one_or_lists_all() {
    let text = prints(&["explain", "e0108"]);
    assert!(
        text.starts_with("E0108: an operator lacks its argument\n"),
        "{text}"
    );
    assert!(
        text.contains("\nWrong:\n\n    x := 3.\n    y := -x\n\nRight:\n\n"),
        "{text}"
    );
    let list = prints(&["explain"]);
    assert!(
        list.contains("\nE0206  a name is declared twice\n"),
        "{list}"
    );
    let output = chirp(&["explain", "E018"]);
    assert_eq!(code(&output), 2);
    assert_eq!(
        err(&output),
        "error: there is no code E018; did you mean E0108?\n"
    );
    assert!(err(&chirp(&["explain", "108"])).contains("did you mean E0108?"));
    assert!(err(&chirp(&["explain", "what"])).contains("chirp explain lists them all"));
}

/// What a person reads who makes the mistake of each example.
#[test]
fn what_is_told_of_each_mistake() {
    let mut told = String::new();
    for each in chirp::tools::explain::all() {
        let Some((wrong, _)) = each.examples else {
            continue;
        };
        let folder = Folder::new();
        let path = file(&folder, wrong.kind, &whole(each.code, wrong.source));
        let text = err(&chirp(&["check", &path]));
        let place = path.rsplit('/').next().expect("a name");
        for line in text.replace(&path, place).lines() {
            let cut: String = line.chars().take(160).collect();
            told += &(cut.trim_end().to_string() + "\n");
        }
        told.push('\n');
    }
    insta::assert_snapshot!(told);
}

/// A right example that is a program runs to its end.
#[test]
fn right_examples_run() {
    for each in chirp::tools::explain::all() {
        let examples = each.examples.filter(|(_, right)| right.kind.is_empty());
        if let Some((_, example)) = examples {
            let folder = Folder::new();
            let output = chirp(&[&file(&folder, "", example.source)]);
            assert_eq!(
                (code(&output), err(&output)),
                (0, String::new()),
                "{}",
                each.code
            );
        }
    }
}
