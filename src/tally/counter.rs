//! One counter: the candidates of one rule and key, and when they reach the rule's count.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::table::{Row, Slots};
use crate::event::state::StateValue;
use crate::rules::Count;

/// Candidates one counter keeps: design section 7. Enough for any real burst of one author, and
/// some 2 MB at the worst.
const CANDIDATES_MAX: usize = 1_000;

impl Row for StateValue {
    fn age_ms(&self) -> i64 {
        self.time_ms
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes()
    }
}

/// The candidates of one rule and key.
impl Slots<StateValue> {
    /// Counts a candidate and gives back those that act now, oldest first, each once for ever.
    pub(super) fn take(&mut self, value: StateValue, count: &Count) -> Vec<StateValue> {
        let reached_before = self.reached_around(value.time_ms, count);
        let Some(slot) = self.place(value) else { return Vec::new() };
        let mut acting = if count.act_on_all {
            self.in_reached_windows(count)
        } else if reached_before {
            vec![slot]
        } else {
            Vec::new()
        };
        acting.sort_by_key(|slot| (self.0.get(slot).map(|value| value.time_ms), *slot));
        let acted = acting.into_iter().filter_map(|slot| self.mark_acted(slot)).collect();
        self.forget_beyond(count.at_least);
        acted
    }

    /// Puts a candidate into a slot. `None` where it has acted already: the same post came again.
    fn place(&mut self, value: StateValue) -> Option<u32> {
        let same = self
            .0
            .iter()
            .find(|(_, kept)| kept.value == value.value && kept.waiting.is_same(&value.waiting));
        let slot = match same {
            Some((_, kept)) if kept.acted => return None,
            Some((slot, kept)) if kept.time_ms >= value.time_ms => return Some(*slot),
            Some((slot, _)) => *slot,
            None => self.free(),
        };
        self.0.insert(slot, Arc::new(value));
        Some(slot)
    }

    fn mark_acted(&mut self, slot: u32) -> Option<StateValue> {
        let kept = self.0.get_mut(&slot).filter(|kept| !kept.acted)?;
        let acted = StateValue { acted: true, ..StateValue::clone(kept) };
        *kept = Arc::new(acted.clone());
        Some(acted)
    }

    /// Slots by record time, oldest first.
    fn by_time(&self) -> Vec<(i64, u32, &str)> {
        let slots = self.0.iter();
        let mut sorted: Vec<_> =
            slots.map(|(slot, kept)| (kept.time_ms, *slot, &*kept.value)).collect();
        sorted.sort_unstable();
        sorted
    }

    /// Slots that lie in a window that holds enough distinct values.
    fn in_reached_windows(&self, count: &Count) -> Vec<u32> {
        let sorted = self.by_time();
        let mut found = Vec::new();
        let mut taken = 0;
        for (left, right) in reached_windows(&sorted, count) {
            let from = left.max(taken);
            found.extend(sorted.iter().take(right + 1).skip(from).map(|(_, slot, _)| *slot));
            taken = taken.max(right + 1);
        }
        found
    }

    /// Do the candidates kept so far reach the count in a window that a record of this time falls
    /// into?
    fn reached_around(&self, time_ms: i64, count: &Count) -> bool {
        let near: Vec<_> = self
            .by_time()
            .into_iter()
            .filter(|(time, ..)| time.abs_diff(time_ms) <= count.within_ms.unsigned_abs())
            .collect();
        reached_windows(&near, count).into_iter().any(|(left, right)| {
            let (Some(first), Some(last)) = (near.get(left), near.get(right)) else { return false };
            last.0.max(time_ms) - first.0.min(time_ms) <= count.within_ms
        })
    }

    /// Keeps the newest `values_max` distinct values, and [`CANDIDATES_MAX`] candidates in all.
    fn forget_beyond(&mut self, values_max: usize) {
        let sorted = self.by_time();
        let mut kept = HashSet::new();
        let mut drop = Vec::new();
        for (place, (_, slot, value)) in sorted.iter().rev().enumerate() {
            let new = !kept.contains(value);
            if place >= CANDIDATES_MAX || (new && kept.len() >= values_max) {
                drop.push(*slot);
            } else {
                kept.insert(*value);
            }
        }
        for slot in drop {
            self.0.remove(&slot);
        }
    }
}

/// The windows, as (first, last) index into `sorted`, that hold `at_least` distinct values and end
/// at a candidate; each as long as the rule's window allows. One pass.
fn reached_windows(sorted: &[(i64, u32, &str)], count: &Count) -> Vec<(usize, usize)> {
    let mut windows = Vec::new();
    let mut inside: HashMap<&str, usize> = HashMap::new();
    let mut left = 0;
    for (right, (time, _, value)) in sorted.iter().enumerate() {
        *inside.entry(value).or_default() += 1;
        while let Some((oldest, _, gone)) = sorted.get(left)
            && time.saturating_sub(*oldest) > count.within_ms
        {
            left += 1;
            leave(&mut inside, gone);
        }
        if inside.len() >= count.at_least {
            windows.push((left, right));
        }
    }
    windows
}

/// One candidate of a value has left the window.
fn leave(inside: &mut HashMap<&str, usize>, value: &str) {
    let left = inside.get_mut(value).map_or(0, |number| {
        *number -= 1;
        *number
    });
    if left == 0 {
        inside.remove(value);
    }
}
