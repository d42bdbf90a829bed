//! `chirp completions`: what a shell offers behind the words of a command line.
//!
//! The script that a shell is given asks the command itself at each Tab, and so there is one answer for all shells, from
//! the definition of the options. Only words are looked at here: files are the shell's business. (What `clap_complete`
//! writes takes the arguments of a script for commands in zsh, and offers no files beside commands; its form that asks
//! the command is not stable yet.)

use crate::tools::explain;
use clap::{Arg, Command, ValueHint};
use std::ffi::OsString;

/// The shells that are known.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// The line that stands for all files.
const FILES: &str = "/";

/// Writes a shell's script, or what to offer for the last of these words; answers the exit code.
pub fn completions(command: Command, shell: Shell, words: &[OsString]) -> i32 {
    let mut command = command.disable_help_subcommand(true);
    if words.is_empty() {
        return super::put(&script(shell).replace("NAME", command.get_name()));
    }
    command.build();
    let words = words.iter().map(|w| w.to_string_lossy().into_owned());
    let mut words: Vec<String> = words.collect();
    if matches!(shell, Shell::Bash) {
        words = joined(words);
    }
    let offer = offered(&command, &words);
    let lines = offer.iter().map(|o| o.line(shell));
    super::put(&lines.collect::<String>())
}

/// What is asked for at each Tab is written behind `--`.
fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("completions/bash"),
        Shell::Zsh => include_str!("completions/zsh"),
        Shell::Fish => include_str!("completions/fish"),
    }
}

/// The words as they were typed: Bash takes them apart at `=` and `:`.
fn joined(words: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut goes_on = false;
    for word in words {
        let is_break = !word.is_empty() && word.chars().all(|c| "=:".contains(c));
        match all.last_mut() {
            Some(last) if goes_on || is_break => last.push_str(&word),
            _ => all.push(word),
        }
        goes_on = is_break;
    }
    all
}

/// Something to offer.
#[derive(Debug, PartialEq)]
enum Offer {
    Files,
    Word {
        /// `--color=`, in front of a value.
        option: String,
        word: String,
        help: String,
    },
}

impl Offer {
    fn word(word: impl Into<String>, help: impl Into<String>) -> Offer {
        Offer::Word {
            option: String::new(),
            word: word.into(),
            help: help.into(),
        }
    }

    /// As the shell's script reads it. Bash replaces only what stands behind `=`.
    fn line(&self, shell: Shell) -> String {
        match (self, shell) {
            (Offer::Files, _) => format!("{FILES}\n"),
            (Offer::Word { word, .. }, Shell::Bash) => format!("{word}\n"),
            (Offer::Word { option, word, help }, Shell::Zsh) => {
                format!("{}:{help}\n", (option.clone() + word).replace(':', "\\:"))
            }
            (Offer::Word { option, word, help }, Shell::Fish) => {
                format!("{option}{word}\t{help}\n")
            }
        }
    }
}

/// What may stand in the place of the last word.
fn offered(command: &Command, words: &[String]) -> Vec<Offer> {
    let Some((word, before)) = words.split_last() else {
        return Vec::new();
    };
    let mut at = command;
    let mut option = None;
    let mut operands = 0;
    // From here on nothing is an option or a command.
    let mut plain = false;
    for word in before {
        if option.take().is_some() {
            continue;
        }
        if !plain && word == "--" {
            plain = true;
        } else if !plain && is_option(word) {
            option = awaiting(at, word);
        } else if let Some(inner) = subcommand(at, word).filter(|_| !plain && operands == 0) {
            at = inner;
        } else {
            operands += 1;
            // What stands behind a program belongs to it.
            plain |= at.get_positionals().any(Arg::is_trailing_var_arg_set);
        }
    }
    let (mut found, start) = if let Some(option) = option {
        (values(command, at, option), &**word)
    } else if plain || !word.starts_with('-') {
        let is_list = |o: &&Arg| o.get_num_args().is_some_and(|n| n.max_values() > 1);
        let last = at.get_positionals().last().filter(is_list);
        let operand = at.get_positionals().nth(operands).or(last);
        let mut found = operand.map_or_else(Vec::new, |o| values(command, at, o));
        if !plain && operands == 0 {
            found.extend(commands(at));
        }
        (found, &**word)
    } else if let Some((name, value)) = word.split_once('=') {
        let named = long(at, name).map_or_else(Vec::new, |o| values(command, at, o));
        let within = named.into_iter().map(|offer| match offer {
            Offer::Word { word, help, .. } => Offer::Word {
                option: format!("{name}="),
                word,
                help,
            },
            Offer::Files => Offer::Files,
        });
        (within.collect(), value)
    } else {
        (options(at), &**word)
    };
    found.retain(|offer| match offer {
        Offer::Word { word, .. } => word.starts_with(start),
        Offer::Files => true,
    });
    found
}

fn is_option(word: &str) -> bool {
    word.starts_with('-') && word != "-"
}

