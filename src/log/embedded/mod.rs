//! The embedded log: the topics, offsets and transactions of [`Log`](crate::log::Log) in one file
//! on this machine.
//!
//! ```text
//! POST, ingest ─ append ─┐                                   ┌► file (redb, one fsync'd commit a group)
//!                        ├─► queue (bytes) ─► commit thread ─┤
//! workers ─── commit ────┘                                   └► view (ends, newest blobs) ─► poll
//! ```
//! One thread writes. Whatever waits while it is at the disk becomes the next group: one
//! transaction of the file, however many appends and commits are in it. Nothing is seen or answered
//! before it is durable. What no worker has consumed is never deleted; instead, appends are refused.
//!
//! The stamp of what workers write is the newest time of any appended record, and ages count from
//! it too: the log reads no clock.

mod commit;
mod frame;
mod ledger;
mod outbox;
mod producers;
mod queue;
mod setup;
mod store;
mod view;
mod worker;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use frame::{BadBlob, Fields, Frames};
use ledger::Slot;
use outbox::{Outbox, StateChange};
use queue::{Job, Queue, Refusal, Source};
use store::Blob;
use view::View;

pub use producers::Once;
pub use worker::EmbeddedLog;

use crate::log::LogError;
use crate::record::{Headers, InputId, Inputs, Outgoing, Partition, Topic, partition_of};

/// How the embedded log is kept. Partition counts and prefix are fixed when the file is made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file. Its folder must exist.
    pub path: PathBuf,
    /// Partitions of each posts topic, 1 to 1024.
    pub partitions: i32,
    /// Partitions of signals and of state, 1 to 1024.
    pub signal_partitions: i32,
    /// Full names of the posts topics, at least one.
    pub posts_topics: Vec<String>,
    /// What the names of all other topics begin with.
    pub prefix: String,
    /// Bytes each topic may hold before its oldest records go; also the bytes of posts that may
    /// wait for the workers before appends are refused. The file can grow to about twice the sum
    /// over all topics, because pages are powers of two.
    pub retention_bytes: u64,
    /// How far behind the newest record an old one may be before it goes.
    pub retention_age: Duration,
    /// Bytes that wait for the commit thread before senders do.
    pub queue_bytes: usize,
    /// Bytes of the file kept in memory.
    pub cache_bytes: usize,
    /// Bytes of records kept in memory for workers that are not far behind, of all inputs.
    pub tail_bytes: usize,
}

impl Settings {
    /// The defaults, for a file at `path`: 4 partitions, topics `tidegate.…`, 1 GiB and 7 days a
    /// topic, 16 MiB waiting, 64 MiB cached, 32 MiB of newest records.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            partitions: 4,
            signal_partitions: 4,
            posts_topics: vec!["tidegate.posts".to_owned()],
            prefix: "tidegate.".to_owned(),
            retention_bytes: 1 << 30,
            retention_age: Duration::from_hours(7 * 24),
            queue_bytes: 16 << 20,
            cache_bytes: 64 << 20,
            tail_bytes: 32 << 20,
        }
    }

    /// Full name of an own topic.
    #[must_use]
    pub fn name(&self, topic: Topic) -> String {
        format!("{}{}", self.prefix, topic.name())
    }
}

/// A record from outside, to be appended to an input.
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// Which input topic.
    pub input: InputId,
    /// Chooses the partition; without one, the value does.
    pub key: Option<Vec<u8>>,
    /// `None` is a null value.
    pub value: Option<Vec<u8>>,
    /// Headers, in order.
    pub headers: Vec<(Cow<'static, str>, Option<Vec<u8>>)>,
    /// When it arrived, Unix milliseconds, by the caller's clock; never a time found in a post,
    /// for ages count from the newest of these.
    pub time_ms: i64,
}

