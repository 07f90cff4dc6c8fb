//! The loop: one thread, its partitions, a batch through both hops, one transaction at a time.
//!
//! A worker owns its end of the log, its buffers and the state of its signals partitions; it takes
//! no lock and waits for nobody on the way of a post. What a transaction did is counted when it
//! commits.
//!
//! Which way it fails: what cannot be screened is dead-lettered in the same transaction; a
//! transaction that fails is dropped whole and its records are read again; what the log cannot mend
//! ends the worker, and with it the process. No record is passed over.

pub mod clock;
mod pass;
mod slot;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::board::Board;
use crate::event::Issuer;
use crate::log::{Log, LogError, Polled};
use crate::metrics::{Count, Level, Metrics, Timing};
use crate::record::Partition;
use crate::screen::{Reading, RuleSet, warm_up};
use clock::Stopwatch;
use pass::Pass;
pub use slot::Slot;

/// Longest wait for records while nothing is open: how soon a stop or new rules are seen.
const IDLE_WAIT: Duration = Duration::from_millis(100);

/// Offsets alone, without an event, are committed so often.
const OFFSETS_INTERVAL: Duration = Duration::from_secs(1);

/// Lag is told so often.
const LAG_INTERVAL: Duration = Duration::from_secs(1);

/// The interval between commits of a saturated worker is stretched up to so many times, so that it
/// spends at most [`COMMIT_SHARE`] of its time waiting for them.
const STRETCH_MAX: u32 = 4;

/// A critical takedown is committed at once, but so long after the last commit at the soonest, and not while the worker is
/// saturated: a flood of them would else be nothing but commits.
const URGENT_PAUSE: Duration = Duration::from_millis(10);

/// A worker that waits for records for more than one part in so many of its time is not saturated.
const WAIT_SHARE: u32 = 8;

/// One part in so many of a worker's time may go into commits.
const COMMIT_SHARE: u32 = 20;

/// What all workers share.
pub struct Shared {
    /// The rules in force; loaded once a batch.
    pub rules: ArcSwap<RuleSet>,
    /// What the process knows of itself.
    pub board: Board,
    /// Counts.
    pub metrics: Metrics,
    /// Names and keys events.
    pub issuer: Issuer,
    /// How records are read.
    pub reading: Reading,
}

/// When a worker closes its transaction, and how much state it keeps.
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    /// So long after the first record, if it led to an event.
    pub interval: Duration,
    /// At so many bytes of output at the latest.
    pub bytes_max: usize,
    /// Rows of state of each kind that a partition of signals keeps.
    pub rows_max: usize,
}

/// Rows of state that are read between two signs of life: less than a tenth of a second (docs/delivery.md).
const ROWS_A_BEAT: u64 = 4_096;

/// A change of what a worker owns, taken out of the log's buffer.
enum Change {
    Gained(Vec<Partition>),
    Gone { partitions: Vec<Partition>, lost: bool },
}

/// One worker.
pub struct Worker<L> {
    number: usize,
    log: L,
    shared: Arc<Shared>,
    delivery: Delivery,
    pass: Pass,
    /// Since the first record of the open transaction.
    opened: Option<Stopwatch>,
    /// How long records were waited for since then.
    waited: Duration,
    last_commit: Duration,
    /// Since the end of the last commit.
    committed: Option<Stopwatch>,
    lag_told: Option<Stopwatch>,
    assigned: Vec<Partition>,
}

impl<L: Log> Worker<L> {
    /// A worker that has not joined yet.
    pub fn new(number: usize, log: L, shared: Arc<Shared>, delivery: Delivery, slot: Slot) -> Self {
        if slot.suspects() > 0 {
            let partitions = slot.suspects();
            tracing::warn!(worker = number, partitions, "the last process ended here: one by one");
        }
        let pass = Pass::new(log.inputs().clone(), slot, delivery.rows_max);
        Self {
            number,
            log,
            shared,
            delivery,
            pass,
            opened: None,
            waited: Duration::ZERO,
            last_commit: Duration::ZERO,
            committed: None,
            lag_told: None,
            assigned: Vec::new(),
        }
    }

    /// Works until `stop` says so, then commits what it has.
    ///
    /// # Errors
    /// [`LogError::Stop`] where the log cannot go on.
    pub fn run(&mut self, stop: impl Fn() -> bool) -> Result<(), LogError> {
        warm_up(&self.shared.rules.load());
        let ended = self.work(stop);
        // A log that cannot go on is no record's fault either.
        self.pass.leave();
        ended
    }