fn subcommand<'a>(at: &'a Command, word: &str) -> Option<&'a Command> {
    at.get_subcommands().find(|c| c.get_name() == word)
}

fn long<'a>(at: &'a Command, word: &str) -> Option<&'a Arg> {
    let name = word.strip_prefix("--")?;
    at.get_arguments().find(|o| o.get_long() == Some(name))
}

/// The option that has its value in the next word.
fn awaiting<'a>(at: &'a Command, word: &str) -> Option<&'a Arg> {
    let takes = |o: &&Arg| o.get_action().takes_values() && !o.is_require_equals_set();
    if word.starts_with("--") {
        return long(at, word).filter(takes);
    }
    // `-ie CODE`, but `-eCODE`.
    let short = |c| at.get_arguments().find(|o| o.get_short() == Some(c));
    let mut letters = word.chars().skip(1);
    let option = letters.by_ref().filter_map(short).find(takes);
    option.filter(|_| letters.next().is_none())
}

/// What an option or an operand may be.
fn values(command: &Command, at: &Command, arg: &Arg) -> Vec<Offer> {
    match (at.get_name(), arg.get_id().as_str()) {
        ("explain", "code") => {
            return explain::all()
                .map(|e| Offer::word(e.code, e.title))
                .collect();
        }
        ("man", "command") => return commands(command).collect(),
        _ => {}
    }
    let known = arg.get_possible_values();
    let known = known.iter().map(|v| {
        let help = v.get_help().map(ToString::to_string);
        Offer::word(v.get_name(), help.unwrap_or_default())
    });
    let files = matches!(
        arg.get_value_hint(),
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath
    );
    known.chain(files.then_some(Offer::Files)).collect()
}

fn commands(at: &Command) -> impl Iterator<Item = Offer> {
    at.get_subcommands().map(|c| {
        let help = c.get_about().map(ToString::to_string);
        Offer::word(c.get_name(), help.unwrap_or_default())
    })
}

fn options(at: &Command) -> Vec<Offer> {
    let mut found = Vec::new();
    for option in at.get_arguments().filter(|o| !o.is_hide_set()) {
        let help = option
            .get_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let short = option.get_short().map(|c| format!("-{c}"));
        let long = option.get_long().map(|name| format!("--{name}"));
        found.extend(short.into_iter().chain(long).map(|o| Offer::word(o, &help)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args;

    /// What is offered, the words only, for what was typed up to the bar.
    fn offers(typed: &str) -> Vec<String> {
        let mut command =
            args::command(&crate::cli::App::new("chirp")).disable_help_subcommand(true);
        command.build();
        let words: Vec<String> = typed.split(' ').map(str::to_string).collect();
        let name = |offer| match offer {
            Offer::Files => FILES.to_string(),
            Offer::Word { option, word, .. } => option + &word,
        };
        offered(&command, &words).into_iter().map(name).collect()
    }

    #[test]
    fn commands_stand_beside_files_and_only_in_front() {
        assert_eq!(offers("che"), [FILES, "check"]);
        assert_eq!(offers("--fuel 9 che"), [FILES, "check"]);
        assert_eq!(offers("x.st che"), [FILES]);
        assert_eq!(offers("-- che"), [FILES]);
        assert_eq!(offers("-e 3 x.st --co"), [FILES]);
        assert_eq!(offers("check a.st b"), [FILES]);
        assert_eq!(offers("man che"), ["check"]);
        assert!(offers("man check ").is_empty());
    }

    #[test]
    fn options_are_those_of_the_command() {
        assert!(offers("--de").is_empty());
        assert_eq!(offers("check --de"), ["--deny-warnings"]);
        assert_eq!(offers("test a.st --ju"), ["--junit"]);
        assert!(offers("doc -").contains(&"--load".to_string()));
        assert!(offers("-").contains(&"-e".to_string()));
    }

    #[test]
    fn values_are_known_or_files() {
        assert_eq!(offers("--color a"), ["auto", "always"]);
        assert_eq!(offers("doc --color=n"), ["--color=never"]);
        assert_eq!(offers("--load="), [FILES]);
        assert_eq!(offers("--allow-read="), [FILES]);
        assert_eq!(offers("check --image "), [FILES]);
        assert_eq!(offers("completions "), ["bash", "zsh", "fish"]);
        assert_eq!(offers("explain E0108"), ["E0108"]);
        for free in [
            "-e ",
            "-ie ",
            "--eval ",
            "--fuel 1",
            "test --filter ",
            "doc Se",
        ] {
            assert!(offers(free).is_empty(), "{free}");
        }
        assert_eq!(offers("-e3 che"), [FILES, "check"]);
    }

    #[test]
    fn bash_takes_words_apart() {
        let words = |typed: &str| typed.split(' ').map(str::to_string).collect::<Vec<_>>();
        let apart = words("--allow-net = host : 80 --color =");
        assert_eq!(joined(apart), ["--allow-net=host:80", "--color="]);
        assert_eq!(joined(words("--color = al")), ["--color=al"]);
    }
}