/// What an append did; it is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Records written.
    pub records: usize,
    /// The offset after the last record written, of each partition that got some.
    pub ends: Vec<(Partition, i64)>,
}

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Too much waits for the workers; worth trying again later.
    #[error("{0}")]
    Full(String),
    /// A record that the log cannot hold; trying again is of no use.
    #[error("{0}")]
    Refused(String),
    /// The log cannot go on. Only after this may the records be there all the same once the
    /// process has started again, all or none of them.
    #[error("{0}")]
    Stop(String),
}

/// A record as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its offset.
    pub offset: i64,
    /// Its time, Unix milliseconds.
    pub time_ms: i64,
    /// Key, if it has one.
    pub key: Option<Vec<u8>>,
    /// Value; `None` is a null value.
    pub value: Option<Vec<u8>>,
    /// Headers, in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// What to read of a partition.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Offset of the first record; where retention has taken it, the oldest there is.
    pub from: i64,
    /// Records at most.
    pub records_max: usize,
    /// No more records once their keys and values reach this many bytes.
    pub bytes_max: usize,
}

impl Span {
    /// Takes what it may of a blob, and moves past it.
    fn take(&mut self, blob: &Blob, out: &mut Vec<StoredRecord>) -> Result<(), BadBlob> {
        let skipped = usize::try_from(self.from - blob.base).unwrap_or(0);
        let frames = Frames::of(&blob.bytes)?.skip(skipped);
        for (offset, frame) in (self.from.max(blob.base)..).zip(frames) {
            if self.records_max == 0 || self.bytes_max == 0 {
                break;
            }
            let record = stored(offset, &frame?);
            self.records_max -= 1;
            self.bytes_max = self.bytes_max.saturating_sub(content_bytes(&record));
            self.from = offset + 1;
            out.push(record);
        }
        Ok(())
    }
}

/// The log of this process. Dropping it closes the file.
pub struct Embedded {
    settings: Settings,
    inputs: Inputs,
    /// Number in the file and partitions, by [`InputId`].
    input_topics: Vec<(u16, i32)>,
    queue: Arc<Queue>,
    view: Arc<View>,
    commit_thread: Mutex<Option<JoinHandle<()>>>,
}

impl Embedded {
    /// Opens the file, or makes it where there is none, and starts the commit thread.
    ///
    /// # Errors
    /// [`LogError::Stop`] if another process has it open, if it was made with other partition
    /// counts or another prefix, by a newer version, or cannot be read.
    pub fn open(settings: Settings) -> Result<Arc<Self>, LogError> {
        let (store, ledger) = setup::open(&settings)?;
        let inputs = Inputs::new(&settings.posts_topics, &settings.name(Topic::Signals));
        let view = Arc::new(View::new(store, &ledger, settings.tail_bytes));
        let topics = inputs.names().iter().filter_map(|name| view.topic(name));
        let input_topics = topics.collect();
        let queue = Arc::new(Queue::new(settings.queue_bytes));
        let thread = commit::start(ledger, Arc::clone(&queue), Arc::clone(&view))
            .map_err(|error| LogError::Stop(format!("cannot start the commit thread: {error}")))?;
        let commit_thread = Mutex::new(Some(thread));
        Ok(Arc::new(Self { settings, inputs, input_topics, queue, view, commit_thread }))
    }

    /// One worker's end. Partition p of each input belongs to worker p mod `workers`; each `slot`
    /// from 0 to `workers` - 1 must be taken by one worker only.
    #[must_use]
    pub fn worker(self: &Arc<Self>, slot: usize, workers: usize) -> EmbeddedLog {
        EmbeddedLog::new(Arc::clone(self), slot, workers)
    }

    /// The input topics, by id.
    #[must_use]
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// Full name of an own topic.
    #[must_use]
    pub fn name(&self, topic: Topic) -> String {
        self.settings.name(topic)
    }

