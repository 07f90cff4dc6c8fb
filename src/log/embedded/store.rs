//! The file: four tables in one redb database. Nothing above this module knows redb.
//!
//! | table | key | value |
//! |---|---|---|
//! | meta | name | text: `v` (format), `prefix` |
//! | topics | full name | number in the file, partitions |
//! | partitions | topic, partition | a [`Row`]: ends, sizes, and the consumer's offset |
//! | batches | topic, partition, base offset | a blob ([`super::frame`]) |
//! | state | partition, key | newest value |
//! | producers | name | number of its last append, and of that among all |

use std::ops::Bound;
use std::path::{Path, PathBuf};

use redb::{
    Database, ReadTransaction, ReadableDatabase, ReadableTable, Table, TableDefinition,
    WriteTransaction,
};

use super::frame::BlobHeader;
use super::ledger::{Front, Row, Slot};
use super::outbox::StateChange;
use super::producers::{Producers, Progress};

type SlotKey = (u16, i32);
type BatchKey = (u16, i32, i64);
type StateKey<'a> = (i32, &'a [u8]);
type RowValue = (i64, i64, u64, u64, i64, u64, i64);

pub(super) const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");
pub(super) const TOPICS: TableDefinition<'_, &str, (u16, i32)> = TableDefinition::new("topics");
pub(super) const PARTITIONS: TableDefinition<'_, SlotKey, RowValue> =
    TableDefinition::new("partitions");
const BATCHES: TableDefinition<'_, BatchKey, &[u8]> = TableDefinition::new("batches");
const PRODUCERS: TableDefinition<'_, &str, (u64, u64)> = TableDefinition::new("producers");
const STATE: TableDefinition<'_, StateKey<'_>, &[u8]> = TableDefinition::new("state");

