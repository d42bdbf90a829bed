//! The options of the command line, and what they ask for.
//!
//! Only reads them: nothing is run here.

use super::app::App;
use super::permissions::Allowed;
use super::quantities::{parse_count, parse_duration, parse_size};
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  n    the program said `Smalltalk exit: n`
  1    an error that nobody handled; a test that failed
  2    wrong usage, or a file that cannot be read
  65   source that does not compile
  70   a mistake in chirp itself: please report it
  124  a limit was reached (--fuel, --memory, --timeout)
  130  interrupted (Ctrl-C); 143 terminated; 129 hung up";

const USAGE: &str = "\
chirp [OPTIONS] FILE [ARGS]...
       chirp [OPTIONS] (-e CODE | -p CODE)... [ARGS]...
       chirp [OPTIONS] COMMAND ...
       chirp [OPTIONS]";

/// A Smalltalk in one small binary.
#[derive(Debug, Parser)]
#[command(name = "chirp", version, override_usage = USAGE, after_help = EXIT_CODES)]
pub struct Args {
    /// Evaluate CODE; several -e and -p run one after the other and share their variables
    #[arg(
        short,
        long = "eval",
        value_name = "CODE",
        allow_hyphen_values = true,
        id = "eval"
    )]
    evaluated: Vec<String>,

    /// Evaluate CODE and print the value of its last statement
    #[arg(
        short,
        long = "print",
        value_name = "CODE",
        allow_hyphen_values = true,
        id = "print"
    )]
    printed: Vec<String>,

    /// What -e and -p gave, in their order.
    #[arg(skip)]
    pub code: Vec<Code>,

    /// Stay at the prompt after FILE, -e or -p; their variables are there
    #[arg(short, long)]
    pub interactive: bool,

    /// Do not read the prompt's start-up file, $XDG_CONFIG_HOME/chirp/init.st
    #[arg(long)]
    pub no_init: bool,

    /// Load a package, a folder of packages, a repository with .project, or a file; several are loaded together
    #[arg(long, value_name = "PATH", global = true)]
    pub load: Vec<PathBuf>,

    /// Read the class library from DIR and not from the executable
    #[arg(long, value_name = "DIR", global = true)]
    pub image: Option<PathBuf>,

    /// Colours in messages and at the prompt
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: Color,

    /// Stop after about N steps, at the prompt in each entry: 1000000, 1e6, 10M
    #[arg(long, value_name = "N", global = true, help_heading = "Limits", allow_hyphen_values = true, value_parser = parse_count)]
    pub fuel: Option<u64>,

    /// Stop when more memory is needed: 500k, 64M, 2G
    #[arg(long, value_name = "SIZE", global = true, help_heading = "Limits", allow_hyphen_values = true, value_parser = parse_size)]
    pub memory: Option<usize>,

    /// Stop after this time, at the prompt in each entry: 10 (seconds), 0.5, 250ms
    #[arg(long, value_name = "SECONDS", global = true, help_heading = "Limits", allow_hyphen_values = true, value_parser = parse_duration)]
    pub timeout: Option<Duration>,

    /// Nothing but computation: no files, no network, no other programs, except what --allow-… permits
    #[arg(long, global = true)]
    pub sandbox: bool,

    #[command(subcommand)]
    pub command: Option<Command>,

    /// The program's file (`-` is standard input) and the arguments it gets as `Smalltalk
    /// arguments`; without a file, the prompt, or standard input if that is no terminal
    #[arg(value_name = "FILE [ARGS]", trailing_var_arg = true, value_hint = ValueHint::AnyPath)]
    pub rest: Vec<OsString>,

    // The last: its heading holds for what stands behind it.
    #[command(flatten)]
    pub allowed: Allowed,
}

/// A piece of code from the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    pub text: String,
    /// Whether its value is to be printed.
    pub print: bool,
    /// What messages call it: `-e`, or `-e(2)` where there are several.
    pub name: String,
}

/// The definition of the options, for this command.
pub fn command(app: &App) -> clap::Command {
    let name = app.name.as_str();
    Args::command()
        .name(name.to_string())
        .bin_name(name)
        .version(app.version.clone())
        .about(app.about.clone())
        .override_usage(USAGE.replace("chirp", name))
}

impl Args {
    /// Nothing to run was given, and somebody sits at the terminal.
    pub fn wants_prompt(&self) -> bool {
        let nothing = self.code.is_empty() && self.rest.is_empty();
        nothing && (self.interactive || std::io::stdin().is_terminal())
    }

