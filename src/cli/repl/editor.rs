//! The line editor, on a thread of its own: the interpreter goes on running while a line is typed.
//!
//! Reads entries, keeps the history, completes and colours. Never evaluates: it hands each entry to
//! the interpreter's thread and waits for that to ask for the next one.

use super::commands::{Takes, command_line, find, split};
use super::complete::candidates;
use super::direct;
use super::highlight::{FAINT, RESET, highlight};
use super::hint::{Rest, hint};
use super::history;
use super::terminal;
use super::words::Words;
use crate::host::signals::stopped_by_this_thread;
use crate::loader::script::is_unfinished;
use rustyline::completion::{Completer, Pair};
use rustyline::config::{BellStyle, ColorMode};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    Cmd, CompletionType, ConditionalEventHandler, Config, Context, Editor, Event, EventContext,
    EventHandler, ExternalPrinter, Helper, KeyCode, KeyEvent, Modifiers, Movement, RepeatCount,
};
use std::borrow::Cow;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the editor tells the interpreter.
pub enum Typed {
    /// An entry, complete as far as the parser can say.
    Entry(String),
    /// Ctrl-C at the prompt: the line is gone.
    Cancelled,
    /// Bytes that are no UTF-8: they are gone with what came together with them, which may have been a whole paste.
    NoText { pasted: bool },
    /// The entry in an input that is no terminal had bytes in this line that are no UTF-8: it was left out.
    NoTextIn { line: usize },
    /// Ctrl-D, or the terminal is gone.
    End,
    /// The terminal is of no use.
    Failed(String),
    /// A Process ended the session meanwhile, with this exit code.
    Exit(i32),
}

/// Prints above the prompt while a line is typed.
pub type Printer = Box<dyn FnMut(String) + Send>;

/// What the editor thread needs.
pub struct Setup {
    pub colour: bool,
    pub history: Option<PathBuf>,
    pub words: Arc<Mutex<Words>>,
    /// Where to say how wide the screen is.
    pub width: Arc<AtomicUsize>,
    /// One message for each entry that is wanted; the prompt appears then.
    pub wanted: Receiver<()>,
    pub typed: Sender<Typed>,
    /// Tells the interpreter that something was typed.
    pub wake: Box<dyn Fn() + Send>,
}

/// More completions than this nobody reads, and the editor cannot count them.
const MOST: usize = 20_000;

/// What a terminal sends before a paste.
const PASTE: KeyEvent = KeyEvent(KeyCode::BracketedPasteStart, Modifiers::NONE);

/// The prompt.
const PROMPT: &str = "chirp> ";

/// Starts the thread. Answers a printer for what other Processes write meanwhile, none if the
/// terminal cannot do that.
pub fn start(setup: Setup) -> io::Result<Option<Printer>> {
    let (send_printer, printer) = std::sync::mpsc::channel();
    std::thread::Builder::new()
        .name("line editor".into())
        .spawn(move || {
            let _ = stopped_by_this_thread();
            let mut editor = match editor(&setup) {
                Ok(editor) => editor,
                Err(error) => {
                    drop(send_printer);
                    setup.tell(Typed::Failed(error.to_string()));
                    return;
                }
            };
            if let Ok(mut external) = editor.editor.create_external_printer() {
                // A terminal that went away swallows output, and the next line ends the session.
                let print = move |text| drop(external.print(text));
                let _ = send_printer.send(Box::new(print) as Printer);
            }
            drop(send_printer);
            while setup.wanted.recv().is_ok() {
                if !setup.read_entry(&mut editor) {
                    return;
                }
            }
        })?;
    Ok(printer.recv().ok())
}

/// The editor, and what it does not tell of the line.
struct Line {
    editor: Editor<Prompting, FileHistory>,
    seen: Arc<Seen>,
    /// Lines that were read of what is no terminal.
    read: usize,
}

/// What was seen of the line that is being edited.
#[derive(Default)]
struct Seen {
    /// Ctrl-C has ended it.
    cancelled: AtomicBool,
    /// A paste has begun, and not ended.
    pasting: AtomicBool,
    /// A list of completions is on the screen, and not the line below it.
    listing: AtomicBool,
    /// Its text, and where the cursor is.
    text: Mutex<(String, usize)>,
}

