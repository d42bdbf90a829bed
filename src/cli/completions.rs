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

/// What the page of the whole says behind the options.
const SURROUNDINGS: &str = r".SH FILES
.TP
\fI$XDG_CONFIG_HOME/chirp/init.st\fR
Run before the first prompt, if it is there; \fB\-\-no\-init\fR leaves it out.
.TP
\fI$XDG_STATE_HOME/chirp/history\fR
What was typed at the prompt, but for entries that begin with a blank.
.SH ENVIRONMENT
.TP
\fBXDG_CONFIG_HOME\fR, \fBXDG_STATE_HOME\fR
Folders of the files above. Where they are not set, or no absolute paths: \fI~/.config\fR and \fI~/.local/state\fR.
.TP
\fBHOME\fR
The folder that \fI~\fR means.
.TP
\fBNO_COLOR\fR
If it is not empty, nothing is coloured unless \fB\-\-color\fR wants it.
.TP
\fBCLICOLOR_FORCE\fR
If it is not empty, colours go to what is no terminal as well.
.TP
\fBTERM\fR
A terminal that is \fIdumb\fR gets no colours, and its prompt no editing.
";

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
    let surroundings = match subcommand {
        None => SURROUNDINGS,
        Some(_) => "",
    };
    let mut text = Vec::new();
    match clap_mangen::Man::new(command).render(&mut text) {
        Ok(()) => super::put(&(String::from_utf8_lossy(&text) + surroundings)),
        Err(_) => exit::INTERNAL,
    }
}

/// The definition with its help texts as sentences of their own, not broken for a terminal.
fn spoken(command: Command) -> Command {
    command.disable_help_subcommand(true)
}