    /// Reads the options of a command line, the command's own name first.
    pub fn read(
        mut command: clap::Command,
        command_line: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Args, clap::Error> {
        let matches = command.try_get_matches_from_mut(command_line)?;
        let mut args = Args::from_arg_matches(&matches).map_err(|e| e.format(&mut command))?;
        args.code = args.code_in_order(&matches);
        if !args.code.is_empty() && args.command.is_some() {
            let message = "a command takes no code from -e or -p before it; if the word is an \
                           argument of the program, write -- before it";
            let kind = clap::error::ErrorKind::ArgumentConflict;
            return Err(command.error(kind, message));
        }
        Ok(args)
    }

    fn code_in_order(&self, matches: &ArgMatches) -> Vec<Code> {
        let given = |id: &str, texts: &[String], print: bool| -> Vec<(usize, String, bool)> {
            let places = matches.indices_of(id).into_iter().flatten();
            let pairs = places.zip(texts.iter().cloned());
            pairs.map(|(place, text)| (place, text, print)).collect()
        };
        let mut all = given("eval", &self.evaluated, false);
        all.extend(given("print", &self.printed, true));
        all.sort();
        let one = all.len() == 1;
        all.into_iter()
            .enumerate()
            .map(|(i, (_, text, print))| {
                let option = if print { "-p" } else { "-e" };
                let name = if one {
                    option.to_string()
                } else {
                    format!("{option}({})", i + 1)
                };
                Code { text, print, name }
            })
            .collect()
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look for mistakes without running anything
    Check(super::check::Options),
    /// Run tests, and try the examples in comments: (3 max: 4) >>> 4
    Test(super::test::Options),
    /// Show what a class, a method or a selector is for
    Doc {
        /// Class, Class class, Class>>selector, selector; packages come with --load
        #[arg(value_name = "NAME")]
        what: String,
    },
    /// Show the bytecode of a file, of code, or of a method
    Dis(super::dis::Options),
    /// Say what an error code means, with a wrong and a right example
    Explain {
        /// Such as E0108; without one, all of them are listed
        #[arg(value_name = "CODE")]
        code: Option<String>,
    },
    /// Write what a shell needs to complete chirp's words
    Completions {
        #[arg(value_name = "SHELL")]
        shell: super::completions::Shell,
        /// Offer something for the last of these words: what the shell's script asks for
        #[arg(last = true, hide = true)]
        words: Vec<OsString>,
    },
    /// Write the manual page, in man's own format
    Man {
        /// The page of this command and not of chirp
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// At a terminal, unless NO_COLOR is set or TERM is dumb
    Auto,
    Always,
    Never,
}

impl Color {
    /// Whether to colour what goes to a stream that is a terminal or not.
    /// `plain` and `force` are what the variables NO_COLOR and TERM, and CLICOLOR_FORCE say.
    pub fn wanted(self, is_terminal: bool, plain: bool, force: bool) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !plain && (is_terminal || force),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Args {
        Args::read(Args::command(), std::iter::once(&"chirp").chain(arguments)).unwrap()
    }

    fn is_refused(arguments: &[&str]) -> bool {
        Args::read(Args::command(), std::iter::once(&"chirp").chain(arguments)).is_err()
    }

    /// Names and texts of the code given.
    fn code(arguments: &[&str]) -> Vec<(String, String)> {
        let code = read(arguments).code;
        code.into_iter().map(|c| (c.name, c.text)).collect()
    }

    #[test]
    fn the_definition_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn what_stands_behind_the_file_belongs_to_the_program() {
        let args = read(&["--fuel", "9", "a.st", "--fuel", "-e", "x", "--version"]);
        assert_eq!(args.rest, ["a.st", "--fuel", "-e", "x", "--version"]);
        assert_eq!((args.fuel, args.code.len()), (Some(9), 0));
        assert_eq!(read(&["-", "-x"]).rest, ["-", "-x"]);
        assert_eq!(read(&["-e", "1", "a", "-e", "2"]).rest, ["a", "-e", "2"]);
        assert_eq!(read(&["--", "-x.st", "-y"]).rest, ["-x.st", "-y"]);
        assert_eq!(read(&["--", "test", "a"]).rest, ["test", "a"]);
    }

    #[test]
    fn code_keeps_its_order() {
        let named = |name: &str, text: &str| (name.to_string(), text.to_string());
        assert_eq!(code(&["-p", "-7 abs"]), [named("-p", "-7 abs")]);
        assert_eq!(
            code(&["-e", "a := 1", "-p", "a", "-e", "b := 2"]),
            [
                named("-e(1)", "a := 1"),
                named("-p(2)", "a"),
                named("-e(3)", "b := 2")
            ]
        );
    }

    #[test]
    fn subcommands() {
        assert!(matches!(
            read(&["check", "a"]).command,
            Some(Command::Check(_))
        ));
        assert!(matches!(read(&["test"]).command, Some(Command::Test(_))));
        assert_eq!(read(&["a.st", "check"]).rest, ["a.st", "check"]);
        let args = read(&["--fuel", "9", "test", "--memory", "64M", "a"]);
        assert!(matches!(args.command, Some(Command::Test(_))));
        assert_eq!((args.fuel, args.memory), (Some(9), Some(64 << 20)));
    }

    #[test]
    fn wrong_usage_is_refused() {
        assert!(is_refused(&["--bogus"]));
        assert!(is_refused(&["check"]));
        assert!(is_refused(&["-e", "1", "check", "a"]));
        assert!(is_refused(&["-e"]));
        assert!(is_refused(&["--fuel", "1.5"]));
        assert!(is_refused(&["--fuel", "1e30"]));
        assert!(is_refused(&["--memory", "64X"]));
        assert!(is_refused(&["--memory", "99999999999999G"]));
        assert!(is_refused(&["--timeout", "-1"]));
        assert!(is_refused(&["--timeout", "soon"]));
    }

    #[test]
    fn colours() {
        assert!(Color::Auto.wanted(true, false, false));
        assert!(!Color::Auto.wanted(true, true, true));
        assert!(!Color::Auto.wanted(false, false, false));
        assert!(Color::Auto.wanted(false, false, true));
        assert!(Color::Always.wanted(false, true, false));
        assert!(!Color::Never.wanted(true, false, true));
    }
}
