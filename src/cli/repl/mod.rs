//! The prompt: entries are evaluated in one session, and Processes go on while one is typed.
//!
//! The line editor has a thread of its own; the machine stays on this one. Between two entries the
//! machine runs whatever is ready, and is stopped when an entry arrives.

mod commands;
mod complete;
mod direct;
mod editor;
mod effects;
mod highlight;
mod hint;
mod history;
mod output;
mod record;
mod show;
mod summary;
mod terminal;
mod vocabulary;
mod words;

use super::args::Args;
use super::entered::{Entered, Outcome};
use super::session::{Ending, Session};
use super::{exit, files, wants_colour};
use crate::host::outside;
use crate::host::signals::leave_stops_to_another_thread;
use crate::memory::Value;
use crate::vm::signal;
use editor::{Setup, Typed};
use output::Output;
use record::{Content, Record};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use terminal::Terminal;
use words::Words;

/// What the session's last value is called.
const LAST: &str = "_";

/// What the session's last error is called.
const ERROR: &str = "__";

/// Characters in a line of the screen, where nobody knows.
const WIDTH: usize = 80;

/// Reads, evaluates and prints until the end; answers the exit code.
pub fn repl(session: &mut Session, args: &Args) -> i32 {
    let terminal = Terminal::prepare();
    // Without it, the terminal may be in the wrong state after Ctrl-Z.
    let _ = leave_stops_to_another_thread();
    let mut repl = match Repl::start(session, args) {
        Ok(repl) => repl,
        Err(error) => {
            let text = session.style.headline(error);
            session.complain(&text);
            return exit::FAILED;
        }
    };
    session.say(concat!(
        "Chirp ",
        env!("CARGO_PKG_VERSION"),
        ". :help lists commands, Ctrl-D leaves.\n"
    ));
    // What ran before there was a prompt.
    repl.note_entered(session);
    session.begin_entry();
    if !args.no_init
        && let Err(Ending::Exit(code)) = repl.start_up(session)
    {
        return code;
    }
    loop {
        match repl.next_entry(session) {
            Typed::Entry(text) if text.trim().is_empty() => {}
            Typed::Entry(text) => {
                session.begin_entry();
                let entry = session.surviving(|session| repl.entry(session, &text));
                if let Err(Ending::Exit(code)) = entry {
                    return code;
                }
            }
            Typed::Cancelled => {}
            Typed::NoText { pasted } => {
                let what = if pasted {
                    "what was pasted is not UTF-8: nothing of it was taken"
                } else {
                    "what was typed is not UTF-8: it was left out, with what came together with it"
                };
                let help =
                    "  = help: the terminal has to send UTF-8; files are read with :load PATH\n";
                let text = session.style.headline(what) + help;
                session.complain(&text);
            }
            Typed::NoTextIn { line } => {
                let what = format!(
                    "line {line} of the input is not UTF-8: the entry with it was left out"
                );
                let text = session.style.headline(what);
                session.complain(&text);
            }
            Typed::End => return exit::DONE,
            Typed::Failed(message) => {
                let text = session.style.headline(message);
                session.complain(&text);
                return exit::FAILED;
            }
            Typed::Exit(code) => {
                // The editor still sits there, and never learns of this.
                terminal.leave_line();
                return code;
            }
        }
    }
}

struct Repl {
    words: Arc<Mutex<Words>>,
    want: Sender<()>,
    typed: Receiver<Typed>,
    output: Output,
    /// Characters in a line of the screen.
    width: Arc<AtomicUsize>,
    record: Record,
    /// What `:load` loaded last.
    loaded: Option<PathBuf>,
    /// Whether an entry has had a value.
    has_last: bool,
}

impl Repl {
    fn start(session: &mut Session, args: &Args) -> std::io::Result<Repl> {
        let words = Arc::<Mutex<Words>>::default();
        let (want, wanted) = channel();
        let (send, typed) = channel();
        let width = Arc::new(AtomicUsize::new(WIDTH));
        session.tell_at_once();
        // From the first key on, as many Ctrl-Cs as there may be lead back to the prompt.
        session.signals.forget_interrupts();
        let (signals, waker) = (session.vm.signals.clone(), session.vm.host.waker());
        let printer = editor::start(Setup {
            colour: wants_colour(args, &std::io::stdout()),
            history: history::file(),
            words: words.clone(),
            width: width.clone(),
            wanted,
            typed: send,
            wake: Box::new(move || {
                signals.fetch_or(signal::STOP, Ordering::AcqRel);
                waker.wake();
            }),
        })?;
        let output = Output::start(printer)?;
        session.vm.host.stdio = output.stdio();
        session.vm.interrupts_pause = true;
        for name in [LAST, ERROR] {
            session.remember(name, Value::NIL);
        }
        Ok(Repl {
            words,
            want,
            typed,
            output,
            width,
            record: Record::default(),
            loaded: None,
            has_last: false,
        })
    }

    /// Shows the prompt, and lets other Processes run until something was typed.
    fn next_entry(&mut self, session: &mut Session) -> Typed {
        session.vm.host.stdio.flush();
        self.output.begin_line();
        {
            // The prompt is there at once; who asks for a word waits until all are known.
            let words = self.words.lock();
            if self.want.send(()).is_err() {
                return Typed::End;
            }
            let mut words = words.unwrap_or_else(PoisonError::into_inner);
            vocabulary::refresh(&mut session.vm, &mut words);
        }
        self.output.set_prompting(true);
        session.begin_wait();
        let mut others_run = true;
        let typed = loop {
            match self.typed.try_recv() {
                Ok(typed) => break typed,
                Err(TryRecvError::Disconnected) => break Typed::End,
                Err(TryRecvError::Empty) => {}
            }
            let turn = session.surviving(|session| match others_run && session.run_others()? {
                true => Ok(()),
                // There is nothing to do but to wait.
                false => session.wait(),
            });
            match turn {
                Ok(()) => {}
                // They have reached a limit, which an entry lifts.
                Err(Ending::Failed(_)) => others_run = false,
                Err(Ending::Exit(code)) => break Typed::Exit(code),
            }
        };
        session.vm.host.stdio.flush();
        self.output.set_prompting(false);
        session
            .vm
            .signals
            .fetch_and(!signal::STOP, Ordering::AcqRel);
        session.signals.forget_interrupts();
        typed
    }

