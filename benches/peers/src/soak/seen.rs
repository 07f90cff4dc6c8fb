//! Which posts a topic of events speaks of, a bit a post: an hour of posts is 22 MB.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Course;
use crate::kafka::clock;
use crate::kafka::events::Events;
use crate::kafka::made::{Made, Place};

/// How long the reader waits for an event before it looks whether the run is over.
const LOOK: Duration = Duration::from_millis(10);

/// After the last post, for the events that are still to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// When all that should be there are: for those that should not.
const QUIET: Duration = Duration::from_secs(2);

#[derive(Default)]
pub struct Seen {
    bits: Vec<u64>,
    /// Planted posts with an event.
    planted: usize,
    /// Events on a post that had one already.
    again: usize,
    /// Events on posts that are not planted.
    other: usize,
}

/// What was seen, beside what had to be.
pub struct Wanted {
    seen: Seen,
    planted: usize,
}

impl Seen {
    /// Reads until the run is over and all planted posts have their event, or should have it. `late` is told
    /// of each how long after its post was due it came, ms.
    pub fn follow(events: &Events, course: &Course<'_>, mut late: impl FnMut(f64)) -> Wanted {
        let mut seen = Self::default();
        let mut next = || {
            let Some((place, at)) = events.next(LOOK) else { return seen.planted };
            seen.take(place, course.feed.made);
            let due = course.feed.due(course.start, place.number());
            late(at.saturating_duration_since(due).as_secs_f64() * 1e3);
            seen.planted
        };
        while !course.is_over.load(Ordering::Relaxed) {
            next();
        }
        // The producer may be at its last handful: what it sends then is waited for as well.
        let planted = || course.feed.made.count_planted(course.sent.load(Ordering::Relaxed));
        let end = clock::now();
        while next() < planted() && end.elapsed() < PATIENCE {}
        let end = clock::now();
        while end.elapsed() < QUIET {
            next();
        }
        Wanted { planted: planted(), seen }
    }

    fn take(&mut self, place: Place, made: &Made) {
        let number = place.number();
        let (word, bit) = (number / 64, 1 << (number % 64));
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        let is_new = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        match (made.post(number).planted, is_new) {
            (true, true) => self.planted += 1,
            (true, false) => self.again += 1,
            (false, _) => self.other += 1,
        }
    }
}

impl Wanted {
    /// One event for each planted post, and no other.
    pub fn is_right(&self) -> bool {
        let Seen { planted, again, other, .. } = self.seen;
        planted == self.planted && again == 0 && other == 0
    }

    pub fn said(&self) -> String {
        let Self { planted, seen } = self;
        format!(
            "{} of {planted} planted posts have their event; {} came again, {} are of other posts",
            seen.planted, seen.again, seen.other
        )
    }
}