/// Why the file did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    #[error(transparent)]
    Redb(#[from] redb::Error),
    #[error(transparent)]
    Blob(#[from] super::frame::BadBlob),
}

/// Any of redb's seven error types.
pub(super) fn redb_error(error: impl Into<redb::Error>) -> StoreError {
    StoreError::Redb(error.into())
}

/// Records of one partition as they are stored.
#[derive(Debug)]
pub(super) struct Blob {
    /// Offset of the first record.
    pub(super) base: i64,
    /// Offset after the last record.
    pub(super) next: i64,
    /// Header and frames.
    pub(super) bytes: Vec<u8>,
}

/// The open file.
pub(super) struct Store {
    db: Database,
    path: PathBuf,
}

impl Store {
    /// Wraps a database whose tables [`super::setup`] has checked.
    pub(super) fn new(db: Database, path: PathBuf) -> Self {
        Self { db, path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `changes` in one durable transaction: all of it is in the file when this returns, and
    /// nothing of it after an error or a crash before.
    pub(super) fn write(
        &self,
        changes: impl FnOnce(&mut Tables<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let transaction = begin(&self.db)?;
        {
            let mut tables = Tables::open(&transaction)?;
            changes(&mut tables)?;
        }
        transaction.commit().map_err(redb_error)
    }

    fn read(&self) -> Result<ReadTransaction, StoreError> {
        self.db.begin_read().map_err(redb_error)
    }

    /// The blobs of a partition from the one that holds `from` on, at most `bytes_max` unless the
    /// first alone is larger.
    pub(super) fn blobs(
        &self,
        slot: Slot,
        from: i64,
        bytes_max: usize,
    ) -> Result<Vec<Blob>, StoreError> {
        let transaction = self.read()?;
        let batches = transaction.open_table(BATCHES).map_err(redb_error)?;
        let first = holding(&batches, slot, from)?.unwrap_or(from);
        let mut blobs = Vec::new();
        let mut room = bytes_max;
        let range = key(slot, first)..=key(slot, i64::MAX);
        for entry in batches.range(range).map_err(redb_error)? {
            let (at, value) = entry.map_err(redb_error)?;
            let (base, bytes) = (at.value().2, value.value());
            if !blobs.is_empty() && bytes.len() > room {
                break;
            }
            room = room.saturating_sub(bytes.len());
            let next = base + i64::from(BlobHeader::read(bytes)?.records);
            // The first may end before `from`, where retention took what stood between.
            if next > from {
                blobs.push(Blob { base, next, bytes: bytes.to_vec() });
            }
        }
        Ok(blobs)
    }

    /// Hands over every (key, value) of one partition of the state.
    pub(super) fn restore(
        &self,
        partition: i32,
        each: crate::log::StateVisitor<'_>,
    ) -> Result<(), StoreError> {
        let transaction = self.read()?;
        let state = transaction.open_table(STATE).map_err(redb_error)?;
        let none: &[u8] = &[];
        let range = (Bound::Included((partition, none)), Bound::Excluded((partition + 1, none)));
        for entry in state.range::<StateKey<'_>>(range).map_err(redb_error)? {
            let (key, value) = entry.map_err(redb_error)?;
            each(key.value().1, Some(value.value()));
        }
        Ok(())
    }

    /// Closes the file and releases its lock.
    pub(super) fn close(self) -> Result<(), StoreError> {
        self.db.close().map_err(redb_error)
    }
}

/// Begins a durable transaction in two phases, the second of which makes the first valid: with one
/// phase a checksum that is no secret decides after a crash what was written, and a post could be
/// made to look like a page of the file. Measured on a virtual disk with files up to 6 GiB, the
/// second fsync mostly adds 0.1 to 0.6 ms to a commit of 1 to 2 ms.
///
/// Tried and dropped: redb's quick repair, which writes the map of free pages with every commit. A
/// file of 6 GiB opened in 4.6 s after a crash without it, the file being in the page cache; with
/// it nothing is read, but each commit wrote 650 KiB more, 26 MB/s at forty commits a second.
pub(super) fn begin(db: &Database) -> Result<WriteTransaction, StoreError> {
    let mut transaction = db.begin_write().map_err(redb_error)?;
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

fn key(slot: Slot, base: i64) -> BatchKey {
    (slot.topic, slot.partition, base)
}

/// Base of the last blob that begins at or before `offset`.
fn holding(
    batches: &impl ReadableTable<BatchKey, &'static [u8]>,
    slot: Slot,
    offset: i64,
) -> Result<Option<i64>, StoreError> {
    let mut before = batches.range(key(slot, 0)..=key(slot, offset)).map_err(redb_error)?;
    let last = before.next_back().transpose().map_err(redb_error)?;
    Ok(last.map(|(at, _)| at.value().2))
}

/// The tables, open for writing.
pub(super) struct Tables<'t> {
    partitions: Table<'t, SlotKey, RowValue>,
    batches: Table<'t, BatchKey, &'static [u8]>,
    state: Table<'t, StateKey<'static>, &'static [u8]>,
    producers: Table<'t, &'static str, (u64, u64)>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, StoreError> {
        Ok(Self {
            partitions: transaction.open_table(PARTITIONS).map_err(redb_error)?,
            batches: transaction.open_table(BATCHES).map_err(redb_error)?,
            state: transaction.open_table(STATE).map_err(redb_error)?,
            producers: transaction.open_table(PRODUCERS).map_err(redb_error)?,
        })
    }

    /// Reads how far each producer is.
    pub(super) fn producers(&self, producers: &mut Producers) -> Result<(), StoreError> {
        for row in self.producers.iter().map_err(redb_error)? {
            let (name, progress) = row.map_err(redb_error)?;
            let (sequence, turn) = progress.value();
            producers.load(name.value().to_owned(), Progress { sequence, turn });
        }
        Ok(())
    }

    /// Writes how far producers have come; `None` forgets one.
    pub(super) fn put_producers(
        &mut self,
        changes: &[(String, Option<Progress>)],
    ) -> Result<(), StoreError> {
        for (name, progress) in changes {
            match progress {
                Some(Progress { sequence, turn }) => {
                    drop(
                        self.producers
                            .insert(name.as_str(), (*sequence, *turn))
                            .map_err(redb_error)?,
                    );
                }
                None => drop(self.producers.remove(name.as_str()).map_err(redb_error)?),
            }
        }
        Ok(())
    }

    pub(super) fn row(&self, slot: Slot) -> Result<Option<Row>, StoreError> {
        let value = self.partitions.get((slot.topic, slot.partition)).map_err(redb_error)?;
        let row = value.map(|value| {
            let (start, end, start_bytes, end_bytes, committed, consumed_bytes, newest_ms) =
                value.value();
            Row { start, end, start_bytes, end_bytes, committed, consumed_bytes, newest_ms }
        });
        Ok(row)
    }

    pub(super) fn put_row(&mut self, slot: Slot, row: &Row) -> Result<(), StoreError> {
        let value = (
            row.start,
            row.end,
            row.start_bytes,
            row.end_bytes,
            row.committed,
            row.consumed_bytes,
            row.newest_ms,
        );
        self.partitions.insert((slot.topic, slot.partition), value).map_err(redb_error)?;
        Ok(())
    }

    pub(super) fn put_blob(&mut self, slot: Slot, blob: &Blob) -> Result<(), StoreError> {
        self.batches.insert(key(slot, blob.base), blob.bytes.as_slice()).map_err(redb_error)?;
        Ok(())
    }

    pub(super) fn delete_blob(&mut self, slot: Slot, base: i64) -> Result<(), StoreError> {
        self.batches.remove(key(slot, base)).map_err(redb_error)?;
        Ok(())
    }

    /// Bytes of the partition before the blob that holds `offset`; `None` if no blob begins there
    /// or before.
    pub(super) fn position(&self, slot: Slot, offset: i64) -> Result<Option<u64>, StoreError> {
        let Some(base) = holding(&self.batches, slot, offset)? else { return Ok(None) };
        let blob = self.batches.get(key(slot, base)).map_err(redb_error)?;
        let header = blob.map(|blob| BlobHeader::read(blob.value())).transpose()?;
        Ok(header.map(|header| header.position))
    }

    /// The oldest blob of a partition.
    pub(super) fn front(&self, slot: Slot) -> Result<Option<Front>, StoreError> {
        let range = key(slot, 0)..=key(slot, i64::MAX);
        let mut blobs = self.batches.range(range).map_err(redb_error)?;
        let Some(entry) = blobs.next() else { return Ok(None) };
        let (at, value) = entry.map_err(redb_error)?;
        let (base, bytes) = (at.value().2, value.value());
        let header = BlobHeader::read(bytes)?;
        Ok(Some(Front {
            base,
            next: base + i64::from(header.records),
            newest_ms: header.newest_ms,
            bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        }))
    }

    pub(super) fn change_state(&mut self, change: &StateChange) -> Result<(), StoreError> {
        let key = (change.partition, change.key.as_slice());
        match &change.value {
            Some(value) => self.state.insert(key, value.as_slice()).map_err(redb_error)?,
            None => self.state.remove(key).map_err(redb_error)?,
        };
        Ok(())
    }
}
