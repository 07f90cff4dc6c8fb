//! A note on disk of what a worker is about to take: a record that ends the process, by an abort or for
//! want of memory, would end the next one too, and the one after it. So whoever starts again takes what was
//! noted record by record, and names each before; one that was named twice when the process ended, and
//! never taken to its end, is condemned. Panics need none of this: they are caught.
//!
//! Written in place and not synced: what is to survive is the process, not the machine.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// So often a record may be named when the process ends before it is condemned.
const NAMED_MAX: u32 = 2;

/// Bytes of a note that is read: a worker has no more than some hundred partitions.
const NOTE_BYTES_MAX: u64 = 1 << 20;

/// A partition by the name of its topic: what numbers mean may change with the configuration.
type Place = (String, i32);

/// Records that are about to be taken: of a partition, from an offset up to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stretch {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) from: i64,
    /// Behind the last one.
    pub(super) to: i64,
}

/// What stands on the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Note {
    taken: Vec<Stretch>,
    /// The one record that is being taken, while records are taken one by one.
    named: Option<(String, i32, i64)>,
    /// Records that were named when the process ended, and how often.
    blamed: Vec<(String, i32, i64, u32)>,
}

/// The note of one worker.
#[derive(Debug, Default)]
pub struct Slot {
    /// None: nothing is noted.
    file: Option<File>,
    note: Note,
    /// What was noted when the process ended, until it is behind.
    suspects: BTreeMap<Place, (i64, i64)>,
}

