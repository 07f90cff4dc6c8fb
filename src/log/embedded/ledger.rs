//! The numbers of every partition: what it holds, what is consumed, what may be deleted. Pure
//! arithmetic; the commit thread has the one that counts, readers see copies of committed rows.

use super::producers::Producers;

/// One partition of one topic, as the file numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Slot {
    /// Index into [`Ledger::topics`], the topic's number in the file.
    pub(super) topic: u16,
    /// Partition number, from 0.
    pub(super) partition: i32,
}

/// The oldest blob of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Front {
    /// Offset of its first record.
    pub(super) base: i64,
    /// Offset after its last record.
    pub(super) next: i64,
    /// Newest time of its records, Unix milliseconds.
    pub(super) newest_ms: i64,
    /// Its size, header included.
    pub(super) bytes: u64,
}

/// One partition. Bytes are counted from the partition's beginning, deleted ones too, so that
/// differences give sizes without looking at the blobs between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// Oldest offset there is.
    pub(super) start: i64,
    /// Offset of the record that comes next.
    pub(super) end: i64,
    /// Bytes before `start`.
    pub(super) start_bytes: u64,
    /// Bytes before `end`.
    pub(super) end_bytes: u64,
    /// Inputs only: the offset the consumer reads next.
    pub(super) committed: i64,
    /// Inputs only: bytes before the blob that `committed` lies in.
    pub(super) consumed_bytes: u64,
    /// Newest time of its records, Unix milliseconds; 0 where there never was one.
    pub(super) newest_ms: i64,
}

/// What a topic is to this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Posts: consumed here, and appends are held back while too many wait.
    Posts,
    /// Signals: consumed here.
    Signals,
    /// Only written here; readers keep their own offsets.
    Output,
    /// In the file, not in the settings: left as it is.
    Retired,
}

impl Role {
    /// True where records may go only once they are committed.
    pub(super) fn consumed(self) -> bool {
        matches!(self, Self::Posts | Self::Signals)
    }
}

/// A topic and its partitions.
#[derive(Clone, Debug)]
pub(super) struct TopicRows {
    /// Full name.
    pub(super) name: String,
    pub(super) role: Role,
    /// By partition number.
    pub(super) rows: Vec<Row>,
    /// By partition number: the oldest blob, `None` for an empty partition.
    pub(super) fronts: Vec<Option<Front>>,
}

impl TopicRows {
    fn bytes(&self) -> u64 {
        self.rows.iter().map(|row| row.end_bytes - row.start_bytes).sum()
    }

    /// Bytes that no consumer has committed, rounded up to whole blobs.
    pub(super) fn unconsumed(&self) -> u64 {
        self.rows.iter().map(|row| row.end_bytes.saturating_sub(row.consumed_bytes)).sum()
    }

    /// The oldest blob that may be deleted, and where it lies.
    fn oldest_deletable(&self) -> Option<(i32, Front)> {
        let numbered = (0_i32..).zip(self.rows.iter().zip(&self.fronts));
        let deletable = numbered.filter_map(|(partition, (row, front))| {
            let front = (*front)?;
            let free = !self.role.consumed() || front.next <= row.committed;
            free.then_some((partition, front))
        });
        deletable.min_by_key(|(_, front)| front.newest_ms)
    }
}

/// How long records stay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retention {
    /// Bytes a topic may hold.
    pub(super) bytes: u64,
    /// Milliseconds behind the newest record of the file.
    pub(super) age_ms: i64,
}

/// Every partition of the file.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    /// By the topic's number in the file.
    pub(super) topics: Vec<TopicRows>,
    pub(super) retention: Retention,
    pub(super) producers: Producers,
}

impl Ledger {
    pub(super) fn topic(&self, slot: Slot) -> Option<&TopicRows> {
        self.topics.get(usize::from(slot.topic))
    }

    pub(super) fn row(&self, slot: Slot) -> Option<&Row> {
        self.topic(slot)?.rows.get(usize::try_from(slot.partition).ok()?)
    }

