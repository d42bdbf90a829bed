//! The threads that wait for name servers. Owns a queue of jobs and a list of finished ones; must
//! never touch anything else of the interpreter. Asks the C library, or whoever an embedder put in
//! its place. At most six threads, started when needed, gone
//! after ten idle seconds; a thread stuck in the C library outlives its interpreter harmlessly.

use super::super::super::poller::Waker;
use super::super::super::sys::resolve::{self, RawHints, RawInfo};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const MOST_WORKERS: usize = 6;
const IDLE: Duration = Duration::from_secs(10);

/// A question for the C library.
#[derive(Clone, Debug)]
pub enum Question {
    /// Names to addresses.
    Addresses {
        /// Host name or text of an address; empty for none.
        host: Vec<u8>,
        /// Service name or port; empty for none.
        service: Vec<u8>,
        /// Limits of the search.
        hints: RawHints,
    },
    /// An address to names.
    Names {
        /// The system's bytes.
        address: Vec<u8>,
        /// `NI_…`
        flags: i32,
    },
}

/// What the C library said; errors are `EAI_…` codes.
pub enum Answer {
    /// To a question for addresses.
    Addresses(Result<Vec<RawInfo>, i32>),
    /// To a question for names: host and service.
    Names(Result<(Vec<u8>, Vec<u8>), i32>),
}

impl Question {
    /// Asks the C library; may take long.
    pub fn ask(&self) -> Answer {
        match self {
            Question::Addresses {
                host,
                service,
                hints,
            } => {
                let host = resolve::c_text(host);
                let service = resolve::c_text(service);
                Answer::Addresses(resolve::address_info(
                    host.as_deref(),
                    service.as_deref(),
                    hints,
                ))
            }
            Question::Names { address, flags } => {
                Answer::Names(resolve::name_info(address, *flags))
            }
        }
    }

    /// The answer for a question that nobody could be found to ask.
    fn unanswered(&self) -> Answer {
        match self {
            Question::Addresses { .. } => Answer::Addresses(Err(libc::EAI_AGAIN)),
            Question::Names { .. } => Answer::Names(Err(libc::EAI_AGAIN)),
        }
    }
}

/// Answers questions in place of the C library, on a thread that may take its time.
pub type LookUp = dyn Fn(&Question) -> Answer + Send + Sync;

#[derive(Default)]
struct State {
    look_up: Option<Arc<LookUp>>,
    queue: VecDeque<(u64, Question)>,
    finished: Vec<(u64, Answer)>,
    workers: usize,
    idle: usize,
    closing: bool,
}

struct Shared {
    state: Mutex<State>,
    work: Condvar,
    waker: Waker,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pool of one interpreter.
pub struct Pool {
    shared: Arc<Shared>,
}

impl Pool {
    /// No thread yet. The waker is called whenever an answer is there.
    pub fn new(waker: Waker) -> Self {
        let shared = Shared {
            state: Mutex::default(),
            work: Condvar::new(),
            waker,
        };
        Pool {
            shared: Arc::new(shared),
        }
    }

    /// Whom to ask from now on.
    pub fn ask_instead(&self, look_up: Arc<LookUp>) {
        self.shared.lock().look_up = Some(look_up);
    }

    /// Queues a question under a number.
    pub fn submit(&self, id: u64, question: Question) {
        let mut state = self.shared.lock();
        if state.idle <= state.queue.len() && state.workers < MOST_WORKERS {
            let shared = self.shared.clone();
            let builder = std::thread::Builder::new().name("resolver".into());
            let spawned = builder.stack_size(256 * 1024).spawn(move || work(&shared));
            match spawned {
                Ok(_) => state.workers += 1,
                Err(_) if state.workers == 0 => {
                    state.finished.push((id, question.unanswered()));
                    self.shared.waker.wake();
                    return;
                }
                Err(_) => {}
            }
        }
        state.queue.push_back((id, question));
        drop(state);
        self.shared.work.notify_one();
    }

    /// Takes a question back that nobody works on yet.
    pub fn withdraw(&self, id: u64) {
        self.shared.lock().queue.retain(|(queued, _)| *queued != id);
    }

    /// The answers since the last call.
    pub fn take_finished(&self) -> Vec<(u64, Answer)> {
        std::mem::take(&mut self.shared.lock().finished)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closing = true;
        state.queue.clear();
        drop(state);
        self.shared.work.notify_all();
    }
}

fn work(shared: &Shared) {
    let mut state = shared.lock();
    loop {
        if state.closing {
            break;
        }
        if let Some((id, question)) = state.queue.pop_front() {
            let look_up = state.look_up.clone();
            drop(state);
            let answer = look_up.map_or_else(|| question.ask(), |look_up| look_up(&question));
            state = shared.lock();
            state.finished.push((id, answer));
            shared.waker.wake();
            continue;
        }
        state.idle += 1;
        let (guard, wait) = shared
            .work
            .wait_timeout(state, IDLE)
            .unwrap_or_else(PoisonError::into_inner);
        state = guard;
        state.idle -= 1;
        if wait.timed_out() && state.queue.is_empty() {
            break;
        }
    }
    state.workers -= 1;
}
