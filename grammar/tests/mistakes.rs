//! The corpus of mistakes: what is said about each.
//!
//! `mistakes/*.txt` hold the cases: a line `--- name` (`--- method: name` for a method), then the
//! source up to the next such line. After a change, run with `INSTA_UPDATE=always` and read the
//! difference as a reader of the message would.

use chirp_grammar::Diagnostic;

struct Case<'s> {
    name: &'s str,
    method: bool,
    source: &'s str,
}

fn cases(text: &str) -> Vec<Case<'_>> {
    text.strip_prefix("--- ")
        .unwrap_or_default()
        .split("\n--- ")
        .map(|case| {
            let (title, source) = case.split_once('\n').unwrap_or((case, ""));
            let name = title.strip_prefix("method: ").unwrap_or(title);
            // The last case of a file has the file's last line end.
            let source = source.strip_suffix('\n').unwrap_or(source);
            Case {
                name,
                method: name.len() < title.len(),
                source,
            }
        })
        .collect()
}

fn diagnostics(case: &Case<'_>) -> Vec<Diagnostic> {
    if case.method {
        chirp_grammar::parse_method(case.source).diagnostics
    } else {
        chirp_grammar::parse_do_it(case.source).diagnostics
    }
}

const FILES: &[(&str, &str)] = &[
    ("arrays", include_str!("mistakes/arrays.txt")),
    ("brackets", include_str!("mistakes/brackets.txt")),
    ("characters", include_str!("mistakes/characters.txt")),
    ("foreign", include_str!("mistakes/foreign.txt")),
    ("heads", include_str!("mistakes/heads.txt")),
    ("marks", include_str!("mistakes/marks.txt")),
    ("numbers", include_str!("mistakes/numbers.txt")),
    ("quotes", include_str!("mistakes/quotes.txt")),
    ("several", include_str!("mistakes/several.txt")),
    ("values", include_str!("mistakes/values.txt")),
];

#[test]
fn messages() {
    for (name, text) in FILES {
        let mut out = String::new();
        for case in cases(text) {
            out.push_str(&format!("=== {}\n", case.name));
            for diagnostic in diagnostics(&case) {
                out.push_str(&diagnostic.render("example.st", case.source));
                if diagnostic.incomplete {
                    out.push_str("(incomplete)\n");
                }
            }
            out.push('\n');
        }
        insta::assert_snapshot!(*name, out);
    }
}

#[test]
fn every_mistake_has_a_message_of_its_own() {
    let mut count = 0;
    for (file, text) in FILES {
        for case in cases(text) {
            let found = diagnostics(&case);
            assert!(
                !found.is_empty(),
                "{file}: {}: no mistake was found",
                case.name
            );
            for diagnostic in &found {
                assert_ne!(
                    diagnostic.code, "E0100",
                    "{file}: {}: the generic message",
                    case.name
                );
                assert!(diagnostic.help.is_some(), "{file}: {}: no help", case.name);
            }
            count += 1;
        }
    }
    assert!(count >= 100, "only {count} cases");
}

#[test]
fn one_message_for_each_statement() {
    for (file, text) in FILES.iter().filter(|(file, _)| *file != "several") {
        for case in cases(text).iter().filter(|case| !case.source.contains('.')) {
            assert_eq!(diagnostics(case).len(), 1, "{file}: {}", case.name);
        }
    }
}
