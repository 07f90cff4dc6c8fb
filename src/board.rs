//! What the process knows of itself, for probes, console and watchdog. Nothing on it changes a
//! verdict.

use dashmap::DashMap;

/// What one worker last said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerState {
    /// When it last went round its loop, Unix milliseconds.
    pub beat_ms: i64,
    /// Partitions it owns, as `topic/number`, sorted.
    pub assigned: Vec<String>,
    /// It has joined and has restored the state of all it owns.
    pub ready: bool,
}

/// The board: each worker writes its own line, anybody reads.
#[derive(Debug, Default)]
pub struct Board {
    workers: DashMap<usize, WorkerState>,
}

impl Board {
    /// Writes a worker's line.
    pub fn update(&self, worker: usize, change: impl FnOnce(&mut WorkerState)) {
        change(&mut self.workers.entry(worker).or_default());
    }

    /// All lines, by worker.
    #[must_use]
    pub fn workers(&self) -> Vec<(usize, WorkerState)> {
        let mut lines: Vec<_> =
            self.workers.iter().map(|line| (*line.key(), line.value().clone())).collect();
        lines.sort_by_key(|(worker, _)| *worker);
        lines
    }

    /// Are there `workers` lines, all ready?
    #[must_use]
    pub fn ready(&self, workers: usize) -> bool {
        let lines = self.workers();
        lines.len() == workers && lines.iter().all(|(_, state)| state.ready)
    }

    /// Has every worker gone round its loop since `since_ms`?
    #[must_use]
    pub fn alive(&self, since_ms: i64) -> bool {
        self.workers().iter().all(|(_, state)| state.beat_ms >= since_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_late_worker_is_seen() {
        let board = Board::default();
        board.update(0, |state| {
            state.beat_ms = 100;
            state.ready = true;
        });
        assert!(board.ready(1) && !board.ready(2));
        board.update(1, |state| state.beat_ms = 50);
        assert!(!board.ready(2));
        assert!(board.alive(50) && !board.alive(51));
        board.update(1, |state| state.ready = true);
        assert!(board.ready(2));
    }
}