impl Seen {
    fn text(&self) -> MutexGuard<'_, (String, usize)> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn editor(setup: &Setup) -> rustyline::Result<Line> {
    let config = Config::builder()
        .auto_add_history(false)
        .history_ignore_space(true)
        .max_history_size(10_000)?
        .completion_type(CompletionType::List)
        // A list of many stops after each page anyway; a question before it does not hear Ctrl-C.
        .completion_prompt_limit(usize::MAX)
        .bell_style(BellStyle::None)
        // We colour, or not: without this it would not tell what it is about to show.
        .color_mode(ColorMode::Forced)
        .tab_stop(4)
        .build();
    let history = FileHistory::with_config(&config);
    let mut editor = Editor::with_history(config, history)?;
    let seen = Arc::<Seen>::default();
    editor.set_helper(Some(Prompting {
        words: setup.words.clone(),
        colour: setup.colour,
        seen: seen.clone(),
    }));
    editor.bind_sequence(KeyEvent::ctrl('S'), Cmd::Newline);
    let mut bind = |event: Event, handler: Box<dyn ConditionalEventHandler>| {
        editor.bind_sequence(event, EventHandler::Conditional(handler));
    };
    bind(KeyEvent::from('\t').into(), Box::new(TabAfterBlank));
    bind(KeyEvent::ctrl('C').into(), Box::new(Cancel(seen.clone())));
    bind(Event::Any, Box::new(GoOn(seen.clone())));
    if let Some(path) = setup.history.as_ref().filter(|p| history::is_usable(p)) {
        history::mend(path);
        // A history that is not there yet, or cannot be read, is an empty one.
        let _ = editor.load_history(path);
    }
    Ok(Line {
        editor,
        seen,
        read: 0,
    })
}

impl Setup {
    /// Reads one entry; false when there will be no more.
    fn read_entry(&self, line: &mut Line) -> bool {
        let editor = &mut line.editor;
        if !io::stdin().is_terminal() {
            let typed = direct::read_entry(&mut io::stdin().lock(), &mut line.read);
            if let Typed::Entry(entry) = &typed
                && !entry.trim().is_empty()
            {
                self.remember(editor, entry);
            }
            let more = !matches!(typed, Typed::End | Typed::Failed(_));
            self.tell(typed);
            return more;
        }
        let prompt = if self.colour {
            format!("\x1b[1;34m{PROMPT}\x1b[0m")
        } else {
            PROMPT.into()
        };
        let (kept, cursor) = std::mem::take(&mut *line.seen.text());
        let kept = kept.split_at_checked(cursor).unwrap_or_default();
        terminal::keep_what_is_typed_ahead();
        let read = editor.readline_with_initial(&(PROMPT, prompt.as_str()), kept);
        let pasted = line.seen.pasting.swap(false, Ordering::AcqRel);
        if !is_no_text(&read) {
            line.seen.text().0.clear();
        }
        let (typed, more) = match read {
            Ok(_) if line.seen.cancelled.swap(false, Ordering::AcqRel) => (Typed::Cancelled, true),
            Ok(entry) => {
                if !entry.trim().is_empty() {
                    self.remember(editor, &entry);
                }
                (Typed::Entry(entry), true)
            }
            Err(ReadlineError::Interrupted) => (Typed::Cancelled, true),
            Err(_) if is_no_text(&read) => {
                if pasted {
                    // What is left of it must not be taken for keys.
                    terminal::skip_paste();
                }
                (Typed::NoText { pasted }, true)
            }
            Err(ReadlineError::Eof) => (Typed::End, false),
            Err(error) => (Typed::Failed(error.to_string()), false),
        };
        if let Some((columns, _)) = editor.dimensions() {
            // Some terminals do not know, and say 0.
            self.width
                .store(usize::from(columns).max(20), Ordering::Relaxed);
        }
        self.tell(typed);
        more
    }