    pub(super) fn row_mut(&mut self, slot: Slot) -> Option<&mut Row> {
        let topic = self.topics.get_mut(usize::from(slot.topic))?;
        topic.rows.get_mut(usize::try_from(slot.partition).ok()?)
    }

    pub(super) fn front_mut(&mut self, slot: Slot) -> Option<&mut Option<Front>> {
        let topic = self.topics.get_mut(usize::from(slot.topic))?;
        topic.fronts.get_mut(usize::try_from(slot.partition).ok()?)
    }

    /// Every partition of the file.
    pub(super) fn slots(&self) -> Vec<Slot> {
        let topics = (0_u16..).zip(&self.topics);
        let slots = topics.flat_map(|(topic, rows)| {
            let partitions = (0_i32..).zip(&rows.rows);
            partitions.map(move |(partition, _)| Slot { topic, partition })
        });
        slots.collect()
    }

    /// The newest time of any record ever written: what ages are measured from.
    pub(super) fn newest_ms(&self) -> i64 {
        let rows = self.topics.iter().flat_map(|topic| &topic.rows);
        rows.map(|row| row.newest_ms).max().unwrap_or(0)
    }

    /// The next blob that retention wants gone, oldest first; `None` when all limits are kept, or
    /// what is over them is not consumed yet.
    pub(super) fn excess(&self) -> Option<(Slot, Front)> {
        let oldest_ms = self.newest_ms().saturating_sub(self.retention.age_ms);
        (0_u16..).zip(&self.topics).find_map(|(topic, rows)| {
            if rows.role == Role::Retired {
                return None;
            }
            let (partition, front) = rows.oldest_deletable()?;
            let over = rows.bytes() > self.retention.bytes || front.newest_ms < oldest_ms;
            over.then_some((Slot { topic, partition }, front))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(role: Role, committed: i64) -> TopicRows {
        let row =
            |newest_ms| Row { end: 10, end_bytes: 100, committed, newest_ms, ..Row::default() };
        let front = |newest_ms| Some(Front { base: 0, next: 5, newest_ms, bytes: 50 });
        TopicRows {
            name: "t".to_owned(),
            role,
            rows: vec![row(1_000), row(900)],
            fronts: vec![front(500), front(400)],
        }
    }

    fn ledger(topic: TopicRows, bytes: u64, age_ms: i64) -> Ledger {
        let retention = Retention { bytes, age_ms };
        Ledger { topics: vec![topic], retention, producers: Producers::default() }
    }

    #[test]
    fn retention_takes_the_oldest_blob_that_is_consumed() {
        // role, committed, limit in bytes, limit in ms, partition of the victim
        let table = [
            ("within both limits", Role::Output, 0, 200, 600, None),
            ("over bytes", Role::Output, 0, 199, 600, Some(1)),
            ("over age", Role::Output, 0, 200, 599, Some(1)),
            ("over bytes, not consumed", Role::Posts, 4, 0, 0, None),
            ("over bytes, consumed to the end of the blob", Role::Posts, 5, 0, 0, Some(1)),
            ("signals are consumed too", Role::Signals, 4, 0, 0, None),
            ("a retired topic is left alone", Role::Retired, 10, 0, 0, None),
        ];
        for (case, role, committed, bytes, age_ms, want) in table {
            let got = ledger(topic(role, committed), bytes, age_ms).excess();
            assert_eq!(got.map(|(slot, _)| slot.partition), want, "{case}");
        }
    }

    #[test]
    fn slots_name_every_partition_and_nothing_else() {
        let ledger = ledger(topic(Role::Output, 0), 0, 0);
        let slots = ledger.slots();
        assert_eq!(slots.len(), 2);
        assert!(slots.iter().all(|&slot| ledger.row(slot).is_some()));
        assert!(ledger.row(Slot { topic: 0, partition: -1 }).is_none());
        assert!(ledger.row(Slot { topic: 1, partition: 0 }).is_none());
    }
}
