//! The one place that reads the clock on the way of a batch: once at its start, once at its commit.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Unix milliseconds now. 0 for a machine set before 1970.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the clock of the loop: once a batch, not once a post"
)]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A point in time to measure from.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "durations of batches and transactions")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since it started.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
