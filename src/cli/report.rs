//! What a person reads when a program fails: the error in one line, then where it happened.
//!
//! Makes text of the machine's account, in which no character of the program's steers the terminal. Writes nothing itself,
//! and never judges what is an error.

use super::visible::visible;
use crate::vm::Unhandled;
use crate::vm::stopping::StoppedAt;
use crate::vm::trace::Frame;
use std::fmt::{self, Display, Write};

/// How reports look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// With escape sequences.
    pub colour: bool,
    /// With the library's frames, for those who work on it.
    pub library: bool,
}

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const BOLD: &str = "\x1b[1m";
const FAINT: &str = "\x1b[2m";

/// Text in a colour, if colours are wanted.
struct Painted<T>(Style, &'static str, T);

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.colour {
            write!(f, "{}{}\x1b[0m", self.1, self.2)
        } else {
            self.2.fmt(f)
        }
    }
}

/// Characters of a message that are shown.
const MESSAGE: usize = 3000;
/// Places that are shown of a program that was stopped.
const PLACES: usize = 8;
/// Lines of a message that are shown.
const LINES: usize = 40;

/// Most pieces of a trace that are told once when they come again and again: what calls each other in turn.
const PERIOD: usize = 4;

/// A piece of a trace.
#[derive(Clone, Copy, PartialEq)]
enum Part<'a> {
    Frame(&'a Frame),
    Library(usize),
    /// Frames that the machine left out.
    Omitted(usize),
    /// Frames that repeat the piece above.
    Again(usize),
    /// Frames that repeat several pieces above.
    AllAgain(usize),
}

impl Part<'_> {
    /// The frames that it stands for.
    fn count(&self) -> usize {
        match self {
            Part::Frame(_) => 1,
            Part::Library(n) | Part::Omitted(n) | Part::Again(n) | Part::AllAgain(n) => *n,
        }
    }
}

/// Whether a file that a program filed in does not compile: the message is its mistakes, ready to be read.
pub fn tells_mistakes(error: &Unhandled) -> bool {
    error.class == "SyntaxErrorNotification" && error.message.starts_with("error[")
}

impl Style {
    /// The line that every report begins with.
    pub fn headline(self, message: impl Display) -> String {
        format!(
            "{} {}\n",
            Painted(self, RED, "error:"),
            Painted(self, BOLD, visible(&message.to_string()))
        )
    }

    /// An exception that nobody handled.
    pub fn unhandled(self, error: &Unhandled) -> String {
        let shown = beginning(&error.message, MESSAGE);
        let mut message = shown.lines();
        let first = message.next().unwrap_or_default();
        let separator = if first.is_empty() { "" } else { ": " };
        let (mut text, indent, lines) = if tells_mistakes(error) {
            (
                self.refused(&format!("{}\n", visible(first))),
                "",
                usize::MAX,
            )
        } else {
            let title = format_args!("{}{separator}{first}", error.class);
            (self.headline(title), "  ", LINES)
        };
        for line in message.by_ref().take(lines) {
            let _ = writeln!(text, "{indent}{}", visible(line));
        }
        // Writing to a String cannot fail.
        let _ = match message.count() + error.message[shown.len()..].lines().count() {
            0 => Ok(()),
            _ => writeln!(
                text,
                "  … ({} characters in all)",
                error.message.chars().count()
            ),
        };
        text + &self.shown(&self.parts(&error.frames, error.omitted))
    }

    /// Everything was stopped, and where the program was.
    pub fn stopped(self, message: &str, at: &StoppedAt) -> String {
        self.headline(message) + &self.frames(&at.frames, PLACES)
    }

    /// The first parts of a trace, at most `most`.
    pub fn frames(self, frames: &[Frame], most: usize) -> String {
        let mut parts = self.parts(frames, 0);
        parts.truncate(most);
        self.shown(&parts)
    }

