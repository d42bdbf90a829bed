//! Reads the time. Owns the monotonic origin of one interpreter; must never sleep.

use super::sys;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The clocks of one interpreter.
#[derive(Debug)]
pub struct Clock {
    origin: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Clock {
            origin: Instant::now(),
        }
    }
}

impl Clock {
    /// Time since the interpreter started; never goes back.
    pub fn monotonic(&self) -> Duration {
        self.origin.elapsed()
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
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_micros() as i64,
            Err(before) => -(before.duration().as_micros() as i64),
        }
    }

    /// Seconds that local time is ahead of UTC at a moment given in UTC microseconds since 1970.
    pub fn local_offset_seconds(&self, utc_microseconds: i64) -> i64 {
        sys::local_offset_seconds(utc_microseconds.div_euclid(1_000_000)).unwrap_or(0)
    }
}