    /// Runs the start-up file, if there is one; what goes wrong in it is told, and the prompt comes all the same.
    fn start_up(&mut self, session: &mut Session) -> Result<(), Ending> {
        let Some(path) = effects::start_up_file().filter(|p| p.exists()) else {
            return Ok(());
        };
        let name = path.to_string_lossy();
        match session.read_text(&path) {
            Ok(text) => {
                let result = session.run_in_session(&name, &text);
                self.note_entered(session);
                result
            }
            Err(error) => {
                let text = session.style.headline(files::told(&name, &error));
                session.complain(&text);
                // What ended the wait for it ended everything: the session knows the exit code.
                match session.is_over() {
                    true => Err(Ending::Exit(exit::FAILED)),
                    false => Ok(()),
                }
            }
        }
    }

    /// Does what was typed: a command, or Smalltalk.
    fn entry(&mut self, session: &mut Session, text: &str) -> Result<(), Ending> {
        if let Some(line) = commands::command_line(text) {
            return self.command(session, line);
        }
        if let Some(line) = commands::plain_word(text, |w| session.vm.has_session_variable(w)) {
            return self.command(session, &line);
        }
        self.value_of(session, text)?;
        self.show_last(session)
    }

    /// Evaluates; the value, or the error, gets its name.
    fn value_of(&mut self, session: &mut Session, text: &str) -> Result<(), Ending> {
        session.vm.take_failed_exception();
        let result = session.enter("input", text);
        if result.is_err() {
            self.note_error(session);
        }
        if let Some(help) = help_with_tools(session, text) {
            session.complain(&help);
        }
        self.note_entered(session);
        session.remember(LAST, result?);
        self.has_last = true;
        Ok(())
    }

    /// What was entered becomes part of what `:save` writes.
    fn note_entered(&mut self, session: &mut Session) {
        for entered in std::mem::take(&mut session.entered) {
            match entered {
                Entered::Loaded(path) if files::can_be_read_again(&path) => {
                    self.record.load(&path);
                }
                Entered::Loaded(path) => self.record.lost(&files::called(&path)),
                Entered::Text { text, outcome } => match outcome {
                    Outcome::Done(class) => self.record.done(&text, class),
                    Outcome::Failed(failure) => {
                        let names = record::assigned(&text).into_iter();
                        let names: Vec<&str> = names
                            .filter(|name| session.vm.has_session_variable(name))
                            .collect();
                        let with_value = |name: &str| (name.to_string(), content(session, name));
                        let variables = names.into_iter().map(with_value).collect();
                        self.record.failed(&text, &failure, variables);
                    }
                },
            }
        }
    }

    /// The exception that ended the last evaluation gets its name.
    fn note_error(&self, session: &mut Session) {
        if let Some(exception) = session.vm.take_failed_exception() {
            session.remember(ERROR, exception);
        }
    }

    /// Prints the last value, within bounds. One that cannot be printed has at least its class.
    fn show_last(&mut self, session: &mut Session) -> Result<(), Ending> {
        let Some(value) = session.vm.session_variable(LAST) else {
            return Ok(());
        };
        match summary::printed(session, value, summary::RESULT) {
            Ok(printed) => self.say_on_new_line(session, &format!("{printed}\n")),
            Err(Ending::Failed(_)) => {
                let value = session.vm.session_variable(LAST);
                let text = summary::unprintable(session, value.unwrap_or(Value::NIL));
                self.say_on_new_line(session, &format!("{text}\n"));
            }
            Err(ending) => return Err(ending),
        }
        Ok(())
    }

    fn say_on_new_line(&mut self, session: &mut Session, text: &str) {
        session.vm.host.stdio.flush();
        self.output.begin_line();
        session.say(text);
    }
}

/// `x inspect` opens a window elsewhere; here nobody understands it.
fn help_with_tools(session: &Session, text: &str) -> Option<String> {
    let Some(Entered::Text {
        outcome: Outcome::Failed(failure),
        ..
    }) = session.entered.last()
    else {
        return None;
    };
    let (tool, command) = commands::tool(text)?;
    let is_it = failure
        .message
        .split_once(&format!(" did not understand #{tool}"))
        .is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with(' '));
    is_it.then(|| format!("  = help: here, write {command}\n"))
}

/// The value of a variable as source, if it is a number, a string or the like.
fn content(session: &mut Session, name: &str) -> Content {
    let Some(value) = session.vm.session_variable(name) else {
        return Content::Unchanged;
    };
    let class = session.vm.classes.name(session.vm.heap.class_of(value));
    if !record::LITERALS.contains(&class.as_str()) {
        return Content::Instance(class);
    }
    let printed = session.print_quietly(value);
    printed.map_or(Content::Instance(class), Content::Literal)
}

/// Our folder in the one that the variable names, or else in this one of the home folder.
fn folder(variable: &str, otherwise: &str) -> Option<PathBuf> {
    let absolute = |name: &str| {
        outside::variable(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    let base = absolute(variable).or_else(|| Some(absolute("HOME")?.join(otherwise)))?;
    Some(base.join("chirp"))
}