    /// Appends records to inputs: all or none, durable when this returns. Waits for the disk, so
    /// not to be called from async code.
    ///
    /// # Errors
    /// See [`AppendError`].
    pub fn append(&self, records: Vec<NewRecord>) -> Result<Appended, AppendError> {
        self.append_as(records, None)
    }

    /// As [`Embedded::append`], but where an append of this producer with this number or a later
    /// one was taken before, nothing is written, and the answer names no ends.
    ///
    /// # Errors
    /// See [`AppendError`].
    pub fn append_once(
        &self,
        records: Vec<NewRecord>,
        once: Once,
    ) -> Result<Appended, AppendError> {
        self.append_as(records, Some(once))
    }

    fn append_as(
        &self,
        records: Vec<NewRecord>,
        once: Option<Once>,
    ) -> Result<Appended, AppendError> {
        let count = records.len();
        let mut outbox = Outbox::default();
        for record in records {
            let slot = self.slot_of(&record)?;
            let fields = Fields {
                time_ms: record.time_ms,
                key: record.key.as_deref(),
                value: record.value.as_deref(),
                headers: &record.headers,
            };
            outbox.add(slot, &fields).map_err(|error| AppendError::Refused(error.to_string()))?;
        }
        if outbox.is_empty() {
            return Ok(Appended { records: 0, ends: Vec::new() });
        }
        let ends =
            self.submit(outbox, Vec::new(), Source::Outside(once)).map_err(
                |refusal| match refusal {
                    Refusal::Full(why) => AppendError::Full(why),
                    Refusal::Stop(why) => AppendError::Stop(why),
                },
            )?;
        let ends = ends.into_iter().filter_map(|(slot, end)| Some((self.input_of(slot)?, end)));
        Ok(Appended { records: count, ends: ends.collect() })
    }

    fn slot_of(&self, record: &NewRecord) -> Result<Slot, AppendError> {
        let topic = self.input_topics.get(usize::from(record.input.0));
        let &(topic, partitions) = topic.ok_or_else(|| {
            AppendError::Refused(format!("the log has no input topic {}", record.input.0))
        })?;
        let chooser = record.key.as_ref().or(record.value.as_ref());
        let partition = partition_of(chooser.map_or(&[], Vec::as_slice), partitions);
        Ok(Slot { topic, partition })
    }

    fn input_of(&self, slot: Slot) -> Option<Partition> {
        let input = self.input_topics.iter().position(|&(topic, _)| topic == slot.topic)?;
        Some(Partition { input: InputId(u16::try_from(input).ok()?), number: slot.partition })
    }

    /// Hands a transaction to the commit thread and waits until it is durable.
    fn submit(
        &self,
        outbox: Outbox,
        next: Vec<(Slot, i64)>,
        source: Source,
    ) -> Result<Vec<(Slot, i64)>, Refusal> {
        let (answer, answered) = sync_channel(1);
        let ended = || Refusal::Stop(self.view.stopped().unwrap_or_else(|| self.view.closed()));
        if !self.queue.add(Job { outbox, next, source, answer }) {
            return Err(ended());
        }
        answered.recv().unwrap_or_else(|_| Err(ended()))
    }

    /// Committed records of one partition of a topic (full name). State is a table and has none.
    ///
    /// # Errors
    /// [`LogError::Stop`] if there is no such topic or partition, or the file cannot be read.
    pub fn read(
        &self,
        topic: &str,
        partition: i32,
        span: Span,
    ) -> Result<Vec<StoredRecord>, LogError> {
        let unknown = || LogError::Stop(format!("the log has no partition {topic}/{partition}"));
        let (number, _) = self.view.topic(topic).ok_or_else(unknown)?;
        let slot = Slot { topic: number, partition };
        let row = self.view.row(slot).ok_or_else(unknown)?;
        let mut rest = Span { from: span.from.max(row.start), ..span };
        let mut records = Vec::new();
        while rest.records_max > 0 && rest.bytes_max > 0 {
            let blobs = self.view.blobs(slot, rest.from, rest.bytes_max)?;
            if blobs.is_empty() {
                break;
            }
            for blob in &blobs {
                rest.take(blob, &mut records).map_err(|bad| self.damaged(&bad))?;
            }
        }
        Ok(records)
    }

