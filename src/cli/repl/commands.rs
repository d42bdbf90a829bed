//! What can be typed at the prompt that is no Smalltalk: `:help`, `:browse Class`, and so on.
//!
//! Owns the table of commands, from which help, completion and suggestions are made. Runs nothing.

use crate::compiler::nearest;
use std::fmt::Write;

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    Help,
    Doc,
    Source,
    Browse,
    Senders,
    Implementors,
    Inspect,
    All,
    Time,
    Test,
    Load,
    Reload,
    Save,
    Quit,
}

/// What is written behind a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    /// A class, a method or a selector.
    Name,
    Selector,
    /// Smalltalk.
    Code,
    File,
}

/// A command.
#[derive(Debug)]
pub struct Command {
    pub name: &'static str,
    pub takes: Takes,
    pub does: Does,
    /// How its argument is called in help.
    argument: &'static str,
    help: &'static str,
}

const fn command(
    name: &'static str,
    argument: &'static str,
    help: &'static str,
    takes: Takes,
    does: Does,
) -> Command {
    Command {
        name,
        takes,
        does,
        argument,
        help,
    }
}

/// All commands, in the order in which help lists them.
pub const COMMANDS: &[Command] = &[
    command(
        "help",
        "[NAME]",
        "this list; a class, Class>>method, selector, command or topic",
        Takes::Name,
        Does::Help,
    ),
    command(
        "doc",
        "NAME",
        "the comment of a class, a method (Collection>>do:) or a selector",
        Takes::Name,
        Does::Doc,
    ),
    command(
        "source",
        "NAME",
        "the source of a method, the definition of a class",
        Takes::Name,
        Does::Source,
    ),
    command(
        "browse",
        "CLASS",
        "the variables and messages of a class",
        Takes::Name,
        Does::Browse,
    ),
    command(
        "senders",
        "SELECTOR",
        "the methods that send a message",
        Takes::Selector,
        Does::Senders,
    ),
    command(
        "implementors",
        "SELECTOR",
        "the methods that a message can find",
        Takes::Selector,
        Does::Implementors,
    ),
    command(
        "inspect",
        "[CODE]",
        "the value of CODE, or the last one, as a tree of variables",
        Takes::Code,
        Does::Inspect,
    ),
    command(
        "all",
        "[CODE]",
        "the value of CODE, or the last one, printed in full",
        Takes::Code,
        Does::All,
    ),
    command(
        "print",
        "[CODE]",
        "the same as :all",
        Takes::Code,
        Does::All,
    ),
    command(
        "time",
        "CODE",
        "how long it takes, what it sends and allocates",
        Takes::Code,
        Does::Time,
    ),
    command(
        "test",
        "[CLASS]",
        "the tests of CLASS, or of all test classes",
        Takes::Name,
        Does::Test,
    ),
    command(
        "load",
        "PATH",
        "a source file or a package; the variables of a script stay",
        Takes::File,
        Does::Load,
    ),
    command(
        "reload",
        "",
        "what was loaded last, once more",
        Takes::Nothing,
        Does::Reload,
    ),
    command(
        "save",
        "FILE",
        "what ran in this session, as a script",
        Takes::File,
        Does::Save,
    ),
    command(
        "quit",
        "",
        "leave; so does Ctrl-D",
        Takes::Nothing,
        Does::Quit,
    ),
];

/// Texts that `:help` knows beside classes and methods.
pub const TOPICS: &[(&str, &str)] = &[
    (
        "keys",
        "Tab            completes names, the receiver's messages, commands and files\n\
         Up, Ctrl-R     earlier entries; searches them\n\
         Ctrl-S         a new line inside the entry; Enter ends it when it is complete\n\
         Ctrl-C         clears the line; interrupts what runs, the second time by force\n\
         Ctrl-Z         back to the shell, whose fg returns here\n\
         Ctrl-D         leaves, on an empty line\n",
    ),
    (
        "syntax",
        "3 factorial               a unary message\n\
         3 + 4 * 2                 binary ones, from left to right: 14\n\
         dict at: #a put: 1        a keyword message\n\
         x := 3. x + 1             an assignment; a dot between statements\n\
         [ :a | a * 2 ] value: 4   a block and its argument\n\
         s show: 'a'; cr           a cascade: several messages to one receiver\n\
         #(1 $a 'text' #symbol)    literals; { 1 + 1. x } an Array made at run time\n\
         Object subclass: Lamp [ on [ ^ true ] ]      a class\n\
         Lamp extend [ off [ ^ false ] ]              more methods for it\n",
    ),
    (
        "variables",
        "Variables need no declaration and live until the session ends.\n\
         _    the last value; nil before there is one\n\
         __   the last error, an exception: `__ class`, `__ messageText`; nil before there is one\n",
    ),
];

/// Messages that open tools where there are windows, and the commands for them.
const TOOLS: &[(&str, &str)] = &[
    ("inspect", "inspect"),
    ("explore", "inspect"),
    ("browse", "browse"),
    ("senders", "senders"),
    ("implementors", "implementors"),
];

/// The message of a tool that an entry sends last, and the command that is meant; none for other entries.
pub fn tool(entry: &str) -> Option<(&'static str, String)> {
    let code = entry.trim().trim_end_matches('.');
    let (receiver, message) = code.rsplit_once(char::is_whitespace)?;
    let (word, command) = TOOLS.iter().find(|(word, _)| *word == message)?;
    Some((word, format!(":{command} {}", receiver.trim_end())))
}

