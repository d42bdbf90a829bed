//! `chirp completions` and `chirp man`: what shells and `man` know of the options, from their definition.
//!
//! Only writes; installs nothing.

use super::exit;
use clap::Command;
use clap_complete::aot::{Bash, Fish, Generator, Zsh};

/// The shells that are known.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Writes the completions for a shell; answers the exit code.
pub fn completions(command: Command, shell: Shell) -> i32 {
    let mut text = Vec::new();
    let mut command = spoken(command);
    let name = command.get_name().to_string();
    let mut write = |generator: &dyn Fn(&mut Command, &str, &mut Vec<u8>)| {
        generator(&mut command, &name, &mut text);
    };
    fn by<G: Generator>(g: G, command: &mut Command, name: &str, text: &mut Vec<u8>) {
        clap_complete::aot::generate(g, command, name, text);
    }
    match shell {
        Shell::Bash => write(&|c, n, t| by(Bash, c, n, t)),
        Shell::Zsh => write(&|c, n, t| by(Zsh, c, n, t)),
        Shell::Fish => write(&|c, n, t| by(Fish, c, n, t)),
    }
    super::put(&String::from_utf8_lossy(&text))
}

/// Writes a page of the manual: that of a subcommand, or of the whole; answers the exit code.
pub fn manual(command: Command, subcommand: Option<&str>) -> i32 {
    let mut command = spoken(command);
    command.build();
    if let Some(name) = subcommand {
        match command.find_subcommand(name) {
            // Pages are called like git's: chirp-check.
            Some(found) => {
                let title = format!("{}-{name}", command.get_name());
                command = found.clone().name(title);
            }
            None => {
                let known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
                let known = known.join(", ");
                eprintln!("error: there is no command {name}; the commands are {known}");
                return exit::USAGE;
            }
        }
    }
    let mut text = Vec::new();
    match clap_mangen::Man::new(command).render(&mut text) {
        Ok(()) => super::put(&String::from_utf8_lossy(&text)),
        Err(_) => exit::INTERNAL,
    }
}

/// The definition with its help texts as sentences of their own, not broken for a terminal.
fn spoken(command: Command) -> Command {
    command.disable_help_subcommand(true)
}
