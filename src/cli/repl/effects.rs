//! What each command at the prompt does.
//!
//! Brings together the session, the descriptions and the printing. Owns no layout and no rule of its own.

use super::super::entered::Entered;
use super::super::progress::Progress;
use super::super::session::{Ending, Session};
use super::super::visible::visible;
use super::super::{exit, files, load, test};
use super::commands::{self, Does, TOPICS};
use super::{LAST, Repl, show, summary};
use crate::formats::detect::{Format, format_of};
use crate::memory::ClassIndex;
use crate::tools::describe;
use crate::tools::lookup::{self, Subject};
use crate::vm::Vm;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

impl Repl {
    /// Does what a command line says, without its colon.
    pub(super) fn command(&mut self, session: &mut Session, line: &str) -> Result<(), Ending> {
        let (name, argument) = commands::split(line);
        let command = match commands::find(name) {
            Ok(command) => command,
            Err(sentence) => return Err(refuse(session, &sentence)),
        };
        if let Some(sentence) = command.refuses(argument) {
            return Err(refuse(session, &sentence));
        }
        let width = self.width.load(Ordering::Relaxed);
        let told = match command.does {
            Does::Help => help(&mut session.vm, argument, width),
            Does::Doc => doc(&mut session.vm, argument, width),
            Does::Source => source(&mut session.vm, argument, width),
            Does::Browse => class_or_variable(&mut session.vm, argument)
                .map(|class| describe::class_outline(&mut session.vm, class, width)),
            Does::Senders => methods(&mut session.vm, argument, width, true),
            Does::Implementors => methods(&mut session.vm, argument, width, false),
            Does::Inspect => return self.inspect(session, argument),
            Does::All => return self.print_all(session, argument),
            Does::Time => return self.time(session, argument),
            Does::Test => tests(session, argument)?,
            Does::Load => return self.load_path(session, &files::expanded(argument)),
            Does::Reload => match self.loaded.clone() {
                Some(path) => return self.load_path(session, &path),
                None => Err("nothing was loaded yet; :load PATH".to_string()),
            },
            Does::Save => self.save(argument),
            Does::Quit => return Err(Ending::Exit(exit::DONE)),
        };
        match told {
            Ok(text) => session.say(&visible(&text.replace('\r', "\n"))),
            Err(sentence) => return Err(refuse(session, &sentence)),
        }
        Ok(())
    }

    /// Evaluates `code`, unless it is empty: the last value is meant then.
    fn value(&mut self, session: &mut Session, code: &str) -> Result<(), Ending> {
        if code.is_empty() {
            return match self.has_last {
                true => Ok(()),
                false => Err(refuse(session, "there is no last value yet")),
            };
        }
        self.value_of(session, code)
    }

    fn inspect(&mut self, session: &mut Session, code: &str) -> Result<(), Ending> {
        self.value(session, code)?;
        let value = last(session);
        let text = show::tree(session, value)?;
        self.say_on_new_line(session, &text);
        Ok(())
    }

    fn print_all(&mut self, session: &mut Session, code: &str) -> Result<(), Ending> {
        self.value(session, code)?;
        let value = last(session);
        let text = summary::printed(session, value, summary::WHOLE)?;
        self.say_on_new_line(session, &format!("{text}\n"));
        Ok(())
    }

    fn time(&mut self, session: &mut Session, code: &str) -> Result<(), Ending> {
        let before = Spent::so_far(&mut session.vm);
        let result = self.value_of(session, code);
        let mut spent = Spent::so_far(&mut session.vm).since(&before);
        // Reading the text costs as many as it has bytes, and is not asked about.
        spent.steps = spent.steps.saturating_sub(code.len() as u64);
        if result.is_ok() {
            self.show_last(session)?;
        }
        // What does not compile takes nothing.
        if result.is_ok() || spent.steps > 0 {
            session.say(&spent.told());
        }
        result
    }

    fn load_path(&mut self, session: &mut Session, path: &Path) -> Result<(), Ending> {
        let name = path.to_string_lossy().into_owned();
        let text = if path.is_dir() {
            None
        } else if path.exists() && !path.is_file() {
            // A reader that is left behind at the terminal would take the prompt's keys.
            return Err(refuse(session, &format!("{name} is no file on disk")));
        } else {
            match session.read_text(path) {
                Ok(text) => Some(text),
                Err(error) => return Err(refuse(session, &files::told(&name, &error))),
            }
        };
        // What is wrong in it may be mended, and reloaded.
        self.loaded = Some(path.to_path_buf());
        let format = text.as_deref().map(format_of);
        let done = match (&text, format) {
            (Some(text), Some(Format::Script | Format::ClassBody)) => {
                session.run_in_session(&name, text)
            }
            (Some(text), Some(Format::Chunk)) => session.run_file(&name, text),
            _ => {
                let report = session.load(&[path.to_path_buf()], &mut Progress::none());
                match load::tell(session, report) {
                    exit::DONE => Ok(()),
                    code => Err(Ending::Failed(code)),
                }
            }
        };
        if done.is_err() {
            self.note_error(session);
        } else if session.entered.is_empty() {
            session.entered.push(Entered::Loaded(path.to_path_buf()));
        }
        self.note_entered(session);
        done?;
        self.say_on_new_line(session, &format!("loaded {name}\n"));
        Ok(())
    }

    fn save(&self, argument: &str) -> Result<String, String> {
        let path = files::expanded(argument);
        let (text, count) = self.record.script();
        files::save(&path, &text, super::record::HEAD)?;
        let entries = if count == 1 { "entry" } else { "entries" };
        Ok(format!("saved {count} {entries} in {}\n", path.display()))
    }
}