    fn damaged(&self, bad: &BadBlob) -> LogError {
        LogError::Stop(format!("the log {} is damaged: {bad}", self.settings.path.display()))
    }

    /// Puts controls into the log: all or none, durable when this returns.
    ///
    /// # Errors
    /// [`AppendError::Stop`].
    pub fn control(&self, records: &[Outgoing]) -> Result<(), AppendError> {
        let mut outbox = Outbox::default();
        records.iter().for_each(|record| outbox.change(control_change(record)));
        let done = self.submit(outbox, Vec::new(), Source::Outside(None));
        done.map(|_| ()).map_err(|refusal| match refusal {
            Refusal::Full(why) | Refusal::Stop(why) => AppendError::Stop(why),
        })
    }

    /// Hands over every control that is in the log: key and value.
    ///
    /// # Errors
    /// [`LogError::Stop`] if the file cannot be read.
    pub fn controls(&self, each: crate::log::StateVisitor<'_>) -> Result<(), LogError> {
        self.view.restore(CONTROLS, each)
    }

    /// The offset after the newest record, by partition number; empty if there is no such topic.
    #[must_use]
    pub fn ends(&self, topic: &str) -> Vec<i64> {
        self.rows(topic).into_iter().map(|row| row.end).collect()
    }

    /// The oldest offset retention has left, by partition number; empty if there is no such topic.
    #[must_use]
    pub fn starts(&self, topic: &str) -> Vec<i64> {
        self.rows(topic).into_iter().map(|row| row.start).collect()
    }

    /// The offset that is read next, by partition number, of an input; empty if there is no such topic.
    #[must_use]
    pub fn committed(&self, topic: &str) -> Vec<i64> {
        self.rows(topic).into_iter().map(|row| row.committed).collect()
    }

    fn rows(&self, topic: &str) -> Vec<ledger::Row> {
        let Some((topic, partitions)) = self.view.topic(topic) else { return Vec::new() };
        let rows = (0..partitions).filter_map(|partition| self.view.row(Slot { topic, partition }));
        rows.collect()
    }

    /// Commits what waits, then closes the file. Everything after is refused.
    ///
    /// # Errors
    /// [`LogError::Stop`] if the file did not close; all that was acknowledged is in it.
    pub fn close(&self) -> Result<(), LogError> {
        self.queue.close();
        let thread = self.commit_thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ended = thread.map_or(Ok(()), JoinHandle::join);
        self.view.close()?;
        ended.map_err(|_| LogError::Stop("the commit thread panicked".to_owned()))
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // Who wants to know whether it closed well calls `close`.
        drop(self.close());
    }
}

/// Where controls are among the rows of the state, which is kept by key and for ever, as they are: no
/// partition has this number.
const CONTROLS: i32 = -1;

fn control_change(record: &Outgoing) -> StateChange {
    let key = record.key.clone().unwrap_or_default();
    StateChange { partition: CONTROLS, key, value: record.value.clone() }
}

fn stored(offset: i64, frame: &frame::Frame<'_>) -> StoredRecord {
    let mut headers = Vec::new();
    frame.headers.each(&mut |name, value| {
        headers.push((name.to_owned(), value.map(<[u8]>::to_vec)));
    });
    StoredRecord {
        offset,
        time_ms: frame.time_ms,
        key: frame.key.map(<[u8]>::to_vec),
        value: frame.value.map(<[u8]>::to_vec),
        headers,
    }
}

/// Bytes a record counts for in a read; at least 1, so that every read ends.
fn content_bytes(record: &StoredRecord) -> usize {
    let field = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
    (field(&record.key) + field(&record.value)).max(1)
}
