//! Stage 6, hop 2: signals and state to takedowns. The owner of a signals partition is the only
//! writer of its counters.
//!
//! A [`Tally`] holds one partition's counters as they were committed, and an overlay of what the
//! open transaction changed. The overlay is written to the state topic in that transaction, merged
//! when it commits and dropped when it aborts.

mod counter;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use counter::Counter;

use crate::event::Issued;
use crate::event::signal::{ReadError, Signal};
use crate::event::state::{self, StateKey, StateValue};
use crate::record::Outgoing;
use crate::rules::{Count, Rule, Status};

/// Candidates kept for one partition of signals; beyond it the counter that has been quiet the
/// longest is dropped. A candidate takes some 400 bytes, so this is some 400 MB at the worst.
pub const ENTRIES_MAX: usize = 1_000_000;

/// The longest window of a count: design section 12. A counter without a candidate for so long can
/// not be reached any more.
const WINDOW_MAX_MS: i64 = 24 * 60 * 60 * 1000;

/// Counters dropped for age with each signal: enough to keep up, and few enough that one record
/// from the far future cannot wipe the state.
const EXPIRED_PER_SIGNAL: usize = 2;

/// Whose counter: a rule and the counted key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct CounterKey {
    rule: String,
    key: String,
}

/// What one signal led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The events of candidates that act now.
    pub issued: Vec<Issued>,
    /// Counters dropped because of [`ENTRIES_MAX`].
    pub evicted: usize,
}

/// The counters of one signals partition.
#[derive(Debug)]
pub struct Tally {
    partitions: i32,
    entries_max: usize,
    entries: usize,
    committed: HashMap<CounterKey, Counter>,
    /// Committed counters by the time of their newest candidate.
    ages: BTreeSet<(i64, CounterKey)>,
    overlay: BTreeMap<CounterKey, Counter>,
}

impl Tally {
    /// An empty tally of one of so many signals partitions, before its state is restored.
    #[must_use]
    pub fn new(partitions: i32, entries_max: usize) -> Self {
        Self {
            partitions,
            entries_max,
            entries: 0,
            committed: HashMap::new(),
            ages: BTreeSet::new(),
            overlay: BTreeMap::new(),
        }
    }

    /// Candidates in committed state.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// Takes one row of the state topic while a partition is restored; `None` deletes.
    ///
    /// # Errors
    /// If the row cannot be read: the state is not this program's, or of a newer version.
    pub fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), ReadError> {
        let StateKey { rule, key, slot } = state::read_key(key)?;
        let value = value.map(state::read_value).transpose()?;
        let of = CounterKey { rule, key };
        let mut counter = self.committed.get(&of).cloned().unwrap_or_default();
        counter.put(slot, value);
        self.settle(of, counter);
        Ok(())
    }

    /// Counts one candidate. `rule` is the rule of that id in force now, if there is one: its
    /// window and its status decide. What acts now goes to `out`.
    pub fn apply(
        &mut self,
        signal: Signal,
        rule: Option<&Rule>,
        decided_at_ms: i64,
        out: &mut Vec<Outgoing>,
    ) -> Applied {
        let evicted = self.make_room(signal.time_ms);
        let Some((rule, count)) = rule.and_then(|rule| Some((rule, rule.count?))) else {
            // The rule is gone or counts no more: nothing can act in its name.
            return Applied { issued: Vec::new(), evicted };
        };
        if rule.status == Status::Draft {
            return Applied { issued: Vec::new(), evicted };
        }
        let live = rule.acts_on(&signal.key);
        let of = CounterKey { rule: signal.rule, key: signal.key };
        let value = StateValue {
            value: signal.value,
            time_ms: signal.time_ms,
            acted: false,
            candidates: signal.candidates,
        };
        let acting = self.count(of, value, &count).into_iter().flat_map(|value| value.candidates);
        let mut issued = Vec::new();
        for candidate in acting.map(|candidate| candidate.as_of(rule.status)) {
            issued.push(candidate.issued(live));
            out.push(candidate.into_outgoing(decided_at_ms, live));
        }
        Applied { issued, evicted }
    }

    fn count(&mut self, of: CounterKey, value: StateValue, count: &Count) -> Vec<StateValue> {
        let committed = &self.committed;
        let counter = self
            .overlay
            .entry(of)
            .or_insert_with_key(|of| committed.get(of).cloned().unwrap_or_default());
        counter.take(value, count)
    }

    /// Writes the overlay's changes to the state topic; to be called once, before the commit.
    pub fn flush(&self, out: &mut Vec<Outgoing>) {
        let empty = Counter::default();
        for (of, counter) in &self.overlay {
            let before = self.committed.get(of).unwrap_or(&empty);
            for (slot, value) in counter.changes_since(before) {
                let key = StateKey { rule: of.rule.clone(), key: of.key.clone(), slot };
                out.push(key.to_outgoing(value, self.partitions));
            }
        }
    }

    /// The transaction committed: its changes are the state now.
    pub fn merge(&mut self) {
        for (of, counter) in std::mem::take(&mut self.overlay) {
            self.settle(of, counter);
        }
    }

    /// The transaction did not happen.
    pub fn discard(&mut self) {
        self.overlay.clear();
    }

    fn settle(&mut self, of: CounterKey, counter: Counter) {
        if let Some(before) = self.committed.remove(&of) {
            self.entries -= before.len();
            if let Some(age) = before.newest_ms() {
                self.ages.remove(&(age, of.clone()));
            }
        }
        let Some(age) = counter.newest_ms() else { return };
        self.entries += counter.len();
        self.ages.insert((age, of.clone()));
        self.committed.insert(of, counter);
    }

    /// Drops counters that are too old to be reached, a few at a time, and the oldest while there
    /// are too many. Returns how many were dropped for want of room.
    fn make_room(&mut self, now_ms: i64) -> usize {
        let horizon = now_ms.saturating_sub(WINDOW_MAX_MS);
        let oldest = self.ages.iter().filter(|(_, of)| !self.overlay.contains_key(of));
        let mut evicted = 0;
        let mut drop = Vec::new();
        for (age, of) in oldest.take(EXPIRED_PER_SIGNAL) {
            let full = self.entries > self.entries_max;
            if *age < horizon || full {
                evicted += usize::from(*age >= horizon);
                drop.push(of.clone());
            }
        }
        for of in drop {
            self.overlay.insert(of, Counter::default());
        }
        evicted
    }
}

#[cfg(test)]
mod tests;