/// The entry as a command line: what stands behind its colon; none if it is Smalltalk.
pub fn command_line(entry: &str) -> Option<&str> {
    entry.trim_start().strip_prefix(':')
}

/// What people type at any prompt, as the line of a command, unless it means something here.
pub fn plain_word(entry: &str, is_variable: impl Fn(&str) -> bool) -> Option<String> {
    let plain = entry.trim().trim_end_matches(['.', ';']);
    let (word, argument) = split(plain.strip_suffix("()").unwrap_or(plain));
    let is_name = || {
        argument
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ':' | '>'))
    };
    let line = match word {
        "help" if is_name() => format!("help {argument}"),
        "quit" | "exit" if argument.is_empty() => "quit".to_string(),
        _ => return None,
    };
    (!is_variable(word)).then_some(line)
}

/// The name behind the colon, and the argument.
pub fn split(line: &str) -> (&str, &str) {
    let line = line.trim_start();
    let end = line.find(char::is_whitespace).unwrap_or(line.len());
    (&line[..end], line[end..].trim())
}

/// The command of this name, or the only one that begins so. The error is a sentence for the user.
pub fn find(name: &str) -> Result<&'static Command, String> {
    if let Some(exact) = COMMANDS.iter().find(|c| c.name == name) {
        return Ok(exact);
    }
    let begun: Vec<&Command> = COMMANDS
        .iter()
        .filter(|c| !name.is_empty() && c.name.starts_with(name))
        .collect();
    match begun[..] {
        [one] => Ok(one),
        [] => {
            let near = match name {
                "exit" | "bye" | "q!" | "wq" => Some("quit"),
                "?" | "commands" | "man" => Some("help"),
                "type" | "t" | "ls" | "methods" => Some("browse"),
                "edit" | "e" => Some("source"),
                _ => nearest(&name.to_lowercase(), COMMANDS.iter().map(|c| c.name)),
            };
            Err(match near {
                Some(near) => format!("there is no command :{name}; did you mean :{near}?"),
                None => format!("there is no command :{name}; :help lists them"),
            })
        }
        _ => {
            let names: Vec<String> = begun.iter().map(|c| format!(":{}", c.name)).collect();
            Err(format!(":{name} may be {}", names.join(" or ")))
        }
    }
}

/// The list of commands and topics.
pub fn list() -> String {
    let mut text = String::new();
    for command in COMMANDS {
        text.push_str(&command.line());
    }
    let topics: Vec<&str> = TOPICS.iter().map(|(name, _)| *name).collect();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "topics: {}", topics.join(", "));
    text
}

impl Command {
    /// Its line in the list.
    pub fn line(&self) -> String {
        let call = format!(":{} {}", self.name, self.argument);
        format!("{call:<23} {}\n", self.help)
    }

    /// What is wrong with this argument: one that is needed and not there, or there and not known.
    pub fn refuses(&self, argument: &str) -> Option<String> {
        let name = self.name;
        let is_required = !self.argument.is_empty() && !self.argument.starts_with('[');
        if is_required && argument.is_empty() {
            return Some(format!("write :{name} {}", self.argument));
        }
        let shown: String = argument.chars().take(40).collect();
        (self.takes == Takes::Nothing && !argument.is_empty())
            .then(|| format!(":{name} stands alone; {shown:?} behind it means nothing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_be_shortened_and_misspelt() {
        assert_eq!(find("browse").unwrap().does, Does::Browse);
        assert_eq!(find("imp").unwrap().does, Does::Implementors);
        assert_eq!(
            find("s").unwrap_err(),
            ":s may be :source or :senders or :save"
        );
        assert_eq!(
            find("brwose").unwrap_err(),
            "there is no command :brwose; did you mean :browse?"
        );
        assert_eq!(
            find("").unwrap_err(),
            "there is no command :; :help lists them"
        );
    }

    #[test]
    fn messages_of_tools_are_commands_here() {
        let named = |entry: &str| tool(entry).map(|(_, command)| command);
        assert_eq!(named("3 @ 4 inspect."), Some(":inspect 3 @ 4".into()));
        assert_eq!(named("#do: senders"), Some(":senders #do:".into()));
        assert_eq!(tool("inspect"), None);
        assert_eq!(tool("3 + 4"), None);
    }

    #[test]
    fn words_of_other_prompts_are_commands() {
        let line = |entry: &str| plain_word(entry, |word| word == "exit");
        assert_eq!(line("quit."), Some("quit".into()));
        assert_eq!(line(" quit() "), Some("quit".into()));
        assert_eq!(line("exit"), None);
        assert_eq!(line("help Point>>x"), Some("help Point>>x".into()));
        assert_eq!(line("help"), Some("help ".into()));
        assert_eq!(line("help := 3"), None);
        assert_eq!(line("quit now"), None);
    }

    #[test]
    fn an_entry_that_begins_with_a_colon_is_a_command() {
        assert_eq!(
            command_line("  :time 3 + 4").map(split),
            Some(("time", "3 + 4"))
        );
        assert_eq!(command_line("3 :time"), None);
    }
}