    fn shown(self, parts: &[Part<'_>]) -> String {
        let mut text = String::new();
        for part in parts {
            // Writing to a String cannot fail.
            let _ = self.part(&mut text, part);
        }
        text
    }

    /// A mistake in a source text, as the parser or the compiler explained it.
    pub fn refused(self, rendered: &str) -> String {
        if !self.colour {
            return rendered.to_string();
        }
        rendered
            .split_inclusive('\n')
            .map(|line| self.titled(line))
            .collect()
    }

    /// A line of a rendered mistake; the first one of each is its title.
    fn titled(self, line: &str) -> String {
        let colour = match line.split_once('[') {
            Some(("error", _)) => RED,
            Some(("warning", _)) => YELLOW,
            _ => return line.to_string(),
        };
        let Some((head, title)) = line.trim_end().split_once(": ") else {
            return line.to_string();
        };
        format!(
            "{}: {}\n",
            Painted(self, colour, head),
            Painted(self, BOLD, title)
        )
    }

    fn part(self, text: &mut String, part: &Part<'_>) -> fmt::Result {
        match part {
            Part::Omitted(count) => self.gap(text, *count, ""),
            Part::Library(count) => self.gap(text, *count, " in the library"),
            Part::Again(count) => self.gap(text, *count, " like this"),
            Part::AllAgain(count) => self.gap(text, *count, " like these"),
            Part::Frame(frame) => {
                write!(text, "  {}", Painted(self, BOLD, visible(&frame.name)))?;
                if frame.line > 0 {
                    write!(text, "  {}", visible(&place(frame)))?;
                }
                writeln!(text)?;
                match frame.source.trim().is_empty() {
                    true => Ok(()),
                    false => self.excerpt(text, frame),
                }
            }
        }
    }

    fn gap(self, text: &mut String, count: usize, what: &str) -> fmt::Result {
        let s = if count == 1 { "" } else { "s" };
        writeln!(
            text,
            "{}",
            Painted(self, FAINT, format_args!("  … {count} frame{s}{what}"))
        )
    }

    /// The frame's line of source, and a caret below the place in it.
    fn excerpt(self, text: &mut String, frame: &Frame) -> fmt::Result {
        let (source, blanks) = chirp_grammar::shown_line(&frame.source, frame.column);
        writeln!(text, "      {source}")?;
        match blanks {
            Some(blanks) => writeln!(text, "      {blanks}{}", Painted(self, RED, "^")),
            None => Ok(()),
        }
    }

    /// The trace with library frames counted and repetitions folded.
    fn parts(self, frames: &[Frame], omitted: usize) -> Vec<Part<'_>> {
        let gap_at = (omitted > 0).then_some(frames.len() / 2);
        let mut parts = Vec::new();
        for (i, frame) in frames.iter().enumerate() {
            if gap_at == Some(i) {
                parts.push(Part::Omitted(omitted));
            }
            let hidden = frame.library && !self.library;
            match parts.last_mut() {
                Some(Part::Library(count)) if hidden => *count += 1,
                _ if hidden => parts.push(Part::Library(1)),
                _ => parts.push(Part::Frame(frame)),
            }
        }
        folded(&parts)
    }
}

/// What comes again and again is told once, with how many frames repeat it: by the period that leaves least.
fn folded<'a>(mut rest: &[Part<'a>]) -> Vec<Part<'a>> {
    let mut short = Vec::new();
    while !rest.is_empty() {
        let repeats = |period: usize| {
            let behind = rest.iter().skip(period);
            behind.zip(rest).take_while(|(a, b)| a == b).count()
        };
        let periods = (1..=PERIOD).rev().map(|period| (period, repeats(period)));
        let (period, more) = periods
            .filter(|(period, more)| more >= period)
            .max_by_key(|&(_, more)| more)
            .unwrap_or((1, 0));
        let (told, behind) = rest.split_at(period);
        let (again, behind) = behind.split_at(more);
        short.extend_from_slice(told);
        match again.iter().map(Part::count).sum() {
            0 => {}
            count if period == 1 => short.push(Part::Again(count)),
            count => short.push(Part::AllAgain(count)),
        }
        rest = behind;
    }
    short
}

/// `bank.st:12:21`; a method that was compiled from a string has its place in that.
fn place(frame: &Frame) -> String {
    match &frame.file {
        Some(file) => format!("{file}:{}:{}", frame.line, frame.column),
        None => format!("{}:{} of its source", frame.line, frame.column),
    }
}

