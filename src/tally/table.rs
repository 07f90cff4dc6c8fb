//! Rows under keys, as they were committed, and an overlay of what the open transaction changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
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
    committed: HashMap<Of, Slots<V>>,
    /// Committed keys by the age of their newest row.
    ages: BTreeSet<(i64, Of)>,
    overlay: BTreeMap<Of, Slots<V>>,
    rows: usize,
}

impl<V: Row> Table<V> {
    pub(super) fn new() -> Self {
        let (committed, ages, overlay) = (HashMap::new(), BTreeSet::new(), BTreeMap::new());
        Self { committed, ages, overlay, rows: 0 }
    }

    /// Committed rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Takes one row while a partition is restored; `None` deletes.
    pub(super) fn restore(&mut self, of: Of, slot: u32, value: Option<V>) {
        let mut slots = self.committed.get(&of).cloned().unwrap_or_default();
        slots.put(slot, value);
        self.settle(of, slots);
    }

    /// The rows under a key, to be changed in the open transaction.
    pub(super) fn open(&mut self, of: Of) -> &mut Slots<V> {
        let committed = &self.committed;
        self.overlay
            .entry(of)
            .or_insert_with_key(|of| committed.get(of).cloned().unwrap_or_default())
    }

    /// Writes the overlay's changes to the state topic.
    pub(super) fn flush(&self, partitions: i32, out: &mut Vec<Outgoing>) {
        let empty = Slots::default();
        for (of, slots) in &self.overlay {
            let before = self.committed.get(of).unwrap_or(&empty);
            for (slot, value) in slots.changes_since(before) {
                let key = StateKey { rule: of.rule.clone(), key: of.key.clone(), slot };
                out.push(key.to_outgoing(value.map(Row::to_bytes), partitions));
            }
        }
    }

    /// The overlay is committed.
    pub(super) fn merge(&mut self) {
        for (of, slots) in std::mem::take(&mut self.overlay) {
            self.settle(of, slots);
        }
    }

    /// The transaction did not happen.
    pub(super) fn discard(&mut self) {
        self.overlay.clear();
    }

    fn settle(&mut self, of: Of, slots: Slots<V>) {
        if let Some(before) = self.committed.remove(&of) {
            self.rows -= before.0.len();
            if let Some(age) = before.newest_ms() {
                self.ages.remove(&(age, of.clone()));
            }
        }
        let Some(age) = slots.newest_ms() else { return };
        self.rows += slots.0.len();
        self.ages.insert((age, of.clone()));
        self.committed.insert(of, slots);
    }

    /// Drops keys whose newest row is older than `horizon_ms`, a few at a time, and the oldest while
    /// there are more than `rows_max` rows. Returns how many were dropped for want of room.
    pub(super) fn make_room(&mut self, horizon_ms: i64, rows_max: usize, at_most: usize) -> usize {
        let oldest = self.ages.iter().take_while(|(age, _)| *age < NEVER_MS);
        let oldest = oldest.filter(|(_, of)| !self.overlay.contains_key(of));
        let mut evicted = 0;
        let mut drop = Vec::new();
        for (age, of) in oldest.take(at_most) {
            let full = self.rows > rows_max;
            if *age < horizon_ms || full {
                evicted += usize::from(*age >= horizon_ms);
                drop.push(of.clone());
            }
        }
        for of in drop {
            self.overlay.insert(of, Slots::default());
        }
        evicted
    }
}