    fn work(&mut self, stop: impl Fn() -> bool) -> Result<(), LogError> {
        while !stop() {
            let done = self.turn();
            self.recover(done)?;
        }
        let done = self.commit();
        self.recover(done)
    }

    /// One turn: poll, do what came, commit if due.
    fn turn(&mut self) -> Result<(), LogError> {
        self.beat();
        self.pass.follow_rules(&self.shared.rules.load());
        let wait = self.wait();
        let asked = Stopwatch::start();
        let change = match self.log.poll(wait)? {
            Polled::Records(batch) => {
                let started = Stopwatch::start();
                match self.opened {
                    Some(_) => self.waited += asked.elapsed(),
                    None => (self.opened, self.waited) = (Some(started), Duration::ZERO),
                }
                self.pass.take(&*batch, &self.shared);
                let seconds = started.elapsed().as_secs_f64();
                self.shared.metrics.observe(Timing::Batch, &["screen"], seconds);
                None
            }
            Polled::Assigned(partitions) => Some(Change::Gained(partitions)),
            Polled::Revoked { partitions, lost } => Some(Change::Gone { partitions, lost }),
            Polled::Idle => {
                self.waited += asked.elapsed();
                None
            }
        };
        match change {
            Some(Change::Gained(partitions)) => self.take_over(&partitions)?,
            Some(Change::Gone { partitions, lost }) => self.hand_over(&partitions, lost)?,
            None => {}
        }
        self.send()?;
        if self.due() { self.commit() } else { Ok(()) }
    }

    fn beat(&mut self) {
        show_life(&self.shared.board, self.number);
        if self.lag_told.is_none_or(|told| told.elapsed() >= LAG_INTERVAL) {
            self.lag_told = Some(Stopwatch::start());
            self.tell_lag();
        }
    }

    fn tell_lag(&self) {
        for lag in self.log.lag() {
            let topic = self.log.inputs().name(lag.partition.input);
            let partition = lag.partition.number.to_string();
            let metrics = &self.shared.metrics;
            metrics.set(Level::LagRecords, &[topic, &partition], lag.records);
            let age = self.pass.consumed_ms(lag.partition).filter(|_| lag.records > 0);
            let age_ms = age.map_or(0, |time_ms| clock::now_ms().saturating_sub(time_ms).max(0));
            metrics.set(Level::LagSeconds, &[topic, &partition], age_ms.unsigned_abs() / 1000);
        }
    }

    /// How long to wait for records: until the open transaction is due.
    fn wait(&self) -> Duration {
        match self.opened {
            Some(_) if self.pass.is_urgent() => self.pause(),
            Some(opened) if self.pass.has_output() => {
                let left = self.delivery.interval.saturating_sub(opened.elapsed());
                // Only who has not waited until here is saturated.
                let over = || self.interval(opened).saturating_sub(opened.elapsed());
                if left.is_zero() { over() } else { left }.min(IDLE_WAIT)
            }
            _ => IDLE_WAIT,
        }
    }

    /// Has it hardly waited for records since then?
    fn is_saturated(&self, opened: Stopwatch) -> bool {
        self.waited * WAIT_SHARE <= opened.elapsed()
    }

    /// How long a critical takedown still has to wait.
    fn pause(&self) -> Duration {
        self.committed.map_or(Duration::ZERO, |ago| URGENT_PAUSE.saturating_sub(ago.elapsed()))
    }

    fn interval(&self, opened: Stopwatch) -> Duration {
        if !self.is_saturated(opened) {
            return self.delivery.interval;
        }
        let longest = self.delivery.interval * STRETCH_MAX;
        (self.last_commit * COMMIT_SHARE).clamp(self.delivery.interval, longest)
    }

    fn due(&self) -> bool {
        let Some(opened) = self.opened else { return false };
        if self.pass.is_urgent() && self.pause().is_zero() && !self.is_saturated(opened) {
            return true;
        }
        let interval =
            if self.pass.has_output() { self.interval(opened) } else { OFFSETS_INTERVAL };
        self.pass.bytes() >= self.delivery.bytes_max || opened.elapsed() >= interval
    }