    /// Adds an entry to the history, on disk at once: a session may end in any way.
    fn remember(&self, editor: &mut Editor<Prompting, FileHistory>, entry: &str) {
        let added = editor.add_history_entry(entry).unwrap_or(false);
        let path = self.history.as_ref().filter(|_| added);
        if let Some(path) = path.filter(|p| history::is_usable(p)) {
            // Without a writable home there is still the history of this session.
            let _ = editor.append_history(path);
        }
    }

    fn tell(&self, typed: Typed) {
        // Nobody listens any more when the session has ended: the thread ends as well then.
        let _ = self.typed.send(typed);
        (self.wake)();
    }
}

/// Whether there was something else than UTF-8.
fn is_no_text(read: &rustyline::Result<String>) -> bool {
    matches!(read, Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData)
}

/// What the editor asks us while a line is typed.
struct Prompting {
    words: Arc<Mutex<Words>>,
    colour: bool,
    seen: Arc<Seen>,
}

impl Helper for Prompting {}

impl Completer for Prompting {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, found) = candidates(line, position, &words);
        if found.len() > MOST {
            return Ok((position, Vec::new()));
        }
        let pair = |c: super::complete::Candidate| Pair {
            display: c.display,
            replacement: c.replacement,
        };
        Ok((start, found.into_iter().map(pair).collect()))
    }
}

impl Hinter for Prompting {
    type Hint = Rest;

    fn hint(&self, line: &str, position: usize, _: &Context<'_>) -> Option<Rest> {
        // It is asked after each change.
        self.seen.pasting.store(false, Ordering::Release);
        *self.seen.text() = (line.to_string(), position);
        // Without colours nobody could tell it from what was typed.
        if !self.colour || position < line.len() {
            return None;
        }
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        hint(line, &words)
    }
}

impl Highlighter for Prompting {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        self.seen.listing.store(false, Ordering::Release);
        if self.colour {
            highlight(line)
        } else {
            Cow::Borrowed(line)
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("{FAINT}{hint}{RESET}"))
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        self.seen.listing.store(true, Ordering::Release);
        Cow::Borrowed(candidate)
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.colour
    }
}

impl Validator for Prompting {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if is_unfinished_entry(context.input()) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

/// Whether the parser wants more lines of an entry.
pub fn is_unfinished_entry(entry: &str) -> bool {
    match command_line(entry).map(split) {
        None => is_unfinished(entry),
        Some((name, code)) => {
            find(name).is_ok_and(|c| c.takes == Takes::Code) && is_unfinished(code)
        }
    }
}

/// Tab indents where there is nothing to complete.
struct TabAfterBlank;

impl ConditionalEventHandler for TabAfterBlank {
    fn handle(
        &self,
        _: &Event,
        _: RepeatCount,
        _: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        let before = &context.line()[..context.pos()];
        let line = before.rsplit('\n').next().unwrap_or(before);
        let blank = line.trim().is_empty();
        Some(if blank {
            Cmd::Insert(1, "\t".into())
        } else {
            Cmd::Complete
        })
    }
}

/// Ctrl-C ends a list of completions that is shown in pages, or else the line, like Enter: as an error, the editor
/// would forget with it what was typed behind it.
struct Cancel(Arc<Seen>);

impl ConditionalEventHandler for Cancel {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        if self.0.listing.swap(false, Ordering::AcqRel) {
            // Backspace is one of the keys that end it, and the only one that is not taken for text.
            return Some(Cmd::Kill(Movement::BackwardChar(1)));
        }
        self.0.cancelled.store(true, Ordering::Release);
        Some(Cmd::AcceptLine)
    }
}

/// Any other key: where Ctrl-C ended nothing, as in a list of completions, the line goes on.
struct GoOn(Arc<Seen>);

impl ConditionalEventHandler for GoOn {
    fn handle(&self, event: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        self.0.cancelled.store(false, Ordering::Release);
        let begins = matches!(event, Event::KeySeq(keys) if keys[..] == [PASTE]);
        self.0.pasting.store(begins, Ordering::Release);
        None
    }
}
