//! The log: batches in, transactions out. Two backends behind [`Log`]: `kafka` for any size,
//! `embedded` for one machine. One `Log` value belongs to one worker thread.
//!
//! The contract every backend keeps, and every test of the pipeline checks on both:
//! - Records of one partition come in offset order, none skipped, from the last committed offset.
//! - What was sent and the input offsets of [`Log::commit`] become visible together or not at all.
//! - After [`LogError::Aborted`] or [`LogError::Unknown`] the input stands at the last committed
//!   offsets and nothing is open: the worker drops what it computed and polls on.
//! - A revoked partition is the worker's until it calls [`Log::settle`]; until then
//!   [`Log::poll`] says the same again.

pub mod kafka;

pub mod embedded;

use std::time::Duration;

use crate::record::{Inputs, Outgoing, Partition, Record};

/// What [`Log::poll`] came back with.
pub enum Polled<'a> {
    /// Records, of partitions that are assigned and settled.
    Records(Box<dyn Batch + 'a>),
    /// These partitions are this worker's now. It restores their state, then calls
    /// [`Log::settle`]; no record of them comes before.
    Assigned(Vec<Partition>),
    /// These partitions go to another worker. Unless `lost`, the worker commits what it has of
    /// them; then it drops their state and calls [`Log::settle`].
    Revoked {
        /// Which.
        partitions: Vec<Partition>,
        /// True: another worker may own them already, so the open transaction must be aborted.
        lost: bool,
    },
    /// Nothing within the time given.
    Idle,
}

/// Records as they lie in the log's buffer.
pub trait Batch {
    /// Number of records, at least 1.
    fn len(&self) -> usize;
    /// True for an empty batch, which no backend hands out.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Record by position, in the order they are to be processed.
    fn record(&self, index: usize) -> Option<Record<'_>>;
}

/// Why the log did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The open transaction was rolled back, and the input rewound to the last commit.
    #[error("transaction rolled back: {0}")]
    Aborted(String),
    /// Nobody can say whether the transaction was committed. The worker drops all its partitions,
    /// as if they were revoked and lost; the log starts anew at the offsets the other side holds
    /// and gives them again by [`Polled::Assigned`].
    #[error("outcome of the transaction unknown, started anew: {0}")]
    Unknown(String),
    /// The log cannot go on; the message says what to do.
    #[error("{0}")]
    Stop(String),
}

/// Takes (key, value) pairs of the state topic; a value of `None` deletes the key.
pub type StateVisitor<'v> = &'v mut dyn FnMut(&[u8], Option<&[u8]>);

/// How far a worker is behind on one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// Which.
    pub partition: Partition,
    /// Records that are not committed yet. An upper bound: markers of transactions, which nobody
    /// reads, may count as well, so that a partition at rest can show 1.
    pub records: u64,
}

/// One worker's end of the log: what it reads and what it writes, in one transaction at a time.
pub trait Log {
    /// The input topics, by id.
    fn inputs(&self) -> &Inputs;

    /// Partitions of the signals topic (and of state): fixed for the life of a deployment. 0 as
    /// long as the log has not met its broker, so before the first [`Polled::Assigned`] only.
    fn signal_partitions(&self) -> i32;

    /// Waits up to `wait` for something to do. Must be called at least each second, or the other
    /// side takes this worker for dead.
    ///
    /// # Errors
    /// [`LogError::Stop`] only; a broker that is away is [`Polled::Idle`] until it is back.
    fn poll(&mut self, wait: Duration) -> Result<Polled<'_>, LogError>;

    /// Confirms the last [`Polled::Assigned`] or [`Polled::Revoked`].
    ///
    /// # Errors
    /// [`LogError::Stop`].
    fn settle(&mut self) -> Result<(), LogError>;

    /// Adds a record to the transaction; opens one where none is open. Blocks while the queue of
    /// the backend is full.
    ///
    /// # Errors
    /// Any; after [`LogError::Aborted`] the whole transaction is gone, not only this record.
    fn send(&mut self, record: &Outgoing) -> Result<(), LogError>;

    /// Commits what was sent together with the offsets to read next, each partition once.
    ///
    /// # Errors
    /// Any.
    fn commit(&mut self, next: &[(Partition, i64)]) -> Result<(), LogError>;

    /// Drops what was sent since the last commit and rewinds the input to it.
    ///
    /// # Errors
    /// [`LogError::Unknown`] where even that could not be made sure; [`LogError::Stop`].
    fn abort(&mut self) -> Result<(), LogError>;

    /// Hands over every live (key, value) of one partition of the state topic, committed records
    /// only, up to the newest there is when this is called. Keys may repeat: the last wins, and a
    /// value of `None` deletes.
    ///
    /// # Errors
    /// [`LogError::Stop`].
    fn restore(&mut self, signals: Partition, each: StateVisitor<'_>) -> Result<(), LogError>;

    /// How far behind, for each assigned partition, from what the client knows without asking.
    fn lag(&self) -> Vec<Lag>;
}
