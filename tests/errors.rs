//! What a person sees when a program fails: one snapshot for each script in `tests/errors`.

#![cfg(feature = "cli")]

use std::path::Path;
use std::process::Command;

/// Runs a script from its own folder; answers all that it printed and its exit code.
fn run(folder: &Path, script: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_chirp"))
        .current_dir(folder)
        .arg(script)
        .output()
        .expect("chirp runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{}--- stderr\n{}--- exit code {}\n",
        text(&output.stdout),
        uncounted(&text(&output.stderr)),
        output.status.code().expect("an exit code, not a signal")
    )
}

/// How deep the stack can be, and how many frames the library needs for something, no report
/// promises.
fn uncounted(text: &str) -> String {
    let line = |line: &str| {
        let (count, what) = match line
            .strip_prefix("  … ")
            .and_then(|l| l.split_once(" frame"))
        {
            Some(parts) => parts,
            None => return format!("{line}\n"),
        };
        match what.trim_start_matches('s') {
            " in the library" => "  … frames in the library\n".to_string(),
            "" if count.len() > 4 => "  … many frames\n".to_string(),
            _ => format!("{line}\n"),
        }
    };
    text.lines().map(line).collect()
}

#[test]
fn reports() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let mut scripts: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder of scripts")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".st"))
        .collect();
    scripts.sort();
    assert!(!scripts.is_empty());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for script in &scripts {
            let name = script.trim_end_matches(".st");
            insta::assert_snapshot!(name, run(&folder, script));
        }
    });
}

/// A program, options, and where the topmost frame that is not the library's must be.
const PLACES: &[(&str, &str, &str)] = &[
    // What is no Boolean is told where it decides.
    (
        "'a' size printNl.\nx := 3.\n\n\nx ifTrue: [ 4 ]",
        "",
        "script  -e:5:3",
    ),
    (
        "x := nil.\n\n\n[ x ] whileTrue: [ 3 ]",
        "",
        "script  -e:4:7",
    ),
    ("x := nil.\n'a' size.\n[ ] whileTrue", "", "script  -e:3:5"),
    (
        "(false or: 3) printNl. (nil and: [ 3 ]) printNl",
        "",
        "script  -e:1:29",
    ),
    (
        "'a' size.\n(true and: [ nil ])\n ifTrue: [ 3 ]",
        "",
        "script  -e:2:7",
    ),
    (
        "x := 3. y := [ :a | 'a' size.\n a ifTrue: [ 3 ] ].\ny value: 3",
        "",
        "[] in script  -e:2:4",
    ),
    // A return to nowhere where it is.
    (
        "Object subclass: M [ m [ ^ [ :x |\n x yourself.\n x printString.\n\n ^ x ] ] ]\nM new m value: 3",
        "",
        "[] in M>>m  -e:5:2",
    ),
    // Objects that the compiler makes where they have no room.
    (
        "'start' size.\nx := nil.\n\n[ true ] whileTrue: [ x := { x. x } ]",
        "--memory 20M",
        "script  -e:4:28",
    ),
    (
        "'start' size.\nx := nil.\n\n[ true ] whileTrue: [ | y | y := x. x := [ y ] ]",
        "--memory 20M",
        "script  -e:4:42",
    ),
    (
        "'start' size.\nx := nil.\n\n[ true ] whileTrue: [ | y |\n y := x.\n x := [ y := 3. y ] ]",
        "--memory 20M",
        "script  -e:6:7",
    ),
    // Loops that are stopped, with sends and without.
    (
        "3 yourself.\n\n[ true ] whileTrue: [ ]",
        "--fuel 100k",
        "script  -e:3:10",
    ),
    (
        "3 yourself.\n\n[ 3 + 4 ]\n repeat",
        "--fuel 100k",
        "script  -e:3:",
    ),
    (
        "3 yourself.\n\n1 to: 1000000 do: [ :i |\n ]",
        "--fuel 100k",
        "script  -e:3:3",
    ),
    (
        "a := 1. 3 yourself.\n\n[ a >= 1 ] whileTrue: [ ]",
        "--fuel 100k",
        "script  -e:3:3",
    ),
];

#[test]
fn errors_and_stops_are_told_where_they_happen() {
    for (source, options, place) in PLACES {
        let output = Command::new(env!("CARGO_BIN_EXE_chirp"))
            .args(options.split_whitespace())
            .args(["--timeout", "60", "-e", source])
            .output()
            .expect("chirp runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let mut frames = told
            .lines()
            .skip(1)
            .filter(|line| line.starts_with("  ") && !line.starts_with("  …"));
        let first = frames.next().unwrap_or_default().trim_start();
        assert!(first.starts_with(place), "{source}\n{told}");
    }
}
