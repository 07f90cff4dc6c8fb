//! What is committed, as readers see it: the numbers of every partition and the newest blobs of
//! the inputs, so that a worker that keeps up never reads the file.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use super::ledger::{Ledger, Role, Row, Slot};
use super::store::{Blob, Store, StoreError};
use crate::log::LogError;

/// A partition as readers see it.
struct Seen {
    row: Row,
    /// Newest blobs, without a gap up to `row.end`; those a consumer has committed are dropped.
    tail: VecDeque<Arc<Blob>>,
    tail_bytes: usize,
}

struct SeenTopic {
    name: String,
    role: Role,
    partitions: Vec<Seen>,
}

struct Committed {
    topics: Vec<SeenTopic>,
    /// Why the log cannot go on, once it cannot.
    stopped: Option<String>,
}

impl Committed {
    fn partition(&self, slot: Slot) -> Option<&Seen> {
        let topic = self.topics.get(usize::from(slot.topic))?;
        topic.partitions.get(usize::try_from(slot.partition).ok()?)
    }

    fn partition_mut(&mut self, slot: Slot) -> Option<&mut Seen> {
        let topic = self.topics.get_mut(usize::from(slot.topic))?;
        topic.partitions.get_mut(usize::try_from(slot.partition).ok()?)
    }

    fn readable(&self, reading: &[(Slot, i64)]) -> bool {
        reading.iter().any(|&(slot, at)| self.partition(slot).is_some_and(|seen| at < seen.row.end))
    }
}

/// Blobs of one partition in memory, or the news that the file must be asked.
enum Found {
    Blobs(Vec<Arc<Blob>>),
    InFile,
}

impl Seen {
    fn find(&self, from: i64, bytes_max: usize) -> Found {
        let first = self.tail.partition_point(|blob| blob.next <= from);
        let holds = self.tail.get(first).is_some_and(|blob| blob.base <= from);
        if !holds {
            return Found::InFile;
        }
        let mut room = bytes_max;
        let fits = |blob: &&Arc<Blob>| {
            let fits = room > 0;
            room = room.saturating_sub(blob.bytes.len());
            fits
        };
        Found::Blobs(self.tail.range(first..).take_while(fits).map(Arc::clone).collect())
    }

    fn push(&mut self, blob: Arc<Blob>) {
        self.tail_bytes += blob.bytes.len();
        self.tail.push_back(blob);
    }

    fn trim(&mut self, bytes_max: usize) {
        let committed = self.row.committed;
        while let Some(oldest) = self.tail.front() {
            if oldest.next > committed && self.tail_bytes <= bytes_max {
                return;
            }
            self.tail_bytes -= oldest.bytes.len();
            self.tail.pop_front();
        }
    }
}

/// The file and what is known of it, shared by the commit thread and everybody who reads.
pub(super) struct View {
    store: RwLock<Option<Store>>,
    path: String,
    committed: Mutex<Committed>,
    changed: Condvar,
    /// Newest time of any record, Unix milliseconds: the stamp of what workers write.
    newest_ms: AtomicI64,
    /// Bytes of blobs kept in memory for one input partition.
    tail_bytes: usize,
}

