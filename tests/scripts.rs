//! Scripts as programs: loading other files, where they end, what they know of themselves, the order of what they
//! write.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with files, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn with(name: &str, files: &[(&str, &str)]) -> Folder {
        let folder =
            std::env::temp_dir().join(format!("chirp-scripts-{}-{name}", std::process::id()));
        for (path, text) in files {
            let file = folder.join(path);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(file, text).expect("a file");
        }
        Folder(folder)
    }

    /// Exit code, and what came on both channels into one pipe.
    fn run(&self, at: &Path, args: &[&str]) -> (i32, String) {
        let chirp = env!("CARGO_BIN_EXE_chirp");
        let output = Command::new("timeout")
            .args(["60", "sh", "-c", "exec \"$@\" 2>&1", "sh", chirp])
            .args(args)
            .current_dir(at)
            .output()
            .expect("chirp runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code().unwrap_or(-1), text)
    }

    fn prints(&self, args: &[&str]) -> String {
        let (code, text) = self.run(&self.0, args);
        assert_eq!(code, 0, "{text}");
        text
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn other_files_are_required_once_and_from_beside_the_file_that_asks() {
    let folder = Folder::with(
        "require",
        &[
            (
                "main.st",
                "(Smalltalk require: 'lib/a.st') printNl. (Smalltalk require: './lib/../lib/a.st') printNl.\n[ Smalltalk require: 'lib/b.st' ] value printNl. LibA b printNl",
            ),
            (
                "lib/a.st",
                "Smalltalk require: 'b.st'.\nObject subclass: LibA [ LibA class >> b [ ^ LibB name ] ]",
            ),
            // It asks for the one that asks for it.
            (
                "lib/b.st",
                "Object subclass: #LibB. (Smalltalk require: 'a.st') printNl",
            ),
        ],
    );
    let expected = "false\ntrue\nfalse\nfalse\n#LibB\n";
    assert_eq!(folder.prints(&["main.st"]), expected);
    let main = folder.0.join("main.st");
    let (code, text) = folder.run(Path::new("/"), &[&main.to_string_lossy()]);
    assert_eq!((code, text.as_str()), (0, expected));
    let code = "(Smalltalk require: 'lib/b.st') printNl";
    assert_eq!(folder.prints(&["-e", code]), "true\ntrue\n");
}

#[test]
fn what_cannot_be_required_says_why_and_can_be_asked_for_again() {
    let folder = Folder::with(
        "refused",
        &[("bad.st", "3 +"), ("fails.st", "self error: 'at work'")],
    );
    let twice = |path: &str| {
        let once =
            format!("[ Smalltalk require: '{path}' ] on: Error do: [ :e | e class printNl ]. ");
        folder.prints(&["-e", &once.repeat(2)])
    };
    assert_eq!(twice("bad.st"), "SyntaxErrorNotification\n".repeat(2));
    assert_eq!(twice("fails.st"), "Error\n".repeat(2));
    assert_eq!(twice("none.st"), "FileDoesNotExistException\n".repeat(2));
    let (code, text) = folder.run(&folder.0, &["-e", "Smalltalk require: 'none.st'"]);
    assert_eq!(code, 1);
    assert!(
        text.contains("none.st: No such file or directory"),
        "{text}"
    );
    let (code, text) = folder.run(&folder.0, &["-e", "Smalltalk require: 'fails.st'"]);
    assert_eq!(code, 1);
    assert!(text.starts_with("error: Error: at work\n"), "{text}");
    assert!(text.contains("fails.st:1:6"), "{text}");
}

#[test]
fn packages_are_required_as_well() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages/tonel");
    let folder = Folder::with("packages", &[]);
    std::fs::create_dir_all(&folder.0).expect("a folder");
    let code = format!(
        "2 timesRepeat: [ (Smalltalk require: '{}') printNl ]",
        shop.display()
    );
    assert_eq!(folder.prints(&["-e", &code]), "true\nfalse\n");
}

#[test]
fn a_return_ends_the_script() {
    let folder = Folder::with(
        "return",
        &[
            (
                "main.st",
                "'one' displayNl.\n(Smalltalk require: 'other.st') printNl.\n#(1 2) do: [ :each | ^ each ].\n'never' displayNl",
            ),
            ("other.st", "'two' displayNl. ^ 3. 'never' displayNl"),
        ],
    );
    assert_eq!(folder.prints(&["main.st"]), "one\ntwo\ntrue\n");
    assert_eq!(folder.prints(&["-p", "^ 6 * 7. 3"]), "42\n");
    let ensured = "[ ^ 5 ] ensure: [ 'last' displayNl ]. 'never' displayNl";
    assert_eq!(folder.prints(&["-e", ensured]), "last\n");
}

#[test]
fn a_script_knows_itself_and_its_arguments() {
    let text = "#!/usr/bin/env chirp\nSmalltalk scriptPath displayNl. FileLocator script resolve basename displayNl.\n\
                (FileLocator script resolve parent / 'data.txt') contents displayNl. Smalltalk arguments printNl";
    let folder = Folder::with("itself", &[("bin/tool.st", text), ("bin/data.txt", "data")]);
    let expected = "bin/tool.st\ntool.st\ndata\n#('-e' 'two words' '--' '--fuel')\n";
    let arguments = ["bin/tool.st", "-e", "two words", "--", "--fuel"];
    assert_eq!(folder.prints(&arguments), expected);
}

#[test]
fn both_channels_keep_the_order_in_one_pipe() {
    let text = "Transcript show: 'one'; cr. Stdio stderr << 'two'; lf. Stdio stdout << 'three'; lf.\n\
                'four' displayNl. Stdio stderr << 'five'; lf. [ self error: 'six' ] fork. Processor yield.\n\
                Transcript show: 'seven'; cr. Stdio stdout << 'eight'. Stdio stderr << 'nine'; lf. self error: 'ten'";
    let folder = Folder::with("order", &[("main.st", text)]);
    let (code, text) = folder.run(&folder.0, &["main.st"]);
    assert_eq!(code, 1);
    let words = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    let places: Vec<usize> = words
        .map(|w| text.find(w).unwrap_or_else(|| panic!("{w} in {text}")))
        .to_vec();
    assert!(places.is_sorted(), "{text}");
}
