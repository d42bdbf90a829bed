//! Reads the time. Owns the monotonic origin of one interpreter, and the clocks that a host makes for its programs; no
//! interpreter sleeps here.

use super::poller::Waker;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The time that a program sees, in place of the computer's own: for tests, simulations and games.
///
/// Clones are the same clock, which may be moved on from any thread. Limits of time and what sockets wait for go by real
/// time all the same; local time is UTC.
///
/// ```
/// use chirp::{Clock, Progress, Smalltalk};
/// use std::time::{Duration, SystemTime};
///
/// // An hour is over at once: time passes only while everything waits.
/// let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
/// let mut st = Smalltalk::builder().clock(Clock::skipping(start)).build()?;
/// let source = "| then | then := DateAndTime now. (Delay forSeconds: 3600) wait. (DateAndTime now - then) asSeconds";
/// assert_eq!(st.eval::<i64>(source)?, 3600);
/// assert_eq!(st.eval::<String>("DateAndTime now printString")?, "2001-09-09T02:46:40+00:00");
///
/// // The host says how much time passes: a frame of a game, say.
/// let clock = Clock::manual(start);
/// let mut st = Smalltalk::builder().clock(clock.clone()).build()?;
/// let mut run = st.start("(Delay forMilliseconds: 40) wait. #rested")?;
/// let mut frames = 0;
/// while let Progress::Waiting(_) = run.step::<String>(&mut st, 1000)? {
///     clock.advance(Duration::from_millis(16));
///     frames += 1;
/// }
/// assert_eq!(frames, 3);
/// # Ok::<(), chirp::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Clock(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    start: SystemTime,
    skips: bool,
    /// Nanoseconds since the start.
    passed: AtomicU64,
    wakers: Mutex<Vec<Waker>>,
}

impl Clock {
    /// A clock that stands still but while everything waits: the wait is over at once then, and the clock shows the time at
    /// which it ends.
    pub fn skipping(start: SystemTime) -> Clock {
        Clock::new(start, true)
    }

    /// A clock that only [`Clock::advance`] moves. What waits in a call from Rust waits until another thread does that.
    pub fn manual(start: SystemTime) -> Clock {
        Clock::new(start, false)
    }

    fn new(start: SystemTime, skips: bool) -> Clock {
        Clock(Arc::new(Shared {
            start,
            skips,
            passed: AtomicU64::new(0),
            wakers: Mutex::default(),
        }))
    }

    /// Moves it on, and wakes what is due.
    pub fn advance(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let add = |passed: u64| Some(passed.saturating_add(nanoseconds));
        // The closure always answers something.
        let _ = self
            .0
            .passed
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, add);
        self.with_wakers(|wakers| wakers.iter().for_each(Waker::wake));
    }

    /// What it shows now.
    pub fn now(&self) -> SystemTime {
        let now = self.0.start.checked_add(self.passed());
        now.unwrap_or(self.0.start)
    }

    fn passed(&self) -> Duration {
        Duration::from_nanos(self.0.passed.load(Ordering::Acquire))
    }

    /// Has it wake a machine whenever it is moved on.
    fn register(&self, waker: Waker) {
        self.with_wakers(|wakers| {
            wakers.retain(|w| !w.is_forgotten());
            wakers.push(waker);
        });
    }

    fn with_wakers(&self, work: impl FnOnce(&mut Vec<Waker>)) {
        // A thread that panicked while it pushed leaves a good list.
        let mut wakers = self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut wakers)
    }
}

/// This moment, for measuring how long something takes.
pub fn now() -> Instant {
    Instant::now()
}

/// Keeps the calling thread, which must not be one that runs Smalltalk, for some time.
pub fn sleep(time: Duration) {
    std::thread::sleep(time);
}

/// The clocks of one interpreter.
#[derive(Debug)]
pub struct Clocks {
    origin: Instant,
    own: Option<Clock>,
}

impl Default for Clocks {
    fn default() -> Self {
        Clocks {
            origin: Instant::now(),
            own: None,
        }
    }
}

impl Clocks {
    /// From now on the program sees the time of another clock.
    pub fn replace(&mut self, clock: Clock, waker: Waker) {
        clock.register(waker);
        self.own = Some(clock);
    }

    /// Whether the program's time passes by itself.
    pub fn runs(&self) -> bool {
        self.own.is_none()
    }

    /// Everything waits for so long: true if that time is over now.
    pub fn skip(&self, time: Duration) -> bool {
        let Some(clock) = self.own.as_ref().filter(|clock| clock.0.skips) else {
            return false;
        };
        let before = clock.passed();
        clock.advance(time);
        // It does not go on for ever.
        time.is_zero() || clock.passed() > before
    }

    /// Time since the interpreter started, whatever the program sees.
    pub fn real(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Time since the interpreter started; never goes back.
    pub fn monotonic(&self) -> Duration {
        match &self.own {
            Some(clock) => clock.passed(),
            None => self.real(),
        }
    }

    /// Monotonic milliseconds since the start.
    pub fn milliseconds(&self) -> i64 {
        self.monotonic().as_millis() as i64
    }

    /// Monotonic microseconds since the start.
    pub fn microseconds(&self) -> i64 {
        self.monotonic().as_micros() as i64
    }

    /// Monotonic nanoseconds since the start (lasts for 292 years).
    pub fn nanoseconds(&self) -> i64 {
        self.monotonic().as_nanos() as i64
    }

    /// The moment at which `milliseconds()` will answer the given number; `None` when that is too
    /// far away to be represented.
    pub fn instant_at(&self, milliseconds: i64) -> Option<Instant> {
        let distance = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0));
        self.origin.checked_add(distance)
    }

    /// Microseconds of UTC since 1970 (negative before).
    pub fn utc_microseconds(&self) -> i64 {
        let now = self.own.as_ref().map_or_else(SystemTime::now, Clock::now);
        match now.duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_micros() as i64,
            Err(before) => -(before.duration().as_micros() as i64),
        }
    }

    /// Seconds that local time is ahead of UTC at a moment given in UTC microseconds since 1970.
    #[cfg(feature = "dates")]
    pub fn local_offset_seconds(&self, utc_microseconds: i64) -> i64 {
        if self.own.is_some() {
            return 0;
        }
        super::sys::local_offset_seconds(utc_microseconds.div_euclid(1_000_000)).unwrap_or(0)
    }
}
