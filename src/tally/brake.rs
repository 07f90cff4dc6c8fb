//! Limits of rules: the brake of one worker. It stops a rule by itself, at once, and tells the owner
//! of the rule's limit what the rule acted on, so that the limit holds over all workers.

use std::collections::{BTreeSet, HashMap};

use crate::event::signal::{Did, Signal};
use crate::rules::{Limit, Rule, Tripped};

/// What was told is told again after this part of the window: the owner forgets with the time of the
/// last it heard, so that its count is at most so much too low.
const TOLD_PARTS: i64 = 8;

/// What the rules of one worker acted on lately.
#[derive(Debug, Default)]
pub struct Brake {
    rules: HashMap<String, Lately>,
}

/// What one rule acted on.
#[derive(Debug, Default)]
struct Lately {
    /// Within the limit: when it was last acted on, Unix milliseconds.
    within: HashMap<String, i64>,
    by_time: BTreeSet<(i64, String)>,
    /// What the owner was told, and when, by the time of the record.
    told: HashMap<String, i64>,
    /// What it is to be told with the open transaction.
    news: Vec<String>,
    newest_ms: i64,
}

impl Brake {
    /// A rule is about to act on something. What is left of its actions, where it is above its limit;
    /// `None`: all of them. `now_ms`: by the clock, for a record from the future is none.
    pub fn admit(
        &mut self,
        rule: &Rule,
        thing: &str,
        (time_ms, now_ms): (i64, i64),
    ) -> Option<Tripped> {
        let limit = rule.limit?;
        if rule.held.is_some() || rule.tripped {
            return None;
        }
        let lately = match self.rules.get_mut(&rule.id) {
            Some(lately) => lately,
            None => self.rules.entry(rule.id.clone()).or_default(),
        };
        lately.act(&limit, thing, time_ms.min(now_ms))
    }

    /// Other rules are in force: those that are held back by what everybody sees count anew once that is
    /// lifted.
    pub fn follow(&mut self, rules: &[Rule]) {
        let held = rules.iter().filter(|rule| rule.held.is_some() || rule.tripped);
        held.for_each(|rule| drop(self.rules.remove(&rule.id)));
    }

    /// What the owners are to hear; once, before the commit.
    pub fn signals(&self) -> Vec<Signal> {
        let rules = self.rules.iter().filter(|(_, lately)| !lately.news.is_empty());
        let did = rules.map(|(rule, Lately { news, newest_ms, .. })| {
            let (rule, things) = (rule.clone(), news.clone());
            Signal::Did(Did { rule, time_ms: *newest_ms, things })
        });
        did.collect()
    }

    /// The transaction is committed: the owners will hear it.
    pub fn merge(&mut self) {
        self.rules.values_mut().for_each(|lately| lately.news.clear());
    }

    /// The transaction did not happen: it is to be told anew. What was acted on will be again.
    pub fn discard(&mut self) {
        for lately in self.rules.values_mut() {
            for thing in std::mem::take(&mut lately.news) {
                lately.told.remove(&thing);
            }
        }
    }
}

impl Lately {
    fn act(&mut self, limit: &Limit, thing: &str, time_ms: i64) -> Option<Tripped> {
        self.newest_ms = self.newest_ms.max(time_ms);
        self.forget(self.newest_ms.saturating_sub(limit.within_ms));
        self.tell(limit, thing, time_ms);
        let known = self.within.get(thing).copied();
        if known.is_none() && self.within.len() >= limit.at_most {
            return Some(limit.then).filter(|then| *then != Tripped::Alert);
        }
        if known.is_none_or(|known| known < time_ms) {
            if let Some(known) = known {
                self.by_time.remove(&(known, thing.to_owned()));
            }
            self.within.insert(thing.to_owned(), time_ms);
            self.by_time.insert((time_ms, thing.to_owned()));
        }
        None
    }

    /// Drops what was last acted on before the window.
    fn forget(&mut self, start_ms: i64) {
        while let Some(oldest) = self.by_time.first().filter(|(time_ms, _)| *time_ms <= start_ms) {
            let oldest = oldest.clone();
            self.by_time.remove(&oldest);
            self.within.remove(&oldest.1);
        }
    }

    /// Notes what the owner does not know. More than the limit in all it need not know.
    fn tell(&mut self, limit: &Limit, thing: &str, time_ms: i64) {
        let part = (limit.within_ms / TOLD_PARTS).max(1);
        let is_fresh = |told: i64| told.saturating_add(part) > time_ms;
        if self.told.get(thing).is_some_and(|told| is_fresh(*told)) {
            return;
        }
        if self.told.len() > limit.at_most {
            self.told.retain(|_, told| is_fresh(*told));
            if self.told.len() > limit.at_most {
                return;
            }
        }
        self.told.insert(thing.to_owned(), time_ms);
        self.news.push(thing.to_owned());
    }
}