impl Slot {
    /// Nothing is noted.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Opens the file, and reads what the last process left in it.
    ///
    /// # Errors
    /// It cannot be made or read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        let mut text = String::new();
        // One that was cut short says nothing; a crash in the very moment of writing it is no record's fault.
        if (&file).take(NOTE_BYTES_MAX).read_to_string(&mut text).is_err() {
            text.clear();
        }
        let line = text.lines().next().unwrap_or_default();
        let mut note: Note = serde_json::from_str(line).unwrap_or_default();
        if let Some((topic, partition, offset)) = note.named.take() {
            let is_same = |other: &&mut (String, i32, i64, u32)| {
                (&other.0, other.1, other.2) == (&topic, partition, offset)
            };
            match note.blamed.iter_mut().find(is_same) {
                Some((.., times)) => *times += 1,
                None => note.blamed.push((topic, partition, offset, 1)),
            }
        }
        let suspects =
            note.taken.iter().map(|it| ((it.topic.clone(), it.partition), (it.from, it.to)));
        let suspects = suspects.collect();
        Ok(Self { file: Some(file), note, suspects })
    }

    /// What the last process had taken when it ended.
    #[must_use]
    pub(super) fn suspects(&self) -> usize {
        self.suspects.len()
    }

    /// A batch is about to be taken; what is in it is asked only where it is noted.
    pub(super) fn begin(&mut self, batch: impl FnOnce() -> Vec<Stretch>) {
        if self.file.is_none() {
            return;
        }
        let open = self.suspects.iter().map(|((topic, partition), (from, to))| Stretch {
            topic: topic.clone(),
            partition: *partition,
            from: *from,
            to: *to,
        });
        // What is suspect stays noted until it is behind, whatever else is taken.
        self.note.taken = open.chain(batch()).collect();
        self.write();
    }

    /// A record is about to be taken. True where it is condemned: the process ended each time it was taken.
    pub(super) fn name(&mut self, topic: &str, partition: i32, offset: i64) -> bool {
        if self.suspects.is_empty() {
            // The one before it was the last of them.
            self.end();
            return false;
        }
        let place = (topic.to_owned(), partition);
        let (from, to) = self.suspects.get(&place).copied().unwrap_or((i64::MAX, i64::MAX));
        if offset < from || offset >= to {
            // What ends the process from here on is not the one before it.
            self.end();
        }
        if offset >= to {
            // All of it is behind, and was none of its fault.
            self.suspects.remove(&place);
            self.note
                .blamed
                .retain(|(topic, partition, ..)| (topic, partition) != (&place.0, &place.1));
            return false;
        }
        if offset < from {
            return false;
        }
        let times = self.note.blamed.iter().find(|(topic, partition, blamed, _)| {
            (topic, *partition, *blamed) == (&place.0, place.1, offset)
        });
        if times.is_some_and(|(.., times)| *times >= NAMED_MAX) {
            return true;
        }
        self.absolve();
        self.note.named = Some((place.0, partition, offset));
        self.write();
        false
    }

    /// The one that was named is taken, and the process is there: what ended it before was something else.
    fn absolve(&mut self) -> bool {
        let Some(named) = self.note.named.take() else { return false };
        let is_same = |blamed: &(String, i32, i64, u32)| {
            (&blamed.0, blamed.1, blamed.2) == (&named.0, named.1, named.2)
        };
        self.note.blamed.retain(|blamed| !is_same(blamed));
        true
    }

    /// The batch is taken: what ends the process from now on is no record.
    pub(super) fn end(&mut self) {
        if self.absolve() {
            self.write();
        }
    }

    /// The worker leaves.
    pub(super) fn clear(&mut self) {
        self.note = Note::default();
        self.suspects.clear();
        self.write();
    }

    /// A disk that is full or gone must not stop what is screened: then nothing is noted any more.
    fn write(&mut self) {
        let Some(file) = &self.file else { return };
        let written =
            serde_json::to_vec(&self.note).map_err(io::Error::other).and_then(|mut text| {
                text.push(b'\n');
                file.write_all_at(&text, 0)
            });
        if let Err(why) = written {
            tracing::warn!(%why, "what is taken is not noted any more: see `delivery.slots`");
            self.file = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(partition: i32, from: i64, to: i64) -> Stretch {
        Stretch { topic: "posts".to_owned(), partition, from, to }
    }

    /// Takes a stretch of partition 3 record by record, and ends at this record as a crash does; the
    /// records that were condemned.
    fn take(path: &Path, (from, to): (i64, i64), deadly: i64) -> Vec<i64> {
        let mut slot = Slot::open(path).unwrap();
        slot.begin(|| vec![stretch(3, from, to)]);
        let mut condemned = Vec::new();
        for offset in from..to {
            match slot.name("posts", 3, offset) {
                true => condemned.push(offset),
                false if offset == deadly => return condemned,
                false => {}
            }
        }
        slot.end();
        condemned
    }

    #[test]
    fn a_record_that_ends_the_process_each_time_is_condemned_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0.slot");
        // First nobody knows which it was; then it is named, twice.
        for _ in 0..3 {
            assert_eq!(take(&path, (10, 20), 15), [0; 0]);
        }
        assert_eq!(take(&path, (10, 20), 15), [15]);
        // Rolled back and taken again: still condemned. Behind it nothing is suspect.
        assert_eq!(take(&path, (10, 20), 15), [15]);
        assert_eq!(take(&path, (20, 30), -1), [0; 0]);
        let mut slot = Slot::open(&path).unwrap();
        assert!(!slot.name("posts", 3, 15), "another time it has its chance again");
    }

    #[test]
    fn a_record_that_was_taken_to_its_end_has_ended_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0.slot");
        assert_eq!(take(&path, (10, 20), 15), [0; 0]);
        for _ in 0..9 {
            // Somebody else kills it with this one in hand, and the next time in the commit.
            assert_eq!(take(&path, (10, 20), 15), [0; 0]);
            assert_eq!(take(&path, (10, 20), -1), [0; 0]);
        }
    }

    #[test]
    fn what_ends_the_process_among_others_is_no_fault_of_the_last_suspect() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0.slot");
        Slot::open(&path).unwrap().begin(|| vec![stretch(3, 10, 12)]);
        for others in (100..1_000).step_by(100) {
            let mut slot = Slot::open(&path).unwrap();
            slot.begin(|| vec![stretch(3, 10, 12), stretch(4, others, others + 100)]);
            assert!(!slot.name("posts", 3, 10) && !slot.name("posts", 3, 11));
            // In the middle of others, none of which was taken before.
            assert!(!slot.name("posts", 4, others + 50));
        }
    }

    #[test]
    fn what_ends_the_process_between_batches_is_no_records_fault() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0.slot");
        for _ in 0..9 {
            // Each time all of it is taken, and the process ends in the commit.
            assert_eq!(take(&path, (10, 20), -1), [0; 0]);
        }
    }

    #[test]
    fn other_partitions_and_other_topics_are_not_suspect_and_a_worker_that_leaves_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0.slot");
        Slot::open(&path).unwrap().begin(|| vec![stretch(1, 5, 9), stretch(2, 5, 9)]);
        let mut slot = Slot::open(&path).unwrap();
        assert_eq!(slot.suspects(), 2);
        slot.begin(|| vec![stretch(7, 0, 2)]);
        for (topic, partition, offset) in [("posts", 7, 0), ("signals", 1, 6), ("posts", 1, 4)] {
            assert!(!slot.name(topic, partition, offset));
            assert_eq!(slot.note.named, None);
        }
        drop(slot);
        let mut slot = Slot::open(&path).unwrap();
        assert_eq!(slot.suspects(), 3, "suspects stay noted while others are taken");
        slot.clear();
        assert_eq!(Slot::open(&path).unwrap().suspects(), 0);
    }

    #[test]
    fn a_note_that_was_cut_short_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0.slot");
        for text in ["", "{\"taken\":[{\"topic\":\"po", "[]\n", "\u{0}\u{0}"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Slot::open(&path).unwrap().suspects(), 0, "{text}");
        }
        // A shorter note over a longer one.
        let mut slot = Slot::open(&path).unwrap();
        slot.begin(|| vec![stretch(1, 5, 9), stretch(2, 5, 9)]);
        slot.begin(|| vec![stretch(1, 5, 9)]);
        assert_eq!(Slot::open(&path).unwrap().suspects(), 1);
    }
}
