//! Records on their way to the commit thread, already encoded, so that the one thread everybody
//! waits for has only bytes to join.

use std::collections::BTreeMap;

use super::frame::{Fields, TooLarge};
use super::ledger::Slot;

/// Bytes of frames in a chunk, and of a blob, before the next begins. A page of the store is a
/// power of two: this and a header fill one of 64 KiB and leave no half of it empty.
pub(super) const BLOB_BYTES: usize = 63 * 1024;

/// Frames of one partition, in order.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) records: u32,
    /// Newest time of its records, Unix milliseconds.
    pub(super) newest_ms: i64,
    pub(super) frames: Vec<u8>,
}

/// A change of the state topic; a value of `None` deletes.
#[derive(Debug)]
pub(super) struct StateChange {
    pub(super) partition: i32,
    pub(super) key: Vec<u8>,
    pub(super) value: Option<Vec<u8>>,
}

/// What one transaction writes.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) chunks: BTreeMap<Slot, Vec<Chunk>>,
    /// In the order they were sent: the last of a key wins.
    pub(super) state: Vec<StateChange>,
    bytes: usize,
}

impl Outbox {
    /// Bytes it holds, frames and state.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.state.is_empty()
    }

    /// Adds a record behind those of its partition.
    pub(super) fn add(&mut self, slot: Slot, fields: &Fields<'_>) -> Result<(), TooLarge> {
        let size = fields.size();
        let chunks = self.chunks.entry(slot).or_default();
        if chunks.last().is_none_or(|open| open.frames.len() + size > BLOB_BYTES) {
            chunks.push(Chunk { records: 0, newest_ms: i64::MIN, frames: Vec::new() });
        }
        let Some(chunk) = chunks.last_mut() else { return Ok(()) };
        fields.write(&mut chunk.frames)?;
        chunk.records += 1;
        chunk.newest_ms = chunk.newest_ms.max(fields.time_ms);
        self.bytes += size;
        Ok(())
    }

    /// Adds a change of the state.
    pub(super) fn change(&mut self, change: StateChange) {
        self.bytes += change.key.len() + change.value.as_ref().map_or(0, Vec::len);
        self.state.push(change);
    }
}
