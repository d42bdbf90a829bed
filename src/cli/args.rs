//! The options of the command line, and what they ask for.
//!
//! Only reads them: nothing is run here.

use clap::{Parser, Subcommand, ValueEnum};
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

/// A Smalltalk in one small binary.
#[derive(Debug, Parser)]
#[command(name = "chirp", version, after_help = EXIT_CODES, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// Evaluate CODE; several -e run one after the other and share their variables
    #[arg(short, long = "eval", value_name = "CODE", conflicts_with = "print")]
    pub eval: Vec<String>,

    /// Evaluate CODE and print the value of its last statement
    #[arg(short, long, value_name = "CODE")]
    pub print: Option<String>,

    /// Nothing but computation: no files, no network, no other programs
    #[arg(long)]
    pub sandbox: bool,

    /// Stop after about N steps
    #[arg(long, value_name = "N")]
    pub fuel: Option<u64>,

    /// Stop when more memory is needed: 500k, 64M, 2G
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub memory: Option<usize>,

    /// Stop after this time: 10 (seconds), 0.5, 250ms
    #[arg(long, value_name = "SECONDS", value_parser = parse_duration)]
    pub timeout: Option<Duration>,

    /// Read the class library from DIR and not from the executable
    #[arg(long, value_name = "DIR")]
    pub image: Option<PathBuf>,

    /// Colours in messages and at the prompt
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,

    #[command(subcommand)]
    pub command: Option<Command>,

    /// The program's file (`-` is standard input) and the arguments it gets as `Smalltalk
    /// arguments`; without a file, the prompt, or standard input if that is no terminal
    #[arg(value_name = "FILE [ARGS]", trailing_var_arg = true)]
    pub rest: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look for mistakes without running anything
    Check {
        /// Files, and folders with .st files
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Try the examples in comments: (3 max: 4) >>> 4
    Test {
        /// Files, and folders with .st files; without any, the class library
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// At a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

impl Color {
    /// Whether to colour what goes to a stream that is a terminal or not.
    /// `no_color` and `force` are the variables NO_COLOR and CLICOLOR_FORCE being set.
    pub fn wanted(self, is_terminal: bool, no_color: bool, force: bool) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !no_color && (is_terminal || force),
        }
    }
}

/// `500k`, `64M`, `2G`, or a number of bytes.
fn parse_size(text: &str) -> Result<usize, String> {
    let wrong = || "a size is a number with k, M or G behind it, such as 64M".to_string();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return Err(wrong()),
    };
    let number: usize = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(1 << shift).ok_or_else(wrong)
}

/// `10`, `0.5`, `2s`, `250ms`, `5m`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong =
        || "a time is a number of seconds, or a number with ms, s or m behind it".to_string();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        _ => return Err(wrong()),
    };
    let number: f64 = digits.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number * unit).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn read(arguments: &[&str]) -> Args {
        Args::try_parse_from(std::iter::once(&"chirp").chain(arguments)).unwrap()
    }

    fn is_refused(arguments: &[&str]) -> bool {
        Args::try_parse_from(std::iter::once(&"chirp").chain(arguments)).is_err()
    }

    #[test]
    fn the_definition_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn what_stands_behind_the_file_belongs_to_the_program() {
        let args = read(&["--fuel", "9", "a.st", "--fuel", "-e", "x", "--version"]);
        assert_eq!(args.rest, ["a.st", "--fuel", "-e", "x", "--version"]);
        assert_eq!((args.fuel, args.eval.len()), (Some(9), 0));
        assert_eq!(read(&["-", "-x"]).rest, ["-", "-x"]);
        assert_eq!(read(&["-e", "1", "-e", "2", "a"]).eval, ["1", "2"]);
    }

    #[test]
    fn subcommands() {
        assert!(matches!(
            read(&["check", "a"]).command,
            Some(Command::Check { .. })
        ));
        assert!(matches!(
            read(&["test"]).command,
            Some(Command::Test { .. })
        ));
        assert_eq!(read(&["a.st", "check"]).rest, ["a.st", "check"]);
    }

    #[test]
    fn wrong_usage_is_refused() {
        assert!(is_refused(&["--bogus"]));
        assert!(is_refused(&["check"]));
        assert!(is_refused(&["-e", "1", "-p", "2"]));
        assert!(is_refused(&["--memory", "64X"]));
        assert!(is_refused(&["--memory", "99999999999999G"]));
        assert!(is_refused(&["--timeout", "-1"]));
        assert!(is_refused(&["--timeout", "soon"]));
    }

    #[test]
    fn sizes_and_times() {
        assert_eq!(parse_size("500"), Ok(500));
        assert_eq!(parse_size("64M"), Ok(64 << 20));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("0.5"), Ok(Duration::from_millis(500)));
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
