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