/// The first characters of a text, at most `most`.
fn beginning(text: &str, most: usize) -> &str {
    match text.char_indices().nth(most) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style {
        colour: false,
        library: false,
    };

    fn frame(name: &str, line: usize, column: usize, source: &str) -> Frame {
        let file = Some("bank.st".into());
        Frame {
            name: name.into(),
            file,
            line,
            column,
            source: source.into(),
            ..Frame::default()
        }
    }

    fn library(name: &str) -> Frame {
        Frame {
            library: true,
            ..frame(name, 1, 1, "x")
        }
    }

    fn error(frames: Vec<Frame>, omitted: usize) -> Unhandled {
        let (class, message) = ("ZeroDivide".into(), "division by zero".into());
        Unhandled {
            class,
            message,
            frames,
            omitted,
        }
    }

    #[test]
    fn library_frames_are_counted() {
        let frames = vec![
            library("SmallInteger>>/"),
            library("ZeroDivide>>signal"),
            frame("Account>>average", 12, 10, "\t^ total / count"),
            library("Array>>do:"),
            frame("script", 30, 3, "a do: [:x | x average ]"),
        ];
        assert_eq!(
            PLAIN.unhandled(&error(frames, 0)),
            "error: ZeroDivide: division by zero\n  … 2 frames in the library\n  \
             Account>>average  bank.st:12:10\n      ^ total / count\n              ^\n  \
             … 1 frame in the library\n  script  bank.st:30:3\n      a do: [:x | x average ]\n        ^\n"
        );
        let all = Style {
            library: true,
            ..PLAIN
        }
        .unhandled(&error(vec![library("A>>b")], 0));
        assert!(all.contains("A>>b  bank.st:1:1"));
    }

    #[test]
    fn endless_recursion_is_short() {
        let deep = vec![frame("Foo>>bar", 3, 5, "bar ^ self bar"); 40];
        assert_eq!(
            PLAIN.unhandled(&error(deep, 960)),
            "error: ZeroDivide: division by zero\n  Foo>>bar  bank.st:3:5\n      \
             bar ^ self bar\n          ^\n  … 19 frames like this\n  … 960 frames\n  \
             Foo>>bar  bank.st:3:5\n      bar ^ self bar\n          ^\n  … 19 frames like this\n"
        );
    }

    #[test]
    fn those_that_call_each_other_in_turn_are_told_once() {
        let ping = frame("Foo>>ping", 3, 5, "");
        let pong = frame("Foo>>pong", 4, 5, "");
        let turn = [ping, library("Foo>>print:"), pong];
        let frames = turn.iter().cycle().take(40).cloned().collect();
        let pair =
            "  Foo>>ping  bank.st:3:5\n  … 1 frame in the library\n  Foo>>pong  bank.st:4:5\n";
        let other =
            "  Foo>>pong  bank.st:4:5\n  Foo>>ping  bank.st:3:5\n  … 1 frame in the library\n";
        assert_eq!(
            PLAIN.unhandled(&error(frames, 960)),
            format!(
                "error: ZeroDivide: division by zero\n{pair}  … 17 frames like these\n  … 960 frames\n{other}  \
                 … 17 frames like these\n"
            )
        );
        // By the longest repetition, and not by the first.
        let (one, two) = (frame("Foo>>one", 1, 1, ""), frame("Foo>>two", 2, 2, ""));
        let frames = [&one, &one, &two, &one, &one, &two, &one].map(Frame::clone);
        assert_eq!(
            PLAIN.unhandled(&error(frames.to_vec(), 0)),
            "error: ZeroDivide: division by zero\n  Foo>>one  bank.st:1:1\n  Foo>>one  bank.st:1:1\n  \
             Foo>>two  bank.st:2:2\n  … 4 frames like these\n"
        );
        let frames = vec![two, one.clone(), one];
        let text = PLAIN.unhandled(&error(frames, 0));
        assert!(
            text.ends_with("  Foo>>one  bank.st:1:1\n  … 1 frame like this\n"),
            "{text}"
        );
    }

    #[test]
    fn messages_of_several_lines_and_of_none() {
        let mut e = error(
            vec![Frame {
                name: "script".into(),
                ..Frame::default()
            }],
            0,
        );
        e.message = "one\ntwo".into();
        assert_eq!(
            PLAIN.unhandled(&e),
            "error: ZeroDivide: one\n  two\n  script\n"
        );
        e.message.clear();
        assert_eq!(PLAIN.unhandled(&e), "error: ZeroDivide\n  script\n");
    }

    #[test]
    fn long_messages_are_cut() {
        let mut e = error(vec![], 0);
        e.message = "é".repeat(MESSAGE + 1);
        let text = PLAIN.unhandled(&e);
        assert!(text.ends_with("é\n  … (3001 characters in all)\n"));
        e.message = "line\n".repeat(LINES + 2);
        assert_eq!(PLAIN.unhandled(&e).lines().count(), LINES + 2);
    }

    #[test]
    fn methods_compiled_from_strings_say_so() {
        let frame = Frame {
            file: None,
            ..frame("Account>>average", 4, 10, "")
        };
        let text = PLAIN.unhandled(&error(vec![frame], 0));
        assert!(
            text.ends_with("  Account>>average  4:10 of its source\n"),
            "{text}"
        );
    }

    #[test]
    fn colours_only_where_wanted() {
        let text = Style {
            colour: true,
            library: false,
        }
        .unhandled(&error(vec![], 0));
        assert_eq!(
            text,
            "\x1b[1;31merror:\x1b[0m \x1b[1mZeroDivide: division by zero\x1b[0m\n"
        );
    }
}
