//! The only clock of the Kafka log: how long something may still take.

use std::time::{Duration, Instant};

#[expect(clippy::disallowed_methods, reason = "waiting for a broker is not a decision on a post")]
fn now() -> Instant {
    Instant::now()
}

/// A moment by which something must be done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub(super) fn after(wait: Duration) -> Self {
        Self(now() + wait)
    }

    pub(super) fn left(self) -> Duration {
        self.0.saturating_duration_since(now())
    }

    pub(super) fn passed(self) -> bool {
        self.left().is_zero()
    }

    /// What is left, but at most `slice`: for calls that must come back now and then.
    pub(super) fn slice(self, slice: Duration) -> Duration {
        self.left().min(slice)
    }
}

/// How long something took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self(now())
    }

    pub(super) fn taken(self) -> Duration {
        now().saturating_duration_since(self.0)
    }
}