impl View {
    /// `tail_bytes`: bytes of newest blobs to keep in memory, of all inputs together.
    pub(super) fn new(store: Store, ledger: &Ledger, tail_bytes: usize) -> Self {
        let inputs = ledger.topics.iter().filter(|topic| topic.role.consumed());
        let inputs: usize = inputs.map(|topic| topic.rows.len()).sum();
        let seen = |&row: &Row| Seen { row, tail: VecDeque::new(), tail_bytes: 0 };
        let topics = ledger.topics.iter().map(|topic| SeenTopic {
            name: topic.name.clone(),
            role: topic.role,
            partitions: topic.rows.iter().map(seen).collect(),
        });
        Self {
            path: store.path().display().to_string(),
            store: RwLock::new(Some(store)),
            committed: Mutex::new(Committed { topics: topics.collect(), stopped: None }),
            changed: Condvar::new(),
            newest_ms: AtomicI64::new(ledger.newest_ms()),
            tail_bytes: tail_bytes / inputs.max(1),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Committed> {
        self.committed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn newest_ms(&self) -> i64 {
        self.newest_ms.load(Ordering::Relaxed)
    }

    /// The file's number of a topic and how many partitions it has.
    pub(super) fn topic(&self, name: &str) -> Option<(u16, i32)> {
        let committed = self.lock();
        let index = committed.topics.iter().position(|topic| topic.name == name)?;
        let partitions = committed.topics.get(index)?.partitions.len();
        Some((u16::try_from(index).ok()?, i32::try_from(partitions).ok()?))
    }

    /// The numbers of a partition; `None` if the file has no such partition.
    pub(super) fn row(&self, slot: Slot) -> Option<Row> {
        self.lock().partition(slot).map(|seen| seen.row)
    }

    /// `topic/partition` as people know it.
    pub(super) fn label(&self, slot: Slot) -> String {
        let committed = self.lock();
        let topic = committed.topics.get(usize::from(slot.topic));
        format!("{}/{}", topic.map_or("?", |topic| topic.name.as_str()), slot.partition)
    }

    /// Lets everybody see what has just become durable.
    pub(super) fn publish(&self, rows: &[(Slot, Row)], blobs: Vec<(Slot, Blob)>) {
        let mut committed = self.lock();
        for &(slot, row) in rows {
            self.newest_ms.fetch_max(row.newest_ms, Ordering::Relaxed);
            if let Some(seen) = committed.partition_mut(slot) {
                seen.row = row;
            }
        }
        for (slot, blob) in blobs {
            let topic = committed.topics.get(usize::from(slot.topic));
            let consumed = topic.is_some_and(|topic| topic.role.consumed());
            if let Some(seen) = committed.partition_mut(slot).filter(|_| consumed) {
                seen.push(Arc::new(blob));
            }
        }
        for &(slot, _) in rows {
            if let Some(seen) = committed.partition_mut(slot) {
                seen.trim(self.tail_bytes);
            }
        }
        drop(committed);
        self.changed.notify_all();
    }

    /// Says once and for all why the log cannot go on; the first reason stays.
    pub(super) fn stop(&self, why: String) {
        self.lock().stopped.get_or_insert(why);
        self.changed.notify_all();
    }

    /// Why the log cannot go on, if it cannot.
    pub(super) fn stopped(&self) -> Option<String> {
        self.lock().stopped.clone()
    }

    /// Waits up to `wait` until there is a record at or past one of the offsets; false if none came.
    pub(super) fn wait(&self, reading: &[(Slot, i64)], wait: Duration) -> Result<bool, LogError> {
        let idle =
            |committed: &mut Committed| committed.stopped.is_none() && !committed.readable(reading);
        let woken = self.changed.wait_timeout_while(self.lock(), wait, idle);
        let (committed, _) = woken.unwrap_or_else(PoisonError::into_inner);
        match &committed.stopped {
            Some(why) => Err(LogError::Stop(why.clone())),
            None => Ok(committed.readable(reading)),
        }
    }

    /// The blobs of a partition from the one that holds `from` on: at least one if there is any,
    /// and no more once they reach `bytes_max`.
    pub(super) fn blobs(
        &self,
        slot: Slot,
        from: i64,
        bytes_max: usize,
    ) -> Result<Vec<Arc<Blob>>, LogError> {
        let found = match self.lock().partition(slot) {
            Some(seen) if from < seen.row.end => seen.find(from, bytes_max),
            _ => return Ok(Vec::new()),
        };
        match found {
            Found::Blobs(blobs) => Ok(blobs),
            Found::InFile => {
                let blobs = self.with_store(|store| store.blobs(slot, from, bytes_max))?;
                Ok(blobs.into_iter().map(Arc::new).collect())
            }
        }
    }

    /// Hands over every (key, value) of one partition of the state.
    pub(super) fn restore(
        &self,
        partition: i32,
        each: crate::log::StateVisitor<'_>,
    ) -> Result<(), LogError> {
        self.with_store(|store| store.restore(partition, each))
    }

    /// Runs `act` on the open file.
    pub(super) fn with_store<T>(
        &self,
        act: impl FnOnce(&Store) -> Result<T, StoreError>,
    ) -> Result<T, LogError> {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        let store = store.as_ref().ok_or_else(|| LogError::Stop(self.closed()))?;
        act(store).map_err(|error| LogError::Stop(self.fault(&error)))
    }

    /// Closes the file, once those who read it are done.
    pub(super) fn close(&self) -> Result<(), LogError> {
        self.stop(self.closed());
        let store = self.store.write().unwrap_or_else(PoisonError::into_inner).take();
        let closed = store.map_or(Ok(()), Store::close);
        closed.map_err(|error| LogError::Stop(self.fault(&error)))
    }

    /// What to say where somebody uses the log after its end.
    pub(super) fn closed(&self) -> String {
        format!("the log {} is closed", self.path)
    }

    fn fault(&self, error: &StoreError) -> String {
        format!(
            "the log {} failed: {error}; free space or mend the disk, then start again: all that \
             was acknowledged is kept",
            self.path
        )
    }
}
