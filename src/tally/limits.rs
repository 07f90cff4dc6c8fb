//! Limits of rules: the count over the whole deployment, which trips them.

use std::collections::HashSet;

use super::table::{Row, Slots};
use crate::event::signal::Did;
use crate::event::state::ActedValue;
use crate::rules::Limit;

impl Row for ActedValue {
    fn age_ms(&self) -> i64 {
        self.time_ms
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes()
    }
}

/// What a rule acted on, as its workers told it.
impl Slots<ActedValue> {
    /// Takes what one transaction of a worker did. True where the rule is above its limit now: then all
    /// is forgotten, so that it counts anew once somebody has lifted that. `now_ms`: by the clock, for a
    /// record from the future is none.
    pub(super) fn take(&mut self, did: Did, limit: &Limit, now_ms: i64) -> bool {
        let time_ms = did.time_ms.min(now_ms);
        let start = time_ms.saturating_sub(limit.within_ms);
        self.0.retain(|_, acted| acted.time_ms > start);
        let acted = ActedValue { time_ms, things: did.things };
        self.put(self.free(), Some(acted));
        let is_above = self.is_above(time_ms, limit.at_most);
        if is_above {
            self.0.clear();
        }
        is_above
    }

    /// Are there more different things up to this time than so many?
    fn is_above(&self, time_ms: i64, at_most: usize) -> bool {
        let within = || self.0.values().filter(|acted| acted.time_ms <= time_ms);
        // Mostly there are not even as many with all that stand there twice.
        if within().map(|acted| acted.things.len()).sum::<usize>() <= at_most {
            return false;
        }
        let different: HashSet<&String> = within().flat_map(|acted| &acted.things).collect();
        different.len() > at_most
    }
}
