//! `chirp man`: pages of the manual, from the definition of the options.
//!
//! Only writes; installs nothing.

use super::exit;
use clap::Command;

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

/// Writes a page of the manual: that of a subcommand, or of the whole; answers the exit code.
pub fn manual(command: Command, subcommand: Option<&str>) -> i32 {
    let mut command = command.disable_help_subcommand(true);
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
                let message =
                    format!("error: there is no command {name}; the commands are {known}\n");
                super::complain(&message);
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