/// What the machine has used.
struct Spent {
    microseconds: u64,
    steps: u64,
    bytes: u64,
    scavenges: u64,
    full: u64,
}

impl Spent {
    fn so_far(vm: &mut Vm) -> Spent {
        vm.settle_fuel();
        Spent {
            microseconds: vm.now(),
            steps: vm.fuel_used,
            bytes: vm.heap.bytes_allocated(),
            scavenges: vm.heap.counters.scavenges,
            full: vm.heap.counters.full_collections,
        }
    }

    fn since(self, before: &Spent) -> Spent {
        Spent {
            microseconds: self.microseconds.saturating_sub(before.microseconds),
            steps: self.steps.saturating_sub(before.steps),
            bytes: self.bytes.saturating_sub(before.bytes),
            scavenges: self.scavenges - before.scavenges,
            full: self.full - before.full,
        }
    }

    fn told(&self) -> String {
        let time = match self.microseconds {
            us if us < 1000 => format!("{us} µs"),
            us if us < 1_000_000 => format!("{:.2} ms", us as f64 / 1e3),
            us => format!("{:.3} s", us as f64 / 1e6),
        };
        let size = match self.bytes {
            b if b < 10_000 => format!("{b} bytes"),
            b if b < 10_000_000 => format!("{} kB", b / 1000),
            b => format!("{} MB", b / 1_000_000),
        };
        let (steps, scavenges, full) = (self.steps, self.scavenges, self.full);
        format!(
            "{time}, {steps} sends and loop turns, {size} allocated, {scavenges} scavenges, {full} full collections\n"
        )
    }
}

fn last(session: &Session) -> crate::memory::Value {
    let value = session.vm.session_variable(LAST);
    value.unwrap_or(crate::memory::Value::NIL)
}

fn refuse(session: &mut Session, sentence: &str) -> Ending {
    let text = session.style.headline(sentence);
    session.complain(&text);
    Ending::Failed(exit::FAILED)
}

fn help(vm: &mut Vm, argument: &str, width: usize) -> Result<String, String> {
    if argument.is_empty() {
        return Ok(commands::list());
    }
    if let Some((_, text)) = TOPICS.iter().find(|(name, _)| *name == argument) {
        return Ok(text.to_string());
    }
    let name = argument.strip_prefix(':').unwrap_or(argument);
    match commands::COMMANDS.iter().find(|c| c.name == name) {
        Some(command) => Ok(command.line()),
        None => doc(vm, argument, width),
    }
}

fn doc(vm: &mut Vm, argument: &str, width: usize) -> Result<String, String> {
    Ok(match lookup::subject(vm, argument)? {
        Subject::Class(class) => describe::class_summary(vm, class, width),
        Subject::Method(method) => describe::method_summary(vm, method),
        Subject::Selector(selector) => describe::selector_summary(vm, selector, width),
    })
}

fn source(vm: &mut Vm, argument: &str, width: usize) -> Result<String, String> {
    match lookup::subject(vm, argument)? {
        Subject::Class(class) => Ok(describe::class_definition(vm, class)),
        Subject::Method(method) => Ok(format!("{}\n", describe::method_source(vm, method))),
        Subject::Selector(selector) => match lookup::implementors(vm, selector)[..] {
            [method] => Ok(format!("{}\n", describe::method_source(vm, method))),
            _ => methods(vm, argument, width, false),
        },
    }
}

fn methods(vm: &mut Vm, argument: &str, width: usize, senders: bool) -> Result<String, String> {
    let selector = argument.strip_prefix('#').unwrap_or(argument);
    let found = match (senders, vm.symbols.find(selector)) {
        (true, _) => lookup::senders(vm, selector),
        (false, Some(id)) => lookup::implementors(vm, id),
        (false, None) => Vec::new(),
    };
    if found.is_empty()
        && senders
        && vm
            .symbols
            .find(selector)
            .is_some_and(|s| !lookup::implementors(vm, s).is_empty())
    {
        return Err(format!("nobody sends {selector}"));
    }
    if found.is_empty() {
        vm.make_all_latent();
        return Err(lookup::nobody_implements(vm, selector));
    }
    let names: Vec<String> = found.iter().map(|&m| lookup::method_name(vm, m)).collect();
    Ok(describe::columns(names.iter().map(String::as_str), width))
}

/// Runs the tests of a class, or all.
fn tests(session: &mut Session, name: &str) -> Result<Result<String, String>, Ending> {
    let class = match name {
        "" => None,
        _ => match class_or_variable(&mut session.vm, name) {
            Ok(class) => Some(session.vm.classes.name(class)),
            Err(sentence) => return Ok(Err(sentence)),
        },
    };
    test::in_session(session, class.as_deref()).map(Ok)
}

/// A class by its name, or the class of a variable's value.
fn class_or_variable(vm: &mut Vm, name: &str) -> Result<ClassIndex, String> {
    if name.starts_with(char::is_uppercase) {
        return lookup::class_named(vm, name);
    }
    match vm.session_variable(name) {
        Some(value) => Ok(vm
            .classes
            .index_of(value)
            .unwrap_or_else(|| vm.heap.class_of(value))),
        None => lookup::class_named(vm, name),
    }
}

/// `$XDG_CONFIG_HOME/chirp/init.st`; none where there is no home.
pub fn start_up_file() -> Option<PathBuf> {
    super::folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("init.st"))
}
