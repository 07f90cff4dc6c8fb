//! What waits for the commit thread: a queue bounded in bytes, taken whole, so that everything
//! that waits shares one fsync.

use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::ledger::Slot;
use super::outbox::Outbox;
use super::producers::Once;

/// Why a job was refused; nothing of it was written.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// Too many posts wait for the workers.
    Full(String),
    /// The log cannot go on, or must not.
    Stop(String),
}

/// The end offsets of the partitions a job wrote to, or why it was refused.
pub(super) type Answer = Result<Vec<(Slot, i64)>, Refusal>;

/// Who asks for a job to be written.
pub(super) enum Source {
    /// Posts from outside: refused while too many wait, and taken once where they are numbered.
    Outside(Option<Once>),
    /// A worker: never refused for space, or it could not get rid of what waits.
    Worker,
}

/// Records, state changes and offsets that become durable together.
pub(super) struct Job {
    pub(super) outbox: Outbox,
    /// The offsets to read next, each partition once.
    pub(super) next: Vec<(Slot, i64)>,
    pub(super) source: Source,
    pub(super) answer: SyncSender<Answer>,
}

#[derive(Default)]
struct Waiting {
    jobs: Vec<Job>,
    bytes: usize,
    closed: bool,
}

/// The queue. Closing it lets what waits be taken and nothing more be added.
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    added: Condvar,
    taken: Condvar,
    bytes_max: usize,
}

impl Queue {
    /// Holds jobs of `bytes_max` in all, or one of any size.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { waiting: Mutex::default(), added: Condvar::new(), taken: Condvar::new(), bytes_max }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job, waiting for room; false if the queue is closed.
    pub(super) fn add(&self, job: Job) -> bool {
        let bytes = job.outbox.bytes();
        let full = |waiting: &mut Waiting| {
            !waiting.closed && waiting.bytes > 0 && waiting.bytes + bytes > self.bytes_max
        };
        let waiting = self.taken.wait_while(self.lock(), full);
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        if waiting.closed {
            return false;
        }
        waiting.bytes += bytes;
        waiting.jobs.push(job);
        self.added.notify_one();
        true
    }

    /// Takes all that waits, in the order it came; waits while there is nothing. `None` once the
    /// queue is closed and empty.
    pub(super) fn take(&self) -> Option<Vec<Job>> {
        let empty = |waiting: &mut Waiting| !waiting.closed && waiting.jobs.is_empty();
        let waiting = self.added.wait_while(self.lock(), empty);
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let jobs = std::mem::take(&mut waiting.jobs);
        waiting.bytes = 0;
        self.taken.notify_all();
        (!jobs.is_empty()).then_some(jobs)
    }

    /// Lets nothing more in, and wakes everybody who waits.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.added.notify_all();
        self.taken.notify_all();
    }
}
