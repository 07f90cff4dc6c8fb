//! Ends the process where a worker stands still, or where it does not leave: one that limps holds
//! partitions that another process could work on. Whoever runs it starts it again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use super::shutdown::Shutdown;
use crate::board::Board;
use crate::worker::Shared;
use crate::worker::clock::Stopwatch;

/// Longer than anything a worker waits for: a commit, or a restore to which no row comes, gives up by itself
/// before. Probes say no after half of this.
const STILL_MAX: Duration = Duration::from_secs(60);

/// Longer than finishing a batch and its commit, brokers away included.
const LEAVING_MAX: Duration = Duration::from_secs(60);

const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Could not go on.
const EXIT_CODE: i32 = 3;

/// Starts the thread.
#[expect(
    clippy::disallowed_methods,
    reason = "who stands still closes nothing, and would be waited for"
)]
pub(super) fn start(shared: Arc<Shared>, shutdown: Shutdown) -> Result<()> {
    let thread = std::thread::Builder::new().name("watchdog".to_owned());
    let watched = thread.spawn(move || {
        let mut watch = Watch::new(STILL_MAX, LEAVING_MAX);
        loop {
            std::thread::sleep(LOOK_AGAIN);
            if let Some(why) = watch.look(&shared.board, shutdown.is_stopping()) {
                tracing::error!(%why, "the process ends; what was not committed is done again");
                std::process::exit(EXIT_CODE);
            }
        }
    });
    watched.map(drop).context("cannot start a thread")
}

/// What was seen so far, by a clock that nobody sets.
struct Watch {
    still_max: Duration,
    leaving_max: Duration,
    /// By worker: its last sign of life, and since when there was no other.
    beats: BTreeMap<usize, (i64, Stopwatch)>,
    leaving: Option<Stopwatch>,
}

impl Watch {
    fn new(still_max: Duration, leaving_max: Duration) -> Self {
        Self { still_max, leaving_max, beats: BTreeMap::new(), leaving: None }
    }

    /// Why the process has to end, if it has.
    fn look(&mut self, board: &Board, is_stopping: bool) -> Option<String> {
        if is_stopping {
            let leaving = self.leaving.get_or_insert_with(Stopwatch::start);
            let is_late = leaving.elapsed() > self.leaving_max;
            return is_late
                .then(|| format!("it was asked to stop {:?} ago and has not", self.leaving_max));
        }
        for (worker, state) in board.workers() {
            let seen = self.beats.entry(worker).or_insert((state.beat_ms, Stopwatch::start()));
            if seen.0 != state.beat_ms {
                *seen = (state.beat_ms, Stopwatch::start());
            }
        }
        let still = self.beats.iter().find(|(_, (_, since))| since.elapsed() > self.still_max);
        still.map(|(worker, _)| {
            format!("worker {worker} has made no progress for {:?}", self.still_max)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    #[test]
    fn a_worker_that_stands_still_is_seen_and_one_that_goes_on_is_not() {
        let (board, mut watch) = (Board::default(), Watch::new(SOON, SOON));
        for worker in [0, 1] {
            board.update(worker, |state| state.beat_ms = 5);
        }
        assert_eq!(watch.look(&board, false), None);
        std::thread::sleep(2 * SOON);
        // A clock that is set back is a sign of life, too.
        board.update(0, |state| state.beat_ms = 4);
        let why = watch.look(&board, false).unwrap();
        assert_eq!(why, "worker 1 has made no progress for 20ms");
        board.update(1, |state| state.beat_ms = 6);
        assert_eq!(watch.look(&board, false), None);
    }

    #[test]
    fn a_process_that_does_not_leave_is_seen() {
        let (board, mut watch) = (Board::default(), Watch::new(SOON, SOON));
        assert_eq!(watch.look(&board, true), None);
        std::thread::sleep(2 * SOON);
        assert!(watch.look(&board, true).unwrap().contains("asked to stop 20ms ago"));
    }
}
