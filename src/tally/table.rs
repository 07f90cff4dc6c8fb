//! Rows under keys, as they were committed, and an overlay of what the open transaction changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use crate::event::state::StateKey;
use crate::record::Outgoing;

/// Whose rows: a rule and the counted key, or what else the state topic keeps and its owner.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Of {
    pub(super) rule: String,
    pub(super) key: String,
}

/// The age of what is never dropped, however full the table is.
pub(super) const NEVER_MS: i64 = i64::MAX;

/// A row of the state topic.
pub(super) trait Row {
    /// Orders what goes first when there is no room: Unix milliseconds.
    fn age_ms(&self) -> i64;
    /// The value of its record.
    fn to_bytes(&self) -> Vec<u8>;
}

/// Rows by slot; a slot is the number of a row in the state topic, so that one change writes one
/// row. Rows are shared with the committed copy until they change.
#[derive(Debug)]
pub(super) struct Slots<V>(pub(super) BTreeMap<u32, Arc<V>>);

impl<V> Default for Slots<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<V> Clone for Slots<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V: Row> Slots<V> {
    /// Sets or clears one slot.
    pub(super) fn put(&mut self, slot: u32, value: Option<V>) {
        match value {
            Some(value) => _ = self.0.insert(slot, Arc::new(value)),
            None => _ = self.0.remove(&slot),
        }
    }

    /// The first slot that is not taken.
    pub(super) fn free(&self) -> u32 {
        (0..).find(|slot| !self.0.contains_key(slot)).unwrap_or(u32::MAX)
    }

    fn newest_ms(&self) -> Option<i64> {
        self.0.values().map(|value| value.age_ms()).max()
    }

    /// The slots that are not the same as in `before`, with their new value.
    fn changes_since<'c>(&'c self, before: &'c Self) -> impl Iterator<Item = (u32, Option<&'c V>)> {
        let written = self
            .0
            .iter()
            .filter(|(slot, value)| before.0.get(slot).is_none_or(|old| !Arc::ptr_eq(old, value)));
        let gone = before.0.keys().filter(|slot| !self.0.contains_key(slot));
        let written = written.map(|(slot, value)| (*slot, Some(&**value)));
        written.chain(gone.map(|slot| (*slot, None)))
    }
}

/// All rows of one kind in one partition of signals.
#[derive(Debug)]
pub(super) struct Table<V> {
    committed: HashMap<Of, Kept<V>>,
    /// Committed keys by the age of their newest row.
    ages: BTreeSet<(i64, Of)>,
    overlay: BTreeMap<Of, Slots<V>>,
    rows: usize,
    /// Committed rows that the open transaction drops for want of room or for their age.
    dropped: usize,
    /// The last of `ages` that it looked at for that.
    passed: Option<(i64, Of)>,
}

/// The rows of a key, never none, and the age of the newest.
#[derive(Debug)]
struct Kept<V> {
    slots: Slots<V>,
    newest_ms: i64,
}

impl<V: Row> Table<V> {
    pub(super) fn new() -> Self {
        Self {
            committed: HashMap::new(),
            ages: BTreeSet::new(),
            overlay: BTreeMap::new(),
            rows: 0,
            dropped: 0,
            passed: None,
        }
    }

    /// Committed rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Takes one row while a partition is restored; `None` deletes.
    pub(super) fn restore(&mut self, of: Of, slot: u32, value: Option<V>) {
        let Some(Kept { mut slots, newest_ms }) = self.take(&of) else {
            let mut slots = Slots::default();
            slots.put(slot, value);
            let newest_ms = slots.newest_ms();
            return self.keep(of, slots, newest_ms);
        };
        // A key has a thousand rows at most, but each of them comes once, so they are not gone through for each.
        let added = value.as_ref().filter(|_| !slots.0.contains_key(&slot)).map(Row::age_ms);
        slots.put(slot, value);
        let newest_ms = match added {
            Some(age_ms) => Some(age_ms.max(newest_ms)),
            None => slots.newest_ms(),
        };
        self.keep(of, slots, newest_ms);
    }

    /// The rows under a key, to be changed in the open transaction.
    pub(super) fn open(&mut self, of: Of) -> &mut Slots<V> {
        let committed = &self.committed;
        self.overlay.entry(of).or_insert_with_key(|of| {
            committed.get(of).map(|kept| kept.slots.clone()).unwrap_or_default()
        })
    }

    /// Writes the overlay's changes to the state topic.
    pub(super) fn flush(&self, partitions: i32, out: &mut Vec<Outgoing>) {
        let empty = Slots::default();
        for (of, slots) in &self.overlay {
            let before = self.committed.get(of).map_or(&empty, |kept| &kept.slots);
            for (slot, value) in slots.changes_since(before) {
                let key = StateKey { rule: of.rule.clone(), key: of.key.clone(), slot };
                out.push(key.to_outgoing(value.map(Row::to_bytes), partitions));
            }
        }
    }

    /// The overlay is committed.
    pub(super) fn merge(&mut self) {
        for (of, slots) in std::mem::take(&mut self.overlay) {
            drop(self.take(&of));
            let newest_ms = slots.newest_ms();
            self.keep(of, slots, newest_ms);
        }
        self.begin();
    }

    /// The transaction did not happen.
    pub(super) fn discard(&mut self) {
        self.overlay.clear();
        self.begin();
    }

    fn begin(&mut self) {
        (self.dropped, self.passed) = (0, None);
    }

    /// Takes the committed rows of a key out.
    fn take(&mut self, of: &Of) -> Option<Kept<V>> {
        let (of, kept) = self.committed.remove_entry(of)?;
        self.rows -= kept.slots.0.len();
        self.ages.remove(&(kept.newest_ms, of));
        Some(kept)
    }

    /// Puts the rows of a key in that has none; `newest_ms`: the age of the newest, if there is one.
    fn keep(&mut self, of: Of, slots: Slots<V>, newest_ms: Option<i64>) {
        let Some(newest_ms) = newest_ms else { return };
        self.rows += slots.0.len();
        self.ages.insert((newest_ms, of.clone()));
        self.committed.insert(of, Kept { slots, newest_ms });
    }

    /// Drops keys whose newest row is older than `horizon_ms`, a few at a time, and the oldest while
    /// there are more than `rows_max` rows. Returns how many were dropped for want of room.
    pub(super) fn make_room(&mut self, horizon_ms: i64, rows_max: usize, at_most: usize) -> usize {
        let (mut evicted, mut left) = (0, at_most);
        while left > 0 {
            let full = self.rows - self.dropped > rows_max;
            let Some(oldest) = self.next_oldest() else { break };
            let is_old = oldest.0 < horizon_ms;
            if oldest.0 == NEVER_MS || !is_old && !full {
                break;
            }
            let oldest = oldest.clone();
            // What the transaction has changed is in use.
            if !self.overlay.contains_key(&oldest.1) {
                self.drop_key(oldest.1.clone());
                evicted += usize::from(!is_old);
                left -= 1;
            }
            self.passed = Some(oldest);
        }
        evicted
    }

    /// The oldest key that the open transaction has not passed yet.
    fn next_oldest(&self) -> Option<&(i64, Of)> {
        let from = self.passed.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        self.ages.range((from, Bound::Unbounded)).next()
    }

    fn drop_key(&mut self, of: Of) {
        self.dropped += self.committed.get(&of).map_or(0, |kept| kept.slots.0.len());
        self.overlay.insert(of, Slots::default());
    }
}
