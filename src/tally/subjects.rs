//! Channels and accounts: the strikes against them, and what was done to them.

use std::collections::BTreeSet;

use super::table::{NEVER_MS, Row, Slots};
use crate::event::Struck;
use crate::event::signal::Strike;
use crate::event::state::{ActsValue, Done, StruckValue};
use crate::rules::{ActionKind, Escalation};

/// Name of the action that asks people.
const REFER: &str = "refer";

/// Strikes that are kept against one channel or account, the newest ones: more than any escalation
/// asks for, and few enough that one of them cannot fill the state.
const STRIKES_MAX: usize = 1_000;

impl Row for StruckValue {
    fn age_ms(&self) -> i64 {
        self.time_ms
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes()
    }
}

impl Row for ActsValue {
    /// A revision above 0 is never forgotten: ids that were used would come again.
    fn age_ms(&self) -> i64 {
        let newest = self.acts.iter().map(|done| done.time_ms).max();
        if self.revision > 0 { NEVER_MS } else { newest.unwrap_or(i64::MIN) }
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes()
    }
}

/// The strikes against one channel or account.
impl Slots<StruckValue> {
    /// Adds a strike; false where the same rule has struck for the same post before, or so many newer
    /// ones are kept that it has no place.
    pub(super) fn strike(&mut self, strike: &Strike) -> bool {
        let is_same = |kept: &StruckValue| kept.rule == strike.rule && kept.post == strike.post;
        if self.0.values().any(|kept| is_same(kept)) {
            return false;
        }
        if self.0.len() >= STRIKES_MAX {
            let ages = self.0.iter().map(|(slot, kept)| (kept.time_ms, *slot));
            match ages.min() {
                // A late one older than all that are kept must not drive out a newer one.
                Some((oldest_ms, _)) if strike.time_ms < oldest_ms => return false,
                Some((_, slot)) => self.put(slot, None),
                None => {}
            }
        }
        let Strike { rule, category, points, post, time_ms, .. } = strike.clone();
        self.put(self.free(), Some(StruckValue { rule, category, points, post, time_ms }));
        true
    }

    /// Forgets all of them.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    /// Do the strikes of a window around this time come to what the escalation asks for?
    pub(super) fn enough(&self, escalation: &Escalation, time_ms: i64) -> Option<Struck> {
        let own = self.0.values().filter(|kept| kept.category == escalation.category);
        let mut own: Vec<&StruckValue> = own.map(|kept| &**kept).collect();
        own.sort_by_key(|kept| kept.time_ms);
        // Each window ends at a strike, and holds the one that came.
        let ends = own
            .iter()
            .map(|kept| kept.time_ms)
            .filter(|end| *end >= time_ms && end.saturating_sub(escalation.within_ms) <= time_ms);
        let inside = |end: i64| {
            let start = end.saturating_sub(escalation.within_ms);
            own.iter().filter(move |kept| (start..=end).contains(&kept.time_ms))
        };
        let at_least = u64::from(escalation.at_least);
        let mut windows =
            ends.map(|end| (end, inside(end).map(|kept| u64::from(kept.points)).sum::<u64>()));
        let (end, points) = windows.find(|(_, points)| *points >= at_least)?;
        let rules: BTreeSet<&String> = inside(end).map(|kept| &kept.rule).collect();
        let rules = rules.into_iter().cloned().collect();
        Some(Struck { points, at_least, within_ms: escalation.within_ms, rules })
    }

    /// Did they at the last strike before this time?
    pub(super) fn was_enough(&self, escalation: &Escalation, time_ms: i64) -> bool {
        let own = self.0.values().filter(|kept| kept.category == escalation.category);
        let last = own.map(|kept| kept.time_ms).filter(|time| *time <= time_ms).max();
        last.is_some_and(|last| self.enough(escalation, last).is_some())
    }
}

impl Done {
    fn has_run_out(&self, now_ms: i64) -> bool {
        self.until_ms.is_some_and(|until| until <= now_ms)
    }
}

/// Is `kept` harsher than what is asked for, in force, and for no shorter a time? Of a channel that
/// is taken away there is nothing to restrict. Referrals are no milder action: people are asked besides.
fn covers(kept: &Done, asked: &Done) -> bool {
    let is_harsher = kept.action == ActionKind::RemoveChannel.name()
        && asked.action == ActionKind::RestrictChannel.name();
    let is_as_long = kept.until_ms.is_none_or(|until| {
        until > asked.time_ms && asked.until_ms.is_some_and(|asked| asked <= until)
    });
    is_harsher && is_as_long
}

/// What was done to one channel or account.
impl Slots<ActsValue> {
    /// Is this to be done now? It is where it was not, or has run out, or is to last for ever where
    /// it was for a time; not while something harsher leaves nothing of it to do. Notes it, and gives
    /// the revision of the subject that it is done to.
    pub(super) fn act(&mut self, done: Done) -> Option<i64> {
        let mut value = self.0.get(&0).map(|kept| ActsValue::clone(kept)).unwrap_or_default();
        if value.acts.iter().any(|kept| covers(kept, &done)) {
            return None;
        }
        let same = |kept: &&Done| kept.action == done.action && kept.detail == done.detail;
        let kept = value.acts.iter().position(|kept| same(&kept));
        if let Some(kept) = kept.and_then(|at| value.acts.get(at)) {
            let has_run_out = kept.has_run_out(done.time_ms);
            let is_longer = kept.until_ms.is_some() && done.until_ms.is_none();
            if !has_run_out && !is_longer {
                return None;
            }
            value.revision += i64::from(has_run_out);
        }
        let revision = value.revision;
        let done = Done { revision, ..done };
        match kept.and_then(|at| value.acts.get_mut(at)) {
            Some(kept) => *kept = done,
            None => value.acts.push(done),
        }
        self.put(0, Some(value));
        Some(revision)
    }

    /// Undoes an action that holds at this time, so that it may be taken again; gives the revision that
    /// it was done to. None where it does not hold. What people were asked is answered by that.
    pub(super) fn undo(&mut self, action: &str, time_ms: i64) -> Option<i64> {
        let mut value = self.0.get(&0).map(|kept| ActsValue::clone(kept))?;
        let holds = |done: &Done| done.action == action && !done.has_run_out(time_ms);
        let at = value.acts.iter().position(holds)?;
        let undone = value.acts.remove(at);
        value.acts.retain(|done| done.action != REFER);
        value.revision += 1;
        self.put(0, Some(value));
        Some(undone.revision)
    }
}
