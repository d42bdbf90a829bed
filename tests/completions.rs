//! What shells complete on chirp's command line, each asked itself: `tests/setup` installs them.

mod common;

use common::{Folder, out, prints};
use rexpect::session::spawn_command;
use std::process::{Command, Stdio};

/// A shell in a folder with some files; `chirp` is the one that is tested.
fn command(shell: &[&str], folder: &Folder) -> Command {
    for name in ["world.st", "checkers.st", "two words.st", "sub/inner.st"] {
        folder.file(name, "3 + 4");
    }
    let chirp = std::path::Path::new(env!("CARGO_BIN_EXE_chirp"));
    let place = chirp.parent().and_then(|p| p.to_str()).expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(shell[0]);
    command
        .args(&shell[1..])
        .current_dir(folder.path())
        .env("PATH", format!("{place}:{path}"))
        .env("HOME", folder.path())
        .env("TERM", "xterm");
    command
}

/// What is typed, and what stands on the line after a Tab behind it.
const LINES: &[(&str, &str)] = &[
    ("chirp compl", "chirp completions"),
    ("chirp checkers", "chirp checkers.st"),
    ("chirp wor", "chirp world.st"),
    ("chirp world.st w", "chirp world.st world.st"),
    ("chirp check w", "chirp check world.st"),
    ("chirp check two", "chirp check two words.st"),
    ("chirp check sub/i", "chirp check sub/inner.st"),
    ("chirp check --js", "chirp check --json"),
    ("chirp doc --imag", "chirp doc --image"),
    ("chirp --color al", "chirp --color always"),
    ("chirp test --color=al", "chirp test --color=always"),
    ("chirp --load=wor", "chirp --load=world.st"),
    ("chirp completions f", "chirp completions fish"),
    ("chirp explain E029", "chirp explain E0299"),
    ("chirp man compl", "chirp man completions"),
];

/// Types the lines, each with a Tab, and has the shell print what it made of them.
fn completes(shell: &[&str], setup: &str) {
    let folder = Folder::new();
    let command = command(shell, &folder);
    let mut session = spawn_command(command, Some(60_000)).expect("tests/setup installs the shell");
    session
        .send_line(&format!("PS1='> '; {setup}; echo 're'ady"))
        .expect("keys are taken");
    session
        .exp_string("\nready")
        .expect("a shell that is ready");
    for (typed, line) in LINES {
        session.exp_string("> ").expect("a prompt");
        session
            .send(&format!("{typed}\t\x01echo \r"))
            .expect("keys are taken");
        session.flush().expect("keys are taken");
        if let Err(error) = session.exp_string(&format!("\n{line}\r")) {
            panic!("{typed:?} is to become {line:?}: {error}");
        }
    }
    session.send_line(" exit").expect("keys are taken");
    session.exp_eof().expect("the shell ends");
}

#[test]
fn bash_completes() {
    completes(
        &["bash", "--norc", "--noprofile", "-i"],
        "eval \"$(chirp completions bash)\"",
    );
}

#[test]
fn zsh_completes() {
    let setup =
        "autoload -U compinit; compinit -u -D; bindkey -e; eval \"$(chirp completions zsh)\"";
    completes(&["zsh", "-f", "-i"], setup);
}

/// What fish offers: it says so itself, without a terminal.
#[test]
fn fish_completes() {
    let folder = Folder::new();
    let offers = |typed: &str| {
        let script = format!("chirp completions fish | source; complete -C '{typed}'");
        let mut command = command(&["fish", "--no-config", "-c", &script], &folder);
        let output = command.stdin(Stdio::null()).output();
        out(&output.expect("tests/setup installs fish"))
    };
    for (typed, line) in LINES {
        let found = offers(typed);
        let word = line.strip_prefix(typed.rsplit_once(' ').map_or("", |(front, _)| front));
        let word = word.expect("the same beginning").trim_start();
        let first = found.lines().next().and_then(|l| l.split('\t').next());
        assert_eq!(first, Some(word), "{typed}: {found}");
        assert_eq!(found.lines().count(), 1, "{typed}: {found}");
    }
    let both = offers("chirp che");
    assert!(
        both.contains("check\tLook for") && both.contains("checkers.st"),
        "{both}"
    );
    assert_eq!(offers("chirp completions "), "bash\nfish\nzsh\n");
}

/// Several words are offered at once: commands stand beside files.
#[test]
fn bash_lists_what_there_is() {
    let folder = Folder::new();
    let offers = |words: &str, index: usize| {
        let script = format!(
            "eval \"$(chirp completions bash)\"\nCOMP_WORDS=({words})\nCOMP_CWORD={index}\n\
             _chirp chirp \"${{COMP_WORDS[{index}]}}\" \"${{COMP_WORDS[{}]}}\"\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
            index - 1
        );
        let mut command = command(&["bash", "--norc", "-c", &script], &folder);
        out(&command.output().expect("bash starts"))
    };
    let both = offers("chirp che", 1);
    let mut lines: Vec<&str> = both.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["check", "checkers.st"]);
    let files = offers("chirp check ''", 2);
    assert!(
        files.contains("world.st\n") && files.contains("two words.st\n"),
        "{files}"
    );
    assert!(!files.contains("--"), "{files}");
    assert_eq!(offers("chirp --color = al", 3), "always\n");
    assert_eq!(offers("chirp completions ''", 2), "bash\nzsh\nfish\n");
}

/// The options and commands of a page of help.
fn words_of_help(arguments: &[&str]) -> (Vec<String>, Vec<String>) {
    let text = prints(arguments);
    let long = |line: &str| {
        let start = line.find("--")?;
        let word = &line[start..];
        let end = word.find(|c: char| c != '-' && !c.is_ascii_alphanumeric());
        Some(word[..end.unwrap_or(word.len())].to_string())
    };
    let options = text.lines().filter(|l| l.trim_start().starts_with('-'));
    let commands = text.lines().skip_while(|l| *l != "Commands:").skip(1);
    let commands = commands.take_while(|l| !l.is_empty());
    let first = |line: &str| line.split_whitespace().next().map(str::to_string);
    (
        options.filter_map(long).collect(),
        commands.filter_map(first).collect(),
    )
}

#[test]
fn completions_and_manual_know_every_option_and_command() {
    let offers = |words: &[&str]| prints(&[&["completions", "fish", "--"], words].concat());
    let (options, commands) = words_of_help(&["--help"]);
    assert!(
        options.len() > 12 && commands.len() > 7,
        "{options:?} {commands:?}"
    );
    let manual = prints(&["man"]).replace("\\-", "-");
    let offered = offers(&["-"]);
    for option in &options {
        assert!(manual.contains(option.as_str()), "{option} in the manual");
        assert!(offered.contains(&format!("{option}\t")), "{option}");
    }
    let offered = offers(&[""]);
    for command in commands.iter().filter(|c| *c != "help") {
        assert!(manual.contains(&format!("chirp-{command}")), "{command}");
        assert!(offered.contains(&format!("{command}\t")), "{command}");
        let page = prints(&["man", command]).replace("\\-", "-");
        let offered = offers(&[command, "-"]);
        for option in words_of_help(&[command, "--help"]).0 {
            assert!(page.contains(&option), "{command} {option} in the manual");
            assert!(
                offered.contains(&format!("{option}\t")),
                "{command} {option}"
            );
        }
    }
}
