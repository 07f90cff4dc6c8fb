//! Who has appended how far: an append that is sent again because its answer was lost is taken
//! once. What a producer calls itself is its own affair; its appends are numbered, rising.

use std::collections::{BTreeMap, BTreeSet};

/// Producers remembered; beyond it the one that has been quiet the longest is forgotten, and its
/// next repeat would be taken for new. A name and two numbers each: some 100 kB in all.
const PRODUCERS_MAX: usize = 1_000;

/// The number of an append, and who numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// Name of a run of a producer, unlike that of any other; 1 to 64 bytes.
    pub producer: String,
    /// Rises with each append of this producer.
    pub sequence: u64,
}

/// How far a producer is, and when it last came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) sequence: u64,
    /// Counts appends of all producers.
    pub(super) turn: u64,
}

/// All producers that are remembered.
#[derive(Clone, Debug, Default)]
pub(super) struct Producers {
    known: BTreeMap<String, Progress>,
    turn: u64,
    /// Names whose row in the file is out of date.
    changed: BTreeSet<String>,
}

impl Producers {
    /// Takes a row of the file.
    pub(super) fn load(&mut self, name: String, progress: Progress) {
        self.turn = self.turn.max(progress.turn);
        self.known.insert(name, progress);
    }

    /// Has this append, or a later one of the same producer, been taken?
    pub(super) fn has(&self, once: &Once) -> bool {
        self.known.get(&once.producer).is_some_and(|known| known.sequence >= once.sequence)
    }

    /// Notes an append that is being written.
    pub(super) fn note(&mut self, once: Once) {
        self.turn += 1;
        self.changed.insert(once.producer.clone());
        let progress = Progress { sequence: once.sequence, turn: self.turn };
        self.known.insert(once.producer, progress);
        if self.known.len() > PRODUCERS_MAX {
            let quiet = self.known.iter().min_by_key(|(_, progress)| progress.turn);
            if let Some(name) = quiet.map(|(name, _)| name.clone()) {
                self.known.remove(&name);
                self.changed.insert(name);
            }
        }
    }

    /// Rows to write since the last call; `None` deletes.
    pub(super) fn changes(&mut self) -> Vec<(String, Option<Progress>)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        changed
            .map(|name| (self.known.get(&name).copied(), name))
            .map(|(p, name)| (name, p))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn once(producer: &str, sequence: u64) -> Once {
        Once { producer: producer.to_owned(), sequence }
    }

    #[test]
    fn an_append_is_new_once_and_a_later_number_covers_those_before() {
        let mut producers = Producers::default();
        assert!(!producers.has(&once("a", 1)));
        producers.note(once("a", 2));
        assert!(producers.has(&once("a", 1)) && producers.has(&once("a", 2)));
        assert!(!producers.has(&once("a", 3)) && !producers.has(&once("b", 1)));
        let rows = producers.changes();
        assert_eq!(rows, [("a".to_owned(), Some(Progress { sequence: 2, turn: 1 }))]);
        assert_eq!(producers.changes(), []);
        let mut again = Producers::default();
        again.load("a".to_owned(), Progress { sequence: 2, turn: 1 });
        assert!(again.has(&once("a", 2)) && !again.has(&once("a", 3)));
    }

    #[test]
    fn the_quiet_are_forgotten_and_their_rows_deleted() {
        let mut producers = Producers::default();
        for number in 0..PRODUCERS_MAX {
            producers.note(once(&format!("p{number}"), 1));
        }
        producers.note(once("p0", 2));
        drop(producers.changes());
        producers.note(once("new", 1));
        assert!(producers.has(&once("p0", 2)) && producers.has(&once("new", 1)));
        assert!(!producers.has(&once("p1", 1)));
        assert!(producers.changes().contains(&("p1".to_owned(), None)));
    }
}
