//! The prompt: entries are evaluated in one session, and Processes go on while one is typed.
//!
//! The line editor has a thread of its own; the machine stays on this one. Between two entries the
//! machine runs whatever is ready, and is stopped when an entry arrives.

mod complete;
mod editor;
mod highlight;
mod output;
mod terminal;
mod vocabulary;
mod words;

use super::args::Color;
use super::exit;
use super::session::{Ending, Session};
use crate::vm::signal;
use editor::{Setup, Typed};
use output::Output;
use std::borrow::Cow;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use terminal::Terminal;
use words::Words;

/// What the session's last value is called.
const LAST: &str = "_";

/// Characters of a result that are shown.
const MAX_PRINTED: usize = 10_000;

/// Reads, evaluates and prints until the end; answers the exit code.
pub fn repl(session: &mut Session, color: Color) -> i32 {
    let terminal = Terminal::save();
    let mut repl = match Repl::start(session, color) {
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
        ". Ctrl-D leaves.\n"
    ));
    loop {
        match repl.next_entry(session) {
            Typed::Entry(text) if text.trim().is_empty() => {}
            Typed::Entry(text) => {
                if let Err(Ending::Exit(code)) = repl.evaluate(session, &text) {
                    return code;
                }
            }
            Typed::Cancelled => {}
            Typed::NoText => {
                let text = session.style.headline("what was typed is not UTF-8");
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
                terminal.restore();
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
}

impl Repl {
    fn start(session: &mut Session, color: Color) -> std::io::Result<Repl> {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let is_terminal =
            std::io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|t| t != "dumb");
        let words = Arc::new(Mutex::new(vocabulary::of(&mut session.vm)));
        let (want, wanted) = channel();
        let (send, typed) = channel();
        let (signals, waker) = (session.vm.signals.clone(), session.vm.host.waker());
        let printer = editor::start(Setup {
            colour: color.wanted(is_terminal, is_set("NO_COLOR"), is_set("CLICOLOR_FORCE")),
            history: history_file(),
            words: words.clone(),
            wanted,
            typed: send,
            wake: Box::new(move || {
                signals.fetch_or(signal::STOP, Ordering::AcqRel);
                waker.wake();
            }),
        })?;
        let output = Output::start(printer)?;
        session.vm.host.stdio = output.stdio();
        Ok(Repl {
            words,
            want,
            typed,
            output,
        })
    }

    /// Shows the prompt, and lets other Processes run until something was typed.
    fn next_entry(&mut self, session: &mut Session) -> Typed {
        self.words
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&vocabulary::of(&mut session.vm));
        session.vm.host.stdio.flush();
        self.output.begin_line();
        if self.want.send(()).is_err() {
            return Typed::End;
        }
        self.output.set_prompting(true);
        let typed = loop {
            match self.typed.try_recv() {
                Ok(typed) => break typed,
                Err(TryRecvError::Disconnected) => break Typed::End,
                Err(TryRecvError::Empty) => {}
            }
            match session.run_others() {
                Ok(true) => {}
                // Nobody else can run any more: there is nothing to do but to wait.
                Ok(false) => session.vm.host.poll(None),
                Err(code) => break Typed::Exit(code),
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

    fn evaluate(&mut self, session: &mut Session, text: &str) -> Result<(), Ending> {
        let value = session.evaluate("input", text)?;
        session.remember(LAST, value);
        let printed = session.print_string(value)?;
        session.vm.host.stdio.flush();
        self.output.begin_line();
        session.say(&format!("{}\n", shortened(&printed)));
        Ok(())
    }
}

/// The beginning of a result that would flood the screen.
fn shortened(printed: &str) -> Cow<'_, str> {
    match printed.char_indices().nth(MAX_PRINTED) {
        None => Cow::Borrowed(printed),
        Some((end, _)) => Cow::Owned(format!(
            "{}… (cut after {MAX_PRINTED} characters)",
            &printed[..end]
        )),
    }
}

/// `$XDG_STATE_HOME/chirp/history`, its folder made; none where there is no home.
fn history_file() -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    let state =
        absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    let folder = state.join("chirp");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_results_are_cut() {
        assert_eq!(shortened("#(1 2)"), "#(1 2)");
        let long = "é".repeat(MAX_PRINTED + 5);
        let shown = shortened(&long);
        assert!(shown.starts_with("éé") && shown.ends_with("é… (cut after 10000 characters)"));
    }
}