    /// Ships what the pass has made so far.
    fn send(&mut self) -> Result<(), LogError> {
        for record in self.pass.take_output() {
            self.log.send(&record)?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), LogError> {
        let Some(opened) = self.opened.take() else { return Ok(()) };
        let started = Stopwatch::start();
        self.pass.flush();
        self.send()?;
        self.log.commit(&self.pass.offsets())?;
        self.last_commit = started.elapsed();
        self.committed = Some(Stopwatch::start());
        let counts = self.pass.committed();
        let metrics = &self.shared.metrics;
        metrics.commit(counts, clock::now_ms());
        metrics.add(Count::Transactions, &["committed"], 1);
        metrics.observe(Timing::Transaction, &[], opened.elapsed().as_secs_f64());
        self.tell_state();
        Ok(())
    }

    fn tell_state(&self) {
        let entries = self.pass.state_entries() as u64;
        self.shared.metrics.set(Level::StateEntries, &[&self.number.to_string()], entries);
    }

    /// Takes the way out that the error names; `Stop` is the caller's.
    fn recover(&mut self, done: Result<(), LogError>) -> Result<(), LogError> {
        match done {
            Ok(()) => Ok(()),
            Err(LogError::Aborted(why)) => {
                tracing::warn!(worker = self.number, %why, "transaction rolled back");
                self.rolled_back("aborted");
                Ok(())
            }
            Err(LogError::Unknown(why)) => {
                tracing::warn!(worker = self.number, %why, "outcome unknown: partitions and state are taken anew");
                self.rolled_back("unknown");
                // All of them come back through `Polled::Assigned`, with their state to be read.
                for partition in std::mem::take(&mut self.assigned) {
                    self.pass.disown(partition);
                }
                Ok(())
            }
            Err(stop @ LogError::Stop(_)) => Err(stop),
        }
    }

    fn rolled_back(&mut self, result: &str) {
        self.opened = None;
        self.pass.rolled_back();
        self.shared.metrics.add(Count::Transactions, &[result], 1);
    }

    fn take_over(&mut self, partitions: &[Partition]) -> Result<(), LogError> {
        // A restore takes its time: nothing may stay open meanwhile.
        let done = self.commit();
        self.recover(done)?;
        // Not known before the log has met the other side.
        self.pass.set_signal_partitions(self.log.signal_partitions());
        self.assigned.retain(|kept| !partitions.contains(kept));
        self.assigned.extend(partitions);
        for &partition in partitions {
            self.restore(partition)?;
        }
        self.log.settle()?;
        self.tell_assigned();
        Ok(())
    }

    fn hand_over(&mut self, partitions: &[Partition], lost: bool) -> Result<(), LogError> {
        let done = if lost {
            self.log.abort().and(Err(LogError::Aborted("partitions were lost".to_owned())))
        } else {
            self.commit()
        };
        self.recover(done)?;
        self.assigned.retain(|kept| !partitions.contains(kept));
        for partition in partitions {
            self.pass.disown(*partition);
            let topic = self.log.inputs().name(partition.input);
            let labels = [topic, &partition.number.to_string()];
            self.shared.metrics.forget(Level::LagRecords, &labels);
            self.shared.metrics.forget(Level::LagSeconds, &labels);
        }
        self.log.settle()?;
        self.tell_assigned();
        Ok(())
    }

    /// Reads the state of a signals partition; nothing to do for posts.
    fn restore(&mut self, partition: Partition) -> Result<(), LogError> {
        if !self.log.inputs().is_signals(partition.input) {
            return Ok(());
        }
        let mut tally = self.pass.new_tally();
        let (mut rows, mut unread) = (0_u64, 0);
        let (board, number) = (&self.shared.board, self.number);
        show_life(board, number);
        self.log.restore(partition, &mut |key, value| {
            // However long it takes: the log gives up by itself where no row comes.
            if rows.is_multiple_of(ROWS_A_BEAT) {
                show_life(board, number);
            }
            rows += 1;
            unread += u64::from(tally.restore(key, value).is_err());
        })?;
        if unread > 0 {
            return Err(LogError::Stop(format!(
                "{unread} rows of state partition {} cannot be read: they were written by a newer \
                 version; run that version, or delete and re-create the state and signals topics",
                partition.number
            )));
        }
        self.pass.own(partition, tally);
        Ok(())
    }

    fn tell_assigned(&self) {
        let inputs = self.log.inputs();
        let name = |partition: &Partition| {
            format!("{}/{}", inputs.name(partition.input), partition.number)
        };
        let mut assigned: Vec<_> = self.assigned.iter().map(name).collect();
        assigned.sort_unstable();
        let metrics = &self.shared.metrics;
        metrics.set(Level::AssignedPartitions, &[&self.number.to_string()], assigned.len() as u64);
        // Else what was restored shows with the next commit only, and what went to another with none.
        self.tell_state();
        tracing::info!(worker = self.number, partitions = assigned.len(), "assigned");
        self.shared.board.update(self.number, |state| {
            state.assigned = assigned;
            state.ready = true;
        });
    }
}

/// For the watchdog and the probes.
fn show_life(board: &Board, worker: usize) {
    let now = clock::now_ms();
    board.update(worker, |state| state.beat_ms = now);
}
